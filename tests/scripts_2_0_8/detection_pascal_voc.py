"""Boxes in Pascal VOC's format with the label behind the coordinates, filtered after a crop."""

import albumentations as A
import numpy as np

image = np.zeros((100, 100, 3), dtype=np.uint8)
bboxes = np.array(
    [[10, 10, 40, 40, 1], [45, 45, 55, 55, 2], [60, 60, 100, 100, 3]], dtype=np.float32
)

keep_all = A.Compose(
    [A.Crop(x_min=0, y_min=0, x_max=50, y_max=50)], bbox_params=A.BboxParams(format="pascal_voc")
)
result = keep_all(image=image, bboxes=bboxes)["bboxes"]
assert isinstance(result, np.ndarray)
assert sorted(result[:, 4].tolist()) == [1, 2]
np.testing.assert_allclose(result[0, :4], [10, 10, 40, 40], atol=1e-3)
np.testing.assert_allclose(result[1, :4], [45, 45, 50, 50], atol=1e-3)

whole_ones = A.Compose(
    [A.Crop(x_min=0, y_min=0, x_max=50, y_max=50)],
    bbox_params=A.BboxParams(format="pascal_voc", min_visibility=0.5),
)
assert whole_ones(image=image, bboxes=bboxes)["bboxes"][:, 4].tolist() == [1]

rotate = A.Compose(
    [A.RandomRotate90(p=1)], bbox_params={"format": "pascal_voc", "label_fields": ["labels"]}
)
result = rotate(image=image, bboxes=[(10, 20, 30, 40)], labels=["car"])
assert list(result["labels"]) == ["car"]
x_min, y_min, x_max, y_max = result["bboxes"][0]
np.testing.assert_allclose(sorted([x_max - x_min, y_max - y_min]), [20, 20], atol=1e-3)

lenient = A.Compose(
    [A.NoOp()],
    bbox_params=A.BboxParams("pascal_voc", filter_invalid_bboxes=True, clip=True),
)
left = lenient(image=image, bboxes=np.array([[-20.0, 10, 40, 30, 7], [30, 30, 30, 60, 8]]))
np.testing.assert_allclose(left["bboxes"], [[0, 10, 40, 30, 7]], atol=1e-3)

nothing = keep_all(image=image, bboxes=np.zeros((0, 5)))
assert len(nothing["bboxes"]) == 0
