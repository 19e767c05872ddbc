"""Filters against SciPy."""

import numpy as np
import pytest
from scipy import ndimage

import probaug as A

RNG = np.random.default_rng(5)
SHAPES = [(21, 17), (21, 17, 1), (21, 17, 2), (21, 17, 3), (21, 17, 5), (6, 5, 130)]
DTYPES = ["uint8", "uint16", "int16", "float32"]


def picture(shape, dtype):
    if dtype == "float32":
        return RNG.normal(0, 2, shape).astype(dtype)  # no range: nothing may be clipped
    return RNG.integers(0, 256 if dtype == "uint8" else 30000, shape).astype(dtype)


def agree(got, wanted, image, levels=0.501):
    assert got.dtype == image.dtype
    assert got.shape == image.shape
    bound = 1e-5 if image.dtype == np.float32 else levels
    assert np.abs(got - wanted).max() <= bound


def sides(image, size):
    return (size, size) + (1,) * (image.ndim - 2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_box(shape, dtype):
    image = picture(shape, dtype)
    for size in (3, 7):
        wanted = ndimage.uniform_filter(image.astype(float), sides(image, size), mode="mirror")
        agree(A.Blur((size, size), p=1)(image=image)["image"], wanted, image)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_median(shape, dtype):
    image = picture(shape, dtype)
    for size in (3, 5, 7, 9):
        wanted = ndimage.median_filter(image, sides(image, size), mode="nearest")
        assert np.array_equal(A.MedianBlur((size, size), p=1)(image=image)["image"], wanted)


@pytest.mark.parametrize("sigma", [0.6, 1.7, 3.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gaussian_with_its_own_size(sigma, dtype):
    image = picture((40, 33, 3), dtype)
    radius = int(3.5 * sigma)
    wanted = ndimage.gaussian_filter(
        image.astype(float), (sigma, sigma, 0), mode="mirror", radius=(radius, radius, 0)
    )
    levels = 1.01 if dtype == "uint8" else 0.6
    agree(A.GaussianBlur(0, (sigma, sigma), p=1)(image=image)["image"], wanted, image, levels)


def test_gaussian_sizes():
    dot = np.zeros((41, 41), np.float32)
    dot[20, 20] = 1

    def width(limit, sigma):
        blurred = A.GaussianBlur((limit, limit), (sigma, sigma), p=1)(image=dot)["image"]
        return int((blurred[20] > 0).sum())

    assert [width(limit, 5) for limit in (0, 1, 4, 5, 6)] == [35, 1, 5, 5, 7]
    assert width(5, 0) == width(0, 0) == width(0, 0.2) == 1


def test_odd_sizes_are_equally_likely():
    t = A.ReplayCompose([A.Blur((3, 9), p=1)], seed=2)
    image = np.zeros((1, 1), np.uint8)
    sizes = [t(image=image)["replay"]["transforms"][0]["params"]["kernel"] for _ in range(800)]
    assert sorted(set(sizes)) == [3, 5, 7, 9]
    assert min(map(sizes.count, (3, 5, 7, 9))) > 140


@pytest.mark.parametrize("cls", [A.Blur, A.MedianBlur, A.MotionBlur])
@pytest.mark.parametrize(
    ("given", "taken"), [(8, (3, 9)), ((4, 4), (5, 5)), (2, (3, 3)), ((2, 6), (3, 7))]
)
def test_even_and_small_sizes_are_raised_with_one_warning(cls, given, taken):
    with pytest.warns(UserWarning, match=r"odd and at least 3: .* taken as") as caught:
        assert cls(given).blur_limit == taken
    assert len(caught) == 1


@pytest.mark.parametrize("value", ["3", (3,), (9, 3), 3.5, (3, 7, 9)])
def test_other_sizes_are_refused(value):
    with pytest.raises(ValueError, match=r"Blur.blur_limit must be"):
        A.Blur(value)


def kernel(angle, direction, size=7, key=0, shifted=False):
    """The weights that a motion blur gives to each offset (rows down, columns right)."""
    dot = np.zeros((25, 25), np.float32)
    dot[12, 12] = 1
    t = A.MotionBlur((size, size), shifted, (angle, angle), (direction, direction), p=1)
    return t(image=dot, key=key)["image"][::-1, ::-1]  # correlation turned into weights


@pytest.mark.parametrize("angle", [0, 20, 45, 90, 135, 200, 300])
def test_motion_is_a_line_through_the_pixel(angle):
    weights = kernel(angle, 0, 9)
    assert weights.sum() == pytest.approx(1)
    rows, columns = np.nonzero(weights)
    along = np.array([np.cos(np.radians(angle)), -np.sin(np.radians(angle))])
    offsets = np.column_stack([columns, rows]) - 12.0
    across = offsets @ (-along[1], along[0])
    assert np.abs(across).max() <= 0.75  # no pixel further from the line than its own diagonal
    assert np.allclose(offsets.mean(axis=0), 0)
    assert 2 * np.abs(offsets @ along).max() + 1 == pytest.approx(9, abs=1.2)


@pytest.mark.parametrize(("direction", "ends"), [(0, (-3, 3)), (1, (0, 3)), (-1, (-3, 0))])
def test_direction_moves_the_line_to_one_side(direction, ends):
    columns = np.nonzero(kernel(0, direction)[12])[0] - 12
    assert (columns.min(), columns.max()) == ends
    rows = np.nonzero(kernel(90, direction)[:, 12])[0] - 12
    assert (-rows.max(), -rows.min()) == ends  # 90 degrees is up


def test_a_shift_moves_the_line_by_up_to_a_quarter_and_keeps_its_length():
    seen = set()
    for key in range(80):
        rows, columns = np.nonzero(kernel(0, 0, 9, key, shifted=True))
        assert len(rows) == 9
        seen.add((rows.mean() - 12, columns.mean() - 12))
    assert {y for y, _ in seen} == {x for _, x in seen} == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [0, 1, 3, 5])
def test_sharpen(dtype, channels):
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    shape = (21, 17, channels) if channels else (21, 17)
    unit = RNG.random(shape)
    image = (np.rint(unit * white) if white > 1 else unit).astype(dtype)
    unit = image / white
    alpha, light = 0.4, 0.8
    around = np.full((3, 3), -1.0)
    around[1, 1] = 8 + light
    around = around.reshape(3, 3, *(1,) * (image.ndim - 2))
    wanted = (1 - alpha) * unit + alpha * ndimage.correlate(unit, around, mode="mirror")
    result = A.Sharpen((alpha, alpha), (light, light), p=1)(image=image)["image"]
    bound = 1e-5 if white == 1 else 0.51 / white
    assert result.shape == image.shape
    assert np.abs(result / white - np.clip(wanted, 0, 1)).max() <= bound

    sigma = (1.3, 1.3) + (0,) * (image.ndim - 2)
    blurred = ndimage.gaussian_filter(unit, sigma, mode="mirror", radius=[2, 2, 0][: image.ndim])
    wanted = unit + alpha * (unit - blurred)
    t = A.Sharpen((alpha, alpha), method="gaussian", kernel_size=5, sigma=1.3, p=1)
    bound = 1e-5 if white == 1 else 1.01 / white
    result = t(image=image)["image"]
    assert np.abs(result / white - np.clip(wanted, 0, 1)).max() <= bound


def test_an_even_gaussian_is_refused():
    assert A.Sharpen(kernel_size=4).kernel_size == 4  # "kernel" has no size
    with pytest.raises(ValueError, match=r"Sharpen.kernel_size must be odd, got 4"):
        A.Sharpen(method="gaussian", kernel_size=4)
