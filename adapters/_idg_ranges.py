"""What `ImageDataGenerator` draws for an image, and the matrix that it means."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import lt
from typing import Any

import numpy as np

from probaug.core.matrix import Matrix, Size, shift, turn, zoom

from ._checks import refuse

OWNER = "ImageDataGenerator"
FLIPS = ("horizontal_flip", "vertical_flip")
RANGES = (
    "rotation_range",
    "height_shift_range",
    "width_shift_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "brightness_range",
)
MOVES = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1}
STILL = tuple(MOVES.values())
IDENTITY = Matrix()
SLOTS = 12 + len(RANGES)
"""How many uniforms an image takes, whatever is switched on: so that two generators with the same
seed move alike though only one of them changes colours."""


@dataclass(frozen=True)
class Ranges:
    """The ranges of an `ImageDataGenerator`, in the order in which they are drawn.

    Args:
        rotation: Degrees, drawn from -rotation to rotation.
        height: Height shift, as the user gave it.
        width: Width shift, as the user gave it.
        shear: Degrees, drawn from -shear to shear.
        zoom: Lowest and highest zoom.
        flips: Whether there are horizontal and vertical flips.
        channel: What is added to all values, from -channel to channel.
        brightness: Lowest and highest factor, or None.
        chances: The chance of each effect, in the order of RANGES and FLIPS.
        legacy: Draw shifts and place the centre as Keras does.

    """

    rotation: float
    height: Any
    width: Any
    shear: float
    zoom: tuple[float, float]
    flips: tuple[bool, bool]
    channel: float
    brightness: tuple[float, float] | None
    chances: tuple[float, ...]
    legacy: bool

    def draw(self, values: Sequence[float], size: Size) -> dict[str, Any]:
        """The parameters that ``SLOTS`` uniforms stand for, for an image of a size."""
        down = across = 0.0
        if self.height:
            down = self._shift(self.height, values[1], values[2], size.height)
        if self.width:
            across = self._shift(self.width, values[3], values[4], size.width)
        low, high = self.zoom
        brightness = None
        if self.brightness is not None:
            darkest, brightest = self.brightness
            brightness = darkest + (brightest - darkest) * values[11]
        return self._named(
            values[12:],
            self.rotation * (2 * values[0] - 1),
            down,
            across,
            self.shear * (2 * values[5] - 1),
            low + (high - low) * values[6],
            low + (high - low) * values[7],
            (values[8], values[9]),
            self.channel * (2 * values[10] - 1) if self.channel else None,
            brightness,
        )

    def draw_as_keras(self, seed: int, size: Size) -> dict[str, Any]:
        """What Keras draws for an image of a size after seeding NumPy's generator."""
        rng = np.random.RandomState(seed)
        theta = rng.uniform(-self.rotation, self.rotation) if self.rotation else 0
        shifts = []
        for limit, length in ((self.height, size.height), (self.width, size.width)):
            moved: Any = 0
            if limit:
                if isinstance(limit, float):
                    moved = rng.uniform(-limit, limit)
                else:
                    moved = rng.choice(limit)
                    moved = moved * rng.choice([-1, 1])
                if np.max(limit) < 1:
                    moved = moved * length
            shifts.append(moved)
        shear = rng.uniform(-self.shear, self.shear) if self.shear else 0
        zx, zy = (1, 1) if {*self.zoom} == {1} else rng.uniform(*self.zoom, 2)
        flips = rng.random(), rng.random()
        channel = rng.uniform(-self.channel, self.channel) if self.channel else None
        brightness = None if self.brightness is None else rng.uniform(*self.brightness)
        gates = values_of(seed)[12:]
        return self._named(
            gates, theta, shifts[0], shifts[1], shear, zx, zy, flips, channel, brightness
        )

    def _named(
        self,
        gates: Sequence[float],
        theta: float,
        down: float,
        across: float,
        shear: float,
        zx: float,
        zy: float,
        flips: tuple[float, float],
        channel: float | None,
        brightness: float | None,
    ) -> dict[str, Any]:
        """The parameters drawn, without those whose chance was missed."""
        gates = (*gates, *flips)
        turns, lowers, pushes, shears, zooms, shifts, brightens, mirrors, upends = map(
            lt, gates, self.chances
        )
        down = down if lowers else 0
        across = across if pushes else 0
        # Keras draws tx for the height, and then moves columns by it
        tx, ty = (down, across) if self.legacy else (across, down)
        return {
            "theta": theta if turns else 0,
            "tx": tx,
            "ty": ty,
            "shear": shear if shears else 0,
            "zx": zx if zooms else 1,
            "zy": zy if zooms else 1,
            "flip_horizontal": mirrors and self.flips[0],
            "flip_vertical": upends and self.flips[1],
            "channel_shift_intensity": channel if shifts else None,
            "brightness": brightness if brightens else None,
        }

    def _shift(self, limit: Any, value: float, sign: float, length: int) -> float:
        """How far to shift, in pixels: a fraction of the length below 1, pixels from 1 on."""
        if isinstance(limit, float):
            drawn = limit * (2 * value - 1)
            return drawn * length if limit < 1 else drawn
        if isinstance(limit, int):
            drawn = float(int(value * limit))
        else:
            drawn = float(limit[int(value * len(limit))])
            if (max(limit) if self.legacy else max(map(abs, limit))) < 1:
                drawn *= length
        return drawn if sign < 0.5 else -drawn


def fresh_values() -> list[float]:
    """Uniforms that nobody can know beforehand."""
    return values_of(secrets.randbits(63))


def values_of(seed: int) -> list[float]:
    """Uniforms for one image, from a seed."""
    values: list[float] = np.random.Generator(np.random.Philox(seed)).random(SLOTS).tolist()
    return values


def matrix_of(params: Mapping[str, Any], size: Size, legacy: bool) -> Matrix:
    """Where the parameters of a transform move the points of an image of a size.

    As in Keras rotation, shift, shear and zoom make one matrix, from places of the result to
    those of the source, about the centre; flips follow. Keras takes half the height for the
    centre's x and half the width for its y.
    """
    height, width = size
    theta, tx, ty, shear, zx, zy = moves = tuple(map(params.get, MOVES, STILL))
    across, down = params.get("flip_horizontal"), params.get("flip_vertical")
    flips = IDENTITY
    if across or down:
        flips = Matrix(
            xx=-1.0 if across else 1.0,
            x=width if across else 0.0,
            yy=-1.0 if down else 1.0,
            y=height if down else 0.0,
        )
    if moves == STILL:
        return flips
    angle = math.radians(shear)
    inverse = (
        turn(-theta)
        @ shift(tx, ty)
        @ Matrix(xy=-math.sin(angle), yy=math.cos(angle))
        @ zoom(zx, zy)
    )
    centre = (height / 2, width / 2) if legacy else (width / 2, height / 2)
    return flips @ inverse.about(*centre).inverse()


def read_shift(name: str, value: Any) -> Any:
    """A shift's range: a float, a whole number or a tuple of numbers to choose from."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (int, np.integer)) and value >= 0:
        return int(value)
    if isinstance(value, (float, np.floating)) and 0 <= value < math.inf:
        return float(value)
    if isinstance(value, (list, tuple)) and value:
        numbers = tuple(v.item() if isinstance(v, np.generic) else v for v in value)
        if all(isinstance(v, (int, float)) and math.isfinite(v) for v in numbers):
            return numbers
    rule = "a number >= 0 or a list of numbers to choose from"
    raise refuse(OWNER, name, rule, value)


def read_number(name: str, value: Any) -> float:
    """A finite number >= 0."""
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if is_number and 0 <= value < math.inf:
        return float(value)
    raise refuse(OWNER, name, "a number >= 0", value)


def read_zoom(value: Any, legacy: bool) -> tuple[float, float]:
    """The lowest and the highest zoom; Keras mirrors where it is below 0."""
    if isinstance(value, (int, float, np.integer, np.floating)):
        pair = 1 - float(value), 1 + float(value)
    else:
        pair = read_pair("zoom_range", value, "a number or a pair of numbers")
    if not legacy and (min(pair) <= 0 or not math.isfinite(max(pair))):
        raise refuse(OWNER, "zoom_range", "above 0 at both ends (0.2 stands for 0.8 to 1.2)", value)
    return pair


def read_pair(name: str, value: Any, rule: str = "a pair of numbers") -> tuple[float, float]:
    """A pair of numbers."""
    if isinstance(value, (list, tuple, np.ndarray)) and len(value) == 2:
        low, high = value
        if all(isinstance(v, (int, float, np.integer, np.floating)) for v in (low, high)):
            return float(low), float(high)
    raise refuse(OWNER, name, rule, value)


def read_chances(p: Any) -> tuple[float, ...]:
    """The chance of each effect: given for all, or for some by name."""
    chances = dict.fromkeys(RANGES, 1.0) | dict.fromkeys(FLIPS, 0.5)
    if p is None:
        p = {}
    given = p if isinstance(p, Mapping) else dict.fromkeys(chances, p)
    for name, chance in given.items():
        if name not in chances:
            raise refuse(OWNER, "p", "given for " + ", ".join(chances), name)
        if not isinstance(chance, (int, float)) or not 0 <= chance <= 1:
            raise refuse(OWNER, "p", "a number in [0, 1], or a dict of them by argument", p)
        chances[name] = float(chance)
    return tuple(chances.values())
