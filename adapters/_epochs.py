"""A callback that tells a sequence what Keras is doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from ._order import EpochClock


class EpochCallback(keras.callbacks.Callback):
    """Keeps the epoch of a sequence equal to Keras' own number, and counts trained batches.

    Args:
        clock: That of the sequence.
        leave: Called when the fit is over.

    """

    def __init__(self, clock: EpochClock, leave: Callable[[], None]) -> None:
        super().__init__()
        self._leave = leave
        self._clock = clock
        self._first: int | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._first = None

    def on_train_end(self, logs: Any = None) -> None:
        self._leave()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._first is None:
            self._first = epoch
        self._clock.testing = False
        self._clock.tell(epoch, self._first, (self.params or {}).get("steps"))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._clock.trained(batch + 1)

    def on_test_begin(self, logs: Any = None) -> None:
        self._clock.testing = True

    def on_test_end(self, logs: Any = None) -> None:
        self._clock.testing = False
