"""The steps of `ImageDataGenerator` as transforms of this library, and what follows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import cv2
import numpy as np

from probaug.core import tone
from probaug.core.canvas import Canvas
from probaug.core.fields import Array
from probaug.core.hooks import DualTransform
from probaug.core.kinds import Resizing, move_labels
from probaug.core.layer import IDENTITY, Sampling
from probaug.core.matrix import Matrix, Size, zoom
from probaug.core.random import Draw
from probaug.core.transform import Params
from probaug.core.warp import AREA, CUBIC, LANCZOS, LINEAR, NEAREST, warp

from . import _idg_legacy
from ._idg_ranges import SLOTS, matrix_of
from ._recipe import Key, Recipe

BORDERS = {
    "constant": 0,
    "grid-constant": 0,
    "nearest": 1,
    "reflect": 2,
    "grid-mirror": 2,
    "wrap": 3,
    "grid-wrap": 3,
    "mirror": 4,
}
"""SciPy's names of what lies beyond the edge, as OpenCV's codes."""
ORDERS = (NEAREST, LINEAR, CUBIC, CUBIC, LANCZOS, LANCZOS)
"""OpenCV's interpolation nearest to a spline of each order."""
FILTERS = {
    "nearest": NEAREST,
    "bilinear": LINEAR,
    "bicubic": CUBIC,
    "lanczos": LANCZOS,
    "box": AREA,
    "hamming": AREA,
}
"""Pillow's names of filters, as OpenCV's codes; where they shrink, all but the first average."""
NUMBER = "number"
"""Where a sample carries its place in the source, if it does."""


class Fitted(Resizing, base=True):
    """Scale an image to a size, after cutting its middle out if its shape is to be kept.

    Args:
        height: Height of the result, in pixels.
        width: Width of the result, in pixels.
        filter: Pillow's name of the filter.
        keeps_ratio: Cut instead of squeezing.
        legacy: Scale images with Pillow.

    """

    height: int
    width: int
    filter: str
    keeps_ratio: bool
    legacy: bool
    p: float = 1.0

    draws: ClassVar[int] = 0

    def sampling(self, canvas: Canvas) -> Sampling:
        return Sampling(FILTERS[self.filter])

    @property
    def area_for_downscale(self) -> str | None:
        """Which planes average pixels where the result is smaller."""
        return None if self.filter == "nearest" else "image"

    def window(self, size: Size, **params: Any) -> tuple[int, int, int, int]:
        height, width = size
        if not self.keeps_ratio:
            return 0, 0, width, height
        tall = max(1, min(height, width * self.height // self.width))
        wide = max(1, min(width, height * self.width // self.height))
        top, left = (height - tall) // 2, (width - wide) // 2
        return left, top, left + wide, top + tall

    def output_size(self, size: Size, **params: Any) -> Size:
        return Size(self.height, self.width)

    def on(self, canvas: Canvas, params: Params) -> None:
        if self.legacy:
            old = canvas.size
            box, size = self.window(old), self.output_size(old)
            with_images(
                canvas,
                lambda image: _idg_legacy.resized(image, box, size, self.filter),
                lambda: super(Fitted, self).on(canvas, params),
            )
        else:
            super().on(canvas, params)


@dataclass(frozen=True)
class Given:
    """What stands for `Ranges` where nothing is drawn.

    Args:
        params: The parameters of the transform.
        legacy: Whether they are Keras' own.

    """

    params: Mapping[str, Any]
    legacy: bool = False

    def draw(self, values: Sequence[float], size: Size) -> dict[str, Any]:
        """The parameters, whatever the uniforms."""
        return {"channel_shift_intensity": None, "brightness": None, **self.params}


class Moved(DualTransform, base=True):
    """Rotate, shift, shear, zoom and flip in one step, then shift channels and brighten.

    Args:
        ranges: What is drawn, a `Ranges`, or a `Given`.
        fill_mode: SciPy's name of what lies beyond the edge.
        cval: Image value of a constant border.
        mask_cval: Mask value of a constant border.
        order: Order of the spline that reads between pixels.
        value_range: Black and white of float images; None finds them in each.

    """

    ranges: Any
    fill_mode: str = "nearest"
    cval: float = 0
    mask_cval: float = 0
    order: int = 1
    value_range: Any = None
    p: float = 1.0

    draws: ClassVar[int] = SLOTS

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        values = draw.values[draw.slot : draw.slot + SLOTS]
        draw.slot += SLOTS
        params: Params = self.ranges.draw(values, canvas.size)
        return params

    def on(self, canvas: Canvas, params: Params) -> None:
        matrix = matrix_of(params, canvas.size, self.ranges.legacy)
        if self.ranges.legacy:
            with_images(
                canvas, lambda i: self.as_keras(i, params), lambda: self.move(canvas, matrix)
            )
            return
        change = self.colours(params, canvas)
        self.move(canvas, matrix)
        if change is not None:
            canvas.edit(change)

    def alone(self, image: Array, values: Sequence[float]) -> Array:
        """What a call that draws these uniforms gives for an image with nothing beside it."""
        size = Size(*image.shape[:2])
        params = self.ranges.draw(values, size)
        change = self.colours(params, image)
        matrix = matrix_of(params, size, legacy=False)
        if matrix != IDENTITY:
            border = BORDERS[self.fill_mode]
            image = warp(image, matrix, size, ORDERS[self.order], border, self.cval)
        return image if change is None else change(image)

    def colours(
        self, params: Mapping[str, Any], source: Canvas | Array
    ) -> Callable[[Array], Array] | None:
        """What happens to the values of an image that has moved; none if nothing does."""
        intensity, factor = params["channel_shift_intensity"], params["brightness"]
        if intensity is None and factor is None:
            return None
        white = self.value_range
        if white is None and factor is not None:  # as given: cubic weights overshoot
            white = range_of(source.image if isinstance(source, Canvas) else source)
        return lambda moved: retoned(moved, intensity, factor, white)

    def move(self, canvas: Canvas, matrix: Matrix) -> None:
        """Move all planes and labels."""
        size = canvas.size
        border = BORDERS[self.fill_mode]
        sampling = Sampling(ORDERS[self.order], NEAREST, border, self.cval, self.mask_cval)
        for layer in canvas.layers:
            scale = zoom(layer.size.width / size.width, layer.size.height / size.height)
            own = matrix if layer.size == size else scale @ matrix @ scale.inverse()
            layer.move(own, layer.size, sampling)
        if canvas.is_labelled:
            move_labels(canvas, matrix)

    def as_keras(self, image: Array, params: Mapping[str, Any]) -> Array:
        """An image with Keras' own pixels."""
        if image.dtype.kind != "f":
            image = image.astype(np.float32)
        return _idg_legacy.transformed(image, params, self.fill_mode, self.cval, self.order)


def with_images(
    canvas: Canvas, change: Callable[[Array], Array], others: Callable[[], None]
) -> None:
    """Change images one way, and all other planes and labels another."""
    planes = canvas.planes
    images = [plane for plane in planes if plane.kind == "image"]
    for layer in canvas.layers:
        layer.planes = [plane for plane in layer.planes if plane.kind != "image"]
    others()
    canvas.flush()
    for plane in images:
        plane.frames = plane.origin = [change(frame) for frame in plane.frames]
        plane.dtype = plane.frames[0].dtype
    canvas.arrange(planes)


def range_of(images: Array) -> tuple[float, float]:
    """Black and white of images: 0 and 1, 0 and 255, or their own."""
    if images.dtype.kind in "iu" or not images.size:
        return 0.0, float(np.iinfo(images.dtype).max) if images.dtype.kind in "iu" else 1.0
    low, high = float(images.min()), float(images.max())
    if low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return low, high


def retoned(
    image: Array, intensity: float | None, factor: float | None, white: tuple[float, float] | None
) -> Array:
    """Add to all values within the image's own, then multiply them, within black and white."""
    low, high = 0.0, 0.0
    if intensity is not None:
        low, high, _, _ = cv2.minMaxLoc(image.reshape(len(image), -1))

    def curve(values: Array) -> Array:
        if intensity is not None:
            values = np.clip(values + intensity, low, high)
        if factor is not None and white is not None:
            black, top = white
            values = np.clip(black + (values - black) * factor, black, top)
        return values

    levels = tone.LEVELS.get(image.dtype.name)
    if levels is None:
        result: Array = curve(image).astype(image.dtype, copy=False)
        return result
    white = 0.0, float(levels[-1])
    return tone.look_up(image, np.rint(curve(levels)).astype(image.dtype))


@dataclass(frozen=True)
class Steps(Recipe):
    """Run a generator's steps on a sample, its standardisation last.

    Args:
        final: Standardises an image, into the array given if it fits.
        final_all: Standardises many in the form they are given in, in place; None if each of them
            is looked at by itself.
        masks: The targets that are masks.
        channels_first: Whether channels stand first in images and masks outside.
        only: The pipeline's only step, if a sample is one image and nothing else.

    """

    final: Callable[[Array, Array | None], Array] = lambda image, out: image
    final_all: Callable[[Array], Any] | None = None
    masks: tuple[str, ...] = ()
    channels_first: bool = False
    only: Moved | None = None

    def run(
        self,
        sample: Mapping[str, Any],
        key: Key,
        slots: Mapping[str, Array],
        direct: frozenset[str] = frozenset(),
    ) -> tuple[dict[str, Array], set[str]]:
        data = dict(sample)
        if self.channels_first:
            for name in (*self.images, *self.masks):
                if np.ndim(data[name]) == 3:
                    data[name] = np.ascontiguousarray(np.moveaxis(data[name], 0, -1))
        others = {name: slot for name, slot in slots.items() if name not in self.images}
        given, plain = super().run(data, key, others, direct)
        if self.channels_first:
            for name in self.masks:
                if given[name].ndim == 3:
                    given[name] = np.moveaxis(given[name], -1, 0)
        for name in self.images:
            given[name] = self.final(given[name], slots.get(name))
        masks = set() if self.channels_first else {*self.masks}
        return given, plain & masks
