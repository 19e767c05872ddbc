"""`NumpyArrayIterator`: batches out of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ._checks import one_of, refuse
from ._idg_iterator import Augmenting
from ._idg_labels import Extras, as_batches
from ._idg_steps import range_of

Array = NDArray[Any]
SUBSETS = ("training", "validation")
KEPT = tuple(map(np.dtype, ("uint8", "uint16", "float32")))
"""What images are kept in; others are converted to the generator's dtype."""


class NumpyArrayIterator(Augmenting):
    """Augmented batches out of arrays; `ImageDataGenerator.flow` makes it.

    A batch is x, (x, targets) or (x, targets, sample_weight). Targets are y, or what follows the
    images (masks, bboxes, keypoints), or a dict of those that there are.

    Args:
        x: Images (N, H, W, C); (images, other) or (images, [other, ...]), where the others go
            around the augmentation; or a dict of inputs, whose arrays of rank 4 are images that
            move alike.
        y: Labels; a tuple or list of arrays, or a dict of them, for several outputs.
        image_data_generator: What augments.
        batch_size: Samples in a batch.
        shuffle: Visit the samples in another order in each epoch.
        sample_weight: One weight per sample.
        seed: What decides order and draws; None takes one that nobody knows beforehand.
        data_format: "channels_last" or "channels_first"; None takes Keras' own.
        save_to_dir: A folder to write each image given to, or None.
        save_prefix: The beginning of those files' names.
        save_format: Their ending.
        subset: "training" or "validation", or None for all.
        ignore_class_split: Let the two subsets hold different classes.
        dtype: The type of the images given; None takes Keras' own.
        masks: (N, H, W) or (N, H, W, C) masks that move with the images, or a dict of them.
        bboxes: One list of boxes per sample, or a dict of "boxes" and "labels" that hold such.
        keypoints: (N, K, 2) points x, y in pixels from the centre of the first one; or (N, K, 3)
            with a last column that turns 0 outside of the image.
        bounding_box_format: Keras' name of the boxes' format.
        max_boxes: Boxes that each sample is padded to, with -1; None takes the most there are.
        threads: Threads that fill batches; None takes the generator's.

    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
        *,
        masks: Any = None,
        bboxes: Any = None,
        keypoints: Any = None,
        bounding_box_format: str = "xyxy",
        max_boxes: int | None = None,
        threads: int | None = None,
    ) -> None:
        owner = type(self).__name__
        self.image_data_generator = image_data_generator
        self.data_format = data_format or keras.config.image_data_format()
        self.dtype = dtype or keras.config.floatx()
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self._names: tuple[str, ...] | None = None
        images, others = self._inputs(x)
        count = len(next(iter(images.values())))
        labels = outputs_of(y, count)
        extras = Extras.of(owner, masks, bboxes, keypoints, bounding_box_format, max_boxes)
        _same_length(owner, count, images, others, labels, sample_weight, extras)
        if sample_weight is not None and y is None and not extras:
            raise refuse(owner, "sample_weight", "given with targets", sample_weight)
        if subset is not None:
            one_of(owner, "subset", subset, SUBSETS)
            own, rest = image_data_generator.split(count, subset)
            if not (ignore_class_split or y is None):
                _same_classes(owner, labels, own, rest)
            images = {name: array[own] for name, array in images.items()}
            others = [array[own] for array in others]
            labels = map_leaves(lambda array: array[own], labels)
            sample_weight = None if sample_weight is None else np.asarray(sample_weight)[own]
            extras = extras.cut(own)
        self._images = {name: self._kept(name, array) for name, array in images.items()}
        self.x = self._images["image"]
        self.x_misc = others
        self.y = labels
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)
        self._extras = extras
        super().__init__(len(self.x), batch_size, shuffle, seed)
        generator = image_data_generator
        needed = generator.brightness_range is not None or generator.pipeline is not None
        white = range_of(self.x) if needed else None
        recipe = generator.recipe(extras, tuple(self._images), white, dtype=self.x.dtype)
        self._feed_with(recipe, generator.threads if threads is None else threads)

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
