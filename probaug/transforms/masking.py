"""Dropout of stripes, grid lines, one rectangle or whole channels."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np

from ..core.canvas import Canvas
from ..core.channels import image_planes
from ..core.fields import (
    Array,
    Between,
    Count,
    DrawnPair,
    Ordered,
    Pair,
    Probability,
    WholePair,
    WholeRange,
    channels_of,
    up_to,
)
from ..core.holes import Cover, Hole, colour
from ..core.hooks import DualTransform
from ..core.kinds import Holes, Pixel
from ..core.matrix import Size
from ..core.random import Draw
from ..core.transform import Params

UpTo: TypeAlias = Annotated[int | WholePair, up_to(0), Between(low=0), Ordered()]
"""A whole number n (0 to n) or a pair, both ends included."""


class ChannelDropout(Pixel):
    """Replace some channels by a constant; at least one is left.

    Args:
        channel_drop_range: Fewest and most channels.
        fill: Value of the dropped channels, in the image's units.
        p: Chance that a call does anything.

    """

    channel_drop_range: Annotated[WholePair, Between(low=1), Ordered()] = (1, 1)
    fill: float = 0
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        count = draw.whole(*self.channel_drop_range)
        least = min((plane.channels for plane in image_planes(canvas)), default=count + 1)
        self._require(least)
        units = draw.generator.random(least).tolist()
        return {"channels": sorted(sorted(range(least), key=units.__getitem__)[:count])}

    def _require(self, channels: int) -> None:
        if self.channel_drop_range[1] >= channels:
            raise ValueError(
                f"ChannelDropout.channel_drop_range is {self.channel_drop_range}, but an image "
                f"has {channels} channels, of which one at least must be left"
            )

    def edit(self, image: Array, channels: list[int]) -> Array:
        self._require(channels_of(image))  # a replay may bring another one
        value = colour(self.fill, image)
        if image.dtype.kind == "u":  # bits of whole rows are faster than strides
            dropped = np.zeros(image.shape[1:], image.dtype)
            dropped[:, channels] = np.iinfo(image.dtype).max
            result = np.bitwise_and(image, ~dropped, order="C")
            result |= dropped & value
            return result
        result = np.array(image, order="C")
        for channel in channels:
            result[:, :, channel] = value
        return result


class Erasing(Holes):
    """Cover one rectangle at a random place.

    Its shape is drawn among those that fit: its area is always what was drawn.

    Args:
        scale: Smallest and largest area, as a fraction of the image's.
        ratio: Smallest and largest width divided by height; where none of that range has room,
            the nearest that has.
        fill: Image value of the rectangle, in the image's units; "random" for one colour per
            pixel, "random_uniform" for one, "inpaint_telea" or "inpaint_ns" to close it.
        fill_mask: Mask value of the rectangle; None leaves masks alone.
        p: Chance that a call does anything.

    Source: Z. Zhong et al., Random Erasing Data Augmentation, arXiv 1708.04896.

    """

    scale: Annotated[DrawnPair, Between(0, 1)] = (0.02, 0.33)
    ratio: Annotated[Pair, Between(low=0), Ordered()] = (0.3, 3.3)
    p: Probability = 0.5

    draws: ClassVar[int] = 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "scale": draw.between(self.scale),
            "ratio": draw.uniform(),
            "offset": [draw.uniform(), draw.uniform()],
            "seed": draw.seed(),
        }

    def holes(
        self, size: Size, scale: float, ratio: float, offset: list[float], seed: int
    ) -> list[Hole]:
        if not scale:
            return []
        across = size.width / size.height
        least, most = scale * across, across / scale  # widths by heights that have room
        low, high = (min(max(limit, least), most) for limit in self.ratio)
        wide = math.sqrt(scale * size.height * size.width * (low + ratio * (high - low)))
        tall = scale * size.height * size.width / wide
        width, height = min(round(wide), size.width), min(round(tall), size.height)
        if not (width and height):
            return []
        left = int(offset[0] * (size.width - width + 1))
        top = int(offset[1] * (size.height - height + 1))
        return [(left, top, left + width, top + height)]


class XYMasking(Holes):
    """Cover stripes across the whole height and across the whole width.

    No stripe is longer than the image's side.

    Args:
        num_masks_x: Fewest and most stripes that span the height; a number n stands for 0 to n.
        num_masks_y: Fewest and most stripes that span the width; likewise.
        mask_x_length: Smallest and largest width of the former, in pixels; likewise.
        mask_y_length: Smallest and largest height of the latter, in pixels; likewise.
        fill: Image value of the stripes, in the image's units; "random" for one colour per pixel,
            "random_uniform" for one per stripe, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of the stripes; None leaves masks alone.
        p: Chance that a call does anything.

    Source: D. Park et al., SpecAugment, arXiv 1904.08779.

    """

    num_masks_x: UpTo = 0
    num_masks_y: UpTo = 0
    mask_x_length: UpTo = 0
    mask_y_length: UpTo = 0
    p: Probability = 0.5

    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        counts = [draw.whole(*pair(n)) for n in (self.num_masks_x, self.num_masks_y)]
        seed = draw.seed()
        x, y = (draw.generator.random((count, 2)).tolist() for count in counts)
        return {"x": x, "y": y, "seed": seed}

    def holes(
        self, size: Size, x: list[list[float]], y: list[list[float]], seed: int
    ) -> list[Hole]:
        columns = spans(x, pair(self.mask_x_length), size.width)
        rows = spans(y, pair(self.mask_y_length), size.height)
        upright = [(left, 0, right, size.height) for left, right in columns]
        return upright + [(0, top, size.width, bottom) for top, bottom in rows]


def pair(stored: Any) -> WholePair:
    """The stored form of a field that also takes a single number."""
    low, high = stored
    return low, high


def spans(units: list[list[float]], lengths: WholePair, side: int) -> list[tuple[int, int]]:
    """Starts and ends of stripes along a side, from a unit for the length and one for the place."""
    low, high = lengths
    result = []
    for long, place in units:
        length = min(side, low + int(long * (high - low + 1)))
        start = int(place * (side - length + 1))
        if length:
            result.append((start, start + length))
    return result


class _OneStripe(DualTransform, base=True):
    """Covers one stripe with black, as an `XYMasking` does that subclasses make."""

    draws: ClassVar[int] = 2
    axis: ClassVar[str]

    _cached_masking: ClassVar[Any]
    """What it stands for, an `XYMasking`."""

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        unit = [draw.uniform(), draw.uniform()]
        return {"x": [], "y": [], self.axis: [unit], "seed": draw.seed()}

    def on(self, canvas: Canvas, params: Params) -> None:
        self._cached_masking.on(canvas, params)


class TimeMasking(_OneStripe):
    """Black out one stretch of a spectrogram's time, the x axis, in images and masks.

    Args:
        time_mask_param: Largest width, in pixels; each from 0 to this is equally likely.
        p: Chance that a call does anything.

    Source: D. Park et al., SpecAugment, arXiv 1904.08779.

    """

    time_mask_param: Count = 40
    p: Probability = 0.5

    axis: ClassVar[str] = "x"

    @cached_property
    def _cached_masking(self) -> XYMasking:
        return XYMasking(num_masks_x=1, mask_x_length=self.time_mask_param, fill_mask=0)


class FrequencyMasking(_OneStripe):
    """Black out one band of a spectrogram's frequencies, the y axis, in images and masks.

    Args:
        freq_mask_param: Largest height, in pixels; each from 0 to this is equally likely.
        p: Chance that a call does anything.

    Source: D. Park et al., SpecAugment, arXiv 1904.08779.

    """

    freq_mask_param: Count = 30
    p: Probability = 0.5

    axis: ClassVar[str] = "y"

    @cached_property
    def _cached_masking(self) -> XYMasking:
        return XYMasking(num_masks_y=1, mask_y_length=self.freq_mask_param, fill_mask=0)


class GridMask(Holes):
    """Cover the lines of a grid of square cells, shifted at random.

    Args:
        num_grid_range: Fewest and most cells along the image's shorter side.
        line_width_range: Thinnest and thickest lines, as a fraction of a cell.
        rotation_range: Angle of the grid, in degrees, counter-clockwise.
        fill: Image value of the lines, in the image's units; "random" for one colour per pixel,
            "random_uniform" for one, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of the lines; None leaves masks alone.
        p: Chance that a call does anything.

    Source: P. Chen et al., GridMask Data Augmentation, arXiv 2001.04086.

    """

    num_grid_range: Annotated[WholeRange, Between(low=1)] = (3, 7)
    line_width_range: Annotated[DrawnPair, Between(0, 1)] = (0.2, 0.5)
    rotation_range: DrawnPair = (0, 0)
    p: Probability = 0.5

    draws: ClassVar[int] = 5

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        offset = [draw.uniform(), draw.uniform()]
        return {**super().sample(draw, canvas), "offset": offset, "seed": draw.seed()}

    def holes(
        self,
        size: Size,
        num_grid_range: int,
        line_width_range: float,
        rotation_range: float,
        offset: list[float],
        seed: int,
    ) -> Cover:
        thick = round(line_width_range * 65536)
        if not thick:
            return []
        # a cell is 65536 long, so that whole numbers of 16 bits count from the line's beginning
        unit = 65536 * num_grid_range / min(size)
        angle = math.radians(rotation_range)
        x = (np.arange(size.width) + (1 - size.width) / 2) * unit
        y = (np.arange(size.height) + (1 - size.height) / 2) * unit
        across = math.cos(angle) * x, -math.sin(angle) * y, offset[0]
        down = math.sin(angle) * x, math.cos(angle) * y, offset[1]
        lines = np.zeros(size, bool)
        for along, down_along, start in (across, down):
            columns = np.rint(along + start * 65536).astype(np.int64).astype(np.uint16)
            rows = np.rint(down_along).astype(np.int64).astype(np.uint16)
            lines |= rows[:, None] + columns <= thick - 1
        return lines
