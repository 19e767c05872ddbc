"""Readers on real data sets, and decoding on every odd file of a large collection.

They are found through PROBAUG_DATA, or in ../shared/data; without them nothing runs.
"""

import json
import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

import probaug as A
from probaug.core.boxes import to_edges
from probaug.core.matrix import Size
from probaug.data import (
    Coco,
    Folder,
    ImageError,
    InstanceMasks,
    Masks,
    Panoptic,
    Voc,
    Yolo,
    decode,
    decode_mask,
)

DATA = Path(os.environ.get("PROBAUG_DATA", Path(__file__).parents[2] / "shared" / "data"))
COCO, HARD = DATA / "coco_free", DATA / "hard_inputs"
pytestmark = pytest.mark.skipif(
    not (COCO.is_dir() and HARD.is_dir()), reason="needs photos: see PROBAUG_DATA"
)


@cache
def reader(name):
    if name == "coco":
        parts = ("bbox", "polygon", "mask")
        return Coco(COCO / "instances.json", COCO / "images", parts=parts, instances=True)
    if name == "crowds":
        file = COCO / "instances.json"
        return Coco(file, COCO / "images", parts=("bbox", "mask"), crowds=True)
    if name == "people":
        file = COCO / "person_keypoints.json"
        return Coco(file, COCO / "images", parts=("bbox", "keypoints"))
    if name == "panoptic":
        return Panoptic(COCO / "panoptic.json", COCO / "images", COCO / "panoptic")
    if name == "semantic":
        return Masks(COCO / "images", COCO / "semantic", unmatched="drop")
    if name == "yolo":
        return Yolo(COCO / "images", COCO / "labels_yolo", classes=80, unlabelled="drop")
    if name == "voc":
        return Voc(DATA / "bccd" / "annotations", DATA / "bccd" / "images")
    if name == "nuclei":
        folders = sorted(path for path in (DATA / "nuclei_dsb2018").iterdir() if path.is_dir())
        images = [next((folder / "images").iterdir()) for folder in folders]
        return InstanceMasks(images, [sorted((f / "masks").iterdir()) for f in folders])
    folder = DATA / "flowers" if name == "flowers" else DATA / "eurosat" / "train"
    return Folder(folder)


# what the README of the data says there is: pictures, classes, objects
COUNTS = {
    "coco": (103, 80, 946),
    "crowds": (103, 80, 957),
    "people": (16, 1, None),
    "panoptic": (51, 133, None),
    "semantic": (51, 0, None),
    "yolo": (50, 80, None),
    "voc": (100, 3, 1311),
    "nuclei": (41, 1, 1384),
    "flowers": (200, 5, None),
    "eurosat": (2000, 10, None),
}


@pytest.mark.parametrize(("name", "counts"), COUNTS.items())
def test_every_sample_of_a_data_set_is_read(name, counts):
    samples, classes, objects = counts
    source = reader(name)
    assert len(source) == samples
    assert len(source.classes) == classes
    found, pipeline = 0, A.Compose([A.HorizontalFlip(p=1)], **source.params)
    for sample in source if samples < 500 else source[::20]:
        found += len(sample.get("instances", sample.get("labels", ())))
        assert sample["image"].dtype == np.uint8
        pipeline(**sample)
    assert objects is None or found == objects


def test_boxes_of_coco_and_yolo_are_the_same_objects():
    coco, yolo = reader("crowds"), reader("yolo")
    places = {path.name: place for place, path in enumerate(coco.paths)}
    compared = 0
    for sample in yolo:
        place = places.get(Path(sample["path"]).name)
        if place is None:
            continue
        size = Size(*sample["image"].shape[:2])
        theirs = to_edges(sample["bboxes"], "yolo", size)
        ours = to_edges(coco[place]["bboxes"], "coco", size)
        for edges in theirs:
            assert abs(ours - edges).max(axis=1).min() < 1.5
            compared += 1
    assert compared > 100


def test_masks_of_coco_fill_their_boxes():
    for sample in reader("coco")[::5]:
        for found in sample["instances"]:
            x, y, w, h = found["bbox"]
            left, top, across, down = cv2.boundingRect(found["mask"])
            assert found["mask"].any()
            if min(w, h) > 4:
                there = np.array([left, top, left + across, top + down])
                assert abs(there - (x, y, x + w, y + h)).max() < 4


def test_panoptic_and_semantic_masks_agree():
    panoptic, semantic = reader("panoptic"), reader("semantic")
    data = json.loads((COCO / "panoptic.json").read_text())
    ids = sorted(entry["id"] for entry in data["categories"])
    table = np.zeros(256, np.uint8)
    table[: len(ids)] = ids
    places = {path.name: place for place, path in enumerate(semantic.paths)}
    for sample in panoptic[::4]:
        mask = semantic[places[Path(sample["path"]).name]]["mask"]
        assert np.array_equal(table[sample["mask"]], mask)


def test_labels_shrink_with_real_pictures():
    source = reader("voc")[:3]
    pipeline = A.Compose([A.Resize(96, 128)], **source.params)
    whole = [pipeline(**sample) for sample in source]
    source.suit(pipeline)
    for sample, expected in zip(source, whole):
        assert sample["image"].shape == (120, 160, 3)
        small = pipeline(**sample)
        assert np.allclose(small["bboxes"], expected["bboxes"])
        assert abs(small["image"].astype(int) - expected["image"]).mean() < 8


# odd files

UNLIKE = {
    "depth/12bit.cropped.tif": "Pillow gives 12 bits, OpenCV makes 16 of them",
    "depth/tiff_16bit_RGBa.tiff": "colours are multiplied by alpha, which Pillow undoes",
    "bombs/png_decompression_dos.png": "a text too long for Pillow beside a good picture",
    "broken/unknown_compression_method.png": "of a colour profile, which OpenCV leaves alone",
    "multichannel/s2_landcover_mask.npy": "not for Pillow",
    "multichannel/float32_5band.tiff": "not for Pillow",
    "multichannel/synthetic_uint16_13band.tif": "not for Pillow",
}
NEVER = {
    "depth/16bit.s.tif": "int16",
    "multichannel/synthetic_int16_224band_planar.tif": "int16",
    "multichannel/s2_ndvi_68dates.npy": "four axes",
    "pngsuite/xcsn0g01.png": "a wrong checksum, which Pillow overlooks",
}


def hard_files():
    if not HARD.is_dir():
        return []
    entries = json.loads((HARD / "manifest.json").read_text())["files"]
    return [e["path"] for e in entries if not {"LICENSE", "README"} & set(parts_of(e["path"]))]


def parts_of(path):
    return Path(path).name.replace("_", ".").split(".")


def attempt(function, path):
    """What it gives, or its error."""
    try:
        return function(path)
    except ImageError as error:
        return error


def pillow(path):
    """The file as Pillow reads it, at the depth that there is; None if it cannot."""
    try:
        with Image.open(path) as image:
            image.load()
            image = ImageOps.exif_transpose(image)
            deep = image.mode in ("I", "F", "I;16", "I;16B")
            array = np.array(image if deep else image.convert("RGB"))
    except Exception:
        return None
    return array.astype(np.float64) if array.ndim == 3 else np.dstack([array] * 3).astype(float)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", hard_files())
def test_every_odd_file_is_read_as_pillow_does_or_gives_one_error(name):
    path = HARD / name
    descriptors = Path("/proc/self/fd")
    before = len(os.listdir(descriptors)) if descriptors.is_dir() else 0
    image, mask = attempt(decode, path), attempt(decode_mask, path)
    for result in (image, mask):
        if isinstance(result, ImageError):
            assert str(result).startswith(f"{path}: ")
            assert len(result.reason) > 10
    image = None if isinstance(image, ImageError) else image
    if before:
        assert len(os.listdir(descriptors)) <= before
    if name in UNLIKE or name in NEVER:
        assert image is None or name in UNLIKE
        return
    expected = pillow(path)
    assert (image is None) == (expected is None)
    if image is None:
        return
    assert image.shape == expected.shape
    if image.dtype == np.uint16 and "uint8" in depth(path):
        image = image // 256  # Pillow has no colours of 16 bits
    assert abs(image - expected).max() <= (2 if "cmyk" in name else 0)


def depth(path):
    with Image.open(path) as image:
        return "uint16" if image.mode in ("I", "F", "I;16", "I;16B") else "uint8"
