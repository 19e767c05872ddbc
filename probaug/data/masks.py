"""Pictures with a mask beside each, or with a mask for each object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from ..core.fields import Array
from .decode import AnyPath
from .objects import Object, ObjectReader
from .outlines import mask_box
from .reader import (
    AnnotationError,
    Options,
    Reader,
    Reporter,
    Sample,
    fitted,
    image_files,
    is_path,
)

Color = tuple[int, int, int]
COLOR = 2**32
"""What tells a packed colour from a number."""


class Masks(Reader):
    """Pictures and masks of the same name; "mask" is the class of every pixel, (H, W).

    Args:
        images: The folder of the pictures, or a list of them.
        masks: The folder of the masks, or a list of them in the same order.
        suffix: What the name of a mask has behind that of its picture.
        classes: Names of the classes, in order; then other numbers are an error.
        values: What a number or a colour (R, G, B) in the files stands for: a dict of all, or a
            list of which the first is class 0. If not given, numbers are what they are.
        ignore: The number of pixels that belong to no class, which is right beside the classes.
        unmatched: "raise" an error for a picture without a mask, or "drop" it.
        options: See `Options`.

    Example::

        numbers = Masks("photos", "masks", classes=["ground", "cat"])  # 0 and 1 are in the files
        other = Masks("photos", "masks", values={0: 5, 1: 7})  # 0 stands for class 5, 1 for 7
        assert set(np.unique(other[0]["mask"])) == {5, 7}
        black, red = (0, 0, 0), (128, 0, 0)  # files in colours, as Pascal VOC has them
        colours = Masks("photos", "colours", values=[black, red])
        assert colours[0]["mask"].max() == 1

    """

    def __init__(
        self,
        images: AnyPath | Sequence[AnyPath],
        masks: AnyPath | Sequence[AnyPath],
        *,
        suffix: str = "",
        classes: Iterable[str] = (),
        values: Mapping[int | Color, int] | Sequence[int | Color] | None = None,
        ignore: int | None = 255,
        unmatched: str = "raise",
        **options: Unpack[Options],
    ) -> None:
        self.classes = tuple(classes)
        self.ignore = ignore
        pairs = values.items() if isinstance(values, Mapping) else zip(values or (), range(2**31))
        table: dict[int, int] = {}
        for value, number in pairs:
            code = packed(value)
            if code in table or not isinstance(number, (int, np.integer)):
                rule = "different numbers or colours, each with the number of a class"
                raise ValueError(f"Masks.values must be {rule}, got {value!r}: {number!r}")
            table[code] = int(number)
        self._known = np.array(sorted(table), np.int64)
        self._numbers = np.array([table[value] for value in self._known.tolist()], np.int64)
        ends = *table.values(), *(() if ignore is None else (ignore,))
        small = 0 <= min(ends, default=0) <= max(ends, default=0) < 256
        self._dtype = np.dtype(np.uint8 if small else np.int32)  # the same for all pictures
        super().__init__(matched(images, masks, suffix, unmatched), **options)

    def _read(self, item: tuple[Path, Path], report: Reporter) -> Sample:
        path, beside = item
        picture = self._load(path)
        mask = self._load_mask(beside, picture.size)
        mask = self._read_values(beside, mask) if len(self._known) else mask
        if mask.ndim == 3:
            rule = "be of one channel, or have its colours in `values`"
            raise AnnotationError(beside, "the mask", rule, mask.shape)
        if self.classes:
            strange = set(np.unique(mask).tolist()) - {*range(len(self.classes)), self.ignore}
            if strange:
                rule = f"have numbers below {len(self.classes)}, or {self.ignore}"
                report(AnnotationError(beside, "the mask", rule, sorted(strange)))
        mask = fitted(mask, picture.image.shape)
        return {"image": picture.image, "mask": mask, "path": str(path)}

    def _read_values(self, path: Path, mask: Array) -> Array:
        """The classes that the numbers or colours of a file stand for."""
        codes = mask.astype(np.int64)
        if mask.ndim == 3:
            codes = codes @ np.array([65536, 256, 1]) + COLOR
        places = np.searchsorted(self._known, codes).clip(max=len(self._known) - 1)
        numbers, strange = self._numbers[places], self._known[places] != codes
        if self.ignore is not None and mask.ndim == 2:
            numbers[strange] = self.ignore
            strange &= codes != self.ignore
        if strange.any():
            row, column = np.argwhere(strange)[0].tolist()
            rule = "be one of the numbers or colours in `values`"
            raise AnnotationError(
                path, f"pixel ({row}, {column})", rule, mask[row, column].tolist()
            )
        return np.asarray(numbers, self._dtype)


class InstanceMasks(ObjectReader):
    """Pictures with a mask file for every object, all of one class.

    Args:
        images: The pictures.
        masks: For each picture, the files of its objects; what is not 0 is the object.
        parts: What to give of every object, out of "bbox" and "mask".
        instances: Give the parts of an object together: see `ObjectReader`.
        box_format: How to write boxes.
        classes: The name of the class.
        options: See `Options`.

    Example::

        reader = InstanceMasks(["photos/0.jpg"], [["masks/0.png", "masks/1.png"]])
        first, second = reader[0]["instances"]  # dicts of "bbox", "mask" and "label"
        assert first["mask"].shape == reader[0]["image"].shape[:2]

    """

    FORMAT = "pascal_voc"

    def __init__(
        self,
        images: Sequence[AnyPath],
        masks: Sequence[Sequence[AnyPath]],
        *,
        parts: Sequence[str] = ("bbox", "mask"),
        instances: bool = True,
        box_format: str | None = None,
        classes: tuple[str] = ("object",),
        **options: Unpack[Options],
    ) -> None:
        if is_path(images) or is_path(masks) or any(is_path(each) for each in masks):
            got = images if is_path(images) else masks
            rule = "a list of pictures, and one of lists of the files of each one's masks"
            raise ValueError(f"InstanceMasks.images and masks must be {rule}, got {got!r:.100}")
        if len(images) != len(masks):
            raise ValueError(f"InstanceMasks has {len(images)} images and masks of {len(masks)}")
        items = [
            (Path(image), [Path(path) for path in paths]) for image, paths in zip(images, masks)
        ]
        self.classes = tuple(classes)
        super().__init__(items, parts, instances, box_format, **options)

    def _read(self, item: tuple[Path, list[Path]], report: Reporter) -> Sample:
        path, files = item
        picture = self._load(path)
        objects = []
        for file in files:
            try:
                mask = self._load_mask(file, picture.size)
                shown = (mask if mask.ndim == 2 else mask.any(axis=2)) != 0
                if not shown.any():
                    raise AnnotationError(file, "the mask", "show something", "nothing")
            except AnnotationError as error:
                report(error)
            else:
                mask = shown.astype(np.uint8)
                objects.append(Object("the mask", 0, mask_box(mask), mask=mask, source=file))
        return self._sample(path, picture, objects, report)


def packed(value: int | Color) -> int:
    """A number, or a colour as one."""
    if isinstance(value, (int, np.integer)):
        return int(value)
    if np.shape(value) != (3,):
        raise ValueError(f"Masks.values must be numbers or colours (R, G, B), got {value!r}")
    red, green, blue = map(int, value)
    return COLOR + red * 65536 + green * 256 + blue


def matched(images: Any, masks: Any, suffix: str, unmatched: str) -> list[tuple[Path, Path]]:
    """Pictures and the masks of the same name."""
    if is_path(images) != is_path(masks):
        raise ValueError("Masks.images and Masks.masks must be two folders or two lists")
    if unmatched not in ("raise", "drop"):
        raise ValueError(f"Masks.unmatched must be 'raise' or 'drop', got {unmatched!r}")
    if not is_path(images):
        if len(images) != len(masks):
            raise ValueError(f"Masks has {len(images)} images and {len(masks)} masks")
        return [(Path(image), Path(mask)) for image, mask in zip(images, masks)]
    known = {path.relative_to(masks).with_suffix(""): path for path in image_files(masks)}
    pairs, alone = [], []
    for path in image_files(images):
        name = path.relative_to(images).with_suffix("")
        mask = known.get(name.with_name(name.name + suffix))
        if mask is None:
            alone.append(path)
        else:
            pairs.append((path, mask))
    if alone and unmatched == "raise":
        raise ValueError(
            f"{masks} has no mask of {alone[0]} (and {len(alone) - 1} others); unmatched='drop' "
            "leaves them out"
        )
    return pairs
