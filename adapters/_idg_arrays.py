"""`NumpyArrayIterator`: batches out of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probaug.core.fields import Array

from ._checks import refuse
from ._idg_blocks import Blocks
from ._idg_iterator import Augmenting
from ._idg_labels import Extras, as_batches
from ._idg_steps import range_of
from ._workers import AnyBatch

KEPT = tuple(map(np.dtype, ("uint8", "uint16", "float32")))
"""What images are kept in; others are converted to the generator's dtype."""


class NumpyArrayIterator(Augmenting):
    """Augmented batches out of arrays.

    `ImageDataGenerator.flow` makes it, and explains the arguments.
    """

    def __init__(self, x: Any, y: Any, image_data_generator: Any, **options: Any) -> None:
        given = self._take("flow", image_data_generator, {"x": x, "y": y, **options})
        owner = type(self).__name__
        self._names: tuple[str, ...] | None = None
        images, others = self._inputs(x)
        count = len(next(iter(images.values())))
        labels = outputs_of(y, count)
        extras = Extras.of(
            owner, given.masks, given.bboxes, given.keypoints, given.bounding_box_format,
            given.max_boxes,
        )  # fmt: skip
        weight = given.sample_weight
        weight = None if weight is None else np.asarray(weight)
        _same_length(owner, count, images, others, labels, weight, extras)
        if weight is not None and y is None and not extras:
            raise refuse(owner, "sample_weight", "given with targets", given.sample_weight)
        if given.subset is not None:
            own, rest = image_data_generator._split(count, given.subset)
            if not (given.ignore_class_split or y is None):
                _same_classes(owner, labels, own, rest)
            images = {name: array[own] for name, array in images.items()}
            others = [array[own] for array in others]
            labels = map_leaves(lambda array: array[own], labels)
            weight = None if weight is None else weight[own]
            extras = extras.cut(own)
        self._images = {name: self._kept(name, array) for name, array in images.items()}
        self.x = self._images["image"]
        self.x_misc = others
        self.y = labels
        self.sample_weight = weight
        self._extras = extras
        generator = image_data_generator
        needed = generator.brightness_range is not None or generator.pipeline is not None
        white = range_of(self.x) if needed else None
        recipe = generator._recipe(extras, tuple(self._images), white, dtype=self.x.dtype)
        self._start(len(self.x), given, recipe)

    def _inputs(self, x: Any) -> tuple[dict[str, Array], list[Array]]:
        """Images by target, the first as "image", and what goes around."""
        if isinstance(x, Mapping):
            arrays = {name: np.asarray(part) for name, part in x.items()}
            images = [name for name, part in arrays.items() if part.ndim == 4]
            if not images:
                raise ValueError("x must hold images (N, H, W, C), got a dict without any")
            self._names = (*images, *(name for name in arrays if name not in images))
            names = ["image", *(f"x/{name}" for name in images[1:])]
            others = [arrays[name] for name in self._names[len(images) :]]
            return {n: arrays[name] for n, name in zip(names, images)}, others
        if isinstance(x, (tuple, list)):
            if len(x) != 2:
                raise ValueError(f"x must be images or (images, other inputs), got {len(x)} parts")
            parts = x[1] if isinstance(x[1], (tuple, list)) else [x[1]]
            return {"image": np.asarray(x[0])}, [np.asarray(part) for part in parts]
        return {"image": np.asarray(x)}, []

    def _kept(self, name: str, array: Array) -> Array:
        if array.ndim != 4:
            raise ValueError(
                f"{type(self).__name__}.x must be images of rank 4, got {array.shape}; "
                "a single channel is an axis of length 1"
            )
        return array if array.dtype in KEPT else array.astype(self.dtype)

    def _read(self, index: int) -> dict[str, Any]:
        sample = {name: array[index] for name, array in self._images.items()}
        return sample | self._extras.sample(index)

    def _batch(self, epoch: int, chosen: NDArray[np.intp]) -> AnyBatch:
        if self._recipe.only is None or self.on_error != "raise":
            return super()._batch(epoch, chosen)
        return Blocks(self._recipe, self._keys(epoch, chosen), self.x, self.dtype)

    def _empty(self) -> dict[str, Array]:
        arrays = {name: np.zeros(part.shape, self.dtype) for name, part in self._images.items()}
        return arrays | self._extras.empty()

    def _pack(self, arrays: dict[str, Any], chosen: NDArray[np.intp]) -> Any:
        inputs = [arrays[name] for name in self._images] + [part[chosen] for part in self.x_misc]
        x = inputs[0] if len(inputs) == 1 else tuple(inputs)
        if self._names is not None:
            x = dict(zip(self._names, inputs))
        y = map_leaves(lambda array: array[chosen], self.y)
        weight = None if self.sample_weight is None else self.sample_weight[chosen]
        return as_batches(x, y, self._extras.pack(arrays), weight)


def outputs_of(y: Any, count: int) -> Any:
    """Labels as an array, or as a tuple or a dict of arrays for several outputs."""
    if y is None:
        return None
    if isinstance(y, Mapping):
        return {name: np.asarray(part) for name, part in y.items()}
    arrays = isinstance(y, (tuple, list)) and all(isinstance(part, np.ndarray) for part in y)
    if arrays and len(y) and all(part.ndim and len(part) == count for part in y):
        return tuple(y)
    return np.asarray(y)


def map_leaves(change: Callable[[Array], Array], value: Any) -> Any:
    """Change every array of what `outputs_of` gives."""
    if isinstance(value, dict):
        return {name: change(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(map(change, value))
    return None if value is None else change(value)


def leaves(value: Any) -> list[Array]:
    """Every array of what `outputs_of` gives."""
    parts: Sequence[Any] = value if isinstance(value, tuple) else [value]
    return [] if value is None else list(value.values() if isinstance(value, dict) else parts)


def _same_length(
    owner: str,
    count: int,
    images: dict[str, Array],
    others: list[Array],
    labels: Any,
    weight: Any,
    extras: Extras,
) -> None:
    parts = {
        "x": [*images.values(), *others],
        "y": leaves(labels),
        "sample_weight": [] if weight is None else [weight],
        **extras.parts,
    }
    for name, arrays in parts.items():
        for array in arrays:
            if len(array) != count:
                raise ValueError(
                    f"{owner}.{name} must have one entry for each of the {count} images, "
                    f"got {len(array)}"
                )


def _same_classes(owner: str, labels: Any, own: slice, rest: slice) -> None:
    for array in leaves(labels):
        if not np.array_equal(np.unique(array[own]), np.unique(array[rest])):
            raise ValueError(
                f"{owner}: training and validation hold different classes after the split; "
                "shuffle x and y together, or give ignore_class_split=True"
            )
