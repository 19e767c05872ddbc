"""Differences from a neighbourhood, made stronger."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import clipped, filtered, through_float
from ..core.fields import Above, Array, Between, DrawnPair, Probability, ZeroTo
from ..core.kinds import ColorPixel
from ..core.random import Draw
from ..core.transform import Params
from .blur import KernelSizes, odd, smoothed


class Sharpen(ColorPixel):
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

    def check(self) -> None:
        if self.method == "gaussian" and self.kernel_size % 2 == 0:
            raise self.refuse("kernel_size", "odd")

    def edit(self, image: Array, alpha: float, lightness: float) -> Array:
        return clipped(filtered(lambda part: self._sharpened(part, alpha, lightness), image))

    def _sharpened(self, image: Array, alpha: float, lightness: float) -> Array:
        if self.method == "gaussian":
            size = self.kernel_size, self.kernel_size
            blurred = cv2.GaussianBlur(image, size, self.sigma)
            return cv2.addWeighted(image, 1 + alpha, blurred, -alpha, 0, blurred)
        weights = np.full((3, 3), -alpha, np.float32)
        weights[1, 1] = 1 - alpha + alpha * (8 + lightness)
        return cv2.filter2D(image, -1, weights)


class UnsharpMask(ColorPixel):
    """Add what a Gaussian blur takes away, where that is much.

    Args:
        blur_limit: Side of the blur's kernel, in pixels, odd; a number n stands for 3 to n.
        sigma_limit: Deviation of the blur, in pixels; 0 is what OpenCV takes for the size. A
            number n stands for 0 to n.
        alpha: How much is added, as a fraction; a number n stands for 0 to n.
        threshold: Differences up to this many 1/255 of white stay; 0 adds everywhere. Between
            what stays and what changes the same blur makes a soft passage.
        p: Chance that a call does anything.

    """

    blur_limit: KernelSizes = (3, 7)
    sigma_limit: Annotated[ZeroTo, Between(0)] = 0.0
    alpha: Annotated[ZeroTo, Between(0, 1)] = (0.2, 0.5)
    threshold: Annotated[int, Between(0, 255)] = 10
    p: Probability = 0.5

    draws: ClassVar[int] = 3

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        sigma, alpha = draw.between(self.sigma_limit), draw.between(self.alpha)
        return {"kernel": odd(draw, self.blur_limit), "sigma": sigma, "alpha": alpha}

    def edit(self, image: Array, kernel: int, sigma: float, alpha: float) -> Array:
        if not alpha:
            return image
        if image.dtype == np.uint16:
            return through_float(image, lambda values: self.edit(values, kernel, sigma, alpha))
        is_float = image.dtype == np.float32
        blurred = smoothed(image, kernel, sigma)
        sharp = cv2.addWeighted(image, 1 + alpha, blurred, -alpha, 0).reshape(image.shape)
        sharp = clipped(sharp)
        if not self.threshold:
            return sharp
        limit, most = (self.threshold / 255, 1) if is_float else (self.threshold, 255)
        edges = cv2.threshold(cv2.absdiff(image, blurred), limit, most, cv2.THRESH_BINARY)[1]
        edges = smoothed(edges.reshape(image.shape), kernel, sigma)
        if is_float:
            return np.asarray(image + edges * (sharp - image))
        change = cv2.subtract(sharp, image, dtype=cv2.CV_16S)
        change = cv2.multiply(change, edges, change, 1 / 255, cv2.CV_16S)
        return cv2.add(image, change, dtype=cv2.CV_8U).reshape(image.shape)


class Emboss(ColorPixel):
    """Blend the image with a relief of it, lit from the lower right.

    Args:
        alpha: Weight of the relief.
        strength: How steep the relief is.
        p: Chance that a call does anything.

    """

    alpha: Annotated[DrawnPair, Between(0, 1)] = (0.2, 0.5)
    strength: Annotated[DrawnPair, Between(0)] = (0.2, 0.7)
    p: Probability = 0.5

    def edit(self, image: Array, alpha: float, strength: float) -> Array:
        if not alpha:
            return image
        near, far = alpha * strength, alpha * (1 + strength)
        weights = np.array([[-far, -near, 0], [-near, 1, near], [0, near, far]], np.float32)
        return clipped(filtered(lambda part: cv2.filter2D(part, -1, weights), image))
