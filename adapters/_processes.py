"""Processes that fill batches, each batch in memory that they share with this one."""

from __future__ import annotations

import contextlib
import math
import mmap
import multiprocessing
import os
import pickle
import signal
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, NoReturn

import cv2
import numpy as np

from ._batch import Batch
from ._errors import Failure
from ._maker import Maker
from ._recipe import Array
from ._shared import Layout, Place, Shared, aligned
from ._signals import deaf, undivided
from ._workers import Address, AnyBatch, Finished, Running, Workers

# Seconds after which processes that nobody asks for anything end: starting them takes a few.
IDLE = 120.0
_START = (
    "a process of AugmentedSequence ended with exit code {}; processes=... needs a script whose "
    "work is under `if __name__ == '__main__':`, as multiprocessing's spawn does"
)


@dataclass
class Answer:
    """What a process says about a batch.

    Args:
        number: That of the question.
        arrays: The batch as it is, or where its arrays lie.
        failures: The samples that could not be made.
        error: Instead of all this.

    """

    number: int
    arrays: Mapping[str, Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    error: Exception | None = None


def _serve(pipe: Connection, data: bytes, source: Place, spans: list[tuple[int, int]]) -> None:
    """Make batches until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, who may go on
    cv2.setNumThreads(0)  # a process is as many threads as are wanted
    whole = memoryview(source.opened())
    buffers = [whole[low:high] for low, high in spans]
    maker: Maker = pickle.loads(data, buffers=buffers)  # noqa: S301  our parent's own
    maps: dict[Place, mmap.mmap] = {}
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while (question := pipe.recv()) is not None:
            number, address, place = question
            if place is not None and place not in maps:
                maps[place] = place.opened()
            try:
                answer = _filled(number, maker.batch(address), maps.get(place))
            except Exception as error:
                answer = Answer(number, error=_portable(error))
            pipe.send(answer)
    if maker.cache is not None:
        maker.cache.close()


def _filled(number: int, batch: Batch, shared: mmap.mmap | None) -> Answer:
    places: dict[str, tuple[Layout, Array]] = {}
    end = 0

    def allocate(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        nonlocal end
        size = math.prod(shape) * dtype.itemsize
        if shared is None or end + size > len(shared):
            return np.empty(shape, dtype)
        array: Array = np.ndarray(shape, dtype, shared, end)
        places[name] = Layout(shape, dtype, end), array
        end += aligned(size)
        return array

    batch.allocate = allocate
    for place in range(len(batch)):
        batch.fill(place)
    arrays: dict[str, Any] = dict(batch.arrays)
    for name, (layout, array) in places.items():
        if arrays.get(name) is array:  # else some were left out, or it was allocated anew
            arrays[name] = layout
    return Answer(number, arrays, batch.failures)


def _portable(error: Exception) -> Exception:
    """The error, or what it says if it cannot travel."""
    notes = getattr(error, "__notes__", [])
    try:
        error = pickle.loads(pickle.dumps(error))  # noqa: S301  made in this line
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.__notes__ = notes
    return error


class RemoteJob:
    """A batch that a process makes."""

    def __init__(self, pool: _Pool, number: int) -> None:
        self._pool = pool
        self.number = number

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._pool.unwanted.append(self.number)

    __del__ = cancel  # perhaps Ctrl-C came before the result; what was taken is not there any more

    def result(self) -> Finished:
        """Wait for the batch."""
        return self._pool.take(self.number)


class _Worker:
    """One process, and the memory that it shares with this one."""

    def __init__(self, context: Any, arguments: tuple[Any, ...]) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, *arguments), daemon=True)
        self.process.start()
        theirs.close()
        self.asked: dict[int, Shared | None] = {}
        self.free: list[Shared] = []
        self.is_ready = False


class _Pool:
    """Processes that were given a maker; each is asked for batches in order."""

    def __init__(self, count: int, maker: Maker) -> None:
        buffers: list[pickle.PickleBuffer] = []
        try:
            data = pickle.dumps(maker, protocol=5, buffer_callback=buffers.append)
        except Exception as error:
            error.add_note("processes=... needs a source and a pipeline that are fit for a pickle")
            raise
        views = [buffer.raw() for buffer in buffers]
        starts = np.cumsum([0, *(aligned(len(view)) for view in views)]).tolist()
        # one copy of the source's arrays for all processes
        self._source = Shared(starts[-1] + 1)
        for view, start in zip(views, starts):
            self._source.map[start : start + len(view)] = view
        spans = [(start, start + len(view)) for view, start in zip(views, starts)]
        arguments = (data, self._source.place, spans)
        context = multiprocessing.get_context("spawn")
        self.workers: list[_Worker] = []
        self._answers: dict[int, Answer] = {}
        self.unwanted: deque[int] = deque()  # what may come from anywhere, without a lock
        self._dropped: set[int] = set()
        self._lock = threading.Lock()
        self._next = 0
        self._size = 0  # bytes of a batch
        over = threading.Event()
        self.stop = weakref.finalize(self, _stop, self.workers, os.getpid(), over)
        with deaf():
            for _ in range(count):
                self.workers.append(_Worker(context, arguments))
        self._last = time.monotonic()  # when something was asked for
        watch = threading.Thread(target=_watch, args=(weakref.ref(self), over), daemon=True)
        watch.name = "probaug-idle"
        watch.start()

    def wake(self) -> bool:
        """Whether the processes are there, and will be for a while."""
        with self._lock:
            self._last = time.monotonic()
            return self.stop.alive

    def rest(self) -> float:
        """End processes that were idle for long; give the seconds to wait until then."""
        with self._lock:
            left = self._last + IDLE - time.monotonic()
            if left <= 0:
                self.stop()
            return left

    def ask(self, address: Address) -> RemoteJob:
        """Let the process that has least to do make a batch."""
        with self._lock, undivided():
            self._tidy()
            worker = min(self.workers, key=lambda w: len(w.asked))
            self._next += 1
            shared = None
            if self._size:
                while shared is None and worker.free:  # what is too small is given up
                    known = worker.free.pop()
                    shared = known if known.size >= self._size else None
                shared = shared or Shared(self._size)
            worker.asked[self._next] = shared
            try:
                worker.pipe.send((self._next, address, shared and shared.place))
            except OSError:
                self._ended(worker)
            return RemoteJob(self, self._next)

    def take(self, number: int) -> Finished:
        """Wait for a batch; take what comes meanwhile."""
        with self._lock:
            while number not in self._answers:
                ready = wait([worker.pipe for worker in self.workers])
                with undivided():
                    self._listen(ready)
            self._last = time.monotonic()
            with undivided():
                return self._finished(number)

    def _listen(self, pipes: list[Any]) -> None:
        for worker in self.workers:
            if worker.pipe not in pipes:
                continue
            try:
                answer = worker.pipe.recv()
            except (EOFError, OSError):
                self._ended(worker)
            if answer is None:
                worker.is_ready = True
                if all(w.is_ready for w in self.workers):
                    self._source.forget()
            else:
                self._answers[answer.number] = answer
        self._tidy()

    def _ended(self, worker: _Worker) -> NoReturn:
        worker.process.join(10)
        code = worker.process.exitcode
        self.stop()
        raise RuntimeError(_START.format(code)) from None

    def _tidy(self) -> None:
        """Throw answers away that are there and that nobody wants."""
        while self.unwanted:
            self._dropped.add(self.unwanted.popleft())
        asked = {number for worker in self.workers for number in worker.asked}
        self._dropped &= asked  # others were taken
        for number in self._dropped & self._answers.keys():
            _, worker, shared = self._pop(number)
            if shared is not None:
                worker.free.append(shared)

    def _pop(self, number: int) -> tuple[Answer, _Worker, Shared | None]:
        worker = next(w for w in self.workers if number in w.asked)
        shared = worker.asked.pop(number)
        if shared is not None:
            shared.forget()
        return self._answers.pop(number), worker, shared

    def _finished(self, number: int) -> Finished:
        """Hand out an answer; its memory is used again when nobody has its arrays any more."""
        answer, worker, shared = self._pop(number)
        arrays = dict(answer.arrays)
        self._size = max(self._size, sum(map(_size, arrays.values())))
        if shared is not None:
            whole = np.frombuffer(shared.map, np.uint8)
            weakref.finalize(whole, worker.free.append, shared).atexit = False
            for name, part in arrays.items():
                if isinstance(part, Layout):
                    arrays[name] = np.ndarray(part.shape, part.dtype, whole, part.offset)
        if answer.error is not None:
            raise answer.error
        return Finished(arrays, answer.failures)


def _size(part: Any) -> int:
    """Bytes that an array takes in shared memory."""
    return aligned(math.prod(part.shape) * part.dtype.itemsize)


def _stop(workers: list[_Worker], process: int, over: threading.Event) -> None:
    if os.getpid() != process:  # they go on working for the parent of a forked child
        return
    over.set()
    with undivided():
        for worker in workers:
            with contextlib.suppress(OSError):
                worker.pipe.send(None)
            worker.pipe.close()
        for worker in workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.terminate()
                worker.process.join()
            with contextlib.suppress(ValueError):  # another thread asks at this moment if it lives
                worker.process.close()


def _watch(pool: weakref.ref[_Pool], over: threading.Event) -> None:
    """End processes that are idle: nobody knows whether Keras has still something to do."""
    left = IDLE
    while left > 0 and not over.wait(left):
        known = pool()
        left = 0 if known is None else known.rest()
        del known


class ProcessRunning(Running):
    """Processes and batches in the making."""

    def __init__(self, processes: int, maker: Maker) -> None:
        super().__init__()
        self.processes = _Pool(processes, maker)

    @property
    def is_over(self) -> bool:
        return super().is_over or not self.processes.wake()

    def close(self) -> None:
        if self.process == os.getpid():
            self.processes.stop()


class Processes(Workers):
    """Give batches by address, as `Workers` do, made by processes.

    Processes are started new ("spawn"), for a copy of this one would have locks of threads that it
    has not. The maker, and with it the source, must be fit for a pickle.

    Args:
        count: How many processes.
        lookahead: Batches to prepare ahead of the one asked for; at least two for each process.
        maker: Gives the unfilled batch at an address.

    """

    def __init__(self, count: int, lookahead: int, maker: Maker) -> None:
        super().__init__(0, lookahead)
        self.count = count
        self.lookahead = max(lookahead, 2 * count)
        self._maker = maker

    def leave(self) -> None:
        """End the processes."""
        self.close()

    def _start(
        self, running: Any, address: Address, make: Callable[[Address], AnyBatch]
    ) -> RemoteJob:
        job: RemoteJob = running.processes.ask(address)
        return job

    def _new(self) -> ProcessRunning:
        with undivided():  # or they would be there without anybody to end them
            return ProcessRunning(self.count, self._maker)
