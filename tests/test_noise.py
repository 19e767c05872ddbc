"""Noise against SciPy's statistics; lossy files against Pillow's codec."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import stats

import probaug as A
from probaug.transforms.noise import gaussian

RNG = np.random.default_rng(11)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
MIDDLE = {"uint8": 128, "uint16": 32768, "float32": 0.5}


def test_the_law_is_normal():
    field = gaussian(123, (1000, 1000), 1.0, 0.0).ravel()
    assert abs(field.mean()) < 4e-3
    assert field.std() == pytest.approx(1, abs=4e-3)
    assert abs(stats.skew(field)) < 0.01
    assert abs(stats.kurtosis(field)) < 0.03
    assert stats.kstest(field[:100_000], "norm").pvalue > 1e-3
    assert np.abs(field).max() > 4


def test_rounded_noise_is_the_rounded_law():
    field = np.rint(gaussian(5, (1000, 1000), 3.0, 0.4)).ravel()
    levels = np.arange(-6, 8)
    seen = np.array([(field == level).sum() for level in levels])
    chances = np.diff(stats.norm(0.4, 3).cdf(np.append(levels, 8) - 0.5))
    rest = len(field) - seen.sum()
    wanted = np.append(chances, 1 - chances.sum()) * len(field)
    assert stats.chisquare(np.append(seen, rest), wanted).pvalue > 1e-3


def test_neighbours_channels_and_seeds_are_independent():
    field = gaussian(9, (400, 400, 3), 1.0, 0.0)
    other = gaussian(10, (400, 400, 3), 1.0, 0.0)
    for a, b in [
        (field[:, 1:], field[:, :-1]),
        (field[1:], field[:-1]),
        (field[..., 0], field[..., 1]),
        (field, other),
        (field**2, other**2),
    ]:
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.015


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize("channels", [0, 1, 3, 5])
def test_mean_and_deviation_are_fractions_of_white(dtype, channels):
    shape = (300, 200, channels) if channels else (300, 200)
    image = np.full(shape, MIDDLE[dtype], dtype)
    result = A.GaussNoise((0.08, 0.08), (0.1, 0.1), p=1)(image=image)["image"]
    assert result.shape == shape
    assert result.dtype == dtype
    change = (result.astype(float) - image) / WHITE[dtype]
    assert change.mean() == pytest.approx(0.1, abs=2e-3)
    assert change.std() == pytest.approx(0.08, abs=2e-3)


@pytest.mark.parametrize("dtype", WHITE)
def test_channels_may_share_their_noise(dtype):
    image = np.full((40, 30, 3), MIDDLE[dtype], dtype)
    shared = A.GaussNoise(per_channel=False, p=1)(image=image)["image"]
    assert (shared == shared[..., :1]).all()
    own = A.GaussNoise(p=1)(image=image)["image"]
    assert not (own == own[..., :1]).all()


@pytest.mark.parametrize("dtype", WHITE)
def test_coarse_noise_is_smooth(dtype):
    image = np.full((300, 200, 3), MIDDLE[dtype], dtype)

    def likeness(scale):
        t = A.GaussNoise((0.1, 0.1), noise_scale_factor=scale, p=1)
        noise = t(image=image)["image"].astype(float) - image.astype(float)
        return np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]

    assert abs(likeness(1)) < 0.02
    assert likeness(0.25) > 0.8


def test_noise_is_drawn_anew_and_repeated_from_its_record():
    t = A.ReplayCompose([A.GaussNoise(p=1)], seed=4)
    image = np.full((20, 20, 3), 128, np.uint8)
    one, two = t(image=image), t(image=image)
    assert not np.array_equal(one["image"], two["image"])
    again = A.ReplayCompose.replay(one["replay"], image=image)["image"]
    assert np.array_equal(again, one["image"])


def test_opencvs_generator_is_left_alone():
    import cv2

    def numbers():
        out = np.zeros((4, 4), np.float32)
        cv2.randn(out, 0, 1)
        return out

    cv2.setRNGSeed(77)
    wanted = numbers()
    cv2.setRNGSeed(77)
    A.GaussNoise(p=1)(image=np.zeros((8, 8, 3), np.uint8))
    assert np.array_equal(numbers(), wanted)


SMOOTH = np.clip(
    np.cumsum(np.cumsum(RNG.normal(0, 1, (64, 48, 3)), axis=0), axis=1) * 2 + 120, 0, 255
).astype(np.uint8)


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_worse_files_are_worse(kind, channels, dtype):
    image = np.repeat(SMOOTH, 2, axis=2)[..., :channels] if channels else SMOOTH[..., 0]
    image = image if dtype == "uint8" else (image / 255).astype(np.float32)
    white = WHITE[dtype]

    def loss(quality):
        t = A.ImageCompression(kind, (quality, quality), p=1)
        result = t(image=image)["image"]
        assert result.shape == image.shape
        assert result.dtype == dtype
        return np.abs(result.astype(float) - image).mean() / white

    assert loss(100) < 0.02
    assert loss(2) > 1.5 * loss(100) + 0.004


def test_jpeg_sees_red_as_red():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[..., 0] = 255 * (np.arange(64) // 3 % 2)  # red detail survives better than blue detail
    for image in (stripes, stripes[..., ::-1].copy()):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "jpeg", quality=30)
        wanted = np.asarray(Image.open(file)).astype(float)
        result = A.ImageCompression("jpeg", (30, 30), p=1)(image=image)["image"]
        assert np.abs(result - wanted).mean() < 3


def test_compression_says_what_it_serves():
    with pytest.raises(TypeError, match=r"ImageCompression expects .* of uint8 or float32"):
        A.ImageCompression(p=1)(image=np.zeros((4, 4), np.uint16))
    with pytest.raises(ValueError, match="sides up to 16383 pixels"):
        A.ImageCompression("webp", p=1)(image=np.zeros((1, 16384), np.uint8))
    with pytest.raises(ValueError, match=r"ImageCompression.quality_range must be"):
        A.ImageCompression(quality_range=(0, 50))
