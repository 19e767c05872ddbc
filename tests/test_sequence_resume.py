"""`AugmentedSequence`: the state of an epoch, a killed run that goes on, shards of hosts."""

import json
import runpy
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import FLIP, bytes_of, epoch_of, listener, photos, served, stamped

from probaug.adapters._order import EpochClock, Shares
from probaug.adapters.keras import AugmentedSequence

# state


def flipped(**options):
    return AugmentedSequence((photos(), np.arange(20)), FLIP, batch_size=3, seed=4, **options)


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("done", [0, 1, 3, 6])
def test_a_resumed_epoch_gives_the_rest_of_it_bit_by_bit(threads, done):
    whole = flipped(threads=threads, epoch=2)
    expected = epoch_of(whole)
    whole.set_epoch(2)
    for index in range(done):
        whole[index]
    state = json.loads(json.dumps(whole.state_dict()))
    resumed = flipped(threads=threads)
    resumed.load_state_dict(state)
    assert (resumed.epoch, len(resumed)) == (2, 7 - done)
    assert epoch_of(resumed) == expected[done:]
    assert resumed.state_dict()["epoch"] == 3
    assert resumed.state_dict()["batch"] == 0
    resumed.set_epoch(2)
    assert epoch_of(resumed) == expected
    whole.close()
    resumed.close()


def test_a_state_says_how_many_batches_are_done():
    sequence = flipped(threads=0)
    assert sequence.state_dict(batch=5)["batch"] == 5
    assert sequence.state_dict(batch=7) | {"seed": 0} == sequence.state_dict() | {
        "epoch": 1,
        "seed": 0,
    }
    sequence.load_state_dict(sequence.state_dict(batch=5))
    assert sequence.state_dict(batch=1)["batch"] == 6
    with pytest.raises(ValueError, match=r"state_dict\(batch\) must be from 0 to 2, got 3"):
        sequence.state_dict(batch=3)


@pytest.mark.parametrize(
    "options",
    [{"seed": 5}, {"batch_size": 4}, {"shuffle": False}, {"drop_last": True}, {"shard": (0, 2)}],
)
def test_a_state_of_other_batches_is_refused(options):
    given = {"seed": 4, "batch_size": 3} | options
    other = AugmentedSequence((photos(), np.arange(20)), FLIP, **given)
    with pytest.raises(ValueError, match=r"the state is of .* so that its batches are others"):
        other.load_state_dict(flipped().state_dict())


def test_a_state_that_is_none_is_refused():
    sequence = flipped()
    state = sequence.state_dict()
    for wrong in (
        state | {"batch": 7},
        state | {"epoch": -1},
        state | {"batch": "2"},
        state | {"hosts": 0},
        [],
        None,
    ):
        with pytest.raises(ValueError, match="must be"):
            sequence.load_state_dict(wrong)
    with pytest.raises(ValueError, match="the state is of seed=None, the sequence has seed=4"):
        sequence.load_state_dict({})
    assert sequence.state_dict() == state


def test_a_state_is_plain_whatever_numbers_were_given():
    sequence = flipped(
        threads=0, epoch=np.int64(1), shuffle=np.bool_(True), drop_last=np.bool_(False)
    )
    sequence[np.int64(2)]
    for state in (sequence.state_dict(), sequence.state_dict(np.int64(3))):
        assert json.loads(json.dumps(state)) == state
        assert (state["epoch"], state["batch"]) == (1, 3)


@pytest.mark.parametrize("how", [{"threads": 0}, {"threads": 8, "lookahead": 5}, {"processes": 1}])
def test_a_state_is_that_of_any_number_of_threads(how):
    whole = flipped(threads=2, epoch=1)
    expected = epoch_of(whole)
    whole.set_epoch(1)
    whole[2]
    other = flipped(**how)
    other.load_state_dict(whole.state_dict())
    assert epoch_of(other) == expected[3:]
    whole.close()
    other.close()


def test_a_state_of_another_source_is_refused():
    other = AugmentedSequence((photos(21), np.arange(21)), FLIP, batch_size=3, seed=4)
    with pytest.raises(ValueError, match=r"state is of samples=20, the sequence has samples=21"):
        other.load_state_dict(flipped().state_dict())


class Stop(keras.callbacks.Callback):
    """Takes a state after some batches of an epoch and breaks the fit off."""

    def __init__(self, sequence, epoch, batch):
        super().__init__()
        self.sequence, self.where, self.state = sequence, (epoch, batch), None

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch + 1) == self.where:
            self.state = self.sequence.state_dict()
            raise KeyboardInterrupt


@pytest.mark.parametrize("done", [1, 3, 4])
def test_a_fit_goes_on_where_another_was_stopped(done):
    """Keras asks for batches ahead; the callback knows which of them were trained on."""
    sequence = stamped(threads=2, batch_size=2)
    stop, model = Stop(sequence, 1, done), listener()
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            sequence, epochs=3, verbose=0, shuffle=False, callbacks=[sequence.callback(), stop]
        )
    before = model.trained
    assert len(before) == 10 + 2 * done

    sequence = stamped(threads=2, batch_size=2)
    sequence.load_state_dict(stop.state)
    model = listener()
    options = {"verbose": 0, "shuffle": False, "callbacks": [sequence.callback()]}
    model.fit(sequence, initial_epoch=1, epochs=2, **options)
    model.fit(sequence, initial_epoch=2, epochs=3, **options)
    assert served(before + model.trained) == {epoch: list(range(10)) for epoch in range(3)}
    whole = stamped(threads=0, batch_size=2)
    expected = [(epoch, int(i)) for epoch in range(3) for i in whole.order(epoch)]
    assert before + model.trained == expected
    sequence.close()


@pytest.mark.parametrize("told", [False, True])
def test_a_fit_beyond_a_resumed_epoch_is_refused(told):
    """Keras would take all its epochs to be as short as the first."""
    sequence = stamped(threads=0, batch_size=2)
    sequence.load_state_dict(sequence.state_dict(batch=3))
    options = {"verbose": 0, "shuffle": False}
    options |= {"callbacks": [sequence.callback()]} if told else {}
    model = listener()
    # without a callback it is TensorFlow that hands the error on
    kind, words = RuntimeError if told else Exception, r"must be of its rest alone.* epochs=1"
    with pytest.raises(kind, match=words):
        model.fit(sequence, epochs=3, **options)
    assert model.trained[:4] == [(0, int(i)) for i in sequence.order(0)[6:]]
    model.trained.clear()
    model.fit(sequence, initial_epoch=1, epochs=2, **options)
    assert served(model.trained) == {1: list(range(10))}


@pytest.mark.parametrize(
    "options",
    [
        {"initial_epoch": 0, "epochs": 3},
        {"initial_epoch": 2, "epochs": 3},
        {"initial_epoch": 1, "epochs": 2, "steps_per_epoch": 1},
        {"initial_epoch": 1, "epochs": 2, "steps_per_epoch": 5},
    ],
)
def test_a_fit_of_other_than_the_rest_is_refused_before_it_loses_batches(options):
    """Keras has taken the length of the rest for that of the epochs of the fit."""
    sequence, model = stamped(threads=0, batch_size=2), listener()
    sequence.load_state_dict(sequence.state_dict() | {"epoch": 1, "batch": 3})
    callbacks = [sequence.callback()]
    with pytest.raises(RuntimeError, match=r"within epoch 1 must be of its rest alone, without st"):
        model.fit(sequence, verbose=0, shuffle=False, callbacks=callbacks, **options)
    assert model.trained == []
    model.fit(sequence, initial_epoch=1, epochs=2, verbose=0, shuffle=False, callbacks=callbacks)
    assert model.trained == [(1, int(i)) for i in sequence.order(1)[6:]]


@pytest.mark.parametrize("broken", [1, 2, 3, 5])
def test_a_pass_of_several_epochs_is_resumed_without_steps(broken):
    """Six batches, two in each of Keras' epochs."""
    sequence, model = stamped(count=12, batch_size=2, threads=2), listener()
    stop = Stop(sequence, 3 + broken // 2, 1 + broken % 2)
    options = {"verbose": 0, "shuffle": False}
    steps = options | {"steps_per_epoch": 2}
    with pytest.raises(KeyboardInterrupt):
        model.fit(sequence, epochs=9, callbacks=[sequence.callback(), stop], **steps)
    before = model.trained
    state = stop.state
    if broken == 5:
        assert (state["epoch"], state["batch"]) == (2, 0)
    else:
        assert (state["epoch"], state["batch"]) == (1, broken + 1)

    sequence, model = stamped(count=12, batch_size=2, threads=2), listener()
    sequence.load_state_dict(state)
    told = options | {"callbacks": [sequence.callback()]}
    if state["batch"]:
        first = 3 + broken // 2
        with pytest.raises(RuntimeError, match=r"initial_epoch=1, epochs=2\), then"):
            model.fit(sequence, initial_epoch=first, epochs=9, steps_per_epoch=2, **told)
        model.fit(sequence, initial_epoch=1, epochs=2, **told)
    model.fit(sequence, initial_epoch=6, epochs=9, steps_per_epoch=2, **told)
    expected = [(epoch, int(i)) for epoch in range(3) for i in sequence.order(epoch)]
    assert before + model.trained == expected
    sequence.close()


def test_steps_go_on_in_the_same_pass_and_end_with_it():
    """What Keras does when steps do not divide the batches, as the class tells."""
    sequence, model = stamped(count=12, batch_size=2, threads=2), listener()
    with pytest.warns(UserWarning, match="ran out of data"):
        model.fit(
            sequence, epochs=4, steps_per_epoch=4, shuffle=False, verbose=0,
            callbacks=[sequence.callback()],
        )  # fmt: skip
    assert model.trained == [(epoch, int(i)) for epoch in range(2) for i in sequence.order(epoch)]
    assert sequence.state_dict()["epoch"] == 2
    assert sequence.state_dict()["batch"] == 0
    sequence.close()


def test_what_keras_took_ahead_of_the_rest_does_not_excuse_more():
    clock = EpochClock(0, 6, False)
    clock.set(1, first=3)
    for batches in ([0, 1, 2], []):  # the second of Keras' epochs is served from what is there
        clock.begin()
        for batch in batches:
            clock.asked(batch)
        clock.end()
    clock.begin()
    clock.asked(0)
    with pytest.raises(RuntimeError, match="within epoch 1 must be of its rest alone"):
        clock.asked(1)


def test_another_fit_after_a_resumed_epoch_may_begin_with_a_look():
    """JAX's first fit of a model begins with it, as if an epoch had begun."""
    clock = EpochClock(0, 5, False)
    clock.set(0, first=2)
    for _ in range(2):
        clock.begin()
        for batch in range(clock.left):
            clock.asked(batch)
        clock.end()
        clock.begin()
        clock.asked(0)
        clock.end()
        clock.end()
    assert clock.epoch == 2


def test_a_look_at_one_batch_does_not_end_a_resumed_epoch():
    """JAX's first fit brackets its look at batch 0 as if it were an epoch."""
    clock = EpochClock(0, 5, False)
    clock.set(1, first=4)
    clock.begin()
    clock.asked(0)
    clock.end()
    clock.end()
    clock.tell(1, 1, 1)
    clock.begin()
    assert (clock.epoch, clock.first) == (1, 4)


SCRIPT = """
    import hashlib, json, os, signal, sys
    import numpy as np
    import probaug as A
    from probaug.adapters.keras import AugmentedSequence

    state, log, kill = sys.argv[1], sys.argv[2], int(sys.argv[3])
    x = np.random.default_rng(0).integers(0, 256, (22, 24, 24, 3), np.uint8)
    pipeline = A.Compose([
        A.RandomCrop(16, 16), A.Rotate(p=0.8), A.GaussNoise(p=0.5),
    ])
    sequence = AugmentedSequence((x, np.arange(22)), pipeline, batch_size=4, seed=3, threads=2,
                                 mix=A.OneOf([A.CutMix(p=1), A.MixUp(p=1)], p=0.5),
                                 label_mode="categorical", num_classes=22)
    if os.path.exists(state):
        sequence.load_state_dict(json.load(open(state)))
    served = 0
    while sequence.epoch < 3:
        for index in range(len(sequence)):
            batch = b"".join(np.asarray(part).tobytes() for part in sequence[index])
            if served == kill:
                os.kill(os.getpid(), signal.SIGKILL)  # before it counts as done
            with open(log, "a") as file:
                file.write(hashlib.sha256(batch).hexdigest() + "\\n")
            with open(state + ".new", "w") as file:
                json.dump(sequence.state_dict(), file)
            os.replace(state + ".new", state)
            served += 1
        sequence.set_epoch(sequence.epoch + 1)
    sequence.close()
"""


def test_a_killed_run_goes_on_with_exactly_the_batches_to_come(tmp_path, monkeypatch):
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(SCRIPT))

    def run(name, kill):
        paths = [tmp_path / f"{name}.json", tmp_path / f"{name}.log"]
        command = [str(script), *map(str, paths), str(kill)]
        if name == "whole":
            monkeypatch.setattr(sys, "argv", command)
            runpy.run_path(str(script))
            code = 0
        else:
            code = subprocess.run([sys.executable, *command], timeout=120).returncode
        return code, paths[1].read_text().split()

    expected = run("whole", -1)[1]
    assert len(set(expected)) == 18
    assert run("killed", 9)[0] == -signal.SIGKILL  # in the middle of epoch 1
    assert run("killed", 5)[0] == -signal.SIGKILL  # in epoch 2
    code, given = run("killed", -1)
    assert code == 0
    assert given == expected


# shards


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("samples", [10, 11, 23, 24, 25, 61])
def test_hosts_have_equally_many_batches_and_no_sample_twice(samples, count, drop_last):
    order = np.random.default_rng(0).permutation(samples)
    if samples // (2 * count) == 0 and drop_last:
        return
    hosts = [Shares.of("Test", samples, 2, (index, count), drop_last) for index in range(count)]
    batches = [[s.batch(s.mine(order), b) for b in range(s.batches)] for s in hosts]
    assert len({len(own) for own in batches}) == 1
    every = [sample for own in batches for batch in own for sample in batch]
    assert len(every) == len(set(every))
    sizes = [len(batch) for own in batches for batch in own]
    assert set(sizes) <= ({2} if drop_last else {1, 2})
    assert len(every) == (samples // (2 * count) * 2 * count if drop_last else samples)


def test_batches_of_all_hosts_are_the_same_for_any_number_of_them():
    def union(count):
        hosts = [stamped(24, 12 // count, shard=(i, count), threads=0) for i in range(count)]
        assert len({len(host) for host in hosts}) == 1
        return [
            sorted(bytes(image) for host in hosts for image in host[batch][0])
            for batch in range(len(hosts[0]))
        ]

    assert union(1) == union(2) == union(3) == union(4)


def test_a_state_moves_to_another_number_of_hosts():
    one = stamped(24, 12, threads=0)
    two = [stamped(24, 6, threads=0, shard=(i, 2)) for i in range(2)]
    for host in two:
        host.load_state_dict(one.state_dict(batch=1))
    stamps = sorted(bytes(image) for host in two for image in host[0][0])
    assert stamps == sorted(bytes(image) for image in one[1][0])


@pytest.mark.parametrize("samples", [24, 25, 26, 27, 31, 35])
@pytest.mark.parametrize("others", [1, 2, 3, 4])
@pytest.mark.parametrize("hosts", [1, 2, 3, 4])
def test_a_state_moves_or_is_refused_wherever_it_was_taken(samples, hosts, others):
    def every(count):
        size = 12 // count
        return [Shares.of("Test", samples, size, (i, count), False) for i in range(count)]

    def done(shares, batch):
        mine = [own.mine(np.arange(samples)) for own in shares]
        return sorted(
            s for own, part in zip(shares, mine) for b in range(batch) for s in own.batch(part, b)
        )

    here, there = every(hosts), every(others)
    for batch in range(here[0].batches):
        same = done(here, batch) == done(there, batch)
        assert there[0].same_after(batch, hosts) == same


def test_another_number_of_hosts_cannot_take_over_the_short_end_of_an_epoch():
    one, options = stamped(25, 12, threads=0), {"threads": 0, "batch_size": 6}
    two = [stamped(25, shard=(i, 2), **options) for i in range(2)]
    two[0].load_state_dict(one.state_dict(batch=1))
    with pytest.raises(ValueError, match=r"of 1 hosts, the sequence of 2; at batch 2 of 3 some"):
        two[0].load_state_dict(one.state_dict(batch=2))
    with pytest.raises(ValueError, match=r"of 2 hosts, the sequence of 1; at batch 2 of 3 some"):
        one.load_state_dict(two[1].state_dict(batch=2))
    assert two[0].state_dict()["batch"] == 1
    one.load_state_dict(two[1].state_dict(batch=2) | {"batch": 0})
    assert len(one) == 3


@pytest.mark.parametrize("shard", [(2, 2), (-1, 2), (0, 0), 3, (0.0, 1), None])
def test_wrong_shards(shard):
    with pytest.raises(ValueError, match=r"shard must be \(index, count\) with 0 <= index < count"):
        stamped(shard=shard)


def test_shards_that_cannot_be_equal():
    with pytest.raises(ValueError, match="5 samples do not make equally many batches of 1 for 2"):
        stamped(5, 1, shard=(0, 2))
    with pytest.raises(ValueError, match=r"batch_size must be <= 2.* with drop_last, got 3"):
        stamped(5, 3, shard=(0, 2), drop_last=True)
    assert len(stamped(5, 1, shard=(0, 2), drop_last=True)) == 2


def test_a_validation_sequence_keeps_its_shard():
    plain = flipped(shard=(1, 2)).without_augmentation()
    labels = np.concatenate([plain[i][1] for i in range(len(plain))])
    assert labels.tolist() == list(range(1, 20, 2))
    assert bytes_of(plain[0]) == bytes_of(plain[0])
