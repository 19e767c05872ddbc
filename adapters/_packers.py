"""Labels of one result as arrays of fixed shape: classes, masks, keypoints, instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probaug.core.fields import Array

from ._box_packer import BoxPacker
from ._recipe import Packer

# What a sample dict may call its class.
LABEL_KEYS = ("label", "class")
CLASS_WEIGHT = "class_weight"
KEYPOINT_FORMATS = ("xy", "rel_xy", "xyv", "rel_xyv")


def keeping_points(pipeline: Any) -> Any:
    """A pipeline that drops no keypoint: holes hide them, of those outside the place is told."""
    params = pipeline.keypoint_params.replace(remove_invisible=False, has_visibility=True)
    return pipeline.replace(keypoint_params=params)


def weights_of(classes: Array, weights: Mapping[int, float]) -> NDArray[np.float32]:
    """The weight of each class; 1 for those that have none."""
    top = max(weights) + 1
    table = np.ones(top + 1, np.float32)
    table[list(weights)] = list(weights.values())
    known = np.where((classes >= 0) & (classes < top), classes, top).astype(np.intp)
    return table[known]


@dataclass(frozen=True)
class ClassPacker(Packer):
    """Turns the class of a sample, or its classes, into what a loss takes.

    Args:
        mode: "int", "categorical", "binary", "multi_label", or None for the label as it is.
        count: How many classes there are, or None.
        names: The number of each class by name.
        weights: The weight of each class, or None.

    """

    mode: str | None
    count: int | None
    names: Mapping[str, int]
    weights: Mapping[int, float] | None

    def pack(
        self, result: Mapping[str, Any], size: tuple[int, int], slots: Mapping[str, Array]
    ) -> dict[str, Array]:
        key = next((key for key in LABEL_KEYS if key in result), None)
        if key is None:
            return {}
        label = np.asarray(result[key])
        if self.names and label.dtype.kind in "UO":
            label = self._numbers(key, label)
        if self.mode is None and self.count is not None and label.dtype.kind in "ui":
            self._check_number(key, label)
        packed: dict[str, Array] = {key: label if self.mode is None else self._encode(key, label)}
        if self.weights is not None:
            packed[CLASS_WEIGHT] = self._weight(packed[key])
        return packed

    def _check_number(self, key: str, label: Array) -> None:
        """Refuse the number of a class that there is not; several numbers go as they are."""
        if label.size == 1 and not 0 <= label.item() < (self.count or 0):
            rule = f"a whole number from 0 to {(self.count or 0) - 1}"
            raise ValueError(f"{key} must be {rule}, got {label.item()}")

    def _numbers(self, key: str, label: Array) -> Array:
        for name in label.reshape(-1).tolist():
            if name not in self.names:
                raise ValueError(f"{key} must be one of {', '.join(self.names)}, got {name!r}")
        numbers = [self.names[name] for name in label.reshape(-1).tolist()]
        return np.array(numbers, np.int32).reshape(label.shape)

    def _encode(self, key: str, label: Array) -> Array:
        if self.mode == "binary":
            if label.size != 1 or not 0 <= label.item() <= 1:
                raise ValueError(f"{key} must be from 0 to 1, got {label.tolist()!r:.80}")
            return label.reshape(()).astype(np.float32)
        if self.mode != "int" and label.dtype.kind in "bf" and label.shape == (self.count,):
            return label.astype(np.float32)
        several = self.mode == "multi_label"
        rule = "whole numbers" if several else "a whole number"
        rule += "" if self.count is None else f" from 0 to {self.count - 1}"
        whole = label.astype(np.int32) if label.dtype.kind in "buif" else np.array(-1)
        top = np.inf if self.count is None else self.count
        fits = label.size == 0 or (whole.min() >= 0 and whole.max() < top)
        if not fits or not np.array_equal(whole, label) or (label.size != 1 and not several):
            raise ValueError(f"{key} must be {rule}, got {label.tolist()!r:.80}")
        if self.mode == "int":
            return whole.reshape(())
        hot = np.zeros(self.count or 0, np.float32)
        hot[whole.reshape(-1)] = 1
        return hot

    def _weight(self, label: Array) -> Array:
        assert self.weights is not None  # for mypy
        if label.ndim == 0 or label.size == 1:
            return weights_of(label.reshape(()), self.weights)
        each = weights_of(np.arange(label.size), self.weights)
        return np.asarray(each @ label.reshape(-1), np.float32)


@dataclass(frozen=True)
class MaskPacker(Packer):
    """Turns a mask of class numbers into what a loss takes.

    Args:
        mode: "int", "categorical" for (H, W, count), or None for the mask as it is.
        count: How many classes there are, or None.
        ignore: The number of pixels that do not count; all zeros where "categorical".
        weights: The weight of each class, or None; pixels that do not count have weight 0.

    """

    mode: str | None
    count: int | None
    ignore: int | None
    weights: Mapping[int, float] | None

    def pack(
        self, result: Mapping[str, Any], size: tuple[int, int], slots: Mapping[str, Array]
    ) -> dict[str, Array]:
        mask = np.asarray(result["mask"])
        plane = mask[..., 0] if mask.ndim == 3 and mask.shape[2] == 1 else mask
        if plane.ndim != 2 or plane.dtype.kind not in "bui":
            raise ValueError(
                f"mask must hold the number of a class for each pixel, (H, W) or (H, W, 1), "
                f"got {mask.shape} {mask.dtype}"
            )
        if plane.dtype.kind == "b":
            plane = plane.view(np.uint8)
        void = None if self.ignore is None else plane == self.ignore
        if self.count is not None:
            self._check(plane, void)
        packed: dict[str, Array] = {}
        if self.mode == "categorical":
            packed["mask"] = self._one_hot(plane, void, slots.get("mask"))
        elif self.mode == "int" and mask.dtype.kind == "b":
            packed["mask"] = mask.view(np.uint8)
        if self.weights is not None:
            weight = packed[CLASS_WEIGHT] = weights_of(plane, self.weights)
            if void is not None:
                weight[void] = 0
        return packed

    def _check(self, plane: Array, void: Array | None) -> None:
        wrong = (plane < 0) | (plane >= self.count)
        if void is not None:
            wrong &= ~void
        if wrong.any():
            beside = "" if self.ignore is None else f" or {self.ignore}"
            raise ValueError(
                f"mask must hold classes from 0 to {(self.count or 0) - 1}{beside}, "
                f"got {plane[wrong][0]}"
            )

    def _one_hot(self, plane: Array, void: Array | None, slot: Array | None) -> Array:
        count = self.count or 0
        rows = np.eye(count + 1, count, dtype=np.float32)  # the last row is all zeros
        index = plane if void is None else np.where(void, count, plane.astype(np.intp))
        shape = (*plane.shape, count)
        fits = slot is not None and slot.shape == shape and slot.dtype == rows.dtype
        # "clip" writes straight into the slot; nothing is out of range
        return np.take(rows, index, axis=0, out=slot if fits else None, mode="clip")


@dataclass(frozen=True)
class KeypointPacker:
    """Turns the keypoints of a result into as many rows as went in, with their visibility.

    The pipeline works on rows with two more columns than its format: the visibility as COCO has
    it, so that holes can hide points, and what it has above the one that is given.

    Args:
        columns: The letters of the pipeline's format.
        target: One of KEYPOINT_FORMATS.

    """

    columns: str
    target: str

    @property
    def names(self) -> tuple[str, ...]:
        """The arrays that are given."""
        return ("keypoints",) if self.target.endswith("v") else ("keypoints", "visibility")

    def prepare(self, data: dict[str, Any]) -> None:
        """Give every point a visibility, behind what the pipeline's format has."""
        given = data.get("keypoints")
        if given is None:
            raise KeyError(f"the sample has no 'keypoints', only {sorted(map(str, data))}")
        data["keypoints"] = self.rows(given, data.get("visibility"))

    def pack(
        self, result: Mapping[str, Any], size: tuple[int, int], slots: Mapping[str, Array]
    ) -> dict[str, Array]:
        return self.packed(result["keypoints"], size)

    def rows(self, given: Any, seen: Any) -> Array:
        """Points as the pipeline gets them; those that nobody has labelled are zeros.

        Args:
            given: (K, columns) points, or with a visibility behind.
            seen: (K,) the visibility, if it is not there; None for points that are all seen.

        """
        points = np.asarray(given, np.float64)
        wide = len(self.columns)
        if points.ndim != 2 or points.shape[1] not in (wide, wide + 1):
            raise ValueError(
                f"keypoints must be (K, {wide}) in the format {self.columns!r}, or "
                f"(K, {wide + 1}) with a visibility, got {points.shape}"
            )
        above = np.zeros(len(points))
        if points.shape[1] > wide:
            seen = points[:, wide]
        elif seen is None:
            seen, above = np.full(len(points), 2.0), np.ones(len(points))
        seen = np.asarray(seen, np.float64)
        if seen.shape != (len(points),):
            raise ValueError(
                f"visibility must be one number for each of {len(points)} keypoints, "
                f"got shape {seen.shape}"
            )
        known = np.isfinite(points[:, :wide]).all(axis=1) & (seen > 0)
        points = np.column_stack([points[:, :wide], seen, above])
        points[~known] = 0
        return points

    def packed(self, given: Any, size: tuple[int, int]) -> dict[str, Array]:
        """The rows that a pipeline gave, as a batch has them."""
        wide = len(self.columns)
        points = np.asarray(given, np.float64).reshape(-1, wide + 2)
        height, width = size
        x, y = (points[:, self.columns.index(letter)] for letter in "xy")
        seen, above = points[:, wide], points[:, wide + 1]
        inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
        if self.target.startswith("rel"):
            x, y = (x + 0.5) / width, (y + 0.5) / height
        packed = np.column_stack([x, y, (seen - above) * inside]).astype(np.float32)
        packed[seen == 0] = 0  # nobody knows where they are
        if self.target.endswith("v"):
            return {"keypoints": packed}
        return {
            "keypoints": np.ascontiguousarray(packed[:, :2]),
            "visibility": packed[:, 2].copy(),
        }


@dataclass(frozen=True)
class InstancePacker:
    """Turns instances into boxes, labels, masks, keypoints of as many rows as boxes are packed in.

    Args:
        boxes: How boxes and labels are packed; its names are the labels' keys in an instance.
        points: How the keypoints of an instance are packed, or None to leave them out.
        count: The most keypoints that an instance has.

    """

    boxes: BoxPacker
    points: KeypointPacker | None = None
    count: int = 0

    def prepare(self, data: dict[str, Any]) -> None:
        """Make instances of boxes, masks and labels, so that they live and die together."""
        if data.get("instances") is None:
            data["instances"] = self._joined(data)
        if self.points is not None:
            data["instances"] = [self._pointed(self.points, each) for each in data["instances"]]

    def _joined(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        """Take what has a row for each object, and make a dict of each row."""
        points = [] if self.points is None else ["keypoints"]
        points += ["visibility"] if points and "visibility" in data else []
        names = ("bboxes", "masks", *self.boxes.names, *points)
        missing = [name for name in names if name not in data]
        if missing:
            raise KeyError(
                f"the sample has neither 'instances' nor {', '.join(map(repr, missing))}, "
                f"only {sorted(map(str, data))}"
            )
        parts = {name: data.pop(name) for name in names}
        for name, part in parts.items():
            if len(part) != len(parts["bboxes"]):
                raise ValueError(f"{len(parts['bboxes'])} boxes have {len(part)} {name}")
        boxes, masks = ([*row[:4]] for row in parts.pop("bboxes")), parts.pop("masks")
        return [
            {"bbox": box, "mask": mask, **dict(zip(parts, rest))}
            for box, mask, *rest in zip(boxes, masks, *parts.values())
        ]

    def _pointed(self, points: KeypointPacker, instance: Mapping[str, Any]) -> dict[str, Any]:
        if "keypoints" not in instance:
            raise KeyError(f"an instance needs 'keypoints', got {sorted(map(str, instance))}")
        rows = points.rows(instance["keypoints"], instance.get("visibility"))
        if len(rows) > self.count:
            raise ValueError(
                f"num_keypoints is {self.count}, but an instance has {len(rows)} keypoints"
            )
        rest = np.zeros((self.count - len(rows), rows.shape[1]))
        return {**instance, "keypoints": np.concatenate([rows, rest])}

    def pack(
        self, result: Mapping[str, Any], size: tuple[int, int], slots: Mapping[str, Array]
    ) -> dict[str, Array]:
        instances = result["instances"]
        for part in ("bbox", "mask", *self.boxes.names):
            if any(part not in instance for instance in instances):
                raise KeyError(f"an instance needs {part!r}, got {sorted(map(str, instances[0]))}")
        rows = {name: [i[name] for i in instances] for name in self.boxes.names}
        packed = self.boxes.pack({"bboxes": [i["bbox"] for i in instances], **rows}, size, {})
        if self.points is not None:
            packed |= self._points(self.points, [i["keypoints"] for i in instances], size)
        shape = (self.boxes.max_boxes, *size)
        masks = slots.get("masks")
        if masks is None or masks.shape != shape:
            masks = np.empty(shape, np.uint8)
        for place, instance in enumerate(instances):
            np.not_equal(instance["mask"].reshape(size), 0, out=masks[place])
        masks[len(instances) :] = 0
        return {**packed, "masks": masks}

    def _points(
        self, points: KeypointPacker, given: list[Any], size: tuple[int, int]
    ) -> dict[str, Array]:
        """Keypoints of all rows; those of padding are zeros, as unlabelled ones are."""
        nowhere = np.zeros((self.boxes.max_boxes - len(given), self.count, len(points.columns) + 2))
        flat = np.concatenate([*(np.asarray(rows) for rows in given), *nowhere])
        return {
            name: array.reshape(self.boxes.max_boxes, self.count, *array.shape[1:])
            for name, array in points.packed(flat, size).items()
        }
