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
from .matrix import Size
from .rows import Rows, kind_of

if TYPE_CHECKING:
    from .params import PolygonParams
    from .remap import DenseMap

Ring = Array
SPACING = 8.0
"""Pixels between the points of an edge that a dense map bends."""
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
            read_rings(f"{name}[{place}]", polygon, scale, size)
            for place, polygon in enumerate(given)
        ]
        self.rows = np.arange(len(self.start))
        self.rings = list(self.start)
        self.settled: list[list[Ring]] | None = None

    @classmethod
    def bare(cls, rings: list[list[Ring]]) -> Polygons:
        """Polygons that nobody gave: all that moves is their rings and rows."""
        polygons = cls.__new__(cls)
        polygons.rings, polygons.rows = rings, np.arange(len(rings))
        polygons.settled = None
        return polygons

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
        params, kept = self.params, []
        for rings in self.rings:
            seen = part_seen(rings, hidden)
            whole = sum(map(area, rings))
            kept.append(
                seen > 0 and seen >= params.min_visibility and seen * whole >= params.min_area
            )
        self.keep(np.array(kept, bool))

    def settle(self, size: Size) -> None:
        """Cut off what is outside the image and drop what the params do not accept."""
        if self.rings is self.settled:
            return
        params, kept, result = self.params, [], []
        for rings in self.rings:
            cut = [clipped(ring, 0, 0, size.width, size.height) for ring in rings]
            untouched = all(map(lambda a, b: a is b, cut, rings))
            seen = sum(map(area, cut))
            whole = seen if untouched else sum(map(area, rings))
            kept.append(
                seen > SLIVER and seen >= params.min_area and seen >= params.min_visibility * whole
            )
            same = untouched or not params.clip
            result.append(rings if same else [ring for ring in cut if len(ring)])
        self.rings = result
        self.keep(np.array(kept, bool))
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
    if not len(value) or is_number(plain(value[0])):
        return True
    return len(value[0]) == 2 and is_number(plain(value[0][0]))


def read_rings(name: str, value: Any, scale: tuple[int, int], size: Size) -> list[Ring]:
    """The rings of one polygon, checked, in pixels."""
    rings = []
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
        rings.append(points * scale)
    seen = [clipped(ring, 0, 0, size.width, size.height) for ring in rings]
    finite = all(np.isfinite(ring).all() for ring in rings)
    if not finite or sum(map(area, seen)) <= SLIVER:
        raise ValueError(
            f"{name} must have an area inside the image of height {size.height} and width "
            f"{size.width}, got {value!r}"
        )
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
        beyond = sign * (ring[:, axis] - bound)
        inside = beyond >= 0
        if inside.all():
            continue
        after = np.roll(beyond, -1)
        crossing = inside != np.roll(inside, -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            cuts = ring + (beyond / (beyond - after))[:, None] * (np.roll(ring, -1, axis=0) - ring)
        cuts[:, axis] = bound
        ring = np.stack([ring, cuts], axis=1)[np.stack([inside, crossing], axis=1)]
    return ring


def densified(ring: Ring) -> Ring:
    """The same ring with points along its edges."""
    step = np.roll(ring, -1, axis=0) - ring
    counts = np.maximum(np.ceil(np.hypot(*step.T) / SPACING).astype(int), 1)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    along = (places / np.repeat(counts, counts))[:, None]
    result: Array = np.repeat(ring, counts, axis=0) + along * np.repeat(step, counts, axis=0)
    return result


def part_seen(rings: list[Ring], hidden: Array) -> float:
    """What part of the pixels of a polygon an (H, W) mask leaves, as a fraction."""
    height, width = hidden.shape
    if not rings:
        return 0.0
    points = np.concatenate(rings)
    left, top = np.clip(np.floor(points.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(points.max(axis=0)).astype(int), (1, 1), (width, height))
    canvas = np.zeros((max(bottom - top, 1), max(right - left, 1)), np.uint8)
    offset = (left + 0.5, top + 0.5)  # OpenCV counts pixel centres, here in 1/16 of a pixel
    fixed = [np.rint((ring - offset) * 16).astype(np.int32) for ring in rings]
    for ring in fixed:
        cv2.fillPoly(canvas, [ring], 1, shift=4)
    window = hidden[top : top + canvas.shape[0], left : left + canvas.shape[1]]
    whole = int(canvas.sum())
    return int(canvas[window == 0].sum()) / whole if whole else 0.0
