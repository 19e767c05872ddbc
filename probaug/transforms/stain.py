"""Stains of tissue on glass, mixed by Beer and Lambert's law."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core import tone
from ..core.canvas import Canvas
from ..core.channels import clipped
from ..core.fields import Array, Between, DrawnPair, Probability, dtype_name
from ..core.kinds import ColorPixel
from ..core.random import Draw
from ..core.tone import DEPTH, UNIT_LEVELS
from ..core.transform import Params
from .noise import repeated

# optical density of hematoxylin and of eosin in red, green and blue
PRESETS = {
    # A. Ruifrok and D. Johnston, Quantification of histochemical staining by color deconvolution
    "ruifrok": ((0.644211, 0.716556, 0.266844), (0.092789, 0.954111, 0.283111)),
    # M. Macenko et al., A method for normalizing histology slides for quantitative analysis
    "macenko": ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581)),
    # variations about them, as in Albumentations 2.0.8
    "standard": ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11)),
    "high_contrast": ((0.55, 0.88, 0.11), (0.12, 0.86, 0.49)),
    "h_heavy": ((0.75, 0.61, 0.32), (0.04, 0.93, 0.36)),
    "e_heavy": ((0.60, 0.75, 0.28), (0.17, 0.95, 0.25)),
    "dark": ((0.78, 0.55, 0.28), (0.09, 0.97, 0.21)),
    "light": ((0.57, 0.71, 0.38), (0.15, 0.89, 0.42)),
}
TISSUE = 0.15  # optical density from which a pixel is stained: Macenko et al.
GLASS = 0.08  # and up to which it is bare: lit glass is rarely white. Between them it sets in
SPARSITY = 0.1  # weight of the concentrations' sum: Vahadane et al.
ROUNDS = 60  # of the factorisation; its stains then change by less than a hundredth
MOST_PIXELS = 1 << 14  # that stains are estimated from


class HEStain(ColorPixel):
    """Change how strong the two stains of an H&E slide are.

    The optical density of each pixel is split into hematoxylin, eosin and a rest; the amounts of
    the two stains are multiplied and shifted, each by its own draw, and the rest is kept.

    Args:
        method: Where the colours of the stains come from: "preset", "random_preset" (drawn on
            every call), or from the image itself by "macenko" or "vahadane"; an image of too
            little tissue or of one colour has those of "ruifrok".
        preset: Which colours "preset" uses: "ruifrok", "macenko", "standard", "high_contrast",
            "h_heavy", "e_heavy", "dark" or "light"; None stands for "standard".
        intensity_scale_range: Factor on the amount of a stain.
        intensity_shift_range: What is added to the amount, in units of optical density.
        augment_background: Whether bare glass changes too.
        p: Chance that a call does anything.

    Source: A. Ruifrok and D. Johnston, 2001 (separation); M. Macenko et al., 2009 and A. Vahadane
    et al., 2016 (estimation).

    """

    method: Literal["preset", "random_preset", "vahadane", "macenko"] = "random_preset"
    preset: (
        Literal[
            "ruifrok", "macenko", "standard", "high_contrast", "h_heavy", "e_heavy", "dark", "light"
        ]
        | None
    ) = None
    intensity_scale_range: Annotated[DrawnPair, Between(0)] = (0.7, 1.3)
    intensity_shift_range: Annotated[DrawnPair, Between(-1, 1)] = (-0.2, 0.2)
    augment_background: bool = False
    p: Probability = 0.5

    channels = (3,)
    draws: ClassVar[int] = 5

    def check(self) -> None:
        if self.preset is not None and self.method == "random_preset":
            raise self.refuse("preset", "None where method is 'random_preset'")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        preset = draw.choice(list(PRESETS))
        if self.method != "random_preset":
            preset = self.preset or "standard"
        return {
            "preset": preset if "preset" in self.method else None,
            "scale": [draw.between(self.intensity_scale_range) for _ in range(2)],
            "shift": [draw.between(self.intensity_shift_range) for _ in range(2)],
        }

    def edit(
        self, image: Array, preset: str | None, scale: list[float], shift: list[float]
    ) -> Array:
        density = optical_density(image)
        stains = np.array(PRESETS[preset]) if preset else estimated(density, self.method)
        # what is taken off the density: (amount * (1 - scale) - shift) of each stain
        weights = (np.linalg.pinv(stains) * (1 - np.array(scale))) @ stains
        change = cv2.transform(density, np.column_stack([weights.T, -np.array(shift) @ stains]))
        if not self.augment_background:
            change *= stained(density)
        factor = cv2.exp(change, change)
        return clipped(cv2.multiply(image, factor, dtype=DEPTH[dtype_name(image.dtype)]))


def optical_density(image: Array) -> Array:
    """How much light each value swallowed: minus its logarithm; black counts as 1/256."""
    if image.dtype == np.float32:
        return -cv2.log(np.maximum(image, np.float32(1 / 256)))
    levels = np.maximum(UNIT_LEVELS[dtype_name(image.dtype)], 1 / 256)
    return tone.look_up(image, -np.log(levels).astype(np.float32))


def stained(density: Array) -> Array:
    """From 0 on glass to 1 in tissue, for every pixel and channel."""
    slope = 1 / (TISSUE - GLASS)
    share = cv2.transform(density, np.array([[slope / 3] * 3 + [-GLASS * slope]]))
    return repeated(clipped(share), 3)


def estimated(density: Array, method: str) -> Array:
    """The (2, 3) colours of hematoxylin and eosin in an image, each of length 1."""
    pixels = density.reshape(-1, 3)
    pixels = pixels[:: -(-len(pixels) // MOST_PIXELS)].astype(np.float64)
    pixels = pixels[pixels.min(axis=1) > TISSUE]
    fallback = np.array(PRESETS["ruifrok"])
    if len(pixels) < 16:
        return fallback
    stains = extremes(pixels)
    if stains is not None and method == "vahadane":
        stains = factorised(pixels, stains)
    if stains is None or np.linalg.svd(stains, compute_uv=False)[-1] < 0.05:
        return fallback  # as good as one stain: there is nothing to tell apart
    return stains[np.argsort(-stains[:, 0])]  # hematoxylin is the bluer, so it swallows more red


def extremes(pixels: Array) -> Array | None:
    """The outermost directions of (N, 3) densities in their plane, by Macenko et al."""
    variances, axes = np.linalg.eigh(np.cov(pixels, rowvar=False))
    if variances[1] < 1e-6:
        return None
    plane = axes[:, 1:] * np.where(axes[:, 1:].sum(axis=0) < 0, -1, 1)
    across, along = (pixels @ plane).T
    ends = np.percentile(np.arctan2(across, along), (1, 99))
    stains = np.maximum((plane @ [np.sin(ends), np.cos(ends)]).T, 0)
    lengths = np.linalg.norm(stains, axis=1, keepdims=True)
    return None if lengths.min() < 1e-6 else stains / lengths


def factorised(pixels: Array, stains: Array) -> Array:
    """Stains and sparse amounts, none negative, whose product is nearest, by Vahadane et al.

    The updates are P. Hoyer's, Non-negative sparse coding, 2002; they begin at other estimates.
    """
    amounts = np.maximum(pixels @ np.linalg.pinv(stains), 1e-3)
    for _ in range(ROUNDS):
        amounts *= (pixels @ stains.T) / (amounts @ (stains @ stains.T) + SPARSITY)
        stains = stains * (amounts.T @ pixels) / ((amounts.T @ amounts) @ stains + 1e-12)
        lengths = np.linalg.norm(stains, axis=1, keepdims=True)
        stains = stains / np.maximum(lengths, 1e-12)
    return stains
