"""Averages and medians over a neighbourhood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import filtered
from ..core.fields import (
    Array,
    Between,
    Drawn,
    DrawnPair,
    Form,
    Probability,
    WholePair,
    ZeroTo,
    is_number,
    up_to,
)
from ..core.kinds import Pixel
from ..core.random import Draw
from ..core.tone import MOST
from ..core.transform import Params
from ..core.warn import warn

NUMBERS: tuple[str, ...] = ("uint8", "uint16", "int16", "float32", "float64")
"""What OpenCV's linear filters serve. They keep any range: nothing is clipped."""


@dataclass(frozen=True)
class OddSizes(Form):
    """A number n stands for (3, n); what is even or less than 3 is raised, with a warning."""

    def convert(self, value: Any) -> Any:
        pair = super().convert(value)
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(map(is_number, pair))):
            return pair
        if any(size != int(size) for size in pair):
            return pair
        low, high = (max(int(size), 3) | 1 for size in pair)
        if (low, high) != pair:
            warn(f"kernel sizes must be odd and at least 3: {value!r} is taken as {(low, high)}")
        return low, high


KernelSizes: TypeAlias = Annotated[
    int | WholePair, OddSizes(lambda n: (3, n)), Drawn(whole=True), Between(3)
]
"""A number n (odd sizes from 3 to n) or a pair of odd numbers."""


def odd(draw: Draw, sizes: Any) -> int:
    """One of the odd numbers of a stored `KernelSizes`."""
    low, high = sizes
    return int(low + 2 * draw.whole(0, (high - low) // 2))


def smoothed(image: Array, size: int, sigma: float) -> Array:
    """Average with Gaussian weights; a sigma of 0 is what OpenCV takes for the size.

    Two passes of floats: up to four times as fast on bytes as cv2.GaussianBlur.
    """
    weights = cv2.getGaussianKernel(size, sigma, cv2.CV_32F)
    return filtered(lambda part: cv2.sepFilter2D(part, -1, weights, weights), image)


class Blur(Pixel):
    """Average over a square.

    Args:
        blur_limit: Side of the square, in pixels, odd; a number n stands for 3 to n.
        p: Chance that a call does anything.

    """

    blur_limit: KernelSizes = (3, 7)
    p: Probability = 0.5

    dtypes = NUMBERS
    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"kernel": odd(draw, self.blur_limit)}

    def edit(self, image: Array, kernel: int) -> Array:
        return filtered(lambda part: cv2.blur(part, (kernel, kernel)), image)


class GaussianBlur(Pixel):
    """Average with Gaussian weights.

    Args:
        blur_limit: Side of the kernel, in pixels; an even one is raised by 1, and 0 stands for
            2 * int(3.5 * sigma) + 1. A number n stands for 0 to n.
        sigma_limit: Standard deviation, in pixels; 0 changes nothing. A number n stands for 0 to n.
        p: Chance that a call does anything.

    """

    blur_limit: Annotated[int | WholePair, up_to(0), Drawn(whole=True), Between(0)] = 0
    sigma_limit: Annotated[ZeroTo, Between(0)] = (0.5, 3.0)
    p: Probability = 0.5

    dtypes = NUMBERS

    def edit(self, image: Array, blur_limit: int, sigma_limit: float) -> Array:
        size = blur_limit | 1 if blur_limit else 2 * int(3.5 * sigma_limit) + 1
        if size == 1 or sigma_limit == 0:
            return image
        return smoothed(image, size, sigma_limit)


class MotionBlur(Blur):
    """Average along a line, as if the camera had moved.

    Labels stay where they are, even where the line lies to one side of the pixel.

    Args:
        blur_limit: Length of the line, in pixels, odd; a number n stands for 3 to n.
        allow_shifted: Whether the line may be shifted by up to a quarter of its length, each way.
        angle_range: Direction of the line in degrees, counter-clockwise.
        direction_range: How far the line lies to one side of the pixel: 0 in the middle, 1 all
            ahead, -1 all behind.
        p: Chance that a call does anything.

    """

    blur_limit: KernelSizes = (3, 7)
    allow_shifted: bool = True
    angle_range: Annotated[DrawnPair, Between(0, 360)] = (0, 360)
    direction_range: Annotated[DrawnPair, Between(-1, 1)] = (-1.0, 1.0)
    p: Probability = 0.5

    draws: ClassVar[int] = 5

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        params = super().sample(draw, canvas)
        most = params["kernel"] // 4 if self.allow_shifted else 0
        return {
            **params,
            "angle": draw.between(self.angle_range),
            "direction": draw.between(self.direction_range),
            "shift": [draw.whole(-most, most), draw.whole(-most, most)],
        }

    def edit(  # type: ignore[override]
        self, image: Array, kernel: int, angle: float, direction: float, shift: list[int]
    ) -> Array:
        cells = line(kernel, angle, direction, shift)
        left, top = (min(0, *(cell[axis] for cell in cells)) for axis in (0, 1))
        right, bottom = (max(0, *(cell[axis] for cell in cells)) for axis in (0, 1))
        weights = np.zeros((bottom - top + 1, right - left + 1), np.float32)
        for x, y in cells:
            weights[y - top, x - left] = 1 / len(cells)
        # The smallest kernel that holds them: large ones OpenCV filters by Fourier transforms.
        return filtered(lambda part: cv2.filter2D(part, -1, weights, anchor=(-left, -top)), image)


def line(length: int, angle: float, direction: float, shift: list[int]) -> list[tuple[int, int]]:
    """The pixels of a line, as offsets (to the right, down) from the pixel that it belongs to."""
    half = length // 2
    right, down = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
    longer = max(abs(right), abs(down))
    ahead = round(half * longer * min(1.0, 1 + direction))
    behind = round(half * longer * min(1.0, 1 - direction))
    return [
        (
            shift[0] + math.floor(step * right / longer + 0.5),
            shift[1] + math.floor(step * down / longer + 0.5),
        )
        for step in range(-behind, ahead + 1)
    ]


class MedianBlur(Blur):
    """Take the median over a square.

    Sizes of 7 and more are slow: some 20 milliseconds for half a megapixel of 8-bit RGB, more
    than 100 for other dtypes, which OpenCV does not serve and NumPy sorts.

    Args:
        blur_limit: Side of the square, in pixels, odd; a number n stands for 3 to n.
        p: Chance that a call does anything.

    """

    blur_limit: KernelSizes = (3, 7)
    p: Probability = 0.5

    dtypes = ("uint8", "uint16", "int16", "float32")

    def edit(self, image: Array, kernel: int) -> Array:
        most = MOST
        if kernel > 5:
            if image.dtype != np.uint8:
                return median(image, kernel)
            most = 4 if image.ndim == 3 and image.shape[2] in (3, 4) else 1
        return filtered(lambda part: cv2.medianBlur(part, kernel), image, most)


def median(image: Array, size: int) -> Array:
    """Medians over a square, for what OpenCV does not serve."""
    half, middle = size // 2, size * size // 2
    edges = [(half, half), (half, half), (0, 0)][: image.ndim]
    padded = np.pad(image, edges, mode="edge")
    result = np.empty_like(image)
    rows = max(1, 2**22 // (result[0].size * size * size))  # what fits into a cache or two
    for top in range(0, len(image), rows):
        part = padded[top : top + rows + 2 * half]
        squares = np.lib.stride_tricks.sliding_window_view(part, (size, size), axis=(0, 1))
        ranked = np.partition(squares.reshape(*squares.shape[:-2], -1), middle, axis=-1)
        result[top : top + rows] = ranked[..., middle]
    return result
