"""Boxes as fractions of the image, several label fields, and a pipeline within a pipeline."""

import albumentations as A
import numpy as np

inner = A.Sequential([A.VerticalFlip(p=1), A.Resize(height=50, width=80)], p=1)
transform = A.Compose(
    [inner, A.OneOf([A.Blur(p=1), A.MedianBlur(blur_limit=3, p=1)], p=1)],
    bbox_params=A.BboxParams(format="albumentations", label_fields=("names", "difficult", "score")),
    p=1,
)
image = np.zeros((100, 200, 3), np.uint8)
boxes = [[0.1, 0.2, 0.4, 0.5], [0.5, 0.5, 1.0, 1.0]]
result = transform(
    image=image,
    bboxes=boxes,
    names=["person", "tree"],
    difficult=np.array([True, False]),
    score=np.array([0.5, 0.25]),
)
assert result["image"].shape == (50, 80, 3)
np.testing.assert_allclose(
    result["bboxes"], [[0.1, 0.5, 0.4, 0.8], [0.5, 0.0, 1.0, 0.5]], atol=1e-6
)
assert list(result["names"]) == ["person", "tree"]
assert [bool(value) for value in result["difficult"]] == [True, False]
np.testing.assert_allclose(result["score"], [0.5, 0.25])
assert boxes == [[0.1, 0.2, 0.4, 0.5], [0.5, 0.5, 1.0, 1.0]], "the caller's lists are left alone"

message = ""
try:
    transform(image=image, bboxes=[[0.1, 0.2, 1.4, 0.5]], names=["a"], difficult=[0], score=[1])
except ValueError as error:
    message = str(error)
assert "bbox" in message, "a box outside of the image is an error"
