# Written by tools/write_stubs.py from the fields of the classes; `make stubs` writes it anew.

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias

import numpy as np

from . import augmentations as augmentations
from . import pytorch as pytorch
from .core import choices as _choices
from .core import compose as _compose
from .core import params as _params
from .core import pipeline as _pipeline
from .core import transform as _transform
from .core.compose import BaseCompose as BaseCompose
from .core.hooks import BasicTransform as BasicTransform
from .core.hooks import DualTransform as DualTransform
from .core.hooks import ImageOnlyTransform as ImageOnlyTransform
from .core.hooks import Transform3D as Transform3D
from .core.keypoints_utils import angle_2pi_range as angle_2pi_range
from .core.registry import register as register
from .core.serialize import from_dict as from_dict
from .core.serialize import load as load
from .core.serialize import save as save
from .core.serialize import to_dict as to_dict
from .core.utils import non_rgb_error as non_rgb_error
from .core.utils import read_bgr_image as read_bgr_image
from .core.utils import read_grayscale as read_grayscale
from .core.utils import read_rgb_image as read_rgb_image
from .transforms import affine as _affine
from .transforms import aimed_crops as _aimed_crops
from .transforms import bends as _bends
from .transforms import blur as _blur
from .transforms import camera as _camera
from .transforms import color as _color
from .transforms import compression as _compression
from .transforms import convert as _convert
from .transforms import crops as _crops
from .transforms import curves as _curves
from .transforms import distort as _distort
from .transforms import domain as _domain
from .transforms import dropout as _dropout
from .transforms import flare as _flare
from .transforms import flips as _flips
from .transforms import jitter as _jitter
from .transforms import kernels as _kernels
from .transforms import light as _light
from .transforms import masking as _masking
from .transforms import misc as _misc
from .transforms import mix as _mix
from .transforms import morphology as _morphology
from .transforms import mosaic as _mosaic
from .transforms import noise as _noise
from .transforms import object_dropout as _object_dropout
from .transforms import pads as _pads
from .transforms import palette as _palette
from .transforms import paste as _paste
from .transforms import perspective as _perspective
from .transforms import policies as _policies
from .transforms import resize as _resize
from .transforms import resized_crops as _resized_crops
from .transforms import sensor as _sensor
from .transforms import sharpen as _sharpen
from .transforms import shuffle as _shuffle
from .transforms import stain as _stain
from .transforms import superpixels as _superpixels
from .transforms import tensor as _tensor
from .transforms import text as _text
from .transforms import tone as _tone
from .transforms import volume as _volume
from .transforms import volume_moves as _volume_moves
from .transforms import weather as _weather

__version__: str
__all__: list[str] = [
    "CLAHE",
    "D4",
    "FDA",
    "AdditiveNoise",
    "AdvancedBlur",
    "Affine",
    "AtLeastOneBBoxRandomCrop",
    "AugMix",
    "AutoContrast",
    "BBoxSafeRandomCrop",
    "BaseCompose",
    "BasicTransform",
    "BboxParams",
    "Blur",
    "CenterCrop",
    "CenterCrop3D",
    "ChannelDropout",
    "ChannelShuffle",
    "ChannelSwap",
    "ChromaticAberration",
    "CoarseDropout",
    "CoarseDropout3D",
    "ColorJitter",
    "Compose",
    "ConstrainedCoarseDropout",
    "CopyAndPaste",
    "Crop",
    "CropAndPad",
    "CropNonEmptyMaskIfExists",
    "CubicSymmetry",
    "CutMix",
    "Defocus",
    "Downscale",
    "DualTransform",
    "ElasticTransform",
    "Emboss",
    "Equalize",
    "Erasing",
    "FancyPCA",
    "FilmGrain",
    "FrequencyMasking",
    "FromFloat",
    "GaussNoise",
    "GaussianBlur",
    "GlassBlur",
    "GridDistortion",
    "GridDropout",
    "GridElasticDeform",
    "GridMask",
    "GridShuffle3D",
    "HEStain",
    "HistogramMatching",
    "HorizontalFlip",
    "HueSaturationValue",
    "ISONoise",
    "Illumination",
    "ImageCompression",
    "ImageOnlyTransform",
    "InvertImg",
    "KeypointParams",
    "Lambda",
    "LensFlare",
    "LetterBox",
    "LongestMaxSize",
    "MaskDropout",
    "MedianBlur",
    "MixUp",
    "Morphological",
    "Mosaic",
    "MotionBlur",
    "MultiplicativeNoise",
    "NoOp",
    "Normalize",
    "OneOf",
    "OneOrOther",
    "OpticalDistortion",
    "OverlayElements",
    "Pad",
    "Pad3D",
    "PadIfNeeded",
    "PadIfNeeded3D",
    "Perspective",
    "PhotoMetricDistort",
    "PiecewiseAffine",
    "PixelDistributionAdaptation",
    "PixelDropout",
    "PlanckianJitter",
    "PlasmaBrightnessContrast",
    "PlasmaShadow",
    "PolygonParams",
    "Posterize",
    "RGBShift",
    "RandAugment",
    "RandomBrightnessContrast",
    "RandomCrop",
    "RandomCrop3D",
    "RandomCropFromBorders",
    "RandomCropNearBBox",
    "RandomFog",
    "RandomGamma",
    "RandomGravel",
    "RandomGridShuffle",
    "RandomOrder",
    "RandomRain",
    "RandomResizedCrop",
    "RandomRotate90",
    "RandomScale",
    "RandomShadow",
    "RandomSizedBBoxSafeCrop",
    "RandomSizedCrop",
    "RandomSnow",
    "RandomSunFlare",
    "RandomToneCurve",
    "ReplayCompose",
    "Resize",
    "RingingOvershoot",
    "Rotate",
    "SafeRotate",
    "SaltAndPepper",
    "SelectiveChannelTransform",
    "Sequential",
    "Sharpen",
    "ShiftScaleRotate",
    "ShotNoise",
    "SmallestMaxSize",
    "Solarize",
    "SomeOf",
    "Spatter",
    "SquareSymmetry",
    "Superpixels",
    "TextImage",
    "ThinPlateSpline",
    "TimeMasking",
    "TimeReverse",
    "ToFloat",
    "ToGray",
    "ToRGB",
    "ToSepia",
    "ToTensor3D",
    "ToTensorV2",
    "Transform3D",
    "Transpose",
    "TrivialAugmentWide",
    "UnsharpMask",
    "VerticalFlip",
    "Vignetting",
    "XYMasking",
    "ZoomBlur",
    "angle_2pi_range",
    "from_dict",
    "load",
    "non_rgb_error",
    "read_bgr_image",
    "read_grayscale",
    "read_rgb_image",
    "register",
    "save",
    "to_dict",
]

_Array: TypeAlias = np.ndarray[Any, Any]
_Pair: TypeAlias = tuple[float, float] | list[float] | list[int] | _Array
_WholePair: TypeAlias = tuple[int, int] | list[int] | _Array
_Numbers: TypeAlias = float | Sequence[float] | _Array
_Interpolation: TypeAlias = int | Literal["nearest", "linear", "cubic", "area", "lanczos", "linear_exact", "nearest_exact"]
_Border: TypeAlias = int | Literal["constant", "replicate", "reflect", "wrap", "reflect_101"]

class CLAHE(_tone.CLAHE):
    def __init__(
        self,
        clip_limit: float | _Pair = 4.0,
        tile_grid_size: _WholePair = (8, 8),
        p: float = 0.5,
    ) -> None: ...

class D4(_flips.D4):
    def __init__(self, p: float = 1.0) -> None: ...

class FDA(_domain.FDA):
    def __init__(
        self,
        reference_images: Sequence[Any] | None = None,
        beta_limit: float | _Pair = (0, 0.1),
        read_fn: Callable[..., Any] | None = ...,
        metadata_key: str = "fda_metadata",
        p: float = 0.5,
    ) -> None: ...

class AdditiveNoise(_noise.AdditiveNoise):
    def __init__(
        self,
        noise_type: Literal["uniform", "gaussian", "laplace", "beta"] = "uniform",
        spatial_mode: Literal["constant", "per_pixel", "shared"] = "constant",
        noise_params: Mapping[str, Any] | None = None,
        approximation: float = 1.0,
        p: float = 0.5,
    ) -> None: ...

class AdvancedBlur(_kernels.AdvancedBlur):
    def __init__(
        self,
        blur_limit: int | _WholePair = (3, 7),
        sigma_x_limit: float | _Pair = (0.2, 1.0),
        sigma_y_limit: float | _Pair = (0.2, 1.0),
        rotate_limit: float | _Pair = (-90, 90),
        beta_limit: float | _Pair = (0.5, 8.0),
        noise_limit: float | _Pair = (0.9, 1.1),
        p: float = 0.5,
    ) -> None: ...

class Affine(_affine.Affine):
    def __init__(
        self,
        scale: float | _Pair | Mapping[str, float | _Pair] = (1.0, 1.0),
        translate_percent: float | _Pair | Mapping[str, float | _Pair] | None = None,
        translate_px: float | _Pair | Mapping[str, float | _Pair] | None = None,
        rotate: float | _Pair = 0.0,
        shear: float | _Pair | Mapping[str, float | _Pair] = (0.0, 0.0),
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        fit_output: bool = False,
        keep_ratio: bool = False,
        rotate_method: Literal["largest_box", "ellipse"] = "largest_box",
        balanced_scale: bool = False,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 0.5,
    ) -> None: ...

class AtLeastOneBBoxRandomCrop(_aimed_crops.AtLeastOneBBoxRandomCrop):
    def __init__(
        self,
        height: int,
        width: int,
        erosion_factor: float = 0.0,
        p: float = 1.0,
    ) -> None: ...

class AugMix(_policies.AugMix):
    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        geometry: bool = True,
        p: float = 0.5,
    ) -> None: ...

class AutoContrast(_curves.AutoContrast):
    def __init__(
        self,
        cutoff: float = 0,
        ignore: int | None = None,
        method: Literal["cdf", "pil"] = "cdf",
        p: float = 0.5,
    ) -> None: ...

class BBoxSafeRandomCrop(_crops.BBoxSafeRandomCrop):
    def __init__(self, erosion_rate: float = 0.0, p: float = 1.0) -> None: ...

class BboxParams(_params.BboxParams):
    def __init__(
        self,
        format: Literal["pascal_voc", "coco", "albumentations", "yolo", "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"],
        label_fields: Sequence[str] | None = None,
        min_area: float = 0.0,
        min_visibility: float = 0.0,
        min_width: float = 0.0,
        min_height: float = 0.0,
        check_each_transform: bool = True,
        clip: bool = False,
        filter_invalid_bboxes: bool = False,
        max_accept_ratio: float | None = None,
        bbox_type: Literal["hbb", "obb"] = "hbb",
        refit: Literal["masks", "polygons"] | None = None,
    ) -> None: ...

class Blur(_blur.Blur):
    def __init__(self, blur_limit: int | _WholePair = (3, 7), p: float = 0.5) -> None: ...

class CenterCrop(_crops.CenterCrop):
    def __init__(
        self,
        height: int,
        width: int,
        pad_if_needed: bool = False,
        pad_position: Literal["center", "top_left", "top_right", "bottom_left", "bottom_right", "random"] = "center",
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class CenterCrop3D(_volume.CenterCrop3D):
    def __init__(
        self,
        size: tuple[int, int, int] | list[int] | _Array,
        pad_if_needed: bool = False,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class ChannelDropout(_masking.ChannelDropout):
    def __init__(
        self,
        channel_drop_range: _WholePair = (1, 1),
        fill: float = 0,
        p: float = 0.5,
    ) -> None: ...

class ChannelShuffle(_color.ChannelShuffle):
    def __init__(self, p: float = 0.5) -> None: ...

class ChannelSwap(_palette.ChannelSwap):
    def __init__(
        self,
        channel_order: Sequence[int] | _Array = (2, 1, 0),
        p: float = 0.5,
    ) -> None: ...

class ChromaticAberration(_camera.ChromaticAberration):
    def __init__(
        self,
        primary_distortion_limit: float | _Pair = (-0.02, 0.02),
        secondary_distortion_limit: float | _Pair = (-0.05, 0.05),
        mode: Literal["green_purple", "red_blue", "random"] = "green_purple",
        interpolation: _Interpolation = 1,
        p: float = 0.5,
    ) -> None: ...

class CoarseDropout(_dropout.CoarseDropout):
    def __init__(
        self,
        num_holes_range: _WholePair = (1, 2),
        hole_height_range: _Pair = (0.1, 0.2),
        hole_width_range: _Pair = (0.1, 0.2),
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class CoarseDropout3D(_volume.CoarseDropout3D):
    def __init__(
        self,
        num_holes_range: _WholePair = (1, 1),
        hole_depth_range: _Pair = (0.1, 0.2),
        hole_height_range: _Pair = (0.1, 0.2),
        hole_width_range: _Pair = (0.1, 0.2),
        fill: _Numbers = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class ColorJitter(_jitter.ColorJitter):
    def __init__(
        self,
        brightness: float | _Pair = (0.8, 1.2),
        contrast: float | _Pair = (0.8, 1.2),
        saturation: float | _Pair = (0.8, 1.2),
        hue: float | _Pair = (-0.5, 0.5),
        p: float = 0.5,
    ) -> None: ...

class Compose(_pipeline.Compose, Sequential):
    def __init__(
        self,
        transforms: Sequence[_transform.Node],
        bbox_params: _params.BboxParams | Mapping[str, Any] | None = None,
        keypoint_params: _params.KeypointParams | Mapping[str, Any] | None = None,
        additional_targets: Mapping[str, str] | None = None,
        p: float = 1.0,
        is_check_shapes: bool = True,
        strict: bool = False,
        mask_interpolation: _Interpolation | None = None,
        seed: int | None = None,
        save_applied_params: bool = False,
        fusion: Literal["off", "exact", "free"] = "exact",
        polygon_params: _params.PolygonParams | Mapping[str, Any] | None = None,
        save_kept: bool = False,
    ) -> None: ...

class ConstrainedCoarseDropout(_object_dropout.ConstrainedCoarseDropout):
    def __init__(
        self,
        num_holes_range: _WholePair = (1, 1),
        hole_height_range: _Pair = (0.1, 0.1),
        hole_width_range: _Pair = (0.1, 0.1),
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
        mask_indices: Sequence[int] | _Array | None = None,
        bbox_labels: Sequence[str | float] | _Array | None = None,
    ) -> None: ...

class CopyAndPaste(_paste.CopyAndPaste):
    def __init__(
        self,
        min_visibility_after_paste: float = 0.05,
        blend_mode: Literal["hard", "gaussian"] = "hard",
        blend_sigma_range: _Pair = (1, 3),
        scale_range: _Pair = (1, 1),
        min_paste_area: int = 1,
        metadata_key: str = "copy_paste_metadata",
        p: float = 0.5,
    ) -> None: ...

class Crop(_crops.Crop):
    def __init__(
        self,
        x_min: int = 0,
        y_min: int = 0,
        x_max: int = 1024,
        y_max: int = 1024,
        pad_if_needed: bool = False,
        pad_position: Literal["center", "top_left", "top_right", "bottom_left", "bottom_right", "random"] = "center",
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class CropAndPad(_pads.CropAndPad):
    def __init__(
        self,
        px: int | _WholePair | tuple[int | Sequence[int] | _Array, int | Sequence[int] | _Array, int | Sequence[int] | _Array, int | Sequence[int] | _Array] | list[Any] | _Array | None = None,
        percent: float | _Pair | tuple[_Numbers, _Numbers, _Numbers, _Numbers] | list[Any] | None = None,
        keep_size: bool = True,
        sample_independently: bool = True,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class CropNonEmptyMaskIfExists(_aimed_crops.CropNonEmptyMaskIfExists):
    def __init__(
        self,
        height: int,
        width: int,
        ignore_values: Sequence[int] | _Array | None = None,
        ignore_channels: Sequence[int] | _Array | None = None,
        p: float = 1.0,
    ) -> None: ...

class CubicSymmetry(_volume_moves.CubicSymmetry):
    def __init__(self, p: float = 1.0) -> None: ...

class CutMix(_mix.CutMix):
    def __init__(
        self,
        alpha: float = 1.0,
        metadata_key: str = "cutmix_metadata",
        label_keys: Sequence[str] = ("label",),
        p: float = 0.5,
    ) -> None: ...

class Defocus(_kernels.Defocus):
    def __init__(
        self,
        radius: int | _WholePair = (3, 10),
        alias_blur: float | _Pair = (0.1, 0.5),
        p: float = 0.5,
    ) -> None: ...

class Downscale(_camera.Downscale):
    def __init__(
        self,
        scale_range: _Pair = (0.25, 0.25),
        interpolation_pair: Mapping[str, int | str] = {"upscale": 0, "downscale": 0},
        p: float = 0.5,
    ) -> None: ...

class ElasticTransform(_distort.ElasticTransform):
    def __init__(
        self,
        alpha: float = 1,
        sigma: float = 50,
        interpolation: _Interpolation = 1,
        approximate: bool = False,
        same_dxdy: bool = False,
        mask_interpolation: _Interpolation = 0,
        noise_distribution: Literal["gaussian", "uniform"] = "gaussian",
        keypoint_remapping_method: Literal["direct", "mask"] = "mask",
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 0.5,
    ) -> None: ...

class Emboss(_sharpen.Emboss):
    def __init__(
        self,
        alpha: _Pair = (0.2, 0.5),
        strength: _Pair = (0.2, 0.7),
        p: float = 0.5,
    ) -> None: ...

class Equalize(_tone.Equalize):
    def __init__(
        self,
        mode: Literal["cv", "pil"] = "cv",
        by_channels: bool = True,
        mask: _Array | Callable[..., _Array] | Sequence[Any] | None = None,
        mask_params: Sequence[str] = (),
        p: float = 0.5,
    ) -> None: ...

class Erasing(_masking.Erasing):
    def __init__(
        self,
        scale: _Pair = (0.02, 0.33),
        ratio: _Pair = (0.3, 3.3),
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class FancyPCA(_palette.FancyPCA):
    def __init__(self, alpha: float = 0.1, p: float = 0.5) -> None: ...

class FilmGrain(_camera.FilmGrain):
    def __init__(
        self,
        intensity_range: _Pair = (0.1, 0.3),
        grain_size_range: _Pair = (1, 3),
        p: float = 0.5,
    ) -> None: ...

class FrequencyMasking(_masking.FrequencyMasking):
    def __init__(self, freq_mask_param: int = 30, p: float = 0.5) -> None: ...

class FromFloat(_convert.FromFloat):
    def __init__(
        self,
        dtype: Literal["uint8", "uint16", "uint32"] = "uint8",
        max_value: float | None = None,
        p: float = 1.0,
    ) -> None: ...

class GaussNoise(_noise.GaussNoise):
    def __init__(
        self,
        std_range: _Pair = (0.2, 0.44),
        mean_range: _Pair = (0.0, 0.0),
        per_channel: bool = True,
        noise_scale_factor: float = 1,
        p: float = 0.5,
    ) -> None: ...

class GaussianBlur(_blur.GaussianBlur):
    def __init__(
        self,
        blur_limit: int | _WholePair = 0,
        sigma_limit: float | _Pair = (0.5, 3.0),
        p: float = 0.5,
    ) -> None: ...

class GlassBlur(_camera.GlassBlur):
    def __init__(
        self,
        sigma: float = 0.7,
        max_delta: int = 4,
        iterations: int = 2,
        mode: Literal["fast", "exact"] = "fast",
        p: float = 0.5,
    ) -> None: ...

class GridDistortion(_distort.GridDistortion):
    def __init__(
        self,
        num_steps: int = 5,
        distort_limit: float | _Pair = (-0.3, 0.3),
        interpolation: _Interpolation = 1,
        normalized: bool = True,
        mask_interpolation: _Interpolation = 0,
        keypoint_remapping_method: Literal["direct", "mask"] = "mask",
        p: float = 0.5,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
    ) -> None: ...

class GridDropout(_dropout.GridDropout):
    def __init__(
        self,
        ratio: float = 0.5,
        random_offset: bool = True,
        unit_size_range: _WholePair | None = None,
        holes_number_xy: _WholePair | None = None,
        shift_xy: _WholePair = (0, 0),
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class GridElasticDeform(_bends.GridElasticDeform):
    def __init__(
        self,
        num_grid_xy: _WholePair,
        magnitude: float,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        p: float = 1.0,
    ) -> None: ...

class GridMask(_masking.GridMask):
    def __init__(
        self,
        num_grid_range: _WholePair = (3, 7),
        line_width_range: _Pair = (0.2, 0.5),
        rotation_range: _Pair = (0, 0),
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class GridShuffle3D(_volume_moves.GridShuffle3D):
    def __init__(
        self,
        grid_zyx: tuple[int, int, int] | list[int] | _Array = (2, 2, 2),
        p: float = 0.5,
    ) -> None: ...

class HEStain(_stain.HEStain):
    def __init__(
        self,
        method: Literal["preset", "random_preset", "vahadane", "macenko"] = "random_preset",
        preset: Literal["ruifrok", "macenko", "standard", "high_contrast", "h_heavy", "e_heavy", "dark", "light"] | None = None,
        intensity_scale_range: _Pair = (0.7, 1.3),
        intensity_shift_range: _Pair = (-0.2, 0.2),
        augment_background: bool = False,
        p: float = 0.5,
    ) -> None: ...

class HistogramMatching(_domain.HistogramMatching):
    def __init__(
        self,
        reference_images: Sequence[Any] | None = None,
        blend_ratio: _Pair = (0.5, 1.0),
        read_fn: Callable[..., Any] | None = ...,
        metadata_key: str = "hm_metadata",
        p: float = 0.5,
    ) -> None: ...

class HorizontalFlip(_flips.HorizontalFlip):
    def __init__(self, p: float = 0.5) -> None: ...

class HueSaturationValue(_color.HueSaturationValue):
    def __init__(
        self,
        hue_shift_limit: float | _Pair = (-20, 20),
        sat_shift_limit: float | _Pair = (-30, 30),
        val_shift_limit: float | _Pair = (-20, 20),
        p: float = 0.5,
    ) -> None: ...

class ISONoise(_sensor.ISONoise):
    def __init__(
        self,
        color_shift: _Pair = (0.01, 0.05),
        intensity: _Pair = (0.1, 0.5),
        p: float = 0.5,
    ) -> None: ...

class Illumination(_light.Illumination):
    def __init__(
        self,
        mode: Literal["linear", "corner", "gaussian"] = "linear",
        intensity_range: _Pair = (0.01, 0.2),
        effect_type: Literal["brighten", "darken", "both"] = "both",
        angle_range: _Pair = (0, 360),
        center_range: _Pair = (0.1, 0.9),
        sigma_range: _Pair = (0.2, 1.0),
        p: float = 0.5,
    ) -> None: ...

class ImageCompression(_compression.ImageCompression):
    def __init__(
        self,
        compression_type: Literal["jpeg", "webp"] = "jpeg",
        quality_range: _WholePair = (99, 100),
        p: float = 0.5,
    ) -> None: ...

class InvertImg(_tone.InvertImg):
    def __init__(self, p: float = 0.5) -> None: ...

class KeypointParams(_params.KeypointParams):
    def __init__(
        self,
        format: Literal["xy", "yx", "xya", "xys", "xyas", "xysa", "xyz"],
        label_fields: Sequence[str] | None = None,
        remove_invisible: bool = True,
        angle_in_degrees: bool = True,
        check_each_transform: bool = True,
        label_mapping: Sequence[tuple[Any, Any] | list[Any]] | Mapping[Any, Any] | None = None,
        has_visibility: bool = False,
    ) -> None: ...

class Lambda(_misc.Lambda, NoOp):
    def __init__(
        self,
        image: Callable[..., _Array] | None = None,
        mask: Callable[..., _Array] | None = None,
        keypoints: Callable[..., _Array] | None = None,
        bboxes: Callable[..., _Array] | None = None,
        name: str | None = None,
        p: float = 1.0,
    ) -> None: ...

class LensFlare(_flare.LensFlare):
    def __init__(
        self,
        flare_roi: tuple[float, float, float, float] | list[float] | list[int] | _Array = (0, 0, 1, 0.5),
        num_ghosts_range: _WholePair = (3, 7),
        intensity_range: _Pair = (0.3, 0.7),
        num_rays_range: _WholePair = (4, 8),
        bloom_range: _Pair = (0.01, 0.05),
        p: float = 0.5,
    ) -> None: ...

class LetterBox(_pads.LetterBox):
    def __init__(
        self,
        size: int | _WholePair,
        position: Literal["center", "top_left", "top_right", "bottom_left", "bottom_right", "random"] = "center",
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class LongestMaxSize(_resize.LongestMaxSize):
    def __init__(
        self,
        max_size: int | Sequence[int] | _Array | None = None,
        max_size_hw: tuple[int | None, int | None] | list[Any] | _Array | None = None,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        area_for_downscale: Literal["image", "image_mask"] | None = None,
        p: float = 1.0,
    ) -> None: ...

class MaskDropout(_object_dropout.MaskDropout):
    def __init__(
        self,
        max_objects: int | _WholePair = (1, 1),
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = 0,
        p: float = 0.5,
    ) -> None: ...

class MedianBlur(_blur.MedianBlur, Blur):
    def __init__(self, blur_limit: int | _WholePair = (3, 7), p: float = 0.5) -> None: ...

class MixUp(_mix.MixUp):
    def __init__(
        self,
        alpha: float = 0.2,
        metadata_key: str = "mixup_metadata",
        label_keys: Sequence[str] = ("label",),
        p: float = 0.5,
    ) -> None: ...

class Morphological(_morphology.Morphological):
    def __init__(
        self,
        scale: int | _WholePair = (2, 3),
        operation: Literal["erosion", "dilation"] = "dilation",
        p: float = 0.5,
    ) -> None: ...

class Mosaic(_mosaic.Mosaic):
    def __init__(
        self,
        grid_yx: _WholePair = (2, 2),
        target_size: _WholePair = (512, 512),
        cell_shape: _WholePair = (512, 512),
        center_range: _Pair = (0.3, 0.7),
        fit_mode: Literal["cover", "contain"] = "cover",
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        metadata_key: str = "mosaic_metadata",
        p: float = 0.5,
    ) -> None: ...

class MotionBlur(_blur.MotionBlur, Blur):
    def __init__(
        self,
        blur_limit: int | _WholePair = (3, 7),
        allow_shifted: bool = True,
        angle_range: _Pair = (0, 360),
        direction_range: _Pair = (-1.0, 1.0),
        p: float = 0.5,
    ) -> None: ...

class MultiplicativeNoise(_noise.MultiplicativeNoise):
    def __init__(
        self,
        multiplier: _Pair = (0.9, 1.1),
        per_channel: bool = False,
        elementwise: bool = False,
        p: float = 0.5,
    ) -> None: ...

class NoOp(_misc.NoOp):
    def __init__(self, p: float = 0.5) -> None: ...

class Normalize(_convert.Normalize):
    def __init__(
        self,
        mean: _Numbers | None = (0.485, 0.456, 0.406),
        std: _Numbers | None = (0.229, 0.224, 0.225),
        max_pixel_value: float | None = 255.0,
        normalization: Literal["standard", "image", "image_per_channel", "min_max", "min_max_per_channel"] = "standard",
        p: float = 1.0,
    ) -> None: ...

class OneOf(_choices.OneOf):
    def __init__(self, transforms: Sequence[_transform.Node], p: float = 0.5) -> None: ...

class OneOrOther(_choices.OneOrOther):
    def __init__(
        self,
        first: Any = None,
        second: Any = None,
        transforms: Sequence[_transform.Node] | None = None,
        p: float = 0.5,
    ) -> None: ...

class OpticalDistortion(_distort.OpticalDistortion):
    def __init__(
        self,
        distort_limit: float | _Pair = (-0.05, 0.05),
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        mode: Literal["camera", "fisheye"] = "camera",
        keypoint_remapping_method: Literal["direct", "mask"] = "mask",
        p: float = 0.5,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
    ) -> None: ...

class OverlayElements(_mix.OverlayElements):
    def __init__(self, metadata_key: str = "overlay_metadata", p: float = 0.5) -> None: ...

class Pad(_pads.Pad):
    def __init__(
        self,
        padding: int | _WholePair | tuple[int, int, int, int] | list[int] | _Array = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        border_mode: _Border = 0,
        p: float = 1.0,
    ) -> None: ...

class Pad3D(_volume.Pad3D):
    def __init__(
        self,
        padding: int | tuple[int, int, int] | list[int] | _Array | tuple[int, int, int, int, int, int],
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class PadIfNeeded(_pads.PadIfNeeded):
    def __init__(
        self,
        min_height: int | None = 1024,
        min_width: int | None = 1024,
        pad_height_divisor: int | None = None,
        pad_width_divisor: int | None = None,
        position: Literal["center", "top_left", "top_right", "bottom_left", "bottom_right", "random"] = "center",
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class PadIfNeeded3D(_volume.PadIfNeeded3D):
    def __init__(
        self,
        min_zyx: tuple[int, int, int] | list[int] | _Array | None = None,
        pad_divisor_zyx: tuple[int, int, int] | list[int] | _Array | None = None,
        position: Literal["center", "random"] = "center",
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class Perspective(_perspective.Perspective):
    def __init__(
        self,
        scale: float | _Pair = (0.05, 0.1),
        keep_size: bool = True,
        fit_output: bool = False,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 0.5,
    ) -> None: ...

class PhotoMetricDistort(_jitter.PhotoMetricDistort):
    def __init__(
        self,
        brightness_range: _Pair = (0.875, 1.125),
        contrast_range: _Pair = (0.5, 1.5),
        saturation_range: _Pair = (0.5, 1.5),
        hue_range: _Pair = (-0.05, 0.05),
        distort_p: float = 0.5,
        p: float = 0.5,
    ) -> None: ...

class PiecewiseAffine(_bends.PiecewiseAffine):
    def __init__(
        self,
        scale: float | _Pair = (0.03, 0.05),
        nb_rows: int | _WholePair = (4, 4),
        nb_cols: int | _WholePair = (4, 4),
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        absolute_scale: bool = False,
        keypoint_remapping_method: Literal["direct", "mask"] = "mask",
        p: float = 0.5,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
    ) -> None: ...

class PixelDistributionAdaptation(_domain.PixelDistributionAdaptation):
    def __init__(
        self,
        reference_images: Sequence[Any] | None = None,
        blend_ratio: _Pair = (0.25, 1.0),
        read_fn: Callable[..., Any] | None = ...,
        transform_type: Literal["pca", "standard", "minmax"] = "pca",
        metadata_key: str = "pda_metadata",
        p: float = 0.5,
    ) -> None: ...

class PixelDropout(_dropout.PixelDropout):
    def __init__(
        self,
        dropout_prob: float = 0.01,
        per_channel: bool = False,
        drop_value: _Numbers | None = 0,
        mask_drop_value: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class PlanckianJitter(_palette.PlanckianJitter):
    def __init__(
        self,
        mode: Literal["blackbody", "cied"] = "blackbody",
        temperature_limit: _Pair | None = None,
        sampling_method: Literal["uniform", "gaussian"] = "uniform",
        p: float = 0.5,
    ) -> None: ...

class PlasmaBrightnessContrast(_light.PlasmaBrightnessContrast):
    def __init__(
        self,
        brightness_range: _Pair = (-0.3, 0.3),
        contrast_range: _Pair = (-0.3, 0.3),
        plasma_size: int = 256,
        roughness: float = 3.0,
        p: float = 0.5,
    ) -> None: ...

class PlasmaShadow(_light.PlasmaShadow):
    def __init__(
        self,
        shadow_intensity_range: _Pair = (0.3, 0.7),
        plasma_size: int = 256,
        roughness: float = 3.0,
        p: float = 0.5,
    ) -> None: ...

class PolygonParams(_params.PolygonParams):
    def __init__(
        self,
        format: Literal["xy", "rel_xy"] = "xy",
        label_fields: Sequence[str] | None = None,
        min_area: float = 0.0,
        min_visibility: float = 0.0,
        check_each_transform: bool = True,
        clip: bool = True,
    ) -> None: ...

class Posterize(_tone.Posterize):
    def __init__(
        self,
        num_bits: int | Sequence[int | _WholePair] | _Array = 4,
        p: float = 0.5,
    ) -> None: ...

class RGBShift(_color.RGBShift):
    def __init__(
        self,
        r_shift_limit: float | _Pair = (-20, 20),
        g_shift_limit: float | _Pair = (-20, 20),
        b_shift_limit: float | _Pair = (-20, 20),
        p: float = 0.5,
    ) -> None: ...

class RandAugment(_policies.RandAugment):
    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class RandomBrightnessContrast(_tone.RandomBrightnessContrast):
    def __init__(
        self,
        brightness_limit: float | _Pair = (-0.2, 0.2),
        contrast_limit: float | _Pair = (-0.2, 0.2),
        brightness_by_max: bool = True,
        ensure_safe_range: bool = False,
        p: float = 0.5,
    ) -> None: ...

class RandomCrop(_crops.RandomCrop):
    def __init__(
        self,
        height: int,
        width: int,
        pad_if_needed: bool = False,
        pad_position: Literal["center", "top_left", "top_right", "bottom_left", "bottom_right", "random"] = "center",
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class RandomCrop3D(_volume.RandomCrop3D):
    def __init__(
        self,
        size: tuple[int, int, int] | list[int] | _Array,
        pad_if_needed: bool = False,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class RandomCropFromBorders(_aimed_crops.RandomCropFromBorders):
    def __init__(
        self,
        crop_left: float = 0.1,
        crop_right: float = 0.1,
        crop_top: float = 0.1,
        crop_bottom: float = 0.1,
        p: float = 1.0,
    ) -> None: ...

class RandomCropNearBBox(_aimed_crops.RandomCropNearBBox):
    def __init__(
        self,
        max_part_shift: float | _Pair = (0, 0.3),
        cropping_bbox_key: str = "cropping_bbox",
        p: float = 1.0,
    ) -> None: ...

class RandomFog(_weather.RandomFog):
    def __init__(
        self,
        alpha_coef: float = 0.08,
        fog_coef_range: _Pair = (0.3, 1),
        p: float = 0.5,
    ) -> None: ...

class RandomGamma(_tone.RandomGamma):
    def __init__(self, gamma_limit: float | _Pair = (80, 120), p: float = 0.5) -> None: ...

class RandomGravel(_weather.RandomGravel):
    def __init__(
        self,
        gravel_roi: tuple[float, float, float, float] | list[float] | list[int] | _Array = (0.1, 0.4, 0.9, 0.9),
        number_of_patches: int = 2,
        p: float = 0.5,
    ) -> None: ...

class RandomGridShuffle(_shuffle.RandomGridShuffle):
    def __init__(self, grid: _WholePair = (3, 3), p: float = 0.5) -> None: ...

class RandomOrder(_choices.RandomOrder, SomeOf):
    def __init__(
        self,
        transforms: Sequence[_transform.Node],
        n: int = 1,
        replace: bool = False,
        p: float = 1,
    ) -> None: ...

class RandomRain(_weather.RandomRain):
    def __init__(
        self,
        slant_range: _Pair = (-10, 10),
        drop_length: int | None = None,
        drop_width: int = 1,
        drop_color: tuple[int, int, int] | list[int] | _Array = (200, 200, 200),
        blur_value: int = 7,
        brightness_coefficient: float = 0.7,
        rain_type: Literal["drizzle", "heavy", "torrential", "default"] = "default",
        p: float = 0.5,
    ) -> None: ...

class RandomResizedCrop(_resized_crops.RandomResizedCrop):
    def __init__(
        self,
        size: _WholePair,
        scale: _Pair = (0.08, 1.0),
        ratio: _Pair = (0.75, 1.3333333333333333),
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        area_for_downscale: Literal["image", "image_mask"] | None = None,
        p: float = 1.0,
    ) -> None: ...

class RandomRotate90(_flips.RandomRotate90):
    def __init__(self, p: float = 1.0) -> None: ...

class RandomScale(_resize.RandomScale):
    def __init__(
        self,
        scale_limit: float | _Pair = (-0.1, 0.1),
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        area_for_downscale: Literal["image", "image_mask"] | None = None,
        p: float = 0.5,
    ) -> None: ...

class RandomShadow(_flare.RandomShadow):
    def __init__(
        self,
        shadow_roi: tuple[float, float, float, float] | list[float] | list[int] | _Array = (0, 0.5, 1, 1),
        num_shadows_limit: _WholePair = (1, 2),
        shadow_dimension: int = 5,
        shadow_intensity_range: _Pair = (0.5, 0.5),
        p: float = 0.5,
    ) -> None: ...

class RandomSizedBBoxSafeCrop(_resized_crops.RandomSizedBBoxSafeCrop):
    def __init__(
        self,
        height: int,
        width: int,
        erosion_rate: float = 0.0,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        p: float = 1.0,
    ) -> None: ...

class RandomSizedCrop(_resized_crops.RandomSizedCrop):
    def __init__(
        self,
        min_max_height: int | _WholePair,
        size: _WholePair,
        w2h_ratio: float = 1.0,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        area_for_downscale: Literal["image", "image_mask"] | None = None,
        p: float = 1.0,
    ) -> None: ...

class RandomSnow(_weather.RandomSnow):
    def __init__(
        self,
        brightness_coeff: float = 2.5,
        snow_point_range: _Pair = (0.1, 0.3),
        method: Literal["bleach", "texture"] = "bleach",
        p: float = 0.5,
    ) -> None: ...

class RandomSunFlare(_flare.RandomSunFlare):
    def __init__(
        self,
        flare_roi: tuple[float, float, float, float] | list[float] | list[int] | _Array = (0, 0, 1, 0.5),
        src_radius: int = 400,
        src_color: tuple[int, int, int] | list[int] | _Array = (255, 255, 255),
        angle_range: _Pair = (0, 1),
        num_flare_circles_range: _WholePair = (6, 10),
        method: Literal["overlay", "physics_based"] = "overlay",
        p: float = 0.5,
    ) -> None: ...

class RandomToneCurve(_curves.RandomToneCurve):
    def __init__(self, scale: float = 0.1, per_channel: bool = False, p: float = 0.5) -> None: ...

class ReplayCompose(_pipeline.ReplayCompose, Compose):
    def __init__(
        self,
        transforms: Sequence[_transform.Node],
        bbox_params: _params.BboxParams | Mapping[str, Any] | None = None,
        keypoint_params: _params.KeypointParams | Mapping[str, Any] | None = None,
        additional_targets: Mapping[str, str] | None = None,
        p: float = 1.0,
        is_check_shapes: bool = True,
        save_key: str = "replay",
        strict: bool = False,
        mask_interpolation: _Interpolation | None = None,
        seed: int | None = None,
        save_applied_params: bool = False,
        fusion: Literal["off", "exact", "free"] = "exact",
        polygon_params: _params.PolygonParams | Mapping[str, Any] | None = None,
        save_kept: bool = False,
    ) -> None: ...

class Resize(_resize.Resize):
    def __init__(
        self,
        height: int,
        width: int,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        area_for_downscale: Literal["image", "image_mask"] | None = None,
        p: float = 1.0,
    ) -> None: ...

class RingingOvershoot(_kernels.RingingOvershoot):
    def __init__(
        self,
        blur_limit: int | _WholePair = (7, 15),
        cutoff: _Pair = (0.7853981633974483, 1.5707963267948966),
        p: float = 0.5,
    ) -> None: ...

class Rotate(_affine.Rotate):
    def __init__(
        self,
        limit: float | _Pair = (-90, 90),
        interpolation: _Interpolation = 1,
        border_mode: _Border = 0,
        rotate_method: Literal["largest_box", "ellipse"] = "largest_box",
        crop_border: bool = False,
        mask_interpolation: _Interpolation = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 0.5,
    ) -> None: ...

class SafeRotate(_affine.SafeRotate):
    def __init__(
        self,
        limit: float | _Pair = (-90, 90),
        interpolation: _Interpolation = 1,
        border_mode: _Border = 0,
        rotate_method: Literal["largest_box", "ellipse"] = "largest_box",
        mask_interpolation: _Interpolation = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 0.5,
    ) -> None: ...

class SaltAndPepper(_noise.SaltAndPepper):
    def __init__(
        self,
        amount: _Pair = (0.01, 0.06),
        salt_vs_pepper: _Pair = (0.4, 0.6),
        p: float = 0.5,
    ) -> None: ...

class SelectiveChannelTransform(_compose.SelectiveChannelTransform):
    def __init__(
        self,
        transforms: Sequence[_transform.Node],
        channels: Sequence[int] | _Array = (0, 1, 2),
        p: float = 1.0,
    ) -> None: ...

class Sequential(_compose.Sequential):
    def __init__(self, transforms: Sequence[_transform.Node], p: float = 0.5) -> None: ...

class Sharpen(_sharpen.Sharpen):
    def __init__(
        self,
        alpha: _Pair = (0.2, 0.5),
        lightness: _Pair = (0.5, 1.0),
        method: Literal["kernel", "gaussian"] = "kernel",
        kernel_size: int = 5,
        sigma: float = 1.0,
        p: float = 0.5,
    ) -> None: ...

class ShiftScaleRotate(_affine.ShiftScaleRotate):
    def __init__(
        self,
        shift_limit: float | _Pair = (-0.0625, 0.0625),
        scale_limit: float | _Pair = (-0.1, 0.1),
        rotate_limit: float | _Pair = (-45, 45),
        interpolation: _Interpolation = 1,
        border_mode: _Border = 0,
        shift_limit_x: float | _Pair | None = None,
        shift_limit_y: float | _Pair | None = None,
        rotate_method: Literal["largest_box", "ellipse"] = "largest_box",
        mask_interpolation: _Interpolation = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 0.5,
    ) -> None: ...

class ShotNoise(_sensor.ShotNoise):
    def __init__(self, scale_range: _Pair = (0.1, 0.3), p: float = 0.5) -> None: ...

class SmallestMaxSize(_resize.SmallestMaxSize):
    def __init__(
        self,
        max_size: int | Sequence[int] | _Array | None = None,
        max_size_hw: tuple[int | None, int | None] | list[Any] | _Array | None = None,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        area_for_downscale: Literal["image", "image_mask"] | None = None,
        p: float = 1.0,
    ) -> None: ...

class Solarize(_tone.Solarize):
    def __init__(self, threshold_range: _Pair = (0.5, 0.5), p: float = 0.5) -> None: ...

class SomeOf(_choices.SomeOf):
    def __init__(
        self,
        transforms: Sequence[_transform.Node],
        n: int = 1,
        replace: bool = False,
        p: float = 1,
    ) -> None: ...

class Spatter(_weather.Spatter):
    def __init__(
        self,
        mean: float | _Pair = (0.65, 0.65),
        std: float | _Pair = (0.3, 0.3),
        gauss_sigma: float | _Pair = (2, 2),
        cutout_threshold: float | _Pair = (0.68, 0.68),
        intensity: float | _Pair = (0.6, 0.6),
        mode: Literal["rain", "mud"] = "rain",
        color: tuple[int, int, int] | list[int] | _Array | None = None,
        p: float = 0.5,
    ) -> None: ...

class SquareSymmetry(_flips.SquareSymmetry, D4):
    def __init__(self, p: float = 1.0) -> None: ...

class Superpixels(_superpixels.Superpixels):
    def __init__(
        self,
        p_replace: float | _Pair = (0, 0.1),
        n_segments: int | _WholePair = (100, 100),
        max_size: int | None = 128,
        interpolation: _Interpolation = 1,
        p: float = 0.5,
    ) -> None: ...

class TextImage(_text.TextImage):
    def __init__(
        self,
        font_path: str | PathLike[str],
        stopwords: Sequence[str] | None = ("the", "is", "in", "at", "of"),
        augmentations: Sequence[Literal["insertion", "swap", "deletion"] | None] = (None,),
        fraction_range: _Pair = (1.0, 1.0),
        font_size_fraction_range: _Pair = (0.8, 0.9),
        font_color: _Numbers = (0, 0, 0),
        clear_bg: bool = False,
        metadata_key: str = "textimage_metadata",
        p: float = 0.5,
    ) -> None: ...

class ThinPlateSpline(_bends.ThinPlateSpline):
    def __init__(
        self,
        scale_range: _Pair = (0.2, 0.4),
        num_control_points: int = 4,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        keypoint_remapping_method: Literal["direct", "mask"] = "mask",
        p: float = 0.5,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
    ) -> None: ...

class TimeMasking(_masking.TimeMasking):
    def __init__(self, time_mask_param: int = 40, p: float = 0.5) -> None: ...

class TimeReverse(_flips.TimeReverse, HorizontalFlip):
    def __init__(self, p: float = 0.5) -> None: ...

class ToFloat(_convert.ToFloat):
    def __init__(self, max_value: float | None = None, p: float = 1.0) -> None: ...

class ToGray(_color.ToGray):
    def __init__(
        self,
        num_output_channels: int = 3,
        method: Literal["weighted_average", "from_lab", "desaturation", "average", "max", "pca"] = "weighted_average",
        p: float = 0.5,
    ) -> None: ...

class ToRGB(_palette.ToRGB):
    def __init__(self, num_output_channels: int = 3, p: float = 1.0) -> None: ...

class ToSepia(_palette.ToSepia):
    def __init__(self, p: float = 0.5) -> None: ...

class ToTensor3D(_tensor.ToTensor3D):
    def __init__(self, p: float = 1.0) -> None: ...

class ToTensorV2(_tensor.ToTensorV2):
    def __init__(self, transpose_mask: bool = False, p: float = 1.0) -> None: ...

class Transpose(_flips.Transpose):
    def __init__(self, p: float = 0.5) -> None: ...

class TrivialAugmentWide(_policies.TrivialAugmentWide):
    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: _Interpolation = 1,
        mask_interpolation: _Interpolation = 0,
        border_mode: _Border = 0,
        fill: _Numbers = 0,
        fill_mask: _Numbers = 0,
        p: float = 1.0,
    ) -> None: ...

class UnsharpMask(_sharpen.UnsharpMask):
    def __init__(
        self,
        blur_limit: int | _WholePair = (3, 7),
        sigma_limit: float | _Pair = 0.0,
        alpha: float | _Pair = (0.2, 0.5),
        threshold: int = 10,
        p: float = 0.5,
    ) -> None: ...

class VerticalFlip(_flips.VerticalFlip):
    def __init__(self, p: float = 0.5) -> None: ...

class Vignetting(_camera.Vignetting):
    def __init__(
        self,
        intensity_range: _Pair = (0.2, 0.5),
        center_range: _Pair = (0.3, 0.7),
        p: float = 0.5,
    ) -> None: ...

class XYMasking(_masking.XYMasking):
    def __init__(
        self,
        num_masks_x: int | _WholePair = 0,
        num_masks_y: int | _WholePair = 0,
        mask_x_length: int | _WholePair = 0,
        mask_y_length: int | _WholePair = 0,
        fill: _Numbers | Literal["random", "random_uniform", "inpaint_telea", "inpaint_ns"] = 0,
        fill_mask: _Numbers | None = None,
        p: float = 0.5,
    ) -> None: ...

class ZoomBlur(_camera.ZoomBlur):
    def __init__(
        self,
        max_factor: float | _Pair = (1, 1.31),
        step_factor: float | _Pair = (0.01, 0.03),
        p: float = 0.5,
    ) -> None: ...
