"""Where boxes and keypoints go when a matrix moves the image."""

from __future__ import annotations

import numpy as np

from .fields import Array
from .matrix import Matrix


def move_points(points: Array, matrix: Matrix) -> Array:
    """Move (..., 2) xy points by a matrix."""
    m = matrix
    if m.is_affine and m.xy == 0 == m.yx:
        straight: Array = points * (m.xx, m.yy) + (m.x, m.y)
        return straight
    moved: Array = points @ np.array(((m.xx, m.yx), (m.xy, m.yy))) + (m.x, m.y)
    if m.is_affine:
        return moved
    moved /= (points @ np.array((m.px, m.py)) + m.p)[..., None]
    return moved


def corners(boxes: Array) -> Array:
    """The (N, 4, 2) corners of (N, 4) xyxy boxes."""
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)


def hull(quads: Array) -> Array:
    """The (N, 4) xyxy boxes around (N, K, 2) points."""
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def move_boxes(boxes: Array, matrix: Matrix, method: str = "largest_box") -> Array:
    """Move (N, 4) xyxy boxes by a matrix and box them in again.

    Args:
        boxes: (N, 4) xyxy.
        matrix: The move.
        method: "largest_box" boxes in the moved corners; "ellipse" the moved ellipse that the box
            encloses, which is smaller for turns (affine matrices only).

    """
    if not len(boxes):
        return boxes
    m = matrix
    if m.is_affine and m.xy == 0 == m.yx and m.xx > 0 and m.yy > 0:
        return boxes * (m.xx, m.yy, m.xx, m.yy) + (m.x, m.y, m.x, m.y)
    if method == "ellipse" and m.is_affine and not m.is_lossless:
        centre = move_points((boxes[:, :2] + boxes[:, 2:]) / 2, m)
        axes = (boxes[:, 2:] - boxes[:, :2]) / 2
        # the ellipse (a cos t, b sin t) under a linear map reaches sqrt((m a)^2 + (n b)^2)
        linear = np.array(((m.xx, m.xy), (m.yx, m.yy)))
        half = np.sqrt(axes**2 @ (linear**2).T)
        return np.concatenate([centre - half, centre + half], axis=1)
    return hull(move_points(corners(boxes), m))


def move_keypoints(values: Array, matrix: Matrix, turns: bool = True) -> Array:
    """Move (N, 5) keypoints: x, y, z, angle in radians (counter-clockwise on screen), scale.

    The angle is that of a moved short line; the scale grows as the longest moved line does (the
    largest singular value of the linear part, at the point). ``turns=False`` leaves both, for
    formats that have neither.

    """
    if not len(values):
        return values
    result = values.copy()
    result[:, :2] = move_points(values[:, :2], matrix)
    if not turns:
        return result
    m = matrix
    linear = np.array(((m.xx, m.xy), (m.yx, m.yy)))
    if m.is_affine:
        linears = np.broadcast_to(linear, (len(values), 2, 2))
    else:  # the derivative of (A x + t) / w is (A - moved * w') / w
        w = values[:, :2] @ np.array((m.px, m.py)) + m.p
        outer = result[:, :2, None] * np.array((m.px, m.py))
        linears = (linear - outer) / w[:, None, None]
    turn_keypoints(result, values, linears)
    return result


def turn_keypoints(result: Array, values: Array, linears: Array) -> None:
    """Set angle and scale of moved (N, 5) keypoints from (N, 2, 2) local linear maps."""
    cos, sin = np.cos(values[:, 3]), np.sin(values[:, 3])
    x = linears[:, 0, 0] * cos - linears[:, 0, 1] * sin
    y = linears[:, 1, 0] * cos - linears[:, 1, 1] * sin
    result[:, 3] = np.arctan2(-y, x) % (2 * np.pi)
    result[:, 4] = values[:, 4] * np.linalg.norm(linears, 2, axis=(1, 2))
