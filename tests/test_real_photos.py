"""Labels of annotated photos stay on their objects, through every spatial transform.

The photos are found through PROBAUG_DATA, or in ../shared/data; without them nothing runs.
"""

import json
import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from cases import LEAVES, make, needed

import probaug as A
from probaug.core.kinds import Geometric, Remap, Resizing

DATA = Path(os.environ.get("PROBAUG_DATA", Path(__file__).parents[2] / "shared" / "data"))
FOLDER = DATA / "coco_free"

pytestmark = pytest.mark.skipif(
    not (FOLDER / "instances.json").exists(),
    reason="needs annotated photos: set PROBAUG_DATA to a folder that holds coco_free",
)
SPATIAL = [cls for cls in LEAVES if issubclass(cls, (Geometric, Resizing, Remap))]
MOST = 40
# windows of the size of these photos
WINDOWS = {
    "AtLeastOneBBoxRandomCrop": {"height": 200, "width": 240},
    "CenterCrop": {"height": 200, "width": 240},
    "CropNonEmptyMaskIfExists": {"height": 200, "width": 240},
    "Crop": {"x_max": 300, "y_max": 300},
    "RandomCrop": {"height": 200, "width": 240},
    "RandomSizedCrop": {"min_max_height": (150, 250)},
}


@cache
def photos():
    """Image, one mask per object, boxes, labels and keypoints of photos that have all of them."""
    instances = json.loads((FOLDER / "instances.json").read_text())
    people = json.loads((FOLDER / "person_keypoints.json").read_text())
    points = {}
    for record in people["annotations"]:
        triples = np.reshape(record["keypoints"], (-1, 3))
        visible = [tuple(map(float, xy)) for *xy, seen in triples.tolist() if seen]
        points.setdefault(record["image_id"], []).extend(visible)
    found = []
    entries = sorted(instances["images"], key=lambda entry: entry["id"] not in points)
    for entry in entries:  # those with keypoints first
        path = FOLDER / "images" / entry["file_name"]
        objects = [
            record
            for record in instances["annotations"]
            if record["image_id"] == entry["id"] and not record["iscrowd"] and record["area"] > 900
        ]
        if not objects or not path.exists():
            continue
        image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        masks = []
        for record in objects[:8]:
            mask = np.zeros(image.shape[:2], np.uint8)
            for polygon in record["segmentation"]:
                cv2.fillPoly(mask, [np.int32(np.reshape(polygon, (-1, 2)))], 1)
            masks.append(mask)
        boxes = [hull(mask) for mask in masks]
        found.append((image, masks, boxes, points.get(entry["id"], [])[:20]))
        if len(found) == MOST:
            break
    return found


def hull(mask):
    ys, xs = np.nonzero(mask)
    return [float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)]


def test_there_are_enough():
    assert len(photos()) == MOST
    assert sum(bool(points) for *_, points in photos()) >= 8


@pytest.mark.parametrize("cls", SPATIAL, ids=lambda cls: cls.__name__)
def test_boxes_hold_their_objects(cls):
    pipe = A.Compose(
        [make(cls, p=1, **WINDOWS.get(cls.__name__, {}))],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["numbers"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["names"]),
        additional_targets={"dots": "mask"},
    )
    compared = 0
    for index, (image, masks, boxes, points) in enumerate(photos()):
        dots = np.zeros(image.shape[:2], np.uint8)
        for name, (x, y) in enumerate(points, 1):
            cv2.circle(dots, (int(x), int(y)), 4, name, -1)
        result = pipe(
            **needed(cls, *image.shape[:2]), image=image, masks=masks, dots=dots, bboxes=boxes,
            numbers=list(range(len(boxes))), keypoints=[(int(x), int(y)) for x, y in points],
            names=list(range(1, len(points) + 1)), key=(0, 0, index),
        )  # fmt: skip
        kept = dict(zip(result["numbers"], result["bboxes"], strict=True))
        for number, mask in enumerate(result["masks"]):
            if mask.sum() < 40:
                continue
            assert number in kept, "an object is seen, but its box is gone"
            inner, outer = np.array(hull(mask)), np.array(kept[number])
            slack = 2.0
            assert (inner[:2] >= outer[:2] - slack).all(), (index, number, inner, outer)
            assert (inner[2:] <= outer[2:] + slack).all(), (index, number, inner, outer)
            compared += 1
        for (x, y), name in zip(result["keypoints"], result["names"], strict=True):
            height, width = result["dots"].shape
            if not (6 < x < width - 7 and 6 < y < height - 7):
                continue
            near = result["dots"][round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7]
            ys, xs = np.nonzero(near == name)
            if len(xs) > 20 and (dots == name).sum() > 40:  # not covered by another dot
                assert abs(xs.mean() - 6) < 2.5, (index, name)
                assert abs(ys.mean() - 6) < 2.5, (index, name)
    assert compared > 20


def test_a_training_pipeline_over_all_of_them():
    pipe = A.Compose(
        [
            A.RandomSizedBBoxSafeCrop(256, 320),
            A.HorizontalFlip(),
            A.ShiftScaleRotate(rotate_limit=15),
            A.OneOf([A.GaussianBlur(p=1), A.MotionBlur(p=1), A.GaussNoise((0.02, 0.1), p=1)]),
            A.ColorJitter(0.2, 0.2, 0.2, 0.05),
            A.CoarseDropout(fill="random_uniform"),
            A.Normalize(),
        ],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["numbers"], min_visibility=0.2),
        keypoint_params=A.KeypointParams("xy"),
        seed=0,
    )
    left = 0
    for image, masks, boxes, points in photos():
        result = pipe(
            image=image, masks=masks, bboxes=boxes, numbers=list(range(len(boxes))),
            keypoints=points,
        )  # fmt: skip
        assert result["image"].shape == (256, 320, 3)
        assert np.isfinite(result["image"]).all()
        assert len(result["masks"]) == len(masks)
        for number, (x1, y1, x2, y2) in zip(result["numbers"], result["bboxes"], strict=True):
            assert 0 <= x1 < x2 <= 320
            assert 0 <= y1 < y2 <= 256
            assert 0 <= number < len(boxes)
        left += len(result["bboxes"])
    assert left > 40
