"""Flips and quarter turns: every pixel moves, none is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..core.canvas import Canvas
from ..core.fields import Probability
from ..core.kinds import Geometric
from ..core.matrix import Matrix, Size
from ..core.random import Draw
from ..core.transform import Params

ELEMENTS = {
    "e": (1, 1, False),
    "r90": (1, -1, True),
    "r180": (-1, -1, False),
    "r270": (-1, 1, True),
    "v": (1, -1, False),
    "h": (-1, 1, False),
    "t": (1, 1, True),
    "hvt": (-1, -1, True),
}
"""The eight symmetries of a square: the signs of the new x and y, and whether x and y swap."""

NAMES = tuple(ELEMENTS)
TURNS = ("e", "r90", "r180", "r270")


class _Symmetry(Geometric, base=True):
    """A flip or quarter turn. Subclasses name it, a key of `ELEMENTS`, in ``element(**params)``."""

    element: ClassVar[Callable[..., str]]

    def placed(self, size: Size, **params: Any) -> tuple[Matrix, Size]:
        x, y, swaps = ELEMENTS[self.element(**params)]
        height, width = size
        if swaps:
            left, top = height if x < 0 else 0, width if y < 0 else 0
            return Matrix(0, x, left, y, 0, top), Size(width, height)
        left, top = width if x < 0 else 0, height if y < 0 else 0
        return Matrix(x, 0, left, 0, y, top), size


class HorizontalFlip(_Symmetry):
    """Mirror the image left to right.

    Args:
        p: Chance that a call does anything.

    """

    def element(self) -> str:
        return "h"


class TimeReverse(HorizontalFlip):
    """Turn a spectrogram's time around, as `HorizontalFlip` does.

    Args:
        p: Chance that a call does anything.

    """


class VerticalFlip(_Symmetry):
    """Mirror the image top to bottom.

    Args:
        p: Chance that a call does anything.

    """

    def element(self) -> str:
        return "v"


class Transpose(_Symmetry):
    """Swap rows and columns.

    Args:
        p: Chance that a call does anything.

    """

    def element(self) -> str:
        return "t"


class RandomRotate90(_Symmetry):
    """Turn the image counter-clockwise by 0, 1, 2 or 3 quarters.

    Args:
        p: Chance that a call does anything.

    """

    p: Probability = 1.0

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"factor": draw.whole(0, 3)}

    def element(self, factor: int) -> str:
        return TURNS[factor]


class D4(_Symmetry):
    """Flip or turn the image by one of the eight symmetries of a square.

    They are none ("e"), the turns by 90, 180 and 270 degrees counter-clockwise, the mirrors top to
    bottom ("v") and left to right ("h"), and those about the two diagonals ("t" and "hvt").

    Args:
        p: Chance that a call does anything.

    """

    p: Probability = 1.0

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"group_element": draw.choice(NAMES)}

    def element(self, group_element: str) -> str:
        return group_element


class SquareSymmetry(D4):
    """Flip or turn the image as `D4` does.

    Args:
        p: Chance that a call does anything.

    """
