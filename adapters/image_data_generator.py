"""Keras' `ImageDataGenerator`, argument for argument, on this library's transforms."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

import probaug
from probaug.core.fields import Array
from probaug.core.matrix import Size

from . import _idg_legacy
from ._checks import one_of, refuse
from ._idg_arrays import NumpyArrayIterator
from ._idg_files import DirectoryIterator
from ._idg_flows import Flows
from ._idg_frames import DataFrameIterator
from ._idg_iterator import Iterator
from ._idg_labels import Extras
from ._idg_ranges import (
    OWNER,
    Ranges,
    fresh_values,
    read_chances,
    read_number,
    read_pair,
    read_shift,
    read_zoom,
    values_of,
)
from ._idg_statistics import Statistics
from ._idg_steps import BORDERS, NUMBER, ORDERS, Fitted, Given, Moved, Steps
from ._packers import keeping_points
from ._values import Values

__all__ = [
    "DataFrameIterator",
    "DirectoryIterator",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
]


class ImageDataGenerator(Flows, Statistics):
    """Augment and standardise batches of images, as Keras' class of this name does.

    Rotation, shifts, shear, zoom and flips are one resampling. A sample is a function of the
    seed, the epoch and its number.

    What differs from Keras: widths shift horizontally and heights vertically; all turns about the
    middle, also in images that are not square; brightness keeps floats of 0 to 1 and does not
    round; "wrap" tiles; a list of shifts counts as fractions if all are within (-1, 1); statistics
    of ``fit`` are those of what the model sees. ``legacy=True`` gives Keras' own pixels instead.

    Args:
        featurewise_center: Subtract the data's mean by channel; see `fit`.
        samplewise_center: Subtract each image's mean.
        featurewise_std_normalization: Divide by the data's deviation by channel; see `fit`.
        samplewise_std_normalization: Divide by each image's deviation.
        zca_whitening: Whiten; see `fit`.
        zca_epsilon: What keeps small components of the whitening from blowing up.
        rotation_range: Largest rotation to either side, in degrees.
        width_shift_range: Largest shift to either side: below 1 a fraction of the width, from 1 on
            pixels; a whole number n for less than n whole pixels; a list to choose from, to
            either side.
        height_shift_range: The same for the height.
        brightness_range: Lowest and highest factor of all values.
        shear_range: Largest shear to either side, in degrees.
        zoom_range: Lowest and highest zoom of each axis, above 1 smaller, or what they differ
            from 1.
        channel_shift_range: Largest number added to all values, which stay within the image's own.
        fill_mode: What lies beyond the edge: "nearest", "constant", "reflect", "wrap", or another
            of SciPy's names.
        cval: Image value of a constant border.
        horizontal_flip: Flip left and right.
        vertical_flip: Flip top and bottom.
        rescale: What all values are multiplied by after ``preprocessing_function``.
        preprocessing_function: What each augmented image runs through: a function of floats
            (H, W, C) that keeps the shape.
        data_format: "channels_last" or "channels_first"; None takes Keras' own.
        validation_split: The part of the data that subset="validation" gives.
        interpolation_order: How to read between pixels: 0 nearest, 1 linear, 2 and 3 cubic, 4 and 5
            Lanczos; with ``legacy`` SciPy's spline of this order.
        dtype: The type of the images given; None takes Keras' own.
        p: The chance of each effect, or a dict of chances by argument: {"rotation_range": 0.3}.
            Without it flips have 0.5 and all others 1.
        pipeline: A transform of this library, a Compose or a list, run after the effects above and
            before standardisation; floats of 0 to 255 are rounded to 8 bits on their way in.
        validation_end: Which end of the data is for validation: "head" as in Keras, or "tail".
        mask_cval: Mask value of a constant border.
        legacy: Give Keras' own pixels, mistakes included; SciPy and Pillow are needed.
        threads: Threads that fill batches; 0 works in the caller's, None takes a thread for each
            processor, at most 8.

    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Any = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
        *,
        p: Any = None,
        pipeline: Any = None,
        validation_end: str = "head",
        mask_cval: float = 0.0,
        legacy: bool = False,
        threads: int | None = None,
    ) -> None:
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.zoom_range = list(read_zoom(zoom_range, legacy))
        self.channel_shift_range = channel_shift_range
        self.fill_mode = one_of(OWNER, "fill_mode", fill_mode, BORDERS)
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        data_format = data_format or keras.config.image_data_format()
        formats = ("channels_last", "channels_first")
        self.data_format = one_of(OWNER, "data_format", data_format, formats)
        self.dtype = dtype or keras.config.floatx()
        self.legacy = legacy
        self._settle()
        if interpolation_order not in range(len(ORDERS)):
            raise refuse(OWNER, "interpolation_order", "0 to 5", interpolation_order)
        self.interpolation_order = interpolation_order
        if validation_split and not 0 < validation_split < 1:
            raise refuse(OWNER, "validation_split", "between 0 and 1", validation_split)
        self._validation_split = validation_split
        self.validation_end = one_of(OWNER, "validation_end", validation_end, ("head", "tail"))
        self.mask_cval = mask_cval
        self.p = p
        self.pipeline = pipeline
        if legacy:
            _idg_legacy.require()
            if pipeline is not None:
                raise refuse(OWNER, "pipeline", "None with legacy=True, as in Keras", pipeline)
        self.threads = threads
        self._ranges()  # which checks them all

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> dict[str, Any]:
        """Draw what may be done to an image of a shape.

        With ``legacy`` and a seed it is what Keras draws.
        """
        size = self._size(img_shape)
        if self.legacy and seed is not None:
            return self._ranges().draw_as_keras(seed, size)
        return self._ranges().draw(fresh_values() if seed is None else values_of(seed), size)

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> Array:
        """Change one image as a dict says.

        Args:
            x: The image.
            transform_parameters: "theta", counter-clockwise in degrees; "tx" and "ty", how far to
                the right and below a pixel is read; "shear" in degrees; "zx" and "zy";
                "flip_horizontal", "flip_vertical", "channel_shift_intensity", "brightness".

        """
        image = np.asarray(x)
        if image.ndim != 3:
            raise ValueError(f"{OWNER} changes one image of rank 3, got {image.shape}")
        first = self.data_format == "channels_first"
        image = np.moveaxis(image, 0, -1) if first else image
        mode, cval, order = self.fill_mode, self.cval, self.interpolation_order
        if self.legacy:
            given = _idg_legacy.transformed(image, transform_parameters, mode, cval, order)
        else:
            if image.dtype.kind not in "uf" or image.dtype.itemsize * 8 not in (8, 16, 32, 64):
                image = image.astype(self.dtype)
            image = np.ascontiguousarray(image)
            given = self._moved(Given(transform_parameters), None)(image=image)["image"]
            given = given.copy() if given is image else given
        return np.moveaxis(given, -1, 0) if first else given

    def random_transform(self, x: Any, seed: int | None = None) -> Array:
        """Change one image at random."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def _recipe(
        self,
        extras: Extras,
        images: tuple[str, ...],
        white: tuple[float, float] | None,
        fit: tuple[Any, str, bool] | None = None,
        dtype: Any = np.uint8,
        masks: tuple[str, ...] = (),
    ) -> Steps:
        """What an iterator does to a sample.

        Args:
            extras: What follows the images.
            images: The images' targets.
            white: Black and white of float images.
            fit: Size, filter and whether to cut, if images are to be scaled.
            dtype: The images' type.
            masks: More masks, by target.

        """
        steps: list[Any] = []
        if fit is not None:
            (height, width), way, keeps = fit
            steps.append(Fitted(height, width, way, keeps, self.legacy))
        moved = self._moved(self._ranges(), white)
        steps.append(moved)
        if self.pipeline is not None:
            more = self.pipeline
            steps += more if isinstance(more, (list, tuple)) else [more]
        masks = (*extras.masks, *masks)
        is_only = len(steps) == len(images) == 1 and not (extras or masks or self.legacy)
        alike = dict.fromkeys(images[1:], "image") | dict.fromkeys(masks[1:], "mask")
        pipeline = probaug.Compose(
            steps,
            bbox_params=extras.bbox_params,
            keypoint_params=extras.keypoint_params,
            additional_targets=alike,
        )
        if extras.points is not None:
            pipeline = keeping_points(pipeline)
        rounds = self.pipeline is not None and white == (0.0, 255.0) and np.dtype(dtype).kind == "f"
        return Steps(
            pipeline,
            Values((0.0, 255.0) if rounds else None, None),
            images,
            (*images, *masks),
            carried=(NUMBER,),
            packers=extras.packers(OWNER, pipeline),
            final=self._finish,
            final_all=self.standardize if self._is_elementwise else None,
            masks=masks,
            channels_first=self.data_format == "channels_first",
            only=moved if is_only else None,
        )

    def _size(self, shape: Any) -> Size:
        first = self.data_format == "channels_first"
        return Size(*shape[1:3]) if first else Size(*shape[:2])

    def _ranges(self) -> Ranges:
        pair = self.brightness_range
        return Ranges(
            read_number("rotation_range", self.rotation_range),
            read_shift("height_shift_range", self.height_shift_range),
            read_shift("width_shift_range", self.width_shift_range),
            read_number("shear_range", self.shear_range),
            (self.zoom_range[0], self.zoom_range[1]),
            (bool(self.horizontal_flip), bool(self.vertical_flip)),
            read_number("channel_shift_range", self.channel_shift_range),
            None if pair is None else read_pair("brightness_range", pair),
            read_chances(self.p),
            self.legacy,
        )

    def _moved(self, ranges: Any, white: tuple[float, float] | None) -> Moved:
        order = self.interpolation_order
        return Moved(ranges, self.fill_mode, self.cval, self.mask_cval, order, white)
