"""An own transform that moves image, mask, boxes and keypoints."""

import albumentations as A
import numpy as np


class RollRight(A.DualTransform):
    """Shifts by a drawn number of columns; what leaves on the right comes in on the left."""

    _targets = ()

    def __init__(self, max_shift=0.5, p=1.0):
        super().__init__(p=p)
        self.max_shift = max_shift

    def get_params_dependent_on_data(self, params, data):
        width = params["shape"][1]
        return {"columns": self.py_random.randint(1, int(width * self.max_shift))}

    def apply(self, img, columns, **params):
        return np.roll(img, columns, axis=1)

    def apply_to_mask(self, mask, columns, **params):
        return np.roll(mask, columns, axis=1)

    def apply_to_bboxes(self, bboxes, columns, **params):
        bboxes = bboxes.copy()
        bboxes[:, [0, 2]] += columns / params["shape"][1]
        return bboxes[bboxes[:, 0] < 1]

    def apply_to_keypoints(self, keypoints, columns, **params):
        keypoints = keypoints.copy()
        keypoints[:, 0] = (keypoints[:, 0] + columns) % params["shape"][1]
        return keypoints


transform = A.Compose(
    [RollRight(max_shift=0.5, p=1), A.VerticalFlip(p=1)],
    bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
    keypoint_params=A.KeypointParams("xy", label_fields=["names"]),
)
image = np.zeros((50, 100, 3), np.uint8)
image[10:20, 5:25] = 255
mask = image[..., 0] // 255
for _ in range(10):
    result = transform(
        image=image,
        mask=mask,
        masks=[mask, 1 - mask],
        bboxes=[[5, 10, 25, 20]],
        labels=["box"],
        keypoints=[(5, 10), (24, 19)],
        names=["first", "last"],
    )
    rows, columns = np.nonzero(result["mask"])
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(result["bboxes"], [box], atol=1e-3)
    points = [(columns.min(), rows.max()), (columns.max(), rows.min())]
    np.testing.assert_allclose(result["keypoints"], points, atol=1e-3)
    assert np.array_equal(result["image"][..., 0] > 0, result["mask"] > 0)
    assert np.array_equal(result["masks"][0], result["mask"])
    assert list(result["labels"]) == ["box"]
    assert list(result["names"]) == ["first", "last"]


class Shuffle(A.RandomCrop):
    """A subclass of a built-in transform that adds to what it does."""

    def apply(self, img, **params):
        return 255 - super().apply(img, **params)


result = A.Compose([Shuffle(height=20, width=30, p=1)])(image=image, mask=mask)
assert result["image"].shape == (20, 30, 3)
assert np.array_equal(result["image"][..., 0] == 0, result["mask"] == 1)
