"""Colour transforms against colorsys and plain arithmetic."""

import colorsys
import itertools

import numpy as np
import pytest
from scipy import stats

import probaug as A

RNG = np.random.default_rng(3)
NOISE = RNG.normal(0, 30, (40, 40, 1)) + RNG.normal(0, 25, (40, 40, 3))
PHOTO = np.clip(NOISE + RNG.uniform(30, 220, (1, 1, 3)), 0, 255).astype(np.uint8)
UNIT = (PHOTO / 255).astype(np.float32)
LUMA = np.array([0.299, 0.587, 0.114])


def by_pixel(image, change):
    """Change every colour's (hue, saturation, value) by a function of ours and Python's own HSV."""
    colours = [
        colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*colour)))
        for colour in image.reshape(-1, 3).astype(float).tolist()
    ]
    return np.array(colours).reshape(image.shape)


def shifted(image, hue, saturation, value):
    def change(h, s, v):
        s = min(max(s + saturation, 0), 1) if s > 0 else 0
        return (h + hue) % 1, s, min(max(v + value, 0), 1)

    return by_pixel(image, change)


SHIFTS = [
    (7, 0, 0), (-31, 0, 0), (88, 0, 0), (-90, 0, 0), (0, 40, 0), (0, -40, 0), (0, 0, 25),
    (0, 0, -25), (12, 30, -20), (-12, -30, 20), (179, 10, 10),
]  # fmt: skip


@pytest.mark.parametrize("amounts", SHIFTS)
def test_hue_saturation_value_of_floats_is_python_s(amounts):
    t = A.HueSaturationValue(*((amount, amount) for amount in amounts), p=1)
    hue, saturation, value = amounts
    wanted = shifted(UNIT, hue / 180, saturation / 255, value / 255)
    assert np.abs(t(image=UNIT)["image"] - wanted).max() < 1e-4
    wide = (UNIT * 65535).round().astype(np.uint16)
    assert np.abs(t(image=wide)["image"] / 65535 - wanted).max() < 1e-4


@pytest.mark.parametrize("amounts", SHIFTS)
def test_hue_saturation_value_of_bytes_is_near(amounts):
    t = A.HueSaturationValue(*((amount, amount) for amount in amounts), p=1)
    hue, saturation, value = amounts
    error = np.abs(
        t(image=PHOTO)["image"] - 255 * shifted(UNIT, hue / 180, saturation / 255, value / 255)
    )
    assert error.mean() < 1  # OpenCV's hue has steps of 2 degrees
    assert error.max() < 8


@pytest.mark.parametrize("image", [PHOTO, UNIT])
def test_grey_pixels_gain_no_colour(image):
    grey = np.repeat(image[..., :1], 3, axis=2)
    result = A.HueSaturationValue((10, 10), (50, 50), (0, 0), p=1)(image=grey)["image"]
    assert np.array_equal(result, grey)


def test_a_grey_image_changes_in_value_alone():
    t = A.HueSaturationValue((10, 10), (50, 50), (7, 7), p=1)
    for shape in ((4, 4), (4, 4, 1)):
        assert (t(image=np.full(shape, 100, np.uint8))["image"] == 107).all()


def jittered(image, brightness, contrast, saturation, hue, order):
    """Step by step in float64, clipped after each step."""
    x = image.astype(np.float64)
    for step in order:
        if step == 0:
            x = x * brightness
        elif step == 1:
            mean = (x @ LUMA).mean()
            x = mean + contrast * (x - mean)
        elif step == 2:
            grey = (x @ LUMA)[..., None]
            x = grey + saturation * (x - grey)
        else:
            x = by_pixel(x, lambda h, s, v: ((h + hue) % 1, s, v))
        x = np.clip(x, 0, 1)
    return x


AMOUNTS = [(1.4, 0.6, 1.5, 0.08), (0.7, 1.4, 0.5, -0.2), (1.3, 1.3, 1.4, 0.0), (0.5, 0.5, 0.0, 0.4)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_jitter_joined_is_jitter_step_by_step(order):
    for brightness, contrast, saturation, hue in AMOUNTS:
        params = {
            "brightness": brightness, "contrast": contrast, "saturation": saturation,
            "hue": hue, "order": list(order),
        }  # fmt: skip
        part = UNIT[::2, ::2]
        wanted = jittered(part, *params.values())
        t = A.ColorJitter(p=1)
        assert np.abs(t.edit(part, **params) - wanted).max() < 2e-4
        error = np.abs(t.edit(PHOTO[::2, ::2], **params) - 255 * wanted)
        assert error.mean() < (1.5 if hue else 0.5)
        assert hue or error.max() <= 2.5


def test_jitter_pending_is_jitter_done():
    t = A.ColorJitter(0.4, 0.4, 0.4, 0.1, p=1)
    exact = A.Compose([A.HorizontalFlip(p=0.5), t, A.RandomGamma(p=1)], seed=1)
    steps = A.Compose([A.HorizontalFlip(p=0.5), t, A.RandomGamma(p=1)], seed=1, fusion="off")
    for key in range(60):
        one, other = (c(image=PHOTO, key=(0, 0, key))["image"].astype(int) for c in (exact, steps))
        assert np.abs(one - other).max() <= 1


def test_every_order_is_equally_likely():
    t = A.ReplayCompose([A.ColorJitter(p=1)], seed=5)
    tiny = np.zeros((1, 1), np.uint8)
    orders = [
        tuple(t(image=tiny)["replay"]["transforms"][0]["params"]["order"]) for _ in range(4800)
    ]
    counts = [orders.count(order) for order in itertools.permutations(range(4))]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_neutral_jitter_changes_nothing():
    t = A.ColorJitter(0, 0, 0, 0, p=1)
    assert np.array_equal(t(image=PHOTO)["image"], PHOTO)
    assert np.array_equal(t(image=UNIT)["image"], UNIT)


def test_grey_jitter_stretches_about_the_mean():
    image = np.array([[100, 120, 140]], np.uint8)
    t = A.ColorJitter((1, 1), (2, 2), (0, 0), (0.3, 0.3), p=1)
    assert t(image=image)["image"].tolist() == [[80, 120, 160]]


@pytest.mark.parametrize("value", [(-0.1, 1), (2, 1)])
def test_jitter_refuses_impossible_factors(value):
    with pytest.raises(ValueError, match=r"ColorJitter.contrast must be"):
        A.ColorJitter(contrast=value)
    with pytest.raises(ValueError, match=r"ColorJitter.hue must be"):
        A.ColorJitter(hue=(-0.6, 0.2))


@pytest.mark.parametrize("image", [PHOTO, UNIT, (UNIT * 65535).round().astype(np.uint16)])
def test_rgb_shift_reads_large_limits_as_levels_and_small_ones_as_fractions(image):
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[image.dtype.name]
    result = A.RGBShift((20, 20), (0.1, 0.1), (-30, -30), p=1)(image=image)["image"]
    wanted = np.clip(image / white + (20 / 255, 0.1, -30 / 255), 0, 1)
    assert np.abs(result / white - wanted).max() <= (1e-6 if white == 1 else 0.5001 / white)


def test_rgb_shift_of_a_grey_image_is_that_of_red():
    image = np.full((3, 4), 50, np.uint8)
    assert (A.RGBShift((20, 20), (-9, -9), (-9, -9), p=1)(image=image)["image"] == 70).all()


def lightness(image):
    """CIE L of sRGB colours in [0, 1], under D65."""
    linear = np.where(image > 0.04045, ((image + 0.055) / 1.055) ** 2.4, image / 12.92)
    y = linear @ (0.212671, 0.715160, 0.072169)
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y) / 100


def principal(image):
    flat = image.reshape(-1, 3) - image.reshape(-1, 3).mean(axis=0)
    axis = np.linalg.svd(flat, full_matrices=False)[2][0]
    grey = flat @ (axis * np.sign(axis.sum()))
    return ((grey - grey.min()) / np.ptp(grey)).reshape(image.shape[:2])


GREYS = {
    "weighted_average": lambda x: x @ LUMA,
    "from_lab": lightness,
    "desaturation": lambda x: (x.max(axis=2) + x.min(axis=2)) / 2,
    "average": lambda x: x.mean(axis=2),
    "max": lambda x: x.max(axis=2),
    "pca": principal,
}


@pytest.mark.parametrize("method", GREYS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grey_by_every_method(method, channels):
    t = A.ToGray(channels, method, p=1)
    wanted = GREYS[method](PHOTO / 255)
    wide = PHOTO.astype(np.uint16) * 257
    for image, white, bound in ((PHOTO, 255, 1.5 / 255), (UNIT, 1, 3e-3), (wide, 65535, 3e-3)):
        result = t(image=image)["image"]
        assert result.dtype == image.dtype
        assert result.shape == (40, 40) + (channels,) * (channels > 1)
        grey = result if channels == 1 else result[..., -1]
        assert np.abs(grey / white - wanted).max() <= bound


def test_grey_of_grey_is_itself_and_of_five_channels_needs_a_method():
    assert np.array_equal(A.ToGray(p=1)(image=PHOTO[..., :1])["image"], PHOTO[..., :1])
    five = np.repeat(PHOTO[..., :1], 5, axis=2)
    assert np.array_equal(A.ToGray(1, "average", p=1)(image=five)["image"], five[..., 0])
    with pytest.raises(
        TypeError, match=r"ToGray\(method='from_lab'\) expects .* got \(40, 40, 5\)"
    ):
        A.ToGray(1, "from_lab", p=1)(image=five)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int64, bool])
@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_channels_are_shuffled_whole(dtype, channels):
    image = (RNG.random((5, 6, channels)) * 200).astype(dtype)
    seen = set()
    for key in range(60):
        result = A.ChannelShuffle(p=1)(image=image, key=(0, 0, key))["image"]
        assert result.dtype == dtype
        assert result.flags.c_contiguous
        columns = [image[..., c].tobytes() for c in range(channels)]
        seen.add(tuple(columns.index(result[..., c].tobytes()) for c in range(channels)))
    if dtype is not bool:
        assert len(seen) == {1: 1, 2: 2, 3: 6}.get(channels, len(seen))
        assert len(seen) > 30 or channels < 5


def test_floats_beyond_white_are_shuffled_as_they_are():
    image = np.array([[[np.inf, -5.0, 300.0]]], np.float32)
    result = A.ChannelShuffle(p=1)(image=image, key=(0, 0, 1))["image"]
    assert sorted(result.ravel()) == sorted(image.ravel())
