"""Our `ImageDataGenerator` beside Keras' own, in one process and on one thread.

Both generators take the same arguments and the same uint8 images, 224 x 224 and 32 x 32, and take
turns batch by batch. What is compared is the total time of the batches; the interval of the ratio
is a bootstrap over pairs of them. `--threads 2` gives ours threads; Keras' has none.
"""

import argparse
import os
import platform
import random
import time
import warnings
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
import scipy
import tensorflow as tf
from tensorflow.keras.preprocessing.image import ImageDataGenerator as Theirs

import probaug
from probaug.adapters.image_data_generator import ImageDataGenerator as Ours

BATCH = 32
GEOMETRY = {
    "rotation_range": 20,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "shear_range": 10,
    "zoom_range": 0.1,
    "horizontal_flip": True,
    "rescale": 1 / 255,
}
SETTINGS = {
    "usual": GEOMETRY,
    "usual, reflect": GEOMETRY | {"fill_mode": "reflect"},
    "usual and colours": GEOMETRY | {"brightness_range": (0.7, 1.3), "channel_shift_range": 20},
    "flips only": {"horizontal_flip": True, "vertical_flip": True, "rescale": 1 / 255},
}


def photos(count: int, size: int) -> np.ndarray:
    """Smooth images with some grain."""
    rng = np.random.default_rng(1)
    images = np.empty((count, size, size, 3), np.uint8)
    for image in images:
        coarse = rng.integers(0, 256, (7, 7, 3), np.uint8)
        smooth = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
        image[...] = np.clip(smooth + rng.normal(0, 8, smooth.shape), 0, 255)
    return images


def timed(flow: Iterator[np.ndarray]) -> float:
    start = time.perf_counter()
    next(flow)
    return time.perf_counter() - start


def interval(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    rng = random.Random(1)
    ratios = []
    for _ in range(1000):
        drawn = rng.choices(pairs, k=len(pairs))
        ratios.append(sum(a for a, _ in drawn) / sum(b for _, b in drawn))
    ratios.sort()
    return ratios[25], ratios[974]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=12, help="batches of each generator")
    parser.add_argument("--threads", type=int, default=0, help="threads of ours; 0 for none")
    parser.add_argument("--sizes", type=int, nargs="+", default=[224, 32])
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # SciPy's, about the name by which Keras calls it
    cv2.setNumThreads(1)
    versions = {"probaug": probaug, "keras": keras, "tensorflow": tf, "scipy": scipy, "numpy": np}
    print(", ".join(f"{name} {module.__version__}" for name, module in versions.items()), end=", ")
    print(f"opencv {cv2.__version__} on 1 thread, Python {platform.python_version()}")
    print(f"{'setting':<20}{'size':>5}{'keras/s':>10}{'probaug/s':>11}{'ratio':>8}  95 %")
    for size in options.sizes:
        images = photos(2 * BATCH, size)
        for name, setting in SETTINGS.items():
            theirs = Theirs(**setting).flow(images, batch_size=BATCH, seed=1)
            ours = Ours(**setting, threads=options.threads).flow(images, batch_size=BATCH, seed=1)
            for flow in (theirs, ours):
                next(flow)
            batches = options.batches * (1 if size > 100 else 10)
            pairs = [(timed(theirs), timed(ours)) for _ in range(batches)]
            slow, fast = (sum(column) / batches for column in zip(*pairs, strict=True))
            low, high = interval(pairs)
            print(
                f"{name:<20}{size:>5}{BATCH / slow:>10.0f}{BATCH / fast:>11.0f}"
                f"{slow / fast:>8.1f}  {low:.1f} to {high:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
