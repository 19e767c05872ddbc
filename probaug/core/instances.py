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
from .oriented import OrientedBoxes, smallest_rectangle
from .points import Points
from .rows import kind_of

if TYPE_CHECKING:
    from .canvas import Canvas
    from .transform import Settings

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

    def __init__(self, owner: str, given: Any, settings: Settings) -> None:
        if not isinstance(given, (list, tuple)):
            raise TypeError(
                f"{owner} expects instances as a list of dicts, got {type(given).__name__}"
            )
        self.given = given
        self.parts = self._parts(owner) if given else readable(settings)
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

    def number(self, owner: str, points: Points | None) -> None:
        """Let keypoints know their instances, and their numbers there."""
        if points is None:
            return
        points.origins[:, 0] = np.repeat(np.arange(len(self.counts)), self.counts)
        points.origins[:, 1] = [row for count in self.counts for row in range(count)]
        pairs = points.params.label_mapping or ()
        if wrong := [name for pair in pairs for name in pair if not isinstance(name, int)]:
            raise ValueError(
                f"{owner}: the keypoints of instances have no labels but their numbers, from 0, "
                f"and KeypointParams.label_mapping names {wrong[0]!r}"
            )

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
            if name in ALIKE:
                unite(boxes)

    def alive(self, canvas: Canvas) -> list[int]:
        """The places of those of which every part is left, in order."""
        labels: Labels = canvas.labels
        places = set(range(len(self.given)))
        for part in ("bbox", "polygon"):
            target = labels.targets.get(PARTS[part])
            if target is not None and part in self.parts:
                rows = set(target.rows.tolist())
                if max(rows, default=-1) >= len(self.given):
                    raise ValueError(f"a transform changed more of a {part} than where it is")
                places &= rows
        for plane in canvas.planes:
            if plane.name == PARTS["mask"]:
                places &= {place for place, frame in enumerate(plane.frames) if frame.any()}
        return sorted(places)

    def give(self, results: dict[str, Any], canvas: Canvas) -> None:
        """Put those left into ``results``, as the caller wrote them, for those of their parts."""
        places = self.alive(canvas)
        parts = {part: results.pop(name, None) for part, name in PARTS.items()}
        instances = [dict(self.given[place]) for place in places]
        for part in self.parts:
            values: Any = parts[part]
            if part == "mask":
                found: list[Any] = [values[place] for place in places]
            elif part == "keypoints":
                points = canvas.labels.points[PARTS[part]]
                groups = points.origins[points.rows, 0]
                if (groups < 0).any():
                    raise ValueError("a transform changed more of keypoints than where they are")
                found = [[values[i] for i in np.flatnonzero(groups == place)] for place in places]
            else:
                order = canvas.labels.targets[PARTS[part]].rows.tolist()
                found = [values[order.index(place)] for place in places]
            for instance, value in zip(instances, found, strict=True):
                given = instance[part]
                instance[part] = as_given(value, given) if part in ("bbox", "keypoints") else value
        results["instances"] = kind_of(self.given)(instances)


def readable(settings: Settings) -> list[str]:
    """The parts that a pipeline can read: where there is no instance yet, others may join."""
    params = {"bbox": settings.bbox_params, "keypoints": settings.keypoint_params}
    return [part for part in PARTS if part not in params or params[part] is not None]


def as_given(value: Any, given: Any) -> Any:
    """Numbers in the container in which they were given, and of its dtype if that has fractions."""
    if not isinstance(given, np.ndarray):
        return tuple(value) if isinstance(given, tuple) else value
    result = np.array(value, None if given.dtype.kind in "iub" else given.dtype)
    return result if given.ndim == 1 else result.reshape(-1, *given.shape[1:])


def unite(boxes: Boxes) -> None:
    """One box around the pieces that a transform made of one."""
    rows, first = np.unique(boxes.rows, return_index=True)
    if len(rows) == len(boxes.rows):
        return
    order = first.argsort()
    rows = rows[order]
    if isinstance(boxes, OrientedBoxes):
        several = [boxes.quads[boxes.rows == row] for row in rows]
        around = [
            quads[0] if len(quads) == 1
            else smallest_rectangle(quads.reshape(-1, 2), quads[0, 1] - quads[0, 0])
            for quads in several
        ]  # fmt: skip
        boxes.quads = np.array(around)
    else:
        pieces = [boxes.edges[boxes.rows == row] for row in rows]
        boxes.edges = np.array(
            [np.concatenate([p[:, :2].min(axis=0), p[:, 2:].max(axis=0)]) for p in pieces]
        )
    boxes.rows = rows
