"""Fog, rain, snow, gravel and spatter between the camera and the scene."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import bounded, clipped, scaled, through_float
from ..core.fields import Above, Array, Between, Count, DrawnPair, Probability, ZeroTo
from ..core.kinds import ColorPixel
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.scratch import scratch
from ..core.transform import Params
from .layers import (
    Colour,
    Region,
    dimmed,
    flat_rows,
    in_units,
    plus,
    screened,
    tinted,
    veiled,
)
from .light import plasma
from .noise import gaussian, repeated

CLOUDS = (64, 2.0)  # grid points of fog along the longer side, and its roughness
FOG_LAYERS = 5.4  # as many of 2.0.8's discs lie over a pixel, on the average, at full fog
DROPS_PER_ROW = {"drizzle": 0.25, "default": 1 / 3, "heavy": 1.0, "torrential": 2.0}
SNOW_KNEE = 0.12  # of lightness: as a step, the threshold would be seen as an outline
FLAKES = 1600  # in a picture full of snow
STONES = 24  # on a patch


class RandomFog(ColorPixel):
    """Veil the image with drifting white fog.

    What is left of a pixel falls exponentially with the fog before it, and white takes the place
    of the rest; the fog is in smooth clouds, from a quarter of its usual density to nearly twice.

    Args:
        alpha_coef: Opacity of one of the layers that make up the fog, 0 to 1.
        fog_coef_range: Smallest and largest amount of fog, 0 (none) to 1.
        p: Chance that a call does anything.

    Source: the airlight law of H. Koschmieder, Theorie der horizontalen Sichtweite, 1924.

    """

    alpha_coef: Annotated[float, Between(0, 1)] = 0.08
    fog_coef_range: Annotated[DrawnPair, Between(0, 1)] = (0.3, 1)
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"fog_coef": draw.between(self.fog_coef_range), "seed": draw.seed()}

    def edit(self, image: Array, fog_coef: float, seed: int) -> Array:
        density = -FOG_LAYERS * math.log1p(-min(self.alpha_coef, 1 - 1e-9)) * fog_coef**2
        if density == 0:
            return image
        field = plasma(seed, Size(*image.shape[:2]), *CLOUDS)
        left = cv2.exp((field * np.float32(1.5) + np.float32(0.25)) * np.float32(-density))
        share = in_units(left.reshape(field.shape), image.dtype)
        return veiled(image, share)


class RandomRain(ColorPixel):
    """Add falling streaks of rain, then darken the image.

    The number of streaks follows from the image's height.

    Args:
        slant_range: Direction of the rain in degrees from the vertical, -45 to 45; positive ones
            fall to the right.
        drop_length: Length of a streak in pixels; None for an eighth of the image's height.
        drop_width: Width of a streak in pixels.
        drop_color: RGB light that a streak adds before it is blurred, 0 to 255.
        blur_value: Side of the square that streaks are averaged over, in pixels, but no more than a
            96th of the height of the image; 1 for sharp ones.
        brightness_coefficient: Factor of all values, up to 1.
        rain_type: How many streaks: a quarter of the image's rows ("drizzle"), a third
            ("default"), as many ("heavy") or twice as many ("torrential").
        p: Chance that a call does anything.

    """

    slant_range: Annotated[DrawnPair, Between(-45, 45)] = (-10, 10)
    drop_length: Annotated[int, Between(0)] | None = None
    drop_width: Count = 1
    drop_color: Colour = (200, 200, 200)
    blur_value: Count = 7
    brightness_coefficient: Annotated[float, Above(0), Between(0, 1)] = 0.7
    rain_type: Literal["drizzle", "heavy", "torrential", "default"] = "default"
    p: Probability = 0.5

    channels = (1, 3)
    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"slant": draw.between(self.slant_range), "seed": draw.seed()}

    def edit(self, image: Array, slant: float, seed: int) -> Array:
        layer = self.streaks(image.shape[0], image.shape[1], slant, seed)
        if image.dtype != np.uint8:
            layer = in_units(layer * np.float32(1 / 255), image.dtype)
        side = min(self.blur_value, max(image.shape[0] // 96, 2))
        if side > 1:
            layer = cv2.blur(layer, (side, side)).reshape(layer.shape)
        wet = plus(image, tinted(layer, self.drop_color, image))
        flat = flat_rows(wet)
        return cv2.addWeighted(flat, self.brightness_coefficient, flat, 0, 0, flat).reshape(
            wet.shape
        )

    def streaks(self, height: int, width: int, slant: float, seed: int) -> Array:
        """An (H, W) layer, 255 where a streak is; some come in and go out through the edges."""
        length = max(1, height // 8) if self.drop_length is None else self.drop_length
        across = length * math.tan(math.radians(slant))
        room = np.array((width + abs(across), height + length))
        count = round(
            DROPS_PER_ROW[self.rain_type] * height * float(room.prod()) / (width * height)
        )
        tops = noise(seed).random((count, 2)) * room - (max(across, 0.0), length)
        lines = np.stack([tops, tops + np.array((across, length))], axis=1)
        layer = np.zeros((height, width), np.uint8)
        if count:
            lines = np.rint(lines * 16).astype(np.int32)
            cv2.polylines(layer, list(lines), False, 255, self.drop_width, cv2.LINE_8, 4)
        return layer


class RandomSnow(ColorPixel):
    """Let the scene be covered with snow, or let snow fall.

    Nothing becomes darker.

    Args:
        brightness_coeff: With "bleach", factor of the lightness of what is dark; with "texture",
            factor of all values in a picture full of snow. Below 1 it does nothing.
        snow_point_range: Fewest and most snow, 0 to 1. With "bleach" pixels whose lightness (of
            HLS) is below 1/3 + snow / 2 are bleached.
        method: "bleach" (the ground is bleached) or "texture" (a cold veil, denser at the top, and
            flakes).
        p: Chance that a call does anything.

    """

    brightness_coeff: Annotated[float, Above(0)] = 2.5
    snow_point_range: Annotated[DrawnPair, Between(0, 1)] = (0.1, 0.3)
    method: Literal["bleach", "texture"] = "bleach"
    p: Probability = 0.5

    channels = (1, 3)
    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"snow_point": draw.between(self.snow_point_range), "seed": draw.seed()}

    def edit(self, image: Array, snow_point: float, seed: int) -> Array:
        gain = max(self.brightness_coeff, 1.0)
        if self.method == "texture":
            lit = scaled(image, 1 + (gain - 1) * snow_point, 0) if gain > 1 else image
            return falling(lit, snow_point, seed) if snow_point else lit
        return bleached(image, gain, 1 / 3 + snow_point / 2) if gain > 1 else image


def bleached(image: Array, gain: float, threshold: float) -> Array:
    """Multiply the lightness (of HLS) of what is darker than a threshold."""

    def curve(lightness: Array) -> Array:
        share = np.clip((threshold - lightness) / SNOW_KNEE + 0.5, 0, 1)
        return np.asarray(np.minimum(lightness * (1 + (gain - 1) * share), 1))

    if image.dtype == np.uint16:
        return through_float(image, lambda values: bleached(values, gain, threshold))
    table = np.rint(curve(np.arange(256) / 255) * 255).astype(np.uint8)
    is_bytes = image.dtype == np.uint8
    if image.ndim == 2 or image.shape[2] == 1:
        result = cv2.LUT(image, table) if is_bytes else clipped(curve(image).astype(np.float32))
        return result.reshape(image.shape)
    room = scratch("hls", image.shape, image.dtype)
    hls = cv2.cvtColor(image if is_bytes else bounded(image), cv2.COLOR_RGB2HLS_FULL, room)
    lightness = cv2.extractChannel(hls, 1)
    lighter = cv2.LUT(lightness, table) if is_bytes else curve(lightness).astype(np.float32)
    result = cv2.cvtColor(cv2.insertChannel(lighter, hls, 1), cv2.COLOR_HLS2RGB_FULL)
    # in 8 bits HLS loses a level here and there
    return clipped(cv2.max(result, image, result))


def falling(image: Array, amount: float, seed: int) -> Array:
    """An image behind falling snow: a cold veil, and flakes of three distances."""
    height, width = image.shape[:2]
    generator = noise(seed)
    depth = np.linspace(1.6, 0.4, height, dtype=np.float32)[:, None]
    veil = plasma(seed, Size(height, width), *CLOUDS) * (depth * np.float32(0.45 * amount))
    flakes = np.zeros((height, width), np.uint8)
    longest = max(height, width)
    for level, size, part in ((170, 0.0012, 0.6), (210, 0.0025, 0.3), (240, 0.005, 0.1)):
        count = round(FLAKES * amount * part)
        places = generator.random((count, 2)) * longest
        radii = size * longest * (0.6 + 0.8 * generator.random(count))
        levels = level * np.minimum(2 * radii, 1) ** 2  # of a pixel at least, but fainter then
        inside = (places[:, 0] < width) & (places[:, 1] < height)
        discs = np.column_stack([places, np.maximum(radii, 0.5), levels / 16])[inside]
        for x, y, radius, light in np.rint(discs * 16).astype(int).tolist():
            cv2.circle(flakes, (x, y), radius, light, -1, cv2.LINE_AA, 4)
    side = max(1, round(0.0025 * longest)) | 1
    field = cv2.blur(flakes, (side, side)).reshape(flakes.shape) * np.float32(1 / 255)
    share = in_units(cv2.max(field, clipped(veil)).reshape(field.shape), image.dtype)
    return screened(image, tinted(share, (235, 243, 255), image))


class RandomGravel(ColorPixel):
    """Strew patches of small grey stones.

    Args:
        gravel_roi: Where patches may lie: left, top, right, bottom, in fractions of the image.
        number_of_patches: How many patches.
        p: Chance that a call does anything.

    """

    gravel_roi: Region = (0.1, 0.4, 0.9, 0.9)
    number_of_patches: Count = 2
    p: Probability = 0.5

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        units = draw.generator.random((self.number_of_patches, 2))
        return {"units": units.tolist(), "seed": draw.seed()}

    def edit(self, image: Array, units: list[list[float]], seed: int) -> Array:
        height, width = image.shape[:2]
        region = np.array(self.gravel_roi).reshape(2, 2) * (width, height)
        half = np.minimum(0.065 * max(height, width), (region[1] - region[0]) / 2)
        middles = region[0] + half + np.array(units) * (region[1] - region[0] - 2 * half)
        low = np.maximum(np.floor(middles - half), 0).astype(int)
        high = np.minimum(np.ceil(middles + half), (width, height)).astype(int)
        shapes, levels = stones(middles - low, half, seed)
        result = np.array(image, order="C")
        for patch, ((left, top), (right, bottom)) in enumerate(zip(low, high, strict=True)):
            part = result[top:bottom, left:right]
            result[top:bottom, left:right] = strewn(part, shapes[patch], levels[patch])
        return result


def stones(middles: Array, half: Array, seed: int) -> tuple[Array, list[list[float]]]:
    """Outlines (in 1/32 pixels) and greys of stones on patches with (N, 2) middles.

    More of them are in the middle. Each comes thrice: its dark side, itself and its lit side.
    """
    units = noise(seed).random((6, len(middles), STONES, 1))
    size, far, turn, tone, wide, way = units
    size = np.maximum(half.min() * (0.05 + 0.11 * size**2), 0.5)
    room = 0.9 * np.maximum(half - 1.6 * size.max(), 0)
    places = np.concatenate([np.cos(2 * math.pi * turn), np.sin(2 * math.pi * turn)], axis=2)
    places = middles[:, None] + far * places * room
    angles = np.arange(7) * (2 * math.pi / 7)
    spokes = angles + 6 * way
    shapes = np.stack([np.cos(spokes), (0.6 + 0.4 * wide) * np.sin(spokes)], axis=3)
    shapes *= (size * (1 + 0.2 * np.sin(2 * angles + 40 * way)))[..., None]
    shifts, scales, lights = np.array([(0.25, 1.05, 0.35), (0.0, 1.0, 1.0), (-0.2, 0.55, 1.25)]).T
    shapes = shapes[:, :, None] * scales[:, None, None] + (size * shifts)[..., None, None]
    corners = np.rint((shapes + places[:, :, None, None]) * 32 - 8).astype(np.int32)
    levels = (60 + 130 * tone) * lights
    return corners.reshape(len(middles), -1, 7, 2), levels.reshape(len(middles), -1).tolist()


def strewn(window: Array, shapes: Array, levels: list[float]) -> Array:
    """A window with stones on it."""
    # at twice the size, then averaged: quicker than lines with smooth edges
    fine = np.zeros((2 * window.shape[0], 2 * window.shape[1], 2), np.uint8)
    for points, level in zip(shapes, levels, strict=True):
        cv2.fillConvexPoly(fine, points, (level, 255), cv2.LINE_8, 4)
    grey, cover = cv2.split(cv2.resize(fine, window.shape[1::-1], interpolation=cv2.INTER_AREA))
    kept = dimmed(window, in_units((255 - cover) * np.float32(1 / 255), window.dtype))
    light = in_units(grey * np.float32(1 / 255), window.dtype)
    return plus(kept, repeated(light, window.shape[2]) if window.ndim == 3 else light)


class Spatter(ColorPixel):
    """Spatter the lens with rain or mud.

    A liquid is Gaussian noise, blurred; drops are where it stands above a threshold.

    Args:
        mean: Mean of the liquid, 0 to 1; a number n stands for 0 to n.
        std: Standard deviation of the liquid before it is blurred, 0 to 1; likewise.
        gauss_sigma: Standard deviation of the blur, in pixels; likewise.
        cutout_threshold: What is liquid above this is a drop, 0 to 1; likewise.
        intensity: Opacity of the drops, 0 to 1; likewise.
        mode: "rain" or "mud".
        color: RGB colour of the drops, 0 to 255; None for pale turquoise rain and brown mud.
        p: Chance that a call does anything.

    Source: D. Hendrycks and T. Dietterich, Benchmarking Neural Network Robustness to Common
    Corruptions and Perturbations, arXiv 1903.12261.

    """

    mean: Annotated[ZeroTo, Between(0, 1)] = (0.65, 0.65)
    std: Annotated[ZeroTo, Between(0, 1)] = (0.3, 0.3)
    gauss_sigma: Annotated[ZeroTo, Between(0)] = (2, 2)
    cutout_threshold: Annotated[ZeroTo, Between(0, 1)] = (0.68, 0.68)
    intensity: Annotated[ZeroTo, Between(0, 1)] = (0.6, 0.6)
    mode: Literal["rain", "mud"] = "rain"
    color: Colour | None = None
    p: Probability = 0.5

    channels = (1, 3)
    seeded = True

    def edit(
        self,
        image: Array,
        mean: float,
        std: float,
        gauss_sigma: float,
        cutout_threshold: float,
        intensity: float,
        seed: int,
    ) -> Array:
        if intensity == 0:
            return image
        liquid = gaussian(seed, image.shape[:2], std, mean)
        if gauss_sigma > 0:
            weights = cv2.getGaussianKernel(2 * math.ceil(3 * gauss_sigma) + 1, gauss_sigma)
            liquid = cv2.sepFilter2D(liquid, -1, weights, weights).reshape(liquid.shape)
        # the deviation that is left of white noise after the blur
        unit = max(std / max(1.0, 2 * math.sqrt(math.pi) * gauss_sigma), 1e-6)
        is_mud = self.mode == "mud"
        edge = 0.6 if is_mud else 0.25  # mud is thin at its edge
        cover = clipped((liquid - np.float32(cutout_threshold)) * np.float32(1 / (edge * unit)))
        # lit from the upper left
        slope = cv2.Sobel(liquid, -1, 1, 0) + cv2.Sobel(liquid, -1, 0, 1)
        steep = np.float32((0.15 if is_mud else 0.3) * max(gauss_sigma, 0.5) / (8 * unit))
        shade = np.clip(1 + slope.reshape(liquid.shape) * steep, 0.5 if is_mud else 0.8, 1.5)
        cover *= np.float32(intensity)
        colour = self.color or ((63, 42, 20) if is_mud else (175, 238, 238))
        kept = dimmed(image, in_units(1 - cover, image.dtype))
        return plus(kept, tinted(in_units(clipped(cover * shade), image.dtype), colour, image))
