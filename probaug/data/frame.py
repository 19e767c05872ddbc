"""Tables: data frames of pandas or polars, lists of dicts, CSV files."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ..core.boxes import to_edges
from ..core.fields import is_number
from .decode import AnyPath
from .objects import Object, ObjectReader
from .reader import AnnotationError, Options, Reporter, Sample, class_names, fitted, is_path

Row = Mapping[str, Any]


class Frame(ObjectReader):
    """Pictures out of a table, with what its columns say of them.

    Without boxes, a row is a sample. With boxes, a row is an object: all rows of one picture make a
    sample, and a row whose box is empty says that there is nothing in it.

    Args:
        rows: A data frame of pandas or polars, a list of dicts, or the path of a CSV file with
            names in its first line.
        folder: What the paths in the table begin at.
        path: The column of the paths.
        label: The column of the class. Words become places in ``classes``, a list of words one
            number per class, 0 or 1; numbers stay what they are. Several columns become one array.
        mask: The column of the paths of masks, from the same folder.
        box: The four columns of a box.
        box_format: How the boxes are written, in the table and in the samples.
        keep: Other columns that samples have, by their own names.
        classes: Names of the classes, in order; if not given, those in the table.
        options: See `Options`.

    Rows are counted from 0 in errors, the line of names not among them.

    Example::

        rows = [{"path": "0.jpg", "kind": "cat"}, {"path": "1.jpg", "kind": "dog"}]
        assert Frame(rows, "photos", label="kind")[1]["label"] == 1
        boxes = [{"path": "0.jpg", "kind": "cat", "x1": 9, "y1": 9, "x2": 50, "y2": 70}]
        reader = Frame(boxes, "photos", label="kind", box=["x1", "y1", "x2", "y2"])
        assert reader[0]["bboxes"].tolist() == [[9, 9, 50, 70]]

    """

    FORMAT = "pascal_voc"

    def __init__(
        self,
        rows: Any,
        folder: AnyPath = "",
        *,
        path: str = "path",
        label: str | Sequence[str] | None = None,
        mask: str | None = None,
        box: Sequence[str] | None = None,
        box_format: str | None = None,
        keep: Sequence[str] = (),
        classes: Iterable[str] | None = None,
        **options: Unpack[Options],
    ) -> None:
        self.source = str(rows) if is_path(rows) else type(rows).__name__
        self.folder = Path(folder)
        self.label, self.mask, self.box, self.keep = label, mask, box, tuple(keep)
        table = list(enumerate(table_rows(rows)))
        self._require(table, "; path= names that of the pictures", path)
        self._require(table, "", mask, *(box or ()), *self.keep, *columns_of(label))
        if box is not None and len(box) != 4:
            raise ValueError(f"Frame.box must be four columns, got {box!r}")
        grouped: dict[Any, list[tuple[int, Row]]] = {}
        for number, row in table:
            if is_missing(row[path]):
                if options.get("invalid") == "drop":
                    continue
                rule = f"have the path of a picture in {path!r}"
                raise AnnotationError(self.source, f"row {number}", rule, row[path])
            place = row[path] if box is not None else number
            grouped.setdefault(place, []).append((number, row))
        items = [(self.folder / str(group[0][1][path]), group) for group in grouped.values()]
        super().__init__(items, ("bbox",), False, box_format, **options)
        if box is None:
            self.bbox_params = None
        values = [row[label] for _, row in table] if isinstance(label, str) else []
        words = [word for value in values for word in words_of(value)]
        if words or classes is not None:
            self.classes = class_names("Frame", classes, words)

    def _require(self, table: list[tuple[int, Row]], hint: str, *names: str | None) -> None:
        for number, row in table:
            for name in names:
                if name is not None and name not in row:
                    rule = f"have a column {name!r}{hint}"
                    raise AnnotationError(self.source, f"row {number}", rule, sorted(map(str, row)))

    def _read(self, item: tuple[Path, list[tuple[int, Row]]], report: Reporter) -> Sample:
        path, group = item
        number, row = group[0]
        picture = self._load(path)
        if self.box is not None:
            objects = []
            for number, row in group:
                try:
                    found = self._object(number, row, picture.size)
                except AnnotationError as error:
                    report(error)
                else:
                    objects += [found] if found is not None else []
            sample = self._sample(path, picture, objects, report)
        else:
            sample = {"image": picture.image, "path": str(path)}
            if self.label is not None:
                sample["label"] = self._label(number, row)
        if self.mask is not None:
            if is_missing(row[self.mask]):
                rule = f"have the path of a mask in {self.mask!r}"
                raise AnnotationError(self.source, f"row {number}", rule, row[self.mask])
            beside = Path(self.folder, str(row[self.mask]))
            sample["mask"] = fitted(self._load_mask(beside, picture.size), picture.image.shape)
        return sample | {name: row[name] for name in self.keep}

    def _object(self, number: int, row: Row, size: Any) -> Object | None:
        """The object of a row; None if its box is empty."""
        values = [row[name] for name in self.box or ()]
        if all(map(is_missing, values)):
            return None
        place = f"row {number}"
        try:
            box = np.array([values], np.float64)
        except (TypeError, ValueError):
            rule = f"have four numbers in {', '.join(self.box or ())}"
            raise AnnotationError(self.source, place, rule, values) from None
        label = 0 if self.label is None else self._label(number, row)
        if isinstance(label, float) and label.is_integer():  # as pandas has it beside empty cells
            label = int(label)
        if not isinstance(label, int):
            raise AnnotationError(self.source, place, "have a class, or its number", label)
        edges = to_edges(box, self.box_format, size)[0].tolist()
        return Object(place, label, edges, source=Path(self.source))

    def _label(self, number: int, row: Row) -> Any:
        """What a row has in the column of the class, or in those of several numbers."""
        place = f"row {number}"
        if not isinstance(self.label, str):
            values = [row[name] for name in self.label or ()]
            if not all(is_number(value) and not is_missing(value) for value in values):
                rule = f"have numbers in {', '.join(self.label or ())}"
                raise AnnotationError(self.source, place, rule, values)
            return np.array(values, np.float32)
        value = row[self.label]
        words = words_of(value)
        if isinstance(value, (list, tuple, np.ndarray)) and (words or not len(value)):
            several = np.zeros(len(self.classes), np.float32)
            several[[self.number_of(word, self.source, place) for word in words]] = 1
            return several
        if words:
            return self.number_of(value, self.source, place)
        if is_missing(value):
            raise AnnotationError(self.source, place, f"have a {self.label!r}", value)
        return value.item() if isinstance(value, np.generic) else value


def columns_of(label: str | Sequence[str] | None) -> Sequence[str | None]:
    """The names in an argument that may be one, several or none."""
    return [label] if label is None or isinstance(label, str) else label


def words_of(value: Any) -> list[str]:
    """The names of classes in a cell; none in one of numbers."""
    values = [value] if isinstance(value, str) else value
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if not isinstance(values, (list, tuple)):
        return []
    return [word for word in values if isinstance(word, str) and word]


def is_missing(value: Any) -> bool:
    """Whether a cell is empty."""
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    if isinstance(value, str):
        return not value.strip()
    return value is None or type(value).__name__ in ("NAType", "NaTType")  # those of pandas


def table_rows(rows: Any) -> list[Row]:
    """A table as a list of dicts."""
    if is_path(rows):
        try:
            with open(rows, newline="", encoding="utf-8-sig") as file:
                cells = list(csv.DictReader(file))
        except UnicodeDecodeError as error:
            raise AnnotationError(rows, "the file", "be text in UTF-8", str(error)) from error
        for number, row in enumerate(cells):
            if None in row:  # what is beyond the names
                rule = f"have no more cells than the {len(row) - 1} columns"
                raise AnnotationError(rows, f"row {number}", rule, row[None])
        return typed(cells)
    if hasattr(rows, "to_dicts"):  # polars
        found: list[Row] = rows.to_dicts()
        return found
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # pandas
        return list(rows.to_dict("records"))
    if isinstance(rows, (list, tuple)) and all(isinstance(row, Mapping) for row in rows):
        return list(rows)
    raise TypeError(
        "Frame.rows must be a data frame, a list of dicts or the path of a CSV file, "
        f"got {type(rows).__name__}"
    )


def typed(rows: list[dict[str, Any]]) -> list[Row]:
    """Text as numbers, in columns that hold nothing else (007 is a name)."""
    for name in rows[0] if rows else ():
        cells = [row[name] for row in rows]
        for kind in (int, float):
            try:
                numbers = [None if cell in ("", None) else kind(cell) for cell in cells]
            except ValueError:
                continue
            if kind is int and any(
                number is not None and str(number) != cell.strip()
                for number, cell in zip(numbers, cells)
            ):
                break
            for row, number in zip(rows, numbers):
                row[name] = number
            break
    return list(rows)
