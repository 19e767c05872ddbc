"""Label fields as number columns behind boxes and keypoints, for users' own transforms."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .fields import Array, is_number
from .labels import Boxes, Points, from_edges, to_edges

if TYPE_CHECKING:
    from .canvas import Canvas


class Column:
    """One label field of one target, as numbers."""

    def __init__(self, values: Any) -> None:
        items = values.tolist() if isinstance(values, np.ndarray) else list(values)
        self.is_numeric = all(is_number(item) or isinstance(item, bool) for item in items)
        self.values = values
        if self.is_numeric:
            self.codes = np.array(items, np.float32)
            self.classes: list[Any] = []
        else:
            self.classes = list({repr(item): item for item in items}.values())
            code_of = {repr(item): code for code, item in enumerate(self.classes)}
            self.codes = np.array([code_of[repr(item)] for item in items], np.float32)

    def decode(self, code: float) -> Any:
        """The label that a number stands for."""
        if not self.is_numeric:
            return self.classes[int(np.clip(round(code), 0, len(self.classes) - 1))]
        if isinstance(self.values, np.ndarray):
            return self.values.dtype.type(code)
        kinds = {type(item) for item in self.values}
        return kinds.pop()(code) if len(kinds) == 1 else code


class LabelColumns:
    """All label targets of a canvas as the arrays that hooks take and give."""

    def __init__(self, canvas: Canvas) -> None:
        self.size = canvas.size
        self.targets: dict[str, Boxes | Points] = {**canvas.labels.boxes, **canvas.labels.points}
        self.columns = {
            name: [Column(values) for values in target.source.fields.values()]
            for name, target in self.targets.items()
        }
        self.before = {name: self._array(name) for name in self.targets}

    def arrays(self) -> dict[str, Array]:
        """A float32 array per target: coordinates, extra columns, label columns."""
        return {name: array.copy() for name, array in self.before.items()}

    def _array(self, name: str) -> Array:
        target = self.targets[name]
        if isinstance(target, Boxes):
            head = from_edges(target.edges, "albumentations", self.size)
        else:
            head = target.values.copy()
            head[:, :2] -= 0.5
        rows = target.rows
        extras = target.source.extras(rows)
        labels = [column.codes[rows][:, None] for column in self.columns[name]]
        return np.concatenate([head, extras, *labels], axis=1).astype(np.float32)

    def take_back(self, canvas: Canvas, results: dict[str, Any]) -> None:
        """Put what the hooks returned onto a canvas; taken names leave ``results``."""
        for name, target in self.targets.items():
            if name not in results:
                continue
            after = np.asarray(results.pop(name), np.float64)
            before = self.before[name]
            width = 4 if isinstance(target, Boxes) else 5
            after = after.reshape(-1, before.shape[1])
            rows = self._rows(name, before[:, width:], after[:, width:].astype(np.float32))
            still = len(after) == len(before) and np.array_equal(
                after[:, :width].astype(np.float32), before[:, :width]
            )
            target.rows = rows
            if still and canvas.size == self.size:
                continue  # float32 lost digits that nobody changed
            if isinstance(target, Boxes):
                target.edges = to_edges(after[:, :4], "albumentations", canvas.size)
                target.quads = None
            else:
                target.values = after[:, :5]
                target.values[:, :2] += 0.5

    def _rows(self, name: str, before: Array, after: Array) -> Array:
        """Which of the caller's rows each returned row is; changed labels make new rows."""
        target = self.targets[name]
        if len(before) == len(after) and np.array_equal(before, after):
            return target.rows
        known = defaultdict(list)
        for row, key in zip(target.rows.tolist(), map(bytes, before), strict=True):
            known[key].append(row)
        rows = []
        for place, labels in enumerate(after):
            matches = known.get(bytes(labels), [])
            if matches:
                rows.append(matches.pop(0) if len(matches) > 1 else matches[0])
            else:
                rows.append(self._new_row(name, target, labels, place))
        return np.array(rows, int)

    def _new_row(self, name: str, target: Boxes | Points, labels: Array, place: int) -> int:
        columns = self.columns[name]
        codes = labels[len(labels) - len(columns) :]
        like = int(target.rows[min(place, len(target.rows) - 1)])
        values = [column.decode(float(code)) for column, code in zip(columns, codes, strict=True)]
        row = target.source.append(like, dict(zip(target.source.fields, values, strict=True)))
        target.start = np.concatenate([target.start, np.full((1, target.start.shape[1]), np.nan)])
        return row
