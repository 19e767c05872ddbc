"""Boxes as 2.0.8's functions take and give them: (N, 4 + columns) arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from .boxes import Boxes, from_edges, to_edges
from .fields import Array
from .params import BboxParams as BboxParams
from .utils import size_of

Shape: TypeAlias = Mapping[str, int] | tuple[int, ...]


def _converted(bboxes: Array, source: str, target: str, shape: Shape) -> Array:
    bboxes = np.asarray(bboxes)
    if not len(bboxes):
        return bboxes
    size = size_of(shape)
    numbers = from_edges(to_edges(bboxes[:, :4], source, size), target, size)
    return np.concatenate([numbers, bboxes[:, 4:]], axis=1)


def normalize_bboxes(bboxes: Array, shape: Shape) -> Array:
    """Turn xyxy boxes in pixels into fractions of the image."""
    return _converted(bboxes, "pascal_voc", "albumentations", shape)


def denormalize_bboxes(bboxes: Array, shape: Shape) -> Array:
    """Turn xyxy boxes in fractions of the image into pixels."""
    return _converted(bboxes, "albumentations", "pascal_voc", shape)


def convert_bboxes_to_albumentations(
    bboxes: Array, source_format: str, shape: Shape, check_validity: bool = False
) -> Array:
    """Turn boxes of a format into xyxy in fractions of the image."""
    boxes = _converted(bboxes, source_format, "albumentations", shape)
    if check_validity:
        check_bboxes(boxes)
    return boxes


def convert_bboxes_from_albumentations(
    bboxes: Array, target_format: str, shape: Shape, check_validity: bool = False
) -> Array:
    """Turn xyxy boxes in fractions of the image into a format."""
    if check_validity:
        check_bboxes(bboxes)
    return _converted(bboxes, "albumentations", target_format, shape)


def check_bboxes(bboxes: Array) -> None:
    """Raise an error for boxes in fractions that are empty or reach outside the image."""
    for place, (x1, y1, x2, y2) in enumerate(np.asarray(bboxes)[:, :4].tolist()):
        if not (x2 > x1 and y2 > y1 and min(x1, y1) >= -1e-8 and max(x2, y2) <= 1 + 1e-5):
            raise ValueError(
                f"bboxes[{place}] must be x_min < x_max and y_min < y_max in [0, 1], got "
                f"{[x1, y1, x2, y2]}"
            )


def clip_bboxes(bboxes: Array, shape: Shape) -> Array:
    """Clip boxes in fractions to the image."""
    bboxes = np.array(bboxes)
    bboxes[:, :4] = np.clip(bboxes[:, :4], 0, 1)
    return bboxes


def filter_bboxes(
    bboxes: Array,
    shape: Shape,
    min_area: float = 0.0,
    min_visibility: float = 0.0,
    min_width: float = 1.0,
    min_height: float = 1.0,
    max_accept_ratio: float | None = None,
) -> Array:
    """Clip boxes in fractions to the image, and drop what is too small.

    Args:
        bboxes: (N, 4 + columns), xyxy in fractions.
        shape: Of the image, in pixels.
        min_area: Smallest area kept, in square pixels.
        min_visibility: Smallest part kept, as a fraction of the area before clipping.
        min_width: Smallest width kept, in pixels.
        min_height: Smallest height kept, in pixels.
        max_accept_ratio: Largest ratio of the long to the short side kept.

    """
    bboxes = np.asarray(bboxes)
    if not len(bboxes):
        return bboxes
    size = size_of(shape)
    params = BboxParams(
        "albumentations",
        None,
        min_area,
        min_visibility,
        min_width,
        min_height,
        max_accept_ratio=max_accept_ratio,
    )
    boxes = Boxes.bare(to_edges(bboxes[:, :4], "albumentations", size), params)
    boxes.settle(size)
    kept = bboxes[boxes.rows].copy()
    kept[:, :4] = from_edges(boxes.edges, "albumentations", size)
    return kept


def union_of_bboxes(bboxes: Array, erosion_rate: float) -> Array | None:
    """The smallest box around all, each side drawn in by half a share of its length.

    Args:
        bboxes: (N, 4 + columns), xyxy.
        erosion_rate: The share, from 0 to 1.

    """
    if not len(bboxes):
        return None
    low, high = bboxes[:, :2].min(axis=0), bboxes[:, 2:4].max(axis=0)
    margin = (high - low) * (erosion_rate / 2)
    if (low + margin >= high - margin).any():
        return None
    return np.concatenate([low + margin, high - margin])
