"""Boxes, keypoints and the labels that travel with them: formats, checks, filters.

Inside, boxes are float64 (N, 4) xyxy in pixels, keypoints float64 (N, 5): x, y (continuous, so
a pixel-centre index plus 0.5), z (the index of a slice), angle in radians, scale. ``rows`` says
which row of what the caller gave each one comes from, so labels come back as the very objects that
went in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .fields import Array, plain
from .matrix import Size

if TYPE_CHECKING:
    from .params import BboxParams, KeypointParams
    from .polygons import Polygons

BOX_FORMATS = {
    "pascal_voc": "xyxy",
    "coco": "xywh",
    "albumentations": "rel_xyxy",
    "yolo": "rel_center_xywh",
}
"""Names of other libraries for Keras' formats."""

KERAS_BOX_FORMATS = (
    "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw",
    "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh",
)  # fmt: skip

POINT_COLUMNS = {"x": 0, "y": 1, "z": 2, "a": 3, "s": 4}
TWO_PI = 2 * np.pi


class Rows:
    """The rows of one label target as the caller gave them, and what is theirs to keep."""

    __slots__ = ("dtype", "fields", "given", "is_array", "width")

    given: Any

    def __init__(self, name: str, given: Any, width: int, fields: dict[str, Any]) -> None:
        self.is_array = isinstance(given, np.ndarray)
        self.given = given
        self.width = width
        self.fields = fields
        self.dtype = given.dtype if self.is_array else None
        count = len(given)
        for field, values in fields.items():
            if len(values) != count:
                raise ValueError(
                    f"label field {field!r} has {len(values)} entries for {count} {name}"
                )

    def numbers(self, name: str) -> Array:
        """The first columns of every row, as float64 (N, width)."""
        width = self.width
        if not len(self.given):
            return np.zeros((0, width))
        if self.is_array:
            if self.given.ndim != 2 or self.given.shape[1] < width:
                raise ValueError(f"{name} must be (N, {width}) or wider, got {self.given.shape}")
            try:
                return np.array(self.given[:, :width], np.float64)
            except (TypeError, ValueError):
                raise ValueError(
                    f"{name} must hold {width} numbers a row, got {self.given[:, :width]!r}"
                ) from None
        rows = [first_numbers(row, width) for row in self.given]
        for place, row in enumerate(rows):
            if len(row) != width:
                raise ValueError(
                    f"{name}[{place}] must begin with {width} numbers, got {self.given[place]!r}"
                )
        return np.array(rows)

    def extras(self, name: str) -> list[Any]:
        """The columns behind the coordinates, each with one value per row."""
        width = self.width
        if self.is_array:
            return list(self.given[:, width:].T) if self.given.ndim == 2 else []
        columns = {len(row) for row in self.given}
        if len(columns) > 1:
            raise ValueError(f"rows of {name} must be of one length, got {sorted(columns)}")
        return [list(column) for column in zip(*(row[width:] for row in self.given))]

    def append(self, extras: list[Any], labels: list[Any]) -> int:
        """Add a row of no place, with what stands behind the coordinates; return its number."""
        row = [0.0] * self.width + extras
        if self.is_array:
            given = self.given if self.given.ndim == 2 else np.zeros((0, len(row)), self.dtype)
            self.given = np.concatenate([given, like(given, row)])
        else:
            pair = isinstance(self.given[0], tuple) if len(self.given) else False
            self.given = kind_of(self.given)([*self.given, tuple(row) if pair else row])
        for (name, values), label in zip(list(self.fields.items()), labels, strict=True):
            if isinstance(values, np.ndarray):
                self.fields[name] = np.concatenate([values, like(values, label)])
            else:
                self.fields[name] = kind_of(values)([*values, label])
        return len(self.given) - 1

    def give(self, numbers: Array, rows: Array, kept: Array) -> Any:
        """Rows in the caller's container and dtype; those marked ``kept`` exactly as given."""
        width = self.width
        if self.is_array:
            floating = self.dtype is not None and self.dtype.kind == "f"
            dtype = self.dtype if floating else np.dtype(np.float64)
            if self.dtype is not None and self.dtype.kind == "O":
                dtype = self.dtype
            if self.given.ndim != 2:
                return np.zeros((0,) if not len(rows) else (len(rows), width), dtype)
            result = np.empty((len(rows), self.given.shape[1]), dtype)
            result[:, :width] = np.where(kept[:, None], self.given[rows, :width], numbers)
            result[:, width:] = self.given[rows, width:]
            return result
        result_rows = []
        for row, values, same in zip(rows.tolist(), numbers.tolist(), kept.tolist(), strict=True):
            source = self.given[row]
            head = [float(v) for v in source[:width]] if same else values
            whole = [*head, *source[width:]]
            result_rows.append(tuple(whole) if isinstance(source, tuple) else whole)
        return kind_of(self.given)(result_rows)

    def give_fields(self, rows: Array) -> dict[str, Any]:
        """The label fields of the rows that are left, in their own containers."""
        result = {}
        for name, values in self.fields.items():
            if isinstance(values, np.ndarray):
                result[name] = values[rows]
            else:
                picked = [values[row] for row in rows.tolist()]
                result[name] = kind_of(values)(picked)
        return result


def first_numbers(row: Any, count: int) -> list[float]:
    """The first numbers of a row; fewer if there are not as many."""
    try:
        return [float(value) for value in row[:count]]
    except (TypeError, ValueError):
        return []


def like(array: Array, item: Any) -> Array:
    """One more entry for an array, of its dtype."""
    entry = np.empty((1, *array.shape[1:]), array.dtype)
    entry[0] = item
    return entry


def kind_of(values: Any) -> type:
    """The container to give back where a caller gave one that is no array."""
    return tuple if isinstance(values, tuple) else list


class Boxes:
    """The boxes of one target."""

    __slots__ = ("edges", "params", "quads", "rows", "settled", "source", "start")

    def __init__(self, name: str, given: Any, fields: dict[str, Any], params: Any, size: Size):
        self.params: BboxParams = params
        self.source = Rows(name, given, 4, fields)
        numbers = self.source.numbers(name)
        self.start = to_edges(numbers, params.format, size)
        self.rows = np.arange(len(numbers))
        self.edges = self._checked(name, size)
        self.settled: Array | None = None
        self.quads: Array | None = None  # (N, 4, 2) corners since the last filter, if kept

    @classmethod
    def bare(cls, edges: Array, params: Any = None) -> Boxes:
        """Boxes that nobody gave, xyxy in pixels: all that moves is their edges and rows."""
        boxes = cls.__new__(cls)
        boxes.params, boxes.edges, boxes.rows = params, edges, np.arange(len(edges))
        boxes.settled = boxes.quads = None
        return boxes

    def _checked(self, name: str, size: Size) -> Array:
        edges, params = self.start, self.params
        if not len(edges):
            return edges
        limits = np.array([size.width, size.height] * 2, np.float64)
        clipped = np.clip(edges, 0, limits)
        empty: Array = ~((edges[:, 2] > edges[:, 0]) & (edges[:, 3] > edges[:, 1]))
        if params.filter_invalid_bboxes:
            kept: Array = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
            kept &= ~empty
            self.rows = self.rows[kept]
            return clipped[kept]
        near: Array = np.abs(clipped - edges) <= 1
        outside = ~near.all(axis=1) & (not params.clip)
        gone: Array = ~((clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1]))
        broken: Any = np.isnan(edges).any(axis=1)
        if (bad := outside | empty | gone | broken).any():
            row = int(np.flatnonzero(bad)[0])
            box = tuple(round(v, 3) for v in edges[row].tolist())
            what = (
                "must have x_min < x_max and y_min < y_max"
                if empty[row] or broken[row]
                else "must lie inside the image"
            )
            raise ValueError(
                f"{name}[{row}] {what}: got {self.source.given[row]!r} ({params.format}), that is "
                f"{box} as xyxy in pixels, for an image of height {size.height} and width "
                f"{size.width}; {'' if params.clip else 'BboxParams(clip=True) clips boxes, '}"
                "BboxParams(filter_invalid_bboxes=True) drops those that are not valid"
            )
        return clipped

    def settle(self, size: Size) -> None:
        """Clip to the image and drop what the params do not accept."""
        edges, params = self.edges, self.params
        if edges is self.settled or not len(edges):
            return
        x1, y1, x2, y2 = edges.T
        width, height = size.width, size.height
        if (
            params.accepts_all
            and min(x1.min(), y1.min()) >= 0
            and x2.max() <= width
            and y2.max() <= height
            and (x2 > x1).all()
            and (y2 > y1).all()
        ):
            self.settled = edges
            return
        clipped = np.clip(edges, 0, (width, height, width, height))
        w, h = clipped[:, 2] - clipped[:, 0], clipped[:, 3] - clipped[:, 1]
        area = w * h
        whole = (x2 - x1) * (y2 - y1)
        kept = (w > 0) & (h > 0) & (w >= params.min_width) & (h >= params.min_height)
        kept &= (area >= params.min_area) & (area >= params.min_visibility * whole)
        if params.max_accept_ratio is not None:
            kept &= np.maximum(w, h) <= params.max_accept_ratio * np.minimum(w, h)
        self.keep(kept, clipped)
        self.settled = self.edges

    def keep(self, kept: Array, edges: Array | None = None) -> None:
        """Keep some rows (a boolean mask), with new edges for all if given."""
        self.edges = (self.edges if edges is None else edges)[kept]
        self.rows = self.rows[kept]
        self.quads = None

    def give(self, size: Size) -> Any:
        """The boxes in the caller's format and container."""
        numbers = from_edges(self.edges, self.params.format, size)
        start = self.start[self.rows]
        kept = (self.edges == start).all(axis=1)
        if is_relative(self.params.format) and len(kept):
            # a relative number stays what it was only if the image has kept its size
            again = to_edges(self.source.numbers("bboxes")[self.rows], self.params.format, size)
            kept &= (again == start).all(axis=1)
        return self.source.give(numbers, self.rows, kept)


class Points:
    """The keypoints of one target."""

    __slots__ = (
        "columns", "depth", "mirrored", "params", "rows", "settled", "source", "start", "turns",
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
        self.rows = np.arange(len(numbers))
        self.values = self._checked(name, size)
        self.settled: Array | None = None
        self.mirrored = False  # left is right, for labels that say which

    @classmethod
    def bare(cls, values: Array, params: Any = None) -> Points:
        """Keypoints that nobody gave: all that moves is their values and rows."""
        points = cls.__new__(cls)
        points.params, points.values, points.rows = params, values, np.arange(len(values))
        points.settled = None
        points.turns, points.mirrored, points.depth = True, False, 0
        return points

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

    def exchange(self) -> None:
        """In a mirror, let each point take the place in the order of its counterpart.

        So the order of labels stays what it was, row by row, wherever both of a pair are there.
        """
        if not (self.mirrored and self.params.label_mapping and len(self.rows)):
            return
        partner = {a: b for pair in self.params.label_mapping for a, b in (pair, pair[::-1])}
        names = self._names()
        waiting: dict[Any, list[int]] = {}
        for place, name in enumerate(names):
            waiting.setdefault(partner.get(name, name), []).append(place)
        order = [waiting[name].pop(0) if waiting.get(name) else -1 for name in names]
        rest = iter([place for places in waiting.values() for place in places])
        order = [next(rest) if place < 0 else place for place in order]
        self.values, self.rows = self.values[order], self.rows[order]

    def _names(self) -> list[Any]:
        """What tells a point from its counterpart: its first label, or its row."""
        if not self.source.fields:
            return self.rows.tolist()
        values = next(iter(self.source.fields.values()))
        return [plain(values[row]) for row in self.rows.tolist()]

    def give_fields(self) -> dict[str, Any]:
        """The label fields of the points that are left, in their own containers."""
        result = self.source.give_fields(self.rows)
        if self.mirrored and self.params.label_mapping and result:
            partner = {a: b for pair in self.params.label_mapping for a, b in (pair, pair[::-1])}
            field, values = next(iter(result.items()))
            names = [partner.get(plain(name), name) for name in values]
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


class Labels:
    """All label targets of a sample."""

    __slots__ = ("boxes", "points", "polygons")

    def __init__(
        self,
        boxes: dict[str, Boxes],
        points: dict[str, Points],
        polygons: dict[str, Polygons] | None = None,
    ) -> None:
        self.boxes = boxes
        self.points = points
        self.polygons = polygons or {}

    @property
    def targets(self) -> dict[str, Boxes | Points | Polygons]:
        """All of them by name."""
        return {**self.boxes, **self.points, **self.polygons}

    def settle(self, size: Size, last: bool = False) -> None:
        """Clip and filter, each target as its params say; ``last`` at the end of a pipeline."""
        for boxes in self.boxes.values():
            if last or boxes.params.check_each_transform:
                boxes.settle(size)
        for points in self.points.values():
            if last or points.params.check_each_transform:
                points.settle(size)
        for polygons in self.polygons.values():
            if last or polygons.params.check_each_transform:
                polygons.settle(size)


def is_relative(box_format: str) -> bool:
    """Whether a box format counts in fractions of the image."""
    return BOX_FORMATS.get(box_format, box_format).startswith("rel_")


def to_edges(numbers: Array, box_format: str, size: Size) -> Array:
    """Turn (N, 4) boxes of a format into xyxy in pixels."""
    name = BOX_FORMATS.get(box_format, box_format)
    boxes = numbers.astype(np.float64)
    if name.endswith(("yxyx", "yxhw")):
        boxes = boxes[:, [1, 0, 3, 2]]
    if name.startswith("rel_"):
        boxes = boxes * (size.width, size.height, size.width, size.height)
    if "center" in name:
        half = boxes[:, 2:] / 2
        return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    if name.endswith("xywh"):
        return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return boxes


def from_edges(edges: Array, box_format: str, size: Size) -> Array:
    """Turn (N, 4) xyxy boxes in pixels into a format."""
    name = BOX_FORMATS.get(box_format, box_format)
    boxes = edges.copy()
    if "center" in name:
        boxes[:, 2:] = edges[:, 2:] - edges[:, :2]
        boxes[:, :2] = (edges[:, :2] + edges[:, 2:]) / 2
    elif name.endswith("xywh"):
        boxes[:, 2:] = edges[:, 2:] - edges[:, :2]
    if name.startswith("rel_"):
        boxes /= (size.width, size.height, size.width, size.height)
    if name.endswith(("yxyx", "yxhw")):
        boxes = boxes[:, [1, 0, 3, 2]]
    return boxes
