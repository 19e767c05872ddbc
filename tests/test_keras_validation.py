"""`AugmentedSequence.without_augmentation`: what is left when nothing is drawn."""

import random
import re

import numpy as np
import pytest

pytest.importorskip("keras")

from cases import LEAVES, NEEDS_FLOAT, NEEDS_TORCH, make, needed, photo, pipeline, suited
from keras_helpers import SIZE, Stamp, boxed, bytes_of, listener, photos, stamped

import probaug as A
from probaug.adapters._deterministic import is_constant, without_randomness
from probaug.adapters.keras import AugmentedSequence


def left(*transforms):
    return list(without_randomness(A.Compose(list(transforms))).transforms)


def negative(image, **params):
    return 255 - image


KEPT = [
    A.Resize(8, 9),
    A.Normalize(),
    A.ToFloat(),
    A.PadIfNeeded(32, 32),
    A.LetterBox((16, 16)),
    A.LongestMaxSize(20),
    A.CenterCrop(8, 8),
    A.CenterCrop(30, 30, pad_if_needed=True),
    A.Crop(1, 1, 9, 9),
    A.HorizontalFlip(p=1),
    A.Transpose(p=1),
    A.ToGray(p=1),
    A.Equalize(p=1),
    A.Affine(scale=0.5, p=1),
    A.ImageCompression(quality_range=(90, 90), p=1),
    A.Lambda(image=negative, p=1),
]
DROPPED = [
    A.HorizontalFlip(),
    A.ToGray(p=0.99),
    A.Resize(8, 8, p=0.5),
    A.NoOp(p=0),
    A.RandomCrop(8, 8, p=0.5),
    A.Affine(rotate=(-3, 3), p=1),
    A.RandomBrightnessContrast(p=1),
    A.GaussNoise(p=1),
    A.CoarseDropout(p=1),
    A.ElasticTransform(p=1),
    A.RandomRotate90(p=1),
    A.RandomScale(p=1),
    A.BBoxSafeRandomCrop(),
    A.RandomCropFromBorders(p=1),
    A.MixUp(p=1),
    A.Mosaic(),
    A.MaskDropout(p=1),
    A.OneOf([A.ToGray(), A.InvertImg()], p=1),
    A.SomeOf([A.Resize(8, 8), A.ToGray(p=1)], n=1),
    A.SomeOf([A.Resize(8, 8), A.RandomCrop(8, 8, p=0.5)], n=1),
    A.SomeOf([A.Resize(8, 8), A.ToGray(p=1)], n=2, replace=True),
    A.RandomOrder([A.Resize(8, 8), A.Blur(p=1)], n=2, p=0.5),
    A.Sequential([A.Normalize()]),
    A.RandAugment(p=1),
]


@pytest.mark.parametrize("transform", KEPT, ids=repr)
def test_what_draws_nothing_stays(transform):
    assert left(transform) == [transform]


@pytest.mark.parametrize("transform", DROPPED, ids=repr)
def test_what_is_drawn_goes(transform):
    assert left(transform) == []


SHORT = A.SmallestMaxSize(max_size_hw=(8, 10)), A.CenterCrop(8, 10)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (A.RandomCrop(8, 9), [A.CenterCrop(8, 9)]),
        (
            A.RandomCrop(30, 30, pad_if_needed=True, fill=7, pad_position="random"),
            [A.CenterCrop(30, 30, pad_if_needed=True, fill=7)],
        ),
        (A.AtLeastOneBBoxRandomCrop(8, 9), [A.CenterCrop(8, 9)]),
        (A.CropNonEmptyMaskIfExists(8, 9), [A.CenterCrop(8, 9)]),
        (A.RandomResizedCrop((8, 10)), list(SHORT)),
        (
            A.RandomResizedCrop((8, 10), interpolation=2, area_for_downscale="image"),
            [SHORT[0].replace(interpolation=2, area_for_downscale="image"), SHORT[1]],
        ),
        (A.RandomSizedCrop((4, 12), (8, 10)), list(SHORT)),
        (A.RandomSizedBBoxSafeCrop(8, 10), [A.Resize(8, 10)]),
        (A.RandomCrop3D((2, 8, 9)), [A.CenterCrop3D((2, 8, 9))]),
        (A.PadIfNeeded(30, 30, position="random"), [A.PadIfNeeded(30, 30)]),
        (A.LongestMaxSize([10, 30, 20]), [A.LongestMaxSize(30)]),
        (A.OneOf([A.RandomCrop(8, 8), A.Resize(8, 8, p=0.5)], p=1), [A.CenterCrop(8, 8)]),
        (A.OneOf([A.ToGray(p=0.2)], p=1), [A.ToGray(p=1)]),
        (A.SomeOf([A.Resize(8, 8), A.RandomCrop(8, 8)], n=1), [A.Resize(8, 8)]),
        (A.SomeOf([A.Resize(8, 8), A.Blur(), A.ToGray(p=1)], n=3), [A.Resize(8, 8), A.ToGray(p=1)]),
        (A.RandomOrder([A.Resize(8, 8), A.Blur(p=1)], n=2), [A.Resize(8, 8)]),
        (A.OneOf([A.SomeOf([A.Resize(8, 8)], n=1, p=0.5)], p=1), [A.Resize(8, 8)]),
        (
            A.OneOf([A.OneOrOther(A.Resize(7, 7), A.Resize(8, 8), p=0.4)], p=1),
            [A.Resize(8, 8)],
        ),
        (A.Mosaic(target_size=(8, 10), p=1), list(SHORT)),
        (
            A.Mosaic(target_size=(8, 10), mask_interpolation=2, fit_mode="contain", fill=7, p=1),
            [A.LetterBox((8, 10), mask_interpolation=2, fill=7)],
        ),
        (A.OneOrOther(A.Resize(8, 8), A.RandomCrop(8, 8), p=0.4), [A.CenterCrop(8, 8)]),
        (
            A.Sequential([A.RandomCrop(8, 8), A.HorizontalFlip(), A.Normalize()], p=1),
            [A.Sequential([A.CenterCrop(8, 8), A.Normalize()], p=1)],
        ),
        (
            A.SelectiveChannelTransform([A.Blur(p=1), A.InvertImg(p=1)], channels=[0]),
            [A.SelectiveChannelTransform([A.InvertImg(p=1)], channels=[0])],
        ),
    ],
    ids=repr,
)
def test_what_gives_a_size_becomes_its_central_form(given, expected):
    assert left(given) == expected


def test_the_pipeline_s_own_parameters_stay():
    whole = A.Compose([A.HorizontalFlip(), A.Resize(8, 8)], A.BboxParams("coco"), seed=3)
    assert without_randomness(whole) == whole.replace(transforms=[A.Resize(8, 8)])
    assert without_randomness(whole.replace(p=0.5)) == whole.replace(transforms=[], p=1)
    assert without_randomness(A.RandomCrop(8, 8)) == A.Compose([A.CenterCrop(8, 8)])


# Beside their examples in cases.py, other forms of transforms that change the size.
RESIZING = [
    A.Affine(rotate=(-30, 30), fit_output=True),
    A.CenterCrop(130, 140, pad_if_needed=True, pad_position="random"),
    A.Crop(10, 5, 130, 140, pad_if_needed=True, pad_position="random"),
    A.CropAndPad(percent=(-0.2, 0.2), keep_size=False),
    A.LetterBox((100, 90), position="random"),
    A.LongestMaxSize([64, 80]),
    A.Mosaic(target_size=(90, 100), cell_shape=(60, 70)),
    A.Mosaic(target_size=(50, 40), cell_shape=(60, 70), fit_mode="contain"),
    A.OneOf([A.RandomCrop(48, 56), A.RandomResizedCrop((48, 56)), A.Mosaic((1, 1), (48, 56))]),
    A.PadIfNeeded(128, 140, position="random"),
    A.Perspective(keep_size=False),
    A.RandomCrop(130, 140, pad_if_needed=True, pad_position="random"),
    A.RandomOrder([A.RandomResizedCrop((48, 56)), A.HorizontalFlip(p=1)], n=2),
    A.Rotate(crop_border=True),
    A.SmallestMaxSize([64, 80]),
    A.SomeOf([A.Sequential([A.RandomScale(p=1), A.Resize(48, 56)], p=1)], n=1),
]
SIZES = [(96, 120), (110, 90), (96, 96)]
EVERY = [make(cls) for cls in LEAVES if cls.__name__ not in {*NEEDS_TORCH, *NEEDS_FLOAT}]


def sample_for(transform, size):
    data = {"image": photo(*size), "bboxes": [(20, 15, 50, 40)], "labels": [1], "keypoints": []}
    return suited(type(transform), data | needed(type(transform), *size)) | {"names": []}


def given_sizes(transform, sizes, plain):
    shapes = set()
    for size in sizes:
        runs = pipeline(transform)
        runs, draws = (without_randomness(runs), 1) if plain else (runs, 6)
        for index in range(draws):
            data = sample_for(transform, size) | {"mosaic_metadata": []}
            shapes.add(runs(**data, key=(0, 0, index))["image"].shape)
    return shapes


def name_of(transform):
    """Its repr, but for paths, which differ between processes of the tests."""
    return re.sub(r"'/[^']*'", "...", repr(transform))[:60]


@pytest.mark.parametrize("transform", [*EVERY, *RESIZING], ids=name_of)
def test_batches_stack_as_they_did(transform):
    """Samples of one size come in one, and those that are brought to a size come in that."""
    transform = transform.__replace__(p=1)  # SomeOf has a field named replace
    assert len(given_sizes(transform, SIZES[:1], plain=True)) == 1
    given = given_sizes(transform, SIZES, plain=False)
    if len(given) == 1:
        assert given_sizes(transform, SIZES, plain=True) == given


class Halved(A.ImageOnlyTransform):
    def apply(self, img, **params):
        return img // 2


class Drawing(A.ImageOnlyTransform):
    def get_params(self):
        return {"by": self.py_random.random()}

    def apply(self, img, by=1, **params):
        return (img * by).astype(img.dtype)


class Careless(A.ImageOnlyTransform):
    def apply(self, img, **params):
        return (img * random.random()).astype(img.dtype)


def test_users_transforms_are_tried():
    assert is_constant(Halved(p=1))
    assert not is_constant(Drawing(p=1))
    assert not is_constant(Careless(p=1))
    assert left(Halved(p=1), Drawing(p=1), Careless(p=1), Halved()) == [Halved(p=1)]


def test_only_probaug_s_pipelines_can_be_told():
    with pytest.raises(TypeError, match="got Stamp; give validation= a pipeline"):
        stamped().without_augmentation()


# the sequence


TRAIN = A.Compose([A.RandomResizedCrop((16, 16)), A.HorizontalFlip(), A.ColorJitter(p=1)])


def trained(**options):
    return AugmentedSequence((photos(), np.arange(20)), TRAIN, batch_size=8, seed=9, **options)


@pytest.mark.parametrize("threads", [0, 2])
def test_every_epoch_is_the_same_whole_and_in_order(threads):
    held = trained(threads=threads, drop_last=True).without_augmentation()
    batches = [held[i] for i in range(len(held))]
    assert [y.tolist() for _, y in batches] == [
        list(range(8)),
        list(range(8, 16)),
        list(range(16, 20)),
    ]
    by_hand = A.Compose([A.SmallestMaxSize(16), A.CenterCrop(16, 16)])
    expected = [by_hand(image=image)["image"] for image in photos()]
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), expected)
    held.set_epoch(5)
    assert [bytes_of(held[i]) for i in range(3)] == [bytes_of(batch) for batch in batches]


def test_the_sequence_it_was_made_from_stays_as_it_is():
    sequence = trained(threads=2)
    before = [bytes_of(sequence[i]) for i in range(3)]
    held = sequence.without_augmentation()
    [held[i] for i in range(3)]
    held.close()
    assert sequence.pipeline is TRAIN
    assert sequence.shuffle
    sequence.set_epoch(0)
    assert [bytes_of(sequence[i]) for i in range(3)] == before


def test_other_samples_and_another_pipeline():
    sequence = trained()
    x = photos(5, seed=3)
    held = sequence.without_augmentation((x, np.arange(5)))
    assert [y.tolist() for _, y in held] == [[0, 1, 2, 3, 4]]
    own = sequence.without_augmentation((x, np.arange(5)), validation=A.Resize(4, 4))
    np.testing.assert_array_equal(own[0][0], [A.Resize(4, 4)(image=i)["image"] for i in x])
    assert sequence.without_augmentation(validation=Stamp())[0][0].shape == (8, SIZE, SIZE, 3)


def test_another_pipeline_reads_boxes_in_its_own_format():
    samples = [{"image": photos(1)[0], "bboxes": [(2, 3, 4, 5)], "labels": [1]}]
    sequence = AugmentedSequence(samples, boxed(), task="detection", max_boxes=1)
    assert sequence.without_augmentation()[0][1]["boxes"].tolist() == [[[2, 3, 4, 5]]]
    held = sequence.without_augmentation(validation=boxed(box_format="coco"))
    assert held[0][1]["boxes"].tolist() == [[[2, 3, 4, 5]]]
    assert held._task.boxes.target == "xywh"


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_a_mosaic_gives_its_size_to_one_image(task):
    """Within the pipeline, or of a batch."""
    images = [photos(1, size=size)[0] for size in (24, 32, 20, 28)]
    samples = [
        {"image": image, "label": 0, "bboxes": [(2, 3, 14, 15)], "labels": [1]} for image in images
    ]
    mosaic = A.Mosaic(target_size=(16, 18), cell_shape=(16, 18), fit_mode="contain", p=1)
    options = {"task": task, "batch_size": 4, "threads": 2}
    if task == "detection":
        options["max_boxes"] = 4
        with_mix = AugmentedSequence(samples, boxed(), mix=mosaic, **options)
    else:
        with_mix = None
    within = AugmentedSequence(samples, boxed(transforms=[mosaic]), **options)
    expected = np.stack([A.LetterBox((16, 18))(image=image)["image"] for image in images])
    for sequence in filter(None, [within, with_mix]):
        assert sequence[0][0].shape == expected.shape
        held = sequence.without_augmentation()
        assert "LetterBox(size=(16, 18))" in repr(held)
        np.testing.assert_array_equal(held[0][0], expected)
        sequence.close()
        held.close()


def test_its_repr_shows_what_runs():
    assert repr(trained(threads=0).without_augmentation()) == (
        "AugmentedSequence(20 samples, 3 batches of 8, task='classification', seed=9, "
        "without augmentation, pipeline=Compose([\n"
        "  SmallestMaxSize(max_size_hw=(16, 16)),\n"
        "  CenterCrop(height=16, width=16),\n"
        "]))"
    )


def test_it_validates_in_a_fit():
    source = (np.zeros((10, 2, 2, 3), np.uint8), np.arange(10))
    sequence = AugmentedSequence(source, Stamp(), batch_size=4)
    held, model = sequence.without_augmentation(validation=Stamp()), listener()
    callbacks = [sequence.callback(), held.callback()]
    model.fit(sequence, epochs=3, validation_data=held, verbose=0, callbacks=callbacks)
    assert model.tested == [(0, index) for index in range(10)] * 3


class Numbered:
    """Samples that are made when they are asked for, as readers make them."""

    def __init__(self, first):
        self.first = first

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {"image": np.full((64, 64, 3), self.first + index, np.uint8), "label": index}


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_what_is_kept_of_training_is_not_validated_with(cache):
    train = AugmentedSequence(Numbered(0), A.Compose([]), cache=cache, threads=0)
    assert sorted(train[0][0][:, 0, 0, 0]) == [0, 1, 2, 3]
    valid = train.without_augmentation(Numbered(100))
    assert valid[0][0][:, 0, 0, 0].tolist() == [100, 101, 102, 103]
    assert sorted(train[0][0][:, 0, 0, 0]) == [0, 1, 2, 3]
    train.close()
    valid.close()
