"""Two samples made one, and pictures pasted in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import cv2
import numpy as np

from ..core.call import checked_image
from ..core.canvas import Canvas
from ..core.fields import Array, Between, Probability, channels_of
from ..core.holes import Hole, cover_labels, scaled_holes
from ..core.instances import ALIKE
from ..core.kinds import COLOR
from ..core.matrix import Size
from ..core.mix import (
    Mix,
    add_labels,
    cut_labels,
    frames_of,
    is_object_wise,
    named,
    put,
    resized,
    set_planes,
    shape_of,
    unit_box,
)
from ..core.random import Draw
from ..core.transform import Params
from ..core.warp import LINEAR, NEAREST, resize


class _Pair(Mix, base=True):
    """Joins the sample with one other.

    Args:
        alpha: Both parameters of the Beta distribution that the share of the sample is drawn from.
        metadata_key: Name in the call of the other samples.
        label_keys: Names in the call of labels of the whole image.

    """

    alpha: Annotated[float, Between(low=0)]
    metadata_key: str
    label_keys: tuple[str, ...]
    p: Probability = 0.5

    def chosen(self, draw: Draw, canvas: Canvas) -> Params:
        """The share of the sample itself, and which other one is taken."""
        count = len(self.entries(canvas))
        if not count:
            raise ValueError(f"{type(self).__name__} needs at least one of {self.metadata_key!r}")
        index = draw.whole(0, count - 1)
        return {"share": self.share(draw), "index": index}

    def share(self, draw: Draw) -> float:
        """The part that the sample keeps, as a fraction; all of it where alpha is 0."""
        return float(draw.generator.beta(self.alpha, self.alpha)) if self.alpha else 1.0

    def blend_labels(self, canvas: Canvas, index: int, share: float) -> None:
        """Mix the labels of the whole image as its pixels are mixed."""
        entry = self.entry(canvas, index)
        rows = {f for target in canvas.labels.targets.values() for f in target.source.fields}
        for key in self.label_keys:
            mine = canvas.data.get(key)
            if mine is None or key in rows:
                continue
            if key not in entry:
                raise ValueError(f"{named(self, index)} needs {key!r}, as the sample has")
            soft = [np.asarray(value) for value in (mine, entry[key])]
            if any(value.dtype.kind != "f" for value in soft) or soft[0].shape != soft[1].shape:
                raise ValueError(
                    f"{type(self).__name__} mixes {key!r} as float arrays of one shape, got "
                    f"{mine!r} and {entry[key]!r}; one-hot a class first: "
                    "np.eye(classes, dtype=np.float32)[label]"
                )
            mixed = share * soft[0] + (1 - share) * soft[1]
            is_number = not isinstance(mine, np.ndarray) and soft[0].ndim == 0
            canvas.data[key] = type(mine)(mixed) if is_number else np.asarray(mixed, soft[0].dtype)


class MixUp(_Pair):
    """Blend the sample with another one, and their labels with them.

    The other sample is scaled to the size of the first. Boxes, keypoints, and the masks of
    ``masks`` (one object each) are those of both; a mask is that of the sample with the larger
    share. Heatmaps are blended.

    Args:
        alpha: Both parameters of the Beta distribution that the share of the sample itself is
            drawn from; 0 changes nothing.
        metadata_key: Name in the call of the other samples: a dict, a list of them, or whatever
            has a length and an index and gives such dicts; the names in them are those of the call.
        label_keys: Names in the call of labels of the whole image: one-hot or soft, float arrays.
        p: Chance that a call does anything.

    Source: H. Zhang et al., mixup, ICLR 2018, arXiv 1710.09412.

    """

    alpha: Annotated[float, Between(low=0)] = 0.2
    metadata_key: str = "mixup_metadata"
    label_keys: tuple[str, ...] = ("label",)
    p: Probability = 0.5

    dtypes = COLOR
    draws: ClassVar[int] = 1

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return self.chosen(draw, canvas)

    def on(self, canvas: Canvas, params: Params) -> None:
        share, index = params["share"], params["index"]
        if share == 1:
            return
        other = resized(self.other(canvas, index), canvas)
        frames: dict[str, list[Array]] = {}
        for plane in canvas.planes:
            theirs = frames_of(other, plane.name)
            if is_object_wise(canvas, plane.name):
                frames[plane.name] = [*plane.frames, *theirs]
            elif plane.kind != "mask" and theirs:
                pairs = zip(plane.frames, theirs, strict=True)
                frames[plane.name] = [blended(mine, their, share) for mine, their in pairs]
            elif share < 0.5 and theirs:
                frames[plane.name] = theirs
        set_planes(canvas, frames)
        add_labels(canvas, other)
        self.blend_labels(canvas, index, share)


class CutMix(_Pair):
    """Paste a window of another sample, at the place where it is there.

    The other sample is scaled to the size of the first. Labels of the whole image are mixed by the
    exact share of pixels; boxes, keypoints and masks are those of what is seen.

    Args:
        alpha: Both parameters of the Beta distribution that the share of the sample itself is
            drawn from; 0 changes nothing.
        metadata_key: Name in the call of the other samples: a dict, a list of them, or whatever
            has a length and an index and gives such dicts; the names in them are those of the call.
        label_keys: Names in the call of labels of the whole image: one-hot or soft, float arrays.
        p: Chance that a call does anything.

    Source: S. Yun et al., CutMix, ICCV 2019, arXiv 1905.04899.

    """

    alpha: Annotated[float, Between(low=0)] = 1.0
    metadata_key: str = "cutmix_metadata"
    label_keys: tuple[str, ...] = ("label",)
    p: Probability = 0.5

    draws: ClassVar[int] = 3

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {**self.chosen(draw, canvas), "center": [draw.uniform(), draw.uniform()]}

    def on(self, canvas: Canvas, params: Params) -> None:
        index, size = params["index"], canvas.size
        hole = window(size, params["share"], *params["center"])
        left, top, right, bottom = hole
        if left >= right or top >= bottom:
            return
        other = resized(self.other(canvas, index), canvas)
        frames: dict[str, list[Array]] = {}
        for plane in canvas.planes:
            own = Size(*plane.frames[0].shape[:2])
            cut = hole if own == size else scaled_holes([hole], size, own)[0]
            theirs = frames_of(other, plane.name)
            if is_object_wise(canvas, plane.name):
                blank = np.zeros_like(plane.frames[0])
                added = [pasted(blank, frame, cut) for frame in theirs]
                frames[plane.name] = [pasted(frame, None, cut) for frame in plane.frames] + added
            else:
                sources: list[Any] = theirs or [None] * len(plane.frames)
                pairs = zip(plane.frames, sources, strict=True)
                frames[plane.name] = [pasted(mine, their, cut) for mine, their in pairs]
        cover_labels(canvas, [hole])
        set_planes(canvas, frames)
        cut_labels(other, hole)
        add_labels(canvas, other)
        part = (right - left) * (bottom - top) / (size.height * size.width)
        self.blend_labels(canvas, index, 1 - part)


def blended(image: Array, other: Array, share: float) -> Array:
    """The weighted sum of two images."""
    flat = [np.ascontiguousarray(part).reshape(len(part), -1) for part in (image, other)]
    return cv2.addWeighted(flat[0], share, flat[1], 1 - share, 0).reshape(image.shape)


def window(size: Size, share: float, across: float, down: float) -> Hole:
    """A window of the image's aspect that leaves a share of it, cut off at its edges."""
    side = math.sqrt(1 - share)
    width, height = round(size.width * side), round(size.height * side)
    left = int(across * size.width) - width // 2
    top = int(down * size.height) - height // 2
    return (
        max(0, left),
        max(0, top),
        min(size.width, left + width),
        min(size.height, top + height),
    )


def pasted(frame: Array, other: Array | None, cut: Hole) -> Array:
    """A copy with a window of another frame (None: of zeros) at its place."""
    left, top, right, bottom = cut
    result = np.array(frame, order="C")
    result[top:bottom, left:right] = 0 if other is None else other[top:bottom, left:right]
    return result


class OverlayElements(Mix):
    """Paste pictures, such as stickers or logos.

    Each element is a dict: "image", of the dtype and channels of the image; "bbox", where to put
    it (x_min, y_min, x_max, y_max as fractions of the image), without which it lands anywhere in
    its own size, or the image's where that is smaller; "mask", not 0 where it is to be seen;
    "mask_id", the number that the mask has there afterwards (those of instances have 0). All are
    pasted, in their order. Boxes, polygons and keypoints stay what they are.

    Args:
        metadata_key: Name in the call of the elements: a dict, or a list of them.
        p: Chance that a call does anything.

    """

    metadata_key: str = "overlay_metadata"
    p: Probability = 0.5

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {"places": draw.generator.random((len(self.entries(canvas)), 2)).tolist()}

    def on(self, canvas: Canvas, params: Params) -> None:
        planes = {
            plane.name: [np.array(frame, order="C") for frame in plane.frames]
            for plane in canvas.planes
            if plane.kind != "heatmap"
        }
        for index, place in enumerate(params["places"]):
            element = self.entry(canvas, index)
            name = named(self, index)
            for plane in canvas.planes:
                is_image = plane.kind == "image"
                if is_image or (plane.kind == "mask" and element.get("mask_id") is not None):
                    shown = {**element, "mask_id": 0} if plane.name in ALIKE else element
                    for frame in planes[plane.name]:
                        overlay(name, frame, shown, place, is_image)
        if params["places"]:
            set_planes(canvas, planes)


def overlay(
    name: str, frame: Array, element: Mapping[str, Any], place: list[float], is_image: bool
) -> None:
    """Put one element into a frame of an image, or its number into one of a mask."""
    image = checked_image(name, "image", element.get("image"))
    left, top, size = spot(name, element.get("bbox"), Size(*image.shape[:2]), frame, place)
    view = frame[top : top + size.height, left : left + size.width]
    where = np.ones(size, np.uint8)
    if element.get("mask") is not None:
        mask = checked_image(name, "mask", element["mask"])
        if mask.shape[:2] != image.shape[:2]:
            raise ValueError(
                f"{name}: mask {mask.shape} must be of the size of image {image.shape}"
            )
        where = resize(shape_of(mask), size, NEAREST)
    if is_image:
        require_like(name, image, frame)
        value = image.reshape(*image.shape[:2], *frame.shape[2:])
        put(view, resize(value, size, LINEAR), where)
    else:
        put(view, element["mask_id"], where)


def spot(
    name: str, bbox: Any, size: Size, frame: Array, place: list[float]
) -> tuple[int, int, Size]:
    """Left, top and size of an element in an image."""
    height, width = frame.shape[:2]
    if bbox is None:
        size = Size(min(size.height, height), min(size.width, width))
        left, top = (
            int(place[0] * (width - size.width + 1)),
            int(place[1] * (height - size.height + 1)),
        )
        return left, top, size
    edges = unit_box(name, bbox)
    left, top = min(round(edges[0] * width), width - 1), min(round(edges[1] * height), height - 1)
    right, bottom = round(edges[2] * width), round(edges[3] * height)
    return left, top, Size(max(1, bottom - top), max(1, right - left))


def require_like(name: str, image: Array, frame: Array) -> None:
    """Raise a ValueError for a picture of another dtype or number of channels."""
    channels = channels_of(frame)
    if image.dtype != frame.dtype or channels_of(image) != channels:
        raise ValueError(
            f"{name}: image must be {frame.dtype} of {channels} channels, as the sample's, "
            f"got {image.shape} {image.dtype}"
        )
