"""`AugmentedSequence`: JPEG files that are decoded smaller, and those that must not be."""

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import bytes_of, epoch_of, photos

import probaug as A
from probaug.adapters import _samples
from probaug.adapters.keras import AugmentedSequence

AREA = A.Compose([A.HorizontalFlip(p=0.5), A.Resize(30, 40, interpolation=cv2.INTER_AREA)])
LINEAR = A.Compose([A.HorizontalFlip(p=0.5), A.Resize(30, 40)])
WHOLE = (480, 640, 3)


@pytest.fixture
def files(tmp_path):
    """Six large photos, the last of which is a PNG."""
    paths = [tmp_path / f"{n}.{'png' if n == 5 else 'jpg'}" for n in range(6)]
    for path, image in zip(paths, photos(6), strict=True):
        noise = np.random.default_rng(1).normal(0, 9, WHOLE)
        large = cv2.resize(image, WHOLE[1::-1], interpolation=cv2.INTER_CUBIC) + noise
        cv2.imwrite(str(path), large.clip(0, 255).astype(np.uint8))
    return [str(path) for path in paths]


@pytest.fixture
def shapes(monkeypatch):
    """The shapes of all pictures that are decoded."""
    seen = []
    decode = _samples.decode

    def noted(*args, **options):
        image = decode(*args, **options)
        seen.append(image.shape)
        return image

    monkeypatch.setattr(_samples, "decode", noted)
    return seen


def epoch(source, pipeline, shapes, **options):
    options = {"batch_size": 3, "threads": 0, "seed": 2, "shuffle": False} | options
    sequence = AugmentedSequence(source, pipeline, **options)
    shapes.clear()
    batches = [sequence[index][0] for index in range(len(sequence))]
    sequence.close()
    return np.concatenate(batches).astype(int), shapes.copy()


def test_a_step_that_averages_is_given_smaller_pictures(files, shapes):
    source = (files, np.arange(6))
    expected, sizes = epoch(source, AREA, shapes, shrink_on_load=False)
    assert sizes == [WHOLE] * 6
    given, sizes = epoch(source, AREA, shapes)
    assert sizes == [(60, 80, 3)] * 5 + [WHOLE]
    assert 0 < abs(given - expected).mean() < 1
    assert np.array_equal(given[5], expected[5])
    for more in ({"threads": 2}, {"cache": "memory"}, {"color_mode": "raw"}):
        assert np.array_equal(epoch(source, AREA, shapes, **more)[0], given)
    samples = [{"image": file, "label": 0, "name": file} for file in files]
    assert np.array_equal(epoch(samples, AREA, shapes)[0], given)


def test_a_step_that_interpolates_is_not_unless_asked(files, shapes):
    expected, sizes = epoch((files,), LINEAR, shapes)
    assert sizes == [WHOLE] * 6
    images = [cv2.imread(file)[..., ::-1] for file in files]
    assert np.array_equal(epoch((images,), LINEAR, shapes)[0], expected)
    given, sizes = epoch((files,), LINEAR, shapes, shrink_on_load=True)
    assert sizes == [(60, 80, 3)] * 5 + [WHOLE]
    assert not np.array_equal(given[:5], expected[:5])


def test_what_is_in_pixels_beside_the_image_keeps_it_whole(files, shapes):
    boxes = {"boxes": np.full((6, 1, 4), (10, 20, 300, 200)), "labels": np.zeros((6, 1), int)}
    params = A.BboxParams("pascal_voc", label_fields=["labels"])
    options = {"task": "detection", "max_boxes": 1}
    pipeline = AREA.replace(bbox_params=params)
    sequence = AugmentedSequence((files, boxes), pipeline, threads=0, **options)
    y = sequence[0][1]
    assert shapes == [WHOLE] * 6
    assert np.allclose(sorted(y["boxes"][:, 0, 1]), 20 * 30 / 480)
    for more in ({"bboxes": [[10, 20, 300, 200]], "labels": [1]}, {"where": (10, 20)}):
        samples = [{"image": file, "label": 0, **more} for file in files]
        assert epoch(samples, pipeline, shapes)[1] == [WHOLE] * 6
    masks = np.zeros((6, *WHOLE[:2]), np.uint8)
    assert epoch((files, masks), AREA, shapes, task="segmentation")[1] == [WHOLE] * 6
    pair = A.Compose(AREA.transforms, additional_targets={"other": "image"})
    both = {"image": files, "other": files}
    shapes.clear()
    AugmentedSequence((both,), pair, inputs=["image", "other"], threads=0)[0]
    assert shapes == [WHOLE] * 12


def test_kept_pictures_are_those_of_the_step(files, tmp_path, shapes):
    options = {"cache": "disk", "cache_folder": tmp_path / "kept"}
    small, _ = epoch((files,), AREA, shapes, **options)
    whole, sizes = epoch((files,), AREA, shapes, shrink_on_load=False, **options)
    assert sizes == [WHOLE] * 6
    assert not np.array_equal(small, whole)
    for shrink, expected in ((None, small), (False, whole)):
        given, sizes = epoch((files,), AREA, shapes, shrink_on_load=shrink, **options)
        assert not sizes
        assert np.array_equal(given, expected)


def test_validation_sees_what_training_does(files, shapes):
    crop = A.Compose([A.RandomResizedCrop((24, 24), (0.5, 1), interpolation=cv2.INTER_AREA)])
    train = AugmentedSequence((files,), crop, threads=0)
    valid = train.without_augmentation()
    again = train.without_augmentation((files,))
    assert valid[0][0].shape == (6, 24, 24, 3)
    assert set(shapes) == {WHOLE, (120, 160, 3)}
    assert bytes_of(valid[0]) == epoch_of(valid)[0]
    assert abs(again[0][0].astype(int) - valid[0][0]).mean() < 1


def test_shrink_on_load_is_one_of_three():
    with pytest.raises(ValueError, match="shrink_on_load must be True, False or None, got 4"):
        AugmentedSequence((["x"],), AREA, shrink_on_load=4)
