"""Shadows, the sun, and what a lens makes of it."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import LUMA, clipped
from ..core.fields import Above, Array, Between, DrawnPair, Probability, WholeRange
from ..core.kinds import ColorPixel
from ..core.random import Draw, noise
from ..core.transform import Params
from .layers import Colour, Region, dimmed, in_units, plus, screened, within

FINEST = 320
"""Light is painted on a layer of at most this side, then enlarged: it has no finer detail."""
PENUMBRA = 0.01  # of the shorter side: the width of a shadow's edge
CORE = 3.0  # how much brighter than white the source is, before it is clipped

Window: TypeAlias = tuple[slice, slice]
EVERYWHERE = slice(None), slice(None)


class RandomShadow(ColorPixel):
    """Let polygons of shadow fall on the image.

    Their corners lie anywhere in the region and are joined in the order of their directions, so
    that no side crosses another. Where shadows overlap, the deeper one counts.

    Args:
        shadow_roi: Where shadows may lie: left, top, right, bottom, in fractions of the image.
        num_shadows_limit: Fewest and most shadows.
        shadow_dimension: Corners of a shadow.
        shadow_intensity_range: Share of the light that a shadow takes away, 0 to 1.
        p: Chance that a call does anything.

    """

    shadow_roi: Region = (0, 0.5, 1, 1)
    num_shadows_limit: Annotated[WholeRange, Between(1)] = (1, 2)
    shadow_dimension: Annotated[int, Between(3)] = 5
    shadow_intensity_range: Annotated[DrawnPair, Between(0, 1)] = (0.5, 0.5)
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        count = draw.whole(*self.num_shadows_limit)
        low, high = self.shadow_intensity_range
        units = draw.generator.random((count, self.shadow_dimension, 2))
        depths = low + (high - low) * draw.generator.random(count)
        return {"corners": within(self.shadow_roi, units).tolist(), "intensity": depths.tolist()}

    def edit(self, image: Array, corners: list[list[list[float]]], intensity: list[float]) -> Array:
        height, width = image.shape[:2]
        shapes = np.array(corners) * (width, height)
        low = np.minimum(shapes.min(axis=(0, 1)).astype(int), (width - 1, height - 1))
        high = np.maximum(np.ceil(shapes.max(axis=(0, 1))).astype(int), low + 1)
        layer = np.zeros((high[1] - low[1], high[0] - low[0]), np.float32)
        for depth, shape in sorted(zip(intensity, shapes, strict=True), key=lambda pair: pair[0]):
            spokes = shape - shape.mean(axis=0)
            order = np.argsort(np.arctan2(spokes[:, 1], spokes[:, 0]))
            points = np.rint((shape[order] - low) * 16 - 8).astype(np.int32)
            cv2.fillPoly(layer, [points], depth, cv2.LINE_8, 4)
        side = max(1, round(PENUMBRA * min(height, width))) | 1
        edge = cv2.BORDER_CONSTANT  # nothing of it falls beyond the region
        layer = cv2.blur(layer, (side, side), borderType=edge).reshape(layer.shape)
        result = np.array(image, order="C")
        window = slice(low[1], high[1]), slice(low[0], high[0])
        share = in_units(np.float32(1) - layer, image.dtype)
        result[window] = dimmed(result[window], share)
        return result


def span(middle: float, reach: float, length: int) -> slice:
    """The pixels within reach of a place on a side of some length."""
    start, stop = math.floor(middle - reach), math.ceil(middle + reach)
    return slice(min(max(0, start), length), min(max(0, stop), length))


def disc(
    layer: Array, x: float, y: float, radius: float, sides: int = 0, turn: float = 0.0
) -> tuple[Window, Array]:
    """The part of a layer within a radius of a place, and each pixel's distance, in radii.

    With some ``sides`` the disc is a regular polygon whose sides are at the radius.
    """
    reach = radius / math.cos(math.pi / sides) if sides else radius
    window = span(y, reach, layer.shape[-2]), span(x, reach, layer.shape[-1])
    down, across = (
        (np.arange(part.start, part.stop, dtype=np.float32) + np.float32(0.5 - at))
        * np.float32(1 / radius)
        for part, at in zip(window, (y, x), strict=True)
    )
    if not sides:
        return window, np.sqrt(np.square(across) + np.square(down)[:, None])
    angles = (turn + 2 * math.pi * k / sides for k in range(sides))
    far = [across * math.cos(a) + (down * math.sin(a))[:, None] for a in angles]
    return window, np.maximum.reduce(far).astype(np.float32)


def fading(distance: Array, power: int) -> Array:
    """1 in the middle, 0 from one radius on."""
    left = np.maximum(np.float32(1) - distance, 0)
    result = left
    for _ in range(power - 1):
        result = result * left
    return np.asarray(result)


def ghost(distance: Array, radius: float) -> Array:
    """The picture of an aperture, brighter at its edge, which is a pixel wide."""
    inside = clipped((np.float32(1) - distance) * np.float32(max(radius, 1)))
    inside *= np.float32(0.6) + np.float32(0.4) * np.square(distance)
    return inside


def rays(layer: Array, x: float, y: float, angles: Array, lengths: Array, width: float) -> Array:
    """Tapered (H, W) rays from a place, each with an angle and a length."""
    drawn = np.zeros(layer.shape[-2:], np.uint8)
    for angle, length in zip(angles.tolist(), lengths.tolist(), strict=True):
        ahead = np.array((math.cos(angle), math.sin(angle)))
        aside = ahead[::-1] * (-width / 2, width / 2)
        corners = np.array((aside, ahead * length, -aside)) + np.array((x, y))
        points = np.rint(corners * 16 - 8).astype(np.int32)
        cv2.fillConvexPoly(drawn, points, 255, cv2.LINE_AA, 4)
    result = cv2.blur(drawn, (3, 3)).reshape(drawn.shape) * np.float32(1 / 255)
    window, distance = disc(layer, x, y, float(lengths.max(initial=1)))
    faded = np.zeros_like(result)
    faded[window] = result[window] * fading(distance, 2)
    return faded


def bloomed(light: Array, sigma: float) -> Array:
    """Light and what of it a lens spreads: a Gaussian, as three averages over squares."""
    side = round(math.sqrt(4 * sigma * sigma + 1)) | 1
    spread = light
    for _ in range(3):
        spread = cv2.blur(spread, (side, side), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(light + spread.reshape(light.shape))


def small_layer(image: Array) -> tuple[Array, float]:
    """Three empty planes, (3, H, W), for light, and their scale against the image."""
    height, width = image.shape[:2]
    scale = min(1.0, FINEST / max(height, width))
    shape = 3, max(1, round(height * scale)), max(1, round(width * scale))
    return np.zeros(shape, np.float32), scale


def merged(layer: Array) -> Array:
    """Three planes as (H, W, 3)."""
    return np.asarray(cv2.merge(list(layer)))


def fitted(layer: Array, image: Array) -> Array:
    """Fractions, (h, w, 3) or (h, w), with an image's size, dtype and, of three, channels."""
    grey = image.ndim == 2 or image.shape[2] == 1
    if layer.ndim == 3 and grey:
        layer = cv2.transform(layer, np.array([LUMA], np.float32))
    size = image.shape[1], image.shape[0]
    if image.dtype == np.uint8:
        result = cv2.resize(in_units(layer, image.dtype), size)
    else:
        result = in_units(cv2.resize(layer, size), image.dtype)
    return result.reshape(image.shape) if grey else result


class RandomSunFlare(ColorPixel):
    """Let the sun shine into the lens.

    Args:
        flare_roi: Where the sun may be: left, top, right, bottom, in fractions of the image.
        src_radius: Radius of its light, in pixels, but no more than the image's longer side.
        src_color: RGB colour of its light, 0 to 255.
        angle_range: Direction of the line that the reflections lie on, in turns, 0 to 1,
            counter-clockwise from the right.
        num_flare_circles_range: Fewest and most reflections.
        method: "overlay" (light and reflections are painted over the image) or "physics_based"
            (light is added up, with rays, a glow and faint reflections).
        p: Chance that a call does anything.

    """

    flare_roi: Region = (0, 0, 1, 0.5)
    src_radius: Annotated[int, Above(1)] = 400
    src_color: Colour = (255, 255, 255)
    angle_range: Annotated[DrawnPair, Between(0, 1)] = (0, 1)
    num_flare_circles_range: Annotated[WholeRange, Between(1)] = (6, 10)
    method: Literal["overlay", "physics_based"] = "overlay"
    p: Probability = 0.5

    channels = (1, 3)
    draws: ClassVar[int] = 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        unit = np.array((draw.uniform(), draw.uniform()))
        return {
            "place": within(self.flare_roi, unit).tolist(),
            "angle": draw.between(self.angle_range),
            "circles": draw.whole(*self.num_flare_circles_range),
            "seed": draw.seed(),
        }

    def edit(
        self, image: Array, place: list[float], angle: float, circles: int, seed: int
    ) -> Array:
        layer, scale = small_layer(image)
        height, width = layer.shape[1:]
        units = noise(seed).random((circles, 6))
        x, y = place[0] * width, place[1] * height
        longest = max(height, width)
        way = np.array((math.cos(2 * math.pi * angle), -math.sin(2 * math.pi * angle)))
        places = (x, y) + way * ((1.6 * units[:, :1] - 0.8) * longest)
        radii = longest * (0.015 + 0.12 * units[:, 1] ** 2)
        sun = np.array(self.src_color) / 255
        colours = sun * (1 - 0.25 * units[:, 2:5])
        radius = max(min(self.src_radius * scale, longest), 1.0)
        if self.method == "overlay":
            cover = np.zeros((height, width), np.float32)
            strengths = 0.1 + 0.25 * units[:, 5]
            for at, size, colour, strength in zip(places, radii, colours, strengths, strict=True):
                window, distance = disc(layer, at[0], at[1], size)
                paint(layer, cover, window, ghost(distance, size) * np.float32(strength), colour)
            window, distance = disc(layer, x, y, radius)
            share = np.minimum(fading(distance, 3) * np.float32(1.5), 1)
            paint(layer, cover, window, share, sun)
            kept = dimmed(image, fitted(np.float32(1) - cover, image))
            return plus(kept, fitted(merged(layer), image))
        window, distance = disc(layer, x, y, radius)
        glow = fading(distance, 2) + fading(distance * np.float32(4), 1) * np.float32(CORE)
        add(layer, window, glow, sun)
        turns = 2 * math.pi * (angle + np.arange(8) / 8)
        lengths = radius * (1.0 + 0.5 * (np.arange(8) % 2))
        spikes = rays(layer, x, y, turns, lengths, max(0.06 * radius, 1.0))
        add(layer, EVERYWHERE, spikes, sun)
        for at, size, colour, strength in zip(places, radii, colours, units[:, 5], strict=True):
            window, distance = disc(layer, at[0], at[1], size)
            share = ghost(distance, size) * np.float32(0.06 + 0.16 * strength)
            add(layer, window, share, colour)
        return screened(image, fitted(clipped(merged(layer)), image))


def paint(layer: Array, cover: Array, window: Window, share: Array, colour: Array) -> None:
    """Paint a colour over a part of three planes that hold what was painted, and how thickly."""
    for plane, level in zip(layer, colour.tolist(), strict=True):
        plane[window] += share * (np.float32(level) - plane[window])
    cover[window] += share * (np.float32(1) - cover[window])


def add(layer: Array, window: Window, share: Array, colour: Array) -> None:
    """Add light of a colour to a part of three planes."""
    for plane, level in zip(layer, colour.tolist(), strict=True):
        plane[window] += share * np.float32(level)


class LensFlare(ColorPixel):
    """Add what a bright light makes in a lens: a blooming source, rays, and a row of ghosts.

    Ghosts are pictures of a six-bladed aperture on the line through the source and the middle of
    the image, with coloured edges. Light is added so that white is approached and never passed.

    Args:
        flare_roi: Where the source may be: left, top, right, bottom, in fractions of the image.
        num_ghosts_range: Fewest and most ghosts.
        intensity_range: Strength of it all, 0 to 1; 0 changes nothing.
        num_rays_range: Fewest and most rays.
        bloom_range: How far light spreads, as a standard deviation in fractions of the longer side.
        p: Chance that a call does anything.

    """

    flare_roi: Region = (0, 0, 1, 0.5)
    num_ghosts_range: Annotated[WholeRange, Between(0)] = (3, 7)
    intensity_range: Annotated[DrawnPair, Between(0, 1)] = (0.3, 0.7)
    num_rays_range: Annotated[WholeRange, Between(0)] = (4, 8)
    bloom_range: Annotated[DrawnPair, Between(0, 1)] = (0.01, 0.05)
    p: Probability = 0.5

    channels = (1, 3)
    draws: ClassVar[int] = 6

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        unit = np.array((draw.uniform(), draw.uniform()))
        return {
            "place": within(self.flare_roi, unit).tolist(),
            "ghosts": draw.whole(*self.num_ghosts_range),
            "intensity": draw.between(self.intensity_range),
            "rays": draw.whole(*self.num_rays_range),
            "bloom": draw.between(self.bloom_range),
            "seed": draw.seed(),
        }

    def edit(
        self,
        image: Array,
        place: list[float],
        ghosts: int,
        intensity: float,
        rays: int,
        bloom: float,
        seed: int,
    ) -> Array:
        if intensity == 0:
            return image
        layer, _ = small_layer(image)
        height, width = layer.shape[1:]
        x, y, longest = place[0] * width, place[1] * height, max(height, width)
        generator = noise(seed)
        shine(layer, x, y, longest, rays, generator)
        middle = np.array((width / 2, height / 2))
        turn = float(generator.random()) * math.pi / 3
        for unit in generator.random((ghosts, 5)):
            at = (x, y) + (0.5 + 1.7 * unit[0]) * (middle - (x, y))
            size = longest * (0.015 + 0.07 * unit[1] ** 2)
            colour = np.array((0.35, 0.35, 0.35)) + 0.65 * np.eye(3)[int(unit[2] * 3)]
            colour = (colour + np.roll(colour, 1) * unit[3]) * (0.25 + 0.4 * unit[4])
            window, distance = disc(layer, at[0], at[1], size, 6, turn)
            for channel, reach in enumerate((0.96, 1.0, 1.04)):  # blue is refracted the most
                share = ghost(distance * np.float32(reach), size) * np.float32(colour[channel])
                layer[channel][window] += share
        light = bloomed(merged(layer), bloom * longest) if bloom else merged(layer)
        return screened(image, fitted(clipped(light * np.float32(intensity)), image))


def shine(
    layer: Array, x: float, y: float, longest: int, count: int, generator: np.random.Generator
) -> None:
    """Add a warm source and its rays to a layer of light."""
    turn, *units = generator.random(1 + count).tolist()
    window, distance = disc(layer, x, y, 0.35 * longest)
    add(layer, window, fading(distance * np.float32(7), 1), np.full(3, CORE))
    add(layer, window, fading(distance, 3), np.array((0.9, 0.75, 0.55)))
    angles = (turn + np.arange(count)) * (2 * math.pi / max(count, 1))
    lengths = longest * (0.3 + 0.3 * np.array(units))
    spikes = rays(layer, x, y, angles, lengths, max(0.02 * longest, 1.0))
    add(layer, EVERYWHERE, spikes, np.array((1.2, 1.1, 0.9)))
