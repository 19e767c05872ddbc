"""Holes in images: filling them, and what they leave of labels.

A hole is a rectangle (left, top, right, bottom) in whole pixels, right and bottom not included;
holes of any shape are an (H, W) array of bools that says where they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import cv2
import numpy as np

from .boxes import Boxes
from .fields import Array, Fill
from .matrix import Size
from .oriented import OrientedBoxes
from .points import Points
from .polygons import Polygons
from .random import noise
from .warp import NEAREST, border_values, resize, saturated

if TYPE_CHECKING:
    from .canvas import Canvas

Hole: TypeAlias = tuple[int, int, int, int]
Cover: TypeAlias = list[Hole] | Array
HoleFill: TypeAlias = Fill | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"]
"""A colour, or how to make one up."""

INPAINTING = {"inpaint_telea": cv2.INPAINT_TELEA, "inpaint_ns": cv2.INPAINT_NS}
INPAINT_RADIUS = 3
LARGE = 2.0**16  # a power of two, so that values outside the holes come back exactly
INPAINTED = ("uint8", "uint16", "float32")
COPIED = ("uint8", "uint16", "int16", "int32", "float32", "float64")  # by `cv2.copyTo`


def fill_holes(frame: Array, holes: Cover, fill: HoleFill, seed: int) -> Array:
    """A copy of an (H, W) or (H, W, C) image with the holes filled."""
    if isinstance(fill, str) and fill in INPAINTING:
        return inpainted(frame, raster(holes, frame.shape[:2]), INPAINTING[fill])
    if isinstance(holes, np.ndarray):
        return fill_where(frame, holes, fill, seed)
    result = np.array(frame, order="C")
    if isinstance(fill, str):
        generator = noise(seed)
        for left, top, right, bottom in holes:
            window = result[top:bottom, left:right]
            if fill == "random":
                window[...] = random_values(generator, window.shape, frame.dtype)
            else:
                paint(window, random_values(generator, frame.shape[2:], frame.dtype))
        return result
    value = colour(fill, frame)
    for left, top, right, bottom in holes:
        paint(result[top:bottom, left:right], value)
    return result


def fill_where(frame: Array, where: Array, fill: HoleFill, seed: int) -> Array:
    """A copy of an image with holes of any shape filled, as if they were one."""
    if not isinstance(fill, str):
        return replaced(frame, where, colour(fill, frame))
    generator = noise(seed)
    if fill != "random":
        return replaced(frame, where, random_values(generator, frame.shape[2:], frame.dtype))
    result = np.array(frame, order="C")
    shape = (int(np.count_nonzero(where)), *frame.shape[2:])
    result[where] = random_values(generator, shape, frame.dtype)
    return result


def replaced(frame: Array, where: Array, fill: Any) -> Array:
    """A copy of a frame with a colour where an (H, W) or (H, W, C) bool array says so."""
    result = np.array(frame, order="C")
    if frame.dtype.name in COPIED and (frame.ndim == 2 or frame.shape[2] <= 4):
        colours = np.empty_like(result)
        paint(colours, fill)
        cv2.copyTo(colours, where.view(np.uint8), result)  # 20 times faster than NumPy
    else:
        np.copyto(result, fill, where=where if where.ndim == frame.ndim else where[:, :, None])
    return result


def raster(holes: Cover, shape: tuple[int, ...]) -> Array:
    """Holes as an array of bools."""
    if isinstance(holes, np.ndarray):
        return holes
    where = np.zeros(shape, bool)
    for left, top, right, bottom in holes:
        where[top:bottom, left:right] = True
    return where


def paint(window: Array, value: Any) -> None:
    """Fill an (H, W) or (H, W, C) window with a colour: by rows, for NumPy is slow by pixels."""
    if window.size:
        window[0] = value
        window[1:] = window[0]


def scaled_holes(holes: Cover, old: Size, new: Size) -> Cover:
    """The same holes on a target of another size; rectangles keep at least a pixel."""
    if isinstance(holes, np.ndarray):
        if old == new:
            return holes
        return resize(holes.view(np.uint8), new, NEAREST).view(bool)
    across, down = new.width / old.width, new.height / old.height
    scaled = []
    for left, top, right, bottom in holes:
        x, y = min(round(left * across), new.width - 1), min(round(top * down), new.height - 1)
        scaled.append((x, y, max(x + 1, round(right * across)), max(y + 1, round(bottom * down))))
    return scaled


def colour(fill: Fill, frame: Array) -> Any:
    """A fill as values of an image: (C,) or a single one, rounded and clipped to its dtype."""
    channels = frame.shape[2] if frame.ndim == 3 and isinstance(fill, tuple) else 1
    values = _colours(fill, channels, frame.dtype)
    return values if isinstance(fill, tuple) and frame.ndim == 3 else values[0]


@functools.lru_cache(maxsize=256)
def _colours(fill: Fill, channels: int, dtype: np.dtype[Any]) -> Array:
    return saturated(border_values(fill, channels), dtype)


def random_values(
    generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Array:
    """Uniform values over the whole range of a dtype; floats in [0, 1)."""
    if dtype.name in ("uint8", "uint16"):  # every pattern of bits is a value
        count = math.prod(shape)
        words = generator.bit_generator.random_raw(-(-count * dtype.itemsize // 8))
        return np.asarray(words.view(dtype)[:count].reshape(shape))
    if dtype.kind == "f":
        return np.asarray(generator.random(shape), dtype)
    if dtype.kind == "b":
        return np.asarray(generator.integers(0, 2, shape), dtype)
    limits = np.iinfo(dtype.type)  # type: ignore[type-var]
    return np.asarray(generator.integers(max(limits.min, 0), limits.max, shape, dtype, True))


def inpainted(frame: Array, where: Array, method: int) -> Array:
    """A copy with the holes closed from what surrounds them."""
    if frame.dtype.name not in INPAINTED:
        raise TypeError(
            f"inpainting needs an image of {', '.join(INPAINTED)}, got {frame.dtype.name} "
            f"{frame.shape}"
        )
    if frame.dtype == np.float32:  # OpenCV rounds as if for whole numbers: give it large ones
        return inpainted_as(frame * np.float32(LARGE), where, method) / np.float32(LARGE)
    return inpainted_as(frame, where, method)


def inpainted_as(frame: Array, where: Array, method: int) -> Array:
    """The same, for values as large as whole numbers are."""
    if where.all():  # nothing to close them from
        return np.array(frame, order="C")
    where = where.view(np.uint8)
    if frame.ndim == 2 or (frame.dtype == np.uint8 and frame.shape[2] == 3):
        return cv2.inpaint(np.ascontiguousarray(frame), where, INPAINT_RADIUS, method)
    channels = [
        cv2.inpaint(np.ascontiguousarray(frame[:, :, index]), where, INPAINT_RADIUS, method)
        for index in range(frame.shape[2])
    ]
    return np.stack(channels, axis=2)


def cover_boxes(boxes: Boxes, holes: Cover) -> None:
    """Shrink boxes to the hull of what no hole covers; drop those of which too little is left."""
    edges = boxes.edges.copy()
    kept = np.ones(len(edges), bool)
    params = boxes.params
    old = boxes.edges
    rest = remains(old, holes) if isinstance(holes, list) else remains_of_raster(old, holes)
    touched = False
    for index, hull, area in rest:
        touched = True
        whole = (edges[index, 2] - edges[index, 0]) * (edges[index, 3] - edges[index, 1])
        kept[index] = (
            hull is not None and area >= params.min_area and area >= params.min_visibility * whole
        )
        if hull is not None:
            edges[index] = hull
    if touched:
        boxes.keep(kept, edges)


Remains: TypeAlias = Iterator[tuple[int, Array | None, float]]
"""The boxes that holes touch: their row, the hull and the area of what is left of them."""


def remains(edges: Array, holes: list[Hole]) -> Remains:
    """What rectangles leave of (N, 4) boxes, to any fraction of a pixel."""
    cover = np.array(holes, np.float64).reshape(-1, 4)
    low = np.maximum(edges[:, None, :2], cover[:, :2])
    high = np.minimum(edges[:, None, 2:], cover[:, 2:])
    meets = np.all(low < high, axis=2)
    for index in np.flatnonzero(np.any(meets, axis=1)).tolist():
        some = meets[index]
        yield index, *visible(edges[index], low[index, some], high[index, some])


def remains_of_raster(edges: Array, where: Array) -> Remains:
    """What holes of any shape leave of (N, 4) boxes, inside the image."""
    height, width = where.shape
    for index, (x1, y1, x2, y2) in enumerate(edges.tolist()):
        left, top = max(0, math.floor(x1)), max(0, math.floor(y1))
        right, bottom = min(width, math.ceil(x2)), min(height, math.ceil(y2))
        window = where[top:bottom, left:right]
        if not window.any():
            continue
        x, y = np.arange(left, right + 1).clip(x1, x2), np.arange(top, bottom + 1).clip(y1, y2)
        yield index, *hull_of_free(~window, x, y)


def visible(box: Array, low: Array, high: Array) -> tuple[Array | None, float]:
    """The hull and the area of what rectangles inside a box leave of it (None if nothing).

    The edges cut the box into cells, each of them covered or free as a whole.
    """
    x = np.unique(np.concatenate([low[:, 0], high[:, 0], box[[0, 2]]]))
    y = np.unique(np.concatenate([low[:, 1], high[:, 1], box[[1, 3]]]))
    across = (low[:, 0, None] <= x[:-1]) & (x[:-1] < high[:, 0, None])
    down = (low[:, 1, None] <= y[:-1]) & (y[:-1] < high[:, 1, None])
    free = (down.T.astype(np.float32) @ across.astype(np.float32)) == 0
    return hull_of_free(free, x, y)


def hull_of_free(free: Array, x: Array, y: Array) -> tuple[Array | None, float]:
    """The hull and the area of the free cells between lines at x and y."""
    columns, rows = np.flatnonzero(free.any(axis=0)), np.flatnonzero(free.any(axis=1))
    if not len(columns):
        return None, 0.0
    area = float(np.diff(y) @ free @ np.diff(x))
    hull = np.array((x[columns[0]], y[rows[0]], x[columns[-1] + 1], y[rows[-1] + 1]))
    return hull, area


def cover_points(points: Points, holes: Cover) -> None:
    """Drop or hide the keypoints in holes, if the params ask for it."""
    params = points.params
    if not len(points.values) or not (params.remove_invisible or params.has_visibility):
        return
    if isinstance(holes, np.ndarray):
        x, y = np.floor(points.values[:, :2].T).astype(np.intp)
        inside = (x >= 0) & (y >= 0) & (x < holes.shape[1]) & (y < holes.shape[0])
        inside[inside] = holes[y[inside], x[inside]]
        points.cover(inside)
        return
    cover = np.array(holes, np.float64).reshape(-1, 4)
    at = points.values[:, None, :2]
    covered = np.any(np.all((at >= cover[:, :2]) & (at < cover[:, 2:]), axis=2), axis=1)
    points.cover(covered)


def cover_labels(canvas: Canvas, holes: Cover) -> None:
    """What becomes of all labels under holes."""
    labels = canvas.labels
    for points in labels.points.values():
        cover_points(points, holes)
    outlined: list[Polygons | OrientedBoxes] = [*labels.polygons.values()]
    for boxes in labels.boxes.values():
        if isinstance(boxes, OrientedBoxes):
            outlined.append(boxes)
        else:
            cover_boxes(boxes, holes)
    if outlined:
        hidden = raster(holes, canvas.size)
        for shapes in outlined:
            shapes.hide(hidden)
