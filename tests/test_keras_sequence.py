"""`AugmentedSequence`: purity, order, look-ahead, and the epochs of real fits."""

import threading

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import (
    FLIP,
    SIZE,
    bytes_of,
    epoch_of,
    listener,
    photos,
    served,
    stamped,
)

import probaug as A
from probaug.adapters._order import EpochClock, permutation
from probaug.adapters.keras import AugmentedSequence

# purity


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


# order


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


# look-ahead


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


# epochs in fits


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


def test_loops_without_keras_end_epochs_but_looks_do_not():
    sequence, model = stamped(shuffle=False), listener()
    for epoch in range(2):
        assert sequence.epoch == epoch
        for index in range(len(sequence)):
            sequence[index]
        sequence.on_epoch_end()
    for index in (2, 0, 1, 2):  # somebody looks at all of them, then trains
        sequence[index]
    model.fit(sequence, epochs=2, verbose=0)
    assert served(model.trained) == {2: list(range(10)), 3: list(range(10))}


def test_set_epoch_and_freeze_epoch():
    frozen, model = stamped(freeze_epoch=True, epoch=4), listener()
    model.fit(frozen, epochs=3, verbose=0, callbacks=[frozen.callback()])
    assert served(model.trained) == {4: sorted(list(range(10)) * 3)}
    frozen.set_epoch(6)
    assert frozen.epoch == 6
    with pytest.raises(ValueError, match=r"AugmentedSequence.epoch must be a whole number >= 0"):
        frozen.set_epoch(-1)
