"""`tfdata.augment`: keys, shapes and types, unequal sizes, checkpoints, errors."""

import gc
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from keras_helpers import SIZE, Stamp, bytes_of
from tfdata_helpers import FLIP, MIRROR, X, Y, box_source, source

import probaug as A
from probaug.adapters.keras import AugmentedSequence
from probaug.adapters.tfdata import augment


def images_of(dataset, epochs=1):
    """The image bytes of each sample, epoch by epoch."""
    read = []
    for _ in range(epochs):
        batches = [element[0].numpy() for element in dataset]
        read.append([image.tobytes() for b in batches for image in (b if b.ndim == 4 else [b])])
    return read


def ignoring_state():
    options = tf.data.Options()
    policy = tf.data.experimental.ExternalStatePolicy.IGNORE
    options.experimental_external_state_policy = policy
    return options


# --------------------------------------------------------------------------------------------- keys


def test_draws_depend_on_seed_epoch_and_index_alone():
    expected = images_of(augment(source(6), FLIP, seed=3, num_parallel_calls=None), epochs=3)
    assert expected[0] != expected[1] != expected[2]
    for calls in (1, 4, tf.data.AUTOTUNE):
        assert images_of(augment(source(6), FLIP, seed=3, num_parallel_calls=calls), 3) == expected
    assert images_of(augment(source(), FLIP, seed=3), epochs=3) == expected
    assert images_of(augment(source(), FLIP, seed=3, batch_size=6), epochs=3) == expected
    assert images_of(augment(source(7), FLIP, seed=3, epoch=1), epochs=2) == expected[1:]
    assert images_of(augment(source(6), FLIP, seed=4)) != expected[:1]
    repeated = images_of(augment(source(6), FLIP, seed=3).repeat(3).prefetch(2))[0]
    assert repeated == [image for epoch in expected for image in epoch]


def test_draws_are_those_of_a_sequence():
    dataset = augment(source(6), FLIP, seed=3)
    sequence = AugmentedSequence((X, Y), FLIP, seed=3, shuffle=False, batch_size=6)
    for epoch in range(2):
        sequence.set_epoch(epoch)
        for here, there in zip(dataset, sequence, strict=True):
            assert bytes_of([part.numpy() for part in here]) == bytes_of(there)


def test_tensorflow_s_own_seed_changes_nothing():
    tf.random.set_seed(1)
    first = images_of(augment(source(6), FLIP))
    tf.random.set_seed(2)
    assert images_of(augment(source(6), FLIP)) == first


def test_the_count_of_epochs_lives_as_long_as_the_dataset():
    dataset = augment(source(6), Stamp()).map(lambda x, y: x).batch(1)
    gc.collect()
    stamps = [{int(e) for batch in dataset for e in np.unique(batch[..., 0])} for _ in range(3)]
    assert stamps == [{0}, {1}, {2}]


def test_an_iterator_can_be_saved_with_its_epoch(tmp_path):
    def build():
        epoch = tf.Variable(0, dtype=tf.int64)
        dataset = augment(source(5), FLIP, epoch=epoch).with_options(ignoring_state())
        iterator = iter(dataset)
        return dataset, iterator, tf.train.Checkpoint(iterator=iterator, epoch=epoch)

    dataset, iterator, checkpoint = build()
    next(iterator)
    path = checkpoint.save(str(tmp_path / "mid"))
    rest = [bytes_of([part.numpy() for part in element]) for element in iterator]
    following = images_of(dataset)
    dataset, iterator, checkpoint = build()
    checkpoint.restore(path)
    assert [bytes_of([part.numpy() for part in element]) for element in iterator] == rest
    assert images_of(dataset) == following


def test_inputs_are_never_modified():
    class Rude:
        def __call__(self, *, key, image, **data):
            image[:] = 0
            return data | {"image": image}

    cached = source(6).cache()
    for _ in range(2):
        images_of(augment(cached, A.Compose([A.InvertImg(p=1), A.HorizontalFlip(p=1)])))
    np.testing.assert_array_equal(np.concatenate([x.numpy() for x, _ in cached]), X)
    with pytest.raises(ValueError, match="read-only") as caught:
        augment(cached, Rude())
    assert "must copy it first" in caught.value.__notes__[0]


def test_a_broken_off_run_goes_on_where_it_was(tmp_path):
    """Shuffled, with work in parallel and ahead, from a checkpoint in mid-epoch."""

    def build():
        epoch = tf.Variable(0, dtype=tf.int64)
        shuffled = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(20, 1, False).batch(3)
        dataset = augment(shuffled, FLIP, epoch=epoch, num_parallel_calls=4)
        iterator = iter(dataset.repeat(3).prefetch(2).with_options(ignoring_state()))
        return iterator, tf.train.Checkpoint(iterator=iterator, epoch=epoch)

    def read(iterator):
        return [bytes_of([part.numpy() for part in element]) for element in iterator]

    iterator, checkpoint = build()
    for _ in range(9):  # the second of three epochs
        next(iterator)
    path = checkpoint.save(str(tmp_path / "mid"))
    rest = read(iterator)
    assert len(rest) == 3 * 7 - 9
    assert len({repr(batch) for batch in rest}) == len(rest)
    iterator, checkpoint = build()
    checkpoint.restore(path)
    assert read(iterator) == rest


def test_the_policy_of_checkpoints_is_the_users():
    iterator = iter(augment(source(5), FLIP))
    with pytest.raises(tf.errors.FailedPreconditionError, match="stateful"):
        tf.train.Checkpoint(iterator=iterator).save("/nowhere/mid")


def test_another_process_cannot_run_it_and_says_so(tmp_path):
    class Holder(tf.Module):
        def __init__(self, options):
            super().__init__()
            self.dataset = augment(source(5), FLIP).map(lambda x, y: y).with_options(options)

        @tf.function(input_signature=())
        def total(self):
            return self.dataset.reduce(tf.constant(0, tf.int64), lambda a, y: a + y[0])

    with pytest.raises(tf.errors.FailedPreconditionError, match="is stateful"):
        tf.saved_model.save(Holder(tf.data.Options()), str(tmp_path))
    tf.saved_model.save(Holder(ignoring_state()), str(tmp_path))
    code = f"import tensorflow as tf; tf.saved_model.load({str(tmp_path)!r}).total()"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "augment_works_in_its_own_process_alone" in run.stderr


def test_a_known_cardinality_stays_known():
    signature = tf.TensorSpec((SIZE, SIZE, 3), tf.uint8)
    dataset = tf.data.Dataset.from_generator(lambda: iter(X), output_signature=signature)
    assert augment(dataset, FLIP).cardinality() == tf.data.UNKNOWN_CARDINALITY
    told = dataset.apply(tf.data.experimental.assert_cardinality(20))
    assert augment(told, FLIP).cardinality() == 20
    assert augment(told, FLIP, batch_size=6).cardinality() == 4
    assert augment(told.batch(6), FLIP).cardinality() == 4
    told = augment(dataset, FLIP).apply(tf.data.experimental.assert_cardinality(20))
    assert told.cardinality() == len(list(told)) == 20


# --------------------------------------------------------------------------------- shapes and types


def test_shapes_types_and_cardinality_are_known():
    spec = augment(source(6), FLIP).element_spec
    assert spec[0] == tf.TensorSpec((None, 16, 16, 3), tf.uint8)
    assert spec[1] == tf.TensorSpec((None,), tf.int64)
    fixed = augment(source().batch(5, drop_remainder=True), FLIP)
    assert fixed.element_spec[0].shape == (5, 16, 16, 3)
    single = augment(source(), A.Compose([A.RandomScale((-0.5, 0.5), p=0.5)]))
    assert single.element_spec[0].shape.as_list() == [None, None, 3]
    assert [int(augment(source(n), FLIP).cardinality()) for n in (None, 6, 20)] == [20, 4, 1]
    assert int(augment(source(), FLIP, batch_size=6).cardinality()) == 4
    assert int(augment(source(), FLIP, batch_size=6, drop_remainder=True).cardinality()) == 3
    assert augment(source(6).repeat(), FLIP).cardinality() == tf.data.INFINITE_CARDINALITY


def test_a_changed_type_is_known():
    dataset = augment(source(6), A.Compose([A.Normalize()]))
    assert dataset.element_spec[0] == tf.TensorSpec((None, SIZE, SIZE, 3), tf.float32)
    normal = A.Normalize(p=1)
    first = next(iter(dataset))[0].numpy()
    np.testing.assert_array_equal(first[2], normal(image=X[2])["image"])


def test_the_value_range_is_kept_or_made():
    floats = tf.data.Dataset.from_tensor_slices(X.astype(np.float32)).batch(6)
    as_float = np.concatenate([x.numpy() for x in augment(floats, FLIP, value_range=(0, 255))])
    as_bytes = np.concatenate([x.numpy() for x, _ in augment(source(6), FLIP)])
    np.testing.assert_array_equal(as_float, as_bytes)
    unit = augment(source(6), FLIP, value_range=(0, 1), dtype="float32")
    assert unit.element_spec[0].dtype == tf.float32
    assert float(tf.reduce_max(next(iter(unit))[0])) <= 1


def test_images_of_unknown_size():
    signature = (tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((), tf.int64))
    sizes = [(20 + 2 * i, 30 - i) for i in range(6)]
    dataset = tf.data.Dataset.from_generator(
        lambda: ((np.full((*size, 3), i, np.uint8), i) for i, size in enumerate(sizes)),
        output_signature=signature,
    )
    assert augment(dataset, FLIP).element_spec[0].shape == (16, 16, 3)
    assert next(iter(augment(dataset, FLIP).batch(6)))[0].shape == (6, 16, 16, 3)
    crop = A.Compose([A.RandomCrop(1200, 1200)])
    assert augment(dataset, crop).element_spec[0].shape == (1200, 1200, 3)
    padded = augment(
        dataset, A.Compose([]), batch_size=4, padding_values={"image": 9}, drop_remainder=True
    )
    assert padded.element_spec[0].shape.as_list() == [4, None, None, 3]
    (images, labels), *_ = list(padded)
    assert images.shape == (4, 26, 30, 3)
    assert labels.numpy().tolist() == [0, 1, 2, 3]
    assert np.unique(images[0, 20:]).tolist() == [9]
    assert np.unique(images[0, :20, :30]).tolist() == [0]


def test_a_pipeline_that_cannot_be_tried():
    class OnlyBright:
        def __call__(self, *, key, image, **data):
            if not image.any():
                raise RuntimeError("too dark")
            return data | {"image": image[:8].astype(np.float32)}

    bright = tf.data.Dataset.from_tensor_slices(np.maximum(X, 1))
    with pytest.raises(RuntimeError, match="too dark") as caught:
        augment(bright, OnlyBright())
    assert "with output_shape= and dtype= it does not try" in caught.value.__notes__[-1]
    dataset = augment(bright, OnlyBright(), output_shape=(8, None, 3), dtype="float32")
    assert dataset.element_spec.shape.as_list() == [8, None, 3]
    assert next(iter(dataset)).shape == (8, SIZE, 3)
    wrong = augment(bright, OnlyBright(), output_shape=(9, None, 3), dtype="float32")
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected image to come out as"):
        next(iter(wrong))


# ------------------------------------------------------------------------------------------- errors


def test_too_many_boxes_name_the_sample():
    dataset = augment(box_source(), MIRROR, max_boxes=1, num_parallel_calls=None)
    words = r"max_boxes is 1, but the pipeline gives 2 boxes[\s\S]*in sample 2 of epoch 0"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        list(dataset)


def test_unequal_results_in_a_batch_name_the_sample():
    dataset = augment(source(6), A.Compose([A.RandomScale((-0.5, 0.5), p=1)]))
    words = r"samples of a batch must be alike, but image of sample \d"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        list(dataset)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: augment(source(6), FLIP, batch_size=4), "batch_size must be None for a dataset"),
        (lambda: augment(source(), FLIP, batch_size=0), "batch_size must be a whole number >= 1"),
        (lambda: augment(source(), FLIP, seed=-1), "seed must be a whole number >= 0"),
        (lambda: augment(source(), FLIP, epoch="3"), "epoch must be a whole number >= 0"),
        (lambda: augment(source(), FLIP, value_range=(0, 9)), "value_range must be"),
        (lambda: augment(box_source(), MIRROR), "max_boxes must be given where there are boxes"),
        (lambda: augment(box_source(), FLIP, max_boxes=2), "needs a pipeline that knows its boxes"),
        (
            lambda: augment(box_source(), MIRROR, max_boxes=2, bounding_box_format="coco"),
            "bounding_box_format must be one of 'xyxy'",
        ),
        (lambda: augment(source(), FLIP, targets=("image", "image")), "must be different names"),
        (lambda: augment(source(), FLIP, targets=("mask", None)), "finds no image"),
        (lambda: augment(source(), FLIP, targets={"image": "image"}), "do not match the element"),
        (
            lambda: augment(tf.data.Dataset.from_tensor_slices({"photo": X}), FLIP),
            "finds no image in elements like .* name the parts by targets=",
        ),
        (
            lambda: augment(tf.data.Dataset.from_tensor_slices((X, X[..., 0], X[..., 1])), FLIP),
            "does not move sample weights of shape",
        ),
        (
            lambda: augment(tf.data.Dataset.from_tensor_slices(X[..., 0, 0, 0]), FLIP),
            "cannot tell batches from single images",
        ),
        (
            lambda: augment(
                box_source(lambda i: (20 + i, 30)).ragged_batch(4), MIRROR, max_boxes=3
            ),
            "Images of unequal sizes are augmented before they are batched",
        ),
        (
            lambda: augment(source(), FLIP, batch_size=4, padding_values={"mask": 1}),
            "padding_values must be given for",
        ),
    ],
)
def test_wrong_arguments(build, words):
    with pytest.raises(ValueError, match=words):
        build()
