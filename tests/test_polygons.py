"""Polygons: their forms, areas, cuts and filters, against OpenCV and plain geometry."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import probaug as A
from probaug.core.polygons import area, clipped, densified, part_seen

DATA = Path(os.environ.get("PROBAUG_DATA", Path(__file__).parents[2] / "shared" / "data"))
IMAGE = np.zeros((100, 200, 3), np.uint8)
SQUARE = [10, 20, 40, 20, 40, 50, 10, 50]
PLAIN = A.Compose([])


def moved(*transforms, polygons, **settings):
    call = {name: settings.pop(name) for name in ("labels", "key") if name in settings}
    return A.Compose(list(transforms), **settings)(image=IMAGE, polygons=polygons, **call)


@pytest.mark.parametrize(
    "form",
    [
        SQUARE,
        tuple(SQUARE),
        [(10, 20), (40, 20), (40, 50), (10, 50)],
        [[10, 20], [40, 20], [40, 50], [10, 50]],
        np.reshape(SQUARE, (4, 2)),
        np.reshape(SQUARE, (4, 2)).astype(np.float32),
        np.array(SQUARE, float),
        [SQUARE, [100, 10, 120, 10, 120, 30]],
        [np.reshape(SQUARE, (4, 2)).astype(np.float32)],
    ],
    ids=lambda form: type(form).__name__,
)
def test_come_back_in_the_form_they_were_given(form):
    same = moved(polygons=[form])["polygons"][0]
    assert same is form
    back = moved(A.HorizontalFlip(p=1), polygons=[form])["polygons"][0]
    assert type(back) is type(form)
    again = moved(A.HorizontalFlip(p=1), polygons=[back])["polygons"][0]
    if isinstance(form, np.ndarray):
        assert back.shape == form.shape
        assert back.dtype == (form.dtype if form.dtype.kind == "f" else np.float64)
    else:
        assert len(back) == len(form)
        assert type(back[0]) is (float if isinstance(form[0], int) else type(form[0]))
    for one, other in zip(again, form, strict=True):
        np.testing.assert_allclose(one, other)
    first = np.reshape(back[0] if len(form) < 4 else back, (-1, 2))
    np.testing.assert_allclose(first[:, 0], [190, 160, 160, 190])


def test_labels_and_rows_follow():
    pipe = A.Compose(
        [A.Crop(0, 0, 100, 100)],
        polygon_params=A.PolygonParams(label_fields=["names"]),
        save_kept=True,
    )
    polygons = [SQUARE, [150, 10, 180, 10, 180, 40], [90, 10, 120, 10, 120, 40]]
    tags = [object(), object(), object()]
    result = pipe(image=IMAGE, polygons=polygons, names=tags)
    assert result["names"] == [tags[0], tags[2]]
    assert result["kept"]["polygons"].tolist() == [0, 2]
    assert result["polygons"][0] is polygons[0]
    assert area(np.reshape(result["polygons"][1], (-1, 2))) == pytest.approx(10 * 10 / 2)


def test_fractions_of_the_image():
    given = [[0.1, 0.2, 0.5, 0.2, 0.5, 0.6]]
    params = A.PolygonParams("rel_xy")
    assert moved(polygons=given, polygon_params=params)["polygons"][0] is given[0]
    resized = moved(A.Resize(50, 60), polygons=given, polygon_params=params)["polygons"]
    np.testing.assert_allclose(resized, given)
    cropped = moved(A.Crop(0, 0, 50, 50), polygons=given, polygon_params=params)["polygons"]
    np.testing.assert_allclose(np.reshape(cropped, (-1, 2)).max(axis=0), (1, 0.7))


points = st.tuples(
    st.integers(-500, 2500).map(lambda n: n / 10), st.integers(-500, 1500).map(lambda n: n / 10)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(points, min_size=3, max_size=9))
def test_cut_areas_are_those_of_opencv(vertices):
    ring = cv2.convexHull(np.float32(vertices))
    if ring is None or len(ring) < 3 or cv2.contourArea(ring) < 1:
        return
    ring = ring.reshape(-1, 2)
    frame = np.float32([(0, 0), (200, 0), (200, 100), (0, 100)])
    want, _ = cv2.intersectConvexConvex(ring, frame)
    assert area(clipped(ring.astype(float), 0, 0, 200, 100)) == pytest.approx(
        want, abs=0.02, rel=1e-4
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(points, min_size=3, max_size=12))
def test_cutting_in_two_loses_no_area(vertices):
    """Any ring, crossing itself or not: its signed parts left and right add up to all of it."""

    def signed(ring):
        x, y = ring.T
        return (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2 if len(ring) else 0.0

    ring = np.array(vertices)
    left = clipped(ring, -1e9, -1e9, 80, 1e9)
    right = clipped(ring, 80, -1e9, 1e9, 1e9)
    assert signed(left) + signed(right) == pytest.approx(signed(ring), abs=1e-6)
    assert area(ring) == pytest.approx(abs(signed(ring)), abs=1e-6)


def test_a_ring_inside_is_not_touched():
    ring = np.reshape(SQUARE, (4, 2)).astype(float)
    assert clipped(ring, 0, 0, 200, 100) is ring
    assert not len(clipped(ring, 60, 0, 200, 100))


def test_densified_edges_keep_shape_and_stay_close():
    ring = np.array([(0.0, 0), (100, 0), (100, 3), (0, 3)])
    fine = densified(ring)
    assert area(fine) == pytest.approx(area(ring))
    assert np.hypot(*np.diff(np.vstack([fine, fine[:1]]), axis=0).T).max() <= 8
    assert all(any((corner == point).all() for point in fine) for corner in ring)


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({}, [0, 1]),
        ({"min_area": 300}, [0]),
        ({"min_visibility": 0.6}, [0]),
        ({"min_visibility": 0.3}, [0, 1]),
        ({"min_area": 1000}, []),
    ],
)
def test_filters(params, kept):
    polygons = [SQUARE, [90, 0, 110, 0, 110, 25, 90, 25]]  # the second half beyond the crop
    pipe = A.Compose([A.Crop(0, 0, 100, 100)], polygon_params=params, save_kept=True)
    assert pipe(image=IMAGE, polygons=polygons)["kept"]["polygons"].tolist() == kept


def test_without_clip_they_reach_beyond_the_frame():
    params = A.PolygonParams(clip=False)
    result = moved(A.Crop(0, 0, 30, 100), polygons=[SQUARE], polygon_params=params)
    np.testing.assert_allclose(result["polygons"][0], SQUARE)


def test_filters_wait_for_the_end_if_told_so():
    steps = A.Crop(50, 0, 150, 100), A.Pad((50, 0))
    late = A.PolygonParams(check_each_transform=False)
    assert len(moved(*steps, polygons=[SQUARE], polygon_params=late)["polygons"]) == 1
    assert len(moved(*steps, polygons=[SQUARE])["polygons"]) == 0


@pytest.mark.parametrize(
    ("polygon", "words"),
    [
        ([10, 10, 20, 20], r"polygons\[1\] must be at least three points"),
        ([1, 2, 3], r"polygons\[1\] must be at least three points"),
        ("abc", r"polygons\[1\] must be at least three points"),
        ([[10, 10, 20, 20, 30, 10], [1, 1]], r"polygons\[1\] must be at least three points"),
        (
            [300, 10, 320, 10, 320, 30],
            r"polygons\[1\] must have an area inside the image of .* 100",
        ),
        ([10, 10, 20, 20, 30, 30], r"polygons\[1\] must have an area inside"),
        ([10, 10, float("nan"), 20, 30, 10], r"polygons\[1\] must have an area inside"),
    ],
)
def test_wrong_polygons_are_named(polygon, words):
    with pytest.raises(ValueError, match=words):
        moved(polygons=[SQUARE, polygon])


def test_label_fields_must_be_there_and_of_the_right_length():
    params = A.PolygonParams(label_fields=["labels"])
    with pytest.raises(ValueError, match="needs the label field 'labels' beside polygons"):
        moved(polygons=[SQUARE], polygon_params=params)
    with pytest.raises(ValueError, match="'labels' has 2 entries for 1 polygons"):
        moved(polygons=[SQUARE], labels=[1, 2], polygon_params=params)


@pytest.mark.parametrize("empty", [[], (), np.zeros((0, 4, 2))])
def test_no_polygons(empty):
    result = moved(A.HorizontalFlip(p=1), A.ElasticTransform(alpha=50, p=1), polygons=empty)
    assert len(result["polygons"]) == 0


def test_part_seen_counts_pixels():
    hidden = np.zeros((100, 200), bool)
    ring = np.reshape(SQUARE, (4, 2)).astype(float)
    assert part_seen([ring], hidden) == 1
    hidden[20:35] = True
    assert part_seen([ring], hidden) == pytest.approx(0.5, abs=0.04)
    hidden[:] = True
    assert part_seen([ring], hidden) == 0


def test_holes_drop_what_they_cover():
    class Cover(A.CoarseDropout):
        def holes(self, size, **params):
            return [(5, 15, 45, 38)]

    small = [12, 22, 20, 22, 20, 30, 12, 30]
    result = A.Compose([Cover(p=1)], polygon_params={"min_visibility": 0.5}, save_kept=True)(
        image=IMAGE, polygons=[SQUARE, small, [100, 10, 140, 10, 140, 40]]
    )
    assert result["kept"]["polygons"].tolist() == [2]
    result = A.Compose([Cover(p=1)], save_kept=True)(image=IMAGE, polygons=[SQUARE, small])
    assert result["kept"]["polygons"].tolist() == [0]
    assert result["polygons"][0] is not None


def test_tiles_carry_their_pieces():
    pipe = A.Compose([A.RandomGridShuffle((2, 4), p=1)])
    for key in range(5):
        pieces = pipe(image=IMAGE, polygons=[SQUARE], key=(0, 0, key))["polygons"][0]
        rings = pieces if isinstance(pieces[0], list) else [pieces]
        assert sum(area(np.reshape(r, (-1, 2))) for r in rings) == pytest.approx(900)


def test_users_own_transforms_move_them_by_a_hook():
    class Right(A.DualTransform):
        def apply(self, img, **params):
            return np.roll(img, 7, axis=1)

        def apply_to_polygons(self, polygons, **params):
            return [[np.add(ring, (7, 0)) for ring in rings] for rings in polygons]

    class Silent(A.DualTransform):
        def apply(self, img, **params):
            return img

    result = moved(Right(p=1), polygons=[SQUARE])
    np.testing.assert_allclose(result["polygons"][0], np.add(SQUARE, [7, 0] * 4))
    with pytest.raises(NotImplementedError, match="Silent does not define apply_to_polygons"):
        moved(Silent(p=1), polygons=[SQUARE])

    class Turn(A.HorizontalFlip):
        def apply(self, img, **params):
            return super().apply(img, **params)

    result = moved(Turn(p=1), polygons=[SQUARE])
    np.testing.assert_allclose(
        np.reshape(result["polygons"][0], (4, 2))[:, 0], [190, 160, 160, 190]
    )


@pytest.mark.skipif(not (DATA / "coco_free").exists(), reason="needs annotated photos")
@pytest.mark.parametrize(
    "transform",
    [
        A.Affine(scale=(0.8, 1.2), rotate=(-25, 25), shear=(-8, 8), p=1),
        A.Perspective(p=1),
        A.ElasticTransform(alpha=300, sigma=20, p=1),
        A.RandomResizedCrop((300, 320), scale=(0.3, 1), p=1),
        A.D4(p=1),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_outlines_of_real_objects(transform):
    records = json.loads((DATA / "coco_free" / "instances.json").read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in records["images"]}
    objects = [r for r in records["annotations"] if not r["iscrowd"] and r["area"] > 2500]
    pipe, compared = A.Compose([transform]), 0
    for index, record in enumerate(objects[:60]):
        mask = drawn(record["segmentation"], sizes[record["image_id"]])
        result = pipe(mask=mask, polygons=[record["segmentation"]], key=(0, 0, index))
        if result["mask"].sum() < 2500 or not result["polygons"]:
            continue
        ours = drawn(result["polygons"][0], result["mask"].shape)
        both = (ours & result["mask"]).sum() / (ours | result["mask"]).sum()
        assert both > 0.9, (index, both)
        compared += 1
    assert compared > 30


def drawn(rings, shape):
    mask = np.zeros(shape, np.uint8)
    for ring in rings:
        ring = np.rint((np.reshape(ring, (-1, 2)) - 0.5) * 16).astype(np.int32)
        one = np.zeros(shape, np.uint8)
        cv2.fillPoly(one, [ring], 1, shift=4)
        mask |= one
    return mask


def test_an_object_that_is_taken_away_takes_its_outline_along():
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([100 + 30.3 * np.cos(angles), 50 + 20.7 * np.sin(angles)], axis=1)
    mask = filled_by_centres(ring)
    result = A.MaskDropout(p=1)(image=IMAGE, mask=mask, polygons=[ring])
    assert result["polygons"] == []


def filled_by_centres(ring):
    """The pixels whose centres lie in a ring."""
    y, x = np.mgrid[:100, :200] + 0.5
    inside = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside.astype(np.uint8)
