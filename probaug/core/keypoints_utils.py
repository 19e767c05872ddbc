"""Keypoints as 2.0.8's functions take and give them: x, y, z, angle in radians, scale, columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .bbox_utils import Shape
from .fields import Array
from .params import KeypointParams as KeypointParams
from .points import POINT_COLUMNS, TWO_PI
from .utils import size_of


def angle_to_2pi_range(angles: Array) -> Array:
    """Angles in radians, brought into [0, 2 pi)."""
    return np.mod(angles, TWO_PI)


def angle_2pi_range(func: Callable[..., Array]) -> Callable[..., Array]:
    """A function of keypoints whose resulting angles are brought into [0, 2 pi)."""

    @wraps(func)
    def brought(keypoints: Array, *args: Any, **kwargs: Any) -> Array:
        result = func(keypoints, *args, **kwargs)
        result[:, 3] = angle_to_2pi_range(result[:, 3])
        return result

    return brought


def visible(keypoints: Array, shape: Shape) -> Array:
    """Which keypoints lie in the image: pixel-centre indices from -0.5 to W - 0.5."""
    size = size_of(shape)
    xy = keypoints[:, :2] + 0.5
    inside: Any = ((xy >= 0) & (xy <= (size.width, size.height))).all(axis=1)
    return np.asarray(inside)


def check_keypoints(keypoints: Array, shape: Shape) -> None:
    """Raise an error for keypoints outside the image, or angles outside [0, 2 pi)."""
    turned = (keypoints[:, 3] >= 0) & (keypoints[:, 3] < TWO_PI)
    for place in np.flatnonzero(~(visible(keypoints, shape) & turned)).tolist():
        raise ValueError(
            f"keypoints[{place}] must lie in an image of {size_of(shape)}, its angle in "
            f"[0, 2 pi), got {keypoints[place].tolist()}"
        )


def filter_keypoints(keypoints: Array, shape: Shape, remove_invisible: bool) -> Array:
    """The keypoints that lie in the image, or all."""
    return (
        keypoints[visible(keypoints, shape)] if remove_invisible and len(keypoints) else keypoints
    )


def convert_keypoints_to_albumentations(
    keypoints: Array,
    source_format: str,
    shape: Shape,
    check_validity: bool = False,
    angle_in_degrees: bool = True,
) -> Array:
    """Turn keypoints of a format into x, y, z, angle in radians, scale, columns."""
    given, columns = np.asarray(keypoints, np.float64), columns_of(source_format)
    result = np.zeros((len(given), 5))
    if not len(given):
        return result
    result[:, columns] = given[:, : len(columns)]
    result[:, 3] = angle_to_2pi_range(
        np.deg2rad(result[:, 3]) if angle_in_degrees else result[:, 3]
    )
    if check_validity:
        check_keypoints(result, shape)
    return np.concatenate([result, given[:, len(columns) :]], axis=1)


def convert_keypoints_from_albumentations(
    keypoints: Array,
    target_format: str,
    shape: Shape,
    check_validity: bool = False,
    angle_in_degrees: bool = True,
) -> Array:
    """Turn keypoints of x, y, z, angle in radians, scale, columns into a format."""
    values, columns = np.array(keypoints, np.float64), columns_of(target_format)
    if not len(values):
        return np.zeros((0, len(columns)))
    values[:, 3] = angle_to_2pi_range(values[:, 3])
    if check_validity:
        check_keypoints(values, shape)
    if angle_in_degrees:
        values[:, 3] = np.rad2deg(values[:, 3])
    return np.concatenate([values[:, columns], values[:, 5:]], axis=1)


def columns_of(keypoint_format: str) -> list[int]:
    """Where the columns of a format stand among x, y, z, angle, scale."""
    return [POINT_COLUMNS[letter] for letter in KeypointParams(keypoint_format).format]
