"""Probabilistic augmentation of images with their boxes, masks and keypoints.

Code written for Albumentations 2.0.8 runs after changing its import to ``import probaug as A``.
"""

from .core.compose import (
    BaseCompose,
    OneOf,
    OneOrOther,
    RandomOrder,
    SelectiveChannelTransform,
    Sequential,
    SomeOf,
)
from .core.hooks import BasicTransform, DualTransform, ImageOnlyTransform, Transform3D
from .core.params import BboxParams, KeypointParams
from .core.pipeline import Compose, ReplayCompose
from .core.registry import register
from .core.serialize import from_dict, load, save, to_dict
from .transforms.affine import Affine, Rotate, SafeRotate, ShiftScaleRotate
from .transforms.aimed_crops import (
    AtLeastOneBBoxRandomCrop,
    CropNonEmptyMaskIfExists,
    RandomCropFromBorders,
    RandomCropNearBBox,
)
from .transforms.bends import GridElasticDeform, PiecewiseAffine, ThinPlateSpline
from .transforms.blur import Blur, GaussianBlur, MedianBlur, MotionBlur
from .transforms.color import ChannelShuffle, HueSaturationValue, RGBShift, ToGray
from .transforms.compression import ImageCompression
from .transforms.convert import FromFloat, Normalize, ToFloat
from .transforms.crops import BBoxSafeRandomCrop, CenterCrop, Crop, RandomCrop
from .transforms.distort import ElasticTransform, GridDistortion, OpticalDistortion
from .transforms.dropout import CoarseDropout, GridDropout, PixelDropout
from .transforms.flips import (
    D4,
    HorizontalFlip,
    RandomRotate90,
    SquareSymmetry,
    TimeReverse,
    Transpose,
    VerticalFlip,
)
from .transforms.jitter import ColorJitter
from .transforms.misc import Lambda, NoOp
from .transforms.morphology import Morphological
from .transforms.noise import AdditiveNoise, GaussNoise, MultiplicativeNoise, SaltAndPepper
from .transforms.pads import CropAndPad, LetterBox, Pad, PadIfNeeded
from .transforms.perspective import Perspective
from .transforms.resize import LongestMaxSize, RandomScale, Resize, SmallestMaxSize
from .transforms.resized_crops import RandomResizedCrop, RandomSizedBBoxSafeCrop, RandomSizedCrop
from .transforms.sensor import ISONoise, ShotNoise
from .transforms.sharpen import Sharpen
from .transforms.shuffle import RandomGridShuffle
from .transforms.tone import (
    CLAHE,
    Equalize,
    InvertImg,
    Posterize,
    RandomBrightnessContrast,
    RandomGamma,
    Solarize,
)

__version__ = "0.1.0"

__all__ = [
    "CLAHE",
    "D4",
    "AdditiveNoise",
    "Affine",
    "AtLeastOneBBoxRandomCrop",
    "BBoxSafeRandomCrop",
    "BaseCompose",
    "BasicTransform",
    "BboxParams",
    "Blur",
    "CenterCrop",
    "ChannelShuffle",
    "CoarseDropout",
    "ColorJitter",
    "Compose",
    "Crop",
    "CropAndPad",
    "CropNonEmptyMaskIfExists",
    "DualTransform",
    "ElasticTransform",
    "Equalize",
    "FromFloat",
    "GaussNoise",
    "GaussianBlur",
    "GridDistortion",
    "GridDropout",
    "GridElasticDeform",
    "HorizontalFlip",
    "HueSaturationValue",
    "ISONoise",
    "ImageCompression",
    "ImageOnlyTransform",
    "InvertImg",
    "KeypointParams",
    "Lambda",
    "LetterBox",
    "LongestMaxSize",
    "MedianBlur",
    "Morphological",
    "MotionBlur",
    "MultiplicativeNoise",
    "NoOp",
    "Normalize",
    "OneOf",
    "OneOrOther",
    "OpticalDistortion",
    "Pad",
    "PadIfNeeded",
    "Perspective",
    "PiecewiseAffine",
    "PixelDropout",
    "Posterize",
    "RGBShift",
    "RandomBrightnessContrast",
    "RandomCrop",
    "RandomCropFromBorders",
    "RandomCropNearBBox",
    "RandomGamma",
    "RandomGridShuffle",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomRotate90",
    "RandomScale",
    "RandomSizedBBoxSafeCrop",
    "RandomSizedCrop",
    "ReplayCompose",
    "Resize",
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
    "SquareSymmetry",
    "ThinPlateSpline",
    "TimeReverse",
    "ToFloat",
    "ToGray",
    "Transform3D",
    "Transpose",
    "VerticalFlip",
    "from_dict",
    "load",
    "register",
    "save",
    "to_dict",
]
