"""Where boxes and keypoints go when a dense map bends the image.

A map says for every pixel of the result where it is read; labels need the opposite. `DenseMap`
reads the map between pixels, as the image does, and inverts it point by point with Newton's
method: no rasterised discs or boxes, so a map that moves nothing moves no label.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .fields import Array
from .matrix import Size
from .moves import corners, turn_keypoints

SIDE = 16  # points per side of a box that are followed
NODES = 24  # cells of the coarse grid, per axis
STEPS = 24  # tries of one inversion
CLOSE = 1e-5  # pixels; where an inversion stops
ACCEPTED = 0.5  # pixels; folding maps are solved no better than this


class DenseMap:
    """A dense map, read between pixels, and its inverse.

    Beyond the edge of the result it goes on as it is at the edge, so that what lies just outside
    has a place, too.

    Args:
        map_x: (H, W) float32, for every pixel of the result the x that it is read at, counted in
            pixel centres from 0.
        map_y: The same for y.

    """

    def __init__(self, map_x: Array, map_y: Array) -> None:
        self.height, self.width = map_x.shape
        if self.width == 1:  # a cell needs two columns and two rows
            map_x, map_y = np.concatenate([map_x, map_x + 1], 1), np.repeat(map_y, 2, 1)
        if self.height == 1:
            map_x, map_y = np.repeat(map_x, 2, 0), np.concatenate([map_y, map_y + 1], 0)
        self.rows, self.columns = map_x.shape
        self.flat = map_x.ravel(), map_y.ravel()
        self._coarse: tuple[Array, Array] | None = None

    def read(self, points: Array) -> tuple[Array, Array]:
        """Where (N, 2) points of the result are read, and the (N, 2, 2) derivatives there.

        Sums are of displacements, not of coordinates: where the map moves nothing, the result is
        the very same numbers.
        """
        limits = np.array((self.width - 0.5, self.height - 0.5))
        inner = np.clip(points - 0.5, -0.5, limits)
        cell = np.floor(inner).astype(np.intp)
        column = np.clip(cell[:, 0], 0, self.columns - 2)
        row = np.clip(cell[:, 1], 0, self.rows - 2)
        fx, fy = inner[:, 0] - column, inner[:, 1] - row
        moves = (points - 0.5 == inner).astype(np.float64)  # no slope beyond the edge
        base = row * self.columns + column
        shifts, slopes = np.empty_like(points), np.empty((len(points), 2, 2))
        for axis, first in enumerate((column, row)):
            field = self.flat[axis]
            along_x, along_y = (1, 0) if axis == 0 else (0, 1)
            a = field[base] - first.astype(np.float64)
            b = field[base + 1] - (first + float(along_x))
            c = field[base + self.columns] - (first + float(along_y))
            d = field[base + self.columns + 1] - (first + 1.0)
            twist = a - b - c + d
            shifts[:, axis] = a + fx * (b - a) + fy * (c - a) + fx * fy * twist
            slopes[:, axis, 0] = (b - a + fy * twist) * moves[:, 0]
            slopes[:, axis, 1] = (c - a + fx * twist) * moves[:, 1]
        slopes += np.eye(2)
        return points + shifts, slopes

    def inside(self, points: Array) -> Array:
        """Which (..., 2) points lie in the result, its edge included."""
        within = (points >= 0) & (points <= (self.width, self.height))
        return np.asarray(within.all(axis=-1))

    @property
    def coarse(self) -> tuple[Array, Array]:
        """Some points all over the result, its corners included, and where they are read."""
        if self._coarse is None:
            x = np.linspace(0, self.width, min(self.width, NODES) + 1)
            y = np.linspace(0, self.height, min(self.height, NODES) + 1)
            nodes = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
            self._coarse = nodes, self.read(nodes)[0]
        return self._coarse

    def edge(self) -> tuple[Array, Array]:
        """A point for each pixel along the edge of the result, and where they are read."""
        x, y = np.arange(self.width + 1.0), np.arange(self.height + 1.0)
        sides = [(x, 0 * x), (x, 0 * x + self.height), (0 * y, y), (0 * y + self.width, y)]
        points = np.concatenate([np.stack(side, axis=1) for side in sides])
        return points, self.read(points)[0]

    def invert(self, sources: Array, search: bool = True) -> tuple[Array, Array]:
        """The points of the result that show (N, 2) points of the source, and which were found.

        Where a folding map shows a point several times, one of them.

        Args:
            sources: (N, 2) points of the source.
            search: Whether to look at single pixels where everything else fails.

        """
        points, errors = self._solve(sources, 2 * sources - self.read(sources)[0])
        self._improve(sources, points, errors, self._nearest_node)
        if search:
            self._improve(sources, points, errors, self._nearest_pixel)
        return points, errors <= ACCEPTED

    def _improve(
        self, sources: Array, points: Array, errors: Array, start: Callable[[Array], Array]
    ) -> None:
        """Try again from another start where a point was not found or lies outside."""
        doubtful = np.flatnonzero((errors > ACCEPTED) | ~self.inside(points))
        if not len(doubtful):
            return
        wanted = sources[doubtful]
        again, left = self._solve(wanted, start(wanted))
        was_found = errors[doubtful] <= ACCEPTED
        better = (left <= ACCEPTED) & (self.inside(again) | ~was_found)
        better |= ~was_found & (left < errors[doubtful])
        points[doubtful[better]] = again[better]
        errors[doubtful[better]] = left[better]

    def _solve(self, sources: Array, points: Array) -> tuple[Array, Array]:
        """Newton's method from given points, halving steps that lead away."""
        points = points.copy()
        reached, slopes = self.read(points)
        errors = np.hypot(*(reached - sources).T)
        stride = np.ones(len(points))
        active = np.flatnonzero(errors > CLOSE)
        for _ in range(STEPS):
            if not len(active):
                break
            step = solved(slopes[active], sources[active] - reached[active])
            trial = points[active] + stride[active, None] * step
            landed, tangents = self.read(trial)
            left = np.hypot(*(landed - sources[active]).T)
            good = left < errors[active]
            chosen = active[good]
            points[chosen], errors[chosen] = trial[good], left[good]
            reached[chosen], slopes[chosen] = landed[good], tangents[good]
            stride[active] = np.where(good, np.minimum(1, 2 * stride[active]), stride[active] / 4)
            active = active[(errors[active] > CLOSE) & (stride[active] > 1e-3)]
        return points, errors

    def _nearest_node(self, sources: Array) -> Array:
        nodes, read = self.coarse
        near = (read**2).sum(axis=1) - 2 * (sources @ read.T)
        return np.asarray(nodes[near.argmin(axis=1)])

    def _nearest_pixel(self, sources: Array) -> Array:
        """The best pixel centre in the cells around the nearest node."""
        reach_x, reach_y = -(-self.width // NODES), -(-self.height // NODES)
        x = np.arange(-reach_x, reach_x + 1)
        y = np.arange(-reach_y, reach_y + 1)
        starts = np.floor(self._nearest_node(sources)).astype(np.intp)
        found = np.empty_like(sources)
        for index, ((left, top), (wanted_x, wanted_y)) in enumerate(
            zip(starts.tolist(), sources.tolist(), strict=True)
        ):
            columns = np.clip(x + left, 0, self.width - 1)
            rows = np.clip(y + top, 0, self.height - 1)
            window = rows[:, None] * self.columns + columns
            far = (self.flat[0][window] - (wanted_x - 0.5)) ** 2
            far += (self.flat[1][window] - (wanted_y - 0.5)) ** 2
            row, column = divmod(int(far.argmin()), len(columns))
            found[index] = columns[column] + 0.5, rows[row] + 0.5
        return found


def solved(slopes: Array, wanted: Array) -> Array:
    """Solve (N, 2, 2) linear systems; where one is singular, as if it were the identity."""
    a, b, c, d = slopes[:, 0, 0], slopes[:, 0, 1], slopes[:, 1, 0], slopes[:, 1, 1]
    x, y = wanted.T
    determinant = a * d - b * c
    singular = np.abs(determinant) < 1e-3
    scale = 1 / np.where(singular, 1, determinant)
    step = np.stack([(d * x - b * y) * scale, (a * y - c * x) * scale], axis=1)
    return np.where(singular[:, None], wanted, step)


def scaled_maps(map_x: Array, map_y: Array, size: Size) -> tuple[Array, Array]:
    """The same bend for a target of another size."""
    height, width = map_x.shape
    maps: list[Array] = []
    for field, along, old, new in ((map_x, 1, width, size.width), (map_y, 0, height, size.height)):
        before, after = np.arange(old, dtype=np.float32), np.arange(new, dtype=np.float32)
        shifts: Array = field - (before if along else before[:, None])
        shifts = cv2.resize(shifts, (size.width, size.height), interpolation=cv2.INTER_LINEAR)
        shifts *= new / old
        maps.append(shifts + (after if along else after[:, None]))
    return maps[0], maps[1]


def remap_boxes(edges: Array, dense: DenseMap) -> tuple[Array, Array, Array]:
    """Follow (N, 4) boxes through the inverse of a map.

    Gives the boxes around what of each outline and inside lands in the frame, which ones do at
    all, and what part of the moved box (its hull inside the frame, over all of its hull) that is.
    """
    count = len(edges)
    path, found = bent_outlines(corners(edges), dense)
    low, high = clipped_path(path, found, dense)
    # parts of the frame that show the inside of a box, whether or not its outline is seen
    nodes, read = dense.coarse
    if not (found & dense.inside(path)).all():  # and where the frame cuts it
        nodes, read = (np.concatenate(pair) for pair in zip(dense.coarse, dense.edge()))
    within = (read[:, 0] >= edges[:, :1]) & (read[:, 0] <= edges[:, 2:3])
    within &= (read[:, 1] >= edges[:, 1:2]) & (read[:, 1] <= edges[:, 3:4])
    for axis in (0, 1):
        ours = np.where(within, nodes[:, axis], np.inf).min(axis=1)
        low[:, axis] = np.minimum(low[:, axis], ours)
        ours = np.where(within, nodes[:, axis], -np.inf).max(axis=1)
        high[:, axis] = np.maximum(high[:, axis], ours)
    seen = np.asarray((high > low).all(axis=1))
    whole_low = np.minimum(low, np.where(found[..., None], path, np.inf).min(axis=1))
    whole_high = np.maximum(high, np.where(found[..., None], path, -np.inf).max(axis=1))
    visible = np.zeros(count)
    visible[seen] = (high - low)[seen].prod(axis=1) / (whole_high - whole_low)[seen].prod(axis=1)
    moved = np.concatenate([low, high], axis=1)
    moved[~seen] = 0
    return moved, seen, visible


def bent_outlines(quads: Array, dense: DenseMap) -> tuple[Array, Array]:
    """Where the inverse of a map takes points along (N, 4, 2) quads, and which it finds."""
    along = np.linspace(0, 1, SIDE, endpoint=False)[:, None]
    starts = quads[:, :, None]
    outline = starts + along * (np.roll(starts, -1, axis=1) - starts)
    path, found = dense.invert(outline.reshape(-1, 2), search=False)
    return path.reshape(len(quads), -1, 2), found.reshape(len(quads), -1)


def clipped_path(path: Array, found: Array, dense: DenseMap) -> tuple[Array, Array]:
    """Lowest and highest x and y of (N, K, 2) closed paths within the frame; inf if none."""
    shown = found & dense.inside(path)
    if shown.all():
        return path.min(axis=1), path.max(axis=1)
    limits = np.array((dense.width, dense.height), np.float64)
    after = np.roll(path, -1, axis=1)
    whole = found & np.roll(found, -1, axis=1)
    step = after - path
    with np.errstate(divide="ignore", invalid="ignore"):
        to_low, to_high = -path / step, (limits - path) / step
    level = step == 0
    here = (path >= 0) & (path <= limits)
    enter = np.where(level, np.where(here, 0, np.inf), np.fmin(to_low, to_high)).max(axis=-1)
    leave = np.where(level, np.where(here, 1, -np.inf), np.fmax(to_low, to_high)).min(axis=-1)
    crossing = (enter <= leave) & (enter <= 1) & (leave >= 0) & whole
    low, high = np.full((len(path), 2), np.inf), np.full((len(path), 2), -np.inf)
    for points, counted in (
        (path, shown),
        (path + np.clip(enter, 0, 1)[..., None] * step, crossing & (enter > 0)),
        (path + np.clip(leave, 0, 1)[..., None] * step, crossing & (leave < 1)),
    ):
        inner = np.clip(points, 0, limits)
        low = np.minimum(low, np.where(counted[..., None], inner, np.inf).min(axis=1))
        high = np.maximum(high, np.where(counted[..., None], inner, -np.inf).max(axis=1))
    return low, high


def remap_keypoints(values: Array, dense: DenseMap, turns: bool = True) -> tuple[Array, Array]:
    """Follow (N, 5) keypoints through the inverse of a map; also say which land in the frame."""
    if not len(values):
        return values, np.zeros(0, bool)
    result = values.copy()
    points, found = dense.invert(values[:, :2])
    result[:, :2] = points
    if turns:
        slopes = dense.read(points)[1]
        bent = (slopes != np.eye(2)).any(axis=(1, 2))
        columns = [solved(slopes, np.tile(unit, (len(values), 1))) for unit in np.eye(2)]
        turned = result.copy()
        turn_keypoints(turned, values, np.stack(columns, axis=2))
        result[bent] = turned[bent]
    return result, found & dense.inside(points)
