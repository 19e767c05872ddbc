"""Field types: what a transform's parameter may be, said once, in its annotation.

A hint such as ``Annotated[Symmetric, Between(-180, 180)]`` says everything about a field: the
type a user may write, what a bare number stands for (`Form`), which values are allowed (the
rules) and whether `Transform.sample` draws it (`Drawn`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]


class Ordered:
    """A pair is low, high."""

    def __call__(self, value: Any) -> bool:
        return not isinstance(value, tuple) or len(value) != 2 or value[0] <= value[1]

    def __str__(self) -> str:
        return "with low <= high"


@dataclass(frozen=True)
class Drawn(Ordered):
    """Marks a (low, high) field that `Transform.sample` draws afresh on every call."""

    whole: bool = False  # whole numbers, both ends included


@dataclass(frozen=True)
class Form:
    """What a bare number stands for; the stored value is always the result."""

    expand: Callable[[Any], Any]

    def convert(self, value: Any) -> Any:
        return self.expand(value) if is_number(value) else value


@dataclass(frozen=True)
class Between:
    """Every number in the value lies in the closed interval [low, high]."""

    low: float = -math.inf
    high: float = math.inf

    def __call__(self, value: Any) -> bool:
        numbers = value if isinstance(value, tuple) else (value,)
        return all(not is_number(n) or self.low <= n <= self.high for n in numbers)

    def __str__(self) -> str:
        if self.high == math.inf:
            return f">= {self.low:g}"
        return f"in [{self.low:g}, {self.high:g}]"


@dataclass(frozen=True)
class Above:
    """Every number in the value is greater than a bound."""

    low: float

    def __call__(self, value: Any) -> bool:
        numbers = value if isinstance(value, tuple) else (value,)
        return all(not is_number(n) or n > self.low for n in numbers)

    def __str__(self) -> str:
        return f"> {self.low:g}"


class AsText:
    """Paths, alone or several, become strings, so that they can be saved."""

    def convert(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(self.convert, value))
        return os.fspath(value) if isinstance(value, os.PathLike) else value


@dataclass(frozen=True)
class Words:
    """OpenCV codes that may also be given by name; the code is what is stored."""

    codes: tuple[tuple[str, int], ...]

    def convert(self, value: Any) -> Any:
        return dict(self.codes).get(value, value) if isinstance(value, str) else value

    def __call__(self, value: Any) -> bool:
        return value in {code for _, code in self.codes}

    def __str__(self) -> str:
        return "that is one of " + ", ".join(f"{code} ({word!r})" for word, code in self.codes)


def up_to(low: float) -> Form:
    """A bare number n stands for (low, n)."""
    return Form(lambda n: (low, n))


SAME = Form(lambda n: (n, n))
PLUS_MINUS = Form(lambda n: (-abs(n), abs(n)))
AROUND_ONE = Form(lambda n: (max(0, 1 - n), 1 + n))

Pair: TypeAlias = tuple[float, float]
WholePair: TypeAlias = tuple[int, int]

Range: TypeAlias = Annotated[float | Pair, SAME, Drawn()]
"""A number (always that number) or a pair (uniform between the two)."""
Symmetric: TypeAlias = Annotated[float | Pair, PLUS_MINUS, Drawn()]
"""A number n (uniform in [-n, n]) or a pair."""
AroundOne: TypeAlias = Annotated[float | Pair, AROUND_ONE, Drawn()]
"""A number n (uniform in [max(0, 1 - n), 1 + n]) or a pair."""
ZeroTo: TypeAlias = Annotated[float | Pair, up_to(0), Drawn()]
"""A number n (uniform in [0, n]) or a pair."""
DrawnPair: TypeAlias = Annotated[Pair, Drawn()]
"""A pair, uniform between the two."""
WholeRange: TypeAlias = Annotated[WholePair, Drawn(whole=True)]
"""A pair of whole numbers; each between them, ends included, is equally likely."""

Probability: TypeAlias = Annotated[float, Between(0, 1)]
Count: TypeAlias = Annotated[int, Between(1)]
CountUpTo: TypeAlias = Annotated[int | WholePair, up_to(1), Drawn(whole=True), Between(1)]
"""A number n (each of 1 to n is equally likely) or a pair, both ends included."""
Fill: TypeAlias = float | tuple[float, ...]
"""One number for every channel, or one per channel, in the units of the image's dtype."""
Interpolation: TypeAlias = Annotated[
    int | str,
    Words(
        (
            ("nearest", 0),
            ("linear", 1),
            ("cubic", 2),
            ("area", 3),
            ("lanczos", 4),
            ("linear_exact", 5),
            ("nearest_exact", 6),
        )
    ),
]
"""How to read between pixels: an OpenCV code or its word."""
Border: TypeAlias = Annotated[
    int | str,
    Words((("constant", 0), ("replicate", 1), ("reflect", 2), ("wrap", 3), ("reflect_101", 4))),
]
"""What lies beyond the edge: an OpenCV code or its word."""
RotateMethod: TypeAlias = Literal["largest_box", "ellipse"]


_dtype_names: dict[Any, str] = {}


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name of a dtype; NumPy works it out anew each time, which costs microseconds."""
    name = _dtype_names.get(dtype)
    if name is None:
        name = _dtype_names[dtype] = dtype.name
    return name


def channels_of(image: Array) -> int:
    """How many channels an image has; one that is (H, W) has one."""
    return 1 if image.ndim == 2 else image.shape[2]


def is_number(value: Any) -> bool:
    """Whether a value is one real number (True and False are not)."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether a number is one that a float can hold."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def plain(value: Any) -> Any:
    """Turn lists and arrays into tuples and NumPy scalars into Python numbers, at any depth."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return plain(value.tolist()) if value.size <= 64 else value
    if isinstance(value, (list, tuple)):
        return tuple(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def rules(hint: Any) -> tuple[Any, ...]:
    """The forms and checks that an ``Annotated`` hint carries, those in its union included."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(rule for arm in get_args(hint) for rule in rules(arm))
    return getattr(hint, "__metadata__", ())


def convert(value: Any, hint: Any) -> Any:
    """Bring a plain value into the form that a hint stores, whether or not it fits."""
    for rule in rules(hint):
        if hasattr(rule, "convert") and (value is not None or hasattr(rule, "takes_none")):
            value = rule.convert(value)
    return value


def fits(value: Any, hint: Any) -> bool:
    """Whether a plain value has the type, and keeps the rules, that a hint describes."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        checks = (rule for rule in rules(hint) if callable(rule))
        return fits(value, args[0]) and all(check(value) for check in checks)
    if origin in (Union, UnionType):
        return any(fits(value, arm) for arm in args)
    if origin is Literal:
        return any(value is arm or (type(value) is type(arm) and value == arm) for arm in args)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(args) == 2 and args[1] is ...:
            return all(fits(item, args[0]) for item in value)
        return len(value) == len(args) and all(map(fits, value, args))
    if hint is float:
        return is_number(value) and is_finite(value)
    if hint is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    if hint in (None, NoneType):
        return value is None
    if hint is Any:
        return True
    origin = origin or hint
    if origin is Callable or getattr(origin, "__name__", "") == "Callable":
        return callable(value)
    return isinstance(value, origin) if isinstance(origin, type) else True


def describe(hint: Any) -> str:
    """Say in words what a hint asks for, for error messages."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        checks = [str(rule) for rule in rules(hint) if callable(rule)]
        return " ".join([describe(args[0]), *checks])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(describe(arm) for arm in args))
    if origin is Literal:
        return "one of " + ", ".join(map(repr, args))
    if origin is tuple:
        if len(args) == 2 and args[1] is not ...:
            return "a pair of whole numbers" if args == (int, int) else "a pair of numbers"
        return "a tuple"
    names = {float: "a number", int: "a whole number", bool: "True or False", str: "a string"}
    return names.get(hint) or {NoneType: "None", None: "None"}.get(
        hint, getattr(hint, "__name__", str(hint))
    )
