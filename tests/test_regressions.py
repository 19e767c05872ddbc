"""Mistakes that were made once, each with its smallest case."""

from typing import ClassVar

import numpy as np
import pytest
from cases import photo

import probaug as A
from probaug.core.kinds import Pixel, Pointwise


def test_tiles_of_a_small_mask_hold_nothing_new():
    pipe = A.Compose([A.RandomGridShuffle((3, 3), p=1)], is_check_shapes=False, seed=1)
    mask = np.full((2, 44), 5, np.uint8)
    for index in range(8):
        result = pipe(image=np.zeros((6, 6, 3), np.uint8), mask=mask, key=(0, 0, index))
        assert set(np.unique(result["mask"])) == {5}


class Greedy(Pixel):
    """Reads a uniform that it did not declare."""

    draws: ClassVar[int] = 0

    def sample(self, draw, canvas):
        return {"value": draw.uniform()}

    def edit(self, image, value):
        return np.full_like(image, round(255 * value))


def test_undeclared_uniforms_are_not_the_next_transforms():
    image = np.zeros((2, 3, 3), np.uint8)
    image[:, 0] = 1
    pipe = A.Compose([Greedy(p=1), A.HorizontalFlip(p=0.5)], save_applied_params=True, seed=0)
    drawn, flipped = [], []
    for index in range(400):
        applied = dict(pipe(image=image, key=(0, 0, index))["applied_transforms"])
        drawn.append(applied["Greedy"]["value"])
        flipped.append("HorizontalFlip" in applied)
    assert abs(np.corrcoef(drawn, flipped)[0, 1]) < 0.2
    assert 0.4 < np.mean(drawn) < 0.6


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_equalize_takes_more_channels_than_opencv_splits(dtype):
    image = photo(20, 30, 3, dtype)
    many = np.concatenate([image] * 50, axis=2)
    few = A.Equalize(p=1)(image=image)["image"]
    result = A.Equalize(p=1)(image=many)["image"]
    np.testing.assert_array_equal(result, np.concatenate([few] * 50, axis=2))


@pytest.mark.parametrize("fusion", ["exact", "off"])
def test_our_own_overshoot_is_no_error(fusion):
    image = np.random.default_rng(0).integers(0, 2, (40, 50, 3)).astype(np.float32)
    steps = [A.Affine(rotate=13, interpolation=2, p=1), A.Affine(rotate=-20, interpolation=2, p=1)]
    for last in (A.RandomGamma(p=1), A.HueSaturationValue(p=1)):
        result = A.Compose([*steps, A.CoarseDropout(p=1), last], fusion=fusion)(image=image)
        assert 0 <= result["image"].min() <= result["image"].max() <= 1
    wrong = A.Compose([*steps, A.Normalize(), A.Blur(p=1), A.RandomGamma(p=1)], fusion=fusion)
    with pytest.raises(ValueError, match=r"RandomGamma expects a float32 image within \[0, 1\]"):
        wrong(image=(image * 255).astype(np.uint8))


@pytest.mark.parametrize("channels", [None, 1, 3, 5])
@pytest.mark.parametrize(("fill", "wanted"), [(300, 255), (-5, 0), (127.6, 128)])
def test_fills_are_rounded_and_clipped_alike(channels, fill, wanted):
    shape = (8, 9) if channels is None else (8, 9, channels)
    image = np.full(shape, 7, np.uint8)
    away = A.Affine(translate_px={"x": 50, "y": 0}, fill=fill, p=1)
    for transform in (A.Pad(1, fill=fill), away):
        assert (transform(image=image)["image"][0, 0] == wanted).all()


def test_a_curve_may_run_a_pipeline():
    inner = A.Compose([A.Affine(rotate=30, p=1), A.RandomGamma((60, 60), p=1)])

    class Curious(Pointwise):
        def curve(self, x):
            inner(image=np.full((60, 80, 3), 200, np.uint8))
            return x

    image = photo(60, 80)
    one, other = (
        A.Compose([A.Affine(rotate=20, p=1), Curious(p=1)], fusion=fusion)(image=image)["image"]
        for fusion in ("exact", "off")
    )
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("as_list", [True, False])
def test_hooks_may_drop_masks(as_list):
    class First(A.DualTransform):
        def apply(self, img, **params):
            return img

        def apply_to_masks(self, masks, **params):
            return masks[:1]

    masks = np.stack([np.full((5, 6), value, np.uint8) for value in (1, 2, 3)])
    given = list(masks) if as_list else masks
    result = A.Compose([First(p=1)])(image=photo(5, 6), masks=given)["masks"]
    assert type(result) is type(given)
    np.testing.assert_array_equal(np.stack(result), masks[:1])


def test_a_copy_keeps_its_random_seed():
    pipe = A.Compose([A.GaussNoise(p=1)])
    pipe.set_random_seed(5)
    image = photo(8, 9)
    longer = pipe + A.NoOp(p=1)
    np.testing.assert_array_equal(pipe(image=image)["image"], longer(image=image)["image"])


def test_inner_pipelines_read_masks_their_own_way():
    mask = np.zeros((40, 50), np.uint8)
    mask[10:30, 10:30] = 200
    inner = A.Compose([A.Resize(33, 47)], mask_interpolation=1)
    outer = A.Compose([inner, A.Resize(40, 50)])
    assert len(np.unique(inner(mask=mask)["mask"])) > 2
    np.testing.assert_array_equal(
        np.unique(outer(mask=mask)["mask"]), np.unique(inner(mask=mask)["mask"])
    )


def test_boxes_outside_do_not_steer_safe_crops():
    steps = [A.Crop(0, 0, 60, 60), A.BBoxSafeRandomCrop()]
    params = A.BboxParams("pascal_voc", check_each_transform=False)
    inside, outside = [10.0, 10, 50, 50], [90.0, 10, 100, 20]
    pipe = A.Compose(steps, bbox_params=params, seed=0)
    for index in range(20):
        result = pipe(
            image=np.zeros((60, 120, 3), np.uint8), bboxes=[inside, outside], key=(0, 0, index)
        )
        assert result["image"].shape[0] >= 40
        assert result["image"].shape[1] >= 40


def test_many_channels_have_tables_too():
    image = photo(9, 10, 3)
    many = np.concatenate([image] * 50, axis=2)
    result = A.Normalize((0.5,) * 150, (0.25,) * 150)(image=many)["image"]
    np.testing.assert_allclose(result, (many / 255.0 - 0.5) / 0.25, atol=1e-5)
    assert A.ToGray(num_output_channels=130, p=1)(image=image)["image"].shape == (9, 10, 130)


def test_floats_stay_what_they_are_and_doubles_are_normalised():
    image = photo(9, 10, 3, "float32")
    np.testing.assert_array_equal(A.ToFloat(255)(image=image)["image"], image)
    doubles = image.astype(np.float64)
    result = A.Normalize(max_pixel_value=1.0)(image=doubles)["image"]
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, A.Normalize(max_pixel_value=1.0)(image=image)["image"])
    assert A.Normalize(0.5, 0.5, 1.0)(image=doubles[..., 0])["image"].dtype == np.float32


def test_one_grey_serves_any_number_of_channels():
    mask = np.ones((5, 6), np.uint8)
    result = A.Pad(2, fill=(9, 9, 9), fill_mask=(4, 4, 4))(image=photo(5, 6, None), mask=mask)
    assert result["image"][0, 0] == 9
    assert result["mask"][0, 0] == 4


def test_targets_may_be_added():
    flip = A.HorizontalFlip(p=1)
    pipe = A.Compose([A.HorizontalFlip(p=1)])
    image = photo(5, 6)
    for node in (flip, pipe):
        node.add_targets({"depth": "mask"})
        result = node(image=image, depth=image[..., 0])
        np.testing.assert_array_equal(result["depth"], image[:, ::-1, 0])
        with pytest.raises(ValueError, match="'picture'"):
            node.add_targets({"other": "picture"})
    assert A.from_dict(flip.to_dict()) == flip
