"""`AugmentedSequence`: the range of values, and what x, y and weights come out as."""

import re

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import FLIP, NOTHING, SIZE, by_range, classifier, photos

import probaug as A
from probaug.adapters.keras import AugmentedSequence

# value range


def test_uint8_stays_or_becomes_float_in_the_range_asked_for():
    x, nothing = photos(3), NOTHING
    assert by_range(x, nothing).dtype == np.uint8
    as_255 = by_range(x, nothing, dtype="float32", value_range=(0, 255))
    np.testing.assert_array_equal(as_255, x.astype(np.float32))
    as_1 = by_range(x, nothing, dtype=np.float32, value_range=(0, 1))
    np.testing.assert_allclose(as_1, x / 255, rtol=1e-6)
    with pytest.raises(ValueError, match=r"value_range=.* must say what the floats mean"):
        by_range(x, nothing, dtype="float32")


def test_float_images_keep_their_range():
    x = photos(3)
    noise = A.Compose([A.RandomBrightnessContrast(p=1)])
    as_bytes = by_range(x, noise)
    np.testing.assert_array_equal(
        by_range(x.astype(np.float32), noise, value_range=(0, 255)), as_bytes.astype(np.float32)
    )
    np.testing.assert_array_equal(
        by_range(x.astype(np.float64), noise, value_range=(0, 255), dtype="uint8"), as_bytes
    )
    unit = by_range((x / 255).astype(np.float32), noise, value_range=(0, 1))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, as_bytes / 255, atol=2 / 255)
    rounded = by_range((x / 255).astype(np.float32), NOTHING, value_range=(0, 1), dtype="uint8")
    np.testing.assert_array_equal(rounded, x)


def test_a_pipeline_that_normalizes_decides_alone():
    x = photos(3)
    normal = A.Compose([A.Normalize()])
    expected = np.stack([normal(image=image)["image"] for image in x])
    np.testing.assert_array_equal(by_range(x, normal), expected)
    for source in (x, x.astype(np.float32)):
        np.testing.assert_array_equal(by_range(source, normal, value_range=(0, 255)), expected)
    with pytest.raises(ValueError, match="the pipeline turns uint8 images into float32"):
        by_range(x, normal, dtype="uint8")


def test_float_images_out_of_range_are_errors():
    x = photos(3).astype(np.float32)
    with pytest.raises(ValueError, match=r"value_range=\(0, 1\) does not hold .* values from"):
        by_range(x, NOTHING, value_range=(0, 1))
    with pytest.raises(ValueError, match=r"value_range=\(0, 255\) does not hold"):
        by_range(x * 100, NOTHING, value_range=(0, 255))
    with pytest.raises(ValueError, match="expects a float32 image within") as caught:
        by_range(x, A.RandomBrightnessContrast(p=1))
    assert "float images of 0 to 255 need value_range=(0, 255)" in caught.value.__notes__


# packing: x, y, w


def test_labels_are_given_as_they_come():
    x, one_hot = photos(4), np.eye(4, dtype=np.float32)
    options = {"shuffle": False, "threads": 0}
    _, labels = AugmentedSequence((x, one_hot), FLIP, **options)[0]
    assert labels.dtype == np.float32
    np.testing.assert_array_equal(labels, one_hot)
    weights = np.linspace(0, 1, 4)
    _, labels, given = AugmentedSequence((x, np.arange(4), weights), FLIP, **options)[0]
    assert labels.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(given, weights)
    samples = [{"image": x[i], "class": i, "sample_weight": 0.5, "name": str(i)} for i in range(4)]
    _, labels, given = AugmentedSequence(samples, FLIP, **options)[0]
    assert labels.tolist() == [0, 1, 2, 3]
    assert given.tolist() == [0.5] * 4
    assert len(AugmentedSequence(x, FLIP, **options)[0]) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
@pytest.mark.parametrize("channels", [(), (1,)])
def test_masks_keep_type_and_shape_and_follow_the_image(dtype, channels):
    x = photos(6)
    masks = x[..., 0].astype(dtype).reshape(6, SIZE, SIZE, *channels)
    sequence = AugmentedSequence((x, masks), FLIP, task="segmentation", threads=2)
    images, given = sequence[0]
    assert given.dtype == dtype
    assert given.shape == (6, 16, 16, *channels)
    np.testing.assert_array_equal(given.reshape(6, 16, 16), images[..., 0])


def test_samples_of_one_batch_are_alike():
    x = photos(4)
    samples = [{"image": x[i], "label": i} for i in range(4)]
    del samples[2]["label"]
    with pytest.raises(KeyError, match=r"sample 2 gives .*image.* and sample 0 gives .*label"):
        AugmentedSequence(samples, FLIP, shuffle=False, threads=2)[0]
    samples[2]["label"] = "cat"
    with pytest.raises(TypeError, match="label must be made of numbers, got 'cat'"):
        AugmentedSequence(samples, FLIP, shuffle=False, threads=2)[0]


@pytest.mark.parametrize("threads", [0, 2, 8])
def test_unequal_sizes_name_the_sample_and_both_shapes(threads):
    images = [*photos(20), photos(1, size=20)[0]]
    sequence = AugmentedSequence(
        (images, np.arange(21)), NOTHING, shuffle=False, batch_size=21, threads=threads
    )
    expected = (
        r"image of sample 20 is \(20, 20, 3\) uint8 and that of sample 0 is \(24, 24, 3\) uint8"
    )
    with pytest.raises(ValueError, match=expected) as caught:
        sequence[0]
    assert "in sample 20 of epoch 0" in caught.value.__notes__
    single = AugmentedSequence((images, np.arange(21)), NOTHING, shuffle=False, batch_size=1)
    assert [batch[0].shape[1] for batch in single][-2:] == [24, 20]


@pytest.mark.parametrize("threads", [0, 8])
def test_errors_in_a_sample_say_which(threads):
    class Broken:
        def __len__(self):
            return 16

        def __getitem__(self, index):
            if index >= 5:
                raise OSError("no such photo")
            return {"image": photos(1)[0], "label": index}

    sequence = AugmentedSequence(
        Broken(), FLIP, shuffle=False, batch_size=16, threads=threads, epoch=2
    )
    with pytest.raises(OSError, match="no such photo") as caught:
        sequence[0]
    assert caught.value.__notes__[-2:] == [
        "in sample 5 of epoch 2",
        "in AugmentedSequence, batch 0",
    ]
    with pytest.raises(Exception, match=r"no such photo[\s\S]*in sample 5 of epoch"):
        classifier().fit(sequence, verbose=0)


@pytest.mark.parametrize("threads", [0, 2])
def test_files_of_unequal_channels_are_named_with_a_remedy(tmp_path, threads):
    files = [str(tmp_path / name) for name in ("gray.png", "colour.png")]
    cv2.imwrite(files[0], photos(1)[0, ..., 0])
    cv2.imwrite(files[1], photos(1)[0])
    gray, colour = r"sample 0 is \(24, 24, 1\) uint8", r"sample 1 is \(24, 24, 3\) uint8"
    one, other = map(re.escape, files)
    both = rf"({one} and {other}|{other} and {one})"
    options = {"color_mode": "raw", "shuffle": False, "threads": threads}
    for source in ((files,), [{"image": file} for file in files]):
        sequence = AugmentedSequence(source, NOTHING, **options)
        one_of = rf"({gray} and that of {colour}|{colour} and that of {gray})"
        remedy = "color_mode='rgb' gives all files three channels"
        with pytest.raises(ValueError, match=rf"{one_of}; {remedy}; they are {both}"):
            sequence[0]
        assert AugmentedSequence(source, NOTHING, **options | {"color_mode": "rgb"})[0][0].shape
    sequence = AugmentedSequence((files,), NOTHING, on_error="skip", **options)
    assert sequence[0][0].shape == (1, 24, 24, 1)
    assert "color_mode='rgb' gives all files three channels" in sequence.errors[0].reason
