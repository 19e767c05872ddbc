"""`AugmentedSequence`: batches made by processes, in memory that they share."""

import gc
import glob
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import FLIP, SIZE, bytes_of, classifier, epoch_of, photos
from sequence_sources import Deadly, Failing

import probaug as A
from probaug.adapters._processes import Shared
from probaug.adapters.keras import AugmentedSequence

CROP = A.Compose([A.RandomCrop(16, 16), A.Rotate(), A.GaussNoise(p=0.5)])


def names():
    return set(glob.glob("/dev/shm/probaug-*"))


@pytest.mark.parametrize("processes", [1, 2])
def test_epochs_are_bit_identical_to_those_of_threads(processes):
    options = {"batch_size": 6, "seed": 5, "mix": A.CutMix(p=0.5)}
    options |= {"label_mode": "categorical", "num_classes": 20}
    here, there = (
        AugmentedSequence((photos(), np.arange(20)), CROP, **options, **how)
        for how in ({"threads": 0}, {"processes": processes})
    )
    before = names()
    held = []
    for epoch in range(5):
        here.set_epoch(epoch)
        there.set_epoch(epoch)
        assert epoch_of(there) == epoch_of(here)
        held += [(bytes_of(here[i]), there[i]) for i in (1, 0)]
    # arrays that are held on to are not written over
    assert all(bytes_of(batch) == expected for expected, batch in held)
    there.close()
    assert all(bytes_of(batch) == expected for expected, batch in held)
    assert names() <= before
    there.set_epoch(0)
    here.set_epoch(0)
    assert epoch_of(there) == epoch_of(here)
    there.close()


def test_memory_is_used_again(monkeypatch):
    sizes = []
    reserve = Shared._reserve
    monkeypatch.setattr(
        Shared,
        "_reserve",
        lambda self, folder, size: sizes.append(size) or reserve(self, folder, size),
    )
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1, batch_size=2)
    for epoch in range(4):
        sequence.set_epoch(epoch)
        epoch_of(sequence)
    assert 1 < len(sizes) <= 6  # the source, three batches ahead, one asked for
    first = sequence[0]
    first[0][:] = 7  # its owner may write to it
    sequence.close()


def test_errors_and_skipped_samples_travel():
    sequence = AugmentedSequence(Failing(), FLIP, processes=1, batch_size=10, shuffle=False)
    with pytest.raises(OSError, match="no such luck") as caught:
        sequence[0]
    assert "in sample 3 of epoch 0" in caught.value.__notes__
    sequence.close()
    options = {"on_error": "skip", "batch_size": 10, "shuffle": False, "cache": "disk"}
    sequence = AugmentedSequence(Failing(), FLIP, processes=1, **options)
    expected = epoch_of(AugmentedSequence(Failing(), FLIP, threads=0, **options))
    for _ in range(3):
        assert epoch_of(sequence) == expected
    assert [(error.index, error.reason) for error in sequence.errors] == [
        (3, "OSError: no such luck")
    ]
    sequence.close()


def test_a_process_that_dies_is_an_error_and_no_hang():
    sequence = AugmentedSequence(Deadly(), FLIP, processes=2, batch_size=2)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"ended with exit code 7.*__main__"):
            sequence[0]
    sequence.close()


def test_what_cannot_travel_says_so():
    pipeline = A.Compose([A.Lambda(image=lambda image, **kwargs: image, p=1)])
    sequence = AugmentedSequence((photos(4), np.arange(4)), pipeline, processes=1)
    with pytest.raises(Exception, match=r"(?i)pickle|lambda") as caught:
        sequence[0]
    assert any("fit for a pickle" in note for note in getattr(caught.value, "__notes__", []))


def test_a_model_trains_and_nothing_is_left():
    before = names()
    sequence = AugmentedSequence(
        (photos(), np.arange(20) % 3), FLIP, processes=1, batch_size=6, seed=1
    )
    classifier().fit(sequence, epochs=2, verbose=0, shuffle=False)
    sequence.close()
    assert not multiprocessing.active_children()
    other = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1)
    epoch_of(other)
    assert len(multiprocessing.active_children()) == 1
    del other  # without close()
    gc.collect()
    assert not multiprocessing.active_children()
    assert names() <= before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_end_its_parent_s_processes():
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1, batch_size=6, seed=1)
    expected = epoch_of(sequence)
    child = multiprocessing.get_context("fork").Process(target=sequence.close)
    child.start()
    child.join(timeout=60)
    assert child.exitcode == 0
    assert epoch_of(sequence) == expected
    sequence.close()


def test_ctrl_c_is_not_for_the_processes():
    """A terminal sends it to all of them; the notebook that got it may go on."""
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1, batch_size=6, seed=1)
    expected = epoch_of(sequence)
    (child,) = multiprocessing.active_children()
    os.kill(child.pid, signal.SIGINT)
    assert epoch_of(sequence) == expected
    assert child.is_alive()
    sequence.close()


def test_a_process_that_is_killed_between_batches_is_an_error_once():
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1, batch_size=6, seed=1)
    expected = epoch_of(sequence)
    (child,) = multiprocessing.active_children()
    child.kill()
    child.join()
    with pytest.raises(RuntimeError, match="a process of AugmentedSequence ended with exit code"):
        sequence[0]
    assert epoch_of(sequence) == expected
    sequence.close()


def test_a_script_without_a_guard_is_told_about_it(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent("""
        import numpy as np
        import probaug as A
        from probaug.adapters.keras import AugmentedSequence
        x = np.zeros((4, 8, 8, 3), np.uint8)
        AugmentedSequence((x, np.arange(4)), A.HorizontalFlip(), processes=1)[0]
        """)
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "needs a script whose work is under `if __name__ ==" in done.stderr


def test_shared_memory_has_no_room_for_everything():
    with pytest.raises(OSError, match="there is no room for"):
        Shared(2**60)


def test_images_larger_than_the_first_batch_come_too():
    """Memory is as large as the largest batch so far; what does not fit is sent."""
    x = [np.zeros((SIZE + 8 * (i // 2), SIZE, 3), np.uint8) for i in range(12)]
    options = {"batch_size": 2, "shuffle": False}
    here = AugmentedSequence((x, np.arange(12)), A.HorizontalFlip(), threads=0, **options)
    there = AugmentedSequence((x, np.arange(12)), A.HorizontalFlip(), processes=1, **options)
    for _ in range(2):
        assert epoch_of(there) == epoch_of(here)
    there.close()


@pytest.mark.parametrize("processes", [-1, 1.5, None])
def test_wrong_processes(processes):
    with pytest.raises(ValueError, match="processes must be a whole number >= 0"):
        AugmentedSequence((photos(4), np.arange(4)), FLIP, processes=processes)
