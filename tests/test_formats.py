"""Box and keypoint formats against formulas written out by hand, Keras, and moved pixels."""

import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_moves import Cut, Diagonal, Flip, Grow, OnPoints, Quarter, Scale, Tilt, Turn, Upend

import probaug as A

BY_HAND = {
    "pascal_voc": lambda x1, y1, x2, y2, h, w: (x1, y1, x2, y2),
    "coco": lambda x1, y1, x2, y2, h, w: (x1, y1, x2 - x1, y2 - y1),
    "albumentations": lambda x1, y1, x2, y2, h, w: (x1 / w, y1 / h, x2 / w, y2 / h),
    "yolo": lambda x1, y1, x2, y2, h, w: (
        (x1 + x2) / 2 / w,
        (y1 + y2) / 2 / h,
        (x2 - x1) / w,
        (y2 - y1) / h,
    ),
    "xyxy": lambda x1, y1, x2, y2, h, w: (x1, y1, x2, y2),
    "yxyx": lambda x1, y1, x2, y2, h, w: (y1, x1, y2, x2),
    "xywh": lambda x1, y1, x2, y2, h, w: (x1, y1, x2 - x1, y2 - y1),
    "center_xywh": lambda x1, y1, x2, y2, h, w: ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1),
    "center_yxhw": lambda x1, y1, x2, y2, h, w: ((y1 + y2) / 2, (x1 + x2) / 2, y2 - y1, x2 - x1),
    "rel_xyxy": lambda x1, y1, x2, y2, h, w: (x1 / w, y1 / h, x2 / w, y2 / h),
    "rel_yxyx": lambda x1, y1, x2, y2, h, w: (y1 / h, x1 / w, y2 / h, x2 / w),
    "rel_xywh": lambda x1, y1, x2, y2, h, w: (x1 / w, y1 / h, (x2 - x1) / w, (y2 - y1) / h),
    "rel_center_xywh": lambda x1, y1, x2, y2, h, w: (
        (x1 + x2) / 2 / w,
        (y1 + y2) / 2 / h,
        (x2 - x1) / w,
        (y2 - y1) / h,
    ),
}
BOX_FORMATS = sorted(BY_HAND)
KERAS_FORMATS = [
    name for name in BOX_FORMATS if name not in ("pascal_voc", "coco", "yolo", "albumentations")
]
quick = settings(max_examples=25, deadline=None)
POINT_FORMATS = ("xy", "yx", "xya", "xys", "xyas", "xysa", "xyz")


@st.composite
def boxes_in_images(draw, count=4):
    """Height, width and boxes (left, top, right, bottom) inside."""
    height, width = draw(st.integers(2, 300)), draw(st.integers(2, 300))
    unit = st.floats(0, 1)
    boxes = []
    for _ in range(draw(st.integers(1, count))):
        left, right = sorted((draw(unit) * width, draw(unit) * width))
        top, bottom = sorted((draw(unit) * height, draw(unit) * height))
        if right - left < 0.01:
            left, right = 0.0, float(width)
        if bottom - top < 0.01:
            top, bottom = 0.0, float(height)
        boxes.append((left, top, right, bottom))
    return height, width, boxes


def moved_boxes(transforms, box_format, height, width, boxes, **params):
    pipeline = A.Compose(transforms, bbox_params=A.BboxParams(box_format, **params))
    return pipeline(mask=np.zeros((height, width), np.uint8), bboxes=boxes)["bboxes"]


def moved_points(transforms, point_format, height, width, points, **params):
    pipeline = A.Compose(transforms, keypoint_params=A.KeypointParams(point_format, **params))
    return pipeline(mask=np.zeros((height, width), np.uint8), keypoints=points)["keypoints"]


# --- boxes


@pytest.mark.parametrize("box_format", BOX_FORMATS)
@quick
@given(boxes_in_images())
def test_a_flipped_box_in_every_format(box_format, case):
    height, width, boxes = case
    write = BY_HAND[box_format]
    given_boxes = [list(write(*box, height, width)) for box in boxes]
    wanted = [write(width - x2, y1, width - x1, y2, height, width) for x1, y1, x2, y2 in boxes]
    result = moved_boxes([Flip(p=1)], box_format, height, width, given_boxes)
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-9 * max(height, width))


@pytest.mark.parametrize("box_format", BOX_FORMATS)
@quick
@given(boxes_in_images())
def test_a_resized_box_in_every_format(box_format, case):
    height, width, boxes = case
    write = BY_HAND[box_format]
    given_boxes = np.array([write(*box, height, width) for box in boxes])
    x, y = 37 / width, 91 / height
    wanted = [write(x1 * x, y1 * y, x2 * x, y2 * y, 91, 37) for x1, y1, x2, y2 in boxes]
    result = moved_boxes([Scale(91, 37, p=1)], box_format, height, width, given_boxes)
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-7)


@pytest.mark.parametrize("box_format", BOX_FORMATS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@quick
@given(boxes_in_images())
def test_nothing_done_gives_the_very_numbers(box_format, dtype, case):
    height, width, boxes = case
    given_boxes = np.array([BY_HAND[box_format](*box, height, width) for box in boxes], dtype)
    before = given_boxes.copy()
    result = moved_boxes([Flip(p=0)], box_format, height, width, given_boxes, clip=True)
    edges = np.array(boxes)
    inside = (edges[:, :2] > 1e-3).all(1) & (edges[:, 2] < width - 1e-3)
    inside &= edges[:, 3] < height - 1e-3  # float32 may have rounded the others over the edge
    assert result.dtype == dtype
    np.testing.assert_array_equal(result[inside], before[inside])
    np.testing.assert_allclose(result, before, rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(given_boxes, before)


@pytest.mark.parametrize("box_format", BOX_FORMATS)
@quick
@given(boxes_in_images())
def test_there_and_back_is_where_it_was(box_format, case):
    height, width, boxes = case
    given_boxes = np.array([BY_HAND[box_format](*box, height, width) for box in boxes])
    for there_and_back in ([Flip(p=1)] * 2, [Quarter(p=1)] * 4, [Diagonal(p=1)] * 2):
        result = moved_boxes(there_and_back, box_format, height, width, given_boxes)
        np.testing.assert_allclose(result, given_boxes, rtol=0, atol=1e-9 * max(height, width))


@pytest.fixture(scope="module")
def convert_format():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    pytest.importorskip("keras")
    from keras.utils import bounding_boxes

    return bounding_boxes.convert_format


@pytest.mark.parametrize("box_format", KERAS_FORMATS)
def test_keras_writes_the_same_numbers(convert_format, box_format):
    height, width = 60, 90
    corners = np.sort(np.random.default_rng(0).uniform(0, 1, (2, 50, 2)), axis=0)
    edges = np.concatenate([corners[0], corners[1]], axis=1) * (width, height, width, height)

    def in_keras(xyxy):
        written = convert_format(
            xyxy.astype(np.float32), "xyxy", box_format, height=height, width=width
        )
        return np.asarray(written)

    flipped = edges[:, [2, 1, 0, 3]] * (-1, 1, -1, 1) + (width, 0, width, 0)
    result = moved_boxes([Flip(p=1)], box_format, height, width, in_keras(edges))
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, in_keras(flipped), rtol=1e-5, atol=1e-4)


def test_every_format_of_keras_is_known(convert_format):
    from keras.src.layers.preprocessing.image_preprocessing.bounding_boxes import bounding_box

    assert set(bounding_box.SUPPORTED_FORMATS) <= set(KERAS_FORMATS)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("pascal_voc", "xyxy"),
        ("coco", "xywh"),
        ("albumentations", "rel_xyxy"),
        ("yolo", "rel_center_xywh"),
    ],
)
def test_two_names_of_one_format(ours, theirs):
    boxes = [[0.1, 0.2, 0.15, 0.3], [0.5, 0.5, 0.9, 0.9]]
    results = [
        moved_boxes([Turn(p=1, angle=(9, 9))], name, 40, 70, boxes, clip=True)
        for name in (ours, theirs)
    ]
    assert results[0] == results[1]


@pytest.mark.parametrize("wrong", ["voc", "XYXY", "rel_center_yxhw", "", None, 3])
def test_unknown_box_formats_are_refused(wrong):
    with pytest.raises(ValueError, match=r"BboxParams\.format must be .*pascal_voc.*rel_yxyx"):
        A.BboxParams(wrong)


@pytest.mark.parametrize("wrong", ["xyaz", "XY", "", None])
def test_unknown_keypoint_formats_are_refused(wrong):
    with pytest.raises(ValueError, match=r"KeypointParams\.format must be .*xy.*xyz"):
        A.KeypointParams(wrong)


def test_boxes_lie_on_what_they_frame():
    """A filled rectangle in the mask, moved as pixels, spans the moved box exactly."""
    rng = np.random.default_rng(3)
    for _ in range(40):
        height, width = rng.integers(8, 40, 2)
        (left, right), (top, bottom) = (np.sort(rng.choice(n, 2, False)) for n in (width, height))
        mask = np.zeros((height, width), np.uint8)
        mask[top:bottom, left:right] = 1
        for transforms, pixels in (
            ([Flip(p=1)], mask[:, ::-1]),
            ([Upend(p=1)], mask[::-1]),
            ([Quarter(p=1)], np.rot90(mask)),
            ([Diagonal(p=1)], mask.T),
            ([Quarter(p=1), Flip(p=1), Cut(-2, -1, 60, 60, p=1)], None),
        ):
            pipeline = A.Compose(transforms, bbox_params=A.BboxParams("pascal_voc"))
            result = pipeline(mask=mask, bboxes=[[left, top, right, bottom]])
            if pixels is not None:
                np.testing.assert_array_equal(result["mask"], pixels)
            rows, columns = np.nonzero(result["mask"])
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            assert result["bboxes"] == [box]


# --- keypoints


def write_point(point_format, x, y, angle=0.0, scale=0.0, z=0.0):
    values = {"x": x, "y": y, "a": angle, "s": scale, "z": z}
    return tuple(values[letter] for letter in point_format)


@pytest.mark.parametrize("point_format", POINT_FORMATS)
@quick
@given(
    st.integers(1, 200), st.integers(1, 200), st.floats(0, 1), st.floats(0, 1),
    st.floats(0.5, 359.5), st.floats(0.1, 9), st.floats(-5, 5),
)  # fmt: skip
def test_a_flipped_point_in_every_format(point_format, height, width, u, v, angle, scale, z):
    x, y = u * (width - 1), v * (height - 1)
    point = write_point(point_format, x, y, angle, scale, z)
    wanted = write_point(point_format, width - 1 - x, y, (180 - angle) % 360, scale, z)
    (result,) = moved_points([Flip(p=1)], point_format, height, width, [point])
    assert type(result) is tuple
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-9)
    assert moved_points([Flip(p=0)], point_format, height, width, [point]) == [point]


@pytest.mark.parametrize("point_format", POINT_FORMATS)
def test_points_lie_on_what_they_mark(point_format):
    """A pixel of the mask and the point on it go to the same place."""
    rng = np.random.default_rng(4)
    for _ in range(30):
        height, width = rng.integers(3, 30, 2)
        row, column = rng.integers(height), rng.integers(width)
        mask = np.zeros((height, width), np.uint8)
        mask[row, column] = 1
        point = write_point(point_format, column, row, 10, 2, 3)
        for transforms in (
            [Flip(p=1)],
            [Upend(p=1)],
            [Quarter(p=1)],
            [Diagonal(p=1)],
            [Cut(-3, -2, 50, 50, p=1)],
            [Quarter(p=1), Upend(p=1), Diagonal(p=1)],
        ):
            params = A.KeypointParams(point_format)
            result = A.Compose(transforms, keypoint_params=params)(mask=mask, keypoints=[point])
            (place,) = np.argwhere(result["mask"]).tolist()
            values = dict(zip(point_format, result["keypoints"][0], strict=True))
            assert [values["y"], values["x"]] == place


MOVES = {
    "flip": [Flip(p=1)],
    "upend": [Upend(p=1)],
    "quarter": [Quarter(p=1)],
    "diagonal": [Diagonal(p=1)],
    "turn": [Turn(p=1, angle=(33, 33))],
    "tilt": [Tilt(p=1)],
    "scale": [Scale(50, 160, p=1)],
    "several": [Quarter(p=1), Turn(p=1, angle=(-70, -70)), Flip(p=1), Tilt(p=1)],
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("degrees", [True, False])
@quick
@given(st.floats(20, 60), st.floats(20, 60), st.floats(0.5, 359.5))
def test_angle_and_scale_are_those_of_a_moved_short_line(name, degrees, x, y, angle):
    height, width, step = 80, 90, 1e-5
    turned = math.radians(angle)
    # three points: the keypoint, and one a short step along and across its direction
    points = [(x, y), (x + step * math.cos(turned), y - step * math.sin(turned))]
    points += [(x, y + step), (x + step, y)]
    here, ahead, below, beside = np.array(
        moved_points(MOVES[name], "xy", height, width, points, remove_invisible=False)
    )
    moved_by = np.stack([beside - here, below - here], axis=1) / step
    wanted = math.atan2(-(ahead - here)[1], (ahead - here)[0])
    ((_, _, result, scale),) = moved_points(
        MOVES[name], "xyas", height, width, [(x, y, angle if degrees else turned, 3.0)],
        angle_in_degrees=degrees, remove_invisible=False,
    )  # fmt: skip
    full = 360 if degrees else 2 * math.pi
    assert 0 <= result < full
    off = (math.radians(result) if degrees else result) - wanted
    assert math.cos(off) > 1 - 1e-7
    assert scale == pytest.approx(3 * np.linalg.norm(moved_by, 2), rel=1e-4)


@pytest.mark.parametrize("angle", [0, 30, 90, 135, 300])
def test_a_rotation_by_90_and_a_quarter_turn_agree_on_angles(angle):
    """2.0.8 added 90 in one and subtracted it in the other."""
    points = [(12, 30, angle, 2), (40, 5, 45, 1)]
    ((*_, turned, _), _) = moved_points([Turn(p=1, angle=(90, 90))], "xyas", 50, 50, points)
    ((*_, quarter, _), _) = moved_points([Quarter(p=1)], "xyas", 50, 50, points)
    assert turned == pytest.approx(quarter, abs=1e-9)
    assert quarter == pytest.approx((angle + 90) % 360, abs=1e-9)


@pytest.mark.parametrize("point_format", ["xya", "xyas"])
def test_an_angle_of_zero_turns_too(point_format):
    point = write_point(point_format, 12, 30)
    (result,) = moved_points([Quarter(p=1)], point_format, 50, 50, [point])
    assert result[2] == pytest.approx(90)


def test_angles_never_reach_a_full_turn():
    def just_below_zero(points):
        points[:, 3] = -1e-17
        return points

    transforms = [[Turn(p=1, angle=(back, back))] for back in range(-360, 361, 15)]
    transforms.append([OnPoints(just_below_zero)])
    for angle in range(0, 360, 15):
        for steps in transforms:
            ((_, _, result),) = moved_points(steps, "xya", 50, 50, [(25, 25, angle)])
            assert 0 <= result < 360
            points = [(25, 25, math.radians(angle))]
            ((_, _, result),) = moved_points(steps, "xya", 50, 50, points, angle_in_degrees=False)
            assert 0 <= result < 2 * math.pi


def test_scale_follows_a_zoom():
    for transforms in ([Grow(p=1)], [Scale(40, 60, p=1)]):
        assert moved_points(transforms, "xys", 20, 30, [(4, 4, 1.5)])[0][2] == pytest.approx(3)
    # unequal: the longer side counts
    assert moved_points([Scale(20, 90, p=1)], "xys", 20, 30, [(4, 4, 1.5)])[0][2] == 4.5


def test_depth_stays():
    assert moved_points([Quarter(p=1), Grow(p=1)], "xyz", 20, 30, [(4, 4, -7.5)])[0][2] == -7.5
