"""`AugmentedSequence`: samples joined with others of their batch, or within the pipeline."""

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import FLIP, SIZE, boxed, epoch_of, photos

import probaug as A
from probaug.adapters.keras import AugmentedSequence

CROP = A.Compose([A.HorizontalFlip(p=0.5), A.RandomCrop(16, 16)])
SOFT = {"label_mode": "categorical", "num_classes": 20}


def flat(count=20, size=8):
    """Image i is i everywhere, so that a mix of them says what it was made of."""
    return np.broadcast_to(
        np.arange(count, dtype=np.float32)[:, None, None, None], (count, size, size, 3)
    ).copy()


def mixed(mix, x=None, **options):
    x = flat() if x is None else x
    options = {"batch_size": 5, "seed": 2, "threads": 0} | SOFT | options
    return AugmentedSequence((x, np.arange(len(x))), A.Compose([]), mix=mix, **options)


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize(
    "mix",
    [
        A.MixUp(p=1),
        A.CutMix(p=0.5),
        A.OneOf([A.MixUp(p=1), A.CutMix(p=1)], p=0.8),
        A.Compose([A.MixUp(p=0.5), A.CutMix(p=0.5)]),
    ],
)
def test_mixed_epochs_are_bit_identical_for_any_number_of_threads(mix, threads):
    here, there = (
        AugmentedSequence(
            (photos(), np.arange(20)), CROP, batch_size=6, seed=5, mix=mix, threads=n, **SOFT
        )
        for n in (0, threads)
    )
    epochs = []
    for epoch in range(3):
        here.set_epoch(epoch)
        there.set_epoch(epoch)
        epochs.append(epoch_of(here))
        assert epoch_of(there) == epochs[-1]
    assert epochs[0] != epochs[1]
    there.close()


def test_mixup_blends_images_and_labels_by_the_same_share():
    """With x_i = i, the image is the expectation of the class."""
    sequence = mixed(A.MixUp(alpha=1, p=1))
    shares = []
    for index in range(len(sequence)):
        x, y = sequence[index]
        assert (x.dtype, y.dtype, y.shape) == (np.float32, np.float32, (5, 20))
        np.testing.assert_allclose(y.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(x[:, 0, 0, 0], y @ np.arange(20), atol=1e-4)
        own = sequence.order(0)[5 * index : 5 * index + 5]
        partners = [set(np.flatnonzero(row).tolist()) - {i} for row, i in zip(y, own)]
        assert all(len(p) == 1 and p <= set(own.tolist()) for p in partners)
        shares += y[np.arange(5), own].tolist()
    assert 0.2 < np.mean(shares) < 0.8
    assert len(set(np.round(shares, 4))) == 20


def test_cutmix_mixes_labels_by_the_share_of_pixels():
    x, y = mixed(A.CutMix(p=1), flat(size=32))[0]
    for image, label in zip(x[..., 0], y):
        values, counts = np.unique(image, return_counts=True)
        np.testing.assert_allclose(label[values.astype(int)], counts / 1024, atol=1e-6)
        assert label.sum() == pytest.approx(1)


def test_draws_of_the_mix_are_not_those_of_the_pipeline():
    """Both have the same key: with the same words, flipped samples would all be mixed alike."""
    x = np.zeros((400, 2, 2, 3), np.float32)
    x[:, :, 0] = 1
    sequence = AugmentedSequence(
        (x, np.eye(2, dtype=np.float32)[np.arange(400) % 2]), A.HorizontalFlip(p=0.5),
        mix=A.MixUp(alpha=0, p=0.5), batch_size=400, threads=0,
    )  # fmt: skip
    mixing = sequence._maker.mixer._pipeline.replace(save_applied_params=True)
    seed = sequence._maker.mixer._seed
    assert seed != sequence.seed
    flips = [
        A.HorizontalFlip(p=0.5)(image=x[0], key=(0, 0, i))["image"][0, 0, 0] for i in range(400)
    ]
    entry = {"image": x[0], "label": np.ones(2, np.float32)}
    runs = [
        len(mixing(**entry, mixup_metadata=[entry], key=(seed, 0, i))["applied_transforms"])
        for i in range(400)
    ]
    assert abs(np.corrcoef(flips, runs)[0, 1]) < 0.2


def test_the_source_and_the_strength_zero():
    x = flat()
    before = x.copy()
    plain = mixed(None, x)
    assert epoch_of(mixed(A.MixUp(alpha=0, p=1), x)) == epoch_of(plain)
    assert epoch_of(mixed(A.CutMix(p=0), x)) == epoch_of(plain)
    epoch_of(mixed(A.CutMix(p=1), x))
    assert np.array_equal(x, before)


def test_a_batch_of_one_is_mixed_with_itself():
    for one, other in zip(mixed(A.MixUp(p=1), batch_size=1), mixed(None, batch_size=1)):
        np.testing.assert_allclose(one[0], other[0], rtol=1e-5)
        np.testing.assert_allclose(one[1], other[1], rtol=1e-5)


def test_skipped_samples_are_not_mixed_in():
    images = list(flat(6))
    images[3] = np.zeros((0, 8, 3), np.float32)
    sequence = mixed(A.MixUp(alpha=1, p=1), images, batch_size=6, on_error="skip", threads=2)
    x, y = sequence[0]
    assert x.shape == (5, 8, 8, 3)
    assert (y[:, 3] == 0).all()
    assert [error.index for error in sequence.errors] == [3]
    sequence.close()


def test_class_weights_follow_the_mixed_label():
    sequence = mixed(A.MixUp(alpha=1, p=1), class_weight={i: float(i) for i in range(20)})
    x, y, weight = sequence[0]
    np.testing.assert_allclose(weight, y @ np.arange(20), rtol=1e-5)
    np.testing.assert_allclose(weight, x[:, 0, 0, 0], rtol=1e-5)


def test_regression_targets_are_blended():
    x = flat()
    sequence = AugmentedSequence(
        (x, np.arange(20)), A.Compose([]), task="regression", mix=A.MixUp(alpha=1, p=1)
    )
    images, y = sequence[0]
    np.testing.assert_allclose(images[:, 0, 0, 0], y, rtol=1e-5)
    sequence.close()


def test_a_label_called_class_is_mixed_too():
    samples = [{"image": image, "class": i} for i, image in enumerate(flat())]
    sequence = AugmentedSequence(
        samples, A.Compose([]), mix=A.MixUp(alpha=1, p=1), threads=0, **SOFT
    )
    x, y = sequence[0]
    np.testing.assert_allclose(x[:, 0, 0, 0], y @ np.arange(20), atol=1e-4)


def test_masks_follow_a_cutmix():
    x = flat(size=32)
    masks = x[..., 0].astype(np.uint8)
    sequence = AugmentedSequence(
        (x, masks), A.Compose([]), task="segmentation", mix=A.CutMix(p=1), threads=0
    )
    images, masks = sequence[0]
    assert len(np.unique(masks[0])) == 2
    assert np.array_equal(images[..., 0], masks)


def detections(count=12):
    """Image i is i + 100 in its one box, of class i, and 0 elsewhere."""
    x = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    boxes = np.zeros((count, 1, 4))
    for i in range(count):
        left, top = 1 + i % 4, 2 + i % 5
        boxes[i, 0] = left, top, left + 12, top + 10
        x[i, top : top + 10, left : left + 12] = i + 100
    return x, {"boxes": boxes, "labels": np.arange(count)[:, None]}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    "join", [A.Mosaic(target_size=(24, 24), cell_shape=(24, 24), p=1), A.MixUp(alpha=1, p=1)]
)
def test_boxes_of_joined_samples_are_where_their_pixels_are(join, inside):
    """After the pipeline with others of the batch, and within it with others of the source."""
    options = {"task": "detection", "max_boxes": 8, "threads": 2, "batch_size": 6}
    pipeline = boxed(transforms=[join] if inside else [])
    sequence = AugmentedSequence(detections(), pipeline, mix=None if inside else join, **options)
    several = 0
    for index in range(len(sequence)):
        for image, boxes, labels in zip(sequence[index][0], *sequence[index][1].values()):
            real = labels >= 0
            several += real.sum() > 1
            for (left, top, right, bottom), label in zip(boxes[real].round().astype(int), labels):
                part = image[top:bottom, left:right]
                if isinstance(join, A.Mosaic):
                    assert (part == label + 100).mean() > 0.8
                else:
                    assert (part > 0).all()
            assert (boxes[~real] == -1).all()
    assert several >= 6
    twin = AugmentedSequence(
        detections(), pipeline, mix=None if inside else join, **options | {"threads": 0}
    )
    assert epoch_of(twin) == epoch_of(sequence)
    sequence.close()


def test_too_many_boxes_say_so():
    sequence = AugmentedSequence(
        detections(), boxed(), task="detection", max_boxes=1, mix=A.MixUp(alpha=1, p=1), threads=0
    )
    with pytest.raises(ValueError, match="max_boxes is 1, but the pipeline gives 2 boxes"):
        sequence[0]


def test_instances_of_a_mosaic():
    x, y = detections()
    masks = np.where(x[..., 0] > 0, 1, 0).astype(np.uint8)[:, None]
    sequence = AugmentedSequence(
        (x, {**y, "masks": masks}), boxed(), task="instances", max_boxes=6, threads=0,
        mix=A.Mosaic(target_size=(24, 24), cell_shape=(24, 24), p=1), batch_size=12,
    )  # fmt: skip
    images, given = sequence[0]
    for image, labels, planes in zip(images, given["labels"], given["masks"]):
        for label, plane in zip(labels[labels >= 0], planes):
            assert (image[plane > 0] == label + 100).all()
    assert ((given["labels"] >= 0).sum(axis=1) > 1).any()


@pytest.mark.parametrize(
    ("mix", "options", "words"),
    [
        ("MixUp", {}, "mix must be a transform or a choice among MixUp, CutMix, Mosaic"),
        (A.HorizontalFlip(), {}, "mix must be a transform or a choice among"),
        (A.OneOf([A.MixUp(), A.NoOp()]), {}, "mix must be a transform or a choice among"),
        (A.Mosaic(), {}, "mix must be without Mosaic, which mixes no labels"),
    ],
)
def test_wrong_mixes(mix, options, words):
    with pytest.raises(ValueError, match=words):
        mixed(mix, **options)


def test_classes_as_numbers_cannot_be_mixed():
    with pytest.raises(ValueError, match=r"mix needs labels that can be mixed.*got 1?[0-9]"):
        mixed(A.MixUp(p=1), label_mode="int")[0]


def test_mixup_within_the_pipeline_would_lose_the_label():
    with pytest.raises(ValueError, match=r"does not see the label; give it as mix=MixUp\(\.\.\.\)"):
        AugmentedSequence((photos(), np.arange(20)), A.Compose([A.MixUp()]))


def test_keypoints_cannot_be_mixed():
    pipeline = A.Compose([], keypoint_params=A.KeypointParams("xy"))
    source = (photos(2), np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match="mix must be None for task='keypoints'"):
        AugmentedSequence(source, pipeline, task="keypoints", mix=A.MixUp())


def test_validation_does_not_mix():
    sequence = mixed(A.MixUp(p=1))
    plain = sequence.without_augmentation()
    assert np.array_equal(np.concatenate([plain[i][0] for i in range(4)]), flat())


def test_a_model_trains_on_soft_labels():
    model = keras.Sequential(
        [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(20, activation="softmax")]
    )
    model.compile("sgd", "categorical_crossentropy")
    sequence = AugmentedSequence(
        (photos(), np.arange(20)), FLIP, mix=A.CutMix(p=1), batch_size=6, threads=2, **SOFT
    )
    history = model.fit(sequence, epochs=2, verbose=0, shuffle=False).history
    assert np.isfinite(history["loss"]).all()
    sequence.close()
