"""What a call gives back: results where the data was, in the caller's containers."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat, zip_longest
from typing import Any

import numpy as np

from .canvas import Canvas, together
from .fields import Array
from .instances import ALIKE
from .layer import Plane


class Slots(dict[str, Array]):
    """Arrays for a call's ``out`` that may stay as they are, where no result fits.

    In a plain dict they are an error.
    """


def give(canvas: Canvas, data: dict[str, Any], out: Mapping[str, Array] | None) -> dict[str, Any]:
    """Finish all pending work and put the results where the data was."""
    targets = dict(out) if out else None
    must_fit = not isinstance(out, Slots)
    if canvas.finish:
        canvas.reopen()
    canvas.flush(direct(canvas, targets, must_fit) if targets else None)
    result = {**data, **canvas.data}
    for layer in canvas.layers:
        for plane in layer.planes:
            name = plane.name
            stack = canvas.stacks.get(name)
            target = targets.get(name) if targets else None
            if stack is not None:
                value = restack(plane, stack)
            elif plane.frames[0] is target:
                value = target
            else:
                value = owned(plane.frames[0], plane.given[0])
            if target is not None and (must_fit or is_alike(value, target)):
                value = written(name, value, target)
            elif stack is None and value is plane.given[0]:
                continue  # what the caller gave, even if it was read in another byte order
            result[name] = value
    if canvas.stacks:
        result.update(empty_stacks(canvas))
    if canvas.finish:
        result.update(finished(canvas, data, result))
    if canvas.is_labelled:
        result.update(given_labels(canvas))
    if canvas.instances is not None:
        canvas.instances.give(result, canvas)
    return result


def kept_rows(canvas: Canvas) -> dict[str, Array]:
    """For every label target, which of the given rows are left, in the order of the result."""
    kept = {name: target.rows for name, target in canvas.labels.targets.items()}
    if canvas.instances is not None:
        kept = {name: rows for name, rows in kept.items() if name not in ALIKE}
        kept["instances"] = np.array(canvas.instances.alive(canvas), np.intp)
    return kept


def finished(canvas: Canvas, data: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Results of pixels as what the last transform makes of them."""
    names = {plane.name for layer in canvas.layers for plane in layer.planes} | {*canvas.stacks}
    finishes = {name: canvas.finish.get(canvas.alike.get(name, name)) for name in names & {*data}}
    return {name: to(result[name], data[name]) for name, to in finishes.items() if to}


def empty_stacks(canvas: Canvas) -> dict[str, Array]:
    """Arrays of no frames, of the size that frames would have."""
    size, result = canvas.size, {}
    for name, (value, leading) in canvas.stacks.items():
        if not isinstance(value, np.ndarray) or 0 not in leading:
            continue
        shape = (*leading, *size, *value.shape[len(leading) + 2 :])
        if shape != value.shape:
            result[name] = np.zeros(shape, value.dtype)
    return result


def given_labels(canvas: Canvas) -> dict[str, Any]:
    """Boxes, keypoints and their label fields, as the caller wrote them."""
    size = canvas.size
    result: dict[str, Any] = {}
    for name, boxes in canvas.labels.boxes.items():
        result[name] = boxes.give(size)
        result.update(boxes.source.give_fields(boxes.rows))
    for name, points in canvas.labels.points.items():
        result[name] = points.give(size)
        result.update(points.give_fields())
    for name, polygons in canvas.labels.polygons.items():
        result[name] = polygons.give(size)
        result.update(polygons.source.give_fields(polygons.rows))
    return result


def direct(canvas: Canvas, out: Mapping[str, Any], must_fit: bool) -> dict[str, Array]:
    """Destinations that the last step may write to; OpenCV neither strides nor works in place.

    One that nothing could be written to is an error, if all must fit.
    """
    given = {plane.name: plane.given for layer in canvas.layers for plane in layer.planes}
    free = {}
    for name, target in out.items():
        if canvas.finish and canvas.alike.get(name, name) in canvas.finish:
            raise TypeError(f"out[{name!r}] cannot hold a tensor; leave it out, or the conversion")
        if name not in given:
            if not must_fit:
                continue  # an array of no frames
            raise ValueError(f"out[{name!r}] names nothing to write; there is {', '.join(given)}")
        if not isinstance(target, np.ndarray):
            raise TypeError(f"out[{name!r}] must be an array, got {type(target).__name__}")
        if canvas.is_list(name):
            raise TypeError(f"out[{name!r}] needs {name} to be given as an array, not as a list")
        flags = target.flags
        if not flags.writeable:
            raise ValueError(f"out[{name!r}] is read-only")
        sources = chain.from_iterable(given.values())
        if flags.c_contiguous and not any(map(np.may_share_memory, sources, repeat(target))):
            free[name] = target
    return free


def owned(frame: Array, given: Array) -> Array:
    """The input itself, or a C-contiguous result that shares no memory with it."""
    flags = frame.flags
    if frame is given or (flags.owndata and flags.c_contiguous):
        return frame
    if not frame.flags.c_contiguous or np.may_share_memory(frame, given):
        return frame.copy()
    return frame


def restack(plane: Plane, stack: tuple[Any, tuple[int, ...]]) -> Any:
    """The frames of a plane in the caller's container."""
    given, leading = stack
    same_count = len(plane.frames) == len(plane.given)
    if plane.frames is plane.given:
        return given
    if same_count and all(map(lambda a, b: a is b, plane.frames, plane.given)):
        return given
    if isinstance(given, np.ndarray):
        stacked = together(plane.frames)
        if not stacked.flags.c_contiguous or np.may_share_memory(stacked, given):
            stacked = stacked.copy()
        return stacked.reshape(*leading, *stacked.shape[1:])
    pairs = zip_longest(plane.frames, plane.given[: len(plane.frames)])
    frames = [frame if was is None else owned(frame, was) for frame, was in pairs]
    return tuple(frames) if isinstance(given, tuple) else frames


def written(name: str, value: Array, target: Array) -> Array:
    """A result in the caller's memory."""
    if value is target:
        return value
    if not is_alike(value, target):
        raise ValueError(
            f"out[{name!r}] must be {value.shape} {value.dtype}, got {target.shape} {target.dtype}"
        )
    there = value.strides == target.strides and np.may_share_memory(value, target)
    if not there or value.__array_interface__["data"] != target.__array_interface__["data"]:
        np.copyto(target, value)
    return target


def is_alike(value: Array, target: Array) -> bool:
    """Whether a result has the shape and type of the caller's memory."""
    return (value.shape, value.dtype) == (target.shape, target.dtype)
