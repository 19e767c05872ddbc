"""Illumination and plasma: their formulae, and what their words promise."""

import cv2
import numpy as np
import pytest

import probaug as A
from probaug.core.matrix import Size
from probaug.transforms.light import lit, plasma
from probaug.transforms.noise import combined

RNG = np.random.default_rng(8)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
GREY = np.full((41, 61), 0.5, np.float32)


def gain(t, image=GREY, **call):
    """The factor on every value of a grey image."""
    return t(image=image, **call)["image"].astype(float) / image


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 1), (9, 11, 3), (9, 11, 5), (1, 1, 3)])
def test_fields_multiply_and_add(dtype, shape):
    image = (RNG.random(shape) * WHITE[dtype]).astype(dtype)
    factor, more = RNG.uniform(0.5, 1.5, (2, *shape[:2])).astype(np.float32)
    more -= 1
    wide = [f.reshape(shape[:2] + (1,) * (len(shape) - 2)).astype(float) for f in (factor, more)]
    bound = 1e-6 if dtype == "float32" else 0.51 / WHITE[dtype]
    for result, wanted in (
        (combined(cv2.multiply, image, factor.copy()), image / WHITE[dtype] * wide[0]),
        (lit(image, factor, more), image / WHITE[dtype] * wide[0] + wide[1]),
    ):
        assert (result.dtype, result.shape) == (image.dtype, image.shape)
        assert np.abs(result / WHITE[dtype] - wanted.clip(0, 1)).max() <= bound


@pytest.mark.parametrize(
    ("angle", "up"), [(0, np.s_[:, -1]), (90, np.s_[-1]), (180, np.s_[:, 0]), (270, np.s_[0])]
)
def test_a_ramp_rises_to_its_angle(angle, up):
    """0 is right and 90 down, as 2.0.8's documentation says."""
    t = A.Illumination("linear", (0.2, 0.2), "brighten", (angle, angle), p=1)
    field = gain(t)
    assert np.allclose(field[up], 1.2, atol=1e-5)
    assert np.isclose(field.min(), 1, atol=1e-5)
    line = field[20] if angle % 180 == 0 else field[:, 30]
    assert np.abs(np.diff(line, 2)).max() < 1e-5, "not straight"
    assert np.allclose(field[::-1, ::-1] + field, 2.2, atol=1e-5)


def test_a_ramp_of_both_kinds_keeps_the_middle():
    for key in range(5):
        field = gain(A.Illumination("linear", (0.2, 0.2), p=1), key=(0, 0, key))
        assert np.isclose(field[20, 30], 1, atol=1e-5)
        assert np.allclose([field.min(), field.max()], [0.8, 1.2], atol=1e-5)


@pytest.mark.parametrize("mode", ["linear", "corner", "gaussian"])
def test_brighten_never_darkens_and_darken_never_brightens(mode):
    for key in range(6):
        brighter = gain(A.Illumination(mode, (0.2, 0.2), "brighten", p=1), key=(0, 0, key))
        darker = gain(A.Illumination(mode, (0.2, 0.2), "darken", p=1), key=(0, 0, key))
        assert brighter.min() >= 1 - 1e-6
        assert 1.1 < brighter.max() <= 1.2 + 1e-6
        assert np.allclose(brighter + darker, 2, atol=1e-5)


def test_a_corner_is_lit_most_and_its_opposite_not_at_all():
    corners = set()
    for key in range(30):
        field = gain(A.Illumination("corner", (0.2, 0.2), "brighten", p=1), key=(0, 0, key))
        ends = field[[0, 0, -1, -1], [0, -1, 0, -1]]
        best = int(ends.argmax())
        corners.add(best)
        assert np.allclose([ends[best], ends[3 - best]], [1.2, 1.0], atol=0.003)
        y, x = np.mgrid[0.5:41, 0.5:61]
        away = np.hypot(x - 61 * (best % 2), y - 41 * (best // 2)) / np.hypot(61, 41)
        assert np.abs(field - (1.2 - 0.2 * away)).max() < 1e-5
    assert corners == {0, 1, 2, 3}


def test_a_spot_is_a_gaussian():
    t = A.Illumination("gaussian", (0.2, 0.2), "brighten", (0, 0), (0.25, 0.25), (0.3, 0.3), p=1)
    y, x = np.mgrid[0.5:41, 0.5:61]
    squared = (x - 61 / 4) ** 2 + (y - 41 / 4) ** 2
    wanted = 1 + 0.2 * np.exp(-squared / (2 * (0.3 * 61) ** 2))
    assert np.abs(gain(t) - wanted).max() < 1e-5


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (1, 1, 1), (2, 3, 5)])
@pytest.mark.parametrize("mode", ["linear", "corner", "gaussian"])
def test_grey_images_and_tiny_ones_are_lit(shape, mode):
    image = np.full(shape, 100, np.uint8)
    result = A.Illumination(mode, p=1)(image=image)["image"]
    assert result.shape == shape
    assert (np.abs(result.astype(int) - 100) <= 21).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_light_of_no_strength_changes_nothing(dtype):
    image = (RNG.random((20, 30, 3)) * WHITE[dtype]).astype(dtype)
    for t in (
        A.Illumination("linear", (0, 0), p=1),
        A.Illumination("corner", (0, 0), p=1),
        A.Illumination("gaussian", (0, 0), p=1),
        A.PlasmaShadow((0, 0), p=1),
        A.PlasmaBrightnessContrast((0, 0), (0, 0), p=1),
    ):
        assert np.array_equal(t(image=image)["image"], image), t


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (64, 64), (50, 300), (300, 50)])
@pytest.mark.parametrize("roughness", [1e-9, 0.5, 3.0, 50.0, 1e9])
def test_plasma_fills_the_unit_interval(size, roughness):
    field = plasma(3, Size(*size), 256, roughness)
    assert field.shape == size
    assert np.isfinite(field).all()
    assert field.min() == 0
    assert np.isclose(field.max(), 1, atol=1e-6) or size == (1, 1)


def roughness_of(field):
    return np.abs(np.diff(field, axis=1)).mean() / field.std()


def test_plasma_is_rougher_with_roughness_and_finer_with_its_size():
    rough = [roughness_of(plasma(1, Size(256, 256), 256, r)) for r in (0.3, 1, 2, 3, 5)]
    assert rough == sorted(rough)
    assert rough[0] < 0.02, "soft"
    assert rough[2] < 0.2, "clouds"
    assert rough[4] > 0.5, "grain"
    fine = [roughness_of(plasma(1, Size(256, 256), n, 3.0)) for n in (4, 16, 64, 256)]
    assert fine == sorted(fine)
    assert fine[0] < 0.05


def test_default_plasma_has_clouds_and_not_only_noise():
    """With 2.0.8's default roughness neighbours differ by a sixth: white noise."""
    spectrum = 0
    for seed in range(8):
        field = plasma(seed, Size(128, 128), 256, 3.0)
        spectrum = spectrum + np.abs(np.fft.fft2(field - field.mean())) ** 2
    away = np.hypot(*np.meshgrid(np.fft.fftfreq(128) * 128, np.fft.fftfreq(128) * 128))
    power = [spectrum[(away >= k) & (away < 2 * k)].mean() for k in (2, 4, 8, 16)]
    assert power == sorted(power, reverse=True)
    assert power[0] > 20 * power[3]


def test_plasma_is_the_same_at_other_sizes():
    small, large = plasma(2, Size(64, 96), 32, 2.0), plasma(2, Size(256, 384), 32, 2.0)
    shrunk = large.reshape(64, 4, 96, 4).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 0.02
    assert not np.array_equal(small, plasma(3, Size(64, 96), 32, 2.0))


def test_shadow_is_the_pattern_times_its_intensity():
    t = A.PlasmaShadow((0.6, 0.6), p=1)
    image = RNG.random((32, 48, 3)).astype(np.float32)
    wanted = image * (1 - 0.6 * plasma(9, Size(32, 48), 256, 3.0))[..., None]
    assert np.abs(t.edit(image, intensity=0.6, seed=9) - wanted).max() < 1e-6
    field = gain(t)
    assert np.isclose(field.max(), 1, atol=1e-6)
    assert np.isclose(field.min(), 0.4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("brightness", "contrast"), [(0.3, 0.0), (0.0, 0.4), (-0.2, -0.3)])
def test_brighter_by_the_pattern_then_stretched_about_the_mean(dtype, brightness, contrast):
    unit = RNG.uniform(0.3, 0.6, (32, 48, 3))
    image = (unit * WHITE[dtype]).astype(dtype)
    pattern = plasma(4, Size(32, 48), 256, 3.0)[..., None].astype(float)
    wanted = image / WHITE[dtype] + brightness * pattern
    wanted = (wanted - wanted.mean()) * (1 + contrast * pattern) + wanted.mean()
    result = A.PlasmaBrightnessContrast(p=1).edit(image, brightness, contrast, 4)
    assert np.abs(result / WHITE[dtype] - wanted.clip(0, 1)).max() <= max(
        2e-5, 0.51 / WHITE[dtype] if dtype != "float32" else 0
    )


def test_light_refuses_by_name():
    with pytest.raises(ValueError, match=r"Illumination\.sigma_range must be .* > 0"):
        A.Illumination(sigma_range=(0, 1))
    with pytest.raises(ValueError, match=r"PlasmaShadow\.plasma_size must be"):
        A.PlasmaShadow(plasma_size=0)
    with pytest.raises(ValueError, match=r"PlasmaBrightnessContrast\.roughness must be"):
        A.PlasmaBrightnessContrast(roughness=0)
