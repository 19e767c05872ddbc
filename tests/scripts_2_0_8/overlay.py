"""Stickers on top of an image."""

import albumentations as A
import numpy as np

image = np.full((100, 120, 3), 40, np.uint8)
sticker = np.full((100, 120, 3), 220, np.uint8)
shape = np.zeros((100, 120), np.uint8)
shape[30:60, 50:90] = 1

transform = A.Compose([A.OverlayElements(p=1)])
result = transform(image=image, overlay_metadata={"image": sticker, "mask": shape})
assert result["image"].shape == image.shape
assert (result["image"][shape == 1] == 220).all()
assert (result["image"][shape == 0] == 40).all()
assert (image == 40).all(), "the caller's image is left alone"

small = np.full((20, 30, 3), 130, np.uint8)
placed = transform(
    image=image,
    mask=np.zeros((100, 120), np.uint8),
    overlay_metadata=[{"image": small, "bbox": [0.25, 0.2, 0.5, 0.4], "mask_id": 3}],
)
assert (placed["image"][22:38, 32:58] == 130).all()
assert (placed["image"][:18] == 40).all()
assert (placed["mask"][22:38, 32:58] == 3).all()

free = transform(image=image, overlay_metadata=[{"image": small}])["image"]
assert (free == 130).all(axis=-1).sum() == 600, "without a place it lands anywhere"
