"""Keypoints: float64 (N, 5), continuous x and y, z (the index of a slice), angle in radians, scale.

x and y are pixel-centre indices plus 0.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .fields import Array, plain
from .matrix import Size
from .rows import Rows, kind_of

if TYPE_CHECKING:
    from .params import KeypointParams

POINT_COLUMNS = {"x": 0, "y": 1, "z": 2, "a": 3, "s": 4}
TWO_PI = 2 * np.pi


class Points:
    """The keypoints of one target."""

    __slots__ = (
        "columns", "depth", "origins", "params", "rows", "settled", "source", "start", "turns",
        "values",
    )  # fmt: skip

    def __init__(self, name: str, given: Any, fields: dict[str, Any], params: Any, size: Size):
        self.params: KeypointParams = params
        self.columns = [POINT_COLUMNS[letter] for letter in params.format]
        self.depth = 0  # slices of the volume that they lie in, by z
        self.turns = "a" in params.format or "s" in params.format  # somebody reads these columns
        self.source = Rows(name, given, len(self.columns), fields)
        numbers = self.source.numbers(name)
        self.start = np.zeros((len(numbers), 5))
        self.start[:, self.columns] = numbers
        if "a" in params.format and params.angle_in_degrees:
            self.start[:, 3] = np.deg2rad(self.start[:, 3])
        self.start[:, :2] += 0.5
        if self.params.has_visibility and not self.source.are_wider():
            raise ValueError(
                f"{name} must have a visibility behind {params.format!r} in every row, as "
                "KeypointParams(has_visibility=True) says"
            )
        self.rows = np.arange(len(numbers))
        self.values = self._checked(name, size)
        self.settled: Array | None = None
        # of each given row: the sample or instance it came with, its number there, and whether
        # left is right by now, for labels that say which
        self.origins = np.zeros((len(numbers), 3), np.intp)
        self.origins[:, 1] = self.rows

    @classmethod
    def bare(cls, values: Array, params: KeypointParams) -> Points:
        """Keypoints that nobody gave: all that moves is their values and rows."""
        points = cls.__new__(cls)
        points.params, points.values, points.rows = params, values, np.arange(len(values))
        points.settled = None
        points.turns, points.depth, points.origins = True, 0, np.zeros((len(values), 3), np.intp)
        return points

    def mirror(self) -> None:
        """Note that a move has made left of right."""
        self.origins = self.origins ^ (0, 0, 1)

    def _checked(self, name: str, size: Size) -> Array:
        if not len(self.start) or not self.params.remove_invisible:
            return self.start
        limits = np.array([size.width, size.height], np.float64)
        xy = self.start[:, :2]
        if (bad := ~((xy >= 0) & (xy <= limits + 0.5)).all(axis=1)).any():
            row = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"{name}[{row}] must lie inside the image: got {self.source.given[row]!r} "
                f"({self.params.format}) for an image of height {size.height} and width "
                f"{size.width}; KeypointParams(remove_invisible=False) allows it"
            )
        if (xy > limits).any():
            values = self.start.copy()
            np.minimum(xy, limits, out=values[:, :2])
            return values
        return self.start

    def lie_in(self, name: str, depth: int) -> None:
        """Take z, where the format has it, as the index of a slice among so many."""
        if "z" not in self.params.format:
            return
        self.depth = depth
        if self.params.remove_invisible and not (inside := self._in_depth()).all():
            row = int(np.flatnonzero(~inside)[0])
            raise ValueError(
                f"{name}[{row}] must lie inside the volume: got {self.source.given[row]!r} "
                f"({self.params.format}) for a volume of {depth} slices; "
                "KeypointParams(remove_invisible=False) allows it"
            )

    def _in_depth(self) -> Array:
        z = self.values[:, 2]
        return np.asarray((z >= -0.5) & (z <= self.depth - 0.5))

    def settle(self, size: Size) -> None:
        """Drop points outside the image, if the params ask for it."""
        values = self.values
        if values is self.settled or not self.params.remove_invisible or not len(values):
            return
        xy = values[:, :2]
        visible: Any = ((xy >= 0) & (xy <= (size.width, size.height))).all(axis=1)
        if self.depth:
            visible &= self._in_depth()
        self.keep(visible)
        self.settled = self.values

    def keep(self, kept: Array) -> None:
        """Keep some rows (a boolean mask)."""
        if not kept.all():
            self.values, self.rows = self.values[kept], self.rows[kept]

    def cover(self, covered: Array) -> None:
        """Drop rows that a hole covers (a boolean mask), or hide them where that can be said."""
        if not self.params.has_visibility:
            self.keep(~covered)
        elif covered.any():
            self.source = self.source.hiding(self.rows[covered])

    def exchange(self) -> None:
        """In a mirror, let each point take the place in the order of its counterpart.

        So the order of labels stays what it was, row by row, wherever both of a pair are there.
        """
        mirrored = self.origins[self.rows, 2]
        if not (mirrored.any() and self.params.label_mapping):
            return
        partner, names = self._partner, self._names()
        kins = self.origins[self.rows][:, [0, 2]].tolist()
        waiting: dict[Any, list[int]] = {}
        for place, ((group, is_mirrored), name) in enumerate(zip(kins, names, strict=True)):
            wanted = partner.get(name, name) if is_mirrored else name
            waiting.setdefault((group, is_mirrored, wanted), []).append(place)
        order = []
        for kin, name in zip(kins, names, strict=True):
            candidates = waiting.get((*kin, name))
            order.append(candidates.pop(0) if candidates else -1)
        rest = iter(sorted(place for places in waiting.values() for place in places))
        order = [next(rest) if place < 0 else place for place in order]
        self.values, self.rows = self.values[order], self.rows[order]

    @property
    def _partner(self) -> dict[Any, Any]:
        """The counterpart of each label that has one."""
        pairs = self.params.label_mapping or ()
        return {a: b for pair in pairs for a, b in (pair, pair[::-1])}

    def _names(self) -> list[Any]:
        """What tells a point from its counterpart: its first label, or its row."""
        if not self.source.fields:
            return list(self.origins[self.rows, 1].tolist())
        values = next(iter(self.source.fields.values()))
        return [plain(values[row]) for row in self.rows.tolist()]

    def give_fields(self) -> dict[str, Any]:
        """The label fields of the points that are left, in their own containers."""
        result = self.source.give_fields(self.rows)
        mirrored = self.origins[self.rows, 2].tolist()
        if result and any(mirrored) and self.params.label_mapping:
            partner = self._partner
            field, values = next(iter(result.items()))
            pairs = zip(values, mirrored, strict=True)
            names = [partner.get(plain(name), name) if turned else name for name, turned in pairs]
            if isinstance(values, np.ndarray):
                result[field] = np.array(names, values.dtype).reshape(values.shape)
            else:
                result[field] = kind_of(values)(names)
        return result

    def give(self, size: Size) -> Any:
        """The keypoints in the caller's format and container."""
        values = self.values.copy()
        values[:, :2] -= 0.5
        full = 360.0 if self.params.angle_in_degrees else TWO_PI
        angles = values[:, 3] * (full / TWO_PI) % full
        angles[angles == full] = 0  # what is left of a tiny negative angle
        values[:, 3] = angles
        kept = (self.values == self.start[self.rows]).all(axis=1)
        return self.source.give(values[:, self.columns], self.rows, kept)
