"""Addresses and functions that 2.0.8's users import; numbers are what 2.0.8 gives."""

import importlib

import numpy as np
import pytest

import probaug as A
from probaug.core import bbox_utils, keypoints_utils, utils
from probaug.core import pydantic as checks

SHAPE = {"height": 100, "width": 200}

PLACES = {
    "core.composition": "BaseCompose Compose OneOf OneOrOther RandomOrder ReplayCompose "
    "SelectiveChannelTransform Sequential SomeOf BboxParams KeypointParams",
    "core.transforms_interface": "BasicTransform DualTransform ImageOnlyTransform NoOp Transform3D",
    "core.serialization": "from_dict load save to_dict",
    "core.bbox_utils": "BboxParams",
    "core.keypoints_utils": "KeypointParams",
    "augmentations": "Resize Compose Blur",
    "augmentations.transforms": "Normalize CLAHE",
    "augmentations.geometric": "Affine",
    "pytorch": "ToTensorV2 ToTensor3D",
    "augmentations.blur.transforms": (
        "AdvancedBlur Blur Defocus GaussianBlur GlassBlur MedianBlur MotionBlur ZoomBlur"
    ),
    "augmentations.crops.transforms": (
        "AtLeastOneBBoxRandomCrop BBoxSafeRandomCrop CenterCrop Crop CropAndPad "
        "CropNonEmptyMaskIfExists RandomCrop RandomCropFromBorders RandomCropNearBBox "
        "RandomResizedCrop RandomSizedBBoxSafeCrop RandomSizedCrop"
    ),
    "augmentations.dropout.channel_dropout": "ChannelDropout",
    "augmentations.dropout.coarse_dropout": "CoarseDropout ConstrainedCoarseDropout Erasing",
    "augmentations.dropout.grid_dropout": "GridDropout",
    "augmentations.dropout.mask_dropout": "MaskDropout",
    "augmentations.dropout.transforms": "PixelDropout",
    "augmentations.dropout.xy_masking": "XYMasking",
    "augmentations.geometric.distortion": (
        "ElasticTransform GridDistortion OpticalDistortion PiecewiseAffine ThinPlateSpline"
    ),
    "augmentations.geometric.flip": "D4 HorizontalFlip SquareSymmetry Transpose VerticalFlip",
    "augmentations.geometric.pad": "Pad PadIfNeeded",
    "augmentations.geometric.resize": "LongestMaxSize RandomScale Resize SmallestMaxSize",
    "augmentations.geometric.rotate": "RandomRotate90 Rotate SafeRotate",
    "augmentations.geometric.transforms": (
        "Affine GridElasticDeform Morphological Perspective RandomGridShuffle ShiftScaleRotate"
    ),
    "augmentations.mixing.domain_adaptation": "FDA HistogramMatching PixelDistributionAdaptation",
    "augmentations.mixing.transforms": "Mosaic OverlayElements",
    "augmentations.other.lambda_transform": "Lambda",
    "augmentations.other.type_transform": "FromFloat ToFloat",
    "augmentations.pixel.transforms": (
        "AdditiveNoise AutoContrast CLAHE ChannelShuffle ChromaticAberration ColorJitter "
        "Downscale Emboss Equalize FancyPCA GaussNoise HEStain HueSaturationValue ISONoise "
        "Illumination ImageCompression InvertImg MultiplicativeNoise Normalize PlanckianJitter "
        "PlasmaBrightnessContrast PlasmaShadow Posterize RGBShift RandomBrightnessContrast "
        "RandomFog RandomGamma RandomGravel RandomRain RandomShadow RandomSnow RandomSunFlare "
        "RandomToneCurve RingingOvershoot SaltAndPepper Sharpen ShotNoise Solarize Spatter "
        "Superpixels ToGray ToRGB ToSepia UnsharpMask"
    ),
    "augmentations.spectrogram.transform": "FrequencyMasking TimeMasking TimeReverse",
    "augmentations.text.transforms": "TextImage",
    "augmentations.transforms3d.transforms": (
        "CenterCrop3D CoarseDropout3D CubicSymmetry Pad3D PadIfNeeded3D RandomCrop3D"
    ),
    "augmentations.utils": (
        "angle_2pi_range non_rgb_error read_bgr_image read_grayscale read_rgb_image"
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_stood_there_is_there(place):
    module = importlib.import_module(f"probaug.{place}")
    for name in PLACES[place].split():
        assert getattr(module, name) is getattr(A, name)


def test_the_ways_to_import():
    import probaug.augmentations.geometric.transforms
    import probaug.augmentations.transforms as T
    from probaug.augmentations.crops.transforms import RandomCrop
    from probaug.augmentations.geometric import resize

    assert probaug.augmentations.geometric.transforms.Affine is A.Affine
    assert T.Blur is A.Blur
    assert RandomCrop is A.RandomCrop
    assert resize.Resize is A.Resize
    assert A.augmentations.blur.transforms.Blur is A.Blur
    assert A.pytorch.ToTensorV2 is A.ToTensorV2
    names = {}
    exec("from probaug.augmentations.geometric.rotate import *", names)
    assert names["Rotate"] is A.Rotate


def test_what_never_stood_there_is_an_error():
    with pytest.raises(ImportError):
        importlib.import_module("probaug.augmentations.geometric.functional")
    with pytest.raises(
        AttributeError, match=r"'probaug.augmentations.*' has no attribute 'Rotato'"
    ):
        importlib.import_module("probaug.augmentations.geometric.rotate").Rotato


# boxes


@pytest.mark.parametrize("shape", [SHAPE, (100, 200), (100, 200, 3)], ids=str)
@pytest.mark.parametrize(
    ("box_format", "given", "expected"),
    [
        ("pascal_voc", [10, 20, 30, 60, 7], [0.05, 0.2, 0.15, 0.6, 7]),
        ("coco", [10, 20, 30, 60, 7], [0.05, 0.2, 0.2, 0.8, 7]),
        ("yolo", [0.5, 0.5, 0.2, 0.4, 3], [0.4, 0.3, 0.6, 0.7, 3]),
    ],
)
def test_boxes_there_and_back(box_format, given, expected, shape):
    there = bbox_utils.convert_bboxes_to_albumentations(np.array([given]), box_format, shape)
    np.testing.assert_allclose(there, [expected], rtol=1e-12)
    back = bbox_utils.convert_bboxes_from_albumentations(there, box_format, shape, True)
    np.testing.assert_allclose(back, [given], rtol=1e-12)


def test_boxes_in_pixels_and_fractions():
    pixels = np.array([[10, 20, 30, 60, 7.0]])
    fractions = bbox_utils.normalize_bboxes(pixels, SHAPE)
    np.testing.assert_allclose(fractions, [[0.05, 0.2, 0.15, 0.6, 7]])
    np.testing.assert_allclose(bbox_utils.denormalize_bboxes(fractions, SHAPE), pixels)
    assert bbox_utils.normalize_bboxes(np.zeros((0, 5)), SHAPE).shape == (0, 5)


BOXES = np.array(
    [
        [-0.1, 0.2, 0.3, 0.6, 1],
        [0.5, 0.5, 0.503, 0.9, 2],
        [0.2, 0.2, 0.9, 0.22, 3],
        [0.9, 0.1, 1.9, 0.4, 4],
    ]
)


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({}, [1, 3, 4]),
        ({"min_width": 0}, [1, 2, 3, 4]),
        ({"min_visibility": 0.5}, [1, 3]),
        ({"min_area": 700}, [1]),
        ({"max_accept_ratio": 3}, [1, 4]),
    ],
)
def test_boxes_are_clipped_and_filtered(limits, kept):
    before = BOXES.copy()
    result = bbox_utils.filter_bboxes(BOXES, SHAPE, **limits)
    assert result[:, 4].tolist() == kept
    rows = BOXES[np.isin(BOXES[:, 4], kept)]
    np.testing.assert_allclose(result[:, :4], np.clip(rows[:, :4], 0, 1))
    np.testing.assert_array_equal(BOXES, before)
    np.testing.assert_array_equal(bbox_utils.clip_bboxes(BOXES, SHAPE)[0], [0, 0.2, 0.3, 0.6, 1])


@pytest.mark.parametrize("box", [[0.1, 0.2, 1.3, 0.4], [-0.1, 0, 1, 1], [0.5, 0, 0.5, 1]])
def test_wrong_boxes_are_errors(box):
    with pytest.raises(ValueError, match=r"bboxes\[1\] must be"):
        bbox_utils.check_bboxes(np.array([[0, 0, 1, 1], box]))
    with pytest.raises(ValueError, match=r"bboxes\[0\] must be"):
        bbox_utils.convert_bboxes_from_albumentations(np.array([box]), "coco", SHAPE, True)


def test_the_union_of_boxes():
    boxes = np.array([[0.1, 0.2, 0.3, 0.4, 7], [0.2, 0.1, 0.5, 0.6, 8]])
    np.testing.assert_allclose(bbox_utils.union_of_bboxes(boxes, 0), [0.1, 0.1, 0.5, 0.6])
    np.testing.assert_allclose(bbox_utils.union_of_bboxes(boxes, 0.5), [0.2, 0.225, 0.4, 0.475])
    assert bbox_utils.union_of_bboxes(boxes, 1) is None
    assert bbox_utils.union_of_bboxes(np.zeros((0, 4)), 0) is None


# keypoints

THIRTY = np.deg2rad(30)


@pytest.mark.parametrize(
    ("point_format", "given", "inside"),
    [
        ("xy", [10, 20, 5], [10, 20, 0, 0, 0, 5]),
        ("yx", [10, 20, 5], [20, 10, 0, 0, 0, 5]),
        ("xya", [10, 20, 30, 5], [10, 20, 0, THIRTY, 0, 5]),
        ("xys", [10, 20, 30, 5], [10, 20, 0, 0, 30, 5]),
        ("xyas", [10, 20, 30, 2, 5], [10, 20, 0, THIRTY, 2, 5]),
        ("xysa", [10, 20, 2, 30, 5], [10, 20, 0, THIRTY, 2, 5]),
        ("xyz", [10, 20, 3, 5], [10, 20, 3, 0, 0, 5]),
    ],
)
def test_keypoints_there_and_back(point_format, given, inside):
    there = keypoints_utils.convert_keypoints_to_albumentations(
        np.array([given]), point_format, SHAPE, check_validity=True
    )
    np.testing.assert_allclose(there, [inside])
    back = keypoints_utils.convert_keypoints_from_albumentations(there, point_format, SHAPE, True)
    np.testing.assert_allclose(back, [given])


def test_keypoint_angles():
    turned = keypoints_utils.convert_keypoints_to_albumentations(
        np.array([[1, 2, 400.0]]), "xya", SHAPE
    )
    np.testing.assert_allclose(turned[0, 3], np.deg2rad(40))
    radians = keypoints_utils.convert_keypoints_to_albumentations(
        np.array([[1, 2, 0.5]]), "xya", SHAPE, angle_in_degrees=False
    )
    assert radians[0, 3] == 0.5
    angles = keypoints_utils.angle_to_2pi_range(np.array([-1.0, 7.0]))
    np.testing.assert_allclose(angles, [5.28318531, 0.71681469])

    @A.angle_2pi_range
    def turn(keypoints, by):
        keypoints = keypoints.copy()
        keypoints[:, 3] += by
        return keypoints

    np.testing.assert_allclose(turn(np.zeros((1, 5)), 7)[0, 3], 0.71681469)


def test_keypoints_outside():
    points = np.array([[199.5, 2, 0, 0, 0], [-1, 2, 0, 0, 0], [3, 99.4, 0, 0, 0]])
    kept = keypoints_utils.filter_keypoints(points, SHAPE, remove_invisible=True)
    assert kept[:, 0].tolist() == [199.5, 3], "pixel-centre indices up to W - 0.5"
    assert len(keypoints_utils.filter_keypoints(points, SHAPE, remove_invisible=False)) == 3
    with pytest.raises(ValueError, match=r"keypoints\[1\] must lie"):
        keypoints_utils.check_keypoints(points, SHAPE)
    empty = keypoints_utils.convert_keypoints_to_albumentations(np.zeros((0, 2)), "xy", SHAPE)
    assert empty.shape == (0, 5)


# small functions


@pytest.mark.parametrize(
    ("arguments", "pair"),
    [
        ((3,), (-3, 3)),
        (((1, 2),), (1, 2)),
        ((3, 0), (0, 3)),
        ((0.1, None, 1), (0.9, 1.1)),
        (([0.1, 0.2], None, 1), (1.1, 1.2)),
    ],
)
def test_pairs_from_numbers(arguments, pair):
    assert utils.to_tuple(*arguments) == pytest.approx(pair)


def test_shapes():
    image, volume = np.zeros((4, 5, 3)), np.zeros((2, 4, 5, 3))
    assert utils.get_shape({"image": image}) == {"height": 4, "width": 5}
    assert utils.get_shape({"images": [image]}) == {"height": 4, "width": 5}
    assert utils.get_shape({"volume": volume}) == {"depth": 2, "height": 4, "width": 5}
    assert utils.get_image_shape(image) == (4, 5)
    assert utils.get_volume_shape(volume) == (2, 4, 5)
    with pytest.raises(ValueError, match="no image"):
        utils.get_shape({"mask": image})


def test_rgb_is_asked_for():
    A.non_rgb_error(np.zeros((4, 5, 3)))
    with pytest.raises(ValueError, match=r"RGB.*\(4, 5\)"):
        A.non_rgb_error(np.zeros((4, 5)))


def test_pictures_are_read(tmp_path):
    import cv2

    path = tmp_path / "rötlich.png"
    rgb = np.zeros((4, 5, 3), np.uint8)
    rgb[..., 0] = 200
    path.write_bytes(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())
    np.testing.assert_array_equal(A.read_rgb_image(path), rgb)
    cv2.imwrite(str(tmp_path / "a.tif"), rgb[..., ::-1])
    np.testing.assert_array_equal(A.read_rgb_image(tmp_path / "a.tif"), rgb)
    np.testing.assert_array_equal(A.read_bgr_image(str(path)), rgb[..., ::-1])
    assert A.read_grayscale(path).shape == (4, 5)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="no image that OpenCV can decode"):
        A.read_rgb_image(path)
    with pytest.raises(FileNotFoundError):
        A.read_rgb_image(tmp_path / "nothing.png")


def test_checks_of_own_schemas_still_check():
    assert checks.check_range_bounds(0, 1)((0.1, 1)) == (0.1, 1)
    assert checks.check_range_bounds(0)((0.1, 9)) == (0.1, 9)
    with pytest.raises(ValueError, match="between 0 and 1"):
        checks.check_range_bounds(0, 1, max_inclusive=False)((0, 1))
    with pytest.raises(ValueError, match="larger"):
        checks.nondecreasing((2, 1))


def test_an_own_transform_with_a_schema_is_as_it_was():
    from probaug.core.transforms_interface import BaseTransformInitSchema, ImageOnlyTransform
    from probaug.core.type_definitions import Targets

    class Add(ImageOnlyTransform):
        """As 2.0.8's documentation writes them."""

        _targets = (Targets.IMAGE,)

        class InitSchema(BaseTransformInitSchema):
            limit: checks.SymmetricRangeType

        def __init__(self, limit=(1, 3), p=0.5):
            super().__init__(p=p)
            self.limit = utils.to_tuple(limit)

        def get_params(self):
            return {"by": self.py_random.randint(*self.limit)}

        def apply(self, img, by, **params):
            return img + np.uint8(by)

    result = A.Compose([Add(limit=(2, 2), p=1)])(image=np.zeros((4, 5, 3), np.uint8))
    assert (result["image"] == 2).all()
