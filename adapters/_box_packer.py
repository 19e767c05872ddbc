"""Boxes in the format a model wants, packed for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probaug.core.boxes import BOX_FORMATS, KERAS_BOX_FORMATS, from_edges, is_relative, to_edges
from probaug.core.fields import Array
from probaug.core.matrix import Size

from ._checks import label_params, one_of, refuse, whole
from ._recipe import Packer

PADDING = -1
# The key of a class that has no label field.
LABELS = "labels"


def convert(boxes: Array, source: str, target: str, size: tuple[int, int]) -> NDArray[np.float64]:
    """Rewrite (N, 4) boxes from one format in another; ``size`` is the image's (H, W)."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    if BOX_FORMATS.get(source, source) == BOX_FORMATS.get(target, target):
        return boxes
    frame = Size(*size)
    converted: NDArray[np.float64] = from_edges(to_edges(boxes, source, frame), target, frame)
    return converted


def axis_scale(target: str, x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    """What the four numbers of a relative box are multiplied by when the frame's size changes."""
    return (y, x, y, x) if "yx" in target else (x, y, x, y)


@dataclass(frozen=True)
class BoxPacker(Packer):
    """Turns the boxes of one result into (max_boxes, 4) boxes and (max_boxes,) labels.

    Args:
        source: The pipeline's format.
        target: The format to give.
        max_boxes: Rows to give; those beyond the boxes hold -1.
        fields: The keys of the labels to give; the first is the class.
        column: Whether the class is the boxes' fifth column, given as "labels".
        classes: How many classes there are, or None.

    """

    source: str
    target: str
    max_boxes: int
    fields: tuple[str, ...]
    column: bool = False
    classes: int | None = None

    @classmethod
    def of(
        cls,
        owner: str,
        pipeline: Any,
        max_boxes: int | None,
        target: str | None,
        fields: Sequence[str] | None = None,
    ) -> BoxPacker:
        """Read the pipeline's box parameters and check them against what is asked.

        Without ``fields`` the class is the pipeline's first label field or the fifth column.
        """
        params = box_params(owner, pipeline)
        if max_boxes is None:
            raise refuse(owner, "max_boxes", "given where there are boxes", max_boxes)
        source: str = params.format
        if target is None:
            target = BOX_FORMATS.get(source, source)
        one_of(owner, "bounding_box_format", target, KERAS_BOX_FORMATS)
        max_boxes = whole(owner, "max_boxes", max_boxes, 1)
        known = tuple(params.label_fields or ())
        if fields is None:
            return cls(source, target, max_boxes, known[:1], column=not known)
        if not known and tuple(fields) == (LABELS,):
            return cls(source, target, max_boxes, (), column=True)
        for field in fields:
            one_of(owner, "label_field", field, known)
        return cls(source, target, max_boxes, tuple(fields))

    @property
    def is_relative(self) -> bool:
        """Whether the format given counts in fractions of the image."""
        return is_relative(self.target)

    @property
    def label(self) -> str:
        """The key under which `pack` gives the class."""
        return LABELS if self.column else self.fields[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of all labels."""
        return (LABELS,) if self.column else self.fields

    def inputs(
        self, boxes: Any, labels: Mapping[str, Any], others: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The pipeline's arguments for boxes and labels; padded rows are left out.

        Args:
            boxes: (N, 4) boxes in the pipeline's format; all -1 is padding.
            labels: (N,) labels by key; a class below 0 is padding.
            others: What else has a row for each box.

        """
        boxes = np.asarray(boxes)
        boxes = boxes.reshape(-1, 4) if boxes.size == 0 else boxes
        columns = {name: np.asarray(column).reshape(-1) for name, column in labels.items()}
        real = (boxes != PADDING).any(axis=1)
        for name, column in columns.items():
            if len(column) != len(boxes):
                raise ValueError(f"{len(boxes)} boxes have {len(column)} {name}")
            if name == self.label and column.dtype.kind in "if":
                real &= column >= 0
        boxes = boxes[real]
        columns = {name: column[real] for name, column in columns.items()}
        kept = np.flatnonzero(real).tolist()
        rest = {name: [rows[row] for row in kept] for name, rows in (others or {}).items()}
        if self.column and columns:
            return {"bboxes": np.column_stack([boxes, columns[LABELS]]), **rest}
        return {"bboxes": boxes, **columns, **rest}

    def unpadded(self, sample: Mapping[str, Any]) -> dict[str, Any]:
        """The pipeline's arguments for a sample whose boxes, labels and masks may be padded."""
        data = dict(sample)
        labels = {name: data.pop(name) for name in self.names}
        masks = {name: data.pop(name) for name in ("masks",) if name in data}
        return data | self.inputs(data.pop("bboxes"), labels, masks)

    def pack(
        self, result: Mapping[str, Any], size: tuple[int, int], slots: Mapping[str, Array]
    ) -> dict[str, Array]:
        """Boxes ("bboxes") and labels of a pipeline's result whose image has this (H, W)."""
        if "bboxes" not in result:
            raise KeyError(f"the sample has no 'bboxes', only {sorted(map(str, result))}")
        given = result["bboxes"]
        count = len(given)
        if count > self.max_boxes:
            raise ValueError(
                f"max_boxes is {self.max_boxes}, but the pipeline gives {count} boxes: raise "
                "max_boxes, or drop boxes by BboxParams(min_area=...) or in the source"
            )
        boxes = np.full((self.max_boxes, 4), PADDING, np.float32)
        if count:
            rows = np.asarray([row[:4] for row in given], np.float64)
            boxes[:count] = convert(rows, self.source, self.target, size)
        packed: dict[str, Array] = {"bboxes": boxes}
        for name in self.names:
            column = self._fifth(given) if self.column else result[name]
            labels = packed[name] = np.full(self.max_boxes, PADDING, np.int32)
            labels[:count] = _whole_numbers(name, column)
        if self.classes is not None:
            self._check(packed[self.label][:count])
        return packed

    def _check(self, labels: Array) -> None:
        wrong = labels[(labels < 0) | (labels >= (self.classes or 0))]
        if wrong.size:
            raise ValueError(
                f"{self.label} of boxes must be classes from 0 to {(self.classes or 0) - 1}, "
                f"got {wrong[0]}"
            )

    def _fifth(self, boxes: Sequence[Any]) -> list[Any]:
        if any(len(row) < 5 for row in boxes):
            raise ValueError(
                "detection needs a class for each box: name it in BboxParams(label_fields=[...]) "
                "or give it as the boxes' fifth column"
            )
        return [row[4] for row in boxes]


def box_params(owner: str, pipeline: Any) -> Any:
    """The pipeline's box parameters."""
    params = label_params(owner, pipeline, "boxes", "bbox_params", "BboxParams")
    if getattr(params, "bbox_type", "hbb") != "hbb":
        raise ValueError(
            f"{owner} gives upright boxes, and BboxParams.bbox_type is {params.bbox_type!r}: a "
            "batch would lose their angles"
        )
    return params


def _whole_numbers(name: str, column: Sequence[Any]) -> NDArray[np.int32]:
    array = np.asarray(column)
    if array.size == 0:
        return np.zeros(0, np.int32)
    if array.dtype.kind not in "iuf" or not np.array_equal(array, array.astype(np.int32)):
        raise ValueError(f"{name} of boxes must be whole numbers, got {column[0]!r}")
    return array.astype(np.int32)
