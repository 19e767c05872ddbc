"""One table: arguments for every transform whose defaults are not enough, and exceptions."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

import probaug as A
from probaug.core.hooks import BasicTransform
from probaug.core.registry import REGISTRY

LEAVES = [
    cls
    for name, cls in sorted(REGISTRY.items())
    if issubclass(cls, BasicTransform) and cls.__module__.startswith("probaug.")
]

# a font file that every Pillow brings along
FONT = Path(tempfile.mkdtemp()) / "font.ttf"
FONT.write_bytes(ImageFont.load_default(size=10).path.getvalue())

CASES = {
    "Mosaic": {"target_size": (90, 100), "cell_shape": (60, 70), "fit_mode": "contain"},
    "TextImage": {"font_path": str(FONT), "augmentations": (None, "swap", "deletion")},
    "CopyAndPaste": {"scale_range": (0.5, 1.5)},
    "AugMix": {"geometry": False},
    "AtLeastOneBBoxRandomCrop": {"height": 40, "width": 50},
    "CropNonEmptyMaskIfExists": {"height": 40, "width": 50},
    "GridElasticDeform": {"num_grid_xy": (4, 3), "magnitude": 9},
    "LetterBox": {"size": (100, 90)},
    "Affine": {"scale": (0.7, 1.2), "rotate": (-30, 30), "shear": (-8, 8)},
    "CenterCrop": {"height": 40, "width": 50},
    "CenterCrop3D": {"size": (3, 40, 50)},
    "CoarseDropout3D": {"num_holes_range": (2, 4), "hole_depth_range": (0.3, 0.7)},
    "Pad3D": {"padding": (1, 2, 3, 4, 5, 6)},
    "PadIfNeeded3D": {"min_zyx": (8, 128, 100)},
    "RandomCrop3D": {"size": (3, 40, 50)},
    "CoarseDropout": {"num_holes_range": (2, 4), "fill_mask": 0},
    "Crop": {"x_min": 10, "y_min": 5, "x_max": 80, "y_max": 70},
    "CropAndPad": {"percent": (-0.2, 0.2)},
    "ElasticTransform": {"alpha": 60, "sigma": 8},
    "FromFloat": {},
    "LongestMaxSize": {"max_size": 64},
    "Lambda": {"image": lambda image, **params: 255 - image, "name": "negative"},
    "Pad": {"padding": (3, 5, 7, 9)},
    "PadIfNeeded": {"min_height": 128, "min_width": 140},
    "RandomCrop": {"height": 40, "width": 50},
    "RandomResizedCrop": {"size": (48, 56)},
    "RandomSizedBBoxSafeCrop": {"height": 48, "width": 56},
    "RandomSizedCrop": {"min_max_height": (40, 80), "size": (48, 56)},
    "Resize": {"height": 47, "width": 55},
    "SmallestMaxSize": {"max_size": 64},
    "ImageCompression": {"quality_range": (30, 60)},
    "AdditiveNoise": {"spatial_mode": "per_pixel"},
    "ConstrainedCoarseDropout": {"mask_indices": (3,), "fill_mask": 0},
    "XYMasking": {
        "num_masks_x": (1, 3),
        "num_masks_y": (1, 2),
        "mask_x_length": (3, 9),
        "mask_y_length": (3, 9),
    },
    "MultiplicativeNoise": {"per_channel": True, "elementwise": True},
}

# transforms whose result has another dtype than their input, and why
CHANGES_DTYPE = {
    "Normalize": "its result is a float image",
    "ToFloat": "that is what it does",
    "FromFloat": "that is what it does",
}
# channel counts that follow from parameters: which are served, and the error for others
CHANNELS_BY_PARAMETERS = {
    "ChannelDropout": ((2, 3, 4, 5), ValueError, r"ChannelDropout\.channel_drop_range is"),
    "Normalize": ((3,), ValueError, r"Normalize\.mean has 3 values, one per channel"),
    "ChannelSwap": ((3,), ValueError, r"ChannelSwap\.channel_order has 3 values"),
    "ToGray": ((1, 3), TypeError, r"ToGray.* expects an image with 1 or 3 channels"),
}
# transforms that ask for one input dtype
NEEDS_FLOAT = {"FromFloat": "it turns floats into integers"}
# windows of fixed size: an image that is too small is an error, which their own tests cover
FIXED_WINDOW = {
    "AtLeastOneBBoxRandomCrop", "CenterCrop", "Crop", "CropNonEmptyMaskIfExists", "RandomCrop",
    "RandomCropNearBBox", "RandomSizedCrop", "CenterCrop3D", "RandomCrop3D",
}  # fmt: skip
# results on uint8 and float32 that cannot be close, and why
NOT_CLOSE = {
    "RandAugment": "8-bit steps of a histogram, and bits of eight",
    "TrivialAugmentWide": "8-bit steps of a histogram, and bits of eight",
    "Normalize": "max_pixel_value is 255 for every dtype, as in 2.0.8",
    "FromFloat": "takes floats only",
    "ToFloat": "its result has the same range for both",
    "ImageCompression": "the codec quantises",
    "GaussNoise": "8-bit noise is rounded",
    "ISONoise": "8-bit lightness has another deviation",
    "ShotNoise": "8 bits take their photons from tables",
    "AutoContrast": "8-bit steps of a histogram",
    "Equalize": "8-bit steps of a histogram",
    "CLAHE": "8-bit steps of a histogram",
    "PhotoMetricDistort": "contrast enlarges the 2-degree steps of 8-bit hues",
    "Posterize": "8-bit steps",
    "HistogramMatching": "8-bit steps of a histogram",
    "Lambda": "the example is for 8 bits",
    "ToGray": "one method is 8-bit Lab",
}
# transforms whose results need torch: tests/test_tensor.py calls them
NEEDS_TORCH = {"ToTensorV2", "ToTensor3D"}
# transforms that bring boxes of their own
ADDS_BOXES = {"CopyAndPaste"}
# transforms that have pixels of their own in the mask
PAINTS_MASK = {"CoarseDropout"}


def needed(cls, height=96, width=120, dtype="uint8", channels=3):
    """What a call must hold beside an image, for transforms that look at it."""
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : height // 2, width // 4 : width // 2] = 3
    other = photo(height, width, channels, dtype, seed=1)
    sample = {"image": other, "mask": mask}
    near = (width // 6, height // 10, width * 2 // 3, height * 5 // 8)
    return {
        "Mosaic": {"mosaic_metadata": [sample]},
        "MixUp": {"mixup_metadata": [sample, sample]},
        "CutMix": {"cutmix_metadata": [sample, sample]},
        "CopyAndPaste": {"copy_paste_metadata": [{**sample, "labels": 7}]},
        "OverlayElements": {"overlay_metadata": [{**sample, "mask_id": 3}]},
        "FDA": {"fda_metadata": [other]},
        "HistogramMatching": {"hm_metadata": [other]},
        "PixelDistributionAdaptation": {"pda_metadata": [other]},
        "TextImage": {"textimage_metadata": [{"text": "one two", "bbox": (0.1, 0.1, 0.9, 0.6)}]},
        "CropNonEmptyMaskIfExists": {"mask": mask},
        "MaskDropout": {"mask": mask},
        "RandomCropNearBBox": {"cropping_bbox": near},
    }.get(cls.__name__, {})


def make(cls, **changes):
    """An instance with example arguments."""
    transform = cls(**{**CASES.get(cls.__name__, {}), **changes})
    if more := targets(transform):
        transform.add_targets(more)  # for calls without a pipeline
    return transform


def photo(height=96, width=120, channels=3, dtype="uint8", seed=0):
    """A smooth image that uses the whole range, as photos do."""
    rng = np.random.default_rng(seed)
    count = channels or 1
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [
        np.sin(2 * np.pi * (fx * x + fy * y) + phase)
        for fx, fy, phase in rng.uniform((0.5, 0.5, 0), (2.5, 2.5, 6), (count, 3))
    ]
    image = (np.stack(waves, -1) + 1) / 2
    image = image if channels else image[..., 0]
    if dtype == "float32":
        return image.astype(np.float32)
    white = np.iinfo(dtype).max
    return np.rint(image * white).astype(dtype)


def suited(cls, data):
    """The data of a call, as volumes (under the names of images) for what serves no images."""
    if cls.__name__ in NEEDS_TORCH:
        pytest.skip("tests/test_tensor.py calls it, where there is torch")
    if not issubclass(cls, A.Transform3D):
        return data
    deep = {name: np.stack([data[name]] * 5) for name in ("image", "mask") if name in data}
    for array in deep.values():
        array.flags.writeable = False
    if "bboxes" in data:
        deep["bboxes"] = data["bboxes"][:0]
    if "labels" in data:
        deep["labels"] = data["labels"][:0]
    if "keypoints" in data:
        deep["keypoints"] = [(*point, 2.0) for point in data["keypoints"]]
    return {**data, **deep}


def targets(*transforms):
    """How a pipeline must read the data that suits a transform."""
    deep = any(isinstance(transform, A.Transform3D) for transform in transforms)
    return {"image": "volume", "mask": "mask3d"} if deep else None


def point_format(*transforms):
    """How the keypoints of that data are written."""
    return "xyz" if targets(*transforms) else "xy"


def serves(cls, dtype, channels):
    """Whether a transform declares a dtype and channel count."""
    count = channels or 1
    if cls.__name__ in NEEDS_FLOAT and dtype != "float32":
        return False
    return (not cls.dtypes or dtype in cls.dtypes) and (not cls.channels or count in cls.channels)


def pipeline(*transforms, **settings):
    """A Compose that reads boxes and keypoints."""
    return A.Compose(
        list(transforms),
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams(point_format(*transforms), label_fields=["names"]),
        additional_targets=targets(*transforms),
        **settings,
    )
