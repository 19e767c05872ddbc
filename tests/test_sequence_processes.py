"""`AugmentedSequence`: batches made by processes, in memory that they share."""

import gc
import glob
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import FLIP, SIZE, bytes_of, classifier, epoch_of, photos
from sequence_sources import Deadly, Failing

import probaug as A
from probaug.adapters import _processes, _shared
from probaug.adapters._signals import undivided
from probaug.adapters.keras import AugmentedSequence

CROP = A.Compose([A.RandomCrop(16, 16), A.Rotate(), A.GaussNoise(p=0.5)])


def names():
    return set(glob.glob(f"/dev/shm/probaug-{os.getpid()}-*"))


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
    reserve = _shared.reserved
    monkeypatch.setattr(
        _shared, "reserved", lambda *where, size: sizes.append(size) or reserve(*where, size=size)
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


def test_processes_serve_all_epochs_of_a_fit_and_end_with_it():
    class Seen(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append({child.pid for child in multiprocessing.active_children()})

    seen = []
    sequence = AugmentedSequence(
        (photos(), np.arange(20) % 3), FLIP, processes=1, batch_size=6, seed=1
    )
    callbacks = [sequence.callback(), Seen()]
    classifier().fit(sequence, epochs=3, verbose=0, shuffle=False, callbacks=callbacks)
    assert len(seen) == 3
    assert len(set.union(*seen)) == 1
    assert not multiprocessing.active_children()
    sequence.close()


def test_processes_that_are_idle_end_and_others_start(monkeypatch):
    """Without a callback nobody knows when a fit is over, and Keras keeps the sequence."""
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1, batch_size=6, seed=1)
    expected = epoch_of(sequence)
    pool = sequence._feed._running.processes
    assert pool.rest() > _processes.IDLE / 2
    assert len(multiprocessing.active_children()) == 1
    pool.stop()
    monkeypatch.setattr(_processes, "IDLE", 0.5)
    assert bytes_of(sequence[0]) == expected[0]
    for child in multiprocessing.active_children():
        child.join(timeout=60)
    assert not multiprocessing.active_children()
    monkeypatch.undo()
    assert epoch_of(sequence) == expected
    sequence.close()


LEFT = """
    import gc, glob, json, multiprocessing, os, signal, sys, threading, time
    import numpy as np
    import probaug as A

    def left():
        gc.collect()
        files = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
        shared = glob.glob(f"/dev/shm/probaug-{os.getpid()}-*")
        return [len(files), len(multiprocessing.active_children()), len(shared)]

    def sequence():
        from probaug.adapters.keras import AugmentedSequence

        x = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
        pipeline = A.Compose([A.RandomCrop(16, 16)])
        return AugmentedSequence((x, np.arange(40)), pipeline, processes=2, batch_size=4)
"""
# Ctrl-C, for all processes of a terminal, at any time of a run
INTERRUPTED = (
    LEFT
    + """
    def interrupt(armed, over):
        for wait in np.random.default_rng(1).uniform(0, 0.3, 10000) ** 2:
            if over.is_set():
                break
            time.sleep(wait)
            if armed.is_set():
                armed.clear()
                os.killpg(0, signal.SIGINT)

    def main():
        run = sequence()
        expected = [run[i][0].tobytes() for i in range(10)]
        del run
        before = left()
        armed, over = threading.Event(), threading.Event()
        thread = threading.Thread(target=interrupt, args=(armed, over), daemon=True)
        thread.start()
        run, times = sequence(), 0
        while times < 60:
            try:
                armed.set()
                for index in range(10):
                    assert run[index][0].tobytes() == expected[index]
                if times % 9 == 8:
                    run.close()
                if times % 13 == 12:
                    run = sequence()
                armed.wait(0.01)
            except KeyboardInterrupt:
                times += 1
        over.set()
        thread.join()
        assert [run[i][0].tobytes() for i in range(10)] == expected
        run.close()
        del run
        print(json.dumps([before, left()]))

    if __name__ == "__main__":
        main()
"""
)
ENDED = (
    LEFT
    + """
    if __name__ == "__main__":
        run = sequence()
        run[0]
        assert left()[1] == 2
        pids = [child.pid for child in multiprocessing.active_children()]
        print(json.dumps([os.getpid(), *pids]))
"""
)


KILLED = (
    LEFT
    + """
    if __name__ == "__main__":
        run = sequence()
        for index in range(8):
            run[index]
        print(json.dumps(os.getpid()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""
)


def told(tmp_path, script, code=0):
    path = tmp_path / "run.py"
    path.write_text(textwrap.dedent(script))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, timeout=600, env=environment,
        start_new_session=True,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="there are no groups of processes here")
def test_nothing_is_left_of_a_run_that_is_interrupted_again_and_again(tmp_path):
    before, after = told(tmp_path, INTERRUPTED)
    assert before[1:] == [0, 0]
    assert after == before


def test_nothing_is_left_when_the_interpreter_ends(tmp_path):
    parent, *children = told(tmp_path, ENDED)
    assert len(children) == 2
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    assert not glob.glob(f"/dev/shm/probaug-{parent}-*")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="memory has a name here")
def test_no_shared_memory_is_left_of_a_run_that_is_killed(tmp_path):
    killed = told(tmp_path, KILLED, code=-signal.SIGKILL)
    assert not glob.glob(f"/dev/shm/probaug-{killed}-*")


def test_ctrl_c_waits_for_what_is_begun():
    done = []

    def interrupted():
        with undivided():
            signal.raise_signal(signal.SIGINT)
            done.append(1)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_batch_that_is_not_taken_is_thrown_away():
    """As when Ctrl-C comes between asking for it and waiting for it."""
    sequence = AugmentedSequence((photos(), np.arange(20)), FLIP, processes=1, batch_size=6, seed=1)
    expected = epoch_of(sequence)
    pool = sequence._feed._running.processes
    for _ in range(5):
        pool.ask((0, 1))
        assert epoch_of(sequence) == expected
    assert not pool._answers
    assert sum(len(worker.asked) for worker in pool.workers) <= 2  # ahead
    sequence.close()


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
        _shared.Shared(2**60)


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
