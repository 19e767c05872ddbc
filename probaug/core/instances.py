"""Objects as rows: a box, a mask, a polygon, keypoints and labels that live and die together.

``instances`` is a list of dicts with the keys "bbox", "mask", "polygon", "keypoints" (all, or any
of them, the same for every instance) and anything else, which travels along. Inside, each part is
a target of its own; an instance is dropped when its box, its mask or its polygon is. Its keypoints
are never dropped one by one: a skeleton keeps its rows, in the image or beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .boxes import Boxes
from .labels import Labels
from .oriented import OrientedBoxes
from .rows import kind_of

if TYPE_CHECKING:
    from .canvas import Canvas

PARTS = {
    "bbox": "instances.bboxes",
    "mask": "instances.masks",
    "polygon": "instances.polygons",
    "keypoints": "instances.keypoints",
}
"""Keys of an instance and the targets that they become."""

ALIKE = {name: name.partition(".")[2] for name in PARTS.values()}


class Instances:
    """The instances of one call."""

    def __init__(self, owner: str, given: Any) -> None:
        if not isinstance(given, (list, tuple)):
            raise TypeError(
                f"{owner} expects instances as a list of dicts, got {type(given).__name__}"
            )
        self.given = given
        self.parts = self._parts(owner)
        self.counts: list[int] = []
        self.targets: dict[str, Any] = {
            PARTS[part]: [instance[part] for instance in given]
            for part in self.parts
            if part != "keypoints"
        }
        if "keypoints" in self.parts:
            self.counts = [len(instance["keypoints"]) for instance in given]
            rows = [row for instance in given for row in instance["keypoints"]]
            self.targets[PARTS["keypoints"]] = rows

    def _parts(self, owner: str) -> list[str]:
        first: list[str] = []
        for place, instance in enumerate(self.given):
            parts = [part for part in PARTS if isinstance(instance, dict) and part in instance]
            if not parts or (first and parts != first):
                wanted = f"{', '.join(first)}, as the first has" if first else ", ".join(PARTS)
                raise ValueError(
                    f"{owner} expects every instance to be a dict with the same keys out of "
                    f"{wanted}; instances[{place}] is {instance!r:.200}"
                )
            first = parts
        return first

    def unite(self, labels: Labels) -> None:
        """Join the pieces that a transform made of one box."""
        for name, boxes in labels.boxes.items():
            if name in ALIKE and not isinstance(boxes, OrientedBoxes):
                unite(boxes)

    def alive(self, canvas: Canvas) -> list[int]:
        """The places of those of which every part is left, in order."""
        labels: Labels = canvas.labels
        places = set(range(len(self.given)))
        for part in ("bbox", "polygon"):
            target = labels.targets.get(PARTS[part])
            if target is not None:
                places &= set(target.rows.tolist())
        for plane in canvas.planes:
            if plane.name == PARTS["mask"]:
                places &= {place for place, frame in enumerate(plane.frames) if frame.any()}
        return sorted(places)

    def give(self, results: dict[str, Any], canvas: Canvas) -> None:
        """Put those left into ``results``, as the caller wrote them, for those of their parts."""
        places = self.alive(canvas)
        parts = {part: results.pop(PARTS[part]) for part in self.parts}
        instances = [dict(self.given[place]) for place in places]
        for part, values in parts.items():
            if part == "mask":
                found: list[Any] = [values[place] for place in places]
            elif part == "keypoints":
                ends = np.cumsum([0, *self.counts]).tolist()
                found = [values[ends[place] : ends[place + 1]] for place in places]
            else:
                order = canvas.labels.targets[PARTS[part]].rows.tolist()
                found = [values[order.index(place)] for place in places]
            for instance, value in zip(instances, found, strict=True):
                given = instance[part]
                if isinstance(given, np.ndarray) and not isinstance(value, np.ndarray):
                    value = np.array(value).reshape(-1, *given.shape[1:])
                    value = value.reshape(given.shape) if part == "bbox" else value
                elif isinstance(given, tuple) and isinstance(value, list):
                    value = tuple(value)
                instance[part] = value
        results["instances"] = kind_of(self.given)(instances)


def unite(boxes: Boxes) -> None:
    """One box around the pieces that a transform made of one."""
    rows, first = np.unique(boxes.rows, return_index=True)
    if len(rows) == len(boxes.rows):
        return
    pieces = [boxes.edges[boxes.rows == row] for row in rows]
    around = [np.concatenate([p[:, :2].min(axis=0), p[:, 2:].max(axis=0)]) for p in pieces]
    order = first.argsort()
    boxes.edges, boxes.rows = np.array(around)[order], rows[order]
