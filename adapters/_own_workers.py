"""Keras' names for parallel work, for a sequence that works in parallel itself."""

from __future__ import annotations

from abc import abstractmethod

import keras

from ._checks import whole


class OwnWorkers(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` that takes its workers for itself.

    Keras' own lose batches on some backends, so Keras is told that there is one, in this process;
    setting them sets threads or processes of the sequence.
    """

    threads: int
    processes: int

    @abstractmethod
    def share_work(self, threads: int, processes: int) -> None:
        """Make batches by so many threads, or processes if there are any, from now on."""

    @property
    def workers(self) -> int:
        """What Keras is told: always 1."""
        return 1

    @workers.setter
    def workers(self, value: int) -> None:
        number = whole(type(self).__name__, "workers", value, 0)
        self.share_work(number, number if self.processes else 0)

    @property
    def use_multiprocessing(self) -> bool:
        """What Keras is told: always False."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self.share_work(self.threads, max(self.threads, 1) if value else 0)
