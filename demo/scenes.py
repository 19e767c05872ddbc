"""What the gallery gives to transforms: a photo with all its labels, and what some need beside."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import probaug as A
from probaug.core.registry import REGISTRY

from . import coco, overlays

SIDE = 288  # the longer side of photos and of the pictures on a page
CUBE = 48, 72, 72  # the size of a volume
COFFEE, PERSON, OUTDOORS = "coffee.png", "astronaut.png", "camera.png"
SUITED = {
    OUTDOORS: ("flare", "light", "weather"),
    PERSON: (
        *("blur", "camera", "color", "compression", "convert", "curves", "jitter", "kernels"),
        *("noise", "palette", "policies", "sensor", "sharpen", "superpixels", "text", "tone"),
    ),
}
"""The bundled photos that suit some families; all others have the coffee."""
SLIDE = "ihc.png"  # a stained slice of tissue, which scikit-image has too
SEEN = 0.05  # the part of an object that must be left for its labels to stay
TEXTS = [
    {"text": "one small step", "bbox": (0.05, 0.05, 0.95, 0.25)},
    {"text": "probaug", "bbox": (0.3, 0.75, 0.8, 0.9)},
]

Sample = dict[str, Any]


def compose(transform: Any, bbox_type: str = "hbb") -> A.Compose:
    """A pipeline that reads the labels of samples."""
    form = "xyz" if isinstance(transform, A.Transform3D) else "xy"
    fields = ["labels", "ids"]
    return A.Compose(
        [transform],
        bbox_params=A.BboxParams("coco", fields, min_visibility=SEEN, bbox_type=bbox_type),
        keypoint_params=A.KeypointParams(form, label_fields=["keypoint_labels"]),
        polygon_params=A.PolygonParams(label_fields=["polygon_ids"], min_visibility=SEEN),
    )


class Scenes:
    """Photos, the best one first, as samples."""

    def __init__(self, photos: Sequence[coco.Photo]) -> None:
        self.photos = overlays.choose(photos, len(photos))
        self.known: dict[str, list[Sample]] = {}

    def missing(self, name: str) -> str:
        """Why a transform cannot be shown here; nothing where it can."""
        if name == "TextImage" and importlib.util.find_spec("PIL") is None:
            return "it needs Pillow"
        if name == "TextImage" and font() is None:
            return "there is no font"
        return ""

    def given(self, name: str) -> Sample:
        """Arguments that depend on what is there."""
        return {"font_path": str(font())} if name == "TextImage" else {}

    def sample(self, name: str, family: str) -> Sample:
        """What a call of a transform holds."""
        first, *others = self.samples(family)
        sample = {**first, **needed(name, first, others or [first])}
        if issubclass(REGISTRY[name], A.Transform3D):
            return volume(first)
        if name == "ToRGB":
            sample["image"] = cv2.cvtColor(first["image"], cv2.COLOR_RGB2GRAY)
        if family == "stain" and (path := bundled(SLIDE)) is not None:
            slide = coco.Photo(path, 512, 512)
            sample = sample_of(slide, 0)
        return sample

    def samples(self, family: str) -> list[Sample]:
        """The photo for a family and five others; every object has a number of its own."""
        wanted = next((name for name in SUITED if family in SUITED[name]), COFFEE)
        if wanted not in self.known:
            ordered = sorted(self.photos, key=lambda photo: photo.name != wanted)[:6]
            counts = [len(photo.labels) for photo in ordered]
            starts = np.cumsum([0, *counts]).tolist()
            self.known[wanted] = [sample_of(*pair) for pair in zip(ordered, starts)]
        return self.known[wanted]


def sample_of(photo: coco.Photo, start: int) -> Sample:
    """A photo, scaled, with its labels; its mask holds the objects' numbers, plus one."""
    image, masks = photo.image(), photo.masks()
    mask = np.zeros(image.shape[:2], np.uint8)
    for i in sorted(range(len(masks)), key=lambda i: -int(masks[i].sum())):
        mask[masks[i] > 0] = (start + i) % 255 + 1
    numbers = [start + i for i in range(len(masks))]
    shared = {"image": image, "mask": mask, "labels": photo.labels, "ids": numbers}
    shrink = A.LongestMaxSize(SIDE, area_for_downscale="image")
    turned = compose(shrink, "obb")(**shared, bboxes=photo.oriented())
    return compose(shrink)(
        **shared,
        bboxes=photo.bboxes,
        keypoints=photo.keypoints,
        keypoint_labels=photo.keypoint_labels,
        polygons=photo.polygons(),
        polygon_ids=numbers,
    ) | {"oriented": turned["bboxes"]}


def needed(name: str, sample: Sample, others: list[Sample]) -> Sample:
    """What the call of a transform holds beside a photo."""
    images = [other["image"] for other in others]
    height, width = sample["image"].shape[:2]
    nearby = [width * 0.3, height * 0.3, width * 0.7, height * 0.7]
    if sample["bboxes"]:
        x, y, w, h = sample["bboxes"][0][:4]
        nearby = [x, y, x + w, y + h]
    return {
        "CopyAndPaste": {"copy_paste_metadata": [cut_out(other) for other in others[:2]]},
        "CutMix": {"cutmix_metadata": others},
        "FDA": {"fda_metadata": images[:1]},
        "HistogramMatching": {"hm_metadata": images[:1]},
        "MixUp": {"mixup_metadata": others},
        "Mosaic": {"mosaic_metadata": others},
        "OverlayElements": {"overlay_metadata": [cut_out(other) for other in others[:3]]},
        "PixelDistributionAdaptation": {"pda_metadata": images[:1]},
        "RandomCropNearBBox": {"cropping_bbox": nearby},
        "TextImage": {"textimage_metadata": TEXTS},
    }.get(name, {})


def cut_out(sample: Sample) -> Sample:
    """One object of another photo, neither tiny nor all of it, with its labels."""
    total = sample["mask"].size
    areas = [float((sample["mask"] == n + 1).sum()) / total for n in sample["ids"]]
    place = min(range(len(areas)), key=lambda i: abs(areas[i] - 0.08))
    number = sample["ids"][place]
    mask = (sample["mask"] == number + 1).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(mask)
    window = slice(y, y + h), slice(x, x + w)
    rings = sample["polygons"][sample["polygon_ids"].index(number)]
    return {
        "image": np.ascontiguousarray(sample["image"][window]),
        "mask": np.ascontiguousarray(mask[window]),
        "mask_id": number + 1,
        "labels": sample["labels"][place],
        "ids": number,
        "polygon": [(np.reshape(ring, (-1, 2)) - (x, y)).tolist() for ring in rings],
        "polygon_ids": number,
    }


def volume(sample: Sample) -> Sample:
    """A ball of a photo in grey, red at its front, blue at its back; keypoints at all depths."""
    depth, height, width = CUBE
    window = A.Compose(
        [
            A.CenterCrop(min(sample["mask"].shape), min(sample["mask"].shape)),
            A.Resize(height, width),
        ],
        keypoint_params=A.KeypointParams("xy", label_fields=["keypoint_labels"]),
    )
    names = "image", "mask", "keypoints", "keypoint_labels"
    flat = window(**{name: sample[name] for name in names})
    z, y, x = (np.linspace(-1, 1, n) for n in CUBE)
    radius = np.sqrt(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2)
    tint = np.stack([1 - z, 1.6 - abs(z), 1 + z], axis=-1)[:, None, None] / 1.6
    solid = np.where((radius < 1)[..., None], flat["image"] * np.clip(tint, 0, 1), 70)
    deep = np.linspace(depth * 0.1, depth * 0.8, len(flat["keypoints"])).tolist()
    points = [(*point[:2], at) for point, at in zip(flat["keypoints"], deep)]
    return {
        "volume": np.rint(solid).astype(np.uint8),
        "mask3d": flat["mask"] * (radius < 0.8).astype(np.uint8),
        "keypoints": points,
        "keypoint_labels": flat["keypoint_labels"],
    }


def bundled(name: str) -> Path | None:
    """A file that comes with scikit-image, where that is installed."""
    try:
        path = coco.bundled_photos() / name
    except coco.DemoError:
        return None
    return path if path.is_file() else None


def font() -> Path | None:
    """A font file: DejaVu, where it is installed, or the one that Pillow has in itself."""
    folders = [Path("/usr/share/fonts"), Path("/System/Library/Fonts"), Path("C:/Windows/Fonts")]
    spec = importlib.util.find_spec("matplotlib")
    if spec is not None and spec.origin is not None:
        folders.insert(0, Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf")
    for name in ("DejaVuSans.ttf", "arial.ttf", "Arial.ttf"):
        for folder in folders:
            if found := next(folder.rglob(name), None):
                return found
    from PIL import ImageFont, features

    if not features.check("freetype2"):
        return None
    path = Path(tempfile.gettempdir()) / "gallery.ttf"
    path.write_bytes(ImageFont.load_default(size=10).path.getvalue())
    return path


def short(transform: Any) -> str:
    """A call as it is written, files without their folders."""
    words = repr(transform)
    path = getattr(transform, "font_path", None)
    return words.replace(repr(path), repr(Path(path).name)) if path else words
