"""Models that train through `AugmentedSequence`."""

import numpy as np
import pytest

pytest.importorskip("keras")

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
