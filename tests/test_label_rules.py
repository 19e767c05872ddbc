"""What boxes and keypoints must be, the words that say so, and which of them survive."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_moves import IMAGE, Cut, Flip, Invert, Quarter, Scale, boxes_through, points_through

import probaug as A

BOXES = [[4, 2, 10, 5], [1, 1, 3, 3], [5.25, 5, 20, 19.5]]
POINTS = [(1, 2), (3.5, 4), (39, 19)]


# --- what is refused


def test_label_fields_must_be_as_long_as_their_target():
    pipeline = A.Compose(
        [Flip(p=0)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"]),
    )
    with pytest.raises(ValueError, match="'names' has 2 entries for 3 bboxes"):
        pipeline(image=IMAGE, bboxes=BOXES, names=["a", "b"])
    with pytest.raises(ValueError, match="'names' has 1 entries for 0 bboxes"):
        pipeline(image=IMAGE, bboxes=[], names=["a"])
    with pytest.raises(ValueError, match="'kinds' has 4 entries for 3 keypoints"):
        pipeline(image=IMAGE, keypoints=POINTS, kinds=np.arange(4))


def test_label_fields_must_be_there():
    pipeline = A.Compose([], bbox_params=A.BboxParams("pascal_voc", label_fields=["names", "ids"]))
    with pytest.raises(ValueError, match="label field 'ids' beside bboxes"):
        pipeline(image=IMAGE, bboxes=BOXES, names=["a", "b", "c"])
    with pytest.raises(ValueError, match="label field 'names' beside bboxes"):
        pipeline(image=IMAGE, bboxes=BOXES, names=None, ids=[1, 2, 3])


def test_one_label_field_cannot_follow_two_targets():
    """What is left of it could fit only one of them."""
    pipeline = A.Compose(
        [Cut(p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["names"]),
    )
    boxes, points, names = [[1, 1, 5, 5], [22, 2, 23, 3]], [(31, 1), (2, 2)], ["a", "b"]
    with pytest.raises(ValueError, match="'names' cannot follow both bboxes and keypoints"):
        pipeline(image=IMAGE, bboxes=boxes, keypoints=points, names=names)
    with pytest.raises(ValueError, match="'names' cannot follow both bboxes and keypoints"):
        pipeline(image=IMAGE, keypoints=points, names=names, bboxes=boxes)
    assert pipeline(image=IMAGE, bboxes=boxes, names=names)["names"] == ["a"]
    assert pipeline(image=IMAGE, keypoints=points, names=names)["names"] == ["b"]


def test_lists_need_params():
    with pytest.raises(ValueError, match="needs bbox_params to read bboxes"):
        A.Compose([])(image=IMAGE, bboxes=BOXES)
    with pytest.raises(ValueError, match="needs keypoint_params to read keypoints"):
        Flip(p=1)(image=IMAGE, keypoints=POINTS)


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 2, 3]],
        [[1, 2, 3]] * 4,  # twelve numbers, but not three boxes
        [[1, 2, 3, 4], [1, 2, 3]],
        [[1, 2, 3, 4], []],
        [[1, 2, 3, 4], 7],
        [[1, 2, 3, 4], None],
        [["a", 2, 3, 4]],
        [[1, None, 3, 4]],
        [[[1, 2], [3, 4], 5, 6]],
        "text",
        [1, 2, 3, 4],
        np.array([1.0, 2, 3, 4]),
        np.zeros((3, 3)),
        np.zeros((2, 2, 4)),
        np.array([["a", "b", "c", "d"]]),
        np.array([[1, 2, 3, None]], object),
    ],
    ids=repr,
)
def test_rows_that_are_no_boxes(rows):
    for transforms in ([], [Flip(p=1)]):
        with pytest.raises(ValueError, match=r"bboxes.* must .*4"):
            boxes_through(transforms, rows)


def test_the_first_bad_row_is_named():
    with pytest.raises(ValueError, match=r"^bboxes\[1\] must begin with 4 numbers, got \[1, 'x'"):
        boxes_through([], [[1, 2, 3, 4], [1, "x", 3, 4], [2]])
    with pytest.raises(ValueError, match=r"^keypoints\[0\] must begin with 3 numbers, got \(1, 2"):
        points_through([], [(1, 2)], point_format="xya")


BAD_BOXES = {
    "inverted x": [10, 2, 4, 5],
    "inverted y": [4, 5, 10, 2],
    "no width": [4, 2, 4, 5],
    "no height": [4, 5, 10, 5],
    "NaN": [4, float("nan"), 10, 5],
    "off left": [-1.01, 2, 10, 5],
    "off top": [4, -30, 10, 5],
    "off right": [4, 2, 41.5, 5],
    "off bottom": [4, 2, 10, 21.1],
    "infinite": [4, 2, float("inf"), 5],
    "nowhere": [50, 30, 60, 40],
    "just outside": [-0.9, 2, -0.1, 5],
}


@pytest.mark.parametrize("box", BAD_BOXES.values(), ids=BAD_BOXES)
def test_bad_boxes_are_named_with_all_that_helps(box):
    """Index, values, image size and the way to allow it."""
    for boxes in ([BOXES[0], box], np.array([BOXES[0], box])):
        with pytest.raises(ValueError, match=r"^bboxes\[1\] must") as error:
            boxes_through([Flip(p=1)], boxes)
        message = str(error.value)
        for value in box:
            assert re.search(rf"\b{re.escape(f'{value:g}'.lstrip('-'))}", message), message
        assert "height 20" in message
        assert "width 40" in message
        assert "filter_invalid_bboxes=True" in message
        assert "pascal_voc" in message


@pytest.mark.parametrize("box", BAD_BOXES.values(), ids=BAD_BOXES)
def test_bad_boxes_are_filtered_if_asked(box):
    boxes = [[4.5, 2, 10, 5], box, [1, 1, 3, 3]]
    left, top, right, bottom = box
    clipped = [max(0, left), max(0, top), min(40, right), min(20, bottom)]
    stays = left < right and top < bottom and clipped[0] < clipped[2] and clipped[1] < clipped[3]
    pipeline = A.Compose(
        [],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"], filter_invalid_bboxes=True),
    )
    result = pipeline(image=IMAGE, bboxes=boxes, names=["a", "b", "c"])
    assert result["bboxes"] == [boxes[0], *([clipped] if stays else []), boxes[2]]
    assert result["names"] == ["a", *(["b"] if stays else []), "c"]


@pytest.mark.parametrize("box_format", ["pascal_voc", "yolo"])
@pytest.mark.parametrize("off", [1e-9, 0.4, 1.0])
def test_up_to_a_pixel_off_the_frame_is_clipped(box_format, off):
    edges = [-off, 3, 40 + off / 2, 20 + off]
    box = edges
    if box_format == "yolo":
        box = [
            (edges[0] + edges[2]) / 80, (edges[1] + edges[3]) / 40,
            (edges[2] - edges[0]) / 40, (edges[3] - edges[1]) / 20,
        ]  # fmt: skip
    wanted = [0, 3, 40, 20] if box_format == "pascal_voc" else [0.5, 11.5 / 20, 1, 17 / 20]
    for transforms in ([], [Flip(p=0)], [Flip(p=1)]):
        if off == 1.0 and box_format == "yolo":
            continue  # rounding decides
        (result,) = boxes_through(transforms, [box], box_format=box_format)
        np.testing.assert_allclose(result, wanted, atol=1e-12)


def test_clip_allows_any_distance():
    assert boxes_through([], [[-300, 3, 400, 500]], clip=True) == [[0, 3, 40, 20]]
    assert boxes_through([Flip(p=1)], [[30, 3, 400, 9]], clip=True) == [[0, 3, 10, 9]]
    for box in ([50, 3, 60, 9], [10, 2, 4, 5], [1, 2, float("nan"), 5]):
        with pytest.raises(ValueError, match=r"bboxes\[0\]"):
            boxes_through([], [box], clip=True)


def test_only_clipped_boxes_change():
    boxes = np.array([[0.1, 0.2, 0.3, 0.30000001], [0.1, 0.2, 1.00001, 0.9]])
    result = boxes_through([], boxes, box_format="albumentations")
    assert result[0].tolist() == boxes[0].tolist()
    assert result[1].tolist() == [0.1, 0.2, 1.0, 0.9]


# --- what survives


def kept(transforms, boxes, **params):
    return [row[4] for row in boxes_through(transforms, boxes, **params)]


SIZES = [[0, 0, 2, 8, "tall"], [10, 0, 18, 2, "wide"], [20, 0, 23, 3, "small"]]


@pytest.mark.parametrize("transforms", [[], [Flip(p=0)], [Invert(p=1)]])
@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({}, ["tall", "wide", "small"]),
        ({"min_area": 9}, ["tall", "wide", "small"]),
        ({"min_area": 9.01}, ["tall", "wide"]),
        ({"min_width": 2}, ["tall", "wide", "small"]),
        ({"min_width": 2.5}, ["wide", "small"]),
        ({"min_height": 3}, ["tall", "small"]),
        ({"min_width": 3, "min_height": 3}, ["small"]),
        ({"max_accept_ratio": 4}, ["tall", "wide", "small"]),
        ({"max_accept_ratio": 3.9}, ["small"]),
        ({"min_area": 17}, []),
    ],
)
def test_limits_are_in_pixels_and_inclusive(transforms, params, names):
    assert kept(transforms, SIZES, **params) == names


def test_limits_count_pixels_of_the_current_image():
    half = [Scale(10, 20, p=1)]
    assert kept(half, SIZES, min_area=4) == ["tall", "wide"]
    assert kept(half, SIZES, min_area=4, box_format="pascal_voc", check_each_transform=False) == [
        "tall", "wide",
    ]  # fmt: skip
    relative = [[0.1, 0.1, 0.3, 0.3, "a"], [0.1, 0.1, 0.2, 0.2, "b"]]  # 32 and 8 square pixels
    assert kept([], relative, min_area=9, box_format="albumentations") == ["a"]


def test_visibility_counts_from_step_to_step():
    """As in 2.0.8: two crops that each keep 60 % pass a limit that one crop to 36 % does not."""
    box = [[0, 0, 10, 10, "box"]]
    twice = [Cut(0, 0, 6, 20, p=1), Cut(0, 0, 6, 6, p=1)]
    assert kept(twice, box, min_visibility=0.5) == ["box"]
    assert kept([Cut(0, 0, 6, 6, p=1)], box, min_visibility=0.5) == []
    assert kept(twice, box, min_visibility=0.5, check_each_transform=False) == []
    assert kept([Cut(0, 0, 6, 6, p=1)], box, min_visibility=0.36) == ["box"]


def test_checking_only_at_the_end_lets_boxes_come_back():
    there_and_back = [Cut(0, 0, 6, 6, p=1), Cut(0, 0, 40, 20, p=1)]
    boxes = [[2, 2, 10, 10], [20, 10, 30, 15]]
    assert boxes_through(there_and_back, boxes) == [[2, 2, 6, 6]]
    assert boxes_through(there_and_back, boxes, check_each_transform=False) == boxes
    assert boxes_through(there_and_back[:1], boxes, check_each_transform=False) == [[2, 2, 6, 6]]
    points = [(3, 3), (20, 10)]
    assert points_through(there_and_back, points) == [(3, 3)]
    assert points_through(there_and_back, points, check_each_transform=False) == points


@pytest.mark.parametrize(
    ("field", "value"),
    [("min_area", -1), ("min_visibility", 1.5), ("min_width", -0.1), ("min_height", float("nan")),
     ("max_accept_ratio", 0.5), ("clip", 1), ("label_fields", "names"), ("label_fields", [1])],
)  # fmt: skip
def test_params_are_checked(field, value):
    with pytest.raises(ValueError, match=rf"BboxParams\.{field} must be .*got"):
        A.BboxParams("coco", **{field: value})


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_filters_against_a_reference(data):
    """What is left of boxes after a crop, worked out one by one."""
    value = st.floats(0, 1)
    box = st.tuples(value, value, value, value).map(
        lambda b: (min(b[0], b[2]) * 39, min(b[1], b[3]) * 19, max(b[0], b[2]) * 39 + 1,
                   max(b[1], b[3]) * 19 + 1)
    )  # fmt: skip
    boxes = data.draw(st.lists(box, max_size=8))
    left, top = data.draw(st.integers(-5, 30)), data.draw(st.integers(-5, 15))
    width, height = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 30))
    limits = {
        "min_area": data.draw(st.sampled_from([0, 4, 30])),
        "min_visibility": data.draw(st.sampled_from([0, 0.3, 0.9])),
        "min_width": data.draw(st.sampled_from([0, 3])),
        "min_height": data.draw(st.sampled_from([0, 3])),
        "max_accept_ratio": data.draw(st.sampled_from([None, 1.5, 4])),
    }
    wanted = []
    for index, (x1, y1, x2, y2) in enumerate(boxes):
        a, b = max(x1 - left, 0), max(y1 - top, 0)
        c, d = min(x2 - left, width), min(y2 - top, height)
        if c <= a or d <= b:
            continue
        area, whole = (c - a) * (d - b), (x2 - x1) * (y2 - y1)
        ratio = max((c - a) / (d - b), (d - b) / (c - a))
        near = min(
            abs(area - limits["min_area"]), abs(area / whole - limits["min_visibility"]),
            abs(ratio - (limits["max_accept_ratio"] or 0)),
            abs(c - a - limits["min_width"]), abs(d - b - limits["min_height"]),
        )  # fmt: skip
        if near < 1e-6:
            return  # rounding decides
        if (
            area >= limits["min_area"]
            and area / whole >= limits["min_visibility"]
            and c - a >= limits["min_width"]
            and d - b >= limits["min_height"]
            and ratio <= (limits["max_accept_ratio"] or ratio)
        ):
            wanted.append((index, a, b, c, d))
    pipeline = A.Compose(
        [Cut(left, top, width, height, p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["places"], **limits),
    )
    result = pipeline(image=IMAGE, bboxes=boxes, places=list(range(len(boxes))))
    assert result["places"] == [index for index, *_ in wanted]
    np.testing.assert_allclose(
        np.reshape(result["bboxes"], (-1, 4)), np.reshape([w[1:] for w in wanted], (-1, 4)),
        atol=1e-9,
    )  # fmt: skip


# --- keypoints


def test_a_point_on_the_last_half_pixel_survives_a_flip():
    image = np.zeros((100, 200, 3), np.uint8)
    for point, wanted in (((199.5, 0), (-0.5, 0)), ((-0.5, 99.5), (199.5, 99.5))):
        assert points_through([Flip(p=1)], [point], image) == [wanted]
        assert points_through([Flip(p=1)] * 2, [point], image) == [point]
        assert points_through([Quarter(p=1)] * 4, [point], image) == [point]


def test_points_are_accepted_up_to_the_width():
    image = np.zeros((100, 200, 3), np.uint8)
    (result,) = points_through([], [(200, 100)], image)
    assert result == (199.5, 99.5)  # the image's own corner
    assert points_through([Flip(p=1)], [(200, 100)], image) == [(-0.5, 99.5)]


BAD_POINTS = [(-0.6, 3), (200.1, 3), (3, -1), (3, 100.5), (float("nan"), 3), (3, float("inf"))]


@pytest.mark.parametrize("point", BAD_POINTS, ids=repr)
def test_points_outside_are_named(point):
    image = np.zeros((100, 200, 3), np.uint8)
    with pytest.raises(ValueError, match=r"^keypoints\[1\] must lie inside") as error:
        points_through([Flip(p=1)], [(1, 1), point], image)
    for part in ("height 100", "width 200", "remove_invisible=False", repr(point)):
        assert part in str(error.value)


@pytest.mark.parametrize("point", BAD_POINTS, ids=repr)
def test_points_outside_stay_if_asked(point):
    image = np.zeros((100, 200, 3), np.uint8)
    pipeline = A.Compose(
        [Flip(p=1)],
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"], remove_invisible=False),
    )
    result = pipeline(image=image, keypoints=[(1, 1), point], kinds=["a", "b"])
    np.testing.assert_array_equal(result["keypoints"], [(198, 1), (199 - point[0], point[1])])
    assert result["kinds"] == ["a", "b"]
    nothing = pipeline[:0](image=image, keypoints=[point], kinds=["b"])["keypoints"]
    np.testing.assert_array_equal(nothing, [point])


def test_invisible_points_are_dropped_with_their_labels():
    pipeline = A.Compose(
        [Cut(0, 0, 10, 10, p=1)], keypoint_params=A.KeypointParams("xy", label_fields=["kinds"])
    )
    points = [(0, 0), (9.5, 9.5), (9.6, 9), (5, 9.51), (-0.5, -0.5), (30, 3)]
    result = pipeline(image=IMAGE, keypoints=points, kinds=list("abcdef"))
    assert result["keypoints"] == [(0, 0), (9.5, 9.5), (-0.5, -0.5)]
    assert result["kinds"] == ["a", "b", "e"]


@pytest.mark.parametrize("first", [A.HorizontalFlip(p=0), A.OneOf([A.NoOp()], p=0)])
def test_small_boxes_go_before_a_later_step_enlarges_them_whatever_ran_first(first):
    small, large = (30, 30, 36, 36), (20, 20, 50, 50)
    rule = A.BboxParams("pascal_voc", label_fields=["labels"], min_area=50)
    pipeline = A.ReplayCompose([first, A.Affine(scale=(2, 2), p=1)], bbox_params=rule)
    call = {"image": np.zeros((64, 64, 3), np.uint8), "bboxes": [small, large], "labels": [1, 2]}
    result = pipeline(**call)
    assert result["labels"] == [2]
    assert A.ReplayCompose.replay(result["replay"], **call)["labels"] == [2]
    end = A.BboxParams(
        "pascal_voc", label_fields=["labels"], min_area=50, check_each_transform=False
    )
    assert A.Compose(pipeline.transforms, end)(**call)["labels"] == [1, 2]
