"""Run the demo: `python -m demo`, or with `--coco annotations.json --images DIR` on your photos."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from . import coco

if TYPE_CHECKING:
    from .train import Report

PHOTOS_IN_TRAINING = 64


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Augment annotated photos, draw them, and train two small Keras models.",
    )
    parser.add_argument("--coco", type=Path, help="annotations in COCO format")
    parser.add_argument("--images", type=Path, help="the folder of the images they name")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).with_name("overlays.png"),
        help="the page of pictures (default: demo/overlays.png)",
    )
    parser.add_argument("--rows", type=int, default=6, help="photos on the page (6)")
    parser.add_argument("--epochs", type=int, default=8, help="of each training (8)")
    parser.add_argument("--samples", type=int, default=240, help="in an epoch (240)")
    parser.add_argument("--seed", type=int, default=3, help="of all that is random (3)")
    options = parser.parse_args(given)
    if (options.coco is None) != (options.images is None):
        parser.error("--coco and --images go together")
    for name in ("rows", "epochs", "samples"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    return options


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    start = time.perf_counter()
    try:
        reports = run(options)
    except coco.DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    print(table(reports))
    print(f"\nPictures: {options.output}   Time: {time.perf_counter() - start:.0f} s")
    return 0


def run(options: argparse.Namespace) -> list[Report]:
    print("1/4  Photos and annotations")
    annotations = options.coco or coco.ANNOTATIONS
    photos, notes = coco.read(annotations, options.images or coco.bundled_photos())
    for note in notes:
        print(f"     {note}")
    objects = sum(len(photo.labels) for photo in photos)
    points = sum(len(photo.keypoints) for photo in photos)
    print(f"     {len(photos)} photos, {objects} objects, {points} keypoints")
    overlays(photos, options)
    learnable = [photo for photo in photos if photo.labels][:PHOTOS_IN_TRAINING]
    if not learnable:
        raise coco.DemoError("none of the photos has an object to learn")
    print("3/4  Segmentation through AugmentedSequence: objects against background", flush=True)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # exceptions still say what is wrong
    os.environ["KERAS_BACKEND"] = "tensorflow"  # the detector's loss is written for it
    with quiet():
        from . import train  # here, because TensorFlow takes seconds to start

        train.keras.utils.set_random_seed(options.seed)
    size = {"count": options.samples, "epochs": options.epochs, "seed": options.seed}
    reports = [train.segmenter(learnable, **size)]
    print(f"4/4  Detection through tf.data: {train.commonest(learnable)}", flush=True)
    return [*reports, train.detector(learnable, **size)]


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back what native libraries print as they start, unless they fail."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def overlays(photos: Sequence[coco.Photo], options: argparse.Namespace) -> None:
    from . import draw, overlays

    side = 240
    chosen = overlays.choose(photos, options.rows)
    print(f"2/4  Overlays: {len(chosen)} photos, {overlays.VERSIONS} augmented versions of each")
    page = []
    for photo, row in zip(chosen, overlays.rows(chosen, side, options.seed)):
        page.append(row)
        print(f"     {len(page)} of {len(chosen)}  {photo.name}", flush=True)
    titles = ["original", *(f"version {i + 1}" for i in range(overlays.VERSIONS))]
    draw.save(options.output, draw.grid(page, titles, side))


def table(reports: Sequence[Report]) -> str:
    lines = [f"\n{'feed':20}{'samples/s':>10}   {'model':26}{'first loss':>11}{'last loss':>11}"]
    lines += [
        f"{r.feed:20}{r.samples_per_second:10.0f}   {r.model:26}{r.first:11.3f}{r.last:11.3f}"
        for r in reports
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
