"""Boxes fitted again, at the end, to what is left of their objects' masks or polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from .boxes import Boxes
from .fields import Array
from .moves import corners
from .oriented import OrientedBoxes, smallest_rectangle

if TYPE_CHECKING:
    from .canvas import Canvas


def refit(canvas: Canvas) -> None:
    """Fit the boxes whose params ask for it; those of which nothing is left are dropped."""
    for name, boxes in canvas.labels.boxes.items():
        if boxes.params.refit is None or not len(boxes.rows):
            continue
        wanted = boxes.params.refit
        other = name.replace("bboxes", wanted)  # "masks" for "bboxes", "masks2" for "bboxes2"
        find = polygon_points if wanted == "polygons" else mask_points
        outlines = find(canvas, other, name, len(boxes.source.given))
        fit(boxes, outlines)
        boxes.settle(canvas.size)


def fit(boxes: Boxes, outlines: dict[int, Array]) -> None:
    """Fit each box around the points that its row has."""
    kept = np.array([row in outlines for row in boxes.rows.tolist()], bool)
    points = [outlines[row] for row in boxes.rows[kept].tolist()]
    if isinstance(boxes, OrientedBoxes):
        toward = boxes.quads[kept, 1] - boxes.quads[kept, 0]
        boxes.keep(kept)
        quads = [smallest_rectangle(*pair) for pair in zip(points, toward, strict=True)]
        boxes.quads = np.array(quads).reshape(-1, 4, 2)
    else:
        boxes.keep(kept)
        around = [np.concatenate([some.min(axis=0), some.max(axis=0)]) for some in points]
        boxes.edges = np.array(around).reshape(-1, 4)


def require(name: str, refit: str, boxes: str, count: int, found: int) -> None:
    """Raise a ValueError unless there is one outline for each box."""
    if found != count:
        raise ValueError(
            f'BboxParams(refit="{refit}") needs {name} in the call, one for each of the {count} '
            f"{boxes}, got {found}"
        )


def polygon_points(canvas: Canvas, name: str, boxes: str, count: int) -> dict[int, Array]:
    """The points of each polygon, by its row."""
    polygons = canvas.labels.polygons.get(name)
    require(name, "polygons", boxes, count, len(polygons.source.given) if polygons else 0)
    if polygons is None:
        return {}
    rows = zip(polygons.rows.tolist(), polygons.rings, strict=True)
    return {row: np.concatenate(rings) for row, rings in rows if rings}


def mask_points(canvas: Canvas, name: str, boxes: str, count: int) -> dict[int, Array]:
    """The corners of the pixels of each mask that has any, by its place."""
    frames = next((plane.frames for plane in canvas.planes if plane.name == name), [])
    require(name, "masks", boxes, count, len(frames))
    points = {}
    for place, frame in enumerate(frames):
        flat: Array = frame if frame.ndim == 2 else np.any(frame, axis=2)
        rows, columns = np.flatnonzero(flat.any(axis=1)), np.flatnonzero(flat.any(axis=0))
        if not len(rows):
            continue
        window = flat[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] != 0
        contours, _ = cv2.findContours(
            np.ascontiguousarray(window, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        pixels = np.concatenate(contours).reshape(-1, 2)
        pixels += np.array((columns[0], rows[0]), pixels.dtype)
        edges = np.concatenate([pixels, pixels + 1], axis=1).astype(np.float64)
        points[place] = corners(edges).reshape(-1, 2)
    return points
