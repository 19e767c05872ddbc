"""Boxes and labels in the form that KerasHub's detectors take: padded with -1, "yxyx"."""

import keras
from _data import pictures

import probaug as A
from probaug.adapters.keras import AugmentedSequence

images, kinds, _, boxes = pictures()
train = AugmentedSequence(
    (images, {"boxes": boxes, "labels": kinds[:, None]}),
    A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.Affine(scale=(0.7, 1.3), translate_percent=(-0.1, 0.1), p=0.8),
            A.PhotoMetricDistort(p=0.5),
            A.LetterBox((64, 64)),
        ],
        bbox_params=A.BboxParams("xyxy", label_fields=["labels"], min_visibility=0.3),
        seed=1,
    ),
    task="detection",
    max_boxes=4,
    bounding_box_format="yxyx",
    batch_size=12,
)

# What stands in for keras_hub.models.RetinaNetObjectDetector here: one box for each picture.
x = inputs = keras.Input((64, 64, 3))
x = keras.layers.Rescaling(1 / 255)(x)
for filters in (8, 16, 32):
    x = keras.layers.Conv2D(filters, 3, strides=2, activation="relu")(x)
x = keras.layers.Flatten()(x)
outputs = {"boxes": keras.layers.Dense(4)(x), "labels": keras.layers.Dense(3, "softmax")(x)}
model = keras.Model(inputs, outputs)


def boxes_loss(given, predicted):
    first = given[:, 0]
    real = keras.ops.cast(keras.ops.any(first != -1, axis=-1), "float32")
    return real * keras.ops.mean(keras.ops.abs(first / 64 - predicted), axis=-1)


def labels_loss(given, predicted):
    first = given[:, 0]
    loss = keras.losses.sparse_categorical_crossentropy(keras.ops.maximum(first, 0), predicted)
    return keras.ops.where(first >= 0, loss, 0.0)  # a label of -1 is padding


model.compile("adam", {"boxes": boxes_loss, "labels": labels_loss})
model.fit(train, epochs=2, shuffle=False, callbacks=[train.callback()])
