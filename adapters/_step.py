"""The step of a tf.data pipeline that calls Python: from tensors to arrays and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf

from ._batch import Batch
from ._box_packer import PADDING, BoxPacker, axis_scale
from ._elements import Targets, flatten, names_of, pack
from ._packers import KeypointPacker
from ._probe import Like, Shape, probe
from ._recipe import Array, Recipe


@dataclass
class Step:
    """Augment one numbered element, a sample or a batch of them.

    Args:
        owner: Who speaks in errors.
        recipe: What happens to a sample.
        seed: The first part of each sample's key.
        targets: What the parts of an element are.
        specs: The parts that are targets, by name.
        batched: Whether an element is a batch.
        boxes: How boxes are packed, if there are any.
        ragged: Whether boxes and what has a row for each of them come out without padding.
        results: Shapes and types of a sample's results, by name.

    """

    owner: str
    recipe: Recipe
    seed: int
    targets: Targets
    specs: dict[str, Any]
    batched: bool
    boxes: BoxPacker | None = None
    ragged: bool = False
    results: dict[str, Like] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = names_of(self.owner, self.targets)

    @property
    def rows(self) -> tuple[str, ...]:
        """The targets that have a row for each box."""
        if self.boxes is None:
            return ()
        return ("bboxes", *self.boxes.names, *(["masks"] if "masks" in self.specs else []))

    def learn(self, output_shape: Shape | None) -> None:
        """Find out what the pipeline gives, by trying it where the user did not say."""
        likes = {name: self._like(name) for name in self.specs}
        dtype = self.recipe.values.dtype
        if output_shape is None or dtype is None:
            self.results = probe(self.owner, self.recipe, likes, self.rows)
        if output_shape is not None:
            for name in self.recipe.arrays:
                like, lead = self.results.get(name, likes[name]), self.recipe.lead(name)
                shape: Shape = tuple(output_shape)
                if lead is None:
                    shape = like.shape
                elif name not in self.recipe.images:
                    shape = (*like.shape[:lead], *shape[:2], *like.shape[lead + 2 :])
                chosen = dtype if dtype is not None and name in self.recipe.images else like.dtype
                self.results[name] = Like(shape, chosen)
        for packer in self.recipe.packers:
            if isinstance(packer, KeypointPacker):
                count = (likes["keypoints"].shape[0],)
                columns = 3 if packer.target.endswith("v") else 2
                self.results["keypoints"] = Like((*count, columns), np.dtype(np.float32))
                self.results["visibility"] = Like(count, np.dtype(np.float32))
        if self.boxes is not None:
            count = (self.boxes.max_boxes,)
            self.results["bboxes"] = Like((*count, 4), np.dtype(np.float32))
            for name in self.boxes.names:
                self.results[name] = Like(count, np.dtype(np.int32))
            sides = self.results["image"].shape[:2]
            self.results["masks"] = Like((*count, *sides), np.dtype(np.uint8))

    def _like(self, name: str) -> Like:
        spec = self.specs[name]
        if spec.shape.rank is None:
            raise ValueError(
                f"{self.owner} must know the rank of {name}, got {spec}; use tf.ensure_shape"
            )
        is_ragged = isinstance(spec, tf.RaggedTensorSpec)
        if is_ragged and not (name in self.rows and spec.ragged_rank == self.batched):
            raise ValueError(
                f"{self.owner} takes boxes, their labels and masks ragged, in batches, along "
                f"one axis; got {spec} as {name}. Images of unequal sizes are augmented before "
                "they are batched: see batch_size"
            )
        shape = tuple(spec.shape.as_list())
        return Like(shape[1:] if self.batched else shape, np.dtype(spec.dtype.as_numpy_dtype))

    def number(self, dataset: tf.data.Dataset, epoch: tf.Variable) -> tf.data.Dataset:
        """Give (epoch, index, element), the index counting samples from 0 in each iteration."""
        place = self.names.index("image")

        def begin() -> tf.Tensor:
            number = epoch.read_value()
            epoch.assign(number + 1)
            return number

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def count(state: Any, element: Any) -> Any:
            index, now = state
            now = tf.cond(tf.equal(index, 0), begin, lambda: now)
            rows = 1
            if self.batched:
                rows = tf.shape(flatten(self.targets, element)[place], tf.int64)[0]
            return (index + rows, now), (now, index, element)

        zero = tf.constant(0, tf.int64)
        return dataset.scan((zero, zero), count)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def __call__(self, epoch: tf.Tensor, index: tf.Tensor, element: Any) -> Any:
        """Replace the parts of an element by their augmented form."""
        parts = flatten(self.targets, element)
        tensors = []
        for name, part in zip(self.names, parts):
            if isinstance(part, tf.RaggedTensor) and name is not None:
                tensors += [part.values, part.row_splits]
            elif name is not None:
                tensors.append(part)
        outputs = tf.numpy_function(
            self._augment,
            [epoch, index, *tensors],
            [tf.as_dtype(self.results[name].dtype) for name in self.specs],
            stateful=False,
            name="augment_works_in_its_own_process_alone",  # errors elsewhere show the name
        )
        given = dict(zip(self.specs, outputs))
        rows = self.specs["image"].shape[:1] if self.batched else ()
        for name, tensor in given.items():
            tensor.set_shape((*rows, *self.results[name].shape))
        parts = [part if name is None else given[name] for name, part in zip(self.names, parts)]
        return pack(self.targets, parts)

    def _augment(self, epoch: Array, first: Array, *arrays: Array) -> list[Array]:
        """What runs in Python: arrays in, arrays out."""
        start = int(first)
        columns = dict(self._columns(iter(arrays)))
        rows = len(columns["image"]) if self.batched else 1

        def read(index: int) -> Mapping[str, Any]:
            row = index - start
            sample = {n: c[row] if self.batched else c for n, c in columns.items()}
            if self.boxes is not None:
                sample = self.boxes.unpadded(sample)
            if "visibility" in sample:
                points = sample["keypoints"], sample.pop("visibility")
                sample["keypoints"] = np.column_stack(points)
            return sample

        keys = [(self.seed, int(epoch), start + row) for row in range(rows)]
        batch = Batch(self.recipe, keys, read)
        for row in range(rows):
            batch.fill(row)
        given = [self._checked(name, batch, rows) for name in self.specs]
        return given if self.batched else [array[0] for array in given]

    def _columns(self, arrays: Iterator[Array]) -> Iterator[tuple[str, Any]]:
        for name, spec in self.specs.items():
            column = next(arrays)
            column.flags.writeable = False  # the memory is TensorFlow's, perhaps a cache
            if isinstance(spec, tf.RaggedTensorSpec) and self.batched:
                splits = next(arrays).tolist()
                yield name, [column[low:high] for low, high in pairwise(splits)]
            else:
                yield name, column

    def _checked(self, name: str, batch: Batch, rows: int) -> Array:
        shape, dtype = self.results[name]
        if not rows:
            return np.zeros((0, *(side or 0 for side in shape)), dtype)
        array = batch.arrays[name]
        real = array.shape[1:]
        fits = len(real) == len(shape) and all(w in (None, g) for w, g in zip(shape, real))
        if not fits or array.dtype != dtype:
            raise ValueError(
                f"{self.owner} expected {name} to come out as {shape} {dtype} and got {real} "
                f"{array.dtype}, in sample {batch.keys[0][2]}; say what comes out by "
                "output_shape=, with None where sizes vary, and dtype="
            )
        return array

    def batch(
        self, dataset: tf.data.Dataset, size: int, drop: bool, padding: Mapping[str, float]
    ) -> tf.data.Dataset:
        """Batch augmented samples, padding images; relative boxes stay on their objects."""
        known = [name for name in self.specs if name not in self.rows]
        unknown = set(padding) - set(known)
        if unknown:
            raise ValueError(
                f"{self.owner}.padding_values must be given for {known}, got {sorted(unknown)}"
            )
        fill = [
            tf.constant(padding[name], tf.as_dtype(self.results[name].dtype))
            if name is not None and name in padding
            else None
            for name in self.names
        ]
        values = pack(self.targets, fill)
        boxes = self.boxes
        varies = None in self.results["image"].shape[:2]
        if boxes is None or not boxes.is_relative or not varies:
            return dataset.padded_batch(size, padding_values=values, drop_remainder=drop)
        batches = dataset.map(self._with_size).padded_batch(
            size, padding_values=(values, None), drop_remainder=drop
        )
        return batches.map(partial(self._rescaled, boxes.target))

    def trim(self, dataset: tf.data.Dataset, batched: bool) -> tf.data.Dataset:
        """Leave out padded rows: ragged tensors in batches, as many rows as there are in others."""

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def cut(*element: Any) -> Any:
            parts = flatten(self.targets, self._whole(element))
            real = tf.reduce_any(parts[self.names.index("bboxes")] != PADDING, axis=-1)
            counts = tf.reduce_sum(tf.cast(real, tf.int64), axis=-1)
            for place, name in enumerate(self.names):
                if name in self.rows and batched:
                    parts[place] = tf.RaggedTensor.from_tensor(parts[place], lengths=counts)
                elif name in self.rows:
                    parts[place] = parts[place][:counts]
            return pack(self.targets, parts)

        return dataset.map(cut)

    def _whole(self, element: tuple[Any, ...]) -> Any:
        return element if isinstance(self.targets, (tuple, list)) else element[0]

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def _with_size(self, *element: Any) -> Any:
        whole = self._whole(element)
        image = flatten(self.targets, whole)[self.names.index("image")]
        return whole, tf.shape(image)[:2]

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def _rescaled(self, target: str, element: Any, sizes: tf.Tensor) -> Any:
        """Make boxes relative to the padded frame."""
        parts = flatten(self.targets, element)
        place = self.names.index("bboxes")
        frame = tf.shape(parts[self.names.index("image")])[1:3]
        ratio = tf.cast(sizes, tf.float32) / tf.cast(frame, tf.float32)
        scale = axis_scale(target, ratio[:, 1], ratio[:, 0])
        boxes = parts[place]
        real = tf.reduce_any(boxes != PADDING, axis=-1, keepdims=True)
        parts[place] = tf.where(real, boxes * tf.stack(scale, axis=-1)[:, None], boxes)
        return pack(self.targets, parts)
