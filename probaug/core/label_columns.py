"""Label fields as number columns behind boxes and keypoints, for users' own transforms."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .boxes import Boxes, from_edges, to_edges
from .fields import Array, is_number
from .instances import ALIKE
from .oriented import OrientedBoxes
from .points import Points

if TYPE_CHECKING:
    from .canvas import Canvas

EXACT_TO = 2**24
"""The largest whole number up to which float32 holds every one."""


class Column:
    """A label field, or a column behind the coordinates, as numbers.

    Numbers stand for themselves. Anything else is numbered, words in the order of the alphabet;
    so are numbers among anything else, and whole numbers that no float can hold.
    """

    def __init__(self, name: str, values: Any) -> None:
        self.name = name
        self.values = values
        items = values.tolist() if isinstance(values, np.ndarray) else list(values)
        codes = own_codes(items)
        self.is_numeric = codes is not None
        if codes is None:
            words = all(isinstance(item, str) for item in items)
            known = {identity(item): item for item in (sorted(items) if words else items)}
            places = {key: place for place, key in enumerate(known)}
            codes = [float(places[identity(item)]) for item in items]
        self.codes = np.array(codes, np.float64)
        self.items = items

    @property
    def is_wide(self) -> bool:
        """Whether some of the numbers are whole and too large for float32."""
        large = np.abs(self.codes) > EXACT_TO
        return bool((large & (self.codes == np.floor(self.codes))).any())

    def decode(self, code: float, dtype: np.dtype[Any]) -> Any:
        """The label that a number stands for: one of the given, or a new one of their type."""
        known = np.flatnonzero(self.codes.astype(dtype) == code)
        if len(known):
            return self.items[known[0]]
        if not self.is_numeric:
            raise ValueError(f"{self.name} has no label of number {code:g}, only those given")
        if isinstance(self.values, np.ndarray):
            return code
        kinds = {type(item) for item in self.items}
        return kinds.pop()(code) if len(kinds) == 1 else code


def own_codes(items: list[Any]) -> list[float] | None:
    """The items as floats, if they are numbers that floats hold."""
    if not all(is_number(item) or isinstance(item, (bool, np.bool_)) for item in items):
        return None
    try:
        codes = [float(item) for item in items]
    except OverflowError:
        return None
    held = all(code == item or item != item for code, item in zip(codes, items, strict=True))
    return codes if held else None


def identity(item: Any) -> Any:
    """Equal for items that are one label: equal ones of a type, or the very same object."""
    try:
        hash(item)
    except TypeError:
        return id(item)
    return type(item), item


class LabelColumns:
    """All label targets of a canvas as the arrays that hooks take and give."""

    def __init__(self, canvas: Canvas) -> None:
        self.size = canvas.size
        self.targets: dict[str, Boxes | Points] = {**canvas.labels.boxes, **canvas.labels.points}
        for name, boxes in canvas.labels.boxes.items():
            if isinstance(boxes, OrientedBoxes):  # moved as polygons
                del self.targets[name]
        self.columns = {name: columns(name, target) for name, target in self.targets.items()}
        self.before = {name: self._array(name) for name in self.targets}

    def arrays(self) -> dict[str, Array]:
        """An array per target: coordinates, extra columns, label columns.

        They are float32, as hooks expect; float64 where a label needs it.
        """
        return {name: array.copy() for name, array in self.before.items()}

    @property
    def fields(self) -> set[str]:
        """Names of all label fields."""
        return {field for target in self.targets.values() for field in target.source.fields}

    def _array(self, name: str) -> Array:
        target = self.targets[name]
        if isinstance(target, Boxes):
            head = from_edges(target.edges, "albumentations", self.size)
        else:
            head = target.values.copy()
            head[:, :2] -= 0.5
        labels = [column.codes[target.rows][:, None] for column in self.columns[name]]
        wide = any(column.is_wide for column in self.columns[name])
        return np.concatenate([head, *labels], axis=1).astype(np.float64 if wide else np.float32)

    def take_back(self, owner: str, canvas: Canvas, results: dict[str, Any]) -> None:
        """Put what the hooks returned onto a canvas; taken names leave ``results``."""
        for name, target in self.targets.items():
            if name not in results:
                continue
            after = self._read(owner, name, results.pop(name))
            rows, places = self._match(name, target, after.astype(self.before[name].dtype) + 0)
            same = places >= 0  # of these the hooks' float32 must not lose digits
            if isinstance(target, Boxes):
                edges = to_edges(after[:, :4], "albumentations", canvas.size)
                ratio = canvas.size.width / self.size.width, canvas.size.height / self.size.height
                edges[same] = target.edges[places[same]] * (ratio * 2)
                if len(rows) != len(target.rows) or not same.all() or canvas.size != self.size:
                    target.quads = None
                target.edges = edges
            else:
                values = after[:, :5].copy()
                values[:, :2] += 0.5
                values[same] = target.values[places[same]]
                target.values = values
            target.rows = rows

    def _read(self, owner: str, name: str, result: Any) -> Array:
        """What a hook returned for a target, as float64; an error if it is not of its shape."""
        width = self.before[name].shape[1]
        try:
            after = np.array(result, np.float64)
        except (TypeError, ValueError):
            after = np.zeros(())
        if not after.size:
            return np.zeros((0, width))
        if after.ndim != 2 or after.shape[1] != width:
            got = result.shape if isinstance(result, np.ndarray) else repr(result)
            raise ValueError(
                f"{owner} must return {name} as an array (N, {width}), label columns included, "
                f"got {got}"
            )
        return after

    def _match(self, name: str, target: Boxes | Points, after: Array) -> tuple[Array, Array]:
        """Which of the caller's rows each returned row is, and where its coordinates stood.

        A row that is nowhere whole is known by its labels; changed labels make a new row.
        Coordinates that stood nowhere have place -1.
        """
        before = self.before[name] + 0  # bytes are compared, and there are two zeros
        width = 4 if isinstance(target, Boxes) else 5
        if after.shape == before.shape and np.array_equal(before, after):
            return target.rows, np.arange(len(after))
        unused = np.ones(len(before), bool)
        sources = look_up(before, after, unused)
        places = sources.copy()
        rest = sources < 0
        places[rest] = look_up(before[:, :width], after[rest, :width], unused.copy())
        sources[rest] = look_up(before[:, width:], after[rest, width:], unused)
        rows = np.empty(len(after), int)
        rows[sources >= 0] = target.rows[sources[sources >= 0]]
        for index in np.flatnonzero(sources < 0).tolist():
            rows[index] = self._new_row(name, target, after[index, width:])
        return rows, places

    def _new_row(self, name: str, target: Boxes | Points, codes: Array) -> int:
        labels = [
            column.decode(float(code), codes.dtype)
            for column, code in zip(self.columns[name], codes, strict=True)
        ]
        count = len(labels) - len(target.source.fields)
        row = target.source.append(labels[:count], labels[count:])
        target.start = np.concatenate([target.start, np.full((1, target.start.shape[1]), np.nan)])
        if isinstance(target, Points):
            target.origins = np.concatenate([target.origins, [(-1, row, 0)]])
        return row


def look_up(rows: Array, wanted: Array, unused: Array) -> Array:
    """Places of the wanted rows, -1 for none; unused ones first, which are then marked."""
    known = defaultdict(list)
    for place, row in enumerate(rows):
        known[row.tobytes()].append(place)
    places = np.full(len(wanted), -1)
    for index, row in enumerate(wanted):
        if found := known.get(row.tobytes()):
            place = next((place for place in found if unused[place]), found[0])
            unused[place] = False
            places[index] = place
    return places


def columns(name: str, target: Boxes | Points) -> list[Column]:
    """Every column of a target but its coordinates."""
    extras = enumerate(target.source.extras(name), target.source.width)
    behind = [Column(f"{name}[:, {place}]", values) for place, values in extras]
    if name in ALIKE:  # who they belong to must not get lost
        behind.append(Column(name, np.arange(len(target.source.given))))
    return behind + [Column(field, values) for field, values in target.source.fields.items()]
