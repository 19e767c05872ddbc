"""Random values added to every pixel."""

from __future__ import annotations

import functools
import statistics
from typing import Annotated, ClassVar

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import clipped
from ..core.fields import Above, Array, Between, DrawnPair, Probability
from ..core.kinds import COLOR, Pixel
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.tone import WHITE
from ..core.transform import Params
from ..core.warp import LINEAR, resize

WIDE_TABLES = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 13)
"""Whether `cv2.LUT` reads tables of 65536 entries."""


class GaussNoise(Pixel):
    """Add Gaussian noise.

    Args:
        std_range: Standard deviation, as a fraction of white.
        mean_range: Mean, as a fraction of white.
        per_channel: Whether each channel has its own noise.
        noise_scale_factor: Noise is drawn at this fraction of the image's size, then enlarged:
            below 1 it has coarser grain and a smaller deviation.
        p: Chance that a call does anything.

    """

    std_range: Annotated[DrawnPair, Between(0, 1)] = (0.2, 0.44)
    mean_range: Annotated[DrawnPair, Between(-1, 1)] = (0.0, 0.0)
    per_channel: bool = True
    noise_scale_factor: Annotated[float, Above(0), Between(0, 1)] = 1
    p: Probability = 0.5

    dtypes = COLOR
    unit_range = True
    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "std": draw.between(self.std_range),
            "mean": draw.between(self.mean_range),
            "seed": draw.seed(),
        }

    def edit(self, image: Array, std: float, mean: float, seed: int) -> Array:
        white = WHITE[image.dtype.name]
        size, scale = Size(*image.shape[:2]), self.noise_scale_factor
        small = Size(*(max(1, round(length * scale)) for length in size))
        shape = (*small, *image.shape[2:]) if self.per_channel else tuple(small)
        whole = image.dtype == np.uint8 and small == size
        field = gaussian(seed, shape, std * white, mean * white, whole)
        if small != size:
            field = resize(field, size, LINEAR)
        if field.ndim < image.ndim:
            field = repeated(field, image.shape[2])
        if image.dtype == np.float32:
            field += image
            return clipped(field)
        kind = cv2.CV_8U if image.dtype == np.uint8 else cv2.CV_16U
        return cv2.add(image, field, dtype=kind).reshape(image.shape)


def repeated(field: Array, channels: int) -> Array:
    """An (H, W) field as (H, W, C)."""
    if 1 < channels <= 4:
        return cv2.merge([field] * channels)  # three times as fast as NumPy
    return np.repeat(field[:, :, None], channels, axis=2)


def gaussian(seed: int, shape: tuple[int, ...], std: float, mean: float, whole: bool) -> Array:
    """A field of Gaussian numbers, float32, or int16 if rounded to whole ones.

    Each is a look-up of two random bytes: five times cheaper than NumPy's generator. (A whole
    number plus a rounded one is the rounded sum, so 8-bit images lose nothing.)
    """
    table = quantiles() * np.float32(std) + np.float32(mean)
    if whole:
        table = np.rint(table).astype(np.int16)
    count = int(np.prod(shape))
    codes = noise(seed).bit_generator.random_raw(-(-count // 4)).view(np.uint16)[:count]
    if WIDE_TABLES:
        return cv2.LUT(codes.reshape(shape[0], -1), table).reshape(shape)
    return np.take(table, codes).reshape(shape)


@functools.cache
def quantiles() -> Array:
    """65536 equally likely values of a standard normal variable, scaled to a deviation of 1."""
    inverse = statistics.NormalDist().inv_cdf  # scalar: its bits do not depend on the CPU
    upper = np.array([inverse(0.5 + (i + 0.5) / 65536) for i in range(32768)])
    values = np.concatenate([-upper[::-1], upper])
    scaled: Array = values / np.sqrt(np.mean(values**2))
    return scaled.astype(np.float32)
