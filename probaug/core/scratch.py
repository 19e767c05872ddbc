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
        self.flat: dict[tuple[str, np.dtype[Any]], Array] = {}


_buffers = _Buffers()


def scratch(role: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """An array with arbitrary content; the next call for the same role gives the same memory.

    None for arrays so large that keeping them would be a burden.
    """
    return _shaped(_buffers.flat.get((role, dtype)), role, shape, dtype)


def lend(role: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    """The same, but nobody else gets this memory before `take_back`: for use around users' code."""
    return _shaped(_buffers.flat.pop((role, dtype), None), role, shape, dtype, keep=False)


def take_back(role: str, array: Array | None) -> None:
    """End a loan."""
    if array is not None:
        _buffers.flat[role, array.dtype] = array.base if array.base is not None else array


def _shaped(
    flat: Array | None,
    role: str,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    keep: bool = True,
) -> Array | None:
    count = math.prod(shape)
    if flat is None or flat.size < count:
        if count * dtype.itemsize > MOST_BYTES:
            return None
        flat = np.empty(count, dtype)
        if keep:
            _buffers.flat[role, dtype] = flat
    return flat[:count].reshape(shape)
