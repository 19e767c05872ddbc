"""Two small models: a segmenter fed by AugmentedSequence, a detector fed by tf.data."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf
from keras import layers

import probaug as A
from probaug.adapters import tfdata
from probaug.adapters.keras import AugmentedSequence

from .coco import DemoError, Photo

SIDE = 128  # of the images that the models see
CELL = 4  # pixels to one cell of the detector's map
BATCH = 16
LOADED = 800  # what is kept of a longer photo while training


@dataclass(frozen=True)
class Report:
    """One line of the closing table."""

    feed: str
    samples_per_second: float
    model: str
    first: float
    last: float


class Copies:
    """As many samples as asked for, out of a few, in turn."""

    def __init__(self, samples: Sequence[Any], count: int) -> None:
        self.samples = samples
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < self.count:
            raise IndexError(index)
        return self.samples[index % len(self.samples)]


def segmenter(photos: Sequence[Photo], count: int, epochs: int, seed: int) -> Report:
    """Train objects against background; the feed is a keras.utils.PyDataset."""
    pipeline = A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.Affine(scale=(0.9, 1.2), rotate=(-15, 15), p=0.7),
            A.RandomResizedCrop((SIDE, SIDE), scale=(0.4, 1.0)),
            A.RandomBrightnessContrast(p=0.5),
            A.HueSaturationValue(10, 20, 0, p=0.3),
            A.GaussNoise(std_range=(0.02, 0.06), p=0.2),
        ]
    )
    samples = [load(photo) for photo in photos]
    samples = [{"image": each["image"], "mask": each["mask"][..., None]} for each in samples]
    feed = AugmentedSequence(
        Copies(samples, count), pipeline, task="segmentation", batch_size=BATCH, seed=seed
    )
    speed = pace(feed)
    model = unet()
    steps = epochs * len(feed)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryIoU([1], name="iou")],
    )
    history = model.fit(
        feed, epochs=epochs, shuffle=False, callbacks=[feed.callback()], verbose=progress()
    )
    losses = history.history["loss"]
    return Report("AugmentedSequence", speed, "segmentation", losses[0], losses[-1])


def detector(photos: Sequence[Photo], count: int, epochs: int, seed: int) -> Report:
    """Train the centres and sizes of the commonest kind of object; the feed is tf.data."""
    label = commonest(photos)
    photos = [photo for photo in photos if label in photo.labels]
    pipeline = A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.ShiftScaleRotate(rotate_limit=15, border_mode=cv2.BORDER_CONSTANT, p=0.7),
            A.RandomResizedCrop((SIDE, SIDE), scale=(0.2, 0.7)),
            A.RandomBrightnessContrast(p=0.5),
            A.GaussianBlur(sigma_limit=(0.3, 1.0), p=0.2),
        ],
        bbox_params=A.BboxParams("coco", label_fields=["labels"], min_visibility=0.3),
    )
    samples = [load(photo, label) for photo in photos]
    source = Copies(
        [(s["image"], {"boxes": s["bboxes"], "labels": s["labels"]}) for s in samples], count
    )
    like = (
        tf.TensorSpec((None, None, 3), tf.uint8),
        {"boxes": tf.TensorSpec((None, 4), tf.float32), "labels": tf.TensorSpec((None,), tf.int32)},
    )
    dataset = tf.data.Dataset.from_generator(lambda: iter(source), output_signature=like)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(count))
    feed = tfdata.augment(
        dataset,
        pipeline,
        batch_size=BATCH,
        seed=seed,
        bounding_box_format="xyxy",
        max_boxes=max(len(sample["labels"]) for sample in samples),
    )
    speed = pace(feed)
    model = centre_net()
    steps = epochs * -(-count // BATCH)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)), centre_loss
    )
    targets = feed.map(centre_targets).prefetch(2)
    history = model.fit(targets, epochs=epochs, shuffle=False, verbose=progress())
    losses = history.history["loss"]
    return Report("tf.data + augment", speed, f"detection of “{label}”", losses[0], losses[-1])


def progress() -> int:
    """How Keras shows progress: a moving bar on a terminal, a line per epoch in a file."""
    return 1 if sys.stdout.isatty() else 2


def commonest(photos: Sequence[Photo]) -> str:
    """The label that most objects have, crowds aside."""
    counts = Counter(
        label for photo in photos for label in photo.labels if not label.endswith("(crowd)")
    )
    if not counts:
        raise DemoError("none of the photos has an object to learn")
    return counts.most_common(1)[0][0]


def load(photo: Photo, label: str | None = None) -> dict[str, Any]:
    """A photo, the mask and the boxes of one label or of all, at most LOADED pixels long."""
    boxes = [box for box, name in zip(photo.bboxes, photo.labels) if label in (None, name)]
    sample = {
        "image": photo.image(),
        "mask": photo.mask(label),
        "bboxes": np.array(boxes, np.float32).reshape(-1, 4),
        "labels": np.zeros(len(boxes), np.int32),
    }
    if max(photo.height, photo.width) <= LOADED:
        return sample
    shrink = A.Compose(
        [A.LongestMaxSize(LOADED, interpolation=cv2.INTER_AREA)],
        bbox_params=A.BboxParams("coco", label_fields=["labels"]),
    )
    return shrink(**sample)


def pace(feed: Any) -> float:
    """Samples per second of a feed by itself: one epoch after a first batch."""
    next(iter(feed))
    start = time.perf_counter()
    count = 0
    for images, _ in feed:
        count += len(images)
    return count / (time.perf_counter() - start)


def convolution(x: Any, filters: int, strides: int = 1) -> Any:
    x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def unet(width: int = 16) -> keras.Model:
    """(B, SIDE, SIDE, 3) images to (B, SIDE, SIDE, 1) probabilities."""
    image = keras.Input((SIDE, SIDE, 3))
    x = convolution(layers.Rescaling(1 / 127.5, -1)(image), width, 2)
    skips = []
    for filters in (2 * width, 4 * width, 4 * width):
        skips.append(x)
        x = convolution(convolution(x, filters, 2), filters)
    for skip, filters in zip(reversed(skips), (2 * width, width, width)):
        x = convolution(layers.Concatenate()([layers.UpSampling2D()(x), skip]), filters)
    x = layers.UpSampling2D(interpolation="bilinear")(layers.Conv2D(1, 1)(x))
    return keras.Model(image, layers.Activation("sigmoid")(x), name="segmenter")


def centre_net(width: int = 16) -> keras.Model:
    """(B, SIDE, SIDE, 3) images to maps of a centre's logit, its box's width and height."""
    image = keras.Input((SIDE, SIDE, 3))
    x = convolution(layers.Rescaling(1 / 127.5, -1)(image), width, 2)
    fine = convolution(x, 2 * width, 2)
    middle = convolution(convolution(fine, 4 * width, 2), 4 * width)
    x = convolution(convolution(middle, 4 * width, 2), 4 * width)
    x = convolution(layers.Concatenate()([layers.UpSampling2D()(x), middle]), 4 * width)
    x = convolution(layers.Concatenate()([layers.UpSampling2D()(x), fine]), 2 * width)
    rare = keras.initializers.Constant(-2.0)  # most cells hold no centre
    maps = layers.Conv2D(1, 1, bias_initializer=rare)(x), layers.Conv2D(2, 1)(x)
    return keras.Model(image, layers.Concatenate()(maps), name="detector")


def centre_targets(images: tf.Tensor, boxes: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Padded xyxy boxes as maps: a soft spot at each centre, the box's size around it."""
    real = tf.cast(boxes["labels"] >= 0, tf.float32)
    x0, y0, x1, y1 = tf.unstack(tf.cast(boxes["boxes"], tf.float32), axis=-1)
    width, height = tf.maximum(x1 - x0, 1.0), tf.maximum(y1 - y0, 1.0)
    cells = (tf.range(SIDE // CELL, dtype=tf.float32) + 0.5) * CELL
    across = (cells - ((x0 + x1) / 2)[..., None]) / (0.15 * width)[..., None]
    down = (cells - ((y0 + y1) / 2)[..., None]) / (0.15 * height)[..., None]
    spots = tf.exp(-0.5 * (down[..., :, None] ** 2 + across[..., None, :] ** 2))
    spots *= real[..., None, None]
    sizes = tf.stack([width, height], -1) / SIDE
    nearest = tf.gather(sizes, tf.argmax(spots, 1), batch_dims=1)
    return images, tf.concat([tf.reduce_max(spots, 1)[..., None], nearest], -1)


def centre_loss(truth: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of the spots, weighted by how wrong they are, and the error of the sizes."""
    spots, logits = truth[..., 0], maps[..., 0]
    error = tf.nn.sigmoid_cross_entropy_with_logits(spots, logits)
    error *= (spots - tf.sigmoid(logits)) ** 2
    inside = tf.cast(spots > 0.5, tf.float32)[..., None]
    sizes = inside * tf.abs(truth[..., 1:] - maps[..., 1:])
    at_least = 1.0
    return tf.reduce_sum(error) / tf.maximum(tf.reduce_sum(spots), at_least) + tf.reduce_sum(
        sizes
    ) / tf.maximum(tf.reduce_sum(inside), at_least)
