"""Curves on image values, and the tables that 8 and 16-bit images read them from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from .fields import Array, dtype_name

try:
    from stringzilla import translate
except ImportError:  # the extra `fast`
    translate = None
from .scratch import scratch

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
"""The value of white by dtype."""
DEPTH = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U, "float32": cv2.CV_32F}

MOST = 128
"""OpenCV 5 serves no more channels than this (4.x: 512)."""

LEVELS = {
    name: np.arange(int(white) + 1, dtype=np.float64)
    for name, white in WHITE.items()
    if name != "float32"
}
UNIT_LEVELS = {name: levels / levels[-1] for name, levels in LEVELS.items()}


FLOAT32 = np.dtype(np.float32)

FLOATS_AT_ONCE = 1 << 15
"""Values of a float image that a curve maps at a time: what its intermediates keep in the cache."""


class Curve:
    """A map of image values, the same for every pixel.

    Args:
        map: Takes values in [0, 1] (or as they are, if ``raw``), any shape, and gives theirs.
        per_channel: Whether the last axis of what ``map`` takes and gives is the channels.
        to_float: Whether the result is float32 and may leave [0, 1]; otherwise it is clipped.
        raw: Whether ``map`` takes the values as they are stored.
        line: The same as a (C, C + 1) matrix of factors and, last, offsets, if it is a line by
            channel from stored values to floats. Alone it takes half the time of its table.
        direct: The same to stored whole numbers as one NumPy function, where there is one.

    """

    __slots__ = ("_tables", "direct", "line", "map", "per_channel", "raw", "to_float")

    def __init__(
        self,
        map: Callable[[Any], Any],  # noqa: A002 - it is what it is
        per_channel: bool = False,
        to_float: bool = False,
        raw: bool = False,
        line: Array | None = None,
        direct: np.ufunc | None = None,
    ) -> None:
        self.map = map
        self.direct = direct
        self.line = line
        self.per_channel = per_channel
        self.to_float = to_float
        self.raw = raw
        self._tables: dict[str, Array] = {}

    def table(self, dtype: str) -> Array:
        """One entry per level: (levels,), or (levels, channels) if per channel."""
        table = self._tables.get(dtype)
        if table is None:
            levels = LEVELS[dtype] if self.raw else UNIT_LEVELS[dtype]
            if self.line is not None:  # by the very operation that it stands for
                count = len(self.line)
                every = np.repeat(levels.astype(np.float32), count).reshape(1, -1, count)
                self._tables[dtype] = on_a_line(every, self.line, None)[0]
                return self._tables[dtype]
            table = self.map(levels[:, None] if self.per_channel else levels)
            if self.to_float:
                table = table.astype(np.float32)
            else:
                # scaled, rounded and clipped in one call
                white: Any = WHITE[dtype]
                table = cv2.multiply(table, white, dtype=DEPTH[dtype]).reshape(table.shape)
            self._tables[dtype] = table
        return table

    def on_floats(self, image: Array) -> Array:
        """Map a float32 image."""
        if self.per_channel and image.ndim == 2:
            return self.on_floats(image[:, :, None])[:, :, 0]
        result = np.empty(image.shape, np.float32)
        rows = max(1, FLOATS_AT_ONCE // result[0].size)
        for top in range(0, len(image), rows):
            part = self.map(image[top : top + rows])
            if self.to_float:
                result[top : top + rows] = part
            else:
                part = np.maximum(part, 0.0)
                np.minimum(part, 1.0, out=result[top : top + rows], casting="same_kind")
        return result


def apply(image: Array, curves: list[Curve], dst: Array | None = None) -> Array:
    """Send an image through curves, one after the other; always a new array (or ``dst``)."""
    dtype = dtype_name(image.dtype)
    if dtype not in WHITE:  # only Normalize serves others
        image, dtype = image.astype(np.float32), "float32"
    line = curves[0].line if len(curves) == 1 else None
    if line is not None and image.ndim == 3 and image.shape[2] == len(line):
        return on_a_line(image, line, dst)
    if dtype == "float32":
        for curve in curves:
            image = curve.on_floats(image)
        return image
    direct = curves[0].direct if len(curves) == 1 else None
    if direct is not None:
        return direct(image, out=dst if fits(dst, image) else None, order="C")  # type: ignore[no-any-return]
    table = curves[0].table(dtype)
    for curve in curves[1:]:
        second = curve.table(dtype)
        if second.ndim == 1:
            table = second[table]
        elif table.ndim == 1:
            table = second[table, :]
        else:
            table = np.take_along_axis(second, table.astype(np.intp), axis=0)
    return look_up(image, table, dst)


def on_a_line(image: Array, line: Array, dst: Array | None) -> Array:
    """Multiply and add by channel, as floats."""
    if image.dtype != np.float32:
        floats = scratch("floats", image.shape, FLOAT32)
        if floats is None:
            floats = np.empty(image.shape, FLOAT32)
        floats[...] = image
        image = floats
    if dst is not None and (dst.shape != image.shape or dst.dtype != FLOAT32):
        dst = None
    return cv2.transform(image, line, dst)


def look_up(image: Array, table: Array, dst: Array | None = None) -> Array:
    """Replace every value of an 8 or 16-bit image by its table entry."""
    if table.ndim == 2 and table.shape[1] == 1:
        table = table[:, 0]
    if image.dtype != np.uint8:
        if table.ndim == 1:
            return np.take(table, image)
        return np.stack(
            [np.take(table[:, c], image[..., c]) for c in range(image.shape[2])], axis=-1
        )
    if table.ndim == 1:
        table = np.ascontiguousarray(table)
        if translate is not None and table.dtype == np.uint8:
            return translated(image, table, dst)
    else:
        channels = 1 if image.ndim == 2 else image.shape[2]
        if table.shape[1] != channels:
            raise ValueError(f"a table for {table.shape[1]} channels met an image of {channels}")
        if translate is not None and table.dtype == np.uint8 and 1 < channels <= 4:
            planes = scratch("planes", (channels, *image.shape[:2]), table.dtype)
            if planes is not None:  # a quarter of the time of one table for all channels
                parts = cv2.split(image, list(planes))
                for part, column in zip(parts, np.ascontiguousarray(table.T), strict=True):
                    translate(part.data, column.data, inplace=True)
                return cv2.merge(parts, dst if fits(dst, image) else None)
        if channels > MOST:  # of OpenCV 5
            return np.asarray(table[image, np.arange(channels)])
        table = np.ascontiguousarray(table).reshape(256, 1, channels)
    if dst is not None and (dst.shape != image.shape or dst.dtype != table.dtype):
        dst = None
    result = cv2.LUT(image, table, dst)
    return result if result.shape == image.shape else result.reshape(image.shape)


def fits(dst: Array | None, image: Array) -> bool:
    """Whether a result like an image may be written into a destination."""
    return dst is not None and dst.shape == image.shape and dst.dtype == image.dtype


def translated(image: Array, table: Array, dst: Array | None) -> Array:
    """Replace every byte by its table entry, with StringZilla.

    It is several times as fast as OpenCV: `benchmarks/kernels.py` measures it.
    """
    if dst is not None and fits(dst, image):
        np.copyto(dst, image)
    else:
        dst = np.array(image, order="C")
    translate(dst.data, table.data, inplace=True)
    return dst
