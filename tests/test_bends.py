"""Bends by moved points, against SciPy and scikit-image."""

import cv2
import numpy as np
import pytest
from scipy.interpolate import RBFInterpolator, RegularGridInterpolator
from scipy.ndimage import map_coordinates
from skimage.transform import PiecewiseAffineTransform

import probaug as A
from probaug.core.matrix import Size
from probaug.core.remap import DenseMap
from probaug.transforms.bends import between, points, splined, unfolded

SIZE = Size(120, 160)
EXACT_WARPS = int(cv2.__version__.split(".")[0]) >= 5  # 4.x rounds coordinates to 1/32 pixel
BENDS = {
    "affine": A.PiecewiseAffine(scale=(0.05, 0.05), nb_rows=(3, 5), p=1),
    "spline": A.ThinPlateSpline(scale_range=(0.4, 0.4), p=1),
    "grid": A.GridElasticDeform(num_grid_xy=(5, 3), magnitude=12, p=1),
}
every = pytest.mark.parametrize("transform", BENDS.values(), ids=BENDS)


def plain_maps(size):
    x, y = np.meshgrid(np.arange(size.width), np.arange(size.height))
    return x.astype(np.float32), y.astype(np.float32)


def maps_of(transform, size=SIZE, index=3):
    result = A.ReplayCompose([transform])(image=np.zeros(size, np.uint8), key=(0, 0, index))
    return transform.field(size, **result["replay"]["transforms"][0]["params"])


def centres(size):
    x, y = plain_maps(size)
    return np.stack([(x + 0.5) / size.width, (y + 0.5) / size.height], -1).reshape(-1, 2)


def moves_of(maps, size):
    """How far each pixel is read from itself, in widths and heights, (H * W, 2)."""
    x, y = plain_maps(size)
    moves = np.stack([(maps[0] - x) / size.width, (maps[1] - y) / size.height], -1)
    return moves.reshape(-1, 2)


def jittered(rows, columns, scale, seed=0):
    grid = points(rows, columns)
    return grid, np.random.default_rng(seed).standard_normal(grid.shape) * scale


@pytest.mark.parametrize(
    ("count", "size"),
    [(2, (64, 64)), (3, (50, 90)), (4, (512, 384)), (6, (150, 100)), (4, (1, 9)), (11, (60, 60))],
)
def test_the_spline_is_that_of_scipy(count, size):
    size = Size(*size)
    grid, moves = jittered(count, count, 0.1 / count)
    want = RBFInterpolator(grid.reshape(-1, 2), moves.reshape(-1, 2), kernel="thin_plate_spline")
    error = moves_of(splined(grid, moves, size), size) - want(centres(size))
    assert np.abs(error * size[::-1]).max() < 0.06  # pixels
    assert np.abs(error * size[::-1]).mean() < 0.01


def test_the_spline_goes_through_its_points():
    """In 2.0.8 it missed them by up to three times the largest move."""
    size = Size(300, 400)
    grid, moves = jittered(4, 4, 0.03)
    dense = DenseMap(*splined(grid, moves, size))
    scale = np.array((size.width, size.height))
    landed, _ = dense.read(grid.reshape(-1, 2) * scale)
    np.testing.assert_allclose(landed, (grid + moves).reshape(-1, 2) * scale, atol=0.15)


def test_a_spline_of_an_affine_move_is_affine():
    size, grid = Size(90, 70), points(5, 5)
    moves = grid @ np.array(((0.1, 0.05), (-0.08, 0.2))) + (0.02, -0.03)
    want = centres(size) @ np.array(((0.1, 0.05), (-0.08, 0.2))) + (0.02, -0.03)
    np.testing.assert_allclose(moves_of(splined(grid, moves, size), size), want, atol=1e-5)


@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (2, 5), (7, 3)])
def test_triangles_are_those_of_scikit_image(rows, columns):
    size = Size(90, 130)
    grid, moves = jittered(rows, columns, 0.03)
    # slanted by a hair, so that Delaunay takes the same diagonal of each square
    slanted = lambda xy: xy + np.array((1e-6, 0)) * xy[:, 1:]  # noqa: E731
    source, target = grid.reshape(-1, 2), (grid + moves).reshape(-1, 2)
    reference = PiecewiseAffineTransform()
    if hasattr(reference, "from_estimate"):
        reference = reference.from_estimate(slanted(source), target)
    else:  # scikit-image before 0.26
        reference.estimate(slanted(source), target)
    want = reference(slanted(centres(size))) - centres(size)
    got = moves_of(between(moves, size, triangles=True), size)
    np.testing.assert_allclose(got, want, atol=1e-5)


@pytest.mark.parametrize(("rows", "columns"), [(3, 4), (2, 2), (9, 6)])
def test_cells_are_bilinear_as_in_scipy(rows, columns):
    size = Size(77, 130)
    _, moves = jittered(rows, columns, 0.03)
    axes = np.linspace(0, 1, rows), np.linspace(0, 1, columns)
    want = RegularGridInterpolator(axes, moves)(centres(size)[:, ::-1])
    got = moves_of(between(moves, size, triangles=False), size)
    np.testing.assert_allclose(got, want, atol=1e-6)


@every
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pixels_are_read_where_the_field_says(transform, dtype):
    rng = np.random.default_rng(5)
    smooth = cv2.GaussianBlur(rng.random((*SIZE, 3), dtype=np.float32), (0, 0), 2)
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    image = (smooth * white).astype(dtype)
    if isinstance(transform, A.ThinPlateSpline):
        transform = transform.replace(border_mode="replicate")
    result = A.ReplayCompose([transform])(image=image, key=(0, 0, 3))
    map_x, map_y = transform.field(SIZE, **result["replay"]["transforms"][0]["params"])
    got = result["image"]
    for channel in range(3):
        source = image[..., channel].astype(np.float64)
        want = map_coordinates(source, [map_y, map_x], order=1, mode="nearest")
        error = np.abs(got[..., channel] - want) / white
        assert error.max() < ((0.6 / 255) if EXACT_WARPS else 0.02)


@pytest.mark.parametrize(
    "transform",
    [
        A.PiecewiseAffine(scale=0, p=1),
        A.ThinPlateSpline(scale_range=(0, 0), p=1),
        A.GridElasticDeform((4, 4), 0, p=1),
        A.GridElasticDeform((1, 6), 9, p=1),
    ],
)
def test_no_strength_is_the_identity(transform):
    """In 2.0.8 PiecewiseAffine(scale=0) gave an image of the wrong shape."""
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    boxes = [[0.0, 0.0, 160.0, 120.0], [10.25, 3.5, 77.125, 119.75]]
    dots = [(10.4, 10.4), (0.0, 0.0), (159.0, 119.0)]
    pipe = A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc"),
        keypoint_params=A.KeypointParams("xy"),
    )
    result = pipe(image=image, mask=image[..., 0], bboxes=boxes, keypoints=dots)
    assert result["image"] is image
    assert result["bboxes"] == boxes
    assert result["keypoints"] == dots


@pytest.mark.parametrize("scale", [0.05, 0.2, 1.0, 30.0])
@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (4, 4), (3, 12), (20, 20)])
def test_cells_never_fold(scale, rows, columns):
    for seed in range(5):
        grid, moves = jittered(rows, columns, scale, seed)
        moved = (grid + unfolded(grid, moves)).astype(np.float32)
        for row in range(rows - 1):
            for column in range(columns - 1):
                quad = moved[row : row + 2, column : column + 2].reshape(4, 2)[[0, 1, 3, 2]]
                assert cv2.isContourConvex(quad * 1000)
                assert cv2.contourArea(quad, oriented=True) > 0


def test_moves_that_fold_nothing_are_kept():
    grid, moves = jittered(4, 4, 0.03)
    assert unfolded(grid, moves) is moves
    moves[1, 1] = 0.5  # far beyond its neighbours
    kept = unfolded(grid, moves)
    assert 0 < kept[1, 1, 0] < 0.5
    assert (kept[:, 3] == moves[:, 3]).all()  # what is far from the fold is left alone


@pytest.mark.parametrize("seed", range(4))
def test_piecewise_affine_never_shows_what_is_beyond_the_edge(seed):
    image = np.full((*SIZE, 3), 200, np.uint8)
    transform = A.PiecewiseAffine(scale=(0.2, 0.2), fill=0, p=1)
    assert (transform(image=image, key=(0, 0, seed))["image"] == 200).all()
    grid = A.GridElasticDeform((3, 3), 90, p=1)
    assert (grid(image=image, key=(0, 0, seed))["image"] == 200).all()


def test_piecewise_affine_moves_points_as_far_as_it_says():
    size, moves = Size(200, 300), []
    transform = A.PiecewiseAffine()
    for seed in range(60):
        maps = transform.field(size, scale=0.02, nb_rows=4, nb_cols=4, seed=seed)
        dense = DenseMap(*maps)
        inner = points(4, 4)[1:-1, 1:-1].reshape(-1, 2) * (300, 200)
        moves.append((dense.read(inner)[0] - inner) / (300, 200))
    assert np.std(moves) == pytest.approx(0.02, rel=0.1)
    assert abs(np.mean(moves)) < 0.004


def test_an_absolute_scale_is_in_pixels():
    shares = A.PiecewiseAffine().field(Size(100, 200), 0.04, 4, 4, 7)
    pixels = A.PiecewiseAffine(absolute_scale=True).field(Size(100, 200), 4, 4, 4, 7)
    x, y = plain_maps(Size(100, 200))
    np.testing.assert_allclose(pixels[1] - y, shares[1] - y, atol=1e-4)  # 4 of 100 rows
    tall = A.PiecewiseAffine(absolute_scale=True).field(Size(200, 200), 4, 4, 4, 7)
    assert np.abs(pixels[0] - x).max() == pytest.approx(np.abs(tall[0] - x[0]).max(), rel=0.05)


def test_rows_and_columns_of_points_are_drawn():
    transform = A.PiecewiseAffine(nb_rows=(2, 4), nb_cols=(5, 6), p=1)
    pipe = A.ReplayCompose([transform])
    seen = set()
    for index in range(60):
        params = pipe(image=np.zeros((9, 9), np.uint8), key=(0, 0, index))["replay"]
        params = params["transforms"][0]["params"]
        seen.add((params["nb_rows"], params["nb_cols"]))
    assert seen == {(rows, columns) for rows in (2, 3, 4) for columns in (5, 6)}
    assert A.PiecewiseAffine(nb_rows=3).nb_rows == (3, 3)
    assert A.PiecewiseAffine(scale=0.1).scale == (0, 0.1)


def test_grid_elastic_deform_counts_columns_then_rows():
    """In 2.0.8 num_grid_xy=(4, 2) gave two columns and four rows."""
    size = Size(200, 400)
    map_x, map_y = A.GridElasticDeform((4, 2), 20).field(size, seed=5)
    x, y = plain_maps(size)
    across = np.abs(np.diff(map_x - x, 2, axis=1)).max(axis=0) + np.abs(
        np.diff(map_y - y, 2, axis=1)
    ).max(axis=0)
    down = np.abs(np.diff(map_x - x, 2, axis=0)).max(axis=1) + np.abs(
        np.diff(map_y - y, 2, axis=0)
    ).max(axis=1)
    assert {100, 200, 300} == {100 * round((i + 1) / 100) for i in np.flatnonzero(across > 0.01)}
    assert {100} == {100 * round((i + 1) / 100) for i in np.flatnonzero(down > 0.01)}


def test_grid_elastic_deform_moves_no_further_than_asked_and_keeps_the_border():
    size = Size(160, 200)
    x, y = plain_maps(size)
    farthest = []
    for seed in range(30):
        dense_x, dense_y = A.GridElasticDeform((3, 3), 10).field(size, seed=seed)
        farthest.append(max(np.abs(dense_x - x).max(), np.abs(dense_y - y).max()))
        for shift in (dense_x - x, dense_y - y):
            border = np.concatenate([shift[0], shift[-1], shift[:, 0], shift[:, -1]])
            assert np.abs(border).max() < 10 / 50  # half a pixel into a cell of 53
    assert 9 < max(farthest) <= 10


@pytest.mark.parametrize("channels", [2, 5])
def test_grid_elastic_deform_serves_any_channels(channels):
    """2.0.8 served one or three."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (60, 80, channels), np.uint8)
    result = A.GridElasticDeform((4, 4), 8)(image=image, key=(0, 0, 1))["image"]
    alone = A.GridElasticDeform((4, 4), 8)(image=image[..., 1].copy(), key=(0, 0, 1))["image"]
    assert result.shape == image.shape
    assert np.abs(result[..., 1].astype(int) - alone).max() <= (1 if EXACT_WARPS else 12)


@every
def test_keypoints_move_with_what_they_mark(transform):
    size = Size(240, 320)
    marks = [(60, 50), (200, 100), (100, 200), (260, 190), (160, 120)]
    mask = np.zeros(size, np.uint8)
    for number, at in enumerate(marks, 1):
        cv2.circle(mask, at, 4, number, -1)
    names = list(range(1, len(marks) + 1))
    pipe = A.Compose([transform], keypoint_params=A.KeypointParams("xy", label_fields=["names"]))
    for index in range(6):
        result = pipe(image=mask, mask=mask, keypoints=marks, names=names, key=(0, 0, index))
        for at, name in zip(result["keypoints"], result["names"], strict=True):
            ys, xs = np.nonzero(result["mask"] == name)
            if xs.min() and ys.min() and xs.max() < 319 and ys.max() < 239:
                assert np.hypot(at[0] - xs.mean(), at[1] - ys.mean()) < 1.2


@every
def test_a_mask_of_another_size_bends_along(transform):
    size = Size(200, 260)
    mask = np.zeros(size, np.uint8)
    mask[60:120, 80:180] = 1
    pipe = A.Compose([transform], is_check_shapes=False)
    result = pipe(image=mask, mask=mask, masks=[mask[::2, ::2].copy()], key=(0, 0, 1))
    large = np.repeat(np.repeat(result["masks"][0], 2, axis=0), 2, axis=1)
    assert (large != result["mask"]).mean() < 0.015


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: A.PiecewiseAffine(scale=-1), "PiecewiseAffine.scale must be .*>= 0"),
        (lambda: A.PiecewiseAffine(nb_rows=1), "PiecewiseAffine.nb_rows must be .*>= 2"),
        (
            lambda: A.PiecewiseAffine(nb_cols=(4, 3)),
            "PiecewiseAffine.nb_cols .*low <= high",
        ),
        (lambda: A.ThinPlateSpline((0.5, 2)), r"ThinPlateSpline.scale_range must be .*\[0, 1\]"),
        (lambda: A.ThinPlateSpline(num_control_points=1), "num_control_points must be .*>= 2"),
        (lambda: A.GridElasticDeform((0, 2), 3), "GridElasticDeform.num_grid_xy must be .*>= 1"),
        (lambda: A.GridElasticDeform((2, 2), -1), "GridElasticDeform.magnitude must be .*>= 0"),
    ],
)
def test_wrong_values_say_so(make, words):
    with pytest.raises(ValueError, match=words):
        make()
