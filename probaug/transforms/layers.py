"""Layers of light, colour and shade, and how they are laid over an image."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypeAlias

import cv2
import numpy as np

from ..core.channels import LUMA, clipped
from ..core.fields import Array, Between, dtype_name
from ..core.tone import DEPTH, WHITE
from .noise import repeated


class _Region:
    """Left, top, right, bottom in fractions, of some area."""

    def __call__(self, value: Any) -> bool:
        left, top, right, bottom = value
        return bool(0 <= left < right <= 1 and 0 <= top < bottom <= 1)

    def __str__(self) -> str:
        return "(left, top, right, bottom) within [0, 1], left < right and top < bottom"


Region: TypeAlias = Annotated[tuple[float, float, float, float], _Region()]
Colour: TypeAlias = Annotated[tuple[int, int, int], Between(0, 255)]


def within(region: tuple[float, float, float, float], units: Array) -> Array:
    """Points of the unit square, (..., 2), moved into a region."""
    low, high = np.array(region[:2]), np.array(region[2:])
    return np.asarray(low + units * (high - low))


def in_units(field: Array, dtype: np.dtype[Any]) -> Array:
    """A field of fractions as fractions of what an image's dtype calls white."""
    white: Any = WHITE[dtype_name(dtype)]
    if white == 1:
        return field
    return cv2.multiply(field, white, dtype=DEPTH[dtype_name(dtype)]).reshape(field.shape)


def dimmed(image: Array, share: Array) -> Array:
    """An image times a field of fractions, (H, W) or of the image's shape, in its own dtype.

    The field's memory may be used for the result.
    """
    if share.ndim < image.ndim:
        share = repeated(share, image.shape[2])
    white = WHITE[dtype_name(image.dtype)]
    flat = share.reshape(len(share), -1)
    return cv2.multiply(flat_rows(image), flat, flat, 1 / white).reshape(image.shape)


def flat_rows(image: Array) -> Array:
    """An image as (H, W * C), which OpenCV serves whatever C is."""
    return np.ascontiguousarray(image).reshape(len(image), -1)


def negative(image: Array, out: Array | None = None) -> Array:
    """White minus the image."""
    if image.dtype == np.float32:
        return np.subtract(np.float32(1), image, out=out)
    return np.bitwise_not(image, out=out)


def veiled(image: Array, share: Array) -> Array:
    """An image of which a field of fractions is left, and the rest is white."""
    result = dimmed(negative(image), share)
    return negative(result, result)


def screened(image: Array, light: Array) -> Array:
    """Light added so that white is approached and never passed: 1 - (1 - image) (1 - light)."""
    return veiled(image, negative(light, light))


def plus(image: Array, other: Array) -> Array:
    """The sum of an image and another of its kind, no more than white, in the other's memory."""
    flat = other.reshape(len(other), -1)
    total = cv2.add(flat_rows(image), flat, flat)
    return clipped(total).reshape(image.shape)


def tinted(share: Array, colour: tuple[int, ...], image: Array) -> Array:
    """A colour (0 to 255, RGB) times an (H, W) field of fractions, of an image's shape.

    A grey image takes the colour's luma.
    """
    levels = [level / 255 for level in colour]
    if image.ndim == 2 or image.shape[2] == 1:
        return times(share, sum(map(operator.mul, LUMA, levels))).reshape(image.shape)
    if len(set(levels)) == 1:
        return repeated(times(share, levels[0]), 3)
    return cv2.merge([times(share, level) for level in levels])


def times(share: Array, factor: float) -> Array:
    """A field times a number, rounded and clipped as its dtype asks."""
    return cv2.addWeighted(share, factor, share, 0, 0) if factor != 1 else share
