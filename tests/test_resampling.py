"""The one place that resamples, against references in float64 NumPy, Pillow and plain indexing."""

import cv2
import numpy as np
import pytest
from PIL import Image

from probaug.core.matrix import Matrix, Size, shift, slant, turn, zoom
from probaug.core.warp import remap, resize, shuffle, warp

EXACT = int(cv2.__version__.split(".")[0]) >= 5  # older ones round coordinates to 1/32 of a pixel
CONSTANT, REPLICATE, REFLECT, WRAP, REFLECT_101 = range(5)
DTYPES = [
    "bool", "uint8", "int8", "uint16", "int16", "int32", "uint32", "int64", "uint64", "float16",
    "float32", "float64",
]  # fmt: skip


def beyond(index, length, border):
    """Which pixel of a row stands for one that may lie outside it."""
    if border == REPLICATE:
        return np.clip(index, 0, length - 1)
    if border == WRAP:
        return index % length
    period = 2 * length if border == REFLECT else max(1, 2 * length - 2)
    index = index % period
    return np.where(index < length, index, period - (border == REFLECT) - index)


def pixels(image, rows, columns, border, fill):
    """Pixels at whole coordinates, the border's where they lie outside."""
    height, width = image.shape[:2]
    if border != CONSTANT:
        return image[beyond(rows, height, border), beyond(columns, width, border)]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    result = image[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)].copy()
    result[~inside] = fill
    return result


def sources(matrix, size):
    """Pixel-centre x and y in the source of every pixel of the result."""
    y, x = np.mgrid[: size.height, : size.width] + 0.5
    back = np.linalg.inv(np.array(matrix).reshape(3, 3))
    x, y, w = np.tensordot(back, np.stack([x, y, np.ones_like(x)]), 1)
    return x / w - 0.5, y / w - 0.5


def nearest(image, matrix, size, border, fill):
    x, y = sources(matrix, size)
    rows, columns = np.floor(y + 0.5 + 1e-9), np.floor(x + 0.5 + 1e-9)
    return pixels(image, rows.astype(int), columns.astype(int), border, fill)


def bilinear(image, matrix, size, border, fill):
    image = image.astype(np.float64).reshape(*image.shape[:2], -1)
    x, y = sources(matrix, size)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = (x - left)[..., None], (y - top)[..., None]
    return sum(
        weight * pixels(image, top + down, left + right, border, fill)
        for down, right, weight in (
            (0, 0, (1 - u) * (1 - v)), (0, 1, u * (1 - v)), (1, 0, (1 - u) * v), (1, 1, u * v),
        )
    )  # fmt: skip


def picture(rng, dtype, channels, smooth=False):
    height, width = rng.integers(1, 30, 2)
    shape = (height, width, channels) if channels else (height, width)
    if smooth:
        white = {"uint8": 255, "uint16": 65535, "int16": 30000}.get(dtype, 1)
        values = cv2.GaussianBlur(rng.random(shape), (0, 0), 1.5).reshape(shape)
        return (values * white).astype(dtype), white
    return rng.integers(0, 2 if dtype == "bool" else 120, shape).astype(dtype)


def some_warp(rng, perspective):
    linear = (
        turn(rng.uniform(-180, 180)) @ slant(rng.uniform(-20, 20)) @ zoom(*rng.uniform(0.5, 2, 2))
    )
    matrix = shift(*rng.uniform(-3, 3, 2)) @ linear.about(10, 10)
    if perspective:
        matrix = Matrix(px=rng.uniform(-0.004, 0.004), py=rng.uniform(-0.004, 0.004)) @ matrix
    return Matrix(*(value / matrix.p for value in matrix))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("border", range(5))
def test_lossless_moves_are_indexing(dtype, border):
    rng = np.random.default_rng(border)
    for n in range(40):
        image = picture(rng, dtype, n % 8)[:: 1 if n % 3 else -1]
        signs = rng.choice([-1, 1], 2).astype(float).tolist()
        x, y = rng.integers(-25, 40, 2).astype(float).tolist()
        straight, turned = (
            Matrix(signs[0], 0, x, 0, signs[1], y),
            Matrix(0, signs[0], x, signs[1], 0, y),
        )
        matrix = straight if n % 2 else turned
        size = Size(*map(int, rng.integers(1, 50, 2)))
        fill = tuple(range(1, n % 8 + 1)) if n % 8 else 1
        fill = 1 if dtype == "bool" else fill
        before = image.copy()
        result = shuffle(image, matrix, size, border, fill)
        assert result.dtype == image.dtype
        np.testing.assert_array_equal(result, nearest(image, matrix, size, border, fill))
        np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("perspective", [False, True])
def test_nearest_picks_the_pixel_under_the_centre(dtype, perspective):
    rng = np.random.default_rng(1)
    wrong = total = 0
    for n in range(40):
        image = picture(rng, dtype, n % 8)
        if dtype.endswith("int64"):
            image = image + np.array(2**40, dtype)
        matrix, size = some_warp(rng, perspective), Size(*map(int, rng.integers(1, 40, 2)))
        border = (CONSTANT, REPLICATE, REFLECT, REFLECT_101)[n % 4]
        result = warp(image, matrix, size, 0, border, 1)
        assert result.dtype == image.dtype
        different = result != nearest(image, matrix, size, border, 1)
        wrong, total = wrong + different.sum(), total + different.size
    assert wrong <= (0.001 if EXACT else 0.05) * total


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float16", "float32", "float64"])
@pytest.mark.parametrize("perspective", [False, True])
def test_linear_is_bilinear(dtype, perspective):
    rng = np.random.default_rng(2)
    exact = EXACT and dtype in ("uint8", "uint16", "float16", "float32")
    for n in range(40):
        image, white = picture(rng, dtype, n % 8, smooth=True)
        matrix, size = some_warp(rng, perspective), Size(*map(int, rng.integers(1, 40, 2)))
        fill = int(0.3 * white) if white > 1 else 0.3
        result = warp(image, matrix, size, 1, n % 5, fill)
        assert result.dtype == image.dtype
        assert result.shape == (*size, *image.shape[2:])
        wanted = bilinear(image, matrix, size, n % 5, fill)
        error = np.abs(result.astype(np.float64).reshape(wanted.shape) - wanted).max() * 255 / white
        assert error <= (0.55 if exact else 3.5), (image.shape, matrix, n % 5)


@pytest.mark.parametrize("interpolation", range(7))
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4, 5, 7])
def test_every_interpolation_serves_every_channel_count(interpolation, channels):
    image, _ = picture(np.random.default_rng(3), "float32", channels, smooth=True)
    size, points = Size(9, 11), np.zeros((9, 11), np.float32)
    for result in (
        warp(image, turn(10), size, interpolation),
        resize(image, size, interpolation),
        remap(image, points, points, interpolation),
    ):
        assert result.shape == (*size, *image.shape[2:])


def under_centres(old, new):
    """Pixels under the centres of new ones, and which of these do not lie on an edge."""
    doubled = (2 * np.arange(new) + 1) * old
    return doubled // (2 * new), doubled % (2 * new) != 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_nearest_resize_picks_the_pixel_under_the_centre(dtype):
    rng = np.random.default_rng(4)
    for channels in range(8):
        image = picture(rng, dtype, channels)
        height, width = image.shape[:2]
        size = Size(*map(int, rng.integers(1, 60, 2)))
        rows, sharp_rows = under_centres(height, size.height)
        columns, sharp_columns = under_centres(width, size.width)
        result = resize(image, size, 0)
        assert result.dtype == image.dtype
        wanted = image[rows][:, columns]
        np.testing.assert_array_equal(
            result[sharp_rows][:, sharp_columns], wanted[sharp_rows][:, sharp_columns]
        )


def test_resize_agrees_with_pillow():
    rng = np.random.default_rng(5)
    image = (cv2.GaussianBlur(rng.random((60, 90, 3)), (0, 0), 2) * 255).astype(np.uint8)
    pillow = Image.fromarray(image)
    for size, ours, theirs in (
        (Size(180, 270), 1, Image.Resampling.BILINEAR),
        (Size(97, 123), 1, Image.Resampling.BILINEAR),
        (Size(20, 30), 3, Image.Resampling.BOX),
        (Size(15, 45), 3, Image.Resampling.BOX),
    ):
        wanted = np.asarray(pillow.resize((size.width, size.height), theirs)).astype(int)
        assert np.abs(resize(image, size, ours) - wanted).max() <= 1, size


def test_interpolating_labels_is_an_error_that_says_so():
    with pytest.raises(TypeError, match=r"interpolating needs .* got int64 .* nearest"):
        warp(np.zeros((4, 5), np.int64), turn(10), Size(4, 5), 1)
