"""Polygons as labels: how they are written, moved, cut off and filtered.

A polygon is one ring of points or several (an object in parts), in continuous pixels: it spans
[0, W] x [0, H] as boxes do, and moves by the same matrices. Rings are float64 (P, 2) arrays; those
that nothing has changed stay the same objects, and so come back as they were given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from .fields import Array, is_number, plain
from .matrix import Matrix, Size
from .moves import move_points
from .rows import Rows, kind_of

if TYPE_CHECKING:
    from .params import PolygonParams
    from .remap import DenseMap

Ring = Array
SPACING = 8.0
"""Pixels between the points of an edge that a dense map bends."""
FARTHEST = 1e9
"""Pixels; what is farther away is a mistake."""
HORIZON = 0.1
"""Parts of a shape that come out ten times as large as others are cut off."""
GRID = 4
"""Steps per pixel of the grid that polygons grow on."""
RIM = 0.05
"""What part of a wholly covered shape may seem to be seen, for its outline cuts through pixels."""
SLIVER = 1e-9
"""Square pixels; what rounding leaves of nothing."""


class Polygons:
    """The polygons of one target."""

    __slots__ = ("params", "rings", "rows", "settled", "size", "source", "start")

    def __init__(self, name: str, given: Any, fields: dict[str, Any], params: Any, size: Size):
        self.params: PolygonParams = params
        self.source = Rows(name, given, 0, fields)
        self.size = size
        scale = (size.width, size.height) if params.format == "rel_xy" else (1, 1)
        self.start = [
            [ring * scale for ring in read_rings(f"{name}[{place}]", polygon)]
            for place, polygon in enumerate(given)
        ]
        self._check(name)
        self.rows = np.arange(len(self.start))
        self.rings = list(self.start)
        self.settled: list[list[Ring]] | None = None

    def _check(self, name: str) -> None:
        bad = [not all(np.abs(r).max() < FARTHEST for r in rings) for rings in self.start]
        if not any(bad):
            bad = (cut_to(self.start, self.size)[2] <= SLIVER).tolist()
        if any(bad):
            row, size = bad.index(True), self.size
            raise ValueError(
                f"{name}[{row}] must have an area inside the image of height {size.height} and "
                f"width {size.width}, got {self.source.given[row]!r}"
            )

    @classmethod
    def bare(cls, rings: list[list[Ring]], params: PolygonParams) -> Polygons:
        """Polygons that nobody gave: all that moves is their rings and rows."""
        polygons = cls.__new__(cls)
        polygons.rings, polygons.rows = rings, np.arange(len(rings))
        polygons.params, polygons.settled = params, None
        return polygons

    def follow(self, matrix: Matrix) -> None:
        """Move by a matrix."""
        if not matrix.is_affine:
            self.rings = [[before_horizon(ring, matrix) for ring in rings] for rings in self.rings]
        self.move(lambda points: move_points(points, matrix))

    def move(self, change: Callable[[Array], Array]) -> None:
        """Send all points, (T, 2), through a function."""
        flat = [ring for rings in self.rings for ring in rings]
        if not flat:
            return
        ends = np.cumsum([len(ring) for ring in flat])[:-1]
        pieces = iter(np.split(change(np.concatenate(flat)), ends))
        self.rings = [[next(pieces) for _ in rings] for rings in self.rings]

    def bend(self, dense: DenseMap) -> None:
        """Follow edges through the inverse of a dense map; what it does not show is cut off."""
        self.rings = [[densified(ring) for ring in rings] for rings in self.rings]
        shown: list[Array] = []

        def inverted(points: Array) -> Array:
            moved, found = dense.invert(points, search=False)
            shown.append(found)
            return moved

        self.move(inverted)
        if shown and not shown[0].all():
            marks = iter(np.split(shown[0], np.cumsum([len(r) for s in self.rings for r in s])))
            kept = [[ring[next(marks)] for ring in rings] for rings in self.rings]
            self.rings = [[ring for ring in rings if len(ring) > 2] for rings in kept]

    def scatter(self, windows: Array, shifts: Array) -> None:
        """Cut along (T, 4) windows, xyxy, and shift what is in each by its own (T, 2)."""
        self.rings = [
            [
                piece + by
                for window, by in zip(windows.tolist(), shifts, strict=True)
                for ring in rings
                if len(piece := clipped(ring, *window))
            ]
            for rings in self.rings
        ]

    def hide(self, hidden: Array) -> None:
        """Drop those of which an (H, W) mask of hidden pixels leaves too little; none is cut."""
        self.keep(enough_seen(self.rings, hidden, self.params))

    def settle(self, size: Size) -> None:
        """Cut off what is outside the image and drop what the params do not accept."""
        if self.rings is self.settled:
            return
        params = self.params
        shown, whole, seen = cut_to(self.rings, size)
        if params.clip:
            self.rings = shown
        kept = (seen > SLIVER) & (seen >= params.min_area)
        self.keep(kept & (seen >= params.min_visibility * whole))
        self.settled = self.rings

    def keep(self, kept: Array) -> None:
        """Keep some rows (a boolean mask)."""
        if not kept.all():
            self.rows = self.rows[kept]
            self.rings = [self.rings[place] for place in np.flatnonzero(kept).tolist()]

    def give(self, size: Size) -> Any:
        """The polygons as the caller wrote them: flat or in pairs, lists or arrays."""
        relative = self.params.format == "rel_xy"
        scale = (size.width, size.height) if relative else (1, 1)
        result = []
        for row, rings in zip(self.rows.tolist(), self.rings, strict=True):
            given, start = self.source.given[row], self.start[row]
            same = rings is start and not (relative and size != self.size)
            result.append(given if same else written(given, [ring / scale for ring in rings]))
        return kind_of(self.source.given)(result)


def is_ring(value: Any) -> bool:
    """Whether a value is one ring, flat or in pairs, and not several of them."""
    if isinstance(value, np.ndarray):
        return value.ndim < 3 and value.dtype.kind != "O"
    first: Any = value[0] if len(value) else 0
    if is_number(plain(first)) or not hasattr(first, "__len__"):
        return True
    return len(first) == 2 and is_number(plain(first[0]))


def read_rings(name: str, value: Any) -> list[Ring]:
    """The rings of one polygon, in its own units."""
    rings = []
    if not isinstance(value, (list, tuple, np.ndarray)):  # a run-length code, say
        raise ValueError(
            f"{name} must be at least three points in a list or an array, got {value!r:.200}"
        )
    for ring in [value] if is_ring(value) else value:
        try:
            points = np.array(ring, np.float64)
            points = points.reshape(-1, 2) if points.ndim == 1 else points
        except (TypeError, ValueError):
            points = np.zeros(0)
        if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
            raise ValueError(
                f"{name} must be at least three points, (P, 2) or x, y, x, y, ..., or several such "
                f"rings, got {ring!r}"
            )
        rings.append(points)
    return rings


def written(given: Any, rings: list[Ring]) -> Any:
    """Rings in the form in which a polygon was given; parts that are new, as its last."""
    if is_ring(given):
        alone = len(rings) == 1
        return like(given, rings[0]) if alone else [like(given, ring) for ring in rings]
    forms = [*given, *[given[-1]] * len(rings)]
    return kind_of(given)(like(form, ring) for form, ring in zip(forms, rings))


def like(given: Any, ring: Ring) -> Any:
    """One ring in the form of another."""
    if isinstance(given, np.ndarray):
        ring = ring.astype(given.dtype if given.dtype.kind == "f" else np.float64)
        return ring if given.ndim == 2 else ring.ravel()
    if is_number(plain(given[0])):
        return kind_of(given)(ring.ravel().tolist())
    return kind_of(given)(map(kind_of(given[0]), ring.tolist()))


def area(ring: Ring) -> float:
    """Area of a ring in square pixels (the shoelace formula)."""
    if len(ring) < 3:
        return 0.0
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1])) / 2  # the first point is the origin


def clipped(ring: Ring, left: float, top: float, right: float, bottom: float) -> Ring:
    """The part of a ring inside a rectangle: the very same ring if all of it is.

    One side after the other (Sutherland and Hodgman 1974). Parts of a hollow ring stay joined
    along the sides, by edges that enclose nothing.
    """
    for axis, sign, bound in ((0, 1, left), (1, 1, top), (0, -1, right), (1, -1, bottom)):
        far = sign * (ring[:, axis] - bound)
        if (far < 0).any():
            ring = part_of(ring, far, axis, bound)
    return ring


def cut_to(shapes: list[list[Ring]], size: Size) -> tuple[list[list[Ring]], Array, Array]:
    """What is in the image of each shape (the very same where all of it is), all areas, those left.

    Nearly all rings lie inside, so all are looked at together, and few one by one.
    """
    flat = [ring for rings in shapes for ring in rings if len(ring)]
    owner = [place for place, rings in enumerate(shapes) for ring in rings if len(ring)]
    if not flat:
        return shapes, np.zeros(len(shapes)), np.zeros(len(shapes))
    points, counts = np.concatenate(flat), np.array([len(ring) for ring in flat])
    starts = np.cumsum(counts) - counts
    low, high = (reach.reduceat(points, starts) for reach in (np.minimum, np.maximum))
    beyond = ((low < 0) | (high > (size.width, size.height))).any(axis=1)
    near = points - np.repeat(points[starts], counts, axis=0)  # each ring's first one is the origin
    cross = near[:-1, 0] * near[1:, 1] - near[1:, 0] * near[:-1, 1]
    cross[starts[1:] - 1] = 0
    whole = np.abs(np.add.reduceat(np.append(cross, 0.0), starts)) / 2
    seen, shown = whole.copy(), list(shapes)
    for place in np.flatnonzero(beyond).tolist():
        flat[place] = clipped(flat[place], 0, 0, size.width, size.height)
        seen[place] = area(flat[place])
        shown[owner[place]] = []
    for place, ring in zip(owner, flat, strict=True):
        if shown[place] is not shapes[place] and len(ring):
            shown[place].append(ring)
    total = [np.bincount(owner, part, minlength=len(shapes)) for part in (whole, seen)]
    return shown, total[0], total[1]


def part_of(ring: Ring, far: Array, axis: int = 0, bound: float | None = None) -> Ring:
    """The part of a ring on one side of a line, given how far on that side each point is.

    With a ``bound`` the line is where an axis has that value, which cuts then have exactly.
    """
    inside, after = far >= 0, np.roll(far, -1)
    crossing = inside != np.roll(inside, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cuts = ring + (far / (far - after))[:, None] * (np.roll(ring, -1, axis=0) - ring)
    if bound is not None:
        cuts[:, axis] = bound
    chosen = np.stack([inside, crossing], axis=1)
    return np.asarray(np.stack([ring, cuts], axis=1)[chosen])


def before_horizon(ring: Ring, matrix: Matrix) -> Ring:
    """The part of a ring that a matrix does not send too near to infinity, or beyond it."""
    depth = ring @ np.array((matrix.px, matrix.py)) + matrix.p
    far = depth - HORIZON * depth.max(initial=0)
    return part_of(ring, far) if len(ring) and (far < 0).any() else ring


def densified(ring: Ring) -> Ring:
    """The same ring with points along its edges."""
    step = np.roll(ring, -1, axis=0) - ring
    counts = np.maximum(np.ceil(np.hypot(*step.T) / SPACING).astype(int), 1)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    along = (places / np.repeat(counts, counts))[:, None]
    result: Array = np.repeat(ring, counts, axis=0) + along * np.repeat(step, counts, axis=0)
    return result


def enough_seen(shapes: list[list[Ring]], hidden: Array, params: Any) -> Array:
    """Which shapes keep enough under a mask of hidden pixels; those under none of it all do."""
    areas = np.array([sum(map(area, rings)) for rings in shapes])
    seen = np.array([part_seen(rings, hidden) for rings in shapes])
    enough = (seen > RIM) & (seen >= params.min_visibility) & (seen * areas >= params.min_area)
    return np.asarray((seen == 1) | enough)


def grown(rings: list[Ring], by: float, size: Size) -> list[Ring]:
    """One polygon with its outline some pixels farther out; farther in, if that is negative.

    Done on a grid of quarter pixels, so parts may merge, split and vanish. Where the polygon ends
    at the edge of the image, nothing from beyond takes any of it away.
    """
    width, height = size.width, size.height
    rings = [clipped(ring, -width, -height, 2 * width, 2 * height) for ring in rings]
    rings = [ring for ring in rings if len(ring)]
    if not rings:
        return rings
    points = np.concatenate(rings)
    margin = int(max(by, 0)) + 2
    low, high = points.min(axis=0), points.max(axis=0)
    ends = np.array((width, height))
    first, last = np.floor(low) - margin, np.ceil(high) + margin
    first, last = np.where(low == 0, 0, first), np.where(high == ends, ends, last)
    width, height = ((last - first) * GRID).astype(int).tolist()
    canvas = np.zeros((height + 1, width + 1), np.uint8)
    for ring in rings:
        fixed = np.rint((ring - first) * GRID * 16).astype(np.int32)
        cv2.fillPoly(canvas, [fixed], 1, shift=4)
    if by > 0:
        far = cv2.distanceTransform(1 - canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        canvas = (far <= by * GRID + 1e-3).view(np.uint8)
    else:
        far = cv2.distanceTransform(canvas, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        canvas = (far > 0.5 - by * GRID).view(np.uint8)
    contours, tree = cv2.findContours(canvas, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    fine = [cv2.approxPolyDP(contour, GRID / 3, True).reshape(-1, 2) for contour in contours]
    result: dict[int, Ring] = {}
    for place, ring in enumerate(fine):
        parent = int(tree[0, place, 3])
        if parent < 0 and len(ring) > 2:
            result[place] = ring
        elif parent in result and len(ring) > 2:  # a hole, joined by an edge to and fro
            outer = result[parent]
            result[parent] = np.concatenate([outer, outer[:1], ring, ring[:1]])
    return [ring / GRID + first for ring in result.values()]


def part_seen(rings: list[Ring], hidden: Array) -> float:
    """What part of a polygon's pixels an (H, W) mask leaves; 1 where it has none in the image."""
    height, width = hidden.shape
    rings = [clipped(ring, 0, 0, width, height) for ring in rings]
    rings = [ring for ring in rings if len(ring)]
    if not rings:
        return 1.0
    points = np.concatenate(rings)
    left, top = np.minimum(points.min(axis=0).astype(int), (width - 1, height - 1)).tolist()
    right, bottom = np.ceil(points.max(axis=0)).astype(int).tolist()
    window = hidden[top : max(bottom, top + 1), left : max(right, left + 1)]
    if not window.any():
        return 1.0
    canvas = np.zeros(window.shape, np.uint8)
    offset = (left + 0.5, top + 0.5)  # OpenCV counts pixel centres, here in 1/16 of a pixel
    for ring in rings:
        cv2.fillPoly(canvas, [np.rint((ring - offset) * 16).astype(np.int32)], 1, shift=4)
    whole = cv2.countNonZero(canvas)
    return cv2.countNonZero(canvas * ~window) / whole if whole else 1.0
