"""A pipeline without what is random in it: what a validation sequence runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import probaug as A
from probaug.core.call import drawn
from probaug.core.compose import BaseCompose
from probaug.core.hooks import BasicTransform
from probaug.core.transform import Leaf, Node

# Draws to compare; what can come out in two ways comes out the same in all with chance 2^-15.
DRAWS = 16
TRIAL = A.Compose([], A.BboxParams("pascal_voc"), A.KeypointParams("xy"))
_READING = ("interpolation", "mask_interpolation", "area_for_downscale")
_PADDING = ("pad_if_needed", "border_mode", "fill", "fill_mask")


def without_randomness(pipeline: Any, mix: Any = None) -> Any:
    """Leave out of a pipeline all that is drawn.

    A transform stays if it always runs and does the same whatever is drawn. One that always cuts
    or scales to a size that the model needs gives way to its form without a draw: a random crop
    to the central one, a random crop that is scaled to a resize of the shorter side and a central
    crop, a mosaic to the same of one image, or to a letter box where it shows all of an image, a
    random place of padding to the middle, a choice of sizes to the largest, a choice between
    transforms that all do such things to its likeliest. Everything else goes.

    Args:
        pipeline: A Compose or a transform.
        mix: What would join samples after it, for the size that it gives them; or None.

    """
    if not isinstance(pipeline, Node):
        raise TypeError(
            "only a probaug pipeline can be left without its random parts, got "
            f"{type(pipeline).__name__}; give validation= a pipeline"
        )
    forms, size = _forms(pipeline), [] if mix is None else _forms(mix)
    if isinstance(pipeline, A.Compose):
        inside = forms[0].transforms if forms else []
        return pipeline.replace(transforms=[*inside, *size], p=1.0)
    return A.Compose([*forms, *size])


def _forms(node: Node) -> list[Any]:
    """What runs in a node's place; nothing if it is dropped."""
    if isinstance(node, (A.OneOf, A.OneOrOther)) or _chooses_one(node):
        return _likeliest(node)
    if node.p < 1:
        return []
    if isinstance(node, BaseCompose):
        inside = [form for child in node.transforms for form in _forms(child)]
        if isinstance(node, A.SomeOf) and node.n == len(node.transforms) and not node.replace:
            return inside
        if not isinstance(node, (A.Sequential, A.SelectiveChannelTransform)):
            return []
        return [node.replace(transforms=inside)] if inside or isinstance(node, A.Compose) else []
    form = CENTRAL.get(type(node))
    if form is not None:
        return form(node)
    return [node] if isinstance(node, Leaf) and is_constant(node) else []


def _likeliest(node: Any) -> list[Any]:
    """The likeliest of alternatives that bring all images to a size; nothing of others."""
    odds = [child.p for child in node.transforms]
    if _chooses_one(node) and any(p < 1 for p in odds):
        return []
    if isinstance(node, A.OneOrOther):
        odds = [node.p, *[0] * (len(odds) - 2), 1 - node.p]
    elif node.p < 1:
        return []
    chances = [(chance, child) for chance, child in zip(odds, node.transforms) if chance > 0]
    forms = [_forms(c.__replace__(p=1) if c.has_gate else c) for _, c in chances]
    if len(forms) == 1:
        return forms[0]
    if not all(any(type(form) in SIZING for form in _leaves(found)) for found in forms):
        return []
    return max(zip(chances, forms), key=lambda pair: pair[0][0])[1]


def _chooses_one(node: Any) -> bool:
    return isinstance(node, A.SomeOf) and node.n == 1


def _leaves(forms: list[Any]) -> list[Any]:
    return [
        leaf
        for form in forms
        for leaf in (_leaves(form.transforms) if isinstance(form, BaseCompose) else [form])
    ]


def is_constant(transform: Leaf) -> bool:
    """Whether a transform does the same whatever is drawn; one that cannot be tried does not."""
    has_hooks = isinstance(transform, BasicTransform) and transform.has_hooks
    try:
        trial = _result if has_hooks else _params
        first, *others = (trial(transform, index) for index in range(DRAWS))
    except Exception:  # it needs more than an image: boxes, other samples, its neighbours' draws
        return False
    return all(other == first for other in others)


def _sample() -> dict[str, Any]:
    """An image with a mask, a box and a keypoint, for what looks at them."""
    image = np.arange(64 * 96 * 3, dtype=np.uint32).astype(np.uint8).reshape(64, 96, 3)
    mask = np.zeros((64, 96), np.uint8)
    mask[20:40, 30:60] = 1
    return {"image": image, "mask": mask, "bboxes": [(30, 20, 60, 40)], "keypoints": [(45, 30)]}


def _params(transform: Leaf, index: int) -> str:
    """What a transform draws for the sample, by a key."""
    return repr(drawn(transform, TRIAL.settings, _sample(), ((0, 0), 0, index)))


def _result(transform: Leaf, index: int) -> tuple[Any, ...]:
    """What a user's transform, whatever it draws from, makes of the sample."""
    result = TRIAL.replace(transforms=[transform])(**_sample(), key=(0, 0, index))
    image, mask = (np.asarray(result[name]) for name in ("image", "mask"))
    labels = repr((result["bboxes"], result["keypoints"]))
    return image.shape, image.dtype, image.tobytes(), mask.tobytes(), labels


def _kept(node: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(node, name) for name in names if hasattr(node, name)}


def _center_crop(node: Any) -> list[Any]:
    return [A.CenterCrop(node.height, node.width, **_kept(node, _PADDING))]


def _resized_crop(node: Any) -> list[Any]:
    return _covering(node.size, node)


def _covering(size: Any, node: Any) -> list[Any]:
    """The shorter side to its size, then the middle."""
    smallest = A.SmallestMaxSize(max_size_hw=tuple(size), **_kept(node, _READING))
    return [smallest, A.CenterCrop(*size)]


def _mosaic(node: Any) -> list[Any]:
    """What a cell of the result's size would show of one image."""
    if node.fit_mode == "cover":
        return _covering(node.target_size, node)
    return [A.LetterBox(node.target_size, **_kept(node, (*_READING, "fill", "fill_mask")))]


def _safe_crop(node: Any) -> list[Any]:
    """All of the image, for that is the only window without a draw that holds every box."""
    return [A.Resize(node.height, node.width, **_kept(node, _READING))]


def _central_crop_3d(node: Any) -> list[Any]:
    return [A.CenterCrop3D(node.size, **_kept(node, ("pad_if_needed", "fill", "fill_mask")))]


def _centered(node: Any) -> list[Any]:
    name = "position" if hasattr(node, "position") else "pad_position"
    return [node.replace(**{name: "center"}) if getattr(node, name) == "random" else node]


def _largest(node: Any) -> list[Any]:
    sizes = node.max_size
    return [node.replace(max_size=max(sizes)) if isinstance(sizes, tuple) else node]


CENTRAL: dict[type, Callable[[Any], list[Any]]] = {
    A.RandomCrop: _center_crop,
    A.AtLeastOneBBoxRandomCrop: _center_crop,
    A.CropNonEmptyMaskIfExists: _center_crop,
    A.RandomResizedCrop: _resized_crop,
    A.RandomSizedCrop: _resized_crop,
    A.RandomSizedBBoxSafeCrop: _safe_crop,
    A.Mosaic: _mosaic,
    A.RandomCrop3D: _central_crop_3d,
    A.CenterCrop: _centered,
    A.Crop: _centered,
    A.PadIfNeeded: _centered,
    A.PadIfNeeded3D: _centered,
    A.LetterBox: _centered,
    A.LongestMaxSize: _largest,
    A.SmallestMaxSize: _largest,
}
"""What takes the place of transforms that give the size a model needs."""

SIZING = {*CENTRAL, A.CenterCrop3D, A.Resize}
"""Transforms that bring images to a size."""
