"""Dropout: parts of the image are lost, and what they held of the labels with them."""

from __future__ import annotations

from functools import reduce
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import image_planes
from ..core.fields import (
    Array,
    Between,
    Fill,
    Ordered,
    Probability,
    WholePair,
    is_number,
)
from ..core.holes import Hole, colour, random_values, replaced
from ..core.kinds import Holes, Joint
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.transform import Params

SPARSE = 0.1  # below this chance, jumping from hit to hit is cheaper than asking every pixel


class _Extent:
    """A pair of fractions in [0, 1], or of whole numbers of pixels."""

    def __call__(self, value: Any) -> bool:
        if not isinstance(value, tuple) or not all(map(is_number, value)):
            return True
        low, high = value
        if not 0 <= low <= high:
            return False
        return bool(high <= 1 or (low == int(low) and high == int(high)))

    def __str__(self) -> str:
        return "(low, high) with low <= high: two fractions in [0, 1] or two whole pixel counts"


Extent: TypeAlias = Annotated[tuple[float, float], _Extent()]


def extent(limits: tuple[float, float], length: int, unit: float) -> int:
    """Pixels that a range of extents and a unit uniform mean on a side of some length."""
    low, high = limits
    if high > 1 or (isinstance(low, int) and isinstance(high, int)):
        return min(length, int(low + unit * (high - low + 1)))
    return int(length * (low + unit * (high - low)))


class CoarseDropout(Holes):
    """Cover some rectangles at random places.

    Sizes are fractions of the image where both ends of a range are at most 1 and at least one of
    them is a float, such as (0.5, 1.0); otherwise pixels, both ends included.

    Args:
        num_holes_range: Fewest and most holes.
        hole_height_range: Smallest and largest height, as fractions of the image's or in pixels.
        hole_width_range: Smallest and largest width, as fractions of the image's or in pixels.
        fill: Image value of the holes, in the image's units; "random" for one colour per pixel,
            "random_uniform" for one per hole, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of the holes; None leaves masks alone.
        p: Chance that a call does anything.

    Source: T. DeVries and G. Taylor, Improved Regularization with Cutout, arXiv 1708.04552.

    """

    num_holes_range: Annotated[WholePair, Between(low=1), Ordered()] = (1, 2)
    hole_height_range: Extent = (0.1, 0.2)
    hole_width_range: Extent = (0.1, 0.2)
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        count = draw.whole(*self.num_holes_range)
        seed = draw.seed()
        return {"units": draw.generator.random((count, 4)).tolist(), "seed": seed}

    def holes(self, size: Size, units: list[list[float]], seed: int) -> list[Hole]:
        holes = []
        for tall, wide, down, across in units:
            height = extent(self.hole_height_range, size.height, tall)
            width = extent(self.hole_width_range, size.width, wide)
            if height and width:
                top = int(down * (size.height - height + 1))
                left = int(across * (size.width - width + 1))
                holes.append((left, top, left + width, top + height))
        return holes


class GridDropout(Holes):
    """Cover the rectangles of a regular grid, one in every cell.

    Cells are squares of a tenth of the shorter side, unless ``unit_size_range`` or
    ``holes_number_xy`` says otherwise. Something of every cell stays, even for a ratio of 1.

    Args:
        ratio: Side of a hole, as a fraction of its cell's.
        random_offset: Move the grid at random, by less than a cell.
        unit_size_range: Smallest and largest side of a square cell, in pixels.
        holes_number_xy: Number of cells across and down.
        shift_xy: Where the first hole starts, in pixels from the left and from the top, if
            ``random_offset`` is off; at most what a cell has room for.
        fill: Image value of the holes, in the image's units; "random" for one colour per pixel,
            "random_uniform" for one per hole, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of the holes; None leaves masks alone.
        p: Chance that a call does anything.

    Source: P. Chen et al., GridMask Data Augmentation, arXiv 2001.04086.

    """

    ratio: Annotated[float, Between(0, 1)] = 0.5
    random_offset: bool = True
    unit_size_range: Annotated[WholePair, Between(low=2), Ordered()] | None = None
    holes_number_xy: Annotated[WholePair, Between(low=1)] | None = None
    shift_xy: Annotated[WholePair, Between(low=0)] = (0, 0)
    p: Probability = 0.5

    draws: ClassVar[int] = 3

    def check(self) -> None:
        if not self.ratio:
            raise self.refuse("ratio", "a number in (0, 1]")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "unit": draw.uniform(),
            "offset": [draw.uniform(), draw.uniform()],
            "seed": draw.seed(),
        }

    def holes(self, size: Size, unit: float, offset: list[float], seed: int) -> list[Hole]:
        across, down = self._cells(size, unit)
        columns = self._spans(size.width, across, self.shift_xy[0], offset[0])
        rows = self._spans(size.height, down, self.shift_xy[1], offset[1])
        return [(left, top, right, bottom) for top, bottom in rows for left, right in columns]

    def _cells(self, size: Size, unit: float) -> tuple[int, int]:
        """Width and height of a cell."""
        shorter = min(size)
        if self.unit_size_range is not None:
            low, high = self.unit_size_range
            if high > shorter:
                raise ValueError(
                    f"GridDropout.unit_size_range must be at most the image's shorter side, got "
                    f"{self.unit_size_range} for a height of {size.height} and a width of "
                    f"{size.width}"
                )
            side = low + int(unit * (high - low + 1))
            return side, side
        if self.holes_number_xy is not None:
            x, y = self.holes_number_xy
            return max(2, size.width // x), max(2, size.height // y)
        side = max(2, shorter // 10)
        return side, side

    def _spans(self, length: int, cell: int, shift: int, offset: float) -> list[tuple[int, int]]:
        """First and last pixel of the holes along one axis."""
        hole = min(max(1, int(cell * self.ratio)), cell - 1)
        room = cell - hole
        start = int(offset * (room + 1)) if self.random_offset else min(shift, room)
        return [(at, min(at + hole, length)) for at in range(start, length, cell)]


class _Dropped(NamedTuple):
    """What a call of `PixelDropout` drops."""

    values: Array  # (H, W, C) bool; C is 1 unless channels are dropped one by one
    seed: int


class PixelDropout(Joint):
    """Replace single pixels, each with the same chance.

    Image and masks lose the same pixels; boxes and keypoints stay as they are.

    Args:
        dropout_prob: Chance that a pixel is dropped.
        per_channel: Decide for every channel by itself; masks lose a pixel if any channel does.
        drop_value: Image value of dropped pixels, in the image's units; None draws one colour
            per call.
        mask_drop_value: Mask value of dropped pixels; None leaves masks alone.
        p: Chance that a call does anything.

    """

    dropout_prob: Probability = 0.01
    per_channel: bool = False
    drop_value: Fill | None = 0
    mask_drop_value: Fill | None = None
    p: Probability = 0.5

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        channels = next((plane.channels for plane in image_planes(canvas)), 1)
        return {"seed": draw.seed(), "channels": channels if self.per_channel else 1}

    def plan(self, size: Size, seed: int, channels: int) -> _Dropped:
        shape = (*size, channels)
        drops = chance_mask(noise(seed), size.height * size.width * channels, self.dropout_prob)
        return _Dropped(drops.reshape(shape), seed)

    def change(self, frame: Array, is_mask: bool, plan: _Dropped) -> Array:
        value = self.mask_drop_value if is_mask else self.drop_value
        if is_mask and value is None:
            return frame
        if value is None:
            generator = noise(plan.seed ^ 1)  # not the numbers that chose the pixels
            fill = random_values(generator, frame.shape[2:], frame.dtype)
        else:
            fill = colour(value, frame)
        return replaced(frame, self._where(frame, is_mask, plan), fill)

    @staticmethod
    def _where(frame: Array, is_mask: bool, plan: _Dropped) -> Array:
        """Which pixels or values of a frame are dropped."""
        where = plan.values
        if is_mask or frame.shape[2:] != where.shape[2:]:
            channels = [where[:, :, index] for index in range(where.shape[2])]
            where = reduce(np.logical_or, channels)  # far faster than `any` over a short axis
        if where.shape[:2] == frame.shape[:2]:
            return where
        height, width = frame.shape[:2]
        other = cv2.resize(
            where.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST_EXACT
        )
        return other.reshape(height, width, *where.shape[2:]).view(bool)


def chance_mask(generator: np.random.Generator, count: int, chance: float) -> Array:
    """A (count,) bool array, every entry True with the same chance."""
    if chance >= 1:
        return np.ones(count, bool)
    if chance >= SPARSE:
        bits = generator.bit_generator.random_raw(-(-count // 2)).view(np.uint32)[:count]
        return np.asarray(bits < np.uint32(min(round(chance * 2**32), 2**32 - 1)))
    result = np.zeros(count, bool)
    if chance <= 0:
        return result
    at = -1
    while True:  # the gaps between successes of independent tries are geometric
        expected = (count - at) * chance
        gaps = generator.geometric(chance, int(expected + 4 * expected**0.5) + 8)
        places = at + np.cumsum(gaps)
        inside = places[: int(np.searchsorted(places, count))]
        result[inside] = True
        if len(inside) < len(places):
            return result
        at = int(places[-1])
