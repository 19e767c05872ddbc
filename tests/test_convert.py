"""Conversions against plain NumPy."""

import numpy as np
import pytest

import probaug as A

RNG = np.random.default_rng(1)
PHOTO = RNG.integers(0, 256, (23, 19, 3), dtype=np.uint8)
UNIT = (PHOTO / 255).astype(np.float32)
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.mark.parametrize("image", [PHOTO, UNIT, PHOTO.astype(np.uint16) * 257])
@pytest.mark.parametrize("white", [255.0, 1.0, 65535.0])
def test_standard(image, white):
    result = A.Normalize(max_pixel_value=white)(image=image)["image"]
    wanted = (image - MEAN * white) / (STD * white)
    assert result.dtype == np.float32
    assert np.allclose(result, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3), (5, 4, 6)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_numbers_serve_any_channels(shape, dtype):
    image = (RNG.random(shape) * (1 if dtype == "float32" else 200)).astype(dtype)
    result = A.Normalize(mean=0.5, std=0.25)(image=image)["image"]
    assert result.shape == shape
    assert np.allclose(result, (image - 127.5) / 63.75, atol=1e-5)


def test_one_number_and_several_go_together():
    result = A.Normalize(mean=MEAN.tolist(), std=0.25)(image=PHOTO)["image"]
    assert np.allclose(result, (PHOTO / 255 - MEAN) / 0.25, atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 4), (4, 4, 5)])
def test_three_means_for_other_channels_are_an_error(shape):
    message = rf"Normalize.mean has 3 values.*'image' has {(*shape, 1)[2]} channels"
    with pytest.raises(ValueError, match=message):
        A.Normalize()(image=np.zeros(shape, np.uint8))


@pytest.mark.parametrize("image", [PHOTO, UNIT, UNIT * 300 - 40, PHOTO.astype(np.uint16) * 257])
@pytest.mark.parametrize("kind", ["image", "image_per_channel", "min_max", "min_max_per_channel"])
def test_an_image_s_own_numbers(image, kind):
    result = A.Normalize(normalization=kind)(image=image)["image"]
    axes = (0, 1) if kind.endswith("per_channel") else None
    x = image.astype(np.float64)
    if kind.startswith("min_max"):
        wanted = (x - x.min(axes)) / (x.max(axes) - x.min(axes) + 1e-4)
    else:
        wanted = ((x - x.mean(axes)) / (x.std(axes) + 1e-4)).clip(-20, 20)
    assert result.dtype == np.float32
    assert np.allclose(result, wanted, atol=2e-5)


def test_one_colour_becomes_zero_and_outliers_are_clipped():
    for kind in ("image", "image_per_channel", "min_max", "min_max_per_channel"):
        result = A.Normalize(normalization=kind)(image=np.full((4, 4, 3), 7, np.uint8))["image"]
        assert np.abs(result).max() == 0
    outlier = np.zeros((60, 60), np.uint8)
    outlier[3, 3] = 200
    assert A.Normalize(normalization="image")(image=outlier)["image"].max() == 20


def test_each_frame_is_normalised_by_itself():
    frames = np.stack([PHOTO, PHOTO // 2])
    result = A.Normalize(normalization="min_max")(images=frames)["images"]
    assert result[0].max() == pytest.approx(result[1].max(), abs=1e-3)


def test_numbers_that_standard_needs():
    for field in ("mean", "std", "max_pixel_value"):
        with pytest.raises(ValueError, match=rf"Normalize.{field} must be given"):
            A.Normalize(**{field: None})
        A.Normalize(**{field: None}, normalization="image")
    with pytest.raises(ValueError, match=r"Normalize.std must be > 0"):
        A.Normalize(std=(0.1, 0, 0.1))
    with pytest.raises(ValueError, match=r"Normalize.std must be as long as mean"):
        A.Normalize(std=(0.1, 0.2))


def test_normalize_joined_is_normalize_after_another():
    tones = [A.RandomGamma(p=1), A.RandomBrightnessContrast(p=1), A.Normalize()]
    exact, steps = A.Compose(tones, seed=3), A.Compose(tones, seed=3, fusion="off")
    for key in range(5):
        assert np.array_equal(
            exact(image=PHOTO, key=(0, 0, key))["image"],
            steps(image=PHOTO, key=(0, 0, key))["image"],
        )


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_to_float_and_back(dtype):
    top = np.iinfo(dtype).max
    image = RNG.integers(0, top, (30, 20, 3), dtype=dtype, endpoint=True)
    unit = A.ToFloat()(image=image)["image"]
    assert unit.dtype == np.float32
    assert np.allclose(unit, image / top, atol=1e-7)
    back = A.FromFloat(dtype=dtype)(image=unit)["image"]
    assert back.dtype == dtype
    slack = 256 if dtype == "uint32" else 0  # float32 holds 24 bits
    assert np.abs(back.astype(np.int64) - image.astype(np.int64)).max() <= slack


def test_to_float_of_other_dtypes():
    assert A.ToFloat()(image=UNIT)["image"] is UNIT
    assert A.ToFloat()(image=UNIT.astype(np.float64))["image"].dtype == np.float32
    signed = np.array([[-50, 100]], np.int32)
    assert A.ToFloat(max_value=100)(image=signed)["image"].tolist() == [[-0.5, 1.0]]
    assert np.allclose(A.ToFloat(100)(image=PHOTO)["image"], PHOTO / 100)
    with pytest.raises(TypeError, match=r"ToFloat expects .* or a max_value, got int32"):
        A.ToFloat()(image=signed)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_from_float_rounds_and_clips(dtype):
    top = np.iinfo(dtype).max
    image = np.array([[[-0.1, 0.0, 0.5], [1.0, 1.1, 0.25]]], np.float32)
    result = A.FromFloat(dtype)(image=image)["image"]
    wanted = np.rint(np.clip(image.astype(np.float64), 0, 1) * top)
    assert np.array_equal(result, wanted.astype(dtype))
    assert A.FromFloat(dtype, max_value=100)(image=image)["image"].ravel().tolist() == [
        0, 0, 50, 100, 110, 25,
    ]  # fmt: skip


def test_from_float_refuses_what_is_no_picture():
    with pytest.raises(ValueError, match=r"FromFloat expects values of which 255 times"):
        A.FromFloat()(image=UNIT * 255)
    with pytest.raises(TypeError, match=r"FromFloat expects .* float32 or float64"):
        A.FromFloat()(image=PHOTO)
    assert np.array_equal(A.FromFloat(max_value=1)(image=UNIT * 255)["image"], PHOTO)
