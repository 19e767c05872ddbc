"""Lens, sensor and film: against definitions, SciPy, Pillow and analytic invariants."""

import numpy as np
import pytest
from cases import photo
from PIL import Image
from scipy import ndimage

import probaug as A
from probaug.core.matrix import Size
from probaug.transforms.superpixels import cells, lab, segments

RNG = np.random.default_rng(11)


def codes(height=61, width=47):
    """An image whose three channels say where each pixel came from."""
    y, x = np.mgrid[:height, :width]
    return np.stack([y, x, 0 * x], axis=2).astype(np.float32)


def bent(image, k1, k2, channel):
    """A channel read at r (1 + k1 r^2 + k2 r^4)."""
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(float)
    y, x = y - (height - 1) / 2, x - (width - 1) / 2
    square = (x / width) ** 2 + (y / height) ** 2
    bend = 1 + k1 * square + k2 * square**2
    at = [y * bend + (height - 1) / 2, x * bend + (width - 1) / 2]
    return ndimage.map_coordinates(image[..., channel].astype(float), at, order=1, mode="nearest")


def zoomed(image, factor):
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(float)
    at = [
        (y - (height - 1) / 2) / factor + (height - 1) / 2,
        (x - (width - 1) / 2) / factor + (width - 1) / 2,
    ]
    parts = [ndimage.map_coordinates(image[..., c].astype(float), at, order=1) for c in range(3)]
    return np.stack(parts, axis=2)


@pytest.mark.parametrize(("step", "copies"), [(0.2, 4), (0.05, 8), (0.02, 16)])
def test_zoom_blur_is_the_mean_of_growing_copies(step, copies):
    image = photo(96, 120, dtype="float32")
    factors = 1.31 ** (np.arange(copies) / (copies - 1))
    assert copies == 4 or factors[1] <= 1 + step
    wanted = np.mean([zoomed(image, factor) for factor in factors], axis=0)
    got = A.ZoomBlur((1.31, 1.31), (step, step), p=1)(image=image)["image"]
    assert np.abs(got - wanted).max() < 0.01
    small = A.ZoomBlur((1.31, 1.31), (step, step), p=1)(image=photo(96, 120))["image"]
    assert np.abs(small - wanted * 255).max() < 4


def test_a_largest_factor_of_1_changes_nothing():
    image = photo()
    assert A.ZoomBlur((1, 1), p=1)(image=image)["image"] is image


def test_zero_step_of_zoom_blur_is_the_smoothest_not_a_crash():
    image = photo(dtype="float32")
    fine = A.ZoomBlur((1.2, 1.2), (0.002, 0.002), p=1)(image=image)["image"]
    assert np.abs(A.ZoomBlur((1.2, 1.2), 0, p=1)(image=image)["image"] - fine).max() < 0.01
    assert A.ZoomBlur(1.5, 0.1).max_factor == (1, 1.5)
    assert A.ZoomBlur(1.5, 0.1).step_factor == (0, 0.1)


def test_zoom_blur_is_symmetric_about_the_centre():
    image = photo(33, 40, dtype="float32")
    t = A.ZoomBlur((1.3, 1.3), p=1)
    turned = t(image=image[::-1, ::-1].copy(), key=(0, 0, 1))["image"][::-1, ::-1]
    # OpenCV 4 rounds coordinates to 1/32 of a pixel
    assert np.abs(t(image=image, key=(0, 0, 1))["image"] - turned).max() < 0.01


@pytest.mark.parametrize("mode", ["fast", "exact"])
@pytest.mark.parametrize("reach", [1, 4])
def test_glass_scatters_evenly_up_to_its_reach(mode, reach):
    image = codes(200, 150)
    got = A.GlassBlur(0, reach, 1, mode, p=1)(image=image, key=(0, 0, 4))["image"]
    shifts = (got - image)[20:-20, 20:-20, :2].reshape(-1, 2)
    assert shifts.any(axis=1).mean() > 0.6
    if mode == "fast":
        assert np.abs(shifts).max() == reach
        counts = np.bincount((shifts + reach).astype(int).ravel(), minlength=2 * reach + 1)
        assert np.abs(counts / counts.sum() - 1 / (2 * reach + 1)).max() < 0.01
    assert np.abs(shifts.mean(axis=0)).max() < 0.05
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.03


@pytest.mark.parametrize("shape", [(61, 47), (5, 60), (1, 9), (1, 1), (3, 3)])
def test_exact_glass_loses_no_pixel(shape):
    image = RNG.integers(0, 60000, shape).astype(np.uint16)
    got = A.GlassBlur(0, 4, 3, "exact", p=1)(image=image)["image"]
    assert np.array_equal(np.sort(got, axis=None), np.sort(image, axis=None))


def test_glass_without_scatter_would_be_two_blurs():
    image = np.full((20, 20, 3), 90, np.uint8)
    assert np.array_equal(A.GlassBlur(2.0, p=1)(image=image)["image"], image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_aberration_bends_red_and_blue_and_leaves_green(dtype):
    image = photo(60, 80, dtype=dtype)
    t = A.ChromaticAberration((0.1, 0.1), (0.2, 0.2), "red_blue", p=1)
    got = t(image=image)["image"]
    white = np.iinfo(dtype).max if dtype != "float32" else 1
    assert np.array_equal(got[..., 1], image[..., 1])
    for channel, sign in ((0, 1), (2, -1)):
        wanted = bent(image, 0.1 * sign, 0.2 * sign, channel)
        assert np.abs(got[..., channel] - wanted).max() / white < 0.012
        assert np.abs(got[..., channel] - image[..., channel].astype(float)).max() / white > 0.05


def test_zero_aberration_changes_nothing():
    image = photo()
    assert A.ChromaticAberration(0, 0, p=1)(image=image)["image"] is image


@pytest.mark.parametrize("mode", ["green_purple", "red_blue", "random"])
def test_signs_of_aberration_follow_its_mode(mode):
    pipe = A.ReplayCompose([A.ChromaticAberration(mode=mode, p=1)], seed=1)
    alike = []
    for _ in range(60):
        params = pipe(image=np.zeros((2, 2, 3), np.uint8))["replay"]["transforms"][0]["params"]
        for red, blue, most in zip(params["red"], params["blue"], (0.02, 0.05), strict=True):
            assert max(abs(red), abs(blue)) <= most
            alike.append(red * blue > 0)
    share = {"green_purple": (1, 1), "red_blue": (0, 0), "random": (0.3, 0.7)}[mode]
    assert share[0] <= np.mean(alike) <= share[1]


def test_downscale_shows_the_middle_of_each_block_like_pillow():
    image = RNG.integers(0, 256, (32, 48, 3)).astype(np.uint8)
    picked = Image.fromarray(image).resize((12, 8), Image.Resampling.NEAREST)
    wanted = np.asarray(picked.resize((48, 32), Image.Resampling.NEAREST))
    assert np.array_equal(A.Downscale(p=1)(image=image)["image"], wanted)


@pytest.mark.parametrize("ways", [(0, 0), (3, 0), (0, 6), (1, 2)])
def test_downscale_is_two_resizes(ways):
    image = RNG.integers(0, 256, (33, 50, 3)).astype(np.uint8)
    small = A.Resize(10, 15, ways[0], p=1)(image=image)["image"]
    wanted = A.Resize(33, 50, ways[1], p=1)(image=small)["image"]
    pair = {"downscale": ways[0], "upscale": ways[1]}
    assert np.array_equal(A.Downscale((0.3, 0.3), pair, p=1)(image=image)["image"], wanted)


def test_downscale_by_area_and_linear():
    image = photo(64, 64, dtype="float32")
    pair = {"downscale": "area", "upscale": "linear"}
    got = A.Downscale((0.25, 0.25), pair, p=1)(image=image)["image"]
    blocks = image.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))
    middle = (blocks[:-1, :-1] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[1:, 1:]) / 4
    corners = got[3:-1:4, 3:-1:4] + got[4::4, 3:-1:4] + got[3:-1:4, 4::4] + got[4::4, 4::4]
    assert np.abs(corners / 4 - middle).max() < 1e-5


def test_scale_0_of_downscale_is_refused_and_tiny_images_stay():
    with pytest.raises(ValueError, match=r"Downscale\.scale_range must be .*> 0"):
        A.Downscale((0, 0.5))
    for pair in ({"upscale": 1}, {"upscale": 1, "downscale": 9}, {"up": 1, "downscale": 0}):
        with pytest.raises(ValueError, match=r"Downscale\.interpolation_pair must be .*'upscale'"):
            A.Downscale(interpolation_pair=pair)
    image = photo(1, 3)
    assert A.Downscale((0.01, 0.01), p=1)(image=image)["image"].shape == image.shape
    assert A.Downscale((1, 1), p=1)(image=image)["image"] is image


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_vignetting_darkens_with_the_square_of_the_distance(dtype):
    image = photo(40, 60, 5, dtype)
    got = A.Vignetting((0.6, 0.6), (0.25, 0.25), p=1)(image=image)["image"]
    y, x = np.mgrid[:40, :60] + 0.5
    far = (y - 10) ** 2 + (x - 15) ** 2
    wanted = image * (1 - 0.6 * far / (30**2 + 45**2))[..., None]
    assert np.abs(got - wanted).max() <= {"uint8": 0.51, "uint16": 0.52, "float32": 1e-6}[dtype]
    assert A.Vignetting((0, 0), p=1)(image=image)["image"] is image


@pytest.mark.parametrize("size", [1, 2, 3.5])
@pytest.mark.parametrize("level", [0.2, 0.5])
def test_grain_has_the_deviation_of_a_binomial_law(size, level):
    image = np.full((256, 256, 3), level, np.float32)
    t = A.FilmGrain((0.2, 0.2), (size, size), p=1)
    noise = (t(image=image, key=(0, 0, 1))["image"] - level)[..., 0]
    assert noise.std() == pytest.approx(0.1 * np.sqrt(level * (1 - level)), rel=0.04)
    assert abs(noise.mean()) < 0.002
    beside = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    weights = np.exp(-2 * (np.arange(-12, 13) / max(size - 1, 1e-3)) ** 2)
    assert beside == pytest.approx((weights[1:] @ weights[:-1]) / (weights @ weights), abs=0.03)
    eight = t(image=(image * 255).round().astype(np.uint8), key=(0, 0, 1))["image"] / 255
    assert eight.std() == pytest.approx(noise.std(), rel=0.03)


def test_black_and_white_have_no_grain():
    image = np.zeros((16, 16), np.uint16)
    image[8:] = 65535
    assert np.array_equal(A.FilmGrain((1, 1), p=1)(image=image)["image"], image)
    grey = photo(30, 30)
    assert A.FilmGrain((0, 0), p=1)(image=grey)["image"] is grey


def areas(height=120, width=150):
    """A picture of three flat areas with round and straight borders, and their numbers."""
    y, x = np.mgrid[:height, :width]
    number = (x > 80).astype(int) + 2 * ((x - 60) ** 2 + (y - 60) ** 2 < 900)
    colours = np.array([[30, 60, 200], [220, 180, 40], [20, 160, 60], [200, 30, 90]], np.uint8)
    return colours[number], number


def test_segments_follow_borders_and_are_about_as_many_as_asked():
    image, number = areas()
    grid = cells(Size(120, 150), 100)
    labels = segments(lab(image), grid)
    assert 80 <= len(np.unique(labels)) <= 120
    # nearly every segment lies within one area (undersegmentation)
    inside = [np.bincount(number[labels == label]).max() for label in np.unique(labels)]
    assert sum(inside) / labels.size > 0.995
    sizes = np.bincount(labels.ravel())
    assert sizes[sizes > 0].mean() == pytest.approx(180, rel=0.25)


def test_segments_are_as_good_as_those_of_scikit_image():
    slic = pytest.importorskip("skimage.segmentation").slic
    smooth = ndimage.gaussian_filter(RNG.random((96, 128, 3)), (6, 6, 0))
    image = ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)
    ours = segments(lab(image), cells(Size(96, 128), 80))
    theirs = slic(image, 80, compactness=10, start_label=0)

    def spread(labels):
        values = image.reshape(-1, 3).astype(float)
        means = [np.bincount(labels.ravel(), v) for v in values.T] / np.bincount(labels.ravel())
        return np.nanmean((values - means.T[labels.ravel()]) ** 2)

    assert spread(ours) < 1.1 * spread(theirs)


def test_superpixels_leave_the_other_segments_alone():
    image = RNG.integers(0, 256, (200, 300, 3)).astype(np.uint8)
    image = ndimage.gaussian_filter(image, (3, 3, 0))
    got = A.Superpixels((0.1, 0.1), p=1)(image=image, key=(0, 0, 2))["image"]
    assert 0.6 < (got == image).all(axis=2).mean() < 0.99
    assert A.Superpixels((0, 0), p=1)(image=image)["image"] is image


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_every_segment_becomes_its_mean(dtype):
    image = photo(60, 80, dtype=dtype)
    labels = segments(lab(image), cells(Size(60, 80), 30))
    got = A.Superpixels((1, 1), (30, 30), None, p=1)(image=image)["image"]
    for label in np.unique(labels):
        colour = image[labels == label].mean(axis=0)
        allowed = 1e-5 if dtype == "float32" else 0.51
        assert np.abs(got[labels == label] - colour).max() <= allowed


def test_one_segment_is_the_mean_of_the_image():
    image = photo(30, 40, None)
    got = A.Superpixels((1, 1), (1, 1), p=1)(image=image)["image"]
    assert np.abs(got - image.mean()).max() <= 0.51
