"""Every transform that Albumentations 2.0.8 has too, beside it, in one process and on one thread.

`make bench-transforms` builds the environment and runs this. Each transform runs alone in a
`Compose` with p=1, with the very same arguments in both libraries: the defaults, where they do
something. The two take turns in batches of about ten milliseconds, in random order within each
pair, and the last 32 results of each stay alive, as in a loader that prefetches. Times are medians
over batches; the ratio is theirs over ours, so above 1 this library is faster.

ToTensorV2 and ToTensor3D are measured where there is PyTorch, which `make` does not install.
`--alone` calls transforms without a `Compose` around them, where that is possible.
"""

import argparse
import csv
import io
import os
import random
import statistics
import tempfile
import time
import warnings
from collections import deque
from pathlib import Path
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # read at import: no look at the network

import cv2
import numpy as np
from pipelines import Sample, scenes, versions

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = 8
KEPT = 32
BATCH = 0.01

HALF = 0.5  # of a side of the image, in whole pixels
ARGUMENTS: dict[str, dict[str, Any]] = {
    "AdditiveNoise": {"spatial_mode": "per_pixel"},
    "Affine": {"scale": (0.8, 1.2), "translate_percent": (-0.1, 0.1), "rotate": (-15, 15)},
    "AtLeastOneBBoxRandomCrop": {"height": HALF, "width": HALF},
    "CenterCrop": {"height": HALF, "width": HALF},
    "CenterCrop3D": {"size": (16, HALF, HALF)},
    "ConstrainedCoarseDropout": {"bbox_labels": ["car"]},
    "Crop": {"x_min": 10, "y_min": 20, "x_max": HALF, "y_max": HALF},
    "CropAndPad": {"percent": (-0.1, 0.1)},
    "CropNonEmptyMaskIfExists": {"height": HALF, "width": HALF},
    "ElasticTransform": {"alpha": 50},
    "GridElasticDeform": {"num_grid_xy": (4, 4), "magnitude": 10},
    "ImageCompression": {"quality_range": (50, 80)},
    "LongestMaxSize": {"max_size": HALF},
    "Mosaic": {"target_size": (HALF, HALF), "cell_shape": (HALF, HALF)},
    "Pad": {"padding": 16},
    "Pad3D": {"padding": 4},
    "PadIfNeeded3D": {"min_zyx": (40, 160, 160)},
    "RandomCrop": {"height": HALF, "width": HALF},
    "RandomCrop3D": {"size": (16, HALF, HALF)},
    "RandomResizedCrop": {"size": (HALF, HALF)},
    "RandomScale": {"scale_limit": (-0.3, -0.1)},
    "RandomSizedBBoxSafeCrop": {"height": HALF, "width": HALF},
    "RandomSizedCrop": {"min_max_height": (100, HALF), "size": (HALF, HALF)},
    "Resize": {"height": HALF, "width": HALF},
    "SmallestMaxSize": {"max_size": HALF},
    "XYMasking": {"num_masks_x": 2, "num_masks_y": 2, "mask_x_length": 20, "mask_y_length": 20},
}
READS_BOXES = ("BBoxSafe", "BBoxRandomCrop", "ConstrainedCoarse")
READS_MASKS = ("MaskDropout", "CropNonEmptyMaskIfExists", "ConstrainedCoarseDropout")
DEPTH, SLICE = 32, 128
"""Volumes are of so many slices of such a side, at a size of 512."""
SLOW = 8
"""How often the slowest are called at least, in batches of one."""


def shared() -> dict[str, tuple[Any, Any]]:
    """Return the classes of both libraries, ours first, by name."""
    import albumentations

    import probaug
    from probaug.core.registry import REGISTRY

    sources = [albumentations]
    try:
        import albumentations.pytorch  # where there is torch
    except ImportError:
        pass
    else:
        sources.append(albumentations.pytorch)
    base = probaug.BasicTransform
    found = {
        name: (ours, getattr(source, name))
        for name, ours in REGISTRY.items()
        for source in sources
        if issubclass(ours, base) and ours.__module__.startswith("probaug.")
        if hasattr(source, name)
    }
    return dict(sorted(found.items()))


def arguments(name: str, size: int, font: str) -> dict[str, Any]:
    """Return what a transform is made with."""
    if name == "TextImage":
        return {"font_path": font, "p": 1}
    if name == "Lambda":
        return {"image": lambda image, **params: 255 - image, "p": 1}
    side = size // 4 if name.endswith("3D") else size

    def real(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(real, value))
        return int(value * side) if value == HALF and name != "Affine" else value

    return {**{key: real(value) for key, value in ARGUMENTS.get(name, {}).items()}, "p": 1}


def as_dtype(image: Any, dtype: str) -> Any:
    """Return an 8-bit image as another dtype, its white where that has it."""
    if dtype == "uint8":
        return image
    if dtype == "float32":
        return image.astype(np.float32) / np.float32(255)
    return image.astype(np.uint16) * np.uint16(257)


def samples(name: str, ours: Any, base: list[Sample], dtype: str, size: int) -> list[Sample]:
    """Return the samples that a transform is fed: an image, or what it needs beside or instead."""
    if issubclass(ours, volumetric()):
        rng = np.random.default_rng(0)
        shape = (DEPTH, size // 4, size // 4)
        return [{"volume": as_dtype(rng.integers(0, 256, shape, np.uint8), dtype)}]
    found = []
    for at, scene in enumerate(base):
        image, mask = as_dtype(scene["image"], dtype), scene["mask"]
        other = {"image": as_dtype(base[at - 1]["image"], dtype), "mask": base[at - 1]["mask"]}
        sample: Sample = {"image": image}
        if name == "FromFloat":
            sample["image"] = as_dtype(scene["image"], "float32")
        elif name == "ToRGB":
            sample["image"] = np.ascontiguousarray(image[:, :, 0])
        elif name in READS_MASKS:
            sample["mask"] = mask
        if any(part in name for part in READS_BOXES):
            sample["bboxes"] = np.array([[0.2, 0.3, 0.5, 0.6], [0.5, 0.5, 0.9, 0.8]], np.float32)
            sample["labels"] = ["car", "dog"]
        near = (size // 4, size // 4, size * 3 // 4, size * 3 // 4)
        sample |= {
            "Mosaic": {"mosaic_metadata": [other] * 3},
            "FDA": {"fda_metadata": [other["image"]]},
            "HistogramMatching": {"hm_metadata": [other["image"]]},
            "PixelDistributionAdaptation": {"pda_metadata": [other["image"]]},
            "OverlayElements": {"overlay_metadata": {"image": other["image"][:99, :99]}},
            "RandomCropNearBBox": {"cropping_bbox": near},
            "TextImage": {
                "textimage_metadata": {"text": "two words", "bbox": (0.1, 0.1, 0.9, 0.3)}
            },
        }.get(name, {})
        found.append(sample)
    return found


def volumetric() -> Any:
    """Return the base of transforms of volumes."""
    from probaug import Transform3D

    return Transform3D


def built(transform: Any, library: Any, sample: Sample) -> Any:
    """Return a pipeline of one transform."""
    boxes = "bboxes" in sample
    params = library.BboxParams("albumentations", label_fields=["labels"]) if boxes else None
    return library.Compose([transform], bbox_params=params, seed=1)


def measure(pipelines: list[Any], fed: list[Sample], seconds: float) -> Any:
    """Return the seconds per call of each batch, (batches, pipelines)."""
    order = random.Random(0)
    kept: list[deque[Any]] = [deque(maxlen=KEPT) for _ in pipelines]
    slowest = 0.0
    for pipeline, keep in zip(pipelines, kept, strict=True):
        pipeline(**fed[0])
        start = time.perf_counter()
        keep.append(pipeline(**fed[0]))
        slowest = max(slowest, time.perf_counter() - start)
    batch = max(1, int(BATCH / slowest))
    times: list[list[float]] = []
    began = time.perf_counter()
    while len(times) < SLOW or time.perf_counter() - began < seconds:
        first = len(times) * batch
        taken = [fed[at % len(fed)] for at in range(first, first + batch)]
        row = [0.0] * len(pipelines)
        for at in order.sample(range(len(pipelines)), len(pipelines)):
            pipeline, keep = pipelines[at], kept[at].append
            start = time.perf_counter()
            for sample in taken:
                keep(pipeline(**sample))
            row[at] = (time.perf_counter() - start) / batch
        times.append(row)
    return np.array(times[len(times) // 10 :])


def compare(
    name: str, classes: tuple[Any, Any], options: argparse.Namespace, base: list[Sample], font: str
) -> Sample:
    """Return one row of the table; without times where one of the two does not serve the data."""
    import albumentations

    import probaug

    fed = samples(name, classes[0], base, options.dtype, options.size)
    row: Sample = {"transform": name, "probaug_us": "", "albumentations_us": "", "ratio": ""}
    row["note"] = ""
    pipelines = []
    for cls, library in zip(classes, (probaug, albumentations), strict=True):
        try:
            transform = cls(**arguments(name, options.size, font))
            alone = options.alone and "bboxes" not in fed[0]
            pipeline = transform if alone else built(transform, library, fed[0])
            pipeline(**fed[0])
        except Exception as error:  # one that does not serve a dtype must not end the run
            row["note"] = f"{library.__name__}: {type(error).__name__}"
            return row
        pipelines.append(pipeline)
    times = measure(pipelines, fed, options.seconds)
    ours, theirs = (statistics.median(column) * 1e6 for column in times.T.tolist())
    ratio = statistics.median((times[:, 1] / times[:, 0]).tolist())
    return row | {
        "probaug_us": round(ours, 1),
        "albumentations_us": round(theirs, 1),
        "ratio": round(ratio, 2),
    }


def sized(base: list[Sample], size: int) -> list[Sample]:
    """Return photos and masks scaled to a square."""
    return [
        {
            "image": cv2.resize(scene["image"], (size, size), interpolation=cv2.INTER_AREA),
            "mask": cv2.resize(scene["mask"], (size, size), interpolation=cv2.INTER_NEAREST),
        }
        for scene in base
    ]


def font_file(folder: str) -> str:
    """Write the font that every Pillow brings along; return its path, or "" without Pillow."""
    try:
        from PIL import ImageFont
    except ImportError:
        return ""
    font: Any = ImageFont.load_default(size=10)
    path = Path(folder) / "font.ttf"
    path.write_bytes(font.path.getvalue() if isinstance(font.path, io.BytesIO) else b"")
    return str(path)


def main() -> None:
    classes = shared()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", choices=classes, action="append")
    parser.add_argument("--size", type=int, default=512, help="height and width")
    parser.add_argument("--dtype", choices=("uint8", "uint16", "float32"), default="uint8")
    parser.add_argument("--seconds", type=float, default=1, help="at least so long a transform")
    parser.add_argument("--alone", action="store_true", help="no Compose around the transforms")
    parser.add_argument("--csv", type=Path, default=ROOT / "benchmarks" / "transforms.csv")
    options = parser.parse_args()

    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")  # what is deprecated there is wanted here
    base, source = scenes()
    base = sized(base[:PHOTOS], options.size)
    used = versions()
    print(", ".join(f"{name} {number}" for name, number in used.items()))
    print(f"{source}, {options.size} x {options.size} {options.dtype}; one thread\n")
    print(f"{'transform':<30}{'probaug':>10}{'Albumentations':>16}{'ratio':>8}")
    table = []
    with tempfile.TemporaryDirectory() as folder:
        font = font_file(folder)
        for name in options.only or classes:
            row = compare(name, classes[name], options, base, font)
            table.append({**row, "size": options.size, "dtype": options.dtype, **used})
            print(
                f"{name:<30}{row['probaug_us']:>10}{row['albumentations_us']:>16}"
                f"{row['ratio']:>8}  {row['note']}",
                flush=True,
            )
    with options.csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, table[0].keys())
        writer.writeheader()
        writer.writerows(table)
    ratios = [row["ratio"] for row in table if row["ratio"] != ""]
    if ratios:
        behind = [row["transform"] for row in table if row["ratio"] != "" and row["ratio"] < 1]
        print(f"\nmedian ratio {statistics.median(ratios):.2f} over {len(ratios)} transforms")
        print(f"below 1: {', '.join(behind) or 'none'}")
    print(f"{options.csv} written")


if __name__ == "__main__":
    main()
