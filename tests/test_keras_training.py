"""Models that train through `AugmentedSequence`."""

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import (
    FLIP,
    SIZE,
    boxed,
    classifier,
    detector,
    photos,
    segmenter,
    some_boxes,
    stamped,
)

import probaug as A
from probaug.adapters.keras import AugmentedSequence


def test_classification_trains():
    sequence = AugmentedSequence((photos(), np.arange(20) % 3), FLIP, batch_size=8, threads=2)
    history = classifier().fit(sequence, epochs=2, verbose=0, callbacks=[sequence.callback()])
    assert np.isfinite(history.history["loss"]).all()
    assert len(history.history["loss"]) == 2


def test_segmentation_trains():
    masks = np.random.default_rng(0).integers(0, 3, (20, SIZE, SIZE), dtype=np.uint8)
    sequence = AugmentedSequence(
        (photos(), masks), FLIP, task="segmentation", batch_size=8, threads=2
    )
    history = segmenter().fit(sequence, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_detection_trains():
    samples = [
        {"image": image, "bboxes": some_boxes(i % 4, i), "labels": list(range(i % 4))}
        for i, image in enumerate(photos())
    ]
    pipeline = boxed(transforms=[A.HorizontalFlip(p=0.5)])
    sequence = AugmentedSequence(samples, pipeline, task="detection", max_boxes=5, batch_size=8)
    history = detector(5).fit(sequence, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_repr():
    assert repr(stamped()) == (
        "AugmentedSequence(10 samples, 3 batches of 4, task='classification', seed=0, epoch=0)"
    )


def unet(classes, last="softmax"):
    """A small U-Net as in keras.io's Oxford Pets example: strides down, upsampling, a bridge."""
    inputs = keras.Input((16, 16, 3))
    x = wide = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(
        keras.layers.Rescaling(1 / 255)(inputs)
    )
    for filters in (8, 16):
        x = keras.layers.SeparableConv2D(filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters in (16, 8):
        x = keras.layers.Conv2DTranspose(filters, 3, padding="same", activation="relu")(x)
        x = keras.layers.UpSampling2D(2)(x)
    x = keras.layers.Concatenate()([x, wide])
    return keras.Model(inputs, keras.layers.Conv2D(classes, 3, padding="same", activation=last)(x))


@pytest.mark.parametrize("form", ["sparse", "one-hot", "binary"])
def test_a_u_net_trains(form):
    """Sparse masks as in keras.io's example, one-hot ones as KerasHub's segmenters take them."""
    x = photos()
    masks = x[..., :1] // 100
    masks[:, :2] = 255
    options = {"ignore_class": 255, "num_classes": 3, "label_mode": "categorical"}
    loss = keras.losses.CategoricalCrossentropy()
    if form == "sparse":
        options["label_mode"] = "int"
        loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=255)
    elif form == "binary":
        masks, options = (x[..., :1] > 99).astype(np.uint8), {}
        loss = keras.losses.BinaryCrossentropy()
    model = unet(1, "sigmoid") if form == "binary" else unet(3)
    model.compile("adam", loss)
    sequence = AugmentedSequence(
        (x, masks), FLIP, task="segmentation", batch_size=8, threads=2, **options
    )
    history = model.fit(
        sequence,
        epochs=2,
        verbose=0,
        validation_data=sequence.without_augmentation(),
        callbacks=[sequence.callback()],
    )
    losses = [*history.history["loss"], *history.history["val_loss"]]
    assert len(losses) == 4
    assert np.isfinite(losses).all()


class RetinaLike(keras.Model):
    """Takes what KerasHub's RetinaNet does: boxes in its format, "labels" with -1 for padding."""

    def __init__(self, bounding_box_format):
        super().__init__()
        self.bounding_box_format = bounding_box_format
        self.head = keras.layers.Dense(4)

    def call(self, x):
        return self.head(keras.ops.mean(keras.ops.cast(x, "float32"), axis=(1, 2)))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        boxes = keras.utils.bounding_boxes.convert_format(
            keras.ops.cast(y["boxes"], "float32"),
            source=self.bounding_box_format,
            target="rel_xyxy",
            height=x.shape[1],
            width=x.shape[2],
        )
        real = keras.ops.cast(y["labels"][..., None] >= 0, "float32")
        return keras.ops.mean(real * (boxes - y_pred[:, None]) ** 2)


@pytest.mark.parametrize("box_format", ["yxyx", "xywh", "rel_yxyx"])
def test_detection_in_keras_hub_s_form_trains(box_format):
    boxes = np.full((20, 3, 4), -1.0)
    for i in range(20):
        boxes[i, : i % 4] = some_boxes(i % 4, i)
    labels = np.where(boxes[..., 0] < 0, -1, 1)
    sequence = AugmentedSequence(
        (photos(), {"boxes": boxes, "labels": labels}),
        boxed(transforms=[A.HorizontalFlip(), A.RandomSizedBBoxSafeCrop(16, 16)]),
        task="detection",
        max_boxes=4,
        bounding_box_format=box_format,
        batch_size=8,
    )
    model = RetinaLike(box_format)
    model.compile("sgd")
    history = model.fit(
        sequence, epochs=2, verbose=0, validation_data=sequence.without_augmentation()
    )
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("target", ["rel_xy", "rel_xyv"])
def test_keypoints_train(target):
    points = np.random.default_rng(0).uniform(0, SIZE, (20, 5, 2))
    pipeline = A.Compose([A.Rotate(p=1), A.RandomCrop(16, 16)], keypoint_params={"format": "xy"})
    sequence = AugmentedSequence(
        (photos(), points), pipeline, task="keypoints", keypoint_format=target, batch_size=8
    )
    inputs = keras.Input((16, 16, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(inputs))

    def rows(width, name):
        return keras.layers.Reshape((5, width), name=name)(keras.layers.Dense(5 * width)(pooled))

    if target == "rel_xyv":

        def seen_only(y, given):
            seen = keras.ops.cast(y[..., 2:] > 0, "float32")
            return keras.ops.mean(seen * (y[..., :2] - given[..., :2]) ** 2)

        model = keras.Model(inputs, rows(3, "points"))
        model.compile("sgd", seen_only)
    else:
        seen = keras.layers.Dense(5, activation="sigmoid", name="visibility")(pooled)
        model = keras.Model(inputs, {"keypoints": rows(2, "keypoints"), "visibility": seen})
        model.compile("sgd", {"keypoints": "mse", "visibility": "binary_crossentropy"})
    history = model.fit(sequence, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_instances_train():
    x = photos()
    masks = np.zeros((20, 2, SIZE, SIZE), np.uint8)
    masks[:, 0, 4:20, 3:19] = 1
    boxes = np.array([[[3, 4, 19, 20], [-1] * 4]] * 20, float)
    targets = {"boxes": boxes, "labels": np.array([[2, -1]] * 20), "masks": masks}
    sequence = AugmentedSequence(
        (x, targets), boxed(transforms=[A.D4()]), task="instances", max_boxes=2, batch_size=8
    )
    inputs = keras.Input((SIZE, SIZE, 3))
    planes = keras.layers.Conv2D(2, 1, activation="sigmoid")(
        keras.layers.Rescaling(1 / 255)(inputs)
    )
    pooled = keras.layers.GlobalAveragePooling2D()(planes)
    ends = {
        "masks": keras.layers.Permute((3, 1, 2), name="masks")(planes),
        "boxes": keras.layers.Reshape((2, 4), name="boxes")(keras.layers.Dense(8)(pooled)),
        "labels": keras.layers.Dense(2, name="labels")(pooled),
    }
    model = keras.Model(inputs, ends)
    model.compile("sgd", {"masks": "binary_crossentropy", "boxes": "mae", "labels": "mae"})
    history = model.fit(sequence, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_several_labels_of_a_sample_train():
    labels = [[i % 3] if i % 2 else [0, 2] for i in range(20)]
    sequence = AugmentedSequence(
        (photos(), labels), FLIP, label_mode="multi_label", num_classes=3, batch_size=8
    )
    model = classifier()
    model.compile("sgd", "binary_crossentropy")
    assert np.isfinite(model.fit(sequence, epochs=2, verbose=0).history["loss"]).all()
