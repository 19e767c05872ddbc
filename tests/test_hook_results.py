"""Users' own transforms: what becomes of what their hooks return."""

import numpy as np
import pytest
from small_moves import Cut, Flip, Grow, Invert, OnBoxes, OnPoints, Power, Scale, Turn
from user_transforms import BOXES, IMAGE, MASK, Spy, TopLeft, boxes_of

import probaug as A

# --- what becomes of what they return


@pytest.mark.parametrize("labels", [list("abc"), [7, 8, 9], [{"a": 1}, [2], None]])
def test_dropped_rows_take_their_labels_with_them(labels):
    boxes, names = boxes_of([OnBoxes(lambda b: b[1:])], BOXES, labels)
    assert boxes == BOXES[1:]  # what nobody changed has lost no digits
    assert names == labels[1:]
    boxes, names = boxes_of([OnBoxes(lambda b: b[[2, 0]]), Flip(p=1)], BOXES, labels)
    assert boxes == [[20, 5, 35, 20], [30, 2, 36, 5]]
    assert names == [labels[2], labels[0]]


def test_large_labels_follow_their_rows():
    """Three numbers that are one in float32."""
    labels = [2**24 + 1, 2**24, 2**60 + 1]
    for change, left in (
        (lambda b: b[1:], [1, 2]),
        (lambda b: b[::-1] * ([0.5] * 4 + [1]), [2, 1, 0]),
        (lambda b: b[[2, 0]] * ([0.9] * 4 + [1]), [2, 0]),
    ):
        _, names = boxes_of([OnBoxes(change)], BOXES, labels)
        assert names == [labels[i] for i in left]
        _, names = boxes_of([OnBoxes(change)], BOXES, np.array(labels))
        assert names.tolist() == [labels[i] for i in left]
        assert names.dtype == int


def test_labels_that_look_alike_are_told_apart():
    labels = [np.zeros(2000), np.zeros(2000), np.zeros(2000)]
    for i, label in enumerate(labels):
        label[1000] = i  # all three print as [0. 0. 0. ... 0. 0. 0.]
    _, names = boxes_of([OnBoxes(lambda b: b[1:] * ([0.5] * 4 + [1]))], BOXES, labels)
    assert names[0] is labels[1]
    assert names[1] is labels[2]


def test_doubled_rows_have_the_same_label_twice():
    twice = OnBoxes(lambda b: np.concatenate([b, b[:1]]))
    assert boxes_of([twice], BOXES, list("abc")) == ([*BOXES, BOXES[0]], list("abca"))
    boxes, names = boxes_of([twice, Flip(p=1), twice], BOXES, np.array([1, 2, 3]))
    assert len(boxes) == 5
    assert names.tolist() == [1, 2, 3, 1, 1]


CHANGED = {
    "str": (["a", "b", "c"], ["c", "b", "c"]),
    "int": ([1, 2, 3], [3, 2, 3]),
    "float": ([0.1, 0.2, 0.3], [0.3, 0.2, 0.3]),
    "bool": ([True, False, False], [False, False, False]),
    "tuple": (("a", "b", "c"), ("c", "b", "c")),
    "mixed": ([1, "a", None], [None, "a", None]),
    "dict": ([{"a": 1}, {"b": 2}, {"c": 3}], [{"c": 3}, {"b": 2}, {"c": 3}]),
    "int array": (np.array([1, 2, 3], np.int16), np.array([3, 2, 3], np.int16)),
    "str array": (np.array(["x", "yy", "z"]), np.array(["z", "yy", "z"])),
    "2-D array": (np.arange(6).reshape(3, 2), np.array([[4, 5], [2, 3], [4, 5]])),
    "numpy scalars": ([np.int32(1), np.int32(2), np.int32(4)], [np.int32(4), 2, np.int32(4)]),
}


@pytest.mark.parametrize(("labels", "wanted"), CHANGED.values(), ids=CHANGED)
def test_labels_may_be_changed(labels, wanted):
    def relabel(bboxes):
        bboxes = bboxes.copy()
        bboxes[0, 4] = bboxes[2, 4]
        return bboxes

    boxes, names = boxes_of([OnBoxes(relabel)], BOXES, labels)
    assert boxes == BOXES
    assert type(names) is type(wanted)
    if isinstance(wanted, np.ndarray):
        assert names.dtype == wanted.dtype
        np.testing.assert_array_equal(names, wanted)
    else:
        assert names == wanted
        assert [type(name) for name in names[::2]] == [type(label) for label in labels[2:]] * 2


def test_new_numbers_get_the_labels_type():
    def relabel(bboxes):
        bboxes[:, 4] = [10, 20, 30]
        return bboxes

    for labels in (
        [1, 2, 3],
        np.array([1, 2, 3], np.uint8),
        [np.int64(1), np.int64(2), np.int64(3)],
    ):
        _, names = boxes_of([OnBoxes(relabel), Flip(p=1)], BOXES, labels)
        assert list(names) == [10, 20, 30]
        assert {type(name) for name in names} == {type(label) for label in labels}
    with pytest.raises(ValueError, match="names has no label of number 10"):
        boxes_of([OnBoxes(relabel)], BOXES, list("abc"))


def test_other_labels_of_a_changed_row_stay():
    def relabel(bboxes):
        bboxes[1, 5] = 99
        return bboxes

    pipeline = A.Compose(
        [OnBoxes(relabel), Flip(p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["scores", "ids", "objects"]),
    )
    scores, objects = [0.1, 0.2, 0.3], [{"a": 1}, {"b": 2}, {"c": 3}]
    result = pipeline(image=IMAGE, bboxes=BOXES, scores=scores, ids=[1, 2, 3], objects=objects)
    assert result["scores"] == scores
    assert result["ids"] == [1, 99, 3]
    assert all(a is b for a, b in zip(result["objects"], objects, strict=True))


@pytest.mark.parametrize("container", [list, np.array])
def test_columns_behind_the_coordinates_may_be_changed(container):
    def change(bboxes):
        bboxes[0, 4] = 77
        return bboxes

    rows = [[*box, place, -place] for place, box in enumerate(BOXES)]
    boxes, names = boxes_of([OnBoxes(change)], container(rows), list("abc"))
    assert np.array_equal(boxes, [[*BOXES[0], 77, 0], *rows[1:]])
    assert names == list("abc")


def test_words_behind_the_coordinates_travel_along():
    rows = [[*box, name] for box, name in zip(BOXES, ["x", "y", "x"], strict=True)]
    boxes, _ = boxes_of([OnBoxes(lambda b: b[1:]), Flip(p=1)], rows, list("abc"))
    assert boxes == [[37, 1, 39, 3, "y"], [20, 5, 35, 20, "x"]]


@pytest.mark.parametrize("boxes", [[], (), np.zeros((0, 4)), np.zeros(0), np.zeros((0, 6))])
def test_without_boxes(boxes):
    shapes = []

    def look(bboxes):
        shapes.append(bboxes.shape)
        return bboxes

    result, names = boxes_of([OnBoxes(look), Flip(p=1)], boxes, [])
    assert type(result) is type(boxes)
    assert np.shape(result) == np.shape(boxes)
    assert names == []
    assert shapes == [(0, max(4, np.shape(boxes)[-1]) + 1)]


@pytest.mark.parametrize("nothing", [lambda b: b[:0], lambda b: [], lambda b: np.zeros((0, 9))])
def test_all_boxes_dropped(nothing):
    assert boxes_of([OnBoxes(nothing), Flip(p=1)], BOXES, list("abc")) == ([], [])
    boxes, names = boxes_of([OnBoxes(nothing)], np.array(BOXES, np.float32), np.array([1, 2, 3]))
    assert boxes.shape == (0, 4)
    assert boxes.dtype == np.float32
    assert names.dtype == int


def test_boxes_may_be_added_where_there_were_none():
    added = OnBoxes(lambda b: np.array([[0.1, 0.2, 0.3, 0.5, 6]]))
    boxes, names = boxes_of([added, Flip(p=1)], [], [])
    np.testing.assert_allclose(boxes, [[28, 4, 36, 10]])
    assert names == [6]
    boxes, names = boxes_of([added], np.zeros((0, 4), np.float32), np.zeros(0, np.int8))
    np.testing.assert_allclose(boxes, [[4, 4, 12, 10]], rtol=1e-6)
    assert boxes.dtype == np.float32
    assert (names.tolist(), names.dtype) == ([6], np.int8)


def test_lists_may_be_returned():
    boxes, names = boxes_of(
        [OnBoxes(lambda b: [tuple(row) for row in b[::-1]])], BOXES, list("abc")
    )
    assert boxes == BOXES[::-1]
    assert names == list("cba")


def test_nothing_changed_loses_no_digits():
    boxes = [[0.1 + i / 7, 1 / 3, 20.7 + i / 9, 19.1] for i in range(5)]
    for steps in ([Spy()], [Spy(), Spy()], [OnBoxes(np.copy), OnPoints(np.copy)]):
        assert boxes_of(steps, boxes, list("abcde")) == (boxes, list("abcde"))
        params = A.KeypointParams("xyas")
        points = [(1 / 3, 2 / 3, 100 / 7, 1 / 9), (10.1, 0.1, 359.9, 2.2)]
        pipeline = A.Compose(steps, keypoint_params=params)
        assert pipeline(image=IMAGE, keypoints=points)["keypoints"] == points


def test_keypoints_may_be_changed_dropped_and_doubled():
    def change(keypoints):
        keypoints = np.concatenate([keypoints[1:], keypoints[1:2]])
        keypoints[-1, 0] += 2
        keypoints[-1, 3] += np.pi / 2
        keypoints[-1, 4] *= 3
        return keypoints

    pipeline = A.Compose(
        [OnPoints(change), Flip(p=1)],
        keypoint_params=A.KeypointParams("xyas", label_fields=["kinds"]),
    )
    points = [(1, 2, 10, 1), (3, 4, 20, 2), (5, 6, 30, 3)]
    result = pipeline(image=IMAGE, keypoints=points, kinds=["a", "b", "c"])
    wanted = [(36, 4, 160, 2), (34, 6, 150, 3), (34, 4, 70, 6)]
    np.testing.assert_allclose(result["keypoints"], wanted, atol=1e-4)
    assert result["kinds"] == ["b", "c", "b"]


def test_a_new_size_in_mid_pipeline():
    pipeline = A.Compose(
        [Grow(p=1), TopLeft(), Flip(p=1), Turn((0, 0), p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["kinds"]),
    )
    result = pipeline(
        image=IMAGE, mask=MASK, masks=[MASK] * 2, bboxes=BOXES, names=list("abc"),
        keypoints=[(2.5, 1.5), (30, 3)], kinds=["in", "out"],
    )  # fmt: skip
    assert result["image"].shape == (10, 16, 3)
    assert result["mask"].shape == result["masks"][1].shape == (10, 16)
    np.testing.assert_array_equal(result["mask"], MASK.repeat(2, 0).repeat(2, 1)[:10, 15::-1])
    np.testing.assert_allclose(result["bboxes"], [[0, 4, 8, 10], [10, 2, 14, 6]], atol=1e-5)
    assert result["names"] == ["a", "b"]
    assert result["keypoints"] == [(9.5, 3.5)]
    assert result["kinds"] == ["in"]


def test_unchanged_fractions_after_a_change_of_size():
    """A user's own resize moves no box: they are fractions."""

    class Half(OnBoxes):
        def apply(self, img, **params):
            return img[::2, ::2]

        def apply_to_keypoints(self, keypoints, **params):
            keypoints[:, :2] /= 2
            return keypoints

    boxes = [[1, 3, 7, 9], [0.1, 0.2, 33.3, 17.7]]
    result, _ = boxes_of([Half(lambda b: b)], boxes, [1, 2])
    np.testing.assert_allclose(result, np.array(boxes) / 2, rtol=1e-15)
    assert result[0] == [0.5, 1.5, 3.5, 4.5]


@pytest.mark.parametrize("fusion", ["exact", "free", "off"])
@pytest.mark.parametrize("around", [[], [Turn((20, 20), p=1)], [Grow(p=1), Cut(width=30, p=1)]])
def test_views_may_be_returned(fusion, around):
    """Reversed, transposed, strided: what follows gets an array that OpenCV takes."""

    class Mirror(A.DualTransform):
        def apply(self, img, **params):
            return img[:, ::-1]

    for after in ([Flip(p=1)], [Invert(p=1)], [Turn((5, 5), p=1)], [Scale(p=1)], [Power(p=1)], []):
        mine = A.Compose([*around, Mirror(p=1), *after], fusion=fusion, seed=1)
        ours = A.Compose([*around, Flip(p=1), *after], fusion="off", seed=1)
        for data in ({"image": IMAGE, "mask": MASK}, {"images": np.stack([IMAGE] * 2)}):
            result, wanted = mine(key=3, **data), ours(key=3, **data)
            for name, value in data.items():
                np.testing.assert_array_equal(result[name], wanted[name])
                assert result[name].flags.c_contiguous
                assert not np.shares_memory(result[name], value)


def test_other_dtypes_and_channels_may_be_returned():
    class Gray(A.ImageOnlyTransform):
        def apply(self, img, **params):
            return (img.mean(axis=2) / 255).astype(np.float32)

    result = A.Compose([Invert(p=1), Gray(p=1), Invert(p=1), Flip(p=1)])(image=IMAGE)["image"]
    assert result.dtype == np.float32
    assert result.shape == (20, 40)
    np.testing.assert_allclose(result, IMAGE.mean(axis=2)[:, ::-1] / 255, atol=1e-6)


WRONG = [None, 3, "x", [], np.zeros(3), np.zeros((0, 4, 3)), np.zeros((1, 2, 3, 4))]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_what_is_no_image_is_refused_by_name(wrong):
    class Broken(A.ImageOnlyTransform):
        def apply(self, img, **params):
            return wrong

        def apply_to_images(self, images, **params):
            return wrong

    with pytest.raises(TypeError, match=r"Broken must return image as .*got") as error:
        A.Compose([Flip(p=1), Broken(p=1)])(image=IMAGE)
    assert error.value.__notes__[0].startswith("in Compose[1] = Broken")
    if not isinstance(wrong, np.ndarray) or wrong.ndim < 3:
        with pytest.raises(TypeError, match=r"Broken must return images as .*got"):
            Broken(p=1)(images=[IMAGE])


@pytest.mark.parametrize(
    "wrong",
    [None, 7, "x", np.zeros(5), np.zeros((5, 4)), np.zeros((1, 6)), [[1, 2], [3]], [["a"] * 5]],
    ids=repr,
)
def test_what_are_no_boxes_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=r"OnBoxes must return bboxes as an array \(N, 5\)"):
        boxes_of([OnBoxes(lambda b: wrong)], [*BOXES, *BOXES[:2]], list("abcde"))


def test_what_is_not_defined_is_said_by_name():
    class Half(A.DualTransform):
        def apply(self, img, **params):
            return img[::2]

    class Nothing(A.ImageOnlyTransform):
        def get_params(self):
            return {}

    with pytest.raises(NotImplementedError, match="Half does not define apply_to_bboxes"):
        boxes_of([Half(p=1)], BOXES, list("abc"))
    with pytest.raises(NotImplementedError, match="Half does not define apply_to_keypoints"):
        Half(p=1)(image=IMAGE, keypoints=np.array([[1.0, 2]]))
    with pytest.raises(NotImplementedError, match="Nothing does not define apply"):
        Nothing(p=1)(image=IMAGE)


def test_an_error_is_noted_with_its_own_draw():
    class Fails(A.ImageOnlyTransform):
        def get_params(self):
            return {"size": 17}

        def apply(self, img, **params):
            raise RuntimeError("no")

    class FailsEarly(Fails):
        def get_params(self):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError) as error:
        A.Compose([Power(p=1), Fails(p=1)])(image=IMAGE)
    assert error.value.__notes__ == ["in Compose[1] = Fails(p=1) with {'size': 17}"]
    with pytest.raises(RuntimeError) as error:
        A.Compose([Power(p=1), FailsEarly(p=1)])(image=IMAGE)
    assert error.value.__notes__ == ["in Compose[1] = FailsEarly(p=1)"]
