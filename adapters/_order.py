"""The order of samples in an epoch, and which epoch it is."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

# Keeps the order's random words apart from those that draw the samples of the same seed.
_ORDER = 0x0DE2


def permutation(seed: int, epoch: int, count: int) -> NDArray[np.intp]:
    """Order ``count`` samples by random words that depend on the seed and the epoch alone.

    Sorting raw Philox words needs nothing of NumPy that may change between releases.
    """
    key = np.random.SeedSequence(seed, spawn_key=(_ORDER,)).generate_state(2, np.uint64)
    words = np.random.Philox(key=key, counter=[0, 0, 0, epoch]).random_raw(count)
    return np.argsort(words, kind="stable")


class EpochClock:
    """Keep the number of the epoch that is being asked for.

    Keras asks for two batches and calls ``on_epoch_end`` before the first epoch of a fit, then
    brackets each epoch by ``on_epoch_begin`` and ``on_epoch_end``. So an epoch counts when it was
    begun, all its batches were asked for, and it ended. With ``steps_per_epoch`` below the number
    of batches, Keras carries on with the same pass over the data in the next epoch; the number
    that decides order and draws is then that of the pass.

    Args:
        epoch: The first epoch.
        batches: Batches in a pass over the data.
        frozen: Stay at the epoch set, whatever Keras does.

    """

    def __init__(self, epoch: int, batches: int, frozen: bool) -> None:
        self.epoch = epoch
        self.testing = False
        self._batches = batches
        self._frozen = frozen
        # Enough for a pass and for looks aside; loops without Keras never empty it.
        self._asked: deque[int] = deque(maxlen=2 * batches + 4)
        self._inside = False
        self._told: tuple[int, int] | None = None

    def set(self, epoch: int) -> None:
        """Make this the current epoch."""
        self.epoch = epoch
        self._asked.clear()

    def asked(self, batch: int) -> None:
        """Note that a batch was asked for."""
        self._asked.append(batch)

    def tell(self, epoch: int, first: int, steps: int | None) -> None:
        """Take the true epoch from a callback; it holds from the next `begin`.

        Args:
            epoch: Keras' number of the epoch that begins.
            first: Keras' number of the fit's first epoch.
            steps: Steps in each of Keras' epochs.

        """
        if self._frozen:
            return
        if steps is None or steps >= self._batches:
            self.set(epoch)
        span = -(-self._batches // steps) if steps else 1
        self._told = epoch, -(-first // span) + (epoch - first) // span

    def begin(self) -> None:
        """Keras begins an epoch."""
        self._inside = True
        if self._told is not None:
            epoch, data_pass = self._told
            self._told = None
            epoch = epoch if self.testing else data_pass
            if epoch != self.epoch:
                self.set(epoch)

    def end(self) -> None:
        """Keras ends an epoch, or has only looked at the shapes of two batches."""
        inside, self._inside = self._inside, False
        if not inside or self._broken_off():
            self._asked.clear()
        elif len(set(self._asked)) >= self._batches:
            self.set(self.epoch if self._frozen else self.epoch + 1)

    def _broken_off(self) -> bool:
        """Whether the epoch never ended and this is the look before another fit."""
        look = list(range(min(2, self._batches)))
        asked = list(self._asked)
        before, last = asked[: -len(look)], asked[-len(look) :]
        return last == look and not set(look).isdisjoint(before)
