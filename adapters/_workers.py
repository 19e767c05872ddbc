"""Threads that fill batches: the one asked for, and a few ahead of it."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeAlias

from ._errors import Failure
from ._recipe import Array

Address: TypeAlias = tuple[int, int]  # epoch, batch


def usable_cpus() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class AnyBatch(Protocol):
    """A batch whose places are filled one by one, by any thread."""

    arrays: dict[str, Array]

    @property
    def failures(self) -> list[Failure]:
        """The samples that could not be made."""

    def __len__(self) -> int: ...

    def again(self) -> AnyBatch:
        """The same batch, empty."""

    def fill(self, place: int) -> None:
        """Make what belongs to one place; with the last one the batch is complete."""


class Finished(NamedTuple):
    """What is left of a batch that is made: its arrays, and the samples that could not be made."""

    arrays: dict[str, Array]
    failures: list[Failure]


class AnyJob(Protocol):
    """A batch in the making, wherever."""

    def result(self) -> Finished:
        """Wait for it."""

    def cancel(self) -> None:
        """Nobody wants it any more."""


class Job:
    """A batch in the making; its places are handed to threads one after the other."""

    def __init__(self, batch: AnyBatch) -> None:
        self.batch = batch
        self._places = itertools.count()
        self._stopped = False
        self._futures: list[Future[None]] = []

    def start(self, pool: ThreadPoolExecutor, threads: int) -> None:
        """Put as many threads to work as there are, or places."""
        self._futures = [pool.submit(self._work) for _ in range(min(threads, len(self.batch)))]

    def cancel(self) -> None:
        """Let threads finish the place they are at, and no more."""
        self._stopped = True

    def result(self) -> Finished:
        """Wait for the batch, or make it here if no threads were started."""
        if not self._futures:
            self._work()
        error = None
        for future in self._futures:
            error = error or future.exception()
        if error is not None:
            # Which place fails first depends on the threads; one after the other it does not.
            again = self.batch.again()
            for place in range(len(again)):
                again.fill(place)
            raise error
        return Finished(self.batch.arrays, self.batch.failures)

    def _work(self) -> None:
        while not self._stopped and (place := next(self._places)) < len(self.batch):
            try:
                self.batch.fill(place)
            except BaseException:
                self._stopped = True
                raise


class Running:
    """What lives in one process only: a lock, batches in the making."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.ahead: dict[Address, AnyJob] = {}
        self.last: Address = (-1, -1)
        self.streak = 0  # requests in order, one after the other

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself, or belongs to another process."""
        return self.process != os.getpid()

    def close(self) -> None:
        """End it."""


class ThreadsRunning(Running):
    """Threads, too, while there is something to do."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: ThreadPoolExecutor | None = None

    def rest(self, wait: bool = False) -> None:
        """Let threads end when they have done what they were given."""
        with self.lock:
            pool, self.pool = self.pool, None
        if pool is not None:
            pool.shutdown(wait=wait)

    def close(self) -> None:
        if self.process == os.getpid():
            for job in self.ahead.values():
                job.cancel()
            self.rest(wait=True)


class Workers:
    """Give batches by address, looking ahead while addresses come in order.

    A batch is a function of its address, so one made ahead is either the one that is asked for
    next or is thrown away; it can never be served for another epoch. Threads start at the first
    request, are made anew in a forked process, and do not travel with a pickle.

    Args:
        threads: Threads that fill batches; 0 fills them in the caller's.
        lookahead: Batches to prepare ahead of the one asked for.

    """

    def __init__(self, threads: int, lookahead: int) -> None:
        self.threads = threads
        self.lookahead = lookahead if threads else 0
        self._running: Running | None = None

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_running": None}

    def get(self, address: Address, batches: int, make: Callable[[Address], AnyBatch]) -> Finished:
        """The batch at an address.

        Args:
            address: Epoch and number of the batch.
            batches: How many an epoch has.
            make: Gives the unfilled batch at an address.

        """
        epoch, index = address
        running = self._alive()
        with running.lock:
            job = running.ahead.pop(address, None) or self._start(running, address, make)
            running.streak = running.streak + 1 if running.last == (epoch, index - 1) else 0
            running.last = address
            reach = range(index + 1, min(index + 1 + self.lookahead, batches))
            wanted = {(epoch, near) for near in reach}
            for other in running.ahead.keys() - wanted:
                running.ahead.pop(other).cancel()
            if running.streak >= 2:  # one step alone is Keras looking at shapes, or chance
                for other in sorted(wanted - running.ahead.keys()):
                    running.ahead[other] = self._start(running, other, make)
        return job.result()

    def rest(self) -> None:
        """End the threads after an epoch: Keras may hold on to a sequence for ever."""
        running = self._running
        if isinstance(running, ThreadsRunning) and not running.is_over:
            running.rest()

    def leave(self) -> None:
        """End what runs after a fit."""
        self.rest()

    def close(self) -> None:
        """Stop the threads; the next request starts new ones."""
        running, self._running = self._running, None
        if running is not None:
            running.close()

    def _start(self, running: Any, address: Address, make: Callable[[Address], AnyBatch]) -> AnyJob:
        job = Job(make(address))
        if self.threads:
            if running.pool is None:
                running.pool = ThreadPoolExecutor(self.threads, "probaug")
            job.start(running.pool, self.threads)
        return job

    def _new(self) -> Running:
        return ThreadsRunning()

    def _alive(self) -> Running:
        running = self._running
        if running is None or running.is_over:
            running = self._running = self._new()
        return running
