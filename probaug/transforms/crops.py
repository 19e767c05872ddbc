"""Windows of the image, cut out as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import numpy as np

from ..core.canvas import Canvas
from ..core.fields import Array, Between, Border, Count, Fill, Probability
from ..core.kinds import Geometric
from ..core.layer import Window
from ..core.matrix import Matrix, Size, shift
from ..core.random import Draw
from ..core.transform import Params
from .pads import Position, draw_place, place


def start(length: int, window: int, u: float) -> int:
    """Where a window of some length begins, each place equally likely for a uniform u."""
    return int((length - window + 1) * u)


def window_at(size: Size, cut: Size, top: float, left: float) -> Window:
    """A window of a size that `start` places inside the image."""
    x, y = start(size.width, cut.width, left), start(size.height, cut.height, top)
    return x, y, x + cut.width, y + cut.height


def too_small(transform: Geometric, needed: Size, size: Size, advice: str = "") -> ValueError:
    """The error for an image that does not hold a window."""
    return ValueError(
        f"{type(transform).__name__} needs an image of at least {needed.height} x {needed.width} "
        f"pixels (height x width), got {size.height} x {size.width}{advice}"
    )


class _Crop(Geometric, base=True):
    """Cuts a window. Subclasses define ``window(size, **params)``, inside the image."""

    window: ClassVar[Callable[..., Window]]

    def placed(self, size: Size, **params: Any) -> tuple[Matrix, Size]:
        left, top, right, bottom = self.window(size, **params)
        return shift(-left, -top), Size(bottom - top, right - left)


class _PaddedCrop(_Crop, base=True):
    """Cuts a window out of an image that is padded first where it is too small.

    Subclasses define ``window`` for the padded image, and ``needed``.
    """

    pad_if_needed: bool = False
    pad_position: Position = "center"
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 1.0

    draws: ClassVar[int] = 2

    def needed(self) -> Size:
        """Smallest image that has the window."""
        raise NotImplementedError

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return draw_place(self.pad_position, draw) if self.pad_if_needed else {}

    def placed(self, size: Size, **params: Any) -> tuple[Matrix, Size]:
        needed = self.needed()
        above = before = 0
        height, width = size
        if height < needed[0] or width < needed[1]:
            if not self.pad_if_needed:
                raise too_small(self, needed, size, "; pad_if_needed=True pads smaller ones")
            room = Size(max(height, needed.height), max(width, needed.width))
            where = {name: params[name] for name in ("pad_top", "pad_left") if name in params}
            above, before = place(size, room, self.pad_position, **where)
            size = room
        left, top, right, bottom = self.window(size, **params)
        return shift(before - left, above - top), Size(bottom - top, right - left)


class RandomCrop(_PaddedCrop):
    """Cut a window of fixed size out of a random place.

    Objects that a reflecting or wrapping border repeats are not labelled a second time.

    Args:
        height: Height of the window, in pixels.
        width: Width of the window, in pixels.
        pad_if_needed: Pad a smaller image to the size of the window; otherwise it is an error.
        pad_position: Where a smaller image lies within its border.
        border_mode: What the border shows.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    height: Count
    width: Count

    draws: ClassVar[int] = 4

    def needed(self) -> Size:
        return Size(self.height, self.width)

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        place_of_window = {"top": draw.uniform(), "left": draw.uniform()}
        return {**place_of_window, **super().sample(draw, canvas)}

    def window(self, size: Size, top: float, left: float, **params: Any) -> Window:
        x, y = start(size.width, self.width, left), start(size.height, self.height, top)
        return x, y, x + self.width, y + self.height


class CenterCrop(_PaddedCrop):
    """Cut a window of fixed size out of the middle.

    Objects that a reflecting or wrapping border repeats are not labelled a second time.

    Args:
        height: Height of the window, in pixels.
        width: Width of the window, in pixels.
        pad_if_needed: Pad a smaller image to the size of the window; otherwise it is an error.
        pad_position: Where a smaller image lies within its border.
        border_mode: What the border shows.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    height: Count
    width: Count

    def needed(self) -> Size:
        return Size(self.height, self.width)

    def window(self, size: Size, **params: Any) -> Window:
        left, top = (size.width - self.width) // 2, (size.height - self.height) // 2
        return left, top, left + self.width, top + self.height


class Crop(_PaddedCrop):
    """Cut out a window given in pixels.

    Where it reaches beyond the image and `pad_if_needed` is set, the image is first padded to
    (y_max, x_max), lying there as `pad_position` says, and the window is cut out of the result.
    Objects that a reflecting or wrapping border repeats are not labelled a second time.

    Args:
        x_min: Left edge of the window, in pixels.
        y_min: Top edge of the window, in pixels.
        x_max: Right edge of the window, in pixels; the first column that is not part of it.
        y_max: Bottom edge of the window, in pixels; the first row that is not part of it.
        pad_if_needed: Pad an image that does not have the window; otherwise it is an error.
        pad_position: Where a smaller image lies within its border.
        border_mode: What the border shows.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    x_min: Annotated[int, Between(0)] = 0
    y_min: Annotated[int, Between(0)] = 0
    x_max: Count = 1024
    y_max: Count = 1024

    def check(self) -> None:
        if self.x_max <= self.x_min:
            raise self.refuse("x_max", f"greater than x_min ({self.x_min})")
        if self.y_max <= self.y_min:
            raise self.refuse("y_max", f"greater than y_min ({self.y_min})")

    def needed(self) -> Size:
        return Size(self.y_max, self.x_max)

    def window(self, size: Size, **params: Any) -> Window:
        return self.x_min, self.y_min, self.x_max, self.y_max


def box_fractions(canvas: Canvas) -> Array:
    """All boxes of a sample, (N, 4) xyxy, as fractions of the image; none that lies outside."""
    width, height = canvas.size.width, canvas.size.height
    edges = np.concatenate(
        [np.zeros((0, 4)), *(boxes.edges for boxes in canvas.labels.boxes.values())]
    )
    edges = (edges / (width, height, width, height)).clip(0, 1)
    return np.asarray(edges[(edges[:, 2:] > edges[:, :2]).all(axis=1)])


def around_boxes(canvas: Canvas, erosion_rate: float, draw: Draw) -> Params:
    """Draw a window that holds all boxes, as fractions of the image.

    Each side lies anywhere between the boxes' common outline, shrunk by the rate, and the border.
    Without boxes the window has the image's shape and a height of at least 1 - rate. Four uniforms.
    """
    u = [draw.uniform() for _ in range(4)]
    edges = box_fractions(canvas)
    if not len(edges):
        length = 1 - erosion_rate * u[0]
        left, top = (1 - length) * u[1], (1 - length) * u[2]
        return {"left": left, "top": top, "right": left + length, "bottom": top + length}
    x1, y1 = edges[:, :2].min(axis=0).tolist()
    x2, y2 = edges[:, 2:].max(axis=0).tolist()
    dx, dy = (x2 - x1) * erosion_rate / 2, (y2 - y1) * erosion_rate / 2
    return {
        "left": (x1 + dx) * u[0],
        "top": (y1 + dy) * u[1],
        "right": 1 - (1 - (x2 - dx)) * u[2],
        "bottom": 1 - (1 - (y2 - dy)) * u[3],
    }


def fraction_window(size: Size, left: float, top: float, right: float, bottom: float) -> Window:
    """The smallest window of whole pixels, at least one, that covers fractions of the image."""
    slack = 1e-6  # a fraction of a whole pixel must give that pixel back
    x1 = min(max(0, math.floor(left * size.width + slack)), size.width - 1)
    y1 = min(max(0, math.floor(top * size.height + slack)), size.height - 1)
    x2 = max(x1 + 1, min(math.ceil(right * size.width - slack), size.width))
    y2 = max(y1 + 1, min(math.ceil(bottom * size.height - slack), size.height))
    return x1, y1, x2, y2


class BBoxSafeRandomCrop(_Crop):
    """Cut a random window that holds every box.

    Each side lies anywhere between the boxes' common outline and the border. Without boxes the
    window has the shape of the image.

    Args:
        erosion_rate: Part of the width and height of the boxes' common outline that may be cut
            off; without boxes, largest part of the image's height that is.
        p: Chance that a call does anything.

    """

    erosion_rate: Annotated[float, Between(0, 1)] = 0.0
    p: Probability = 1.0

    draws: ClassVar[int] = 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return around_boxes(canvas, self.erosion_rate, draw)

    def window(self, size: Size, **params: Any) -> Window:
        return fraction_window(size, **params)
