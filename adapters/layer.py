"""Augmentation inside a Keras model: `AugmentationLayer`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np

import probaug
from probaug.core.fields import Array

from ._batch import Batch
from ._checks import check_pipeline, refuse, seed_of
from ._element_recipe import boxes_of, recipe_of
from ._elements import flatten, named, names_of, pack
from ._values import SLACK, Values

__all__ = ["AugmentationLayer"]

OWNER = "AugmentationLayer"
# How often a pipeline is tried on a black image, to see whether it keeps the size.
DRAWS = 8


@keras.saving.register_keras_serializable("probaug")
class AugmentationLayer(keras.layers.Layer):
    """Augment what goes through it while a model is trained, and nothing at any other time.

    It takes images, (H, W, C) or batches of them, or a dict as Keras' own layers do: "images",
    "segmentation_masks", "bounding_boxes" {"boxes", "labels"} in the format of the pipeline,
    padded rows -1; "masks" and "keypoints" too. What is no target of the pipeline ("labels" of
    images) goes around. Shapes and types stay what they are, so the pipeline must not change
    them; boxes that are dropped become padding.

    Outside of training it is the identity: predictions, saved and exported models do not augment.

    Sample i of call number n is drawn by the key (seed, n, i); n is counted in the layer's state
    and saved with the model.

    The work is done on the CPU by this process, while the device waits: `tfdata.augment` and
    `AugmentedSequence` work ahead of the device instead. TensorFlow cannot compile it by XLA: Keras
    trains a model that holds it without, and an XLA error of a function of your own names
    ``AugmentationLayer_needs_jit_compile_False``. JAX can; torch runs it as it is.

    Args:
        pipeline: A Compose or a single transform, which keeps the size of images.
        seed: A whole number below 2^31; None takes the pipeline's, or 0.
        value_range: The range of float images, in and out: (0, 255) or (0, 1). Floats in (0, 255)
            are rounded to 8 bits on their way in. None hands them on as they are.
        **kwargs: Those of every Keras layer, ``name`` for one.

    """

    def __init__(
        self,
        pipeline: Any,
        *,
        seed: int | None = None,
        value_range: tuple[float, float] | None = (0, 255),
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=kwargs.pop("trainable", False), autocast=False, **kwargs)
        check_pipeline(OWNER, pipeline)
        self.pipeline = pipeline
        self.seed = seed_of(OWNER, seed, pipeline)
        if self.seed >= 2**31:
            raise refuse(OWNER, "seed", "below 2^31", seed)
        self.value_range = value_range
        self._values = Values.of(OWNER, value_range, None)
        self._keys = keras.random.SeedGenerator(self.seed)
        # Keras asks for it when jit_compile is "auto"
        self.supports_jit = keras.backend.backend() == "jax"

    def build(self, input_shape: Any) -> None:
        """Try the pipeline where the size of images is known."""
        self.built = True
        if isinstance(input_shape, Mapping):
            return
        size = tuple(input_shape)[-3:]
        if len(size) == 3 and None not in size:
            unit = self._values.range == (0, 1)
            image = np.zeros(size, np.float32 if unit else np.uint8)
            for draw in range(DRAWS):
                result = np.asarray(self.pipeline(image=image, key=(0, 0, draw))["image"])
                self._check(image, result)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Augment if a model is being trained."""
        if not training:
            return inputs
        targets: Any = "image"
        if isinstance(inputs, Mapping):
            targets = named(OWNER, inputs, self.pipeline)
        names = names_of(OWNER, targets)
        parts = flatten(targets, inputs)
        given = {name: part for name, part in zip(names, parts) if name is not None}
        ragged = [name for name, part in given.items() if hasattr(part, "row_splits")]
        if ragged:
            raise ValueError(f"{OWNER} takes {ragged} dense: pad them, by to_tensor(-1) for boxes")
        results = dict(zip(given, self._outside(list(given), list(given.values()))))
        return pack(targets, [results.get(str(name), part) for name, part in zip(names, parts)])

    def _outside(self, names: list[str], tensors: list[Any]) -> list[Any]:
        """Leave the backend for NumPy, and come back."""

        def work(key: Any, *arrays: Any) -> list[Array]:
            return self._augment(names, np.asarray(key), [np.asarray(a) for a in arrays])

        key, backend = self._keys.next(), keras.backend.backend()
        types = [keras.backend.standardize_dtype(tensor.dtype) for tensor in tensors]
        tensors = [  # NumPy has no bfloat16
            keras.ops.cast(tensor, "float32") if dtype == "bfloat16" else tensor
            for tensor, dtype in zip(tensors, types)
        ]
        results: list[Any]
        if backend == "tensorflow":
            import tensorflow as tf

            like = [tensor.dtype for tensor in tensors]
            name = "AugmentationLayer_needs_jit_compile_False"
            made = tf.numpy_function(work, [key, *tensors], like, name=name)
            results = tf.nest.flatten(made)  # one result alone comes without its list
            for result, tensor in zip(results, tensors):
                result.set_shape(tensor.shape)
        elif backend == "jax":
            import jax

            like = [jax.ShapeDtypeStruct(tensor.shape, tensor.dtype) for tensor in tensors]
            results = list(jax.pure_callback(work, like, key, *tensors))
        else:
            arrays = work(*(tensor.detach().cpu().numpy() for tensor in (key, *tensors)))
            results = [keras.ops.convert_to_tensor(array) for array in arrays]
        return [keras.ops.cast(result, dtype) for result, dtype in zip(results, types)]

    def _augment(self, names: list[str], key: Array, arrays: list[Array]) -> list[Array]:
        columns = dict(zip(names, arrays))
        single = columns["image"].ndim == 3
        if single:
            columns = {name: column[None] for name, column in columns.items()}
        boxes = boxes_of(OWNER, self.pipeline, names, 1, None)
        if boxes is not None:
            boxes = replace(boxes, max_boxes=columns["bboxes"].shape[1])
        recipe = recipe_of(OWNER, self.pipeline, columns, self._values, boxes, None)
        seed, call = (int(number) for number in key)
        rows = len(columns["image"])

        def read(row: int) -> dict[str, Any]:
            sample = {name: column[row] for name, column in columns.items()}
            return sample if boxes is None else boxes.unpadded(sample)

        batch = Batch(recipe, [(seed, call, row) for row in range(rows)], read)
        for row in range(rows):
            batch.fill(row)
        return [self._like(column, name, batch, single) for name, column in columns.items()]

    def _like(self, given: Array, name: str, batch: Batch, single: bool) -> Array:
        """A result in the shape and type that its part came in."""
        result = batch.arrays.get(name, given)
        if name == "image":
            self._check(given, result)
        elif result.shape != given.shape:
            raise ValueError(
                f"{OWNER} must keep shapes, but {name} of {given.shape} came out as {result.shape}"
            )
        result = result.astype(given.dtype, copy=False)
        return result[0] if single else result

    def _check(self, given: Array, result: Array) -> None:
        if result.shape != given.shape:
            raise ValueError(
                f"{OWNER} is the identity outside of training, so its pipeline must keep the shape "
                f"of images, but turns {given.shape} into {result.shape}; resize or crop before "
                "the model, or end the pipeline with Resize"
            )
        top = self._values.range[1] if self._values.range and given.dtype.kind == "f" else 0
        converted = given.dtype.kind != "f" and result.dtype != given.dtype
        if converted or (top and result.size and result.min() < -SLACK * top):
            raise ValueError(
                f"{OWNER} is the identity outside of training, so its pipeline must keep the type "
                "and the range of images: put a Rescaling or Normalization layer behind it in "
                "place of Normalize or ToFloat"
            )

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        """The same shapes and types."""
        return keras.tree.map_structure(
            lambda tensor: keras.KerasTensor(tensor.shape, dtype=tensor.dtype), inputs
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same shape."""
        return input_shape

    def save_own_variables(self, store: Any) -> None:
        """Save the number of the next call, which Keras leaves out."""
        store["calls"] = keras.ops.convert_to_numpy(self._keys.state)

    def load_own_variables(self, store: Any) -> None:
        """Go on with the call that comes next."""
        self._keys.state.assign(np.asarray(store["calls"]))

    def get_config(self) -> dict[str, Any]:
        """What `from_config` makes the layer of; the pipeline as `probaug.to_dict` says it."""
        own = {"seed": self.seed, "value_range": self.value_range}
        return {**super().get_config(), "pipeline": probaug.to_dict(self.pipeline), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> AugmentationLayer:
        """The layer of a configuration."""
        config = {**config, "pipeline": probaug.from_dict(config["pipeline"])}
        return cls(**config)
