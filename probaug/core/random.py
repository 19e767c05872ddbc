"""Keyed randomness: a sample is a function of (pipeline, seed, epoch, index) and nothing else.

One Philox generator per thread and nesting depth is re-keyed for every call by assigning a
prebuilt state: key = two words made from the seed, counter = [0, lane, epoch, index]. Lane 0 gives
one block of uniforms in which each node of the pipeline owns fixed places (its *slots*); node n
owns lane n + 1 for whatever has no fixed count: noise fields, permutations, retries.
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import random
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

Words: TypeAlias = tuple[int, int]
Key: TypeAlias = tuple[Words, int, int]

WORD = 2**64


@lru_cache(maxsize=1024)
def words_of(seed: int, *more: int) -> Words:
    """Two 64-bit words spread from a seed of any size (and, for workers, an identity).

    What stands behind a seed's digits ends in 0, as no digits do, so that no other seed equals it.
    """
    apart = (int(seed < 0), *more, len(more), 0) if more or seed < 0 else ()
    sequence = np.random.SeedSequence(abs(seed), spawn_key=apart)
    low, high = sequence.generate_state(2, np.uint64).tolist()
    return low, high


class Draw:
    """The random numbers of one call, handed from node to node.

    A node reads its own uniforms, in order, from `uniform`, `between`, `whole` and `choice`;
    how many it has is its declared number of slots, and beyond them it reads from its own lane.
    """

    __slots__ = (
        "_bits", "_generator", "_keyed", "_state", "_uniforms", "canvas", "lane", "params",
        "python", "slot", "stop", "values",
    )  # fmt: skip

    def __init__(self) -> None:
        self._bits = np.random.Philox(0)
        self._generator = np.random.Generator(self._bits)
        self._state: Any = {
            "bit_generator": "Philox",
            "state": {"counter": [0, 0, 0, 0], "key": [0, 0]},
            "buffer": [0] * 4,
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }
        self._keyed = 0
        self._uniforms = np.empty(0)
        self.values: list[float] = []
        self.slot = 0
        self.stop = 0
        self.lane = 0
        self.params: Any = None  # what the current transform drew, for error notes
        self.canvas: Any = None  # what a user's transform is working on
        self.python: tuple[int, random.Random] | None = None  # its generator, by lane

    def begin(self, key: Key, slots: int) -> None:
        """Start a call: draw all its slots at once."""
        words, epoch, index = key
        inner = self._state["state"]
        inner["key"] = words
        inner["counter"] = [0, 0, epoch, index]
        self._bits.state = self._state
        self._keyed = 0
        self.lane = 0
        self.python = None
        self.stop = slots
        if len(self._uniforms) != slots:
            self._uniforms = np.empty(slots)
        self.values = self._generator.random(out=self._uniforms).tolist()

    def uniform(self) -> float:
        """The node's next number in [0, 1)."""
        slot = self.slot
        if slot >= self.stop:  # more than it declared: not what belongs to the next node
            return float(self.generator.random())
        self.slot = slot + 1
        return self.values[slot]

    def between(self, pair: Any) -> float:
        """Uniform in the (low, high) pair; the pair must be in its stored form."""
        low, high = pair
        slot = self.slot
        if slot < self.stop:  # as `uniform` does, without a call
            self.slot = slot + 1
            return float(low + (high - low) * self.values[slot])
        return float(low + (high - low) * self.uniform())

    def whole(self, low: int, high: int) -> int:
        """A whole number in [low, high], both ends included."""
        return low + int(self.uniform() * (high - low + 1))

    def choice(self, items: Sequence[Any]) -> Any:
        """One of the items."""
        return items[int(self.uniform() * len(items))]

    def log_between(self, low: float, high: float) -> float:
        """Log-uniform in [low, high]; both positive."""
        return math.exp(self.between((math.log(low), math.log(high))))

    @property
    def generator(self) -> np.random.Generator:
        """A NumPy generator on the node's own lane, for what has no fixed count."""
        lane = self.lane + 1
        if self._keyed != lane:
            self._keyed = lane
            self._state["state"]["counter"][1] = lane
            self._bits.state = self._state
        return self._generator

    def seed(self) -> int:
        """A 63-bit seed from the node's own lane; what a noise field is recorded as."""
        return int(self.generator.bit_generator.random_raw()) >> 1


def noise(seed: int) -> np.random.Generator:
    """The generator of a recorded noise field."""
    return np.random.Generator(np.random.SFC64(seed))


class _Stack(threading.local):
    def __init__(self) -> None:
        self.depth = 0
        self.pool: list[Draw] = []


_stack = _Stack()


def current() -> Draw | None:
    """The draw of the call that this thread is in, if any."""
    return _stack.pool[_stack.depth - 1] if _stack.depth else None


def enter(key: Key, slots: int) -> Draw:
    """Begin a call; one within a call leaves the outer draw as it is."""
    stack = _stack
    depth = stack.depth
    if depth == len(stack.pool):
        stack.pool.append(Draw())
    draw = stack.pool[depth]
    draw.begin(key, slots)
    stack.depth = depth + 1
    return draw


def leave(draw: Draw) -> None:
    """End the call that `enter` began, in whatever way."""
    _stack.depth -= 1
    draw.canvas = draw.params = None  # or the thread would keep the sample alive


def uniforms(seed: int, places: Iterable[tuple[int, int]], slots: int) -> list[list[float]]:
    """All uniforms of calls by the keys (seed, epoch, index), of which the last two are given."""
    words, drawn = words_of(seed), []
    draw = enter((words, 0, 0), slots)
    for epoch, index in places:
        draw.begin((words, epoch, index), slots)
        drawn.append(draw.values)
    leave(draw)
    return drawn


_generation = 0  # grows in every forked child, so that inherited streams are noticed
_forked_from: Any = None  # what multiprocessing called the parent of a forked child
_restarting = threading.Lock()
_copies = itertools.count()  # tells streams of one process apart, pickled copies included


def _after_fork() -> None:
    global _forked_from, _generation, _restarting
    _generation += 1
    _forked_from = multiprocessing.current_process()
    _restarting = threading.Lock()  # another thread may have held the parent's


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _worker() -> tuple[int, ...]:
    """What tells this process from its siblings; empty in a main process.

    A worker of multiprocessing has an identity of its own; a plain fork has its parent's, and only
    its number is new.
    """
    process = multiprocessing.current_process()
    started = multiprocessing.parent_process() is not None
    identity = tuple(process._identity) if started else ()
    if process is _forked_from or (started and not identity):
        identity += (os.getpid(),)
    return identity


class Stream:
    """Keys for calls that name none: a counter under a seed.

    Without a seed the key comes from the operating system, anew in every process. With one, a
    main process starts at (seed, 0, 0) and counts; a worker process folds in its identity, so that
    no two workers, and no two copies sent to one worker, repeat each other.
    """

    def __init__(self, seed: int | None) -> None:
        if not (seed is None or _is_whole(seed)):
            raise ValueError(f"seed must be a whole number or None, got {seed!r}")
        self.seed = None if seed is None else int(seed)
        self._copy = next(_copies)
        self._generation = -1

    def next(self) -> Key:
        """The key of the next call."""
        if self._generation != _generation:
            self._restart()
        return self._words, 0, next(self._count)

    def at(self, index: int) -> Key:
        """The key of call number ``index`` in epoch 0, the same in every worker if seeded."""
        if self.seed is not None:
            return words_of(self.seed), 0, index
        if self._generation != _generation:
            self._restart()
        return self._words, 0, index

    def _restart(self) -> None:
        with _restarting:
            if self._generation == _generation:
                return
            worker = _worker()
            if self.seed is None:
                fresh = int.from_bytes(os.urandom(16), "little")
                self._words: Words = (fresh % WORD, fresh // WORD)
            elif worker:
                self._words = words_of(self.seed, 1 + len(worker), *worker, self._copy)
            else:
                self._words = words_of(self.seed)
            self._count = itertools.count()
            self._generation = _generation


def key_of(key: Any, stream: Stream) -> Key:
    """Read a call's ``key=``: an index, or (seed, epoch, index)."""
    if isinstance(key, tuple) and len(key) == 3:
        seed, epoch, index = key
        plain = type(seed) is type(epoch) is type(index) is int  # nearly always
        if (plain or all(map(_is_whole, key))) and 0 <= epoch < WORD and 0 <= index < WORD:
            return words_of(int(seed)), int(epoch), int(index)
    elif _is_whole(key) and 0 <= key < WORD:
        return stream.at(int(key))
    raise ValueError(
        f"key must be a whole number >= 0 or a tuple (seed, epoch, index) of them, got {key!r}"
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def python_random(draw: Draw) -> random.Random:
    """A `random.Random` on the current node's lane, for users' transforms."""
    return random.Random(draw.seed())
