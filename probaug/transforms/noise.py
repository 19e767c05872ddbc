"""Noise: random values that are added to pixels, scale them or stand in for them."""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import cv2
import numpy as np

from ..core import tone
from ..core.canvas import Canvas
from ..core.channels import clipped, image_planes, mixed
from ..core.fields import Above, Array, Between, DrawnPair, Probability, channels_of, describe, fits
from ..core.kinds import ColorPixel
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.scratch import scratch
from ..core.tone import DEPTH, WHITE
from ..core.transform import Params
from ..core.warp import LINEAR, resize

WIDE_TABLES = tuple(map(int, cv2.__version__.split(".")[:2])) >= (4, 13)
"""Whether `cv2.LUT` reads tables of 65536 entries."""


class GaussNoise(ColorPixel):
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

    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "std": draw.between(self.std_range),
            "mean": draw.between(self.mean_range),
            "seed": draw.seed(),
        }

    def edit(self, image: Array, std: float, mean: float, seed: int) -> Array:
        scale = self.noise_scale_factor
        field = grain(image, quantiles(), noise(seed), self.per_channel, scale, std, mean)
        return combined(cv2.add, image, field)


UNIT = Annotated[DrawnPair, Between(0, 1)]
SIGNED = Annotated[DrawnPair, Between(-1, 1)]
SHAPE = Annotated[DrawnPair, Above(0)]
LAWS: dict[str, dict[str, tuple[Any, Any]]] = {
    "uniform": {"ranges": (tuple[SIGNED, ...], ((-0.1, 0.1),))},
    "gaussian": {"mean_range": (SIGNED, (0.0, 0.0)), "std_range": (UNIT, (0.05, 0.15))},
    "laplace": {"mean_range": (SIGNED, (0.0, 0.0)), "scale_range": (UNIT, (0.05, 0.15))},
    "beta": {
        "alpha_range": (SHAPE, (0.5, 1.5)),
        "beta_range": (SHAPE, (0.5, 1.5)),
        "scale_range": (UNIT, (0.1, 0.3)),
    },
}
"""What each law of `AdditiveNoise` may be given, and what it takes otherwise."""


class AdditiveNoise(ColorPixel):
    """Add values of a random law to channels or to pixels.

    Args:
        noise_type: "uniform", "gaussian", "laplace", or "beta", whose values span -scale to scale.
        spatial_mode: "constant" for one value per channel, "shared" for one per pixel that all
            channels share, "per_pixel" for one per pixel and channel.
        noise_params: Ranges to draw the law from, in fractions of white; those that are not given
            are moderate. Of "uniform": ``ranges``, a sequence with one (low, high), or one per
            channel. Of "gaussian": ``mean_range``, ``std_range``. Of "laplace": ``mean_range``,
            ``scale_range``. Of "beta": ``alpha_range`` and ``beta_range``, which are the law's
            own and have no unit, ``scale_range``.
        approximation: Noise of pixels is drawn at this fraction of the image's size, then
            enlarged: below 1 it has coarser grain and a smaller deviation.
        p: Chance that a call does anything.

    """

    noise_type: Literal["uniform", "gaussian", "laplace", "beta"] = "uniform"
    spatial_mode: Literal["constant", "per_pixel", "shared"] = "constant"
    noise_params: dict[str, Any] | None = None
    approximation: Annotated[float, Between(0, 1)] = 1.0
    p: Probability = 0.5

    draws: ClassVar[int] = 3

    def check(self) -> None:
        given, known = self.noise_params or {}, LAWS[self.noise_type]
        for name, value in given.items():
            if name not in known and (name, value) != ("noise_type", self.noise_type):
                names = " and ".join(known)
                raise self.refuse("noise_params", f"None or a dict with {names}")
            if name == "ranges" and not (value and fits(value, known[name][0])):
                raise self.refuse("noise_params", "ranges, pairs low <= high in [-1, 1]")
            if name in known and not fits(value, known[name][0]):
                raise self.refuse("noise_params", f"{name}, {describe(known[name][0])}")

    def _range(self, name: str) -> Any:
        return (self.noise_params or {}).get(name, LAWS[self.noise_type][name][1])

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        law = {
            name.removesuffix("_range"): draw.between(self._range(name))
            for name in LAWS[self.noise_type]
            if name != "ranges"
        }
        if self.spatial_mode != "constant":
            return {**law, "seed": draw.seed()}
        count = max((plane.channels for plane in image_planes(canvas)), default=1)
        laws = self._laws(draw.generator, count, **law)
        return {"values": [float(laws[index % len(laws)][index]) for index in range(count)]}

    def _laws(self, generator: np.random.Generator, count: int, **law: float) -> list[Array]:
        """So many values of the law: one array, or one per channel."""
        if self.noise_type == "uniform":
            return [generator.uniform(low, high, count) for low, high in self._range("ranges")]
        if self.noise_type == "gaussian":
            return [generator.normal(law["mean"], law["std"], count)]
        if self.noise_type == "laplace":
            return [generator.laplace(law["mean"], law["scale"], count)]
        return [(generator.beta(law["alpha"], law["beta"], count) * 2 - 1) * law["scale"]]

    def edit(self, image: Array, **params: Any) -> Array:
        channels = channels_of(image)
        ranges = len(self._range("ranges")) if self.noise_type == "uniform" else 1
        if 1 < ranges < channels:
            raise ValueError(
                f"AdditiveNoise.noise_params has {ranges} ranges, but an image has {channels} "
                "channels; give one range, or one per channel"
            )
        if "values" in params:
            values = params["values"][:channels]
            return mixed(image, np.column_stack([np.eye(channels), values]))
        generator = noise(params.pop("seed"))
        # what the law's own generator drew stands for the law: no inverse is needed
        laws = self._laws(generator, 65536 if image.size > 65536 else 4096, **params)
        if self.spatial_mode == "shared" or len(laws) == 1 or channels == 1:
            own = self.spatial_mode == "per_pixel"
            return combined(
                cv2.add, image, grain(image, laws[0], generator, own, self.approximation)
            )
        parts = [grain(image, law, generator, False, self.approximation) for law in laws]
        return combined(cv2.add, image, np.stack(parts[:channels], axis=2))


class MultiplicativeNoise(ColorPixel):
    """Multiply all values, channels or pixels by random factors.

    Args:
        multiplier: Smallest and largest factor.
        per_channel: Whether each channel has its own factors.
        elementwise: Whether each pixel has its own factor.
        p: Chance that a call does anything.

    """

    multiplier: Annotated[DrawnPair, Between(low=0)] = (0.9, 1.1)
    per_channel: bool = False
    elementwise: bool = False
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        if self.elementwise:
            return {"seed": draw.seed()}
        if not self.per_channel:
            return {"multiplier": draw.between(self.multiplier)}
        count = max((plane.channels for plane in image_planes(canvas)), default=1)
        return {"multiplier": draw.generator.uniform(*self.multiplier, count).tolist()}

    def on(self, canvas: Canvas, params: Params) -> None:
        factor = params.get("multiplier")
        if isinstance(factor, float):
            canvas.tone(tone.Curve(lambda x: x * factor))
        else:
            super().on(canvas, params)

    def edit(self, image: Array, seed: int = 0, multiplier: tuple[float, ...] = ()) -> Array:
        if multiplier:
            factors = multiplier[: channels_of(image)]
            return mixed(image, np.column_stack([np.diag(factors), np.zeros(len(factors))]))
        low, high = self.multiplier
        channels = image.shape[2:] if self.per_channel else ()
        field = spread(noise(seed), (*image.shape[:2], *channels), units(), high - low, low)
        return combined(cv2.multiply, image, field)


class SaltAndPepper(ColorPixel):
    """Turn some pixels white and some black.

    Args:
        amount: Part of all pixels that change.
        salt_vs_pepper: Part of those that turns white.
        p: Chance that a call does anything.

    """

    amount: Annotated[DrawnPair, Between(0, 1)] = (0.01, 0.06)
    salt_vs_pepper: Annotated[DrawnPair, Between(0, 1)] = (0.4, 0.6)
    p: Probability = 0.5

    seeded = True

    def edit(self, image: Array, amount: float, salt_vs_pepper: float, seed: int) -> Array:
        pixels = image.shape[0] * image.shape[1]
        places = noise(seed).choice(pixels, round(pixels * amount), replace=False)
        result = np.array(image, order="C")
        rows = result.reshape(pixels, -1)
        salt = round(len(places) * salt_vs_pepper)
        rows[places[:salt]] = WHITE[image.dtype.name]
        rows[places[salt:]] = 0
        return result


def combined(call: Callable[..., Array], image: Array, field: Array) -> Array:
    """An image and a field of its shape, or without its channels, in an OpenCV sum or product."""
    if field.ndim < image.ndim:  # of floats, it becomes the result
        field = repeated(field, image.shape[2], None if image.dtype == np.float32 else "field")
    rows, field = image.reshape(len(image), -1), field.reshape(len(image), -1)
    if image.dtype == np.float32:
        return clipped(call(rows, field, field)).reshape(image.shape)
    return call(rows, field, dtype=DEPTH[image.dtype.name]).reshape(image.shape)


def repeated(field: Array, channels: int, role: str | None = None) -> Array:
    """An (H, W) field as (H, W, C); for a ``role``, in the passing memory of `scratch`."""
    if 1 < channels <= 4:  # three times as fast as NumPy
        memory = scratch(role, (*field.shape, channels), field.dtype) if role else None
        return cv2.merge([field] * channels, memory)
    return np.repeat(field[:, :, None], channels, axis=2)


def grain(
    image: Array,
    law: Array,
    generator: np.random.Generator,
    per_channel: bool,
    scale: float,
    std: float = 1.0,
    mean: float = 0.0,
) -> Array:
    """A field for an image from a law in units of white, drawn at a fraction of the size.

    (A whole number plus a rounded one is the rounded sum, so 8-bit images lose nothing if their
    fields are rounded.)
    """
    size = Size(*image.shape[:2])
    small = Size(*(max(1, round(length * scale)) for length in size))
    shape = (*small, *image.shape[2:]) if per_channel else tuple(small)
    white = WHITE[image.dtype.name]
    is_whole = image.dtype == np.uint8 and small == size
    field = spread(generator, shape, law, std * white, mean * white, is_whole)
    return field if small == size else resize(field, size, LINEAR)


def gaussian(seed: int, shape: tuple[int, ...], std: float, mean: float = 0.0) -> Array:
    """A field of Gaussian numbers."""
    return spread(noise(seed), shape, quantiles(), std, mean)


def spread(
    generator: np.random.Generator,
    shape: tuple[int, ...],
    law: Array,
    std: float = 1.0,
    mean: float = 0.0,
    whole: bool = False,
) -> Array:
    """A field of law * std + mean, where a law is 2^n <= 65536 equally likely values.

    It is a look-up of two random bytes: five times cheaper than NumPy's Gaussian numbers. What is
    less, the values of the law or of the field, is scaled and rounded.
    """
    codes = random_codes(generator, shape)
    is_field = codes.size < 65536 or len(law) < 65536
    values = np.take(law, codes & np.uint16(len(law) - 1)) if is_field else law
    if law.dtype.kind == "f":
        values = (values * np.float32(std) + np.float32(mean)).astype(np.float32, copy=False)
    if whole:
        values = np.rint(values).astype(np.int16)
    if is_field:
        return values
    if WIDE_TABLES:
        return cv2.LUT(codes.reshape(shape[0], -1), values).reshape(shape)
    return np.take(values, codes)


def random_codes(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random uint16 numbers."""
    count = math.prod(shape)
    codes: Array = generator.bit_generator.random_raw(-(-count // 4)).view(np.uint16)
    return codes[:count].reshape(shape)


@functools.cache
def units() -> Array:
    """65536 equally likely values of a uniform variable in [0, 1]."""
    return np.linspace(0, 1, 65536, dtype=np.float32)


@functools.cache
def quantiles() -> Array:
    """65536 equally likely values of a standard normal variable, scaled to a deviation of 1."""
    inverse = statistics.NormalDist().inv_cdf  # scalar: its bits do not depend on the CPU
    upper = np.array([inverse(0.5 + (i + 0.5) / 65536) for i in range(32768)])
    values = np.concatenate([-upper[::-1], upper])
    scaled: Array = values / np.sqrt(np.mean(values**2))
    return scaled.astype(np.float32)
