"""`AugmentedSequence` and `augment` beside Keras' own ways, at 224 x 224, side by side in one run.

All make float batches of 32 out of the same uint8 images, flipped, turned, zoomed, shifted, with
other colours: Keras' `ImageDataGenerator` (which has fewer of those), Keras' preprocessing layers
in tf.data, `AugmentedSequence` on none, one and two threads and processes, and `tfdata.augment`.
They take turns, an epoch each; what is printed is the median over the turns, and of ratios the
median of those within a turn. "Two processors" is what two processes that share nothing gain over
one at that moment: on a machine that others use too it is less than 2, and no feed can gain more.
"""

import argparse
import math
import multiprocessing
import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np

import probaug as A

BATCH, SIZE = 32, 224
PIPELINE = A.Compose(
    [
        A.HorizontalFlip(p=0.5),
        A.Affine(scale=(0.9, 1.1), rotate=(-15, 15), translate_percent=(-0.1, 0.1), p=1),
        A.ColorJitter(p=1),
        A.ToFloat(255),
    ]
)


def photos(count: int) -> np.ndarray:
    """Smooth images with some grain."""
    rng = np.random.default_rng(1)
    images = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for image in images:
        coarse = rng.integers(0, 256, (7, 7, 3), np.uint8)
        smooth = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        image[...] = np.clip(smooth + rng.normal(0, 8, smooth.shape), 0, 255)
    return images


def burn(seconds: float, counts: Any) -> None:
    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        count += 1
    counts.put(count)


def processors() -> float:
    """What two processes gain over one just now."""
    context = multiprocessing.get_context("spawn")
    counts = context.Queue()
    totals = []
    for number in (1, 2):
        running = [context.Process(target=burn, args=(0.5, counts)) for _ in range(number)]
        for process in running:
            process.start()
        totals.append(sum(counts.get() for _ in running))
        for process in running:
            process.join()
    return totals[1] / totals[0]


def feeds(images: np.ndarray) -> dict[str, Callable[[], Iterator[Any]]]:
    """By name, what gives the batches of an epoch."""
    import keras
    import tensorflow as tf
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    from probaug.adapters.keras import AugmentedSequence
    from probaug.adapters.tfdata import augment

    labels = np.arange(len(images))
    generator = ImageDataGenerator(
        rotation_range=15,
        width_shift_range=0.1,
        height_shift_range=0.1,
        zoom_range=0.1,
        brightness_range=(0.8, 1.2),
        channel_shift_range=20,
        horizontal_flip=True,
        rescale=1 / 255,
    ).flow(images, labels, batch_size=BATCH, seed=1)
    layers = keras.layers.Pipeline(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(15 / 360),
            keras.layers.RandomZoom(0.1),
            keras.layers.RandomTranslation(0.1, 0.1),
            keras.layers.RandomColorJitter((0, 255), 0.2, 0.2, (0.4, 0.6), 0.1),
            keras.layers.Rescaling(1 / 255),
        ]
    )
    source = tf.data.Dataset.from_tensor_slices((images, labels)).batch(BATCH)
    layered = source.map(lambda x, y: (layers(x, training=True), y))
    augmented = augment(source, PIPELINE, seed=1)
    found: dict[str, Callable[[], Iterator[Any]]] = {
        "ImageDataGenerator": lambda: (generator[i] for i in range(len(generator))),
        "Keras' layers, tf.data": lambda: iter(layered),
        "tfdata.augment": lambda: iter(augmented),
    }
    how = [{"threads": 0}, {"threads": 1}, {"threads": 2}, {"processes": 1}, {"processes": 2}]
    for options in how:
        sequence = AugmentedSequence((images, labels), PIPELINE, batch_size=BATCH, **options)
        (kind, number), *_ = options.items()
        found[f"AugmentedSequence, {kind}={number}"] = lambda s=sequence: (
            s[i] for i in range(len(s))
        )
    return found


def rate(batches: Iterator[Any]) -> float:
    """Images in a second, without the first batches: a look-ahead begins with the third."""
    for _ in range(3):
        next(batches)
    start = time.perf_counter()
    count = sum(1 for _ in batches)
    return count * BATCH / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="epochs of each")
    parser.add_argument("--batches", type=int, default=16, help="batches in an epoch")
    parser.add_argument(
        "--ours",
        action="store_true",
        help="without the others, after which memory is slower",
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # SciPy's, about the name by which Keras calls it
    cv2.setNumThreads(1)
    sources = feeds(photos(options.batches * BATCH))
    if options.ours:
        sources = {name: start for name, start in sources.items() if "Sequence" in name}
    import keras
    import tensorflow as tf

    versions = {"probaug": A, "keras": keras, "tensorflow": tf, "numpy": np}
    print(", ".join(f"{name} {module.__version__}" for name, module in versions.items()), end=", ")
    print(f"opencv {cv2.__version__} on 1 thread, Python {platform.python_version()}")
    for start in sources.values():  # processes start, graphs are traced
        list(start())
    rounds = []
    gains = []
    for _ in range(options.rounds):
        rounds.append({name: rate(start()) for name, start in sources.items()})
        gains.append(processors())
    print(f"{'':<32}{'images/s':>9}{'x layers':>10}{'x IDG':>8}{'x one':>8}")
    for name in sources:
        against = ["Keras' layers, tf.data", "ImageDataGenerator"]
        kind = name[: name.find("=")]
        against.append(f"{kind}=1" if "=" in name else name)
        ratios = [
            statistics.median(r[name] / r.get(other, math.nan) for r in rounds) for other in against
        ]
        middle = statistics.median(r[name] for r in rounds)
        print(f"{name:<32}{middle:>9.0f}{ratios[0]:>10.1f}{ratios[1]:>8.1f}{ratios[2]:>8.2f}")
    print(f"two processors: x {statistics.median(gains):.2f}, at best {max(gains):.2f}")


if __name__ == "__main__":
    main()
