"""Borders around the image, and where the image lies within them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from ..core.canvas import Canvas
from ..core.fields import (
    SAME,
    Between,
    Border,
    Count,
    Fill,
    Interpolation,
    Pair,
    Probability,
    WholePair,
)  # fmt: skip
from ..core.kinds import Geometric, Spatial, move_labels
from ..core.matrix import Matrix, Size, shift, zoom
from ..core.random import Draw
from ..core.transform import Params

Position: TypeAlias = Literal[
    "center", "top_left", "top_right", "bottom_left", "bottom_right", "random"
]
"""Where the image lies within its new border."""


def draw_place(position: str, draw: Draw) -> Params:
    """What `place` needs beside the position: nothing, or two uniforms."""
    if position != "random":
        return {}
    return {"pad_top": draw.uniform(), "pad_left": draw.uniform()}


def place(
    size: Size, room: Size, position: str, pad_top: float = 0.0, pad_left: float = 0.0
) -> tuple[int, int]:
    """Rows above and columns left of an image within a room that is no smaller.

    Args:
        size: Of the image.
        room: Of the image with its border.
        position: Where the image lies; an odd pixel goes below and right of the centre.
        pad_top: For "random": part of the missing rows that goes above, in [0, 1).
        pad_left: For "random": part of the missing columns that goes left, in [0, 1).

    """
    rows, columns = room.height - size.height, room.width - size.width
    if position == "center":
        return rows // 2, columns // 2
    if position == "random":
        return int(pad_top * (rows + 1)), int(pad_left * (columns + 1))
    top = 0 if position.startswith("top") else rows
    left = 0 if position.endswith("left") else columns
    return top, left


class Pad(Geometric):
    """Add a border of fixed width.

    Objects that a reflecting or wrapping border repeats are not labelled a second time.

    Args:
        padding: Pixels on every side, or (left and right, top and bottom), or
            (left, top, right, bottom).
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        border_mode: What the border shows.
        p: Chance that a call does anything.

    """

    padding: Annotated[int | WholePair | tuple[int, int, int, int], Between(0)] = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    border_mode: Border = 0
    p: Probability = 1.0

    def _sides(self) -> tuple[int, int, int, int]:
        padding = self.padding
        if isinstance(padding, int):
            return padding, padding, padding, padding
        if len(padding) == 2:
            return (*padding, *padding)
        return padding

    def output_size(self, size: Size, **params: Any) -> Size:
        left, top, right, bottom = self._sides()
        return Size(size.height + top + bottom, size.width + left + right)

    def matrix(self, size: Size) -> Matrix:
        left, top, _, _ = self._sides()
        return shift(left, top)


class PadIfNeeded(Geometric):
    """Add a border where the image is smaller than wanted, or its size no multiple of a number.

    Objects that a reflecting or wrapping border repeats are not labelled a second time.

    Args:
        min_height: Smallest height of the result, in pixels; None where a divisor is given.
        min_width: Smallest width of the result, in pixels; None where a divisor is given.
        pad_height_divisor: The height of the result is a multiple of this many pixels.
        pad_width_divisor: The width of the result is a multiple of this many pixels.
        position: Where the image lies within its border; an odd pixel goes below and right of
            the centre.
        border_mode: What the border shows.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    min_height: Count | None = 1024
    min_width: Count | None = 1024
    pad_height_divisor: Count | None = None
    pad_width_divisor: Count | None = None
    position: Position = "center"
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 1.0

    draws: ClassVar[int] = 2

    def check(self) -> None:
        for side in ("height", "width"):
            if (getattr(self, f"min_{side}") is None) == (
                getattr(self, f"pad_{side}_divisor") is None
            ):
                raise self.refuse(f"pad_{side}_divisor", f"given exactly where min_{side} is None")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return draw_place(self.position, draw)

    def placed(self, size: Size, **params: Any) -> tuple[Matrix, Size]:
        room = Size(
            _length(size.height, self.min_height, self.pad_height_divisor),
            _length(size.width, self.min_width, self.pad_width_divisor),
        )
        top, left = place(size, room, self.position, **params)
        return shift(left, top), room


def _length(length: int, minimum: int | None, divisor: int | None) -> int:
    if divisor is not None:
        return -(-length // divisor) * divisor
    return max(length, minimum or 0)


SIDES = ("top", "right", "bottom", "left")
Pixels: TypeAlias = int | tuple[int, ...]
Fraction: TypeAlias = float | tuple[float, ...]


def pick(amount: Any, u: float) -> Any:
    """What a uniform picks: a number as it is, from a pair a value between, else a choice."""
    if not isinstance(amount, tuple):
        return amount
    if len(amount) != 2:
        return amount[int(u * len(amount))]
    low, high = amount
    if isinstance(low, int) and isinstance(high, int):
        return low + int(u * (high - low + 1))
    return low + (high - low) * u


def kept(before: int, after: int, length: int) -> tuple[int, int]:
    """What may be cut off both ends of a length so that one pixel is left."""
    total = before + after
    if total < length:
        return before, after
    before = before * (length - 1) // total
    return before, length - 1 - before


class CropAndPad(Spatial):
    """Cut off or add a strip on every side.

    Positive amounts add a border, negative ones cut; at least one pixel is left. An amount may be
    a number, a pair to draw between (whole numbers both included), or three numbers or more to
    choose from. Objects that a reflecting or wrapping border repeats are not labelled a second
    time.

    Args:
        px: Amount in pixels for all sides, or (top, right, bottom, left) amounts.
        percent: The same as fractions of the height (top, bottom) and the width (right, left).
        keep_size: Scale the result back to the size of the input.
        sample_independently: Draw one amount per side; otherwise one for all sides.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        border_mode: What the border shows.
        fill: Image value of a constant border, in the image's units: a number, a pair to draw
            between, or several numbers to choose from. It holds for all channels.
        fill_mask: Mask value of a constant border, drawn like `fill`.
        p: Chance that a call does anything.

    """

    px: int | WholePair | tuple[Pixels, Pixels, Pixels, Pixels] | None = None
    percent: float | Pair | tuple[Fraction, Fraction, Fraction, Fraction] | None = None
    keep_size: bool = True
    sample_independently: bool = True
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 1.0

    draws: ClassVar[int] = 6

    def check(self) -> None:
        if (self.px is None) == (self.percent is None):
            raise self.refuse("px", "given, or percent instead, but not both")
        field = "px" if self.percent is None else "percent"
        for amount in self._amounts():
            unordered = isinstance(amount, tuple) and len(amount) == 2 and amount[0] > amount[1]
            if unordered or amount == ():
                raise self.refuse(field, "made of numbers, pairs with low <= high, or choices")

    def _amounts(self) -> tuple[Any, ...]:
        """What to draw from for the top, right, bottom and left."""
        amount = self.px if self.percent is None else self.percent
        if isinstance(amount, tuple) and len(amount) == 4:
            return amount
        return (amount,) * 4

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        uniforms = [draw.uniform() for _ in SIDES]
        if not self.sample_independently:
            uniforms = uniforms[:1] * 4
        picked = map(pick, self._amounts(), uniforms)
        params: Params = dict(zip(SIDES, picked, strict=True))
        params["value"] = pick(self.fill, draw.uniform())
        params["mask_value"] = pick(self.fill_mask, draw.uniform())
        return params

    def strips(self, size: Size, params: Params) -> tuple[Size, Size, Matrix, Matrix]:
        """Sizes after cutting and after padding, and the two shifts."""
        height, width = size
        amounts = [params[side] for side in SIDES]
        if self.percent is not None:
            lengths = (height, width, height, width)
            amounts = [int(part * length) for part, length in zip(amounts, lengths, strict=True)]
        top, right, bottom, left = amounts
        above, below = kept(max(0, -top), max(0, -bottom), height)
        before, after = kept(max(0, -left), max(0, -right), width)
        cut = Size(height - above - below, width - before - after)
        room = Size(
            cut.height + max(0, top) + max(0, bottom), cut.width + max(0, left) + max(0, right)
        )
        return cut, room, shift(-before, -above), shift(max(0, left), max(0, top))

    def on(self, canvas: Canvas, params: Params) -> None:
        sampling = self.sampling(canvas)._replace(
            fill=params["value"], fill_mask=params["mask_value"]
        )
        moved = None
        for layer in canvas.layers:
            old = layer.size
            cut, room, cutting, padding = self.strips(old, params)
            layer.move(cutting, cut, sampling)
            layer.move(padding, room, sampling)
            matrix = padding @ cutting
            if self.keep_size:
                layer.resize(old, sampling)
                matrix = zoom(old.width / room.width, old.height / room.height) @ matrix
            moved = moved or matrix
        if moved is not None:
            move_labels(canvas, moved)


class LetterBox(Spatial):
    """Scale the image, up or down, until it just fits a frame, and pad it to the frame.

    Args:
        size: Height and width of the result, in pixels; a number n stands for (n, n).
        position: Where the image lies within its border.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels; "nearest" picks the pixel at the
            centre.
        fill: Image value of the border, in the image's units.
        fill_mask: Mask value of the border.
        p: Chance that a call does anything.

    """

    size: Annotated[int | WholePair, SAME, Between(1)]
    position: Position = "center"
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 1.0

    draws: ClassVar[int] = 2

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return draw_place(self.position, draw)

    def on(self, canvas: Canvas, params: Params) -> None:
        sampling, room = self.sampling(canvas), Size(*self.size)  # type: ignore[misc]
        moved = None
        for layer in canvas.layers:
            old = layer.size
            factor = min(room.height / old.height, room.width / old.width)
            new = Size(max(1, round(old.height * factor)), max(1, round(old.width * factor)))
            top, left = place(new, room, self.position, **params)
            layer.resize(new, sampling)
            layer.move(shift(left, top), room, sampling)
            scaling = zoom(new.width / old.width, new.height / old.height)
            moved = moved or shift(left, top) @ scaling
        if moved is not None:
            move_labels(canvas, moved)
