"""Frames of a clip share what was drawn."""

import albumentations as A
import numpy as np

frames = np.repeat(np.random.default_rng(0).integers(0, 256, (1, 60, 80, 3), np.uint8), 8, axis=0)
masks = np.zeros((8, 60, 80), np.uint8)
masks[:, 10:30, 20:50] = 1

transform = A.Compose(
    [
        A.RandomCrop(height=48, width=64),
        A.HorizontalFlip(p=0.5),
        A.RandomBrightnessContrast(p=1),
        A.Affine(rotate=(-20, 20), p=1),
        A.GaussianBlur(p=0.5),
    ]
)
seen = []
for _ in range(6):
    result = transform(images=frames, masks=masks)
    clip, marks = np.asarray(result["images"]), np.asarray(result["masks"])
    assert clip.shape == (8, 48, 64, 3)
    assert marks.shape == (8, 48, 64)
    assert (clip == clip[0]).all(), "equal frames stay equal"
    assert (marks == marks[0]).all()
    seen.append(clip[0])
assert any(not np.array_equal(seen[0], other) for other in seen[1:]), "clips differ"

grey = transform(images=frames[..., 0])
assert np.asarray(grey["images"]).shape == (8, 48, 64)

normal = A.Compose([A.Normalize()])(images=frames)["images"]
assert np.asarray(normal).dtype == np.float32
np.testing.assert_allclose(normal[3], A.Normalize()(image=frames[3])["image"], atol=1e-5)
