"""A detection data set in COCO's format: x, y, width, height, and category names."""

import albumentations as A
import numpy as np

transform = A.Compose(
    [
        A.RandomSizedBBoxSafeCrop(height=120, width=160, erosion_rate=0.1, p=1.0),
        A.HorizontalFlip(p=0.5),
        A.RandomBrightnessContrast(p=0.5),
    ],
    bbox_params=A.BboxParams(
        format="coco", label_fields=["category_names", "ids"], min_area=16, min_visibility=0.1
    ),
)

annotations = [
    {"id": 11, "bbox": [20, 30, 60, 50], "category": "dog"},
    {"id": 12, "bbox": [120, 40, 30, 90], "category": "cat"},
    {"id": 13, "bbox": [5, 100, 40, 40], "category": "dog"},
]
names = {note["id"]: note["category"] for note in annotations}
image = np.zeros((160, 200, 3), np.uint8)

for _ in range(20):
    result = transform(
        image=image,
        bboxes=[note["bbox"] for note in annotations],
        category_names=[note["category"] for note in annotations],
        ids=[note["id"] for note in annotations],
    )
    assert result["image"].shape == (120, 160, 3)
    assert len(result["bboxes"]) == len(result["category_names"]) == len(result["ids"])
    for (x, y, width, height), name, number in zip(
        result["bboxes"], result["category_names"], result["ids"], strict=True
    ):
        assert names[int(number)] == name
        assert x >= -1e-3
        assert y >= -1e-3
        assert x + width <= 160.001
        assert y + height <= 120.001

flip = A.Compose([A.HorizontalFlip(p=1)], bbox_params=A.BboxParams("coco", label_fields=["ids"]))
result = flip(image=image, bboxes=[[20, 30, 60, 50]], ids=[11])
np.testing.assert_allclose(result["bboxes"], [[120, 30, 60, 50]], atol=1e-3)
