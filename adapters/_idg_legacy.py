"""The pixels of Keras' `ImageDataGenerator`, as its formulae say, with SciPy and Pillow."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import keras
import numpy as np

from probaug.core.fields import Array
from probaug.core.matrix import Matrix, Size, shift

from ._idg_ranges import MOVES, matrix_of


def require() -> None:
    """Raise an ImportError that says what ``legacy=True`` needs, unless it is there."""
    try:
        for name in ("scipy.ndimage", "PIL.Image"):
            import_module(name)
    except ImportError as error:
        raise ImportError(
            "ImageDataGenerator(legacy=True) resamples with SciPy and reads with Pillow: "
            'pip install "probaug[legacy]"'
        ) from error


def transformed(
    image: Array, params: Mapping[str, Any], mode: str, cval: float, order: int
) -> Array:
    """Move an (H, W, C) image, shift its channels, flip it, brighten it, as Keras does."""
    moves = {name: params.get(name, still) for name, still in MOVES.items()}
    if moves != MOVES:
        matrix = matrix_of(moves, Size(*image.shape[:2]), legacy=True)
        image = _moved(image, matrix.inverse(), mode, cval, order)
    intensity = params.get("channel_shift_intensity")
    if intensity is not None:
        image = np.clip(image + intensity, np.min(image), np.max(image))
    if params.get("flip_horizontal"):
        image = image[:, ::-1]
    if params.get("flip_vertical"):
        image = image[::-1]
    if params.get("brightness") is not None:
        image = _brightened(image, params["brightness"])
    return image


def _moved(image: Array, inverse: Matrix, mode: str, cval: float, order: int) -> Array:
    from scipy.ndimage import affine_transform

    centred = (shift(-0.5, -0.5) @ inverse @ shift(0.5, 0.5)).array()
    rows_first = centred[[1, 0, 2]][:, [1, 0, 2]]
    linear, offset = rows_first[:2, :2], rows_first[:2, 2]
    planes = [
        affine_transform(image[:, :, c], linear, offset, order=order, mode=mode, cval=cval)
        for c in range(image.shape[2])
    ]
    return np.stack(planes, axis=2)


def _brightened(image: Array, factor: float) -> Array:
    """Multiply in Pillow's 8 bits; stretched to them and back if values are outside."""
    from PIL import ImageEnhance

    low, high = np.min(image), np.max(image)
    outside = bool(low < 0 or high > 255)
    picture = keras.utils.array_to_img(image, "channels_last", scale=outside)
    result = to_array(ImageEnhance.Brightness(picture).enhance(factor))
    return result / 255 * (high - low) + low if outside else result


def read(path: str, color_mode: str) -> Array:
    """Read a file as an (H, W, C) image of floats."""
    return to_array(keras.utils.load_img(path, color_mode=color_mode))


def resized(image: Array, box: tuple[int, int, int, int], size: Size, way: str) -> Array:
    """Scale a box, left, top, right and bottom, of an (H, W, C) image."""
    from PIL import Image

    if image.shape[:2] == size:
        return image
    picture = keras.utils.array_to_img(image, "channels_last", scale=False)
    # which also reads beyond the box, as far as the filter reaches
    resize = picture.resize((size.width, size.height), Image.Resampling[way.upper()], box)
    return to_array(resize)


def to_array(picture: Any) -> Array:
    """A Pillow image as (H, W, C) floats."""
    array: Array = keras.utils.img_to_array(picture, "channels_last", "float32")
    return array
