"""CopyAndPaste: objects cut out of other samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import cv2
import numpy as np

from ..core.boxes import from_edges
from ..core.call import checked_image
from ..core.canvas import Canvas
from ..core.fields import Above, Array, Between, DrawnPair, Probability
from ..core.holes import cover_labels
from ..core.instances import PARTS
from ..core.kinds import COLOR, move_labels
from ..core.layer import Plane
from ..core.matrix import Matrix, Size, shift, zoom
from ..core.mix import (
    Mix,
    add_labels,
    frames_of,
    is_object_wise,
    named,
    opened,
    put,
    set_planes,
    shape_of,
)
from ..core.random import Draw
from ..core.transform import Params
from ..core.warp import LINEAR, NEAREST, REPLICATE, warp

REACH = 3
"""How far a Gaussian edge is worked out, in its standard deviations."""


class _Object(NamedTuple):
    """An object on its way into the sample."""

    matrix: Matrix  # from its own image to the sample
    left: int  # of the part of the sample that changes
    top: int
    size: Size
    seen: Array  # (H, W) of 0 and 1, where the object is in that part


class CopyAndPaste(Mix):
    """Paste objects that were cut out of other images.

    Each object is a dict: "image", "mask" (not 0 on the object), and, where the sample has such
    labels, "bbox" (a row in the pipeline's format; without it, the box around the mask), "polygon"
    and "keypoints" of it, and its label under the name of each label field. All of them are
    pasted, in their order, each at a random place, inside the image if it fits. A mask takes the
    values of the object's, or its "mask_id"; ``masks`` get one more. What an object covers of
    boxes and polygons of the sample is lost to them.

    Args:
        min_visibility_after_paste: Objects of which less stays visible are dropped, as a fraction
            of their area.
        blend_mode: "hard" for sharp edges, "gaussian" for soft ones.
        blend_sigma_range: Standard deviation of a soft edge, in pixels.
        scale_range: How much an object is enlarged.
        min_paste_area: Objects of which fewer pixels would be seen are not pasted.
        metadata_key: Name in the call of the objects: a dict, a list of them, or whatever has a
            length and an index and gives such dicts.
        p: Chance that a call does anything.

    Source: G. Ghiasi et al., Simple Copy-Paste, CVPR 2021, arXiv 2012.07177.

    """

    min_visibility_after_paste: Annotated[float, Between(0, 1)] = 0.05
    blend_mode: Literal["hard", "gaussian"] = "hard"
    blend_sigma_range: Annotated[DrawnPair, Above(0)] = (1, 3)
    scale_range: Annotated[DrawnPair, Above(0)] = (1, 1)
    min_paste_area: Annotated[int, Between(low=1)] = 1
    metadata_key: str = "copy_paste_metadata"
    p: Probability = 0.5

    dtypes = COLOR
    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        count = len(self.entries(canvas))
        units = draw.generator.random((count, 4)).tolist()
        ranges = self.scale_range, self.blend_sigma_range
        return {
            "objects": [
                [x, y, *(low + (high - low) * unit for (low, high), unit in zip(ranges, rest))]
                for x, y, *rest in units
            ]
        }

    def on(self, canvas: Canvas, params: Params) -> None:
        for index, drawn in enumerate(params["objects"]):
            name, entry = named(self, index), self.entry(canvas, index)
            mask = checked_image(name, "mask", entry.get("mask"))
            found = self.placed(canvas.size, mask, *drawn)
            if found is not None:
                sigma = drawn[3] if self.blend_mode == "gaussian" else 0
                other = opened(name, object_data(canvas, entry, mask), canvas)
                if other.size != mask.shape[:2]:
                    raise ValueError(f"{name}: mask {mask.shape} must be of the size of its image")
                paste(canvas, other, entry, mask, found, sigma)
                self.paste_labels(canvas, other, found)

    def placed(
        self, size: Size, mask: Array, across: float, down: float, scale: float, sigma: float
    ) -> _Object | None:
        """Where an object goes; None if too little of it would be seen."""
        flat = shape_of(mask)
        x, y, width, height = cv2.boundingRect(flat)
        if not width:
            return None
        wide, tall = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = round(across * (size.width - wide)), round(down * (size.height - tall))
        matrix = shift(left, top) @ zoom(wide / width, tall / height) @ shift(-x, -y)
        margin = math.ceil(REACH * sigma) if self.blend_mode == "gaussian" else 0
        first_x, first_y = max(0, left - margin), max(0, top - margin)
        last_x = min(size.width, left + wide + margin)
        last_y = min(size.height, top + tall + margin)
        region = Size(last_y - first_y, last_x - first_x)
        seen = warp(flat, shift(-first_x, -first_y) @ matrix, region, NEAREST)
        if cv2.countNonZero(seen) < self.min_paste_area:
            return None
        return _Object(matrix, first_x, first_y, region, seen)

    def paste_labels(self, canvas: Canvas, other: Canvas, found: _Object) -> None:
        """Take from labels what the object covers, and add its own."""
        hidden = np.zeros(canvas.size, bool)
        bottom, right = found.top + found.size.height, found.left + found.size.width
        hidden[found.top : bottom, found.left : right] = found.seen
        least, labels = self.min_visibility_after_paste, canvas.labels
        strict: list[Any] = [*labels.boxes.values(), *labels.polygons.values()]
        own = [target.params for target in strict]
        for target in strict:
            if target.params.min_visibility < least:
                target.params = target.params.replace(min_visibility=least)
        cover_labels(canvas, hidden)
        for target, params in zip(strict, own, strict=True):
            target.params = params
        move_labels(other, found.matrix)
        other.labels.settle(canvas.size, last=True)
        add_labels(canvas, other)


def object_data(canvas: Canvas, entry: Mapping[str, Any], mask: Array) -> dict[str, Any]:
    """An object as a sample of one row."""
    data = {name: value for name, value in entry.items() if name not in PARTS}
    data = {name: data[name] for name in data if name not in ("bboxes", "polygons", "masks")}
    sources = {name: target.source for name, target in canvas.labels.targets.items()}
    for target in sources.values():
        for field in target.fields.keys() & data.keys():
            if np.ndim(data[field]) == 0:
                data[field] = [data[field]]
    if "bboxes" in sources:
        data["bboxes"] = [entry["bbox"] if "bbox" in entry else box_of(canvas, "bboxes", mask)]
    if "polygons" in sources and "polygon" in entry:
        data["polygons"] = [entry["polygon"]]
    if "keypoints" in entry:
        data["keypoints"] = entry["keypoints"]
    if canvas.instances is not None:
        parts = canvas.instances.parts
        one = {name: entry[name] for name in entry if name not in PARTS or name in parts}
        one.pop("image", None)
        if "bbox" in parts and "bbox" not in one:
            one["bbox"] = box_of(canvas, "instances.bboxes", mask)
        data["instances"] = [one]
    return data


def box_of(canvas: Canvas, name: str, mask: Array) -> list[float]:
    """The box around a mask, as a row of a label target."""
    target = canvas.labels.boxes[name]
    x, y, width, height = cv2.boundingRect(shape_of(mask))
    edges = np.array([[x, y, x + width, y + height]], np.float64)
    numbers = from_edges(edges, target.params.format, Size(*mask.shape[:2]))[0].tolist()
    return [*numbers, *[0.0] * (target.source.width - 4)]  # an oriented one, not turned


def paste(
    canvas: Canvas,
    other: Canvas,
    entry: Mapping[str, Any],
    mask: Array,
    found: _Object,
    sigma: float,
) -> None:
    """Put an object into images and masks."""
    _, left, top, (height, width), seen = found
    matrix = shift(-left, -top) @ found.matrix
    frames: dict[str, list[Array]] = {}
    for plane in [*canvas.planes, *empty_planes(canvas)]:
        apart = is_object_wise(canvas, plane.name)
        theirs: list[Any] = [] if apart else frames_of(other, plane.name)
        if plane.kind == "mask" and not apart:
            theirs = [entry.get("mask_id", mask)] * len(plane.frames)
        results = []
        for frame, source in zip(plane.frames, theirs or [0] * len(plane.frames), strict=True):
            result = np.array(frame, order="C")
            view = result[top : top + height, left : left + width]
            how = LINEAR if plane.kind == "image" else NEAREST
            value = moved(source, matrix, found.size, how, view)
            if plane.kind == "image" and sigma:
                view[...] = soft(view, value, seen, sigma)
            else:
                put(view, value, seen)
            results.append(result)
        if apart:
            blank = blank_of(canvas, plane, mask)
            view = blank[top : top + height, left : left + width]
            value = moved(mask, matrix, found.size, NEAREST, view)
            put(view, value, seen)
            results.append(blank)
        frames[plane.name] = results
    set_planes(canvas, frames)


def empty_planes(canvas: Canvas) -> list[Plane]:
    """Masks of objects of which there is none yet."""
    known = {plane.name for plane in canvas.planes}
    return [
        Plane(n, "mask", []) for n in canvas.stacks if n not in known and is_object_wise(canvas, n)
    ]


def blank_of(canvas: Canvas, plane: Plane, mask: Array) -> Array:
    """An empty mask like those of the objects that there are, or else like the one given."""
    if plane.frames:
        return np.zeros_like(plane.frames[0])
    given = canvas.stacks[plane.name][0]
    shape, dtype = mask.shape[2:], mask.dtype
    if isinstance(given, np.ndarray) and given.ndim > 2:
        shape, dtype = given.shape[3:], given.dtype
    return np.zeros((*canvas.size, *shape), dtype)


def moved(source: Any, matrix: Matrix, size: Size, interpolation: int, like: Array) -> Any:
    """A picture of an object where it goes, of as many axes as another; a number as it is."""
    if not isinstance(source, np.ndarray):
        return source
    value = warp(source, matrix, size, interpolation, REPLICATE)
    if value.ndim > like.ndim:
        return value[:, :, 0]
    return value[:, :, None] if value.ndim < like.ndim else value


def soft(image: Array, other: Array, seen: Array, sigma: float) -> Array:
    """Another image over one, with a soft edge."""
    weights = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), sigma)
    weights = weights.reshape(*weights.shape, *[1] * (image.ndim - 2))
    mine = image.astype(np.float32)
    result = mine + weights * (other.astype(np.float32) - mine)
    return result if image.dtype == np.float32 else np.rint(result)
