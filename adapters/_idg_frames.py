"""`DataFrameIterator`: batches out of the image files that the rows of a table name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from probaug.core.fields import Array
from probaug.core.warn import warn

from ._checks import refuse
from ._idg_files import FromFiles
from ._idg_labels import Extras

CLASSED = ("binary", "categorical", "sparse")


class DataFrameIterator(FromFiles):
    """Augmented batches out of the files that a data frame names.

    `ImageDataGenerator.flow_from_dataframe` makes it, and explains the arguments.
    """

    allowed_class_modes = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)

    def __init__(
        self, dataframe: Any, directory: Any, image_data_generator: Any, **options: Any
    ) -> None:
        options |= {"dataframe": dataframe, "directory": directory}
        given = self._take("flow_from_dataframe", image_data_generator, options)
        self._owner = type(self).__name__
        self.directory = "" if directory is None else os.fspath(directory)
        self._table = dataframe
        x_col, y_col, weight_col = given.x_col, given.y_col, given.weight_col
        names = self._column("x_col", x_col)
        if not all(isinstance(name, str) for name in names):
            raise self._mistyped("x_col", x_col, "strings", names, (str,))
        self._check_mode(y_col, weight_col, given.classes)
        rows = self._readable(x_col, names) if given.validate_filenames else list(range(len(names)))
        labels: list[Any] = []
        if self.class_mode in CLASSED:
            rows, labels, known = self._known_rows(y_col, rows, given.classes)
            self.class_indices = {name: number for number, name in enumerate(known)}
            self.num_classes = len(known)
        rows, labels = self._part(rows), self._part(labels)
        self._number(y_col, rows, labels)
        self.filenames = [names[row] for row in rows]
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        weights = None if not weight_col else np.asarray(self._column("weight_col", weight_col))
        self._weights = None if weights is None else weights[rows]
        paths = None if given.masks is None else self._picked("masks", given.masks, rows)
        self._masks = paths and [os.path.join(self.directory, path) for path in paths]
        self._extras = self._followers(given, rows)
        del self._table
        self._begin(given)

    def _followers(self, given: SimpleNamespace, rows: Sequence[int]) -> Extras:
        """Boxes and keypoints that follow the images."""
        columns = given.bboxes if isinstance(given.bboxes, (tuple, list)) else (given.bboxes,)
        parts = [self._picked("bboxes", column, rows) for column in columns if column is not None]
        boxes: Any = parts[0] if parts else None
        if len(parts) > 1:
            boxes = {"boxes": parts[0], "labels": parts[1]}
        points = given.keypoints and self._picked("keypoints", given.keypoints, rows)
        return Extras.of(
            self._owner, None, boxes, points, given.bounding_box_format, given.max_boxes
        )

    @property
    def labels(self) -> Any:
        """Classes; for "raw" and "multi_output" the values of their columns."""
        return self._targets if self.class_mode in ("raw", "multi_output") else self.classes

    @property
    def sample_weight(self) -> Any:
        """The weight of each sample, or None."""
        return self._weights

    def _column(self, field: str, name: Any) -> list[Any]:
        try:
            column = self._table[name]
        except KeyError:
            columns = ", ".join(map(repr, self._table.keys()))
            raise refuse(self._owner, field, f"one of the columns {columns}", name) from None
        values: list[Any] = column.tolist() if hasattr(column, "tolist") else list(column)
        return values

    def _picked(self, field: str, name: Any, rows: Sequence[int]) -> list[Any]:
        values = self._column(field, name)
        return [values[row] for row in rows]

    def _values(self, name: Any) -> Array:
        """A column of values in their own type."""
        values = self._column("y_col", name)
        own = np.asarray(self._table[name])
        return np.asarray(values) if own.dtype.kind == "O" else own

    def _mistyped(
        self, field: str, name: Any, what: str, values: list[Any], types: tuple[type, ...]
    ) -> TypeError:
        row, value = next((r, v) for r, v in enumerate(values) if not isinstance(v, types))
        return TypeError(
            f"{self._owner}.{field}: the values of column {name!r} must be {what}, "
            f"got {value!r} in row {row}"
        )

    def _check_mode(self, y_col: Any, weight_col: Any, classes: Any) -> None:
        mode = self.class_mode
        if mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(
                f"{self._owner}.y_col must be a list of columns for class_mode='multi_output', "
                f"got {y_col!r}"
            )
        if mode in CLASSED:
            types: tuple[type, ...] = (str, int, np.integer)
            types += (list, tuple) if mode == "categorical" else ()
            values = self._column("y_col", y_col)
            if not all(isinstance(value, types) for value in values):
                lists = ", or lists of them" if mode == "categorical" else ""
                raise self._mistyped(
                    "y_col", y_col, f"strings or whole numbers{lists}", values, types
                )
            count = len(set(classes or values)) if mode == "binary" else 2
            if count != 2:
                raise ValueError(f"{self._owner}: class_mode='binary' needs 2 classes, got {count}")
        elif classes:
            raise refuse(self._owner, "classes", f"None for class_mode={mode!r}", classes)
        if weight_col:
            weights = np.asarray(self._column("weight_col", weight_col))
            if weights.dtype.kind not in "iuf":
                raise TypeError(f"{self._owner}.weight_col: column {weight_col!r} must be numeric")

    def _readable(self, x_col: Any, names: list[str]) -> list[int]:
        """The rows whose files are there and end like images."""
        good: list[int] = []
        bad: list[str] = []
        for row, name in enumerate(names):
            is_image = name.lower().endswith(self.white_list_formats)
            if is_image and os.path.isfile(os.path.join(self.directory, name)):
                good.append(row)
            else:
                bad.append(name)
        if bad:
            warn(
                f"{len(bad)} of {len(names)} filenames in column {x_col!r} name no image file and "
                f"are left out; the first is {bad[0]!r}"
            )
        return good

    def _known_rows(
        self, y_col: Any, rows: list[int], classes: Any
    ) -> tuple[list[int], list[Any], list[Any]]:
        """The rows with a class that is wanted, their labels, and the classes."""
        labels = [plain(label) for label in self._picked("y_col", y_col, rows)]
        if not classes:
            found = {c for label in labels for c in (label if isinstance(label, list) else [label])}
            if len({isinstance(name, str) for name in found}) > 1:
                raise TypeError(
                    f"{self._owner}.y_col: column {y_col!r} mixes strings and whole numbers"
                )
            return rows, labels, sorted(found)
        known = list(dict.fromkeys(map(plain, classes)))
        kept = []
        for row, label in zip(rows, labels):
            wanted = [c for c in label if c in known] if isinstance(label, list) else label
            if wanted in known if not isinstance(wanted, list) else wanted:
                kept.append((row, wanted))
        return [row for row, _ in kept], [label for _, label in kept], known

    def _number(self, y_col: Any, rows: list[int], labels: list[Any]) -> None:
        """Set what the samples' targets are made of."""
        known = getattr(self, "class_indices", {})
        if self.class_mode in CLASSED:
            self.classes = [
                [known[c] for c in label] if isinstance(label, list) else known[label]
                for label in labels
            ]
        elif self.class_mode == "multi_output":
            self._targets: Any = [np.array(self._picked("y_col", name, rows)) for name in y_col]
        elif self.class_mode == "raw":
            columns = y_col if isinstance(y_col, list) else [y_col]
            parts = [self._values(name)[rows] for name in columns]
            self._targets = np.column_stack(parts) if isinstance(y_col, list) else parts[0]


def plain(label: Any) -> Any:
    """A label without NumPy's types; several are a list."""
    if isinstance(label, (list, tuple)):
        return [plain(part) for part in label]
    return label.item() if isinstance(label, np.generic) else label
