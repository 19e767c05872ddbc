"""Read photos and their annotations from a COCO file: boxes, outlines, crowds and keypoints."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ANNOTATIONS = Path(__file__).with_name("annotations.json")


class DemoError(Exception):
    """What the user can put right; printed without a traceback."""


@dataclass(frozen=True)
class Photo:
    """One photo with its objects; `outlines[i]` belongs to `bboxes[i]` and `labels[i]`."""

    name: str
    path: Path
    height: int
    width: int
    bboxes: list[list[float]]
    labels: list[str]
    outlines: list[Any]
    keypoints: list[list[float]]
    keypoint_labels: list[str]

    def image(self) -> np.ndarray:
        """Decode the photo, RGB uint8, (H, W, 3)."""
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise DemoError(f"{self.path} cannot be read as an image")
        if image.shape[:2] != (self.height, self.width):
            raise DemoError(
                f"{self.path} is {image.shape[1]} x {image.shape[0]} pixels; "
                f"its annotations say {self.width} x {self.height}"
            )
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    def masks(self) -> list[np.ndarray]:
        """One (H, W) uint8 mask of 0 and 1 per object; its box where there is no outline."""
        return [
            rasterise(outline, box, self.height, self.width)
            for outline, box in zip(self.outlines, self.bboxes)
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
        return [
            outline if outline and isinstance(outline, list) else [ring(box)]
            for outline, box in zip(self.outlines, self.bboxes)
        ]

    def oriented(self) -> list[list[float]]:
        """The smallest turned box of each object: coco's four numbers, clockwise degrees."""
        rows = []
        for rings in self.polygons():
            points = np.concatenate([np.reshape(part, (-1, 2)) for part in rings])
            (x, y), (w, h), angle = cv2.minAreaRect(points.astype(np.float32))
            rows.append([x - w / 2, y - h / 2, w, h, angle])
        return rows


def ring(box: list[float]) -> list[float]:
    """A coco box as a ring."""
    x, y, w, h = box
    return [x, y, x + w, y, x + w, y + h, x, y + h]


def rasterise(outline: Any, box: list[float], height: int, width: int) -> np.ndarray:
    """Turn polygons, an uncompressed RLE or, without either, the box into a (H, W) mask."""
    if isinstance(outline, dict):
        counts = outline["counts"]
        values = (
            np.arange(len(counts), dtype=np.uint8) & 1
        )  # runs of 0 and 1 in turn, columns first
        return np.ascontiguousarray(np.repeat(values, counts).reshape(width, height).T)
    mask = np.zeros((height, width), np.uint8)
    if not outline:
        outline = [ring(box)]
    for polygon in outline:  # one by one: together, overlapping parts would cancel out
        points = np.asarray(polygon, np.float64).reshape(-1, 2)
        x0, y0 = np.maximum(np.floor(points.min(0)), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(points.max(0)), (width, height)).astype(int)
        if x0 < x1 and y0 < y1:
            # fillPoly paints every pixel the edge touches; five times finer, the pixel in the
            # middle tells whether the centre is inside.
            fine = np.zeros(((y1 - y0) * 5, (x1 - x0) * 5), np.uint8)
            corners = (points - (x0, y0)) * 5 - 0.5
            cv2.fillPoly(fine, [np.round(corners * 16).astype(np.int32)], 1, shift=4)
            mask[y0:y1, x0:x1] |= fine[2::5, 2::5]
    return mask


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
    """Read every photo the file lists and the folder holds; also notes on what was left out."""
    try:
        return collect(parse(annotations), annotations, folder)
    except KeyError as error:
        raise DemoError(f"{annotations} is not a COCO file: an entry has no {error}") from error


def collect(data: dict[str, Any], annotations: Path, folder: Path) -> tuple[list[Photo], list[str]]:
    if not folder.is_dir():
        raise DemoError(f"--images: there is no folder {folder}")
    categories = {category["id"]: category for category in data.get("categories", [])}
    objects: dict[int, list[dict[str, Any]]] = {}
    for annotation in data["annotations"]:
        objects.setdefault(annotation["image_id"], []).append(annotation)
    photos, notes = [], Counter[str]()
    missing = [entry for entry in data["images"] if not (folder / entry["file_name"]).is_file()]
    if len(missing) == len(data["images"]):
        example = missing[0]["file_name"] if missing else "the file lists no images"
        raise DemoError(f"{folder} holds none of the images of {annotations} (first: {example})")
    if missing:
        first = missing[0]["file_name"]
        notes[f"images listed but not in {folder} (first: {first})"] = len(missing)
    for entry in data["images"]:
        path = folder / entry["file_name"]
        if path.is_file():
            photos.append(photo(entry, path, objects.get(entry["id"], []), categories, notes))
    return photos, [f"left out: {count} {what}" for what, count in notes.items()]


def parse(annotations: Path) -> dict[str, Any]:
    if not annotations.is_file():
        raise DemoError(f"--coco: there is no file {annotations}")
    try:
        data = json.loads(annotations.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DemoError(f"{annotations} is not JSON: {error}") from error
    for key in ("images", "annotations"):
        if not isinstance(data, dict) or not isinstance(data.get(key), list):
            raise DemoError(f"{annotations} is not a COCO file: it has no list {key!r}")
    return data


def photo(
    entry: dict[str, Any],
    path: Path,
    objects: list[dict[str, Any]],
    categories: dict[int, dict[str, Any]],
    notes: Counter[str],
) -> Photo:
    """Collect the objects of one image; what cannot be used is counted in `notes`."""
    result = Photo(path.name, path, entry["height"], entry["width"], [], [], [], [], [])
    for annotation in objects:
        category = categories.get(annotation.get("category_id", -1), {})
        name = category.get("name", f"class {annotation.get('category_id', '?')}")
        outline, box = annotation.get("segmentation"), annotation.get("bbox")
        if isinstance(outline, dict) and not isinstance(outline.get("counts"), list):
            notes["outlines in compressed RLE (their boxes are used)"] += 1
            outline = None
        if box is None or not inside(box, result):
            notes["objects without a box in their image"] += 1
            continue
        result.bboxes.append(clipped(box, result, notes))
        result.labels.append(f"{name} (crowd)" if annotation.get("iscrowd") else name)
        result.outlines.append(outline)
        triples = np.reshape(annotation.get("keypoints", []), (-1, 3)).tolist()
        names = category.get("keypoints") or [f"point {i + 1}" for i in range(len(triples))]
        for label, (x, y, visible) in zip(names, triples):
            if visible and -0.5 <= x <= result.width - 0.5 and -0.5 <= y <= result.height - 0.5:
                result.keypoints.append([x, y])
                result.keypoint_labels.append(label)
            elif visible:
                notes["keypoints outside their image"] += 1
    return result


def inside(box: list[float], photo: Photo) -> bool:
    x, y, w, h = box
    return w > 0 and h > 0 and x < photo.width and y < photo.height and x + w > 0 and y + h > 0


def clipped(box: list[float], photo: Photo, notes: Counter[str]) -> list[float]:
    """The part of a box inside its image; noted where that is more than rounding noise."""
    x, y, w, h = map(float, box)
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, photo.width), min(y + h, photo.height)
    beyond = max(left - x, top - y, x + w - right, y + h - bottom)
    if beyond == 0:
        return [x, y, w, h]
    if beyond > 1:
        notes["parts of boxes outside their image"] += 1
    return [left, top, right - left, bottom - top]
