"""Does augmentation help, and what does it cost? A small CNN, four ways, the same time for each.

Satellite tiles (EuroSAT) and flower photos in class folders: without augmentation, with Keras'
layers in tf.data, with `AugmentedSequence` doing the same moves, and with moves of probaug that
Keras' layers lack. Each run has the same wall-clock budget, validation not counted, with a learning
rate that falls over that time. Writes a table (benchmarks/training.csv) and, where matplotlib is
installed, a plot beside it.

    python benchmarks/training.py --budget 60 --seeds 3
"""

import argparse
import csv
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any, TypeAlias

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
REFLECT = cv2.BORDER_REFLECT_101
SIDE = {"eurosat": 32, "flowers": 64}
EUROSAT_PER_CLASS = 50  # of 200: augmentation is for those who have few
WAYS = ("none", "Keras layers", "same moves", "probaug")


def folder(path: Path, side: int, most: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Images of class folders, `most` per class, as (N, side, side, 3) and labels."""
    images, labels = [], []
    for label, name in enumerate(sorted(p for p in path.iterdir() if p.is_dir())):
        for file in sorted(name.iterdir())[:most]:
            image = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
            images.append(A.Resize(side, side, interpolation=cv2.INTER_AREA)(image=image)["image"])
            labels.append(label)
    return np.stack(images), np.array(labels)


Part: TypeAlias = tuple[np.ndarray, np.ndarray]


def load(name: str, seed: int) -> tuple[Part, Part]:
    """Training and validation images.

    EuroSAT has its own split; of flowers another quarter is held back for each seed, since a
    quarter of them is few.
    """
    side = SIDE[name]
    if name == "eurosat":
        path = DATA / "eurosat"
        return folder(path / "train", side, EUROSAT_PER_CLASS), folder(path / "val", side, None)
    root = next(p for p in [DATA / name / "images", DATA / name] if p.is_dir())
    x, y = folder(root, side, None)
    held = np.arange(len(x)) % 4 == seed % 4
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


def same_moves(name: str) -> list[Any]:
    """What `layers` does, with the transforms of probaug."""
    light = A.RandomBrightnessContrast((-0.05, 0.05), (-0.05, 0.05), p=1)
    if name == "eurosat":
        return [A.HorizontalFlip(), A.VerticalFlip(), light]
    zoom = {"scale": (0.85, 1.15), "translate_percent": (-0.1, 0.1)}
    return [A.HorizontalFlip(), A.Affine(**zoom, rotate=(-18, 18), border_mode=REFLECT, p=1), light]


def own_moves(name: str) -> list[Any]:
    """What Keras' layers lack: quarter turns, moves that happen now and then."""
    light = A.RandomBrightnessContrast((-0.05, 0.05), (-0.05, 0.05), p=0.5)
    if name == "eurosat":
        return [A.SquareSymmetry(p=1), light]
    return [
        A.HorizontalFlip(),
        A.Affine(scale=(0.8, 1.25), rotate=(-18, 18), border_mode=REFLECT, p=0.7),
        A.CoarseDropout(p=0.3),
        light,
    ]


def layers(name: str, seed: int) -> list[Any]:
    """The moves as Keras' layers."""
    light = [
        keras.layers.RandomBrightness(0.05, seed=seed),
        keras.layers.RandomContrast(0.05, seed=seed + 1),
    ]
    if name == "eurosat":
        return [keras.layers.RandomFlip(seed=seed + 2), *light]
    return [
        keras.layers.RandomFlip("horizontal", seed=seed + 2),
        keras.layers.RandomRotation(0.05, seed=seed + 3),
        keras.layers.RandomTranslation(0.1, 0.1, seed=seed + 4),
        keras.layers.RandomZoom(0.15, seed=seed + 5),
        *light,
    ]


def feed(name: str, way: str, part: Part, seed: int) -> Any:
    if way in ("same moves", "probaug"):
        moves = same_moves(name) if way == "same moves" else own_moves(name)
        return AugmentedSequence(part, A.Compose(moves), batch_size=BATCH, seed=seed)
    dataset = tf.data.Dataset.from_tensor_slices(part).shuffle(len(part[0]), seed=seed).batch(BATCH)
    if way == "Keras layers":
        moves = layers(name, seed)

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


def train(name: str, way: str, seed: int, budget: float, marks: int) -> "Budget":
    """One run: a warm-up, so that what is compiled is not counted, then the budget."""
    part, held = load(name, seed)
    keras.utils.set_random_seed(seed)
    net = model(SIDE[name], int(part[1].max()) + 1)
    net.optimizer.build(net.trainable_variables)
    state = [*net.variables, *net.optimizer.variables]
    start = [keras.ops.convert_to_numpy(variable) for variable in state]
    few = 2 * BATCH
    net.fit(feed(name, way, (part[0][:few], part[1][:few]), seed), shuffle=False, verbose=0)
    net.predict_on_batch(held[0])
    for variable, value in zip(state, start, strict=True):
        variable.assign(value)
    clock = Budget(budget, marks, held)
    source = feed(name, way, part, seed)  # all shuffle by themselves
    net.fit(source, epochs=100_000, shuffle=False, callbacks=[clock], verbose=0)
    return clock


def runs(names: list[str], budget: float, seeds: int, marks: int) -> Iterator[dict[str, Any]]:
    """A row for each measurement; the ways take turns, so that a busy hour meets them all."""
    for name, seed, way in itertools.product(names, range(seeds), WAYS):
        clock = train(name, way, seed, budget, marks)
        final = clock.seen[-1][1]
        print(f"{name:8} {way:13} seed {seed}: {clock.epochs:4} epochs, {final:.3f}", flush=True)
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
    parser.add_argument("--only", choices=sorted(SIDE))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".csv"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    names = [options.only] if options.only else [name for name in SIDE if (DATA / name).is_dir()]
    if not names:
        raise SystemExit("set PROBAUG_DATA to a folder that holds eurosat or flowers")
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, OpenCV {cv2.__version__}")
    rows = list(runs(names, options.budget, options.seeds, options.marks))
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    plot(rows, options.out.with_suffix(".png"))
    for name, way in itertools.product(names, WAYS):
        final = last(rows, name, way)
        epochs = [r["epochs"] for r in rows if (r["set"], r["way"]) == (name, way)]
        spread = stdev(final) if len(final) > 1 else 0.0
        print(
            f"{name:8} {way:13} {mean(final):.3f} ± {spread:.3f} "
            f"({mean(epochs):.0f} epochs in {options.budget:.0f} s)"
        )


if __name__ == "__main__":
    main()
