"""Upright boxes: float64 (N, 4) xyxy in pixels; their formats, checks and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .fields import Array
from .matrix import Size
from .rows import Rows

if TYPE_CHECKING:
    from .params import BboxParams

BOX_FORMATS = {
    "pascal_voc": "xyxy",
    "coco": "xywh",
    "albumentations": "rel_xyxy",
    "yolo": "rel_center_xywh",
}
"""Names of other libraries for Keras' formats."""

KERAS_BOX_FORMATS = (
    "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw",
    "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh",
)  # fmt: skip


class Boxes:
    """The boxes of one target."""

    __slots__ = ("edges", "params", "quads", "rows", "settled", "source", "start")

    def __init__(self, name: str, given: Any, fields: dict[str, Any], params: Any, size: Size):
        self.params: BboxParams = params
        self.source = Rows(name, given, 4, fields)
        numbers = self.source.numbers(name)
        self.start = to_edges(numbers, params.format, size)
        self.rows = np.arange(len(numbers))
        self.edges = self._checked(name, size)
        self.settled: Array | None = None
        self.quads: Array | None = None  # (N, 4, 2) corners since the last filter, if kept

    @classmethod
    def bare(cls, edges: Array, params: BboxParams) -> Boxes:
        """Boxes that nobody gave, xyxy in pixels: all that moves is their edges and rows."""
        boxes = cls.__new__(cls)
        boxes.params, boxes.edges, boxes.rows = params, edges, np.arange(len(edges))
        boxes.settled = boxes.quads = None
        return boxes

    def _checked(self, name: str, size: Size) -> Array:
        edges, params = self.start, self.params
        if not len(edges):
            return edges
        limits = np.array([size.width, size.height] * 2, np.float64)
        clipped = np.clip(edges, 0, limits)
        empty: Array = ~((edges[:, 2] > edges[:, 0]) & (edges[:, 3] > edges[:, 1]))
        if params.filter_invalid_bboxes:
            kept: Array = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
            kept &= ~empty
            self.rows = self.rows[kept]
            return clipped[kept]
        near: Array = np.abs(clipped - edges) <= 1
        outside = ~near.all(axis=1) & (not params.clip)
        gone: Array = ~((clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1]))
        broken: Any = np.isnan(edges).any(axis=1)
        if (bad := outside | empty | gone | broken).any():
            row = int(np.flatnonzero(bad)[0])
            box = tuple(round(v, 3) for v in edges[row].tolist())
            what = (
                "must have x_min < x_max and y_min < y_max"
                if empty[row] or broken[row]
                else "must lie inside the image"
            )
            raise ValueError(
                f"{name}[{row}] {what}: got {self.source.given[row]!r} ({params.format}), that is "
                f"{box} as xyxy in pixels, for an image of height {size.height} and width "
                f"{size.width}; {'' if params.clip else 'BboxParams(clip=True) clips boxes, '}"
                "BboxParams(filter_invalid_bboxes=True) drops those that are not valid"
            )
        return clipped

    def settle(self, size: Size) -> None:
        """Clip to the image and drop what the params do not accept."""
        edges, params = self.edges, self.params
        if edges is self.settled or not len(edges):
            return
        x1, y1, x2, y2 = edges.T
        width, height = size.width, size.height
        if (
            params.accepts_all
            and min(x1.min(), y1.min()) >= 0
            and x2.max() <= width
            and y2.max() <= height
            and (x2 > x1).all()
            and (y2 > y1).all()
        ):
            self.settled = edges
            return
        clipped = np.clip(edges, 0, (width, height, width, height))
        w, h = clipped[:, 2] - clipped[:, 0], clipped[:, 3] - clipped[:, 1]
        area = w * h
        whole = (x2 - x1) * (y2 - y1)
        kept = (w > 0) & (h > 0) & (w >= params.min_width) & (h >= params.min_height)
        kept &= (area >= params.min_area) & (area >= params.min_visibility * whole)
        if params.max_accept_ratio is not None:
            kept &= np.maximum(w, h) <= params.max_accept_ratio * np.minimum(w, h)
        self.keep(kept, clipped)
        self.settled = self.edges

    def keep(self, kept: Array, edges: Array | None = None) -> None:
        """Keep some rows (a boolean mask), with new edges for all if given."""
        self.edges = (self.edges if edges is None else edges)[kept]
        self.rows = self.rows[kept]
        self.quads = None

    def give(self, size: Size) -> Any:
        """The boxes in the caller's format and container."""
        numbers = from_edges(self.edges, self.params.format, size)
        start = self.start[self.rows]
        kept = (self.edges == start).all(axis=1)
        if is_relative(self.params.format) and len(kept):
            # a relative number stays what it was only if the image has kept its size
            again = to_edges(self.source.numbers("bboxes")[self.rows], self.params.format, size)
            kept &= (again == start).all(axis=1)
        return self.source.give(numbers, self.rows, kept)


def is_relative(box_format: str) -> bool:
    """Whether a box format counts in fractions of the image."""
    return BOX_FORMATS.get(box_format, box_format).startswith("rel_")


def to_edges(numbers: Array, box_format: str, size: Size) -> Array:
    """Turn (N, 4) boxes of a format into xyxy in pixels."""
    name = BOX_FORMATS.get(box_format, box_format)
    boxes = numbers.astype(np.float64)
    if name.endswith(("yxyx", "yxhw")):
        boxes = boxes[:, [1, 0, 3, 2]]
    if name.startswith("rel_"):
        boxes = boxes * (size.width, size.height, size.width, size.height)
    if "center" in name:
        half = boxes[:, 2:] / 2
        return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    if name.endswith("xywh"):
        return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return boxes


def from_edges(edges: Array, box_format: str, size: Size) -> Array:
    """Turn (N, 4) xyxy boxes in pixels into a format."""
    name = BOX_FORMATS.get(box_format, box_format)
    boxes = edges.copy()
    if "center" in name:
        boxes[:, 2:] = edges[:, 2:] - edges[:, :2]
        boxes[:, :2] = (edges[:, :2] + edges[:, 2:]) / 2
    elif name.endswith("xywh"):
        boxes[:, 2:] = edges[:, 2:] - edges[:, :2]
    if name.startswith("rel_"):
        boxes /= (size.width, size.height, size.width, size.height)
    if name.endswith(("yxyx", "yxhw")):
        boxes = boxes[:, [1, 0, 3, 2]]
    return boxes
