"""Growing and shrinking of what is bright."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Literal, NamedTuple

import cv2
import numpy as np

from ..core.boxes import Boxes
from ..core.canvas import Canvas
from ..core.channels import filtered
from ..core.fields import Array, CountUpTo, Probability
from ..core.kinds import Joint
from ..core.matrix import Size
from ..core.oriented import OrientedBoxes
from ..core.polygons import grown
from ..core.warp import SERVED


class _Ellipse(NamedTuple):
    """A neighbourhood, for a sample of some size."""

    sample: Size
    diameter: int

    def fitted(self, size: tuple[int, ...]) -> tuple[int, int]:
        """Height and width of the ellipse on a target of any size."""
        if size == self.sample:
            return self.diameter, self.diameter
        height, width = size[0] / self.sample.height, size[1] / self.sample.width
        return max(1, round(self.diameter * height)), max(1, round(self.diameter * width))


class Morphological(Joint):
    """Take the largest or the smallest value over an ellipse: bright things grow or shrink.

    Boxes and polygons grow or shrink along, and vanish where nothing is left of them; keypoints
    stay. Nothing beyond the edge of the image counts. With an even diameter things
    grow one pixel farther on the right and below, and shrink so on the left and above.

    Args:
        scale: Diameter of the ellipse, in pixels; a number n stands for 1 to n, and 1 changes
            nothing.
        operation: "dilation" for the largest value, "erosion" for the smallest.
        p: Chance that a call does anything.

    """

    scale: CountUpTo = (2, 3)
    operation: Literal["erosion", "dilation"] = "dilation"
    p: Probability = 0.5

    def plan(self, size: Size, scale: int) -> _Ellipse:
        return _Ellipse(size, scale)

    def change(self, frame: Array, is_mask: bool, plan: _Ellipse) -> Array:
        height, width = plan.fitted(frame.shape[:2])
        if height == width == 1:
            return frame
        call = cv2.dilate if self.operation == "dilation" else cv2.erode
        around = ellipse(height, width)
        return ranked(lambda part: filtered(lambda few: call(few, around), part), frame)

    def change_labels(self, canvas: Canvas, plan: _Ellipse) -> None:
        if plan.diameter == 1:
            return
        grows = self.operation == "dilation"
        by = (plan.diameter - 1) / 2 * (1 if grows else -1)
        lean = (plan.diameter + 1) % 2 / 2  # of an even diameter, to the right and down
        for boxes in canvas.labels.boxes.values():
            if isinstance(boxes, OrientedBoxes):
                boxes.grow(by)
                boxes.quads = boxes.quads + lean
            elif len(boxes.edges):
                resize_boxes(boxes, plan, grows)
        for polygons in canvas.labels.polygons.values():
            several = [grown(rings, by, plan.sample) for rings in polygons.rings]
            polygons.rings = [
                [np.where(ring == 0, 0.0, ring + lean) for ring in rings] for rings in several
            ]


@lru_cache(maxsize=64)
def ellipse(height: int, width: int) -> Array:
    """The pixels of an ellipse."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, height))


def ranked(change: Callable[[Array], Array], frame: Array) -> Array:
    """Run a change that only compares values on a frame of any dtype, each value kept exactly."""
    dtype = frame.dtype
    if dtype in SERVED:
        return change(frame)
    if dtype.itemsize <= 4:  # these all fit into float64
        return change(frame.astype(np.float64)).astype(dtype)
    values, ranks = np.unique(frame, return_inverse=True)
    moved = change(ranks.reshape(frame.shape).astype(np.float64))
    return np.asarray(values[moved.astype(np.intp)])


def resize_boxes(boxes: Boxes, plan: _Ellipse, grows: bool) -> None:
    """Grow or shrink boxes by what an ellipse reaches to each side, and drop those that vanish.

    A side on the edge of the image stays: nothing from beyond takes any of it away.
    """
    height, width = plan.sample
    limits = np.array((width, height, width, height), np.float64)
    before, after = (plan.diameter - 1) // 2, plan.diameter // 2
    edges = boxes.edges
    if grows:
        moved = edges + np.array((-before, -before, after, after))
        moved = np.clip(moved, np.minimum(edges, 0), np.maximum(edges, limits))
    else:
        inner = (edges > 0) & (edges < limits)
        moved = edges + inner * (after, after, -before, -before)
    boxes.keep((moved[:, 2:] > moved[:, :2]).all(axis=1), moved)
