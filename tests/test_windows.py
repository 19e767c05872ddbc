"""Crops, pads and resizes, against NumPy slicing, np.pad and Pillow."""

import numpy as np
import pytest
from PIL import Image

import probaug as A
from probaug.core.matrix import Size

GRID = np.arange(12 * 17, dtype=np.uint8).reshape(12, 17)
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


def pipeline(*transforms, **settings):
    return A.Compose(
        list(transforms),
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams("xy"),
        **settings,
    )


def where(window):
    """Top and left of a window of GRID, whose values are all different."""
    return divmod(int(window[0, 0]), 17)


def test_center_crop_rounds_down():
    for height, width in ((12, 17), (5, 6), (6, 5), (1, 1)):
        top, left = (12 - height) // 2, (17 - width) // 2
        result = A.CenterCrop(height, width)(image=GRID)["image"]
        np.testing.assert_array_equal(result, GRID[top : top + height, left : left + width])


def test_random_crop_reaches_every_place_equally():
    counts = np.zeros((4, 3), int)
    for index in range(1200):
        result = A.RandomCrop(9, 15)(image=GRID, key=(0, 0, index))["image"]
        top, left = where(result)
        np.testing.assert_array_equal(result, GRID[top : top + 9, left : left + 15])
        counts[top, left] += 1
    assert ((counts - 100) ** 2 / 100).sum() < 35  # chi-squared, 11 degrees of freedom


def test_crop_is_a_slice():
    result = A.Crop(3, 2, 10, 11)(image=GRID, mask=GRID[..., None])
    np.testing.assert_array_equal(result["image"], GRID[2:11, 3:10])
    np.testing.assert_array_equal(result["mask"], GRID[2:11, 3:10, None])


def test_labels_of_a_crop_are_shifted_and_clipped():
    pipe = pipeline(A.Crop(10, 5, 50, 35))
    result = pipe(
        image=PHOTO, bboxes=[[0, 0, 20, 20], [12, 6, 15, 9], [52, 0, 60, 40]],
        labels=["a", "b", "c"], keypoints=[(10, 5), (49.5, 34.5), (9, 5)],
    )  # fmt: skip
    assert result["bboxes"] == [[0, 0, 10, 15], [2, 1, 5, 4]]
    assert result["labels"] == ["a", "b"]
    assert result["keypoints"] == [(0, 0), (39.5, 29.5)]


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        (A.RandomCrop(50, 20), "RandomCrop needs an image of at least 50 x 20"),
        (A.CenterCrop(10, 70), "CenterCrop needs an image of at least 10 x 70"),
        (A.Crop(0, 0, 61, 20), "Crop needs an image of at least 20 x 61"),
    ],
)
def test_too_small_images_are_refused_with_both_sizes(transform, words):
    with pytest.raises(ValueError, match=words) as caught:
        transform(image=PHOTO)
    assert "got 40 x 60" in str(caught.value)
    assert "pad_if_needed=True" in str(caught.value)


POSITIONS = {
    "center": (1, 2), "top_left": (0, 0), "top_right": (0, 5), "bottom_left": (3, 0),
    "bottom_right": (3, 5),
}  # fmt: skip


@pytest.mark.parametrize("position", POSITIONS)
def test_padding_puts_the_image_where_it_says(position):
    top, left = POSITIONS[position]
    wanted = np.pad(GRID, ((top, 3 - top), (left, 5 - left)), constant_values=77)
    mask = np.pad(GRID, ((top, 3 - top), (left, 5 - left)), constant_values=5)
    how = {"fill": 77, "fill_mask": 5}
    for transform in (
        A.PadIfNeeded(15, 22, position=position, **how),
        A.CenterCrop(15, 22, pad_if_needed=True, pad_position=position, **how),
        A.RandomCrop(15, 22, pad_if_needed=True, pad_position=position, **how),
        A.Crop(0, 0, 22, 15, pad_if_needed=True, pad_position=position, **how),
    ):
        result = transform(image=GRID, mask=GRID)
        np.testing.assert_array_equal(result["image"], wanted)
        np.testing.assert_array_equal(result["mask"], mask)


def test_random_position_reaches_every_place():
    for transform in (
        A.PadIfNeeded(14, 18, position="random", fill=255),
        A.RandomCrop(14, 18, pad_if_needed=True, pad_position="random", fill=255),
    ):
        seen = set()
        for index in range(200):
            result = transform(image=GRID, key=(0, 0, index))["image"]
            seen.add(tuple(np.argwhere(result == 0)[0]))
        assert seen == {(top, left) for top in range(3) for left in range(2)}


def test_crop_beyond_the_image_pads_no_more_than_the_window_needs():
    result = A.Crop(5, 2, 20, 9, pad_if_needed=True, pad_position="top_left", fill=9)(image=GRID)
    wanted = np.pad(GRID, ((0, 0), (0, 3)), constant_values=9)[2:9, 5:20]
    np.testing.assert_array_equal(result["image"], wanted)
    one_axis = A.RandomCrop(14, 5, pad_if_needed=True)(image=GRID, key=(0, 0, 3))["image"]
    left = int(one_axis[1, 0])
    np.testing.assert_array_equal(one_axis[1:13], GRID[:, left : left + 5])


@pytest.mark.parametrize("mode", ["constant", "edge", "symmetric", "wrap", "reflect"])
@pytest.mark.parametrize("padding", [3, (4, 2), (1, 2, 3, 4), (50, 0, 40, 30)])
def test_pad_is_np_pad(mode, padding):
    left, top, right, bottom = {
        int: lambda p: (p, p, p, p), tuple: lambda p: p if len(p) == 4 else (*p, *p),
    }[type(padding)](padding)  # fmt: skip
    code = ["constant", "edge", "symmetric", "wrap", "reflect"].index(mode)
    for image in (PHOTO, PHOTO[..., 0], PHOTO.astype(np.float32), np.dstack([PHOTO, PHOTO])):
        widths = ((top, bottom), (left, right), (0, 0))[: image.ndim]
        result = A.Pad(padding, border_mode=code)(image=image)["image"]
        np.testing.assert_array_equal(result, np.pad(image, widths, mode=mode))


def test_pad_fills_each_channel_with_its_own_value():
    result = A.Pad(1, fill=(1, 2, 3))(image=PHOTO)["image"]
    assert result[0, 0].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match=r"one value per channel \(1\)"):
        A.Pad(1, fill=(1, 2, 3))(image=GRID)


def test_a_repeated_object_keeps_one_label():
    pipe = pipeline(A.Pad(20, border_mode="reflect"))
    result = pipe(image=PHOTO, bboxes=[[1, 2, 9, 8]], labels=["a"], keypoints=[(3, 4)])
    assert result["bboxes"] == [[21, 22, 29, 28]]
    assert result["keypoints"] == [(23, 24)]


def test_divisors():
    result = A.PadIfNeeded(None, None, 8, 16)(image=GRID)["image"]
    np.testing.assert_array_equal(result, np.pad(GRID, ((2, 2), (7, 8))))
    mixed = A.PadIfNeeded(min_height=5, min_width=None, pad_width_divisor=17)
    assert mixed(image=GRID)["image"].shape == GRID.shape
    for fields in ({"pad_height_divisor": 8}, {"min_height": None}):
        with pytest.raises(
            ValueError, match=r"PadIfNeeded\.pad_height_divisor must be given exactly"
        ):
            A.PadIfNeeded(**fields)


def test_crop_of_pad_is_the_image():
    pipe = pipeline(A.PadIfNeeded(50, 90), A.CenterCrop(40, 60))
    result = pipe(image=PHOTO, bboxes=[[1, 2, 9, 8]], labels=["a"], keypoints=[(3, 4)])
    np.testing.assert_array_equal(result["image"], PHOTO)
    assert result["bboxes"] == [[1, 2, 9, 8]]
    assert result["keypoints"] == [(3, 4)]


def drawn(transform, times=300, **data):
    pipe = pipeline(transform, save_applied_params=True)
    data = {"image": PHOTO, "bboxes": [], "labels": [], "keypoints": [], **data}
    return [pipe(**data, key=(0, 0, index))["applied_transforms"][0][1] for index in range(times)]


def test_random_resized_crop_draws_areas_and_shapes():
    image = np.zeros((300, 400), np.uint8)
    transform = A.RandomResizedCrop((20, 30), scale=(0.1, 0.5), ratio=(0.5, 2))
    logs = []
    for params in drawn(transform, 400, image=image):
        left, top, right, bottom = transform.window(Size(300, 400), **params)
        assert 0 <= left < right <= 400
        assert 0 <= top < bottom <= 300
        assert 0.09 < (right - left) * (bottom - top) / image.size < 0.51
        logs.append(np.log((right - left) / (bottom - top)))
    assert np.mean(logs) == pytest.approx(0, abs=0.08)
    assert min(logs) >= np.log(0.5) - 0.03
    assert max(logs) <= np.log(2) + 0.03


def test_random_resized_crop_falls_back_to_the_largest_central_window():
    for size, ratio, window in (
        (Size(100, 400), (1, 1), (150, 0, 250, 100)),
        (Size(401, 100), (1, 1), (0, 150, 100, 250)),
        (Size(100, 90), (3, 4), (0, 35, 90, 65)),
    ):
        transform = A.RandomResizedCrop((8, 8), scale=(1, 1), ratio=ratio)
        (params,) = drawn(transform, 1, image=np.zeros(size, np.uint8))
        assert transform.window(size, **params) == window


def test_random_resized_crop_resizes_what_it_cuts():
    transform = A.RandomResizedCrop((37, 51), interpolation="area")
    for index in range(20):
        result = pipeline(transform, save_applied_params=True)(
            image=PHOTO, bboxes=[[10, 10, 40, 30]], labels=[1], keypoints=[], key=(0, 0, index)
        )
        left, top, right, bottom = transform.window(
            Size(40, 60), **result["applied_transforms"][0][1]
        )
        wide, high = 51 / (right - left), 37 / (bottom - top)
        moved = np.clip(
            ((10 - left) * wide, (10 - top) * high, (40 - left) * wide, (30 - top) * high),
            0, (51, 37, 51, 37),
        )  # fmt: skip
        if len(result["bboxes"]):
            np.testing.assert_allclose(result["bboxes"][0], moved, atol=1e-9)
        pillow = Image.fromarray(PHOTO[top:bottom, left:right])
        if (bottom - top) % 37 == 0 == (right - left) % 51:  # where area and Pillow's box agree
            wanted = np.asarray(pillow.resize((51, 37), Image.Resampling.BOX)).astype(int)
            assert np.abs(result["image"] - wanted).max() <= 1


def test_random_sized_crop_draws_heights_both_ends_included():
    heights = {p["height"] for p in drawn(A.RandomSizedCrop((10, 13), (8, 8)))}
    assert heights == {10, 11, 12, 13}
    transform = A.RandomSizedCrop((20, 20), (8, 8), w2h_ratio=1.7)
    left, top, right, bottom = transform.window(Size(40, 60), height=20, top=0.0, left=0.999)
    assert (left, top, right, bottom) == (26, 0, 60, 20)
    larger = A.RandomSizedCrop((500, 500), (8, 8))
    assert larger.window(Size(40, 60), height=500, top=0.5, left=0.5) == (0, 0, 60, 40)


@pytest.mark.parametrize("erosion", [0.0, 0.3, 1.0])
def test_box_safe_crops_hold_every_box(erosion):
    boxes = np.array([[10.25, 8, 20, 15], [30, 12, 50.5, 30.75]])
    transform = A.BBoxSafeRandomCrop(erosion)
    windows = []
    for params in drawn(transform, 300, bboxes=boxes, labels=[0, 1]):
        windows.append(transform.window(Size(40, 60), **params))
        left, top, right, bottom = windows[-1]
        dx, dy = (50.5 - 10.25) * erosion / 2, (30.75 - 8) * erosion / 2
        assert 0 <= left <= 10.25 + dx
        assert 0 <= top <= 8 + dy
        assert 50.5 - dx <= right <= 60
        assert 30.75 - dy <= bottom <= 40
    low, high = np.min(windows, 0), np.max(windows, 0)
    assert (low[:2] == 0).all()
    assert (high[2:] == (60, 40)).all()
    assert low[2] <= 53 - erosion * 20
    sized = pipeline(A.RandomSizedBBoxSafeCrop(32, 48, erosion_rate=0))
    for index in range(50):
        result = sized(image=PHOTO, bboxes=boxes, labels=[0, 1], keypoints=[], key=(0, 0, index))
        assert result["image"].shape == (32, 48, 3)
        assert len(result["bboxes"]) == 2


def test_box_safe_crops_without_boxes_keep_the_shape_of_the_image():
    transform = A.BBoxSafeRandomCrop(0.5)
    heights = []
    for params in drawn(transform):
        left, top, right, bottom = transform.window(Size(40, 60), **params)
        assert (right - left) / (bottom - top) == pytest.approx(1.5, abs=0.12)
        heights.append(bottom - top)
    assert min(heights) <= 22
    assert max(heights) >= 39
    result = A.BBoxSafeRandomCrop()(image=PHOTO)["image"]
    np.testing.assert_array_equal(result, PHOTO)


def test_crop_and_pad_reads_each_form():
    def result(**fields):
        return A.CropAndPad(**fields, keep_size=False, fill=9)(image=GRID)["image"]

    np.testing.assert_array_equal(result(px=2), np.pad(GRID, 2, constant_values=9))
    np.testing.assert_array_equal(result(px=-2), GRID[2:-2, 2:-2])
    np.testing.assert_array_equal(
        result(px=(1, -2, 3, -4)), np.pad(GRID[:, 4:-2], ((1, 3), (0, 0)), constant_values=9)
    )
    np.testing.assert_array_equal(
        result(percent=(0.25, 0.12, -0.1, 0)),
        np.pad(GRID[:-1], ((3, 0), (0, 2)), constant_values=9),
    )
    np.testing.assert_array_equal(result(px=((2, 2), 0, (5, 5, 5), 0)).shape, (19, 17))
    assert result(px=-100).shape == (1, 1)
    assert result(px=(-100, 0, 0, 3)).shape == (1, 20)
    for fields in ({}, {"px": 1, "percent": 0.1}, {"px": (2, 1)}, {"percent": ((2, 1), 0, 0, 0)},
                   {"px": 1.5}, {"px": (1, 2, 3)}):  # fmt: skip
        with pytest.raises(ValueError, match=r"CropAndPad\.(px|percent) must be .*, got"):
            A.CropAndPad(**fields)


def test_crop_and_pad_draws_both_ends_side_by_side():
    amounts = drawn(A.CropAndPad(px=(-1, 1)))
    assert {p["top"] for p in amounts} == {-1, 0, 1}
    assert any(p["top"] != p["left"] for p in amounts)
    together = drawn(A.CropAndPad(percent=(-0.1, 0.1), sample_independently=False))
    assert all(p["top"] == p["left"] == p["right"] == p["bottom"] for p in together)
    choices = {p["left"] for p in drawn(A.CropAndPad(px=(0, 0, 0, [2, 5, 9])))}
    assert choices == {2, 5, 9}
    fills = drawn(A.CropAndPad(px=1, fill=(10, 12), fill_mask=(1, 5, 9)))
    assert {p["value"] for p in fills} == {10, 11, 12}
    assert {p["mask_value"] for p in fills} == {1, 5, 9}


@pytest.mark.parametrize("border", range(5))
def test_crop_and_pad_pads_what_is_left_of_the_image(border):
    mode = ["constant", "edge", "symmetric", "wrap", "reflect"][border]
    transform = A.CropAndPad(px=(-5, 7, 9, -6), keep_size=False, border_mode=border)
    wanted = np.pad(GRID[5:, 6:], ((0, 9), (0, 7)), mode=mode)
    np.testing.assert_array_equal(transform(image=GRID)["image"], wanted)


def test_crop_and_pad_keeps_the_size():
    pipe = pipeline(A.CropAndPad(px=(4, -10, 6, -20)))
    result = pipe(image=PHOTO, mask=PHOTO[..., 0], bboxes=[[25, 0, 45, 40]], labels=[1],
                  keypoints=[(34.5, 19.5)])  # fmt: skip
    assert result["image"].shape == PHOTO.shape
    np.testing.assert_allclose(result["bboxes"][0], (10, 3.2, 50, 35.2))
    np.testing.assert_allclose(result["keypoints"][0], (29.5, 18.7))
    assert set(np.unique(result["mask"])) <= set(np.unique(PHOTO[..., 0])) | {0}


@pytest.mark.parametrize(
    ("transform", "shape"),
    [
        (A.Resize(7, 9), (7, 9)),
        (A.LongestMaxSize(30), (20, 30)),
        (A.LongestMaxSize(7), (5, 7)),
        (A.LongestMaxSize(max_size_hw=(10, None)), (10, 15)),
        (A.LongestMaxSize(max_size_hw=(30, 20)), (13, 20)),
        (A.SmallestMaxSize(30), (30, 45)),
        (A.SmallestMaxSize(max_size_hw=(None, 20)), (13, 20)),
        (A.SmallestMaxSize(max_size_hw=(30, 20)), (30, 45)),
        (A.RandomScale((0.37, 0.37), p=1), (54, 82)),
        (A.RandomScale((-0.999, -0.999), p=1), (1, 1)),
    ],
)
def test_sizes(transform, shape):
    result = pipeline(transform)(
        image=PHOTO, mask=PHOTO[..., 0], bboxes=[[6, 4, 60, 40]], labels=[1], keypoints=[]
    )
    assert result["image"].shape[:2] == result["mask"].shape == shape
    scale = np.array([shape[1] / 60, shape[0] / 40] * 2)
    np.testing.assert_allclose(result["bboxes"][0], scale * (6, 4, 60, 40))


def test_several_sizes_are_chosen_from():
    sizes = {p["max_size"] for p in drawn(A.LongestMaxSize([5, 7, 9]))}
    assert sizes == {5, 7, 9}
    for fields in ({}, {"max_size": 3, "max_size_hw": (3, 3)}, {"max_size_hw": (None, None)},
                   {"max_size": []}, {"max_size": 0}, {"max_size_hw": (0, 3)}):  # fmt: skip
        with pytest.raises(ValueError, match=r"SmallestMaxSize\.max_size(_hw)? must be .*, got"):
            A.SmallestMaxSize(**fields)


def test_area_is_for_what_becomes_smaller_in_both_directions():
    image = np.zeros((40, 60), np.uint8)
    image[::2] = 200
    down = A.Resize(20, 30, interpolation=0, area_for_downscale="image")
    result = down(image=image, mask=image)
    assert (result["image"] == 100).all()
    assert set(np.unique(result["mask"])) <= {0, 200}
    both = A.Resize(20, 30, area_for_downscale="image_mask")(image=image, mask=image)
    assert (both["mask"] == 100).all()
    up = A.Resize(80, 120, area_for_downscale="image_mask")(image=image, mask=image)
    assert set(np.unique(up["mask"])) == {0, 200}


def test_planes_of_another_size_follow_by_the_same_draw():
    small = PHOTO[::2, ::2].copy()
    for transform in (A.RandomResizedCrop((16, 16)), A.BBoxSafeRandomCrop(0.5), A.Resize(8, 8)):
        pipe = A.Compose([transform], additional_targets={"other": "image"}, is_check_shapes=False)
        result = pipe(image=PHOTO, other=small, key=(0, 0, 1))
        assert result["other"].dtype == np.uint8
        if not isinstance(transform, A.BBoxSafeRandomCrop):
            assert result["image"].shape == result["other"].shape
