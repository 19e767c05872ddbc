"""Bends: a grid of points is moved, and what lies between follows."""

from __future__ import annotations

import itertools
from typing import Annotated, Any, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.fields import (
    SAME,
    Array,
    Between,
    Border,
    Drawn,
    DrawnPair,
    Fill,
    Interpolation,
    Probability,
    WholePair,
    ZeroTo,
)
from ..core.kinds import Remap
from ..core.layer import Sampling
from ..core.matrix import Size
from ..core.random import noise
from ..core.warp import REPLICATE
from .distort import KeypointMethod

PointCount: TypeAlias = Annotated[int | WholePair, SAME, Drawn(whole=True), Between(2)]
"""A number of points along a side, or the fewest and the most."""

LEAST = 0.05  # of a cell's area: what every corner of a moved cell keeps
SMALLER = 0.7  # what is left of a move where cells would fold, until none does
SPLINE_SHARE = 0.1  # of `scale_range`: standard deviation of a move, in widths and heights
FINENESS = 48  # spline values per cell and axis: straight lines between them err by 0.1 %


class _FramedBend(Remap, base=True):
    """A `Remap` that reads nothing from beyond the edge: what lies there is the edge itself."""

    seeded = True

    def sampling(self, canvas: Canvas) -> Sampling:
        return super().sampling(canvas)._replace(border=REPLICATE)


class PiecewiseAffine(_FramedBend):
    """Move the points of a regular grid at random, and what lies between by straight triangles.

    Every cell of the grid consists of two triangles, each of which an affine map fills. Points
    never leave the image; moves that would fold it are made smaller.

    Args:
        scale: Standard deviation of the moves, as a fraction of the height and the width; a number
            n stands for 0 to n.
        nb_rows: Number of rows of points, or the fewest and the most.
        nb_cols: Number of columns of points, or the fewest and the most.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        absolute_scale: Whether `scale` is in pixels.
        keypoint_remapping_method: Kept for compatibility; points always follow the inverse map.
        p: Chance that a call does anything.
        border_mode: Kept for compatibility; nothing beyond the edge is shown.
        fill: Kept for compatibility.
        fill_mask: Kept for compatibility.

    """

    scale: Annotated[ZeroTo, Between(0)] = (0.03, 0.05)
    nb_rows: PointCount = (4, 4)
    nb_cols: PointCount = (4, 4)
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    absolute_scale: bool = False
    keypoint_remapping_method: KeypointMethod = "mask"
    p: Probability = 0.5
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0

    def field(
        self, size: Size, scale: float, nb_rows: int, nb_cols: int, seed: int
    ) -> tuple[Array, Array] | None:
        if not scale:
            return None
        unit = (size.width, size.height) if self.absolute_scale else (1, 1)
        grid = points(nb_rows, nb_cols)
        moves = noise(seed).standard_normal(grid.shape) * (scale / np.array(unit))
        return between(unfolded(grid, (grid + moves).clip(0, 1) - grid), size, triangles=True)


class GridElasticDeform(_FramedBend):
    """Move the inner crossings of a grid at random, and what lies between along with them.

    The border stays where it is; moves that would fold the image are made smaller.

    Args:
        num_grid_xy: Number of columns and of rows of cells.
        magnitude: Farthest move to each side, in pixels.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        p: Chance that a call does anything.

    """

    num_grid_xy: Annotated[WholePair, Between(1)]
    magnitude: Annotated[float, Between(0)]
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    p: Probability = 1.0

    def field(self, size: Size, seed: int) -> tuple[Array, Array] | None:
        columns, rows = self.num_grid_xy
        if not self.magnitude or min(rows, columns) < 2:
            return None
        grid = points(rows + 1, columns + 1)
        moves = np.zeros_like(grid)
        reach = self.magnitude / np.array((size.width, size.height))
        moves[1:-1, 1:-1] = noise(seed).uniform(-1, 1, (rows - 1, columns - 1, 2)) * reach
        return between(unfolded(grid, moves), size, triangles=False)


class ThinPlateSpline(Remap):
    """Move the points of a regular grid at random, and bend the image through them like a plate.

    The bend goes exactly through the moved points and is as smooth as can be between them. Moves
    that would make neighbouring points change places are made smaller.

    Args:
        scale_range: Strength: ten times the standard deviation of the moves, as fractions of the
            height and the width.
        num_control_points: Number of rows and of columns of points.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        keypoint_remapping_method: Kept for compatibility; points always follow the inverse map.
        p: Chance that a call does anything.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.

    Source: F. L. Bookstein, Principal Warps: Thin-Plate Splines and the Decomposition of
    Deformations, 1989.

    """

    scale_range: Annotated[DrawnPair, Between(0, 1)] = (0.2, 0.4)
    num_control_points: Annotated[int, Between(2)] = 4
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    keypoint_remapping_method: KeypointMethod = "mask"
    p: Probability = 0.5
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0

    seeded = True

    def field(self, size: Size, scale_range: float, seed: int) -> tuple[Array, Array] | None:
        if not scale_range:
            return None
        grid = points(self.num_control_points, self.num_control_points)
        moves = np.asarray(noise(seed).standard_normal(grid.shape)) * (scale_range * SPLINE_SHARE)
        return splined(grid, unfolded(grid, moves), size)


def points(rows: int, columns: int) -> Array:
    """(rows, columns, 2), the x and y of a regular grid over the unit square, its edge included."""
    return np.stack(np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows)), axis=-1)


def unfolded(grid: Array, moves: Array) -> Array:
    """The moves of a grid's points, made smaller around cells that would fold.

    All four corners of a moved cell must turn the same way, which makes it convex.
    """
    rows, columns = grid.shape[0] - 1, grid.shape[1] - 1
    while True:
        moved = grid + moves
        cells = moved[:-1, :-1], moved[:-1, 1:], moved[1:, 1:], moved[1:, :-1]
        sides = [cells[(i + 1) % 4] - cells[i] for i in range(4)]
        turns = [
            after[..., 1] * side[..., 0] - after[..., 0] * side[..., 1]
            for side, after in zip(sides, sides[1:] + sides[:1], strict=True)
        ]
        folded = np.min(turns, axis=0) * (rows * columns) < LEAST
        if not folded.any():
            return moves
        near = np.pad(folded, 1)
        near = near[:-1, :-1] | near[:-1, 1:] | near[1:, :-1] | near[1:, 1:]
        moves = np.where(near[..., None], moves * SMALLER, moves)


def between(moves: Array, size: Size, triangles: bool) -> tuple[Array, Array]:
    """Dense maps of moved points of a regular grid: bilinear in cells, or linear in triangles.

    A triangle of a cell is the half above, or below, its diagonal from bottom left to top right.
    """
    rows, columns = moves.shape[0] - 1, moves.shape[1] - 1
    row, down = places(size.height, rows)
    column, across = places(size.width, columns)
    maps = np.empty(size, np.float32), np.empty(size, np.float32)
    firsts = np.searchsorted(row, np.arange(rows + 1)).tolist()
    for cell, (first, last) in enumerate(itertools.pairwise(firsts)):
        depth = down[first:last, None]
        weight = np.maximum(across + depth - 1, 0) if triangles else across * depth
        for axis, (field, length) in enumerate(zip(maps, size[::-1], strict=True)):
            at = (moves[cell : cell + 2, :, axis] * length).astype(np.float32)
            (a, b), (c, d) = ((line[:-1][column], line[1:][column]) for line in at)
            part = field[first:last]
            np.multiply(weight, a - b - c + d, out=part)
            part += depth * (c - a)
            part += a + across * (b - a)
    return in_pixels(*maps)


def places(length: int, cells: int) -> tuple[Array, Array]:
    """In which cell of a side each pixel's centre lies, and how far into it."""
    at = (np.arange(length) + 0.5) * (cells / length)
    cell = at.astype(np.intp)
    return cell, (at - cell).astype(np.float32)


def in_pixels(map_x: Array, map_y: Array) -> tuple[Array, Array]:
    """Turn moves of pixels into where they are read, in place."""
    height, width = map_x.shape
    map_x += np.arange(width, dtype=np.float32)
    map_y += np.arange(height, dtype=np.float32)[:, None]
    return map_x, map_y


def splined(grid: Array, moves: Array, size: Size) -> tuple[Array, Array]:
    """Dense maps of a thin-plate spline through moved points of a regular grid."""
    centres = grid.reshape(-1, 2)
    weights, flat = spline(centres, moves.reshape(-1, 2))
    step = max(1, min(size) // (FINENESS * (grid.shape[0] - 1)))
    coarse = Size(-(-size.height // step) + 2, -(-size.width // step) + 2)
    # values stand for blocks of pixels, the first of them beyond the edge: at their middles
    x = ((np.arange(coarse.width) - 0.5) * (step / size.width)).astype(np.float32)
    y = ((np.arange(coarse.height) - 0.5) * (step / size.height)).astype(np.float32)[:, None]
    fields = [flat[0, axis] + flat[1, axis] * x + flat[2, axis] * y for axis in (0, 1)]
    for centre, weight in zip(centres.astype(np.float32), weights, strict=True):
        bump = bent(np.square(x - centre[0]) + np.square(y - centre[1]))
        for field, share in zip(fields, weight, strict=True):
            field += bump * share
    whole = (coarse.width * step, coarse.height * step)
    inner = slice(step, step + size.height), slice(step, step + size.width)
    map_x, map_y = (
        cv2.resize(field * np.float32(length), whole, interpolation=cv2.INTER_LINEAR)[inner]
        for field, length in zip(fields, size[::-1], strict=True)
    )
    return in_pixels(np.ascontiguousarray(map_x), np.ascontiguousarray(map_y))


def spline(centres: Array, values: Array) -> tuple[Array, Array]:
    """Weights of a thin-plate spline's centres, and its constant and its slopes, as float32.

    The spline through (N, 2) values at (N, 2) centres; both are per axis.
    """
    count = len(centres)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = bent(np.square(centres[:, None] - centres).sum(axis=-1))
    system[:count, count] = system[count, :count] = 1
    system[:count, count + 1 :] = centres
    system[count + 1 :, :count] = centres.T
    wanted = np.concatenate([values, np.zeros((3, 2))])
    solution = np.linalg.solve(system, wanted).astype(np.float32)
    return solution[:count], solution[count:]


def bent(squares: Any) -> Array:
    """Twice r^2 log r of squared distances, the shape of a plate that is lifted at one point."""
    tiny = np.finfo(squares.dtype).tiny
    return np.asarray(squares * np.log(squares + tiny))
