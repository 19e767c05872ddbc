"""YOLO: one text file per picture, a line per object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np

from ..core.fields import Array
from ..core.matrix import Size
from .decode import AnyPath
from .objects import Object, ObjectReader
from .reader import AnnotationError, Options, Reporter, Sample, class_names, image_files, is_path

PARTS = {
    "detect": ("bbox",),
    "segment": ("bbox", "polygon"),
    "obb": ("bbox",),
    "pose": ("bbox", "keypoints"),
}
"""What the lines hold, by task."""
MARGIN = 0.01
"""How far coordinates may be outside of 0 to 1: rounding."""


class Yolo(ObjectReader):
    """Pictures with objects in text files: a class number and coordinates from 0 to 1 on each line.

    Args:
        images: The folder of the pictures.
        labels: The folder of the text files; if not given, the same with "labels" for "images".
        classes: Names of the classes, in order; the path of a list of them, a line each; or how
            many there are.
        task: What the lines hold: "detect" centre and size of a box; "segment" the corners of a
            polygon; "obb" four corners of an oriented box; "pose" centre and size of a box, then
            the keypoints.
        points: Names of the keypoints, in order, or how many there are.
        parts: What to give of every object; if not given, what the lines hold.
        instances: Give the parts of an object together: see `ObjectReader`.
        box_format: How to write boxes; if not given, as YOLO does, oriented ones by centre and size
            in pixels.
        unlabelled: A picture without a text file has no objects ("empty"), is left out ("drop") or
            is an error ("raise").
        options: See `Options`.

    Example::

        reader = Yolo("photos", "labels", classes=["cat", "dog"])  # 1 0.5 0.5 0.2 0.4
        assert reader[0]["bboxes"].shape == (1, 4)
        poses = Yolo("photos", "poses", classes=1, task="pose", points=["left_eye", "right_eye"])
        assert poses[0]["keypoint_labels"] == ["left_eye"]  # the other has visibility 0

    """

    FORMAT = "yolo"

    def __init__(
        self,
        images: AnyPath,
        labels: AnyPath | None = None,
        *,
        classes: Iterable[str] | AnyPath | int,
        task: Literal["detect", "segment", "obb", "pose"] = "detect",
        points: Sequence[str] | int = (),
        parts: Sequence[str] | None = None,
        instances: bool = False,
        box_format: str | None = None,
        unlabelled: Literal["empty", "drop", "raise"] = "empty",
        **options: Unpack[Options],
    ) -> None:
        if task not in PARTS:
            known = ", ".join(map(repr, PARTS))
            raise ValueError(f"Yolo.task must be one of {known}, got {task!r}")
        if unlabelled not in ("empty", "drop", "raise"):
            rule = "'empty', 'drop' or 'raise'"
            raise ValueError(f"Yolo.unlabelled must be {rule}, got {unlabelled!r}")
        self.task = task
        folder = Path(images)
        texts = Path(labels) if labels is not None else beside(folder)
        items = [
            (path, texts / path.relative_to(folder).with_suffix(".txt"))
            for path in image_files(folder)
        ]
        missing = [path for path, text in items if not text.is_file()]
        if missing and (unlabelled == "raise" or len(missing) == len(items)):
            raise ValueError(f"{texts} has no labels of {missing[0]}")
        if unlabelled == "drop":
            items = [item for item in items if item[1].is_file()]
        names = tuple(map(str, range(points)) if isinstance(points, int) else points)
        if task == "pose" and not names:
            raise ValueError(f"Yolo.points must name the keypoints for task='pose', got {points!r}")
        wanted = PARTS[task] if parts is None else parts
        if task == "obb":
            box_format = box_format or "center_xywh"
        super().__init__(items, wanted, instances, box_format, names, **options)
        if task == "obb":
            self._set_params("obb")
        if isinstance(classes, int):
            classes = [str(number) for number in range(classes)]
        elif is_path(classes):
            if not Path(classes).is_file():
                rule = "names, how many there are, or the path of a list of names"
                raise ValueError(f"Yolo.classes must be {rule}, got {str(classes)!r}, no file")
            lines = Path(classes).read_text("utf-8").splitlines()
            classes = [line.strip() for line in lines if line.strip()]
        self.classes = class_names("Yolo", classes, ())  # type: ignore[arg-type]  # a guard tells no other
        if not self.classes:
            raise ValueError(f"Yolo.classes must be one or more, got {classes!r}")

    def _read(self, item: Any, report: Reporter) -> Sample:
        path, text = item
        picture = self._load(path)
        objects = []
        try:
            lines = text.read_text("utf-8-sig").splitlines() if text.is_file() else []
        except UnicodeDecodeError as error:
            raise AnnotationError(text, "the file", "be text", str(error)) from error
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    objects.append(self._object(text, f"line {number}", line, picture.size))
                except AnnotationError as error:
                    report(error)
        return self._sample(path, picture, objects, report)

    def _object(self, path: Path, place: str, line: str, size: Size) -> Object:
        try:
            row = np.array(line.split(), np.float64)
        except ValueError:
            raise AnnotationError(path, place, "be numbers", line) from None
        number, values = row[0], row[1:]
        if number not in range(len(self.classes)):
            rule = f"begin with the number of one of {len(self.classes)} classes, from 0"
            raise AnnotationError(path, place, rule, line)
        found = Object(place, int(number), source=path)
        self._check(path, place, line, values)
        pixels = np.array([size.width, size.height])
        if self.task in ("detect", "pose"):
            half = values[2:4] / 2
            edges = np.concatenate([values[:2] - half, values[:2] + half])
            found.edges = (edges * [*pixels, *pixels]).tolist()
        if self.task == "obb":
            found.quad = values.reshape(4, 2) * pixels
        if self.task == "segment":
            ring = values.reshape(-1, 2) * pixels
            found.rings = [ring]
            found.edges = [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()]
        if self.task == "pose":
            rows = values[4:].reshape(len(self.points), -1)
            found.points = rows[:, :2] * pixels
            if rows.shape[1] == 3:
                found.visibility = rows[:, 2]
        return found

    def _check(self, path: Path, place: str, line: str, values: Array) -> None:
        count, points = len(values), len(self.points)
        good, rule = {
            "detect": (count == 4, "four numbers"),
            "segment": (count >= 6 and count % 2 == 0, "at least three points"),
            "obb": (count == 8, "four points"),
            "pose": (
                count in (4 + 2 * points, 4 + 3 * points),
                f"four numbers and {points} keypoints of two or three",
            ),
        }[self.task]
        if not good:
            raise AnnotationError(path, place, f"have {rule} after the class", line)
        plain = values if self.task != "pose" else values[:4]
        if not (np.isfinite(plain).all() and abs(plain - 0.5).max() <= 0.5 + MARGIN):
            raise AnnotationError(path, place, "have coordinates from 0 to 1", line)


def beside(images: Path) -> Path:
    """The folder of labels that belongs to one of pictures."""
    parts = list(images.parts)
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] == "images":
            return Path(*parts[:place], "labels", *parts[place + 1 :])
    return images
