"""Every parameter of every transform changes something (or is listed with the reason)."""

import inspect

import numpy as np
import pytest
from cases import LEAVES, NEEDS_FLOAT, make, needed, photo, point_format, suited, targets

import probaug as A

# another value for each parameter name, where one serves all classes
OTHER = {
    "alpha_coef": 0.3,
    "bloom_range": (0.1, 0.2),
    "blur_value": 1,
    "brightness_coeff": 4.0,
    "brightness_coefficient": 0.3,
    "cutout_threshold": (0.5, 0.6),
    "drop_color": (255, 0, 0),
    "drop_width": 3,
    "flare_roi": (0, 0.5, 1, 1),
    "fog_coef_range": (0.1, 0.2),
    "gauss_sigma": (4, 5),
    "gravel_roi": (0, 0, 0.5, 0.5),
    "num_flare_circles_range": (15, 20),
    "num_ghosts_range": (9, 12),
    "num_rays_range": (12, 14),
    "num_shadows_limit": (4, 5),
    "number_of_patches": 5,
    "shadow_dimension": 9,
    "slant_range": (30, 40),
    "snow_point_range": (0.6, 0.7),
    "src_color": (255, 0, 0),
    "channel_drop_range": (2, 2),
    "freq_mask_param": 3,
    "line_width_range": (0.05, 0.1),
    "mask_indices": (9,),
    "mask_x_length": (20, 30),
    "mask_y_length": (20, 30),
    "max_objects": (2, 2),
    "num_grid_range": (1, 1),
    "num_masks_x": (5, 6),
    "num_masks_y": (5, 6),
    "rotation_range": (20, 30),
    "temperature_limit": (5000, 7000),
    "sampling_method": "gaussian",
    "shadow_intensity_range": (0.9, 1.0),
    "roughness": 0.5,
    "plasma_size": 9,
    "intensity_shift_range": (0.4, 0.5),
    "intensity_scale_range": (2.0, 3.0),
    "intensity_range": (0.5, 0.6),
    "effect_type": "darken",
    "cutoff": 20,
    "channel_order": (1, 0, 2),
    "distort_p": 1.0,
    "hue_range": (0.3, 0.4),
    "saturation_range": (0.1, 0.2),
    "contrast_range": (0.6, 0.7),
    "brightness_range": (0.5, 0.6),
    "absolute_scale": True,
    "augmentations": ("insertion",),
    "beta_limit": (0.3, 0.4),
    "blend_mode": "gaussian",
    "blend_ratio": (0.1, 0.2),
    "cell_shape": (80, 90),
    "center_range": (0.9, 1.0),
    "clear_bg": True,
    "fit_mode": "cover",
    "font_color": 255,
    "font_size_fraction_range": (0.3, 0.4),
    "fraction_range": (0.0, 0.1),
    "grid_yx": (3, 3),
    "min_paste_area": 10**6,
    "min_visibility_after_paste": 1.0,
    "target_size": (80, 70),
    "transform_type": "minmax",
    "allow_shifted": False,
    "alpha": (0.9, 0.95),
    "amount": (0.3, 0.4),
    "angle_range": (10, 20),
    "approximate": True,
    "approximation": 0.5,
    "area_for_downscale": "image",
    "balanced_scale": True,
    "blur_limit": (9, 11),
    "border_mode": 4,
    "brightness": (0.3, 0.4),
    "brightness_by_max": False,
    "brightness_limit": (0.4, 0.5),
    "by_channels": False,
    "clip_limit": (20.0, 30.0),
    "color_shift": (0.5, 0.6),
    "compression_type": "webp",
    "contrast": (0.3, 0.4),
    "contrast_limit": (0.4, 0.5),
    "crop_border": True,
    "crop_bottom": 0.5,
    "crop_left": 0.5,
    "crop_right": 0.5,
    "crop_top": 0.5,
    "direction_range": (0.9, 1.0),
    "distort_limit": (0.6, 0.7),
    "drop_value": 99,
    "dropout_prob": 0.5,
    "elementwise": False,
    "ensure_safe_range": True,
    "erosion_factor": 0.9,
    "erosion_rate": 0.6,
    "fill": 200,
    "fill_mask": 7,
    "fit_output": True,
    "gamma_limit": (300, 310),
    "grid": (2, 5),
    "grid_zyx": (1, 3, 3),
    "hole_depth_range": (0.8, 0.9),
    "min_zyx": (9, 130, 140),
    "pad_divisor_zyx": (7, 50, 50),
    "height": 44,
    "hole_height_range": (0.5, 0.6),
    "hole_width_range": (0.5, 0.6),
    "holes_number_xy": (3, 2),
    "hue": (0.3, 0.4),
    "hue_shift_limit": (60, 70),
    "ignore_channels": (0,),
    "ignore_values": (3,),
    "intensity": (0.8, 0.9),
    "interpolation": 0,
    "keep_ratio": True,
    "keep_size": False,
    "kernel_size": 9,
    "lightness": (0.1, 0.2),
    "limit": (40, 50),
    "magnitude": 25,
    "mask_drop_value": 5,
    "mask_interpolation": 1,
    "max_part_shift": (0.6, 0.9),
    "max_size": 50,
    "max_size_hw": (50, 40),
    "mean_range": (0.2, 0.3),
    "method": "gaussian",
    "min_height": 150,
    "min_max_height": (20, 30),
    "min_width": 160,
    "mode": "pil",
    "multiplier": (1.2, 1.3),
    "nb_cols": 9,
    "nb_rows": 9,
    "noise_distribution": "uniform",
    "noise_params": {"ranges": [(0.5, 0.6)]},
    "noise_scale_factor": 0.5,
    "noise_type": "laplace",
    "normalized": False,
    "num_bits": 2,
    "num_control_points": 6,
    "num_grid_xy": (2, 6),
    "num_holes_range": (6, 8),
    "num_output_channels": 5,
    "num_steps": 9,
    "operation": "erosion",
    "pad_height_divisor": 50,
    "pad_position": "top_left",
    "pad_width_divisor": 50,
    "padding": 20,
    "per_channel": False,
    "percent": (-0.4, -0.3),
    "position": "top_left",
    "px": 9,
    "quality_range": (1, 5),
    "r_shift_limit": (70, 80),
    "g_shift_limit": (70, 80),
    "b_shift_limit": (70, 80),
    "random_offset": False,
    "ratio": 0.8,
    "rotate": 33,
    "rotate_limit": (60, 70),
    "rotate_method": "ellipse",
    "salt_vs_pepper": (0.9, 1.0),
    "same_dxdy": True,
    "sample_independently": False,
    "sat_shift_limit": (60, 70),
    "saturation": (0.1, 0.2),
    "scale": (0.5, 0.6),
    "scale_limit": (0.5, 0.6),
    "scale_range": (0.8, 0.9),
    "shear": 20,
    "shift_limit": (0.3, 0.4),
    "shift_limit_x": (0.3, 0.4),
    "shift_limit_y": (0.3, 0.4),
    "shift_xy": (5, 9),
    "sigma": 3.0,
    "sigma_limit": (5, 6),
    "size": (40, 44),
    "spatial_mode": "shared",
    "std_range": (0.7, 0.8),
    "threshold_range": (0.2, 0.3),
    "tile_grid_size": (2, 3),
    "time_mask_param": 3,
    "translate_percent": 0.2,
    "translate_px": 9,
    "unit_size_range": (20, 24),
    "val_shift_limit": (60, 70),
    "w2h_ratio": 0.6,
    "width": 44,
    "x_min": 30,
    "y_min": 30,
    "x_max": 60,
    "y_max": 60,
}
WINDOW = {"pad_if_needed": True, "height": 120, "width": 150}
CROP = {"pad_if_needed": True, "x_max": 200, "y_max": 150}
# (parameters that must be set for one to matter, another value), where OTHER will not do
SPECIAL = {
    ("AugMix", "alpha"): ({}, 20.0),
    ("AugMix", "chain_depth"): ({}, 5),
    ("AugMix", "mixture_width"): ({}, 5),
    ("AugMix", "severity"): ({}, 9),
    ("RandAugment", "magnitude"): ({}, 25),
    ("RandAugment", "num_magnitude_bins"): ({}, 12),
    ("RandAugment", "num_ops"): ({}, 5),
    ("TrivialAugmentWide", "num_magnitude_bins"): ({}, 4),
    ("AdvancedBlur", "beta_limit"): ({}, (0.1, 1.1)),
    ("AdvancedBlur", "noise_limit"): ({}, (0.1, 5.0)),
    ("AdvancedBlur", "sigma_x_limit"): ({}, (3.0, 4.0)),
    ("AdvancedBlur", "sigma_y_limit"): ({}, (3.0, 4.0)),
    ("ChromaticAberration", "mode"): ({}, "random"),
    ("ChromaticAberration", "primary_distortion_limit"): ({}, (0.2, 0.3)),
    ("ChromaticAberration", "secondary_distortion_limit"): ({}, (0.2, 0.3)),
    ("Defocus", "alias_blur"): ({}, (2.0, 3.0)),
    ("Defocus", "radius"): ({}, (1, 2)),
    ("Downscale", "interpolation_pair"): ({}, {"upscale": 1, "downscale": 3}),
    ("Downscale", "scale_range"): ({}, (0.5, 0.6)),
    ("Emboss", "strength"): ({}, (2.0, 3.0)),
    ("FilmGrain", "grain_size_range"): ({}, (4, 5)),
    ("FilmGrain", "intensity_range"): ({}, (0.4, 0.5)),
    ("GlassBlur", "iterations"): ({}, 3),
    ("GlassBlur", "max_delta"): ({}, 2),
    ("GlassBlur", "mode"): ({}, "exact"),
    ("RingingOvershoot", "cutoff"): ({}, (2.0, 3.0)),
    ("Superpixels", "interpolation"): ({"max_size": 48}, 0),
    ("Superpixels", "max_size"): ({}, 50),
    ("Superpixels", "n_segments"): ({}, (20, 30)),
    ("Superpixels", "p_replace"): ({}, (0.5, 0.6)),
    ("UnsharpMask", "sigma_limit"): ({"threshold": 0}, (3.0, 4.0)),
    ("UnsharpMask", "threshold"): ({}, 0),
    ("Vignetting", "center_range"): ({}, (0.0, 0.1)),
    ("Vignetting", "intensity_range"): ({}, (0.8, 0.9)),
    ("ZoomBlur", "max_factor"): ({}, (2.0, 2.5)),
    ("ZoomBlur", "step_factor"): ({}, (0.2, 0.3)),
    ("Erasing", "ratio"): ({}, (3.0, 4.0)),
    ("Erasing", "scale"): ({}, (0.5, 0.6)),
    ("AutoContrast", "ignore"): ({}, 100),
    ("AutoContrast", "method"): ({}, "pil"),
    ("FancyPCA", "alpha"): ({}, 2.0),
    ("HEStain", "method"): ({}, "macenko"),
    ("HEStain", "preset"): ({"method": "preset"}, "light"),
    ("Illumination", "mode"): ({}, "corner"),
    ("Illumination", "center_range"): ({"mode": "gaussian"}, (0.0, 0.01)),
    ("Illumination", "sigma_range"): ({"mode": "gaussian"}, (0.1, 0.11)),
    ("PlanckianJitter", "mode"): ({}, "cied"),
    ("RandomToneCurve", "per_channel"): ({}, True),
    ("RandomToneCurve", "scale"): ({}, 0.5),
    ("Morphological", "scale"): ({}, (6, 7)),
    ("RandomCropNearBBox", "cropping_bbox_key"): ({}, "other_bbox"),
    ("CopyAndPaste", "blend_sigma_range"): ({"blend_mode": "gaussian"}, (6, 7)),
    ("CutMix", "alpha"): ({}, 5.0),
    ("MixUp", "alpha"): ({}, 5.0),
    ("TextImage", "stopwords"): ({"augmentations": ("insertion",)}, ("zebra",)),
    **{
        (name, field): ({"metadata_key": "none", **context}, value)
        for name in ("FDA", "HistogramMatching", "PixelDistributionAdaptation")
        for field, context, value in (
            ("reference_images", {"reference_images": [photo(seed=1)]}, [photo(seed=2)]),
            (
                "read_fn",
                {"reference_images": ["1"], "read_fn": lambda item: photo(seed=1)},
                lambda item: photo(seed=2),
            ),
        )
    },
    ("CenterCrop3D", "size"): ({}, (2, 40, 50)),
    ("CoarseDropout3D", "fill_mask"): ({}, 7),
    ("RandomCrop3D", "size"): ({}, (2, 40, 50)),
    **{
        (name, field): ({"pad_if_needed": True, "size": (7, 40, 130)}, value)
        for name in ("CenterCrop3D", "RandomCrop3D")
        for field, value in (("fill", 200), ("fill_mask", 7))
    },
    ("PadIfNeeded3D", "position"): ({}, "random"),
    ("Crop", "pad_position"): (CROP, "top_left"),
    ("Crop", "border_mode"): (CROP, 4),
    ("Crop", "fill"): (CROP, 200),
    ("Crop", "fill_mask"): (CROP, 7),
    ("CropAndPad", "px"): ({"percent": None, "px": (0, 0)}, (-20, -10)),
    ("ElasticTransform", "alpha"): ({}, 200),
    ("Equalize", "mask"): ({}, np.pad(np.ones((40, 50), np.uint8), ((0, 56), (0, 70)))),
    ("FromFloat", "dtype"): ({}, "uint16"),
    ("FromFloat", "max_value"): ({}, 100.0),
    ("GaussianBlur", "blur_limit"): ({}, (3, 5)),
    ("GridDistortion", "fill_mask"): ({"normalized": False}, 7),
    ("GridDropout", "shift_xy"): ({"random_offset": False}, (5, 9)),
    ("Lambda", "image"): ({}, lambda image, **params: image // 2),
    ("Lambda", "mask"): ({}, lambda mask, **params: mask * 2),
    ("Lambda", "bboxes"): ({}, lambda bboxes, **params: bboxes * 0.5),
    ("Lambda", "keypoints"): ({}, lambda keypoints, **params: keypoints + 1),
    ("LongestMaxSize", "max_size_hw"): ({"max_size": None, "max_size_hw": (90, 80)}, (50, 40)),
    ("Normalize", "mean"): ({}, (0.1, 0.2, 0.3)),
    ("Normalize", "std"): ({}, (0.1, 0.2, 0.3)),
    ("Normalize", "max_pixel_value"): ({}, 100.0),
    ("Normalize", "normalization"): ({}, "image"),
    ("OpticalDistortion", "mode"): ({}, "fisheye"),
    ("PadIfNeeded", "pad_height_divisor"): (
        {"min_height": None, "pad_height_divisor": 64}, 50,
    ),
    ("PadIfNeeded", "pad_width_divisor"): ({"min_width": None, "pad_width_divisor": 64}, 50),
    ("Perspective", "scale"): ({}, (0.2, 0.25)),
    ("Perspective", "border_mode"): ({"fit_output": True}, 4),
    ("Perspective", "fill"): ({"fit_output": True}, 200),
    ("Perspective", "fill_mask"): ({"fit_output": True}, 7),
    ("PixelDropout", "per_channel"): ({}, True),
    ("RandomResizedCrop", "ratio"): ({}, (3.0, 4.0)),
    ("Sharpen", "kernel_size"): ({"method": "gaussian"}, 9),
    ("Sharpen", "sigma"): ({"method": "gaussian"}, 3.0),
    ("SmallestMaxSize", "max_size_hw"): ({"max_size": None, "max_size_hw": (90, 80)}, (50, 40)),
    ("RandomRain", "drop_length"): ({}, 20),
    ("RandomRain", "rain_type"): ({}, "heavy"),
    ("RandomSnow", "method"): ({}, "texture"),
    ("RandomSunFlare", "method"): ({}, "physics_based"),
    ("RandomSunFlare", "src_radius"): ({}, 30),
    ("RandomSunFlare", "angle_range"): ({}, (0.2, 0.21)),
    ("RandomShadow", "shadow_roi"): ({}, (0, 0, 1, 0.5)),
    ("LensFlare", "intensity_range"): ({}, (0.9, 1.0)),
    ("Spatter", "mean"): ({}, 0.9),
    ("Spatter", "std"): ({}, (0.5, 0.6)),
    ("Spatter", "intensity"): ({}, (0.9, 1.0)),
    ("Spatter", "mode"): ({}, "mud"),
    ("Spatter", "color"): ({}, (200, 0, 0)),
    ("ToFloat", "max_value"): ({}, 100.0),
    ("ToGray", "method"): ({}, "max"),
    **{
        (name, field): (WINDOW, value)
        for name in ("CenterCrop", "RandomCrop")
        for field, value in (
            ("pad_position", "top_left"), ("border_mode", 4), ("fill", 200), ("fill_mask", 7),
        )
    },
}  # fmt: skip

# parameters that change nothing, and why
INERT = {
    ("MaskDropout", "max_objects"): "the sample has one object; its own tests cover it",
    ("AugMix", "geometry"): "matters where there are no labels; its own tests cover it",
    ("ConstrainedCoarseDropout", "bbox_labels"): "masks come first; its own tests cover it",
    ("HEStain", "augment_background"): "matters on bare glass; its own tests cover it",
    ("ToRGB", "num_output_channels"): "matters for grey images; its own tests cover it",
    ("PiecewiseAffine", "keypoint_remapping_method"): "points always follow the inverse map",
    ("PiecewiseAffine", "border_mode"): "nothing beyond the edge is shown",
    ("PiecewiseAffine", "fill"): "nothing beyond the edge is shown",
    ("PiecewiseAffine", "fill_mask"): "nothing beyond the edge is shown",
    ("ThinPlateSpline", "keypoint_remapping_method"): "points always follow the inverse map",
    ("Equalize", "mask_params"): "names what a mask callable reads; its own tests cover it",
    ("ElasticTransform", "keypoint_remapping_method"): "points always follow the inverse map",
    ("GridDistortion", "keypoint_remapping_method"): "points always follow the inverse map",
    ("OpticalDistortion", "keypoint_remapping_method"): "points always follow the inverse map",
    ("CenterCrop3D", "pad_if_needed"): "where it matters its absence is an error",
    ("RandomCrop3D", "pad_if_needed"): "where it matters its absence is an error",
    ("ToTensorV2", "transpose_mask"): "its result needs torch; its own tests cover it",
    ("CenterCrop", "pad_if_needed"): "where it matters its absence is an error",
    ("Crop", "pad_if_needed"): "where it matters its absence is an error",
    ("RandomCrop", "pad_if_needed"): "where it matters its absence is an error",
    ("CutMix", "label_keys"): "names labels of the whole image; its own tests cover it",
    ("MixUp", "label_keys"): "names labels of the whole image; its own tests cover it",
    ("TextImage", "font_path"): "one font is enough to see that it is read",
    **{
        (cls.__name__, "metadata_key"): "names what the call holds; its own tests cover it"
        for cls in LEAVES
        if "metadata_key" in inspect.signature(cls).parameters
    },
    ("Lambda", "name"): "names the transform in saved pipelines",
}

PARAMETERS = [
    (cls, name)
    for cls in LEAVES
    for name in inspect.signature(cls).parameters
    if name != "p" and (cls.__name__, name) not in INERT
]


def results(transform, cls):
    height, width = 96, 120
    noise = np.random.default_rng(0).integers(0, 30, (height, width, 3), np.uint8)
    image = photo(height, width) // 2 + noise + 20
    if cls.__name__ in NEEDS_FLOAT:
        image = image.astype(np.float32) / 255
    mask = np.zeros((height, width), np.float32)
    mask[20:60, 30:90] = 3
    pipe = A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc"),
        keypoint_params=A.KeypointParams(point_format(transform)),
        additional_targets=targets(transform),
    )
    boxes = np.array([[30.0, 20, 90, 60], [5, 70, 25, 90]])
    others = {
        name: [
            {**one, "mask": one["mask"].astype(np.float32)} if "mask" in one else one
            for one in several
        ]
        for name, several in needed(cls, height, width).items()
        if name.endswith("_metadata")
    }
    for index in range(20):
        data = {"image": image, "mask": mask, "bboxes": boxes, "keypoints": [(40.0, 30.0)]}
        data = suited(cls, {**data, **others})
        more = {"cropping_bbox": (20, 10, 80, 60), "other_bbox": (40, 20, 90, 90)}
        yield pipe(**data, **more, key=(0, 0, index))


def differ(a, b):
    return any(
        np.shape(a[name]) != np.shape(b[name]) or not np.array_equal(a[name], b[name]) for name in a
    )


@pytest.mark.parametrize(
    ("cls", "name"), PARAMETERS, ids=[f"{cls.__name__}.{name}" for cls, name in PARAMETERS]
)
def test_changes_something(cls, name):
    context, value = SPECIAL.get((cls.__name__, name), ({}, OTHER.get(name)))
    one = results(make(cls, p=1, **context), cls)
    other = results(make(cls, p=1, **{**context, name: value}), cls)
    assert any(differ(a, b) for a, b in zip(one, other, strict=True)), f"{name}={value!r}"


def test_what_is_inert_exists():
    parameters = {(cls.__name__, n) for cls in LEAVES for n in inspect.signature(cls).parameters}
    assert {*INERT, *SPECIAL} <= parameters
    assert all(INERT.values())
