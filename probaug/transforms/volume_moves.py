"""Volumes whose voxels change places: symmetries of a cube, shuffled blocks.

Shapes and places are in the order of the axes: depth, height, width (z, y, x).
"""

from __future__ import annotations

import math
from itertools import permutations, product
from typing import ClassVar, NamedTuple

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.fields import Array, Probability
from ..core.layer import Kind
from ..core.points import Points
from ..core.random import Draw
from ..core.transform import Params
from ..core.volume import Shape3, Volumetric
from ..core.warp import copied
from .shuffle import cuts, permuted
from .volume import Lengths


class _Symmetry(NamedTuple):
    """One of the 48 symmetries of a cube."""

    axes: Shape3  # which axis of the source each axis of the result is
    signs: Shape3  # -1 for those that are reversed

    @property
    def mirrors(self) -> bool:
        turns = [np.sign(self.axes[b] - self.axes[a]) for a, b in ((0, 1), (0, 2), (1, 2))]
        return bool(np.prod(turns) * np.prod(self.signs) < 0)


SYMMETRIES = sorted(
    (
        _Symmetry((a, b, c), (i, j, k))
        for a, b, c in permutations((0, 1, 2))
        for i, j, k in product((1, -1), repeat=3)
    ),
    key=lambda symmetry: symmetry.mirrors,
)
"""The 24 rotations, beginning with none, then the 24 that also mirror."""


class _Turn(NamedTuple):
    symmetry: _Symmetry
    shape: Shape3


class CubicSymmetry(Volumetric):
    """Turn or mirror a volume by one of the 48 symmetries of a cube.

    Half of them are rotations, half mirror as well. A volume whose sides differ changes its shape.

    Args:
        p: Chance that a call does anything.

    """

    p: Probability = 1.0

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"index": draw.whole(0, 47)}

    def plan(self, shape: Shape3, index: int) -> _Turn:
        return _Turn(SYMMETRIES[index], shape)

    def change(self, volume: Array, kind: Kind, plan: _Turn) -> Array:
        return volume if plan.symmetry == SYMMETRIES[0] else turned(volume, *plan.symmetry)

    def follow(self, xyz: Array, plan: _Turn) -> Array:
        zyx = xyz[:, ::-1]
        moved = zyx[:, plan.symmetry.axes]
        signs = np.array(plan.symmetry.signs)
        lengths = np.array(plan.shape)[list(plan.symmetry.axes)]
        result: Array = (moved * signs + lengths * (signs < 0))[:, ::-1]
        return result

    def change_points(self, points: Points, plan: _Turn) -> None:
        super().change_points(points, plan)
        if plan.symmetry.mirrors:
            points.mirror()


def turned(volume: Array, axes: Shape3, signs: Shape3) -> Array:
    """``transpose(volume, axes)``, reversed where a sign is negative.

    Two axes taken as one make any order that ends in another axis a transposition of an image,
    where OpenCV is some times faster than NumPy.
    """
    if axes in ((1, 0, 2), (2, 1, 0)):  # what is left of the second is (2, 0, 1)
        volume = volume.swapaxes(0, 1)
    shape, rest = volume.shape[:3], volume.shape[3:]
    result = volume
    if axes == (0, 2, 1):
        result = np.stack([copied(cv2.transpose, frame) for frame in volume])
    elif axes[2] != 2:
        rows = 1 if axes[0] == 1 else 2
        flat = volume.reshape(math.prod(shape[:rows]), -1, *rest)
        result = copied(cv2.transpose, flat).reshape(*shape[rows:], *shape[:rows], *rest)
    if signs[2] < 0:
        flat = result.reshape(-1, result.shape[2], *rest)
        result = copied(lambda image: cv2.flip(image, 1), flat).reshape(result.shape)
    return result[:: signs[0], :: signs[1]]


class _Blocks(NamedTuple):
    """Where the blocks of a grid go."""

    cuts: tuple[Array, Array, Array]  # edges of the blocks along each axis
    source: Array  # the block that each place takes; they count slice by slice, row by row


class GridShuffle3D(Volumetric):
    """Cut a volume into blocks and shuffle those of equal size.

    Keypoints stay on their blocks.

    Args:
        grid_zyx: Number of blocks along depth, height and width.
        p: Chance that a call does anything.

    """

    grid_zyx: Lengths = (2, 2, 2)
    p: Probability = 0.5

    seeded = True

    def plan(self, shape: Shape3, seed: int) -> _Blocks:
        z, y, x = (cuts(n, parts) for n, parts in zip(shape, self.grid_zyx, strict=True))
        depth, height, width = np.meshgrid(np.diff(z), np.diff(y), np.diff(x), indexing="ij")
        shapes = (depth * (shape[1] + 1) + height) * (shape[2] + 1) + width
        return _Blocks((z, y, x), permuted(shapes.ravel(), seed))

    def change(self, volume: Array, kind: Kind, plan: _Blocks) -> Array:
        if (plan.source == np.arange(len(plan.source))).all():
            return volume
        starts, ends = corners(plan)
        boxes = [
            tuple(slice(a, b) for a, b in zip(low, high, strict=True))
            for low, high in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        result = np.empty(volume.shape, volume.dtype)
        for place, source in enumerate(plan.source.tolist()):
            result[boxes[place]] = volume[boxes[source]]
        return result

    def follow(self, xyz: Array, plan: _Blocks) -> Array:
        starts, _ = corners(plan)
        moves = np.empty_like(starts)
        moves[plan.source] = starts - starts[plan.source]
        block = np.zeros(len(xyz), np.intp)
        for edges, at in zip(plan.cuts, xyz.T[::-1], strict=True):
            parts = len(edges) - 1
            block = block * parts + np.clip(np.searchsorted(edges, at, "right") - 1, 0, parts - 1)
        return xyz + moves[block][:, ::-1]


def corners(plan: _Blocks) -> tuple[Array, Array]:
    """(B, 3) first voxels of all blocks, and those behind the last."""
    low = np.meshgrid(*(edges[:-1] for edges in plan.cuts), indexing="ij")
    high = np.meshgrid(*(edges[1:] for edges in plan.cuts), indexing="ij")
    return np.stack(low, -1).reshape(-1, 3), np.stack(high, -1).reshape(-1, 3)
