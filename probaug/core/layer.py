"""Planes of pixels, and the work that waits for them.

Pixels wait in a `Layer` (all planes of one size) as at most one geometric step and a list of tone
curves. Which steps may join is decided in `Layer.move`, `Layer.resize` and `Layer.tone` and
nowhere else:

1. A whole-pixel shift that stays inside (a crop) joins any pending geometry; after a pad only if
   the border is constant or replicated.
2. Flips and quarter turns join other lossless moves, never a resampling.
3. A resize joins a pending crop (slice, `cv2.resize`, slice); any other resampling starts from
   finished pixels.
4. Tables join tables, and commute with crops, flips and quarter turns. Fill made after a curve
   must not go through it, so a pad finishes pending curves first.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from . import tone as tones
from .fields import Array, Fill
from .matrix import Matrix, Size, shift
from .scratch import lend, take_back
from .tone import FLOAT32
from .warp import AREA, CONSTANT, LINEAR, NEAREST, REPLICATE, resize, shuffle, warp

Kind = Literal["image", "mask", "heatmap"]
"""What pixels are: values that are seen, numbers of classes, amounts that may be averaged."""
Fusion = Literal["off", "exact", "free"]
"""Which steps may join: none, those that change nothing by it, all."""
Window = tuple[int, int, int, int]
"""Left, top, right, bottom in whole pixels; the last two are not part of it."""


IDENTITY = Matrix()
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
        if kind == "heatmap":  # cubic weights would make it negative
            smooth = AREA if self.interpolation == AREA else LINEAR
            return smooth, self.border, self.fill_mask
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

    __slots__ = ("dtype", "frames", "given", "is_unit", "kind", "name", "origin")

    def __init__(self, name: str, kind: Kind, frames: list[Array]) -> None:
        self.name = name
        self.kind: Kind = kind
        self.given = frames
        self.frames = frames
        self.origin = frames  # as values were last changed, before any resampling
        self.dtype = frames[0].dtype if frames else np.dtype(np.uint8)
        # whether white is known to be where their dtype has it
        self.is_unit = len(frames) == 1 and self.dtype != FLOAT32

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
            if toned and toned[-1].to_float:
                plane.origin, plane.is_unit = plane.frames, False

    @staticmethod
    def _finished(
        frame: Array, kind: Kind, pending: Pending | None, curves: list[tones.Curve], dst: Any
    ) -> Array:
        if pending is None:
            return tones.apply(frame, curves, dst) if curves else frame
        if not curves:
            return pending.render(frame, kind, dst if fits_into(frame, pending.size, dst) else None)
        if isinstance(pending, Shuffle):
            return tones.apply(pending.render(frame, kind, None), curves, dst)
        # a curve may be a user's, and run a pipeline of its own
        moved = lend("moved", (*pending.size, *frame.shape[2:]), frame.dtype)
        try:
            return tones.apply(pending.render(frame, kind, moved), curves, dst)
        finally:
            take_back("moved", moved)

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


def downscales(sampling: Sampling, area_for: str | None, old: Size, new: Size) -> Sampling:
    """Use area interpolation where a resize shrinks and the transform asks for it."""
    if area_for is None or new.height >= old.height or new.width >= old.width:
        return sampling
    if area_for == "image_mask":
        return sampling._replace(interpolation=AREA, mask_interpolation=AREA)
    return sampling._replace(interpolation=AREA)
