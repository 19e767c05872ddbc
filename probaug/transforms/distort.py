"""Distortions: every pixel of the result is read at a place of its own."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.fields import (
    Array,
    Between,
    Border,
    Count,
    Fill,
    Interpolation,
    Probability,
    Symmetric,
)
from ..core.kinds import Remap
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.transform import Params

KeypointMethod = Literal["direct", "mask"]

FINENESS = 4  # grid points per sigma of smooth noise: linear reading between them errs by 0.8 %
REACH = 3  # sigmas at which a Gaussian kernel ends
APPROXIMATE_KERNEL = 17  # pixels; 2.0.8's
LEVELS = 65536


class ElasticTransform(Remap):
    """Shift every pixel by smooth random noise.

    The noise is Gaussian or uniform, its values reach about -1 and 1, it is blurred by ``sigma``
    and multiplied by ``alpha``. The blur takes most of its strength: pixels move by some
    0.06 alpha / sigma (Gaussian) or 0.16 alpha / sigma (uniform), so the defaults are hardly seen.

    Args:
        alpha: Strength, in pixels.
        sigma: Standard deviation of the blur, in pixels.
        interpolation: How to read the image between pixels.
        approximate: Cut the blur off at 17 x 17 pixels; stronger and rougher for a large sigma.
        same_dxdy: Shift x and y by the same noise.
        mask_interpolation: How to read masks between pixels.
        noise_distribution: "gaussian" or "uniform".
        keypoint_remapping_method: Kept for compatibility; points always follow the inverse map.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    Source: P. Simard et al., Best Practices for Convolutional Neural Networks, 2003.

    """

    alpha: Annotated[float, Between(0)] = 1
    sigma: Annotated[float, Between(1)] = 50
    interpolation: Interpolation = 1
    approximate: bool = False
    same_dxdy: bool = False
    mask_interpolation: Interpolation = 0
    noise_distribution: Literal["gaussian", "uniform"] = "gaussian"
    keypoint_remapping_method: KeypointMethod = "mask"
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 0.5

    seeded = True

    def field(self, size: Size, seed: int) -> tuple[Array, Array] | None:
        if not self.alpha:
            return None
        generator = noise(seed)
        strength = self.alpha
        if self.noise_distribution == "gaussian":
            strength /= expected_peak(size.height * size.width)
        map_x = self._smooth(generator, size, strength)
        map_y = map_x.copy() if self.same_dxdy else self._smooth(generator, size, strength)
        map_x += np.arange(size.width, dtype=np.float32)
        map_y += np.arange(size.height, dtype=np.float32)[:, None]
        return map_x, map_y

    def _smooth(self, generator: np.random.Generator, size: Size, strength: float) -> Array:
        levels = noise_levels(self.noise_distribution)
        if self.approximate:
            return blurred(generator, levels, size, self.sigma, APPROXIMATE_KERNEL // 2, strength)
        step = max(1, int(self.sigma / FINENESS))
        sigma = self.sigma / step
        reach = math.ceil(REACH * sigma)
        if step == 1:
            return blurred(generator, levels, size, sigma, reach, strength)
        # white noise on a grid is weaker by its step once it is blurred as far: make up for that
        coarse = Size(-(-size.height // step) + 2, -(-size.width // step) + 2)
        field = blurred(generator, levels, coarse, sigma, reach, strength / step)
        whole = (coarse.width * step, coarse.height * step)
        field = cv2.resize(field, whole, interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(field[step : step + size.height, step : step + size.width])


class GridDistortion(Remap):
    """Stretch and squeeze columns and rows of a grid, each by a random factor.

    Args:
        num_steps: Number of columns and of rows.
        distort_limit: By how much a column or row may grow or shrink, as a fraction of its size.
        interpolation: How to read the image between pixels.
        normalized: Keep the corners of the image where they are.
        mask_interpolation: How to read masks between pixels.
        keypoint_remapping_method: Kept for compatibility; points always follow the inverse map.
        p: Chance that a call does anything.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.

    """

    num_steps: Count = 5
    distort_limit: Annotated[Symmetric, Between(-1, 1)] = (-0.3, 0.3)
    interpolation: Interpolation = 1
    normalized: bool = True
    mask_interpolation: Interpolation = 0
    keypoint_remapping_method: KeypointMethod = "mask"
    p: Probability = 0.5
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        low, high = self.distort_limit  # type: ignore[misc]
        both = draw.generator.random((2, self.num_steps)) * (high - low) + low
        steps_x, steps_y = both.tolist()
        return {"steps_x": steps_x, "steps_y": steps_y}

    def field(
        self, size: Size, steps_x: list[float], steps_y: list[float]
    ) -> tuple[Array, Array] | None:
        if not any(steps_x) and not any(steps_y):
            return None
        shape = (size.height, size.width)
        map_x = np.empty(shape, np.float32)
        map_y = np.empty(shape, np.float32)
        map_x[...] = self._axis(size.width, steps_x)
        map_y[...] = self._axis(size.height, steps_y)[:, None]
        return map_x, map_y

    def _axis(self, length: int, steps: list[float]) -> Array:
        """Where along one axis each pixel is read."""
        factors = np.array(steps) + 1
        if self.normalized:
            total = factors.sum()
            factors = factors * (len(steps) / total) if total > 0 else np.ones(len(steps))
        ends = np.linspace(0, length, len(steps) + 1)
        shifts = np.concatenate([[0], np.cumsum(factors - 1)]) * (length / len(steps))
        pixels = np.arange(length)
        at = pixels + np.interp(pixels + 0.5, ends, shifts)
        return np.asarray(at, np.float32)


class OpticalDistortion(Remap):
    """Bend the image as a lens does: barrel or pincushion.

    "camera" reads at r (1 + k r^2 + k r^4), r counted in widths and heights from the centre;
    "fisheye" at r (1 + k r^2), r counted in half diagonals.

    Args:
        distort_limit: The coefficient k; above 0 shrinks towards the edge, below 0 magnifies.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        mode: "camera" or "fisheye".
        keypoint_remapping_method: Kept for compatibility; points always follow the inverse map.
        p: Chance that a call does anything.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.

    Source: D. C. Brown, Decentering Distortion of Lenses, 1966 (radial terms).

    """

    distort_limit: Symmetric = (-0.05, 0.05)
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    mode: Literal["camera", "fisheye"] = "camera"
    keypoint_remapping_method: KeypointMethod = "mask"
    p: Probability = 0.5
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0

    def field(self, size: Size, distort_limit: float) -> tuple[Array, Array] | None:
        k = distort_limit
        if not k:
            return None
        height, width = size
        x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
        y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
        if self.mode == "camera":
            bend = np.add(np.square(x / np.float32(width)), np.square(y / np.float32(height)))
            bend *= (bend + np.float32(1)) * np.float32(k)
        else:
            bend = np.add(np.square(x), np.square(y))
            bend *= np.float32(4 * k / (width**2 + height**2))
        map_x = bend * x
        map_x += np.arange(width, dtype=np.float32)
        bend *= y
        bend += np.arange(height, dtype=np.float32)[:, None]
        return map_x, bend


def blurred(
    generator: np.random.Generator,
    levels: Array,
    size: Size,
    sigma: float,
    reach: int,
    strength: float,
) -> Array:
    """White noise under a Gaussian kernel of some reach; the same law up to the very edge."""
    shape = (size.height + 2 * reach, size.width + 2 * reach)
    count = shape[0] * shape[1]
    bits = generator.bit_generator.random_raw(-(-count // 4)).view(np.uint16)[:count]
    field = np.take(levels * np.float32(strength), bits).reshape(shape)
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma, cv2.CV_32F)
    smooth = cv2.sepFilter2D(field, -1, kernel, kernel)
    return np.ascontiguousarray(smooth[reach : reach + size.height, reach : reach + size.width])


@lru_cache(maxsize=2)
def noise_levels(distribution: str) -> Array:
    """What each 16-bit number stands for, so that random bits become noise."""
    if distribution == "uniform":
        return ((np.arange(LEVELS) + 0.5) * (2 / LEVELS) - 1).astype(np.float32)
    inverse = NormalDist().inv_cdf
    half = np.array([inverse((level + 0.5) / LEVELS) for level in range(LEVELS // 2)])
    return np.concatenate([half, -half[::-1]]).astype(np.float32)


@lru_cache(maxsize=64)
def expected_peak(count: int) -> float:
    """About how far the farthest of so many Gaussian values lies from 0.

    Albumentations 2.0.8 divides its noise by the farthest value, so this keeps its strength.
    """
    return NormalDist().inv_cdf(1 - 0.28 / max(count, 2))
