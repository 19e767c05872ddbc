"""Batches by number, in an order of their own for each epoch: what Keras calls an Iterator."""

from __future__ import annotations

import inspect
import secrets
import threading
from collections.abc import Iterator as Generating
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from probaug.core.fields import Array

from ._batch import Batch
from ._checks import one_of, refuse, whole
from ._errors import ON_ERROR, Rescue
from ._feeder import Feeder
from ._idg_steps import NUMBER, Steps
from ._order import EpochClock, permutation
from ._recipe import Key
from ._workers import Address, AnyBatch, Job


class Iterator(Feeder):
    """Give batches of numbered samples, epoch after epoch; subclasses say what a batch is.

    By number it gives the batches of the current epoch; iterated over, it never ends. The order
    depends on the seed and the epoch alone. An epoch ends when Keras or the caller says
    ``on_epoch_end`` after all its batches, or when iteration has passed its last batch.

    ``workers``, set afterwards, are threads of the iterator; there are no processes, so that
    ``use_multiprocessing`` leaves it at threads. A subclass of one's own that makes its batches in
    ``_get_batches_of_transformed_samples`` is asked for them in the caller's thread.

    Args:
        n: Samples in an epoch.
        batch_size: Samples in a batch.
        shuffle: Visit the samples in another order in each epoch.
        seed: What decides order and draws; None takes one that nobody knows beforehand.
        threads: Threads that fill batches; 0 works in the caller's, None takes a thread for each
            processor, at most 8.
        **kwargs: What `keras.utils.PyDataset` takes; its workers are of no account.

    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(
        self,
        n: int,
        batch_size: int,
        shuffle: bool,
        seed: Any,
        threads: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.batch_size = whole(type(self).__name__, "batch_size", batch_size, 1)
        self.shuffle = shuffle
        self.seed = None if seed is None else whole(type(self).__name__, "seed", seed, 0)
        self.batch_index = 0
        self.total_batches_seen = 0
        self._key = secrets.randbits(63) if self.seed is None else self.seed
        self._set_up(n, EpochClock(0, len(self), frozen=False), threads)
        self._live()

    def _live(self) -> None:
        self.lock = threading.RLock()
        self.index_generator = self._flow_index()

    def __getstate__(self) -> dict[str, Any]:
        apart = ("lock", "index_generator")
        return {name: value for name, value in self.__dict__.items() if name not in apart}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._live()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        batch = super().__getitem__(index)
        with self.lock:
            self.total_batches_seen += 1
        return batch

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return self._serve(self._advance())

    def next(self) -> Any:
        """Give the next batch."""
        return self.__next__()

    def reset(self) -> None:
        """Begin the current epoch again."""
        self.batch_index = 0

    def set_epoch(self, epoch: int) -> None:
        """Make batches for this epoch from now on, until it ends."""
        super().set_epoch(epoch)
        self.batch_index = 0

    def _share_work(self, threads: int, processes: int) -> None:
        super()._share_work(max(threads, processes), 0)

    @property
    def index_array(self) -> NDArray[np.intp]:
        """The numbers of the samples in the order of the current epoch."""
        return self._order(self._clock.epoch)

    def _advance(self) -> Address:
        """Go on to the next batch; give the address of this one."""
        with self.lock:
            address = self._clock.epoch, self.batch_index
            self.total_batches_seen += 1
            self.batch_index += 1
            if self.batch_index >= len(self):
                self.set_epoch(address[0] + 1)
            return address

    def _flow_index(self) -> Generating[NDArray[np.intp]]:
        while True:
            yield self._chosen(self._advance())

    def _order(self, epoch: int) -> NDArray[np.intp]:
        return permutation(self._key, epoch, self.n) if self.shuffle else np.arange(self.n)

    def _chosen(self, address: Address) -> NDArray[np.intp]:
        epoch, index = address
        return self._order(epoch)[index * self.batch_size :][: self.batch_size]

    def _serve(self, address: Address) -> Any:
        return self._get_batches_of_transformed_samples(self._chosen(address))

    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        """Give the batch of these samples; subclasses say what it is."""
        raise NotImplementedError


class Augmenting(Iterator):
    """An iterator whose samples run through a recipe.

    Sample i of epoch e is drawn by the key (seed, e, i), whoever asks for it.
    """

    data_format: str
    dtype: Any

    def _take(self, flow: str, generator: Any, given: dict[str, Any]) -> SimpleNamespace:
        """Complete arguments by the defaults of the generator's method; keep what all have.

        Of iterators that are made by hand Keras lets ``data_format`` and ``dtype`` be said again.
        """
        owner = type(self).__name__
        self.image_data_generator = generator
        for name in ("data_format", "dtype"):
            value = getattr(generator, name)
            setattr(self, name, value)
            if (again := given.pop(name, None)) not in (None, value):
                raise refuse(owner, name, f"the generator's, {value!r}", again)
        bound = inspect.signature(getattr(generator, flow)).bind(**given)
        bound.apply_defaults()
        taken = SimpleNamespace(**bound.arguments)
        if getattr(taken, "more", None):
            raise TypeError(f"{owner} got unexpected arguments: {', '.join(taken.more)}")
        self.save_to_dir = taken.save_to_dir
        self.save_prefix = taken.save_prefix
        self.save_format = taken.save_format
        self.on_error = one_of(owner, "on_error", taken.on_error, ON_ERROR)
        if taken.subset is not None:
            one_of(owner, "subset", taken.subset, ("training", "validation"))
        return taken

    def _start(self, count: int, given: SimpleNamespace, recipe: Steps) -> None:
        """Begin, once samples and targets are known."""
        own, common = given.threads, self.image_data_generator.threads
        threads = common if own is None else own
        super().__init__(count, given.batch_size, given.shuffle, given.seed, threads)
        self._recipe = recipe

    def _read(self, index: int) -> dict[str, Any]:
        """The targets of one sample."""
        raise NotImplementedError

    def _pack(self, arrays: dict[str, Any], chosen: NDArray[np.intp]) -> Any:
        """What a batch is, out of its arrays."""
        raise NotImplementedError

    def _empty(self) -> dict[str, Array]:
        """The arrays of a batch without samples."""
        raise NotImplementedError

    def _file(self, index: int) -> str | None:
        """The file of a sample, if there is one."""
        return None

    def _keys(self, epoch: int, chosen: NDArray[np.intp]) -> list[Key]:
        return [(self._key, epoch, index) for index in chosen.tolist()]

    def _batch(self, epoch: int, chosen: NDArray[np.intp]) -> AnyBatch:
        keys = self._keys(epoch, chosen)
        if self.on_error == "raise":
            return Batch(self._recipe, keys, self._read)
        rescue = Rescue.of(self.on_error, self._order(epoch), self._file)
        return Batch(self._recipe, keys, self._numbered, rescue)

    def _numbered(self, index: int) -> dict[str, Any]:
        """A sample that knows its number, for targets are those of the sample that is there."""
        return {**self._read(index), NUMBER: np.int64(index)}

    def _batch_at(self, address: Address) -> AnyBatch:
        return self._batch(address[0], self._chosen(address))

    def _serve(self, address: Address) -> Any:
        return self._given(self._arrays_at(address), address[0], self._chosen(address))

    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        epoch, chosen = self._clock.epoch, np.asarray(index_array, np.intp)
        made = Job(self._batch(epoch, chosen)).result()
        return self._given(self._reported(made, epoch), epoch, chosen)

    def _given(self, arrays: dict[str, Array], epoch: int, chosen: NDArray[np.intp]) -> Any:
        arrays = arrays or self._empty()
        chosen = arrays.get(NUMBER, chosen)
        if self.save_to_dir:
            for place, index in enumerate(chosen.tolist()):
                self._save(arrays["image"][place], epoch, index)
        return self._pack(arrays, chosen)

    def _save(self, image: Array, epoch: int, index: int) -> None:
        """Write what a batch holds where somebody may look at it."""
        if self.data_format == "channels_first":
            image = np.moveaxis(image, 0, -1)
        word = np.random.SeedSequence((self._key, epoch, index)).generate_state(1)[0]
        name = f"{self.save_prefix}_{index}_{int(word) % 10**7}.{self.save_format}"
        path = Path(self.save_to_dir) / name
        swap = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(image.shape[2])
        seen = viewable(image)
        written, data = cv2.imencode(
            f".{self.save_format}", seen if swap is None else cv2.cvtColor(seen, swap)
        )
        if not written:
            raise ValueError(f"save_format {self.save_format!r} cannot hold {seen.shape} images")
        data.tofile(path)


def viewable(image: Array) -> NDArray[np.uint8]:
    """Values from 0 to 255: those of 0 to 1 multiplied, those outside of 0 to 255 stretched."""
    low, high = float(image.min()), float(image.max())
    if low < 0 or high > 255:
        image = (image - low) * (255 / max(high - low, 1e-12))
    elif high <= 1:
        image = image * 255
    return np.ascontiguousarray(np.rint(image).astype(np.uint8))
