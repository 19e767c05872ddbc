"""`AugmentedSequence`: what y is, by task: classes, masks, keypoints; class weights."""

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import FLIP, NOTHING, SIZE, Left, classifier, photos

import probaug as A
from probaug.adapters.keras import AugmentedSequence

PLAIN = {"shuffle": False, "threads": 0}


def y_of(labels, pipeline=NOTHING, **options):
    x = photos(len(labels))
    return AugmentedSequence((x, labels), pipeline, **PLAIN, **options)[0][1]


# classes


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_numbers_become_int_or_one_hot(shape, dtype):
    numbers = np.array([2, 0, 1, 2])
    labels = numbers.astype(dtype).reshape(shape)
    whole = y_of(labels, label_mode="int")
    assert (whole.dtype, whole.tolist()) == (np.int32, [2, 0, 1, 2])
    hot = y_of(labels, label_mode="categorical", num_classes=3)
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot, keras.utils.to_categorical(numbers, 3))


def test_soft_labels_stay():
    soft = np.array([[0.25, 0.75], [1, 0]], np.float64)
    hot = y_of(soft, label_mode="categorical", num_classes=2)
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot, soft)


def test_binary_labels_are_floats():
    labels = y_of(np.array([True, False, True]), label_mode="binary")
    assert (labels.dtype, labels.tolist()) == (np.float32, [1, 0, 1])
    with pytest.raises(ValueError, match="label must be from 0 to 1, got 2"):
        y_of(np.array([2]), label_mode="binary")


def test_several_labels_of_a_sample():
    labels = [[0, 2], [], [1], [2, 1, 0]]
    hot = y_of(labels, label_mode="multi_label", num_classes=3)
    assert hot.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]]
    already = np.array([[0, 1, 1], [1, 0, 0]], bool)
    np.testing.assert_array_equal(
        y_of(already, label_mode="multi_label", num_classes=3), already.astype(np.float32)
    )


def test_labels_by_name():
    names = ["cat", "dog", "owl"]
    assert y_of(["owl", "cat"], class_names=names).tolist() == [2, 0]
    hot = y_of(np.array(["owl", "cat"]), class_names=names, label_mode="categorical")
    assert hot.tolist() == [[0, 0, 1], [1, 0, 0]]
    several = y_of([["cat", "owl"], []], class_names=names, label_mode="multi_label")
    assert several.tolist() == [[1, 0, 1], [0, 0, 0]]
    with pytest.raises(ValueError, match="label must be one of cat, dog, owl, got 'cow'"):
        y_of(["cow"], class_names=names)


@pytest.mark.parametrize("mode", ["int", "categorical", "multi_label"])
@pytest.mark.parametrize("wrong", [3, -1, 1.5])
def test_classes_that_are_not_there(mode, wrong):
    with pytest.raises(ValueError, match=f"label must be .* from 0 to 2, got .*{wrong}") as caught:
        y_of([0, wrong], label_mode=mode, num_classes=3)
    assert "in sample 1 of epoch 0" in caught.value.__notes__


def test_regression_gives_targets_as_they_are():
    targets = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    np.testing.assert_array_equal(y_of(targets, FLIP, task="regression"), targets)


# class weights


@pytest.mark.parametrize("mode", ["int", "categorical"])
def test_class_weights_weigh_as_keras_does(mode):
    numbers = np.array([0, 1, 2, 2, 1, 0, 0, 2])
    weights = {0: 0.5, 2: 3.0}
    sequence = AugmentedSequence(
        (photos(8), numbers), NOTHING, label_mode=mode, num_classes=3, class_weight=weights, **PLAIN
    )
    x, y, w = sequence[0]
    assert w.dtype == np.float32
    assert w.tolist() == [0.5, 1, 3, 3, 1, 0.5, 0.5, 3]
    model = classifier()
    model.compile(
        keras.optimizers.SGD(0.0),
        "categorical_crossentropy" if mode == "categorical" else "sparse_categorical_crossentropy",
    )
    theirs = model.train_on_batch(x, y, class_weight=weights)
    np.testing.assert_allclose(model.train_on_batch(x, y, sample_weight=w), theirs, rtol=1e-5)


def test_class_weights_multiply_sample_weights():
    own = np.array([1, 2, 4], np.float32)
    source = (photos(3), np.array([0, 1, 1]), own)
    *_, w = AugmentedSequence(source, NOTHING, class_weight={1: 0.5}, **PLAIN)[0]
    assert w.tolist() == [1, 1, 2]


def test_soft_labels_have_the_mean_of_their_weights():
    soft = np.array([[0.25, 0.75], [1, 0]])
    sequence = AugmentedSequence((photos(2), soft), NOTHING, class_weight={1: 3}, **PLAIN)
    assert sequence[0][2].tolist() == [0.25 + 3 * 0.75, 1]


def test_classes_of_pixels_have_weights():
    masks = np.array([[[0, 1], [2, 255]]] * 2, np.uint8).repeat(12, 1).repeat(12, 2)
    source = (photos(2), masks, np.array([1, 2], np.float32))
    options = {"task": "segmentation", "ignore_class": 255, "class_weight": {0: 0.1, 2: 7}}
    _, y, w = AugmentedSequence(source, A.VerticalFlip(p=1), **options, **PLAIN)[0]
    np.testing.assert_array_equal(y, masks[:, ::-1])
    expected = np.array([0.1, 1, 7], np.float32)[np.minimum(masks[:, ::-1], 2)]
    expected[masks[:, ::-1] == 255] = 0
    np.testing.assert_array_equal(w, expected * [[[1]], [[2]]])


# masks


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
@pytest.mark.parametrize("channels", [(), (1,)])
@pytest.mark.parametrize("threads", [0, 3])
def test_masks_become_one_hot(dtype, channels, threads):
    masks = np.random.default_rng(1).integers(0, 5, (9, SIZE, SIZE, *channels)).astype(dtype)
    options = {"task": "segmentation", "shuffle": False, "seed": 4}
    source = (photos(9), masks)
    _, sparse = AugmentedSequence(source, FLIP, label_mode="int", num_classes=5, **options)[0]
    assert (sparse.dtype, sparse.shape) == (dtype, (9, 16, 16, *channels))
    _, hot = AugmentedSequence(
        source, FLIP, label_mode="categorical", num_classes=5, threads=threads, **options
    )[0]
    assert hot.dtype == np.float32
    np.testing.assert_array_equal(hot, np.eye(5)[sparse.reshape(9, 16, 16)])


@pytest.mark.parametrize("ignore", [255, 3, -1])
def test_ignored_pixels_are_all_zeros(ignore):
    masks = np.random.default_rng(2).integers(0, 3, (4, SIZE, SIZE)).astype(np.int16)
    masks[:, :5] = ignore
    options = {"task": "segmentation", "num_classes": 3, "ignore_class": ignore}
    np.testing.assert_array_equal(y_of(masks, label_mode="int", **options), masks)
    hot = y_of(masks, label_mode="categorical", **options)
    np.testing.assert_array_equal(hot.sum(axis=-1), masks != ignore)
    np.testing.assert_array_equal(hot.argmax(axis=-1)[:, 5:], masks[:, 5:])


@pytest.mark.parametrize("mode", [None, "int", "categorical"])
def test_classes_that_are_not_in_a_mask(mode):
    masks = np.zeros((2, SIZE, SIZE), np.uint8)
    masks[1, 3, 4] = 7
    options = {"task": "segmentation", "label_mode": mode, "num_classes": 7}
    with pytest.raises(ValueError, match="mask must hold classes from 0 to 6, got 7") as caught:
        y_of(masks, **options)
    assert "in sample 1 of epoch 0" in caught.value.__notes__
    assert y_of(masks, ignore_class=7, **options).shape[:3] == masks.shape
    with pytest.raises(ValueError, match=r"\(H, W\) or \(H, W, 1\), got \(24, 24\) float32"):
        y_of(masks.astype(np.float32), **options)


# keypoints


def pointed(*transforms, **params):
    return A.Compose(list(transforms), keypoint_params=A.KeypointParams("xy", **params))


POINTS = np.array([[[2, 3], [20, 5], [23, 23], [0, 0]], [[1, 1], [2, 2], [3, 3], [4, 4]]], float)


@pytest.mark.parametrize("remove_invisible", [True, False])
def test_keypoints_keep_their_rows_and_say_which_are_visible(remove_invisible):
    pipeline = pointed(A.Crop(2, 2, 18, 18), remove_invisible=remove_invisible)
    y = y_of(POINTS, pipeline, task="keypoints")
    assert {name: part.dtype for name, part in y.items()} == {
        "keypoints": np.float32,
        "visibility": np.float32,
    }
    np.testing.assert_array_equal(y["keypoints"], POINTS - 2)
    assert y["visibility"].tolist() == [[1, 0, 0, 0], [0, 1, 1, 1]]


def test_keypoint_formats():
    pipeline = pointed(A.Crop(2, 2, 18, 18))
    both = y_of(POINTS, pipeline, task="keypoints")
    for name, points in (
        ("xyv", POINTS - 2),
        ("rel_xyv", (POINTS - 2 + 0.5) / 16),
    ):
        y = y_of(POINTS, pipeline, task="keypoints", keypoint_format=name)
        assert y.shape == (2, 4, 3)
        np.testing.assert_allclose(y[..., :2], points, rtol=1e-6)
        np.testing.assert_array_equal(y[..., 2], both["visibility"])
    y = y_of(POINTS, pipeline, task="keypoints", keypoint_format="rel_xy")
    np.testing.assert_allclose(y["keypoints"], (POINTS - 1.5) / 16, rtol=1e-6)


def test_points_that_nobody_labelled_are_zeros():
    points = np.concatenate([POINTS, np.ones((2, 4, 1))], axis=2)
    points[0, 1, 2] = 0  # as COCO writes it
    points[1, 2, 2] = 2
    points[1, 0, :2] = np.nan
    y = y_of(points, pointed(A.HorizontalFlip(p=1)), task="keypoints", keypoint_format="xyv")
    expected = points.copy()
    expected[..., 0] = SIZE - 1 - expected[..., 0]
    expected[0, 1] = expected[1, 0] = 0
    np.testing.assert_array_equal(y, expected)


def test_left_and_right_change_places_with_their_visibility():
    points = np.concatenate([POINTS, [[[1], [2], [1], [0]], [[0], [1], [1], [1]]]], axis=2)
    pipeline = pointed(A.HorizontalFlip(p=1), label_mapping={0: 1})
    y = y_of(points, pipeline, task="keypoints", keypoint_format="xyv")
    mirrored = points[:, [1, 0, 2, 3]]
    mirrored[..., 0] = SIZE - 1 - mirrored[..., 0]
    mirrored[0, 3] = mirrored[1, 1] = 0
    np.testing.assert_array_equal(y, mirrored)


def test_visibility_of_its_own_counts_as_a_last_column_does():
    seen = np.array([[2, 0, 1, 1], [0, 1, 2, 1]])
    pipeline = pointed(A.HorizontalFlip(p=1), label_mapping={0: 1})
    options = {"task": "keypoints", "keypoint_format": "xyv", **PLAIN}
    column = y_of(np.dstack([POINTS, seen]), pipeline, task="keypoints", keypoint_format="xyv")
    samples = [
        {"image": image, "keypoints": points, "visibility": row}
        for image, points, row in zip(photos(2), POINTS, seen, strict=True)
    ]
    np.testing.assert_array_equal(AugmentedSequence(samples, pipeline, **options)[0][1], column)
    samples[0]["visibility"] = [1, 0]
    with pytest.raises(ValueError, match="visibility must be one number for each of 4 keypoints"):
        AugmentedSequence(samples, pipeline, **options)[0]


@pytest.mark.parametrize("after", [(), (A.HorizontalFlip(p=1),), (A.Pad(4, p=1),)])
def test_points_in_holes_stay_and_are_hidden(after):
    """Under each of the three ways in which visibility may be given."""
    pipeline = pointed(Left(p=1), *after)
    where = y_of(POINTS, pointed(*after), task="keypoints")["keypoints"]
    y = y_of(POINTS, pipeline, task="keypoints")
    np.testing.assert_array_equal(y["keypoints"], where)
    assert y["visibility"].tolist() == [[0, 1, 1, 0], [0] * 4]
    seen = np.array([[2, 2, 1, 1], [1, 0, 2, 2]])
    y = y_of(np.dstack([POINTS, seen]), pipeline, task="keypoints", keypoint_format="xyv")
    assert y[..., 2].tolist() == [[1, 2, 1, 1], [1, 0, 1, 1]]
    np.testing.assert_array_equal(y[0, :, :2], where[0])
    assert y[1, 1].tolist() == [0, 0, 0]


def test_a_hidden_point_outside_the_image_has_no_visibility():
    points = np.dstack([POINTS, np.full((2, 4), 2)])
    y = y_of(points, pointed(Left(p=1), A.Crop(4, 0, 24, 24)), task="keypoints")
    assert y["visibility"].tolist() == [[0, 2, 2, 0], [0, 0, 0, 1]]


def test_wrong_keypoints():
    with pytest.raises(ValueError, match="needs a pipeline that knows its keypoints"):
        y_of(POINTS, task="keypoints")
    with pytest.raises(ValueError, match="keypoint_format must be one of 'xy', 'rel_xy'"):
        y_of(POINTS, pointed(), task="keypoints", keypoint_format="yx")
    with pytest.raises(ValueError, match=r"keypoints must be \(K, 2\) .* got \(4,\)"):
        y_of(POINTS[..., 0], pointed(), task="keypoints")
    with pytest.raises(KeyError, match="the sample has no 'keypoints', only"):
        AugmentedSequence([{"image": photos(1)[0]}], pointed(), task="keypoints", **PLAIN)[0]


# options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"label_mode": "one_hot"}, "label_mode must be one of 'int', 'categorical'"),
        ({"label_mode": "categorical"}, "num_classes must be given for label_mode='categorical'"),
        ({"num_classes": 0}, "num_classes must be a whole number >= 1, got 0"),
        ({"class_names": ["a", "a"]}, "class_names must be num_classes different names"),
        ({"class_names": ["a"], "num_classes": 2}, "class_names must be num_classes different"),
        ({"class_weight": {}}, "class_weight must be a dict of numbers by class"),
        ({"class_weight": {"cat": 1}}, "class_weight must be a whole number >= 0, got 'cat'"),
        ({"class_weight": {0: -1}}, "class_weight must be a dict of numbers >= 0"),
        ({"max_boxes": 3}, "max_boxes must be None for task='classification', got 3"),
        ({"ignore_class": 255}, "ignore_class must be None for task='classification'"),
        ({"task": "segmentation", "label_mode": "binary"}, "label_mode must be one of 'int'"),
        ({"task": "regression", "num_classes": 2}, "num_classes must be None for task='regr"),
        ({"task": "keypoints", "class_weight": {0: 1}}, "class_weight must be None for task="),
        (
            {"label_mode": "multi_label", "num_classes": 2, "class_weight": {0: 1}},
            "class_weight must be None for several classes of a sample",
        ),
    ],
)
def test_options_that_a_task_does_not_have(options, words):
    with pytest.raises(ValueError, match=r"AugmentedSequence\." + words):
        AugmentedSequence((photos(4), np.arange(4)), FLIP, **options)
