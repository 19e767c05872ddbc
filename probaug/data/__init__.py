"""Readers of data sets: sequences of samples that are decoded and checked when they are asked for.

They need NumPy and OpenCV alone. ``import probaug`` does not import them.
"""

from .coco import Coco, Panoptic
from .decode import ImageError, decode, decode_mask
from .folder import Folder
from .frame import Frame
from .masks import InstanceMasks, Masks
from .objects import ObjectReader
from .reader import AnnotationError, Options, Reader
from .shrink import smallest_needed
from .tfds import Tfds, from_tfds
from .voc import Voc
from .yolo import Yolo

__all__ = [
    "AnnotationError",
    "Coco",
    "Folder",
    "Frame",
    "ImageError",
    "InstanceMasks",
    "Masks",
    "ObjectReader",
    "Options",
    "Panoptic",
    "Reader",
    "Tfds",
    "Voc",
    "Yolo",
    "decode",
    "decode_mask",
    "from_tfds",
    "smallest_needed",
]
