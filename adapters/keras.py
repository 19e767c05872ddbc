"""A `keras.utils.PyDataset` that augments: `AugmentedSequence`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ._batch import Batch
from ._checks import one_of, seed_of, whole
from ._formats import BoxPacker
from ._order import EpochClock, permutation
from ._recipe import Recipe
from ._samples import LABEL_KEYS, TASKS, WEIGHT, samples_of
from ._values import Values
from ._workers import Address, Workers, usable_cpus

__all__ = ["AugmentedSequence"]

OWNER = "AugmentedSequence"


class AugmentedSequence(keras.utils.PyDataset):
    """Feed a Keras model with augmented batches.

    A batch depends on the seed, the epoch and its number, and on nothing else: not on threads,
    not on what was asked for before. Sample i of epoch e is drawn by the key (seed, e, i).

    What a batch is, by task: "classification" (x, label); "segmentation" (x, mask), the mask in
    its own type and shape; "detection" (x, {"boxes": (B, max_boxes, 4) float32,
    "labels": (B, max_boxes) int32}), rows beyond the boxes -1. A sample_weight comes third.
    Sources without labels give (x,).

    Keras' ``fit`` shuffles the order of batches by itself. That changes no batch, but batches can
    be prepared ahead only when they are asked for in order: give ``fit(..., shuffle=False)``.

    The epoch is counted from what Keras announces: an epoch that is broken off is served again,
    an ``evaluate`` counts as an epoch, and on the JAX and torch backends a sequence of one batch
    is one ahead in the first fit. With ``callbacks=[sequence.callback()]`` it is Keras' own
    number, after ``initial_epoch`` and in a second fit too.

    Args:
        source: (x,), (x, y) or (x, y, sample_weight), each indexed by sample, or anything with a
            length whose items are dicts: "image", and "label" (or "class"), "mask" or "bboxes"
            with the pipeline's label fields, and "sample_weight" if wanted; every other key goes
            to the pipeline. For detection y is a dict of "boxes", in the pipeline's format, and
            "labels", where -1 is padding.
        pipeline: What augments a sample: a Compose or a single transform.
        task: "classification", "segmentation" or "detection".
        batch_size: Samples in a batch.
        shuffle: Visit the samples in another order in each epoch.
        seed: A whole number; None takes the pipeline's, or 0.
        value_range: The range of float images, in and out: (0, 255) or (0, 1). Floats in
            (0, 255) are rounded to 8 bits on their way in. None hands them on as they are.
        dtype: "uint8" or "float32" images out; None gives the source's type. A pipeline that
            changes the type itself (Normalize, ToFloat) decides type and range alone.
        max_boxes: Rows of boxes for each sample; more boxes are an error.
        bounding_box_format: Keras' name of the box format to give; None gives the pipeline's.
        label_field: The label field that holds the class; None takes the pipeline's first.
        drop_last: Leave out the last batch if it is not full.
        threads: Threads that fill batches; 0 works in the caller's, None takes a thread for each
            processor, at most 8.
        lookahead: Batches to prepare ahead while they are asked for in order.
        freeze_epoch: Stay at one epoch: the same order and draws in each pass, for validation.
        epoch: The epoch to begin with.
        workers: Must be 1: see ``threads``.
        use_multiprocessing: Must be False: see ``threads``.

    """

    def __init__(
        self,
        source: Any,
        pipeline: Any,
        *,
        task: str = "classification",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        value_range: tuple[float, float] | None = None,
        dtype: Any = None,
        max_boxes: int | None = None,
        bounding_box_format: str | None = None,
        label_field: str | None = None,
        drop_last: bool = False,
        threads: int | None = None,
        lookahead: int = 2,
        freeze_epoch: bool = False,
        epoch: int = 0,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.task = one_of(OWNER, "task", task, TASKS)
        self.batch_size = whole(OWNER, "batch_size", batch_size, 1)
        self.shuffle = shuffle
        self.seed = seed_of(OWNER, seed, pipeline)
        self.drop_last = drop_last
        boxes = None
        if task == "detection":
            fields = None if label_field is None else (label_field,)
            boxes = BoxPacker.of(OWNER, pipeline, max_boxes, bounding_box_format, fields)
        self._samples = samples_of(OWNER, source, task, boxes)
        if len(self) == 0:
            raise ValueError(
                f"{OWNER}.batch_size must be <= {len(self._samples)}, the samples there are, "
                f"with drop_last, got {batch_size}"
            )
        self._recipe = Recipe(
            pipeline,
            Values.of(OWNER, value_range, dtype),
            images=("image",),
            arrays=("image", "mask") if task == "segmentation" else ("image",),
            boxes=boxes,
            carried=(*LABEL_KEYS, WEIGHT) if task == "classification" else (WEIGHT,),
        )
        self._clock = EpochClock(whole(OWNER, "epoch", epoch, 0), len(self), freeze_epoch)
        self._order: tuple[int, NDArray[np.intp]] | None = None
        threads = min(usable_cpus(), 8) if threads is None else whole(OWNER, "threads", threads, 0)
        self._feed = Workers(threads, whole(OWNER, "lookahead", lookahead, 0))

    def __len__(self) -> int:
        full, rest = divmod(len(self._samples), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"batch {index} of {count}")
        index = int(index) % count
        epoch = self._clock.epoch
        self._clock.asked(index)
        try:
            batch = self._feed.get((epoch, index), count, self._batch)
        except Exception as error:
            error.add_note(f"in {OWNER}, batch {index}")
            raise
        return self._pack(batch.arrays)

    def __repr__(self) -> str:
        return (
            f"{OWNER}({len(self._samples)} samples, {len(self)} batches of {self.batch_size}, "
            f"task={self.task!r}, seed={self.seed}, epoch={self.epoch})"
        )

    @property
    def epoch(self) -> int:
        """The epoch that batches are made for."""
        return self._clock.epoch

    def set_epoch(self, epoch: int) -> None:
        """Make batches for this epoch from now on, until Keras ends it."""
        self._clock.set(whole(OWNER, "epoch", epoch, 0))

    def callback(self) -> keras.callbacks.Callback:
        """Give a callback for ``fit`` that keeps the epoch equal to Keras' own number."""
        return _EpochCallback(self._clock)

    def order(self, epoch: int | None = None) -> NDArray[np.intp]:
        """The indices of the samples in the order in which an epoch visits them."""
        epoch = self.epoch if epoch is None else epoch
        if not self.shuffle:
            return np.arange(len(self._samples))
        known = self._order
        if known is None or known[0] != epoch:
            order = permutation(self.seed, epoch, len(self._samples))
            order.flags.writeable = False
            known = self._order = epoch, order
        return known[1]

    def close(self) -> None:
        """Stop the threads; they start again when the next batch is asked for."""
        self._feed.close()

    def on_epoch_begin(self) -> None:
        """Hear from Keras that an epoch begins."""
        self._clock.begin()

    def on_epoch_end(self) -> None:
        """Hear from Keras that an epoch ends."""
        self._clock.end()

    @property
    def workers(self) -> int:
        """Keras' own workers: always 1, for the threads are inside the batch."""
        return 1

    @workers.setter
    def workers(self, value: int) -> None:
        if value not in (0, 1):
            raise ValueError(
                f"{OWNER}.workers must be 1, got {value!r}: the samples of a batch are made in "
                f"parallel already, by threads={value!r} of its own; Keras' workers would add "
                "nothing to them, and lose batches on some backends"
            )

    @property
    def use_multiprocessing(self) -> bool:
        """Always False: threads need no copies of a batch."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        if value:
            raise ValueError(
                f"{OWNER}.use_multiprocessing must be False: OpenCV works without Python's lock, "
                "so that threads=... are faster than processes, which copy every batch"
            )

    def _batch(self, address: Address) -> Batch:
        epoch, index = address
        low = index * self.batch_size
        chosen = self.order(epoch)[low : low + self.batch_size].tolist()
        keys = [(self.seed, epoch, sample) for sample in chosen]
        return Batch(self._recipe, keys, self._samples.__getitem__)

    def _pack(self, arrays: dict[str, Any]) -> tuple[Any, ...]:
        labels: list[Any] = []
        if self.task == "classification":
            labels = [arrays[name] for name in LABEL_KEYS if name in arrays][:1]
        elif self.task == "segmentation":
            labels = [arrays["mask"]]
        elif self._recipe.boxes is not None:
            classes = arrays[self._recipe.boxes.label]
            labels = [{"boxes": arrays["bboxes"], "labels": classes}]
        return (arrays["image"], *labels, *(arrays[n] for n in (WEIGHT,) if n in arrays))


class _EpochCallback(keras.callbacks.Callback):
    def __init__(self, clock: EpochClock) -> None:
        super().__init__()
        self._clock = clock
        self._first: int | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._first = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._first is None:
            self._first = epoch
        self._clock.testing = False
        self._clock.tell(epoch, self._first, (self.params or {}).get("steps"))

    def on_test_begin(self, logs: Any = None) -> None:
        self._clock.testing = True

    def on_test_end(self, logs: Any = None) -> None:
        self._clock.testing = False
