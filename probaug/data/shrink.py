"""How small a picture may be decoded before a pipeline sees it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..core.matrix import Size
from ..core.warp import AREA
from ..transforms.flips import HorizontalFlip, VerticalFlip
from ..transforms.misc import NoOp
from ..transforms.pads import LetterBox
from ..transforms.resize import LongestMaxSize, Resize, SmallestMaxSize
from ..transforms.resized_crops import RandomResizedCrop

PASSING = (HorizontalFlip, VerticalFlip, NoOp)
"""What may stand before: it does not look at the size, nor does it change it."""


SHRINKING = (Resize, SmallestMaxSize, LongestMaxSize, LetterBox, RandomResizedCrop)
"""What may make a picture smaller as a whole, and so needs less of it."""


class Shrink(NamedTuple):
    """How small a pipeline lets pictures be decoded: a function of their height and width.

    Args:
        step: The pipeline's first step.
        gap: How many times what it needs must be left.

    """

    step: Any
    gap: int

    @classmethod
    def of(cls, pipeline: Any, wanted: bool | None) -> Shrink | None:
        """Find out whether pictures may be decoded smaller; None if they may not.

        Args:
            pipeline: A Compose or a transform.
            wanted: True wherever the first step scales down, False never. None where it averages
                pixels as the decoder does (INTER_AREA, ``area_for_downscale``), and then twice
                what it needs is left: pixels differ by less than one grey level in the mean.

        """
        step = first_step(pipeline)
        if wanted is False or not isinstance(step, SHRINKING):
            return None
        averages = step.interpolation == AREA or getattr(step, "area_for_downscale", None)
        if not (wanted or averages):
            return None
        return cls(step, 1 if wanted else 2)

    def __call__(self, size: tuple[int, int]) -> tuple[int, int] | None:
        needed = smallest_needed(self.step, size)
        return None if needed is None else (self.gap * needed[0], self.gap * needed[1])


def smallest_needed(pipeline: Any, size: tuple[int, int]) -> tuple[int, int] | None:
    """Height and width that the first step of a pipeline needs, of a picture of a size.

    A step that scales everything down needs no more than what it gives: Resize, SmallestMaxSize,
    LongestMaxSize, LetterBox; so does RandomResizedCrop with its smallest window. None for any
    other step, for one that does not always run, and if all of the picture is needed.

    Args:
        pipeline: A Compose or a transform.
        size: Height and width of the whole picture.

    Example::

        assert smallest_needed(A.Compose([A.Resize(100, 200)]), (1200, 1600)) == (100, 200)
        assert smallest_needed(A.RandomCrop(100, 200), (1200, 1600)) is None

    """
    step = first_step(pipeline)
    if step is None or step.p < 1:
        return None
    whole = Size(*size)
    if isinstance(step, RandomResizedCrop):
        area, (low, high) = step.scale[0] * whole.height * whole.width, step.ratio
        height = min(math.sqrt(area / high), whole.height, whole.width / high)
        width = min(math.sqrt(area * low), whole.width, whole.height * low)
        shrink = min(height / step.size[0], width / step.size[1])
    elif isinstance(step, (SmallestMaxSize, LongestMaxSize)):
        sizes = step.max_size if isinstance(step.max_size, tuple) else (step.max_size,)
        given = [step.output_size(whole, max_size=limit) for limit in sizes]
        shrink = 1 / max(found.height / whole.height for found in given)
    elif isinstance(step, LetterBox):
        height, width = step.size  # type: ignore[misc]  # it is stored as a pair
        shrink = max(whole.height / height, whole.width / width)
    elif isinstance(step, Resize):
        if step.height > whole.height or step.width > whole.width:
            return None
        return step.height, step.width
    else:
        return None
    if shrink <= 1:
        return None
    return math.ceil(whole.height / shrink), math.ceil(whole.width / shrink)


def first_step(step: Any) -> Any:
    """The transform that runs first and looks at the size; None if that is not always the same."""
    while hasattr(step, "transforms"):
        if step.p < 1 or type(step).__name__ not in ("Compose", "ReplayCompose", "Sequential"):
            return None
        step = next((s for s in step.transforms if not isinstance(s, PASSING)), None)
    return step
