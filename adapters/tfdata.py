"""Augmentation inside a `tf.data` pipeline: `augment`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from ._checks import check_pipeline, refuse, seed_of, whole
from ._element_recipe import boxes_of, recipe_of
from ._elements import Targets, flatten, infer, is_batched, names_of
from ._probe import Shape
from ._step import Step
from ._values import Values

__all__ = ["EpochCallback", "augment"]

OWNER = "augment"


def augment(
    dataset: tf.data.Dataset,
    pipeline: Any,
    *,
    seed: int | None = None,
    epoch: int | tf.Variable = 0,
    targets: Targets = None,
    batched: bool | None = None,
    batch_size: int | None = None,
    drop_remainder: bool = False,
    padding_values: Mapping[str, float] | None = None,
    value_range: tuple[float, float] | None = None,
    dtype: Any = None,
    max_boxes: int | None = None,
    bounding_box_format: str | None = None,
    ragged: bool = False,
    keypoint_format: str | None = None,
    output_shape: Shape | None = None,
    num_parallel_calls: int | None = tf.data.AUTOTUNE,
) -> tf.data.Dataset:
    """Augment the elements of a dataset, single samples or batches.

    An element is an image, (image, label), (image, mask), (image, {"boxes", "labels"}), each with
    a sample weight if wanted, or a dict of such parts; whatever is no target of the pipeline
    (labels of images, names, ids) goes around it. Elements keep their structure.

    Boxes and their labels come out dense, rows beyond the boxes -1, labels int32. "masks" beside
    boxes are one for each box, (max_boxes, H, W) uint8, 1 on the object: box, labels and mask of
    an object live and die together. Keypoints keep their rows, inside the image or not; where
    they have a visibility, in a third column or as a part of that name, it becomes 0 outside.

    A sample is drawn by the key (seed, epoch, index): index is its place in the iteration, epoch
    counts the iterations of this dataset. So draws are the same for any ``num_parallel_calls``,
    batched or not, and in a dataset built again; and new in every epoch, of ``fit`` or of
    ``repeat`` after it. A ``repeat`` before it makes one long epoch. Give the epoch as an int64
    variable to set it, by `EpochCallback` or by hand. A run that may be broken off repeats before
    it, so that its place is in the iterator alone, and tells TensorFlow to save no more::

        options = tf.data.Options()
        policy = tf.data.experimental.ExternalStatePolicy.IGNORE
        options.experimental_external_state_policy = policy
        dataset = augment(dataset.repeat(), pipeline).with_options(options)
        iterator = iter(dataset)
        checkpoint = tf.train.Checkpoint(iterator=iterator)

    Without the option TensorFlow refuses to save, for it would lose the variable of the epoch. With
    ``repeat`` after it, that would matter: work done ahead may begin an epoch while a checkpoint is
    made. What else has state in the dataset, ``from_generator`` for one, is not saved by it.
    TensorFlow's own ``shuffle`` may go on in another order in the epoch after, whatever its seed.

    The work is done by Python functions: it cannot leave this process (no tf.data service, no
    SavedModel, no TPU host). An error of TensorFlow that names
    ``augment_works_in_its_own_process_alone`` says that it was taken elsewhere.

    Args:
        dataset: Elements with images (H, W, C), or (B, H, W, C) in batches. Boxes and labels may
            be ragged, or dense with -1 where there is no box.
        pipeline: What augments a sample: a Compose or a single transform.
        seed: A whole number; None takes the pipeline's, or 0.
        epoch: The number of the first iteration, or a scalar int64 variable that holds it.
        targets: The pipeline's name for each part of an element, or None for what goes around it,
            in the element's own structure; None guesses.
        batched: Whether elements are batches; None tells by the image's rank.
        batch_size: Samples to batch after augmentation, padding images of unequal sizes at the
            bottom and the right.
        drop_remainder: Leave out the last batch if it is not full.
        padding_values: What images and masks of unequal sizes are padded with, by target; 0 if
            not given.
        value_range: The range of float images, in and out: (0, 255) or (0, 1). Floats in
            (0, 255) are rounded to 8 bits on their way in. None hands them on as they are.
        dtype: "uint8" or "float32" images out; None gives the source's type. A pipeline that
            changes the type itself (Normalize, ToFloat) decides type and range alone.
        max_boxes: Rows of boxes for each sample; more boxes are an error.
        bounding_box_format: Keras' name of the box format to give; None gives the pipeline's.
        ragged: Leave padded rows out: boxes, their labels and masks are ragged in batches, and
            have as many rows as there are in single samples (for ``ragged_batch``).
        keypoint_format: "xy" or "rel_xy", or "xyv", "rel_xyv" with a column of visibility;
            float32. None gives the pipeline's format.
        output_shape: The shape of an augmented image, None for a size that varies; if not given,
            the pipeline is tried on black images.
        num_parallel_calls: As in `tf.data.Dataset.map`.

    """
    check_pipeline(OWNER, pipeline)
    spec = dataset.element_spec
    if batched is None:
        names = [] if targets is None else names_of(OWNER, targets)
        image = flatten(targets, spec)[names.index("image")] if names else spec
        batched = is_batched(OWNER, image)
    if batched and batch_size is not None:
        raise refuse(OWNER, "batch_size", "None for a dataset of batches", batch_size)
    if targets is None:
        targets = infer(OWNER, spec, batched, pipeline)
    parts = zip(names_of(OWNER, targets), flatten(targets, spec))
    specs = {name: part for name, part in parts if name is not None}
    boxes = boxes_of(OWNER, pipeline, [*specs], max_boxes, bounding_box_format)
    if ragged and boxes is None:
        raise refuse(OWNER, "ragged", "False where there are no boxes", ragged)
    recipe = recipe_of(
        OWNER, pipeline, specs, Values.of(OWNER, value_range, dtype), boxes, keypoint_format
    )
    keyed = seed_of(OWNER, seed, pipeline)
    step = Step(OWNER, recipe, keyed, targets, specs, batched, boxes, ragged)
    step.learn(output_shape)
    if not isinstance(epoch, tf.Variable):
        first = whole(OWNER, "epoch", epoch, 0)
        epoch = tf.Variable(first, dtype=tf.int64, trainable=False)
    augmented = step.number(dataset, epoch).map(step, num_parallel_calls=num_parallel_calls)
    if batch_size is not None:
        whole(OWNER, "batch_size", batch_size, 1)
        augmented = step.batch(augmented, batch_size, drop_remainder, padding_values or {})
    return step.trim(augmented, batched or batch_size is not None) if ragged else augmented


class EpochCallback(keras.callbacks.Callback):
    """Begin the count of epochs where a fit begins: at its ``initial_epoch``.

    Args:
        epoch: The variable that was given to `augment`.

    """

    def __init__(self, epoch: tf.Variable) -> None:
        super().__init__()
        self._epoch = epoch
        self._begun = False

    def on_train_begin(self, logs: Any = None) -> None:
        """Forget an earlier fit."""
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Set the variable at the first epoch; the dataset itself counts from there."""
        if not self._begun:
            self._epoch.assign(epoch)
            self._begun = True
