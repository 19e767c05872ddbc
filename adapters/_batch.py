"""A batch that is allocated once and filled slot by slot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ._recipe import Array, Key, Recipe


class Batch:
    """The samples of one batch and the arrays they are written into.

    Arrays are allocated when the first result shows their shape; later results are written
    straight into their places. Places may be filled by several threads at once.

    Args:
        recipe: What happens to a sample.
        keys: The (seed, epoch, index) of each place.
        read: Gives the sample at an index.

    """

    def __init__(
        self, recipe: Recipe, keys: Sequence[Key], read: Callable[[int], Mapping[str, Any]]
    ) -> None:
        self.recipe = recipe
        self.keys = keys
        self.read = read
        self.arrays: dict[str, Array] = {}
        self._first: dict[str, int] = {}
        self._names: tuple[frozenset[str], int] | None = None
        self._direct: frozenset[str] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.keys)

    def fill(self, place: int) -> None:
        """Make the sample of one place."""
        key = self.keys[place]
        try:
            direct = self._direct or frozenset()
            slots = {}
            if self._direct is not None:
                slots = {name: array[place] for name, array in self.arrays.items()}
            given, plain = self.recipe.run(self.read(key[2]), key, slots, direct)
            self._same_names(place, given)
            for name, value in given.items():
                if value is not slots.get(name):
                    self._put(name, place, value)
            if not slots:
                self._direct = frozenset(plain)
        except Exception as error:
            error.add_note(f"in sample {key[2]} of epoch {key[1]}")
            raise

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
                self.arrays[name] = np.empty((len(self), *value.shape), value.dtype)
        array = self.arrays[name]
        if array.shape[1:] != value.shape or array.dtype != value.dtype:
            raise ValueError(
                f"the samples of a batch must be alike, but {name} of sample "
                f"{self.keys[place][2]} is {value.shape} {value.dtype} and that of sample "
                f"{self._first[name]} is {array.shape[1:]} {array.dtype}; RandomCrop, Resize or "
                "PadIfNeeded at a pipeline's end make all sizes one"
            )
        array[place] = value
