"""A batch that is allocated once and filled slot by slot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import Failure, Rescue
from ._recipe import Array, Key, Made, Recipe

if TYPE_CHECKING:
    from ._batch_mix import Mixer


class Batch:
    """The samples of one batch and the arrays they are written into.

    Arrays are allocated when the first result shows their shape; later results are written
    straight into their places. Places may be filled by several threads at once.

    With a mixer, samples are finished when all of them are made, by the thread that makes the last.

    Args:
        recipe: What happens to a sample.
        keys: The (seed, epoch, index) of each place.
        read: Gives the sample at an index.
        rescue: What to do about a sample that cannot be made; None raises its error.
        mixer: Joins the samples of the batch with each other, or None.

    """

    def __init__(
        self,
        recipe: Recipe,
        keys: Sequence[Key],
        read: Callable[[int], Mapping[str, Any]],
        rescue: Rescue | None = None,
        mixer: Mixer | None = None,
    ) -> None:
        self.recipe = recipe
        self.keys = keys
        self.read = read
        self.rescue = rescue
        self.mixer = mixer
        self.arrays: dict[str, Array] = {}
        self.allocate: Callable[[str, tuple[int, ...], np.dtype[Any]], Array] = _empty
        self._first: dict[str, int] = {}
        self._names: tuple[frozenset[str], int] | None = None
        self._direct: frozenset[str] | None = None
        self._lock = threading.Lock()
        self._left = len(keys)
        self._made: list[Made | None] = [None] * len(keys)
        self._lost: dict[int, Exception] = {}  # by place, when nothing stands in for it
        self._failures: dict[int, list[Failure]] = {}

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def failures(self) -> list[Failure]:
        """The samples that could not be made, place by place."""
        return [failure for place in sorted(self._failures) for failure in self._failures[place]]

    def again(self) -> Batch:
        """The same batch, empty."""
        return Batch(self.recipe, self.keys, self.read, self.rescue, self.mixer)

    def fill(self, place: int) -> None:
        """Make the sample of one place; with the last one the batch is complete."""
        key = self.keys[place]
        try:
            make = self._make if self.rescue is None else self._try
            make(place, key[2])()
        except Exception as error:
            error.add_note(f"in sample {key[2]} of epoch {key[1]}")
            raise
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last and (self._lost or self.mixer is not None):
            self._complete()

    def _make(self, place: int, index: int) -> Callable[[], None]:
        """Make a sample for a place, with the draw of the place whatever sample it is.

        Returns:
            What puts it there: if samples are unlike, none of them is at fault more than others.

        """
        key, sample = self.keys[place], self.read(index)
        if self.mixer is not None:
            made = self.recipe.augment(sample, key, {})
            return partial(self._made.__setitem__, place, made)
        slots, direct = {}, self._direct or frozenset()
        if self._direct is not None:
            slots = {name: array[place] for name, array in self.arrays.items()}
        return partial(self._place, place, *self.recipe.run(sample, key, slots, direct), slots)

    def _try(self, place: int, index: int) -> Callable[[], None]:
        """Make a sample for a place, or one that may stand in for it, or leave it out."""
        assert self.rescue is not None  # for mypy
        failures = self._failures.setdefault(place, [])
        first: Exception | None = None
        for spare in (index, *self.rescue.spares(self.keys[place])):
            try:
                return self._make(place, spare)
            except MemoryError:
                raise
            except Exception as error:
                first = first or error
                failure = Failure.of(spare, error)
                failures.append(replace(failure, file=failure.file or self.rescue.file(spare)))
        assert first is not None  # for mypy
        return partial(self._lost.__setitem__, place, first)

    def _complete(self) -> None:
        """Leave out what could not be made, and mix what could."""
        there = [place for place in range(len(self)) if place not in self._lost]
        if not there:
            first = self._lost[min(self._lost)]
            first.add_note("no sample of the batch can be made, so that none is left out")
            raise first
        if self.mixer is None:
            self.arrays = {name: array[there] for name, array in self.arrays.items()}
        else:
            self.keys = [self.keys[place] for place in there]
            made = [m for m in self._made if m is not None]
            self._made = []
            for place, key in enumerate(self.keys):
                mixed = self.mixer.mix(made, place, key)
                slots = {name: array[place] for name, array in self.arrays.items()}
                self._place(place, *self.recipe.finish(mixed, slots), slots)
        self._lost = {}  # errors hold on to what they arose in

    def _place(
        self,
        place: int,
        given: Mapping[str, Array],
        plain: set[str],
        slots: Mapping[str, Array],
    ) -> None:
        self._same_names(place, given)
        for name, value in given.items():
            if value is not slots.get(name):
                self._put(name, place, value)
        if self._direct is None:
            self._direct = frozenset(plain)

    def _same_names(self, place: int, given: Mapping[str, Array]) -> None:
        index = self.keys[place][2]
        with self._lock:
            if self._names is None:
                self._names = frozenset(given), index
        names, first = self._names
        if names != given.keys():
            raise KeyError(
                f"the samples of a batch must be alike, but sample {index} gives {sorted(given)} "
                f"and sample {first} gives {sorted(names)}"
            )

    def _put(self, name: str, place: int, value: Array) -> None:
        if value.dtype.kind not in "biufc":
            raise TypeError(f"{name} must be made of numbers, got {value.tolist()!r:.80}")
        with self._lock:
            if name not in self.arrays:
                self._first[name] = self.keys[place][2]
                shape = (len(self), *value.shape)
                self.arrays[name] = self.allocate(name, shape, value.dtype)
        array = self.arrays[name]
        if array.shape[1:] != value.shape or array.dtype != value.dtype:
            raise ValueError(
                f"the samples of a batch must be alike, but {name} of sample "
                f"{self.keys[place][2]} is {value.shape} {value.dtype} and that of sample "
                f"{self._first[name]} is {array.shape[1:]} {array.dtype}; RandomCrop, Resize or "
                "PadIfNeeded at a pipeline's end make all sizes one, and dtype='float32' with a "
                "value_range all types"
            )
        array[place] = value


def _empty(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    return np.empty(shape, dtype)
