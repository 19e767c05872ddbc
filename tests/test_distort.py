"""Distortions against SciPy, analytic inverses, and their own pixels."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label, map_coordinates
from scipy.optimize import brentq

import probaug as A
from probaug.core.matrix import Size
from probaug.core.remap import DenseMap, remap_boxes, remap_keypoints

SIZE = Size(120, 160)
EXACT_WARPS = int(cv2.__version__.split(".")[0]) >= 5  # 4.x rounds coordinates to 1/32 pixel

DISTORTIONS = {
    "elastic": A.ElasticTransform(alpha=400, sigma=10, p=1),
    "elastic, fine": A.ElasticTransform(alpha=60, sigma=4, p=1),
    "elastic, uniform": A.ElasticTransform(
        alpha=120, sigma=9, noise_distribution="uniform", same_dxdy=True, p=1
    ),
    "elastic, approximate": A.ElasticTransform(alpha=60, sigma=8, approximate=True, p=1),
    "grid": A.GridDistortion(num_steps=4, distort_limit=0.5, p=1),
    "grid, not normalized": A.GridDistortion(distort_limit=0.4, normalized=False, p=1),
    "barrel": A.OpticalDistortion(distort_limit=(0.6, 0.6), p=1),
    "pincushion": A.OpticalDistortion(distort_limit=(-0.4, -0.4), p=1),
    "fisheye": A.OpticalDistortion(distort_limit=(0.5, 0.5), mode="fisheye", p=1),
    "fisheye, magnifying": A.OpticalDistortion(distort_limit=(-0.25, -0.25), mode="fisheye", p=1),
}
every = pytest.mark.parametrize("transform", DISTORTIONS.values(), ids=DISTORTIONS)


def bent(transform, **data):
    """A call's result, and the maps that it used."""
    result = A.ReplayCompose([transform])(**data, key=(0, 0, 3))
    params = result["replay"]["transforms"][0]["params"]
    return result, transform.field(Size(*data["image"].shape[:2]), **params)


def field_of(transform):
    return bent(transform, image=np.zeros(SIZE, np.uint8))[1]


def plain_maps(size):
    x, y = np.meshgrid(np.arange(size.width), np.arange(size.height))
    return x.astype(np.float32), y.astype(np.float32)


def photo(size=SIZE, dtype=np.uint8, channels=3):
    rng = np.random.default_rng(5)
    noise = rng.random((*size, channels), dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2).reshape(noise.shape)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    white = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    return (smooth * white).astype(dtype)


@every
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_pixels_are_read_where_the_field_says(transform, dtype):
    image = photo(dtype=dtype)
    mask = np.random.default_rng(1).integers(0, 9, SIZE).astype(np.uint8)
    fill = 0.25 if dtype == np.float32 else 40
    transform = transform.replace(fill=fill, fill_mask=7)
    result, (map_x, map_y) = bent(transform, image=image, mask=mask)
    at = np.stack([map_y, map_x]).astype(np.float64)
    for channel in range(3):
        source = image[:, :, channel].astype(np.float64)
        wanted = map_coordinates(source, at, order=1, mode="grid-constant", cval=fill)
        white = 1 if dtype == np.float32 else np.iinfo(dtype).max
        error = np.abs(result["image"][:, :, channel] - wanted) / white
        assert error.max() < ((0.6 / 255) if EXACT_WARPS else 0.02)
        assert error.mean() < (0.3 / 255 if dtype == np.uint8 else 2e-3)
    wanted = map_coordinates(mask, at, order=0, mode="constant", cval=7)
    sure = (np.abs(at - np.floor(at) - 0.5) > 0.04).all(axis=0)  # ties may go either way
    inside = (at[0] > 0) & (at[0] < SIZE.height - 1) & (at[1] > 0) & (at[1] < SIZE.width - 1)
    assert (result["mask"] == wanted)[sure & inside].all()


@pytest.mark.parametrize(
    "transform",
    [
        A.ElasticTransform(alpha=0, sigma=3, p=1),
        A.GridDistortion(distort_limit=0, p=1),
        A.GridDistortion(distort_limit=0, normalized=False, num_steps=7, p=1),
        A.OpticalDistortion(distort_limit=0, p=1),
        A.OpticalDistortion(distort_limit=0, mode="fisheye", p=1),
    ],
)
def test_no_strength_is_the_identity(transform):
    image = photo()
    boxes = [[0.0, 0.0, 160.0, 120.0], [10.25, 3.5, 77.125, 119.75]]
    points = [(10.4, 10.4, 33.0), (0.0, 0.0, 0.0), (159.0, 119.0, 271.0)]
    pipe = A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc"),
        keypoint_params=A.KeypointParams("xya"),
    )
    result = pipe(image=image, mask=image[:, :, 0], bboxes=boxes, keypoints=points)
    assert result["image"] is image
    assert (result["mask"] == image[:, :, 0]).all()
    assert result["bboxes"] == boxes
    assert result["keypoints"] == points


def test_a_map_that_moves_nothing_gives_back_the_very_numbers():
    dense = DenseMap(*plain_maps(SIZE))
    rng = np.random.default_rng(0)
    edges = np.sort(rng.random((50, 2, 2)) * (160, 120), axis=1).reshape(-1, 4)
    moved, seen, visible = remap_boxes(edges, dense)
    assert (moved == edges).all()
    assert seen.all()
    assert (visible == 1).all()
    values = rng.random((50, 5)) * (160, 120, 9, 6, 4)
    moved, seen = remap_keypoints(values, dense)
    assert (moved == values).all()
    assert seen.all()


@every
def test_inverse_undoes_the_map(transform):
    dense = DenseMap(*field_of(transform))
    rng = np.random.default_rng(2)
    inner = rng.random((200, 2)) * (SIZE.width - 1, SIZE.height - 1) + 0.5
    sources, slopes = dense.read(inner)
    if (np.linalg.det(slopes) > 0.1).all():
        found, ok = dense.invert(sources)
        assert ok.all()
        assert np.abs(dense.read(found)[0] - sources).max() < 1e-3
        assert np.median(np.abs(found - inner)) < 1e-3


def test_inverse_of_a_lens_against_a_root_finder():
    size, k = Size(100, 160), 0.4
    dense = DenseMap(*A.OpticalDistortion(mode="fisheye").field(size, distort_limit=k))
    half = math.hypot(80, 50)
    for angle in np.linspace(0, 6, 13):
        for radius in (0.0, 5.0, 30.0, 45.0):
            wanted = brentq(lambda r, radius=radius: r * (1 + k * (r / half) ** 2) - radius, 0, 99)
            direction = np.array((math.cos(angle), math.sin(angle)))
            found, ok = dense.invert((80, 50) + radius * direction[None])
            assert ok.all()
            np.testing.assert_allclose(found[0], (80, 50) + wanted * direction, atol=0.01)


def test_inverse_of_a_grid_against_interp():
    size = Size(90, 150)
    steps_x, steps_y = [0.5, -0.5, 0.2], [-0.3, 0.6, 0.1]
    transform = A.GridDistortion(num_steps=3, normalized=False)
    dense = DenseMap(*transform.field(size, steps_x, steps_y))
    points = np.random.default_rng(0).random((100, 2)) * (100, 70) + 2
    found, ok = dense.invert(points)
    ends_x = np.concatenate([[0], np.cumsum(np.add(steps_x, 1) * 50)])
    ends_y = np.concatenate([[0], np.cumsum(np.add(steps_y, 1) * 30)])
    assert ok.all()
    # a cell that a grid line cuts is read straight: off by a quarter of a pixel at the most
    np.testing.assert_allclose(
        found[:, 0], np.interp(points[:, 0], ends_x, (0, 50, 100, 150)), atol=0.3
    )
    np.testing.assert_allclose(
        found[:, 1], np.interp(points[:, 1], ends_y, (0, 30, 60, 90)), atol=0.3
    )


@every
@pytest.mark.parametrize("index", range(4))
def test_labels_follow_pixels(transform, index):
    size = Size(240, 320)
    boxes = [[40, 30, 120, 100], [150, 60, 290, 200], [20, 150, 60, 220], [0, 0, 25, 25]]
    masks = np.zeros((len(boxes), *size), np.uint8)
    for plane, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        plane[top:bottom, left:right] = 1
    points = [(60, 50), (200, 100), (100, 200), (300, 220), (160, 120)]
    dots = np.zeros(size, np.uint8)
    for number, (x, y) in enumerate(points):
        cv2.circle(dots, (x, y), 4, number + 1, -1)
    pipe = A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["which"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["who"]),
    )
    result = pipe(
        image=np.zeros((*size, 3), np.uint8),
        mask=dots,
        masks=masks,
        bboxes=boxes,
        which=list(range(len(boxes))),
        keypoints=points,
        who=list(range(len(points))),
        key=(0, 0, index),
    )
    for box, which in zip(result["bboxes"], result["which"], strict=True):
        y, x = np.nonzero(result["masks"][which])
        wanted = (x.min(), y.min(), x.max() + 1, y.max() + 1)
        assert np.abs(np.subtract(box, wanted)).max() < 2, (which, box, wanted)
    gone = set(range(len(boxes))) - set(result["which"])
    assert all(result["masks"][which].sum() < 10 for which in gone)
    for (x, y), who in zip(result["keypoints"], result["who"], strict=True):
        rows, columns = np.nonzero(result["mask"] == who + 1)
        whole = rows.min() > 0 and rows.max() < size.height - 1
        if whole and columns.min() > 0 and columns.max() < size.width - 1:
            assert math.hypot(x - columns.mean(), y - rows.mean()) < 1.5
    for who in set(range(len(points))) - set(result["who"]):
        assert (result["mask"] == who + 1).sum() < 40


def test_a_box_outside_the_frame_is_dropped_and_one_around_it_is_the_frame():
    zoom = plain_maps(SIZE)
    maps = (zoom[0] / 4 + 60).astype(np.float32), (zoom[1] / 4 + 45).astype(np.float32)
    edges = np.array([[0, 0, 20, 20], [10, 10, 150, 110], [70, 50, 80, 60], [55, 50, 70, 60.0]])
    moved, seen, visible = remap_boxes(edges, DenseMap(*maps))
    assert seen.tolist() == [False, True, True, True]
    np.testing.assert_allclose(moved[1], (0, 0, 160, 120))
    left, top = (70 - 60.375) * 4, (50 - 45.375) * 4
    np.testing.assert_allclose(moved[2], (left, top, left + 40, top + 40), atol=1e-3)
    assert moved[3, 0] == 0
    assert visible[3] < visible[2] == 1
    values = np.array([[5.0, 5, 0, 0, 0], [75, 55, 0, 0, 0]])
    assert remap_keypoints(values, DenseMap(*maps))[1].tolist() == [False, True]


def test_boxes_at_the_edge_are_cut_there_and_judged_by_min_visibility():
    data = {
        "image": np.zeros((100, 100, 3), np.uint8),
        "bboxes": [[0, 0, 30, 30], [40, 40, 60, 60]],
    }
    magnify = A.OpticalDistortion(distort_limit=(-0.5, -0.5), p=1)
    kept = A.Compose([magnify], bbox_params=A.BboxParams("pascal_voc"))(**data)["bboxes"]
    assert len(kept) == 2
    assert kept[0][:2] == [0, 0]
    strict = A.BboxParams("pascal_voc", min_visibility=0.9)
    assert len(A.Compose([magnify], bbox_params=strict)(**data)["bboxes"]) == 1


def test_angles_and_scales_follow_the_map():
    size = Size(200, 200)
    x, y = plain_maps(size)
    # the result is the source turned by 90 degrees counter-clockwise and doubled about (100, 100)
    maps = 99.5 - (y - 99.5) / 2, 99.5 + (x - 99.5) / 2
    values = np.array([[110.0, 100, 7, math.radians(30), 3]])
    moved, seen = remap_keypoints(values, DenseMap(*(m.astype(np.float32) for m in maps)))
    assert seen.all()
    np.testing.assert_allclose(moved[0], (100, 80, 7, math.radians(120), 6), atol=1e-4)


def test_angles_are_those_of_moved_lines():
    transform = A.ElasticTransform(alpha=900, sigma=14, p=1)
    dense = DenseMap(*field_of(transform))
    rng = np.random.default_rng(4)
    start = rng.random((30, 2)) * 80 + 20
    angles = rng.random(30) * 2 * np.pi
    steps = np.stack([np.cos(angles), -np.sin(angles)], axis=1)
    zeros = np.zeros((30, 1))
    values = np.concatenate([start, zeros, angles[:, None], zeros + 1], axis=1)
    moved, _ = remap_keypoints(values, dense)
    ahead, _ = dense.invert(start + 0.2 * steps)
    line = ahead - moved[:, :2]
    turned = np.arctan2(-line[:, 1], line[:, 0])
    difference = (moved[:, 3] - turned + np.pi) % (2 * np.pi) - np.pi
    assert np.quantile(np.abs(difference), 0.9) < 0.1


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["rough", "fold", "random"]), st.integers(0, 10_000), st.integers(1, 40))
def test_folding_maps_give_something_that_is_shown(kind, seed, height):
    size, rng = Size(height, 50), np.random.default_rng(seed)
    if kind == "rough":
        maps = A.ElasticTransform(alpha=200, sigma=1).field(size, seed=seed)
    elif kind == "fold":
        maps = A.OpticalDistortion(distort_limit=-3, mode="fisheye").field(size, distort_limit=-3.0)
    else:
        maps = rng.random((2, *size)).astype(np.float32) * 60 - 5
    dense = DenseMap(*maps)
    values = np.concatenate([rng.random((9, 2)) * (50, height), np.ones((9, 3))], axis=1)
    moved, seen = remap_keypoints(values, dense)
    assert np.isfinite(moved).all()
    shown = dense.read(moved[seen, :2])[0]
    assert np.abs(shown - values[seen, :2]).max(initial=0) <= 0.5
    edges = np.sort(rng.random((9, 2, 2)) * (50, height), axis=1).reshape(-1, 4)
    boxes, seen, visible = remap_boxes(edges, dense)
    assert np.isfinite(boxes).all()
    assert (boxes[seen] >= 0).all()
    assert (boxes[seen] <= (50, height) * 2).all()
    assert ((visible >= 0) & (visible <= 1 + 1e-9)).all()


@pytest.mark.parametrize("sigma", [3, 7.5, 20])
def test_elastic_noise_has_the_law_it_says(sigma):
    size, alpha = Size(500, 500), 100.0
    transform = A.ElasticTransform(alpha=alpha, sigma=sigma, noise_distribution="uniform")
    shifts = []
    for seed in range(6):
        map_x, map_y = transform.field(size, seed=seed)
        x, y = plain_maps(size)
        shifts += [map_x - x, map_y - y]
    shifts = np.array(shifts)
    # uniform noise in [-1, 1] under a Gaussian kernel: 1 / sqrt 3 times the kernel's length
    assert shifts.std() == pytest.approx(
        alpha / math.sqrt(3) / (2 * math.sqrt(math.pi) * sigma), rel=0.1
    )
    lag = round(sigma)
    together = (shifts[:, :, lag:] * shifts[:, :, :-lag]).mean() / shifts.var()
    assert together == pytest.approx(math.exp(-((lag / sigma) ** 2) / 4), abs=0.06)
    edge, middle = shifts[:, :, :5].std(), shifts[:, :, 245:255].std()
    assert edge == pytest.approx(middle, rel=0.35)


def test_elastic_noise_is_as_strong_as_in_2_0_8():
    # measured there: alpha 100, sigma 10, 512 x 512 moves pixels by 0.58 (standard deviation)
    size = Size(512, 512)
    transform = A.ElasticTransform(alpha=100, sigma=10)
    x, _ = plain_maps(size)
    shifts = [transform.field(size, seed=seed)[0] - x for seed in range(5)]
    assert np.std(shifts) == pytest.approx(0.58, rel=0.1)
    assert A.ElasticTransform(alpha=200, sigma=10).field(size, seed=1)[0][0, 0] == pytest.approx(
        2 * (transform.field(size, seed=1)[0][0, 0])
    )


def test_elastic_moves_both_ways_alike_if_asked():
    map_x, map_y = A.ElasticTransform(alpha=90, sigma=5, same_dxdy=True).field(SIZE, seed=1)
    x, y = plain_maps(SIZE)
    np.testing.assert_allclose(map_x - x, map_y - y, atol=1e-4)


def test_a_normalized_grid_keeps_the_corners():
    map_x, map_y = field_of(DISTORTIONS["grid"])
    dense = DenseMap(map_x, map_y)
    corners = np.array([(0.0, 0), (160, 0), (0, 120), (160, 120)])
    np.testing.assert_allclose(dense.read(corners)[0], corners, atol=1e-3)


def test_camera_is_the_radial_model_of_opencv():
    size, k = Size(100, 160), 0.3
    matrix = np.array([[160.0, 0, 79.5], [0, 100.0, 49.5], [0, 0, 1]])
    wanted = cv2.initUndistortRectifyMap(
        matrix, np.array([k, k, 0, 0.0]), np.eye(3), matrix, (160, 100), cv2.CV_32FC1
    )
    maps = A.OpticalDistortion().field(size, distort_limit=k)
    np.testing.assert_allclose(maps, wanted, atol=1e-3)


@every
def test_a_mask_of_another_size_bends_along(transform):
    size = Size(200, 260)
    mask = np.zeros(size, np.uint8)
    mask[60:120, 80:180] = 1
    half = mask[::2, ::2].copy()
    pipe = A.Compose([transform], is_check_shapes=False)
    result = pipe(image=np.zeros((*size, 3), np.uint8), mask=mask, masks=[half], key=(0, 0, 1))
    large = np.repeat(np.repeat(result["masks"][0], 2, axis=0), 2, axis=1)
    assert (large != result["mask"]).mean() < 0.015


@every
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1, 1), (5, 7, 5), (40, 30, 3)])
def test_odd_shapes(transform, shape):
    image = np.full(shape, 9, np.uint8)
    result = transform.replace(border_mode=1)(image=image)
    assert (result["image"] == image).all()
    assert result["image"].shape == shape


def test_all_interpolations_and_borders_work():
    image = photo()
    for interpolation in range(7):
        for border in range(5):
            transform = A.GridDistortion(
                interpolation=interpolation, border_mode=border, normalized=False, p=1
            )
            assert transform(image=image)["image"].shape == image.shape


def test_one_connected_shape_stays_one():
    """Smooth noise of this strength must not tear anything."""
    mask = np.zeros((300, 300), np.uint8)
    mask[100:200, 100:200] = 1
    transform = A.ElasticTransform(alpha=1000, sigma=20, p=1)
    for index in range(5):
        assert label(transform(image=mask, mask=mask, key=(0, 0, index))["mask"])[1] == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: A.ElasticTransform(alpha=-1), "ElasticTransform.alpha must be"),
        (lambda: A.ElasticTransform(sigma=0.5), "ElasticTransform.sigma must be"),
        (lambda: A.GridDistortion(num_steps=0), "GridDistortion.num_steps must be"),
        (lambda: A.GridDistortion(distort_limit=1.5), "GridDistortion.distort_limit must be"),
        (lambda: A.OpticalDistortion(mode="tele"), "OpticalDistortion.mode must be one of"),
    ],
)
def test_wrong_values_say_so(make, words):
    with pytest.raises(ValueError, match=words):
        make()
