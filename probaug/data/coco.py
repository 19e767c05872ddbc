"""COCO files: boxes, polygons, runs of pixels and keypoints; and COCO's panoptic pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

import numpy as np

from ..core.fields import Array
from ..core.matrix import Size
from .decode import AnyPath, decode_mask
from .objects import Object, ObjectReader
from .outlines import mask_box, rle_mask
from .reader import AnnotationError, Options, Reporter, Sample, check_size, fitted


class Coco(ObjectReader):
    """Pictures and objects of a COCO file.

    Labels count the categories in the order of their ids, without gaps. "ids" are those of
    the annotations, which need not differ. Keypoints have the names of their category; "points"
    are all of them.

    Args:
        annotations: The JSON file.
        images: The folder of the pictures.
        parts: What to give of every object, out of "bbox", "polygon", "mask" and "keypoints".
        instances: Give the parts of an object together: see `ObjectReader`.
        box_format: How to write boxes; as COCO does if it is not given.
        crowds: Give regions that hold a crowd too; "crowd" says which ones they are.
        options: See `Options`.

    Example::

        reader = Coco("coco.json", "photos", parts=("bbox", "mask"), instances=True)
        pipeline = A.Compose([A.HorizontalFlip(p=1)], **reader.params)
        (cat,) = pipeline(**reader[0])["instances"]
        assert reader.classes[cat["label"]] == "cat"

    """

    FORMAT = "coco"
    EXTRAS: ClassVar = {"ids": np.int64, "crowd": np.bool_}

    def __init__(
        self,
        annotations: AnyPath,
        images: AnyPath,
        *,
        parts: Sequence[str] = ("bbox",),
        instances: bool = False,
        box_format: str | None = None,
        crowds: bool = False,
        **options: Unpack[Options],
    ) -> None:
        self.path = Path(annotations)
        self.crowds = crowds
        data = read_json(self.path, annotations=("id", "image_id"))
        categories = data["categories"]
        self.classes = tuple(str(entry["name"]) for entry in categories)
        self._labels = {entry["id"]: label for label, entry in enumerate(categories)}
        self._skeletons = [tuple(entry.get("keypoints") or ()) for entry in categories]
        points = tuple(dict.fromkeys(name for names in self._skeletons for name in names))
        if "keypoints" in parts and not points:
            rule = "have a category with the names of its 'keypoints', for parts='keypoints'"
            raise AnnotationError(self.path, "the file", rule, self.classes)
        objects: dict[Any, list[dict[str, Any]]] = {entry["id"]: [] for entry in data["images"]}
        for number, entry in enumerate(data["annotations"]):
            if entry["image_id"] not in objects:
                place = f"annotations[{number}] (id {entry['id']})"
                rule = "have an image_id among the images"
                raise AnnotationError(self.path, place, rule, entry["image_id"])
            objects[entry["image_id"]].append(entry)
        items = [
            (Path(images, entry["file_name"]), objects[entry["id"]], entry)
            for entry in data["images"]
        ]
        super().__init__(items, parts, instances, box_format, points, **options)

    def _read(self, item: Any, report: Reporter) -> Sample:
        path, entries, entry = item
        picture = self._load(path)
        check_size(self.path, f"image {entry['id']}", entry, picture.size)
        objects = []
        for annotation in entries:
            if self.crowds or annotation.get("iscrowd") != 1:
                try:
                    objects.append(self._object(annotation, picture.size))
                except AnnotationError as error:
                    report(error)
        return self._sample(path, picture, objects, report)

    def _object(self, entry: dict[str, Any], size: Size) -> Object:
        place = f"annotation {entry['id']}"
        category, crowd = entry.get("category_id"), entry.get("iscrowd") or 0
        if not is_id(category) or category not in self._labels:
            raise AnnotationError(self.path, place, "have a known category_id", category)
        if crowd not in (0, 1):
            raise AnnotationError(self.path, place, "have 0 or 1 as iscrowd", crowd)
        if not isinstance(entry["id"], int):
            raise AnnotationError(self.path, place, "have a whole number as its id", entry["id"])
        more = {"ids": entry["id"], "crowd": bool(crowd)}
        found = Object(place, self._labels[category], source=self.path, more=more)
        if "bbox" in self.parts:
            rule = "have a bbox of four numbers (x, y, width, height)"
            x, y, width, height = self._numbers(entry.get("bbox"), place, rule, 4).tolist()
            found.edges = x, y, x + width, y + height
        outline = entry.get("segmentation")
        if isinstance(outline, dict) and "mask" in self.parts:
            found.mask = self._runs(outline, place, size)
        elif isinstance(outline, dict) and "polygon" in self.parts:
            rule = "have a polygon, not runs of pixels, for parts='polygon'"
            raise AnnotationError(self.path, place, rule, outline)
        elif outline and {"polygon", "mask"} & set(self.parts):
            found.rings = self._rings(outline, place)
        found.names = self._skeletons[found.label] or self.points
        if "keypoints" in self.parts and entry.get("keypoints"):
            count = len(found.names)
            rule = f"have {count} keypoints of three numbers (x, y, visibility)"
            rows = self._numbers(entry["keypoints"], place, rule, 3 * count).reshape(-1, 3)
            found.points, found.visibility = rows[:, :2] + 0.5, rows[:, 2]
        return found

    def _numbers(self, value: Any, place: str, rule: str, count: int | None = None) -> Array:
        try:
            numbers = np.array(value, np.float64)
        except (TypeError, ValueError):
            numbers = np.zeros(())
        if numbers.ndim != 1 or (count is not None and len(numbers) != count):
            raise AnnotationError(self.path, place, rule, value)
        return numbers

    def _rings(self, outline: Any, place: str) -> list[Array]:
        rule = "have rings of x, y, x, y, ... as its segmentation"
        if not isinstance(outline, list) or not all(isinstance(r, list) for r in outline):
            raise AnnotationError(self.path, place, rule, outline)
        rings = [self._numbers(ring, place, rule) for ring in outline]
        if any(len(ring) % 2 for ring in rings):
            raise AnnotationError(self.path, place, rule, outline)
        return [ring.reshape(-1, 2) for ring in rings]

    def _runs(self, outline: dict[str, Any], place: str, size: Size) -> Array:
        if outline.get("size") != list(size):
            rule = f"have runs for a picture of {size.height} x {size.width} pixels"
            raise AnnotationError(self.path, place, rule, outline.get("size"))
        try:
            return rle_mask(outline.get("counts"), size)
        except (TypeError, ValueError) as error:
            rule = f"have {error}"
            raise AnnotationError(self.path, place, rule, outline.get("counts")) from None


class Panoptic(ObjectReader):
    """Pictures with a segment for every pixel, in the form of COCO's panoptic files.

    "mask" of a sample is the class of every pixel, ``void`` where there is none; its objects are
    the segments of things, without crowds.

    Args:
        annotations: The JSON file.
        images: The folder of the pictures.
        segments: The folder of the PNG files whose colours number the segments.
        parts: What to give of every thing, out of "bbox" and "mask".
        instances: Give the parts of a thing together: see `ObjectReader`.
        box_format: How to write boxes; as COCO does if it is not given.
        void: The number of pixels without a class.
        options: See `Options`.

    Example::

        reader = Panoptic("panoptic.json", "photos", "segments")
        sample = reader[0]
        assert sample["mask"].shape == sample["image"].shape[:2]
        assert reader.classes[sample["labels"][0]] == "cat"

    """

    FORMAT = "coco"
    EXTRAS: ClassVar = {"ids": np.int64}

    def __init__(
        self,
        annotations: AnyPath,
        images: AnyPath,
        segments: AnyPath,
        *,
        parts: Sequence[str] = ("bbox",),
        instances: bool = False,
        box_format: str | None = None,
        void: int = 255,
        **options: Unpack[Options],
    ) -> None:
        self.path = Path(annotations)
        self.void = void
        data = read_json(self.path, annotations=("image_id", "file_name", "segments_info"))
        categories = data["categories"]
        self.classes = tuple(str(entry["name"]) for entry in categories)
        self._labels = {entry["id"]: label for label, entry in enumerate(categories)}
        self._things = {entry["id"] for entry in categories if entry.get("isthing", 1)}
        pictures = {entry["id"]: entry["file_name"] for entry in data["images"]}
        items = []
        for number, entry in enumerate(data["annotations"]):
            name = pictures.get(entry["image_id"])
            if name is None:
                rule = "have an image_id among the images"
                place = f"annotations[{number}]"
                raise AnnotationError(self.path, place, rule, entry["image_id"])
            self._check_segments(f"annotations[{number}]", entry["segments_info"])
            items.append((Path(images, name), Path(segments, entry["file_name"]), entry))
        super().__init__(items, parts, instances, box_format, **options)

    def _read(self, item: Any, report: Reporter) -> Sample:
        path, segments, entry = item
        picture = self._load(path)
        colors = decode_mask(segments, max_pixels=self.max_pixels, exif=self.exif)
        if colors.shape != (*picture.size, 3):
            size = picture.size
            rule = f"be in colours and of {size.height} x {size.width} pixels, as its picture is"
            raise AnnotationError(segments, "the picture of segments", rule, colors.shape)
        ids = colors.astype(np.int32) @ np.array([1, 256, 65536], np.int32)
        known, places = np.unique(ids, return_inverse=True)
        numbers = np.full(len(known), self.void)
        objects = []
        for segment in entry["segments_info"]:
            place = f"segment {segment['id']} of image {entry['image_id']}"
            category = segment["category_id"]
            at = int(np.searchsorted(known, segment["id"]))
            if at == len(known) or known[at] != segment["id"]:
                report(AnnotationError(self.path, place, f"be in {segments}", segment["id"]))
            elif category not in self._labels:
                report(AnnotationError(self.path, place, "have a known category_id", category))
            else:
                numbers[at] = self._labels[category]
                if category in self._things and not segment.get("iscrowd"):
                    objects.append(self._thing(place, segment, ids))
        strange = set(known.tolist()) - {0} - {each["id"] for each in entry["segments_info"]}
        if strange:
            rule = f"have only segments that {self.path} lists"
            report(AnnotationError(segments, "the picture of segments", rule, sorted(strange)))
        sample = self._sample(path, picture, objects, report)
        dtype = np.uint8 if max(self.void, len(self.classes)) < 256 else np.int32
        mask = numbers.astype(dtype)[places].reshape(ids.shape)
        return sample | {"mask": fitted(mask, picture.image.shape)}

    def _check_segments(self, place: str, segments: Any) -> None:
        if not isinstance(segments, list):
            raise AnnotationError(self.path, place, "have a list 'segments_info'", segments)
        for number, segment in enumerate(segments):
            where = f"{place}.segments_info[{number}]"
            if not (isinstance(segment, dict) and {"id", "category_id"} <= set(segment)):
                rule = "be a dict with 'id' and 'category_id'"
                raise AnnotationError(self.path, where, rule, segment)
            if not (isinstance(segment["id"], int) and is_id(segment["category_id"])):
                raise AnnotationError(self.path, where, "have whole numbers as ids", segment)

    def _thing(self, place: str, segment: dict[str, Any], ids: Array) -> Object:
        mask = (ids == segment["id"]).astype(np.uint8)
        label = self._labels[segment["category_id"]]
        more = {"ids": segment["id"]}
        return Object(place, label, mask_box(mask), mask=mask, source=self.path, more=more)


def read_json(path: Path, annotations: tuple[str, ...]) -> dict[str, Any]:
    """The lists of a COCO file, of dicts with the keys that are needed; categories by their ids."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise AnnotationError(path, "the file", "be JSON", str(error)) from error
    if not isinstance(data, dict):
        raise AnnotationError(path, "the file", "be a dict in JSON", data)
    needed = {
        "images": ("id", "file_name"), "annotations": annotations, "categories": ("id", "name")
    }  # fmt: skip
    for name, keys in needed.items():
        entries = data.get(name)
        if not isinstance(entries, list):
            raise AnnotationError(path, "the file", f"have a list {name!r}", entries)
        for number, entry in enumerate(entries):
            check_entry(path, f"{name}[{number}]", entry, keys)
    for name in ("images", "categories"):
        check_ids(path, name, [entry["id"] for entry in data[name]])
    data["categories"].sort(key=lambda entry: entry["id"])
    found: dict[str, Any] = data
    return found


def check_entry(path: Path, place: str, entry: Any, keys: Sequence[str]) -> None:
    """An entry of a list has its keys; what is an id or the name of a file looks like one."""
    for key in keys:
        if not isinstance(entry, dict) or key not in entry:
            raise AnnotationError(path, place, f"be a dict with {key!r}", entry)
        if key in ("id", "image_id") and not is_id(entry[key]):
            raise AnnotationError(path, place, f"have a number as {key!r}", entry[key])
        if key == "file_name" and not isinstance(entry[key], str):
            raise AnnotationError(path, place, f"have a name as {key!r}", entry[key])


def check_ids(path: Path, name: str, ids: list[Any]) -> None:
    """No two entries have the same id, and all are of one kind."""
    seen: dict[Any, int] = {}
    for number, each in enumerate(ids):
        place = f"{name}[{number}]"
        if each in seen:
            rule = f"have an id of its own, not that of {name}[{seen[each]}]"
            raise AnnotationError(path, place, rule, each)
        if isinstance(each, str) != isinstance(ids[0], str):
            raise AnnotationError(path, place, f"have an id like that of {name}[0]", each)
        seen[each] = number


def is_id(value: Any) -> bool:
    """Whether a value may tell entries apart: a number, or a word as some files have it."""
    return isinstance(value, (int, str))
