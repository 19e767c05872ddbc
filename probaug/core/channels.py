"""Colour matrices and OpenCV filters for any number of channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from .fields import Array, channels_of, dtype_name
from .tone import MOST, WHITE

if TYPE_CHECKING:
    from .canvas import Canvas
    from .layer import Plane


LUMA = (0.299, 0.587, 0.114)
"""What grey takes of red, green and blue (ITU-R BT.601)."""


def mixed(image: Array, weights: Array) -> Array:
    """Mix the channels of an image of C channels by a (C', C + 1) matrix, rounded and clipped.

    Row i says what new channel i takes of each old channel and, last, of white. OpenCV holds the
    coefficients of 8-bit RGB to RGB as multiples of 1/1024: there a value may be off by one level.
    """
    white = WHITE[dtype_name(image.dtype)]
    if white != 1:
        weights = weights.copy()
        weights[:, -1] *= white
    if weights.shape[1] > MOST:
        values = image.reshape(-1, image.shape[-1]) @ weights[:, :-1].T + weights[:, -1]
        result = as_dtype(values, image.dtype).reshape(*image.shape[:2], -1)
    else:
        result = clipped(cv2.transform(image, weights))
    return result[:, :, None] if result.ndim < image.ndim else result


def scaled(image: Array, factor: float, offset: float) -> Array:
    """Multiply all values, add a fraction of white, round and clip."""
    white = WHITE[dtype_name(image.dtype)]
    result = cv2.addWeighted(image, factor, image, 0, offset * white).reshape(image.shape)
    return clipped(result)


def clipped(image: Array) -> Array:
    """Clip a float image of ours to [0, 1], in place; whole numbers are within theirs already."""
    if image.dtype.kind == "u":
        return image
    return np.minimum(np.maximum(image, 0.0, out=image), 1.0, out=image)


def as_dtype(values: Array, dtype: np.dtype[Any]) -> Array:
    """Float values of ours in the units of a dtype, rounded and clipped to it, in place."""
    white = WHITE[dtype_name(dtype)]
    if white != 1:
        np.rint(np.clip(values, 0, white, out=values), out=values)
    return clipped(values.astype(dtype, copy=False))


def bounded(image: Array) -> Array:
    """A float image within [0, 1]: itself, or a clipped copy."""
    low, high, _, _ = cv2.minMaxLoc(image.reshape(len(image), -1))
    return image if low >= 0 and high <= 1 else clipped(image.copy())


def filtered(call: Callable[[Array], Array], image: Array, most: int = MOST) -> Array:
    """Run a filter that serves at most so many channels on an image of any number.

    OpenCV drops the last axis of (H, W, 1), so the filter sees that as (H, W). From 5.0 on it
    filters no more than 128 channels.
    """
    if image.ndim == 2:
        return call(image)
    channels = image.shape[2]
    if 1 < channels <= most:
        return call(image)
    parts = []
    for at in range(0, channels, most):
        part = np.ascontiguousarray(image[:, :, at : at + most])
        parts.append(np.atleast_3d(call(part[:, :, 0] if part.shape[2] == 1 else part)))
    return parts[0] if channels == 1 else np.concatenate(parts, axis=2)


def means(image: Array) -> list[float]:
    """The mean of each channel, in units of white."""
    height, width = image.shape[:2]
    channels = channels_of(image)
    wide = cv2.CV_32S if image.dtype == np.uint8 else cv2.CV_64F
    columns = cv2.reduce(image.reshape(height, -1), 0, cv2.REDUCE_SUM, dtype=wide)
    white = height * WHITE[dtype_name(image.dtype)]
    if channels <= 4:  # a third of the time of the general form
        sums = cv2.mean(columns.reshape(1, width, channels))
        return [total / white for total in sums[:channels]]
    totals = columns.reshape(width, channels).mean(axis=0, dtype=np.float64)
    return [total / white for total in totals.tolist()]


def covariance(image: Array) -> Array:
    """(C, C), of the channels, in units of white."""
    rows = np.empty((channels_of(image), image.shape[0] * image.shape[1]), np.float32)
    scale = np.float32(1 / WHITE[dtype_name(image.dtype)])
    for row, channel, mean in zip(rows, cv2.split(image), means(image), strict=True):
        np.multiply(channel.ravel(), scale, out=row)
        row -= np.float32(mean)  # before the squares, whose last digits would be lost
    return np.asarray((rows @ rows.T).astype(np.float64) / rows.shape[1])


def through_float(image: Array, change: Callable[[Array], Array]) -> Array:
    """Change a uint16 image as float32 in [0, 1], which holds all of its values exactly."""
    white = WHITE[dtype_name(image.dtype)]
    values = clipped(change(image.astype(np.float32) * np.float32(1 / white)))
    values *= white
    return np.rint(values, out=values).astype(image.dtype)


def image_planes(canvas: Canvas) -> list[Plane]:
    """The planes that hold images, pending work left pending."""
    return [plane for layer in canvas.layers for plane in layer.planes if plane.kind == "image"]


def require_channels(canvas: Canvas, field: str, count: int) -> None:
    """Raise a ValueError unless every image has as many channels as a field has values."""
    for plane in image_planes(canvas):
        if plane.channels != count:
            raise ValueError(
                f"{field} has {count} values, one per channel, "
                f"but {plane.name!r} has {plane.channels} channels"
            )
