"""Four everyday pipelines beside Albumentations 2.0.8, in one process and on one thread.

`make bench` builds the environment and runs this. Both libraries build each pipeline from the very
same function, take the very same samples, and take turns batch by batch, in random order within
each pair, so that whatever else the machine does hits both. A batch is 32 calls, as a loader makes
them; `--batch 1` alternates call by call, where each library always finds the caches full of the
other one, which weighs more than the work itself on small images. The last 64 results of each stay
alive, as in a loader that prefetches. Probabilities make single calls differ by far, so the ratio
is that of the total times; its interval is a bootstrap over pairs of batches (or ten pairs of
calls). A pipeline is called 1000 times and for 5 seconds, whichever is longer: one pause of the
machine must not weigh.

Photos come from `$PROBAUG_DATA/coco_free` (by default ../shared/data), with the semantic masks that
lie beside them; where there are none, photo-like images are generated.
"""

import argparse
import csv
import os
import platform
import random
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # read at import: no look at the network

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PROBAUG_DATA", ROOT.parent / "shared" / "data"))
CLASSES = ("person", "car", "dog", "bicycle")
SAMPLES = 48
KEPT = 64
BATCH = 32
BLOCK = 10
MINIMUM = 300

Sample = dict[str, Any]

# -- pipelines: `A` is the library. Values not given are the defaults, the same in both.


def classification(A: ModuleType) -> Any:
    """The usual ImageNet recipe, its colours as strong as in contrastive learning."""
    return A.Compose(
        [
            A.RandomResizedCrop((224, 224)),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, p=0.8),
            A.Normalize(),
        ],
        seed=1,
    )


def segmentation(A: ModuleType) -> Any:
    """Street scenes and the like: a moderate affine move, a crop, two tones."""
    return A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.Affine(scale=(0.8, 1.2), translate_percent=(-0.1, 0.1), rotate=(-15, 15), p=0.8),
            A.RandomCrop(384, 384),
            A.RandomBrightnessContrast(p=0.5),
            A.RandomGamma(p=0.5),
            A.Normalize(),
        ],
        seed=1,
    )


def detection(A: ModuleType) -> Any:
    """The recipe of many notebooks for a one-stage detector; all amounts are defaults."""
    return A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.ShiftScaleRotate(p=0.5),
            A.RandomBrightnessContrast(p=0.5),
            A.HueSaturationValue(p=0.5),
            A.Resize(416, 416),
            A.Normalize(),
        ],
        bbox_params=A.BboxParams(format="pascal_voc", label_fields=["labels"], min_visibility=0.1),
        seed=1,
    )


def cifar(A: ModuleType) -> Any:
    """Pad by four and crop, flip, a tone, and a cutout of a quarter of each side."""
    return A.Compose(
        [
            A.PadIfNeeded(40, 40),
            A.RandomCrop(32, 32),
            A.HorizontalFlip(p=0.5),
            A.RandomBrightnessContrast(p=0.5),
            A.CoarseDropout(
                num_holes_range=(1, 1), hole_height_range=(8, 8), hole_width_range=(8, 8), p=0.5
            ),
            A.Normalize(mean=(0.4914, 0.4822, 0.4465), std=(0.2470, 0.2435, 0.2616)),
        ],
        seed=1,
    )


PIPELINES: dict[str, Callable[[ModuleType], Any]] = {
    pipeline.__name__: pipeline for pipeline in (classification, segmentation, detection, cifar)
}

# -- samples


def scenes() -> tuple[list[Sample], str]:
    """Return image and mask of photos at least 384 px each way, and where they are from."""
    folder = DATA / "coco_free"
    found: list[Sample] = []
    for path in sorted((folder / "semantic").glob("*.png")):
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        image = cv2.imread(str(folder / "images" / f"{path.stem}.jpg"), cv2.IMREAD_COLOR_RGB)
        if image is not None and mask is not None and min(image.shape[:2]) >= 384:
            found.append({"image": image, "mask": mask})
        if len(found) == SAMPLES:
            break
    if found:
        return found, f"{len(found)} photos of coco_free with their semantic masks"
    rng = np.random.default_rng(0)
    return [generated(rng) for _ in range(SAMPLES)], f"{SAMPLES} generated images"


def generated(rng: np.random.Generator, height: int = 480, width: int = 640) -> Sample:
    """Return noise of many scales, mixed about as photos mix them, and its level sets."""
    image = np.zeros((height, width, 3))
    for scale in (256, 128, 64, 32, 16, 8, 4, 2, 1):
        grid = rng.normal(0, scale**0.5, (height // scale + 2, width // scale + 2, 3))
        image += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    image = np.clip(128 + 50 * image / image.std(), 0, 255).astype(np.uint8)
    return {"image": image, "mask": image[..., 0] // 32}


def samples_for(name: str, base: list[Sample]) -> list[Sample]:
    """Return the samples of one pipeline: what it is fed, nothing else."""
    if name == "segmentation":
        return base
    images = [sample["image"] for sample in base]
    if name == "detection":
        rng = np.random.default_rng(1)
        return [{"image": image, **boxes(rng, *image.shape[:2])} for image in images]
    if name == "cifar":
        size = (32, 32)
        images = [cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images]
    return [{"image": image} for image in images]


def boxes(rng: np.random.Generator, height: int, width: int, count: int = 20) -> Sample:
    """Return boxes of 3 to 50 % of each side, anywhere in the image, and their labels."""
    size = rng.uniform(0.03, 0.5, (count, 2)) * (width, height)
    corner = rng.uniform(0, 1, (count, 2)) * ((width, height) - size)
    labels = rng.choice(CLASSES, count).tolist()
    return {"bboxes": np.hstack([corner, corner + size]).astype(np.float32), "labels": labels}


# -- measuring


def measure(
    pipelines: list[Any], samples: list[Sample], calls: int, seconds: float, batch: int
) -> np.ndarray[Any, Any]:
    """Return the seconds of each batch, (batches, pipelines), after a warm-up of 64 calls each."""
    order = random.Random(0)
    kept: list[deque[Any]] = [deque(maxlen=KEPT) for _ in pipelines]
    warm_up, least = -(-64 // batch), -(-calls // batch)
    times: list[list[float]] = []
    began = time.perf_counter()
    while len(times) < warm_up + least or time.perf_counter() - began < seconds:
        first = len(times) * batch
        taken = [samples[at % len(samples)] for at in range(first, first + batch)]
        row = [0.0] * len(pipelines)
        for at in order.sample(range(len(pipelines)), len(pipelines)):
            pipeline, keep = pipelines[at], kept[at].append
            start = time.perf_counter()
            for sample in taken:
                keep(pipeline(**sample))
            row[at] = time.perf_counter() - start
        times.append(row)
    return np.array(times[warm_up:])


def ratio_interval(times: np.ndarray[Any, Any], block: int) -> tuple[float, float, float]:
    """Return total of column 1 over total of column 0, and its 95 % bootstrap interval."""
    blocks = np.array([part.sum(0) for part in np.array_split(times, len(times) // block)])
    picks = np.random.default_rng(0).integers(0, len(blocks), (5000, len(blocks)))
    totals = blocks[picks].sum(1)
    low, high = np.quantile(totals[:, 1] / totals[:, 0], [0.025, 0.975])
    ours, theirs = times.sum(0)
    return float(theirs / ours), float(low), float(high)


def check_alike(name: str, pipelines: list[Any], sample: Sample) -> None:
    """Stop unless both libraries return the same shapes and dtypes: else they do not compare."""
    ours, theirs = (
        {
            key: (np.shape(value), np.asarray(value).dtype)
            for key, value in pipeline(**sample).items()
            if key in ("image", "mask")
        }
        for pipeline in pipelines
    )
    if ours != theirs:
        sys.exit(f"{name}: probaug returns {ours}, Albumentations {theirs}")


def rows(
    names: list[str], calls: int, seconds: float, batch: int, base: list[Sample]
) -> Iterator[Sample]:
    """Measure one pipeline after the other."""
    import albumentations

    import probaug

    for name in names:
        samples = samples_for(name, base)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ShiftScaleRotate is deprecated there, and wanted here
            pipelines = [PIPELINES[name](library) for library in (probaug, albumentations)]
            check_alike(name, pipelines, samples[0])
            times = measure(pipelines, samples, calls, seconds, batch)
        ours, theirs = len(times) * batch / times.sum(0)
        ratio, low, high = ratio_interval(times, BLOCK if batch == 1 else 1)
        yield {
            "pipeline": name,
            "calls": len(times) * batch,
            "probaug_img_s": round(ours, 1),
            "albumentations_img_s": round(theirs, 1),
            "ratio": round(ratio, 3),
            "low": round(low, 3),
            "high": round(high, 3),
        }


def versions() -> dict[str, str]:
    """Return what the figures depend on."""
    from importlib.metadata import version

    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "probaug": version("probaug"),
        "albumentations": version("albumentations"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1000, help="calls of each library")
    parser.add_argument("--seconds", type=float, default=5, help="at least so long a pipeline")
    parser.add_argument("--batch", type=int, default=BATCH, help="calls before the other's turn")
    parser.add_argument("--only", choices=PIPELINES, action="append", help="may be repeated")
    parser.add_argument("--csv", type=Path, default=ROOT / "benchmarks" / "pipelines.csv")
    options = parser.parse_args()
    if options.calls < MINIMUM:
        parser.error(f"--calls must be at least {MINIMUM}, got {options.calls}")

    cv2.setNumThreads(1)
    base, source = scenes()
    used = versions()
    print(", ".join(f"{name} {number}" for name, number in used.items()))
    print(
        f"{source}; one thread, batches of {options.batch} in turn, "
        f"the last {KEPT} results kept alive\n"
    )
    print(f"{'pipeline':<15}{'calls':>7}{'probaug':>11}{'Albumentations':>16}{'ratio':>8}   95 %")
    print(f"{'':<15}{'':>7}{'img/s':>11}{'img/s':>16}")
    table = []
    names = options.only or list(PIPELINES)
    for row in rows(names, options.calls, options.seconds, options.batch, base):
        table.append({**row, **used})
        print(
            f"{row['pipeline']:<15}{row['calls']:>7}{row['probaug_img_s']:>11.1f}"
            f"{row['albumentations_img_s']:>16.1f}{row['ratio']:>8.2f}"
            f"   {row['low']:.2f} - {row['high']:.2f}",
            flush=True,
        )
    with options.csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    print(f"\n{options.csv} written")


if __name__ == "__main__":
    main()
