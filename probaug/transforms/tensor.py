"""Results as torch tensors. Torch is imported when the first one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas, Finish
from ..core.fields import Array, Probability
from ..core.hooks import BasicTransform
from ..core.transform import Params

Layout: TypeAlias = tuple[Callable[[Array], Array], int]
"""What becomes of the axes of an array, and how many of them stand before those that count."""

WORDS = {1: np.uint8, 2: np.uint16, 4: np.int32, 8: np.float64}
"""For each size of a value, a dtype that OpenCV copies."""


class _ToTensor(BasicTransform, base=True):
    """Turns results into tensors. Subclasses say which, and how, in ``layouts``."""

    p: Probability = 1.0

    def layouts(self) -> dict[str, Layout]:
        """What becomes of the axes of each target."""
        raise NotImplementedError

    def on(self, canvas: Canvas, params: Params) -> None:
        name = type(self).__name__
        finish: Mapping[str, Finish] | None = self.__dict__.get("_cached_finish")
        if finish is None:
            try:
                torch = import_module("torch")
            except ImportError as error:
                raise ImportError(f"{name} needs the package torch: pip install torch") from error
            make = partial(tensors, torch.from_numpy)
            layouts = self.layouts()
            finish = {target: partial(make, layouts[target]) for target in layouts}
            self.__dict__["_cached_finish"] = finish
        canvas.close(name, finish)


def tensors(make: Callable[[Array], Any], layout: Layout, result: Any, given: Any) -> Any:
    """A result, or each of a list, as a contiguous tensor that shares no memory with the input."""
    arrange, lead = layout
    if isinstance(result, (list, tuple)):
        made = [tensors(make, (arrange, 0), one, given) for one in result]
        return tuple(made) if isinstance(result, tuple) else made
    array = np.ascontiguousarray(each(arrange, result) if lead else arrange(result))
    theirs = given if isinstance(given, (list, tuple)) else (given,)
    if any(np.may_share_memory(array, one) for one in theirs):
        array = array.copy()
    return make(array)


def each(arrange: Callable[[Array], Array], array: Array) -> Array:
    """The same for every one of several along the first axis."""
    if not len(array):
        return np.empty((0, *arrange(np.empty(array.shape[1:], array.dtype)).shape), array.dtype)
    return np.stack([arrange(one) for one in array])


def as_it_is(array: Array) -> Array:
    """Axes stay where they are."""
    return array


def channels_first(array: Array, spatial: int = 2) -> Array:
    """Channels before the ``spatial`` axes; one where there were none."""
    return array[None] if array.ndim == spatial else planar(array)


def mask_channels_first(array: Array) -> Array:
    """The channels of a mask first, if it has any."""
    return array if array.ndim == 2 else planar(array)


def planar(array: Array) -> Array:
    """(A, ..., C) as contiguous (C, A, ...)."""
    channels = array.shape[-1]
    if channels == 1 or array.dtype.itemsize not in WORDS:
        return np.moveaxis(array, -1, 0)
    result = np.empty((channels, *array.shape[:-1]), array.dtype)
    word = WORDS[array.dtype.itemsize]
    flat = np.ascontiguousarray(array).view(word).reshape(len(array), -1, channels)
    cv2.split(flat, list(result.view(word).reshape(channels, *flat.shape[:2])))
    return result


class ToTensorV2(_ToTensor):
    """Turn images and masks into torch tensors, channels first, with the values that they have.

    (H, W, C) images become (C, H, W), (H, W) ones (1, H, W), (N, H, W, C) frames (N, C, H, W). No
    transform can come after it. The tensors are contiguous and share no memory with the input.

    Args:
        transpose_mask: Put the channels of masks first too; (H, W) masks stay what they are.
        p: Chance that a call does anything.

    """

    transpose_mask: bool = False
    p: Probability = 1.0

    def layouts(self) -> dict[str, Layout]:
        mask = mask_channels_first if self.transpose_mask else as_it_is
        layouts: dict[str, Layout] = {"mask": (mask, 0), "masks": (mask, 1)}
        for name in ("image", "heatmap"):
            layouts.update({name: (channels_first, 0), f"{name}s": (channels_first, 1)})
        return layouts


class ToTensor3D(_ToTensor):
    """Turn volumes and their masks into torch tensors, channels first, with the values they have.

    (D, H, W, C) volumes become (C, D, H, W), (D, H, W) ones (1, D, H, W). No transform can come
    after it. The tensors are contiguous and share no memory with the input.

    Args:
        p: Chance that a call does anything.

    """

    p: Probability = 1.0

    def layouts(self) -> dict[str, Layout]:
        volume = partial(channels_first, spatial=3)
        one, several = ("volume", "mask3d"), ("volumes", "masks3d")
        return {**dict.fromkeys(one, (volume, 0)), **dict.fromkeys(several, (volume, 1))}
