"""Differences from a neighbourhood, made stronger."""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import numpy as np

from ..core.channels import clipped, filtered
from ..core.fields import Above, Array, Between, DrawnPair, Probability
from ..core.kinds import COLOR, Pixel


class Sharpen(Pixel):
    """Blend the image with a sharpened one.

    Args:
        alpha: Weight of the sharpened image.
        lightness: With "kernel", how much of the pixel remains beside the difference from its
            neighbours: below 1 darkens, above 1 brightens.
        method: "kernel" (the pixel against its eight neighbours) or "gaussian" (the image against
            its Gaussian blur).
        kernel_size: With "gaussian", side of the kernel in pixels, odd.
        sigma: With "gaussian", standard deviation in pixels.
        p: Chance that a call does anything.

    """

    alpha: Annotated[DrawnPair, Between(0, 1)] = (0.2, 0.5)
    lightness: Annotated[DrawnPair, Between(0)] = (0.5, 1.0)
    method: Literal["kernel", "gaussian"] = "kernel"
    kernel_size: Annotated[int, Between(3)] = 5
    sigma: Annotated[float, Above(0)] = 1.0
    p: Probability = 0.5

    dtypes = COLOR
    unit_range = True

    def check(self) -> None:
        if self.method == "gaussian" and self.kernel_size % 2 == 0:
            raise self.refuse("kernel_size", "odd")

    def edit(self, image: Array, alpha: float, lightness: float) -> Array:
        result = filtered(lambda part: self._sharpened(part, alpha, lightness), image)
        return clipped(result) if result.dtype == np.float32 else result

    def _sharpened(self, image: Array, alpha: float, lightness: float) -> Array:
        if self.method == "gaussian":
            size = self.kernel_size, self.kernel_size
            blurred = cv2.GaussianBlur(image, size, self.sigma)
            return cv2.addWeighted(image, 1 + alpha, blurred, -alpha, 0, blurred)
        weights = np.full((3, 3), -alpha, np.float32)
        weights[1, 1] = 1 - alpha + alpha * (8 + lightness)
        return cv2.filter2D(image, -1, weights)
