"""Image and mask of classes: the mask is warped without new classes."""

import albumentations as A
import cv2
import numpy as np

IGNORE = 255
transform = A.Compose(
    [
        A.RandomScale(scale_limit=0.2, p=1),
        A.PadIfNeeded(
            min_height=160, min_width=160, border_mode=cv2.BORDER_CONSTANT, fill=0, fill_mask=IGNORE
        ),
        A.RandomCrop(height=128, width=128),
        A.Rotate(limit=20, border_mode=cv2.BORDER_CONSTANT, fill_mask=IGNORE, p=1),
        A.ElasticTransform(alpha=20, sigma=6, fill_mask=IGNORE, p=0.5),
        A.GridDistortion(p=0.5, fill_mask=IGNORE),
        A.RandomGamma(p=0.5),
        A.CLAHE(p=0.5),
    ]
)
rng = np.random.default_rng(3)
image = rng.integers(0, 256, (150, 150, 3), dtype=np.uint8)
mask = np.zeros((150, 150), np.uint8)
mask[30:90, 40:100] = 1
mask[70:140, 80:140] = 2

for _ in range(10):
    result = transform(image=image, mask=mask)
    assert result["image"].shape == (128, 128, 3)
    assert result["mask"].shape == (128, 128)
    assert result["mask"].dtype == np.uint8
    assert set(np.unique(result["mask"])) <= {0, 1, 2, IGNORE}

one_hot = np.stack([mask == value for value in range(3)], axis=-1).astype(np.float32)
flip = A.Compose([A.HorizontalFlip(p=1), A.Transpose(p=1)])
result = flip(image=image, mask=one_hot)
assert result["mask"].shape == (150, 150, 3)
expected = np.transpose(one_hot[:, ::-1], (1, 0, 2))
assert np.array_equal(result["mask"], expected)
assert np.array_equal(result["mask"].sum(axis=-1), np.ones((150, 150)))

smooth = A.Compose([A.Resize(64, 64)], mask_interpolation=cv2.INTER_LINEAR)
soft = smooth(image=image, mask=one_hot)["mask"]
assert ((soft > 0.01) & (soft < 0.99)).any(), "the pipeline's own interpolation of masks holds"
