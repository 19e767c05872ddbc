"""`AugmentationLayer`: in training alone, inside models that train, are saved and exported."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import keras
import tensorflow as tf
from keras_helpers import SIZE, boxed, photos

import probaug as A
from probaug.adapters.layer import AugmentationLayer

FLIP = A.Compose([A.HorizontalFlip(p=1), A.RandomBrightnessContrast(p=0)])
SOME = A.Compose([A.HorizontalFlip(p=0.5), A.Rotate((-30, 30), p=0.5)])
X = photos()
Y = np.arange(20) % 3


def model_of(layer, dtype="float32"):
    inputs = keras.Input((SIZE, SIZE, 3), dtype=dtype)
    x = keras.layers.Rescaling(1 / 255)(layer(inputs))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(x))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


# -------------------------------------------------------------------------------- what it changes


def test_it_augments_in_training_alone():
    layer = AugmentationLayer(FLIP)
    for x in (X, X.astype(np.float32), X[0]):
        np.testing.assert_array_equal(layer(x, training=True), np.flip(x, -2))
        np.testing.assert_array_equal(layer(x, training=False), x)
        np.testing.assert_array_equal(layer(x), x)


def test_types_and_static_shapes_are_kept():
    layer = AugmentationLayer(SOME)

    @tf.function
    def train(x):
        augmented = layer(x, training=True)
        assert augmented.shape == x.shape
        return augmented

    for dtype in ("uint8", "float32", "float16"):
        assert train(tf.cast(X, dtype)).dtype == dtype
    output = layer(keras.Input((SIZE, SIZE, 3), dtype="uint8"))
    assert output.shape == (None, SIZE, SIZE, 3)
    assert output.dtype == "uint8"
    assert layer.compute_output_shape((None, 8, 9, 3)) == (None, 8, 9, 3)


def test_draws_depend_on_the_seed_and_the_number_of_the_call():
    def calls(layer, count=3):
        return [np.asarray(layer(X, training=True)).tobytes() for _ in range(count)]

    first = calls(AugmentationLayer(SOME, seed=3))
    assert len(set(first)) == 3
    assert calls(AugmentationLayer(SOME, seed=3)) == first
    assert calls(AugmentationLayer(A.Compose(SOME.transforms, seed=3))) == first
    assert calls(AugmentationLayer(SOME, seed=4)) != first
    inside = tf.function(lambda layer, x: layer(x, training=True))
    layer = AugmentationLayer(SOME, seed=3)
    assert [inside(layer, tf.constant(X)).numpy().tobytes() for _ in range(3)] == first


def test_samples_are_those_of_the_pipeline():
    augmented = np.asarray(AugmentationLayer(SOME, seed=5)(X, training=True))
    for row in range(20):
        expected = SOME(image=X[row], key=(5, 0, row))["image"]
        np.testing.assert_array_equal(augmented[row], expected)


def test_floats_in_255_and_in_1_are_the_same_picture():
    bright = A.Compose([A.RandomBrightnessContrast((0.2, 0.2), (0, 0), p=1)])
    whole = np.asarray(AugmentationLayer(bright)(X, training=True))
    wide = AugmentationLayer(bright)(X.astype(np.float32), training=True)
    np.testing.assert_array_equal(wide, whole)
    unit = AugmentationLayer(bright, value_range=(0, 1))(X.astype(np.float32) / 255, training=True)
    np.testing.assert_allclose(np.asarray(unit) * 255, whole, atol=1)


def sample(count=4):
    """What Keras' own layers take; two boxes, the second padding in odd images."""
    images = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    images[:, 2:8, 3:9] = 200
    boxes = np.tile(np.float32([[3, 2, 9, 8], [1, 1, 5, 5]]), (count, 1, 1))
    labels = np.tile(np.int32([7, 5]), (count, 1))
    boxes[1::2, 1] = labels[1::2, 1] = -1
    return {
        "images": images,
        "segmentation_masks": (images[..., :1] > 0).astype(np.int32),
        "bounding_boxes": {"boxes": boxes, "labels": labels},
        "labels": np.eye(3, dtype=np.float32)[np.arange(count) % 3],
        "weight": np.arange(count),
    }


def test_dicts_of_keras_own_layers():
    pipeline = boxed(transforms=[A.HorizontalFlip(p=1), A.Resize(SIZE, SIZE)])
    given = keras.tree.map_structure(tf.constant, sample())
    layer = AugmentationLayer(pipeline)
    made = keras.tree.map_structure(np.asarray, tf.function(layer)(given, training=True))
    expected = sample()
    np.testing.assert_array_equal(made["images"], expected["images"][:, :, ::-1])
    mask = expected["segmentation_masks"][:, :, ::-1]
    np.testing.assert_array_equal(made["segmentation_masks"], mask)
    assert made["segmentation_masks"].dtype == np.int32
    boxes = made["bounding_boxes"]["boxes"]
    np.testing.assert_array_equal(boxes[:, 0], np.tile([SIZE - 9, 2, SIZE - 3, 8], (4, 1)))
    assert boxes[1::2, 1].tolist() == [[-1] * 4] * 2
    assert made["bounding_boxes"]["labels"].tolist() == [[7, 5], [7, -1]] * 2
    np.testing.assert_array_equal(made["labels"], expected["labels"])
    np.testing.assert_array_equal(made["weight"], np.arange(4))
    same = layer(given, training=False)
    assert keras.tree.map_structure(lambda a, b: np.array_equal(a, b), same, given)["images"]


def test_dropped_boxes_become_padding():
    pipeline = boxed(transforms=[A.Affine(translate_px={"x": -7, "y": 0}, p=1)])
    made = AugmentationLayer(pipeline)(sample(), training=True)
    assert made["bounding_boxes"]["labels"].numpy().tolist() == [[7, -1]] * 4
    assert made["bounding_boxes"]["boxes"].numpy()[0].tolist() == [[0, 2, 2, 8], [-1] * 4]


def test_ragged_boxes_are_an_error_that_says_what_to_do():
    boxes = tf.ragged.constant([[[1, 1, 5, 5]], []], ragged_rank=1, dtype=tf.float32)
    labels = tf.ragged.constant([[1], []], dtype=tf.int32)
    given = {"images": X[:2], "bounding_boxes": {"boxes": boxes, "labels": labels}}
    with pytest.raises(ValueError, match=r"dense: pad them, by to_tensor\(-1\)"):
        AugmentationLayer(boxed(transforms=[A.HorizontalFlip()]))(given, training=True)


def test_keypoints_follow():
    pipeline = A.Compose([A.HorizontalFlip(p=1)], keypoint_params=A.KeypointParams("xy"))
    given = {"images": X, "keypoints": np.tile(np.float32([[3, 4], [1, 2]]), (20, 1, 1))}
    made = AugmentationLayer(pipeline)(given, training=True)
    assert made["keypoints"].numpy()[0].tolist() == [[20, 4], [22, 2]]


# ---------------------------------------------------------------------------------- inside a model


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_a_model_with_it_trains(dtype):
    model = model_of(AugmentationLayer(SOME), dtype)
    history = model.fit(X.astype(dtype), Y, epochs=2, batch_size=8, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert not model.jit_compile
    plain = model.predict(X.astype(dtype), verbose=0)
    np.testing.assert_array_equal(model.predict(X.astype(dtype), verbose=0), plain)


def test_it_is_called_with_training_by_fit_alone():
    class Counting:
        bbox_params, calls = None, 0

        def __call__(self, *, key, image, **data):
            type(self).calls += 1
            return data | {"image": image}

    model = model_of(AugmentationLayer(Counting()))
    Counting.calls = 0
    x = X.astype(np.float32)
    model.predict(x, verbose=0)
    model.evaluate(x, Y, verbose=0)
    assert Counting.calls == 0
    model.fit(x, Y, epochs=2, batch_size=8, verbose=0)
    assert Counting.calls == 40


def test_mixed_precision():
    layer = AugmentationLayer(FLIP, dtype="mixed_float16")
    np.testing.assert_array_equal(layer(X.astype(np.float32), training=True), X[:, :, ::-1])


@pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")  # Keras' own
def test_a_saved_model_loads_and_goes_on_with_its_draws(tmp_path):
    layer = AugmentationLayer(SOME, seed=3, name="augment")
    model = model_of(layer, "uint8")
    model.fit(X, Y, epochs=1, batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    copy = loaded.get_layer("augment")
    assert copy.pipeline == SOME
    assert copy.value_range == (0, 255) or copy.value_range == [0, 255]
    np.testing.assert_array_equal(copy(X, training=True), layer(X, training=True))
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    loaded.fit(X, Y, epochs=1, batch_size=8, verbose=0)


def test_a_config_makes_the_same_layer():
    pipeline = A.Compose([A.RandomGamma()], seed=9)
    layer = AugmentationLayer(pipeline, value_range=(0, 1), name="own")
    copy = AugmentationLayer.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.pipeline, copy.seed, copy.name) == (pipeline, 9, "own")
    single = AugmentationLayer.from_config(AugmentationLayer(A.HorizontalFlip(p=1)).get_config())
    assert single.pipeline == A.HorizontalFlip(p=1)
    unnamed = AugmentationLayer(A.Compose([A.Lambda(image=lambda image, **_: image)]))
    with pytest.raises(NotImplementedError, match="cannot be saved"):
        unnamed.get_config()


def test_an_exported_model_does_not_augment_and_needs_nothing_of_this_library(tmp_path):
    model = model_of(AugmentationLayer(FLIP))
    model.export(tmp_path / "exported", verbose=False)
    np.save(tmp_path / "x.npy", X[:2].astype(np.float32))
    code = (
        "import sys, numpy as np, tensorflow as tf; "
        f"x = np.load({str(tmp_path / 'x.npy')!r}); "
        f"model = tf.saved_model.load({str(tmp_path / 'exported')!r}); y = model.serve(x); "
        "assert 'probaug' not in sys.modules; print(np.asarray(y).ravel().tolist())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    given = np.reshape(eval(run.stdout.splitlines()[-1]), (2, 3))
    np.testing.assert_allclose(given, model.predict(X[:2], verbose=0), atol=1e-6)


def test_xla_is_left_out_by_keras_and_named_where_it_cannot_be():
    layer = AugmentationLayer(FLIP)
    model = model_of(layer)
    with pytest.warns(UserWarning, match="Proceeding with `jit_compile=False`"):
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=True)
    own = tf.function(lambda x: layer(x, training=True), jit_compile=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="needs_jit_compile_False"):
        own(tf.constant(X))


# Run on each backend, in a process of its own, with what Keras compiles by default.
ON_A_BACKEND = """
import hashlib, json, sys
from pathlib import Path
import keras, numpy as np, probaug as A
from keras_helpers import boxed, photos
from probaug.adapters.layer import AugmentationLayer

name, folder = sys.argv[1], Path(sys.argv[2])
assert keras.backend.backend() == name
numpy, x, y = keras.ops.convert_to_numpy, photos(), np.arange(20) % 3
some = A.Compose([A.HorizontalFlip(p=0.5), A.Rotate((-30, 30), p=0.5), A.GaussNoise()])

def digest(made):
    sha = hashlib.sha256()
    for leaf in keras.tree.flatten(made):
        sha.update(numpy(leaf).tobytes())
    return sha.hexdigest()

# the pipeline's own pixels, the same on every backend; nothing outside of training
layer, told = AugmentationLayer(some, seed=5), {}
for dtype in ("uint8", "float32", "float16", "bfloat16"):
    given = keras.ops.cast(x, dtype)
    assert str(keras.backend.standardize_dtype(layer(given, training=True).dtype)) == dtype
    for same in (layer(given, training=False), layer(given)):
        assert keras.ops.all(same == given)
made = numpy(AugmentationLayer(some, seed=5)(x, training=True))
assert all((made[i] == some(image=x[i], key=(5, 0, i))["image"]).all() for i in range(20))
told["pixels"] = digest([made, layer(x, training=True)])

# dicts: boxes, masks, keypoints, what goes around
dicts = {
    "images": x[:4],
    "segmentation_masks": x[:4, :, :, :1].astype("int32"),
    "bounding_boxes": {
        "boxes": np.tile(np.float32([[3, 2, 9, 8], [-1, -1, -1, -1]]), (4, 1, 1)),
        "labels": np.tile(np.int32([7, -1]), (4, 1)),
    },
    "masks": np.ones((4, 2, 24, 24), np.uint8),
    "weight": np.arange(4, dtype="float32"),
}
boxes = AugmentationLayer(boxed(transforms=[A.HorizontalFlip(p=1)]))
made = keras.tree.map_structure(numpy, boxes(dicts, training=True))
assert np.array_equal(made["images"], x[:4, :, ::-1])
assert np.array_equal(made["segmentation_masks"][..., 0], made["images"][..., 0])
assert made["bounding_boxes"]["boxes"][0].tolist() == [[15, 2, 21, 8], [-1] * 4]
assert made["bounding_boxes"]["labels"].tolist() == [[7, -1]] * 4
assert made["weight"].tolist() == [0, 1, 2, 3]
told["dicts"] = digest(made)
points = A.Compose([A.HorizontalFlip(p=1)], keypoint_params=A.KeypointParams("xy"))
given = {"images": x[:2], "keypoints": np.float32([[[3, 4]], [[0, 1]]])}
made = AugmentationLayer(points)(given, training=True)
assert numpy(made["keypoints"]).tolist() == [[[20, 4]], [[23, 1]]]

# symbolic shapes
output = layer(keras.Input((None, None, 3), dtype="uint8"))
assert (output.shape, output.dtype) == ((None, None, None, 3), "uint8")
output = boxes({"images": keras.Input((24, 24, 3)), "weight": keras.Input(())})
assert output["images"].shape == (None, 24, 24, 3)

# training, with what Keras compiles by itself; saving; going on with the draws
def model_of(layer, shape=(24, 24, 3)):
    inputs = keras.Input(shape)
    h = keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 255)(layer(inputs)))
    h = keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(h))
    model = keras.Model(inputs, keras.layers.Activation("softmax", dtype="float32")(h))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model

wide = x.astype("float32")
for policy in ("float32", "mixed_float16", "mixed_bfloat16"):
    keras.config.set_dtype_policy(policy)
    model = model_of(AugmentationLayer(some, seed=3, name="augment"), (None, None, 3))
    assert bool(model.jit_compile) == (name == "jax")
    history = model.fit(wide, y, epochs=2, batch_size=8, verbose=0)
    assert np.isfinite(history.history["loss"]).all(), policy
    model.evaluate(wide, y, verbose=0)
keras.config.set_dtype_policy("float32")
model = model_of(AugmentationLayer(some, seed=3, name="augment"))
model.fit(wide, y, epochs=1, batch_size=8, verbose=0)
before = model.get_layer("augment")
told["state"] = numpy(before._keys.state).tolist()
assert name == "tensorflow" or "tensorflow" not in sys.modules  # Keras itself needs it to save
model.save(folder / f"{name}.keras")
loaded = keras.saving.load_model(folder / f"{name}.keras")
copy = loaded.get_layer("augment")
assert copy.pipeline == some and copy.seed == 3
assert np.array_equal(loaded.predict(wide, verbose=0), model.predict(wide, verbose=0))
told["after"] = digest(copy(x, training=True))
assert told["after"] == digest(before(x, training=True))
loaded.fit(wide, y, epochs=1, batch_size=8, verbose=0)
print(json.dumps(told))
"""


def told_on(backend, folder):
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": path}
    told = ["-W", "error", "-W", "ignore:__array__ implementation"]  # Keras' own, as above
    command = [sys.executable, *told, "-c", ON_A_BACKEND, backend, str(folder)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_it_trains_and_is_saved_on_every_backend_with_the_same_pixels(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"no {backend}")
    assert told_on(backend, tmp_path) == told_on("tensorflow", tmp_path)


# ------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        (A.Compose([A.RandomCrop(16, 16)]), r"must keep the shape of images, .*16, 16, 3\)"),
        (A.Compose([A.Normalize()]), "a Rescaling or Normalization layer behind it"),
        (A.Compose([A.ToFloat()]), "a Rescaling or Normalization layer behind it"),
    ],
)
def test_pipelines_that_are_not_the_identity_outside_of_training(pipeline, words):
    with pytest.raises(ValueError, match=words):
        AugmentationLayer(pipeline)(keras.Input((SIZE, SIZE, 3)))
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=words):
        AugmentationLayer(pipeline)({"images": X}, training=True)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: AugmentationLayer(FLIP, seed=-1), "AugmentationLayer.seed must be a whole number"),
        (lambda: AugmentationLayer(FLIP, seed=2**31), "seed must be below 2\\^31"),
        (lambda: AugmentationLayer(FLIP, value_range=(0, 9)), "value_range must be"),
        (
            lambda: AugmentationLayer(FLIP)({"photo": X}, training=True),
            r"AugmentationLayer finds no image in \{'photo': None\}: one part must be 'image'",
        ),
        (
            lambda: AugmentationLayer(FLIP)({"images": X, "polygons": X}, training=True),
            "AugmentationLayer does not move polygons, .* give masks, or leave them out",
        ),
        (
            lambda: AugmentationLayer(FLIP)(X.astype(np.float32) * 9, training=True),
            r"value_range=\(0, 255\) does not hold",
        ),
        (lambda: AugmentationLayer(FLIP)(sample(), training=True), "a pipeline that knows its box"),
    ],
)
def test_wrong_arguments(build, words):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=words):
        build()
