"""Containers that choose which of their children run."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from .canvas import Canvas
from .compose import BaseCompose, Children, Nodes, Steps
from .fields import Between, Probability
from .random import Draw
from .transform import Node
from .warn import warn


class OneOf(BaseCompose):
    """Run exactly one transform, chosen with odds given by their ``p``.

    Args:
        transforms: What to choose from; their ``p`` are weights.
        p: Chance that a call does anything.

    """

    transforms: Children
    p: Probability = 0.5
    draws = 1

    def check(self) -> None:
        if self.transforms and not any(child.p > 0 for child in self.transforms):
            raise self.refuse("transforms", "transforms of which one has p > 0")

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Steps:
        if not self.transforms:
            return []
        left = draw.values[slot] * sum(child.p for child in self.transforms)
        choice = last = 0
        for choice, child in enumerate(self.transforms):
            if child.p > 0:
                last = choice
            left -= child.p
            if left < 0:
                break
        choice = choice if left < 0 else last  # rounding may leave a little
        return [(choice, self.step(canvas, draw, choice, slot + 1, lane, force=True))]


class OneOrOther(BaseCompose):
    """Run the first transform with chance ``p``, else the last.

    Args:
        first: What runs with chance ``p``.
        second: What runs otherwise.
        transforms: Both, in place of ``first`` and ``second``.
        p: Chance of the first.

    """

    first: Any = None
    second: Any = None
    transforms: Children | None = None  # type: ignore[assignment]
    p: Probability = 0.5
    has_gate = False

    def check(self) -> None:
        if self.transforms is not None and (self.first is not None or self.second is not None):
            raise self.refuse("transforms", "None where first and second are given")
        if self.transforms is None:
            if not (isinstance(self.first, Node) and isinstance(self.second, Node)):
                raise self.refuse("transforms", "two transforms, or first and second given")
            pair = Nodes([self.first, self.second])
            self.__dict__.update(first=None, second=None, transforms=pair)
        if len(self.transforms or ()) < 2:
            raise self.refuse("transforms", "at least two transforms")

    def maybe(self, canvas: Canvas, draw: Draw, slot: int, lane: int, force: bool = False) -> Steps:
        index = 0 if draw.values[slot] < self.p else len(self._cached_layout[0]) - 1
        return [(index, self.step(canvas, draw, index, slot + 1, lane, force=True))]


class SomeOf(BaseCompose):
    """Run ``n`` transforms chosen uniformly, in the order of the list, each with its own chance.

    Args:
        transforms: What to choose from.
        n: How many are chosen.
        replace: Whether one may be chosen several times.
        p: Chance that a call does anything.

    """

    transforms: Children
    n: Annotated[int, Between(0)] = 1
    replace: bool = False  # type: ignore[assignment]  # the parameter's name in 2.0.8
    p: Probability = 1

    ordered: ClassVar[bool] = True

    def check(self) -> None:
        count = len(self.transforms)
        if self.n > count and not self.replace:
            warn(
                f"{type(self).__name__}.n is {self.n} but there are {count} transforms; "
                f"using {count}"
            )
            self.__dict__["n"] = count
        if self.replace and self.n and not count:
            raise self.refuse("transforms", "at least one transform")

    @property
    def blocks(self) -> int:  # type: ignore[override]
        return self.n if self.replace else 1  # each time it is chosen, a child draws anew

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Steps:
        draw.lane = lane
        _, uniforms, lanes = self._cached_layout
        block, lines = (uniforms, lanes - 1) if self.replace else (0, 0)
        steps: Steps = []
        for turn, index in enumerate(self._chosen(draw.generator.random(self.n).tolist())):
            record = self.step(canvas, draw, index, slot + turn * block, lane + turn * lines)
            if record is not None:
                steps.append((index, record))
        return steps

    def _chosen(self, uniforms: list[float]) -> list[int]:
        """Places of the children, in the order in which they run."""
        count = len(self.transforms)
        if self.replace:
            chosen = [int(u * count) for u in uniforms]
        else:  # the first n of a shuffle
            places = list(range(count))
            for i, u in enumerate(uniforms):
                j = i + int(u * (count - i))
                places[i], places[j] = places[j], places[i]
            chosen = places[: self.n]
        return sorted(chosen) if self.ordered else chosen


class RandomOrder(SomeOf):
    """Run ``n`` transforms chosen uniformly, in random order, each with its own chance.

    Args:
        transforms: What to choose from.
        n: How many are chosen.
        replace: Whether one may be chosen several times.
        p: Chance that a call does anything.

    """

    ordered = False
