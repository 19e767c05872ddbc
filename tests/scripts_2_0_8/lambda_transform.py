"""Functions as transforms: for images, masks, boxes and keypoints."""

import albumentations as A
import numpy as np


def to_bgr(image, **params):
    return np.ascontiguousarray(image[..., ::-1])


def only_large(mask, **params):
    return mask if mask.sum() > 50 else np.zeros_like(mask)


def shrink(bboxes, **params):
    bboxes = bboxes.copy()
    bboxes[:, :2] += 0.05
    bboxes[:, 2:4] -= 0.05
    return bboxes


def down(keypoints, **params):
    keypoints = keypoints.copy()
    keypoints[:, 1] += 3
    return keypoints


transform = A.Compose(
    [
        A.Lambda(image=to_bgr, mask=only_large, bboxes=shrink, keypoints=down, p=1.0),
        A.HorizontalFlip(p=1),
    ],
    bbox_params=A.BboxParams("albumentations", label_fields=["labels"]),
    keypoint_params=A.KeypointParams("xy"),
)
image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
mask = np.zeros((40, 40), np.uint8)
mask[:5, :5] = 1
result = transform(
    image=image, mask=mask, bboxes=[[0.1, 0.2, 0.5, 0.6]], labels=["a"], keypoints=[(4, 5)]
)
assert np.array_equal(result["image"], image[:, ::-1, ::-1])
assert not result["mask"].any()
np.testing.assert_allclose(result["bboxes"], [[0.55, 0.25, 0.85, 0.55]], atol=1e-6)
np.testing.assert_allclose(result["keypoints"], [(35, 8)], atol=1e-4)
assert list(result["labels"]) == ["a"]

half = A.Lambda(image=lambda x, **params: x // 2, p=1)
assert np.array_equal(half(image=image, mask=mask)["image"], image // 2)
assert np.array_equal(half(image=image, mask=mask)["mask"], mask)
