"""Samples that are joined with others: where those come from, and how their labels are added."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from .call import read
from .canvas import Canvas
from .fields import Array
from .holes import COPIED
from .hooks import DualTransform
from .instances import ALIKE
from .kinds import move_labels
from .labels import Labels
from .layer import Plane, Sampling
from .matrix import Size, shift, zoom
from .moves import corners
from .oriented import OrientedBoxes
from .points import Points
from .polygons import Polygons
from .rows import Rows, kind_of
from .tone import FLOAT32
from .transform import Settings
from .warp import NEAREST, resize

ONE_BY_ONE = "masks"
"""The target whose frames are objects, not layers of one picture: others are added to them."""


class Mix(DualTransform, base=True):
    """Joins a sample with others, given in the call under a name of the transform's own.

    That is one dict or several (a list, or whatever has a length and an index, such as a
    dataset, of which only what is drawn is read), with the names and formats of the call itself.
    What is drawn is recorded as indices, so a replay needs the same samples.

    Args:
        metadata_key: Name in the call of the other samples.

    """

    metadata_key: str

    @property
    def targets_as_params(self) -> list[str]:
        return [self.metadata_key]

    def entries(self, canvas: Canvas) -> Any:
        """The other samples, not read yet."""
        return entries(self, canvas)

    def entry(self, canvas: Canvas, index: int) -> Mapping[str, Any]:
        """One of the other samples as it was given."""
        several = self.entries(canvas)
        if index >= len(several):
            raise ValueError(
                f"{type(self).__name__} needs entry {index} of {self.metadata_key!r}, which has "
                f"{len(several)}; a replay needs what the first run had"
            )
        entry = several[index]
        if not isinstance(entry, Mapping):
            raise TypeError(f"{named(self, index)} must be a dict, got {type(entry).__name__}")
        return entry

    def other(self, canvas: Canvas, index: int) -> Canvas:
        """One of the other samples, read."""
        return opened(named(self, index), self.entry(canvas, index), canvas)


def named(transform: Any, index: int) -> str:
    """How errors call one of the entries that a call holds for a transform."""
    return f"{type(transform).__name__}: {transform.metadata_key}[{index}]"


def entries(transform: Any, canvas: Canvas) -> Any:
    """What a call holds for a transform: something with a length and an index."""
    owner, key = type(transform).__name__, transform.metadata_key
    value = canvas.data.get(key)
    if value is None:
        raise ValueError(f"{owner} needs {key!r} in its call")
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, str) or not (hasattr(value, "__len__") and hasattr(value, "__getitem__")):
        raise TypeError(
            f"{owner} expects {key!r} as one or several, with a length and an index, "
            f"got {type(value).__name__}"
        )
    return value


def unit_box(name: str, bbox: Any) -> list[float]:
    """The box of an entry: x_min, y_min, x_max, y_max as fractions of the image."""
    edges = [float(value) for value in list(bbox)[:4]]
    if len(edges) < 4 or not (0 <= edges[0] < edges[2] <= 1 and 0 <= edges[1] < edges[3] <= 1):
        raise ValueError(
            f"{name}: bbox must be x_min < x_max, y_min < y_max, fractions in [0, 1], got {bbox!r}"
        )
    return edges


def opened(owner: str, entry: Mapping[str, Any], canvas: Canvas) -> Canvas:
    """Another sample, read as the canvas' own was; names that this one lacks are left out."""
    labels = canvas.labels
    fields = {field for target in labels.targets.values() for field in target.source.fields}
    known = {plane.name for plane in canvas.planes} | {*canvas.stacks, *labels.targets} | fields
    if canvas.instances is not None:
        known.add("instances")
    settings = Settings(
        bbox_params=params_of(labels.boxes),
        keypoint_params=params_of(labels.points),
        polygon_params=params_of(labels.polygons),
        additional_targets={k: v for k, v in canvas.alike.items() if k not in ALIKE},
        is_check_shapes=len(canvas.layers) == 1,
        mask_interpolation=canvas.mask_interpolation,
    )
    given = {name: value for name, value in entry.items() if name in known}
    for plane in canvas.planes:
        if plane.kind == "image" and given.get(plane.name) is None:
            raise ValueError(f"{owner} needs {plane.name!r}, as the sample has")
    other = read(owner, settings, given)
    theirs = {plane.name: plane for plane in other.planes}
    for plane in canvas.planes:
        if plane.name in theirs:
            make_alike(owner, plane, theirs[plane.name], is_object_wise(canvas, plane.name))
    return other


def params_of(targets: Mapping[str, Any]) -> Any:
    """How the labels of a kind are read; those of instances are read in a way of their own."""
    plain = [target.params for name, target in targets.items() if name not in ALIKE]
    return (plain or [target.params for target in targets.values()] or [None])[0]


def is_object_wise(canvas: Canvas, name: str) -> bool:
    """Whether a target's frames are masks of one object each."""
    return canvas.alike.get(name, name) == ONE_BY_ONE


def make_alike(owner: str, mine: Plane, theirs: Plane, any_count: bool) -> None:
    """Require the dtype, channels and number of frames of the sample's own."""
    frame, other = mine.frames[0], theirs.frames[0]
    count = len(mine.frames)
    if frame.dtype != other.dtype or mine.channels != theirs.channels:
        raise ValueError(
            f"{owner}: {mine.name} must be {frame.dtype} of {mine.channels} channels, as the "
            f"sample's, got {other.shape} {other.dtype}"
        )
    if count != len(theirs.frames) and not any_count:
        raise ValueError(f"{owner}: {mine.name} has {len(theirs.frames)} frames for {count}")
    theirs.frames = [part.reshape(*part.shape[:2], *frame.shape[2:]) for part in theirs.frames]


def sampling_of(canvas: Canvas) -> Sampling:
    """How samples are brought to one size where no parameter says it."""
    chosen = canvas.mask_interpolation
    return Sampling(mask_interpolation=NEAREST if chosen is None else chosen)


def clone(canvas: Canvas) -> Canvas:
    """The same sample again: its pixels, and labels that can go a way of their own."""
    planes = [Plane(plane.name, plane.kind, plane.frames) for plane in canvas.planes]
    labels = Labels(*(
        {name: cloned(target) for name, target in targets.items()}
        for targets in (canvas.labels.boxes, canvas.labels.points, canvas.labels.polygons)
    ))  # fmt: skip
    other = Canvas(planes, labels, {}, canvas.fusion, canvas.mask_interpolation, None)
    other.instances = copy.copy(canvas.instances)
    return other


def cloned(target: Any) -> Any:
    """Labels of their own rows, which start where the others are."""
    target = copy.copy(target)
    target.source = copy.copy(target.source)
    target.source.fields = dict(target.source.fields)
    return target


def frames_of(canvas: Canvas, name: str) -> list[Array]:
    """The frames of a target, if it is there."""
    return next((plane.frames for plane in canvas.planes if plane.name == name), [])


def set_planes(canvas: Canvas, frames: Mapping[str, list[Array]]) -> None:
    """Replace frames by target name, whatever their size and number."""
    planes = canvas.planes
    missing = {name for name in frames if frames[name]} - {plane.name for plane in planes}
    planes += [Plane(name, "mask", []) for name in sorted(missing)]
    for plane in planes:
        if plane.name in frames:
            plane.frames = plane.origin = frames[plane.name]
            plane.dtype = plane.frames[0].dtype
            plane.is_unit = plane.is_unit and plane.dtype != FLOAT32
            if is_object_wise(canvas, plane.name) and plane.name in canvas.stacks:
                canvas.stacks[plane.name] = canvas.stacks[plane.name][0], (len(plane.frames),)
    canvas.arrange(planes)


def resized(other: Canvas, canvas: Canvas) -> Canvas:
    """Bring another sample to the size of the canvas' own."""
    sampling = sampling_of(canvas)
    size = other.size
    sizes = {plane.name: Size(*plane.frames[0].shape[:2]) for plane in canvas.planes}
    for plane in other.planes:
        new, how = sizes.get(plane.name, canvas.size), sampling.of(plane.kind)[0]
        if plane.frames[0].shape[:2] != new:
            plane.frames = [resize(frame, new, how) for frame in plane.frames]
    other.arrange(other.planes)
    if size != canvas.size:
        move_labels(other, zoom(canvas.size.width / size.width, canvas.size.height / size.height))
    return other


def shape_of(mask: Array) -> Array:
    """Where a mask of one or several channels is not 0, as (H, W) of 0 and 1."""
    flat = mask if mask.ndim == 2 else mask.any(axis=2)
    return np.asarray(flat != 0, np.uint8)


def put(view: Array, value: Any, where: Array) -> None:
    """Write a picture, or a number, into a window of one where an (H, W) array of 0 and 1 is 1."""
    if view.dtype.name in COPIED and (view.ndim == 2 or view.shape[2] <= 4):
        source = np.empty(view.shape, view.dtype)
        source[...] = value
        view[...] = cv2.copyTo(source, where, view.copy()).reshape(view.shape)
    else:
        flat = where.astype(bool)
        np.copyto(view, value, "unsafe", flat if view.ndim == 2 else flat[:, :, None])


def cut_labels(other: Canvas, window: tuple[int, int, int, int]) -> None:
    """Keep what is in a window (left, top, right, bottom), where it is."""
    left, top, right, bottom = window
    move_labels(other, shift(-left, -top))
    other.labels.settle(Size(bottom - top, right - left), last=True)
    move_labels(other, shift(left, top))


def add_labels(canvas: Canvas, other: Canvas) -> None:
    """Add the labels of another sample, which are in their places already."""
    for name, target in canvas.labels.targets.items():
        if (theirs := other.labels.targets.get(name)) is not None:
            append(name, target, theirs)
    if canvas.instances is not None and other.instances is not None:
        canvas.instances = joined = copy.copy(canvas.instances)
        joined.parts = (joined if joined.given else other.instances).parts
        joined.given = kind_of(joined.given)([*joined.given, *other.instances.given])
        joined.counts = [*joined.counts, *other.instances.counts]


def append(name: str, target: Any, theirs: Any) -> None:
    """Add rows of one label target to another's."""
    first, count = extend(name, target.source, theirs.source)
    target.rows = np.concatenate([target.rows, theirs.rows + first])
    target.settled = None
    if isinstance(target, Polygons):
        target.start = [*target.start, *[[]] * count]
        target.rings = [*target.rings, *theirs.rings]
        return
    nowhere = np.full((count, *target.start.shape[1:]), np.nan)  # so none is as it was given
    target.start = np.concatenate([target.start, nowhere])
    if isinstance(target, Points):
        target.values = np.concatenate([target.values, theirs.values])
        target.origins = joined_origins(target.origins, theirs.origins)
    elif isinstance(target, OrientedBoxes):
        target.quads = np.concatenate([target.quads, theirs.quads])
    else:
        if target.quads is not None or theirs.quads is not None:
            quads = [corners(t.edges) if t.quads is None else t.quads for t in (target, theirs)]
            target.quads = np.concatenate(quads)
        target.edges = np.concatenate([target.edges, theirs.edges])


def joined_origins(origins: Array, more: Array) -> Array:
    """Where keypoints come from; those of another sample are of groups of their own."""
    first = origins[:, 0].max(initial=-1) + 1
    return np.concatenate([origins, np.add(more, (first, 0, 0))])


def extend(name: str, rows: Rows, more: Rows) -> tuple[int, int]:
    """Add the given rows of another sample; return the number of the first, and how many."""
    first, count = len(rows.given), len(more.given)
    if not count:
        return first, 0
    width = row_width(rows)
    if width not in (None, row_width(more)):
        raise ValueError(
            f"{name} has rows of {width} columns, those of another sample {row_width(more)}"
        )
    if rows.is_array:
        theirs = more.given if more.is_array else [list(row) for row in more.given]
        added = np.array(theirs, rows.dtype)
        rows.given = np.concatenate([rows.given, added]) if rows.given.ndim == 2 else added
    else:
        theirs = more.given.tolist() if more.is_array else list(more.given)
        if rows.width and first:
            theirs = [kind_of(rows.given[0])(row) for row in theirs]
        rows.given = kind_of(rows.given)([*rows.given, *theirs])
    for field, values in rows.fields.items():
        rows.fields[field] = joined(field, values, more.fields[field])
    return first, count


def row_width(rows: Rows) -> int | None:
    """How many columns rows have; None if that is not known, or does not matter."""
    if rows.width == 0 or (rows.is_array and rows.given.ndim != 2):
        return None
    if rows.is_array:
        return int(rows.given.shape[1])
    return len(rows.given[0]) if len(rows.given) else None


def joined(field: str, values: Any, more: Any) -> Any:
    """Labels and more of them, in the container and of the dtype of the first.

    Only words may widen their dtype, for they would be cut off.
    """
    if not isinstance(values, np.ndarray):
        more = more.tolist() if isinstance(more, np.ndarray) else list(more)
        return kind_of(values)([*values, *more])
    theirs = np.asarray(more)
    wide = values.dtype.kind in "US" or not len(values)
    try:
        dtype = np.result_type(values, theirs) if wide else values.dtype
        return np.concatenate([values, theirs.astype(dtype)])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the label field {field!r} holds {values.dtype}, another sample {theirs.dtype} "
            f"of shape {theirs.shape}: {error}"
        ) from None
