"""Transforms that tear the image into pieces and put them together in another order."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from ..core.boxes import Boxes
from ..core.canvas import Canvas
from ..core.fields import Array, Between, Probability, WholePair
from ..core.kinds import Joint
from ..core.matrix import Size
from ..core.oriented import OrientedBoxes, smallest_rectangle
from ..core.points import Points
from ..core.polygons import SLIVER, area, clipped
from ..core.random import noise
from ..core.warp import NEAREST, resize


class _Tiles(NamedTuple):
    """Where the tiles of a grid go."""

    rows: Array  # edges of the rows, (R + 1,)
    columns: Array
    source: Array  # (R * C,), the tile that each place takes; tiles count row by row


class RandomGridShuffle(Joint):
    """Cut the image into tiles and shuffle those of equal size.

    Keypoints stay on their tiles. A box is cut where its tiles are; pieces that touch in the
    result become one box again, the others boxes of their own with the same labels.

    Args:
        grid: Number of rows and of columns.
        p: Chance that a call does anything.

    """

    grid: Annotated[WholePair, Between(low=1)] = (3, 3)
    p: Probability = 0.5

    seeded = True

    def plan(self, size: Size, seed: int) -> _Tiles:
        rows, columns = cuts(size.height, self.grid[0]), cuts(size.width, self.grid[1])
        shapes = (np.diff(rows)[:, None] * (size.width + 1) + np.diff(columns)).ravel()
        return _Tiles(rows, columns, permuted(shapes, seed))

    def change(self, frame: Array, is_mask: bool, plan: _Tiles) -> Array:
        if (plan.source == np.arange(len(plan.source))).all():
            return frame
        height, width = frame.shape[:2]
        count = len(plan.columns) - 1
        rows = (plan.rows * height // plan.rows[-1]).tolist()  # other sizes are cut likewise
        columns = (plan.columns * width // plan.columns[-1]).tolist()
        result = frame.copy()  # on a small target some tiles may have no pixel to give
        for place, source in enumerate(plan.source.tolist()):
            (to_row, to_column), (row, column) = divmod(place, count), divmod(source, count)
            target = result[
                rows[to_row] : rows[to_row + 1], columns[to_column] : columns[to_column + 1]
            ]
            tile = frame[rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
            if target.size and tile.size and tile.shape != target.shape:
                tile = resize(tile, Size(*target.shape[:2]), NEAREST)
            if target.size and tile.size:
                target[...] = tile
        return result

    def change_labels(self, canvas: Canvas, plan: _Tiles) -> None:
        labels = canvas.labels
        if (plan.source == np.arange(len(plan.source))).all():
            return
        for boxes in labels.boxes.values():
            if isinstance(boxes, OrientedBoxes):
                shuffle_quads(boxes, plan)
            elif len(boxes.rows):
                shuffle_boxes(boxes, plan)
        for points in labels.points.values():
            if len(points.values):
                shuffle_points(points, plan)
        for polygons in labels.polygons.values():
            polygons.scatter(tiles_of(plan), moves(plan))


def cuts(length: int, parts: int) -> Array:
    """Where a side is cut into parts that differ by at most a pixel; no part is empty."""
    parts = min(parts, length)
    return np.arange(parts + 1) * length // parts


def permuted(shapes: Array, seed: int) -> Array:
    """The piece that each place takes: a random one among those of the same shape."""
    order = np.arange(len(shapes))
    generator = noise(seed)
    for shape in np.unique(shapes).tolist():
        alike = np.flatnonzero(shapes == shape)
        order[alike] = generator.permutation(alike)
    return order


def moves(plan: _Tiles) -> Array:
    """(R * C, 2), how far right and down each tile goes."""
    count = len(plan.columns) - 1
    starts = np.stack(
        [np.tile(plan.columns[:-1], len(plan.rows) - 1), np.repeat(plan.rows[:-1], count)], axis=1
    )
    result = np.empty_like(starts)
    result[plan.source] = starts - starts[plan.source]
    return result


def shuffle_points(points: Points, plan: _Tiles) -> None:
    """Move keypoints with the tiles that they lie on (beside the image, with the nearest)."""
    x, y = points.values[:, 0], points.values[:, 1]
    column = np.clip(np.searchsorted(plan.columns, x, "right") - 1, 0, len(plan.columns) - 2)
    row = np.clip(np.searchsorted(plan.rows, y, "right") - 1, 0, len(plan.rows) - 2)
    values = points.values.copy()
    values[:, :2] += moves(plan)[row * (len(plan.columns) - 1) + column]
    points.values = values


def shuffle_boxes(boxes: Boxes, plan: _Tiles) -> None:
    """Cut boxes along the tiles, move the pieces, join those that touch."""
    tiles, shifts = tiles_of(plan), np.tile(moves(plan), 2)
    params = boxes.params
    edges, rows = [], []
    for row, box in zip(boxes.rows.tolist(), boxes.edges, strict=True):
        pieces = np.concatenate(
            [np.maximum(tiles[:, :2], box[:2]), np.minimum(tiles[:, 2:], box[2:])], axis=1
        )
        some = (pieces[:, :2] < pieces[:, 2:]).all(axis=1)
        whole = (box[2] - box[0]) * (box[3] - box[1])
        moved = pieces[some] + shifts[some]
        for mine in joined(moved):
            part = moved[mine]
            left = float((part[:, 2:] - part[:, :2]).prod(axis=1).sum())
            if left >= params.min_area and left >= params.min_visibility * whole:
                edges.append(np.concatenate([part[:, :2].min(axis=0), part[:, 2:].max(axis=0)]))
                rows.append(row)
    boxes.edges = np.array(edges, np.float64).reshape(-1, 4)
    boxes.rows = np.array(rows, np.intp)
    boxes.quads = None


def shuffle_quads(boxes: OrientedBoxes, plan: _Tiles) -> None:
    """The same for oriented boxes: each group of pieces gets the smallest box around it."""
    tiles, shifts = tiles_of(plan), moves(plan)
    params = boxes.params
    quads, rows = [], []
    for row, quad in zip(boxes.rows.tolist(), boxes.quads, strict=True):
        cut = [clipped(quad, *tile) for tile in tiles.tolist()]
        pieces = [piece + by for piece, by in zip(cut, shifts, strict=True) if area(piece) > SLIVER]
        edges = [np.concatenate([piece.min(axis=0), piece.max(axis=0)]) for piece in pieces]
        for mine in joined(np.array(edges).reshape(-1, 4)):
            group = [pieces[place] for place in np.flatnonzero(mine).tolist()]
            size = sum(map(area, group))
            if size >= params.min_area and size >= params.min_visibility * area(quad):
                quads.append(smallest_rectangle(np.concatenate(group), quad[1] - quad[0]))
                rows.append(row)
    boxes.quads, boxes.rows = np.array(quads).reshape(-1, 4, 2), np.array(rows, np.intp)


def tiles_of(plan: _Tiles) -> Array:
    """(R * C, 4), left, top, right and bottom of the tiles."""
    left, top = np.meshgrid(plan.columns[:-1], plan.rows[:-1])
    right, bottom = np.meshgrid(plan.columns[1:], plan.rows[1:])
    return np.stack([side.ravel() for side in (left, top, right, bottom)], axis=1)


def joined(pieces: Array) -> list[Array]:
    """Groups of (N, 4) rectangles that touch, corners included, as boolean masks."""
    near = (pieces[:, None, :2] <= pieces[:, 2:]).all(axis=2)
    near &= near.T
    groups = np.arange(len(pieces))
    while True:  # everyone takes the lowest number that touches them, until nobody changes
        lowest = np.where(near, groups, len(pieces)).min(axis=1, initial=len(pieces))
        if (lowest == groups).all():
            break
        groups = lowest
    return [groups == group for group in np.unique(groups).tolist()]
