"""What the first bytes of an image file say: its format, size and orientation.

Sizes are known before anything is decoded, so a header that asks for huge memory can be refused.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from ..core.matrix import Size

EXIF_LIMIT = 2**20
ORIENTATION = 0x0112
PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bits per sample that each colour type of PNG may have (ISO/IEC 15948, table 11.1)."""


Layout: TypeAlias = Literal["plain", "wide", "other"]
"""What OpenCV reads rightly; TIFF with more bits or channels than it does; what it does not.

Of TIFF in CMYK and Lab it makes wrong colours; JPEG 2000 it has only if it was built so.
"""
GRAY_OR_RGB = (1, 2)
"""Values of TIFF's photometric interpretation."""


class HeaderError(ValueError):
    """What is wrong with a header."""


class Header(NamedTuple):
    """What a file says about the pixels that follow."""

    format: str
    height: int
    width: int
    orientation: int = 1  # as EXIF counts
    has_palette: bool = False
    bits: int = 8  # of a sample
    layout: Layout = "plain"

    @property
    def size(self) -> Size:
        """The size once it is turned as its orientation says."""
        turned = self.orientation > 4
        return Size(self.width, self.height) if turned else Size(self.height, self.width)


def read_header(data: bytes) -> Header | None:
    """Read the header of a file; None for an unknown format, a HeaderError for a broken one."""
    if not data:
        raise HeaderError("the file is empty")
    for pattern, parse in FORMATS:
        if re.match(pattern, data, re.DOTALL):
            try:
                header = parse(data)
            except HeaderError:
                raise
            except (struct.error, IndexError, ValueError, zlib.error):
                raise HeaderError("its header is cut off or broken") from None
            if header.height < 1 or header.width < 1:
                raise HeaderError(f"its header says {header.width} x {header.height} pixels")
            return header
    return None


def jpeg(data: bytes) -> Header:
    """Read the marker segments up to the first frame (ITU-T T.81)."""
    at, orientation = 2, 1
    while True:
        while data[at] != 0xFF:
            at += 1
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        if marker in (0xD9, 0xDA):
            raise HeaderError("it has no frame")
        (length,) = struct.unpack(">H", data[at : at + 2])
        if marker == 0xE1 and orientation == 1 and data[at + 2 : at + 8] == b"Exif\0\0":
            orientation = exif_orientation(data[at + 8 : at + length])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, height, width = struct.unpack(">BHH", data[at + 2 : at + 7])
            return Header("jpeg", height, width, orientation, bits=bits)
        at += max(length, 2)


def png(data: bytes) -> Header:
    """Read the header, check it, and look for EXIF in all chunks."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[8:16] != b"\0\0\0\rIHDR":
        raise HeaderError("its PNG signature is damaged")
    fields = data[16:29]
    width, height, bits, kind, compression, filtering, interlace = struct.unpack(">IIBBBBB", fields)
    (crc,) = struct.unpack(">I", data[29:33])
    if crc != zlib.crc32(b"IHDR" + fields):
        raise HeaderError("the checksum of its header is wrong")
    if bits not in PNG_DEPTHS.get(kind, ()) or compression or filtering or interlace > 1:
        raise HeaderError("its header asks for what PNG does not have")
    orientation = 1
    for name, body in png_chunks(data):
        if name == b"eXIf":
            orientation = exif_orientation(body)
        elif name in (b"zTXt", b"tEXt") and body.startswith(b"Raw profile type exif\0"):
            orientation = exif_orientation(raw_profile(name, body))
    return Header("png", height, width, orientation, kind == 3, bits)


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of chunks; no content for those that hold pixels."""
    at, end = 8, len(data)
    while at + 12 <= end:
        (length,) = struct.unpack(">I", data[at : at + 4])
        name = data[at + 4 : at + 8]
        yield name, b"" if name == b"IDAT" else data[at + 8 : at + 8 + length]
        at += 12 + length


def raw_profile(name: bytes, body: bytes) -> bytes:
    """EXIF as ImageMagick writes it: a name, a length and hexadecimal digits."""
    text = body.partition(b"\0")[2]
    if name == b"zTXt":
        text = zlib.decompressobj().decompress(text[1:], EXIF_LIMIT)
    digits = b"".join(text.split()[2:])
    try:
        return bytes.fromhex(digits.decode("ascii")).removeprefix(b"Exif\0\0")
    except ValueError:
        return b""


def gif(data: bytes) -> Header:
    """Read the screen, and the first frame if that reaches beyond it."""
    width, height, flags = struct.unpack("<HHB", data[6:11])
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while data[at] == 0x21:  # extensions, in blocks
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    if data[at] == 0x2C:
        left, top, across, down = struct.unpack("<HHHH", data[at + 1 : at + 9])
        width, height = max(width, left + across), max(height, top + down)
    return Header("gif", height, width, has_palette=True)


def webp(data: bytes) -> Header:
    """Read one of the three kinds of WebP."""
    chunk = data[12:16]
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return Header("webp", height & 0x3FFF, width & 0x3FFF)
    if chunk == b"VP8L":
        (packed,) = struct.unpack("<I", data[21:25])
        return Header("webp", (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1)
    width = int.from_bytes(data[24:27], "little") + 1
    height = int.from_bytes(data[27:30], "little") + 1
    at, orientation = 12, 1
    while at + 8 <= len(data):
        (length,) = struct.unpack("<I", data[at + 4 : at + 8])
        if data[at : at + 4] == b"EXIF":
            body = data[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
            orientation = exif_orientation(body)
        at += 8 + length + length % 2
    return Header("webp", height, width, orientation)


def bmp(data: bytes) -> Header:
    """Read the header that follows that of the file."""
    (kind,) = struct.unpack("<I", data[14:18])
    if kind == 12:
        width, height, _, bits = struct.unpack("<HHHH", data[18:26])
    else:
        width, height, _, bits = struct.unpack("<iiHH", data[18:30])
    return Header("bmp", abs(height), abs(width), has_palette=bits <= 8)


def tiff(data: bytes) -> Header:
    """Read the first directory."""
    tags = tiff_tags(data)
    bits, photometric, channels = tags.get(258, 1), tags.get(262), tags.get(277, 1)
    is_plain = (
        photometric in GRAY_OR_RGB
        and bits in (8, 12, 16, 32)
        and channels in (1, 3, 4)
        and tags.get(284, 1) == 1  # channels beside each other
    )
    is_wide = photometric in GRAY_OR_RGB and (bits > 8 or channels > 4)
    layout: Layout = "plain" if is_plain else "wide" if is_wide else "other"
    palette = photometric == 3
    return Header("tiff", tags.get(257, 0), tags.get(256, 0), upright(tags), palette, bits, layout)


def tiff_tags(data: bytes) -> dict[int, int]:
    """The first whole number of every tag in the first directory."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return {}
    (version,) = struct.unpack(order + "H", data[2:4])
    big = version == 43
    first, count, entry = ("8Q", "Q", 20) if big else ("4I", "H", 12)
    (at,) = struct.unpack(order + first[1], data[8:16] if big else data[4:8])
    width = struct.calcsize(order + count)
    (entries,) = struct.unpack(order + count, data[at : at + width])
    tags = {}
    for place in range(min(entries, 4096)):
        start = at + width + place * entry
        tag, kind = struct.unpack(order + "HH", data[start : start + 4])
        (values,) = struct.unpack(order + first[1], data[start + 4 : start + 4 + int(first[0])])
        letter = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(kind)
        if letter is None or not values:
            continue
        length = struct.calcsize(order + letter)
        spot = start + 4 + int(first[0])
        if values * length > int(first[0]):
            (spot,) = struct.unpack(order + first[1], data[spot : spot + int(first[0])])
        (tags[tag],) = struct.unpack(order + letter, data[spot : spot + length])
    return tags


def exif_orientation(data: bytes) -> int:
    """The orientation in an EXIF block, 1 to 8; 1 for one that is missing or broken."""
    try:
        return upright(tiff_tags(data))
    except (struct.error, IndexError):
        return 1


def upright(tags: dict[int, int]) -> int:
    """The orientation among tags."""
    orientation = tags.get(ORIENTATION, 1)
    return orientation if 1 <= orientation <= 8 else 1


def pnm(data: bytes) -> Header:
    """Read the header, in words and digits."""
    head = data[:1024]
    if head[:2] == b"P7":
        found = dict(re.findall(rb"^(WIDTH|HEIGHT)\s+(\d+)", head, re.MULTILINE))
        return Header("pnm", int(found.get(b"HEIGHT", 0)), int(found.get(b"WIDTH", 0)))
    words = re.sub(rb"#[^\n]*", b"", head[2:]).split()
    if len(words) < 2 or not (words[0].isdigit() and words[1].isdigit()):
        raise HeaderError("its header has no size")
    return Header("pnm", int(words[1]), int(words[0]))


def jpeg2000(data: bytes) -> Header:
    """Read the first box of a .jp2, or the bare codestream."""
    if data[:4] == b"\xff\x4f\xff\x51":  # the bare codestream
        width, height, left, top = struct.unpack(">IIII", data[8:24])
        return Header("jpeg2000", height - top, width - left, layout="other")
    at = data[:4096].index(b"ihdr") + 4
    height, width = struct.unpack(">II", data[at : at + 8])
    return Header("jpeg2000", height, width, layout="other")


def avif(data: bytes) -> Header:
    """The largest of all sizes that it has: of tiles, thumbnails and the whole."""
    places = [found.end() for found in re.finditer(b"ispe", data[:65536])]
    sizes = [struct.unpack(">II", data[at + 4 : at + 12]) for at in places]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    return Header("avif", height, width)


FORMATS: tuple[tuple[bytes, Callable[[bytes], Header]], ...] = (
    (rb"\xff\xd8\xff", jpeg),
    (rb"\x89PNG|.PNG", png),
    (rb"GIF8[79]a", gif),
    (rb"RIFF....WEBP", webp),
    (rb"BM", bmp),
    (rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]", tiff),
    (rb"P[1-7]\s", pnm),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", jpeg2000),
    (rb"....ftypavi[fs]", avif),
)
