"""Memory that several processes see."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import tempfile
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

ALIGNMENT = 64


class Place(NamedTuple):
    """Where to open shared memory; paths come again, numbers do not."""

    number: int
    path: str

    def opened(self) -> mmap.mmap:
        """The memory."""
        with open(self.path, "r+b") as file:
            return mmap.mmap(file.fileno(), 0)


class Shared:
    """Memory of several processes: a file without a name, so that nothing is left of a killed run.

    Others open it by the path of this process' descriptor. Where a system has no such paths, the
    file has a name until `forget`, which is called once all have opened it.
    """

    _numbers = itertools.count()

    def __init__(self, size: int) -> None:
        number = next(self._numbers)
        prefix = f"probaug-{os.getpid()}-{number}-"
        memory = reserved(prefix, "/dev/shm", size=size) or reserved(prefix, None, size=size)
        file, path = memory or (-1, "")
        if file < 0:
            raise OSError(f"there is no room for {size} bytes to share with other processes")
        self.map = mmap.mmap(file, size)
        self.size = size
        descriptor = f"/proc/{os.getpid()}/fd/{file}"
        if os.path.exists(descriptor):
            os.unlink(path)
            path = descriptor
            self.forget: Callable[[], object] = weakref.finalize(self, os.close, file)
        else:
            os.close(file)
            self.forget = weakref.finalize(self, unlink, path, os.getpid())
        self.place = Place(number, path)


def reserved(prefix: str, folder: str | None, *, size: int) -> tuple[int, str] | None:
    """A file of this size; a file that only seems to have room would kill who writes to it."""
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


class Layout(NamedTuple):
    """Where an array lies in shared memory."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
