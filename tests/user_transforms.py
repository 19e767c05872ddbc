"""Transforms written as Albumentations 2.0.8 users write them."""

import numpy as np
from small_moves import Power, Turn

import probaug as A

RNG = np.random.default_rng(11)
IMAGE = RNG.integers(0, 256, (20, 40, 3), np.uint8)
MASK = RNG.integers(0, 5, (20, 40), np.uint8)
BOXES = [[4, 2, 10, 5], [1, 1, 3, 3], [5, 5, 20, 20]]


class Tint(A.ImageOnlyTransform):
    """Adds a drawn number to one channel."""

    def __init__(self, limit=40, channel=0, p=0.5):
        super().__init__(p=p)
        self.limit = limit
        self.channel = channel

    def get_params(self):
        return {"add": self.py_random.randint(-self.limit, self.limit)}

    def apply(self, img, add=0, **params):
        img = img.astype(np.int32)
        img[..., self.channel] += add
        return np.clip(img, 0, 255).astype(np.uint8)

    def get_transform_init_args_names(self):
        return ("limit", "channel")


class Shift(A.DualTransform):
    """Shifts by a drawn number of pixels, around the edge; boxes that would be cut are dropped."""

    def __init__(self, most=8, p=1.0):
        super().__init__(p=p)
        self.most = most

    def get_params_dependent_on_data(self, params, data):
        width = params["shape"][1]
        return {"by": int(self.random_generator.integers(1, min(self.most, width - 1) + 1))}

    def apply(self, img, by, **params):
        return np.roll(img, by, axis=1)

    def apply_to_mask(self, mask, by, **params):
        return np.roll(mask, by, axis=1)

    def apply_to_bboxes(self, bboxes, by, **params):
        bboxes = bboxes.copy()
        bboxes[:, [0, 2]] += by / params["shape"][1]
        return bboxes[bboxes[:, 2] <= 1]

    def apply_to_keypoints(self, keypoints, by, **params):
        keypoints = keypoints.copy()
        keypoints[:, 0] = (keypoints[:, 0] + by) % params["shape"][1]
        return keypoints

    def get_transform_init_args_names(self):
        return ("most",)


class TopLeft(A.DualTransform):
    """Changes the size of the image: keeps a corner of it."""

    def __init__(self, height=10, width=16, p=1.0):
        super().__init__(p=p)
        self.height, self.width = height, width

    def apply(self, img, **params):
        return img[: self.height, : self.width]

    def apply_to_mask(self, mask, **params):
        return mask[: self.height, : self.width]

    def apply_to_bboxes(self, bboxes, **params):
        height, width = params["shape"][:2]
        bboxes = bboxes.copy()
        bboxes[:, :4] *= [width / self.width, height / self.height] * 2
        return bboxes

    def apply_to_keypoints(self, keypoints, **params):
        return keypoints


class Spy(A.DualTransform):
    """Notes what it is handed."""

    def __init__(self, p=1.0):
        super().__init__(p=p)
        self.seen = {}

    def get_params(self):
        return {"drawn": self.py_random.random()}

    def get_params_dependent_on_data(self, params, data):
        self.seen["data"] = dict(data)
        self.seen["params before"] = dict(params)
        return {"seen": self.random_generator.random()}

    def note(self, name, value, params):
        self.seen[name] = value
        self.seen[f"params of {name}"] = params
        return value

    def apply(self, img, **params):
        return self.note("image", img, params)

    def apply_to_images(self, images, **params):
        return self.note("images", images, params)

    def apply_to_mask(self, mask, **params):
        return self.note("mask", mask, params)

    def apply_to_masks(self, masks, **params):
        return self.note("masks", masks, params)

    def apply_to_bboxes(self, bboxes, **params):
        return self.note("bboxes", bboxes, params)

    def apply_to_keypoints(self, keypoints, **params):
        return self.note("keypoints", keypoints, params)


class SpyWithFill(Spy):
    """The same, with the attributes that 2.0.8 hands on."""

    def __init__(self, p=1.0):
        super().__init__(p=p)
        self.interpolation, self.mask_interpolation, self.fill, self.fill_mask = 1, 0, 7, 3


def boxes_of(transforms, boxes, labels, **data):
    pipeline = A.Compose(transforms, bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]))
    result = pipeline(image=IMAGE, bboxes=boxes, names=labels, **data)
    return result["bboxes"], result["names"]


class LoudPower(Power):
    """A subclass of a built-in that asks it to do its work."""

    def apply(self, img, **params):
        return 255 - super().apply(img, **params)


class NotedTurn(Turn):
    """Overrides every hook of a built-in, and changes nothing."""

    def get_params(self):
        return {**super().get_params(), "note": "mine"}

    def apply(self, img, **params):
        assert params["note"] == "mine"
        return super().apply(img, **params)

    def apply_to_mask(self, mask, **params):
        return super().apply_to_mask(mask, **params)

    def apply_to_bboxes(self, bboxes, **params):
        return super().apply_to_bboxes(bboxes, **params)

    def apply_to_keypoints(self, keypoints, **params):
        return super().apply_to_keypoints(keypoints, **params)
