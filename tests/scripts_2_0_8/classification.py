"""A classifier: random crops in training, a fixed crop in validation, a batch of floats."""

import albumentations as A
import cv2
import numpy as np

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

train = A.Compose(
    [
        A.RandomResizedCrop(size=(64, 64), scale=(0.5, 1.0)),
        A.HorizontalFlip(p=0.5),
        A.ShiftScaleRotate(shift_limit=0.05, scale_limit=0.1, rotate_limit=15, p=0.5),
        A.OneOf([A.GaussianBlur(blur_limit=(3, 5)), A.GaussNoise(std_range=(0.02, 0.1))], p=0.3),
        A.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.05, p=0.8),
        A.CoarseDropout(
            num_holes_range=(1, 4), hole_height_range=(0.05, 0.2), hole_width_range=(0.05, 0.2)
        ),
        A.Normalize(mean=MEAN, std=STD),
    ],
    seed=137,
)
validate = A.Compose(
    [
        A.SmallestMaxSize(max_size=72, interpolation=cv2.INTER_AREA),
        A.CenterCrop(height=64, width=64),
        A.Normalize(mean=MEAN, std=STD),
    ]
)

rng = np.random.default_rng(0)
images = [rng.integers(0, 256, (90 + 7 * i, 120, 3), dtype=np.uint8) for i in range(8)]
labels = rng.integers(0, 10, 8)

for _ in range(2):
    batch = np.stack([train(image=image)["image"] for image in images])
    assert batch.shape == (8, 64, 64, 3)
    assert batch.dtype == np.float32
    assert np.isfinite(batch).all()
    assert -3 < batch.min() < batch.max() < 3

one, two = (validate(image=images[0], label=int(labels[0])) for _ in range(2))
assert np.array_equal(one["image"], two["image"]), "validation draws nothing"
assert one["label"] == labels[0], "what is no target passes through"
grey = np.full((80, 100, 3), 128, np.uint8)
expected = (128 / 255 - np.array(MEAN)) / np.array(STD)
np.testing.assert_allclose(validate(image=grey)["image"][5, 5], expected, atol=1e-5)
