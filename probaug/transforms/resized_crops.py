"""Windows of the image, cut out and scaled to a fixed size."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from ..core.canvas import Canvas
from ..core.fields import (
    Above,
    Between,
    Count,
    Drawn,
    DrawnPair,
    Interpolation,
    Probability,
    WholePair,
    up_to,
)  # fmt: skip
from ..core.kinds import Resizing
from ..core.layer import Window
from ..core.matrix import Size
from ..core.random import Draw
from ..core.transform import Params
from .crops import around_boxes, fraction_window, window_at
from .resize import AreaFor

TRIES = 10
MIDDLE = math.nextafter(0.5, 0)  # `start` rounds down with it, as a central window should


def shaped(size: Size, area: float, ratio: float) -> Size:
    """The size of a window with a part of the image's area and a ratio of width to height."""
    pixels = area * size.height * size.width
    return Size(round(math.sqrt(pixels / ratio)), round(math.sqrt(pixels * ratio)))


def central(size: Size, low: float, high: float) -> Params:
    """The largest window in the middle whose ratio of width to height lies in [low, high]."""
    own = size.width / size.height
    ratio = min(max(own, low), high)
    area = min(ratio / own, own / ratio)
    return {"area": area, "ratio": ratio, "top": MIDDLE, "left": MIDDLE}


class RandomResizedCrop(Resizing):
    """Cut out a window of random area and shape, and scale it to a size.

    Ten windows are tried; if none fits the image, the largest one in the middle is taken.

    Args:
        size: Height and width of the result, in pixels.
        scale: Area of the window, as a fraction of the image's.
        ratio: Width of the window divided by its height, log-uniform.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.
        p: Chance that a call does anything.

    Szegedy et al., "Going Deeper with Convolutions", 2015.

    """

    size: Annotated[WholePair, Between(1)]
    scale: Annotated[DrawnPair, Between(0, 1)] = (0.08, 1.0)
    ratio: Annotated[DrawnPair, Above(0)] = (0.75, 1.3333333333333333)
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    area_for_downscale: AreaFor = None
    p: Probability = 1.0

    draws: ClassVar[int] = 2 * TRIES + 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        place = {"top": draw.uniform(), "left": draw.uniform()}
        whole = canvas.size
        low, high = self.ratio
        for _ in range(TRIES):
            area, ratio = draw.between(self.scale), draw.log_between(low, high)
            height, width = shaped(whole, area, ratio)
            if 0 < height <= whole.height and 0 < width <= whole.width:
                return {"area": area, "ratio": ratio, **place}
        return central(whole, low, high)

    def window(self, size: Size, **params: Any) -> Window:
        height, width = shaped(size, params["area"], params["ratio"])
        cut = Size(min(max(1, height), size.height), min(max(1, width), size.width))
        return window_at(size, cut, params["top"], params["left"])

    def output_size(self, size: Size, **params: Any) -> Size:
        return Size(*self.size)


class RandomSizedCrop(Resizing):
    """Cut out a window of random height, and scale it to a size.

    A window larger than the image is cut down to it.

    Args:
        min_max_height: Height of the window, in pixels; a number n stands for 1 to n.
        size: Height and width of the result, in pixels.
        w2h_ratio: Width of the window divided by its height.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.
        p: Chance that a call does anything.

    """

    min_max_height: Annotated[int | WholePair, up_to(1), Between(1), Drawn(whole=True)]
    size: Annotated[WholePair, Between(1)]
    w2h_ratio: Annotated[float, Above(0)] = 1.0
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    area_for_downscale: AreaFor = None
    p: Probability = 1.0

    draws: ClassVar[int] = 3

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        height = draw.whole(*self.min_max_height)  # type: ignore[misc]
        return {"height": height, "top": draw.uniform(), "left": draw.uniform()}

    def window(self, size: Size, **params: Any) -> Window:
        height = params["height"]
        width = max(1, int(height * self.w2h_ratio))
        cut = Size(min(height, size.height), min(width, size.width))
        return window_at(size, cut, params["top"], params["left"])

    def output_size(self, size: Size, **params: Any) -> Size:
        return Size(*self.size)


class RandomSizedBBoxSafeCrop(Resizing):
    """Cut out a random window that holds every box, and scale it to a size.

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        erosion_rate: Part of the width and height of the boxes' common outline that may be cut
            off; without boxes, largest part of the image's height that is.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        p: Chance that a call does anything.

    """

    height: Count
    width: Count
    erosion_rate: Annotated[float, Between(0, 1)] = 0.0
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    p: Probability = 1.0

    draws: ClassVar[int] = 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return around_boxes(canvas, self.erosion_rate, draw)

    def window(self, size: Size, **params: Any) -> Window:
        return fraction_window(size, **params)

    def output_size(self, size: Size, **params: Any) -> Size:
        return Size(self.height, self.width)
