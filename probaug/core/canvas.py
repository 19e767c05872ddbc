"""A sample on its way through a pipeline: pixel work stays pending until somebody looks.

Labels are never pending: each transform moves them at once. Pixels wait in a `Layer` (all planes of
one size) as at most one geometric step and a list of tone curves. Which steps may join is decided
in `Layer.move`, `Layer.resize` and `Layer.tone` and nowhere else:

1. A whole-pixel shift that stays inside (a crop) joins any pending geometry; after a pad only if
   the border is constant or replicated.
2. Flips and quarter turns join other lossless moves, never a resampling.
3. A resize joins a pending crop (slice, `cv2.resize`, slice); any other resampling starts from
   finished pixels.
4. Tables join tables, and commute with crops, flips and quarter turns. Fill made after a curve
   must not go through it, so a pad finishes pending curves first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import cv2
import numpy as np

from . import tone as tones
from .fields import Array, Fill, dtype_name
from .labels import Labels
from .matrix import Matrix, Size, shift
from .scratch import scratch
from .warp import AREA, CONSTANT, LINEAR, NEAREST, REPLICATE, resize, shuffle, warp

if TYPE_CHECKING:
    from .transform import Fusion, Leaf

Kind = Literal["image", "mask"]
Window = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels; the last two are not part of it."""


IDENTITY = Matrix()
FLOAT32 = np.dtype(np.float32)
EXTENDS = (CONSTANT, REPLICATE)
"""Borders that are the same whether an image is cut or padded first."""


class Sampling(NamedTuple):
    """How a move reads between pixels and beyond the edge."""

    interpolation: int = LINEAR
    mask_interpolation: int = NEAREST
    border: int = CONSTANT
    fill: Fill = 0
    fill_mask: Fill = 0

    def of(self, kind: Kind) -> tuple[int, int, Fill]:
        """Interpolation, border and fill for one kind of plane."""
        if kind == "mask":
            return self.mask_interpolation, self.border, self.fill_mask
        return self.interpolation, self.border, self.fill


class Shuffle(NamedTuple):
    """A pending lossless move."""

    matrix: Matrix
    size: Size
    sampling: Sampling
    padded: bool  # it shows border
    cut: bool  # it lost pixels

    def render(self, image: Array, kind: Kind, dst: Array | None) -> Array:
        _, border, fill = self.sampling.of(kind)
        return shuffle(image, self.matrix, self.size, border, fill)


class Warp(NamedTuple):
    """A pending resampling by a matrix."""

    matrix: Matrix
    size: Size
    sampling: Sampling

    def render(self, image: Array, kind: Kind, dst: Array | None) -> Array:
        return warp(image, self.matrix, self.size, *self.sampling.of(kind), dst)


class Resize(NamedTuple):
    """A pending axis-aligned resampling: slice, scale, slice."""

    window: Window | None
    scaled: Size
    crop: tuple[int, int] | None  # left, top of what is kept
    size: Size
    sampling: Sampling

    def render(self, image: Array, kind: Kind, dst: Array | None) -> Array:
        if self.window is not None:
            left, top, right, bottom = self.window
            image = image[top:bottom, left:right]
        interpolation = self.sampling.of(kind)[0]
        if self.crop is None:
            if image.shape[:2] == self.scaled:
                return image
            return resize(image, self.scaled, interpolation, dst)
        left, top = self.crop
        image = resize(image, self.scaled, interpolation)
        return image[top : top + self.size.height, left : left + self.size.width]


Pending = Shuffle | Warp | Resize


class Plane:
    """One named target made of pixels: an image or mask, or several that share every draw."""

    __slots__ = ("dtype", "frames", "given", "kind", "name")

    def __init__(self, name: str, kind: Kind, frames: list[Array]) -> None:
        self.name = name
        self.kind: Kind = kind
        self.given = frames
        self.frames = frames
        self.dtype = frames[0].dtype if frames else np.dtype(np.uint8)

    @property
    def channels(self) -> int:
        """Channels of its frames; an (H, W) frame has one."""
        frame = self.frames[0]
        return 1 if frame.ndim == 2 else int(frame.shape[2])


class Layer:
    """All planes of one size, and the work that waits for them."""

    __slots__ = ("curves", "fusion", "pending", "planes", "size")

    def __init__(self, size: Size, planes: list[Plane], fusion: Fusion) -> None:
        self.size = size
        self.planes = planes
        self.fusion = fusion
        self.pending: Pending | None = None
        self.curves: list[tones.Curve] = []

    def move(self, matrix: Matrix, size: Size, sampling: Sampling) -> None:
        """Move every plane by a matrix onto a canvas of a new size."""
        if matrix.is_lossless:
            self._shuffle(matrix, size, sampling)
        else:
            joined = self._joined_freely(matrix, size, sampling)
            if joined is None:
                self.flush()
                joined = Warp(matrix, size, sampling)
            self.pending = joined
        self.size = size
        if self.fusion == "off":
            self.flush()

    def resize(self, size: Size, sampling: Sampling, window: Window | None = None) -> None:
        """Scale every plane, or a window of it, to a size."""
        if window is not None and (self.pending is not None or self.curves):
            left, top, right, bottom = window  # a crop may join what is pending
            self._shuffle(shift(-left, -top), Size(bottom - top, right - left), sampling)
            self.size = Size(bottom - top, right - left)
            window = None
        if window is None:
            if size == self.size:
                return
            window = self._pending_window()
        self.pending = Resize(window, size, None, size, sampling)
        self.size = size
        if self.fusion == "off":
            self.flush()

    def _pending_window(self) -> Window | None:
        """Take a pending crop over as a window; finish any other pending work."""
        last = self.pending
        if isinstance(last, Shuffle) and last.matrix.is_shift and not (last.padded or self.curves):
            left, top = -int(last.matrix.x), -int(last.matrix.y)
            return left, top, left + last.size.width, top + last.size.height
        self.flush()
        return None

    def tone(self, curve: tones.Curve) -> None:
        """Map the values of every image plane through a curve."""
        if self.curves and self.curves[-1].to_float:
            self.flush()  # what follows a conversion to float is not a table
        self.curves.append(curve)
        for plane in self.planes:
            if plane.kind == "image" and curve.to_float:
                plane.dtype = FLOAT32
        if self.fusion == "off":
            self.flush()

    def flush(self, out: dict[str, Array] | None = None) -> None:
        """Do the pending work, writing final images into ``out`` where it names them."""
        pending, curves = self.pending, self.curves
        if pending is None and not curves:
            return
        self.pending, self.curves = None, []
        for plane in self.planes:
            dst = out.get(plane.name) if out else None
            toned = curves if plane.kind == "image" else []
            plane.frames = [
                self._finished(frame, plane.kind, pending, toned, dst) for frame in plane.frames
            ]

    @staticmethod
    def _finished(
        frame: Array, kind: Kind, pending: Pending | None, curves: list[tones.Curve], dst: Any
    ) -> Array:
        if pending is not None:
            into = dst if not curves and fits_into(frame, pending.size, dst) else None
            if curves and not isinstance(pending, Shuffle):
                into = scratch("moved", (*pending.size, *frame.shape[2:]), frame.dtype)
            frame = pending.render(frame, kind, into)
        return tones.apply(frame, curves, dst) if curves else frame

    def _shuffle(self, matrix: Matrix, size: Size, sampling: Sampling) -> None:
        left, top, right, bottom = matrix.span(self.size)
        height, width = size
        inside = left <= 0 and top <= 0 and right >= width and bottom >= height
        cut = left < 0 or top < 0 or right > width or bottom > height
        if inside and not cut and matrix == IDENTITY:
            return
        if self.curves and not inside:
            self.flush()  # new border must not go through the curves of the image
        last = self.pending
        if last is not None:
            joined = self._joined(last, matrix, size, sampling, inside, cut)
            if joined is not None:
                self.pending = joined
                return
            self.flush()
        self.pending = Shuffle(matrix, size, sampling, not inside, cut)

    def _joined(
        self,
        last: Pending,
        matrix: Matrix,
        size: Size,
        sampling: Sampling,
        inside: bool,
        cut: bool,
    ) -> Pending | None:
        """A pending move and a lossless one after it as one, or None if they cannot join."""
        if not isinstance(last, Shuffle):
            return (inside and _with_crop(last, matrix, size)) or self._joined_freely(
                matrix, size, sampling
            )
        if inside:
            if last.padded and last.sampling.border not in EXTENDS:
                return None
            sampling = last.sampling
        elif last.cut or (
            last.padded and not (last.sampling[2:] == sampling[2:] and sampling.border in EXTENDS)
        ):
            return None  # border shows what was there, and must not bring back what was cut away
        return Shuffle(
            matrix @ last.matrix, size, sampling, last.padded or not inside, last.cut or cut
        )

    def _joined_freely(self, matrix: Matrix, size: Size, sampling: Sampling) -> Warp | None:
        """Join two moves as if the canvas had no edge in between, if that is asked for."""
        last = self.pending
        if self.fusion != "free" or self.curves or not isinstance(last, (Warp, Shuffle)):
            return None
        if isinstance(last, Shuffle) and not last.padded:
            return Warp(matrix @ last.matrix, size, sampling)
        if last.sampling == sampling:
            return Warp(matrix @ last.matrix, size, sampling)
        return None


def _with_crop(last: Pending, matrix: Matrix, size: Size) -> Pending | None:
    """A pending resampling followed by a crop, if that is what the matrix is."""
    if not matrix.is_shift:
        return None
    if isinstance(last, Warp):
        return Warp(matrix @ last.matrix, size, last.sampling)
    if isinstance(last, Resize):
        left, top = last.crop or (0, 0)
        crop = left - int(matrix.x), top - int(matrix.y)
        return last._replace(crop=crop, size=size)
    return None


def fits_into(frame: Array, size: Size, dst: Array | None) -> bool:
    """Whether a moved frame may be written straight into a destination."""
    return dst is not None and dst.dtype == frame.dtype and dst.shape == (*size, *frame.shape[2:])


class Canvas:
    """Planes and labels of one sample, with the pixel work still to be done.

    Reading pixels does the pending work first; reading labels never changes pixels.
    """

    __slots__ = (
        "alike", "data", "fusion", "is_labelled", "labels", "layers", "mask_interpolation",
        "stacks",
    )  # fmt: skip

    def __init__(
        self,
        planes: list[Plane],
        labels: Labels,
        data: dict[str, Any],
        fusion: Fusion = "exact",
        mask_interpolation: int | None = None,
        size: Size | None = None,
    ) -> None:
        self.fusion: Fusion = fusion
        self.labels = labels
        self.is_labelled = bool(labels.boxes or labels.points)
        self.data = data
        self.mask_interpolation = mask_interpolation
        self.alike: Mapping[str, str] = {}  # additional targets, by name
        # targets of several frames: what was given, and how many axes stand before H and W
        self.stacks: dict[str, tuple[Any, int]] = {}
        self.layers: list[Layer] = [] if size is None else [Layer(size, planes, fusion)]
        if size is None or len(planes) > 1:
            self.arrange(planes)

    def arrange(self, planes: Iterable[Plane]) -> None:
        """Sort planes into layers by their size."""
        layers: list[Layer] = []
        for plane in planes:
            height, width = plane.frames[0].shape[:2]
            for layer in layers:
                if layer.size == (height, width):
                    layer.planes.append(plane)
                    break
            else:
                layers.append(Layer(Size(height, width), [plane], self.fusion))
        if layers:
            self.layers = layers

    @property
    def size(self) -> Size:
        """Height and width of the sample, pending moves included."""
        return self.layers[0].size

    def is_list(self, name: str) -> bool:
        """Whether a target was given as a list of frames."""
        return name in self.stacks and not isinstance(self.stacks[name][0], np.ndarray)

    @property
    def planes(self) -> list[Plane]:
        """All planes, with all pending work done."""
        self.flush()
        return [plane for layer in self.layers for plane in layer.planes]

    @property
    def image(self) -> Array:
        """The first image, with all pending work done."""
        return next(plane for plane in self.planes if plane.kind == "image").frames[0]

    def flush(self, out: dict[str, Array] | None = None) -> None:
        """Do all pending pixel work."""
        for layer in self.layers:
            if layer.pending is not None or layer.curves:
                layer.flush(out)

    def require(self, transform: Leaf) -> None:
        """Raise a TypeError unless a transform serves every image's dtype and channels."""
        for layer in self.layers:
            for plane in layer.planes:
                if plane.kind == "image" and plane.frames:
                    self._require(transform, layer, plane)

    def _require(self, transform: Leaf, layer: Layer, plane: Plane) -> None:
        dtypes, channels = transform.dtypes, transform.channels
        served = (not dtypes or dtype_name(plane.dtype) in dtypes) and (
            not channels or plane.channels in channels
        )
        if not served:
            what = f"an image (H, W) or (H, W, C) of {' or '.join(dtypes) or 'any dtype'}"
            counts = f" with {' or '.join(map(str, channels))} channels" if channels else ""
            raise TypeError(
                f"{type(transform).__name__} expects {what}{counts}, "
                f"got {plane.frames[0].shape} {plane.dtype.name} in {plane.name!r}"
            )
        if transform.unit_range and plane.dtype == FLOAT32:
            if layer.curves and layer.curves[-1].to_float:
                layer.flush()
            if not layer.curves:
                require_unit_range(transform, plane)

    def settle(self, last: bool = False) -> None:
        """Clip and filter labels as their params say; ``last`` at the end of a pipeline."""
        if self.is_labelled:
            self.labels.settle(self.size, last)

    def edit(self, change: Callable[[Array], Array]) -> None:
        """Replace every image by its edited version, (H, W) or (H, W, C), of the same size."""
        for layer in self.layers:
            layer.flush()
            for plane in layer.planes:
                if plane.kind == "image":
                    plane.frames = [change(frame) for frame in plane.frames]
                    plane.dtype = plane.frames[0].dtype

    def tone(self, curve: tones.Curve) -> None:
        """Map every image value through a curve."""
        for layer in self.layers:
            layer.tone(curve)

    def sampling(self, sampling: Sampling) -> Sampling:
        """A transform's sampling, with the pipeline's own interpolation of masks."""
        if self.mask_interpolation is None:
            return sampling
        return sampling._replace(mask_interpolation=self.mask_interpolation)


def require_unit_range(transform: Leaf, plane: Plane) -> None:
    """Raise a ValueError where a float image is clearly not in [0, 1].

    A little beyond is the overshoot of an interpolation and will be clipped.
    """
    for frame in plane.frames:
        low, high, _, _ = cv2.minMaxLoc(frame.reshape(frame.shape[0], -1))
        if low < -0.25 or high > 1.25:
            raise ValueError(
                f"{type(transform).__name__} expects a float32 image within [0, 1], got values "
                f"from {low:.4g} to {high:.4g} in {plane.name!r}; divide by the largest value, "
                "give uint8, or place the transform before Normalize"
            )


def downscales(sampling: Sampling, area_for: str | None, old: Size, new: Size) -> Sampling:
    """Use area interpolation where a resize shrinks and the transform asks for it."""
    if area_for is None or new.height >= old.height or new.width >= old.width:
        return sampling
    if area_for == "image_mask":
        return sampling._replace(interpolation=AREA, mask_interpolation=AREA)
    return sampling._replace(interpolation=AREA)
