"""Policies: several well-known operations at once, with one number for how strong they are.

The operations and their widths are those of the papers; labels follow the geometric ones.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Any, ClassVar, NamedTuple

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import bounded, filtered
from ..core.fields import Above, Array, Between, Count, Probability
from ..core.hooks import ImageOnlyTransform
from ..core.kinds import COLOR, Sampled
from ..core.labels import Labels
from ..core.layer import Plane
from ..core.random import Draw
from ..core.transform import Params
from .affine import Affine
from .curves import AutoContrast
from .jitter import NEUTRAL, ColorJitter
from .tone import Equalize, Posterize, Solarize

Operation = tuple[str, float]
"""A name and a level in [-1, 1], the largest strength either way."""

MOVES = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
TONES = (
    "Brightness", "Color", "Contrast", "Sharpness", "Posterize", "Solarize", "AutoContrast",
    "Equalize",
)  # fmt: skip
EVERY = ("Identity", *MOVES, *TONES)
SMOOTH = np.array(((1, 1, 1), (1, 5, 1), (1, 1, 1)), np.float32) / 13
"""Pillow's kernel, from which its sharpness leads away."""


class Widths(NamedTuple):
    """What level 1 means."""

    shear: float  # tangent
    shift: float  # fraction of the side, or pixels
    turn: float  # degrees
    factor: float  # on brightness, colour, contrast and sharpness, added to 1
    bits: int  # taken from eight

    @property
    def shift_field(self) -> str:
        return "translate_px" if self.shift > 1 else "translate_percent"


PAPER = Widths(0.3, 150 / 331, 30, 0.9, 4)
WIDE = Widths(0.99, 32, 135, 0.99, 6)


class Operations:
    """The operations, with one way of reading between pixels and beyond the edge."""

    def __init__(self, widths: Widths, **sampling: Any) -> None:
        self.widths = widths
        self.affine, self.jitter = Affine(**sampling), ColorJitter()
        self.posterize, self.solarize = Posterize(), Solarize()
        self.contrast, self.equalize = AutoContrast(method="pil"), Equalize(mode="pil")

    def run(self, canvas: Canvas, name: str, level: float) -> None:
        """Do one operation on everything that a canvas holds."""
        strength = abs(level)
        if name in MOVES:
            self.affine.on(canvas, self._move(name, level))
        elif name in ("Brightness", "Color", "Contrast"):
            field = "saturation" if name == "Color" else name.lower()
            factor = 1 + level * self.widths.factor
            self.jitter.on(canvas, {**NEUTRAL, field: factor, "order": [0, 1, 2, 3]})
        elif name == "Sharpness":
            factor = 1 + level * self.widths.factor
            canvas.edit(lambda image: sharpness(image, factor), is_unit=True)
        elif name == "Posterize":
            bits = 8 - round(strength * self.widths.bits)
            if bits < 8:
                self.posterize.on(canvas, {"num_bits": bits})
        elif name == "Solarize":
            if strength:
                self.solarize.on(canvas, {"threshold_range": 1 - strength})
        elif name == "AutoContrast":
            self.contrast.on(canvas, {})
        elif name == "Equalize":
            self.equalize.on(canvas, {})

    def _move(self, name: str, level: float) -> Params:
        still: Params = {
            "scale": {"x": 1.0, "y": 1.0},
            "rotate": 0.0,
            "shear": {"x": 0.0, "y": 0.0},
        }
        axis = name[-1].lower()
        if name == "Rotate":
            still["rotate"] = level * self.widths.turn
        elif name.startswith("Shear"):
            still["shear"][axis] = math.degrees(math.atan(level * self.widths.shear))
        else:
            shift = level * self.widths.shift
            if self.widths.shift_field == "translate_px":
                shift = round(shift)
            still[self.widths.shift_field] = {"x": 0, "y": 0, axis: shift}
        return still


def sharpness(image: Array, factor: float) -> Array:
    """Move an image away from its smoothed version, all but its outermost pixels.

    Formula: Pillow's ``ImageEnhance.Sharpness``.
    """
    height, width = image.shape[:2]
    if factor == 1 or min(height, width) < 3:
        return image
    smooth = filtered(lambda part: cv2.filter2D(part, -1, SMOOTH), image)
    result = cv2.addWeighted(image, factor, smooth, 1 - factor, 0).reshape(image.shape)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        result[edge] = image[edge]
    return bounded(result) if result.dtype == np.float32 else result


class _Policy(Sampled, base=True):
    dtypes = COLOR
    channels = (1, 3)
    unit_range = True
    draws: ClassVar[int] = 0
    widths: ClassVar[Widths] = PAPER

    @cached_property
    def _cached_operations(self) -> Operations:
        names = ("interpolation", "mask_interpolation", "border_mode", "fill", "fill_mask")
        return Operations(self.widths, **{name: getattr(self, name) for name in names})

    def on(self, canvas: Canvas, params: Params) -> None:
        for name, level in params["operations"]:
            self._cached_operations.run(canvas, name, level)


class RandAugment(_Policy):
    """Do some operations, drawn from fourteen, all with the same strength.

    Source: Cubuk et al. 2019, "RandAugment: Practical automated data augmentation with a reduced
    search space". Every operation may come several times; those with a direction go either way.

    Args:
        num_ops: How many operations a call does.
        magnitude: How strong they are, from 0 to one less than `num_magnitude_bins`.
        num_magnitude_bins: Steps of strength, 0 included.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    num_ops: Count = 2
    magnitude: Annotated[int, Between(0)] = 9
    num_magnitude_bins: Annotated[int, Between(2)] = 31
    p: Probability = 1.0

    def check(self) -> None:
        if self.magnitude >= self.num_magnitude_bins:
            raise self.refuse(
                "magnitude", f"less than num_magnitude_bins, {self.num_magnitude_bins}"
            )

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        level = self.magnitude / (self.num_magnitude_bins - 1)
        generator = draw.generator
        names = generator.integers(0, len(EVERY), self.num_ops).tolist()
        signs = generator.integers(0, 2, self.num_ops).tolist()
        operations = [[EVERY[n], level if s else -level] for n, s in zip(names, signs, strict=True)]
        return {"operations": operations}


class TrivialAugmentWide(_Policy):
    """Do one operation, drawn from fourteen, with a strength drawn from a wide range.

    Source: Müller and Hutter 2021, "TrivialAugment: Tuning-free yet state-of-the-art data
    augmentation", its wide space.

    Args:
        num_magnitude_bins: Steps of strength, 0 included.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    num_magnitude_bins: Annotated[int, Between(2)] = 31
    p: Probability = 1.0

    widths = WIDE
    draws: ClassVar[int] = 3

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        name = draw.choice(EVERY)
        level = draw.whole(0, self.num_magnitude_bins - 1) / (self.num_magnitude_bins - 1)
        return {"operations": [[name, draw.choice((level, -level))]]}


class AugMix(ImageOnlyTransform):
    """Mix the image with versions of itself that went through chains of operations.

    Source: Hendrycks et al. 2020, "AugMix: A simple data processing method to improve robustness
    and uncertainty". Chains that move pixels leave every label where it was, as in the paper;
    `geometry` turns them off, and must be off where there are masks, boxes or keypoints.

    Args:
        severity: The largest strength of an operation, from 1 to 10.
        mixture_width: How many chains.
        chain_depth: How many operations in a chain; -1 for one to three.
        alpha: Of the Dirichlet and Beta distributions that weigh chains and image.
        geometry: Whether operations may shear, shift and rotate.
        p: Chance that a call does anything.

    """

    severity: Annotated[int, Between(1, 10)] = 3
    mixture_width: Count = 3
    chain_depth: Annotated[int, Between(-1, 10)] = -1
    alpha: Annotated[float, Above(0)] = 1.0
    geometry: bool = True
    p: Probability = 0.5

    dtypes = COLOR
    channels = (1, 3)
    unit_range = True
    draws: ClassVar[int] = 0

    def check(self) -> None:
        if self.chain_depth == 0:
            raise self.refuse("chain_depth", "-1 or at least 1")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        generator = draw.generator
        names = (*MOVES, *TONES) if self.geometry else TONES
        chains = []
        for _ in range(self.mixture_width):
            count = self.chain_depth if self.chain_depth > 0 else int(generator.integers(1, 4))
            chosen = generator.integers(0, len(names), count).tolist()
            levels = generator.uniform(0.01, self.severity / 10, count)
            signed = (levels * generator.choice((-1, 1), count)).tolist()
            chains.append([[names[n], level] for n, level in zip(chosen, signed, strict=True)])
        alpha = self.alpha
        weights = generator.dirichlet([alpha] * self.mixture_width).tolist()
        return {"chains": chains, "weights": weights, "share": generator.beta(alpha, alpha)}

    def on(self, canvas: Canvas, params: Params) -> None:
        if self.geometry and (
            canvas.is_labelled or any(plane.kind != "image" for plane in canvas.planes)
        ):
            raise ValueError(
                "AugMix.geometry must be False where there are masks, boxes or keypoints, "
                "which cannot follow a mixture of moves; got True"
            )
        canvas.edit(lambda image: mixture(image, **params), is_unit=True)


def mixture(
    image: Array, chains: list[list[Operation]], weights: list[float], share: float
) -> Array:
    """An image, and with a share of all versions of it, each with its weight."""
    operations = Operations(PAPER)
    total = image.astype(np.float32) * np.float32(1 - share)
    for chain, weight in zip(chains, weights, strict=True):
        plane = Plane("image", "image", [image])
        canvas = Canvas([plane], Labels({}, {}), {})
        for name, level in chain:
            operations.run(canvas, name, level)
        canvas.flush()
        total += plane.frames[0] * np.float32(share * weight)
    return total if image.dtype == np.float32 else np.rint(total).astype(image.dtype)
