"""Checks that 2.0.8's users put into their own ``InitSchema``, which is accepted and not used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Pair: TypeAlias = tuple[float, float]

SymmetricRangeType: TypeAlias = Pair | float
ZeroOneRangeType: TypeAlias = Pair | float
NonNegativeFloatRangeType: TypeAlias = Pair | float
NonNegativeIntRangeType: TypeAlias = tuple[int, int] | int
OnePlusFloatRangeType: TypeAlias = Pair | float
OnePlusIntRangeType: TypeAlias = tuple[int, int] | int
OnePlusIntNonDecreasingRangeType: TypeAlias = tuple[int, int]


def nondecreasing(value: Pair) -> Pair:
    """The pair itself; an error if its first number is the larger."""
    if value[0] > value[1]:
        raise ValueError(f"the first number must not be larger than the second, got {value}")
    return value


def check_range_bounds(
    min_val: float,
    max_val: float | None = None,
    min_inclusive: bool = True,
    max_inclusive: bool = True,
) -> Callable[[Any], Any]:
    """A function that gives back numbers within bounds, and raises an error for others."""

    def check(value: Any) -> Any:
        for number in value or ():
            low = number >= min_val if min_inclusive else number > min_val
            if not low or not (
                max_val is None or (number <= max_val if max_inclusive else number < max_val)
            ):
                raise ValueError(f"all numbers must lie between {min_val} and {max_val}: {value}")
        return value

    return check
