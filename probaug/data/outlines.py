"""Masks from what annotation files hold: polygons, and runs of pixels in two spellings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.fields import Array
from ..core.matrix import Size


def polygon_mask(rings: Sequence[Any], size: Size) -> Array:
    """The pixels whose centres lie in any of some polygons, (H, W) of 0 and 1.

    Coordinates are continuous: the first pixel spans 0 to 1. Within one ring, what is enclosed
    twice is outside.
    """
    mask = np.zeros(size, np.uint8)
    for ring in rings:
        points = np.asarray(ring, np.float64).reshape(-1, 2)
        low, high = points.min(axis=0), points.max(axis=0)
        left, top = np.clip(np.floor(low), 0, size[::-1]).astype(int).tolist()
        right, bottom = np.clip(np.ceil(high), 0, size[::-1]).astype(int).tolist()
        if left < right and top < bottom:
            inside = crossings(points - (left, top), bottom - top, right - left)
            mask[top:bottom, left:right] |= inside
    return mask


def crossings(points: Array, height: int, width: int) -> Array:
    """The pixels inside a ring: those with an odd number of its edges to their left."""
    after = np.roll(points, -1, axis=0)
    down = points[:, 1] < after[:, 1]
    upper, lower = np.where(down, (points.T, after.T), (after.T, points.T)).transpose(0, 2, 1)
    first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(int)
    last = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(int)
    counts = last - first  # of rows whose middle an edge crosses
    edge = np.repeat(np.arange(len(points)), counts)
    row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    span = lower - upper
    slope = span[edge, 0] / span[edge, 1]
    x = upper[edge, 0] + (row + 0.5 - upper[edge, 1]) * slope
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(int)
    steps = np.zeros((height, width + 1), np.uint8)
    np.add.at(steps, (row, column), 1)
    odd: Array = steps.cumsum(axis=1, dtype=np.uint8)[:, :width] & 1  # 256 is even
    return odd


def rle_mask(counts: Any, size: Size) -> Array:
    """The mask that runs of 0 and 1 in turn make, down the columns; the runs may be compressed."""
    if not isinstance(counts, (str, bytes, list, np.ndarray)):
        raise ValueError("runs of pixels, as a list or a string")
    runs = np.asarray(rle_counts(counts) if isinstance(counts, (str, bytes)) else counts)
    if runs.dtype.kind not in "iu":
        raise ValueError("runs of pixels in whole numbers")
    if runs.ndim != 1 or (runs < 0).any() or runs.sum() != size.height * size.width:
        raise ValueError(f"runs that fill {size.height} x {size.width} pixels")
    values = (np.arange(len(runs)) & 1).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(values, runs).reshape(size[::-1]).T)


def rle_counts(text: str | bytes) -> list[int]:
    """Runs out of COCO's compressed string.

    Five bits to a character from "0" on, the sixth says that more follow, the lowest come first;
    from the fourth run on, what is written is the difference to the run before the last.
    """
    runs: list[int] = []
    value = shift = 0
    for code in text.encode() if isinstance(text, str) else text:
        bits = code - 48
        if not 0 <= bits < 64:
            raise ValueError("a string of characters from '0' to 'o'")
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    return runs


def mask_box(mask: Array) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edges of what a mask shows; zeros if that is nothing."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
