"""Draw every transform on a photo: `make gallery`, or `python -m demo.gallery --out DIR`."""

from __future__ import annotations

import argparse
import difflib
import inspect
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import probaug as A
from probaug.core.registry import REGISTRY

from . import coco, draw
from .scenes import SIDE, Sample, Scenes, compose, short
from .strengths import KINDS, STRENGTHS, WITHOUT_PICTURE, arguments, has_strength

OUT = Path(__file__).parents[1] / "docs" / "gallery"
THIN = "bboxes", "ids", "keypoints"
OUTLINES = "polygons", "polygon_ids", "oriented", "oriented_ids"
NAMES = "labels", "keypoint_labels"
SLICES = 6


@cache
def families() -> dict[str, list[str]]:
    """The names of all transforms that have something to show, by family."""
    found: dict[str, list[str]] = {}
    for name, cls in sorted(REGISTRY.items(), key=lambda item: item[1].__module__):
        package, _, family = cls.__module__.rpartition(".")
        if package == "probaug.transforms" and name not in WITHOUT_PICTURE:
            found.setdefault(family, []).append(name)
    return found


def cells(name: str, scenes: Scenes, family: str, seed: int) -> list[tuple[str, np.ndarray]]:
    """The photo as it is, and what a transform makes of it, with captions."""
    sample = scenes.sample(name, family)
    tinted = not issubclass(REGISTRY[name], A.ImageOnlyTransform)
    row = [("original", picture(sample, (*THIN, *OUTLINES, *NAMES), tinted))]
    calls = [REGISTRY[name](**given, **scenes.given(name)) for given in arguments(name)]
    if not has_strength(name):
        return row + draws(calls[0], sample, seed)
    for word, call in zip(("weak: ", "usual: ", "strong: "), calls):
        caption = short(call) if name in KINDS else word + short(call)
        row.append((caption, once(call, sample, (seed, 0, 0))))
    return row


def draws(call: Any, sample: Sample, seed: int) -> list[tuple[str, np.ndarray]]:
    """Up to three different pictures that a transform draws, with captions."""
    found = [picture(sample, (*THIN, *OUTLINES), not isinstance(call, A.ImageOnlyTransform))]
    for number in range(12):
        drawn = once(call, sample, (seed, 0, number))
        if len(found) < 4 and not any(np.array_equal(drawn, other) for other in found):
            found.append(drawn)
    return [(short(call), drawn) for drawn in found[1:] or found]


def once(transform: Any, sample: Sample, key: tuple[int, int, int]) -> np.ndarray:
    """A picture of what a transform makes of a sample."""
    transform = transform.replace(p=1.0)
    oriented = sample.get("oriented", [])
    result = compose(transform)(**{**sample, "oriented": []}, key=key)
    if oriented and not transform.targets_as_params:
        same = {name: sample[name] for name in ("image", "mask", "labels", "ids")}
        turned = compose(transform, "obb")(**same, bboxes=oriented, key=key)
        if np.array_equal(turned["image"], result["image"]):  # boxes may decide what is drawn
            result.update(oriented=turned["bboxes"], oriented_ids=turned["ids"])
    if isinstance(transform, A.ImageOnlyTransform):
        return picture(result, THIN, tinted=False)
    return picture(result, (*THIN, *OUTLINES), tinted=True)


def picture(result: Sample, shown: Sequence[str], tinted: bool) -> np.ndarray:
    """A sample with these of its labels and maybe masks, of the size of a cell at most."""
    if "volume" in result:
        return slices(result)
    result = {"oriented_ids": result["ids"], **result}
    masks = objects(result["mask"]) if tinted else []
    labels = {name: result[name] for name in shown}
    drawn = draw.overlay(visible(result["image"]), masks=masks, **labels)
    return draw.fit(drawn, SIDE)[0] if max(drawn.shape[:2]) > SIDE else drawn


def objects(mask: np.ndarray) -> list[np.ndarray]:
    """A mask of numbers, from 1, as one mask for each."""
    return [np.asarray(mask == number + 1, np.uint8) for number in range(mask.max())]


def visible(image: np.ndarray) -> np.ndarray:
    """An image as RGB uint8; of floats, the least becomes black and the largest white."""
    if image.dtype != np.uint8:
        low, high = float(image.min()), float(image.max())
        image = np.rint((image - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)
    return cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image


def slices(result: Sample) -> np.ndarray:
    """Some slices of a volume, from the first to the last, with masks and keypoints."""
    volume, mask = result["volume"], result["mask3d"]
    side = SIDE // 3
    factor = min(1.25, (side - 4) / max(volume.shape[1:3]))  # with gaps
    page = np.full((2 * side, 3 * side, 3), draw.BACKGROUND, np.uint8)
    shown = np.rint(np.linspace(0, len(volume) - 1, SLICES)).astype(int)
    points: dict[int, list[tuple[float, float]]] = {}
    for x, y, z in np.reshape(result["keypoints"], (-1, 3)).tolist():
        place = int(np.abs(shown - z).argmin())
        points.setdefault(place, []).append(((x + 0.5) * factor - 0.5, (y + 0.5) * factor - 0.5))
    for place, z in enumerate(shown):
        size = [max(1, round(length * factor)) for length in volume.shape[2:0:-1]]
        small = cv2.resize(mask[z], size, interpolation=cv2.INTER_NEAREST_EXACT)
        drawn = draw.overlay(
            cv2.resize(volume[z], size),
            masks=objects(small),
            keypoints=points.get(place, []),
        )
        top, left = place // 3 * side, place % 3 * side
        page[top : top + size[1], left : left + size[0]] = drawn
    return page


def index(pages: Mapping[str, Sequence[str]], skipped: Mapping[str, str]) -> str:
    """The page that shows all pages, as Markdown."""
    lines = [
        "# Gallery",
        "",
        "Made by `make gallery`. Every transform, weak, usual and strong, or with different "
        "draws where it has no strength; each call is run with `p=1`. Boxes are upright, oriented "
        "and as outlines; where only values change, nothing but boxes and keypoints is drawn over "
        "them. Of a volume there are six slices.",
        "",
        " · ".join(f"[{family}](#{family})" for family in pages),
        "",
    ]
    for family, names in pages.items():
        lines += [f"## {family}", ""]
        lines += [f"- **{name}**: {summary(name)}" for name in names]
        lines += ["", f"![{', '.join(names)}]({family}.png)", ""]
    lines += ["## Without a picture", ""]
    lines += [f"- **{name}**: {reason}" for name, reason in sorted(skipped.items())]
    return "\n".join(lines) + "\n"


def summary(name: str) -> str:
    return (inspect.getdoc(REGISTRY[name]) or "").partition("\n")[0].replace("``", "`")


def make(scenes: Scenes, out: Path, only: Sequence[str], seed: int) -> dict[str, str]:
    """Write a page for each family, and the index; returns what has no picture, and why."""
    pages, skipped = {}, dict(WITHOUT_PICTURE) if not only else {}
    for family, members in families().items():
        names = [name for name in members if not only or name in only]
        missing = {name: why for name in names if (why := scenes.missing(name))}
        skipped |= missing
        names = [name for name in names if name not in missing]
        if names:
            rows = [cells(name, scenes, family, seed) for name in names]
            draw.save(out / f"{family}.png", draw.sheet(rows, SIDE))
            pages[family] = names
            print(f"{family}: {', '.join(names)}", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / "index.md").write_text(index(pages, skipped), encoding="utf-8")
    return skipped


def options(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo.gallery",
        description="Draw every transform on a photo with boxes, masks and keypoints.",
    )
    parser.add_argument("--out", type=Path, default=OUT, help="where to (docs/gallery)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="some transforms")
    parser.add_argument("--coco", type=Path, help="annotations in COCO format")
    parser.add_argument("--images", type=Path, help="the folder of the images they name")
    parser.add_argument("--seed", type=int, default=3, help="of all that is random (3)")
    found = parser.parse_args(given)
    if (found.coco is None) != (found.images is None):
        parser.error("--coco and --images go together")
    for name in found.only:
        if name in WITHOUT_PICTURE:
            parser.error(f"{name} has no picture: {WITHOUT_PICTURE[name]}")
        if name not in STRENGTHS:
            near = difflib.get_close_matches(name, STRENGTHS, 1)
            parser.error(f"there is no transform {name}" + (f"; {near[0]}?" if near else ""))
    return found


def main(given: Sequence[str] | None = None) -> int:
    found = options(given)
    try:
        photos, notes = coco.read(
            found.coco or coco.ANNOTATIONS, found.images or coco.bundled_photos()
        )
        skipped = make(Scenes(photos), found.out, found.only, found.seed)
    except coco.DemoError as error:
        print(f"gallery: {error}", file=sys.stderr)
        return 2
    for note in [*notes, *(f"without a picture: {n} ({why})" for n, why in skipped.items())]:
        print(note)
    print(f"Pictures: {found.out / 'index.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
