"""The kinds of transform: what a subclass says, and what follows from it for every target.

A kind is what remains of a transform when its mathematics is taken out. A subclass gives a matrix,
a curve, an edited image or some rectangles, as a function of the size and of what was drawn; the
kind turns that into calls on the canvas and moves the labels. None of them draws anything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from . import tone
from .canvas import Canvas
from .channels import mixed
from .fields import Array, Border, Fill, Interpolation, channels_of
from .holes import Cover, HoleFill, cover_labels, fill_holes, scaled_holes
from .hooks import DualTransform, ImageOnlyTransform
from .layer import IDENTITY, Sampling, downscales
from .matrix import Matrix, Size, shift, zoom
from .moves import corners, hull, move_boxes, move_keypoints, move_points
from .oriented import OrientedBoxes
from .remap import DenseMap, remap_boxes, remap_keypoints, scaled_maps
from .transform import Params
from .warp import remap

COLOR = ("uint8", "uint16", "float32")
"""The dtypes that have a white, and so a meaning for operations on values."""


class Spatial(DualTransform, base=True):
    """Moves pixels, and labels with them."""

    def sampling(self, canvas: Canvas) -> Sampling:
        """How to read between pixels and beyond the edge, from the fields that there are."""
        sampling: Sampling | None = self.__dict__.get("_cached_sampling")
        if sampling is None:
            sampling = self.__dict__["_cached_sampling"] = Sampling(
                getattr(self, "interpolation", 1),
                getattr(self, "mask_interpolation", 0),
                getattr(self, "border_mode", 0),
                getattr(self, "fill", 0),
                getattr(self, "fill_mask", 0),
            )
        if canvas.mask_interpolation is None:
            return sampling
        return sampling._replace(mask_interpolation=canvas.mask_interpolation)


class Sampled(Spatial, base=True):
    """A `Spatial` transform that has to read between pixels and beyond the edge.

    Args:
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.

    """

    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    border_mode: Border = 0
    fill: Fill = 0
    fill_mask: Fill = 0


class Geometric(Spatial, base=True):
    """Moves pixels without mixing them. Subclasses define ``matrix(size, **params)``.

    The matrix maps continuous source to continuous result coordinates. Masks, boxes and keypoints
    follow it, so a subclass never mentions them.
    """

    matrix: ClassVar[Callable[..., Matrix]]

    def output_size(self, size: Size, **params: Any) -> Size:
        """Size of the result; by default, that of the input."""
        return size

    def placed(self, size: Size, **params: Any) -> tuple[Matrix, Size]:
        """Matrix and result's size together, for subclasses that work them out as one."""
        return self.matrix(size, **params), self.output_size(size, **params)

    def on(self, canvas: Canvas, params: Params) -> None:
        sampling = self.sampling(canvas)
        moved: Matrix | None = None
        for layer in canvas.layers:
            matrix, size = self.placed(layer.size, **params)
            layer.move(matrix, size, sampling)
            moved = matrix if moved is None else moved
        if moved is not None and canvas.is_labelled:
            move_labels(canvas, moved, getattr(self, "rotate_method", "largest_box"))


class Warp(Geometric, Sampled, base=True):
    """A `Geometric` transform whose matrix may be any.

    Args:
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.

    """


class Resizing(Spatial, base=True):
    """Cuts a window and scales it. Subclasses define ``output_size``, and ``window`` if they cut.

    Args:
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        area_for_downscale: "image" or "image_mask" to average pixels where the result is smaller.

    """

    def window(self, size: Size, **params: Any) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of what is kept, inside the image; by default, all of it."""
        return 0, 0, size.width, size.height

    def output_size(self, size: Size, **params: Any) -> Size:
        """Size of the result."""
        raise NotImplementedError

    def on(self, canvas: Canvas, params: Params) -> None:
        sampling = self.sampling(canvas)
        first = True
        for layer in canvas.layers:
            old = layer.size
            window = left, top, right, bottom = self.window(old, **params)
            cut, new = Size(bottom - top, right - left), self.output_size(old, **params)
            how = downscales(sampling, getattr(self, "area_for_downscale", None), cut, new)
            layer.resize(new, how, None if cut == old else window)
            if first and canvas.is_labelled:
                across, down = new.width / cut.width, new.height / cut.height
                move_labels(canvas, zoom(across, down) @ shift(-left, -top))
            first = False


class Remap(Spatial, base=True):
    """Bends the image by a dense map. Subclasses define ``field(size, **params)``.

    The field says, for every pixel of the result, where in the source it is read: two float32
    (H, W) arrays of pixel-centre coordinates, x and y; or None where nothing moves. It is made
    once per call, for the size of the sample, and scaled for targets of other sizes.
    """

    field: ClassVar[Callable[..., tuple[Array, Array] | None]]

    def on(self, canvas: Canvas, params: Params) -> None:
        size = canvas.size
        maps = self.field(size, **params)
        if maps is None:
            return
        sampling = self.sampling(canvas)
        for layer in canvas.layers:
            layer.flush()
            own = maps if layer.size == size else scaled_maps(*maps, layer.size)
            for plane in layer.planes:
                how = sampling.of(plane.kind)
                plane.frames = [remap(frame, own[0], own[1], *how) for frame in plane.frames]
        remap_labels(canvas, *maps)


class Pointwise(ImageOnlyTransform, base=True):
    """Maps every value by the same curve. Subclasses define ``curve(x, **params)`` on [0, 1].

    8 and 16-bit images go through a table, so the curve's cost does not matter. With
    ``per_channel`` the last axis of ``x`` is the channels (or has length 1, for a table).
    """

    dtypes = COLOR
    unit_range = True
    per_channel: ClassVar[bool] = False
    direct: ClassVar[np.ufunc | None] = None
    """What does the same to whole numbers in one call, if anything does."""

    curve: ClassVar[Callable[..., Array]]

    def on(self, canvas: Canvas, params: Params) -> None:
        curve, direct = self.curve, self.direct
        canvas.tone(tone.Curve(lambda x: curve(x, **params), self.per_channel, direct=direct))


class ChannelMix(ImageOnlyTransform, base=True):
    """Mixes colours by a matrix. Subclasses define ``mix(channels, **params)``.

    ``mix`` gives a (C', C + 1) matrix for C channels: what each new channel takes of each old one,
    and of white.
    """

    dtypes = COLOR
    unit_range = True

    mix: ClassVar[Callable[..., Array]]

    def on(self, canvas: Canvas, params: Params) -> None:
        canvas.edit(lambda image: self.mixed(image, params), is_unit=True)

    def mixed(self, image: Array, params: Params) -> Array:
        """One image with its colours mixed."""
        return mixed(image, self.mix(channels_of(image), **params))


class Pixel(ImageOnlyTransform, base=True):
    """Changes image values and nothing else. Subclasses define ``edit(image, **params)``.

    ``edit`` takes and gives an (H, W) or (H, W, C) image and never writes into what it takes.
    """

    edit: ClassVar[Callable[..., Array]]

    def on(self, canvas: Canvas, params: Params) -> None:
        canvas.edit(lambda image: self.edit(image, **params), self.unit_range)


class ColorPixel(Pixel, base=True):
    """A `Pixel` whose mathematics needs to know what is white."""

    dtypes = COLOR
    unit_range = True


class Holes(DualTransform, base=True):
    """Covers parts of the image. Subclasses define ``holes(size, **params)`` and draw a ``seed``.

    ``holes`` gives (left, top, right, bottom) of each, in whole pixels, inside the image; or an
    (H, W) array of bools that says where they are.

    Args:
        fill: Image value of the holes, in the image's units; "random" for one colour per pixel,
            "random_uniform" for one per hole, "inpaint_telea" or "inpaint_ns" to close them.
        fill_mask: Mask value of the holes; None leaves masks alone.

    """

    fill: HoleFill = 0
    fill_mask: Fill | None = None

    holes: ClassVar[Callable[..., Cover]]

    def on(self, canvas: Canvas, params: Params) -> None:
        self.cover(canvas, self.holes(canvas.size, **params), params["seed"])

    def cover(self, canvas: Canvas, holes: Cover, seed: int) -> None:
        """Fill holes, given for the size of the sample, in all planes, and drop what they hide."""
        if not len(holes):
            return
        size = canvas.size
        for layer in canvas.layers:
            layer.flush()
            own = holes if layer.size == size else scaled_holes(holes, size, layer.size)
            for plane in layer.planes:
                fill = self.fill if plane.kind == "image" else self.fill_mask
                if fill is not None:
                    plane.frames = [fill_holes(frame, own, fill, seed) for frame in plane.frames]
        if canvas.is_labelled:
            cover_labels(canvas, holes)


class Joint(DualTransform, base=True):
    """Edits image and masks together. Subclasses define ``plan``, ``change``, ``change_labels``.

    ``plan(size, **params)`` says what the parameters mean for a sample of this size; it is worked
    out once per call and handed to the others.
    """

    plan: ClassVar[Callable[..., Any]]

    def change(self, frame: Array, is_mask: bool, plan: Any) -> Array:
        """One edited (H, W) or (H, W, C) image or mask of the same size, or the very same one."""
        raise NotImplementedError

    def change_labels(self, canvas: Canvas, plan: Any) -> None:
        """What becomes of boxes and keypoints; by default, nothing."""

    def on(self, canvas: Canvas, params: Params) -> None:
        plan = self.plan(canvas.size, **params)
        for plane in canvas.planes:
            is_mask = plane.kind != "image"
            plane.frames = [self.change(frame, is_mask, plan) for frame in plane.frames]
        self.change_labels(canvas, plan)


def remap_labels(canvas: Canvas, map_x: Array, map_y: Array) -> None:
    """Move all labels of a canvas by the inverse of a dense map."""
    boxed = [boxes for boxes in canvas.labels.boxes.values() if len(boxes.rows)]
    pointed = [points for points in canvas.labels.points.values() if len(points.rows)]
    outlined = [shapes for shapes in canvas.labels.polygons.values() if len(shapes.rows)]
    if not (boxed or pointed or outlined):
        return
    dense = DenseMap(map_x, map_y)
    for shapes in outlined:
        shapes.bend(dense)
    for boxes in boxed:
        if isinstance(boxes, OrientedBoxes):
            boxes.bend(dense)
            continue
        edges, seen, visible = remap_boxes(boxes.edges, dense)
        # only here is it known how much fell out of the frame
        boxes.keep(seen & (visible >= boxes.params.min_visibility), edges)
    for points in pointed:
        points.values, seen = remap_keypoints(points.values, dense, points.turns)
        if points.params.remove_invisible:
            points.keep(seen)


def move_labels(canvas: Canvas, matrix: Matrix, method: str = "largest_box") -> None:
    """Move all labels of a canvas by a matrix."""
    if matrix == IDENTITY:
        return
    free = canvas.fusion == "free"
    for boxes in canvas.labels.boxes.values():
        if isinstance(boxes, OrientedBoxes):
            boxes.follow(matrix)
        elif free and method == "largest_box":  # keep the corners, so that boxes do not grow
            quads = corners(boxes.edges) if boxes.quads is None else boxes.quads
            boxes.quads = move_points(quads, matrix)
            boxes.edges = hull(boxes.quads) if len(quads) else boxes.edges
        else:
            boxes.edges = move_boxes(boxes.edges, matrix, method)
    mirrors = matrix.mirrors
    for points in canvas.labels.points.values():
        points.values = move_keypoints(points.values, matrix, points.turns)
        if mirrors:
            points.mirror()
    for shapes in canvas.labels.polygons.values():
        shapes.follow(matrix)
