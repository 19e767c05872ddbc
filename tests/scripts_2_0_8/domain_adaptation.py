"""Pictures take over the look of other pictures."""

import albumentations as A
import numpy as np

rng = np.random.default_rng(0)
image = rng.integers(0, 100, (64, 64, 3), dtype=np.uint8)
bright = rng.integers(150, 256, (64, 64, 3), dtype=np.uint8)

matched = A.Compose([A.HistogramMatching(blend_ratio=(1.0, 1.0), metadata_key="look", p=1)])
result = matched(image=image, look=[bright])["image"]
assert abs(float(result.mean()) - float(bright.mean())) < 3

fourier = A.Compose([A.FDA(beta_limit=(0.1, 0.1), metadata_key="look", p=1)])
result = fourier(image=image, look=[bright])["image"]
assert result.shape == image.shape
assert result.dtype == np.uint8
assert float(result.mean()) > float(image.mean()) + 30

for kind in ("pca", "standard", "minmax"):
    adapt = A.Compose(
        [
            A.PixelDistributionAdaptation(
                blend_ratio=(1.0, 1.0), transform_type=kind, metadata_key="look", p=1
            )
        ]
    )
    result = adapt(image=image, look=[bright])["image"]
    assert result.shape == image.shape
    assert result.dtype == np.uint8
assert image.max() < 100
