"""Casts and orders of colour against published values and plain arithmetic."""

import itertools

import numpy as np
import pytest
from scipy import stats

import probaug as A
from probaug.transforms.palette import light, principal_axes

RNG = np.random.default_rng(6)
NOISE = RNG.normal(0, 30, (40, 50, 1)) * (1, 0.8, 0.6) + RNG.normal(0, 9, (40, 50, 3))
PHOTO = np.clip(NOISE + np.array([90, 120, 150]), 0, 255).astype(np.uint8)
IMAGES = [PHOTO, PHOTO.astype(np.uint16) * 257, (PHOTO / 255).astype(np.float32)]
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def unit(image):
    return image.astype(float) / WHITE[image.dtype.name]


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.dtype.name)
def test_sepia_is_its_published_matrix(image):
    matrix = [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]]
    wanted = np.clip(unit(image) @ np.transpose(matrix), 0, 1)
    error = np.abs(unit(A.ToSepia(p=1)(image=image)["image"]) - wanted).max()
    assert error <= (1.5 / 255 if image.dtype == np.uint8 else 1e-5)


def test_grey_has_no_sepia():
    for grey in (PHOTO[..., 0], PHOTO[..., :1]):
        assert np.array_equal(A.ToSepia(p=1)(image=grey)["image"], grey)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int64, bool])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_grey_becomes_channels(dtype, count):
    grey = (RNG.random((5, 6)) * 200).astype(dtype)
    for image in (grey, grey[..., None]):
        result = A.ToRGB(count)(image=image)["image"]
        assert result.dtype == dtype
        if count == 1:
            assert np.array_equal(result, image)
            continue
        assert result.shape == (5, 6, count)
        assert result.flags.c_contiguous
        assert all(np.array_equal(result[..., c], grey) for c in range(count))


def test_colour_is_rgb_already_and_other_counts_are_refused():
    assert np.array_equal(A.ToRGB()(image=PHOTO)["image"], PHOTO)
    with pytest.raises(
        TypeError, match=r"ToRGB expects .* with 1 or 3 channels, got \(40, 50, 4\)"
    ):
        A.ToRGB()(image=np.zeros((40, 50, 4), np.uint8))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int64])
@pytest.mark.parametrize("order", [(2, 1, 0), (0, 1, 2), (1, 0), (3, 0, 4, 1, 2), (0,)])
def test_channels_swap_as_numpy_indexes(dtype, order):
    image = (RNG.random((5, 6, len(order))) * 200).astype(dtype)
    result = A.ChannelSwap(order, p=1)(image=image)["image"]
    assert np.array_equal(result, image[..., list(order)])
    assert result.dtype == dtype


@pytest.mark.parametrize("order", [(0, 0, 1), (1, 2, 3), (0, 2)])
def test_a_channel_order_has_each_channel_once(order):
    with pytest.raises(ValueError, match=r"ChannelSwap\.channel_order must be each of"):
        A.ChannelSwap(order)


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.dtype.name)
def test_principal_axes_are_those_of_a_singular_value_decomposition(image):
    flat = unit(image).reshape(-1, 3)
    flat = flat - flat.mean(axis=0)
    _, lengths, rows = np.linalg.svd(flat, full_matrices=False)
    variances, axes = principal_axes(image)
    assert np.allclose(variances, lengths**2 / len(flat), rtol=1e-3)
    for axis, row in zip(axes.T, rows, strict=True):
        assert np.isclose(abs(axis @ row), 1, atol=1e-4)
        assert axis[np.abs(axis).argmax()] > 0


def test_fancy_pca_adds_one_colour_that_8_bits_can_see():
    """2.0.8 scales distances from the mean by a thousandth, which 8 bits round away."""
    t = A.FancyPCA(1.0, p=1)
    for image in IMAGES:
        inside = (image > 0.2 * image.max()).all(axis=2) & (image < 0.8 * image.max()).all(axis=2)
        seen = 0
        for index in range(20):
            change = unit(t(image=image, key=(1, 0, index))["image"]) - unit(image)
            assert np.ptp(change[inside], axis=0).max() < 1e-5
            seen += np.abs(change).max() > 0.9 / 255
        assert seen > 15


def test_fancy_pca_shifts_have_the_paper_s_deviation():
    image = IMAGES[2] * np.float32(0.5) + np.float32(0.25)
    variances, axes = principal_axes(image)
    t = A.FancyPCA(0.3, p=1)
    shifts = [
        (t(image=image, key=(3, 0, i))["image"] - image).mean(axis=(0, 1)) for i in range(300)
    ]
    along = np.array(shifts) @ axes
    assert stats.kstest(along[:, 0], "norm", (0, 0.3 * variances[0])).pvalue > 1e-3
    assert np.allclose(along.std(axis=0), 0.3 * variances, rtol=0.15)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (9, 7), (9, 7, 1), (9, 7, 5)])
def test_fancy_pca_of_any_shape(shape):
    image = (RNG.random(shape) * 255).astype(np.uint8)
    result = A.FancyPCA(0.5, p=1)(image=image)["image"]
    assert result.shape == shape
    flat = np.full(shape, 77, np.uint8)
    assert np.array_equal(A.FancyPCA(0.5, p=1)(image=flat)["image"], flat)


# CIE 015: chromaticities x, y of black bodies and of daylight phases
BODIES = {3000: (0.4369, 0.4041), 4000: (0.3805, 0.3768), 6500: (0.3135, 0.3237),
          10000: (0.2807, 0.2884)}  # fmt: skip
DAYLIGHT = {5003: (0.3457, 0.3585), 5503: (0.3324, 0.3474), 6504: (0.3127, 0.3290),
            7504: (0.2990, 0.3149)}  # fmt: skip
SRGB = np.array([[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560],
                 [0.0556434, -0.2040259, 1.0572252]])  # fmt: skip


@pytest.mark.parametrize(("mode", "table"), [("blackbody", BODIES), ("cied", DAYLIGHT)])
def test_light_has_the_published_chromaticity(mode, table):
    for temperature, (x, y) in table.items():
        xyz = np.linalg.inv(SRGB) @ light(mode, temperature)
        assert np.allclose(xyz[:2] / xyz.sum(), (x, y), atol=0.004), temperature


def test_white_light_is_that_of_srgb():
    assert np.allclose(light("cied", 6504), 1, atol=0.005)


# red and blue relative to green in 2.0.8, at temperatures where its table is physical
THEIRS = {
    ("blackbody", 4500): (1.2616, 0.7077), ("blackbody", 6500): (1.0460, 1.0387),
    ("blackbody", 9000): (0.9086, 1.2573), ("cied", 5500): (1.0873, 0.8534),
    ("cied", 6500): (0.9972, 0.9972), ("cied", 8500): (0.8772, 1.1889),
}  # fmt: skip


def test_light_is_near_that_of_2_0_8():
    for (mode, temperature), (red, blue) in THEIRS.items():
        ours = light(mode, temperature)
        assert np.allclose((ours[0], ours[2]), (red, blue), rtol=0.09), (mode, temperature)


def test_a_halogen_bulb_has_blue_light():
    """In 2.0.8 an image lit at 3000 kelvin has no blue at all."""
    assert 0.25 < light("blackbody", 3000)[2] < 0.4


@pytest.mark.parametrize("mode", ["blackbody", "cied"])
def test_light_grows_colder_with_temperature(mode):
    lights = np.array([light(mode, t) for t in range(4000, 15001, 100)])
    assert (np.diff(lights[:, 0]) < 0).all()
    assert (np.diff(lights[:, 2]) > 0).all()


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.dtype.name)
def test_planckian_jitter_multiplies_red_and_blue(image):
    t = A.PlanckianJitter(temperature_limit=(6000, 6000), p=1)
    wanted = np.clip(unit(image) * light("blackbody", 6000), 0, 1)
    error = np.abs(unit(t(image=image)["image"]) - wanted).max()
    assert error <= (1.5 / 255 if image.dtype == np.uint8 else 1e-5)


def temperatures(**fields):
    t = A.ReplayCompose([A.PlanckianJitter(p=1, **fields)], seed=4)
    tiny = np.zeros((1, 1, 3), np.uint8)
    return np.array(
        [t(image=tiny)["replay"]["transforms"][0]["params"]["temperature"] for _ in range(1500)]
    )


@pytest.mark.parametrize(("mode", "least"), [("blackbody", 3000), ("cied", 4000)])
def test_temperatures_are_split_at_6000(mode, least):
    drawn = temperatures(mode=mode)
    warm, cold = drawn[drawn < 6000], drawn[drawn >= 6000]
    assert stats.binomtest(len(warm), len(drawn), 0.4).pvalue > 1e-3
    assert stats.kstest(warm, "uniform", (least, 6000 - least)).pvalue > 1e-3
    assert stats.kstest(cold, "uniform", (6000, 9000)).pvalue > 1e-3


def test_gaussian_temperatures_gather_about_6000():
    drawn = temperatures(sampling_method="gaussian", temperature_limit=(4500, 9000))
    assert drawn.min() >= 4500
    assert drawn.max() <= 9000
    inner = drawn[(drawn > 4520) & (drawn < 6000)]
    half = stats.truncnorm(-2.96, 0, 6000, 500)
    assert stats.kstest(inner, half.cdf).pvalue > 1e-3
    assert stats.binomtest(int((drawn < 6000).sum()), len(drawn), 0.4).pvalue > 1e-3


@pytest.mark.parametrize(
    ("mode", "limits"),
    [("blackbody", (2000, 7000)), ("cied", (3000, 7000)), ("blackbody", (6500, 9000)),
     ("cied", (4000, 16000)), ("cied", (7000, 5000))],
)  # fmt: skip
def test_temperature_limits_contain_6000(mode, limits):
    with pytest.raises(ValueError, match=r"PlanckianJitter\.temperature_limit must be"):
        A.PlanckianJitter(mode, limits)


def photometric(**fields):
    quiet = {"brightness_range": (1, 1), "contrast_range": (1, 1), "saturation_range": (1, 1)}
    return A.PhotoMetricDistort(**{**quiet, "hue_range": (0, 0), "p": 1, **fields})


def test_each_part_of_a_photometric_distortion_has_its_chance():
    t = A.ReplayCompose([A.PhotoMetricDistort(distort_p=0.3, p=1)], seed=9)
    drawn = [
        t(image=np.zeros((1, 1), np.uint8))["replay"]["transforms"][0]["params"]
        for _ in range(2000)
    ]
    neutral = {"brightness": 1, "contrast": 1, "saturation": 1, "hue": 0}
    for name, nothing in neutral.items():
        count = sum(params[name] != nothing for params in drawn)
        assert stats.binomtest(count, 2000, 0.3).pvalue > 1e-4
    first = sum(params["order"] == [0, 1, 2, 3] for params in drawn)
    assert stats.binomtest(first, 2000, 0.5).pvalue > 1e-4
    orders = [tuple(params["channels"]) for params in drawn]
    for order in itertools.permutations(range(3)):
        chance = 0.3 / 6 + (0.7 if order == (0, 1, 2) else 0)
        assert stats.binomtest(orders.count(order), 2000, chance).pvalue > 1e-4


def test_photometric_parts_are_those_of_color_jitter():
    for image in IMAGES:
        for ours, theirs in (
            ({"brightness_range": (0.9, 0.9)}, {"brightness": (0.9, 0.9)}),
            ({"contrast_range": (1.4, 1.4)}, {"contrast": (1.4, 1.4)}),
            ({"saturation_range": (0.6, 0.6)}, {"saturation": (0.6, 0.6)}),
            ({"hue_range": (0.05, 0.05)}, {"hue": (0.05, 0.05)}),
        ):
            wanted = A.ColorJitter(**{**dict.fromkeys(FOUR, (1, 1)), "hue": 0, **theirs}, p=1)
            result = photometric(**ours, distort_p=1)(image=image, key=(0, 0, 0))["image"]
            colours = np.sort(wanted(image=image)["image"], axis=2)
            assert np.array_equal(np.sort(result, axis=2), colours)  # whatever their order


FOUR = ("brightness", "contrast", "saturation")


def test_photometric_contrast_comes_first_or_last():
    image = IMAGES[2]
    luma = np.array([0.299, 0.587, 0.114])
    x = unit(image)

    def stretch(x):
        mean = (x @ luma).mean()
        return np.clip(mean + 1.5 * (x - mean), 0, 1)

    def saturate(x):
        grey = (x @ luma)[..., None]
        return np.clip(grey + 1.5 * (x - grey), 0, 1)

    params = {"brightness": 1.0, "contrast": 1.5, "saturation": 1.5, "hue": 0.0}
    t = A.PhotoMetricDistort()
    for order, wanted in (
        ([0, 1, 2, 3], saturate(stretch(x))),
        ([0, 2, 3, 1], stretch(saturate(x))),
    ):
        result = t.edit(image, [1, 2, 0], order=order, **params)
        assert np.abs(result - wanted[..., [1, 2, 0]]).max() < 1e-4


def test_photometric_distortion_of_no_chance_or_strength_changes_nothing():
    for image in (*IMAGES, PHOTO[..., 0]):
        assert np.array_equal(A.PhotoMetricDistort(distort_p=0, p=1)(image=image)["image"], image)
    assert np.array_equal(photometric(distort_p=1)(image=PHOTO[..., :1])["image"], PHOTO[..., :1])
