"""What a batch is for: which parts of a sample a model is given, and in what form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from probaug.core.call import PLANES
from probaug.core.fields import Array

from ._box_packer import BoxPacker, box_params
from ._checks import check_pipeline, label_params, one_of, refuse, whole
from ._packers import (
    CLASS_WEIGHT,
    KEYPOINT_FORMATS,
    LABEL_KEYS,
    ClassPacker,
    InstancePacker,
    KeypointPacker,
    MaskPacker,
    keeping_points,
)
from ._recipe import Packer, Recipe
from ._samples import WEIGHT
from ._values import Values

Names = Mapping[str, str] | Sequence[str] | None

# What y is called in a sample, by task.
TASKS = {
    "classification": "label",
    "regression": "label",
    "segmentation": "mask",
    "detection": "bboxes",
    "instances": "instances",
    "keypoints": "keypoints",
}
LABEL_MODES = {
    "classification": ("int", "categorical", "binary", "multi_label"),
    "segmentation": ("int", "categorical"),
}
_BOXED = ("num_classes", "max_boxes", "bounding_box_format", "label_field")
# Options beside the label's modes that a task has.
_OPTIONS = {
    "classification": ("label_mode", "num_classes", "class_names", "class_weight"),
    "segmentation": ("label_mode", "num_classes", "ignore_class", "class_weight"),
    "detection": _BOXED,
    "instances": (*_BOXED, "keypoint_format", "num_keypoints"),
    "keypoints": ("keypoint_format",),
}


class TaskOptions(NamedTuple):
    """Options of `AugmentedSequence` that only some tasks have; None is not given."""

    label_mode: str | None = None
    num_classes: int | None = None
    class_names: Sequence[str] | None = None
    ignore_class: int | None = None
    class_weight: Mapping[int, float] | None = None
    max_boxes: int | None = None
    bounding_box_format: str | None = None
    label_field: str | None = None
    keypoint_format: str | None = None
    num_keypoints: int | None = None

    def with_num_keypoints(self, task: str, source: Any) -> TaskOptions:
        """Take the largest number of an instance's keypoints from a source that knows it."""
        if task != "instances" or self.num_keypoints is not None:
            return self
        y = source[1] if isinstance(source, tuple) and len(source) > 1 else None
        shape = np.shape(y["keypoints"]) if isinstance(y, Mapping) and "keypoints" in y else ()
        count = shape[2] if len(shape) == 4 else 0
        if getattr(source, "instances", False) and "keypoints" in getattr(source, "parts", ()):
            count = len(source.points)  # a reader's names
        return self._replace(num_keypoints=count or None)

    def checked(self, owner: str, task: str) -> TaskOptions:
        """Refuse what has no meaning for a task or does not go together."""
        for name, value in self._asdict().items():
            if value is not None and name not in _OPTIONS.get(task, ()):
                raise refuse(owner, name, f"None for task={task!r}", value)
        mode, count, names = self.label_mode, self.num_classes, self.class_names
        if mode is not None:
            one_of(owner, "label_mode", mode, LABEL_MODES[task])
        if names is not None:
            if len(set(names)) < len(names) or count not in (None, len(names)):
                raise refuse(owner, "class_names", "num_classes different names", names)
            count = len(names)
        if count is not None:
            whole(owner, "num_classes", count, 1)
        elif mode in ("categorical", "multi_label"):
            raise refuse(owner, "num_classes", f"given for label_mode={mode!r}", count)
        if self.num_keypoints is not None:
            whole(owner, "num_keypoints", self.num_keypoints, 1)
        elif self.keypoint_format is not None and task == "instances":
            rule = "None unless num_keypoints says how many an instance has"
            raise refuse(owner, "keypoint_format", rule, self.keypoint_format)
        if self.ignore_class is not None:
            whole(owner, "ignore_class", self.ignore_class, -(2**31))
        self._check_weights(owner)
        return self._replace(num_classes=count)

    def _check_weights(self, owner: str) -> None:
        weights = self.class_weight
        if weights is None:
            return
        if not weights or not hasattr(weights, "items"):
            raise refuse(owner, "class_weight", "a dict of numbers by class", weights)
        for number, weight in weights.items():
            whole(owner, "class_weight", number, 0)
            if not np.isfinite(weight) or weight < 0:
                raise refuse(owner, "class_weight", "a dict of numbers >= 0", weights)
        if self.label_mode == "multi_label":
            raise refuse(owner, "class_weight", "None for several classes of a sample", weights)


@dataclass(frozen=True)
class Task:
    """What a batch is made of.

    Args:
        name: A key of TASKS.
        recipe: What happens to a sample.
        boxes: How boxes are packed, if there are any.
        inputs: The array for each of the model's inputs, by the input's name; None for an image.
        outputs: The same for the model's outputs; None for what the task gives.

    """

    name: str
    recipe: Recipe
    boxes: BoxPacker | None
    inputs: Mapping[str, str] | None
    outputs: Mapping[str, str] | None

    @classmethod
    def of(
        cls,
        owner: str,
        name: str,
        values: Values,
        options: TaskOptions,
        inputs: Names,
        outputs: Names,
        pipeline: Any,
    ) -> Task:
        """Check what the user asked for."""
        one_of(owner, "task", name, TASKS)
        check_pipeline(owner, pipeline)
        options = options.checked(owner, name)
        boxes, packers = _packing(owner, name, pipeline, options)
        pointed = name == "keypoints" or options.num_keypoints is not None
        if pointed:
            pipeline = keeping_points(pipeline)
        x, y = _named(owner, "inputs", inputs), _named(owner, "outputs", outputs)
        made = {"label", "class"} if name in ("classification", "regression") else {TASKS[name]}
        made |= {"boxes", "labels", "masks"} if boxes is not None else set()
        made |= {"keypoints", "visibility"} if pointed else set()
        alike = getattr(pipeline, "additional_targets", None) or {}
        wanted = {"image", *(x or {}).values(), *(y or {}).values()} - made
        wanted |= {WEIGHT} & set(alike)  # a weight for each pixel, which moves with the image
        kinds = {key: PLANES.get(alike.get(key, key), (None, 0))[0] for key in sorted(wanted)}
        arrays = [key for key, kind in kinds.items() if kind is not None]
        if name == "segmentation":
            arrays.append("mask")
        carried = [key for key, kind in kinds.items() if kind is None]
        weights = (WEIGHT, *(f"{WEIGHT}/{output}" for output in y or ()))
        carried += [key for key in weights if key not in arrays]
        if name in ("classification", "regression"):
            carried += LABEL_KEYS
        if x is not None and "image" not in x.values():
            raise refuse(owner, "inputs", "names of a sample's parts, 'image' among them", inputs)
        images = tuple(key for key in arrays if kinds.get(key) == "image")
        recipe = Recipe(pipeline, values, images, tuple(arrays), tuple(carried), packers)
        return cls(name, recipe, boxes, x, y)

    def pack(self, arrays: Mapping[str, Array]) -> tuple[Any, ...]:
        """(x,), (x, y) or (x, y, sample_weight) of a batch's arrays."""
        x: Any = arrays["image"]
        if self.inputs is not None:
            x = {name: self._array(arrays, key) for name, key in self.inputs.items()}
        if self.outputs is not None:
            y: Any = {name: self._array(arrays, key) for name, key in self.outputs.items()}
        elif (y := self._target(arrays)) is None:
            weight = self._weight(arrays)
            return (x,) if weight is None else (x, weight)
        weight = self._weight(arrays)
        return (x, y) if weight is None else (x, y, weight)

    def _target(self, arrays: Mapping[str, Array]) -> Any:
        if self.name in ("classification", "regression"):
            return next((arrays[key] for key in LABEL_KEYS if key in arrays), None)
        if self.boxes is not None:
            names = ["boxes", "labels"]
            if self.name == "instances":
                more = ("masks", "keypoints", "visibility")
                names += [name for name in more if name in arrays]
            return {name: self._array(arrays, name) for name in names}
        if "visibility" in arrays:
            return {name: arrays[name] for name in ("keypoints", "visibility")}
        return arrays[TASKS[self.name]]

    def _array(self, arrays: Mapping[str, Array], key: str) -> Array:
        if self.boxes is not None:
            key = {"boxes": "bboxes", "labels": self.boxes.label}.get(key, key)
        if key == "label" and key not in arrays:
            key = "class"
        if key not in arrays:
            raise KeyError(f"the samples have no {key!r}, only {sorted(arrays)}")
        return arrays[key]

    def _weight(self, arrays: Mapping[str, Array]) -> Any:
        by_class = arrays.get(CLASS_WEIGHT)
        common = arrays.get(WEIGHT)
        outputs = self.outputs
        own = {name: arrays.get(f"{WEIGHT}/{name}") for name in outputs or ()}
        if outputs is None or (by_class is None and not any(w is not None for w in own.values())):
            return _product(common, by_class)
        ones = np.ones(len(arrays["image"]), np.float32)
        weights = {}
        for name, key in outputs.items():
            weight = _product(own[name], common)
            if key == TASKS[self.name]:  # what class weights belong to
                weight = _product(weight, by_class)
            weights[name] = ones if weight is None else weight
        return weights


def _product(one: Array | None, other: Array | None) -> Array | None:
    """The product of weights, of samples or of pixels; None is 1."""
    if one is None or other is None:
        return other if one is None else one
    rank = max(one.ndim, other.ndim)
    wide = [w.reshape(w.shape + (1,) * (rank - w.ndim)) for w in (one, other)]
    return np.asarray(wide[0] * wide[1], np.float32)


def _named(owner: str, field: str, names: Names) -> dict[str, str] | None:
    if names is None:
        return None
    if not isinstance(names, Mapping):
        names = {} if isinstance(names, str) else {name: name for name in names}
    if not names or not all(isinstance(n, str) for pair in names.items() for n in pair):
        raise refuse(owner, field, "a dict of the model's names and a sample's, or a list", names)
    return dict(names)


def _packing(
    owner: str, task: str, pipeline: Any, options: TaskOptions
) -> tuple[BoxPacker | None, tuple[Packer, ...]]:
    if task == "classification":
        numbers = {name: number for number, name in enumerate(options.class_names or ())}
        mode, count = options.label_mode, options.num_classes
        return None, (ClassPacker(mode, count, numbers, options.class_weight),)
    if task == "segmentation":
        needed = (options.label_mode, options.num_classes, options.class_weight)
        if all(option is None for option in needed):
            return None, ()
        mode, count = options.label_mode, options.num_classes
        return None, (MaskPacker(mode, count, options.ignore_class, options.class_weight),)
    if task == "keypoints":
        return None, (_keypoints(owner, pipeline, options.keypoint_format),)
    if task not in ("detection", "instances"):
        return None, ()
    field, asked = options.label_field, (options.max_boxes, options.bounding_box_format)
    if task == "detection":
        fields = None if field is None else (field,)
        boxes = BoxPacker.of(owner, pipeline, *asked, fields)
        boxes = replace(boxes, classes=options.num_classes)
        return boxes, (boxes,)
    known = box_params(owner, pipeline).label_fields or ("label",)
    boxes = BoxPacker.of(owner, pipeline, *asked)
    fields = (field or known[0],)
    boxes = replace(boxes, fields=fields, column=False, classes=options.num_classes)
    count = options.num_keypoints
    points = None if count is None else _keypoints(owner, pipeline, options.keypoint_format)
    return boxes, (InstancePacker(boxes, points, count or 0),)


def _keypoints(owner: str, pipeline: Any, target: str | None) -> KeypointPacker:
    params = label_params(owner, pipeline, "keypoints", "keypoint_params", "KeypointParams")
    target = one_of(owner, "keypoint_format", target or "xy", KEYPOINT_FORMATS)
    return KeypointPacker(params.format, target)
