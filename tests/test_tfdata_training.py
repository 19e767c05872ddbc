"""`tfdata.augment`: epochs of `fit`, and models of each task."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from keras_helpers import SIZE, Stamp, classifier, detector, listener, segmenter
from tfdata_helpers import FLIP, MIRROR, X, Y, box_source, pairs

from probaug.adapters.tfdata import EpochCallback, augment


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
