"""What the tests of the adapters share: stand-in pipelines, sources, and models that listen."""

import os
import threading
from collections import Counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import probaug as A
from probaug.adapters.keras import AugmentedSequence

SIZE = 24
NOTHING = A.Compose([])
FLIP = A.Compose([A.HorizontalFlip(p=0.5), A.RandomCrop(16, 16)])


class Stamp:
    """A pipeline that writes its key into the image: first channel epoch, second index."""

    bbox_params = None

    def __init__(self):
        self.keys = Counter()
        self.lock = threading.Lock()

    def __call__(self, *, key, image, out=None, **data):
        with self.lock:
            self.keys[key] += 1
        stamped = image.copy()
        stamped[..., 0], stamped[..., 1] = key[1], key[2]
        if out and "image" in out:
            out["image"][...] = stamped
            stamped = out["image"]
        return data | {"image": stamped}


class Left(A.CoarseDropout):
    """Covers the left half."""

    def holes(self, size, **params):
        return [(0, 0, size.width // 2, size.height)]


def photos(count=20, size=SIZE, seed=0):
    """Smooth random uint8 images, (count, size, size, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return coarse.repeat(size // 4, axis=1).repeat(size // 4, axis=2)


class Listener(keras.Model):
    """A model that remembers the (epoch, index) stamps it was trained and tested on."""

    def __init__(self):
        super().__init__()
        self.trained, self.tested = [], []

    def call(self, x, training=False):
        return x

    def _note(self, into, data):
        x = np.asarray(keras.ops.convert_to_numpy(data[0]))
        into += [(int(image[0, 0, 0]), int(image[0, 0, 1])) for image in x]
        return {"loss": keras.ops.zeros(())}

    def train_step(self, data):
        return self._note(self.trained, data)

    def test_step(self, data):
        return self._note(self.tested, data)


def listener():
    model = Listener()
    model.compile(run_eagerly=True, optimizer="sgd", loss="mse")
    return model


def classifier():
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def segmenter():
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(3, 1, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def detector(max_boxes):
    """A model with dict targets whose losses leave out padded rows."""

    def boxes_loss(y, given):
        real = keras.ops.cast(y[..., :1] >= 0, "float32")
        return keras.ops.mean(real * keras.ops.abs(y / SIZE - given))

    def labels_loss(y, given):
        y = keras.ops.cast(y, "float32")
        return keras.ops.mean(keras.ops.where(y >= 0, keras.ops.abs(y - given), 0.0))

    x = inputs = keras.Input((None, None, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(x))
    boxes = keras.layers.Reshape((max_boxes, 4))(keras.layers.Dense(max_boxes * 4)(x))
    model = keras.Model(inputs, {"boxes": boxes, "labels": keras.layers.Dense(max_boxes)(x)})
    model.compile("sgd", {"boxes": boxes_loss, "labels": labels_loss})
    return model


def bytes_of(structure):
    """The bytes of all arrays of a batch, to compare bit by bit."""
    return [np.asarray(leaf).tobytes() for leaf in keras.tree.flatten(structure)]


def boxed(label_fields=("labels",), box_format="pascal_voc", transforms=()):
    return A.Compose(list(transforms), bbox_params=A.BboxParams(box_format, list(label_fields)))


def stamped(count=10, batch_size=4, **options):
    return AugmentedSequence(
        (np.zeros((count, 2, 2, 3), np.uint8), np.arange(count)),
        Stamp(),
        batch_size=batch_size,
        **options,
    )


def epoch_of(sequence):
    return [bytes_of(sequence[i]) for i in range(len(sequence))]


def served(pairs):
    """Indices by epoch, sorted; each epoch complete or not."""
    epochs = {}
    for epoch, index in pairs:
        epochs.setdefault(epoch, []).append(index)
    return {epoch: sorted(indices) for epoch, indices in epochs.items()}


def some_boxes(count, seed=0):
    """Boxes well inside SIZE x SIZE, xyxy."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(1, SIZE / 2, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(2, SIZE / 3, (count, 2))], axis=1)


def by_range(x, pipeline, **options):
    return AugmentedSequence((x,), pipeline, shuffle=False, threads=0, **options)[0][0]
