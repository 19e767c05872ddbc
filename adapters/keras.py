"""A `keras.utils.PyDataset` that augments: `AugmentedSequence`."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from probaug.core.call import PLANES
from probaug.data.shrink import Shrink

from ._batch import Batch
from ._batch_mix import Mixer
from ._cache import cache_of
from ._checks import keywords, one_of, refuse, seed_of, whole
from ._deterministic import without_randomness
from ._errors import ON_ERROR
from ._feeder import Feeder
from ._maker import Maker
from ._order import EpochClock, Shares
from ._processes import Processes
from ._samples import COLOR_MODES, Reading, Samples, samples_of
from ._tasks import TASKS, Names, Task, TaskOptions
from ._values import Values
from ._workers import Address, Workers

__all__ = ["AugmentedSequence"]

OWNER = "AugmentedSequence"


class AugmentedSequence(Feeder):
    """Feed a Keras model with augmented batches.

    A batch depends on the seed, the epoch and its number, and on nothing else: not on threads,
    not on what was asked for before. Sample i of epoch e is drawn by the key (seed, e, i).

    What a batch is, by task:

    - "classification" (x, label), the label as it is or as ``label_mode`` says;
    - "regression" (x, label), as it is;
    - "segmentation" (x, mask), the mask in its own type and shape, or (B, H, W, num_classes);
    - "detection" (x, {"boxes": (B, max_boxes, 4) float32, "labels": (B, max_boxes) int32}), rows
      beyond the boxes -1;
    - "instances" the same with "masks": (B, max_boxes, H, W) uint8, 1 on the object; with
      ``num_keypoints`` K also "keypoints": (B, max_boxes, K, 2) and "visibility": (B, max_boxes,
      K) float32, rows of padding all zeros;
    - "keypoints" (x, {"keypoints": (B, K, 2), "visibility": (B, K)}) float32, or one array of
      both. No row is dropped: a point outside the image has visibility 0, one that had
      visibility 0 or no finite place from the beginning is all zeros. Visibility is that of COCO,
      0 not labelled, 1 hidden, 2 seen, and a seen point in a hole (`CoarseDropout`) is hidden;
      points that are given without it have 1, or 0 in a hole.

    A sample_weight comes third. Sources without labels give (x,). With ``inputs`` and ``outputs``
    x and y are dicts by the names of a model's inputs and outputs; a sample_weight may then be a
    dict by output.

    Keras' ``fit`` shuffles the order of batches by itself. That changes no batch, but batches can
    be prepared ahead only when they are asked for in order: give ``fit(..., shuffle=False)``.

    The epoch is counted from what Keras announces: an epoch that is broken off is served again, and
    an ``evaluate`` counts as an epoch. In the first fit a sequence of one batch is an epoch ahead
    on JAX and torch, one of two batches an epoch behind on torch. With
    ``callbacks=[sequence.callback()]`` it is Keras' own number, after ``initial_epoch`` and in a
    second fit too.

    With ``fit(steps_per_epoch=n)``, n below the number of batches, each of Keras' epochs goes on in
    the same pass over the data where the one before ended; `epoch` then counts passes, and the last
    of Keras' epochs in a pass is a shorter one, with a warning, unless n divides the batches.

    Args:
        source: (x,), (x, y) or (x, y, sample_weight), each indexed by sample or a dict of such
            columns; or anything with a length whose items are dicts, the readers of
            `probaug.data` for one: "image", and "label" (or "class"), "mask", "keypoints"
            (their "visibility" beside them or as a last column), "bboxes" with the pipeline's
            label fields, with "masks" and perhaps (N, K, 2) "keypoints" too or instead all of
            them in "instances", and "sample_weight" if wanted; every other key goes to the
            pipeline. Where an image or a mask is a path, the file is decoded. For detection and
            instances y is a dict of "boxes", in the pipeline's format, "labels", where -1 is
            padding, and "masks" and "keypoints" of instances.
        pipeline: What augments a sample: a Compose or a single transform.
        task: One of those above.
        batch_size: Samples in a batch.
        shuffle: Visit the samples in another order in each epoch.
        seed: A whole number; None takes the pipeline's, or 0.
        value_range: The range of float images, in and out: (0, 255) or (0, 1). Floats in
            (0, 255) are rounded to 8 bits on their way in. None hands them on as they are.
        dtype: "uint8" or "float32" images out; None gives the source's type. A pipeline that
            changes the type itself (Normalize, ToFloat) decides type and range alone.
        color_mode: How image files are decoded: "rgb", "grayscale", or "raw" for what is in them.
        shrink_on_load: Decode JPEG files at a half, a quarter or an eighth of their size if the
            pipeline begins by scaling down that much (Resize, SmallestMaxSize, LongestMaxSize,
            LetterBox, RandomResizedCrop) and there is nothing in pixels beside the image. None
            does where that step averages pixels as the decoder does, which changes less than one
            grey level in the mean; True does wherever it shrinks, which is smoother than
            interpolating would be; False never does. Readers have `Reader.suit` for that.
        inputs: The names of a model's inputs, each with the key of a sample that it is given, or
            a list of keys that are names too; "image" is one of the keys. Targets of the pipeline
            come augmented, other keys as they are.
        outputs: The same for outputs; keys may also be the names that a task gives.
        label_mode: "int" or "categorical" (one-hot) for classes and masks; "binary" (0 to 1) or
            "multi_label" (as many as there are) for classes.
        num_classes: How many classes there are, of boxes and instances too; a number beyond is an
            error.
        class_names: Names that labels may have, in the order of their numbers.
        ignore_class: The number of pixels that belong to no class; one-hot they are all zeros.
            A loss of whole numbers needs to know it too.
        class_weight: The weight of each class, as Keras' ``fit`` takes it; here it becomes a
            sample_weight, for masks one of each pixel.
        max_boxes: Rows of boxes for each sample; more boxes are an error.
        bounding_box_format: Keras' name of the box format to give; None gives the pipeline's.
        label_field: The label field that holds the class; None takes the pipeline's first.
        num_keypoints: The most keypoints that an instance has; of fewer the rest is all zeros. None
            takes it from a reader that gives them, or from the arrays of y.
        keypoint_format: "xy" in pixels, counting their centres, or "rel_xy", where 0 and 1 are
            the image's edges; "xyv" and "rel_xyv" have the visibility as a third column.
        mix: MixUp, CutMix, Mosaic, or a choice among them (``OneOf([...])``): joins every sample
            of a batch with others of it, when the pipeline is done with them. Classes must be
            one-hot or soft. Within the pipeline, where labels of the whole image are not seen,
            these transforms take others out of the whole source, as they are before it.
        drop_last: Leave out the last batch if it is not full.
        shard: (index, count): this is one of several hosts, each with its part of every epoch.
            All have equally many batches; batch b of all of them together is the same samples for
            any number of hosts that together make up the same size, up to the end of an epoch in
            which not every host would have a sample left.
        cache: "memory" or "disk" keeps pictures as they were read: those of files, and what a
            source that is no list gives, whose samples must then always be the same.
        cache_folder: Where "disk" keeps decoded files for later runs; None takes a temporary
            folder, removed by `close` or at the end of the process.
        cache_limit: Bytes of pictures that "memory" keeps at most, of each source and in each
            process; those beyond are read again each time, which is logged once. None keeps all: a
            picture takes height x width x channels bytes, twice that with 16 bits.
        on_error: What becomes of a sample that cannot be read or augmented: "raise" its error;
            "skip" leaves it out of its batch, which is smaller then; "replace" takes another
            sample of the epoch, which one depends on the key. See `error_report`. A batch of which
            nothing is left raises the error.
        threads: Threads that fill batches; 0 works in the caller's, None takes a thread for each
            processor, at most 8.
        processes: Processes that make batches instead of threads, for pipelines with much Python
            in them or many processors. Each is started new and takes seconds to be ready, and
            ends with `close`, a fit with a `callback`, or two minutes without a request; source
            and pipeline must be fit for a pickle, and a script must do its work under
            ``if __name__ == "__main__":``. Arrays of the source are copied once, for all of them.
        lookahead: Batches to prepare ahead while they are asked for in order.
        opencv_threads: Given to ``cv2.setNumThreads``, which holds for the whole process; 1 keeps
            OpenCV's threads out of the way of these. None leaves them as they are.
        freeze_epoch: Stay at one epoch: the same order and draws in each pass, for validation.
        epoch: The epoch to begin with.
        workers: Keras' name for ``threads``, taken if that is None.
        use_multiprocessing: Makes them ``processes``, if that is 0. Keras itself is told of
            neither: its own workers lose batches on some backends.

    """

    @keywords(OWNER)
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
        color_mode: str = "rgb",
        shrink_on_load: bool | None = None,
        inputs: Names = None,
        outputs: Names = None,
        label_mode: str | None = None,
        num_classes: int | None = None,
        class_names: Sequence[str] | None = None,
        ignore_class: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        max_boxes: int | None = None,
        bounding_box_format: str | None = None,
        label_field: str | None = None,
        keypoint_format: str | None = None,
        num_keypoints: int | None = None,
        mix: Any = None,
        drop_last: bool = False,
        shard: tuple[int, int] = (0, 1),
        cache: str | None = None,
        cache_folder: Any = None,
        cache_limit: int | None = None,
        on_error: str = "raise",
        threads: int | None = None,
        processes: int = 0,
        lookahead: int = 2,
        opencv_threads: int | None = None,
        freeze_epoch: bool = False,
        epoch: int = 0,
        workers: int | None = None,
        use_multiprocessing: bool = False,
    ) -> None:
        super().__init__()
        options = TaskOptions(
            label_mode, num_classes, class_names, ignore_class, class_weight,
            max_boxes, bounding_box_format, label_field, keypoint_format, num_keypoints,
        ).with_num_keypoints(task, source)  # fmt: skip
        values = Values.of(OWNER, value_range, dtype)
        self._task_of = partial(Task.of, OWNER, task, values, options, inputs, outputs)
        self._task = self._task_of(pipeline)
        self.color_mode = one_of(OWNER, "color_mode", color_mode, COLOR_MODES)
        if shrink_on_load not in (None, True, False):
            raise refuse(OWNER, "shrink_on_load", "True, False or None", shrink_on_load)
        self.shrink_on_load = shrink_on_load
        self.batch_size = whole(OWNER, "batch_size", batch_size, 1)
        self.shuffle = bool(shuffle)
        self.seed = seed_of(OWNER, seed, pipeline)
        self.drop_last = bool(drop_last)
        self._cache = cache_of(OWNER, cache, cache_folder, cache_limit)
        self.on_error = one_of(OWNER, "on_error", on_error, ON_ERROR)
        self._source = source
        self.shard = shard
        mixer = Mixer.of(OWNER, mix, task, self._task.recipe, self.seed)
        self._maker = self._made(samples_of(self._reading, source), mixer)
        self._is_plain = False
        self.lookahead = whole(OWNER, "lookahead", lookahead, 0)
        if workers is not None:
            workers = whole(OWNER, "workers", workers, 0)
        threads = workers if threads is None else threads
        epoch = whole(OWNER, "epoch", epoch, 0)
        clock = EpochClock(epoch, self._maker.shares.batches, freeze_epoch)
        self._set_up(len(self._maker.samples), clock, threads, processes)
        if use_multiprocessing and not self.processes:
            self.use_multiprocessing = True
        if opencv_threads is not None:
            cv2.setNumThreads(whole(OWNER, "opencv_threads", opencv_threads, 0))

    def __len__(self) -> int:
        return self._clock.left

    def _serve(self, address: Address) -> tuple[Any, ...]:
        return self._task.pack(self._arrays_at(address))

    def _batch_at(self, address: Address) -> Batch:
        return self._maker.batch(address)

    def __repr__(self) -> str:
        runs = f"epoch={self.epoch}"
        if self._is_plain:
            pipeline = self.pipeline
            shown = pipeline.indented_repr() if hasattr(pipeline, "indented_repr") else pipeline
            runs = f"without augmentation, pipeline={shown}"
        count = len(self._maker.samples)
        return (
            f"{OWNER}({count} samples, {len(self)} batches of {self.batch_size}, "
            f"task={self.task!r}, seed={self.seed}, {runs})"
        )

    @property
    def task(self) -> str:
        """What a batch is for."""
        return self._task.name

    @property
    def pipeline(self) -> Any:
        """What runs on a sample."""
        return self._task.recipe.pipeline

    @property
    def _reading(self) -> Reading:
        recipe = self._task.recipe
        planes = {*recipe.arrays, *PLANES}
        return Reading(
            OWNER, self.task, TASKS[self.task], self._task.boxes,
            recipe.images, self.color_mode, tuple(sorted(planes)), self._cache,
            Shrink.of(recipe.pipeline, self.shrink_on_load), frozenset(recipe.carried),
        )  # fmt: skip

    def order(self, epoch: int | None = None) -> NDArray[np.intp]:
        """The indices of the samples in the order in which an epoch visits them."""
        return self._maker.order(self.epoch if epoch is None else epoch)

    @keywords(f"{OWNER}.state_dict")
    def state_dict(self, batch: int | None = None) -> dict[str, Any]:
        """Give what `load_state_dict` needs to go on from here: a few plain values, fit for JSON.

        Args:
            batch: How many of the batches that this sequence has now are done. None counts those
                that Keras trained on, with a `callback` in the fit, which knows; else all that
                were asked for, and Keras asks for some ahead.

        """
        if batch is not None:
            batch = whole(OWNER, "state_dict(batch)", batch, 0)
            if batch > len(self):
                raise refuse(OWNER, "state_dict(batch)", f"from 0 to {len(self)}", batch)
        epoch, done = self._clock.position(batch)
        return {
            "epoch": epoch, "batch": done, "hosts": self._maker.shares.count,
            **self._maker.identity,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was called, with exactly the batches that come next.

        Until this epoch ends, its batches that were done are gone: the length is that of the
        rest, and batch 0 the next one. Keras takes the epochs of a fit to be equally long, so the
        rest is a fit of its own: ``fit(sequence, initial_epoch=e, epochs=e + 1)`` with
        ``e = sequence.epoch``, then ``fit(sequence, initial_epoch=e + 1, epochs=...)``. With a
        `callback` in it, any other fit is an error, one with ``steps_per_epoch`` too.

        A state knows neither pipeline nor `mix`, threads nor processes: the first two must be the
        same, the others need not. Raises a ValueError if the state is of another number of
        samples, seed, size of batches or order.

        Args:
            state: What `state_dict` gave, for the same samples in batches of the same size; the
                number of hosts may differ if together they make up the same size, but not before
                the last batch of an epoch that does not deal out evenly.

        """
        epoch, batch = self._maker.checked(OWNER, state)
        self._clock.set(epoch, batch)

    @keywords(f"{OWNER}.without_augmentation")
    def without_augmentation(
        self, source: Any = None, *, validation: Any = None
    ) -> AugmentedSequence:
        """Give a sequence for validation: the same batches in the same order, epoch by epoch.

        It runs what is left of the pipeline when nothing is drawn: transforms that always do the
        same; of random crops the central ones, whether of a size or scaled to it (then the
        shorter side is scaled and the middle cut out); the size of a Mosaic for one image. Its
        repr shows what runs. Samples are not shuffled or mixed, and none is left out.

        Args:
            source: The samples to validate with; None takes those of this sequence.
            validation: A pipeline to run instead.

        """
        other = copy.copy(self)
        plain = validation
        if validation is None:
            mixer = self._maker.mixer
            plain = without_randomness(self.pipeline, None if mixer is None else mixer.node)
        other._task = self._task_of(plain)
        other.shuffle, other.drop_last = False, False
        samples = self._maker.samples
        if source is not None and source is not self._source:
            other._cache = copy.copy(self._cache)  # an empty one: samples are kept by number
        if source is not None or validation is not None:
            other._source = self._source if source is None else source
            samples = samples_of(other._reading, other._source)
        other._maker = other._made(samples, None)
        clock = EpochClock(0, other._maker.shares.batches, frozen=True)
        other._set_up(len(samples), clock, self.threads, self.processes)
        other._is_plain = True
        return other

    def close(self) -> None:
        """Stop the threads and empty the cache; both begin anew with the next batch."""
        super().close()
        if self._cache is not None:
            self._cache.close()

    def _made(self, samples: Samples, mixer: Mixer | None) -> Maker:
        """What makes the batches of these samples."""
        shares = Shares.of(OWNER, len(samples), self.batch_size, self.shard, self.drop_last)
        recipe, seed = self._task.recipe, self.seed
        return Maker(recipe, samples, shares, seed, self.shuffle, self.on_error, mixer, self._cache)

    def _fed(self) -> Workers:
        if self.processes:
            return Processes(self.processes, self.lookahead, self._maker)
        return super()._fed()
