"""Spellings of other versions: those of the successor are accepted, those of 1.x are explained.

An alias exists only where the parameter means the same, and never hides a field.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any

from .fields import fits

RANGES = {
    "AdvancedBlur": "blur sigma_x sigma_y rotate beta noise",
    "Blur": "blur",
    "CLAHE": "clip",
    "ChromaticAberration": "primary_distortion secondary_distortion",
    "ColorJitter": "brightness contrast saturation hue",
    "Defocus": "radius alias_blur",
    "Emboss": "alpha strength",
    "FDA": "beta",
    "GaussianBlur": "blur sigma",
    "GridDistortion": "distort",
    "HueSaturationValue": "hue_shift sat_shift val_shift",
    "ISONoise": "color_shift intensity",
    "MaskDropout": "max_objects",
    "MedianBlur": "blur",
    "MotionBlur": "blur",
    "OpticalDistortion": "distort",
    "PiecewiseAffine": "scale nb_rows nb_cols",
    "PlanckianJitter": "temperature",
    "RGBShift": "r_shift g_shift b_shift",
    "RandomBrightnessContrast": "brightness contrast",
    "RandomGamma": "gamma",
    "RandomScale": "scale",
    "RandomShadow": "num_shadows",
    "RingingOvershoot": "blur cutoff",
    "SaltAndPepper": "amount salt_vs_pepper",
    "Sharpen": "alpha lightness",
    "ShiftScaleRotate": "shift scale rotate",
    "Spatter": "mean std gauss_sigma cutout_threshold intensity",
    "Superpixels": "p_replace n_segments",
    "UnsharpMask": "blur sigma alpha",
    "XYMasking": "num_masks_x num_masks_y mask_x_length mask_y_length",
    "ZoomBlur": "max_factor step_factor",
}
"""By class: ``stem_range`` of each stem is ``stem_limit`` here, or ``stem`` if there is no such."""
RENAMED = {
    "BboxParams": {"coord_format": "format", "clip_bboxes_on_input": "clip"},
    "KeypointParams": {"coord_format": "format"},
    "Rotate": {"angle_range": "limit"},
    "SafeRotate": {"angle_range": "limit"},
    "ShiftScaleRotate": {"shift_range_x": "shift_limit_x", "shift_range_y": "shift_limit_y"},
}
VERSION_1 = {
    "fill": "value fill_value image_fill_value cval pad_val pad_cval",
    "fill_mask": "mask_value mask_fill_value cval_mask mask_pad_val pad_cval_mask",
    "border_mode": "mode pad_mode",
    "std_range": "var_limit",
    "mean_range": "mean",
    "num_holes_range": "min_holes max_holes",
    "hole_height_range": "min_height max_height",
    "hole_width_range": "min_width max_width",
    "holes_number_xy": "holes_number_x holes_number_y",
    "shift_xy": "shift_x shift_y",
    "threshold_range": "threshold",
    "interpolation_pair": "interpolation",
    "num_shadows_limit": "num_shadows_lower num_shadows_upper",
}
"""Today's names, and what 1.x called them; its ``x_lower`` and ``x_min`` are ``x_range`` too."""
GONE = {
    "Cutout": "CoarseDropout",
    "Flip": "OneOf with HorizontalFlip and VerticalFlip",
    "IAAAffine": "Affine",
    "JpegCompression": "ImageCompression",
    "RandomBrightness": "RandomBrightnessContrast",
    "RandomContrast": "RandomBrightnessContrast",
    "TemplateTransform": "OverlayElements",
    "ToTensor": "ToTensorV2",
}
LAZY = ("augmentations", "pytorch")
"""Submodules that load when they are asked for."""


def rename(cls: type, given: dict[str, Any], known: Collection[str]) -> None:
    """Give aliases their names of today; a TypeError if both spellings are there."""
    if "p" in known and not {"strict", "transforms"} & set(known):
        given.pop("strict", None)  # of 2.0.8's transforms: unknown keywords are errors, as always
    for name in [*(given.keys() - set(known))]:
        field = alias(cls, name, known)
        if field is None:
            continue
        if field in given:
            raise TypeError(f"{cls.__name__} got both {field!r} and {name!r}, which are one")
        given[field] = given.pop(name)


def alias(cls: type, name: str, known: Collection[str]) -> str | None:
    """The parameter of a class that a spelling of the successor stands for."""
    for base in cls.__mro__:
        if (field := RENAMED.get(base.__name__, {}).get(name)) in known:
            return field
        stem = name.removesuffix("_range")
        if stem != name and stem in RANGES.get(base.__name__, "").split():
            return f"{stem}_limit" if f"{stem}_limit" in known else stem
    return None


def version_1(name: str, known: Collection[str]) -> str | None:
    """What a parameter of 1.x is called today, in words."""
    if name == "always_apply":
        return "p=1"
    if name == "var_limit" and "std_range" in known:
        return "std_range, the square root, as a fraction of the largest value"
    for end in ("_lower", "_upper", "_min", "_max"):
        if name.endswith(end) and (field := name.removesuffix(end) + "_range") in known:
            return field
    if name in ("height", "width") and "size" in known:
        return "size=(height, width)"
    return next((k for k, old in VERSION_1.items() if k in known and name in old.split()), None)


def sides(field: str, given: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    """What to write where sides came one by one for a pair, or as a pair for each of them."""
    if isinstance(size := given.get("size"), int):
        after = [*known][[*known].index("size") + 1]
        width = given.get(after)
        one_by_one = isinstance(width, int)
        pair = (size, width if one_by_one else size)
        due = field == "size" or (field == after and one_by_one)
        return f"size={pair}" if due and fits(pair, known["size"].hint) else None
    if field == "height" and isinstance(both := given["height"], (tuple, list)) and len(both) == 2:
        return f"height={both[0]}, width={both[1]}"
    return None


def outside(name: str) -> Any:
    """A lazy submodule; for other names an error, which says what took the place of an old one."""
    if name in LAZY:
        return import_module(f"probaug.{name}")
    hint = f"; since Albumentations 2.0 it is {GONE[name]}" if name in GONE else ""
    raise AttributeError(f"module 'probaug' has no attribute {name!r}{hint}")


# set here, not defined there: type checkers would then take every name for one of the package's
setattr(sys.modules["probaug"], "__getattr__", outside)  # noqa: B010
