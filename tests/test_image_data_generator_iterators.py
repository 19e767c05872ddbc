"""Iterators of `ImageDataGenerator`: plain images in blocks, samples that fail, the true epoch."""

import logging

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

from keras_helpers import bytes_of, listener, photos

from probaug.adapters.image_data_generator import (
    DataFrameIterator,
    DirectoryIterator,
    ImageDataGenerator,
    NumpyArrayIterator,
)

MOVES = {"rotation_range": 30, "height_shift_range": 0.2, "zoom_range": 0.3, "shear_range": 9}
FLIPS = {"horizontal_flip": True, "vertical_flip": True}
COLOURS = {"brightness_range": (0.5, 1.5), "channel_shift_range": 40}
SETTINGS = (
    {},
    FLIPS,
    FLIPS | {"rescale": 1 / 255},
    MOVES | FLIPS | COLOURS,
    MOVES | {"fill_mode": "constant", "cval": 7, "interpolation_order": 3},
    FLIPS | {"p": 0.3, "width_shift_range": 4, "fill_mode": "wrap"},
    FLIPS | {"samplewise_center": True, "samplewise_std_normalization": True},
    MOVES | {"preprocessing_function": lambda image: image / 2 + 1, "rescale": 0.1},
    FLIPS | {"data_format": "channels_first", "rescale": 0.1},
    COLOURS | {"data_format": "channels_first", "samplewise_center": True},
    MOVES | {"dtype": "uint8"},
    FLIPS | COLOURS | {"dtype": "float64"},
)
"""What plain images run through."""


# ------------------------------------------------------------------------------------------- blocks


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int64"])
@pytest.mark.parametrize("setting", SETTINGS, ids=", ".join)
def test_plain_images_are_made_in_blocks_bit_for_bit_as_one_by_one(setting, dtype):
    """Samples that may fail go one by one through a pipeline; others do not."""
    images = photos(21, size=48).astype(dtype)
    images = images.transpose(0, 3, 1, 2) if "data_format" in setting else images
    generator = ImageDataGenerator(**setting)
    flow = {"batch_size": 9, "seed": 3}
    singly = generator.flow(images, np.arange(21), **flow, on_error="skip", threads=0)
    for threads in (0, 3):
        blocks = generator.flow(images, np.arange(21), **flow, threads=threads)
        for epoch in range(2):
            singly.set_epoch(epoch)
            blocks.set_epoch(epoch)
            for index in range(3):
                assert bytes_of(blocks[index]) == bytes_of(singly[index])
        blocks.close()
    assert singly.errors == []


@pytest.mark.filterwarnings("ignore:ImageDataGenerator. zca_whitening sets")
@pytest.mark.parametrize("center", ["featurewise_center", "zca_whitening"])
def test_what_was_learnt_is_applied_to_blocks_too(center):
    images = photos(20, size=8).astype(np.float32)
    generator = ImageDataGenerator(**{center: True}, threads=0)
    generator.fit(images)
    batch = generator.flow(images, batch_size=20, shuffle=False)[0]
    expected = np.concatenate([generator.standardize(image[None] + 0) for image in images])
    np.testing.assert_allclose(batch, expected, atol=1e-4)


def test_an_empty_source_gives_empty_batches():
    flow = ImageDataGenerator(**FLIPS).flow(np.zeros((0, 8, 8, 3)), np.zeros(0))
    assert len(flow) == 0
    x, y = flow._get_batches_of_transformed_samples(np.zeros(0, int))
    assert (x.shape, y.shape) == ((0, 8, 8, 3), (0,))


# ----------------------------------------------------------------------------- samples that fail


class Picky:
    """A preprocessing function that refuses images of some values."""

    def __init__(self, *refused):
        self.refused = refused

    def __call__(self, image):
        if image[0, 0, 0] in self.refused:
            raise ValueError(f"refused {image[0, 0, 0]:.0f}")
        return image


def numbered(count=10):
    images = np.zeros((count, 6, 6, 3), np.uint8)
    images += np.arange(count, dtype=np.uint8)[:, None, None, None]
    return images


def test_a_sample_that_fails_is_an_error_that_names_it():
    generator = ImageDataGenerator(preprocessing_function=Picky(4))
    for more in ({}, {"masks": numbered()[..., 0]}):
        flow = generator.flow(numbered(), batch_size=5, shuffle=False, threads=0, **more)
        assert flow.on_error == "raise"
        with pytest.raises(ValueError, match="refused 4") as caught:
            flow[0]
        notes = caught.value.__notes__
        assert notes == ["in sample 4 of epoch 0", "in NumpyArrayIterator, batch 0"]


@pytest.mark.parametrize("threads", [0, 3])
def test_failing_samples_are_left_out_with_their_targets(threads, caplog):
    weights = np.linspace(0, 1, 10)
    generator = ImageDataGenerator(preprocessing_function=Picky(1, 4, 7))
    flow = generator.flow(
        numbered(), np.arange(10), 5, False, weights, masks=numbered()[..., 0],
        on_error="skip", threads=threads,
    )  # fmt: skip
    with caplog.at_level(logging.WARNING, "probaug"):
        for index, left in ((0, [0, 2, 3]), (1, [5, 6, 8, 9])):
            x, y, weight = flow[index]
            assert x[:, 0, 0, 0].tolist() == left
            assert y["y"].tolist() == left
            assert y["masks"][:, 0, 0].tolist() == left
            np.testing.assert_array_equal(weight, weights[left])
        flow[0]
    assert [(e.index, e.file, e.reason) for e in flow.errors] == [
        (number, None, f"ValueError: refused {number}") for number in (1, 4, 7)
    ]
    assert flow.error_report().startswith("3 of 10 samples could not be made, 3 times in all")
    logged = [record.getMessage() for record in caplog.records]
    assert len(logged) == 3
    assert logged[0].startswith("NumpyArrayIterator: sample 1 is left out: ValueError: refused 1")
    flow.close()


@pytest.mark.parametrize("threads", [0, 3])
def test_failing_samples_are_replaced_by_others_with_their_own_targets(threads, tmp_path):
    generator = ImageDataGenerator(preprocessing_function=Picky(1, 4, 7))
    flow = generator.flow(
        numbered(), np.arange(10), 5, seed=2, on_error="replace", threads=threads,
        save_to_dir=tmp_path,
    )  # fmt: skip
    given = [flow[index] for index in range(2)]
    order = flow.index_array.tolist()
    seen = np.concatenate([y for _, y in given]).tolist()
    for x, y in given:
        assert x[:, 0, 0, 0].tolist() == y.tolist()
    kept = [number for number in order if number not in (1, 4, 7)]
    assert [after for after, before in zip(seen, order) if before in kept] == kept
    assert not {1, 4, 7} & {*seen}
    saved = {int(path.name.split("_")[1]) for path in tmp_path.iterdir()}
    assert saved == {*seen}
    again = generator.flow(numbered(), np.arange(10), 5, seed=2, on_error="replace", threads=0)
    assert [bytes_of(again[index]) for index in range(2)] == [bytes_of(batch) for batch in given]
    flow.close()


def test_a_batch_of_which_nothing_is_left_is_an_error():
    generator = ImageDataGenerator(preprocessing_function=Picky(*range(5)))
    flow = generator.flow(numbered(), batch_size=5, shuffle=False, on_error="skip")
    with pytest.raises(ValueError, match="refused 0") as caught:
        flow[0]
    assert any("no sample of the batch can be made" in note for note in caught.value.__notes__)


@pytest.fixture
def folder(tmp_path):
    """Ten files of two classes; two are damaged."""
    for number, image in enumerate(numbered()):
        path = tmp_path / "images" / "ab"[number // 5] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
        if number in (2, 9):
            path.write_bytes(path.read_bytes()[:40])
    return tmp_path / "images"


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("class_mode", ["sparse", "categorical", "input", None])
def test_damaged_files_are_left_out_with_their_classes(folder, class_mode, legacy):
    generator = ImageDataGenerator(legacy=legacy)
    flow = generator.flow_from_directory(
        folder, (6, 6), class_mode=class_mode, batch_size=10, shuffle=False, on_error="skip"
    )
    left = [0, 1, 3, 4, 5, 6, 7, 8]
    batch = flow[0]
    x = batch if class_mode is None else batch[0]
    assert x[:, 0, 0, 0].tolist() == left
    if class_mode == "sparse":
        assert batch[1].tolist() == [0] * 4 + [1] * 4
    elif class_mode == "categorical":
        assert batch[1].argmax(axis=1).tolist() == [0] * 4 + [1] * 4
    elif class_mode == "input":
        np.testing.assert_array_equal(batch[1], x)
    files = [error.file for error in flow.errors]
    assert files == [str(folder / "a" / "2.png"), str(folder / "b" / "9.png")]
    flow.close()


def test_rows_of_damaged_files_are_left_out_with_their_values(folder):
    frame = {
        "filename": [f"{'ab'[number // 5]}/{number}.png" for number in range(10)],
        "age": np.arange(10) * 3,
        "weight": np.arange(10) / 10,
    }
    flow = ImageDataGenerator().flow_from_dataframe(
        frame, folder, y_col="age", weight_col="weight", class_mode="raw", target_size=(6, 6),
        batch_size=10, shuffle=False, on_error="skip",
    )  # fmt: skip
    x, y, weights = flow[0]
    left = np.array([0, 1, 3, 4, 5, 6, 7, 8])
    assert x[:, 0, 0, 0].tolist() == left.tolist()
    assert y.tolist() == (left * 3).tolist()
    np.testing.assert_allclose(weights, left / 10)
    with pytest.raises(ValueError, match=r"2\.png"):
        ImageDataGenerator().flow_from_dataframe(frame, folder, class_mode=None, shuffle=False)[0]
    flow.close()


# ------------------------------------------------------------------------------------------ epochs


def trained(flow, **options):
    model = listener()
    model.fit(flow, verbose=0, shuffle=False, callbacks=[flow.callback()], **options)
    flow.close()
    return [number for number, _ in model.trained]


def orders(generator, epochs):
    flow = generator.flow(numbered(), np.zeros(10), 4, seed=2)
    told = []
    for epoch in epochs:
        flow.set_epoch(epoch)
        told += flow.index_array.tolist()
    return told


def test_a_callback_keeps_the_epoch_true():
    generator = ImageDataGenerator(threads=1)
    flow = generator.flow(numbered(), np.zeros(10), 4, seed=2)
    assert trained(flow, initial_epoch=3, epochs=5) == orders(generator, [3, 4])
    assert trained(flow, epochs=2) == orders(generator, [0, 1])
    halves = generator.flow(numbered(), np.zeros(10), 2, seed=2)
    seen = trained(halves, epochs=10, initial_epoch=6, steps_per_epoch=5)
    assert seen == orders(generator, range(6, 10))


def test_a_callback_leaves_evaluation_and_files_alone(folder):
    for path in folder.rglob("*.png"):  # none is damaged here
        cv2.imwrite(str(path), numbered()[int(path.stem)])
    generator = ImageDataGenerator(threads=1)
    flow = generator.flow_from_directory(folder, (6, 6), class_mode="sparse", batch_size=4, seed=2)
    valid = generator.flow(numbered(), np.zeros(10), 4, shuffle=False)
    seen = trained(flow, initial_epoch=2, epochs=4, validation_data=valid)
    assert seen == orders(generator, [2, 3])
    valid.close()


# --------------------------------------------------------------------------------------- arguments


def test_iterators_are_made_by_hand_with_the_defaults_of_the_methods(folder):
    generator = ImageDataGenerator(data_format="channels_first", dtype="float64", threads=0)
    arrays = NumpyArrayIterator(numbered().transpose(0, 3, 1, 2), None, generator, seed=1)
    assert (arrays.batch_size, arrays.shuffle, arrays.dtype) == (32, True, "float64")
    frame = {"filename": ["a/0.png"], "class": ["a"]}
    files = DirectoryIterator(folder, generator, target_size=(6, 6), data_format="channels_first")
    rows = DataFrameIterator(frame, folder, generator, target_size=(6, 6))
    assert (files.image_shape, files.class_mode, files.n) == ((3, 6, 6), "categorical", 10)
    assert (rows.image_shape, rows[0][0].dtype) == ((3, 6, 6), np.float64)
    with pytest.raises(ValueError, match=r"Iterator\.dtype must be the generator's, 'float64'"):
        DataFrameIterator(frame, folder, generator, dtype="float32")
    for make in (
        lambda **more: generator.flow(numbered(), **more),
        lambda **more: generator.flow_from_directory(folder, **more),
        lambda **more: generator.flow_from_dataframe(frame, folder, **more),
        lambda **more: DirectoryIterator(folder, generator, **more),
    ):
        with pytest.raises(TypeError, match="sizes"):
            make(sizes=3)
        with pytest.raises(ValueError, match=r"Iterator\.on_error must be one of 'raise', 'skip'"):
            make(on_error="ignore")
        with pytest.raises(ValueError, match=r"Iterator\.subset must be one of 'training'"):
            make(subset="test")


def test_old_arguments_of_frames_have_no_effect_and_say_so(folder):
    frame = {"filename": ["a/0.png"], "class": ["a"]}
    generator = ImageDataGenerator()
    for name in ("has_ext", "sort", "drop_duplicates"):
        with pytest.warns(DeprecationWarning, match=f"{name} has no effect any more"):
            generator.flow_from_dataframe(frame, folder, **{name: True})
    with pytest.warns(DeprecationWarning, match="class_mode='other' is called 'raw'"):
        flow = generator.flow_from_dataframe(frame, folder, class_mode="other")
    assert flow.class_mode == "raw"
