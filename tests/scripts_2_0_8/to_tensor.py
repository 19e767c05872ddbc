"""The last step for torch."""

import albumentations as A
import numpy as np
import torch
from albumentations.pytorch import ToTensorV2

transform = A.Compose(
    [A.RandomCrop(32, 32), A.HorizontalFlip(p=0.5), A.Normalize(), ToTensorV2()],
    bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
)
image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
mask = (image[..., 0] > 100).astype(np.uint8)
result = transform(image=image, mask=mask, masks=[mask, mask], bboxes=[[5, 5, 40, 30]], labels=[1])
assert isinstance(result["image"], torch.Tensor)
assert result["image"].shape == (3, 32, 32)
assert result["image"].dtype == torch.float32
assert result["mask"].shape == (32, 32)
assert result["mask"].dtype == torch.uint8
assert all(isinstance(one, torch.Tensor) for one in result["masks"])

raw = A.Compose([A.ToTensorV2()])(image=image)["image"]
assert raw.dtype == torch.uint8, "nothing is scaled"
assert np.array_equal(raw.numpy(), image.transpose(2, 0, 1))
assert A.Compose([ToTensorV2()])(image=mask)["image"].shape == (1, 40, 50)
