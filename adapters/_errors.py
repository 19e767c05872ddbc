"""Samples that cannot be made: what is known of them, and how a run goes on without them."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._order import spares
from ._recipe import Key

ON_ERROR = ("raise", "skip", "replace")
_THEN = {"skip": "left out", "replace": "replaced"}
# Samples that may stand in for one; if none of them can be made either, it is no accident.
SPARES = 8

_log = logging.getLogger("probaug")


@dataclass(frozen=True)
class SampleError:
    """A sample that could not be made.

    Args:
        index: Which one of the source.
        file: What it would have been read from, if that is known.
        reason: The error, in a line.
        times: In how many epochs it was met.

    """

    index: int
    file: str | None
    reason: str
    times: int


@dataclass(frozen=True)
class Failure:
    """One sample that could not be made for a batch."""

    index: int
    file: str | None
    reason: str

    @classmethod
    def of(cls, index: int, error: Exception) -> Failure:
        """Say in a line what an error was; an error that is kept would keep all its arrays."""
        path = getattr(error, "path", None) or getattr(error, "filename", None)
        file = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
        own = getattr(error, "reason", None)
        text = own if isinstance(own, str) and file else f"{type(error).__name__}: {error}"
        text = re.sub(r" object at 0x[0-9a-f]+", "", text)  # the same in every run
        return cls(index, file, " ".join(text.split())[:300])


class Rescue(NamedTuple):
    """What a batch does about a sample that cannot be made.

    Args:
        spares: The samples that may stand in for that of a key; none to leave its place out.
        file: The file of a sample, if that is known.

    """

    spares: Callable[[Key], Iterable[int]]
    file: Callable[[int], str | None]

    @classmethod
    def of(
        cls, on_error: str, order: NDArray[np.intp], file: Callable[[int], str | None]
    ) -> Rescue | None:
        """What one of ON_ERROR means for a batch; those in ``order`` may stand in for others."""

        def stand_ins(key: Key) -> list[int]:
            return spares(*key, order, SPARES) if on_error == "replace" else []

        return None if on_error == "raise" else cls(stand_ins, file)


class Report:
    """Count and log the samples that could not be made; threads may share it.

    Args:
        samples: How many there are in all.

    """

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._lock = threading.Lock()
        self._epochs: dict[int, set[int]] = {}
        self._failures: dict[int, Failure] = {}

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__ |= state | {"_lock": threading.Lock()}

    def note(self, owner: str, epoch: int, failures: Iterable[Failure], on_error: str) -> None:
        """Take what failed in a batch; log each sample once."""
        for failure in failures:
            with self._lock:
                is_new = failure.index not in self._failures
                self._failures[failure.index] = failure
                self._epochs.setdefault(failure.index, set()).add(epoch)
            if is_new:
                file = f" ({failure.file})" if failure.file else ""
                message = "%s: sample %d%s is %s: %s"
                _log.warning(message, owner, failure.index, file, _THEN[on_error], failure.reason)

    @property
    def errors(self) -> list[SampleError]:
        """The samples met so far that could not be made, in the order of the source."""
        with self._lock:
            known = sorted(self._failures.items())
            return [
                SampleError(index, failure.file, failure.reason, len(self._epochs[index]))
                for index, failure in known
            ]

    def text(self) -> str:
        """All of it in words."""
        errors = self.errors
        times = sum(error.times for error in errors)
        head = f"{len(errors)} of {self._samples} samples could not be made, {times} times in all"
        lines = [
            f"  {error.index}: {error.file or 'no file'}: {error.reason}"
            + (f" ({error.times} times)" if error.times > 1 else "")
            for error in errors
        ]
        return "\n".join([head, *lines])
