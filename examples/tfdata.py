"""`tf.data`: pictures of unequal sizes with ragged boxes, augmented one by one, batched after."""

import keras
import tensorflow as tf
from _data import SHAPES, pictures

import probaug as A
from probaug.adapters.tfdata import EpochCallback, augment

images, kinds, _, boxes = pictures()


def samples():
    """Every third picture has no box, and each its own size, as in a folder of photos."""
    for i, (image, kind, box) in enumerate(zip(images, kinds, boxes, strict=True)):
        count = min(i % 3, 1)
        image = image[: 60 + i % 5]
        yield {"image": image, "bboxes": box[:count], "labels": [kind] * count, "file": f"{i}.jpg"}


signature = {
    "image": tf.TensorSpec((None, 64, 3), tf.uint8),
    "bboxes": tf.TensorSpec((None, 4), tf.float32),
    "labels": tf.TensorSpec((None,), tf.int64),
    "file": tf.TensorSpec((), tf.string),
}
dataset = tf.data.Dataset.from_generator(samples, output_signature=signature)
dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(images)))

pipeline = A.Compose(
    [A.HorizontalFlip(p=0.5), A.Rotate((-15, 15), p=0.5), A.LetterBox((64, 64))],
    bbox_params=A.BboxParams(
        "xyxy", label_fields=["labels"], clip=True, filter_invalid_bboxes=True
    ),
    seed=1,
)
# The number of the epoch, to be set by fit and saved in a checkpoint.
epoch = tf.Variable(0, dtype=tf.int64)
dataset = augment(
    dataset,
    pipeline,
    epoch=epoch,
    batch_size=12,
    max_boxes=4,
    bounding_box_format="rel_xyxy",
)
print(dataset.element_spec)


def image_and_kind(batch):
    """The class of the first box, or one more class where there is none."""
    label = batch["labels"][:, 0]
    return batch["image"], tf.where(label < 0, len(SHAPES), label)


model = keras.Sequential(
    [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(8, 5, strides=2, activation="relu"),
        keras.layers.GlobalMaxPooling2D(),
        keras.layers.Dense(len(SHAPES) + 1, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy")
training = dataset.map(image_and_kind).prefetch(2)
model.fit(training, epochs=2, shuffle=False, callbacks=[EpochCallback(epoch)])
