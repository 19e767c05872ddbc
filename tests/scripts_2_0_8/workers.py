"""A loader with worker processes: each gets the pipeline, samples come back in order."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import albumentations as A
import numpy as np


class Data:
    """As data sets of training frameworks: an index gives a sample."""

    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 12

    def __getitem__(self, index):
        image = np.full((32, 32, 3), 10 * index, np.uint8)
        image[:8, :8] = 255
        result = self.transform(image=image, bboxes=[[0, 0, 8, 8]], labels=[index])
        return result["image"], result["bboxes"], result["labels"]


transform = A.Compose(
    [
        A.HorizontalFlip(p=0.5),
        A.VerticalFlip(p=0.5),
        A.RandomBrightnessContrast(brightness_limit=0.1, contrast_limit=0, p=0.5),
        A.GaussNoise(std_range=(0.01, 0.02), p=1),
    ],
    bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    data = Data(transform)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        samples = list(pool.map(data.__getitem__, range(len(data))))
    for index, (image, boxes, labels) in enumerate(samples):
        assert image.shape == (32, 32, 3)
        assert [int(label) for label in labels] == [index]
        x1, y1, x2, y2 = (round(float(value)) for value in boxes[0])
        assert (x1, x2) in ((0, 8), (24, 32))
        assert (y1, y2) in ((0, 8), (24, 32))
        assert image[y1:y2, x1:x2].mean() > 190
