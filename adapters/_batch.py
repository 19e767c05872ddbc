"""A batch that is allocated once and filled slot by slot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._alike import Form, form_of, no_numbers, other_form, other_names, unlike
from ._errors import Failure, Rescue
from ._recipe import Array, Key, Made, Recipe

if TYPE_CHECKING:
    from ._batch_mix import Mixer


class Ready(NamedTuple):
    """A sample for a place, not put there yet.

    Args:
        given: Its arrays.
        plain: Which of them are as the pipeline made them.
        slots: What they may have been written into.
        made: What is to be mixed first.

    """

    given: Mapping[str, Array]
    plain: set[str]
    slots: Mapping[str, Array]
    made: Made | None = None


class Batch:
    """The samples of one batch and the arrays they are written into.

    Arrays are allocated when the first result shows their shape; later results are written
    straight into their places. Places may be filled by several threads at once.

    With a mixer, samples are finished when all of them are made, by the thread that makes the last.

    With a rescue, a sample that is unlike most of the batch is one that cannot be made: of what
    equally many have, the first place decides.

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
        self.file: Callable[[int], str | None] = _unknown  # that of a sample, for errors
        self.allocate: Callable[[str, tuple[int, ...], np.dtype[Any]], Array] = _empty
        self._first: dict[str, int] = {}
        self._names: tuple[frozenset[str], int] | None = None
        self._direct: frozenset[str] | None = None
        self._lock = threading.Lock()
        self._left = len(keys)
        self._made: list[Made | None] = [None] * len(keys)
        self._lost: dict[int, Exception] = {}  # by place, when nothing stands in for it
        self._failures: dict[int, list[Failure]] = {}
        # with a rescue: of each place the form, and the sample that is there
        self._forms: dict[int, tuple[Form, int]] = {}
        self._form: Form | None = None  # of the arrays
        self._aside: dict[int, Mapping[str, Array]] = {}  # by place, what does not fit in

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def failures(self) -> list[Failure]:
        """The samples that could not be made, place by place."""
        return [failure for place in sorted(self._failures) for failure in self._failures[place]]

    def again(self) -> Batch:
        """The same batch, empty."""
        batch = Batch(self.recipe, self.keys, self.read, self.rescue, self.mixer)
        batch.file = self.file
        return batch

    def fill(self, place: int) -> None:
        """Make the sample of one place; with the last one the batch is complete."""
        key = self.keys[place]
        try:
            if self.rescue is None:
                self._take(place, self._make(place, key[2]))
            else:
                self._try(place)
        except Exception as error:
            error.add_note(f"in sample {key[2]} of epoch {key[1]}")
            raise
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last:
            if self._forms:
                self._agree()
            if self._lost or self.mixer is not None:
                self._complete()

    def _make(self, place: int, index: int) -> Ready:
        """Make a sample for a place, with the draw of the place whatever sample it is."""
        key, sample = self.keys[place], self.read(index)
        if self.mixer is not None:
            made = self.recipe.augment(sample, key, {})
            # a bad label shows only when it is packed
            given = {} if self.rescue is None else self.recipe.finish(made, {})[0]
            return Ready(given, set(), {}, made)
        if self._direct is None:
            return Ready(*self.recipe.run(sample, key, {}), {})
        slots = {name: array[place] for name, array in self.arrays.items()}
        return Ready(*self.recipe.run(sample, key, slots, self._direct), slots)

    def _take(self, place: int, ready: Ready) -> None:
        if ready.made is None:
            self._place(place, ready.given, ready.plain, ready.slots)
        else:
            self._made[place] = ready.made

    def _try(self, place: int, like: tuple[Form, int] | None = None) -> None:
        """Make a sample for a place, or one that may stand in for it, or leave it out.

        Args:
            place: The place.
            like: The form that the sample must have, and a sample that has it.

        """
        assert self.rescue is not None  # for mypy
        failures = self._failures[place] = []
        first: Exception | None = None
        key = self.keys[place]
        for index in (key[2], *self.rescue.spares(key)):
            try:
                ready = self._make(place, index)
                loose = self.mixer is not None and self.mixer.is_resizing
                form = form_of(ready.given, self.recipe.images if loose else None)
                if like is not None and (error := unlike(form, index, *like)) is not None:
                    raise error
            except MemoryError:
                raise
            except Exception as error:
                first = first or error
                failure = Failure.of(index, error)
                failures.append(replace(failure, file=failure.file or self.rescue.file(index)))
            else:
                return self._suit(place, index, ready, form)
        assert first is not None  # for mypy
        self._lost[place] = first
        return None

    def _told(self, error: Exception, index: int, first: int) -> Exception:
        """An error about two samples, with their files if those are known."""
        one, other = self.file(index), self.file(first)
        return error if one is None else type(error)(f"{error.args[0]}; they are {one} and {other}")

    def _suit(self, place: int, index: int, ready: Ready, form: Form) -> None:
        """Put a sample to its place, or aside if it is unlike the first that was made."""
        with self._lock:
            self._forms[place] = form, index
            self._form = self._form or form
        if ready.made is None and form != self._form:
            self._aside[place] = ready.given
        else:
            self._take(place, ready)

    def _agree(self) -> None:
        """Keep to the form that most samples have; what was made first depends on the threads."""
        places: dict[Form, list[int]] = {}
        for place in sorted(self._forms):
            places.setdefault(self._forms[place][0], []).append(place)
        form = max(places, key=lambda known: len(places[known]))
        if form != self._form and self.mixer is None:
            self._form, self._names, self._direct = form, None, None
            self.arrays, self._first = {}, {}
            for place in places[form]:
                self._place(place, self._aside[place], set(), {})
        self._aside = {}
        like = form, self._forms[places.pop(form)[0]][1]
        for place in sorted(place for others in places.values() for place in others):
            self._made[place] = None
            self._try(place, like)

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
        known = self._names
        if known is None:
            with self._lock:
                known = self._names = self._names or (frozenset(given), index)
        names, first = known
        if names != given.keys():
            raise self._told(other_names(index, given, first, names), index, first)

    def _put(self, name: str, place: int, value: Array) -> None:
        if value.dtype.kind not in "biufc":
            raise no_numbers(name, value)
        array = self.arrays.get(name)
        if array is None:
            array = self._allocated(name, place, value)
        if array.shape[1:] != value.shape or array.dtype != value.dtype:
            index, first = self.keys[place][2], self._first[name]
            own, known = (value.shape, value.dtype), (array.shape[1:], array.dtype)
            raise self._told(other_form(name, index, own, first, known), index, first)
        array[place] = value

    def _allocated(self, name: str, place: int, value: Array) -> Array:
        """The array of a name, made like a sample's if there is none yet."""
        with self._lock:
            if name not in self.arrays:
                self._first[name] = self.keys[place][2]
                shape = (len(self), *value.shape)
                self.arrays[name] = self.allocate(name, shape, value.dtype)
            return self.arrays[name]


def _unknown(index: int) -> str | None:
    return None


def _empty(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    return np.empty(shape, dtype)
