"""Transforms that see a volume whole: depth, height and width.

On the canvas a volume is a plane with a frame per slice, so that transforms of images serve it
slice by slice. Here the slices are one (D, H, W) or (D, H, W, C) array again. Points are (x, y, z),
all three continuous: slice i covers [i, i + 1), as pixel i does (what users write is its index).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_not
from typing import Any, ClassVar, TypeAlias

import numpy as np

from .canvas import VOLUMES, Canvas, Slices, together
from .fields import Array
from .hooks import Transform3D
from .labels import Labels
from .layer import Kind, Plane
from .matrix import Size
from .points import Points
from .transform import Params

Shape3: TypeAlias = tuple[int, int, int]
"""Depth, height, width."""
HALF = (0, 0, 0.5)  # from the index of a slice to its middle; x and y are there already


class Volumetric(Transform3D, base=True):
    """Changes volumes. Subclasses define ``plan``, ``change`` and, if points move, ``follow``.

    ``plan(shape, **params)`` says what the parameters mean for a volume of a (depth, height,
    width); it is worked out once per call and shape, and handed to the others.
    """

    plan: ClassVar[Callable[..., Any]]
    needs_z: ClassVar[bool] = True
    """Whether x and y of a result depend on z, so that keypoints must have it."""

    def change(self, volume: Array, kind: Kind, plan: Any) -> Array:
        """A changed (D, H, W) or (D, H, W, C) volume, or the very same."""
        raise NotImplementedError

    def follow(self, xyz: Array, plan: Any) -> Array:
        """Where (N, 3) points go."""
        return xyz

    def change_points(self, points: Points, plan: Any) -> None:
        """Move the keypoints of a target."""
        values = points.values.copy()
        values[:, :3] = self.follow(values[:, :3] + HALF, plan) - HALF
        points.values = values

    def on(self, canvas: Canvas, params: Params) -> None:
        planes = canvas.planes
        self._require(canvas, planes)
        plans: dict[Shape3, Any] = {}
        for plane in planes:
            given, leading = canvas.stacks[plane.name]
            depth = leading[-1]
            shape = depth, plane.frames[0].shape[0], plane.frames[0].shape[1]
            if shape not in plans:
                plans[shape] = self.plan(shape, **params)
            volumes = split(plane, depth)
            changed = [self.change(volume, plane.kind, plans[shape]) for volume in volumes]
            if any(map(is_not, changed, volumes)):
                plane.frames = Slices(changed[0] if len(changed) == 1 else np.concatenate(changed))
            count = len(plane.frames) // len(changed)
            self._resize_empty(canvas, leading[-1], count)
            canvas.stacks[plane.name] = given, (*leading[:-1], count)
        canvas.arrange(planes)
        plan = next(iter(plans.values()))
        for points in canvas.labels.points.values():
            if len(points.values):
                self.change_points(points, plan)
        canvas.measure_depth()

    def _resize_empty(self, canvas: Canvas, depth: int, count: int) -> None:
        """Let targets of no volumes have the depth that their volumes would have."""
        for name, (given, leading) in canvas.stacks.items():
            if leading == (0, depth) and canvas.alike.get(name, name) in VOLUMES:
                canvas.stacks[name] = given, (0, count)

    def _require(self, canvas: Canvas, planes: list[Plane]) -> None:
        """Raise an error for targets that have no depth."""
        name = type(self).__name__
        others = [p.name for p in planes if canvas.alike.get(p.name, p.name) not in VOLUMES]
        flat: dict[str, Any] = {**canvas.labels.boxes, **canvas.labels.polygons}
        others += [key for key, target in flat.items() if len(target.rows)]
        if others:
            raise ValueError(
                f"{name} changes {', '.join(VOLUMES)} and xyz keypoints, got {', '.join(others)}"
            )
        for key, points in canvas.labels.points.items():
            if self.needs_z and len(points.values) and "z" not in points.params.format:
                raise ValueError(
                    f"{name} needs keypoints with z, KeypointParams(format='xyz'), got "
                    f"{points.params.format!r} for {key}"
                )

    def apply_to_volume(self, volume: Array, *args: Any, **params: Any) -> Any:
        return self._on_volume(volume, "image", params)

    def apply_to_mask3d(self, mask3d: Array, *args: Any, **params: Any) -> Any:
        return self._on_volume(mask3d, "mask", params)

    def _move_points(self, points: Points, params: Params) -> None:
        plan = self.plan(params["volume_shape"][:3], **self._own(params))
        self.change_points(points, plan)

    def update_transform_params(self, params: Params, data: dict[str, Any]) -> Params:
        params = super().update_transform_params(params, data)
        for name, lead in (("volume", 0), ("mask3d", 0), ("volumes", 1), ("masks3d", 1)):
            if data.get(name) is not None:
                params.setdefault("volume_shape", np.shape(data[name])[lead:])
        return params

    def _own(self, params: Params) -> Params:
        return super()._own({k: v for k, v in params.items() if k != "volume_shape"})

    def _on_volume(self, volume: Array, kind: Kind, params: Params) -> Array:
        plane = Plane("volume", kind, Slices(volume))
        size = Size(*volume.shape[1:3])
        canvas = Canvas([plane], Labels({}, {}), {}, size=size)
        canvas.stacks = {"volume": (volume, (len(volume),))}
        self.on(canvas, self._own(params))
        return np.ascontiguousarray(together(plane.frames))


def split(plane: Plane, depth: int) -> list[Array]:
    """The volumes of a plane."""
    frames = plane.frames
    if not isinstance(frames, Slices):
        kinds = {(frame.shape, frame.dtype) for frame in frames}
        if len(kinds) > 1:
            raise ValueError(f"the slices of {plane.name} must have one shape and dtype")
    whole = together(frames)
    if len(whole) == depth:
        return [whole]
    return [whole[start : start + depth] for start in range(0, len(whole), depth)]
