"""Noise of a camera's sensor: photons that are counted, and what a high sensitivity makes of it."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np

from ..core.channels import bounded, clipped, through_float
from ..core.fields import Array, Between, DrawnPair, Probability
from ..core.kinds import ColorPixel
from ..core.random import noise
from ..core.tone import DEPTH, FLOATS_AT_ONCE, UNIT_LEVELS, WHITE
from .noise import quantiles, random_codes, spread

GAMMA = 2.2
SHOT_BITS = 13
"""Equally likely results of `ShotNoise` per level, as a power of two."""
FAINT = 1e-15
"""A scale of `ShotNoise` below which its counts would leave the range of whole numbers."""


class ShotNoise(ColorPixel):
    """Count light by single photons, as a sensor does.

    Values are turned into light by a gamma of 2.2, and back; counts follow Poisson's law. The
    mean of the light stays, as far as white has room for it.

    Args:
        scale_range: What one photon adds, as a fraction of white in light: white is 1 / scale
            photons on average, so more is noisier, and 0 is none.
        p: Chance that a call does anything.

    Source: W. Schottky, Annalen der Physik 362 (1918), 541.

    """

    scale_range: Annotated[DrawnPair, Between(low=0)] = (0.1, 0.3)
    p: Probability = 0.5

    seeded = True

    def edit(self, image: Array, scale_range: float, seed: int) -> Array:
        scale = scale_range
        if scale < FAINT:
            return image
        if image.dtype == np.uint8 and scale > 1 / 4096:
            return self._counted_bytes(image, scale, seed)
        if image.dtype != np.float32:
            return through_float(image, lambda values: self.edit(values, scale, seed))
        light = np.maximum(image, 0) ** np.float32(GAMMA)
        counts = noise(seed).poisson(light * (1 / scale))
        result = np.minimum(counts * scale, 1) ** (1 / GAMMA)
        return np.asarray(result, np.float32)

    @staticmethod
    def _counted_bytes(image: Array, scale: float, seed: int) -> Array:
        """Each level has a table of equally likely results; a pixel takes one of them."""
        size = 1 << SHOT_BITS
        photons = np.arange(np.ceil(1 / scale) + 1)  # as many as white has, or more
        results = np.rint(255 * np.minimum(photons * scale, 1) ** (1 / GAMMA)).astype(np.uint8)
        shares = poisson_shares(UNIT_LEVELS["uint8"] ** GAMMA / scale, len(photons), size)
        table = np.repeat(np.tile(results, 256), shares.ravel())
        generator, counted = noise(seed), np.empty_like(image)
        rows = max(1, FLOATS_AT_ONCE // image[0].size)
        for top in range(0, len(image), rows):
            entries = image[top : top + rows].astype(np.intp)
            entries <<= SHOT_BITS
            entries |= random_codes(generator, entries.shape) >> (16 - SHOT_BITS)
            np.take(table, entries, out=counted[top : top + rows], mode="clip")
        return counted


class ISONoise(ColorPixel):
    """Add the grain of a sensor at a high sensitivity: specks of light and of hue.

    Each pixel's lightness goes some part of the way to white, in steps of 1/255 counted by
    Poisson's law, their mean being intensity times the deviation of the image's lightness. Its
    hue turns by Gaussian amounts.

    Args:
        color_shift: Deviation of the hue at an intensity of 1, in turns.
        intensity: Strength of both; 0 is none.
        p: Chance that a call does anything.

    """

    color_shift: Annotated[DrawnPair, Between(0, 1)] = (0.01, 0.05)
    intensity: Annotated[DrawnPair, Between(low=0)] = (0.1, 0.5)
    p: Probability = 0.5

    channels = (3,)
    seeded = True

    def edit(self, image: Array, color_shift: float, intensity: float, seed: int) -> Array:
        if not intensity:
            return image
        shift = 360 * color_shift * intensity
        if image.dtype == np.float32:
            return clipped(self._noisy(bounded(image), shift, intensity, seed))
        white: Any = WHITE[image.dtype.name]
        values = cv2.multiply(image, 1 / white, dtype=cv2.CV_32F)
        values = self._noisy(values, shift, intensity, seed)
        return cv2.multiply(values, white, dtype=DEPTH[image.dtype.name])

    @staticmethod
    def _noisy(image: Array, shift: float, intensity: float, seed: int) -> Array:
        hue, light, saturation = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HLS))
        generator = noise(seed)
        mean = 255 * intensity * float(cv2.meanStdDev(light)[1][0, 0])
        count = int(mean + 12 * mean**0.5) + 12  # no table of 65536 entries reaches beyond
        shares = poisson_shares(np.array([mean]), count, 65536)
        specks = np.repeat(np.arange(count, dtype=np.float32) / np.float32(255), shares[0])
        light += spread(generator, light.shape, specks) * (1 - light)
        turns = quantiles() * np.float32(shift)
        turns += 360 * np.ceil(-turns[0] / 360)  # OpenCV reads hues below 0 wrongly
        hue += spread(generator, hue.shape, turns)
        return cv2.cvtColor(cv2.merge([hue, light, saturation]), cv2.COLOR_HLS2RGB)


def poisson_shares(means: Array, counts: int, size: int) -> Array:
    """How many of ``size`` places each count from 0 takes by Poisson's law, a row per mean.

    What lies beyond the last count is added to it.
    """
    count = np.arange(counts)
    factorials = np.cumsum(np.log(np.maximum(count, 1)))
    logs = np.log(np.maximum(means, 1e-300))[:, None]
    ends = np.cumsum(np.exp(count * logs - means[:, None] - factorials), axis=1)
    places = np.rint(ends * size).astype(np.intp).clip(0, size)
    places[:, -1] = size
    return np.diff(places, axis=1, prepend=0)
