"""What cameras do to a picture: lens, sensor and film."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.fields import (
    Above,
    Array,
    Between,
    Count,
    Drawn,
    DrawnPair,
    Interpolation,
    Pair,
    Probability,
    Symmetric,
    ZeroTo,
    convert,
    describe,
    fits,
    up_to,
)
from ..core.kinds import ColorPixel, Pixel
from ..core.matrix import Size, zoom
from ..core.random import Draw, noise
from ..core.tone import WHITE, Curve, apply
from ..core.transform import Params
from ..core.warp import LINEAR, NEAREST, PICKS, REPLICATE, remap, resampled, resize, warp
from .blur import NUMBERS, smoothed
from .noise import combined, quantiles, repeated, spread

NO_MAP = np.empty(0, np.int16)  # to OpenCV, both coordinates are in the other map


class ZoomBlur(Pixel):
    """Average copies of the image that grow from its centre, as if the camera came nearer.

    There are 2, 4, 8 or another power of two of them, each larger by the same ratio: averaging
    pairs, then pairs of pairs, takes only their logarithm in steps.

    Args:
        max_factor: Size of the largest copy, as a factor; 1 changes nothing. A number n stands for
            1 to n.
        step_factor: By what fraction a copy may be larger than the one before; 0 is as fine as
            can be seen. A number n stands for 0 to n.
        p: Chance that a call does anything.

    """

    max_factor: Annotated[float | Pair, up_to(1), Drawn(), Between(1)] = (1, 1.31)
    step_factor: Annotated[ZeroTo, Between(0)] = (0.01, 0.03)
    p: Probability = 0.5

    dtypes = NUMBERS

    def edit(self, image: Array, max_factor: float, step_factor: float) -> Array:
        if max_factor == 1:
            return image
        size = Size(*image.shape[:2])
        step = max(step_factor, 1 / max(size))  # where the edge moves by half a pixel
        gaps = math.log(max_factor) / math.log1p(step)
        rounds = max(1, math.ceil(math.log2(gaps + 1)))
        ratio = max_factor ** (1 / (2**rounds - 1))
        for level in range(rounds):
            factor = ratio ** (2**level)
            grown = zoom(factor, factor).about(size.width / 2, size.height / 2)
            copy = warp(image, grown, size, LINEAR, REPLICATE)
            image = cv2.addWeighted(image, 0.5, copy, 0.5, 0).reshape(image.shape)
        return image


class GlassBlur(Pixel):
    """Scatter pixels among their neighbours, as frosted glass does, between two Gaussian blurs.

    Args:
        sigma: Standard deviation of the blurs, in pixels; 0 leaves them out.
        max_delta: How far a pixel is scattered at most, each way, in pixels.
        iterations: How often.
        mode: "fast" (each pixel shows one near it, so some are shown twice and some not at all)
            or "exact" (pixels change places, so each is still there; some five times as slow).
        p: Chance that a call does anything.

    Source: D. Hendrycks and T. Dietterich, Benchmarking Neural Network Robustness to Common
    Corruptions, 2019.

    """

    sigma: Annotated[float, Between(0)] = 0.7
    max_delta: Count = 4
    iterations: Count = 2
    mode: Literal["fast", "exact"] = "fast"
    p: Probability = 0.5

    dtypes = NUMBERS
    seeded = True

    def edit(self, image: Array, seed: int) -> Array:
        kernel = 2 * int(3.5 * self.sigma) + 1
        soft = smoothed(image, kernel, self.sigma) if kernel > 1 else image
        size, generator = Size(*image.shape[:2]), noise(seed)
        scattered = self._swapped if self.mode == "exact" else self._picked
        soft = scattered(soft, size, generator)
        return smoothed(soft, kernel, self.sigma) if kernel > 1 else soft

    def _shifts(self, size: Size, generator: np.random.Generator) -> Array:
        """For every pixel a random (x, y) shift."""
        reach = self.max_delta
        law = (np.arange(65536) * (2 * reach + 1) // 65536 - reach).astype(np.int16)
        return spread(generator, (size.height, size.width * 2), law).reshape(*size, 2)

    def _picked(self, image: Array, size: Size, generator: np.random.Generator) -> Array:
        places = np.empty((*size, 2), np.int16)
        places[..., 0] = np.arange(size.width)
        places[..., 1] = np.arange(size.height)[:, None]
        for _ in range(self.iterations):
            image = read_at(image, places + self._shifts(size, generator))
        return image

    def _swapped(self, image: Array, size: Size, generator: np.random.Generator) -> Array:
        """Pixels so far apart that none meets another's partner are swapped at once."""
        apart = 2 * self.max_delta + 1
        here = np.arange(size.height * size.width).reshape(size)
        shown = here.ravel().copy()
        for _ in range(self.iterations):
            shifts = self._shifts(size, generator)
            x = (np.arange(size.width) + shifts[..., 0]).clip(0, size.width - 1)
            y = (np.arange(size.height)[:, None] + shifts[..., 1]).clip(0, size.height - 1)
            there = y * size.width + x
            for row in range(min(apart, size.height)):
                for column in range(min(apart, size.width)):
                    one = here[row::apart, column::apart].ravel()
                    other = there[row::apart, column::apart].ravel()
                    shown[one], shown[other] = shown[other], shown[one]
        y, x = np.divmod(shown.reshape(size), size.width)
        return read_at(image, np.stack([x, y], axis=2).astype(np.int16))


def read_at(image: Array, places: Array) -> Array:
    """Read an image at whole (x, y) pixels; beyond the edge, at the edge."""

    def call(source: Array, value: Any, into: Array | None) -> Array:
        return cv2.remap(source, places, NO_MAP, NEAREST, into, REPLICATE)

    return resampled(image, call, Size(*places.shape[:2]), NEAREST, 0)


class ChromaticAberration(Pixel):
    """Bend red and blue otherwise than green, as a simple lens does.

    A channel is read at r (1 + k1 r^2 + k2 r^4), r counted in widths and heights from the centre.

    Args:
        primary_distortion_limit: The coefficient k1, drawn for red and for blue; a number n stands
            for -n to n.
        secondary_distortion_limit: The coefficient k2, likewise.
        mode: "green_purple" (blue takes the signs of red), "red_blue" (it takes the opposite ones)
            or "random" (it keeps its own).
        interpolation: How to read between pixels.
        p: Chance that a call does anything.

    Source: D. C. Brown, Decentering Distortion of Lenses, 1966 (radial terms).

    """

    primary_distortion_limit: Symmetric = (-0.02, 0.02)
    secondary_distortion_limit: Symmetric = (-0.05, 0.05)
    mode: Literal["green_purple", "red_blue", "random"] = "green_purple"
    interpolation: Interpolation = 1
    p: Probability = 0.5

    dtypes = NUMBERS
    channels = (3,)
    draws: ClassVar[int] = 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        limits = self.primary_distortion_limit, self.secondary_distortion_limit
        red, blue = [[draw.between(limit) for limit in limits] for _ in range(2)]
        if self.mode != "random":
            side = 1 if self.mode == "green_purple" else -1
            blue = [math.copysign(b, side * r) for r, b in zip(red, blue, strict=True)]
        return {"red": red, "blue": blue}

    def edit(self, image: Array, red: list[float], blue: list[float]) -> Array:
        if not any(red) and not any(blue):
            return image
        height, width = image.shape[:2]
        how: Any = self.interpolation
        x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
        y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
        square = np.square(x / np.float32(width)) + np.square(y / np.float32(height))
        parts = list(cv2.split(image))
        for channel, (k1, k2) in ((0, red), (2, blue)):
            if k1 or k2:
                bend = np.float32(k2) * square
                bend += np.float32(k1)
                bend *= square
                bend += np.float32(1)
                map_x = bend * x
                map_x += np.float32((width - 1) / 2)
                bend *= y
                bend += np.float32((height - 1) / 2)
                parts[channel] = remap(parts[channel], map_x, bend, how, REPLICATE)
        return cv2.merge(parts)


@dataclass(frozen=True)
class BothWays:
    """Two interpolations, under the names of what they do."""

    def convert(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {way: convert(code, Interpolation) for way, code in value.items()}

    def __call__(self, value: Any) -> bool:
        known = value.keys() == {"downscale", "upscale"}
        return known and all(fits(code, Interpolation) for code in value.values())

    def __str__(self) -> str:
        return f"with 'downscale' and 'upscale', each {describe(Interpolation)}"


class Downscale(Pixel):
    """Make the image smaller and large again, which loses detail.

    Args:
        scale_range: Size of the small image, as a fraction of the large one; 1 changes nothing.
        interpolation_pair: How to read between pixels on the way down ("downscale") and on the way
            up ("upscale").
        p: Chance that a call does anything.

    """

    scale_range: Annotated[DrawnPair, Above(0), Between(0, 1)] = (0.25, 0.25)
    interpolation_pair: Annotated[dict[str, int | str], BothWays()] = {  # noqa: RUF012 - a field
        "upscale": 0,
        "downscale": 0,
    }
    p: Probability = 0.5

    def edit(self, image: Array, scale_range: float) -> Array:
        size = Size(*image.shape[:2])
        ways: Any = self.interpolation_pair
        small = Size(*(max(1, round(length * scale_range)) for length in size))
        if small == size:
            return image
        image = resize(image, small, ways["downscale"])
        if ways["upscale"] not in PICKS:
            return resize(image, size, ways["upscale"])
        wide = resize(image, Size(small.height, size.width), NEAREST)
        rows = np.arange(small.height, dtype=np.float32)[:, None]
        return wide[resize(rows, Size(size.height, 1), NEAREST)[:, 0].astype(np.intp)]


class Vignetting(ColorPixel):
    """Darken the image towards its corners, with the square of the distance from a centre.

    Args:
        intensity_range: How much light the farthest corner loses, as a fraction.
        center_range: Where the centre lies, as a fraction of the width and of the height.
        p: Chance that a call does anything.

    Source: D. B. Goldman, Vignette and Exposure Calibration and Compensation, 2010 (the first of
    its even powers).

    """

    intensity_range: Annotated[DrawnPair, Between(0, 1)] = (0.2, 0.5)
    center_range: Annotated[DrawnPair, Between(0, 1)] = (0.3, 0.7)
    p: Probability = 0.5

    draws: ClassVar[int] = 3

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "intensity": draw.between(self.intensity_range),
            "center": [draw.between(self.center_range) for _ in range(2)],
        }

    def edit(self, image: Array, intensity: float, center: list[float]) -> Array:
        if not intensity:
            return image
        height, width = image.shape[:2]
        far = sum((max(c, 1 - c) * n) ** 2 for c, n in zip(center, (width, height), strict=True))
        x = (np.arange(width) + 0.5 - center[0] * width) ** 2 * (intensity / far)
        y = (np.arange(height) + 0.5 - center[1] * height) ** 2 * (intensity / far)
        gain = (1 - y).astype(np.float32)[:, None] - x.astype(np.float32)
        return combined(cv2.multiply, image, gain)


class FilmGrain(ColorPixel):
    """Add the grain of film: strongest in the midtones, none in black and white.

    A pixel that many grains cover, each black or not by chance, has the deviation of a binomial
    law, sqrt(x (1 - x) / n). All channels share the grain.

    Args:
        intensity_range: Four times the deviation in the midtones, as a fraction of white.
        grain_size_range: Size of a grain, in pixels; larger ones are as strong.
        p: Chance that a call does anything.

    Source: A. Newson et al., A Stochastic Film Grain Model for Resolution-Independent Rendering,
    2017 (the variance of its coverage).

    """

    intensity_range: Annotated[DrawnPair, Between(0, 1)] = (0.1, 0.3)
    grain_size_range: Annotated[DrawnPair, Between(1)] = (1, 3)
    p: Probability = 0.5

    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        intensity, size = draw.between(self.intensity_range), draw.between(self.grain_size_range)
        return {"intensity": intensity, "grain_size": size, "seed": draw.seed()}

    def edit(self, image: Array, intensity: float, grain_size: float, seed: int) -> Array:
        if not intensity:
            return image
        field = spread(noise(seed), image.shape[:2], quantiles())
        sigma = (grain_size - 1) / 2
        if reach := math.ceil(3 * sigma):
            weights: Array = cv2.getGaussianKernel(2 * reach + 1, sigma, cv2.CV_32F)
            weights = weights / float(np.linalg.norm(weights))  # the sum's deviation is again 1
            field = cv2.sepFilter2D(field, -1, weights, weights)
        strength = np.float32(intensity / 2 * WHITE[image.dtype.name])
        curve = Curve(lambda x: np.sqrt(np.maximum(x * (1 - x), 0)) * strength, to_float=True)
        deviation = apply(image, [curve])
        field = repeated(field, image.shape[2]) if image.ndim == 3 else field
        return combined(cv2.add, image, np.multiply(deviation, field, out=deviation))
