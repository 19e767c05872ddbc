"""Filters by a kernel: what a lens, or its correction, does to every point alike."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import clipped, filtered
from ..core.fields import Array, Between, CountUpTo, DrawnPair, Probability, Symmetric, ZeroTo
from ..core.kinds import ColorPixel, Pixel
from ..core.random import Draw, noise
from ..core.scratch import scratch
from ..core.transform import Params
from .blur import NUMBERS, KernelSizes, odd

DEPTHS = dict(zip(NUMBERS, (cv2.CV_8U, cv2.CV_16U, cv2.CV_16S, cv2.CV_32F, cv2.CV_64F)))
NEGLIGIBLE = {"uint8": 1e-3}
"""What part of a kernel's weight may be left out: of bytes, at most a quarter of a level."""


class AdvancedBlur(Pixel):
    """Average with the weights of a generalised Gaussian, turned, stretched and noisy.

    The weight at a distance of d deviations is exp(-d^(2 beta) / 2): 1 is a Gaussian, less is
    more pointed, more is flatter.

    Args:
        blur_limit: Side of the kernel, in pixels, odd; a number n stands for 3 to n.
        sigma_x_limit: Deviation along the first axis, in pixels; a number n stands for 0 to n.
        sigma_y_limit: Deviation along the second axis, likewise.
        rotate_limit: By how much the axes are turned, in degrees, clockwise.
        beta_limit: The exponent; below 1 and above 1 are equally likely.
        noise_limit: What each weight is multiplied by; a number n stands for 0 to n.
        p: Chance that a call does anything.

    Source: X. Wang et al., Real-ESRGAN, 2021 (generalised Gaussian kernels).

    """

    blur_limit: KernelSizes = (3, 7)
    sigma_x_limit: Annotated[ZeroTo, Between(0)] = (0.2, 1.0)
    sigma_y_limit: Annotated[ZeroTo, Between(0)] = (0.2, 1.0)
    rotate_limit: Symmetric = (-90, 90)
    beta_limit: Annotated[ZeroTo, Between(0)] = (0.5, 8.0)
    noise_limit: Annotated[ZeroTo, Between(0)] = (0.9, 1.1)
    p: Probability = 0.5

    dtypes = NUMBERS
    draws: ClassVar[int] = 5

    def check(self) -> None:
        low, high = self.beta_limit  # type: ignore[misc]
        if not low < 1 < high:
            raise self.refuse("beta_limit", "a pair with low < 1 < high")
        if self.noise_limit[1] == 0:  # type: ignore[index]
            raise self.refuse("noise_limit", "a pair with high > 0")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        low, high = self.beta_limit  # type: ignore[misc]
        half = 2 * draw.uniform()
        return {
            "beta": low + (1 - low) * half if half < 1 else high - (high - 1) * (half - 1),
            "kernel": odd(draw, self.blur_limit),
            "sigma_x": draw.between(self.sigma_x_limit),
            "sigma_y": draw.between(self.sigma_y_limit),
            "rotate": draw.between(self.rotate_limit),
            "seed": draw.seed(),
        }

    def edit(
        self,
        image: Array,
        kernel: int,
        sigma_x: float,
        sigma_y: float,
        rotate: float,
        beta: float,
        seed: int,
    ) -> Array:
        steps = np.arange(kernel) - kernel // 2
        cos, sin = math.cos(math.radians(rotate)), math.sin(math.radians(rotate))
        y = steps[:, None]
        along, across = steps * cos + y * sin, y * cos - steps * sin
        far = (along / max(sigma_x, 1e-3)) ** 2 + (across / max(sigma_y, 1e-3)) ** 2
        with np.errstate(over="ignore"):
            weights = np.exp(-0.5 * far**beta)
        low, high = self.noise_limit  # type: ignore[misc]
        weights *= noise(seed).random(weights.shape) * (high - low) + low
        return convolved(image, weights / weights.sum())


class Defocus(Pixel):
    """Average over a disc, as a lens out of focus does.

    Args:
        radius: Radius of the disc, in pixels; a number n stands for 1 to n.
        alias_blur: How soft its edge is: deviation of a Gaussian, in pixels; a number n stands for
            0 to n.
        p: Chance that a call does anything.

    Source: D. Hendrycks and T. Dietterich, Benchmarking Neural Network Robustness to Common
    Corruptions, 2019.

    """

    radius: CountUpTo = (3, 10)
    alias_blur: Annotated[ZeroTo, Between(0)] = (0.1, 0.5)
    p: Probability = 0.5

    dtypes = NUMBERS

    def edit(self, image: Array, radius: int, alias_blur: float) -> Array:
        soft = 1 if radius <= 8 else 2  # how far the soft edge reaches
        steps = np.arange(-radius - soft, radius + soft + 1) ** 2
        disc: Array = (steps + steps[:, None] <= radius**2).astype(np.float64)
        if alias_blur:
            edge = cv2.getGaussianKernel(2 * soft + 1, alias_blur)
            disc = cv2.sepFilter2D(disc, -1, edge, edge, borderType=cv2.BORDER_CONSTANT)
        return convolved(image, disc / disc.sum())


class RingingOvershoot(ColorPixel):
    """Cut off all high frequencies, which leaves rings around edges.

    The kernel is that of an ideal round low-pass filter, J1(c r) c / (2 pi r), cut to a square.

    Args:
        blur_limit: Side of the kernel, in pixels, odd; a number n stands for 3 to n.
        cutoff: Highest frequency c that stays, in radians per pixel.
        p: Chance that a call does anything.

    Source: X. Wang et al., Real-ESRGAN, 2021 (sinc filters).

    """

    blur_limit: KernelSizes = (7, 15)
    cutoff: Annotated[DrawnPair, Between(0, math.pi)] = (math.pi / 4, math.pi / 2)
    p: Probability = 0.5

    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"kernel": odd(draw, self.blur_limit), "cutoff": draw.between(self.cutoff)}

    def edit(self, image: Array, kernel: int, cutoff: float) -> Array:
        steps = np.arange(kernel) - kernel // 2
        weights = jinc(cutoff * np.hypot(steps, steps[:, None]))
        return clipped(convolved(image, weights / weights.sum()))


def jinc(x: Array) -> Array:
    """J1(x) / x, from Poisson's integral, whose sums converge at once."""
    count = 24 + int(x.max())
    turns = (np.arange(count) + 0.5) * (math.pi / count)
    waves = np.cos(x[..., None] * np.cos(turns)) * np.sin(turns) ** 2
    return np.asarray(waves.mean(axis=-1))


def convolved(image: Array, weights: Array) -> Array:
    """Filter by a square kernel whose sum is 1, in the cheaper of two ways.

    A symmetric kernel is a sum of few products of a column and a row: two passes for each are
    cheaper than one over all of its weights, or than the Fourier transforms that OpenCV takes
    beyond 11 x 11. The choice follows times measured with OpenCV 5.
    """
    least = NEGLIGIBLE.get(image.dtype.name, 1e-6)
    while len(weights) > 1 and abs(weights).sum() - abs(weights[1:-1, 1:-1]).sum() < least / 4:
        weights = weights[1:-1, 1:-1]
    size = len(weights)
    if size == 1:
        return image
    if np.allclose(weights, weights[::-1]) and np.allclose(weights, weights[:, ::-1]):
        pairs = products(weights, least / 2)
        if len(pairs) * (1.4 * size + 2.5) < (size**2 if size <= 11 else 370):
            return filtered(lambda part: in_passes(part, pairs), image)
    sizes = np.sort(abs(weights), axis=None)  # weights of 0 cost nothing
    small = min(int(np.searchsorted(np.cumsum(sizes), least / 4)), size**2 - 1)
    weights = np.where(abs(weights) < sizes[small], 0, weights)
    weights = (weights / weights.sum()).astype(np.float32)
    return filtered(lambda part: cv2.filter2D(part, -1, weights), image)


def products(weights: Array, least: float) -> list[tuple[Array, Array]]:
    """Columns and rows whose products make up a symmetric kernel but for so little."""
    columns, factors, rows = np.linalg.svd(weights / weights.sum())
    pairs = []
    left = weights / weights.sum()
    for column, factor, row in zip(columns.T, factors, rows, strict=True):
        column, row = (column + column[::-1]) * (factor / 2), (row + row[::-1]) / 2
        pairs.append((column.astype(np.float32), row.astype(np.float32)))
        left = left - np.outer(column, row)
        if abs(left).sum() < least:
            break
    return pairs


def in_passes(image: Array, pairs: list[tuple[Array, Array]]) -> Array:
    """The sum of an image's filterings by columns and rows."""
    (column, row), *more = pairs
    if not more:
        return cv2.sepFilter2D(image, -1, row, column)
    # new memory for each pass would take four times as long as the passes
    dtype = np.dtype(np.float64 if image.dtype == np.float64 else np.float32)
    total, part = (scratch(role, image.shape, dtype) for role in ("passes", "pass"))
    depth = DEPTHS[dtype.name]
    total = cv2.sepFilter2D(image, depth, row, column, total)
    for column, row in more[:-1]:
        part = cv2.sepFilter2D(image, depth, row, column, part)
        total = cv2.add(total, part, total)
    column, row = more[-1]
    part = cv2.sepFilter2D(image, depth, row, column, part)
    return cv2.add(total, part, dtype=DEPTHS[image.dtype.name])
