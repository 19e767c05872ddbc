"""Other sizes, without cutting."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from ..core.canvas import Canvas
from ..core.fields import (
    Above,
    Between,
    Count,
    Interpolation,
    Probability,
    Symmetric,
)  # fmt: skip
from ..core.kinds import Resizing
from ..core.matrix import Size
from ..core.random import Draw
from ..core.transform import Params

AreaFor: TypeAlias = Literal["image", "image_mask"] | None
"""Which planes average pixels where the result is smaller."""


class Resize(Resizing):
    """Scale the image to a height and a width.

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.
        p: Chance that a call does anything.

    """

    height: Count
    width: Count
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    area_for_downscale: AreaFor = None
    p: Probability = 1.0

    def output_size(self, size: Size, **params: Any) -> Size:
        return Size(self.height, self.width)


class _MaxSize(Resizing, base=True):
    """Scales by one factor that a largest size decides. Subclasses define ``pick``."""

    max_size: Annotated[int | tuple[int, ...], Between(1)] | None = None
    max_size_hw: tuple[int | None, int | None] | None = None
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    area_for_downscale: AreaFor = None
    p: Probability = 1.0

    draws: ClassVar[int] = 1

    @staticmethod
    def pick(height: float, width: float) -> float:
        """The factor, from those that bring height and width to their limits."""
        raise NotImplementedError

    def check(self) -> None:
        if (self.max_size is None) == (self.max_size_hw is None):
            raise self.refuse("max_size", "given, or max_size_hw instead, but not both")
        if self.max_size == ():
            raise self.refuse("max_size", "at least one number")
        if self.max_size_hw is not None:
            limits = [limit for limit in self.max_size_hw if limit is not None]
            if not limits or min(limits) < 1:
                raise self.refuse("max_size_hw", "a pair of None or numbers >= 1, not both None")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        if self.max_size is None:
            return {}
        sizes = self.max_size
        return {"max_size": draw.choice(sizes) if isinstance(sizes, tuple) else sizes}

    def output_size(self, size: Size, **params: Any) -> Size:
        limits = self.max_size_hw or (params["max_size"], params["max_size"])
        factors = [
            limit / length for limit, length in zip(limits, size, strict=True) if limit is not None
        ]
        factor = self.pick(factors[0], factors[-1])
        return Size(max(1, round(size.height * factor)), max(1, round(size.width * factor)))


class LongestMaxSize(_MaxSize):
    """Scale the image, up or down, until its longest side has a size or it just fits a frame.

    Args:
        max_size: Longest side of the result, in pixels; several numbers to choose from at random.
        max_size_hw: Height and width of a frame that the result fits, in pixels; None for a side
            without a limit.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.
        p: Chance that a call does anything.

    """

    @staticmethod
    def pick(height: float, width: float) -> float:
        return min(height, width)


class SmallestMaxSize(_MaxSize):
    """Scale the image, up or down, until its shortest side has a size or it just fills a frame.

    Args:
        max_size: Shortest side of the result, in pixels; several numbers to choose from at random.
        max_size_hw: Height and width of a frame that the result fills, in pixels; None for a side
            without a limit.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.
        p: Chance that a call does anything.

    """

    @staticmethod
    def pick(height: float, width: float) -> float:
        return max(height, width)


class RandomScale(Resizing):
    """Scale the image by a random factor.

    Args:
        scale_limit: What is added to 1 to give the factor.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.
        p: Chance that a call does anything.

    """

    scale_limit: Annotated[Symmetric, Above(-1)] = (-0.1, 0.1)
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    area_for_downscale: AreaFor = None

    def output_size(self, size: Size, **params: Any) -> Size:
        factor = 1 + params["scale_limit"]
        return Size(max(1, int(size.height * factor)), max(1, int(size.width * factor)))
