"""Dropout that looks at the labels: of whole objects, or in them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.fields import (
    Array,
    Between,
    Drawn,
    Fill,
    Pair,
    Probability,
    WholePair,
    up_to,
)
from ..core.holes import Hole, HoleFill, scaled_holes
from ..core.kinds import Holes
from ..core.labels import Boxes
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.transform import Params
from .aimed_crops import MASKS
from .dropout import Ordered


class ConstrainedCoarseDropout(Holes):
    """Cover rectangles on chosen objects, as many on each.

    An object is a connected part of one value of ``mask`` or ``masks``, and its holes are centred
    on it; or a box, and its holes lie inside. Boxes count where ``mask_indices`` is None, or
    where a call has no mask.

    Args:
        num_holes_range: Fewest and most holes on each object.
        hole_height_range: Smallest and largest height, as a fraction of the box's height, or of
            the square root of the area in the mask.
        hole_width_range: Smallest and largest width, likewise of the box's width.
        fill: Image value of the holes, in the image's units; "random" for one colour per pixel,
            "random_uniform" for one per hole, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of the holes; None leaves masks alone.
        p: Chance that a call does anything.
        mask_indices: Mask values of the objects; 0 is none of them.
        bbox_labels: Labels of the objects' boxes, in the first label field or, without one, in
            the first column behind the coordinates.

    """

    num_holes_range: Annotated[WholePair, Between(low=1), Ordered()] = (1, 1)
    hole_height_range: Annotated[Pair, Between(0, 1), Ordered()] = (0.1, 0.1)
    hole_width_range: Annotated[Pair, Between(0, 1), Ordered()] = (0.1, 0.1)
    fill: HoleFill = 0
    fill_mask: Fill | None = None
    p: Probability = 0.5
    mask_indices: tuple[Annotated[int, Between(low=1)], ...] | None = None
    bbox_labels: tuple[str | float, ...] | None = None

    draws: ClassVar[int] = 1

    def check(self) -> None:
        if self.mask_indices is None and self.bbox_labels is None:
            raise self.refuse("mask_indices", "given, or else bbox_labels")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"num_holes_range": draw.whole(*self.num_holes_range), "seed": draw.seed()}

    def on(self, canvas: Canvas, params: Params) -> None:
        generator, count = noise(params["seed"]), params["num_holes_range"]
        holes = []
        for centres, sides, bounds in self._objects(canvas, count, generator):
            sizes = np.stack([self.hole_width_range, self.hole_height_range])
            parts = sizes[:, 0] + generator.random((count, 2)) * (sizes[:, 1] - sizes[:, 0])
            extents = np.maximum(np.rint(parts * sides), parts > 0)
            low, high = bounds[:2], np.maximum(bounds[2:] - extents, bounds[:2])
            if centres is None:
                starts = np.rint(low + generator.random((count, 2)) * (high - low))
            else:
                starts = np.rint(centres - extents / 2)
            holes += clipped_holes(np.concatenate([starts, starts + extents], axis=1), canvas.size)
        self.cover(canvas, holes, params["seed"] ^ 1)  # not the numbers that chose the places

    def _objects(
        self, canvas: Canvas, count: int, generator: np.random.Generator
    ) -> list[tuple[Array | None, Array, Array]]:
        """Places for holes, if they are centred on some; sides; and bounds, of each object."""
        frames = mask_frames(canvas) if self.mask_indices is not None else []
        if not frames and self.bbox_labels is not None:
            boxes = [box for each in canvas.labels.boxes.values() for box in self._boxes(each)]
            return [(None, box[2:] - box[:2], box) for box in boxes]
        everywhere = np.array([0, 0, canvas.size.width, canvas.size.height])
        result: list[tuple[Array | None, Array, Array]] = []
        for frame in frames:
            scale = canvas.size.width / frame.shape[1], canvas.size.height / frame.shape[0]
            for value in self.mask_indices or ():
                for part in components(frame == value):
                    places = part[generator.integers(0, len(part), count)] + 0.5
                    sides = np.sqrt(len(part)) * np.array(scale)
                    result.append((places * scale, sides, everywhere))
        return result

    def _boxes(self, boxes: Boxes) -> list[Array]:
        """The (4,) boxes that bear one of the labels."""
        fields = [*boxes.source.fields.values(), *boxes.source.extras("bboxes")]
        if not fields:
            return []
        wanted: Any = self.bbox_labels
        rows = zip(boxes.rows.tolist(), boxes.edges, strict=True)
        return [box for row, box in rows if fields[0][row] in wanted]


def clipped_holes(edges: Array, size: Size) -> list[Hole]:
    """(N, 4) rectangles as holes: cut off at the image's edges, without those that are empty."""
    limits = np.array([size.width, size.height] * 2)
    whole = np.clip(edges, 0, limits).astype(int).tolist()
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in whole if x1 < x2 and y1 < y2]


def mask_frames(canvas: Canvas) -> list[Array]:
    """Every (H, W) channel of the sample's own masks; those of other names may mean anything."""
    planes = [plane for plane in canvas.planes if plane.name in MASKS]
    frames = [frame for plane in planes for frame in plane.frames]
    return [channel for frame in frames for channel in np.moveaxis(np.atleast_3d(frame), 2, 0)]


def components(where: Array) -> list[Array]:
    """The (N, 2) pixels, x and y, of each connected part; corners connect."""
    count, numbers = cv2.connectedComponents(np.ascontiguousarray(where).view(np.uint8))
    y, x = np.nonzero(where)
    order = np.argsort(numbers[y, x], kind="stable")
    pixels = np.stack([x, y], axis=1)[order]
    ends = np.searchsorted(numbers[y, x][order], np.arange(2, count))
    return np.split(pixels, ends) if count > 1 else []


class MaskDropout(Holes):
    """Remove whole objects from image and masks.

    An object is a connected part of one value, other than 0, of ``mask`` or ``masks``. Boxes and
    keypoints fare as under any hole: they shrink to what is left of them, or are dropped.

    Args:
        max_objects: Fewest and most objects that are removed; a number n stands for 1 to n.
        fill: Image value of their places, in the image's units; "random" for one colour per
            pixel, "random_uniform" for one, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of their places; None leaves masks alone.
        p: Chance that a call does anything.

    """

    max_objects: Annotated[int | WholePair, up_to(1), Drawn(whole=True), Between(low=1)] = (1, 1)
    fill: HoleFill = 0
    fill_mask: Fill | None = 0
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {**super().sample(draw, canvas), "seed": draw.seed()}

    def on(self, canvas: Canvas, params: Params) -> None:
        frames = mask_frames(canvas)
        if not frames:
            raise ValueError("MaskDropout needs a mask or masks in its call")
        numbers, total = [], 0
        for frame in frames:
            numbered, total = number_objects(frame, total)
            numbers.append(numbered)
        generator = noise(params["seed"])
        chosen = np.zeros(total + 1, bool)
        chosen[1 + generator.permutation(total)[: params["max_objects"]]] = True
        if not total:
            return
        where = np.zeros(canvas.size, bool)
        for numbered in numbers:
            where |= scaled_holes(chosen[numbered], Size(*numbered.shape), canvas.size)
        self.cover(canvas, where, params["seed"] ^ 1)


def number_objects(mask: Array, total: int) -> tuple[Array, int]:
    """Number the connected parts of equal value after so many others; 0 stays 0."""
    numbers = np.zeros(mask.shape, np.intp)
    for value in np.unique(mask).tolist():
        if value:
            where = mask == value
            count, parts = cv2.connectedComponents(where.view(np.uint8))
            numbers[where] = parts[where] + total
            total += count - 1
    return numbers, total
