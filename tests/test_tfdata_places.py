"""`tfdata.augment` in mid-run, on several devices, in other processes."""

import inspect
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf
from tfdata_helpers import FLIP, X, source

from probaug.adapters.tfdata import augment


def flat(dataset):
    return [image.tobytes() for x, _ in dataset for image in x.numpy()]


def recipe(dataset, pipeline):
    """Iterator and checkpoint as the docstring of `augment` makes them."""
    lines = inspect.getdoc(augment).partition("::\n\n")[2].splitlines()
    end = next(number for number, line in enumerate(lines) if line and line[0] != " ")
    names = {"tf": tf, "augment": augment, "dataset": dataset, "pipeline": pipeline}
    exec(textwrap.dedent("\n".join(lines[:end])), names)
    return names["iterator"], names["checkpoint"]


@pytest.mark.parametrize("done", [1, 3, 4, 5, 8, 11])
def test_the_documented_checkpoint_goes_on_wherever_a_run_was_broken_off(done, tmp_path):
    """Four batches in a pass over the data; each pass is drawn anew."""

    def read(iterator, count=12 - done):
        return [next(iterator)[0].numpy().tobytes() for _ in range(count)]

    iterator, checkpoint = recipe(source(5), FLIP)
    before = read(iterator, done)
    path = checkpoint.save(str(tmp_path / "mid"))
    rest = read(iterator)
    assert len({*before, *rest}) == 12
    iterator, checkpoint = recipe(source(5), FLIP)
    checkpoint.restore(path)
    assert read(iterator) == rest


def test_repeat_after_it_counts_epochs_and_before_it_counts_on():
    passes = [flat(augment(source(5), FLIP, seed=3, epoch=epoch)) for epoch in range(3)]
    after = augment(source(5), FLIP, seed=3).repeat()
    assert flat(after.take(12)) == [image for epoch in passes for image in epoch]
    before = augment(source(5).repeat(), FLIP, seed=3)
    assert before.cardinality() == tf.data.INFINITE_CARDINALITY
    long = flat(before.take(12))
    assert long[:20] == passes[0]
    rows = [FLIP(image=X[i % 20], key=(3, 0, i))["image"].tobytes() for i in range(60)]
    assert long == rows
    finite = augment(source(5).repeat(3), FLIP, seed=3)
    assert (int(finite.cardinality()), flat(finite)) == (12, rows)


def test_a_dropped_remainder_is_a_static_shape():
    full = augment(source().batch(6, drop_remainder=True), FLIP)
    later = augment(source(), FLIP, batch_size=6, drop_remainder=True)
    for dataset in (full, later):
        assert [tuple(part.shape) for part in dataset.element_spec] == [(6, 16, 16, 3), (6,)]
        assert int(dataset.cardinality()) == len(list(dataset)) == 3


REPLICAS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import numpy as np
from tfdata_helpers import FLIP, source
from probaug.adapters.tfdata import augment

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for batched in (augment(source(6), FLIP, seed=3), augment(source(), FLIP, seed=3, batch_size=6)):
    shared = strategy.experimental_distribute_dataset(batched)
    for epoch in range(2):
        parts = [strategy.experimental_local_results(x) for x, y in shared]
        assert [len(part) for part in parts[0]] == [3, 3]
        whole = np.concatenate([part.numpy() for pair in parts for part in pair])
        alone = [x.numpy() for x, y in augment(source(6), FLIP, seed=3, epoch=epoch)]
        assert np.array_equal(whole, np.concatenate(alone)), epoch
"""

SERVICE = """
import sys, tensorflow as tf
service = tf.data.experimental.service
dispatcher = service.DispatchServer()
address = dispatcher.target.partition("://")[2]
worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address))
print(dispatcher.target, flush=True)
sys.stdin.read()
"""


def python(code):
    path = str(Path(__file__).parent)
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}){code}"]


@pytest.mark.slow
def test_replicas_share_the_samples_of_one_dataset():
    run = subprocess.run(python(REPLICAS), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_a_data_service_in_another_process_says_that_it_cannot():
    with subprocess.Popen(
        python(SERVICE), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            target = server.stdout.readline().strip()
            served = tf.data.experimental.service.distribute("parallel_epochs", target)
            with pytest.raises(tf.errors.OpError, match="augment_works_in_its_own_process_alone"):
                list(augment(source(5), FLIP).apply(served))
        finally:
            server.stdin.close()
