"""Probabilistic augmentation of images with their boxes, masks and keypoints."""

__version__ = "0.1.0"

from .core.compose import (
    BaseCompose,
    OneOf,
    OneOrOther,
    RandomOrder,
    SelectiveChannelTransform,
    Sequential,
    SomeOf,
)
from .core.params import BboxParams, KeypointParams
from .core.pipeline import Compose, ReplayCompose
from .core.hooks import BasicTransform, DualTransform, ImageOnlyTransform, Transform3D
from .core.serialize import from_dict, load, save, to_dict
from .core.transform import register
