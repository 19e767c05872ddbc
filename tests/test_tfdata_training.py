"""`tfdata.augment`: epochs of `fit`, and models of each task."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
import tensorflow as tf
from keras_helpers import SIZE, Stamp, classifier, detector, listener, segmenter
from tfdata_helpers import FLIP, MIRROR, X, Y, box_source, pairs

import probaug as A
from probaug.adapters.tfdata import EpochCallback, augment


def u_net(classes):
    """One step down and one up, with a skip."""
    inputs = keras.Input((16, 16, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    top = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(scaled)
    low = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(
        keras.layers.MaxPooling2D()(top)
    )
    up = keras.layers.Concatenate()([keras.layers.UpSampling2D()(low), top])
    return keras.Model(inputs, keras.layers.Conv2D(classes, 1, activation="softmax")(up))


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
    dataset = pairs(box_source(lambda i: (SIZE + i, SIZE - i)))
    augmented = augment(dataset, MIRROR, max_boxes=4, batch_size=4)
    history = detector(4).fit(augmented, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


def test_a_u_net_trains_on_masks_one_by_one_and_one_hot():
    """Masks (H, W, 1) of class numbers, as keras.io's U-Net, and (H, W, C), as KerasHub's."""
    masks = (X[..., :1] > 128).astype(np.uint8)
    dataset = tf.data.Dataset.from_tensor_slices((X, masks)).shuffle(20)
    sparse = augment(dataset, FLIP, batch_size=8)
    one_hot = sparse.map(lambda x, y: (x, tf.one_hot(tf.squeeze(y, -1), 2)))
    for data, loss in (
        (sparse, "sparse_categorical_crossentropy"),
        (one_hot, "categorical_crossentropy"),
    ):
        model = u_net(2)
        model.compile("adam", loss)
        history = model.fit(data.prefetch(1), epochs=3, verbose=0, shuffle=False)
        assert history.history["loss"][-1] < history.history["loss"][0]


def test_detection_trains_on_what_keras_hub_takes():
    """Boxes "yxyx", float32, padded with -1; labels of padding -1."""
    dataset = pairs(box_source()).ragged_batch(4)
    augmented = augment(dataset, MIRROR, max_boxes=4, bounding_box_format="yxyx")
    x, y = augmented.element_spec
    assert y == {
        "boxes": tf.TensorSpec((None, 4, 4), tf.float32),
        "labels": tf.TensorSpec((None, 4), tf.int32),
    }
    assert x.shape.as_list() == [None, SIZE, SIZE, 3]
    history = detector(4).fit(augmented, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


def test_a_model_of_several_inputs_and_outputs_trains():
    """Two images of one draw and a number in; a mask and a class out, weighted by output."""
    near, far = keras.Input((16, 16, 3), name="near"), keras.Input((16, 16, 1), name="far")
    age = keras.Input((1,), name="age")
    both = keras.layers.Concatenate()([near, far])
    features = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(both)
    pooled = keras.layers.Concatenate()([keras.layers.GlobalAveragePooling2D()(features), age])
    outputs = {
        "part": keras.layers.Conv2D(2, 1, activation="softmax", name="part")(features),
        "kind": keras.layers.Dense(3, activation="softmax", name="kind")(pooled),
    }
    model = keras.Model({"near": near, "far": far, "age": age}, outputs)
    model.compile("sgd", dict.fromkeys(outputs, "sparse_categorical_crossentropy"))

    x = {"near": X, "far": X[..., :1], "age": np.ones((20, 1), np.float32)}
    y = {"part": (X[..., 0] > 128).astype(np.uint8), "kind": Y % 3}
    weights = {"part": np.ones((20, 1, 1)), "kind": np.full(20, 0.5)}
    pipeline = A.Compose(
        [A.HorizontalFlip(), A.RandomCrop(16, 16), A.ToFloat()],
        additional_targets={"far": "image"},
    )
    targets = (
        {"near": "image", "far": "far", "age": None},
        {"part": "mask", "kind": None},
        {"part": None, "kind": None},
    )
    dataset = tf.data.Dataset.from_tensor_slices((x, y, weights)).batch(5)
    augmented = augment(dataset, pipeline, targets=targets)
    history = model.fit(augmented, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


def test_keypoints_train():
    points = np.random.default_rng(0).uniform(0, SIZE, (20, 5, 2)).astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices((X, {"keypoints": points})).batch(8)
    pipeline = A.Compose(
        [A.HorizontalFlip(), A.Rotate((-20, 20)), A.ToFloat()],
        keypoint_params=A.KeypointParams("xy", label_mapping=[(0, 1)]),
    )
    augmented = augment(dataset, pipeline, keypoint_format="rel_xyv").map(
        lambda x, y: (x, y["keypoints"][..., :2], y["keypoints"][..., 2])
    )
    model = keras.Sequential(
        [
            keras.layers.Flatten(),
            keras.layers.Dense(10),
            keras.layers.Reshape((5, 2)),
        ]
    )
    model.compile("sgd", "mae")
    history = model.fit(augmented, epochs=2, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()
