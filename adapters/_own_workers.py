"""Keras' workers, for which a sequence that works in parallel itself has no use."""

from __future__ import annotations

import keras


class OwnWorkers(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` that takes no workers but its own."""

    @property
    def workers(self) -> int:
        """Keras' own workers: always 1, for the threads are inside the batch."""
        return 1

    @workers.setter
    def workers(self, value: int) -> None:
        if value not in (0, 1):
            raise ValueError(
                f"{type(self).__name__}.workers must be 1, got {value!r}: the samples of a batch "
                f"are made in parallel already, by threads={value!r} of its own; Keras' workers "
                "would add nothing to them, and lose batches on some backends"
            )

    @property
    def use_multiprocessing(self) -> bool:
        """Always False: threads need no copies of a batch."""
        return False

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        if value:
            raise ValueError(
                f"{type(self).__name__}.use_multiprocessing must be False: OpenCV works without "
                "Python's lock, so that threads=... are faster than processes, which copy every "
                "batch; for pipelines with much Python in them there is processes=..."
            )
