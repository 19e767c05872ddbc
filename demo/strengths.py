"""What the gallery shows of each transform: its arguments, weak, usual and strong."""

from __future__ import annotations

from typing import Any

import cv2

USUAL = ...
"""Stands for the default."""

STRENGTHS: dict[str, dict[str, Any]] = {
    # A list of three is weak, usual and strong; everything else is an argument of all three.
    # Without a list a transform has no strength, and is drawn until three pictures differ.
    #
    # moves
    "Affine": {
        "rotate": [5, 15, 40],
        "scale": [(0.95, 0.95), (0.85, 0.85), (0.6, 0.6)],
        "shear": [(2, 2), (8, 8), (20, 20)],
    },
    "D4": {},
    "ElasticTransform": {"alpha": [60, 200, 600], "sigma": [6, 8, 10]},
    "GridDistortion": {"distort_limit": [0.1, USUAL, 0.8]},
    "GridElasticDeform": {"num_grid_xy": (5, 4), "magnitude": [5, 12, 30]},
    "HorizontalFlip": {},
    "OpticalDistortion": {"distort_limit": [(0.1, 0.1), (0.4, 0.4), (-0.35, -0.35)]},
    "Perspective": {"scale": [(0.02, 0.04), USUAL, (0.2, 0.3)]},
    "PiecewiseAffine": {"scale": [(0.01, 0.01), USUAL, (0.1, 0.1)]},
    "RandomGridShuffle": {"grid": [(2, 2), USUAL, (6, 6)]},
    "RandomRotate90": {},
    "Rotate": {"limit": [(8, 8), (30, 30), (75, 75)]},
    "SafeRotate": {"limit": [(8, 8), (30, 30), (75, 75)]},
    "ShiftScaleRotate": {
        "shift_limit": [(0.02, 0.02), (0.0625, 0.0625), (0.2, 0.2)],
        "scale_limit": [(-0.05, -0.05), (-0.1, -0.1), (0.5, 0.5)],
        "rotate_limit": [(5, 5), (25, 25), (-60, -60)],
    },
    "SquareSymmetry": {},
    "ThinPlateSpline": {"scale_range": [(0.1, 0.1), USUAL, (0.8, 0.8)]},
    "TimeReverse": {},
    "Transpose": {},
    "VerticalFlip": {},
    # sizes
    "AtLeastOneBBoxRandomCrop": {"height": 90, "width": 120, "erosion_factor": [0.0, 0.3, 0.9]},
    "BBoxSafeRandomCrop": {"erosion_rate": [0.0, 0.2, 0.8]},
    "CenterCrop": {"height": [160, 120, 80], "width": [240, 160, 80]},
    "Crop": {"x_min": [10, 60, 120], "y_min": [10, 30, 60], "x_max": 240, "y_max": 170},
    "CropAndPad": {"percent": [0.05, (0.1, -0.2, 0.15, -0.1), -0.3], "keep_size": False},
    "CropNonEmptyMaskIfExists": {"height": [140, 100, 60], "width": [200, 140, 80]},
    "LetterBox": {"size": [(200, 280), (280, 200), (160, 160)], "fill": 114},
    "LongestMaxSize": {"max_size": [240, 140, 60]},
    "Pad": {
        "padding": [10, 40, (20, 10, 80, 60)],
        "border_mode": [cv2.BORDER_CONSTANT, cv2.BORDER_REFLECT_101, cv2.BORDER_REPLICATE],
    },
    "PadIfNeeded": {
        "min_height": [220, 260, 280],
        "min_width": [300, 320, 288],
        "position": ["center", "bottom_right", "random"],
    },
    "RandomCrop": {"height": [160, 120, 80], "width": [240, 160, 80]},
    "RandomCropFromBorders": {
        "crop_left": [0.05, USUAL, 0.5],
        "crop_right": [0.05, USUAL, 0.5],
        "crop_top": [0.05, USUAL, 0.5],
        "crop_bottom": [0.05, USUAL, 0.5],
    },
    "RandomCropNearBBox": {"max_part_shift": [0, USUAL, 1.0]},
    "RandomResizedCrop": {
        "size": (180, 240),
        "scale": [(0.7, 1.0), (0.3, 0.5), (0.08, 0.15)],
    },
    "RandomScale": {"scale_limit": [(-0.1, -0.1), (-0.4, -0.4), (0.5, 0.5)]},
    "RandomSizedBBoxSafeCrop": {"height": 180, "width": 240, "erosion_rate": [0.0, 0.2, 0.8]},
    "RandomSizedCrop": {
        "min_max_height": [(160, 180), (90, 120), (40, 50)],
        "size": (180, 240),
        "w2h_ratio": 4 / 3,
    },
    "Resize": {"height": [180, 240, 60], "width": [260, 140, 90]},
    "SmallestMaxSize": {"max_size": [180, 110, 50]},
    # blur and sharpness
    "AdvancedBlur": {
        "blur_limit": [3, (7, 7), (15, 15)],
        "sigma_x_limit": [(0.5, 0.5), (1.0, 1.0), (4.0, 4.0)],
        "sigma_y_limit": [(0.5, 0.5), (2.0, 2.0), (1.0, 1.0)],
    },
    "Blur": {"blur_limit": [(3, 3), (7, 7), (21, 21)]},
    "ChromaticAberration": {
        "primary_distortion_limit": [(0.01, 0.01), (0.02, 0.02), (0.1, 0.1)],
        "secondary_distortion_limit": [(0.02, 0.02), (0.05, 0.05), (0.1, 0.1)],
    },
    "Defocus": {"radius": [(2, 2), (5, 5), (10, 10)]},
    "Downscale": {"scale_range": [(0.6, 0.6), USUAL, (0.1, 0.1)]},
    "Emboss": {"alpha": [(0.2, 0.2), (0.5, 0.5), (1.0, 1.0)]},
    "FilmGrain": {"intensity_range": [(0.1, 0.1), (0.3, 0.3), (0.8, 0.8)]},
    "GaussianBlur": {"sigma_limit": [(0.5, 0.5), (2.0, 2.0), (6.0, 6.0)]},
    "GlassBlur": {"max_delta": [1, USUAL, 8]},
    "ImageCompression": {"quality_range": [(60, 60), (25, 25), (5, 5)]},
    "MedianBlur": {"blur_limit": [(3, 3), (7, 7), (15, 15)]},
    "MotionBlur": {"blur_limit": [(3, 3), (7, 7), (25, 25)]},
    "RingingOvershoot": {
        "blur_limit": [(7, 7), (11, 11), (15, 15)],
        "cutoff": [(2.0, 2.0), USUAL, (0.7, 0.7)],
    },
    "Sharpen": {"alpha": [(0.2, 0.2), (0.5, 0.5), (1.0, 1.0)]},
    "Superpixels": {"p_replace": [(0.1, 0.1), (0.5, 0.5), (1.0, 1.0)]},
    "UnsharpMask": {"alpha": [(0.2, 0.2), (0.5, 0.5), (1.0, 1.0)], "blur_limit": (7, 7)},
    "Vignetting": {"intensity_range": [(0.2, 0.2), (0.5, 0.5), (1.0, 1.0)]},
    "ZoomBlur": {"max_factor": [(1.05, 1.05), (1.15, 1.15), (1.5, 1.5)]},
    # noise
    "AdditiveNoise": {
        "spatial_mode": ["constant", "shared", "per_pixel"],
        "noise_params": {"ranges": [(-0.2, 0.2)]},
    },
    "GaussNoise": {"std_range": [(0.05, 0.05), (0.2, 0.2), (0.5, 0.5)]},
    "ISONoise": {
        "color_shift": [(0.01, 0.01), (0.05, 0.05), (0.1, 0.1)],
        "intensity": [(0.1, 0.1), (0.5, 0.5), (1.0, 1.0)],
    },
    "MultiplicativeNoise": {
        "multiplier": [(0.8, 1.2), (0.7, 1.3), (0.3, 1.7)],
        "per_channel": [False, True, True],
        "elementwise": [False, False, True],
    },
    "SaltAndPepper": {"amount": [(0.01, 0.01), (0.05, 0.05), (0.3, 0.3)]},
    "ShotNoise": {"scale_range": [(0.02, 0.02), (0.2, 0.2), (1.0, 1.0)]},
    # colour and tone
    "AutoContrast": {"cutoff": [0, 5, 20]},
    "CLAHE": {"clip_limit": [(1.5, 1.5), (4, 4), (20, 20)]},
    "ChannelShuffle": {},
    "ChannelSwap": {"channel_order": [(2, 1, 0), (1, 0, 2), (1, 2, 0)]},
    "ColorJitter": {
        name: [(1 + part, 1 + part) for part in (0.1, 0.2, 0.6)]
        for name in ("brightness", "contrast", "saturation")
    }
    | {"hue": [(0.02, 0.02), (0.1, 0.1), (0.4, 0.4)]},
    "Equalize": {"by_channels": [False, True, True], "mode": ["cv", "cv", "pil"]},
    "FancyPCA": {"alpha": [0.1, 1.0, 4.0]},
    "HEStain": {
        "intensity_scale_range": [(0.85, 1.15), USUAL, (0.3, 2.0)],
        "intensity_shift_range": [(-0.05, 0.05), USUAL, (-0.4, 0.4)],
    },
    "HueSaturationValue": {
        "hue_shift_limit": [(5, 5), (20, 20), (90, 90)],
        "sat_shift_limit": [(10, 10), (30, 30), (80, 80)],
        "val_shift_limit": [(5, 5), (20, 20), (-40, -40)],
    },
    "Illumination": {
        "intensity_range": [(0.1, 0.1), (0.2, 0.2), (0.5, 0.5)],
        "mode": ["linear", "corner", "gaussian"],
        "sigma_range": [USUAL, USUAL, (0.2, 0.2)],
    },
    "InvertImg": {},
    "Normalize": {"normalization": ["standard", "image", "min_max"]},
    "PhotoMetricDistort": {
        "brightness_range": [(0.95, 1.05), USUAL, (0.6, 1.4)],
        "contrast_range": [(0.9, 1.1), USUAL, (0.2, 1.8)],
        "saturation_range": [(0.9, 1.1), USUAL, (0.0, 2.0)],
        "hue_range": [(-0.01, 0.01), USUAL, (-0.4, 0.4)],
        "distort_p": 1.0,
    },
    "PlanckianJitter": {"temperature_limit": [(5000, 7000), (4000, 9000), (3000, 15000)]},
    "PlasmaBrightnessContrast": {
        "brightness_range": [(0.1, 0.1), (0.3, 0.3), (-0.8, -0.8)],
        "contrast_range": [(0.1, 0.1), (0.3, 0.3), (0.8, 0.8)],
    },
    "PlasmaShadow": {"shadow_intensity_range": [(0.3, 0.3), (0.6, 0.6), (1.0, 1.0)]},
    "Posterize": {"num_bits": [5, 3, 1]},
    "RGBShift": {
        "r_shift_limit": [(5, 5), (20, 20), (80, 80)],
        "g_shift_limit": [(-5, -5), (-20, -20), (-80, -80)],
        "b_shift_limit": [(5, 5), (20, 20), (0, 0)],
    },
    "RandomBrightnessContrast": {
        "brightness_limit": [(0.05, 0.05), (0.2, 0.2), (-0.4, -0.4)],
        "contrast_limit": [(0.05, 0.05), (0.2, 0.2), (-0.4, -0.4)],
    },
    "RandomGamma": {"gamma_limit": [(90, 90), (60, 60), (250, 250)]},
    "RandomToneCurve": {"scale": [0.1, 0.3, 0.8], "per_channel": [False, False, True]},
    "Solarize": {"threshold_range": [(0.9, 0.9), USUAL, (0.1, 0.1)]},
    "ToGray": {"method": ["weighted_average", "from_lab", "max"]},
    "ToRGB": {},
    "ToSepia": {},
    # weather and light
    "LensFlare": {"intensity_range": [(0.3, 0.3), (0.6, 0.6), (1.0, 1.0)]},
    "RandomFog": {"fog_coef_range": [(0.2, 0.2), (0.5, 0.5), (1.0, 1.0)]},
    "RandomGravel": {"number_of_patches": [2, 6, 20]},
    "RandomRain": {"rain_type": ["drizzle", "default", "torrential"]},
    "RandomShadow": {
        "num_shadows_limit": [(1, 1), (1, 2), (4, 4)],
        "shadow_intensity_range": [(0.3, 0.3), USUAL, (0.9, 0.9)],
    },
    "RandomSnow": {
        "snow_point_range": [(0.1, 0.1), (0.3, 0.3), (0.4, 0.4)],
        "method": ["bleach", "bleach", "texture"],
    },
    "RandomSunFlare": {
        "src_radius": [40, 100, 200],
        "method": ["overlay", "overlay", "physics_based"],
    },
    "Spatter": {
        "mode": ["rain", "rain", "mud"],
        "cutout_threshold": [(0.74, 0.74), USUAL, (0.64, 0.64)],
    },
    # dropout
    "ChannelDropout": {"channel_drop_range": [(1, 1), (1, 1), (2, 2)]},
    "CoarseDropout": {"num_holes_range": [USUAL, (6, 6), (20, 20)], "fill_mask": 0},
    "ConstrainedCoarseDropout": {
        "num_holes_range": [(1, 1), (2, 2), (4, 4)],
        "hole_height_range": [(0.1, 0.1), (0.2, 0.2), (0.4, 0.4)],
        "hole_width_range": [(0.1, 0.1), (0.2, 0.2), (0.4, 0.4)],
        "mask_indices": (2,),
        "fill_mask": 0,
    },
    "Erasing": {"scale": [(0.02, 0.05), (0.1, 0.2), (0.4, 0.5)], "fill_mask": 0},
    "FrequencyMasking": {"freq_mask_param": [10, USUAL, 120]},
    "GridDropout": {"ratio": [0.2, USUAL, 0.8], "holes_number_xy": (8, 6), "fill_mask": 0},
    "GridMask": {
        "num_grid_range": (6, 6),
        "line_width_range": [(0.1, 0.1), (0.3, 0.3), (0.5, 0.5)],
        "rotation_range": [(0, 0), (0, 0), (30, 30)],
        "fill_mask": 0,
    },
    "MaskDropout": {"max_objects": [(1, 1), (2, 2), (4, 4)]},
    "Morphological": {
        "scale": [(2, 2), (4, 4), (9, 9)],
        "operation": ["dilation", "dilation", "erosion"],
    },
    "PixelDropout": {"dropout_prob": [USUAL, 0.1, 0.5], "mask_drop_value": [None, None, 0]},
    "TimeMasking": {"time_mask_param": [15, USUAL, 150]},
    "XYMasking": {
        "num_masks_x": [(1, 1), (2, 2), (4, 4)],
        "num_masks_y": [(1, 1), (2, 2), (4, 4)],
        "mask_x_length": [(5, 5), (15, 15), (30, 30)],
        "mask_y_length": [(5, 5), (15, 15), (30, 30)],
        "fill_mask": 0,
    },
    # other samples
    "CopyAndPaste": {
        "scale_range": [(0.5, 0.5), USUAL, (1.3, 1.3)],
        "blend_mode": ["hard", "hard", "gaussian"],
    },
    "CutMix": {},
    "FDA": {"beta_limit": [(0.01, 0.01), (0.03, 0.03), (0.1, 0.1)]},
    "HistogramMatching": {"blend_ratio": [(0.3, 0.3), (0.6, 0.6), (1.0, 1.0)]},
    "MixUp": {"alpha": 2.0},
    "Mosaic": {
        "grid_yx": [(1, 2), USUAL, (3, 3)],
        "target_size": (216, 288),
        "cell_shape": [(216, 216), (180, 240), (96, 128)],
        "fit_mode": ["cover", "cover", "contain"],
        "center_range": [(0.5, 0.5), USUAL, USUAL],
    },
    "OverlayElements": {},
    "PixelDistributionAdaptation": {
        "blend_ratio": [(0.3, 0.3), (0.6, 0.6), (1.0, 1.0)],
        "transform_type": ["pca", "standard", "pca"],
    },
    "TextImage": {
        "augmentations": [(None,), ("swap",), ("insertion",)],
        "clear_bg": [False, False, True],
        "font_color": [(0, 0, 0), (255, 230, 0), (200, 0, 40)],
    },
    # policies
    "AugMix": {"severity": 8, "geometry": False},
    "RandAugment": {"magnitude": [3, USUAL, 25]},
    "TrivialAugmentWide": {},
    # volumes
    "CenterCrop3D": {"size": [(40, 64, 64), (24, 40, 60), (12, 30, 30)]},
    "CoarseDropout3D": {
        "num_holes_range": [(1, 1), (4, 4), (12, 12)],
        "hole_depth_range": (0.4, 0.6),
        "fill_mask": 0,
    },
    "CubicSymmetry": {},
    "GridShuffle3D": {"grid_zyx": [USUAL, (3, 3, 3), (6, 6, 6)]},
    "Pad3D": {"padding": [4, (0, 12, 4), (12, 0, 0, 24, 24, 0)]},
    "PadIfNeeded3D": {
        "min_zyx": [(48, 80, 80), (48, 72, 96), (64, 96, 80)],
        "position": ["center", "center", "random"],
    },
    "RandomCrop3D": {"size": [(40, 64, 64), (24, 40, 60), (12, 30, 30)]},
}

WITHOUT_PICTURE = {
    "FromFloat": "the same picture in another dtype",
    "Lambda": "does what your function does",
    "NoOp": "changes nothing",
    "ToFloat": "the same picture in another dtype",
    "ToTensor3D": "the same volume as a tensor",
    "ToTensorV2": "the same picture as a tensor",
}
"""Transforms that have nothing to show, and why."""

KINDS = {
    *("AdditiveNoise", "ChannelSwap", "Crop", "Equalize", "LetterBox", "Mosaic", "Normalize"),
    *("Pad", "Pad3D", "PadIfNeeded", "PadIfNeeded3D", "Resize", "TextImage", "ToGray"),
}
"""Transforms whose three settings are of different kinds, not of different strengths."""


def arguments(name: str) -> list[dict[str, Any]]:
    """The arguments of a transform, three times."""
    return [
        {
            key: value[level] if isinstance(value, list) else value
            for key, value in STRENGTHS[name].items()
            if (value[level] if isinstance(value, list) else value) is not USUAL
        }
        for level in range(3)
    ]


def has_strength(name: str) -> bool:
    """Whether a transform is shown weak, usual and strong."""
    return any(isinstance(value, list) for value in STRENGTHS[name].values())
