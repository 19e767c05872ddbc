"""`tfdata.augment`: elements, masks, boxes, keypoints, instances."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from keras_helpers import boxed
from tfdata_helpers import FLIP, MIRROR, X, Y, box_source, pairs

import probaug as A
from probaug.adapters.tfdata import augment

# ----------------------------------------------------------------------------------------- elements


def test_masks_move_with_images():
    masks = X[..., :1].astype(np.int64)
    for mask in (masks, masks[..., 0]):
        dataset = tf.data.Dataset.from_tensor_slices((X, mask)).batch(6)
        augmented = augment(dataset, FLIP)
        assert augmented.element_spec[1] == tf.TensorSpec((None, 16, 16, *mask.shape[3:]), tf.int64)
        for x, y in augmented:
            np.testing.assert_array_equal(np.reshape(y, x.shape[:3]), x[..., 0])


def test_dicts_names_weights_and_nesting():
    features = {"images": X, "segmentation_masks": X[..., 0], "name": [f"n{i}" for i in Y]}
    dataset = tf.data.Dataset.from_tensor_slices((features, Y, np.ones(20))).batch(6)
    augmented = augment(dataset, FLIP)
    x, y, weights = next(iter(augmented))
    np.testing.assert_array_equal(x["segmentation_masks"], x["images"][..., 0])
    assert x["name"].numpy().tolist() == [f"n{i}".encode() for i in range(6)]
    assert y.numpy().tolist() == [0, 1, 2, 3, 4, 5]
    assert weights.shape == (6,)


def test_several_masks_and_keypoints_of_one_image():
    pipeline = A.Compose(
        [A.HorizontalFlip(p=1), A.CenterCrop(20, 20)],
        keypoint_params=A.KeypointParams("xy", remove_invisible=False),
    )
    masks = np.stack([X[..., 0], X[..., 1], X[..., 2]], axis=1)
    points = np.tile(np.float32([[3, 4], [10, 11]]), (20, 1, 1))
    dataset = tf.data.Dataset.from_tensor_slices({"image": X, "masks": masks, "keypoints": points})
    for options in ({}, {"output_shape": (20, 20, 3), "dtype": "uint8"}):
        augmented = augment(dataset, pipeline, **options)
        assert augmented.element_spec["masks"] == tf.TensorSpec((3, 20, 20), tf.uint8)
        first = next(iter(augmented))
        np.testing.assert_array_equal(np.moveaxis(first["masks"], 0, -1), first["image"])
        np.testing.assert_allclose(first["keypoints"], [[18, 2], [11, 9]])


def test_a_single_image_is_an_element():
    dataset = tf.data.Dataset.from_tensor_slices(X)
    assert augment(dataset, FLIP).element_spec == tf.TensorSpec((16, 16, 3), tf.uint8)
    assert augment(dataset.batch(4), FLIP).element_spec.shape.as_list() == [None, 16, 16, 3]


def test_targets_may_be_named():
    pipeline = A.Compose(
        [A.HorizontalFlip(p=1)], additional_targets={"weights": "mask", "second": "image"}
    )
    dataset = tf.data.Dataset.from_tensor_slices((X, X[..., 0], X[..., 1], {"photo": X})).batch(4)
    targets = ("image", "mask", "weights", {"photo": "second"})
    x, mask, weights, other = next(iter(augment(dataset, pipeline, targets=targets)))
    np.testing.assert_array_equal(x, X[:4, :, ::-1])
    np.testing.assert_array_equal(mask, X[:4, :, ::-1, 0])
    np.testing.assert_array_equal(weights, X[:4, :, ::-1, 1])
    np.testing.assert_array_equal(other["photo"], X[:4, :, ::-1])
    named = tf.data.Dataset.from_tensor_slices({"photo": X, "map": X[..., 0], "id": Y})
    targets = {"photo": "image", "map": "mask", "id": None}
    first = next(iter(augment(named, pipeline, targets=targets, batched=False)))
    np.testing.assert_array_equal(first["map"], X[0, :, ::-1, 0])


# -------------------------------------------------------------------------------------------- boxes
def check_boxes(batch, indices):
    for image, boxes, labels, i in zip(batch["image"], batch["bboxes"], batch["labels"], indices):
        assert labels.numpy().tolist() == [*range(i % 3)] + [-1] * (3 - i % 3)
        assert (boxes.numpy()[i % 3 :] == -1).all()
        for x1, y1, x2, y2 in boxes.numpy()[: i % 3].astype(int):
            assert (image.numpy()[y1:y2, x1:x2] == 255).all()
            assert (x2 - x1) * (y2 - y1) > 0


@pytest.mark.parametrize("form", ["single", "ragged", "padded"])
def test_boxes_come_out_dense_whatever_they_were(form):
    dataset = box_source()
    if form == "single":
        augmented = augment(dataset, MIRROR, max_boxes=3)
        assert augmented.element_spec["bboxes"] == tf.TensorSpec((3, 4), tf.float32)
        assert augmented.element_spec["labels"] == tf.TensorSpec((3,), tf.int32)
        augmented = augmented.batch(4)
    elif form == "ragged":
        dataset = dataset.ragged_batch(4)
        assert isinstance(dataset.element_spec["bboxes"], tf.RaggedTensorSpec)
        augmented = augment(dataset, MIRROR, max_boxes=3)
    else:
        padding = {"image": None, "bboxes": -1.0, "labels": tf.constant(-1, tf.int64), "id": None}
        augmented = augment(dataset.padded_batch(4, padding_values=padding), MIRROR, max_boxes=3)
    assert augmented.element_spec["bboxes"] == tf.TensorSpec((None, 3, 4), tf.float32)
    for epoch in range(2):
        batches = list(augmented)
        assert len(batches) == 2, epoch
        check_boxes(batches[0], range(4))
        check_boxes(batches[1], range(4, 8))
        assert batches[1]["id"].numpy().tolist() == [b"4", b"5", b"6", b"7"]


@pytest.mark.parametrize("box_format", ["xyxy", "rel_yxyx", "rel_center_xywh"])
def test_unequal_sizes_are_padded_and_boxes_stay_on_their_objects(box_format):
    import keras

    def size(i):
        return 20 + i, 30 - 2 * i

    augmented = augment(
        box_source(size), MIRROR, max_boxes=3, batch_size=4, bounding_box_format=box_format
    )
    for start, batch in zip((0, 4), augmented, strict=True):
        height, width = batch["image"].shape[1:3]
        assert (height, width) == (size(start + 3)[0], size(start)[1])
        given = batch["bboxes"]
        boxes = keras.utils.bounding_boxes.convert_format(
            given, source=box_format, target="xyxy", height=height, width=width
        )
        real = tf.reduce_any(given != -1, axis=-1, keepdims=True)
        batch["bboxes"] = tf.where(real, tf.round(boxes), given)
        check_boxes(batch, range(start, start + 4))


def test_keras_hub_s_structure_and_tuples():
    dataset = pairs(box_source())
    x, y = next(iter(augment(dataset, MIRROR, max_boxes=5).batch(8)))
    check_boxes({"image": x, "bboxes": y["boxes"][:, :3], "labels": y["labels"][:, :3]}, range(8))
    nested = dataset.map(lambda x, y: {"images": x, "bounding_boxes": y})
    spec = augment(nested, MIRROR, max_boxes=5).element_spec
    assert spec["bounding_boxes"]["boxes"].shape == (5, 4)


def test_labels_that_boxes_carry_as_a_fifth_column():
    pipeline = boxed(label_fields=())
    dataset = pairs(box_source())
    _, y = next(iter(augment(dataset, pipeline, max_boxes=2).batch(8)))
    assert y["labels"].numpy().tolist() == [[*range(i % 3)] + [-1] * (2 - i % 3) for i in range(8)]
