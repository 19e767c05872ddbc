"""`AugmentedSequence`: samples of one batch that are unlike each other."""

import os

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import NOTHING, bytes_of, epoch_of, photos

import probaug as A
from probaug.adapters.keras import AugmentedSequence

MIRROR = A.Compose([A.HorizontalFlip(p=0.5)])
NOISY = A.Compose([A.RandomCrop(16, 16), A.GaussNoise(p=1)])


@pytest.fixture
def mixed(tmp_path):
    """Twelve pictures: number 1 has 16 bits, number 4 is gray, number 8 smaller than the others."""
    paths = []
    for index, image in enumerate(photos(12)):
        if index == 1:
            image = image.astype(np.uint16) * 257
        if index == 4:
            image = image[..., 0]
        if index == 8:
            image = image[:20]
        paths.append(str(tmp_path / f"{index:02}.png"))
        cv2.imwrite(paths[-1], image)
    return paths


def of(files, pipeline=MIRROR, **options):
    options = {"batch_size": 6, "seed": 1, "color_mode": "raw", "shuffle": False} | options
    return AugmentedSequence((files, np.arange(len(files))), pipeline, **options)


def test_without_on_error_they_are_errors_that_say_what_helps(mixed):
    for odd, words in (
        (1, r"sample 1 is \(24, 24, 3\) uint16 .* sample 0 is .* uint8; dtype='float32' with"),
        (4, r"sample 1 is \(24, 24, 1\) uint8 .* \(24, 24, 3\) uint8; color_mode='rgb' gives"),
        (8, r"sample 1 is \(20, 24, 3\) uint8 .* RandomCrop, Resize or PadIfNeeded at a"),
    ):
        sequence = of([mixed[0], mixed[odd]], threads=2)
        with pytest.raises(ValueError, match="must be alike, but image of " + words):
            sequence[0]
        sequence.close()
    # and it does
    assert of(mixed[:3], value_range=(0, 255), dtype="float32")[0][0].shape == (3, 24, 24, 3)
    assert of([mixed[0], mixed[4]], color_mode="rgb")[0][0].shape == (2, 24, 24, 3)


@pytest.mark.parametrize("threads", [0, 1, 2, 8])
def test_those_unlike_the_others_are_left_out(mixed, threads, caplog):
    sequence = of(mixed, on_error="skip", threads=threads)
    for _ in range(3):
        labels = [sequence[i][1].tolist() for i in range(2)]
        assert labels == [[0, 2, 3, 5], [6, 7, 9, 10, 11]]
    errors = sequence.errors
    assert [error.index for error in errors] == [1, 4, 8]
    assert [os.path.basename(error.file) for error in errors] == ["01.png", "04.png", "08.png"]
    assert errors[0].reason.endswith(
        "image of sample 1 is (24, 24, 3) uint16 and that of sample 0 is (24, 24, 3) uint8; "
        "dtype='float32' with a value_range gives all images one type"
    )
    assert "color_mode='rgb' gives all files three channels" in errors[1].reason
    assert "is (20, 24, 3) uint8 and that of sample 6 is (24, 24, 3) uint8" in errors[2].reason
    assert len(caplog.records) == 3
    alone = of(mixed, batch_size=1, threads=0)
    given = np.concatenate([sequence[i][0] for i in range(2)])
    for image, label in zip(given, [*labels[0], *labels[1]]):
        assert np.array_equal(image, alone[label][0][0])
    sequence.close()


@pytest.mark.parametrize("how", [{"threads": 1}, {"threads": 2}, {"threads": 8}, {"processes": 1}])
@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_batches_do_not_depend_on_which_sample_was_made_first(mixed, on_error, how):
    options = {"on_error": on_error, "shuffle": True, "batch_size": 4}
    here, there = of(mixed, NOISY, threads=0, **options), of(mixed, NOISY, **options, **how)
    for epoch in range(4):
        here.set_epoch(epoch)
        there.set_epoch(epoch)
        assert epoch_of(there) == epoch_of(here)
        assert on_error == "skip" or all(len(x) == 4 for x, _ in here)
    assert here.errors == there.errors
    assert {error.index for error in here.errors} == {1, 4}
    there.close()


class Slow:
    """Makes the first samples last, whatever the threads do."""

    bbox_params = None

    def __init__(self, order):
        self.order = order

    def __call__(self, *, key, image, out=None, **data):
        import time

        time.sleep(0.02 * self.order[key[2]])
        return data | {"image": image}


@pytest.mark.parametrize("order", [range(4), range(4, 0, -1)])
def test_of_equally_many_the_first_place_decides(order):
    images = [image if i % 2 else image.astype(np.uint16) for i, image in enumerate(photos(4))]
    sequence = AugmentedSequence(
        (images, np.arange(4)), Slow(list(order)), on_error="skip", shuffle=False, threads=4
    )
    x, y = sequence[0]
    assert x.dtype == np.uint16
    assert y.tolist() == [0, 2]
    np.testing.assert_array_equal(x, np.stack(images[::2]))
    assert [error.index for error in sequence.errors] == [1, 3]
    sequence.close()


@pytest.mark.parametrize(("on_error", "threads"), [("raise", 0), ("skip", 0), ("skip", 2)])
def test_a_sample_that_fails_or_does_not_fit_its_place_is_not_made_again(on_error, threads):
    seen = []

    class Once(A.ImageOnlyTransform):
        def apply(self, img, **params):
            seen.append(int(img[0, 0, 0]))
            if seen[-1] == 2 and on_error == "skip":
                raise ValueError("two is wrong")
            return img[:8] if seen[-1] == 2 else img + 1

    images = np.full((4, 16, 16, 3), np.arange(4)[:, None, None, None], np.uint8)
    sequence = AugmentedSequence(
        (images, np.arange(4)), A.Compose([Once(p=1)]), on_error=on_error, batch_size=4,
        shuffle=False, threads=threads,
    )  # fmt: skip
    if on_error == "skip":
        assert sequence[0][1].tolist() == [0, 1, 3]
    else:
        with pytest.raises(ValueError, match=r"must be alike, but image of sample \d is \("):
            sequence[0]
    assert seen.count(2) == 1
    sequence.close()


def test_a_stand_in_must_fit_too():
    images = [*photos(6), *photos(3, size=20)]
    images[0] = None
    sequence = AugmentedSequence(
        (images, np.arange(9)), NOTHING, on_error="replace", batch_size=9, shuffle=False, threads=2
    )
    for epoch in range(6):
        sequence.set_epoch(epoch)
        x, y = sequence[0]
        assert x.shape == (9, 24, 24, 3)
        assert set(y[[0, 6, 7, 8]].tolist()) <= set(range(1, 6))
    sequence.close()


def test_samples_with_other_parts_are_unlike():
    samples = [{"image": image, "label": i} for i, image in enumerate(photos(4))]
    del samples[2]["label"]
    sequence = AugmentedSequence(samples, NOTHING, on_error="skip", shuffle=False, threads=2)
    assert sequence[0][1].tolist() == [0, 1, 3]
    (error,) = sequence.errors
    assert "sample 2 gives ['image'] and sample 0 gives ['image', 'label']" in error.reason
    sequence.close()


def test_labels_that_are_no_numbers_are_left_out():
    labels = [0, 1, "cat", 3]
    sequence = AugmentedSequence(
        (photos(4), labels), NOTHING, on_error="skip", shuffle=False, threads=2
    )
    assert sequence[0][1].tolist() == [0, 1, 3]
    assert "label must be made of numbers, got 'cat'" in sequence.errors[0].reason
    sequence.close()


@pytest.mark.parametrize("threads", [0, 2])
def test_what_is_unlike_is_left_out_before_others_are_mixed_with_it(mixed, threads):
    options = {"on_error": "skip", "label_mode": "categorical", "num_classes": 12}
    sequence = of(mixed, mix=A.MixUp(p=1), threads=threads, **options)
    x, y = sequence[0]
    assert x.shape == (4, 24, 24, 3)
    assert not y[:, [1, 4]].any()
    assert {error.index for error in sequence.errors} == {1, 4}
    sequence.close()


def test_a_bad_label_is_left_out_before_others_are_mixed_with_it():
    labels = np.array([0, 1, 9, 2])
    sequence = AugmentedSequence(
        (photos(4), labels), NOTHING, on_error="skip", shuffle=False, mix=A.CutMix(p=1),
        label_mode="categorical", num_classes=3, threads=2,
    )  # fmt: skip
    x, y = sequence[0]
    assert len(x) == 3
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
    assert "from 0 to 2, got 9" in sequence.errors[0].reason
    sequence.close()


def test_a_mosaic_takes_samples_of_any_size():
    images = [*photos(3), photos(1, size=20)[0], photos(1)[0].astype(np.uint16)]
    masks = [np.ones(image.shape[:2], np.uint8) for image in images]
    sequence = AugmentedSequence(
        (images, masks), NOTHING, task="segmentation", on_error="skip", shuffle=False, threads=2,
        mix=A.Mosaic(target_size=(16, 16), cell_shape=(16, 16), p=1),
    )  # fmt: skip
    x, y = sequence[0]
    assert (x.shape, y.shape) == ((4, 16, 16, 3), (4, 16, 16))
    assert [error.index for error in sequence.errors] == [4]
    assert bytes_of(sequence[0]) == bytes_of((x, y))
    sequence.close()
