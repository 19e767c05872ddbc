"""Boxes, keypoints and their labels at the boundary: containers, dtypes, empty ones."""

import numpy as np
import pytest
from small_moves import (
    IMAGE,
    Cut,
    Flip,
    Invert,
    Quarter,
    Scale,
    Turn,
    boxes_through,
    points_through,
)

import probaug as A

BOXES = [[4, 2, 10, 5], [1, 1, 3, 3], [5.25, 5, 20, 19.5]]
FLIPPED = [[30, 2, 36, 5], [37, 1, 39, 3], [20, 5, 34.75, 19.5]]
POINTS = [(1, 2), (3.5, 4), (39, 19)]
FLIPPED_POINTS = [(38, 2), (35.5, 4), (0, 19)]

NOTHING = {
    "no transforms": lambda **params: A.Compose([], **params),
    "p of the transform": lambda **params: A.Compose([Flip(p=0)], **params),
    "p of the pipeline": lambda **params: A.Compose([Flip(p=1)], p=0, **params),
    "pixels only": lambda **params: A.Compose([Invert(p=1)], **params),
    "nested": lambda **params: A.Compose([A.Compose([]), A.Sequential([Flip(p=0)], p=1)], **params),
    "an identity": lambda **params: A.Compose([Cut(width=40, height=20, p=1)], **params),
}
nothing = pytest.mark.parametrize("nothing", NOTHING.values(), ids=NOTHING)

LABELS = {
    "int": [3, 2**53 + 1, -7],
    "bool": [True, False, True],
    "float": [0.1, float("inf"), -0.0],
    "str": ["cat", "", "a longer label"],
    "bytes": [b"x", b"", b"yy"],
    "dict": [{"id": 1}, {}, {"nested": [1, 2]}],
    "list": [[1], [], [2, [3]]],
    "None": [None, None, 1],
    "mixed": [1, "1", 1.0],
    "numpy scalars": [np.int16(3), np.float32(0.1), np.str_("x")],
    "tuple": ("a", 1, None),
    "int array": np.array([5, 6, 7], np.int8),
    "bool array": np.array([True, False, False]),
    "str array": np.array(["a", "bb", "ccc"]),
    "object array": np.array([{"a": 1}, [2], None], object),
    "2-D array": np.arange(6, dtype=np.uint16).reshape(3, 2),
    "2-D strings": np.array([["a", "b"], ["c", "d"], ["e", "f"]]),
    "3-D array": np.arange(24.0).reshape(3, 2, 4),
    "dates": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "datetime64[ns]"),
}
label_kinds = pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)


def assert_same(result, wanted):
    """Equal in container, in every entry, and in every entry's type."""
    assert type(result) is type(wanted)
    if isinstance(wanted, np.ndarray):
        assert result.dtype == wanted.dtype
        assert result.shape == wanted.shape
        assert result.tolist() == wanted.tolist()
    else:
        assert result == wanted
        assert [type(item) for item in result] == [type(item) for item in wanted]


# --- containers and dtypes

CONTAINERS = {
    "list of lists": (lambda rows: [list(row) for row in rows], list, list),
    "list of tuples": (lambda rows: [tuple(row) for row in rows], list, tuple),
    "tuple of tuples": (lambda rows: tuple(tuple(row) for row in rows), tuple, tuple),
    "tuple of lists": (lambda rows: tuple(list(row) for row in rows), tuple, list),
}


@pytest.mark.parametrize(("make", "outer", "inner"), CONTAINERS.values(), ids=CONTAINERS)
def test_sequences_come_back_as_they_went_in(make, outer, inner):
    for through, given_rows, wanted in (
        (boxes_through, BOXES, FLIPPED),
        (points_through, POINTS, FLIPPED_POINTS),
    ):
        for transforms, rows in (([Flip(p=1)], wanted), ([], given_rows)):
            result = through(transforms, make(given_rows))
            assert type(result) is outer
            assert {type(row) for row in result} == {inner}
            assert [list(row) for row in result] == [list(row) for row in rows]
            assert all(type(value) is float for row in result for value in row)


DTYPES = {
    np.float64: np.float64,
    np.float32: np.float32,
    np.float16: np.float16,
    np.int64: np.float64,
    np.int32: np.float64,
    np.uint8: np.float64,
    np.uint64: np.float64,
    np.bool_: np.float64,
    object: object,
}


@pytest.mark.parametrize(("dtype", "wanted"), DTYPES.items(), ids=lambda d: d.__name__)
def test_the_dtype_depends_on_the_input_alone(dtype, wanted):
    """Float arrays keep it, whole numbers become float64, whatever was drawn."""
    boxes, points = np.array([[0, 0, 1, 1]]), np.array([[1, 0]])
    for transforms in ([], [Flip(p=0)], [Flip(p=1)], [Turn(p=1)], [Cut(20, 10, p=1)]):
        for through, rows in ((boxes_through, boxes), (points_through, points)):
            result = through(transforms, rows.astype(dtype))
            assert isinstance(result, np.ndarray)
            assert result.dtype == wanted
            assert result.ndim == 2
            assert result.shape[1] == rows.shape[1]


@nothing
@pytest.mark.parametrize("box_format", ["pascal_voc", "coco", "yolo", "albumentations", "rel_yxyx"])
def test_nothing_done_gives_the_callers_numbers(nothing, box_format):
    rng = np.random.default_rng(5)
    numbers = rng.uniform(0.3, 0.4, (50, 4)) + np.array([0, 0, 0.2, 0.2])
    if box_format in ("pascal_voc", "coco"):
        numbers = numbers * (20, 20, 20, 20)
    for boxes in (numbers.tolist(), numbers, numbers.astype(np.float32)):
        pipeline = nothing(bbox_params=A.BboxParams(box_format))
        result = pipeline(image=IMAGE, bboxes=boxes)["bboxes"]
        assert type(result) is type(boxes)
        assert np.array_equal(result, boxes)


@nothing
@pytest.mark.parametrize("point_format", ["xy", "yx", "xya", "xys", "xyas", "xysa", "xyz"])
@pytest.mark.parametrize("degrees", [True, False])
def test_nothing_done_gives_the_callers_points(nothing, point_format, degrees):
    rng = np.random.default_rng(6)
    points = rng.uniform(0.1, 6, (50, len(point_format)))
    params = A.KeypointParams(point_format, angle_in_degrees=degrees)
    for rows in (points.tolist(), points, points.astype(np.float32)):
        result = nothing(keypoint_params=params)(image=IMAGE, keypoints=rows)["keypoints"]
        assert np.array_equal(result, rows)


@nothing
def test_angles_beyond_a_turn_stay_where_nothing_is_done(nothing):
    params = A.KeypointParams("xya")
    points = [(1.0, 2.0, 725.0), (3.0, 4.0, -10.0)]
    assert nothing(keypoint_params=params)(image=IMAGE, keypoints=points)["keypoints"] == points


@nothing
@label_kinds
def test_labels_keep_their_types_where_nothing_is_done(nothing, labels):
    pipeline = nothing(
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"]),
    )
    result = pipeline(image=IMAGE, bboxes=BOXES, names=labels, keypoints=POINTS, kinds=labels)
    assert_same(result["names"], labels)
    assert_same(result["kinds"], labels)


@label_kinds
def test_labels_follow_their_boxes_and_points(labels):
    pipeline = A.Compose(
        [Flip(p=1), Cut(30, 0, 10, 10, p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"]),
    )
    result = pipeline(image=IMAGE, bboxes=BOXES, names=labels, keypoints=POINTS, kinds=labels)
    assert result["bboxes"] == [[0, 2, 6, 5], [7, 1, 9, 3], [0, 5, 4.75, 10]]
    assert_same(result["names"], labels)
    assert result["keypoints"] == [(8, 2), (5.5, 4)]
    assert_same(result["kinds"], labels[:2])
    result = pipeline[1:](image=IMAGE, bboxes=BOXES, names=labels, keypoints=POINTS, kinds=labels)
    assert result["bboxes"] == []
    assert_same(result["names"], labels[:0])
    assert result["keypoints"] == [(9, 19)] or result["keypoints"] == []


@pytest.mark.parametrize("labels", [LABELS["dict"], LABELS["list"], LABELS["object array"]])
def test_labels_are_the_very_objects(labels):
    pipeline = A.Compose(
        [Flip(p=1)], bbox_params=A.BboxParams("pascal_voc", label_fields=["names"])
    )
    result = pipeline(image=IMAGE, bboxes=BOXES, names=labels)["names"]
    assert all(a is b for a, b in zip(result, labels, strict=True))


def test_several_label_fields():
    pipeline = A.Compose(
        [Cut(p=1)], bbox_params=A.BboxParams("coco", label_fields=["names", "numbers", "scores"])
    )
    result = pipeline(
        image=IMAGE,
        bboxes=[[1, 1, 2, 2], [30, 1, 2, 2], [5, 5, 3, 3]],
        names=("a", "b", "c"),
        numbers=np.array([[1], [2], [3]]),
        scores=[0.5, 0.25, True],
    )
    assert result["bboxes"] == [[1, 1, 2, 2], [5, 5, 3, 3]]
    assert result["names"] == ("a", "c")
    assert result["numbers"].tolist() == [[1], [3]]
    assert result["scores"] == [0.5, True]


# --- columns behind the coordinates


@pytest.mark.parametrize("transforms", [[], [Flip(p=1)], [Quarter(p=1), Turn((2, 2), p=1)]])
def test_extra_columns_are_kept(transforms):
    extra = [["cat", 7], [None, 2.5], [{"a": 1}, True]]
    boxes = [[*box, *more] for box, more in zip(BOXES, extra, strict=True)]
    assert [row[4:] for row in boxes_through(transforms, boxes)] == extra
    points = [(*point, *more) for point, more in zip(POINTS, extra, strict=True)]
    result = points_through(transforms, points, remove_invisible=False)
    assert [list(row[2:]) for row in result] == extra
    array = np.array(boxes, object)
    result = boxes_through(transforms, array)
    assert result.dtype == object
    assert result[:, 4:].tolist() == extra
    numbers = np.arange(18, dtype=np.float32).reshape(3, 6)
    numbers[:, :4] = BOXES
    result = boxes_through(transforms, numbers)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[:, 4:], numbers[:, 4:])


def test_extra_columns_follow_their_boxes():
    result = boxes_through([Cut(30, 0, 10, 10, p=1)], [[1, 1, 5, 5, "a"], [31, 2, 35, 4, "b"]])
    assert result == [[1, 2, 5, 4, "b"]]
    rows = np.array([[1, 1, 5, 5, 8], [31, 2, 35, 4, 9]])
    np.testing.assert_array_equal(
        boxes_through([Cut(30, 0, 10, 10, p=1)], rows), [[1.0, 2, 5, 4, 9]]
    )


# --- nothing in, nothing left

EMPTY = {
    "[]": [],
    "()": (),
    "(0,)": np.zeros(0),
    "(0, 4)": np.zeros((0, 4)),
    "(0, 4) float32": np.zeros((0, 4), np.float32),
    "(0, 4) int": np.zeros((0, 4), int),
    "(0, 6)": np.zeros((0, 6)),
    "(0, 6) object": np.zeros((0, 6), object),
}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize(
    "transforms", [[], [Flip(p=1)], [Quarter(p=1), Turn(p=1), Scale(p=1), Cut(p=1)]]
)
@pytest.mark.parametrize("params", [{}, {"clip": True}, {"filter_invalid_bboxes": True}])
def test_empty_stays_empty(empty, transforms, params):
    pipeline = A.Compose(
        transforms,
        bbox_params=A.BboxParams("yolo", label_fields=["names"], **params),
        keypoint_params=A.KeypointParams("xyas", label_fields=["kinds"]),
    )
    result = pipeline(image=IMAGE, bboxes=empty, names=[], keypoints=empty, kinds=np.zeros(0, int))
    for name in ("bboxes", "keypoints"):
        assert type(result[name]) is type(empty)
        assert len(result[name]) == 0
        if isinstance(empty, np.ndarray):
            assert result[name].shape == empty.shape
            assert (
                result[name].dtype == DTYPES[empty.dtype.type if empty.dtype != object else object]
            )
    assert result["names"] == []
    assert result["kinds"].dtype == int


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, object])
@pytest.mark.parametrize("columns", [4, 5, 7])
def test_what_is_dropped_keeps_columns_and_dtype(dtype, columns):
    boxes = np.zeros((2, columns), dtype)
    boxes[:, :4] = 30, 1, 35, 5
    result = boxes_through([Cut(p=1)], boxes)
    assert result.shape == (0, columns)
    assert result.dtype == DTYPES[dtype]
    assert boxes_through([Cut(p=1)], boxes.tolist()) == []
    assert boxes_through([Cut(p=1)], tuple(map(tuple, boxes.tolist()))) == ()


def test_no_labels_without_their_target():
    """Label fields of a call without boxes pass through."""
    pipeline = A.Compose([Flip(p=1)], bbox_params=A.BboxParams("coco", label_fields=["names"]))
    names = ["a"]
    assert pipeline(image=IMAGE, names=names)["names"] is names
    assert pipeline(image=IMAGE, bboxes=None, names=names)["bboxes"] is None


# --- additional targets


def test_more_boxes_and_points_move_along():
    pipeline = A.Compose(
        [Flip(p=1), Cut(30, 0, 10, 10, p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"]),
        additional_targets={"more": "bboxes", "dots": "keypoints"},
    )
    result = pipeline(
        image=IMAGE,
        bboxes=[[4, 2, 8, 5]],
        names=["a"],
        more=np.array([[1, 1, 3, 3], [20, 1, 30, 3]], np.float32),
        keypoints=[(39, 1)],
        kinds=[1],
        dots=[(1, 2), (20, 3)],
    )
    assert result["bboxes"] == [[2, 2, 6, 5]]
    assert result["names"] == ["a"]
    assert result["more"].dtype == np.float32
    assert result["more"].tolist() == [[7, 1, 9, 3]]
    assert result["keypoints"] == []
    assert result["kinds"] == []
    assert result["dots"] == [(8, 2)]


def test_more_boxes_without_the_first():
    pipeline = A.Compose(
        [Flip(p=1)],
        bbox_params=A.BboxParams("coco", label_fields=["names"]),
        additional_targets={"more": "bboxes"},
    )
    assert pipeline(image=IMAGE, more=[(1, 1, 2, 2)])["more"] == [(37, 1, 2, 2)]
    with pytest.raises(ValueError, match=r"^more\[0\] must"):
        pipeline(image=IMAGE, more=[(39, 1, 2, 2.0), (1, 1, -2, 2)][::-1])


def test_labels_are_never_changed_in_place():
    boxes, points = np.array(BOXES), np.array(POINTS, float)
    names, kinds = np.array(["a", "b", "c"]), [1, 2, 3]
    for array in (boxes, points, names):
        array.flags.writeable = False
    before = boxes.copy(), points.copy(), names.copy(), list(kinds)
    pipeline = A.Compose(
        [Flip(p=1), Turn(p=1), Cut(10, 5, 15, 10, p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"]),
    )
    result = pipeline(image=IMAGE, bboxes=boxes, names=names, keypoints=points, kinds=kinds)
    for given_value, kept_value in zip((boxes, points, names, kinds), before, strict=True):
        np.testing.assert_array_equal(given_value, kept_value)
    result["bboxes"][...] = -1  # what comes back is the caller's own
    np.testing.assert_array_equal(boxes, before[0])
    untouched = A.Compose([], bbox_params=A.BboxParams("pascal_voc"))(image=IMAGE, bboxes=boxes)
    untouched["bboxes"][...] = -1
    np.testing.assert_array_equal(boxes, before[0])


def test_boxes_as_arrays_need_no_params():
    """As in 2.0.8, they are then fractions, xyxy."""
    result = Flip(p=1)(image=IMAGE, bboxes=np.array([[0.1, 0.2, 0.3, 0.4]]))["bboxes"]
    np.testing.assert_allclose(result, [[0.7, 0.2, 0.9, 0.4]])
    result = Flip(p=1)(image=IMAGE, keypoints=np.array([[3.0, 4]]))["keypoints"]
    assert result.tolist() == [[36, 4]]
