"""The same draw for another image, and what was drawn."""

import albumentations as A
import numpy as np

rng = np.random.default_rng(0)
left, right = (rng.integers(0, 256, (80, 100, 3), dtype=np.uint8) for _ in range(2))
transform = A.ReplayCompose(
    [
        A.RandomCrop(height=64, width=64),
        A.HorizontalFlip(p=0.5),
        A.OneOf([A.RandomGamma(p=1), A.RandomBrightnessContrast(p=1)], p=0.9),
        A.Rotate(limit=(10, 30), p=0.5),
    ],
    bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
)
for _ in range(10):
    first = transform(image=left, bboxes=[[20, 20, 60, 60]], labels=[1])
    replay = first["replay"]
    again = A.ReplayCompose.replay(replay, image=left, bboxes=[[20, 20, 60, 60]], labels=[1])
    assert np.array_equal(first["image"], again["image"])
    np.testing.assert_allclose(first["bboxes"], again["bboxes"], atol=1e-3)
    other = A.ReplayCompose.replay(replay, image=right, bboxes=[], labels=[])
    assert other["image"].shape == first["image"].shape

    assert replay["__class_fullname__"].endswith("ReplayCompose")
    steps = {step["__class_fullname__"]: step for step in replay["transforms"]}
    assert set(steps) == {"RandomCrop", "HorizontalFlip", "OneOf", "Rotate"}
    assert steps["RandomCrop"]["applied"] is True
    applied = [step["applied"] for step in steps["OneOf"]["transforms"]]
    assert sum(applied) == int(steps["OneOf"]["applied"])
