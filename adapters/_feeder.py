"""What feeds a model batch by batch: its threads or processes, epochs, samples that fail."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import keras

from probaug.core.fields import Array

from ._checks import whole
from ._epochs import EpochCallback
from ._errors import Report, SampleError
from ._order import EpochClock
from ._workers import Address, AnyBatch, Finished, Workers, usable_cpus


class Feeder(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` that makes batches by threads or processes of its own.

    Keras' workers lose batches on some backends, so Keras is told that there is one, in this
    process; setting them sets those of the feeder.
    """

    threads: int
    processes: int
    lookahead: int = 2
    on_error: str

    def _set_up(
        self, samples: int, clock: EpochClock, threads: int | None, processes: int = 0
    ) -> None:
        """Set up what runs, once it is known how many samples there are."""
        owner = type(self).__name__
        self._clock, self._report = clock, Report(samples)
        threads = min(usable_cpus(), 8) if threads is None else threads
        self.threads = whole(owner, "threads", threads, 0)
        self.processes = whole(owner, "processes", processes, 0)
        self._feed = self._fed()

    def _fed(self) -> Workers:
        """What runs it."""
        return Workers(self.threads, self.lookahead)

    def __getitem__(self, index: int) -> Any:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"batch {index} of {count}")
        index = int(index) % count
        address = self._clock.epoch, self._clock.first + index
        self._clock.asked(index)
        return self._serve(address)

    @abstractmethod
    def _serve(self, address: Address) -> Any:
        """The batch at an address, as Keras is given it."""

    @abstractmethod
    def _batch_at(self, address: Address) -> AnyBatch:
        """The batch at an address, not filled yet."""

    def _arrays_at(self, address: Address) -> dict[str, Array]:
        """The arrays of the batch at an address."""
        try:
            batch = self._feed.get(address, self._clock.batches, self._batch_at)
        except Exception as error:
            error.add_note(f"in {type(self).__name__}, batch {address[1]}")
            raise
        return self._reported(batch, address[0])

    def _reported(self, batch: Finished, epoch: int) -> dict[str, Array]:
        """The arrays of a batch, after noting what could not be made for it."""
        self._report.note(type(self).__name__, epoch, batch.failures, self.on_error)
        return batch.arrays

    @property
    def workers(self) -> int:
        """What Keras is told: always 1."""
        return 1

    @workers.setter
    def workers(self, value: int) -> None:
        number = whole(type(self).__name__, "workers", value, 0)
        self._share_work(number, number if self.processes else 0)

    @property
    def use_multiprocessing(self) -> bool:
        """What Keras is told: always False."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._share_work(self.threads, max(self.threads, 1) if value else 0)

    def _share_work(self, threads: int, processes: int) -> None:
        """Make batches by so many threads, or processes if there are any, from now on."""
        self._feed.close()
        self.threads, self.processes = threads, processes
        self._feed = self._fed()

    @property
    def epoch(self) -> int:
        """The epoch that batches are made for."""
        return self._clock.epoch

    def set_epoch(self, epoch: int) -> None:
        """Make batches for this epoch from now on, until it ends."""
        self._clock.set(whole(type(self).__name__, "epoch", epoch, 0))

    def callback(self) -> keras.callbacks.Callback:
        """Give a callback for ``fit`` that keeps the epoch equal to Keras' own number.

        It also counts the batches that the model was trained on, for the ``state_dict`` of an
        `AugmentedSequence`; so it comes before callbacks that save. With the fit it ends the
        ``processes``.
        """
        return EpochCallback(self._clock, lambda: self._feed.leave())

    @property
    def errors(self) -> list[SampleError]:
        """The samples that could not be made so far: index, file, reason, and in how many epochs.

        Only ``on_error="skip"`` and "replace" get that far.
        """
        return self._report.errors

    def error_report(self) -> str:
        """Say in words what `errors` holds."""
        return self._report.text()

    def on_epoch_begin(self) -> None:
        """Hear from Keras that an epoch begins."""
        self._clock.begin()

    def on_epoch_end(self) -> None:
        """Hear from Keras or a loop that an epoch ends; go on if all its batches were asked for."""
        self._clock.end()
        self._feed.rest()

    def close(self) -> None:
        """Stop the threads; they start again when the next batch is asked for."""
        self._feed.close()
