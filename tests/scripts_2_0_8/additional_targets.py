"""Two cameras, a depth map, and labels of both under names of their own."""

import albumentations as A
import numpy as np

rng = np.random.default_rng(0)
left = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
depth = rng.random((60, 80)).astype(np.float32)
label = (depth > 0.5).astype(np.uint8)

transform = A.Compose(
    [
        A.RandomCrop(height=40, width=48),
        A.HorizontalFlip(p=0.5),
        A.RandomRotate90(p=1),
        A.RandomBrightnessContrast(p=1),
    ],
    additional_targets={"right": "image", "depth": "mask", "label": "mask"},
)
for _ in range(10):
    result = transform(image=left, right=left.copy(), depth=depth, label=label)
    assert np.array_equal(result["image"], result["right"]), "both get the same draw"
    assert result["depth"].dtype == np.float32
    assert np.array_equal(result["label"], (result["depth"] > 0.5).astype(np.uint8))
    assert result["depth"].shape == result["image"].shape[:2]
    assert set(np.unique(result["depth"])) <= set(np.unique(depth)), "masks keep their values"

points = A.Compose(
    [A.HorizontalFlip(p=1)],
    keypoint_params=A.KeypointParams("xy"),
    additional_targets={"image2": "image", "keypoints2": "keypoints"},
)
result = points(image=left, image2=left, keypoints=[(10, 20)], keypoints2=[(0, 5), (79, 6)])
np.testing.assert_allclose(result["keypoints"], [(69, 20)], atol=1e-4)
np.testing.assert_allclose(result["keypoints2"], [(79, 5), (0, 6)], atol=1e-4)

later = A.Compose([A.VerticalFlip(p=1)])
later.add_targets({"other": "image"})
assert np.array_equal(later(image=left, other=left)["other"], left[::-1])

strict = A.Compose([A.VerticalFlip(p=1)], strict=True)
message = ""
try:
    strict(image=left, imgae=left)
except ValueError as error:
    message = str(error)
assert "imgae" in message, "a strict pipeline refuses names it does not know"
