"""Rows of a label target as the caller gave them, so that they come back as the very same."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from .fields import Array


class Rows:
    """The rows of one label target as the caller gave them, and what is theirs to keep."""

    __slots__ = ("dtype", "fields", "given", "is_array", "width")

    given: Any

    def __init__(self, name: str, given: Any, width: int, fields: dict[str, Any]) -> None:
        if not hasattr(given, "__len__") or isinstance(given, dict):
            raise TypeError(f"{name} must be a list or an array, got {type(given).__name__}")
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

    def are_wider(self) -> bool:
        """Whether every row has more columns than the coordinates."""
        if self.is_array:
            return self.given.ndim != 2 or bool(self.given.shape[1] > self.width)
        return all(len(row) > self.width for row in self.given)

    def hiding(self, rows: Array) -> Rows:
        """The same, but that a 2 behind the coordinates of some rows is a 1."""
        changed, at = copy.copy(self), self.width
        places = [row for row in rows.tolist() if self.given[row][at] == 2]
        if self.is_array:
            changed.given = self.given.copy()
            changed.given[places, at] = 1
            return changed
        given = list(self.given)
        for place in places:
            row = given[place]
            if isinstance(row, np.ndarray):
                given[place] = row.copy()
                given[place][at] = 1
            else:
                given[place] = kind_of(row)([*row[:at], 1, *row[at + 1 :]])
        changed.given = kind_of(self.given)(given)
        return changed

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
