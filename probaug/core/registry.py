"""The names that saved pipelines may hold."""

from __future__ import annotations

from typing import TypeVar

from .declared import Declared

REGISTRY: dict[str, type[Declared]] = {}
"""The classes that saved pipelines may name."""

T = TypeVar("T", bound=type[Declared])


def register(cls: T) -> T:
    """Let saved pipelines name a class; use it as a decorator on your own transforms."""
    known = REGISTRY.setdefault(cls.__name__, cls)
    if known is not cls:
        raise TypeError(f"the name {cls.__name__!r} is already registered by {known.__module__}")
    return cls
