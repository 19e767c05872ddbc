"""Memory that several processes see."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import tempfile
import weakref
from typing import Any, NamedTuple

import numpy as np

ALIGNMENT = 64


class Shared:
    """Memory of several processes: a file that has no name any more once all have opened it."""

    _numbers = itertools.count()

    def __init__(self, size: int) -> None:
        file, self.path = self._reserve("/dev/shm", size) or self._reserve(None, size) or (-1, "")
        if file < 0:
            raise OSError(f"there is no room for {size} bytes to share with other processes")
        self.map = mmap.mmap(file, size)
        os.close(file)
        self.size = size
        self.forget = weakref.finalize(self, unlink, self.path, os.getpid())

    def _reserve(self, folder: str | None, size: int) -> tuple[int, str] | None:
        """A file of this size; a file that only seems to have room would kill who writes to it."""
        prefix = f"probaug-{os.getpid()}-{next(self._numbers)}-"  # no name comes twice
        try:
            file, path = tempfile.mkstemp(prefix=prefix, dir=folder)
        except OSError:
            return None
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, size)
            else:
                os.truncate(file, size)
        except OSError:
            os.close(file)
            unlink(path, os.getpid())
            return None
        return file, path


def unlink(path: str, process: int) -> None:
    if os.getpid() == process:  # a forked child has no say in it
        with contextlib.suppress(OSError):
            os.unlink(path)


def opened(path: str) -> mmap.mmap:
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), 0)


class Layout(NamedTuple):
    """Where an array lies in shared memory."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
