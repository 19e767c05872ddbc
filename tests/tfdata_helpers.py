"""What the tests of `tfdata.augment` share: sources of images and boxes."""

import numpy as np
import tensorflow as tf
from keras_helpers import SIZE, boxed, photos

import probaug as A

FLIP = A.Compose([A.HorizontalFlip(p=0.5), A.RandomCrop(16, 16)])
MIRROR = boxed(transforms=[A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)])
X = photos()
Y = np.arange(20)


def source(batch_size=None):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    return dataset if batch_size is None else dataset.batch(batch_size)


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


def pairs(dataset):
    """Elements (image, {"boxes", "labels"})."""
    return dataset.map(lambda e: (e["image"], {"boxes": e["bboxes"], "labels": e["labels"]}))
