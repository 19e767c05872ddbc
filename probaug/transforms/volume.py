"""Volumes: windows, borders and holes in three dimensions.

Shapes and places are in the order of the axes: depth, height, width (z, y, x).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from ..core.canvas import Canvas
from ..core.fields import Array, Between, DrawnPair, Fill, Probability, WholeRange
from ..core.holes import colour
from ..core.layer import Kind
from ..core.points import Points
from ..core.random import Draw
from ..core.transform import Params
from ..core.volume import Shape3, Volumetric

Lengths: TypeAlias = Annotated[tuple[int, int, int], Between(1)]
"""Depth, height and width, or a number for each."""
Block: TypeAlias = tuple[int, int, int, int, int, int]
"""First z, y, x of a block in whole voxels, and the last of each, which are not part of it."""

PLACE = ("front", "top", "left")


def draw_place(draw: Draw) -> Params:
    """Three uniforms, by the names of the sides that they are counted from."""
    return {side: draw.uniform() for side in PLACE}


class _Placing(NamedTuple):
    """A volume's place in a result."""

    offset: Shape3  # where its first voxel lies, negative if it is cut off
    shape: Shape3  # of the result


class _Placed(Volumetric, base=True):
    """Cuts off or adds slabs on any side. Subclasses define ``plan``, a `_Placing`.

    Args:
        fill: Value of added voxels, in the volume's units.
        fill_mask: Mask value of added voxels.

    """

    fill: Fill = 0
    fill_mask: Fill = 0
    p: Probability = 1.0

    plan: ClassVar[Callable[..., _Placing]]
    needs_z = False

    def change(self, volume: Array, kind: Kind, plan: _Placing) -> Array:
        return placed(volume, *plan, self.fill if kind == "image" else self.fill_mask)

    def follow(self, xyz: Array, plan: _Placing) -> Array:
        moved: Array = xyz + plan.offset[::-1]
        return moved


def placed(volume: Array, offset: Shape3, shape: Shape3, fill: Fill) -> Array:
    """A block of a shape that shows a volume at an offset; a view if it shows nothing else."""
    if offset == (0, 0, 0) and shape == volume.shape[:3]:
        return volume
    (z, y, x), (depth, height, width) = offset, shape
    part = volume[max(0, -z) : depth - z, max(0, -y) : height - y, max(0, -x) : width - x]
    if part.shape[:3] == shape:
        return part
    sides = tuple(zip(offset, shape, volume.shape, strict=False))
    result = np.empty((*shape, *volume.shape[3:]), volume.dtype)
    value = colour(fill, volume[0])
    inside = tuple(slice(max(0, o), min(s, n + o)) for o, s, n in sides)
    for axis, span in enumerate(inside):
        result[(*inside[:axis], slice(span.start))] = value
        result[(*inside[:axis], slice(span.stop, None))] = value
    result[inside] = part
    return result


class _Crop3D(_Placed, base=True):
    size: Lengths
    pad_if_needed: bool = False

    def starts(self, free: Shape3, **params: Any) -> Sequence[int]:
        """First z, y and x of the window; ``free`` voxels of each axis are left over."""
        raise NotImplementedError

    def plan(self, shape: Shape3, **params: Any) -> _Placing:
        size = depth, height, width = self.size
        room = max(shape[0], depth), max(shape[1], height), max(shape[2], width)
        if room != shape and not self.pad_if_needed:
            raise ValueError(
                f"{type(self).__name__} needs a volume of at least {self.size} voxels (depth, "
                f"height, width), got {shape}; pad_if_needed=True pads smaller ones"
            )
        free = room[0] - depth, room[1] - height, room[2] - width
        z, y, x = self.starts(free, **params)
        front, top, left = ((r - n) // 2 for r, n in zip(room, shape, strict=True))
        return _Placing((front - z, top - y, left - x), size)


class CenterCrop3D(_Crop3D):
    """Cut a block of fixed size out of the middle of a volume.

    Args:
        size: Depth, height and width of the block, in voxels.
        pad_if_needed: Pad a smaller volume evenly to the size of the block; otherwise it is an
            error.
        fill: Value of added voxels, in the volume's units.
        fill_mask: Mask value of added voxels.
        p: Chance that a call does anything.

    """

    def starts(self, free: Shape3, **params: Any) -> Sequence[int]:
        return [length // 2 for length in free]


class RandomCrop3D(_Crop3D):
    """Cut a block of fixed size out of a random place of a volume.

    Args:
        size: Depth, height and width of the block, in voxels.
        pad_if_needed: Pad a smaller volume evenly to the size of the block; otherwise it is an
            error.
        fill: Value of added voxels, in the volume's units.
        fill_mask: Mask value of added voxels.
        p: Chance that a call does anything.

    """

    draws: ClassVar[int] = 3

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return draw_place(draw)

    def starts(self, free: Shape3, **params: Any) -> Sequence[int]:
        return [int((n + 1) * params[side]) for n, side in zip(free, PLACE, strict=True)]


class Pad3D(_Placed):
    """Add a border of fixed width to a volume.

    Args:
        padding: Voxels on every side, or (depth, height, width) on both sides of each axis, or
            (front, back, top, bottom, left, right).
        fill: Value of added voxels, in the volume's units.
        fill_mask: Mask value of added voxels.
        p: Chance that a call does anything.

    """

    padding: Annotated[int | tuple[int, int, int] | tuple[int, int, int, int, int, int], Between(0)]

    def plan(self, shape: Shape3) -> _Placing:
        sides = self.padding
        if isinstance(sides, int):
            sides = (sides,) * 6
        elif len(sides) == 3:
            z, y, x = sides
            sides = z, z, y, y, x, x
        front, back, top, bottom, left, right = sides
        room = shape[0] + front + back, shape[1] + top + bottom, shape[2] + left + right
        return _Placing((front, top, left), room)


class PadIfNeeded3D(_Placed):
    """Add a border where a volume is smaller than wanted, or its size no multiple of a number.

    Args:
        min_zyx: Smallest depth, height and width of the result, in voxels.
        pad_divisor_zyx: Depth, height and width of the result are multiples of these.
        position: Where the volume lies within its border: "center" or "random"; an odd voxel goes
            behind, below and right of the centre.
        fill: Value of added voxels, in the volume's units.
        fill_mask: Mask value of added voxels.
        p: Chance that a call does anything.

    """

    min_zyx: Lengths | None = None
    pad_divisor_zyx: Lengths | None = None
    position: Literal["center", "random"] = "center"

    draws: ClassVar[int] = 3

    def check(self) -> None:
        if self.min_zyx is None and self.pad_divisor_zyx is None:
            raise self.refuse("min_zyx", "given, or pad_divisor_zyx, or both")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return draw_place(draw) if self.position == "random" else {}

    def plan(self, shape: Shape3, **params: float) -> _Placing:
        least, divisor = self.min_zyx or shape, self.pad_divisor_zyx or (1, 1, 1)
        d, h, w = (
            -(-max(have, want) // step) * step
            for have, want, step in zip(shape, least, divisor, strict=True)
        )
        added = d - shape[0], h - shape[1], w - shape[2]
        z, y, x = (
            int((n + 1) * params[side]) if params else n // 2
            for n, side in zip(added, PLACE, strict=True)
        )
        return _Placing((z, y, x), (d, h, w))


class CoarseDropout3D(Volumetric):
    """Cover some blocks at random places of a volume.

    Keypoints in a block are dropped where invisible ones are.

    Args:
        num_holes_range: Fewest and most blocks.
        hole_depth_range: Smallest and largest depth, as fractions of the volume's, rounded up.
        hole_height_range: Smallest and largest height, as fractions of the volume's, rounded up.
        hole_width_range: Smallest and largest width, as fractions of the volume's, rounded up.
        fill: Value of covered voxels, in the volume's units.
        fill_mask: Mask value of covered voxels; None leaves masks alone.
        p: Chance that a call does anything.

    Source: T. DeVries and G. Taylor, Improved Regularization with Cutout, arXiv 1708.04552.

    """

    num_holes_range: Annotated[WholeRange, Between(0)] = (1, 1)
    hole_depth_range: Annotated[DrawnPair, Between(0, 1)] = (0.1, 0.2)
    hole_height_range: Annotated[DrawnPair, Between(0, 1)] = (0.1, 0.2)
    hole_width_range: Annotated[DrawnPair, Between(0, 1)] = (0.1, 0.2)
    fill: Fill = 0
    fill_mask: Fill | None = None

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        count = draw.whole(*self.num_holes_range)
        return {"units": draw.generator.random((count, 6)).tolist()}

    def plan(self, shape: Shape3, units: list[list[float]]) -> list[Block]:
        ranges = self.hole_depth_range, self.hole_height_range, self.hole_width_range
        blocks = []
        for unit in units:
            sizes = [
                math.ceil(round(length * (low + u * (high - low)), 9))  # 0.15 of 20 is 3
                for length, (low, high), u in zip(shape, ranges, unit, strict=False)
            ]
            z, y, x = (
                int(u * (length - size + 1))
                for length, size, u in zip(shape, sizes, unit[3:], strict=True)
            )
            blocks.append((z, y, x, z + sizes[0], y + sizes[1], x + sizes[2]))
        return blocks

    def change(self, volume: Array, kind: Kind, plan: list[Block]) -> Array:
        fill = self.fill if kind == "image" else self.fill_mask
        if fill is None or not plan:
            return volume
        result = np.array(volume, order="C")
        value = colour(fill, volume[0])
        for z, y, x, far_z, far_y, far_x in plan:
            result[z:far_z, y:far_y, x:far_x] = value
        return result

    def change_points(self, points: Points, plan: list[Block]) -> None:
        if not points.params.remove_invisible:
            return
        at = points.values[:, None, [2, 1, 0]] + (0.5, 0, 0)
        blocks = np.array(plan, np.float64).reshape(-1, 6)
        inside = np.all((at >= blocks[:, :3]) & (at < blocks[:, 3:]), axis=2)
        points.keep(~np.any(inside, axis=1))
