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
        prefix = name.removesuffix("bboxes").removesuffix("bbox")  # of an instance, "instances."
        if boxes.params.refit == "polygons":
            outlines = polygon_points(canvas, prefix + "polygons")
        else:
            outlines = mask_points(canvas, prefix + "masks", len(boxes.source.given))
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


def polygon_points(canvas: Canvas, name: str) -> dict[int, Array]:
    """The points of each polygon, by its row."""
    polygons = canvas.labels.polygons.get(name)
    if polygons is None:
        raise ValueError(f'BboxParams(refit="polygons") needs {name} in the call')
    rows = zip(polygons.rows.tolist(), polygons.rings, strict=True)
    return {row: np.concatenate(rings) for row, rings in rows if rings}


def mask_points(canvas: Canvas, name: str, count: int) -> dict[int, Array]:
    """The corners of the pixels of each mask that has any, by its place."""
    plane = next((plane for plane in canvas.planes if plane.name == name), None)
    found = 0 if plane is None else len(plane.frames)
    if plane is None or found != count:
        raise ValueError(
            f'BboxParams(refit="masks") needs {name} in the call, one for each of the {count} '
            f"boxes, got {found}"
        )
    points = {}
    for place, frame in enumerate(plane.frames):
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
