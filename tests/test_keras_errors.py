"""`AugmentedSequence`: wrong arguments and sources."""

import inspect

import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import FLIP, NOTHING, boxed, epoch_of, photos, stamped

from probaug.adapters.keras import AugmentedSequence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "detect"}, "task must be one of 'classification', .* got 'detect'"),
        ({"batch_size": 0}, "batch_size must be a whole number >= 1, got 0"),
        ({"seed": 1.5}, "seed must be a whole number >= 0, got 1.5"),
        ({"threads": -1}, "threads must be a whole number >= 0, got -1"),
        ({"lookahead": None}, "lookahead must be a whole number >= 0, got None"),
        ({"value_range": (0, 2)}, r"value_range must be \(0, 255\), \(0, 1\) or None"),
        ({"dtype": "int32"}, 'dtype must be "uint8", "float32" or None, got \'int32\''),
        ({"dtype": "pink"}, 'dtype must be "uint8", "float32" or None, got \'pink\''),
        ({"workers": -1}, "workers must be a whole number >= 0, got -1"),
        ({"task": "detection", "max_boxes": 3}, "needs a pipeline that knows its boxes"),
    ],
)
def test_wrong_arguments(options, words):
    with pytest.raises(ValueError, match=r"AugmentedSequence\W?.*" + words):
        AugmentedSequence((photos(4), np.arange(4)), FLIP, **options)


def test_a_misspelt_argument_is_told_the_right_name():
    source = photos(4), np.arange(4)
    for name, right in (("batchsize", "batch_size"), ("num_class", "num_classes"), ("sed", "seed")):
        words = rf"^AugmentedSequence has no parameter '{name}'; did you mean {right}\b"
        with pytest.raises(TypeError, match=words):
            AugmentedSequence(source, FLIP, **{name: 2})
    with pytest.raises(TypeError, match="no parameter 'xyz'; it takes source, pipeline, task, "):
        AugmentedSequence(source, FLIP, xyz=2)
    sequence = AugmentedSequence(source, FLIP)
    with pytest.raises(
        TypeError, match=r"\.without_augmentation has .*; did you mean validation\?"
    ):
        sequence.without_augmentation(validatoin=FLIP)
    with pytest.raises(TypeError, match=r"\.state_dict has no .*; did you mean batch\?"):
        sequence.state_dict(batches=1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'pipeline'"):
        AugmentedSequence(source)
    assert list(inspect.signature(AugmentedSequence).parameters)[:3] == [
        "source",
        "pipeline",
        "task",
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "max_boxes must be given where there are boxes, got None"),
        ({"max_boxes": 3, "bounding_box_format": "coco"}, "bounding_box_format must be one of"),
        ({"max_boxes": 3, "label_field": "names"}, "label_field must be one of 'labels'"),
    ],
)
def test_wrong_arguments_of_detection(options, words):
    source = (photos(2), {"boxes": np.zeros((2, 1, 4)), "labels": np.zeros((2, 1))})
    with pytest.raises(ValueError, match=words):
        AugmentedSequence(source, boxed(), task="detection", **options)


@pytest.mark.parametrize(
    ("source", "task", "words"),
    [
        ((photos(2), np.arange(3)), "classification", "must have equal lengths"),
        ((photos(2),), "segmentation", "must hold y for task='segmentation'"),
        ((1, 2, 3, 4), "classification", "got a tuple of 4"),
        ([], "classification", "has no samples"),
        (iter([]), "classification", "something with a length whose items are dicts"),
        ((photos(2), np.arange(2)), "detection", "y as a dict of 'boxes' and 'labels'"),
    ],
)
def test_wrong_sources(source, task, words):
    options = {"max_boxes": 3} if task == "detection" else {}
    with pytest.raises((ValueError, TypeError), match=words):
        AugmentedSequence(source, boxed() if options else FLIP, task=task, **options)


def test_samples_must_be_dicts_with_an_image():
    with pytest.raises(TypeError, match="must give dicts with 'image', got ndarray"):
        AugmentedSequence(list(photos(2)), FLIP)[0]
    with pytest.raises(TypeError, match=r"must give dicts with 'image', got \['photo'\]"):
        AugmentedSequence([{"photo": 1}], FLIP)[0]
    with pytest.raises(KeyError, match="the sample has no 'mask'"):
        AugmentedSequence([{"image": photos(1)[0]}], FLIP, task="segmentation")[0]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("length", [3, 5, 30])
def test_a_source_that_changes_its_length_is_told(length, shuffle):
    source = [{"image": image} for image in photos()]
    sequence = AugmentedSequence(source, NOTHING, batch_size=8, shuffle=shuffle, threads=0)
    assert len(sequence[2][0]) == 4
    source[:] = (source * 2)[:length]
    with pytest.raises(RuntimeError, match=f"had 20 samples .* now it has {length}"):
        sequence[0]


def test_keras_workers_are_those_of_the_sequence():
    """Keras is told of none: on some backends its own lose batches."""
    wanted = epoch_of(stamped(threads=0))
    sequence = stamped(workers=3)
    assert (sequence.threads, sequence.processes) == (3, 0)
    assert epoch_of(sequence) == wanted
    sequence.workers = 5
    assert (sequence.threads, sequence.processes) == (5, 0)
    assert epoch_of(sequence) == wanted
    sequence.use_multiprocessing = True
    assert (sequence.threads, sequence.processes) == (5, 5)
    sequence.workers = 1
    assert (sequence.threads, sequence.processes) == (1, 1)
    sequence.use_multiprocessing = False
    assert (sequence.threads, sequence.processes) == (1, 0)
    assert epoch_of(sequence) == wanted
    assert (sequence.workers, sequence.use_multiprocessing) == (1, False)
    sequence.close()
    assert stamped(workers=2, use_multiprocessing=True).processes == 2
    assert stamped(workers=2, threads=4).threads == 4
    with pytest.raises(ValueError, match=r"workers must be a whole number >= 0, got 1\.5"):
        sequence.workers = 1.5
