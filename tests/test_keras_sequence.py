"""`AugmentedSequence`: epochs, order, purity, packing, and real fits."""

import gc
import multiprocessing
import os
import pickle
import threading

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import (
    SIZE,
    Stamp,
    bytes_of,
    classifier,
    detector,
    listener,
    photos,
    segmenter,
)

import probaug as A
from probaug.adapters._formats import convert
from probaug.adapters._order import EpochClock, permutation
from probaug.adapters.keras import AugmentedSequence
from probaug.core.boxes import BOX_FORMATS, KERAS_BOX_FORMATS

NOTHING = A.Compose([])
FLIP = A.Compose([A.HorizontalFlip(p=0.5), A.RandomCrop(16, 16)])


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


# ---------------------------------------------------------------------------------------- purity


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_epochs_are_bit_identical_for_any_number_of_threads(threads):
    x, masks = photos(), np.arange(20 * SIZE * SIZE).reshape(20, SIZE, SIZE)
    here, there = (
        AugmentedSequence((x, masks), FLIP, task="segmentation", batch_size=6, threads=n, seed=5)
        for n in (0, threads)
    )
    expected = []
    for epoch in range(4):
        here.set_epoch(epoch)
        there.set_epoch(epoch)
        expected.append(epoch_of(here))
        assert epoch_of(there) == expected[-1]
    assert expected[0] != expected[1]
    there.set_epoch(3)
    assert epoch_of(there) == expected[3]
    there.set_epoch(0)
    assert epoch_of(there) == expected[0]
    there.close()


def test_a_batch_may_be_asked_for_twice_and_in_any_order():
    x = photos()
    before = x.copy()
    with_order = AugmentedSequence((x, np.arange(20)), FLIP, batch_size=6, threads=2)
    without = AugmentedSequence((x, np.arange(20)), FLIP, batch_size=6, threads=2)
    in_order = epoch_of(with_order)
    assert [bytes_of(without[i]) for i in (3, 1, 2, 0, -1, 1)] == [
        in_order[i] for i in (3, 1, 2, 0, 3, 1)
    ]
    first, second = without[1], without[1]
    assert not np.shares_memory(first[0], second[0])
    assert first[0].flags.writeable
    np.testing.assert_array_equal(x, before)
    with pytest.raises(IndexError, match="batch 4 of 4"):
        without[4]


def test_requests_from_many_threads_are_independent():
    sequence = stamped(count=64, batch_size=4, threads=4)
    expected = epoch_of(sequence)
    got = {}

    def ask(indices):
        for i in indices:
            got[i, threading.get_ident()] = bytes_of(sequence[i])

    askers = [threading.Thread(target=ask, args=(range(k % 3, 16),)) for k in range(6)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert all(batch == expected[i] for (i, _), batch in got.items())


def test_a_key_is_seed_epoch_and_dataset_index():
    x = photos(5)
    sequence = AugmentedSequence((x, np.arange(5)), FLIP, batch_size=5, seed=7, epoch=2, threads=0)
    images, labels = sequence[0]
    for image, index in zip(images, labels):
        alone = FLIP(image=x[index], key=(7, 2, int(index)))["image"]
        np.testing.assert_array_equal(image, alone)


def test_without_a_seed_the_pipeline_s_own_is_used():
    source = (photos(4), np.arange(4))
    seeded = A.Compose([A.HorizontalFlip()], seed=11)
    assert AugmentedSequence(source, seeded).seed == 11
    assert AugmentedSequence(source, seeded, seed=3).seed == 3
    assert AugmentedSequence(source, FLIP).seed == 0


# ----------------------------------------------------------------------------------------- order


def test_the_order_is_a_permutation_new_in_each_epoch_and_frozen():
    sequence = stamped(count=50)
    orders = [sequence.order(epoch).tolist() for epoch in range(5)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len({tuple(order) for order in orders}) == 5
    assert sequence.order(2).tolist() == orders[2]
    assert orders[0] != stamped(count=50, seed=1).order(0).tolist()
    assert stamped(count=50, shuffle=False).order(3).tolist() == list(range(50))
    # It must never change: training runs are repeated by it.
    assert permutation(0, 0, 8).tolist() == FROZEN_ORDER
    assert permutation(2024, 3, 8).tolist() == FROZEN_ORDER_2024


FROZEN_ORDER = [0, 1, 2, 3, 6, 4, 7, 5]
FROZEN_ORDER_2024 = [3, 2, 7, 0, 1, 6, 5, 4]


def test_the_last_batch_may_be_small_or_left_out():
    assert [len(batch[0]) for batch in stamped(count=10, batch_size=4)] == [4, 4, 2]
    dropped = stamped(count=10, batch_size=4, drop_last=True)
    assert [len(batch[0]) for batch in dropped] == [4, 4]
    with pytest.raises(ValueError, match="batch_size must be <= 3, the samples there are"):
        stamped(count=3, batch_size=4, drop_last=True)


# ------------------------------------------------------------------------------------ look-ahead


def test_batches_are_prepared_ahead_only_after_requests_in_order():
    sequence = stamped(count=40, batch_size=4, threads=2, shuffle=False, lookahead=2)
    keys = sequence.pipeline.keys

    def made():
        sequence.close()  # waits for what is under way
        done = {index // 4 for (_, _, index) in keys}
        keys.clear()
        return done

    for i in (7, 3, 5, 4, 0, 1):
        sequence[i]
    assert made() == {0, 1, 3, 4, 5, 7}
    for i in (0, 1, 2):
        sequence[i]
    made_ahead = made() - {0, 1, 2}
    assert made_ahead <= {3, 4}
    quiet = stamped(count=40, batch_size=4, threads=2, shuffle=False, lookahead=0)
    for i in range(5):
        quiet[i]
    quiet.close()
    assert {index // 4 for (_, _, index) in quiet.pipeline.keys} == set(range(5))


def test_a_batch_prepared_ahead_never_crosses_epochs():
    sequence = stamped(count=12, batch_size=2, threads=2, shuffle=False)
    for epoch in (0, 1, 0, 5):
        sequence.set_epoch(epoch)
        for i in range(4):
            assert set(sequence[i][0][:, 0, 0, 0]) == {epoch}


def test_each_sample_is_made_once_when_asked_for_in_order():
    sequence = stamped(count=40, batch_size=4, threads=2)
    epoch_of(sequence)
    sequence.close()
    assert set(sequence.pipeline.keys.values()) == {1}


# -------------------------------------------------------------------------------- epochs in fits


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("shuffle", [True, False])
def test_two_fits_with_the_callback(threads, shuffle):
    sequence, model, all_ten = stamped(threads=threads), listener(), list(range(10))
    model.fit(sequence, epochs=2, shuffle=shuffle, verbose=0, callbacks=[sequence.callback()])
    assert served(model.trained) == {0: all_ten, 1: all_ten}
    model.trained.clear()
    model.fit(
        sequence,
        epochs=5,
        initial_epoch=3,
        shuffle=shuffle,
        verbose=0,
        callbacks=[sequence.callback()],
    )
    assert served(model.trained) == {3: all_ten, 4: all_ten}


def test_fits_without_the_callback_count_on():
    sequence, model, all_ten = stamped(threads=2), listener(), list(range(10))
    model.fit(sequence, epochs=2, verbose=0)
    model.fit(sequence, epochs=1, verbose=0)
    assert served(model.trained) == {0: all_ten, 1: all_ten, 2: all_ten}


def test_samples_are_served_in_the_sequence_s_own_order():
    sequence, model = stamped(threads=2), listener()
    model.fit(sequence, epochs=3, shuffle=False, verbose=0, callbacks=[sequence.callback()])
    expected = [(epoch, index) for epoch in range(3) for index in sequence.order(epoch)]
    assert model.trained == expected


@pytest.mark.parametrize("with_callback", [True, False])
def test_validation_data(with_callback):
    train, held, model = stamped(threads=2), stamped(count=5, freeze_epoch=True), listener()
    callbacks = [train.callback(), held.callback()] if with_callback else []
    model.fit(train, epochs=3, validation_data=held, verbose=0, callbacks=callbacks)
    assert served(model.trained) == {epoch: list(range(10)) for epoch in range(3)}
    assert model.tested == [(0, int(index)) for index in held.order(0)] * 3


def test_validation_data_that_is_augmented_anew():
    train, held, model = stamped(), stamped(count=5), listener()
    model.fit(
        train,
        epochs=4,
        initial_epoch=2,
        validation_data=held,
        verbose=0,
        callbacks=[train.callback(), held.callback()],
    )
    assert served(model.trained) == {2: list(range(10)), 3: list(range(10))}
    assert served(model.tested) == {2: list(range(5)), 3: list(range(5))}


@pytest.mark.parametrize("with_callback", [True, False])
def test_a_sequence_of_one_batch(with_callback):
    sequence, model = stamped(count=3, threads=2), listener()
    callbacks = [sequence.callback()] if with_callback else []
    for epochs in (range(2), range(2, 4)):
        model.trained.clear()
        model.fit(
            sequence,
            epochs=epochs.stop,
            initial_epoch=epochs.start,
            verbose=0,
            callbacks=callbacks,
        )
        assert served(model.trained) == {epoch: [0, 1, 2] for epoch in epochs}


@pytest.mark.parametrize("with_callback", [True, False])
def test_fewer_steps_than_batches_go_on_with_the_same_pass(with_callback):
    sequence, model = stamped(count=12, batch_size=2, threads=2), listener()
    callbacks = [sequence.callback()] if with_callback else []
    model.fit(sequence, epochs=6, steps_per_epoch=2, shuffle=False, verbose=0, callbacks=callbacks)
    assert served(model.trained) == {0: list(range(12)), 1: list(range(12))}


def test_an_epoch_broken_off_is_served_again():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    sequence, model = stamped(), listener()
    model.fit(sequence, epochs=3, shuffle=False, verbose=0, callbacks=[Stop()])
    model.trained.clear()
    model.fit(sequence, epochs=2, shuffle=False, verbose=0)
    assert served(model.trained) == {0: list(range(10)), 1: list(range(10))}


def test_evaluate_and_predict_serve_one_whole_epoch():
    sequence, model = stamped(shuffle=False), listener()
    model.evaluate(sequence, verbose=0)
    assert served(model.tested) == {0: list(range(10))}
    assert sequence.epoch == 1
    given = model.predict(sequence, verbose=0)
    assert given[:, 0, 0, 1].astype(int).tolist() == list(range(10))


def test_the_call_order_of_other_backends():
    """JAX and torch begin an epoch, take one batch and end it before the first fit."""
    clock = EpochClock(0, batches=4, frozen=False)
    seen = []
    clock.begin()
    clock.asked(0)
    clock.end()
    for _ in range(2):
        clock.begin()
        for batch in range(4):
            clock.asked(batch)
            seen.append(clock.epoch)
        clock.end()
    assert seen == [0] * 4 + [1] * 4


def test_set_epoch_and_freeze_epoch():
    frozen, model = stamped(freeze_epoch=True, epoch=4), listener()
    model.fit(frozen, epochs=3, verbose=0, callbacks=[frozen.callback()])
    assert served(model.trained) == {4: sorted(list(range(10)) * 3)}
    frozen.set_epoch(6)
    assert frozen.epoch == 6
    with pytest.raises(ValueError, match=r"AugmentedSequence.epoch must be a whole number >= 0"):
        frozen.set_epoch(-1)


# ----------------------------------------------------------------------------------- value range


def by_range(x, pipeline, **options):
    return AugmentedSequence((x,), pipeline, shuffle=False, threads=0, **options)[0][0]


def test_uint8_stays_or_becomes_float_in_the_range_asked_for():
    x, nothing = photos(3), NOTHING
    assert by_range(x, nothing).dtype == np.uint8
    as_255 = by_range(x, nothing, dtype="float32", value_range=(0, 255))
    np.testing.assert_array_equal(as_255, x.astype(np.float32))
    as_1 = by_range(x, nothing, dtype=np.float32, value_range=(0, 1))
    np.testing.assert_allclose(as_1, x / 255, rtol=1e-6)
    with pytest.raises(ValueError, match=r"value_range=.* must say what the floats mean"):
        by_range(x, nothing, dtype="float32")


def test_float_images_keep_their_range():
    x = photos(3)
    noise = A.Compose([A.RandomBrightnessContrast(p=1)])
    as_bytes = by_range(x, noise)
    np.testing.assert_array_equal(
        by_range(x.astype(np.float32), noise, value_range=(0, 255)), as_bytes.astype(np.float32)
    )
    np.testing.assert_array_equal(
        by_range(x.astype(np.float64), noise, value_range=(0, 255), dtype="uint8"), as_bytes
    )
    unit = by_range((x / 255).astype(np.float32), noise, value_range=(0, 1))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, as_bytes / 255, atol=2 / 255)
    rounded = by_range((x / 255).astype(np.float32), NOTHING, value_range=(0, 1), dtype="uint8")
    np.testing.assert_array_equal(rounded, x)


def test_a_pipeline_that_normalizes_decides_alone():
    x = photos(3)
    normal = A.Compose([A.Normalize()])
    expected = np.stack([normal(image=image)["image"] for image in x])
    np.testing.assert_array_equal(by_range(x, normal), expected)
    for source in (x, x.astype(np.float32)):
        np.testing.assert_array_equal(by_range(source, normal, value_range=(0, 255)), expected)
    with pytest.raises(ValueError, match="the pipeline turns uint8 images into float32"):
        by_range(x, normal, dtype="uint8")


def test_float_images_out_of_range_are_errors():
    x = photos(3).astype(np.float32)
    with pytest.raises(ValueError, match=r"value_range=\(0, 1\) does not hold .* values from"):
        by_range(x, NOTHING, value_range=(0, 1))
    with pytest.raises(ValueError, match=r"value_range=\(0, 255\) does not hold"):
        by_range(x * 100, NOTHING, value_range=(0, 255))
    with pytest.raises(ValueError, match="expects a float32 image within") as caught:
        by_range(x, A.RandomBrightnessContrast(p=1))
    assert "float images of 0 to 255 need value_range=(0, 255)" in caught.value.__notes__


# ----------------------------------------------------------------------------- packing: x, y, w


def test_labels_are_given_as_they_come():
    x, one_hot = photos(4), np.eye(4, dtype=np.float32)
    options = {"shuffle": False, "threads": 0}
    _, labels = AugmentedSequence((x, one_hot), FLIP, **options)[0]
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, one_hot)
    weights = np.linspace(0, 1, 4)
    _, labels, given = AugmentedSequence((x, np.arange(4), weights), FLIP, **options)[0]
    assert labels.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(given, weights)
    samples = [{"image": x[i], "class": i, "sample_weight": 0.5, "name": str(i)} for i in range(4)]
    _, labels, given = AugmentedSequence(samples, FLIP, **options)[0]
    assert labels.tolist() == [0, 1, 2, 3]
    assert given.tolist() == [0.5] * 4
    assert len(AugmentedSequence(x, FLIP, **options)[0]) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("channels", [(), (1,)])
def test_masks_keep_type_and_shape_and_follow_the_image(dtype, channels):
    x = photos(6)
    masks = x[..., 0].astype(dtype).reshape(6, SIZE, SIZE, *channels)
    sequence = AugmentedSequence((x, masks), FLIP, task="segmentation", threads=2)
    images, given = sequence[0]
    assert given.dtype == dtype
    assert given.shape == (6, 16, 16, *channels)
    np.testing.assert_array_equal(given.reshape(6, 16, 16), images[..., 0])


def test_samples_of_one_batch_are_alike():
    x = photos(4)
    samples = [{"image": x[i], "label": i} for i in range(4)]
    del samples[2]["label"]
    with pytest.raises(KeyError, match=r"sample 2 gives .*image.* and sample 0 gives .*label"):
        AugmentedSequence(samples, FLIP, shuffle=False, threads=2)[0]
    samples[2]["label"] = "cat"
    with pytest.raises(TypeError, match="label must be made of numbers, got 'cat'"):
        AugmentedSequence(samples, FLIP, shuffle=False, threads=2)[0]


@pytest.mark.parametrize("threads", [0, 2, 8])
def test_unequal_sizes_name_the_sample_and_both_shapes(threads):
    images = [*photos(20), photos(1, size=20)[0]]
    sequence = AugmentedSequence(
        (images, np.arange(21)), NOTHING, shuffle=False, batch_size=21, threads=threads
    )
    expected = (
        r"image of sample 20 is \(20, 20, 3\) uint8 and that of sample 0 is \(24, 24, 3\) uint8"
    )
    with pytest.raises(ValueError, match=expected) as caught:
        sequence[0]
    assert "in sample 20 of epoch 0" in caught.value.__notes__
    single = AugmentedSequence((images, np.arange(21)), NOTHING, shuffle=False, batch_size=1)
    assert [batch[0].shape[1] for batch in single][-2:] == [24, 20]


@pytest.mark.parametrize("threads", [0, 8])
def test_errors_in_a_sample_say_which(threads):
    class Broken:
        def __len__(self):
            return 16

        def __getitem__(self, index):
            if index >= 5:
                raise OSError("no such photo")
            return {"image": photos(1)[0], "label": index}

    sequence = AugmentedSequence(
        Broken(), FLIP, shuffle=False, batch_size=16, threads=threads, epoch=2
    )
    with pytest.raises(OSError, match="no such photo") as caught:
        sequence[0]
    assert caught.value.__notes__[-2:] == [
        "in sample 5 of epoch 2",
        "in AugmentedSequence, batch 0",
    ]
    with pytest.raises(Exception, match=r"no such photo[\s\S]*in sample 5 of epoch"):
        classifier().fit(sequence, verbose=0)


# -------------------------------------------------------------------------------- packing: boxes


def some_boxes(count, seed=0):
    """Boxes well inside SIZE x SIZE, xyxy."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(1, SIZE / 2, (count, 2))
    return np.concatenate([corner, corner + rng.uniform(2, SIZE / 3, (count, 2))], axis=1)


@pytest.mark.parametrize("target", KERAS_BOX_FORMATS)
@pytest.mark.parametrize("source", ["pascal_voc", "coco", "yolo", "albumentations", "yxyx"])
def test_boxes_are_packed_in_keras_formats(source, target):
    height, width = 16, SIZE
    counts = [0, 1, 3]
    pipeline = boxed(box_format=source, transforms=[A.CenterCrop(height, width)])
    corners = [some_boxes(count) * (1, height / SIZE, 1, height / SIZE) for count in counts]
    samples = [
        {
            "image": np.zeros((height, width, 3), np.uint8),
            "bboxes": convert(boxes, "xyxy", source, (height, width)),
            "labels": list(range(len(boxes))),
        }
        for boxes in corners
    ]
    sequence = AugmentedSequence(
        samples,
        pipeline,
        task="detection",
        max_boxes=4,
        bounding_box_format=target,
        shuffle=False,
    )
    _, y = sequence[0]
    assert y["boxes"].dtype == np.float32
    assert y["boxes"].shape == (3, 4, 4)
    assert y["labels"].dtype == np.int32
    assert y["labels"].tolist() == [[-1] * 4, [0, -1, -1, -1], [0, 1, 2, -1]]
    for given, boxes in zip(y["boxes"], corners):
        expected = keras.utils.bounding_boxes.convert_format(
            keras.ops.convert_to_tensor(boxes.reshape(1, -1, 4), "float32"),
            source="xyxy",
            target=target,
            height=height,
            width=width,
        )
        np.testing.assert_allclose(
            given[: len(boxes)], np.asarray(expected)[0], rtol=1e-4, atol=1e-3
        )
        assert (given[len(boxes) :] == -1).all()


@pytest.mark.parametrize("source", [*BOX_FORMATS, *KERAS_BOX_FORMATS])
def test_box_formats_are_inverses(source):
    boxes = some_boxes(50)
    for target in KERAS_BOX_FORMATS:
        there = convert(boxes, source, target, (30, 40))
        np.testing.assert_allclose(convert(there, target, source, (30, 40)), boxes, rtol=1e-12)


def test_boxes_follow_the_image():
    x = np.zeros((8, SIZE, SIZE, 3), np.uint8)
    boxes = np.full((8, 3, 4), -1.0)
    for i in range(8):
        x[i, 2:8, 3 : 5 + i] = 255
        boxes[i, 0] = 3, 2, 5 + i, 8
    labels = np.array([[1, -1, -1]] * 8)
    pipeline = boxed(transforms=[A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)])
    sequence = AugmentedSequence(
        (x, {"boxes": boxes, "labels": labels}), pipeline, task="detection", max_boxes=2
    )
    images, y = sequence[0]
    assert y["boxes"].shape == (8, 2, 4)
    for image, (x1, y1, x2, y2) in zip(images, y["boxes"][:, 0].astype(int)):
        assert image[y1:y2, x1:x2].all()
        assert np.count_nonzero(image[..., 0]) == (y2 - y1) * (x2 - x1)
    assert y["labels"].tolist() == [[1, -1]] * 8
    assert len({tuple(box) for box in y["boxes"][:, 0]}) > 2


def test_the_class_may_be_the_fifth_column_or_another_field():
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    five = [{"image": image, "bboxes": [(1, 2, 5, 6, 7), (2, 3, 6, 7, 8)]}]
    options = {"task": "detection", "max_boxes": 3, "shuffle": False}
    _, y = AugmentedSequence(five, boxed(()), **options)[0]
    assert y["labels"].tolist() == [[7, 8, -1]]
    samples = [{"image": image, "bboxes": [(1, 2, 5, 6)], "names": ["dog"], "ids": [4]}]
    pipeline = boxed(("names", "ids"))
    _, y = AugmentedSequence(samples, pipeline, label_field="ids", **options)[0]
    assert y["labels"].tolist() == [[4, -1, -1]]
    with pytest.raises(ValueError, match="names of boxes must be whole numbers, got 'dog'"):
        AugmentedSequence(samples, pipeline, **options)[0]
    with pytest.raises(ValueError, match="detection needs a class for each box"):
        AugmentedSequence([{"image": image, "bboxes": [(1, 2, 5, 6)]}], boxed(()), **options)[0]


@pytest.mark.parametrize("threads", [0, 2])
def test_too_many_boxes_name_the_sample(threads):
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    samples = [{"image": image, "bboxes": some_boxes(n), "labels": [0] * n} for n in (1, 2, 5, 6)]
    sequence = AugmentedSequence(
        samples, boxed(), task="detection", max_boxes=4, shuffle=False, threads=threads
    )
    with pytest.raises(ValueError, match="max_boxes is 4, but the pipeline gives 5") as caught:
        sequence[0]
    assert "in sample 2 of epoch 0" in caught.value.__notes__


# --------------------------------------------------------------------------------------- errors


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
        ({"workers": 4}, "workers must be 1, got 4: .* by threads=4"),
        ({"use_multiprocessing": True}, "use_multiprocessing must be False"),
        ({"task": "detection", "max_boxes": 3}, "needs a pipeline that knows its boxes"),
    ],
)
def test_wrong_arguments(options, words):
    with pytest.raises(ValueError, match=r"AugmentedSequence\W?.*" + words):
        AugmentedSequence((photos(4), np.arange(4)), FLIP, **options)


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


def test_keras_workers_cannot_be_set_later():
    sequence = stamped()
    assert (sequence.workers, sequence.use_multiprocessing) == (1, False)
    with pytest.raises(ValueError, match="workers must be 1, got 8"):
        sequence.workers = 8


# ------------------------------------------------------------------------- threads and processes


def test_threads_start_late_and_end():
    def threads():
        return {thread for thread in threading.enumerate() if thread not in others}

    gc.collect()
    others = set(threading.enumerate())
    sequence = stamped(count=20, threads=2)
    assert not threads()
    expected = epoch_of(sequence)
    assert 0 < len(threads()) <= 2
    sequence.close()
    assert not threads()
    assert epoch_of(sequence) == expected
    left = threads()
    assert left
    del sequence  # without close(): nothing else holds the threads
    for thread in left:
        thread.join(timeout=10)
    assert not threads()


def test_a_pickle_is_the_same_sequence():
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, threads=2, batch_size=8, epoch=1)
    expected = epoch_of(sequence)
    copy = pickle.loads(pickle.dumps(sequence))
    assert copy.epoch == 1
    assert epoch_of(copy) == expected
    copy.close()
    sequence.close()


def _ask_in_child(sequence, answers):
    answers.put(epoch_of(sequence))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_gets_threads_of_its_own():
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, threads=2, batch_size=8)
    expected = epoch_of(sequence)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_ask_in_child, args=(sequence, answers))
    child.start()
    assert answers.get(timeout=30) == expected
    child.join(timeout=30)
    assert child.exitcode == 0
    sequence.close()


# ----------------------------------------------------------------------------------------- models


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
