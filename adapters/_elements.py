"""Which part of an element, of tf.data or of a layer's inputs, is which target of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ._box_packer import LABELS

Targets = Any
"""A structure like the element's, with a target's name or None (goes around) at each place."""

IMAGE_KEYS = ("image", "images")
MASK_KEYS = ("mask", "segmentation_mask", "segmentation_masks")
BOX_KEYS = ("bboxes", "boxes", "bbox")
CLASS_KEYS = ("labels", "label", "classes", "class")
OWN_KEYS = ("masks", "keypoints", "heatmap", "heatmaps")
ADVICE = 'name the parts by targets=, for example targets=("image", "mask") or {"photo": "image"}'


def is_batched(owner: str, spec: Any) -> bool:
    """Tell from the image's rank whether elements are batches."""
    image = spec
    while not hasattr(image, "shape"):
        if isinstance(image, Mapping):
            found = [image[key] for key in IMAGE_KEYS if key in image]
        else:
            found = list(image)[:1]
        if not found:
            raise ValueError(f"{owner} finds no image in elements like {spec}; {ADVICE}")
        image = found[0]
    rank: int | None = image.shape.rank
    if rank in (3, 4):
        return rank == 4
    raise ValueError(
        f"{owner} cannot tell batches from single images by the shape {image.shape}: "
        "give batched=True or False"
    )


def infer(owner: str, spec: Any, batched: bool, pipeline: Any) -> Targets:
    """Guess the targets of elements like x, (x, y), (x, y, sample_weight) and dicts."""
    rank = 3 + batched
    if isinstance(spec, Mapping):
        return named(owner, spec, pipeline)
    if not isinstance(spec, tuple):
        return "image"
    if not 1 <= len(spec) <= 3:
        raise ValueError(f"{owner} knows no elements of {len(spec)} parts; {ADVICE}")
    image, *others = spec
    inputs = named(owner, image, pipeline) if isinstance(image, Mapping) else "image"
    targets: list[Targets] = [inputs]
    for place, part in enumerate(others):
        if isinstance(part, Mapping):
            own = named(owner, part, pipeline) if place == 0 else _weights(owner, part, rank)
            targets.append(own)
        elif isinstance(part, tuple) or part.shape.rank is None:
            raise ValueError(f"{owner} does not know what {part} is; {ADVICE}")
        elif place == 1:
            targets.append(_weights(owner, part, rank))
        else:
            targets.append("mask" if part.shape.rank >= rank - 1 else None)
    return tuple(targets)


def _weights(owner: str, part: Any, rank: int) -> Targets:
    """Sample weights go around, one by one or in a dict by output."""
    if isinstance(part, Mapping):
        return {key: _weights(owner, below, rank) for key, below in part.items()}
    if part.shape.rank is not None and part.shape.rank < rank - 1:
        return None
    raise ValueError(
        f"{owner} does not move sample weights of shape {part.shape} by itself: name "
        'them in additional_targets={"weights": "mask"} of the pipeline and give '
        'targets=("image", "mask", "weights")'
    )


def named(owner: str, spec: Mapping[str, Any], pipeline: Any) -> dict[str, Targets]:
    """The targets of a dict, by its keys."""
    fields = tuple(getattr(getattr(pipeline, "bbox_params", None), "label_fields", None) or ())
    if not any(key in BOX_KEYS for key in spec):
        fields, classes = (), []  # labels are those of whole images
    else:
        classes = [
            key for key in CLASS_KEYS if key in spec and not any(field in spec for field in fields)
        ]
    known = (*fields, *(getattr(pipeline, "additional_targets", None) or ()))
    targets: dict[str, Targets] = {}
    for key, part in spec.items():
        if isinstance(part, Mapping):
            targets[key] = named(owner, part, pipeline)
        elif key in known or key in OWN_KEYS or (key == "visibility" and "keypoints" in spec):
            targets[key] = key
        elif key in ("polygons", "instances"):
            raise ValueError(
                f"{owner} does not move {key}, which are no arrays of one shape: give masks, or "
                "leave them out"
            )
        elif key in IMAGE_KEYS:
            targets[key] = "image"
        elif key in MASK_KEYS:
            targets[key] = "mask"
        elif key in BOX_KEYS:
            targets[key] = "bboxes"
        elif key in classes[:1]:
            targets[key] = fields[0] if fields else LABELS
        else:
            targets[key] = None
    return targets


def flatten(targets: Targets, element: Any) -> list[Any]:
    """The parts of an element in the order of its targets."""
    if isinstance(targets, Mapping):
        if not isinstance(element, Mapping) or targets.keys() != element.keys():
            raise ValueError(f"targets {targets!r} do not match the element {element}")
        return [part for key, below in targets.items() for part in flatten(below, element[key])]
    if isinstance(targets, (tuple, list)):
        if not isinstance(element, tuple) or len(targets) != len(element):
            raise ValueError(f"targets {targets!r} do not match the element {element}")
        return [part for below, own in zip(targets, element) for part in flatten(below, own)]
    return [element]


def pack(targets: Targets, parts: Iterable[Any]) -> Any:
    """The element whose parts these are."""
    rest = iter(parts)

    def build(below: Targets) -> Any:
        if isinstance(below, Mapping):
            return {key: build(value) for key, value in below.items()}
        if isinstance(below, (tuple, list)):
            return tuple(build(value) for value in below)
        return next(rest)

    return build(targets)


def _leaves(targets: Targets) -> list[Any]:
    if isinstance(targets, Mapping):
        targets = tuple(targets.values())
    if isinstance(targets, (tuple, list)):
        return [leaf for below in targets for leaf in _leaves(below)]
    return [targets]


def names_of(owner: str, targets: Targets) -> list[str | None]:
    """Check the targets and list them in order."""
    names: list[str | None] = _leaves(targets)
    used = [name for name in names if name is not None]
    if not all(isinstance(name, str) for name in used) or len(set(used)) < len(used):
        raise ValueError(f"{owner}.targets must be different names or None, got {targets!r}")
    if "image" not in used:
        raise ValueError(f"{owner} finds no image in {targets!r}: one part must be 'image'")
    return names
