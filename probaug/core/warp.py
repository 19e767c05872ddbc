"""The one place that resamples.

It hides what OpenCV cannot do: dtypes it refuses or truncates (64-bit integers), channel counts
beyond 4 or squeezed away, its pixel-centre coordinates, and fills given as one number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from .fields import Array, Fill, channels_of
from .matrix import Matrix, Size
from .scratch import scratch

NEAREST, LINEAR, CUBIC, AREA, LANCZOS, LINEAR_EXACT, NEAREST_EXACT = 0, 1, 2, 3, 4, 5, 6
CONSTANT, REPLICATE, REFLECT, WRAP, REFLECT_101 = 0, 1, 2, 3, 4
PICKS = (NEAREST, NEAREST_EXACT)  # these copy values and never mix them
WARPED = {AREA: LINEAR, LINEAR_EXACT: LINEAR, NEAREST_EXACT: NEAREST}  # only resizes have these

FLIP = {(-1, 1): 1, (1, -1): 0, (-1, -1): -1}
SERVED = frozenset(map(np.dtype, ("uint8", "uint16", "int16", "float32", "float64")))
"""What OpenCV interpolates."""
EXACT = frozenset(map(np.dtype, ("uint8", "uint16", "float32")))
"""Where OpenCV's nearest pixel is the true one (others go through 1/32 of a pixel or not at all),
and what it turns from three channels into four.
"""
FASTER_AS_FOUR = int(cv2.__version__.partition(".")[0]) >= 5
LIMITS = {
    name: (int(np.iinfo(name).min), int(np.iinfo(name).max))
    for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
}
WORD_OF = {1: np.uint8, 2: np.uint16}

Resample = Callable[[Array, Any, Array | None], Array]
"""An OpenCV call on an array of 1, 3 or 4 channels: (source, border values, destination)."""


def warp(
    image: Array,
    matrix: Matrix,
    size: Size,
    interpolation: int = LINEAR,
    border: int = CONSTANT,
    fill: Fill = 0,
    dst: Array | None = None,
) -> Array:
    """Move an (H, W) or (H, W, C) image by a matrix onto a canvas of the given size."""
    if matrix.is_lossless:
        return shuffle(image, matrix, size, border, fill)
    centred = matrix.about(-0.5, -0.5)
    out = (size.width, size.height)
    flags = WARPED.get(interpolation, interpolation)

    if matrix.is_affine:
        affine = np.array(centred[:6]).reshape(2, 3)

        def call(source: Array, value: Any, into: Array | None) -> Array:
            return cv2.warpAffine(source, affine, out, into, flags, border, value)
    else:
        full = centred.array()

        def call(source: Array, value: Any, into: Array | None) -> Array:
            return cv2.warpPerspective(source, full, out, into, flags, border, value)

    return resampled(image, call, size, interpolation, fill, dst, FASTER_AS_FOUR)


def remap(
    image: Array,
    map_x: Array,
    map_y: Array,
    interpolation: int = LINEAR,
    border: int = CONSTANT,
    fill: Fill = 0,
) -> Array:
    """Read an (H, W) or (H, W, C) image at float32 maps, counted in pixel centres from 0."""
    flags = WARPED.get(interpolation, interpolation)

    def call(source: Array, value: Any, into: Array | None) -> Array:
        return cv2.remap(source, map_x, map_y, flags, into, border, value)

    return resampled(image, call, Size(*map_x.shape), interpolation, fill, None, FASTER_AS_FOUR)


def resize(image: Array, size: Size, interpolation: int, dst: Array | None = None) -> Array:
    """Scale an (H, W) or (H, W, C) image to a size; NEAREST picks the pixel at the centre."""
    interpolation = NEAREST_EXACT if interpolation == NEAREST else interpolation
    out = (size.width, size.height)

    def call(source: Array, value: Any, into: Array | None) -> Array:
        return cv2.resize(source, out, into, 0, 0, interpolation)

    return resampled(image, call, size, interpolation, 0, dst)


def resampled(
    image: Array,
    call: Resample,
    size: Size,
    interpolation: int,
    fill: Fill,
    dst: Array | None = None,
    as_four: bool = False,
) -> Array:
    """Run an OpenCV resampling on an array of any dtype and channel count.

    With ``as_four`` three channels are sent through as four where that is faster.
    """
    dtype = image.dtype
    if interpolation in PICKS:
        if dtype not in EXACT:
            return _picked(image, call, size, fill)
    elif dtype not in SERVED:
        if dtype == np.float16:
            wide = resampled(image.astype(np.float32), call, size, interpolation, fill)
            return wide.astype(np.float16)
        raise TypeError(
            f"interpolating needs an image of {', '.join(sorted(map(str, SERVED)))}, got {dtype} "
            f"{image.shape}; nearest interpolation serves every dtype"
        )
    if image.ndim == 2:
        return call(image, border_values(fill, 1), dst)
    channels = image.shape[2]
    if channels == 3 and as_four and interpolation == LINEAR and dtype in EXACT:
        return _as_four(image, call, size, border_values(fill, 3), dst)
    if channels in (3, 4):
        return call(image, border_values(fill, channels), dst)
    if channels == 1:
        flat = call(image[:, :, 0], border_values(fill, 1), None if dst is None else dst[:, :, 0])
        return flat.reshape(*size, 1)
    result = np.empty((*size, channels), dtype) if dst is None else dst
    values = border_values(fill, channels)
    for start, stop in chunks(channels):
        source = image[:, :, start] if stop - start == 1 else image[:, :, start:stop]
        part = call(np.ascontiguousarray(source), values[start:stop], None)
        result[:, :, start:stop] = part.reshape(*size, stop - start)
    return result


def _as_four(
    image: Array, call: Resample, size: Size, values: tuple[float, ...], dst: Array | None
) -> Array:
    """Resample three channels as four: bit for bit the same, and faster in OpenCV 5.

    `benchmarks/kernels.py` measures it.
    """
    height, width = image.shape[:2]
    source = scratch("four", (height, width, 4), image.dtype)
    moved = scratch("four moved", (*size, 4), image.dtype)
    source = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA, source)
    moved = call(source, (*values, 0), moved)
    return cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB, dst)


def chunks(channels: int) -> Iterator[tuple[int, int]]:
    """Cut many channels into runs of 4, 3 or 1, the counts that OpenCV serves best."""
    start = 0
    while start < channels:
        left = channels - start
        step = 4 if left >= 4 else 3 if left == 3 else 1
        yield start, start + step
        start += step


def border_values(fill: Fill, channels: int) -> tuple[float, ...]:
    """One border value per channel (OpenCV would take a number for the first one only)."""
    if isinstance(fill, (int, float)):
        return (fill,) * max(channels, 1)
    if len(fill) != channels:
        if len(set(fill)) == 1:  # one grey, however many channels
            return fill[:1] * channels
        raise ValueError(f"fill must have one value per channel ({channels}), got {fill!r}")
    return fill


def saturated(values: tuple[float, ...], dtype: np.dtype[Any]) -> Array:
    """Values of a dtype, rounded and clipped where they must be, as OpenCV does."""
    if dtype.kind in "iu":
        limits = LIMITS[dtype.name]
        return np.array([min(max(round(v), limits[0]), limits[1]) for v in values], dtype)
    return np.array(values, dtype)


def _picked(image: Array, call: Resample, size: Size, fill: Fill) -> Array:
    """Resample by copying pixels of a dtype that OpenCV does not serve, byte for byte."""
    source = np.ascontiguousarray(image)
    channels = channels_of(source)
    width = source.dtype.itemsize
    word = np.dtype(WORD_OF.get(width, np.uint16))
    per_value = max(1, width // word.itemsize)
    values = saturated(border_values(fill, channels), source.dtype)
    words = source.view(word).reshape(*source.shape[:2], channels * per_value)
    borders = tuple(values.view(word).astype(float).tolist())
    moved = resampled(words, call, size, NEAREST, borders)
    result = np.ascontiguousarray(moved).view(source.dtype)
    return result.reshape(*size, *source.shape[2:])


def shuffle(image: Array, matrix: Matrix, size: Size, border: int, fill: Fill) -> Array:
    """Flip, turn, crop and pad without changing a single pixel value.

    The result may be a view of the image.
    """
    if matrix.xx == 0:
        image = copied(cv2.transpose, image)
    height, width = image.shape[:2]
    signs = int(matrix.xx + matrix.xy), int(matrix.yx + matrix.yy)
    left = int(matrix.x) - (width if signs[0] < 0 else 0)
    top = int(matrix.y) - (height if signs[1] < 0 else 0)
    right, bottom = size.width - left - width, size.height - top - height
    if left == top == right == bottom == 0:
        return _flipped(image, signs)
    if signs == (1, 1) and left <= 0 and top <= 0 and right <= 0 and bottom <= 0:
        return image[-top : size.height - top, -left : size.width - left]
    if border not in (CONSTANT, REPLICATE) and max(left, right, top, bottom) > 0:
        # these borders read the whole image: no pixel may be cut before they are made
        image = _flipped(image, signs)
        sides = (max(0, top), max(0, bottom), max(0, left), max(0, right))
        image = padded(image, *sides, border, fill)
        x, y = max(0, -left), max(0, -top)
        return image[y : y + size.height, x : x + size.width]
    first_column, last_column, left, right = _span(left, right, width, border)
    first_row, last_row, top, bottom = _span(top, bottom, height, border)
    if last_column <= first_column or last_row <= first_row:
        return filled(image, size, fill)
    if signs[0] < 0:
        first_column, last_column = width - last_column, width - first_column
    if signs[1] < 0:
        first_row, last_row = height - last_row, height - first_row
    image = image[first_row:last_row, first_column:last_column]  # less has to be flipped
    image = _flipped(image, signs)
    if top > 0 or bottom > 0 or left > 0 or right > 0:
        image = padded(image, top, bottom, left, right, border, fill)
    return image


def _flipped(image: Array, signs: tuple[int, int]) -> Array:
    if signs == (1, 1):
        return image
    if image.dtype == np.uint8 and (image.ndim == 2 or 1 < image.shape[2] <= 4):
        return cv2.flip(image, FLIP[signs])
    return copied(lambda source: cv2.flip(source, FLIP[signs]), image)


def _span(before: int, after: int, length: int, border: int) -> tuple[int, int, int, int]:
    """Which source pixels of one axis stay visible, and how many are added on either side."""
    first, last = max(0, -before), length + min(0, after)
    if last <= first and border != CONSTANT:  # only border is visible: keep the nearest pixel
        first, last = (0, 1) if before > 0 else (length - 1, length)
        total = before + length + after
        return (first, last, total - 1, 0) if first == 0 else (first, last, 0, total - 1)
    return first, last, max(0, before), max(0, after)


def filled(image: Array, size: Size, fill: Fill) -> Array:
    """An image like another, of one colour."""
    channels = channels_of(image)
    values = saturated(border_values(fill, channels), image.dtype)
    result = np.empty((*size, *image.shape[2:]), image.dtype)
    result[...] = values if image.ndim == 3 else values[0]
    return result


def padded(
    image: Array, top: int, bottom: int, left: int, right: int, border: int, fill: Fill
) -> Array:
    """Add a border; reflection and wrapping go on beyond the image's own size."""
    height, width = image.shape[:2]
    size = Size(height + top + bottom, width + left + right)
    simple = image.ndim == 2 or image.shape[2] <= 4
    if simple and image.dtype in SERVED:
        values = border_values(fill, channels_of(image))
        result = cv2.copyMakeBorder(image, top, bottom, left, right, border, value=values)
        return result.reshape(*size, *image.shape[2:])
    if border == CONSTANT:
        result = filled(image, size, fill)
        result[top : top + height, left : left + width] = image
        return result
    mode = {REPLICATE: "edge", REFLECT: "symmetric", WRAP: "wrap", REFLECT_101: "reflect"}[border]
    widths = ((top, bottom), (left, right), (0, 0))[: image.ndim]
    return np.pad(image, widths, mode=mode)  # type: ignore[call-overload, no-any-return]


def copied(call: Callable[[Array], Array], image: Array) -> Array:
    """Run an OpenCV call that only moves pixels on an array of any dtype and channel count."""
    channels = channels_of(image)
    if image.dtype in SERVED and channels <= 4:
        result = call(image)
        return result if result.ndim == image.ndim else result.reshape(*result.shape, 1)
    source = np.ascontiguousarray(image)
    width = source.dtype.itemsize
    word = np.dtype(WORD_OF.get(width, np.uint16))
    words = source.view(word).reshape(*source.shape[:2], channels * max(1, width // word.itemsize))
    parts = [
        call(np.ascontiguousarray(words[:, :, start:stop]))
        for start, stop in chunks(words.shape[2])
    ]
    height, width = parts[0].shape[:2]
    moved = np.concatenate([part.reshape(height, width, -1) for part in parts], axis=2)
    return moved.view(source.dtype).reshape(height, width, *source.shape[2:])
