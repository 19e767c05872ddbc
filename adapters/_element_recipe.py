"""The recipe for the targets that an element has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ._box_packer import LABELS, BoxPacker, box_params
from ._checks import one_of, refuse
from ._packers import KEYPOINT_FORMATS, InstancePacker, KeypointPacker, keeping_points
from ._recipe import Packer, Recipe
from ._values import Values


def boxes_of(
    owner: str, pipeline: Any, names: list[str], max_boxes: int | None, box_format: str | None
) -> BoxPacker | None:
    """How the boxes among these targets are packed."""
    if "bboxes" not in names:
        return None
    fields = tuple(box_params(owner, pipeline).label_fields or (LABELS,))
    labels = tuple(name for name in fields if name in names)
    if "masks" in names and not labels:
        raise ValueError(f"{owner} needs a label for each of the instances, got {names}")
    boxes = BoxPacker.of(owner, pipeline, max_boxes, box_format, labels)
    # labels are parts of instances, whose boxes have four columns
    return replace(boxes, fields=labels, column=False) if "masks" in names else boxes


def recipe_of(
    owner: str,
    pipeline: Any,
    specs: Mapping[str, Any],
    values: Values,
    boxes: BoxPacker | None,
    keypoint_format: str | None,
) -> Recipe:
    """The recipe that turns all of these targets into arrays.

    Args:
        owner: Who speaks in errors.
        pipeline: What augments a sample.
        specs: By target, something that has the shape of its part.
        values: How images enter and leave.
        boxes: How boxes are packed, if there are any.
        keypoint_format: One of KEYPOINT_FORMATS, or None for the pipeline's.

    """
    extra = getattr(pipeline, "additional_targets", None) or {}
    images = ("image", *(name for name in specs if extra.get(name) == "image"))
    packers: list[Packer] = []
    packed = {"bboxes", *(boxes.names if boxes is not None else ())}
    if boxes is not None and "masks" in specs:
        packers.append(InstancePacker(boxes))
        packed.add("masks")
    elif boxes is not None:
        packers.append(boxes)
    params = getattr(pipeline, "keypoint_params", None)
    if "keypoints" in specs and params is not None:
        seen = "visibility" in specs
        if keypoint_format is None and params.format == "xy":
            wide = specs["keypoints"].shape[-1]
            keypoint_format = "xyv" if wide == 3 and not seen else "xy"
        if keypoint_format is not None:
            one_of(owner, "keypoint_format", keypoint_format, KEYPOINT_FORMATS)
            packers.append(KeypointPacker(params.format, keypoint_format))
            pipeline = keeping_points(pipeline)
            packed |= {"keypoints", "visibility"}
        else:  # they come out as they are
            pipeline = pipeline.replace(keypoint_params=params.replace(remove_invisible=False))
        if seen and (keypoint_format or "v").endswith("v"):
            rule = "'xy' or 'rel_xy' where visibility is a part of its own"
            raise refuse(owner, "keypoint_format", rule, keypoint_format)
    elif keypoint_format is not None:
        rule = "None unless the pipeline has keypoint_params and the element keypoints"
        raise refuse(owner, "keypoint_format", rule, keypoint_format)
    arrays = tuple(name for name in specs if name not in packed)
    return Recipe(pipeline, values, images, arrays, packers=tuple(packers))
