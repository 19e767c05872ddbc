"""`tfdata.augment`: keys, structure, shapes, ragged boxes, unequal sizes, and real fits."""

import gc

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from keras_helpers import (
    SIZE,
    Stamp,
    bytes_of,
    classifier,
    detector,
    listener,
    photos,
    segmenter,
)

import probaug as A
from probaug.adapters.keras import AugmentedSequence
from probaug.adapters.tfdata import EpochCallback, augment

FLIP = A.Compose([A.HorizontalFlip(p=0.5), A.RandomCrop(16, 16)])
X = photos()
Y = np.arange(20)


def source(batch_size=None):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    return dataset if batch_size is None else dataset.batch(batch_size)


def images_of(dataset, epochs=1):
    """The image bytes of each sample, epoch by epoch."""
    read = []
    for _ in range(epochs):
        batches = [element[0].numpy() for element in dataset]
        read.append([image.tobytes() for b in batches for image in (b if b.ndim == 4 else [b])])
    return read


def boxed(box_format="pascal_voc", transforms=(), label_fields=("labels",)):
    return A.Compose(list(transforms), bbox_params=A.BboxParams(box_format, list(label_fields)))


# ------------------------------------------------------------------------------------------ keys


def test_draws_depend_on_seed_epoch_and_index_alone():
    expected = images_of(augment(source(6), FLIP, seed=3, num_parallel_calls=None), epochs=3)
    assert expected[0] != expected[1] != expected[2]
    for calls in (1, 4, tf.data.AUTOTUNE):
        assert images_of(augment(source(6), FLIP, seed=3, num_parallel_calls=calls), 3) == expected
    assert images_of(augment(source(), FLIP, seed=3), epochs=3) == expected
    assert images_of(augment(source(), FLIP, seed=3, batch_size=6), epochs=3) == expected
    assert images_of(augment(source(7), FLIP, seed=3, epoch=1), epochs=2) == expected[1:]
    assert images_of(augment(source(6), FLIP, seed=4)) != expected[:1]
    repeated = images_of(augment(source(6), FLIP, seed=3).repeat(3).prefetch(2))[0]
    assert repeated == [image for epoch in expected for image in epoch]


def test_draws_are_those_of_a_sequence():
    dataset = augment(source(6), FLIP, seed=3)
    sequence = AugmentedSequence((X, Y), FLIP, seed=3, shuffle=False, batch_size=6)
    for epoch in range(2):
        sequence.set_epoch(epoch)
        for here, there in zip(dataset, sequence, strict=True):
            assert bytes_of([part.numpy() for part in here]) == bytes_of(there)


def test_tensorflow_s_own_seed_changes_nothing():
    tf.random.set_seed(1)
    first = images_of(augment(source(6), FLIP))
    tf.random.set_seed(2)
    assert images_of(augment(source(6), FLIP)) == first


def test_the_count_of_epochs_lives_as_long_as_the_dataset():
    dataset = augment(source(6), Stamp()).map(lambda x, y: x).batch(1)
    gc.collect()
    stamps = [{int(e) for batch in dataset for e in np.unique(batch[..., 0])} for _ in range(3)]
    assert stamps == [{0}, {1}, {2}]


def test_an_iterator_can_be_saved_with_its_epoch(tmp_path):
    def build():
        epoch = tf.Variable(0, dtype=tf.int64)
        options = tf.data.Options()
        policy = tf.data.experimental.ExternalStatePolicy.IGNORE
        options.experimental_external_state_policy = policy
        dataset = augment(source(5), FLIP, epoch=epoch).with_options(options)
        iterator = iter(dataset)
        return dataset, iterator, tf.train.Checkpoint(iterator=iterator, epoch=epoch)

    dataset, iterator, checkpoint = build()
    next(iterator)
    path = checkpoint.save(str(tmp_path / "mid"))
    rest = [bytes_of([part.numpy() for part in element]) for element in iterator]
    following = images_of(dataset)
    dataset, iterator, checkpoint = build()
    checkpoint.restore(path)
    assert [bytes_of([part.numpy() for part in element]) for element in iterator] == rest
    assert images_of(dataset) == following


def test_inputs_are_never_modified():
    class Rude:
        def __call__(self, *, key, image, **data):
            image[:] = 0
            return data | {"image": image}

    cached = source(6).cache()
    for _ in range(2):
        images_of(augment(cached, A.Compose([A.InvertImg(p=1), A.HorizontalFlip(p=1)])))
    np.testing.assert_array_equal(np.concatenate([x.numpy() for x, _ in cached]), X)
    with pytest.raises(ValueError, match="read-only") as caught:
        augment(cached, Rude())
    assert "must copy it first" in caught.value.__notes__[0]


# ------------------------------------------------------------------------------- shapes and types


def test_shapes_types_and_cardinality_are_known():
    spec = augment(source(6), FLIP).element_spec
    assert spec[0] == tf.TensorSpec((None, 16, 16, 3), tf.uint8)
    assert spec[1] == tf.TensorSpec((None,), tf.int64)
    fixed = augment(source().batch(5, drop_remainder=True), FLIP)
    assert fixed.element_spec[0].shape == (5, 16, 16, 3)
    single = augment(source(), A.Compose([A.RandomScale((-0.5, 0.5), p=0.5)]))
    assert single.element_spec[0].shape.as_list() == [None, None, 3]
    assert [int(augment(source(n), FLIP).cardinality()) for n in (None, 6, 20)] == [20, 4, 1]
    assert int(augment(source(), FLIP, batch_size=6).cardinality()) == 4
    assert int(augment(source(), FLIP, batch_size=6, drop_remainder=True).cardinality()) == 3
    assert augment(source(6).repeat(), FLIP).cardinality() == tf.data.INFINITE_CARDINALITY


def test_a_changed_type_is_known():
    dataset = augment(source(6), A.Compose([A.Normalize()]))
    assert dataset.element_spec[0] == tf.TensorSpec((None, SIZE, SIZE, 3), tf.float32)
    normal = A.Normalize(p=1)
    first = next(iter(dataset))[0].numpy()
    np.testing.assert_array_equal(first[2], normal(image=X[2])["image"])


def test_the_value_range_is_kept_or_made():
    floats = tf.data.Dataset.from_tensor_slices(X.astype(np.float32)).batch(6)
    as_float = np.concatenate([x.numpy() for x in augment(floats, FLIP, value_range=(0, 255))])
    as_bytes = np.concatenate([x.numpy() for x, _ in augment(source(6), FLIP)])
    np.testing.assert_array_equal(as_float, as_bytes)
    unit = augment(source(6), FLIP, value_range=(0, 1), dtype="float32")
    assert unit.element_spec[0].dtype == tf.float32
    assert float(tf.reduce_max(next(iter(unit))[0])) <= 1


def test_images_of_unknown_size():
    signature = (tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((), tf.int64))
    sizes = [(20 + 2 * i, 30 - i) for i in range(6)]
    dataset = tf.data.Dataset.from_generator(
        lambda: ((np.full((*size, 3), i, np.uint8), i) for i, size in enumerate(sizes)),
        output_signature=signature,
    )
    assert augment(dataset, FLIP).element_spec[0].shape == (16, 16, 3)
    assert next(iter(augment(dataset, FLIP).batch(6)))[0].shape == (6, 16, 16, 3)
    crop = A.Compose([A.RandomCrop(1200, 1200)])
    assert augment(dataset, crop).element_spec[0].shape == (1200, 1200, 3)
    padded = augment(
        dataset, A.Compose([]), batch_size=4, padding_values={"image": 9}, drop_remainder=True
    )
    assert padded.element_spec[0].shape.as_list() == [4, None, None, 3]
    (images, labels), *_ = list(padded)
    assert images.shape == (4, 26, 30, 3)
    assert labels.numpy().tolist() == [0, 1, 2, 3]
    assert np.unique(images[0, 20:]).tolist() == [9]
    assert np.unique(images[0, :20, :30]).tolist() == [0]


def test_a_pipeline_that_cannot_be_tried():
    class OnlyBright:
        def __call__(self, *, key, image, **data):
            if not image.any():
                raise RuntimeError("too dark")
            return data | {"image": image[:8].astype(np.float32)}

    bright = tf.data.Dataset.from_tensor_slices(np.maximum(X, 1))
    with pytest.raises(RuntimeError, match="too dark") as caught:
        augment(bright, OnlyBright())
    assert "with output_shape= and dtype= it does not try" in caught.value.__notes__[-1]
    dataset = augment(bright, OnlyBright(), output_shape=(8, None, 3), dtype="float32")
    assert dataset.element_spec.shape.as_list() == [8, None, 3]
    assert next(iter(dataset)).shape == (8, SIZE, 3)
    wrong = augment(bright, OnlyBright(), output_shape=(9, None, 3), dtype="float32")
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected image to come out as"):
        next(iter(wrong))


# -------------------------------------------------------------------------------------- elements


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


# ----------------------------------------------------------------------------------------- boxes


def box_rows(i):
    """0 to 2 boxes, whole pixels, xyxy."""
    return np.array([[3, 2, 5 + i, 8], [1, 1, 4, 4]], np.float32)[: i % 3]


def box_source(size=lambda i: (SIZE, SIZE)):
    def generate():
        for i in range(8):
            image = np.zeros((*size(i), 3), np.uint8)
            for x1, y1, x2, y2 in box_rows(i).astype(int):
                image[y1:y2, x1:x2] = 255
            yield {"image": image, "bboxes": box_rows(i), "labels": np.arange(i % 3), "id": str(i)}

    sides = (SIZE, SIZE) if size(0) == size(1) else (None, None)
    signature = {
        "image": tf.TensorSpec((*sides, 3), tf.uint8),
        "bboxes": tf.TensorSpec((None, 4), tf.float32),
        "labels": tf.TensorSpec((None,), tf.int64),
        "id": tf.TensorSpec((), tf.string),
    }
    return tf.data.Dataset.from_generator(generate, output_signature=signature).apply(
        tf.data.experimental.assert_cardinality(8)
    )


def check_boxes(batch, indices):
    for image, boxes, labels, i in zip(batch["image"], batch["bboxes"], batch["labels"], indices):
        assert labels.numpy().tolist() == [*range(i % 3)] + [-1] * (3 - i % 3)
        assert (boxes.numpy()[i % 3 :] == -1).all()
        for x1, y1, x2, y2 in boxes.numpy()[: i % 3].astype(int):
            assert (image.numpy()[y1:y2, x1:x2] == 255).all()
            assert (x2 - x1) * (y2 - y1) > 0


MIRROR = boxed(transforms=[A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)])


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
    dataset = box_source().map(
        lambda e: (e["image"], {"boxes": e["bboxes"], "labels": e["labels"]})
    )
    x, y = next(iter(augment(dataset, MIRROR, max_boxes=5).batch(8)))
    check_boxes({"image": x, "bboxes": y["boxes"][:, :3], "labels": y["labels"][:, :3]}, range(8))
    nested = dataset.map(lambda x, y: {"images": x, "bounding_boxes": y})
    spec = augment(nested, MIRROR, max_boxes=5).element_spec
    assert spec["bounding_boxes"]["boxes"].shape == (5, 4)


def test_labels_that_boxes_carry_as_a_fifth_column():
    pipeline = boxed(label_fields=())
    dataset = box_source().map(
        lambda e: (e["image"], {"boxes": e["bboxes"], "labels": e["labels"]})
    )
    _, y = next(iter(augment(dataset, pipeline, max_boxes=2).batch(8)))
    assert y["labels"].numpy().tolist() == [[*range(i % 3)] + [-1] * (2 - i % 3) for i in range(8)]


# ---------------------------------------------------------------------------------------- errors


def test_too_many_boxes_name_the_sample():
    dataset = augment(box_source(), MIRROR, max_boxes=1, num_parallel_calls=None)
    words = r"max_boxes is 1, but the pipeline gives 2 boxes[\s\S]*in sample 2 of epoch 0"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        list(dataset)


def test_unequal_results_in_a_batch_name_the_sample():
    dataset = augment(source(6), A.Compose([A.RandomScale((-0.5, 0.5), p=1)]))
    words = r"samples of a batch must be alike, but image of sample \d"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        list(dataset)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: augment(source(6), FLIP, batch_size=4), "batch_size must be None for a dataset"),
        (lambda: augment(source(), FLIP, batch_size=0), "batch_size must be a whole number >= 1"),
        (lambda: augment(source(), FLIP, seed=-1), "seed must be a whole number >= 0"),
        (lambda: augment(source(), FLIP, epoch="3"), "epoch must be a whole number >= 0"),
        (lambda: augment(source(), FLIP, value_range=(0, 9)), "value_range must be"),
        (lambda: augment(box_source(), MIRROR), "max_boxes must be given where there are boxes"),
        (lambda: augment(box_source(), FLIP, max_boxes=2), "needs a pipeline that knows its boxes"),
        (
            lambda: augment(box_source(), MIRROR, max_boxes=2, bounding_box_format="coco"),
            "bounding_box_format must be one of 'xyxy'",
        ),
        (lambda: augment(source(), FLIP, targets=("image", "image")), "must be different names"),
        (lambda: augment(source(), FLIP, targets=("mask", None)), "finds no image"),
        (lambda: augment(source(), FLIP, targets={"image": "image"}), "do not match the element"),
        (
            lambda: augment(tf.data.Dataset.from_tensor_slices({"photo": X}), FLIP),
            "finds no image in elements like .* name the parts by targets=",
        ),
        (
            lambda: augment(tf.data.Dataset.from_tensor_slices((X, X[..., 0], X[..., 1])), FLIP),
            "does not move sample weights of shape",
        ),
        (
            lambda: augment(tf.data.Dataset.from_tensor_slices(X[..., 0, 0, 0]), FLIP),
            "cannot tell batches from single images",
        ),
        (
            lambda: augment(
                box_source(lambda i: (20 + i, 30)).ragged_batch(4), MIRROR, max_boxes=3
            ),
            "Images of unequal sizes are augmented before they are batched",
        ),
        (
            lambda: augment(source(), FLIP, batch_size=4, padding_values={"mask": 1}),
            "padding_values must be given for",
        ),
    ],
)
def test_wrong_arguments(build, words):
    with pytest.raises(ValueError, match=words):
        build()


# ---------------------------------------------------------------------------------------- fitting


def stamps(count=10):
    zeros = np.zeros((count, 2, 2, 3), np.uint8)
    return tf.data.Dataset.from_tensor_slices((zeros, np.arange(count))).batch(4)


def test_epochs_advance_in_fit():
    dataset, model = augment(stamps(), Stamp()).prefetch(2), listener()
    model.fit(dataset, epochs=3, verbose=0, shuffle=False)
    assert model.trained == [(epoch, i) for epoch in range(3) for i in range(10)]
    model.trained.clear()
    model.fit(dataset, epochs=1, verbose=0, shuffle=False)
    assert model.trained == [(3, i) for i in range(10)]


def test_epochs_are_keras_own_with_the_callback():
    epoch = tf.Variable(0, dtype=tf.int64)
    dataset, model = augment(stamps(), Stamp(), epoch=epoch), listener()
    callbacks = [EpochCallback(epoch)]
    for epochs in (range(2), range(3, 5), range(1)):
        model.trained.clear()
        model.fit(
            dataset,
            epochs=epochs.stop,
            initial_epoch=epochs.start,
            verbose=0,
            shuffle=False,
            callbacks=callbacks,
        )
        assert model.trained == [(epoch, i) for epoch in epochs for i in range(10)]


def test_epochs_of_a_repeated_dataset():
    epoch = tf.Variable(0, dtype=tf.int64)
    dataset, model = augment(stamps(), Stamp(), epoch=epoch).repeat().prefetch(4), listener()
    model.fit(
        dataset,
        epochs=4,
        initial_epoch=2,
        steps_per_epoch=3,
        verbose=0,
        shuffle=False,
        callbacks=[EpochCallback(epoch)],
    )
    assert model.trained == [(epoch, i) for epoch in (2, 3) for i in range(10)]


def test_classification_trains():
    dataset = tf.data.Dataset.from_tensor_slices((X, Y % 3)).shuffle(20).batch(8)
    history = classifier().fit(
        augment(dataset, FLIP).prefetch(1), epochs=2, verbose=0, shuffle=False
    )
    assert np.isfinite(history.history["loss"]).all()
    assert len(history.history["loss"]) == 2


def test_segmentation_trains():
    masks = np.random.default_rng(0).integers(0, 3, (20, SIZE, SIZE, 1), dtype=np.uint8)
    dataset = tf.data.Dataset.from_tensor_slices((X, masks))
    augmented = augment(dataset, FLIP, batch_size=8)
    history = segmenter().fit(augmented, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


def test_detection_trains():
    dataset = box_source(lambda i: (SIZE + i, SIZE - i)).map(
        lambda e: (e["image"], {"boxes": e["bboxes"], "labels": e["labels"]})
    )
    augmented = augment(dataset, MIRROR, max_boxes=4, batch_size=4)
    history = detector(4).fit(augmented, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()
