"""Tone transforms against Pillow, SciPy and plain arithmetic."""

import numpy as np
import pytest
from PIL import Image, ImageOps

import probaug as A
from probaug.core import tone
from probaug.core.channels import filtered, means, mixed, through_float

RNG = np.random.default_rng(7)
PHOTO = np.clip(RNG.normal(110, 40, (48, 40, 3)) + np.arange(40)[:, None], 0, 255).astype(np.uint8)
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def as_dtype(image, dtype):
    """The same picture in another dtype."""
    factor = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    return (image.astype(np.float64) * factor).astype(dtype)


def unit(image):
    return image.astype(np.float64) / WHITE[image.dtype.name]


def close(got, wanted, dtype):
    """Equal up to half a level, or to the precision of float32."""
    assert got.dtype == dtype
    bound = 1e-5 if dtype == "float32" else 0.5001 / WHITE[dtype]
    assert np.abs(unit(got) - np.clip(wanted, 0, 1)).max() <= bound


dtypes = pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])


@dtypes
@pytest.mark.parametrize(("brightness", "contrast"), [(0.2, 0.3), (-0.3, 0.5), (0.1, -0.4), (0, 0)])
def test_brightness_is_a_fraction_of_white_and_contrast_pivots_at_black(
    dtype, brightness, contrast
):
    image = as_dtype(PHOTO, dtype)
    t = A.RandomBrightnessContrast((brightness,) * 2, (contrast,) * 2, p=1)
    close(t(image=image)["image"], unit(image) * (1 + contrast) + brightness, dtype)


@dtypes
def test_brightness_may_be_a_fraction_of_the_mean(dtype):
    image = as_dtype(PHOTO, dtype)
    t = A.RandomBrightnessContrast((0.4, 0.4), (0, 0), brightness_by_max=False, p=1)
    close(t(image=image)["image"], unit(image) + 0.4 * unit(image).mean(), dtype)


def test_each_image_has_its_own_mean():
    t = A.RandomBrightnessContrast((0.5, 0.5), (0, 0), brightness_by_max=False, p=1)
    frames = np.stack([np.full((4, 5, 3), level, np.uint8) for level in (20, 100)])
    assert t(images=frames)["images"][:, 0, 0, 0].tolist() == [30, 150]


@pytest.mark.parametrize("brightness", [-0.9, -0.2, 0.0, 0.3, 0.9])
@pytest.mark.parametrize("contrast", [-0.5, 0.0, 0.9])
def test_a_safe_range_keeps_all_levels_in_order(brightness, contrast):
    t = A.RandomBrightnessContrast((brightness,) * 2, (contrast,) * 2, ensure_safe_range=True, p=1)
    result = t(image=np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8))["image"].ravel()
    steps = np.diff(result)
    assert np.ptp(steps) < 1e-6  # a straight line: nothing was clipped
    assert result.min() >= 0
    assert result.max() <= 1 + 1e-6


@dtypes
def test_gamma_is_a_power_in_percent(dtype):
    image = as_dtype(PHOTO, dtype)
    close(A.RandomGamma((150, 150), p=1)(image=image)["image"], unit(image) ** 1.5, dtype)


def test_gamma_then_its_inverse_is_the_image():
    image = as_dtype(PHOTO, "float32")
    there = A.RandomGamma((200, 200), p=1)(image=image)["image"]
    back = A.RandomGamma((50, 50), p=1)(image=there)["image"]
    assert np.allclose(back, image, atol=1e-5)


def test_overshoot_below_black_has_a_power():
    image = np.array([[-0.1, 0.5]], np.float32)
    assert A.RandomGamma((50, 50), p=1)(image=image)["image"][0, 0] == 0


def test_invert_posterize_and_solarize_are_pillows():
    photo = Image.fromarray(PHOTO)
    for t, wanted in [
        (A.InvertImg(p=1), ImageOps.invert(photo)),
        *((A.Posterize(bits, p=1), ImageOps.posterize(photo, bits)) for bits in range(1, 8)),
        *(
            (A.Solarize((level / 255,) * 2, p=1), ImageOps.solarize(photo, level))
            for level in (1, 77, 128, 255)
        ),
    ]:
        assert np.array_equal(t(image=PHOTO)["image"], np.asarray(wanted)), t


@pytest.mark.parametrize("bits", range(1, 8))
def test_posterize_means_the_same_for_floats(bits):
    result = A.Posterize(bits, p=1)(image=as_dtype(RAMP, "float32"))["image"]
    wanted = A.Posterize(bits, p=1)(image=RAMP)["image"]
    assert np.array_equal(np.rint(result * 255), wanted)


def test_posterize_by_channel():
    image = np.full((4, 4, 3), 255, np.uint8)
    t = A.Posterize([1, 2, 3], p=1)
    assert t(image=image)["image"][0, 0].tolist() == [128, 192, 224]
    ranges = A.Posterize([(1, 2), (3, 4), (5, 6)], p=1)
    seen = {tuple(ranges(image=image, key=i)["image"][0, 0].tolist()) for i in range(64)}
    assert seen == {(a, b, c) for a in (128, 192) for b in (224, 240) for c in (248, 252)}
    with pytest.raises(ValueError, match=r"Posterize.num_bits has 3 values.* 1 channels"):
        t(image=RAMP)


@pytest.mark.parametrize("bits", [-1, 9, (3, 9), (5, 2), [3, 4, 9], [(1, 2), (4, 3), (1, 1)]])
def test_posterize_refuses_other_bits(bits):
    with pytest.raises(ValueError, match=r"Posterize.num_bits must be"):
        A.Posterize(bits)


MASK = np.zeros(PHOTO.shape[:2], np.uint8)
MASK[5:30, 8:35] = 255


@pytest.mark.parametrize("mask", [None, MASK])
def test_equalize_pil_is_pillows(mask):
    big = np.tile(PHOTO, (4, 4, 1))  # enough pixels for steps of more than one
    given = None if mask is None else np.tile(mask, (4, 4))
    wanted = ImageOps.equalize(
        Image.fromarray(big), None if given is None else Image.fromarray(given)
    )
    result = A.Equalize(mode="pil", mask=given, p=1)(image=big)["image"]
    assert np.array_equal(result, np.asarray(wanted))


@dtypes
@pytest.mark.parametrize("mode", ["cv", "pil"])
@pytest.mark.parametrize("by_channels", [True, False])
def test_equalized_values_rise_and_spread(dtype, mode, by_channels):
    image = as_dtype(np.tile(PHOTO // 3, (4, 4, 1)), dtype)
    result = A.Equalize(mode, by_channels, p=1)(image=image)["image"]
    assert result.dtype == dtype
    assert unit(result).std() > 1.5 * unit(image).std()
    if by_channels:
        order = np.argsort(image[..., 0], axis=None, kind="stable")
        assert (np.diff(unit(result)[..., 0].ravel()[order]) >= 0).all()


@pytest.mark.parametrize("mode", ["cv", "pil"])
def test_equalize_is_alike_in_every_dtype(mode):
    image = np.tile(PHOTO, (4, 4, 1))
    levels = A.Equalize(mode, p=1)(image=image)["image"].astype(float)
    for dtype in ("uint16", "float32"):
        result = A.Equalize(mode, p=1)(image=as_dtype(image, dtype))["image"]
        assert np.abs(unit(result) * 255 - levels).max() <= 1.01


def test_equalize_of_one_colour_changes_nothing():
    image = np.full((5, 6, 3), 77, np.uint8)
    for mode in ("cv", "pil"):
        assert np.array_equal(A.Equalize(mode, p=1)(image=image)["image"], image)


def test_the_mask_may_be_a_function_of_the_image_and_more():
    seen = []

    def mask(image, level):
        seen.append((image.shape, level))
        return image[..., 0] > level

    t = A.Equalize(mask=mask, mask_params=("level",), p=1)
    result = t(image=PHOTO, level=90)["image"]
    wanted = A.Equalize(mask=(PHOTO[..., 0] > 90), p=1)(image=PHOTO)["image"]
    assert np.array_equal(result, wanted)
    assert seen == [(PHOTO.shape, 90)]
    with pytest.raises(ValueError, match="Equalize needs level in its call"):
        t(image=PHOTO)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"Equalize.mask must be \(H, W\) .* got \(3, 40\)"):
        A.Equalize(mask=np.ones((3, 40)), p=1)(image=PHOTO)


@pytest.mark.parametrize("grid", [(8, 8), (5, 3)])
@pytest.mark.parametrize("limit", [1, 3, 40])
def test_clahe_of_a_float_image_is_opencvs_without_rounding(grid, limit):
    grey = np.tile(PHOTO[..., 0], (3, 4))
    t = A.CLAHE((limit, limit), grid, p=1)
    levels = t(image=grey)["image"].astype(float)
    for dtype in ("uint16", "float32"):
        result = t(image=as_dtype(grey, dtype))["image"]
        assert result.dtype == dtype
        assert np.abs(unit(result) * 255 - levels).max() <= 1.1
    fine = grey / 255 + RNG.uniform(-0.4, 0.4, grey.shape) / 255
    assert len(np.unique(t(image=fine.astype(np.float32))["image"])) > 10 * 256


def test_clahe_changes_lightness_and_keeps_hue():
    import colorsys

    image = as_dtype(np.tile(PHOTO // 2 + (60, 20, 0), (2, 2, 1)).astype(np.uint8), "float32")
    result = A.CLAHE((2, 2), p=1)(image=image)["image"]
    assert result.std() > image.std()
    hues = [
        [colorsys.rgb_to_hsv(*colour)[0] for colour in array[::9, ::9].reshape(-1, 3).tolist()]
        for array in (image, result)
    ]
    turns = np.abs(np.subtract(*hues) + 0.5) % 1 - 0.5
    assert np.median(np.abs(turns)) < 0.02


@pytest.mark.parametrize(
    "t", [A.RandomGamma(p=1), A.InvertImg(p=1), A.CLAHE(p=1), A.Equalize(p=1), A.ColorJitter(p=1)]
)
def test_floats_outside_the_unit_range_are_refused(t):
    with pytest.raises(ValueError, match=r"within \[0, 1\], got values from"):
        t(image=PHOTO.astype(np.float32))


@dtypes
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4, 5, 9, 130])
def test_a_colour_matrix_is_rounded_and_clipped(dtype, channels):
    image = as_dtype(RNG.integers(0, 256, (9, 7, max(channels, 1)), dtype=np.uint8), dtype)
    if not channels:
        image = image[:, :, 0]
    for rows in (1, 3, max(channels, 1)):
        weights = RNG.normal(1 / max(channels, 1), 0.3, (rows, max(channels, 1) + 1))
        weights[:, -1] /= 4
        flat = unit(image).reshape(63, -1)
        exact = np.clip(flat @ weights[:, :-1].T + weights[:, -1], 0, 1)
        result = unit(mixed(image, weights)).reshape(63, rows)
        # OpenCV holds 3 x 3 coefficients in 1/1024 at 8 bits
        slack = 0.25 if dtype == "uint8" and channels == rows == 3 else 0.01
        bound = 1e-5 if dtype == "float32" else (0.5 + slack) / WHITE[dtype]
        assert np.abs(result - exact).max() <= bound
    assert np.allclose(means(image), unit(image).reshape(63, -1).mean(axis=0), rtol=1e-6)


def test_white_stays_white_under_rows_that_add_to_one():
    for factor in np.linspace(0, 2, 41):
        weights = np.hstack([factor * np.eye(3) + (1 - factor) / 3, np.zeros((3, 1))])
        assert (mixed(np.full((2, 9, 3), 255, np.uint8), weights) == 255).all()


def test_uint16_goes_through_floats_unharmed():
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(through_float(every, lambda values: values), every)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("most", [1, 2, 4])
def test_filters_see_few_channels_and_keep_the_shape(channels, most):
    image = RNG.random((4, 5, channels))
    seen = []

    def call(part):
        seen.append(1 if part.ndim == 2 else part.shape[2])
        return part * 2

    assert np.array_equal(filtered(call, image, most), image * 2)
    assert max(seen) <= most
    assert sum(seen) == channels


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 1), (64, 50, 3), (5, 6, 7)])
def test_tables_are_read_alike_with_and_without_stringzilla(monkeypatch, shape):
    pytest.importorskip("stringzilla", reason="needs the extra `fast`")
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    table = np.random.default_rng(1).integers(0, 256, 256, np.uint8)
    for view in (image, image[::-1], image[1:, 1:]):
        np.testing.assert_array_equal(tone.look_up(view, table), table[view])
        out = np.empty(view.shape, np.uint8)
        assert tone.look_up(view, table, out) is out
        np.testing.assert_array_equal(out, table[view])
    monkeypatch.setattr(tone, "translate", None)
    np.testing.assert_array_equal(tone.look_up(image, table), table[image])


@pytest.mark.parametrize("channels", [2, 3, 4, 5])
def test_one_table_per_channel(channels):
    rng = np.random.default_rng(channels)
    image = rng.integers(0, 256, (20, 30, channels), np.uint8)
    table = rng.integers(0, 256, (256, channels), np.uint8)
    for view in (image, image[:, 5:17], image[::2, ::-1]):
        want = table[view, np.arange(channels)]
        np.testing.assert_array_equal(tone.look_up(view, table), want)
        out = np.empty(view.shape, np.uint8)
        np.testing.assert_array_equal(tone.look_up(view, table, out), want)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [None, 1, 3, 5])
def test_inverting_in_one_call_is_reading_its_table(dtype, channels):
    shape = (20, 30) if channels is None else (20, 30, channels)
    image = RNG.integers(0, WHITE[dtype] + 1, shape).astype(dtype)
    out = np.empty_like(image)
    result = A.InvertImg(p=1)(image=image, out={"image": out})["image"]
    assert result is out
    np.testing.assert_array_equal(out, WHITE[dtype] - image)
    cropped = A.Compose([A.Crop(3, 2, 20, 15), A.InvertImg(p=1)])(image=image)["image"]
    assert cropped.flags.c_contiguous
    np.testing.assert_array_equal(cropped, WHITE[dtype] - image[2:15, 3:20])
    twice = A.Compose([A.InvertImg(p=1), A.InvertImg(p=1)])(image=image)["image"]
    np.testing.assert_array_equal(twice, image)
