"""`AugmentedSequence`: threads that start late and end, pickles, forks, Keras' own workers."""

import gc
import multiprocessing
import os
import pickle
import threading

import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import FLIP, classifier, epoch_of, photos, stamped

from probaug.adapters.image_data_generator import ImageDataGenerator
from probaug.adapters.keras import AugmentedSequence


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


def left_since(before):
    """Our threads that do not end by themselves."""
    new = set(threading.enumerate()) - before
    ours = [thread for thread in new if thread.name.startswith("probaug")]
    for thread in ours:
        thread.join(timeout=10)
    return [thread for thread in ours if thread.is_alive()]


def test_no_thread_is_left_after_a_fit_though_keras_keeps_the_sequence():
    gc.collect()
    before = set(threading.enumerate())
    sequence = AugmentedSequence((photos(), np.arange(20) % 3), FLIP, threads=2, batch_size=4)
    flow = ImageDataGenerator(rotation_range=9, threads=2).flow(photos(), np.arange(20) % 3, 4)
    model = classifier()
    model.fit(sequence, epochs=2, validation_data=flow, verbose=0)
    model.evaluate(flow, verbose=0)
    assert not left_since(before)
    assert epoch_of(sequence)


def test_close_ends_threads_that_keras_started_beyond_its_steps():
    """TensorFlow asks for batches ahead, beyond the last of ``steps_per_epoch``."""
    gc.collect()
    before = set(threading.enumerate())
    sequence = AugmentedSequence((photos(), np.arange(20) % 3), FLIP, threads=2, batch_size=4)
    classifier().fit(sequence, epochs=2, steps_per_epoch=2, verbose=0)
    sequence.close()
    assert not left_since(before)


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
