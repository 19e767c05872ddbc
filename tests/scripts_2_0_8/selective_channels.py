"""Satellite images of many bands: some transforms work on a few of them."""

import albumentations as A
import numpy as np

rng = np.random.default_rng(0)
bands = rng.integers(20, 200, (40, 40, 6), dtype=np.uint8)

transform = A.Compose(
    [
        A.SelectiveChannelTransform(
            [A.RandomBrightnessContrast(brightness_limit=(0.1, 0.2), contrast_limit=0, p=1)],
            channels=[0, 1, 2],
            p=1,
        ),
        A.D4(p=1),
    ]
)
for _ in range(5):
    result = transform(image=bands, mask=bands[..., 0])
    assert result["image"].shape == bands.shape
    before, after = np.sort(bands, axis=None), result["image"]
    for band in range(6):
        same = np.array_equal(
            np.sort(after[..., band], axis=None), np.sort(bands[..., band], axis=None)
        )
        assert same == (band > 2), "only the first three are brighter"
assert bands.max() < 200

many = A.Compose(
    [
        A.RandomCrop(height=32, width=32),
        A.HorizontalFlip(p=0.5),
        A.ChannelDropout(channel_drop_range=(1, 2), fill=0, p=1),
        A.Normalize(mean=[0.3] * 6, std=[0.2] * 6),
    ]
)
result = many(image=bands)["image"]
assert result.shape == (32, 32, 6)
empty = [band for band in range(6) if np.allclose(result[..., band], -0.3 / 0.2, atol=1e-5)]
assert 1 <= len(empty) <= 2
