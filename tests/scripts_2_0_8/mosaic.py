"""Four samples in one."""

import albumentations as A
import numpy as np


def sample(value, size=(120, 160)):
    image = np.full((*size, 3), value, np.uint8)
    mask = np.full(size, value // 50, np.uint8)
    return {
        "image": image,
        "mask": mask,
        "bboxes": np.array([[0.25, 0.25, 0.75, 0.75]], np.float32),
        "labels": np.array([value // 50]),
    }


samples = [sample(value) for value in (50, 100, 150, 200)]
transform = A.Compose(
    [
        A.Mosaic(
            grid_yx=(2, 2),
            target_size=(200, 240),
            cell_shape=(120, 140),
            center_range=(0.4, 0.6),
            fit_mode="cover",
            fill=0,
            p=1.0,
        ),
        A.HorizontalFlip(p=0.5),
    ],
    bbox_params=A.BboxParams("albumentations", label_fields=["labels"], min_area=10),
    seed=3,
)
for _ in range(5):
    first, *others = samples
    result = transform(**first, mosaic_metadata=others)
    assert result["image"].shape == (200, 240, 3)
    assert result["mask"].shape == (200, 240)
    assert set(np.unique(result["image"])) <= {0, 50, 100, 150, 200}
    assert len(np.unique(result["image"])) >= 4
    assert np.array_equal(result["image"][..., 0] // 50, result["mask"])
    assert len(result["bboxes"]) == len(result["labels"]) >= 2
    for (x1, y1, x2, y2), label in zip(
        np.asarray(result["bboxes"])[:, :4], result["labels"], strict=True
    ):
        row, column = int((y1 + y2) / 2 * 200), int((x1 + x2) / 2 * 240)
        assert result["image"][row, column, 0] == 50 * int(label), "boxes lie on their sample"
