"""Brightness, contrast, saturation and hue together, in as few passes as they need."""

from __future__ import annotations

import itertools
from operator import mul
from typing import Annotated, Any, ClassVar

import numpy as np

from ..core.canvas import Canvas
from ..core.channels import LUMA, means, mixed, scaled
from ..core.fields import AroundOne, Array, Between, DrawnPair, Probability, Symmetric
from ..core.kinds import ColorPixel
from ..core.random import Draw
from ..core.transform import Params
from .color import permuted, shifted

LEAST = min(LUMA)
NEUTRAL = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0, "hue": 0.0}
ORDERS = tuple(itertools.permutations(range(4)))
CHANNEL_ORDERS = tuple(itertools.permutations(range(3)))


class ColorJitter(ColorPixel):
    """Change brightness, contrast, saturation and hue, in an order drawn afresh on every call.

    Contrast is stretched about the mean grey. Grey images keep their (lack of) colour.

    Args:
        brightness: Factor on all values; a number n stands for max(0, 1 - n) to 1 + n.
        contrast: Factor on the distance from the mean grey; likewise.
        saturation: Factor on the distance from the pixel's own grey; likewise.
        hue: Shift of the hue, in turns; a number n stands for -n to n.
        p: Chance that a call does anything.

    """

    brightness: Annotated[AroundOne, Between(0)] = (0.8, 1.2)
    contrast: Annotated[AroundOne, Between(0)] = (0.8, 1.2)
    saturation: Annotated[AroundOne, Between(0)] = (0.8, 1.2)
    hue: Annotated[Symmetric, Between(-0.5, 0.5)] = (-0.5, 0.5)
    p: Probability = 0.5

    channels = (1, 3)
    draws: ClassVar[int] = 5

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {
            "brightness": draw.between(self.brightness),
            "contrast": draw.between(self.contrast),
            "saturation": draw.between(self.saturation),
            "hue": draw.between(self.hue),
            "order": list(draw.choice(ORDERS)),
        }

    def edit(self, image: Array, **params: Any) -> Array:
        colours = Colours(image)
        colours.jitter(**params)
        colours.settle()
        return colours.image


class PhotoMetricDistort(ColorPixel):
    """Change brightness, contrast, saturation, hue and the order of channels, each by chance.

    Contrast, stretched about the mean grey, comes before saturation and hue or after them. Grey
    images keep their (lack of) colour.

    Args:
        brightness_range: Factor on all values.
        contrast_range: Factor on the distance from the mean grey.
        saturation_range: Factor on the distance from the pixel's own grey.
        hue_range: Shift of the hue, in turns.
        distort_p: Chance of each of the five parts.
        p: Chance that a call does anything.

    Source: W. Liu et al., SSD: Single Shot MultiBox Detector, 2016.

    """

    brightness_range: Annotated[DrawnPair, Between(0)] = (0.875, 1.125)
    contrast_range: Annotated[DrawnPair, Between(0)] = (0.5, 1.5)
    saturation_range: Annotated[DrawnPair, Between(0)] = (0.5, 1.5)
    hue_range: Annotated[DrawnPair, Between(-0.5, 0.5)] = (-0.05, 0.05)
    distort_p: Probability = 0.5
    p: Probability = 0.5

    channels = (1, 3)
    draws: ClassVar[int] = 11

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        params: Params = {}
        for name, nothing in NEUTRAL.items():
            amount = draw.between(getattr(self, name + "_range"))
            params[name] = amount if draw.uniform() < self.distort_p else nothing
        params["order"] = [0, 1, 2, 3] if draw.uniform() < 0.5 else [0, 2, 3, 1]
        channels = list(draw.choice(CHANNEL_ORDERS))
        params["channels"] = channels if draw.uniform() < self.distort_p else [0, 1, 2]
        return params

    def edit(self, image: Array, channels: list[int], **params: Any) -> Array:
        colours = Colours(image)
        colours.jitter(**params)
        colours.settle()
        return permuted(colours.image, channels)


class Colours:
    """An image, and the linear change of its colours that is still to be done.

    Brightness, contrast and saturation are all of the form ``value -> same * value + grey * g +
    offset``, where g is the grey of the pixel, and such steps compose into one of the same form:
    one pass over the image does them all, as long as no step in between would have clipped.
    """

    def __init__(self, image: Array) -> None:
        self.image = image
        self.is_grey = image.ndim == 2 or image.shape[2] == 1
        self.mean: float | None = None
        self.same, self.grey, self.offset = 1.0, 0.0, 0.0

    def jitter(
        self,
        brightness: float,
        contrast: float,
        saturation: float,
        hue: float,
        order: list[int],
    ) -> None:
        """Do four steps in some order."""
        steps = (
            (self.brighten, brightness, 1.0),
            (self.stretch, contrast, 1.0),
            (self.saturate, saturation, 1.0),
            (self.turn, hue, 0.0),
        )
        for index in order:
            step, amount, neutral = steps[index]
            if amount != neutral and not (self.is_grey and index >= 2):
                step(amount)

    def brighten(self, factor: float) -> None:
        """Multiply all values."""
        if factor < 1:  # a larger factor would clip again whatever was clipped before
            self.settle_if_clipped()
        self.same, self.grey, self.offset = (
            factor * self.same, factor * self.grey, factor * self.offset,
        )  # fmt: skip

    def stretch(self, factor: float) -> None:
        """Multiply the distance from the mean grey."""
        self.settle_if_clipped()
        if self.mean is None:
            parts = means(self.image)
            self.mean = parts[0] if self.is_grey else sum(map(mul, parts, LUMA))
        pivot = (self.same + self.grey) * self.mean + self.offset
        self.same, self.grey, self.offset = (
            factor * self.same, factor * self.grey, factor * self.offset + (1 - factor) * pivot,
        )  # fmt: skip

    def saturate(self, factor: float) -> None:
        """Multiply the distance from the pixel's own grey."""
        self.settle_if_clipped()
        self.grey = factor * self.grey + (1 - factor) * (self.same + self.grey)
        self.same *= factor

    def turn(self, hue: float) -> None:
        """Turn the hue."""
        self.settle()
        self.image = shifted(self.image, hue, 0.0, 0.0)
        self.mean = None

    def settle_if_clipped(self) -> None:
        """Do the pending change if some colour would leave [0, 1] in it."""
        low, high = self.offset, self.offset + self.same + self.grey
        if self.grey < 0:  # worst for the primary that weighs least in the grey, and its opposite
            low += self.grey * (1 - LEAST)
            high = self.offset + self.same + self.grey * LEAST
        if low < -1e-6 or high > 1 + 1e-6:
            self.settle()

    def settle(self) -> None:
        """Do the pending change."""
        same, grey, offset = self.same, self.grey, self.offset
        if grey:
            red, green, blue = (grey * part for part in LUMA)
            weights = np.array(
                [
                    (same + red, green, blue, offset),
                    (red, same + green, blue, offset),
                    (red, green, same + blue, offset),
                ]
            )
            self.image = mixed(self.image, weights)
        elif same != 1 or offset:
            self.image = scaled(self.image, same, offset)
        else:
            return
        self.mean = None
        self.same, self.grey, self.offset = 1.0, 0.0, 0.0
