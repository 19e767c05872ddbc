"""Masks, boxes and keypoints that follow the images of an `ImageDataGenerator`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from probaug import BboxParams, KeypointParams
from probaug.core.fields import Array

from ._box_packer import PADDING, BoxPacker
from ._checks import refuse, whole
from ._packers import KeypointPacker
from ._recipe import Packer

CLASS = "box_labels"


@dataclass(frozen=True)
class Extras:
    """What moves with the images, one entry per sample.

    Args:
        masks: Masks by target name.
        boxes: Boxes of each sample, or None.
        classes: Their labels, or None.
        points: (N, K, 2 or 3) keypoints, or None.
        box_format: The boxes' format.
        max_boxes: Boxes that each sample is padded to.
        names: The names under which several masks are given.

    """

    masks: Mapping[str, Any]
    boxes: Any = None
    classes: Any = None
    points: Any = None
    box_format: str = "xyxy"
    max_boxes: int = 0
    names: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, owner: str, masks: Any, bboxes: Any, keypoints: Any, box_format: str, most: int | None
    ) -> Extras:
        """Read what the user gave."""
        names = tuple(masks) if isinstance(masks, Mapping) else None
        given = list(masks.values()) if isinstance(masks, Mapping) else [masks]
        targets = ["mask", *(f"mask/{name}" for name in (names or ())[1:])]
        by_target = {} if masks is None else dict(zip(targets, given))
        boxes, classes = bboxes, None
        if isinstance(bboxes, Mapping):
            if set(bboxes) != {"boxes", "labels"}:
                rule = "lists of boxes, or a dict of 'boxes' and 'labels'"
                raise refuse(owner, "bboxes", rule, sorted(bboxes))
            boxes, classes = bboxes["boxes"], bboxes["labels"]
        if most is None:
            most = 0 if boxes is None else max((len(rows) for rows in boxes), default=0)
        most = max(1, whole(owner, "max_boxes", most, 0))
        if keypoints is not None:
            keypoints = np.asarray(keypoints, np.float64)
            if keypoints.ndim != 3 or keypoints.shape[2] not in (2, 3):
                raise refuse(owner, "keypoints", "(N, K, 2) or (N, K, 3)", keypoints.shape)
        return cls(by_target, boxes, classes, keypoints, box_format, most, names)

    def __bool__(self) -> bool:
        return bool(self.masks) or self.boxes is not None or self.points is not None

    @property
    def parts(self) -> dict[str, list[Any]]:
        """Everything that has one entry per sample, by argument."""
        given = {"masks": [*self.masks.values()], "bboxes": [self.boxes, self.classes]}
        given["keypoints"] = [self.points]
        return {name: [p for p in parts if p is not None] for name, parts in given.items()}

    def cut(self, own: slice) -> Extras:
        """Those of some samples."""
        masks = {name: part[own] for name, part in self.masks.items()}
        rest = (self.boxes, self.classes, self.points)
        boxes, classes, points = (None if part is None else part[own] for part in rest)
        return replace(self, masks=masks, boxes=boxes, classes=classes, points=points)

    @property
    def bbox_params(self) -> BboxParams | None:
        """How the pipeline reads boxes."""
        if self.boxes is None:
            return None
        name: Any = self.box_format
        return BboxParams(format=name, label_fields=(CLASS,))

    def packers(self, owner: str, pipeline: Any) -> tuple[Packer, ...]:
        """How boxes and keypoints leave."""
        packers: list[Packer] = []
        if self.boxes is not None:
            packers.append(BoxPacker.of(owner, pipeline, self.max_boxes, None))
        if self.points is not None:
            packers.append(KeypointPacker("xy", "xy" if self.points.shape[2] == 2 else "xyv"))
        return tuple(packers)

    @property
    def keypoint_params(self) -> KeypointParams | None:
        """How the pipeline reads keypoints."""
        return None if self.points is None else KeypointParams("xy")

    def sample(self, index: int) -> dict[str, Any]:
        """The pipeline's arguments for one sample."""
        sample: dict[str, Any] = {name: part[index] for name, part in self.masks.items()}
        if self.boxes is not None:
            boxes = np.asarray(self.boxes[index], np.float64).reshape(-1, 4)
            labels = np.zeros(len(boxes), np.int64)
            if self.classes is not None:
                labels = np.asarray(self.classes[index]).reshape(-1)
            real = (boxes != PADDING).any(axis=1) & (labels >= 0)
            sample |= {"bboxes": boxes[real], CLASS: labels[real]}
        if self.points is not None:
            sample["keypoints"] = self.points[index]
        return sample

    def empty(self) -> dict[str, Array]:
        """The arrays of a batch without samples."""
        arrays: dict[str, Array] = {
            name: np.zeros((0, *np.shape(part)[1:])) for name, part in self.masks.items()
        }
        if self.boxes is not None:
            arrays |= {"bboxes": np.zeros((0, self.max_boxes, 4), np.float32)}
            arrays |= {CLASS: np.zeros((0, self.max_boxes), np.int32)}
        if self.points is not None:
            arrays["keypoints"] = np.zeros((0, *self.points.shape[1:]), np.float32)
        return arrays

    def pack(self, arrays: Mapping[str, Array]) -> dict[str, Any]:
        """What follows the images of a batch, by argument."""
        packed: dict[str, Any] = {}
        if self.masks:
            given = [arrays[name] for name in self.masks]
            packed["masks"] = given[0] if self.names is None else dict(zip(self.names, given))
        if self.boxes is not None:
            packed["bboxes"] = arrays["bboxes"]
            if self.classes is not None:
                packed["bboxes"] = {"boxes": arrays["bboxes"], "labels": arrays[CLASS]}
        if self.points is not None:
            packed["keypoints"] = arrays["keypoints"]
        return packed


def as_batches(x: Any, y: Any, followers: dict[str, Any], weight: Any) -> Any:
    """X, (x, targets) or (x, targets, weight); several targets are a dict."""
    targets: Any = y
    if followers and y is not None:
        targets = (dict(y) if isinstance(y, dict) else {"y": y}) | followers
    elif followers:
        targets = followers if len(followers) > 1 else next(iter(followers.values()))
    if targets is None:
        return x
    return (x, targets) if weight is None else (x, targets, weight)
