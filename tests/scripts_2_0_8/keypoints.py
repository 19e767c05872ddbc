"""Landmarks of faces and poses: names travel along, those outside are dropped or kept."""

import albumentations as A
import numpy as np

image = np.zeros((100, 200, 3), np.uint8)
points = [(50, 20), (150, 80), (10, 10)]
names = ["left_eye", "right_eye", "nose"]

transform = A.Compose(
    [A.HorizontalFlip(p=1)],
    keypoint_params=A.KeypointParams(format="xy", label_fields=["names"]),
)
result = transform(image=image, keypoints=points, names=names)
np.testing.assert_allclose(result["keypoints"], [(149, 20), (49, 80), (189, 10)], atol=1e-4)
assert list(result["names"]) == names

crop = [A.Crop(x_min=0, y_min=0, x_max=100, y_max=100)]
dropping = A.Compose(crop, keypoint_params=A.KeypointParams("xy", label_fields=["names"]))
result = dropping(image=image, keypoints=points, names=names)
assert list(result["names"]) == ["left_eye", "nose"]

keeping = A.Compose(
    crop,
    keypoint_params=A.KeypointParams("xy", label_fields=["names"], remove_invisible=False),
)
result = keeping(image=image, keypoints=points, names=names)
np.testing.assert_allclose(result["keypoints"], points, atol=1e-4)

pose = np.array(points, np.float32)
turn = A.Compose(
    [A.Affine(rotate=90, p=1)], keypoint_params=A.KeypointParams("xy", remove_invisible=False)
)
square = np.zeros((101, 101, 3), np.uint8)
square[20, 50] = 255
result = turn(image=square, keypoints=np.array([[50.0, 20.0]], np.float32))
row, column = np.argwhere(result["image"][..., 0] > 100).mean(axis=0)
np.testing.assert_allclose(result["keypoints"], [[column, row]], atol=0.6)

with_angle = A.Compose([A.VerticalFlip(p=1)], keypoint_params=A.KeypointParams("xyas"))
result = with_angle(image=image, keypoints=[(50, 20, 30, 7)])
np.testing.assert_allclose(result["keypoints"], [(50, 79, 330, 7)], atol=1e-3)

yx = A.Compose([A.Transpose(p=1)], keypoint_params=A.KeypointParams("yx"))
np.testing.assert_allclose(
    yx(image=image, keypoints=[(20, 50)])["keypoints"], [(50, 20)], atol=1e-4
)
