"""What all readers have in common: they read lazily, give parts of themselves, and check all."""

from __future__ import annotations

import copy
import functools
import hashlib
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias, TypedDict, TypeGuard, Unpack, overload

import cv2

from .. import BboxParams, KeypointParams, PolygonParams
from ..core.fields import Array, is_number
from ..core.matrix import Size
from .decode import MAX_PIXELS, MODES, AnyPath, Mode, Needed, Picture, decode_mask, load
from .shrink import smallest_needed

Sample: TypeAlias = dict[str, Any]
Reporter: TypeAlias = Callable[["AnnotationError"], None]
EXTENSIONS = (
    ".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".npy",
    ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp",
)  # fmt: skip


class AnnotationError(ValueError):
    """An annotation that breaks a rule."""

    def __init__(self, path: AnyPath, place: str, rule: str, value: Any) -> None:
        self.path, self.place, self.rule, self.value = str(path), place, rule, value
        super().__init__(self.path, place, rule, value)

    def __str__(self) -> str:
        return f"{self.path}: {self.place} must {self.rule}, got {self.value!r:.200}"


class Options(TypedDict, total=False):
    """What every reader takes, and has as attributes that may be set at any time.

    mode: "rgb", "gray" or "raw" pictures, as `decode` has them.
    at_least: Height and width that pictures need, or a function of their size that gives them: a
        larger JPEG is decoded smaller, and its labels with it. See `Reader.suit`.
    max_pixels: Largest height times width of a picture.
    exif: Turn pictures as their orientation says; labels are of the turned picture.
    invalid: What becomes of annotations that break a rule: "raise" an error, or "drop" them.
    """

    mode: Mode
    at_least: Needed | None
    max_pixels: int
    exif: bool
    invalid: Literal["raise", "drop"]


class Reader(Sequence[Sample]):
    """A sequence of samples, each read when it is asked for. Threads may share it.

    ``reader[i]`` is a dict with "image": (H, W, 3) uint8, or what ``mode`` gives, and "path".
    A file that gives no image is an `ImageError`, an annotation that breaks a rule an
    `AnnotationError`; both are ValueErrors that name the file. `check` lists all of them.

    Attributes:
        classes: Names of the classes; labels are places in it.

    """

    classes: tuple[str, ...] = ()
    mode: Mode = "rgb"
    at_least: Needed | None = None
    max_pixels: int = MAX_PIXELS
    exif: bool = True
    invalid: Literal["raise", "drop"] = "raise"

    bbox_params: BboxParams | None = None
    keypoint_params: KeypointParams | None = None
    polygon_params: PolygonParams | None = None

    CHOICES: ClassVar[dict[str, tuple[str, ...]]] = {"mode": MODES, "invalid": ("raise", "drop")}

    def __init__(self, items: Iterable[Any], **options: Unpack[Options]) -> None:
        self._items = list(items)
        for name, value in options.items():
            if name not in Options.__annotations__:
                raise TypeError(f"{type(self).__name__} has no parameter {name!r}")
            if value not in self.CHOICES.get(name, (value,)):
                choices = " or ".join(map(repr, self.CHOICES[name]))
                raise ValueError(f"{type(self).__name__}.{name} must be {choices}, got {value!r}")
            setattr(self, name, value)
        if not self._items:
            raise ValueError(f"{type(self).__name__} finds no images")

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Sample | Self:
        if isinstance(place, slice):
            return self.subset(range(len(self))[place])
        return self._read(self._items[operator.index(place)], self._complain)

    def __iter__(self) -> Iterator[Sample]:
        return (self[place] for place in range(len(self)))

    def __repr__(self) -> str:
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"<{type(self).__name__}: {len(self)} samples{classes}>"

    def _read(self, item: Any, report: Reporter) -> Sample:
        """Read one sample; report annotations that break a rule, and leave them out."""
        raise NotImplementedError

    def _path(self, item: Any) -> Path | None:
        """The picture of an item, if it is a file."""
        path: Path = item[0]
        return path

    def _name(self, item: Any) -> str:
        """What tells an item from others, wherever its files are."""
        path = self._path(item)
        return str(item) if path is None else "/".join(path.parts[-2:])

    def _complain(self, error: AnnotationError) -> None:
        if self.invalid == "raise":
            raise error

    def _load(self, path: AnyPath) -> Picture:
        return load(
            path,
            self.mode,
            at_least=self.at_least,
            max_pixels=self.max_pixels,
            exif=self.exif,
        )

    def _load_mask(self, path: Path, size: Size) -> Array:
        """Read the mask of a picture, which must have the picture's size."""
        mask = decode_mask(path, max_pixels=self.max_pixels, exif=self.exif)
        if mask.shape[:2] != size:
            rule = f"be of {size.height} x {size.width} pixels, as its picture is"
            raise AnnotationError(path, "the mask", rule, mask.shape)
        return mask

    @property
    def paths(self) -> list[Path]:
        """The picture of every sample; an empty list if samples are no files."""
        paths = map(self._path, self._items)
        return [path for path in paths if path is not None]

    def path_of(self, place: int) -> Path | None:
        """The picture of one sample; None if samples are no files."""
        return self._path(self._items[operator.index(place)])

    @property
    def params(self) -> dict[str, Any]:
        """How the labels are written, for a pipeline: ``Compose(..., **reader.params)``."""
        names = ("bbox_params", "keypoint_params", "polygon_params")
        return {name: params for name in names if (params := getattr(self, name)) is not None}

    def subset(self, places: Iterable[int]) -> Self:
        """The samples at some places, in this order."""
        part = copy.copy(self)
        part._items = [self._items[operator.index(place)] for place in places]
        return part

    def split(self, fraction: float, seed: int = 0) -> tuple[Self, Self]:
        """Two parts, the first of which has a fraction of the samples.

        Which samples those are depends on the seed and the names of their files alone, neither on
        the machine nor on where the files are.
        """
        if not (is_number(fraction) and 0 <= fraction <= 1):
            raise ValueError(f"split.fraction must be a number in [0, 1], got {fraction!r}")
        ranks = [rank(seed, place, self._name(item)) for place, item in enumerate(self._items)]
        order = sorted(range(len(self)), key=ranks.__getitem__)
        count = round(fraction * len(self))
        return self.subset(sorted(order[:count])), self.subset(sorted(order[count:]))

    def suit(self, pipeline: Any) -> None:
        """Decode pictures no larger than the first step of a pipeline needs them.

        A Resize, SmallestMaxSize, LongestMaxSize, LetterBox or RandomResizedCrop lets large JPEG
        files be decoded at a half, a quarter or an eighth; labels are scaled with them. Results
        are smoother than those of whole pictures, unless the step averages pixels, too.
        """
        self.at_least = functools.partial(smallest_needed, pipeline)

    def check(self) -> list[ValueError]:
        """Read everything, and list all that is wrong with it."""
        problems: list[ValueError] = []
        for item in self._items:
            try:
                self._read(item, problems.append)
            except ValueError as error:
                problems.append(error)
        return problems

    def number_of(self, name: Any, path: AnyPath, place: str) -> int:
        """The number of a class; an error names where the name stands."""
        numbers: dict[str, int] | None = self.__dict__.get("_numbers")
        if numbers is None:
            numbers = self.__dict__["_numbers"] = {c: n for n, c in enumerate(self.classes)}
        if name not in numbers:
            rule = f"have a class among the {len(self.classes)} that there are"
            raise AnnotationError(path, place, rule, name)
        return numbers[name]


def rank(seed: int, place: int, name: str) -> tuple[bytes, int]:
    """A place in a random order."""
    return hashlib.blake2b(f"{seed}/{name}".encode()).digest(), place


def image_files(folder: AnyPath) -> list[Path]:
    """All files in a folder that look like pictures, in the order of their names."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    found = (path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)
    return sorted(path for path in found if path.is_file())


def is_path(value: Any) -> TypeGuard[AnyPath]:
    """Whether a value is one path, and not several."""
    return isinstance(value, str) or hasattr(value, "__fspath__")


def class_names(owner: str, classes: Iterable[Any] | None, found: Iterable[Any]) -> tuple[str, ...]:
    """The given classes, checked, or those found, in the order of their names."""
    names = tuple(map(str, classes)) if classes is not None else tuple(sorted(set(found)))
    if len(set(names)) < len(names):
        raise ValueError(f"{owner}.classes must be different names, got {names!r}")
    return names


def check_size(path: Path, place: str, entry: dict[str, Any], size: Size) -> None:
    """Compare the size that a file says with that of the picture."""
    said = entry.get("height", size.height), entry.get("width", size.width)
    if said != size:
        turned = said == size[::-1]
        hint = " (before it is turned as its EXIF orientation says?)" if turned else ""
        rule = f"have the picture's height and width, {tuple(size)}{hint}"
        raise AnnotationError(path, place, rule, said)


def fitted(mask: Array, shape: tuple[int, ...]) -> Array:
    """A mask at the size of a picture that was decoded smaller."""
    if mask.shape[:2] == shape[:2]:
        return mask
    return cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST_EXACT)
