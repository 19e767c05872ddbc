"""Dropout that looks at the labels: of whole objects, or in them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple

import cv2
import numpy as np

from ..core.boxes import Boxes
from ..core.canvas import Canvas
from ..core.fields import Array, Between, CountUpTo, Fill, Ordered, Pair, Probability, WholePair
from ..core.holes import Hole, HoleFill, scaled_holes
from ..core.kinds import Holes
from ..core.matrix import Size
from ..core.random import Draw, noise
from ..core.transform import Params
from .aimed_crops import MASKS


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
                for part in parts(frame, value):
                    pixels = np.argwhere(part.shape)[:, ::-1] + (part.left + 0.5, part.top + 0.5)
                    places = pixels[generator.integers(0, len(pixels), count)]
                    sides = np.sqrt(len(pixels)) * np.array(scale)
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
    channels = [c for frame in frames for c in np.moveaxis(np.atleast_3d(frame), 2, 0)]
    return [np.ascontiguousarray(channel) for channel in channels]


class Part(NamedTuple):
    """A connected part of one value of a mask."""

    left: int
    top: int
    numbers: Array  # (H, W) around it; parts of the same value have others
    number: int

    @property
    def shape(self) -> Array:
        """Where it is, (H, W) bools."""
        return np.asarray(self.numbers == self.number)


def parts(mask: Array, value: float) -> list[Part]:
    """The connected parts of one value of an (H, W) mask; corners connect."""
    where = np.equal(mask, value).view(np.uint8)
    x, y, width, height = cv2.boundingRect(where)
    if not width:
        return []
    window = np.ascontiguousarray(where[y : y + height, x : x + width])  # most of it is empty
    _, numbers, boxes, _ = cv2.connectedComponentsWithStats(window)
    return [
        Part(x + left, y + top, numbers[top : top + tall, left : left + wide], number)
        for number, (left, top, wide, tall, _) in enumerate(boxes.tolist())
        if number
    ]


def values_of(mask: Array) -> list[Any]:
    """The values of a mask but 0."""
    if mask.dtype == np.uint8:
        counts = cv2.calcHist([mask], [0], None, [256], [0, 256])  # 20 times faster than NumPy
        return (1 + np.flatnonzero(counts[1:])).tolist()
    return [value for value in np.unique(mask).tolist() if value]


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

    max_objects: CountUpTo = (1, 1)
    fill: HoleFill = 0
    fill_mask: Fill | None = 0
    p: Probability = 0.5

    seeded = True

    def on(self, canvas: Canvas, params: Params) -> None:
        frames = mask_frames(canvas)
        if not frames:
            raise ValueError("MaskDropout needs a mask or masks in its call")
        objects = [
            (frame, part)
            for frame in frames
            for value in values_of(frame)
            for part in parts(frame, value)
        ]
        order = noise(params["seed"]).permutation(len(objects))[: params["max_objects"]].tolist()
        if not order:
            return
        where = np.zeros(canvas.size, bool)
        for frame, part in map(objects.__getitem__, order):
            shape = np.zeros(frame.shape, bool)
            tall, wide = part.numbers.shape
            shape[part.top : part.top + tall, part.left : part.left + wide] = part.shape
            where |= scaled_holes(shape, Size(*frame.shape), canvas.size)
        self.cover(canvas, where, params["seed"] ^ 1)
