"""A sample as users' hooks take it, and what they return, put back."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from .canvas import Canvas
from .fields import Array
from .label_columns import LabelColumns


def private(frame: Array, given: list[Array]) -> Array:
    """A C-contiguous frame that a user's function may write into: not the caller's memory."""
    if any(frame is one or np.may_share_memory(frame, one) for one in given):
        return frame.copy()
    return np.ascontiguousarray(frame)


def hook_data(canvas: Canvas, columns: LabelColumns, served: Container[str] = ()) -> dict[str, Any]:
    """The sample as a 2.0.8 hook sees it: labels behind coordinates, frames in one array.

    Targets that are ``served`` by hooks get memory of their own.
    """
    data = {name: value for name, value in canvas.data.items() if name not in columns.fields}
    for plane in canvas.planes:
        frames = plane.frames
        if canvas.alike.get(plane.name, plane.name) in served:
            frames = [private(frame, plane.given) for frame in frames]
        if plane.name not in canvas.stacks:
            data[plane.name] = frames[0]
        else:
            alike = len({(frame.shape, frame.dtype) for frame in frames}) == 1
            data[plane.name] = stacked(frames, canvas.stacks[plane.name][1]) if alike else frames
    data.update(columns.arrays())
    return data


def stacked(frames: list[Array], leading: tuple[int, ...]) -> Array:
    """Frames in one array, with the leading axes that they have by now."""
    stack = np.stack(frames)
    return stack.reshape(*leading, *stack.shape[1:])


def take_planes(owner: str, canvas: Canvas, results: dict[str, Any]) -> None:
    """Put the pixels that hooks returned onto a canvas; taken names leave ``results``."""
    planes = canvas.planes
    for plane in planes:
        if plane.name in results:
            result = results.pop(plane.name)
            plane.frames, leading = returned_frames(owner, plane.name, result, canvas)
            if leading:
                canvas.stacks[plane.name] = canvas.stacks[plane.name][0], leading
            plane.dtype = plane.frames[0].dtype
            plane.origin, plane.is_unit = plane.frames, False
    canvas.arrange(planes)
    canvas.measure_depth()


def returned_frames(
    owner: str, name: str, result: Any, canvas: Canvas
) -> tuple[list[Array], tuple[int, ...]]:
    """What a hook returned for a target of pixels, frame by frame, and its leading axes."""
    frames: list[Any] = [result]
    leading: tuple[int, ...] = ()
    if name in canvas.stacks:
        several = isinstance(result, (list, tuple, np.ndarray))
        frames = list(result) if several else []
        leading = (len(frames),)
        if len(canvas.stacks[name][1]) == 2:
            leading = (len(frames), len(frames[0]) if frames else 0)
            frames = [frame for volume in frames for frame in volume]
    for frame in frames or [result]:
        if not isinstance(frame, np.ndarray) or frame.ndim not in (2, 3) or not frame.size:
            got = frame.shape if isinstance(frame, np.ndarray) else repr(frame)
            raise TypeError(f"{owner} must return {name} as (H, W) or (H, W, C) arrays, got {got}")
    return [np.ascontiguousarray(frame) for frame in frames], leading


def returned_polygons(owner: str, count: int, result: Any) -> list[list[Array]]:
    """What a hook returned for polygons: as many, each of as many rings as it likes."""
    changed = [[np.asarray(ring, np.float64) for ring in rings] for rings in result]
    rings = [ring for rings in changed for ring in rings]
    if len(changed) != count or any(r.ndim != 2 or r.shape[1] != 2 for r in rings):
        raise ValueError(
            f"{owner}.apply_to_polygons must return {count} polygons, each a list of (P, 2) rings "
            f"(an empty one if nothing is left), got {result!r:.200}"
        )
    return changed
