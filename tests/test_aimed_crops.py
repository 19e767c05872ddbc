"""Crops that look before they cut, against all windows that are allowed; and letter boxes."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import probaug as A


def indexed(height, width):
    """An image whose pixels say where they are: (row, column)."""
    return np.stack(np.mgrid[0:height, 0:width], axis=-1).astype(np.uint16)


def windows(transform, count, size, params=None, **data):
    """(left, top, right, bottom) of what some calls cut out."""
    pipe = A.Compose([transform], **(params or {}))
    for index in range(count):
        image = pipe(image=indexed(*size), **data, key=(0, 0, index))["image"]
        (top, left), (bottom, right) = image[0, 0].tolist(), image[-1, -1].tolist()
        assert image.shape[:2] == (bottom - top + 1, right - left + 1)
        yield left, top, right + 1, bottom + 1


def boxed(boxes):
    return {"params": {"bbox_params": A.BboxParams("pascal_voc")}, "bboxes": boxes}


def evenly(counts, total):
    """Whether all were drawn about as often: chi squared below its 99.99 % point, roughly."""
    expected = total / len(counts)
    chi = sum((n - expected) ** 2 / expected for n in counts.values())
    free = len(counts) - 1
    return chi < free + 4 * (2 * free) ** 0.5 + 8


def starts(length, window, low, high, erosion):
    """All places of a window that shows enough of [low, high]."""
    need = min((1 - erosion) * (high - low), window)
    need = max(need, min(high - low, 1))
    return {
        first
        for first in range(length - window + 1)
        if min(first + window, high) - max(first, low) >= need - 1e-9
    }


@pytest.mark.parametrize("erosion", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize(
    "box", [(10, 8, 16, 12), (0, 0, 4, 3), (2, 1, 30, 20), (27, 18, 30, 20), (12.5, 6.25, 15.5, 9)]
)
def test_some_of_a_box_is_shown_in_every_way_it_can_be(box, erosion):
    transform = A.AtLeastOneBBoxRandomCrop(7, 9, erosion_factor=erosion)
    seen = list(windows(transform, 900, (20, 30), **boxed([box])))
    lefts, tops = (Counter(window[axis] for window in seen) for axis in (0, 1))
    assert set(lefts) == starts(30, 9, box[0], box[2], erosion)
    assert set(tops) == starts(20, 7, box[1], box[3], erosion)
    assert evenly(lefts, 900)
    assert evenly(tops, 900)


def test_at_least_a_pixel_of_the_box_is_left():
    """In 2.0.8 an erosion factor of 1 allowed windows that only touch the box."""
    transform = A.AtLeastOneBBoxRandomCrop(5, 5, erosion_factor=1.0)
    pipe = A.Compose([transform], bbox_params=A.BboxParams("pascal_voc"))
    for index in range(300):
        boxes = pipe(image=indexed(30, 30), bboxes=[[12, 12, 14, 14]], key=(0, 0, index))["bboxes"]
        assert len(boxes) == 1
        assert boxes[0][2] - boxes[0][0] >= 1
        assert boxes[0][3] - boxes[0][1] >= 1


def test_every_box_has_the_same_chance():
    boxes = [[0, 0, 5, 5], [35, 35, 40, 40], [0, 30, 2, 32]]
    seen = Counter(
        next(i for i, (x1, y1, x2, y2) in enumerate(boxes)
             if left <= x1 and top <= y1 and right >= x2 and bottom >= y2)
        for left, top, right, bottom in windows(
            A.AtLeastOneBBoxRandomCrop(8, 8), 900, (40, 40), **boxed(boxes)
        )
    )  # fmt: skip
    assert set(seen) == {0, 1, 2}
    assert evenly(seen, 900)


def test_without_boxes_every_window_is_as_likely():
    transform = A.AtLeastOneBBoxRandomCrop(8, 9)
    seen = Counter(windows(transform, 1200, (10, 11), **boxed([])))
    assert len(seen) == 9
    assert evenly(seen, 1200)


def test_a_window_shows_mask_pixels_with_equal_chance():
    mask = np.zeros((6, 8), np.uint8)
    mask[[0, 3, 5], [0, 4, 7]] = 2, 1, 9
    chances = Counter()
    for y, x in zip(*np.nonzero(mask), strict=True):
        holding = [
            (left, top)
            for left in range(6)
            for top in range(5)
            if left <= x < left + 3 and top <= y < top + 2
        ]
        for window in holding:
            chances[window] += Fraction(1, 3 * len(holding))
    transform = A.CropNonEmptyMaskIfExists(2, 3)
    seen = Counter(window[:2] for window in windows(transform, 4000, (6, 8), mask=mask))
    assert set(seen) == set(chances)
    for window, chance in chances.items():
        assert abs(seen[window] - 4000 * chance) < 5 * (4000 * chance) ** 0.5


def shown_values(transform, mask, count=60, **data):
    size = mask.shape[:2]
    return {
        int(mask[top, left].max())
        for left, top, _, _ in windows(transform, count, size, mask=mask, **data)
    }


def test_values_and_channels_may_be_ignored():
    mask = np.zeros((20, 20), np.uint8)
    mask[3, 4], mask[10, 11], mask[15, 2] = 1, 2, 3
    assert shown_values(A.CropNonEmptyMaskIfExists(1, 1), mask) == {1, 2, 3}
    ignoring = A.CropNonEmptyMaskIfExists(1, 1, ignore_values=[1, 3])
    assert shown_values(ignoring, mask) == {2}
    layers = np.zeros((20, 20, 3), np.uint8)
    layers[3, 4, 0], layers[10, 11, 1], layers[15, 2, 2] = 1, 2, 3
    assert shown_values(A.CropNonEmptyMaskIfExists(1, 1), layers) == {1, 2, 3}
    ignoring = A.CropNonEmptyMaskIfExists(1, 1, ignore_channels=[0, 1])
    assert shown_values(ignoring, layers) == {3}


def test_all_masks_count_but_additional_ones_do_not():
    masks = np.zeros((2, 20, 20), np.uint8)
    masks[0, 3, 4] = masks[1, 10, 11] = 1
    transform, other = A.CropNonEmptyMaskIfExists(1, 1), np.ones((20, 20), np.uint8)
    params = {"additional_targets": {"valid": "mask"}}
    seen = Counter(windows(transform, 200, (20, 20), params, masks=masks, valid=other))
    assert {window[:2] for window in seen} == {(4, 3), (11, 10)}
    assert evenly(seen, 200)
    with pytest.raises(ValueError, match="CropNonEmptyMaskIfExists needs a mask or masks"):
        transform(image=other)


def test_an_empty_mask_allows_every_window():
    empty = np.zeros((10, 11), np.uint8)
    seen = Counter(windows(A.CropNonEmptyMaskIfExists(8, 9), 1200, (10, 11), mask=empty))
    assert len(seen) == 9
    assert evenly(seen, 1200)


@pytest.mark.parametrize("cls", [A.AtLeastOneBBoxRandomCrop, A.CropNonEmptyMaskIfExists])
def test_an_image_that_is_too_small_is_an_error(cls):
    image = np.zeros((30, 40), np.uint8)
    with pytest.raises(ValueError, match=rf"{cls.__name__} needs an image of at least 31 x 20"):
        cls(31, 20)(image=image, mask=image)
    assert cls(30, 40)(image=image, mask=image)["image"].shape == (30, 40)


def test_a_pixel_is_found_again_on_a_sample_of_another_size():
    transform = A.CropNonEmptyMaskIfExists(10, 10)
    mask = np.zeros((40, 40), np.uint8)
    mask[30, 10] = 1
    tree = A.ReplayCompose([transform])(image=mask, mask=mask, key=(0, 0, 1))["replay"]
    large = np.kron(mask, np.ones((3, 3), np.uint8))
    assert A.ReplayCompose.replay(tree, image=large, mask=large)["mask"].any()


def test_strips_are_cut_off_as_wide_as_allowed():
    transform = A.RandomCropFromBorders(0.1, 0.3, 0.25, 0.0)
    seen = list(windows(transform, 1500, (20, 30)))
    lefts, tops, rights, bottoms = (Counter(values) for values in zip(*seen, strict=True))
    assert set(lefts) == {0, 1, 2, 3}
    assert set(tops) == set(range(6))
    assert set(rights) == set(range(21, 31))
    assert set(bottoms) == {20}
    assert all(evenly(counts, 1500) for counts in (lefts, tops, rights))


def test_something_is_left_between_the_strips():
    """In 2.0.8 a strip of the whole width raised in the middle of training."""
    for transform in (
        A.RandomCropFromBorders(1.0, 0.0, 0.0, 1.0),
        A.RandomCropFromBorders(0.5, 0.5, 0.5, 0.5),
    ):
        for left, top, right, bottom in windows(transform, 300, (5, 4)):
            assert 0 <= left < right <= 4
            assert 0 <= top < bottom <= 5
    image = np.zeros((5, 4), np.uint8)
    assert A.RandomCropFromBorders(0, 0, 0, 0)(image=image)["image"].shape == (5, 4)


def test_each_side_moves_by_its_share_of_the_box():
    box = (20, 10, 40, 50)  # 20 wide, 40 high
    seen = windows(A.RandomCropNearBBox((0.1, 0.25)), 1500, (80, 90), cropping_bbox=box)
    sides = [Counter(values) for values in zip(*seen, strict=True)]
    for counts, middle, most in zip(sides, box, (5, 4, 5, 4), strict=True):
        assert set(counts) == set(range(middle - most, middle + most + 1))
        assert evenly(counts, 1500)


def test_a_number_moves_the_left_and_right_only():
    assert A.RandomCropNearBBox(0.3).max_part_shift == (0, 0.3)
    seen = list(windows(A.RandomCropNearBBox(0.3), 50, (80, 90), cropping_bbox=(20, 10, 40, 50)))
    assert {(top, bottom) for _, top, _, bottom in seen} == {(10, 50)}
    assert len({left for left, *_ in seen}) > 5


def test_a_pair_is_height_then_width():
    """2.0.8 sorts it, and so moves the wrong sides."""
    seen = windows(A.RandomCropNearBBox((0.3, 0)), 50, (80, 90), cropping_bbox=(20, 10, 40, 50))
    assert {(left, right) for left, _, right, _ in seen} == {(20, 40)}


@pytest.mark.parametrize(
    ("box", "window"),
    [
        ((20, 10, 40, 50), (20, 10, 40, 50)),
        ([20.5, 10.0, 39.2, 50], (20, 10, 40, 50)),  # 2.0.8 raises for fractions
        (np.array([20, 10, 40, 50, 7]), (20, 10, 40, 50)),
        ((-5, -3, 200, 12), (0, 0, 90, 12)),
    ],
)
def test_boxes_of_any_form_are_cut_out(box, window):
    assert list(windows(A.RandomCropNearBBox((0, 0)), 1, (80, 90), cropping_bbox=box)) == [window]


def test_sides_that_cross_leave_a_pixel():
    """2.0.8 raises where they do."""
    transform = A.RandomCropNearBBox((1.0, 1.0))
    for left, top, right, bottom in windows(transform, 300, (9, 9), cropping_bbox=(3, 3, 6, 6)):
        assert 0 <= left < right <= 9
        assert 0 <= top < bottom <= 9


@pytest.mark.parametrize("box", [None, (4, 4, 4, 9), (9, 4, 4, 9), (50, 0, 60, 9), (1, 2, 3), "x"])
def test_a_missing_or_impossible_box_says_so(box):
    transform = A.RandomCropNearBBox(cropping_bbox_key="face")
    with pytest.raises(ValueError, match=r"RandomCropNearBBox needs face=\(x_min, y_min"):
        transform(image=np.zeros((20, 30), np.uint8), face=box)


def test_a_strict_pipeline_knows_the_key_and_gives_it_back():
    box = [3, 3, 9, 9]
    pipe = A.Compose([A.RandomCropNearBBox(cropping_bbox_key="face")], strict=True)
    assert pipe(image=np.zeros((20, 30), np.uint8), face=box)["face"] is box


@pytest.mark.parametrize("size", [(100, 90), (64, 200), (1, 40), (77, 77)])
@pytest.mark.parametrize("shape", [(50, 70), (200, 33), (1, 1), (77, 77), (3, 301)])
def test_a_letter_box_is_a_fitted_image_in_its_border(size, shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    mask = image[..., 0].copy()
    fills = {"fill": (9, 8, 7), "fill_mask": 3}
    got = A.LetterBox(size, **fills)(image=image, mask=mask)
    fitted = A.LongestMaxSize(max_size_hw=size)
    want = A.Compose([fitted, A.PadIfNeeded(*size, **fills)])(image=image, mask=mask)
    assert got["image"].shape == (*size, 3)
    np.testing.assert_array_equal(got["image"], want["image"])
    np.testing.assert_array_equal(got["mask"], want["mask"])


def test_a_letter_box_of_the_images_own_size_changes_nothing():
    image = np.zeros((30, 40, 3), np.uint8)
    assert A.LetterBox((30, 40))(image=image)["image"] is image
    assert A.LetterBox(40)(image=image)["image"].shape == (40, 40, 3)


@pytest.mark.parametrize(
    ("position", "top"), [("center", 20), ("top_left", 0), ("bottom_right", 40)]
)
def test_labels_lie_in_the_letter_box_as_the_image_does(position, top):
    pipe = A.Compose(
        [A.LetterBox((120, 160), position=position)],
        bbox_params=A.BboxParams("pascal_voc"),
        keypoint_params=A.KeypointParams("xy"),
    )
    image = np.zeros((40, 80), np.uint8)
    image[10:20, 30:50] = 1
    result = pipe(image=image, mask=image, bboxes=[[30, 10, 50, 20]], keypoints=[(39.5, 14.5)])
    assert result["bboxes"] == [[60, 20 + top, 100, 40 + top]]
    assert result["keypoints"] == [(79.5, 29.5 + top)]
    ys, xs = np.nonzero(result["mask"])
    assert [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] == result["bboxes"][0]


def test_a_letter_box_lies_anywhere_if_asked():
    transform = A.LetterBox((12, 10), position="random", fill=1)
    image = np.zeros((10, 10), np.uint8)
    tops = Counter(
        int(np.flatnonzero(transform(image=image, key=(0, 0, i))["image"][:, 0] == 0)[0])
        for i in range(300)
    )
    assert set(tops) == {0, 1, 2}
    assert evenly(tops, 300)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: A.AtLeastOneBBoxRandomCrop(0, 9), "AtLeastOneBBoxRandomCrop.height must be"),
        (lambda: A.AtLeastOneBBoxRandomCrop(9, 9, 2), "RandomCrop.erosion_factor must be"),
        (lambda: A.CropNonEmptyMaskIfExists(9, 9, 3), "IfExists.ignore_values must be"),
        (lambda: A.RandomCropFromBorders(0.6, 0.6), "crop_right must be at most 1 - crop_left"),
        (lambda: A.RandomCropFromBorders(crop_top=1, crop_bottom=0.5), "crop_bottom must be"),
        (
            lambda: A.RandomCropNearBBox(1.5),
            r"NearBBox.max_part_shift must be .*\[0, 1\]",
        ),
        (lambda: A.LetterBox((0, 9)), "LetterBox.size must be .*>= 1"),
        (lambda: A.LetterBox((9, 9), position="middle"), "LetterBox.position must be one of"),
    ],
)
def test_wrong_values_say_so(make, words):
    with pytest.raises(ValueError, match=words):
        make()
