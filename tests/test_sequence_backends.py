"""Keras' other backends: the same batches, each exactly once, of iterators too."""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("keras")

# Run on each backend, in a process of its own. The model's loss is made of what it was given.
CODE = """
import hashlib, json, sys
from keras_helpers import photos, stamped
import keras, numpy as np
import probaug as A
from probaug.adapters.image_data_generator import ImageDataGenerator
from probaug.adapters.keras import AugmentedSequence

assert keras.backend.backend() == sys.argv[1]
told = {}
for how in ({"threads": 0}, {"threads": 2}, {"threads": 8}, {"processes": 1}):
    sequence = AugmentedSequence(
        (photos(), np.arange(20)), A.Compose([A.RandomCrop(16, 16), A.GaussNoise()]),
        batch_size=6, seed=5, label_mode="categorical", num_classes=20,
        mix=A.CutMix(p=0.5), **how,
    )
    digest = hashlib.sha256()
    for epoch in range(2):
        sequence.set_epoch(epoch)
        for index in range(len(sequence)):
            for part in sequence[index]:
                digest.update(part.tobytes())
    told[str(how)] = digest.hexdigest()
    sequence.close()

def seen(sequence, with_callback=True, shuffle=False, **options):
    inputs = keras.Input((2, 2, 3))
    flat = keras.layers.Flatten()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="zeros")(flat))

    class Told(keras.metrics.Metric):
        def __init__(self):
            super().__init__(name="told")
            self.total = self.add_weight(shape=(), initializer="zeros", name="total")
        def update_state(self, y, given, sample_weight=None):
            # a sum of powers of two has one bit for each sample that was there once
            self.total.assign_add(keras.ops.sum(2.0 ** keras.ops.cast(y, "float32")))
        def result(self):
            return self.total + 0.0

    model.compile("sgd", lambda y, given: 0 * keras.ops.sum(given), metrics=[Told()])
    callbacks = [sequence.callback()] if with_callback else []
    history = model.fit(sequence, verbose=0, shuffle=shuffle,
                        callbacks=callbacks, **options).history
    return [int(total) for total in history["told"]]

sequence = stamped(10, 2, threads=2)
told["trained"] = seen(sequence, epochs=3)
sequence.load_state_dict(sequence.state_dict() | {"epoch": 1, "batch": 4})
told["rest"] = seen(sequence, initial_epoch=1, epochs=2)
told["last"] = sum(2 ** int(i) for i in sequence.order(1)[8:])
told["after"] = seen(sequence, initial_epoch=2, epochs=4)
told["epoch"] = sequence.epoch
sequence.close()

def numbered():
    return dict(source=(np.zeros((10, 2, 2, 3), np.uint8), np.arange(10)), batch_size=2, seed=3,
                pipeline=A.HorizontalFlip())

sums = told["sums"] = {}
for shuffle in (True, False):
    for with_callback in (True, False):
        for how in ({"threads": 0}, {"threads": 2}, {"threads": 2, "workers": 0},
                    {"workers": 4}, {"threads": 8, "workers": 1, "lookahead": 4}):
            sequence = AugmentedSequence(**numbered(), **how)
            name = f"{shuffle} {with_callback} {how}"
            sums[name] = [*seen(sequence, with_callback, shuffle, epochs=2),
                          *seen(sequence, with_callback, shuffle, epochs=1)]
            sequence.close()

iterators = told["iterators"] = {}
for workers, several in ((0, False), (4, False), (2, True)):
    flow = ImageDataGenerator().flow(np.zeros((10, 2, 2, 3)), np.arange(10), 2, seed=3)
    flow.workers, flow.use_multiprocessing = workers, several
    iterators[f"{workers} {several}"] = seen(flow, epochs=2) + seen(flow, False, True, epochs=1)
    flow.close()
print(json.dumps(told))
"""


def run(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"no {backend}")
    paths = [os.path.dirname(__file__), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [sys.executable, "-c", CODE, backend], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_batches_are_the_same_on_every_backend_and_none_is_lost(backend):
    told = run(backend)
    digests = [value for name, value in told.items() if name.startswith("{")]
    assert digests == [here()] * 4
    assert told["trained"] == [2**10 - 1] * 3
    assert told["rest"] == [told["last"]]
    assert told["after"] == [2**10 - 1] * 2
    assert told["epoch"] == 4
    assert len(told["sums"]) == 20
    sums = told["sums"] | told["iterators"]
    assert {name: given for name, given in sums.items() if given != [2**10 - 1] * 3} == {}


def here():
    """The same epochs, without Keras' backends having any part in it."""
    import numpy as np
    from keras_helpers import photos

    import probaug as A
    from probaug.adapters.keras import AugmentedSequence

    sequence = AugmentedSequence(
        (photos(), np.arange(20)), A.Compose([A.RandomCrop(16, 16), A.GaussNoise()]),
        batch_size=6, threads=0, seed=5, label_mode="categorical", num_classes=20,
        mix=A.CutMix(p=0.5),
    )  # fmt: skip
    digest = hashlib.sha256()
    for epoch in range(2):
        sequence.set_epoch(epoch)
        for index in range(len(sequence)):
            for part in sequence[index]:
                digest.update(part.tobytes())
    return digest.hexdigest()
