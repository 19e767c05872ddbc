"""The boundary: data by keyword in, data by keyword out, the strict core in between."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from .boxes import Boxes
from .canvas import VOLUMES, Canvas, Slices, together
from .declared import walk
from .fields import Array
from .instances import ALIKE, Instances
from .labels import Labels
from .layer import Kind, Plane
from .matrix import Size
from .oriented import OrientedBoxes
from .params import BboxParams, KeypointParams, PolygonParams
from .points import Points
from .polygons import Polygons
from .random import Key, current, enter, key_of, leave
from .refit import refit

if TYPE_CHECKING:
    from .transform import Node, Record, Settings

PLANES: dict[str, tuple[Kind, int]] = {
    "image": ("image", 0),
    "images": ("image", 1),
    "volume": ("image", 1),
    "volumes": ("image", 2),
    "mask": ("mask", 0),
    "masks": ("mask", 1),
    "mask3d": ("mask", 1),
    "masks3d": ("mask", 2),
    "heatmap": ("heatmap", 0),
    "heatmaps": ("heatmap", 1),
}
"""Targets made of pixels: their kind, and how many axes stand before height and width."""

LABELS = ("bboxes", "keypoints", "polygons")

TARGETS = (*PLANES, *LABELS)

ORDER = {name: place for place, name in enumerate(PLANES)}

NO_LABELS = Labels({}, {})
PLAIN_BOXES = BboxParams(format="albumentations")
PLAIN_POINTS = KeypointParams(format="xy")
PLAIN_POLYGONS = PolygonParams()


def call(
    node: Node,
    args: tuple[Any, ...],
    force: bool,
    key: Any,
    out: Mapping[str, Array] | None,
    data: dict[str, Any],
) -> dict[str, Any]:
    """Run a node on a call's data."""
    canvas, _ = run(node, args, force, key, data)
    return give(canvas, data, out)


def run(
    node: Node, args: tuple[Any, ...], force: bool, key: Any, data: dict[str, Any]
) -> tuple[Canvas, Record]:
    """Read a call's data and run a node on it."""
    name = type(node).__name__
    if args:
        raise KeyError(f"{name} takes its data by name, for example {name}(...)(image=image)")
    canvas = read(name, node.settings, data, node)
    draw = enter(call_key(node, key), node.slots)
    try:
        record = node.maybe(canvas, draw, 0, 0, force)
    finally:
        leave(draw)
    finish_labels(canvas)
    return canvas, record


def finish_labels(canvas: Canvas) -> None:
    """Do to labels what is left to do when all transforms have run."""
    if canvas.is_labelled:
        canvas.settle(last=True)
        if canvas.instances is not None:
            canvas.instances.unite(canvas.labels)
        refit(canvas)
        for points in canvas.labels.points.values():
            points.exchange()


def call_key(node: Node, key: Any) -> Key:
    """The key of a call: the one given, that of the surrounding call, or the stream's next."""
    if key is not None:
        return key_of(key, node.stream)
    outer = current()
    if outer is None:
        return node.stream.next()
    return (outer.seed(), outer.seed()), 0, 0


def read(name: str, settings: Settings, data: dict[str, Any], node: Node | None = None) -> Canvas:
    """Sort a call's data into planes, labels and what passes through."""
    alike = settings.additional_targets
    planes: list[Plane] = []
    labelled: list[tuple[str, str]] = []
    stacks: dict[str, tuple[Any, tuple[int, ...]]] = {}
    rest: dict[str, Any] = {}
    instances = None
    given = data
    if data.get("instances") is not None and "instances" not in alike:
        instances = Instances(name, data["instances"])
        given = {**data, **instances.targets}
        del given["instances"]
        alike = {**alike, **ALIKE}
    for key, value in given.items():
        target = alike.get(key, key)
        if value is not None and target in PLANES:
            kind, lead = PLANES[target]
            frames = unstack(name, key, value, lead) if lead else [checked_image(name, key, value)]
            if lead:
                stacks[key] = value, np.shape(value)[:lead] if lead > 1 else (len(value),)
            if frames:
                planes.append(Plane(key, kind, frames))
        elif value is not None and target in LABELS:
            labelled.append((key, target))
        else:
            rest[key] = value
    if settings.strict:
        refuse_unknown(name, settings, rest, node)
    size = common_size(name, settings, planes)
    labels = read_labels(name, settings, labelled, given, size) if labelled else NO_LABELS
    if stacks and (depth := common_depth(name, settings, stacks)):
        for key, points in labels.points.items():
            points.lie_in(key, depth)
    if instances is not None:
        instances.number(name, labels.points.get("instances.keypoints"))
    canvas = Canvas(planes, labels, rest, settings.fusion, settings.mask_interpolation, size)
    canvas.stacks = stacks
    canvas.alike = alike
    canvas.instances = instances
    return canvas


def checked_image(name: str, key: str, value: Any) -> Array:
    """An (H, W) or (H, W, C) array with at least one pixel."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} expects {key} as a NumPy array, got {type(value).__name__}")
    if value.ndim not in (2, 3) or not value.size:
        raise ValueError(
            f"{name} expects {key} (H, W) or (H, W, C) with at least one pixel, "
            f"got {value.shape} {value.dtype}"
        )
    if not value.dtype.isnative:  # OpenCV would take the bytes as they lie
        return value.astype(value.dtype.newbyteorder("="))
    return value


def unstack(name: str, key: str, value: Any, lead: int) -> list[Array]:
    """The frames of an array with leading axes, or of a list."""
    if isinstance(value, (list, tuple)) and lead == 1:
        return [checked_image(name, f"{key}[{i}]", frame) for i, frame in enumerate(value)]
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} expects {key} as an array or a list, got {type(value).__name__}")
    if value.ndim not in (2 + lead, 3 + lead):
        axes = "N, " * lead
        raise ValueError(
            f"{name} expects {key} ({axes}H, W) or ({axes}H, W, C), got {value.shape} {value.dtype}"
        )
    if 0 in value.shape[:lead]:
        return []
    whole = value.reshape(-1, *value.shape[lead:])
    first = checked_image(name, f"{key}[0]", whole[0])  # all are alike
    return Slices(whole if whole.dtype == first.dtype else whole.astype(first.dtype))


def common_size(name: str, settings: Settings, planes: list[Plane]) -> Size:
    """Height and width of the sample: those of its first image, or of its first mask."""
    if not planes:
        raise ValueError(f"{name} needs an image, images, a mask, masks or a volume in its call")
    height, width = planes[0].frames[0].shape[:2]
    if len(planes) == 1 and len(planes[0].frames) == 1:
        return Size(height, width)
    if len(planes) > 1:
        # images come first, and before additional ones those of the plain names
        planes.sort(key=lambda plane: (plane.kind != "image", ORDER.get(plane.name, len(ORDER))))
    height, width = planes[0].frames[0].shape[:2]
    for plane in planes:
        frames = plane.frames
        for frame in frames[:1] if isinstance(frames, Slices) else frames:
            if frame.shape[:2] == (height, width):
                continue
            first = plane.frames[0]
            if frame.shape[:2] != first.shape[:2]:
                raise ValueError(
                    f"{name} expects the frames of {plane.name} of one height and width, got "
                    f"{first.shape[:2]} and {frame.shape[:2]}"
                )
            if settings.is_check_shapes:
                raise ValueError(
                    f"{name} expects all images and masks of one height and width: "
                    f"{planes[0].name} is {(height, width)}, {plane.name} is {frame.shape[:2]}; "
                    "Compose(is_check_shapes=False) allows targets of different sizes"
                )
    return Size(height, width)


def common_depth(name: str, settings: Settings, stacks: dict[str, Any]) -> int:
    """How many slices the volumes have; 0 without any."""
    alike = settings.additional_targets
    depths = {
        key: leading[-1]
        for key, (_, leading) in stacks.items()
        if alike.get(key, key) in VOLUMES and all(leading)
    }
    if settings.is_check_shapes and len(set(depths.values())) > 1:
        raise ValueError(
            f"{name} expects all volumes of one depth, got "
            f"{', '.join(f'{depth} slices in {key}' for key, depth in depths.items())}; "
            "Compose(is_check_shapes=False) allows targets of different sizes"
        )
    return next(iter(depths.values()), 0)


def read_labels(
    name: str,
    settings: Settings,
    labelled: list[tuple[str, str]],
    data: dict[str, Any],
    size: Size,
) -> Labels:
    """Parse boxes and keypoints; label fields go with the target of the plain name."""
    boxes: dict[str, Boxes] = {}
    points: dict[str, Points] = {}
    polygons: dict[str, Polygons] = {}
    taken: set[str] = set()
    for key, target in labelled:
        wanted = {"bboxes": "bbox_params", "keypoints": "keypoint_params"}.get(
            target, "polygon_params"
        )
        params = getattr(settings, wanted)
        if params is None and target != "polygons" and not isinstance(data[key], np.ndarray):
            raise ValueError(f"{name} needs {wanted} to read {key}: A.Compose([...], {wanted}=...)")
        fields = {}
        if params is not None and key == target:
            for field in params.fields:
                if field in taken:
                    raise ValueError(
                        f"{name}: the label field {field!r} cannot follow both bboxes and "
                        "keypoints; give each a field of its own"
                    )
                if data.get(field) is None:
                    raise ValueError(f"{name} needs the label field {field!r} beside {key}")
                fields[field] = data[field]
            taken.update(fields)
        if target == "bboxes":
            params = params or PLAIN_BOXES
            kind = OrientedBoxes if params.bbox_type == "obb" else Boxes
            boxes[key] = kind(key, data[key], fields, params, size)
        elif target == "polygons":
            polygons[key] = Polygons(key, data[key], fields, params or PLAIN_POLYGONS, size)
        else:
            params = params or PLAIN_POINTS
            if key in ALIKE and params.remove_invisible:  # a skeleton keeps its rows
                params = params.replace(remove_invisible=False)
            points[key] = Points(key, data[key], fields, params, size)
    return Labels(boxes, points, polygons)


def refuse_unknown(name: str, settings: Settings, rest: dict[str, Any], node: Node | None) -> None:
    """In strict calls, allow only label fields, targets, and what a transform asks for."""
    known = {
        field
        for params in (settings.bbox_params, settings.keypoint_params, settings.polygon_params)
        if params is not None
        for field in params.fields
    }
    for part in walk(node):
        known.update(getattr(part, "targets", ()), getattr(part, "targets_as_params", ()))
    unknown = [key for key, value in rest.items() if key not in known and value is not None]
    if unknown:
        raise ValueError(f"{name} is strict and does not know {', '.join(map(repr, unknown))}")


def give(canvas: Canvas, data: dict[str, Any], out: Mapping[str, Array] | None) -> dict[str, Any]:
    """Finish all pending work and put the results where the data was."""
    targets = dict(out) if out else None
    if canvas.finish:
        canvas.reopen()
    if targets:
        require_targets(canvas, targets)
    canvas.flush(direct(canvas, targets) if targets else None)
    result = {**data, **canvas.data}
    for layer in canvas.layers:
        for plane in layer.planes:
            name = plane.name
            stack = canvas.stacks.get(name)
            if stack is None:
                value = owned(plane.frames[0], plane.given[0])
            else:
                value = restack(plane, stack)
            if targets and name in targets:
                value = written(name, value, targets[name])
            elif value is plane.given[0]:
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


def require_targets(canvas: Canvas, out: Mapping[str, Any]) -> None:
    """Raise an error for a destination that nothing could be written to."""
    names = [plane.name for layer in canvas.layers for plane in layer.planes]
    for name, target in out.items():
        if canvas.alike.get(name, name) in canvas.finish:
            raise TypeError(f"out[{name!r}] cannot hold a tensor; leave it out, or the conversion")
        if name not in names:
            raise ValueError(f"out[{name!r}] names nothing to write; there is {', '.join(names)}")
        if not isinstance(target, np.ndarray):
            raise TypeError(f"out[{name!r}] must be an array, got {type(target).__name__}")
        if canvas.is_list(name):
            raise TypeError(f"out[{name!r}] needs {name} to be given as an array, not as a list")
        if not target.flags.writeable:
            raise ValueError(f"out[{name!r}] is read-only")


def direct(canvas: Canvas, out: dict[str, Array]) -> dict[str, Array]:
    """Destinations that the last step may write to; OpenCV neither strides nor works in place."""
    given = [g for layer in canvas.layers for plane in layer.planes for g in plane.given]
    return {
        name: target
        for name, target in out.items()
        if target.flags.c_contiguous and not any(np.may_share_memory(target, g) for g in given)
    }


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
    if value.shape != target.shape or value.dtype != target.dtype:
        raise ValueError(
            f"out[{name!r}] must be {value.shape} {value.dtype}, got {target.shape} {target.dtype}"
        )
    there = value.strides == target.strides and np.may_share_memory(value, target)
    if not there or value.__array_interface__["data"] != target.__array_interface__["data"]:
        np.copyto(target, value)
    return target
