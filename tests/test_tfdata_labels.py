"""`tfdata.augment`: elements, masks, boxes, keypoints, instances."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from keras_helpers import SIZE, boxed
from tfdata_helpers import FLIP, MIRROR, X, Y, box_rows, box_source, pairs

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


# --------------------------------------------------------------------- ragged, instances, keypoints


@pytest.mark.parametrize("form", ["single", "ragged", "rebatched"])
def test_boxes_come_out_ragged_where_asked(form):
    dataset = box_source()
    if form == "single":
        augmented = augment(dataset, MIRROR, max_boxes=3, ragged=True)
        assert augmented.element_spec["bboxes"] == tf.TensorSpec((None, 4), tf.float32)
        augmented = augmented.ragged_batch(4)
    elif form == "ragged":
        augmented = augment(dataset.ragged_batch(4), MIRROR, max_boxes=3, ragged=True)
    else:
        augmented = augment(dataset, MIRROR, max_boxes=3, ragged=True, batch_size=4)
    spec = augmented.element_spec
    assert spec["bboxes"] == tf.RaggedTensorSpec((None, None, 4), tf.float32, 1, tf.int64)
    assert spec["labels"].ragged_rank == 1
    for start, batch in zip((0, 4), augmented, strict=True):
        expected = [i % 3 for i in range(start, start + 4)]
        assert batch["bboxes"].row_lengths().numpy().tolist() == expected
        dense = {
            "image": batch["image"],
            "bboxes": batch["bboxes"].to_tensor(-1.0, shape=(4, 3, 4)),
            "labels": batch["labels"].to_tensor(-1, shape=(4, 3)),
        }
        check_boxes(dense, range(start, start + 4))
    again = augment(augmented.unbatch(), MIRROR, max_boxes=3)
    check_boxes(next(iter(again.batch(4))), range(4))


def instances(count=6):
    """Images with 0 to 2 filled boxes, and a mask of each."""
    for i in range(count):
        rows = box_rows(i)
        masks = np.zeros((len(rows), SIZE, SIZE), np.uint8)
        for mask, (x1, y1, x2, y2) in zip(masks, rows.astype(int)):
            mask[y1:y2, x1:x2] = 7
        image = np.repeat(masks.max(axis=0, initial=0)[..., None], 3, axis=2)
        yield {"image": image, "bboxes": rows, "labels": np.arange(len(rows)), "masks": masks}


INSTANCES = {
    "image": tf.TensorSpec((SIZE, SIZE, 3), tf.uint8),
    "bboxes": tf.TensorSpec((None, 4), tf.float32),
    "labels": tf.TensorSpec((None,), tf.int64),
    "masks": tf.TensorSpec((None, SIZE, SIZE), tf.uint8),
}


@pytest.mark.parametrize("form", ["single", "padded", "ragged"])
def test_masks_of_instances_live_and_die_with_their_boxes(form):
    dataset = tf.data.Dataset.from_generator(lambda: instances(), output_signature=INSTANCES)
    crop = [A.HorizontalFlip(p=0.5), A.RandomCrop(14, 14)]
    pipeline = boxed(transforms=crop)
    if form == "single":
        augmented = augment(dataset, pipeline, max_boxes=3).batch(3)
    elif form == "ragged":
        augmented = augment(dataset.ragged_batch(3), pipeline, max_boxes=3)
    else:
        minus = {"bboxes": -1.0, "labels": tf.constant(-1, tf.int64), "image": None, "masks": None}
        padded = dataset.padded_batch(3, padding_values=minus)
        augmented = augment(padded, pipeline, max_boxes=3)
    assert augmented.element_spec["masks"] == tf.TensorSpec((None, 3, 14, 14), tf.uint8)
    seen = lost = 0
    for start, batch in zip((0, 3), augmented, strict=True):
        arrays = {name: part.numpy() for name, part in batch.items()}
        for place in range(3):
            real = arrays["labels"][place] >= 0
            seen, lost = seen + real.sum(), lost + (start + place) % 3 - real.sum()
            for box, mask in zip(arrays["bboxes"][place][real], arrays["masks"][place][real]):
                x1, y1, x2, y2 = box.astype(int)
                expected = np.zeros((14, 14), np.uint8)
                expected[y1:y2, x1:x2] = 1
                np.testing.assert_array_equal(mask, expected)
            assert not arrays["masks"][place][~real].any()
            union = arrays["masks"][place].max(axis=0)
            np.testing.assert_array_equal(union, arrays["image"][place][..., 0] > 0)
    assert seen > 0
    assert lost > 0


def test_ragged_instances_have_ragged_masks():
    dataset = tf.data.Dataset.from_generator(lambda: instances(), output_signature=INSTANCES)
    batch = next(iter(augment(dataset.ragged_batch(6), MIRROR, max_boxes=3, ragged=True)))
    assert batch["masks"].row_lengths().numpy().tolist() == [0, 1, 2, 0, 1, 2]
    assert batch["masks"][1].shape == (1, SIZE, SIZE)


def points_source(columns, visibility=None):
    points = np.tile(np.float32([[3, 4], [20, 11], [8, 9]]), (20, 1, 1))
    parts = {"keypoints": points}
    seen = np.tile(np.float32([1, 1, 0]), (20, 1))
    if columns == 3:
        parts["keypoints"] = np.concatenate([points, seen[..., None]], axis=2)
    if visibility:
        parts["visibility"] = seen
    return tf.data.Dataset.from_tensor_slices((X, parts))


def test_keypoints_keep_their_rows_and_lose_their_visibility_outside():
    params = A.KeypointParams("xy")
    pipeline = A.Compose([A.Crop(0, 0, 12, 12)], keypoint_params=params)
    expected = np.float32([[3, 4, 1], [20, 11, 0], [0, 0, 0]])
    augmented = augment(points_source(3).batch(4), pipeline)
    assert augmented.element_spec[1]["keypoints"] == tf.TensorSpec((None, 3, 3), tf.float32)
    np.testing.assert_array_equal(next(iter(augmented))[1]["keypoints"][0], expected)

    augmented = augment(points_source(2, True).batch(4), pipeline, keypoint_format="rel_xy")
    y = next(iter(augmented))[1]
    relative = (expected[:, :2] + 0.5) / 12 * [[1], [1], [0]]
    np.testing.assert_allclose(y["keypoints"][0], relative, rtol=1e-6)
    assert y["visibility"].numpy()[0].tolist() == [1, 0, 0]

    plain = next(iter(augment(points_source(2).batch(4), pipeline)))[1]
    np.testing.assert_array_equal(plain["keypoints"][0], [[3, 4], [20, 11], [8, 9]])


def test_as_many_keypoints_as_a_sample_has():
    def generate():
        for i in range(4):
            yield {"image": X[i], "keypoints": np.full((i, 2), 3, np.float32)}

    signature = {
        "image": tf.TensorSpec((SIZE, SIZE, 3), tf.uint8),
        "keypoints": tf.TensorSpec((None, 2), tf.float32),
    }
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    flip = A.Compose([A.HorizontalFlip(p=1)], keypoint_params=A.KeypointParams("xy"))
    augmented = augment(dataset, flip, batch_size=4, padding_values={"keypoints": -1})
    assert augmented.element_spec["keypoints"].shape.as_list() == [None, None, 2]
    points = next(iter(augmented))["keypoints"].numpy()
    assert points[2].tolist() == [[20, 3], [20, 3], [-1, -1]]


def test_heatmaps_move_and_polygons_say_that_they_do_not():
    maps = X.astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices({"image": X, "heatmap": maps}).batch(5)
    batch = next(iter(augment(dataset, FLIP)))
    np.testing.assert_array_equal(batch["heatmap"], tf.cast(batch["image"], tf.float32))
    dataset = tf.data.Dataset.from_tensor_slices({"image": X, "polygons": maps})
    with pytest.raises(ValueError, match="does not move polygons, which are no arrays"):
        augment(dataset, FLIP)


# ---------------------------------------------------------------------- several inputs and outputs


def test_several_images_and_outputs_of_one_sample():
    pipeline = A.Compose(
        [A.HorizontalFlip(p=0.5), A.RandomCrop(16, 16), A.RandomBrightnessContrast(p=1)],
        additional_targets={"depth": "image"},
    )
    x = {"image": X, "depth": X[..., :1], "age": np.arange(20.0)}
    y = {"mask": X[..., 0], "class": Y, "name": [f"n{i}" for i in Y]}
    weights = {"mask": np.ones(20), "class": np.full(20, 2.0)}
    augmented = augment(tf.data.Dataset.from_tensor_slices((x, y, weights)).batch(5), pipeline)
    x, y, weights = next(iter(augmented))
    assert x["depth"].shape == (5, 16, 16, 1)
    np.testing.assert_array_equal(x["depth"][..., 0], x["image"][..., 0])
    assert y["mask"].shape == (5, 16, 16)
    assert y["class"].numpy().tolist() == [0, 1, 2, 3, 4]
    assert weights["class"].numpy().tolist() == [2] * 5
    with pytest.raises(ValueError, match="does not move sample weights of shape"):
        augment(tf.data.Dataset.from_tensor_slices((X, Y, {"mask": X[..., 0]})), pipeline)


def test_the_dict_of_keras_own_layers():
    def build(e):
        boxes = {"boxes": e["bboxes"], "labels": e["labels"]}
        mask = tf.cast(e["image"][..., :1] > 0, tf.int32)
        parts = {"images": e["image"], "bounding_boxes": boxes, "segmentation_masks": mask}
        return parts | {"labels": tf.one_hot(1, 3)}

    batch = next(iter(augment(box_source().map(build), MIRROR, max_boxes=3).batch(8)))
    assert batch["labels"].shape == (8, 3)
    np.testing.assert_array_equal(batch["segmentation_masks"][..., 0], batch["images"][..., 0] > 0)
    boxes = batch["bounding_boxes"]
    flat = {"image": batch["images"], "bboxes": boxes["boxes"], "labels": boxes["labels"]}
    check_boxes(flat, range(8))


def test_a_class_of_the_scene_beside_the_boxes():
    dataset = box_source().map(lambda e: e | {"class": tf.constant("street")})
    batch = next(iter(augment(dataset, MIRROR, max_boxes=3).batch(8)))
    assert batch["class"].numpy().tolist() == [b"street"] * 8
    check_boxes(batch, range(8))
