"""The boundary: data by keyword in, the strict core, and what `results` gives back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .boxes import Boxes
from .canvas import VOLUMES, Canvas, Slices
from .declared import walk
from .fields import Array
from .instances import ALIKE, Instances
from .labels import Labels
from .layer import Kind, Plane
from .matrix import Size
from .oriented import OrientedBoxes
from .params import PLAIN_BOXES, PLAIN_POINTS, PLAIN_POLYGONS
from .points import Points
from .polygons import Polygons
from .random import Key, current, enter, key_of, leave
from .refit import refit
from .results import give

if TYPE_CHECKING:
    from .transform import Leaf, Node, Params, Record, Settings

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


def drawn(leaf: Leaf, settings: Settings, data: dict[str, Any], key: Key) -> Params:
    """What a transform draws for a call's data, by a key; the data stay as they are."""
    canvas = read(type(leaf).__name__, settings, data, leaf)
    draw = enter(key, leaf.slots)
    try:
        draw.slot, draw.lane, draw.stop, draw.canvas = 1, 0, leaf.slots, canvas
        return leaf.sample(draw, canvas)
    finally:
        leave(draw)


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
        instances = Instances(name, data["instances"], settings)
        given = {**data, **instances.targets}
        del given["instances"]
        alike = {**alike, **ALIKE}
    for key, value in given.items():
        target = alike.get(key, key)
        plane = PLANES.get(target)
        if value is None or (plane is None and target not in LABELS):
            rest[key] = value
        elif plane is None:
            labelled.append((key, target))
        elif not plane[1]:
            planes.append(Plane(key, plane[0], [checked_image(name, key, value)]))
        else:
            kind, lead = plane
            frames = unstack(name, key, value, lead)
            stacks[key] = value, np.shape(value)[:lead] if lead > 1 else (len(value),)
            if frames:
                planes.append(Plane(key, kind, frames))
    if settings.strict:
        refuse_unknown(name, settings, rest, node)
    if not planes:
        raise no_image(name, rest)
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


def no_image(name: str, rest: dict[str, Any]) -> ValueError:
    """The error for a call without anything made of pixels."""
    empty = [key for key, value in rest.items() if value is None and key in PLANES]
    hint = f"; {empty[0]} is None, as cv2.imread gives for files it cannot read" if empty else ""
    return ValueError(f"{name} needs an image, images, a mask, masks or a volume in its call{hint}")


def common_size(name: str, settings: Settings, planes: list[Plane]) -> Size:
    """Height and width of the sample: those of its first image, or of its first mask."""
    if len(planes) == 1 and len(planes[0].frames) == 1:
        return Size(*planes[0].frames[0].shape[:2])
    if len(planes) > 1:
        # images come first, and before additional ones those of the plain names
        planes.sort(key=lambda plane: (plane.kind != "image", ORDER.get(plane.name, len(ORDER))))
    height, width = planes[0].frames[0].shape[:2]
    for plane in planes:
        frames = plane.frames
        for frame in [frames[0]] if isinstance(frames, Slices) else frames:
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
            kind = OrientedBoxes if params is not None and params.bbox_type == "obb" else Boxes
            try:
                boxes[key] = kind(key, data[key], fields, params or PLAIN_BOXES, size)
            except ValueError as error:
                if params is None:
                    error.add_note("without bbox_params, boxes are fractions of width and height")
                raise
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
