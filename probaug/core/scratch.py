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
    count = math.prod(shape)
    flat = _buffers.flat.get((role, dtype))
    if flat is None or flat.size < count:
        if count * dtype.itemsize > MOST_BYTES:
            return None
        flat = _buffers.flat[role, dtype] = np.empty(count, dtype)
    return flat[:count].reshape(shape)
