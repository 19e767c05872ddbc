"""Photos and their annotations out of a COCO file, through `probaug.data.Coco`."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from probaug.core.matrix import Size
from probaug.data import Coco, decode
from probaug.data.outlines import polygon_mask

ANNOTATIONS = Path(__file__).with_name("annotations.json")
MOST = 200  # photos of a large data set that the demo looks at


class DemoError(Exception):
    """What the user can put right; printed without a traceback."""


@dataclass(frozen=True)
class Photo:
    """One photo with its objects; `ids[i]` and `labels[i]` belong to `bboxes[i]`.

    Pictures and outlines are read anew each time they are asked for: a data set may be large.
    """

    path: Path
    height: int
    width: int
    reader: Coco | None = None  # of this photo alone; None for one without annotations
    bboxes: Sequence[list[float]] = ()
    labels: Sequence[str] = ()
    ids: Sequence[int] = ()
    keypoints: Sequence[list[float]] = ()
    keypoint_labels: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.path.name

    def image(self) -> np.ndarray:
        """Decode the photo, RGB uint8, (H, W, 3)."""
        return decode(self.path)

    def masks(self) -> list[np.ndarray]:
        """One (H, W) uint8 mask of 0 and 1 per object; its box where there is no outline."""
        size, known = Size(self.height, self.width), self._part("mask")
        return [
            known[number] if number in known else polygon_mask([ring(box)], size)
            for number, box in zip(self.ids, self.bboxes)
        ]

    def mask(self, label: str | None = None) -> np.ndarray:
        """All objects, or those of one label, in one (H, W) uint8 mask of 0 and 1."""
        union = np.zeros((self.height, self.width), np.uint8)
        for name, mask in zip(self.labels, self.masks()):
            if label in (None, name):
                union |= mask
        return union

    def polygons(self) -> list[list[list[float]]]:
        """The rings of each object, x, y, x, y, ...; its box where there is no polygon."""
        known = self._part("polygon")
        return [
            [np.ravel(part).tolist() for part in known.get(number, [ring(box)])]
            for number, box in zip(self.ids, self.bboxes)
        ]

    def oriented(self) -> list[list[float]]:
        """The smallest turned box of each object: coco's four numbers, clockwise degrees."""
        return [smallest_box(rings) for rings in self.polygons()]

    def _part(self, part: str) -> dict[int, Any]:
        """A part of those objects that have it, by their ids."""
        if self.reader is None:
            return {}
        found = with_parts(self.reader, "bbox", part)[0]
        return dict(zip(found["ids"].tolist(), found[f"{part}s"]))


def with_parts(reader: Coco, *parts: str) -> Coco:
    """The same photos, read for other parts of their objects."""
    other = reader[:]
    other.parts = parts
    return other


def ring(box: Sequence[float]) -> list[float]:
    """A coco box as a ring."""
    x, y, w, h = box
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def smallest_box(rings: Sequence[Sequence[float]]) -> list[float]:
    """The smallest turned box around some rings."""
    points = np.concatenate([np.reshape(part, (-1, 2)) for part in rings])
    (x, y), (w, h), angle = cv2.minAreaRect(points.astype(np.float32))
    return [x - w / 2, y - h / 2, w, h, angle]


def bundled_photos() -> Path:
    """The folder of photos inside the scikit-image package."""
    spec = importlib.util.find_spec("skimage")  # found, not imported: only its files are needed
    if spec is None or spec.origin is None:
        raise DemoError(
            "the demo's photos come with scikit-image, which is not installed: "
            "pip install 'probaug[demo]', or give your own photos with --coco and --images"
        )
    return Path(spec.origin).parent / "data"


def read(annotations: Path, folder: Path) -> tuple[list[Photo], list[str]]:
    """Read the photos the file lists and the folder holds; also notes on what was left out."""
    if not annotations.is_file():
        raise DemoError(f"--coco: there is no file {annotations}")
    if not folder.is_dir():
        raise DemoError(f"--images: there is no folder {folder}")
    try:
        reader = Coco(annotations, folder, crowds=True, invalid="drop")
    except ValueError as error:
        raise DemoError(str(error)) from error
    if reader.points:
        reader = with_parts(reader, "bbox", "keypoints")
    there = [place for place, path in enumerate(reader.paths) if path.is_file()]
    if not there:
        first = reader.paths[0].name
        raise DemoError(f"{folder} holds none of the images of {annotations} (first: {first})")
    gone = [path.name for path in reader.paths if not path.is_file()]
    notes = [f"{len(gone)} images listed but not in {folder} (first: {gone[0]})"] if gone else []
    if len(there) > MOST:
        notes.append(f"{len(there) - MOST} photos after the first {MOST}")
    photos, problems = [], []
    for place in there[:MOST]:
        one = reader[place : place + 1]
        problems += one.check()
        with suppress(ValueError):  # it is one of the problems then
            photos.append(photo(one))
    if problems:
        notes.append(f"{len(problems)} wrong photos or objects (first: {problems[0]})")
    return photos, [f"left out: {note}" for note in notes]


def photo(reader: Coco) -> Photo:
    """The photo of a reader that has one."""
    sample = reader[0]
    names = [reader.classes[label] for label in sample["labels"]]
    return Photo(
        reader.paths[0],
        *sample["image"].shape[:2],
        reader,
        sample["bboxes"].tolist(),
        [f"{name} (crowd)" if crowd else name for name, crowd in zip(names, sample["crowd"])],
        sample["ids"].tolist(),
        sample["keypoints"].tolist() if "keypoints" in sample else [],
        list(sample.get("keypoint_labels", ())),
    )
