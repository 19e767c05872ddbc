"""`AugmentedSequence`: sources of several columns, files, and models of several ends."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import FLIP, NOTHING, SIZE, boxed, bytes_of, epoch_of, photos

import probaug as A
from probaug.adapters import _samples
from probaug.adapters.keras import AugmentedSequence

PLAIN = {"shuffle": False, "threads": 0}


def samples(count=6):
    rng = np.random.default_rng(0)
    for i, image in enumerate(photos(count)):
        yield {
            "image": image,
            "mask": image[..., 0] // 64,
            "depth": image[..., 1],
            "meta": rng.normal(size=3).astype(np.float32),
            "label": i % 3,
            "age": float(i),
            "name": f"photo {i}",
        }


# several inputs and outputs


def test_inputs_and_outputs_by_name():
    pipeline = A.Compose([A.HorizontalFlip(p=1)], additional_targets={"depth": "image"})
    given = list(samples())
    sequence = AugmentedSequence(
        given,
        pipeline,
        inputs={"photo": "image", "features": "meta", "range": "depth"},
        outputs={"kind": "label", "years": "age", "regions": "mask"},
        **PLAIN,
    )
    x, y = sequence[0]
    assert list(x) == ["photo", "features", "range"]
    assert list(y) == ["kind", "years", "regions"]
    for i, sample in enumerate(given):
        np.testing.assert_array_equal(x["photo"][i], sample["image"][:, ::-1])
        np.testing.assert_array_equal(x["range"][i], sample["depth"][:, ::-1])
        np.testing.assert_array_equal(x["features"][i], sample["meta"])
        np.testing.assert_array_equal(y["regions"][i], sample["mask"][:, ::-1])
    assert y["kind"].tolist() == [0, 1, 2, 0, 1, 2]
    assert y["years"].tolist() == [0, 1, 2, 3, 4, 5]


def test_names_that_are_keys_too():
    sequence = AugmentedSequence(
        list(samples()), FLIP, inputs=["image", "meta"], outputs=["label"], **PLAIN
    )
    x, y = sequence[0]
    assert (x["image"].shape, x["meta"].shape, y["label"].shape) == ((6, 16, 16, 3), (6, 3), (6,))


def test_tasks_shape_what_outputs_take():
    options = {"task": "segmentation", "label_mode": "categorical", "num_classes": 4}
    outputs = {"regions": "mask", "kind": "label"}
    _, y = AugmentedSequence(list(samples()), FLIP, outputs=outputs, **options, **PLAIN)[0]
    assert (y["regions"].shape, y["kind"].tolist()) == ((6, 16, 16, 4), [0, 1, 2, 0, 1, 2])
    boxes = [{**s, "bboxes": [(1, 2, 9, 8)], "labels": [4]} for s in samples()]
    _, y = AugmentedSequence(
        boxes,
        boxed(),
        task="detection",
        max_boxes=2,
        outputs={"corners": "boxes", "classes": "labels", "scene": "label"},
        **PLAIN,
    )[0]
    assert (y["corners"].shape, y["classes"][0].tolist()) == ((6, 2, 4), [4, -1])
    assert y["scene"].tolist() == [0, 1, 2, 0, 1, 2]


def test_columns_by_name():
    parts = list(samples())
    columns = {
        name: np.stack([s[name] for s in parts]) for name in ("image", "meta", "mask", "age")
    }
    x = {"image": columns["image"], "meta": columns["meta"]}
    y = {"mask": columns["mask"], "age": columns["age"]}
    ends = {"inputs": ["image", "meta"], "outputs": ["mask", "age"], "task": "segmentation"}
    from_columns = AugmentedSequence((x, y), FLIP, **ends, threads=2)
    assert epoch_of(from_columns) == epoch_of(AugmentedSequence(parts, FLIP, **ends, threads=0))


def test_weights_by_output():
    parts = [{**s, "sample_weight": {"kind": 2.0, "years": i}} for i, s in enumerate(samples())]
    outputs = {"kind": "label", "years": "age"}
    *_, w = AugmentedSequence(parts, FLIP, outputs=outputs, **PLAIN)[0]
    assert w["kind"].tolist() == [2] * 6
    assert w["years"].tolist() == [0, 1, 2, 3, 4, 5]
    *_, w = AugmentedSequence(parts, FLIP, outputs=outputs, class_weight={2: 10}, **PLAIN)[0]
    assert w["kind"].tolist() == [2, 2, 20, 2, 2, 20]
    assert w["years"].tolist() == [0, 1, 2, 3, 4, 5]
    *_, w = AugmentedSequence(list(samples()), FLIP, outputs=outputs, class_weight={0: 3}, **PLAIN)[
        0
    ]
    assert w["kind"].tolist() == [3, 1, 1, 3, 1, 1]
    assert w["years"].tolist() == [1] * 6


def test_weights_of_pixels_move_with_the_image():
    pipeline = A.Compose([A.HorizontalFlip(p=1)], additional_targets={"sample_weight": "mask"})
    parts = [{**s, "sample_weight": s["image"][..., 2]} for s in samples()]
    *_, w = AugmentedSequence(parts, pipeline, task="segmentation", **PLAIN)[0]
    np.testing.assert_array_equal(w, np.stack([s["sample_weight"] for s in parts])[:, :, ::-1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inputs": {}}, "inputs must be a dict of the model's names and a sample's, or a list"),
        ({"inputs": "image"}, "inputs must be a dict of the model's names"),
        ({"outputs": {"a": 1}}, "outputs must be a dict of the model's names"),
        ({"inputs": ["meta"]}, "inputs must be names of a sample's parts, 'image' among them"),
    ],
)
def test_wrong_names(options, words):
    with pytest.raises(ValueError, match=words):
        AugmentedSequence(list(samples()), FLIP, **options)


def test_parts_that_samples_do_not_have():
    with pytest.raises(KeyError, match="the samples have no 'colour', only"):
        AugmentedSequence(list(samples()), FLIP, inputs=["image", "colour"], **PLAIN)[0]
    with pytest.raises(ValueError, match=r"source must have x\['image'\], got \['photo'\]"):
        AugmentedSequence({"photo": photos(2)}, FLIP)


# files


@pytest.fixture
def files(tmp_path):
    """Six photos with their masks as PNG files."""
    for i, sample in enumerate(samples()):
        cv2.imwrite(str(tmp_path / f"{i}.png"), sample["image"][..., ::-1])
        cv2.imwrite(str(tmp_path / f"{i}_mask.png"), sample["mask"])
    return tmp_path


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("form", [str, Path, np.array])
def test_paths_are_decoded(files, threads, form):
    paths = [str(files / f"{i}.png") for i in range(6)]
    paths = np.array(paths) if form is np.array else [form(path) for path in paths]
    labels = np.arange(6)
    from_files = AugmentedSequence((paths, labels), FLIP, threads=threads, batch_size=4)
    from_arrays = AugmentedSequence((photos(6), labels), FLIP, threads=0, batch_size=4)
    assert epoch_of(from_files) == epoch_of(from_arrays)


def test_paths_without_labels_and_of_masks(files):
    paths = [files / f"{i}.png" for i in range(6)]
    (x,) = AugmentedSequence(paths, NOTHING, **PLAIN)[0]
    np.testing.assert_array_equal(x, photos(6))
    masks = [str(files / f"{i}_mask.png") for i in range(6)]
    x, y = AugmentedSequence((paths, masks), FLIP, task="segmentation", **PLAIN)[0]
    np.testing.assert_array_equal(y, x[..., 0] // 64)
    dicts = [{"image": path, "mask": mask} for path, mask in zip(paths, masks)]
    again = AugmentedSequence(dicts, FLIP, task="segmentation", **PLAIN)[0]
    assert bytes_of(again) == bytes_of((x, y))


def test_masks_in_a_palette_are_its_indices(files):
    image = pytest.importorskip("PIL.Image")
    mask = photos(1)[0, ..., 0] // 64
    picture = image.fromarray(mask, "P")
    picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
    picture.save(files / "palette.png")
    source = ([files / "0.png"], [files / "palette.png"])
    _, y = AugmentedSequence(source, NOTHING, task="segmentation", **PLAIN)[0]
    np.testing.assert_array_equal(y[0], mask)


def test_color_modes(files):
    paths = [files / "0.png"]
    assert AugmentedSequence(paths, NOTHING, color_mode="grayscale")[0][0].shape == (
        1,
        SIZE,
        SIZE,
        1,
    )
    rgba = np.zeros((4, 5, 4), np.uint8)
    cv2.imwrite(str(files / "rgba.png"), rgba)
    assert AugmentedSequence([files / "rgba.png"], NOTHING, color_mode="raw")[0][0].shape[3] == 4
    with pytest.raises(ValueError, match="color_mode must be one of 'rgb', 'grayscale', 'raw'"):
        AugmentedSequence(paths, NOTHING, color_mode="bgr")


def test_a_file_that_is_none_says_which(files):
    (files / "broken.png").write_bytes(b"nothing")
    paths = [files / "0.png", files / "broken.png"]
    with pytest.raises(ValueError, match=r"broken\.png") as caught:
        AugmentedSequence(paths, NOTHING, **PLAIN)[0]
    assert "in sample 1 of epoch 0" in caught.value.__notes__


def test_files_are_decoded_in_the_threads(files, monkeypatch):
    seen = set()
    decode = _samples.Reading._decode

    def noted(*arguments):
        seen.add(threading.current_thread().name)
        return decode(*arguments)

    monkeypatch.setattr(_samples.Reading, "_decode", noted)
    paths = [files / f"{i}.png" for i in range(6)]
    sequence = AugmentedSequence(paths, NOTHING, threads=2)
    sequence[0]
    sequence.close()
    assert seen
    assert all(name.startswith("probaug") for name in seen)


def test_a_column_of_a_data_frame(files):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"path": [str(files / f"{i}.png") for i in range(6)], "kind": list("abcabc")},
        index=range(10, 16),
    )
    sequence = AugmentedSequence(
        (frame["path"], frame["kind"]), NOTHING, class_names=["a", "b", "c"], **PLAIN
    )
    x, y = sequence[0]
    np.testing.assert_array_equal(x, photos(6))
    assert y.tolist() == [0, 1, 2, 0, 1, 2]


# what is written where


@pytest.mark.parametrize(
    ("options", "pipeline"),
    [
        ({}, FLIP),
        ({"dtype": "float32", "value_range": (0, 1)}, FLIP),
        ({"dtype": "float32", "value_range": (0, 255)}, FLIP),
        ({}, A.Compose([A.RandomCrop(16, 16), A.Normalize()])),
    ],
)
def test_images_are_written_straight_into_the_batch(options, pipeline):
    sequence = AugmentedSequence((photos(6), np.arange(6)), pipeline, **options, **PLAIN)
    batch = sequence._maker.batch((0, 0))
    batch.fill(0)
    for place in range(1, 6):
        slots = {name: array[place] for name, array in batch.arrays.items()}
        given, _ = batch.recipe.run(batch.read(place), batch.keys[place], slots, batch._direct)
        assert given["image"] is slots["image"]


def test_opencv_s_threads_are_set_only_when_asked_for():
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(2)
        AugmentedSequence(photos(2), FLIP)
        assert cv2.getNumThreads() == 2
        AugmentedSequence(photos(2), FLIP, opencv_threads=1)
        assert cv2.getNumThreads() == 1
        with pytest.raises(ValueError, match="opencv_threads must be a whole number >= 0"):
            AugmentedSequence(photos(2), FLIP, opencv_threads=-1)
    finally:
        cv2.setNumThreads(before)


# a model of several ends


def test_a_model_of_two_inputs_and_two_outputs_trains():
    photo = keras.Input((16, 16, 3), name="photo")
    features = keras.Input((3,), name="features")
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(photo))
    both = keras.layers.Concatenate()([pooled, features])
    kind = keras.layers.Dense(3, activation="softmax", name="kind")(both)
    years = keras.layers.Dense(1, name="years")(both)
    model = keras.Model({"photo": photo, "features": features}, {"kind": kind, "years": years})
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "years": "mse"})
    sequence = AugmentedSequence(
        list(samples()),
        FLIP,
        inputs={"photo": "image", "features": "meta"},
        outputs={"kind": "label", "years": "age"},
        class_weight={1: 2.0},
        batch_size=4,
        threads=2,
    )
    history = model.fit(
        sequence, epochs=2, verbose=0, validation_data=sequence.without_augmentation()
    )
    assert np.isfinite([*history.history["loss"], *history.history["val_loss"]]).all()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (({"image": "a.jpg", "label": 1}, {"image": "b.jpg", "label": 0}), "give label .* got int"),
        ((photos(3), {0, 1, 2}), "give label as something with a length and an index, got set"),
        ((photos(3), iter(range(3))), "give label .* got range_iterator"),
    ],
)
def test_columns_that_are_none_say_so(source, words):
    with pytest.raises(TypeError, match=rf"AugmentedSequence\.source must {words}"):
        AugmentedSequence(source, NOTHING)


def test_a_table_is_sent_to_its_reader():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"image": ["a.jpg", "b.jpg"], "label": [0, 1]})
    with pytest.raises(TypeError, match=r"source must not be a DataFrame; probaug\.data\.Frame"):
        AugmentedSequence(table, NOTHING)
