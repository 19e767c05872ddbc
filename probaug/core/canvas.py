"""A sample on its way through a pipeline: pixel work stays pending until somebody looks.

Labels are never pending: each transform moves them at once. Pixels wait in layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from . import tone as tones
from .fields import Array, dtype_name
from .labels import Labels
from .layer import Fusion, Layer, Plane
from .matrix import Size
from .tone import FLOAT32

if TYPE_CHECKING:
    from .instances import Instances
    from .transform import Leaf


VOLUMES = ("volume", "volumes", "mask3d", "masks3d")
"""Targets whose frames are the slices of volumes."""

Finish = Callable[[Any, Any], Any]
"""What becomes of a result: a function of it and of what was given."""
NOTHING: Mapping[str, Finish] = MappingProxyType({})


class Slices(list[Array]):
    """Frames that are the slices of one array: made when all are asked for, and then kept."""

    def __init__(self, whole: Array) -> None:
        super().__init__()
        self.whole = whole

    def __len__(self) -> int:
        return len(self.whole)

    def __iter__(self) -> Iterator[Array]:
        if not super().__len__():
            self.extend(self.whole)
        return super().__iter__()

    def __getitem__(self, at: Any) -> Any:
        return super().__getitem__(at) if super().__len__() else self.whole[at]


class Closed(list[Layer]):
    """The layers of a canvas that no transform may change any more."""

    by: str

    def __iter__(self) -> Iterator[Layer]:
        raise TypeError(f"{self.by} must be the last transform: others cannot change its result")


class Canvas:
    """Planes and labels of one sample, with the pixel work still to be done.

    Reading pixels does the pending work first; reading labels never changes pixels.
    """

    __slots__ = (
        "alike", "data", "finish", "fusion", "instances", "is_labelled", "labels", "layers",
        "mask_interpolation", "stacks",
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
        self.is_labelled = bool(labels.boxes or labels.points or labels.polygons)
        self.data = data
        self.mask_interpolation = mask_interpolation
        self.alike: Mapping[str, str] = {}  # additional targets, by name
        self.instances: Instances | None = None
        self.finish: Mapping[str, Finish] = NOTHING  # what becomes of results, by target
        # targets of several frames: what was given, and the axes that now stand before H and W
        self.stacks: dict[str, tuple[Any, tuple[int, ...]]] = {}
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

    def close(self, by: str, finish: Mapping[str, Finish]) -> None:
        """Let results leave as something else, by target, and let no transform come after."""
        if not self.finish:
            self.flush()
            self.layers = Closed(self.layers)
            self.layers.by = by
        self.finish = {**self.finish, **finish}

    def reopen(self) -> None:
        """Allow work on pixels again, at the end of a call."""
        self.layers = self.layers[:]

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
        frames = plane.frames
        for frame in frames:  # those of a list may differ
            # with one frame the plane knows better: a conversion to float may wait
            dtype = plane.dtype if len(frames) == 1 else frame.dtype
            count = 1 if frame.ndim == 2 else frame.shape[2]
            if (dtypes and dtype_name(dtype) not in dtypes) or (channels and count not in channels):
                raise unserved(transform, plane.name, frame.shape, dtype)
        if transform.unit_range and not plane.is_unit:
            if layer.curves and layer.curves[-1].to_float:
                layer.flush()
            require_unit_range(transform, plane)
            plane.is_unit = True

    def measure_depth(self) -> None:
        """Tell keypoints how many slices the volumes have by now."""
        for name, (_, leading) in self.stacks.items():
            if self.alike.get(name, name) in VOLUMES and all(leading):
                for points in self.labels.points.values():
                    points.depth = points.depth and leading[-1]
                return

    def settle(self, last: bool = False) -> None:
        """Clip and filter labels as their params say; ``last`` at the end of a pipeline."""
        if last and self.finish:
            self.reopen()
        if self.is_labelled:
            self.labels.settle(self.size, last)

    def edit(self, change: Callable[[Array], Array], is_unit: bool = False) -> None:
        """Replace every image by its edited version, (H, W) or (H, W, C), of the same size.

        With ``is_unit`` the change keeps values where white is 1 there.
        """
        for layer in self.layers:
            layer.flush()
            for plane in layer.planes:
                if plane.kind == "image":
                    plane.frames = plane.origin = [change(frame) for frame in plane.frames]
                    plane.dtype = plane.frames[0].dtype
                    plane.is_unit = is_unit

    def tone(self, curve: tones.Curve) -> None:
        """Map every image value through a curve."""
        for layer in self.layers:
            layer.tone(curve)


def together(frames: list[Array]) -> Array:
    """Frames as one (N, H, W) or (N, H, W, C) array."""
    return frames.whole if isinstance(frames, Slices) else np.stack(frames)


def unserved(transform: Leaf, name: str, shape: tuple[int, ...], dtype: Any) -> TypeError:
    """The error for an image that a transform does not serve."""
    dtypes, channels = transform.dtypes, transform.channels
    what = f"an image (H, W) or (H, W, C) of {' or '.join(dtypes) or 'any dtype'}"
    counts = f" with {' or '.join(map(str, channels))} channels" if channels else ""
    return TypeError(
        f"{type(transform).__name__} expects {what}{counts}, got {shape} {dtype.name} in {name!r}"
    )


def require_unit_range(transform: Leaf, plane: Plane) -> None:
    """Raise a ValueError where a float image is clearly not in [0, 1].

    A little beyond is the overshoot of an interpolation and will be clipped; what our own
    resampling did is not looked at.
    """
    for frame in plane.origin:
        if frame.dtype != FLOAT32:
            continue
        low, high, _, _ = cv2.minMaxLoc(frame.reshape(frame.shape[0], -1))
        if low < -0.25 or high > 1.25:
            raise ValueError(
                f"{type(transform).__name__} expects a float32 image within [0, 1], got values "
                f"from {low:.4g} to {high:.4g} in {plane.name!r}; divide by the largest value, "
                "give uint8, or place the transform before Normalize"
            )
