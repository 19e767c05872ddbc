"""Windows of the image that are placed by what it shows: a box, a mask, a given place."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

import numpy as np

from ..core.canvas import Canvas
from ..core.fields import Array, Between, Count, Pair, Probability, is_number, plain, up_to
from ..core.layer import Window
from ..core.matrix import Matrix, Size
from ..core.random import Draw
from ..core.transform import Params
from .crops import _Crop, box_fractions, fraction_window, start, too_small

MASKS = ("mask", "masks", "mask3d", "masks3d")  # additional masks may mean anything
SLACK = 1e-6  # pixels: a fraction of a whole pixel must give that pixel back


class _AimedCrop(_Crop, base=True):
    """Cuts a window of fixed size. Subclasses define ``window``, inside the image."""

    height: Count
    width: Count
    p: Probability = 1.0

    draws: ClassVar[int] = 3

    def placed(self, size: Size, **params: Any) -> tuple[Matrix, Size]:
        if size.height < self.height or size.width < self.width:
            raise too_small(self, Size(self.height, self.width), size)
        return super().placed(size, **params)

    def at(self, left: int, top: int) -> Window:
        """The window that begins at a place."""
        return left, top, left + self.width, top + self.height


class AtLeastOneBBoxRandomCrop(_AimedCrop):
    """Cut a window of fixed size that shows some of a box, each box with the same chance.

    Every such window is equally likely; without boxes, every window.

    Args:
        height: Height of the window, in pixels.
        width: Width of the window, in pixels.
        erosion_factor: Part of the box's width and height that may be missing; one pixel is
            always there. Of a box larger than the window it is the window that must be filled.
        p: Chance that a call does anything.

    """

    height: Count
    width: Count
    erosion_factor: Annotated[float, Between(0, 1)] = 0.0
    p: Probability = 1.0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        params: Params = {"top": draw.uniform(), "left": draw.uniform()}
        chosen, edges = draw.uniform(), box_fractions(canvas)
        box = edges[int(chosen * len(edges))].tolist() if len(edges) else None
        return {**params, "box": box}

    def window(self, size: Size, top: float, left: float, box: list[float] | None) -> Window:
        low_x, low_y, high_x, high_y = box or (None,) * 4
        return self.at(
            self._start(size.width, self.width, low_x, high_x, left),
            self._start(size.height, self.height, low_y, high_y, top),
        )

    def _start(
        self, length: int, window: int, low: float | None, high: float | None, u: float
    ) -> int:
        """Where a window along one side begins, to hold enough of the box's extent."""
        if low is None or high is None:
            return start(length, window, u)
        low, high = low * length, high * length
        shared = min((1 - self.erosion_factor) * (high - low), window)
        shared = max(shared, min(high - low, 1))
        first = max(0, math.ceil(low + shared - window - SLACK))
        last = max(first, min(length - window, math.floor(high - shared + SLACK)))
        return first + int(u * (last - first + 1))


class CropNonEmptyMaskIfExists(_AimedCrop):
    """Cut a window of fixed size that shows some of the mask, each of its pixels with equal chance.

    The pixel is one that is not 0 in any channel of ``mask`` or of any of ``masks``; every window
    that holds it is equally likely. Where there is none, every window is.

    Args:
        height: Height of the window, in pixels.
        width: Width of the window, in pixels.
        ignore_values: Mask values that count as 0.
        ignore_channels: Channels of the mask that do not count.
        p: Chance that a call does anything.

    """

    height: Count
    width: Count
    ignore_values: tuple[int, ...] | None = None
    ignore_channels: tuple[int, ...] | None = None
    p: Probability = 1.0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        params: Params = {"top": draw.uniform(), "left": draw.uniform()}
        return {**params, "pixel": chosen_pixel(self._shown(canvas), draw.uniform())}

    def _shown(self, canvas: Canvas) -> Array:
        """Where any mask of the first size that has masks is not empty, (H, W)."""
        canvas.flush()
        for layer in canvas.layers:
            planes = [plane for plane in layer.planes if plane.name in MASKS]
            frames = [self._counted(frame) for plane in planes for frame in plane.frames]
            if frames:
                return np.asarray(np.logical_or.reduce(frames))
        raise ValueError(f"{type(self).__name__} needs a mask or masks in its call")

    def _counted(self, mask: Array) -> Array:
        channels = mask if mask.ndim == 3 else mask[:, :, None]
        if self.ignore_channels is not None:
            ignored = self.ignore_channels
            channels = channels[:, :, [i for i in range(channels.shape[2]) if i not in ignored]]
        shown = channels != 0
        if self.ignore_values:
            shown &= ~np.isin(channels, self.ignore_values)
        return np.asarray(shown[:, :, 0] if shown.shape[2] == 1 else shown.any(axis=2))

    def window(self, size: Size, top: float, left: float, pixel: list[float] | None) -> Window:
        if pixel is None:
            return self.at(
                start(size.width, self.width, left), start(size.height, self.height, top)
            )
        x, y = (int(part * length) for part, length in zip(pixel, size[::-1], strict=True))
        return self.at(
            holding(x, size.width, self.width, left), holding(y, size.height, self.height, top)
        )


def chosen_pixel(shown: Array, u: float) -> list[float] | None:
    """The x and y that a uniform picks of the marked pixels' centres, as fractions."""
    counts = np.cumsum(np.count_nonzero(shown, axis=1))
    if not counts[-1]:
        return None
    number = int(u * int(counts[-1]))
    row = int(np.searchsorted(counts, number, "right"))
    before = int(counts[row - 1]) if row else 0
    column = int(np.flatnonzero(shown[row])[number - before])
    height, width = shown.shape
    return [(column + 0.5) / width, (row + 0.5) / height]


def holding(pixel: int, length: int, window: int, u: float) -> int:
    """Where a window that holds a pixel begins, each place equally likely for a uniform u."""
    first, last = max(0, pixel - window + 1), min(pixel, length - window)
    return first + int(u * (last - first + 1))


class RandomCropFromBorders(_Crop):
    """Cut off a random strip on every side; at least one pixel is left.

    Args:
        crop_left: Widest strip on the left, as a fraction of the width.
        crop_right: Widest strip on the right, as a fraction of the width.
        crop_top: Widest strip above, as a fraction of the height.
        crop_bottom: Widest strip below, as a fraction of the height.
        p: Chance that a call does anything.

    """

    crop_left: Annotated[float, Between(0, 1)] = 0.1
    crop_right: Annotated[float, Between(0, 1)] = 0.1
    crop_top: Annotated[float, Between(0, 1)] = 0.1
    crop_bottom: Annotated[float, Between(0, 1)] = 0.1
    p: Probability = 1.0

    draws: ClassVar[int] = 4

    def check(self) -> None:
        for first, second in (("crop_left", "crop_right"), ("crop_top", "crop_bottom")):
            if getattr(self, first) + getattr(self, second) > 1:
                raise self.refuse(second, f"at most 1 - {first} ({getattr(self, first)})")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {side: draw.uniform() for side in ("left", "top", "right", "bottom")}

    def window(self, size: Size, left: float, top: float, right: float, bottom: float) -> Window:
        x1, x2 = inner(size.width, (self.crop_left, left), (self.crop_right, right))
        y1, y2 = inner(size.height, (self.crop_top, top), (self.crop_bottom, bottom))
        return x1, y1, x2, y2


def inner(length: int, before: Pair, after: Pair) -> tuple[int, int]:
    """What is left of a side after strips of (widest, as a fraction; a uniform) on both ends."""
    first, last = (int(u * (int(most * length + SLACK) + 1)) for most, u in (before, after))
    first = min(first, length - 1)
    return first, max(first + 1, length - last)


class RandomCropNearBBox(_Crop):
    """Cut out the surroundings of a box that the call gives, each side moved at random.

    Args:
        max_part_shift: Farthest move of the upper and lower side, as a fraction of the box's
            height, and of the left and right side, as a fraction of its width; a number n stands
            for (0, n).
        cropping_bbox_key: Name of the call's argument with the box: x_min, y_min, x_max, y_max in
            pixels of the image as it comes to this transform.
        p: Chance that a call does anything.

    """

    max_part_shift: Annotated[float | Pair, up_to(0), Between(0, 1)] = (0, 0.3)
    cropping_bbox_key: str = "cropping_bbox"
    p: Probability = 1.0

    draws: ClassVar[int] = 4

    @property
    def targets_as_params(self) -> list[str]:
        return [self.cropping_bbox_key]

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        left, top, right, bottom = self._box(canvas)
        down, across = self.max_part_shift  # type: ignore[misc]
        most_x, most_y = int((right - left) * across), int((bottom - top) * down)
        height, width = canvas.size
        return {
            "left": (left + draw.whole(-most_x, most_x)) / width,
            "top": (top + draw.whole(-most_y, most_y)) / height,
            "right": (right + draw.whole(-most_x, most_x)) / width,
            "bottom": (bottom + draw.whole(-most_y, most_y)) / height,
        }

    def _box(self, canvas: Canvas) -> tuple[float, float, float, float]:
        key, (height, width) = self.cropping_bbox_key, canvas.size
        box = plain(canvas.data.get(key))
        if isinstance(box, tuple) and len(box) >= 4 and all(map(is_number, box[:4])):
            left, top, right, bottom = map(float, box[:4])
            if max(left, 0) < min(right, width) and max(top, 0) < min(bottom, height):
                return left, top, right, bottom
        raise ValueError(
            f"{type(self).__name__} needs {key}=(x_min, y_min, x_max, y_max) in its call, in "
            f"pixels, with x_min < x_max and y_min < y_max, that meets the image of height "
            f"{height} and width {width}; got {canvas.data.get(key)!r}"
        )

    def window(self, size: Size, **params: Any) -> Window:
        return fraction_window(size, **params)
