"""Curves of tone that follow a histogram or chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core import tone
from ..core.canvas import Canvas
from ..core.channels import image_planes
from ..core.fields import Array, Between, Probability, channels_of
from ..core.kinds import Pointwise
from ..core.random import Draw
from ..core.tone import MOST
from ..core.transform import Params
from .tone import flattening, tone_each


class AutoContrast(Pointwise):
    """Spread the values of each channel over the full range.

    Channels of a single value stay as they are. 8-bit images have histograms of 256 bins; those
    of uint16 and float32 images have 65536.

    Args:
        cutoff: Percentage of the pixels that are left out at either end of the histogram.
        ignore: A grey level, in units of 1/255 of white, that is left out of the histogram and
            keeps its value.
        method: "cdf" to make the histogram flat between its ends, "pil" to stretch it linearly.
        p: Chance that a call does anything.

    Source: "pil" is Pillow's `ImageOps.autocontrast`; "cdf" is OpenCV's `equalizeHist`.

    """

    cutoff: Annotated[float, Between(0, 100)] = 0
    ignore: Annotated[int, Between(0, 255)] | None = None
    method: Literal["cdf", "pil"] = "cdf"
    p: Probability = 0.5

    def on(self, canvas: Canvas, params: Params) -> None:
        tone_each(canvas, self._curve)

    def _curve(self, image: Array) -> tone.Curve:
        counts = [self._kept(part) for part in histograms(image)]
        top = len(counts[0]) - 1
        spread = (flattened if self.method == "cdf" else stretched)(counts)

        def change(x: Array) -> Array:
            levels = np.clip(x, 0, 1) * top
            whole = np.rint(levels)
            if self.method == "cdf" or image.dtype != np.float32:
                levels = whole
            result = spread(levels)
            if top == 255 and self.method == "pil":
                result = np.floor(result)  # as Pillow does
            result = result / top
            return result if self.ignore is None else np.where(whole == self._level(top), x, result)

        return tone.Curve(change, per_channel=True)

    def _level(self, top: int) -> int:
        return int(self.ignore or 0) * (top // 255)

    def _kept(self, counts: Array) -> Array:
        """A histogram without the ignored level and what is cut off at either end."""
        if self.ignore is not None:
            counts[self._level(len(counts) - 1)] = 0
        cut = int(counts.sum() * self.cutoff // 100)
        for _ in range(2 if cut else 0):  # from below, then upside down
            left = np.maximum(counts.cumsum() - cut, 0)
            counts = np.diff(left, prepend=0)[::-1]
        return counts


def histograms(image: Array) -> list[Array]:
    """How many pixels of each channel have each of 256 or 65536 levels."""
    if image.dtype == np.float32:
        image = np.rint(np.clip(image, 0, 1) * 65535).astype(np.uint16)
    count, levels = channels_of(image), int(np.iinfo(image.dtype).max) + 1
    if image.dtype != np.uint8 or count > MOST:
        return [np.bincount(row, minlength=levels) for row in image.reshape(-1, count).T]
    bins = [cv2.calcHist([image], [c], None, [levels], [0, levels]) for c in range(count)]
    return [part.ravel().astype(np.int64) for part in bins]


def flattened(counts: list[Array]) -> Callable[[Array], Array]:
    """A map of whole levels, channels last, that makes each channel's histogram flat."""
    used = [np.flatnonzero(part) for part in counts]
    columns = [
        flattening(part, at, "cv") if len(at) > 1 else np.arange(len(part), dtype=np.float64)
        for part, at in zip(counts, used)
    ]
    table, channels = np.stack(columns, axis=1), np.arange(len(counts))
    return lambda levels: np.asarray(table[levels.astype(np.intp), channels])


def stretched(counts: list[Array]) -> Callable[[Array], Array]:
    """A linear map of levels, channels last, from each channel's extremes to the whole range."""
    top = len(counts[0]) - 1
    ends = [np.flatnonzero(part)[[0, -1]] if part.any() else np.zeros(2) for part in counts]
    low, high = np.array([pair if pair[0] < pair[1] else (0, top) for pair in ends], float).T
    scale = top / (high - low)
    return lambda levels: levels * scale - low * scale


class RandomToneCurve(Pointwise):
    """Bend the curve of tones at random.

    The curve is a Bezier cubic from black to white; the values of its two inner points, a third
    and two thirds of white, are shifted at random. It never falls.

    Args:
        scale: Standard deviation of the shifts, as a fraction of white.
        per_channel: Whether each channel has its own curve.
        p: Chance that a call does anything.

    """

    scale: Annotated[float, Between(0, 1)] = 0.1
    per_channel: bool = False  # type: ignore[misc]  # here each object decides
    p: Probability = 0.5

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        counts = [plane.channels for plane in image_planes(canvas)] if self.per_channel else []
        shifts = draw.generator.normal(0, self.scale, (2, max(counts, default=1))).tolist()
        low, high = (
            [min(max(place + shift, 0.0), 1.0) for shift in row]
            for place, row in zip((1 / 3, 2 / 3), shifts)
        )
        return {"low": low, "high": high}

    def on(self, canvas: Canvas, params: Params) -> None:
        low, high = params["low"], params["high"]
        if not self.per_channel:
            canvas.tone(bezier(low[0], high[0]))
            return

        def bend(image: Array) -> Array:
            count = channels_of(image)
            curve = bezier(np.resize(low, count), np.resize(high, count), per_channel=True)
            return tone.apply(image, [curve])

        canvas.edit(bend, is_unit=True)


def bezier(low: float | Array, high: float | Array, per_channel: bool = False) -> tone.Curve:
    """The cubic through (0, 0) and (1, 1) with these values of its inner points."""
    first, second = 3 * (low - 1 / 3), 3 * (high - 2 / 3)
    return tone.Curve(lambda x: x + x * (1 - x) * ((1 - x) * first + x * second), per_channel)
