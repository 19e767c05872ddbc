"""Checks of constructor arguments, each error in the same words."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


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


def check_pipeline(owner: str, pipeline: Any) -> None:
    """Refuse a list of transforms or a class; functions may stand for pipelines."""
    if not callable(pipeline) or isinstance(pipeline, type):
        rule = "a Compose([...]) or a single transform"
        raise TypeError(f"{owner}.pipeline must be {rule}, got {pipeline!r:.80}")


def seed_of(owner: str, seed: Any, pipeline: Any) -> int:
    """The seed given, else the pipeline's own, else 0."""
    if seed is None:
        seed = getattr(pipeline, "seed", None)
    return 0 if seed is None else whole(owner, "seed", seed, 0)


def label_params(owner: str, pipeline: Any, labels: str, name: str, kind: str) -> Any:
    """What a pipeline says of some labels; one that says nothing cannot move them."""
    params = getattr(pipeline, name, None)
    if params is None:
        raise ValueError(
            f"{owner} needs a pipeline that knows its {labels}, "
            f"Compose([...], {name}={kind}(...)), got {type(pipeline).__name__} without {name}"
        )
    return params


def keywords(owner: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function name the nearest of its keywords when it is given another."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        known = [name for name in inspect.signature(function).parameters if name != "self"]

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in kwargs:
                if name not in known:
                    raise TypeError(_unknown(owner, name, known))
            return function(*args, **kwargs)

        return checked

    return decorated


def _unknown(owner: str, name: str, known: list[str]) -> str:
    from difflib import get_close_matches  # only on the way to an error

    near = get_close_matches(name, known, 2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"it takes {', '.join(known)}"
    return f"{owner} has no parameter {name!r}; {hint}"
