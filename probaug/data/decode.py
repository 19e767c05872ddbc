"""Image files to arrays: one size, one orientation, one order of channels, one kind of error.

A picture is turned as its EXIF orientation says, unless told otherwise, and so are masks: labels
are those of the turned picture. Of an animation, the first frame counts.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

from ..core.fields import Array
from ..core.matrix import Size
from .header import ORIENTATION, Header, HeaderError, read_header

AnyPath: TypeAlias = str | os.PathLike[str]
Mode: TypeAlias = Literal["rgb", "gray", "raw"]
Needed: TypeAlias = tuple[int, int] | Callable[[tuple[int, int]], tuple[int, int] | None]
"""A height and width; or what gives them, or None, for the height and width of a picture."""

MODES = ("rgb", "gray", "raw")
MAX_PIXELS = 2**26
FLAGS = {
    "rgb": cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION,
    "gray": cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION,
    "raw": cv2.IMREAD_UNCHANGED,
    "any": cv2.IMREAD_ANYCOLOR | cv2.IMREAD_IGNORE_ORIENTATION,  # for raw JPEG made smaller
}
REDUCED = {8: 64, 4: 32, 2: 16}
"""By how much libjpeg can shrink while it decodes, with the bit that OpenCV has for it."""
DTYPES = ("uint8", "uint16", "float32")
NUMPY = b"\x93NUMPY"
PILLOW_FORMATS = (
    "AVIF", "BMP", "DDS", "GIF", "HEIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD",
    "QOI", "SGI", "TGA", "TIFF", "WEBP",
)  # fmt: skip
"""What Pillow may read: none that starts another program, as EPS does."""


class ImageError(ValueError):
    """A file that gives no image: its ``path``, and the ``reason``."""

    def __init__(self, path: AnyPath, reason: str) -> None:
        self.path = os.fspath(path)
        self.reason = reason
        super().__init__(self.path, reason)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class Picture(NamedTuple):
    """A decoded image, and the size of all of it: more than the array's if it was shrunk."""

    image: Array
    size: Size


def decode(
    path: AnyPath,
    mode: Mode = "rgb",
    *,
    at_least: Needed | None = None,
    max_pixels: int = MAX_PIXELS,
    exif: bool = True,
) -> Array:
    """Read an image file.

    JPEG, PNG, WebP, GIF, BMP, TIFF, PNM, JPEG 2000, AVIF and NumPy's .npy; others, if Pillow is
    installed.

    Args:
        path: The file; its name may hold any characters.
        mode: "rgb" for (H, W, 3), without alpha; "gray" for (H, W); "raw" for the channels and the
            type that are in the file, RGB and RGBA in this order.
        at_least: Height and width that must be left: a larger JPEG is decoded at a half, a quarter
            or an eighth of its size. Also a function that gives them for a height and width.
        max_pixels: Largest height times width; a header that says more is refused unread.
        exif: Turn the picture as its orientation says.

    Returns:
        uint8, or uint16 or float32 where the file has them.

    Raises an ImageError, which names the file, if it gives no such picture.

    Example::

        assert decode("photos/0.jpg").shape == (120, 160, 3)
        assert decode("photos/0.jpg", at_least=(50, 50)).shape == (60, 80, 3)

    """
    return load(path, mode, at_least=at_least, max_pixels=max_pixels, exif=exif).image


def load(
    path: AnyPath,
    mode: Mode = "rgb",
    *,
    at_least: Needed | None = None,
    max_pixels: int = MAX_PIXELS,
    exif: bool = True,
) -> Picture:
    """Read an image file as `decode` does; tell its whole size too."""
    if mode not in MODES:
        raise ValueError(f"decode.mode must be 'rgb', 'gray' or 'raw', got {mode!r}")
    data = file_bytes(path)
    if data[:6] == NUMPY:
        image = shaped(path, stored_array(path, data, max_pixels), mode)
        return Picture(image, Size(*image.shape[:2]))
    header = header_of(path, data, max_pixels)
    if header is None:
        image, orientation = with_pillow(path, data, max_pixels)
        image = turned(shaped(path, image, mode), orientation if exif else 1)
        return Picture(image, Size(*image.shape[:2]))
    size = header.size if exif else Size(header.height, header.width)
    factor = shrinking(size, at_least) if header.format == "jpeg" else 1
    image, orientation = with_opencv(path, data, mode, header, factor, max_pixels)
    image = turned(shaped(path, image, mode), orientation if exif else 1)
    if header.format == "tiff":  # which OpenCV turns, whatever it is told
        size = header.size
    if header.format == "avif":  # whose header is not read closely enough to know
        return Picture(image, Size(*image.shape[:2]))
    if image.shape[:2] != (-(-size.height // factor), -(-size.width // factor)):
        raise ImageError(
            path,
            f"its header says {size.height} x {size.width} pixels (height x width), but it decodes "
            f"to {image.shape[0]} x {image.shape[1]}",
        )
    return Picture(image, size)


def decode_mask(path: AnyPath, *, max_pixels: int = MAX_PIXELS, exif: bool = True) -> Array:
    """Read a mask: the numbers that are stored, of a palette the indices and not the colours.

    A sample of less than 8 bits counts from 0 too: white of a 1-bit picture is 1.

    Args:
        path: The file.
        max_pixels: Largest height times width; a header that says more is refused unread.
        exif: Turn the mask as its orientation says, as pictures are.

    Returns:
        (H, W), or (H, W, 3) for a mask in colours.

    Example::

        assert decode_mask("masks/0.png").max() == 1  # as it is in the file, not 255

    """
    data = file_bytes(path)
    header = None if data[:6] == NUMPY else header_of(path, data, max_pixels)
    if header is None or not (header.has_palette or header.bits < 8):
        image = load(path, "raw", max_pixels=max_pixels, exif=exif).image
        return image[..., :3] if image.ndim == 3 else image
    if header.format == "png":
        image, orientation = with_opencv(path, as_gray(data), "raw", header, 1, max_pixels)
        image = image // (255 // (2**header.bits - 1))
    elif header.has_palette:
        image, orientation = with_pillow(path, data, max_pixels, indices=True)
    else:
        image, orientation = with_opencv(path, data, "raw", header, 1, max_pixels)
        image = (image != 0).astype(np.uint8) if header.bits == 1 else image
    return turned(image, orientation if exif else 1)


def file_bytes(path: AnyPath) -> bytes:
    """All of a file."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImageError(path, "it is no file")
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ImageError(path, error.strerror or str(error)) from error


def header_of(path: AnyPath, data: bytes, max_pixels: int) -> Header | None:
    """The header of a file, its size within the limit; None for a format that it cannot read."""
    try:
        header = read_header(data)
    except HeaderError as error:
        raise ImageError(path, str(error)) from None
    if header is not None:
        refuse_large(path, header.height, header.width, max_pixels)
    return header


def refuse_large(path: AnyPath, height: int, width: int, max_pixels: int) -> None:
    """Raise an error for a size beyond the limit."""
    if height * width > max_pixels:
        raise ImageError(
            path, f"its header says {height} x {width} pixels, more than max_pixels={max_pixels}"
        )


def shrinking(size: Size, at_least: Needed | None) -> int:
    """The largest factor that leaves as much as is needed of a size."""
    needed = at_least(size) if callable(at_least) else at_least
    if needed is None:
        return 1
    fits = (f for f in REDUCED if size.height >= f * needed[0] and size.width >= f * needed[1])
    return next(fits, 1)


def with_opencv(
    path: AnyPath, data: bytes, mode: Mode, header: Header, factor: int, max_pixels: int
) -> tuple[Array, int]:
    """The pixels of a file, RGB or RGBA, and how they are still to be turned."""
    if header.layout == "wide":
        return with_tifffile(path, data), header.orientation
    if header.layout == "other":
        reason = f"it is a {header.format} file of a kind that OpenCV does not read rightly"
        return with_pillow(path, data, max_pixels, reason)
    flag = FLAGS["raw" if header.format == "tiff" else mode]  # it makes colours of TIFF wrong
    if factor > 1:
        flag = REDUCED[factor] | FLAGS["any" if mode == "raw" else mode]
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        image = None
    if image is None:
        reason = f"the {header.format} file is cut off, damaged or of a kind unknown to OpenCV"
        if header.format in ("jpeg", "png", "webp"):  # OpenCV has all kinds, Pillow mends some
            raise ImageError(path, reason)
        return with_pillow(path, data, max_pixels, reason)
    if image.ndim == 3 and (flag == FLAGS["raw"] or not flag & cv2.IMREAD_COLOR_RGB):
        image = image[..., [2, 1, 0, 3][: image.shape[2]]]
    return image, 1 if header.format == "tiff" else header.orientation  # TIFF is turned


def with_pillow(
    path: AnyPath,
    data: bytes,
    max_pixels: int,
    reason: str = "its format is unknown to OpenCV",
    indices: bool = False,
) -> tuple[Array, int]:
    """The same with Pillow, if it is there, for what OpenCV cannot read."""
    try:
        from PIL import Image
    except ImportError:
        raise ImageError(
            path, f"{reason}; Pillow reads more formats: pip install 'probaug[images]'"
        ) from None
    Image.init()
    formats = [name for name in PILLOW_FORMATS if name in Image.OPEN]
    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            refuse_large(path, picture.height, picture.width, max_pixels)
            orientation = int(picture.getexif().get(ORIENTATION, 1))
            if not (indices or picture.mode in ("L", "RGB", "RGBA", "F", "I;16")):
                alpha = picture.has_transparency_data
                return np.array(picture.convert("RGBA" if alpha else "RGB")), orientation
            return np.array(picture), orientation
    except (ImageError, MemoryError):
        raise
    except Exception as error:  # of many kinds, by format
        raise ImageError(path, f"{reason}; Pillow says: {error}") from error


def with_tifffile(path: AnyPath, data: bytes) -> Array:
    """The pixels of a TIFF with many bits or many channels, if tifffile is there."""
    reason = "it is a TIFF with more bits or channels than OpenCV reads"
    try:
        import tifffile
    except ImportError:
        raise ImageError(path, f"{reason}; tifffile does: pip install 'probaug[images]'") from None
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            array: Array = page.asarray()
            return np.moveaxis(array, 0, -1).copy() if page.axes.startswith("S") else array
    except MemoryError:
        raise
    except Exception as error:  # of many kinds, by compression
        raise ImageError(path, f"{reason}; tifffile says: {error}") from error


def stored_array(path: AnyPath, data: bytes, max_pixels: int) -> Array:
    """The array of a .npy file, (H, W) or (H, W, C)."""
    try:
        array: Array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        raise ImageError(path, f"NumPy cannot read it: {error}") from error
    if array.ndim not in (2, 3) or not array.size:
        raise ImageError(path, f"it holds an array {array.shape}, not (H, W) or (H, W, C)")
    refuse_large(path, array.shape[0], array.shape[1], max_pixels)
    return array


def shaped(path: AnyPath, image: Array, mode: Mode) -> Array:
    """The channels that a mode has, of pixels as they are in the file."""
    if mode == "raw":
        return image
    if image.dtype.name not in DTYPES:
        raise ImageError(
            path, f"its pixels are {image.dtype.name}, not {', '.join(DTYPES)}; mode='raw' reads it"
        )
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels not in (1, 3, 4):
        raise ImageError(path, f"it has {channels} channels, not 1, 3 or 4; mode='raw' reads it")
    if mode == "gray":
        image = image if channels == 1 else cv2.cvtColor(image[..., :3], cv2.COLOR_RGB2GRAY)
        return image.reshape(image.shape[:2])
    if channels == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    return image if channels == 3 else np.ascontiguousarray(image[..., :3])


def turned(image: Array, orientation: int) -> Array:
    """An image as its EXIF orientation wants it shown."""
    if orientation in (2, 3, 4):
        return cv2.flip(image, {2: 1, 3: -1, 4: 0}[orientation])
    if 5 <= orientation <= 8:
        image = cv2.transpose(image)
        return image if orientation == 5 else cv2.flip(image, {6: 1, 7: -1, 8: 0}[orientation])
    return image


def as_gray(data: bytes) -> bytes:
    """A PNG of which the palette is taken away, so that its indices are shades of gray."""
    header = data[12:25] + b"\0" + data[26:29]
    parts = [data[:12], header, struct.pack(">I", zlib.crc32(header))]
    at = 33
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] not in (b"PLTE", b"tRNS"):
            parts.append(data[at:end])
        at = end
    return b"".join(parts)
