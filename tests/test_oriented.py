"""Oriented boxes against OpenCV's rotated rectangles and plain geometry."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import probaug as A
from probaug.core.matrix import Size
from probaug.core.oriented import from_quads, rectangles, smallest_rectangle, to_quads

IMAGE = np.zeros((200, 300, 3), np.uint8)
ROW = [150.0, 100, 60, 24, 30]


def params(box_format="center_xywh", **more):
    return A.BboxParams(box_format, bbox_type="obb", **more)


def moved(transform, rows, box_format="center_xywh", **more):
    pipe = A.Compose([transform], bbox_params=params(box_format, **more), save_kept=True)
    return pipe(image=IMAGE, bboxes=rows)


@pytest.mark.parametrize("angle", [-90, -60.5, 0, 17, 89.9, 130, -200])
def test_corners_are_opencvs(angle):
    quad = to_quads(np.array([[*ROW[:4], angle]]), "center_xywh", Size(200, 300))[0]
    want = cv2.boxPoints((ROW[:2], ROW[2:4], angle))
    far = np.abs(quad[:, None] - want[None]).sum(axis=2).min(axis=1)
    np.testing.assert_allclose(far, 0, atol=1e-3)


@settings(max_examples=100, deadline=None)
@given(
    st.floats(50, 250), st.floats(50, 150), st.floats(2, 90), st.floats(2, 90),
    st.floats(-90, 89.999),
)  # fmt: skip
def test_formats_go_there_and_back(x, y, w, h, angle):
    size = Size(200, 300)
    quads = to_quads(np.array([[x, y, w, h, angle]]), "center_xywh", size)
    back = from_quads(quads, "center_xywh", size)[0]
    np.testing.assert_allclose(back, [x, y, w, h, angle], atol=1e-6)
    for name in ("rel_center_xywh", "xyxy", "coco", "rel_yxyx"):
        np.testing.assert_allclose(to_quads(from_quads(quads, name, size), name, size), quads)


@pytest.mark.parametrize(
    ("transform", "want"),
    [
        (A.HorizontalFlip(p=1), [150, 100, 60, 24, -30]),
        (A.VerticalFlip(p=1), [150, 100, 60, 24, -30]),
        (A.Transpose(p=1), [100, 150, 60, 24, 60]),
        (A.Rotate((40, 40), p=1), [150, 100, 60, 24, -10]),  # counter-clockwise takes away
        (A.Rotate((-40, -40), p=1), [150, 100, 60, 24, 70]),
        (A.Rotate((-80, -80), p=1), [150, 100, 60, 24, -70]),  # back within [-90, 90)
        (A.Crop(100, 50, 300, 200), [50, 50, 60, 24, 30]),
        (A.Resize(400, 600), [300, 200, 120, 48, 30]),
        (A.Pad(10), [160, 110, 60, 24, 30]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_rigid_moves_keep_the_rectangle(transform, want):
    row = moved(transform, [ROW])["bboxes"][0]
    np.testing.assert_allclose(row, want, atol=1e-6)
    assert isinstance(row, list)


def test_a_sheared_box_is_the_smallest_rectangle_around_it():
    shear = A.Affine(shear={"x": (20, 20), "y": (0, 0)}, p=1)
    row = moved(shear, [ROW])["bboxes"][0]
    quad = to_quads(np.array([ROW]), "center_xywh", Size(200, 300))[0]
    leant = quad + np.stack([-np.tan(np.deg2rad(20)) * (quad[:, 1] - 100), np.zeros(4)], 1)
    (_, _), (w, h), _ = cv2.minAreaRect(leant.astype(np.float32))
    assert row[2] * row[3] == pytest.approx(w * h, rel=1e-3)
    assert row[2] > row[3], "its width stays its width"


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=3, max_size=12))
def test_smallest_rectangle_is_that_of_opencv(vertices):
    points = np.array(vertices)
    (_, _), (w, h), _ = cv2.minAreaRect(points.astype(np.float32))
    if min(w, h) < 0.5:
        return
    quad = smallest_rectangle(points, np.array((1.0, 0.0)))
    ours = np.hypot(*(quad[1] - quad[0])) * np.hypot(*(quad[3] - quad[0]))
    assert ours == pytest.approx(w * h, rel=1e-3)
    side = (quad[1] - quad[0]) / np.hypot(*(quad[1] - quad[0]))
    across = (points - quad[0]) @ side
    assert across.min() > -1e-6
    assert across.max() < np.hypot(*(quad[1] - quad[0])) + 1e-6
    assert abs(side[0]) >= abs(side[1]) - 1e-9, "the width points most nearly along the vector"


def test_rectangles_stay_the_very_same():
    quads = to_quads(np.array([ROW, [50, 60, 10, 90, -80]]), "center_xywh", Size(200, 300))
    assert rectangles(quads) is quads


def test_untouched_rows_come_back_exactly():
    rows = [(0.1, 0.2, 0.1, 0.05, 123.456, "plane"), (0.5, 0.5, 0.3, 0.1, -7.0, "ship")]
    result = moved(A.NoOp(p=1), rows, "yolo")
    assert result["bboxes"] == rows
    array = np.array([ROW], np.float32)
    result = moved(A.NoOp(p=1), array)
    np.testing.assert_array_equal(result["bboxes"], array)
    assert result["bboxes"].dtype == np.float32


def test_boxes_at_the_edge_stay_whole_and_those_beyond_it_go():
    rows = [[20.0, 20, 60, 20, 45], [250, 100, 60, 20, 45], [90, 60, 60, 20, 45]]
    result = moved(A.Crop(0, 0, 100, 100), rows)
    assert result["kept"]["bboxes"].tolist() == [0, 2]
    assert result["bboxes"][0] == rows[0]
    result = moved(A.Crop(0, 0, 100, 100), rows, min_visibility=0.95)
    assert result["kept"]["bboxes"].tolist() == []


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({"min_width": 70}, []),
        ({"min_height": 20}, [0]),
        ({"min_height": 30}, []),
        ({"min_area": 1400}, [0]),
        ({"min_area": 1500}, []),
        ({"max_accept_ratio": 2.0}, []),
        ({"max_accept_ratio": 2.6}, [0]),
    ],
)
def test_filters_measure_the_rectangle_itself(limits, kept):
    result = moved(A.HorizontalFlip(p=1), [ROW], **limits)
    assert result["kept"]["bboxes"].tolist() == kept


@pytest.mark.parametrize(
    "row", [[150, 100, 0, 24, 30], [500, 100, 20, 24, 30], [150, 100, 9, 9, np.nan]]
)
def test_wrong_rows_are_named_or_dropped(row):
    with pytest.raises(ValueError, match=r"bboxes\[1\] must be four numbers \(center_xywh\) of a"):
        moved(A.NoOp(p=1), [ROW, row])
    result = moved(A.NoOp(p=1), [ROW, row], filter_invalid_bboxes=True)
    assert result["kept"]["bboxes"].tolist() == [0]


def test_rows_need_five_numbers():
    with pytest.raises(ValueError, match=r"bboxes\[0\] must begin with 5 numbers"):
        moved(A.NoOp(p=1), [ROW[:4]])


def test_bends_of_nothing_and_turns_add_up():
    pipe = A.Compose([A.Rotate((15, 15), p=1)] * 6, bbox_params=params())
    row = pipe(image=IMAGE, bboxes=[ROW])["bboxes"][0]
    np.testing.assert_allclose(row, [150, 100, 60, 24, -60], atol=1e-6)
    bent = moved(A.ElasticTransform(alpha=0, p=1), [ROW])["bboxes"][0]
    np.testing.assert_allclose(bent, ROW, atol=1e-6)


def test_holes_and_tiles():
    class Cover(A.CoarseDropout):
        def holes(self, size, **params):
            return [(0, 0, 300, 100)]

    assert len(moved(Cover(p=1), [ROW], min_visibility=0.4)["bboxes"]) == 1
    assert len(moved(Cover(p=1), [ROW], min_visibility=0.6)["bboxes"]) == 0
    for key in range(6):
        pipe = A.Compose([A.RandomGridShuffle((1, 2), p=1)], bbox_params=params())
        rows = pipe(image=IMAGE, bboxes=[ROW], key=(0, 0, key))["bboxes"]
        assert sum(w * h for _, _, w, h, _ in rows) >= 60 * 24 - 1e-6


def test_free_fusion_gives_the_same_boxes():
    steps = [A.Rotate((20, 20), p=1), A.Affine(scale=0.8, p=1)]
    exact, free = (
        A.Compose(steps, bbox_params=params(), fusion=f)(image=IMAGE, bboxes=[ROW])["bboxes"]
        for f in ("exact", "free")
    )
    np.testing.assert_allclose(exact, free)


def test_users_own_transforms_move_them_as_quads():
    class Down(A.DualTransform):
        def apply(self, img, **params):
            return np.roll(img, 5, axis=0)

        def apply_to_polygons(self, polygons, **params):
            return [[np.add(ring, (0, 5)) for ring in rings] for rings in polygons]

    row = moved(Down(p=1), [ROW])["bboxes"][0]
    np.testing.assert_allclose(row, [150, 105, 60, 24, 30])
