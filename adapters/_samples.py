"""Sources of samples: arrays, files, or anything indexable that gives dicts."""

from __future__ import annotations

import contextlib
import operator
import os
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from probaug.data.decode import decode, decode_mask
from probaug.data.reader import Reader
from probaug.data.shrink import Shrink

from ._box_packer import BoxPacker
from ._cache import DiskCache, MemoryCache, file_key

WEIGHT = "sample_weight"
# What has a row for each object beside its box and label.
_OBJECTS = ("masks", "keypoints", "visibility")
# How a file is decoded, by Keras' names.
COLOR_MODES = {"rgb": "rgb", "grayscale": "gray", "raw": "raw"}


class Samples(Protocol):
    """Anything with a length whose items are sample dicts."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> dict[str, Any]: ...

    def file(self, index: int) -> str | None:
        """The image file of a sample, if that is known."""
        ...


class Reading(NamedTuple):
    """How samples are read.

    Args:
        owner: Who speaks in errors.
        task: The name of the task.
        target: The key of y in a sample.
        boxes: How boxes and labels come out of y, if y is a dict of them.
        images: Targets that are images; their files are decoded in the color mode.
        color_mode: A key of COLOR_MODES.
        planes: Targets made of pixels.
        cache: Where decoded pictures are kept, or None.
        shrink: How small images may be decoded, or None for all of them.
        free: What goes around the pipeline, whatever the size of the image is.

    """

    owner: str
    task: str
    target: str
    boxes: BoxPacker | None
    images: tuple[str, ...]
    color_mode: str
    planes: tuple[str, ...]
    cache: MemoryCache | DiskCache | None = None
    shrink: Shrink | None = None
    free: frozenset[str] = frozenset()

    def load(self, sample: dict[str, Any]) -> dict[str, Any]:
        """Decode what is given as a file; take weights by output apart."""
        shrink = self.shrink if self.shrink is not None and self._is_alone(sample) else None
        for name in self.planes:
            if name in sample and _is_path(sample[name]):
                sample[name] = self._decode(sample[name], name in self.images, shrink)
        weight = sample.get(WEIGHT)
        if weight is not None and isinstance(weight, Mapping):
            del sample[WEIGHT]
            sample |= {f"{WEIGHT}/{name}": value for name, value in weight.items()}
        return sample

    def _is_alone(self, sample: Mapping[str, Any]) -> bool:
        """Whether nothing beside the image may be in its pixels, as boxes are."""
        return all(
            name == "image"
            or name in self.free
            or (isinstance(value, str) and name not in self.planes)
            for name, value in sample.items()
        )

    def _decode(self, path: str | os.PathLike[str], is_image: bool, shrink: Shrink | None) -> Any:
        mode: Any = COLOR_MODES[self.color_mode] if is_image else "mask"
        if is_image:
            make = partial(decode, path, mode, at_least=shrink)
            mode = mode if shrink is None else f"{mode} {shrink}"
        else:
            make = partial(decode_mask, path)
        key = None
        if self.cache is not None:
            with contextlib.suppress(OSError):  # which the decoder tells in its own words
                key = file_key(path, mode)
        image = make() if self.cache is None or key is None else self.cache.file(key, make)
        return image[..., None] if is_image and image.ndim == 2 else image


def samples_of(reading: Reading, source: Any) -> Samples:
    """Wrap a user's source; check what can be checked without reading samples."""
    owner = reading.owner
    files = isinstance(source, list) and source and isinstance(source[0], (str, os.PathLike))
    if files or isinstance(source, (np.ndarray, Mapping)):
        source = (source,)
    if isinstance(source, tuple):
        samples: Samples = ArraySamples(reading, source)
    elif hasattr(source, "iloc"):
        name = type(source).__name__
        raise TypeError(f"{owner}.source must not be a {name}; probaug.data.Frame reads tables")
    elif hasattr(source, "__len__") and hasattr(source, "__getitem__"):
        samples = DictSamples(reading, source)
    else:
        raise TypeError(
            f"{owner}.source must be (x, y), (x, y, sample_weight) or something with a length "
            f"whose items are dicts, got {type(source).__name__}"
        )
    if len(samples) == 0:
        raise ValueError(f"{owner}.source has no samples")
    return samples


class ArraySamples:
    """Samples out of (x,), (x, y) or (x, y, sample_weight), each indexable along its first axis.

    Each may be a dict of columns, which are then named as the keys say.
    """

    def __init__(self, reading: Reading, source: tuple[Any, ...]) -> None:
        owner, task = reading.owner, reading.task
        if not 1 <= len(source) <= 3:
            raise ValueError(
                f"{owner}.source must be (x,), (x, y) or (x, y, sample_weight), "
                f"got a tuple of {len(source)}"
            )
        x, y, weight = (*source, None, None)[:3]
        if task not in ("classification", "regression") and y is None:
            raise ValueError(f"{owner}.source must hold y for task={task!r}")
        if reading.boxes is not None and not (
            isinstance(y, Mapping) and {"boxes", "labels"} <= set(y)
        ):
            raise TypeError(
                f"{owner}.source must give y as a dict of 'boxes' and 'labels' for "
                f"task={task!r}, got {type(y).__name__}"
            )
        self._reading = reading
        self._columns = {
            **_columns(x, "image"),
            **_columns(y, reading.target),
            **{_weight_key(name): part for name, part in _columns(weight, WEIGHT).items()},
        }
        if "image" not in self._columns:
            raise ValueError(f"{owner}.source must have x['image'], got {sorted(self._columns)}")
        for name, part in self._columns.items():
            if not (hasattr(part, "__len__") and hasattr(part, "__getitem__")):
                raise TypeError(
                    f"{owner}.source must give {name} as something with a length and an index, "
                    f"got {type(part).__name__}"
                )
        sizes = {name: len(part) for name, part in self._columns.items()}
        if len(set(sizes.values())) > 1:
            several = isinstance(x, (list, tuple)) and len(x) > 0 and np.ndim(x[0]) == 4
            hint = "; several inputs are a dict of columns, 'image' one of them" * several
            raise ValueError(f"{owner}.source must have equal lengths, got {sizes}{hint}")
        self._check_labels(y)

    def _check_labels(self, y: Any) -> None:
        """Refuse labels that would be lost, and masks that would not move with their images."""
        owner, task = self._reading.owner, self._reading.task
        lost = isinstance(y, Mapping) and not self._reading.free & set(y)
        if lost and task in ("classification", "regression"):
            raise ValueError(
                f"{owner}.source has y of {sorted(map(str, y))}: outputs= must name those that "
                f"task={task!r} gives; boxes and masks have tasks of their own"
            )
        parts = (self._columns["image"], self._columns.get("label"))
        size, other = (getattr(part, "shape", ())[1:3] for part in parts)
        if task == "classification" and len(size) == 2 and size == other:
            raise ValueError(
                f"{owner}.source has y of the images' height and width: task='segmentation' takes "
                "masks, which move with their images; task='regression' leaves y as it is"
            )

    def __len__(self) -> int:
        return len(self._columns["image"])

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        sample = {name: _item(column, index) for name, column in self._columns.items()}
        boxes = self._reading.boxes
        if boxes is not None:
            labels = {boxes.label: sample.pop("labels")}
            rows = _OBJECTS if self._reading.task == "instances" else _OBJECTS[:1]
            others = {name: sample.pop(name) for name in rows if name in sample}
            sample |= boxes.inputs(sample.pop("boxes"), labels, others)
        return self._reading.load(sample)

    def file(self, index: int) -> str | None:
        return _file(_item(self._columns["image"], index))


class DictSamples:
    """Samples out of an indexable of dicts."""

    def __init__(self, reading: Reading, source: Any) -> None:
        self._reading = reading
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        cache = self._reading.cache
        if cache is None or isinstance(self._source, (list, tuple)):  # which is in memory
            sample = self._source[index]
        else:
            sample = cache.sample(index, partial(operator.getitem, self._source, index))
        if not isinstance(sample, Mapping) or "image" not in sample:
            got = sorted(map(str, sample)) if isinstance(sample, Mapping) else type(sample).__name__
            raise TypeError(f"{self._reading.owner}.source must give dicts with 'image', got {got}")
        return self._reading.load(dict(sample))

    def file(self, index: int) -> str | None:
        if isinstance(self._source, Reader):
            return _file(self._source.path_of(index))
        is_list = isinstance(self._source, (list, tuple))
        sample = self._source[index] if is_list else None  # asking others again might cost much
        return _file(sample.get("image")) if isinstance(sample, Mapping) else None


def _columns(part: Any, name: str) -> dict[str, Any]:
    if part is None:
        return {}
    return dict(part) if isinstance(part, Mapping) else {name: part}


def _file(value: Any) -> str | None:
    return os.fspath(value) if _is_path(value) else None


def _is_path(value: Any) -> bool:
    # whether an array is a PathLike takes long to find out
    return not isinstance(value, np.ndarray) and isinstance(value, (str, os.PathLike))


def _weight_key(name: str) -> str:
    return name if name == WEIGHT else f"{WEIGHT}/{name}"


def _item(column: Any, index: int) -> Any:
    """One item, by place also of a data frame's column, whatever its index."""
    if isinstance(column, np.ndarray) or not hasattr(column, "iloc"):
        return column[index]
    return column.iloc[index]
