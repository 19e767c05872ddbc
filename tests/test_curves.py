"""AutoContrast against Pillow and OpenCV; tone curves against the Bezier cubic."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import stats

import probaug as A

RNG = np.random.default_rng(5)
NARROW = RNG.normal((90, 120, 150), (12, 25, 8), (60, 70, 3)).clip(0, 255).astype(np.uint8)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def auto(image, **fields):
    return A.AutoContrast(p=1, **fields)(image=image)["image"]


@pytest.mark.parametrize("cutoff", [0, 1, 7.5, 30, 49, 60, 100])
def test_linear_stretch_is_pillow_s(cutoff):
    wanted = np.asarray(ImageOps.autocontrast(Image.fromarray(NARROW), cutoff))
    assert np.array_equal(auto(NARROW, method="pil", cutoff=cutoff), wanted)


@pytest.mark.parametrize("level", [0, 95, 150, 255])
@pytest.mark.parametrize("cutoff", [0, 5])
def test_ignore_is_a_grey_level_and_not_a_channel(level, cutoff):
    image = NARROW.copy()
    image[:20] = level
    wanted = np.asarray(ImageOps.autocontrast(Image.fromarray(image), cutoff, level))
    result = auto(image, method="pil", cutoff=cutoff, ignore=level)
    ignored = image == level
    assert np.array_equal(result[~ignored], wanted[~ignored])
    assert (result[ignored] == level).all()
    flat = auto(image, cutoff=cutoff, ignore=level)
    assert (flat[ignored] == level).all()
    for c in range(3):  # ignore=0, 1 or 2 says nothing about a channel
        assert (flat[..., c][~ignored[..., c]] != image[..., c][~ignored[..., c]]).any()


def test_flat_histogram_is_opencv_s():
    wanted = np.dstack([cv2.equalizeHist(np.ascontiguousarray(NARROW[..., c])) for c in range(3)])
    assert np.array_equal(auto(NARROW), wanted)
    for grey in (NARROW[..., 0], NARROW[..., :1]):
        assert np.array_equal(auto(grey), wanted[..., 0].reshape(grey.shape))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_ranks_become_values(dtype):
    values = RNG.permutation(np.arange(100, 200)).reshape(10, 10) / 255 * WHITE[dtype]
    image = (values if dtype == "float32" else np.rint(values)).astype(dtype)
    ranks = image.ravel().argsort().argsort().reshape(image.shape) / 99
    assert np.abs(auto(image) / WHITE[dtype] - ranks).max() <= 0.51 / 255
    cut = auto(image, cutoff=10) / WHITE[dtype]  # the outer ten values lie on both ends
    assert np.abs(cut - np.clip((ranks * 99 - 10) / 79, 0, 1)).max() <= 0.51 / 255


def test_floats_and_16_bits_are_stretched_without_steps():
    unit = RNG.uniform(0.2, 0.6, (40, 50, 3)).astype(np.float32)
    low, high = unit.min((0, 1)), unit.max((0, 1))
    wanted = (unit - low) / (high - low)
    assert np.abs(auto(unit, method="pil") - wanted).max() < 1e-4
    wide = np.rint(unit * 65535).astype(np.uint16)
    assert np.abs(auto(wide, method="pil") / 65535.0 - wanted).max() < 1e-4
    assert len(np.unique(auto(wide, method="pil"))) > 2000


@pytest.mark.parametrize("method", ["cdf", "pil"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 6), (5, 6, 3)])
def test_flat_images_stay_as_they_are(method, dtype, shape):
    for part in (0, 0.4, 1):
        image = np.full(shape, part * WHITE[dtype]).astype(dtype)
        assert np.array_equal(auto(image, method=method), image)
        assert np.array_equal(auto(image, method=method, cutoff=20, ignore=102), image)


def test_each_frame_has_a_histogram_of_its_own():
    frames = np.stack([NARROW, NARROW // 2])
    result = A.AutoContrast(p=1)(images=frames)["images"]
    assert np.array_equal(result, np.stack([auto(frame) for frame in frames]))


def test_auto_contrast_refuses_by_name():
    with pytest.raises(ValueError, match=r"AutoContrast\.cutoff must be a number in \[0, 100\]"):
        A.AutoContrast(cutoff=101)
    with pytest.raises(ValueError, match=r"AutoContrast\.ignore must be"):
        A.AutoContrast(ignore=256)


def cubic(x, low, high):
    """De Casteljau's construction, over the ordinates 0, low, high, 1."""
    points = [np.zeros_like(x), np.full_like(x, low), np.full_like(x, high), np.ones_like(x)]
    while len(points) > 1:
        points = [a + (b - a) * x for a, b in pairwise(points)]
    return points[0]


RAMP = np.linspace(0, 1, 256)


def bent(image, transform, **params):
    from probaug.core.call import read

    canvas = read("test", transform.settings, {"image": image})
    transform.on(canvas, params)
    return canvas.image


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.9), (0.5, 0.6), (0.9, 0.2), (1.0, 0.0)])
def test_tone_curve_is_a_bezier_cubic_that_never_falls(low, high):
    wanted = cubic(RAMP, low, high)
    assert np.diff(wanted).min() >= 0
    for dtype, white in WHITE.items():
        levels = RAMP * white if dtype == "float32" else np.rint(RAMP * white)
        image = levels.astype(dtype).reshape(16, 16)
        result = bent(image, A.RandomToneCurve(), low=[low], high=[high]) / white
        assert np.abs(result.ravel() - wanted).max() <= (1e-6 if white == 1 else 0.5001 / white)


def test_tone_curves_by_channel():
    image = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    low, high = [0.1, 0.3, 0.6], [0.5, 0.9, 0.7]
    t = A.RandomToneCurve(per_channel=True)
    result = bent(image, t, low=low, high=high)
    for c in range(3):
        wanted = cubic(RAMP, low[c], high[c]) * 255
        assert np.abs(result[..., c].ravel() - wanted).max() <= 0.5001


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_tone_curve_of_scale_zero_changes_nothing(per_channel, dtype):
    image = (RNG.random((30, 40, 3)) * WHITE[dtype]).astype(dtype)
    result = A.RandomToneCurve(0, per_channel, p=1)(image=image)["image"]
    assert np.abs(result.astype(float) - image).max() <= (1e-6 if dtype == "float32" else 0)


def test_inner_points_are_normal_about_their_thirds():
    t = A.ReplayCompose([A.RandomToneCurve(0.05, per_channel=True, p=1)], seed=2)
    image = np.zeros((2, 2, 4), np.uint8)
    drawn = [t(image=image)["replay"]["transforms"][0]["params"] for _ in range(400)]
    low, high = (np.array([d[name] for d in drawn]) for name in ("low", "high"))
    assert low.shape == high.shape == (400, 4)
    assert stats.kstest(low.ravel(), "norm", (1 / 3, 0.05)).pvalue > 1e-3
    assert stats.kstest(high.ravel(), "norm", (2 / 3, 0.05)).pvalue > 1e-3
    assert abs(np.corrcoef(low[:, 0], low[:, 1])[0, 1]) < 0.2


def test_a_replayed_curve_serves_another_number_of_channels():
    t = A.ReplayCompose([A.RandomToneCurve(0.3, per_channel=True, p=1)], seed=2)
    record = t(image=np.zeros((2, 2, 3), np.uint8))["replay"]
    five = A.ReplayCompose.replay(record, image=np.full((4, 4, 5), 90, np.uint8))["image"]
    assert np.array_equal(five[..., 0], five[..., 3])
