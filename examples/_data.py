"""Pictures for the examples, drawn here: put your own in their place."""

import cv2
import numpy as np

SHAPES = ("disc", "box", "cross")


def pictures(count=96, side=64, seed=0):
    """Images with one shape each; the shape's number, mask, and box (x1, y1, x2, y2)."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 90, (count, side, side, 3), dtype=np.uint8)
    masks = np.zeros((count, side, side, 1), np.uint8)
    kinds = rng.integers(0, len(SHAPES), count)
    boxes = np.empty((count, 1, 4), np.float32)
    for image, mask, kind, box in zip(images, masks, kinds, boxes, strict=True):
        r = int(rng.integers(side // 8, side // 4))
        x, y = (int(place) for place in rng.integers(r + 1, side - r - 1, 2))
        if SHAPES[kind] == "disc":
            cv2.circle(mask, (x, y), r, 1, -1)
        elif SHAPES[kind] == "box":
            cv2.rectangle(mask, (x - r, y - r), (x + r, y + r), 1, -1)
        else:
            cv2.line(mask, (x - r, y), (x + r, y), 1, 3)
            cv2.line(mask, (x, y - r), (x, y + r), 1, 3)
        image[mask[..., 0] > 0] = rng.integers(150, 256, 3)
        box[0] = x - r, y - r, x + r + 1, y + r + 1
    return images, kinds, masks, boxes
