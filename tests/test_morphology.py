"""Dilation and erosion against SciPy, and boxes against their own pixels."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

import probaug as A

OPERATIONS = ("dilation", "erosion")
both = pytest.mark.parametrize("operation", OPERATIONS)


def ellipse(diameter):
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter)).astype(bool)


def reference(image, diameter, operation):
    """The extreme over the ellipse; nothing from beyond the edge counts."""
    image = image.astype(np.float64)
    if operation == "dilation":
        return maximum_filter(image, footprint=ellipse(diameter), mode="constant", cval=-np.inf)
    return minimum_filter(image, footprint=ellipse(diameter), mode="constant", cval=np.inf)


@both
@pytest.mark.parametrize("diameter", [1, 2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_values_are_those_of_scipy(operation, diameter, dtype):
    rng = np.random.default_rng(0)
    image = (rng.random((37, 41, 3)) * (1 if dtype == np.float32 else 250)).astype(dtype)
    transform = A.Morphological((diameter, diameter), operation, p=1)
    result = transform(image=image)["image"]
    assert result.dtype == dtype
    for channel in range(3):
        want = reference(image[..., channel], diameter, operation)
        np.testing.assert_array_equal(result[..., channel], want)


@both
@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "uint32", "int32", "int64", "uint64", "float16", "float64"]
)
def test_masks_of_any_dtype_keep_their_very_values(operation, dtype):
    rng = np.random.default_rng(1)
    classes = rng.integers(0, 6, (30, 25))
    ids = np.array([0, 1, 2, 3, 4, 5])
    if np.dtype(dtype).itemsize == 8 and dtype != "float64":
        ids = np.array([0, 1, 2, 2**62, 2**62 + 1, 2**62 + 3])  # floats know these as one number
    mask = ids[classes].astype(dtype)
    transform = A.Morphological((3, 3), operation, p=1)
    result = transform(image=np.zeros((30, 25), np.uint8), mask=mask)["mask"]
    assert result.dtype == mask.dtype
    ranks = classes > 0 if dtype == "bool" else classes
    want = reference(ranks, 3, operation).astype(int)
    values = np.array([0, 1]) if dtype == "bool" else ids
    np.testing.assert_array_equal(result, values[want].astype(dtype))


def test_scale_is_drawn():
    """In 2.0.8 the pair was the kernel's width and height, the same in every call."""
    dot = np.zeros((21, 21), np.uint8)
    dot[10, 10] = 1
    transform = A.Morphological((1, 6), p=1)
    areas = {int(transform(image=dot, key=(0, 0, i))["image"].sum()) for i in range(60)}
    assert areas == {int(ellipse(diameter).sum()) for diameter in range(1, 7)}
    assert A.Morphological(scale=4).scale == (1, 4)


def test_a_diameter_of_one_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    for operation in OPERATIONS:
        result = A.Morphological(1, operation, p=1)(image=image, mask=image[..., 0])
        assert result["image"] is image


@pytest.mark.parametrize("diameter", [3, 5, 9])
def test_erosion_is_dilation_of_the_negative(diameter):
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    shrunk = A.Morphological((diameter, diameter), "erosion", p=1)(image=image)["image"]
    grown = A.Morphological((diameter, diameter), "dilation", p=1)(image=255 - image)["image"]
    np.testing.assert_array_equal(shrunk, 255 - grown)


@both
@pytest.mark.parametrize("diameter", range(1, 9))
def test_boxes_are_those_of_the_pixels(operation, diameter):
    """Also at the edge of the image; 2.0.8 raises for boxes where OpenCV is 5."""
    height, width = 48, 60
    boxes = [
        [20, 15, 30, 22], [0, 0, 9, 7], [50, 40, 60, 48], [0, 20, 60, 24], [10, 10, 13, 40],
        [40, 0, 41, 48], [25, 30, 28, 33], [55, 3, 59, 9], [0, 0, 60, 48], [1, 44, 8, 47],
    ]  # fmt: skip
    masks = np.zeros((len(boxes), height, width), np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[y1:y2, x1:x2] = 1
    pipe = A.Compose(
        [A.Morphological((diameter, diameter), operation, p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
    )
    image = np.zeros((height, width, 3), np.uint8)
    result = pipe(image=image, masks=masks, bboxes=boxes, names=list(range(len(boxes))))
    got = dict(zip(result["names"], result["bboxes"], strict=True))
    for name, mask in enumerate(result["masks"]):
        ys, xs = np.nonzero(mask)
        if not len(xs):
            assert name not in got, "nothing is left of it"
            continue
        assert got[name] == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], (name, operation)


def test_boxes_keep_their_fractions_and_keypoints_their_places():
    pipe = A.Compose(
        [A.Morphological((5, 5), p=1)],
        bbox_params=A.BboxParams("pascal_voc"),
        keypoint_params=A.KeypointParams("xya"),
    )
    image = np.zeros((40, 50), np.uint8)
    points = [(3.25, 4.5, 30.0), (49.0, 39.0, 0.0)]
    result = pipe(image=image, bboxes=[[10.25, 11.5, 20.75, 30.0]], keypoints=points)
    assert result["bboxes"] == [[8.25, 9.5, 22.75, 32.0]]
    assert result["keypoints"] == points


def test_a_mask_of_half_the_size_grows_by_half():
    mask = np.zeros((40, 40), np.uint8)
    mask[20, 20] = 1
    pipe = A.Compose([A.Morphological((6, 6), p=1)], is_check_shapes=False)
    result = pipe(image=np.zeros((80, 80), np.uint8), mask=mask)["mask"]
    np.testing.assert_array_equal(result[19:22, 19:22], ellipse(3))
    assert result.sum() == ellipse(3).sum()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: A.Morphological(scale=0), r"Morphological.scale must be .*>= 1, got 0"),
        (lambda: A.Morphological(scale=(3, 2)), "Morphological.scale must be .*low <= high"),
        (lambda: A.Morphological(operation="opening"), "Morphological.operation must be one of"),
    ],
)
def test_wrong_values_say_so(make, words):
    with pytest.raises(ValueError, match=words):
        make()
