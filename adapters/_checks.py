"""Checks of constructor arguments, each error in the same words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np


def refuse(owner: str, field: str, rule: str, value: Any) -> ValueError:
    """The error for a value that breaks a rule."""
    return ValueError(f"{owner}.{field} must be {rule}, got {value!r}")


def whole(owner: str, field: str, value: Any, low: int) -> int:
    """A whole number not below ``low``."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= low:
        return int(value)
    raise refuse(owner, field, f"a whole number >= {low}", value)


def one_of(owner: str, field: str, value: Any, options: Iterable[str]) -> str:
    """One of the named options."""
    known = tuple(options)
    if isinstance(value, str) and value in known:
        return value
    raise refuse(owner, field, "one of " + ", ".join(map(repr, known)), value)


def seed_of(owner: str, seed: Any, pipeline: Any) -> int:
    """The seed given, else the pipeline's own, else 0."""
    if seed is None:
        seed = getattr(pipeline, "seed", None)
    return 0 if seed is None else whole(owner, "seed", seed, 0)
