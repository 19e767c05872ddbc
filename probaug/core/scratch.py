"""Memory of each thread for intermediates that are read once and never escape.

Fresh pages cost more than the work done in them, so they are kept.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from .fields import Array

MOST_BYTES = 1 << 25


class _Buffers(threading.local):
    def __init__(self) -> None:
        self.last: dict[tuple[str, np.dtype[Any]], Array] = {}


_buffers = _Buffers()


def scratch(role: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """An array with arbitrary content; the next call for the same role gives the same memory.

    None for arrays so large that keeping them would be a burden.
    """
    last = _buffers.last.get((role, dtype))
    if last is None or last.shape != shape:
        last = _shaped(last, shape, dtype)
        if last is not None:
            _buffers.last[role, dtype] = last
    return last


def lend(role: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """The same, but nobody else gets this memory before `take_back`: for use around users' code."""
    last = _buffers.last.pop((role, dtype), None)
    return last if last is not None and last.shape == shape else _shaped(last, shape, dtype)


def take_back(role: str, array: Array | None) -> None:
    """End a loan."""
    if array is not None:
        _buffers.last[role, array.dtype] = array


def _shaped(last: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """The memory of an earlier array, or new memory, in another shape."""
    count = math.prod(shape)
    flat = None if last is None else last.base
    if flat is None or flat.size < count:
        if count * dtype.itemsize > MOST_BYTES:
            return None
        flat = np.empty(count, dtype)
    return flat[:count].reshape(shape)
