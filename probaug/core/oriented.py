"""Oriented boxes: rectangles at any angle, which stay tight under rotations.

A row is four numbers of the pipeline's box format, which describe the box before it is turned
about its centre, then the angle in degrees, clockwise on screen (as OpenCV's rotated rectangles
and the datasets of aerial images have it), given back within [-90, 90). Inside they are quads:
float64 (N, 4, 2) corners, the first two along the width.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from .boxes import Boxes, from_edges, is_relative, to_edges
from .fields import Array
from .matrix import Matrix, Size
from .moves import corners, hull, move_points
from .polygons import FARTHEST, SLIVER, before_horizon, cut_to, enough_seen
from .remap import SIDE, DenseMap, bent_outlines
from .rows import Rows


class OrientedBoxes(Boxes):
    """The oriented boxes of one target. They are never cut off at the edge of the image."""

    __slots__ = ()

    quads: Array
    start: Array

    def __init__(self, name: str, given: Any, fields: dict[str, Any], params: Any, size: Size):
        self.params = params
        self.source = Rows(name, given, 5, fields)
        with np.errstate(invalid="ignore", over="ignore"):  # checked below
            self.start = self.quads = to_quads(self.source.numbers(name), params.format, size)
        self.rows = np.arange(len(self.start))
        self.settled = None
        self._check(name, size)

    def __copy__(self) -> OrientedBoxes:
        other = type(self).__new__(type(self))
        for name in ("params", "source", "start", "quads", "rows", "settled"):
            setattr(other, name, getattr(self, name))
        return other

    @property
    def edges(self) -> Array:  # type: ignore[override]
        """The upright (N, 4) boxes around them."""
        return hull(self.quads) if len(self.quads) else np.zeros((0, 4))

    def _check(self, name: str, size: Size) -> None:
        sides = self.quads[:, [1, 3]] - self.quads[:, :1]
        good = (np.abs(self.quads) < FARTHEST).all(axis=(1, 2))
        good &= (sides != 0).any(axis=2).all(axis=1)
        good[good] &= cut_to([[quad] for quad in self.quads[good]], size)[2] > SLIVER
        if self.params.filter_invalid_bboxes:
            self.keep(good)
        elif not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise ValueError(
                f"{name}[{row}] must be four numbers ({self.params.format}) of a box that has an "
                f"area inside the image of height {size.height} and width {size.width}, and an "
                f"angle in degrees; got {self.source.given[row]!r}; "
                "BboxParams(filter_invalid_bboxes=True) drops those that are not valid"
            )

    def settle(self, size: Size) -> None:
        if self.quads is self.settled or not len(self.quads):
            return
        params = self.params
        _, whole, seen = cut_to([[quad] for quad in self.quads], size)
        _, width, height, _ = described(rectangles(self.quads))
        kept = (seen > SLIVER) & (width >= params.min_width) & (height >= params.min_height)
        kept &= (seen >= params.min_area) & (seen >= params.min_visibility * whole * (1 - 1e-12))
        if params.max_accept_ratio is not None:
            ratio = params.max_accept_ratio
            kept &= np.maximum(width, height) <= ratio * np.minimum(width, height)
        self.keep(kept)
        self.settled = self.quads

    def bend(self, dense: DenseMap) -> None:
        """Follow the outlines through the inverse of a dense map, and box them in again."""
        path, found = bent_outlines(self.quads, dense)
        kept = found.sum(axis=1) > 2
        quads = self.quads.copy()
        for place in np.flatnonzero(kept).tolist():
            points, seen = path[place], found[place]
            toward = self.quads[place, 1] - self.quads[place, 0]
            if seen[0] and seen[SIDE]:  # its first two corners
                toward = points[SIDE] - points[0]
            quads[place] = smallest_rectangle(points[seen], toward)
        self.quads = quads
        self.keep(kept)

    def hide(self, hidden: Array) -> None:
        """Drop those of which an (H, W) mask of hidden pixels leaves too little."""
        self.keep(enough_seen([[quad] for quad in self.quads], hidden, self.params))

    def follow(self, matrix: Matrix) -> None:
        """Move by a matrix."""
        quads = move_points(self.quads, matrix)
        if not matrix.is_affine:
            for place, quad in enumerate(self.quads):
                if (part := before_horizon(quad, matrix)) is not quad:
                    toward = quad[1] - quad[0]
                    quads[place] = smallest_rectangle(move_points(part, matrix), toward)
        self.quads = quads

    def grow(self, by: float) -> None:
        """Move all sides out by some pixels; in, if that is negative."""
        quads = rectangles(self.quads)
        _, *sides, _ = described(quads)
        along, down = (
            (quads[:, end] - quads[:, 0]) / length[:, None]
            for end, length in zip((1, 3), sides, strict=True)
        )
        steps = [-along - down, along - down, along + down, down - along]
        self.quads = quads + by * np.stack(steps, axis=1)
        self.keep(np.asarray((np.stack(sides) + 2 * by > 0).all(axis=0)))

    def keep(self, kept: Array, edges: Array | None = None) -> None:
        """Keep some rows (a boolean mask); upright edges say nothing about an oriented box."""
        if not kept.all():
            self.quads, self.rows = self.quads[kept], self.rows[kept]

    def give(self, size: Size) -> Any:
        box_format = self.params.format
        kept = (self.quads == self.start[self.rows]).all(axis=(1, 2))
        if is_relative(box_format) and len(kept):
            again = to_quads(self.source.numbers("bboxes")[self.rows], box_format, size)
            kept &= (again == self.quads).all(axis=(1, 2))
        return self.source.give(from_quads(self.quads, box_format, size), self.rows, kept)


def to_quads(numbers: Array, box_format: str, size: Size) -> Array:
    """Turn (N, 5) numbers of a format, the angle last, into (N, 4, 2) corners in pixels."""
    edges = to_edges(numbers[:, :4], box_format, size)
    centre = (edges[:, None, :2] + edges[:, None, 2:]) / 2
    angle = np.deg2rad(numbers[:, 4])
    cos, sin = np.cos(angle), np.sin(angle)
    turns = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], axis=1)
    return np.asarray((corners(edges) - centre) @ turns + centre)


def from_quads(quads: Array, box_format: str, size: Size) -> Array:
    """Turn (N, 4, 2) corners into (N, 5) numbers of a format."""
    if not len(quads):
        return np.zeros((0, 5))
    centre, width, height, angle = described(rectangles(quads))
    half = np.stack([width, height], axis=1) / 2
    edges = np.concatenate([centre - half, centre + half], axis=1)
    angle = (np.rad2deg(angle) + 90) % 180 - 90
    return np.concatenate([from_edges(edges, box_format, size), angle[:, None]], axis=1)


def described(quads: Array) -> tuple[Array, Array, Array, Array]:
    """Centre, width, height and angle (radians, clockwise) of rectangles."""
    along, down = quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    angle = np.arctan2(along[:, 1], along[:, 0])
    return quads.mean(axis=1), np.hypot(*along.T), np.hypot(*down.T), angle


def rectangles(quads: Array) -> Array:
    """The smallest rectangles around (N, 4, 2) quads: those that are rectangles, as they are."""
    along, down = quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
    lean = np.abs((along * down).sum(axis=1)) / (np.hypot(*along.T) * np.hypot(*down.T))
    open_end = np.abs(quads[:, 0] + quads[:, 2] - quads[:, 1] - quads[:, 3]).max(axis=1)
    skewed = (lean > 1e-9) | (open_end > 1e-6)
    if not skewed.any():
        return quads
    result = quads.copy()
    result[skewed] = around_quads(quads[skewed])
    return result


def around_quads(quads: Array) -> Array:
    """The smallest rectangles around (N, 4, 2) convex quads, as `smallest_rectangle` has them."""
    sides = np.roll(quads, -1, axis=1) - quads
    across = sides / np.maximum(np.hypot(*np.moveaxis(sides, 2, 0)), 1e-12)[..., None]
    down = np.stack([-across[..., 1], across[..., 0]], axis=-1)
    spans = [np.ptp(np.einsum("npk,nsk->nsp", quads, axes), axis=2) for axes in (across, down)]
    best = (spans[0] * spans[1]).argmin(axis=1)
    every = np.arange(len(quads))
    u, v = across[every, best], down[every, best]
    four = np.stack([u, v, -u, -v], axis=1)
    along = quads[:, 1] - quads[:, 0]
    u = four[every, np.einsum("nfk,nk->nf", four, along).argmax(axis=1)]
    v = np.stack([-u[:, 1], u[:, 0]], axis=1)
    x, y = (np.einsum("npk,nk->np", quads, axis) for axis in (u, v))
    a = np.stack([x.min(axis=1), x.max(axis=1), x.max(axis=1), x.min(axis=1)], axis=1)
    b = np.stack([y.min(axis=1), y.min(axis=1), y.max(axis=1), y.max(axis=1)], axis=1)
    return np.asarray(a[..., None] * u[:, None] + b[..., None] * v[:, None])


def smallest_rectangle(points: Array, toward: Array) -> Array:
    """The smallest rectangle around (K, 2) points, (4, 2), its width most nearly along a vector.

    One side of it lies along a side of the convex hull (Freeman and Shapira 1975).
    """
    outline = points[cv2.convexHull(points.astype(np.float32), returnPoints=False).ravel()]
    sides = np.roll(outline, -1, axis=0) - outline
    lengths = np.hypot(*sides.T)
    across = sides[lengths > 0] / lengths[lengths > 0, None]
    if not len(across):
        across = np.array([[1.0, 0.0]])
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    x, y = points @ across.T, points @ down.T
    best = int((np.ptp(x, axis=0) * np.ptp(y, axis=0)).argmin())
    u, v = across[best], down[best]
    u = max((u, v, -u, -v), key=lambda side: float(side @ toward))
    v = np.array((-u[1], u[0]))
    x, y = points @ u, points @ v
    low_x, high_x, low_y, high_y = x.min(), x.max(), y.min(), y.max()
    frame = ((low_x, low_y), (high_x, low_y), (high_x, high_y), (low_x, high_y))
    return np.array([a * u + b * v for a, b in frame])
