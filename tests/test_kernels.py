"""Kernels against SciPy, published formulae and what Albumentations 2.0.8 documents."""

import cv2
import numpy as np
import pytest
from cases import photo
from scipy import ndimage, special

import probaug as A
from probaug.transforms.kernels import convolved, jinc

RNG = np.random.default_rng(7)
SHAPES = [(41, 33), (41, 33, 1), (41, 33, 3), (41, 33, 5), (6, 5, 130)]
BOUND = {"uint8": 1.0, "uint16": 1.5, "int16": 1.5, "float32": 2e-5, "float64": 2e-5}


def picture(shape, dtype):
    if dtype.startswith("float"):
        return RNG.random(shape).astype(dtype)
    return RNG.integers(0, 256 if dtype == "uint8" else 30000, shape).astype(dtype)


def response(transform, side=41, **call):
    """The kernel of a filter, as weights by (row, column) offset from the middle."""
    dot = np.zeros((side, side), np.float32)
    dot[side // 2, side // 2] = 1
    return transform(image=dot, **call)["image"][::-1, ::-1].astype(float)


def filtered(image, weights):
    image = np.atleast_3d(image.astype(float))
    parts = [ndimage.correlate(part, weights, mode="mirror") for part in np.moveaxis(image, 2, 0)]
    return np.stack(parts, axis=2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", list(BOUND))
@pytest.mark.parametrize("size", [3, 9, 15])
@pytest.mark.parametrize("is_round", [True, False])
def test_a_kernel_is_applied_whichever_way_is_cheaper(shape, dtype, size, is_round):
    steps = np.arange(size) - size // 2
    far = np.hypot(steps, steps[:, None])
    weights = special.j0(far) + 0.5 if is_round else RNG.random((size, size)) - 0.2
    weights /= weights.sum()
    image = picture(shape, dtype)
    got, wanted = convolved(image, weights), filtered(image, weights)
    assert got.dtype == image.dtype
    assert got.shape == image.shape
    if not dtype.startswith("float"):
        limits = np.iinfo(dtype)
        wanted = wanted.clip(limits.min, limits.max)
    assert np.abs(np.atleast_3d(got) - wanted).max() <= BOUND[dtype] * np.abs(weights).sum()


def test_weights_of_nothing_are_left_out():
    image = picture((9, 9, 3), "uint8")
    weights = np.zeros((7, 7))
    weights[3, 3] = 1
    assert convolved(image, weights) is image


@pytest.mark.parametrize("beta", [0.6, 1.0, 4.0])
def test_generalised_gaussian(beta):
    near = (beta - 1e-9, beta + 1e-9) if beta == 1 else None
    t = A.AdvancedBlur((9, 9), 2.0, 1.0, (30, 30), near or (0.5, 8.0), (1, 1), p=1)
    params = {"kernel": 9, "sigma_x": 2.0, "sigma_y": 1.0, "rotate": 30.0, "beta": beta, "seed": 1}
    dot = np.zeros((25, 25), np.float32)
    dot[12, 12] = 1
    got = t.edit(dot, **params)[8:17, 8:17]
    y, x = np.mgrid[-4:5, -4:5].astype(float)
    turn = np.radians(30)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    wanted = np.exp(-0.5 * ((u / 2) ** 2 + v**2) ** beta)
    assert np.abs(got - wanted / wanted.sum()).max() < 1e-6


def test_of_beta_1_it_is_a_gaussian():
    image = picture((30, 30, 3), "float32")
    t = A.AdvancedBlur((7, 7), (1.2, 1.2), (1.2, 1.2), 0, (1 - 1e-9, 1 + 1e-9), (1, 1), p=1)
    wanted = cv2.GaussianBlur(image, (7, 7), 1.2)
    assert np.abs(t(image=image)["image"] - wanted).max() < 1e-5


def test_beta_lies_on_either_side_of_1_equally_often():
    t = A.ReplayCompose([A.AdvancedBlur(p=1)], seed=3)
    image = np.zeros((1, 1), np.uint8)
    betas = [t(image=image)["replay"]["transforms"][0]["params"]["beta"] for _ in range(600)]
    assert min(betas) >= 0.5
    assert max(betas) <= 8
    assert abs(sum(beta < 1 for beta in betas) - 300) < 50


def test_noise_multiplies_weights():
    t = A.AdvancedBlur((7, 7), (2, 2), (2, 2), 0, (1 - 1e-9, 1 + 1e-9), (0.5, 1.5), p=1)
    plain = t.replace(noise_limit=(1, 1))
    ratio = (response(t, key=(0, 0, 1)) / response(plain).clip(1e-9))[17:24, 17:24]
    assert response(t, key=(0, 0, 1)).sum() == pytest.approx(1, abs=1e-5)
    assert ratio.max() / ratio.min() < 3.01
    assert ratio.std() > 0.2


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("beta_limit", (1, 2), "low < 1 < high"),
        ("beta_limit", (2, 3), "low < 1 < high"),
        ("noise_limit", 0, "high > 0"),
        ("sigma_x_limit", (-1, 1), ">= 0"),
    ],
)
def test_wrong_limits_of_advanced_blur(field, value, words):
    with pytest.raises(ValueError, match=rf"AdvancedBlur\.{field} must be .*{words}"):
        A.AdvancedBlur(**{field: value})


def test_no_deviation_at_all_changes_nothing():
    image = photo(20, 20)
    assert np.array_equal(A.AdvancedBlur(7, 0, 0, p=1)(image=image)["image"], image)


@pytest.mark.parametrize("radius", [1, 3, 8, 10, 14])
def test_defocus_is_a_disc(radius):
    got = response(A.Defocus((radius, radius), 0, p=1))
    y, x = np.mgrid[-20:21, -20:21]
    disc = (x**2 + y**2 <= radius**2).astype(float)
    assert np.abs(got - disc / disc.sum()).max() < 1e-6


@pytest.mark.parametrize("radius", [3, 10])
def test_the_soft_edge_of_defocus_is_not_cut_off(radius):
    soft = response(A.Defocus((radius, radius), (0.5, 0.5), p=1))
    y, x = np.mgrid[-20:21, -20:21]
    disc = (x**2 + y**2 <= radius**2).astype(float)
    size = 3 if radius <= 8 else 5
    wanted = cv2.GaussianBlur(disc / disc.sum(), (size, size), 0.5)
    assert np.abs(soft - wanted).max() < 1e-6
    assert soft[20, 20 + radius + 1] > 0


def test_a_number_for_defocus_is_the_upper_end():
    assert A.Defocus(5, 0.3).radius == (1, 5)
    assert A.Defocus(5, 0.3).alias_blur == (0, 0.3)
    with pytest.raises(ValueError, match=r"Defocus\.radius must be .*>= 1, got 0"):
        A.Defocus(0)


def test_bessel():
    x = np.linspace(1e-6, 60, 500)
    assert np.abs(jinc(x) - special.j1(x) / x).max() < 1e-12
    assert jinc(np.zeros(1)) == pytest.approx(0.5)


@pytest.mark.parametrize(("size", "cutoff"), [(7, 0.8), (15, 1.5), (21, 3.0)])
def test_ringing_is_the_ideal_round_low_pass(size, cutoff):
    image = photo(60, 50, dtype="float32") * 0.5 + 0.25
    steps = np.arange(size) - size // 2
    far = np.hypot(steps, steps[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = cutoff * special.j1(cutoff * far) / (2 * np.pi * far)
    weights[size // 2, size // 2] = cutoff**2 / (4 * np.pi)
    wanted = filtered(image, weights / weights.sum())
    got = A.RingingOvershoot((size, size), (cutoff, cutoff), p=1)(image=image)["image"]
    assert np.abs(got - wanted).max() < 1e-5


def test_it_rings_and_overshoots():
    edge = np.repeat(np.where(np.arange(64) < 32, 0.3, 0.7)[None], 20, 0).astype(np.float32)
    row = A.RingingOvershoot((15, 15), (1.0, 1.0), p=1)(image=edge)["image"][10]
    assert row.max() > 0.71
    assert row.min() < 0.29
    assert row[0] == pytest.approx(0.3, abs=1e-3)


def test_a_cutoff_of_0_is_the_mean_not_nan():
    image = photo(30, 30, dtype="float32")
    got = A.RingingOvershoot((7, 7), (0, 0), p=1)(image=image)["image"]
    assert np.abs(got - cv2.blur(image, (7, 7))).max() < 1e-5


@pytest.mark.parametrize("threshold", [0, 10, 60])
@pytest.mark.parametrize(("size", "sigma"), [(7, 2.0), (5, 0.0)])
def test_unsharp_mask_by_its_definition(threshold, size, sigma):
    image = RNG.random((40, 30, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(image, (size, size), sigma)
    rest = image - blurred
    mask = cv2.GaussianBlur(
        (np.abs(rest) * 255 > threshold).astype(np.float32), (size, size), sigma
    )
    wanted = mask * np.clip(image + 0.5 * rest, 0, 1) + (1 - mask) * image
    t = A.UnsharpMask((size, size), (sigma, sigma), (0.5, 0.5), threshold, p=1)
    assert np.abs(t(image=image)["image"] - wanted).max() < 1e-5
    small = (image * 255).round().astype(np.uint8)
    assert np.abs(t(image=small)["image"] - wanted * 255).mean() < 2
    if threshold == 0:
        assert np.abs(t(image=small)["image"] - wanted * 255).max() < 2


def test_small_differences_stay():
    image = photo(40, 40) // 16 + 100
    t = A.UnsharpMask((7, 7), 0.0, (1, 1), p=1)
    assert np.array_equal(t(image=image)["image"], image)


@pytest.mark.parametrize("cls", [A.UnsharpMask, A.Emboss])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_alpha_0_changes_nothing(cls, dtype):
    image = photo(dtype=dtype)
    assert np.array_equal(cls(alpha=(0, 0), p=1)(image=image)["image"], image)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize(("alpha", "strength"), [(1, 0.5), (0.5, 0.5), (0.3, 2)])
def test_emboss_by_its_kernel(dtype, alpha, strength):
    image = photo(dtype=dtype)
    relief = np.array(
        [[-1 - strength, -strength, 0], [-strength, 1, strength], [0, strength, 1 + strength]]
    )
    flat = np.zeros((3, 3))
    flat[1, 1] = 1
    white = 255 if dtype == "uint8" else 1
    wanted = filtered(image, alpha * relief + (1 - alpha) * flat).clip(0, white)
    got = A.Emboss((alpha, alpha), (strength, strength), p=1)(image=image)["image"]
    assert np.abs(got - wanted).max() <= (0.51 if dtype == "uint8" else 1e-5)


def test_emboss_keeps_what_is_flat():
    image = np.full((9, 9, 3), 77, np.uint8)
    assert np.array_equal(A.Emboss((1, 1), (3, 3), p=1)(image=image)["image"], image)


@pytest.mark.parametrize("cls", [A.AdvancedBlur, A.RingingOvershoot, A.UnsharpMask])
def test_even_sizes_are_raised_with_a_warning(cls):
    with pytest.warns(UserWarning, match="odd and at least 3"):
        assert cls((4, 8)).blur_limit == (5, 9)
    with pytest.warns(UserWarning, match="odd and at least 3"):
        assert cls(0).blur_limit == (3, 3)
