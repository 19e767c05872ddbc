"""Light and shadow that differ from place to place."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import clipped, means
from ..core.fields import (
    Above,
    Array,
    Between,
    Count,
    DrawnPair,
    Probability,
    channels_of,
    dtype_name,
)
from ..core.kinds import ColorPixel
from ..core.matrix import Size
from ..core.random import Draw
from ..core.tone import DEPTH, WHITE
from ..core.transform import Params
from ..core.warp import CUBIC, LINEAR, resize
from .noise import combined, gaussian, repeated


def lit(image: Array, gain: Array, offset: Array) -> Array:
    """Multiply an image by an (H, W) field and add one in units of white; rounded and clipped."""
    dtype, rows = dtype_name(image.dtype), image.reshape(len(image), -1)
    fields = (("gain", gain), ("offset", offset * np.float32(WHITE[dtype])))
    wide, more = (repeated(f, channels_of(image), r).reshape(rows.shape) for r, f in fields)
    product = cv2.multiply(rows, wide, wide, dtype=cv2.CV_32F)
    return clipped(cv2.add(product, more, dtype=DEPTH[dtype])).reshape(image.shape)


class Illumination(ColorPixel):
    """Light the image from one side, from a corner or by a spot.

    Args:
        mode: "linear" for a ramp across the image, "corner" for light that falls off evenly from
            a corner to the opposite one, "gaussian" for a round spot.
        intensity_range: Largest change of the values, as a fraction of them.
        effect_type: "brighten", "darken", or "both": either by chance in a corner or spot, and
            one at each end of a ramp.
        angle_range: Where a ramp rises to, in degrees: 0 is right, 90 down.
        center_range: Where a spot's centre lies, as a fraction of width and height.
        sigma_range: Standard deviation of a spot, as a fraction of the image's longer side.
        p: Chance that a call does anything.

    """

    mode: Literal["linear", "corner", "gaussian"] = "linear"
    intensity_range: Annotated[DrawnPair, Between(0, 1)] = (0.01, 0.2)
    effect_type: Literal["brighten", "darken", "both"] = "both"
    angle_range: Annotated[DrawnPair, Between(-360, 360)] = (0, 360)
    center_range: Annotated[DrawnPair, Between(0, 1)] = (0.1, 0.9)
    sigma_range: Annotated[DrawnPair, Above(0)] = (0.2, 1.0)
    p: Probability = 0.5

    draws: ClassVar[int] = 5

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        intensity, chance = draw.between(self.intensity_range), draw.uniform()
        darkens = chance < 0.5 if self.effect_type == "both" else self.effect_type == "darken"
        params: Params = {"intensity": -intensity if darkens else intensity}
        if self.mode == "linear":
            return params | {"angle": draw.between(self.angle_range)}
        if self.mode == "corner":
            return params | {"corner": [draw.whole(0, 1), draw.whole(0, 1)]}
        center = [draw.between(self.center_range), draw.between(self.center_range)]
        return params | {"center": center, "sigma": draw.between(self.sigma_range)}

    def edit(self, image: Array, intensity: float, **place: float | list[float]) -> Array:
        height, width = image.shape[:2]
        field = getattr(self, "_" + self.mode)(
            np.arange(0.5, width, dtype=np.float32),
            np.arange(0.5, height, dtype=np.float32)[:, None],
            Size(height, width),
            **place,
        )
        field *= np.float32(intensity)
        field += 1
        return combined(cv2.multiply, image, field)

    def _linear(self, x: Array, y: Array, size: Size, angle: float) -> Array:
        across, down = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        far = (abs(across) * (size.width - 1) + abs(down) * (size.height - 1)) / 2
        scale = 1 / max(far, 0.5)  # -1 and 1 at the two outermost pixels
        ramp = (x - size.width / 2) * np.float32(across * scale)
        ramp = ramp + (y - size.height / 2) * np.float32(down * scale)
        return ramp if self.effect_type == "both" else (ramp + 1) * np.float32(0.5)

    def _corner(self, x: Array, y: Array, size: Size, corner: list[int]) -> Array:
        x, y = x - corner[0] * size.width, y - corner[1] * size.height
        away = np.sqrt(x * x + y * y)
        away *= np.float32(-1 / math.hypot(*size))
        return np.asarray(away + 1)

    def _gaussian(self, x: Array, y: Array, size: Size, center: list[float], sigma: float) -> Array:
        narrow = np.float32(0.5**0.5 / (sigma * max(size)))
        x, y = (x - center[0] * size.width) * narrow, (y - center[1] * size.height) * narrow
        return np.asarray(np.exp(-x * x) * np.exp(-y * y))


def plasma(seed: int, size: Size, finest: int, roughness: float) -> Array:
    """A cloudy (H, W) field between 0 and 1, the same for every size of one shape.

    Values at random on grids of 2, 4, ... cells up to ``finest`` over the longer side are added,
    each with roughness / 4 of the strength of the one before.
    """
    sides = [max(finest, 2)]
    while sides[-1] > 2:
        sides.append((sides[-1] + 1) // 2)
    weight = roughness / 4
    field = np.zeros((2, 2), np.float32)
    for octave, side in enumerate(reversed(sides)):
        field = resize(field, Size(side, side), CUBIC)
        # what would grow without bounds is kept at 1, and the rest reduced instead
        field *= np.float32(min(1 / weight, 1))
        field += gaussian(seed + octave, (side, side), min(weight, 1) ** octave)
    scale = sides[0] / max(size)
    part = [max(math.ceil(length * scale), 1) for length in size]
    field = resize(np.ascontiguousarray(field[: part[0], : part[1]]), size, LINEAR)
    low, high, _, _ = cv2.minMaxLoc(field)
    field -= np.float32(low)
    field *= np.float32(1 / max(high - low, 1e-12))
    return field


class PlasmaBrightnessContrast(ColorPixel):
    """Change brightness and contrast by a cloudy random pattern.

    The pattern lies between 0, where nothing changes, and 1. Contrast is stretched about the
    image's mean.

    Args:
        brightness_range: What is added where the pattern is 1, as a fraction of white.
        contrast_range: The factor where the pattern is 1 is 1 plus this.
        plasma_size: Grid points of the pattern along the longer side; between them it is smooth.
        roughness: How strong fine clouds are: each is weaker than one of twice its size by
            a factor of this over 4. Below 1 is soft, 2 like clouds, 4 and more grainy.
        p: Chance that a call does anything.

    """

    brightness_range: Annotated[DrawnPair, Between(-1, 1)] = (-0.3, 0.3)
    contrast_range: Annotated[DrawnPair, Between(-1, 1)] = (-0.3, 0.3)
    plasma_size: Count = 256
    roughness: Annotated[float, Above(0)] = 3.0
    p: Probability = 0.5

    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "brightness": draw.between(self.brightness_range),
            "contrast": draw.between(self.contrast_range),
            "seed": draw.seed(),
        }

    def edit(self, image: Array, brightness: float, contrast: float, seed: int) -> Array:
        pattern = plasma(seed, Size(*image.shape[:2]), self.plasma_size, self.roughness)
        channels = means(image)
        mean = sum(channels) / len(channels) + brightness * float(cv2.mean(pattern)[0])
        gain = pattern * np.float32(contrast)
        # brighter, then stretched: (x + b p - mean) (1 + c p) + mean
        offset = pattern * np.float32(brightness)
        offset += gain * (offset - np.float32(mean))
        gain += 1
        return lit(image, gain, offset)


class PlasmaShadow(ColorPixel):
    """Darken the image by a cloudy random pattern.

    Args:
        shadow_intensity_range: What is taken away in the darkest place, as a fraction of the value.
        plasma_size: Grid points of the pattern along the longer side; between them it is smooth.
        roughness: How strong fine clouds are: each is weaker than one of twice its size by
            a factor of this over 4. Below 1 is soft, 2 like clouds, 4 and more grainy.
        p: Chance that a call does anything.

    """

    shadow_intensity_range: Annotated[DrawnPair, Between(0, 1)] = (0.3, 0.7)
    plasma_size: Count = 256
    roughness: Annotated[float, Above(0)] = 3.0
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"intensity": draw.between(self.shadow_intensity_range), "seed": draw.seed()}

    def edit(self, image: Array, intensity: float, seed: int) -> Array:
        pattern = plasma(seed, Size(*image.shape[:2]), self.plasma_size, self.roughness)
        pattern *= np.float32(-intensity)
        pattern += 1
        return combined(cv2.multiply, image, pattern)
