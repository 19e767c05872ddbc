"""One mask and one box for each object; masks of objects whose box was dropped are sorted out."""

import albumentations as A
import numpy as np

image = np.zeros((120, 120, 3), np.uint8)
spots = [(10, 10, 40, 40), (50, 60, 90, 110), (100, 5, 118, 20)]
masks = []
for x1, y1, x2, y2 in spots:
    mask = np.zeros((120, 120), np.uint8)
    mask[y1:y2, x1:x2] = 1
    masks.append(mask)

transform = A.Compose(
    [A.RandomCrop(height=100, width=100), A.HorizontalFlip(p=0.5), A.Affine(rotate=(-10, 10), p=1)],
    bbox_params=A.BboxParams("pascal_voc", label_fields=["labels", "indices"], min_area=4),
    seed=5,
)
for _ in range(10):
    result = transform(
        image=image, masks=masks, bboxes=spots, labels=["a", "b", "c"], indices=[0, 1, 2]
    )
    assert len(result["masks"]) == 3
    assert all(mask.shape == (100, 100) for mask in result["masks"])
    assert all(set(np.unique(mask)) <= {0, 1} for mask in result["masks"])
    kept = [result["masks"][int(index)] for index in result["indices"]]
    for box, mask in zip(result["bboxes"], kept, strict=True):
        rows, columns = np.nonzero(mask)
        if len(rows) < 30:
            continue
        x1, y1, x2, y2 = box
        assert columns.min() >= x1 - 2
        assert columns.max() <= x2 + 2
        assert rows.min() >= y1 - 2
        assert rows.max() <= y2 + 2

stack = np.stack(masks)
result = A.Compose([A.VerticalFlip(p=1)])(image=image, masks=stack)["masks"]
assert np.array_equal(np.stack(list(result)), stack[:, ::-1])
assert masks[0].sum() == 900, "the caller's masks are left alone"
