"""Segments of pixels that are alike and near each other."""

from __future__ import annotations

import math
from itertools import product
from typing import Annotated, Any

import cv2
import numpy as np

from ..core.channels import as_dtype
from ..core.fields import Array, Between, Count, CountUpTo, Interpolation, Probability, ZeroTo
from ..core.kinds import ColorPixel
from ..core.matrix import Size
from ..core.random import noise
from ..core.tone import WHITE
from ..core.warp import resize
from .noise import repeated

COMPACTNESS = 10  # how many units of Lab weigh as much as the side of a segment
ROUNDS = 5  # after these few pixels change their segment


class Superpixels(ColorPixel):
    """Give some segments of the image their mean colour.

    Pixels of other segments stay as they are.

    Args:
        p_replace: Chance of each segment; a number n stands for 0 to n.
        n_segments: About how many segments there are; a number n stands for 1 to n.
        max_size: A larger image is segmented at this size of its longer side, in pixels: faster,
            with softer outlines. None for its own size.
        interpolation: How to read between pixels on the way to that size and back.
        p: Chance that a call does anything.

    Source: R. Achanta et al., SLIC Superpixels Compared to State-of-the-Art Superpixel Methods,
    2012.

    """

    p_replace: Annotated[ZeroTo, Between(0, 1)] = (0, 0.1)
    n_segments: CountUpTo = (100, 100)
    max_size: Count | None = 128
    interpolation: Interpolation = 1
    p: Probability = 0.5

    seeded = True

    def edit(self, image: Array, p_replace: float, n_segments: int, seed: int) -> Array:
        size = Size(*image.shape[:2])
        how: Any = self.interpolation
        scale = min(1.0, (self.max_size or max(size)) / max(size))
        small = Size(*(max(1, round(length * scale)) for length in size))
        grid = cells(small, n_segments)
        chosen = noise(seed).random(math.prod(grid)) < p_replace
        if not chosen.any():
            return image
        values = image if small == size else resize(image, small, how)
        labels = segments(lab(values), grid)
        values = values.reshape(*small, -1).astype(np.float32)
        flat = np.where(chosen[:, None], averages(values, labels, len(chosen)), 0)
        colours = flat.astype(np.float32)[labels]
        kept = (~chosen).astype(np.float32)[labels]
        if small != size:
            colours = resize(colours, size, how)
            kept = resize(kept, size, how).clip(0, 1)
        kept = repeated(kept, image.shape[2]) if image.ndim == 3 else kept
        result: Array = cv2.multiply(image, kept, dtype=cv2.CV_32F).reshape(image.shape)
        result += colours.reshape(image.shape)
        return as_dtype(result, image.dtype)


def lab(image: Array) -> Array:
    """Lab of an RGB image, as float32; other images in about the same units."""
    values = image.reshape(*image.shape[:2], -1) * np.float32(1 / WHITE[image.dtype.name])
    channels = values.shape[2]
    if channels != 3:
        return np.asarray(values * np.float32(100 / math.sqrt(channels)))
    return cv2.cvtColor(values.clip(0, 1), cv2.COLOR_RGB2LAB)


def cells(size: Size, count: int) -> tuple[int, int]:
    """Rows and columns of a grid of about so many square cells."""
    side = math.sqrt(size.height * size.width / count)
    rows, columns = (min(length, max(1, round(length / side))) for length in size)
    return rows, columns


def segments(colours: Array, grid: tuple[int, int]) -> Array:
    """Number of each pixel's segment: k-means of colour and place, begun from a grid of cells.

    A pixel may join the segments that began in its own cell and in the eight around it.
    """
    height, width = colours.shape[:2]
    rows, columns = grid
    count = rows * columns
    row = np.arange(height) * rows // height
    column = np.arange(width) * columns // width
    near = COMPACTNESS / math.sqrt(height * width / count)
    y, x = np.mgrid[:height, :width].astype(np.float32) * np.float32(near)
    points = np.concatenate([colours, y[..., None], x[..., None]], axis=2)
    labels: Array = row[:, None] * columns + column
    for _ in range(ROUNDS):
        centres = averages(points, labels, count).astype(np.float32)
        least = np.full((height, width), np.inf, np.float32)
        for down, right in product((0, -1, 1), repeat=2):
            beside = (row + down).clip(0, rows - 1)[:, None] * columns
            beside = beside + (column + right).clip(0, columns - 1)
            apart = centres[beside]
            apart -= points
            far = np.einsum("hwc,hwc->hw", apart, apart)
            closer = far < least
            np.copyto(least, far, where=closer)
            np.copyto(labels, beside, where=closer)
    return labels


def averages(values: Array, labels: Array, count: int) -> Array:
    """(count, C) means of (H, W, C) values by label; far away where a label has no pixel."""
    flat = labels.ravel()
    pixels = np.bincount(flat, minlength=count)
    sums = [np.bincount(flat, plane.ravel(), count) for plane in np.moveaxis(values, 2, 0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.stack(sums, axis=1) / pixels[:, None]
    return np.where(pixels[:, None] > 0, means, 1e9)
