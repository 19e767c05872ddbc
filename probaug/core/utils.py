"""Small functions that 2.0.8's users import for their own transforms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from .fields import Array, is_number
from .matrix import Size


def to_tuple(param: Any, low: Any = None, bias: float | None = None) -> tuple[Any, Any]:
    """A pair of numbers: of one number n, (-n, n), or (low, n) in order.

    Args:
        param: A number or a pair.
        low: The other end for a single number.
        bias: Added to both.

    """
    if low is not None and bias is not None:
        raise ValueError("to_tuple takes low or bias, not both")
    if is_number(param):
        pair = (-param, param) if low is None else (min(low, param), max(low, param))
    else:
        pair = tuple(param)
    if len(pair) != 2:
        raise ValueError(f"to_tuple takes a number or a pair, got {param!r}")
    return (pair[0] + bias, pair[1] + bias) if bias is not None else pair


def get_image_shape(img: Array) -> tuple[int, int]:
    """Height and width of an (H, W) or (H, W, C) image."""
    return img.shape[0], img.shape[1]


def get_volume_shape(vol: Array) -> tuple[int, int, int]:
    """Depth, height and width of a (D, H, W) or (D, H, W, C) volume."""
    return vol.shape[0], vol.shape[1], vol.shape[2]


def get_shape(data: Mapping[str, Any]) -> dict[str, int]:
    """Height and width (and depth) of a call's data, by name."""
    for name, axes in (("volume", 0), ("volumes", 1)):
        if name in data:
            return dict(zip(("depth", "height", "width"), data[name].shape[axes:], strict=False))
    for name, axes in (("image", 0), ("images", 1)):
        if name in data:
            shape = data[name].shape if axes == 0 else (0, *data[name][0].shape)
            return {"height": shape[axes], "width": shape[axes + 1]}
    raise ValueError(f"no image or volume among {', '.join(data)}")


def size_of(shape: Mapping[str, int] | tuple[int, ...]) -> Size:
    """The size that a shape by name, or the shape of an image, says."""
    if isinstance(shape, Mapping):
        return Size(shape["height"], shape["width"])
    return Size(shape[0], shape[1])


def decoded(path: str | os.PathLike[str], how: int) -> Array:
    """The image in a file, whose name may hold any characters."""
    data = np.fromfile(path, np.uint8)
    image = cv2.imdecode(data, how) if data.size else None
    if image is None:
        raise ValueError(f"{os.fspath(path)!r} is no image that OpenCV can decode")
    return image


def read_rgb_image(path: str | os.PathLike[str]) -> Array:
    """Read a file as an (H, W, 3) RGB image."""
    # IMREAD_COLOR_RGB gives TIFF in other colours (OpenCV 4.12 to 5.0)
    return cv2.cvtColor(decoded(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_bgr_image(path: str | os.PathLike[str]) -> Array:
    """Read a file as an (H, W, 3) BGR image."""
    return decoded(path, cv2.IMREAD_COLOR)


def read_grayscale(path: str | os.PathLike[str]) -> Array:
    """Read a file as an (H, W) grey image."""
    return decoded(path, cv2.IMREAD_GRAYSCALE)


def non_rgb_error(image: Array) -> None:
    """Raise an error for anything but (H, W, 3)."""
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"an RGB image (H, W, 3) is needed, got {image.shape}")
