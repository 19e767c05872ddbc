"""`DirectoryIterator` and what it shares with `DataFrameIterator`: batches out of image files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probaug.core.fields import Array
from probaug.data.decode import decode, decode_mask

from . import _idg_legacy
from ._checks import one_of, refuse, whole
from ._idg_iterator import Augmenting
from ._idg_labels import Extras, as_batches
from ._idg_steps import FILTERS

CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
MASK_FORMATS = (".png", ".tif", ".tiff", ".bmp", ".npy", ".jpg", ".jpeg")
"""Endings of mask files, the likeliest first."""


class FromFiles(Augmenting):
    """Batches out of files: what `DirectoryIterator` and `DataFrameIterator` share."""

    allowed_class_modes: tuple[str | None, ...]
    classes: Any
    class_indices: dict[Any, int]
    class_mode: str | None
    _filepaths: list[str]
    _extras: Extras
    _masks: list[str] | None

    def _take(self, flow: str, generator: Any, given: dict[str, Any]) -> SimpleNamespace:
        taken = super()._take(flow, generator, given)
        owner, size = type(self).__name__, taken.target_size
        if not isinstance(size, (tuple, list)) or len(size) != 2:
            raise refuse(owner, "target_size", "(height, width)", size)
        height, width = (whole(owner, "target_size", side, 1) for side in size)
        self.target_size = height, width
        self.color_mode = one_of(owner, "color_mode", taken.color_mode, CHANNELS)
        channels = (CHANNELS[self.color_mode],)
        first = self.data_format == "channels_first"
        self.image_shape = channels + self.target_size if first else self.target_size + channels
        self.interpolation = one_of(owner, "interpolation", taken.interpolation, FILTERS)
        self.keep_aspect_ratio = taken.keep_aspect_ratio
        self.subset = taken.subset
        self.split = None if self.subset is None else generator._fractions(self.subset)
        self.class_mode = taken.class_mode
        if self.class_mode not in self.allowed_class_modes:
            modes = ", ".join(map(repr, self.allowed_class_modes))
            raise refuse(owner, "class_mode", f"one of {modes}", self.class_mode)
        return taken

    def _part(self, values: list[Any]) -> list[Any]:
        """Those of the subset that was asked for."""
        if self.subset is None:
            return values
        own: slice = self.image_data_generator._split(len(values), self.subset)[0]
        return values[own]

    def _begin(self, given: SimpleNamespace) -> None:
        """Begin, once files and labels are known."""
        self.samples = len(self._filepaths)
        fit = (self.target_size, self.interpolation, self.keep_aspect_ratio)
        masks = () if self._masks is None else ("mask",)
        recipe = self.image_data_generator._recipe(
            self._extras, ("image",), (0.0, 255.0), fit, masks=masks
        )
        self._start(self.samples, given, recipe)

    def _file(self, index: int) -> str:
        return self._filepaths[index]

    @property
    def filepaths(self) -> list[str]:
        """The files, in the order of the samples' numbers."""
        return self._filepaths

    @property
    def labels(self) -> Any:
        """The class of each sample, or what stands for it."""
        return self.classes

    @property
    def sample_weight(self) -> Any:
        """The weight of each sample, or None."""
        return None

    def _read(self, index: int) -> dict[str, Any]:
        image = self._image(self.filepaths[index])
        if self.data_format == "channels_first":
            image = np.moveaxis(image, -1, 0)
        sample = {"image": image} | self._extras.sample(index)
        if self._masks is not None:
            sample["mask"] = decode_mask(self._masks[index])
            if self.data_format == "channels_first" and sample["mask"].ndim == 3:
                sample["mask"] = np.moveaxis(sample["mask"], -1, 0)
        return sample

    def _image(self, path: str) -> Array:
        if self.image_data_generator.legacy:
            return _idg_legacy.read(path, self.color_mode)
        averages = self.interpolation != "nearest"  # and labels are in the whole image's pixels
        needed = self.target_size if averages and not (self._extras or self._masks) else None
        if self.color_mode == "grayscale":
            return decode(path, "gray", at_least=needed)[:, :, None]
        if self.color_mode == "rgb":
            return eight_bits(decode(path, "rgb", at_least=needed))
        image = eight_bits(np.atleast_3d(decode(path, "raw")))
        if image.shape[2] < 3:  # gray, perhaps with alpha
            image = np.concatenate([image[:, :, :1].repeat(3, axis=2), image[:, :, 1:]], axis=2)
        if image.shape[2] == 3:
            image = np.dstack([image, np.full(image.shape[:2], 255, image.dtype)])
        return image

    def _empty(self) -> dict[str, Array]:
        return {"image": np.zeros((0, *self.image_shape), self.dtype)} | self._extras.empty()

    def _pack(self, arrays: dict[str, Any], chosen: NDArray[np.intp]) -> Any:
        x = arrays["image"]
        followers = self._extras.pack(arrays)
        if "mask" in arrays:
            followers = {"masks": arrays["mask"]} | followers
        weight = None if self.sample_weight is None else self.sample_weight[chosen]
        return as_batches(x, self._targets_of(x, chosen), followers, weight)

    def _targets_of(self, x: Array, chosen: NDArray[np.intp]) -> Any:
        if self.class_mode is None:
            return None
        if self.class_mode == "input":
            return x.copy()
        if self.class_mode == "multi_output":
            return tuple(output[chosen] for output in self.labels)
        if self.class_mode == "raw":
            return self.labels[chosen]
        classes = [self.classes[index] for index in chosen.tolist()]
        if self.class_mode != "categorical":
            return np.array(classes, self.dtype)
        hot = np.zeros((len(classes), len(self.class_indices)), self.dtype)
        for row, known in zip(hot, classes):
            row[known] = 1
        return hot


class DirectoryIterator(FromFiles):
    """Augmented batches out of a folder with a folder of images for each class.

    `ImageDataGenerator.flow_from_directory` makes it, and explains the arguments.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(self, directory: Any, image_data_generator: Any, **options: Any) -> None:
        options["directory"] = directory
        given = self._take("flow_from_directory", image_data_generator, options)
        self.directory = os.fspath(directory)
        classes = given.classes
        if not classes:
            folders = sorted(os.listdir(self.directory))
            classes = [n for n in folders if os.path.isdir(os.path.join(self.directory, n))]
        self.num_classes = len(classes)
        self.class_indices = {name: number for number, name in enumerate(classes)}
        self.filenames: list[str] = []
        numbers: list[int] = []
        for name, number in self.class_indices.items():
            files = self._part(list(self._files(name, given.follow_links)))
            self.filenames += files
            numbers += [number] * len(files)
        self.classes = np.array(numbers, np.int32)
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self._extras = Extras({})
        masks = given.masks
        self._masks = None if masks is None else [find_mask(masks, n) for n in self.filenames]
        self._begin(given)

    def _files(self, name: str, follow_links: bool) -> Iterator[str]:
        """The images of a class, relative to the directory: by folder, then by name."""
        root = os.path.join(self.directory, name)
        for folder, _, files in sorted(os.walk(root, followlinks=follow_links)):
            for file in sorted(files):
                if file.lower().endswith(self.white_list_formats):
                    yield os.path.join(name, os.path.relpath(os.path.join(folder, file), root))


def find_mask(folder: Any, name: str) -> str:
    """The file in a folder of masks that bears an image's name, whatever its ending."""
    base = Path(folder) / name
    for ending in (base.suffix, *MASK_FORMATS):
        if base.with_suffix(ending).is_file():
            return str(base.with_suffix(ending))
    raise FileNotFoundError(f"{name!r} has no mask of its name in {os.fspath(folder)!r}")


def eight_bits(image: Array) -> Array:
    """Colours of 16 bits as Pillow gives them, by their upper half."""
    return (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
