"""Computed tomography: volumes, their masks, and slices through 2-D transforms."""

import albumentations as A
import numpy as np

rng = np.random.default_rng(2)
volume = rng.random((20, 40, 50), np.float32)
mask3d = (volume > 0.5).astype(np.uint8)

transform = A.Compose(
    [
        A.PadIfNeeded3D(min_zyx=(24, 48, 48), position="center", fill=0, fill_mask=0, p=1),
        A.RandomCrop3D(size=(16, 32, 32), p=1),
        A.CubicSymmetry(p=1),
        A.CoarseDropout3D(num_holes_range=(1, 3), fill=0, fill_mask=0, p=0.5),
    ]
)
for _ in range(5):
    result = transform(volume=volume, mask3d=mask3d)
    assert sorted(result["volume"].shape) == [16, 32, 32]
    assert result["volume"].shape == result["mask3d"].shape
    assert result["volume"].dtype == np.float32
    inside = result["volume"] != 0
    assert np.array_equal((result["volume"] > 0.5)[inside], result["mask3d"].astype(bool)[inside])

center = A.Compose([A.CenterCrop3D(size=(10, 20, 20), p=1)])
result = center(volume=volume, mask3d=mask3d)
assert np.array_equal(result["volume"], volume[5:15, 10:30, 15:35])
assert np.array_equal(result["mask3d"], mask3d[5:15, 10:30, 15:35])

padded = A.Compose([A.Pad3D(padding=(1, 2, 3), fill=7, p=1)])(volume=volume)["volume"]
assert padded.shape == (22, 44, 56)
assert np.array_equal(padded[1:-1, 2:-2, 3:-3], volume)
assert (padded[0] == 7).all()

slices = A.Compose([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)])
assert np.array_equal(slices(volume=volume)["volume"], volume[:, ::-1, ::-1])

channels = np.stack([volume, 1 - volume], axis=-1)
assert A.Compose([A.RandomCrop3D(size=(8, 8, 8))])(volume=channels)["volume"].shape == (8, 8, 8, 2)
