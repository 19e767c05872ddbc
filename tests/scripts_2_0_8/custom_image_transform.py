"""Own transforms of images: constants, drawn parameters, parameters from the image."""

import albumentations as A
import numpy as np


class AddConstant(A.ImageOnlyTransform):
    def __init__(self, value=10, p=0.5):
        super().__init__(p=p)
        self.value = value

    def apply(self, img, **params):
        return np.clip(img.astype(np.int16) + self.value, 0, 255).astype(np.uint8)


class RandomStripe(A.ImageOnlyTransform):
    """Paints a column at a drawn place."""

    def __init__(self, width_range=(2, 6), p=0.5):
        super().__init__(p=p)
        self.width_range = width_range

    def get_params(self):
        return {"width": self.py_random.randint(*self.width_range)}

    def get_params_dependent_on_data(self, params, data):
        columns = params["shape"][1]
        start = int(self.random_generator.integers(0, columns - 10))
        return {"start": start, "brightest": int(data["image"].max())}

    def apply(self, img, start, width, brightest, **params):
        img = img.copy()
        img[:, start : start + width] = brightest
        return img


class Contrast(A.ImageOnlyTransform):
    """Asks for another argument of the call."""

    @property
    def targets_as_params(self):
        return ["reference"]

    def get_params_dependent_on_data(self, params, data):
        return {"mean": float(data["reference"].mean())}

    def apply(self, img, mean, **params):
        return np.clip((img - mean) * 1.5 + mean, 0, 255).astype(np.uint8)


image = np.zeros((40, 60, 3), np.uint8)
image[:10] = 90
assert AddConstant(value=5, p=1)(image=image)["image"][0, 0, 0] == 95

pipeline = A.Compose(
    [AddConstant(value=20, p=1), RandomStripe(p=1), A.HorizontalFlip(p=0.5)], seed=42
)
places = set()
for _ in range(20):
    result = pipeline(image=image, mask=image[..., 0])
    stripe = (result["image"][20, :, 0] == 110).nonzero()[0]
    assert 2 <= len(stripe) <= 6
    places.add(int(stripe[0]))
    assert set(np.unique(result["mask"])) == {0, 90}, "masks keep their values"
assert len(places) > 5
assert image.max() == 90, "the caller's image is left alone"

result = A.Compose([Contrast(p=1)])(image=image, reference=np.full((3, 3), 10.0))
assert result["image"].max() == 130
assert result["reference"].shape == (3, 3)
assert len(A.Compose([Contrast(p=0.0)])(image=image, reference=image)) == 2
