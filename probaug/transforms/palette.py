"""Casts and orders of colour."""

from __future__ import annotations

import functools
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from ..core import tone
from ..core.canvas import Canvas
from ..core.channels import covariance, require_channels
from ..core.fields import Array, Between, Count, Drawn, Pair, Probability, dtype_name
from ..core.kinds import COLOR, ChannelMix, ColorPixel, Pixel
from ..core.random import Draw, noise
from ..core.transform import Params
from .color import permuted
from .noise import repeated
from .tone import tone_each

SEPIA = ((0.393, 0.769, 0.189, 0), (0.349, 0.686, 0.168, 0), (0.272, 0.534, 0.131, 0))
"""What old paper's red, green and blue take of red, green, blue and white."""


class ChannelSwap(Pixel):
    """Put the channels in a fixed order.

    Args:
        channel_order: For each channel of the result, the index of the channel it was.
        p: Chance that a call does anything.

    """

    channel_order: tuple[int, ...] = (2, 1, 0)
    p: Probability = 0.5

    draws: ClassVar[int] = 0

    def check(self) -> None:
        if sorted(self.channel_order) != list(range(len(self.channel_order))):
            raise self.refuse("channel_order", "each of 0, 1, ... once, in some order")

    def on(self, canvas: Canvas, params: Params) -> None:
        require_channels(canvas, "ChannelSwap.channel_order", len(self.channel_order))
        super().on(canvas, params)

    def edit(self, image: Array) -> Array:
        return permuted(image, list(self.channel_order))


class ToSepia(ChannelMix):
    """Turn colours into the browns of old photographs.

    A grey image stays as it is.

    Args:
        p: Chance that a call does anything.

    """

    p: Probability = 0.5

    channels = (1, 3)

    def mixed(self, image: Array, params: Params) -> Array:
        is_grey = image.ndim == 2 or image.shape[2] == 1
        return image if is_grey else super().mixed(image, params)

    def mix(self, channels: int) -> Array:
        return np.array(SEPIA)


class ToRGB(Pixel):
    """Repeat the one channel of a grey image.

    A colour image stays as it is.

    Args:
        num_output_channels: How many equal channels the result of a grey image has.
        p: Chance that a call does anything.

    """

    num_output_channels: Count = 3
    p: Probability = 1.0

    channels = (1, 3)

    def edit(self, image: Array) -> Array:
        if image.shape[2:] == (3,) or self.num_output_channels == 1:
            return image
        grey = image.reshape(image.shape[:2])
        if dtype_name(image.dtype) in COLOR:
            return repeated(grey, self.num_output_channels)
        return np.repeat(grey[:, :, None], self.num_output_channels, axis=2)


class FancyPCA(ColorPixel):
    """Add a random colour along the principal axes of the image's own colours.

    Each axis has the length of its variance, in units of squared white, times a Gaussian number.

    Args:
        alpha: Standard deviation of the Gaussian numbers.
        p: Chance that a call does anything.

    Source: A. Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks,
    2012, section 4.1.

    """

    alpha: Annotated[float, Between(0)] = 0.1
    p: Probability = 0.5

    seeded = True

    def on(self, canvas: Canvas, params: Params) -> None:
        def curve(image: Array) -> tone.Curve:
            variances, axes = principal_axes(image)
            numbers = noise(params["seed"]).normal(0, self.alpha, len(variances))
            shift = axes @ (variances * numbers)
            return tone.Curve(lambda x: x + shift, per_channel=True)

        tone_each(canvas, curve)


def principal_axes(image: Array) -> tuple[Array, Array]:
    """Variances, from large to small, and axes (as columns) of an image's colours."""
    variances, axes = np.linalg.eigh(covariance(image))
    variances, axes = np.maximum(variances[::-1], 0), axes[:, ::-1]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(len(axes))]
    return variances, axes * np.sign(largest)  # an axis has two directions: one of them always


class PlanckianJitter(ChannelMix):
    """Light the image as by a glowing body, or by daylight, of a random temperature.

    Red and blue are multiplied by what that light has of them, relative to green. Four calls in
    ten are warmer than 6000 kelvin, the others colder light.

    Args:
        mode: "blackbody" for light by Planck's law, "cied" for the CIE's phases of daylight.
        temperature_limit: Range of the temperature, in kelvin; it contains 6000, and begins at or
            above 3000 ("cied": 4000) and ends at or below 15000. None stands for all of that.
        sampling_method: "uniform", or "gaussian" for temperatures that gather about 6000 kelvin,
            with a third of the way to the range's end as their deviation.
        p: Chance that a call does anything.

    Source: S. Zini et al., Planckian Jitter, ICLR 2023. Colour matching: C. Wyman et al., Simple
    Analytic Approximations to the CIE XYZ Color Matching Functions, JCGT 2(2), 2013. Daylight:
    CIE 015. XYZ to RGB: IEC 61966-2-1 (sRGB), linear.

    """

    mode: Literal["blackbody", "cied"] = "blackbody"
    temperature_limit: Annotated[Pair, Drawn()] | None = None
    sampling_method: Literal["uniform", "gaussian"] = "uniform"
    p: Probability = 0.5

    channels = (3,)
    draws: ClassVar[int] = 2

    def check(self) -> None:
        low, high = self._limits
        least = self._least
        if not least <= low <= WHITE_POINT <= high <= 15000:
            raise self.refuse(
                "temperature_limit", f"a range within [{least}, 15000] that contains 6000"
            )

    @property
    def _least(self) -> int:
        return 3000 if self.mode == "blackbody" else 4000

    @property
    def _limits(self) -> Pair:
        return self.temperature_limit or (self._least, 15000)

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        low, high = self._limits
        end = low if draw.uniform() < 0.4 else high
        way = draw.uniform()
        if self.sampling_method == "gaussian":
            way = min(NormalDist(0, 1 / 3).inv_cdf((1 + way) / 2), 1.0)
        return {"temperature": round(WHITE_POINT + way * (end - WHITE_POINT))}

    def mix(self, channels: int, temperature: int) -> Array:
        return np.column_stack([np.diag(light(self.mode, temperature)), np.zeros(3)])


WHITE_POINT = 6000
"""Kelvin; the paper's division between warm and cold light."""


@functools.lru_cache(maxsize=4096)
def light(mode: str, temperature: float) -> tuple[float, float, float]:
    """Linear sRGB of a light, relative to its green."""
    xyz = blackbody(temperature) if mode == "blackbody" else daylight(temperature)
    red, green, blue = np.maximum(XYZ_TO_RGB @ xyz, 0).tolist()
    return red / green, 1.0, blue / green


XYZ_TO_RGB = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]]
)
# peak, centre, and inverse widths below and above it, in nm: Wyman et al., listing 1
LOBES: dict[str, tuple[tuple[float, ...], ...]] = {
    "x": (
        (0.362, 442.0, 0.0624, 0.0374),
        (1.056, 599.8, 0.0264, 0.0323),
        (-0.065, 501.1, 0.0490, 0.0382),
    ),
    "y": ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322)),
    "z": ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725)),
}


@functools.cache
def matching() -> tuple[Array, Array]:
    """Wavelengths in nm, and the (3, N) colour matching functions x, y, z at them."""
    waves = np.arange(380.0, 781.0, 5.0)
    curves: list[Any] = []
    for lobes in LOBES.values():
        curve = np.zeros_like(waves)
        for peak, centre, below, above in lobes:
            away = (waves - centre) * np.where(waves < centre, below, above)
            curve += peak * np.exp(-0.5 * away**2)
        curves.append(curve)
    return waves, np.stack(curves)


def blackbody(temperature: float) -> Array:
    """XYZ of Planck's radiation, up to a factor."""
    waves, curves = matching()
    # Planck's second constant in nm kelvin; the factor keeps the numbers near 1
    power = (waves / 560) ** -5 / np.expm1(1.438777e7 / (waves * temperature))
    return np.asarray(curves @ power)


def daylight(temperature: float) -> Array:
    """XYZ of CIE daylight from its chromaticity, with Y = 1."""
    t = 1000 / temperature
    if temperature <= 7000:
        x = 0.244063 + t * (0.09911 + t * (2.9678 - t * 4.6070))
    else:
        x = 0.237040 + t * (0.24748 + t * (1.9018 - t * 2.0064))
    y = -3 * x * x + 2.87 * x - 0.275
    return np.array([x / y, 1.0, (1 - x - y) / y])
