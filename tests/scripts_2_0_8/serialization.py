"""Pipelines to files and back."""

import tempfile
from pathlib import Path

import albumentations as A
import numpy as np


def negative(image, **kwargs):
    return 255 - image


transform = A.Compose(
    [
        A.Resize(height=60, width=70, p=1),
        A.OneOf([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)], p=1),
        A.Perspective(scale=(0.05, 0.1), p=0.5),
        A.Lambda(name="negative", image=negative, p=1),
        A.Normalize(),
    ],
    bbox_params=A.BboxParams(format="pascal_voc", label_fields=["labels"], min_area=9),
    keypoint_params=A.KeypointParams(format="xya", remove_invisible=False),
    additional_targets={"image0": "image"},
)
known = {"negative": A.Lambda(name="negative", image=negative, p=1)}
image = np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)


def same(one, two):
    one.set_random_seed(3)
    two.set_random_seed(3)
    for _ in range(3):
        a, b = (
            t(image=image, image0=image, bboxes=[[1, 2, 30, 40]], labels=[5]) for t in (one, two)
        )
        assert np.array_equal(a["image"], b["image"])
        assert np.array_equal(a["image0"], b["image0"])
        assert np.allclose(a["bboxes"], b["bboxes"])


with tempfile.TemporaryDirectory() as name:
    for kind in ("json", "yaml"):
        path = Path(name) / f"transform.{kind}"
        A.save(transform, path, data_format=kind)
        same(transform, A.load(path, data_format=kind, nonserializable=known))

same(transform, A.from_dict(A.to_dict(transform), nonserializable=known))
same(transform, A.from_dict(transform.to_dict(), nonserializable=known))
flip = A.from_dict(A.to_dict(A.HorizontalFlip(p=0.25)))
assert isinstance(flip, A.HorizontalFlip)
assert flip.p == 0.25

message = ""
try:
    A.to_dict(A.Compose([A.Lambda(image=negative)]))
except Exception as error:
    message = str(error)
assert "name" in message, "a Lambda without a name cannot be saved"
