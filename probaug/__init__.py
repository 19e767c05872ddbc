"""Probabilistic augmentation of images with their boxes, masks and keypoints.

Code written for Albumentations 2.0.8 runs after changing its import to ``import probaug as A``.
"""

from .core.choices import OneOf, OneOrOther, RandomOrder, SomeOf
from .core.compose import BaseCompose, SelectiveChannelTransform, Sequential
from .core.hooks import BasicTransform, DualTransform, ImageOnlyTransform, Transform3D
from .core.keypoints_utils import angle_2pi_range
from .core.params import BboxParams, KeypointParams, PolygonParams
from .core.pipeline import Compose, ReplayCompose
from .core.registry import register
from .core.serialize import from_dict, load, save, to_dict
from .core.utils import non_rgb_error, read_bgr_image, read_grayscale, read_rgb_image
from .transforms.affine import Affine, Rotate, SafeRotate, ShiftScaleRotate
from .transforms.aimed_crops import (
    AtLeastOneBBoxRandomCrop,
    CropNonEmptyMaskIfExists,
    RandomCropFromBorders,
    RandomCropNearBBox,
)
from .transforms.bends import GridElasticDeform, PiecewiseAffine, ThinPlateSpline
from .transforms.blur import Blur, GaussianBlur, MedianBlur, MotionBlur
from .transforms.camera import (
    ChromaticAberration,
    Downscale,
    FilmGrain,
    GlassBlur,
    Vignetting,
    ZoomBlur,
)
from .transforms.color import ChannelShuffle, HueSaturationValue, RGBShift, ToGray
from .transforms.compression import ImageCompression
from .transforms.convert import FromFloat, Normalize, ToFloat
from .transforms.crops import BBoxSafeRandomCrop, CenterCrop, Crop, RandomCrop
from .transforms.curves import AutoContrast, RandomToneCurve
from .transforms.distort import ElasticTransform, GridDistortion, OpticalDistortion
from .transforms.domain import FDA, HistogramMatching, PixelDistributionAdaptation
from .transforms.dropout import CoarseDropout, GridDropout, PixelDropout
from .transforms.flare import LensFlare, RandomShadow, RandomSunFlare
from .transforms.flips import (
    D4,
    HorizontalFlip,
    RandomRotate90,
    SquareSymmetry,
    TimeReverse,
    Transpose,
    VerticalFlip,
)
from .transforms.jitter import ColorJitter, PhotoMetricDistort
from .transforms.kernels import AdvancedBlur, Defocus, RingingOvershoot
from .transforms.light import Illumination, PlasmaBrightnessContrast, PlasmaShadow
from .transforms.masking import (
    ChannelDropout,
    Erasing,
    FrequencyMasking,
    GridMask,
    TimeMasking,
    XYMasking,
)
from .transforms.misc import Lambda, NoOp
from .transforms.mix import CutMix, MixUp, OverlayElements
from .transforms.morphology import Morphological
from .transforms.mosaic import Mosaic
from .transforms.noise import AdditiveNoise, GaussNoise, MultiplicativeNoise, SaltAndPepper
from .transforms.object_dropout import ConstrainedCoarseDropout, MaskDropout
from .transforms.pads import CropAndPad, LetterBox, Pad, PadIfNeeded
from .transforms.palette import ChannelSwap, FancyPCA, PlanckianJitter, ToRGB, ToSepia
from .transforms.paste import CopyAndPaste
from .transforms.perspective import Perspective
from .transforms.policies import AugMix, RandAugment, TrivialAugmentWide
from .transforms.resize import LongestMaxSize, RandomScale, Resize, SmallestMaxSize
from .transforms.resized_crops import RandomResizedCrop, RandomSizedBBoxSafeCrop, RandomSizedCrop
from .transforms.sensor import ISONoise, ShotNoise
from .transforms.sharpen import Emboss, Sharpen, UnsharpMask
from .transforms.shuffle import RandomGridShuffle
from .transforms.stain import HEStain
from .transforms.superpixels import Superpixels
from .transforms.tensor import ToTensor3D, ToTensorV2
from .transforms.text import TextImage
from .transforms.tone import (
    CLAHE,
    Equalize,
    InvertImg,
    Posterize,
    RandomBrightnessContrast,
    RandomGamma,
    Solarize,
)
from .transforms.volume import (
    CenterCrop3D,
    CoarseDropout3D,
    Pad3D,
    PadIfNeeded3D,
    RandomCrop3D,
)
from .transforms.volume_moves import CubicSymmetry, GridShuffle3D
from .transforms.weather import RandomFog, RandomGravel, RandomRain, RandomSnow, Spatter

__version__ = "0.1.0"

__all__ = [
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
