"""Does augmentation help, and what does it cost? A small CNN, three ways, the same time for each.

Satellite tiles (EuroSAT) and flower photos in class folders; without augmentation, with Keras'
layers in tf.data, and with `AugmentedSequence`: the same moves and colours, the same wall-clock
budget, several seeds. Time spent on validation is not counted. Writes a table
(benchmarks/training.csv) and, where matplotlib is installed, a plot.

    python benchmarks/training.py --budget 60 --seeds 3
"""

import argparse
import csv
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np
import tensorflow as tf

import probaug as A
from probaug.adapters.keras import AugmentedSequence

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("PROBAUG_DATA", ROOT.parent / "shared" / "data"))
BATCH = 32
RATE = 3e-3
# side in pixels, training images per class (None: all but the validation ones), marks per run
SETS = {"eurosat": (32, 50), "flowers": (64, None)}
WAYS = ("none", "Keras layers", "probaug")


def folder(path: Path, side: int, most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Images of class folders, `most` per class, as (N, side, side, 3) and labels."""
    images, labels = [], []
    for label, name in enumerate(sorted(p for p in path.iterdir() if p.is_dir())):
        for file in sorted(name.iterdir())[:most]:
            image = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
            images.append(A.Resize(side, side, interpolation=cv2.INTER_AREA)(image=image)["image"])
            labels.append(label)
    return np.stack(images), np.array(labels)


def load(name: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Training and validation images: EuroSAT has its own split, of flowers every fourth."""
    side, most = SETS[name]
    if name == "eurosat":
        path = DATA / "eurosat"
        return folder(path / "train", side, most), folder(path / "val", side, None)
    root = next(p for p in [DATA / name / "images", DATA / name] if p.is_dir())
    x, y = folder(root, side, most)
    held = np.arange(len(x)) % 4 == 0
    return (x[~held], y[~held]), (x[held], y[held])


def model(side: int, classes: int) -> keras.Model:
    layers: list[Any] = [keras.Input((side, side, 3)), keras.layers.Rescaling(1 / 255)]
    for width in (16, 32, 64, 64):
        layers += [
            keras.layers.Conv2D(width, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(classes)]
    net = keras.Sequential(layers)
    net.compile(
        keras.optimizers.Adam(RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return net


def pipeline() -> A.Compose:
    """Flips, turns, small shifts and zooms, light: what the layers below do, too."""
    return A.Compose(
        [
            A.HorizontalFlip(),
            A.VerticalFlip(),
            A.Affine(
                rotate=(-36, 36),
                scale=(0.9, 1.1),
                keep_ratio=True,
                translate_percent=(-0.1, 0.1),
                border_mode="reflect",
                p=1,
            ),
            A.RandomBrightnessContrast((-0.1, 0.1), (-0.1, 0.1), p=1),
        ]
    )


def layers(seed: int) -> list[Any]:
    return [
        keras.layers.RandomFlip("horizontal", seed=seed),
        keras.layers.RandomFlip("vertical", seed=seed + 1),
        keras.layers.RandomRotation(0.1, seed=seed + 2),
        keras.layers.RandomTranslation(0.1, 0.1, seed=seed + 3),
        keras.layers.RandomZoom(0.1, seed=seed + 4),
        keras.layers.RandomBrightness(0.1, seed=seed + 5),
        keras.layers.RandomContrast(0.1, seed=seed + 6),
    ]


def feed(way: str, x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    if way == "probaug":
        return AugmentedSequence((x, y), pipeline(), batch_size=BATCH, seed=seed)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=seed).batch(BATCH)
    if way == "Keras layers":
        moves = layers(seed)

        def change(images: Any, labels: Any) -> tuple[Any, Any]:
            for move in moves:
                images = move(images, training=True)
            return images, labels

        dataset = dataset.map(change, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.prefetch(tf.data.AUTOTUNE)


class Budget(keras.callbacks.Callback):
    """Stops when the time is up; a cosine of the time spent decides the learning rate."""

    def __init__(self, seconds: float, marks: int, held: tuple[np.ndarray, np.ndarray]) -> None:
        super().__init__()
        self.seconds, self.marks, self.held = seconds, marks, held
        self.spent, self.epochs = 0.0, 0
        self.seen: list[tuple[float, float]] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        now = self.spent + time.perf_counter() - self.start
        part = min(now / self.seconds, 1.0)
        self.model.optimizer.learning_rate.assign(RATE * (1 + np.cos(np.pi * part)) / 2)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.spent += time.perf_counter() - self.start
        self.epochs += 1
        over = self.spent >= self.seconds
        if over or self.spent >= self.seconds * (len(self.seen) + 1) / self.marks:
            x, y = self.held
            guess = self.model.predict_on_batch(x).argmax(axis=1)
            self.seen.append((self.spent, float((guess == y).mean())))
        if over:
            self.model.stop_training = True


def runs(names: list[str], budget: float, seeds: int, marks: int) -> Iterator[dict[str, Any]]:
    for name in names:
        (x, y), held = load(name)
        for seed in range(seeds):
            for way in WAYS:
                keras.utils.set_random_seed(seed)
                net = model(x.shape[1], int(y.max()) + 1)
                clock = Budget(budget, marks, held)
                warm = feed(way, x[:BATCH], y[:BATCH], seed)
                net.fit(warm, epochs=1, verbose=0)  # what is compiled is not counted
                keras.utils.set_random_seed(seed)
                fresh = model(x.shape[1], int(y.max()) + 1)
                net.set_weights(fresh.get_weights())
                for variable in net.optimizer.variables:
                    variable.assign(np.zeros(variable.shape))
                net.fit(feed(way, x, y, seed), epochs=100_000, callbacks=[clock], verbose=0)
                best = clock.seen[-1][1]
                print(
                    f"{name:8} {way:13} seed {seed}: {clock.epochs:4} epochs, {best:.3f}",
                    flush=True,
                )
                for spent, accuracy in clock.seen:
                    yield {
                        "set": name, "way": way, "seed": seed, "epochs": clock.epochs,
                        "seconds": round(spent, 1), "accuracy": round(accuracy, 4),
                    }  # fmt: skip


def last(rows: list[dict[str, Any]], name: str, way: str) -> list[float]:
    """The final accuracy of each seed."""
    final: dict[int, float] = {}
    for row in rows:
        if (row["set"], row["way"]) == (name, way):
            final[row["seed"]] = row["accuracy"]
    return list(final.values())


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError:
        print("no plot: matplotlib is not installed")
        return
    names = sorted({row["set"] for row in rows})
    figure, axes = plt.subplots(1, len(names), figsize=(6 * len(names), 4), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        for way in WAYS:
            some = [row for row in rows if (row["set"], row["way"]) == (name, way)]
            places = sorted({row["seed"] for row in some})
            curves = [[row for row in some if row["seed"] == seed] for seed in places]
            length = min(map(len, curves))
            times = [mean(curve[i]["seconds"] for curve in curves) for i in range(length)]
            values = [mean(curve[i]["accuracy"] for curve in curves) for i in range(length)]
            axis.plot(times, values, label=way)
        axis.set(title=name, xlabel="seconds of training", ylabel="validation accuracy")
        axis.grid(alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=60, help="seconds of training per run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--marks", type=int, default=12, help="measurements per run")
    parser.add_argument("--only", choices=sorted(SETS))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    names = [args.only] if args.only else [name for name in SETS if (DATA / name).is_dir()]
    if not names:
        raise SystemExit("set PROBAUG_DATA to a folder that holds eurosat or flowers")
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, OpenCV {cv2.__version__}")
    rows = list(runs(names, args.budget, args.seeds, args.marks))
    with args.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    plot(rows, args.out.with_suffix(".png"))
    spread: Callable[[list[float]], float] = lambda v: stdev(v) if len(v) > 1 else 0.0  # noqa: E731
    for name in names:
        for way in WAYS:
            final = last(rows, name, way)
            epochs = [r["epochs"] for r in rows if (r["set"], r["way"]) == (name, way)]
            print(
                f"{name:8} {way:13} {mean(final):.3f} ± {spread(final):.3f} "
                f"({mean(epochs):.0f} epochs in {args.budget:.0f} s)"
            )


if __name__ == "__main__":
    main()
