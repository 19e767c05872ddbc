"""Straight lines stay straight and parallel: scale, shear, rotate and shift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

from ..core.canvas import Canvas
from ..core.fields import (
    Above,
    Border,
    Fill,
    Form,
    Interpolation,
    Pair,
    Probability,
    Range,
    RotateMethod,
    Symmetric,
    is_number,
)  # fmt: skip
from ..core.kinds import Warp
from ..core.matrix import Matrix, Size, cos_sin, turn, zoom
from ..core.random import Draw
from ..core.transform import Params


@dataclass(frozen=True)
class PerAxis(Form):
    """A number or pair for both axes, or a dict with one for "x", "y" or both.

    What is stored is a dict of two pairs.
    """

    missing: float = 0.0  # for an axis that the dict does not name

    def convert(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return {"x": self._pair(value), "y": self._pair(value)}
        if value and value.keys() <= {"x", "y"}:
            return {axis: self._pair(value.get(axis, self.missing)) for axis in ("x", "y")}
        return value

    def _pair(self, value: Any) -> Any:
        return self.expand(value) if is_number(value) else value


@dataclass(frozen=True)
class Axes:
    """Both axes have a pair of numbers, low <= high, above a bound."""

    above: float = -math.inf
    whole: bool = False

    def __call__(self, value: Any) -> bool:
        return (
            isinstance(value, dict)
            and value.keys() == {"x", "y"}
            and all(
                isinstance(pair, tuple) and len(pair) == 2 and self._fits(*pair)
                for pair in value.values()
            )
        )

    def _fits(self, low: Any, high: Any) -> bool:
        numbers = is_number(low) and is_number(high) and self.above < low <= high < math.inf
        return numbers and not (self.whole and (low % 1 or high % 1))

    def __str__(self) -> str:
        kind = " of whole numbers" if self.whole else ""
        bound = "" if self.above == -math.inf else f" > {self.above:g}"
        return f"for 'x' and 'y'{kind}{bound}, with low <= high"


def _both(number: float) -> Pair:
    return number, number


AxisRange: TypeAlias = float | Pair | dict[str, float | Pair]
Shifts: TypeAlias = Annotated[AxisRange, PerAxis(_both), Axes()]
WholeShifts: TypeAlias = Annotated[AxisRange, PerAxis(_both), Axes(whole=True)]
Shears: TypeAlias = Annotated[AxisRange, PerAxis(_both), Axes()]
Scales: TypeAlias = Annotated[AxisRange, PerAxis(_both, missing=1.0), Axes(above=0)]


def rotated(size: Size, linear: Matrix) -> tuple[float, float]:
    """Width and height of the box around an image moved by a linear map."""
    width = abs(linear.xx) * size.width + abs(linear.xy) * size.height
    height = abs(linear.yx) * size.width + abs(linear.yy) * size.height
    return width, height


def fitting(size: Size, linear: Matrix) -> Size:
    """The smallest canvas that holds an image moved by a linear map."""
    width, height = rotated(size, linear)
    slack = 1e-6  # rounding noise must not add a pixel
    return Size(max(1, math.ceil(height - slack)), max(1, math.ceil(width - slack)))


def centred(linear: Matrix, old: Size, new: Size, right: float = 0, down: float = 0) -> Matrix:
    """A linear map that takes the centre of one canvas to that of another, then a shift."""
    a, b, _, d, e, *_ = linear
    x, y = old.width / 2, old.height / 2
    return Matrix(
        a, b, new.width / 2 - (a * x + b * y) + right,
        d, e, new.height / 2 - (d * x + e * y) + down,
    )  # fmt: skip


class Affine(Warp):
    """Scale, rotate and shear the image about its centre, then shift it.

    A number is always that number; a pair is drawn from uniformly. A dict may give "x" and "y"
    values of their own.

    Args:
        scale: Size of the result relative to the input, drawn for each axis.
        translate_percent: Shift right and down, as a fraction of width and height, cut to whole
            pixels.
        translate_px: Shift right and down, in whole pixels.
        rotate: Angle in degrees, counter-clockwise.
        shear: Slant of vertical and of horizontal lines, in degrees; a positive x moves the upper
            half to the right, a positive y the left half down.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        fit_output: Make the canvas as large as the moved image; it is not shifted then.
        keep_ratio: Scale both axes by the same factor.
        rotate_method: "largest_box" boxes in the moved corners of a box, "ellipse" the moved
            ellipse in it.
        balanced_scale: Shrink and enlarge equally often, however long the two parts of `scale`.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    scale: Scales = (1.0, 1.0)
    translate_percent: Shifts | None = None
    translate_px: WholeShifts | None = None
    rotate: Range = 0.0
    shear: Shears = (0.0, 0.0)
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    fit_output: bool = False
    keep_ratio: bool = False
    rotate_method: RotateMethod = "largest_box"
    balanced_scale: bool = False
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 0.5

    draws: ClassVar[int] = 7

    def check(self) -> None:
        if self.translate_percent is not None and self.translate_px is not None:
            raise self.refuse("translate_px", "None where translate_percent is given")
        scale: Any = self.scale
        if self.keep_ratio and scale["x"] != scale["y"]:
            raise self.refuse("scale", "the same for x and y where keep_ratio is set")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        scale: Any = self.scale
        shear: Any = self.shear
        between = draw.between
        across = self._factor(scale["x"], draw.uniform())
        down = self._factor(scale["y"], draw.uniform())
        params: Params = {
            "scale": {"x": across, "y": across if self.keep_ratio else down},
            "rotate": between(self.rotate),
            "shear": {"x": between(shear["x"]), "y": between(shear["y"])},
        }
        percent: Any = self.translate_percent
        pixels: Any = self.translate_px
        if percent is not None:
            params["translate_percent"] = {"x": between(percent["x"]), "y": between(percent["y"])}
        elif pixels is not None:
            whole = {a: draw.whole(int(pixels[a][0]), int(pixels[a][1])) for a in ("x", "y")}
            params["translate_px"] = whole
        return params

    def _factor(self, pair: Pair, u: float) -> float:
        low, high = pair
        if self.balanced_scale and low < 1 < high:
            return low + (1 - low) * 2 * u if u < 0.5 else 1 + (high - 1) * (2 * u - 1)
        return float(low + (high - low) * u)

    @staticmethod
    def _linear(scale: dict[str, float], rotate: float, shear: dict[str, float]) -> Matrix:
        # slant(shear) @ turn(rotate) @ zoom(scale), multiplied out
        cos, sin = cos_sin(rotate)
        across, down = math.tan(math.radians(shear["x"])), math.tan(math.radians(shear["y"]))
        x, y = scale["x"], scale["y"]
        return Matrix(
            (cos + across * sin) * x, (sin - across * cos) * y, 0.0,
            (-down * cos - sin) * x, (cos - down * sin) * y,
        )  # fmt: skip

    def output_size(self, size: Size, **params: Any) -> Size:
        if not self.fit_output:
            return size
        linear = self._linear(params["scale"], params["rotate"], params["shear"])
        return fitting(size, linear)

    def matrix(
        self,
        size: Size,
        scale: dict[str, float],
        rotate: float,
        shear: dict[str, float],
        translate_percent: dict[str, float] | None = None,
        translate_px: dict[str, int] | None = None,
    ) -> Matrix:
        linear = self._linear(scale, rotate, shear)
        if self.fit_output:
            return centred(linear, size, fitting(size, linear))
        if translate_percent is not None:
            x, y = translate_percent["x"] * size.width, translate_percent["y"] * size.height
            return centred(linear, size, size, int(x), int(y))
        if translate_px is not None:
            return centred(linear, size, size, translate_px["x"], translate_px["y"])
        return centred(linear, size, size)


class ShiftScaleRotate(Warp):
    """Scale and rotate the image about its centre, then shift it.

    Args:
        shift_limit: Shift right and down, as a fraction of width and height, cut to whole pixels.
        scale_limit: What is added to 1 to give the factor, the same for both axes.
        rotate_limit: Angle in degrees, counter-clockwise.
        interpolation: How to read the image between pixels.
        border_mode: What lies beyond the edge.
        shift_limit_x: Shift right, instead of `shift_limit`.
        shift_limit_y: Shift down, instead of `shift_limit`.
        rotate_method: "largest_box" boxes in the moved corners of a box, "ellipse" the moved
            ellipse in it.
        mask_interpolation: How to read masks between pixels.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    shift_limit: Symmetric = (-0.0625, 0.0625)
    scale_limit: Annotated[Symmetric, Above(-1)] = (-0.1, 0.1)
    rotate_limit: Symmetric = (-45, 45)
    interpolation: Interpolation = 1
    border_mode: Border = 0
    shift_limit_x: Symmetric | None = None
    shift_limit_y: Symmetric | None = None
    rotate_method: RotateMethod = "largest_box"
    mask_interpolation: Interpolation = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 0.5

    draws: ClassVar[int] = 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        x = self.shift_limit if self.shift_limit_x is None else self.shift_limit_x
        y = self.shift_limit if self.shift_limit_y is None else self.shift_limit_y
        return {
            "shift_x": draw.between(x),
            "shift_y": draw.between(y),
            "scale": 1 + draw.between(self.scale_limit),
            "rotate": draw.between(self.rotate_limit),
        }

    def matrix(
        self, size: Size, shift_x: float, shift_y: float, scale: float, rotate: float
    ) -> Matrix:
        right, down = int(shift_x * size.width), int(shift_y * size.height)
        return centred(turn(rotate) @ zoom(scale, scale), size, size, right, down)


def inscribed(size: Size, degrees: float) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the largest upright window inside a turned image.

    A window w x h fits if w cos + h sin <= width and w sin + h cos <= height. Either both hold
    with equality, or the image is so slim that only its short side bounds the product w h.
    """
    turned = turn(degrees)
    cos, sin = abs(turned.xx), abs(turned.xy)
    height, width = size
    if min(height, width) <= 2 * sin * cos * max(height, width):
        half = min(height, width) / 2
        w, h = (half / sin, half / cos) if height <= width else (half / cos, half / sin)
    else:
        double = cos * cos - sin * sin
        w, h = (width * cos - height * sin) / double, (height * cos - width * sin) / double
    left, right = _span(width, w)
    top, bottom = _span(height, h)
    return left, top, right, bottom


def _span(length: int, part: float) -> tuple[int, int]:
    """Whole pixels, at least one, of a part in the middle of a length."""
    low = min(max(0, int((length - part) / 2)), length - 1)
    return low, max(low + 1, min(length, int((length + part) / 2)))


class Rotate(Warp):
    """Rotate the image about its centre.

    Args:
        limit: Angle in degrees, counter-clockwise.
        interpolation: How to read the image between pixels.
        border_mode: What lies beyond the edge.
        rotate_method: "largest_box" boxes in the moved corners of a box, "ellipse" the moved
            ellipse in it.
        crop_border: Keep only the largest upright window inside the rotated image, as far as it
            lies on the canvas.
        mask_interpolation: How to read masks between pixels.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    limit: Symmetric = (-90, 90)
    interpolation: Interpolation = 1
    border_mode: Border = 0
    rotate_method: RotateMethod = "largest_box"
    crop_border: bool = False
    mask_interpolation: Interpolation = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 0.5

    def output_size(self, size: Size, **params: Any) -> Size:
        if not self.crop_border:
            return size
        left, top, right, bottom = inscribed(size, params["limit"])
        return Size(bottom - top, right - left)

    def matrix(self, size: Size, limit: float) -> Matrix:
        left, top, _, _ = inscribed(size, limit) if self.crop_border else (0, 0, 0, 0)
        return centred(turn(limit), size, size, -left, -top)


class SafeRotate(Warp):
    """Rotate the image about its centre, and scale it so that all of it fills the canvas.

    Both sides of the turned image's outline are brought to those of the canvas, each by a factor
    of its own.

    Args:
        limit: Angle in degrees, counter-clockwise.
        interpolation: How to read the image between pixels.
        border_mode: What lies beyond the edge.
        rotate_method: "largest_box" boxes in the moved corners of a box, "ellipse" the moved
            ellipse in it.
        mask_interpolation: How to read masks between pixels.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    limit: Symmetric = (-90, 90)
    interpolation: Interpolation = 1
    border_mode: Border = 0
    rotate_method: RotateMethod = "largest_box"
    mask_interpolation: Interpolation = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 0.5

    def matrix(self, size: Size, limit: float) -> Matrix:
        turned = turn(limit)
        width, height = rotated(size, turned)
        return centred(zoom(size.width / width, size.height / height) @ turned, size, size)
