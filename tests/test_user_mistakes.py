"""Usual mistakes are refused in words that say what to do instead."""

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

import tensorflow as tf

import probaug as A
from probaug.adapters.keras import AugmentedSequence
from probaug.adapters.layer import AugmentationLayer
from probaug.adapters.tfdata import augment
from probaug.data import Folder, Frame, Masks, Panoptic

X = np.random.default_rng(0).integers(0, 256, (8, 12, 10, 3), np.uint8)
Y = np.arange(8) % 4
FLIP = A.HorizontalFlip(p=0.5)


@pytest.mark.parametrize("wrong", [[FLIP], A.HorizontalFlip])
def test_a_pipeline_is_no_list_or_class(wrong):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(4)
    words = r"\.pipeline must be a Compose\(\[\.\.\.\]\) or a single transform, got"
    with pytest.raises(TypeError, match=f"AugmentedSequence{words}"):
        AugmentedSequence((X, Y), wrong)
    with pytest.raises(TypeError, match=f"AugmentedSequence{words}"):
        AugmentedSequence((X, Y), FLIP).without_augmentation(validation=wrong)
    with pytest.raises(TypeError, match=f"augment{words}"):
        augment(dataset, wrong)
    with pytest.raises(TypeError, match=f"AugmentationLayer{words}"):
        AugmentationLayer(wrong)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_labels_that_no_output_takes_are_not_lost(task):
    parts = {"kind": Y, "age": Y / 4}
    with pytest.raises(ValueError, match=r"y of \['age', 'kind'\]: outputs= must name those that"):
        AugmentedSequence((X, parts), FLIP, task=task)
    boxes = {"boxes": np.zeros((8, 1, 4)), "labels": np.zeros((8, 1))}
    with pytest.raises(ValueError, match="boxes and masks have tasks of their own"):
        AugmentedSequence((X, boxes), FLIP, task=task)
    _, y = AugmentedSequence((X, parts), FLIP, task=task, outputs=["age"])[0]
    assert list(y) == ["age"]
    _, y = AugmentedSequence((X, {"label": Y}), FLIP, task=task)[0]
    assert y.shape == (8,)


@pytest.mark.parametrize("channels", [(), (1,)])
def test_masks_are_no_labels(channels):
    masks = np.zeros((8, 12, 10, *channels), np.uint8)
    with pytest.raises(ValueError, match="y of the images' height and width: task='segmentation'"):
        AugmentedSequence((X, masks), FLIP)
    for task in ("segmentation", "regression"):
        assert AugmentedSequence((X, masks), FLIP, task=task)[0][1].shape == masks.shape


def test_a_number_beyond_the_classes_is_no_label():
    options = {"shuffle": False, "threads": 0, "num_classes": 4}
    with pytest.raises(ValueError, match="label must be a whole number from 0 to 3, got 4"):
        AugmentedSequence((X, Y + 1), FLIP, **options)[0]
    with pytest.raises(ValueError, match="label must be a whole number from 0 to 3, got -1"):
        AugmentedSequence((X, Y - 1), FLIP, **options)[0]
    for labels in (Y, Y.astype(np.float32), np.eye(4)[Y], np.full((8, 2), 9)):
        given = AugmentedSequence((X, labels), FLIP, **options)[0][1]
        assert given.dtype == labels.dtype
        np.testing.assert_array_equal(given, labels)


def test_several_inputs_are_no_list():
    with pytest.raises(ValueError, match=r"8\}; several inputs are a dict of columns, 'image' one"):
        AugmentedSequence(([X, X], Y), FLIP)
    with pytest.raises(ValueError, match=r"got {'image': 8, 'label': 7}$"):
        AugmentedSequence((X, Y[:7]), FLIP)


def test_a_table_without_the_column_of_paths(tmp_path):
    table = [{"filename": "a.png", "label": 1}]
    with pytest.raises(ValueError, match="a column 'path'; path= names that of the pictures"):
        Frame(table, tmp_path)


def test_keypoints_of_unequal_number_are_no_matter_of_size():
    samples = [{"image": X[0], "keypoints": np.ones((count, 2))} for count in (3, 2)]
    pipeline = A.Compose([FLIP], keypoint_params=A.KeypointParams("xy"))
    sequence = AugmentedSequence(samples, pipeline, task="keypoints", threads=0)
    with pytest.raises(ValueError, match="task='keypoints' takes as many points in every sample"):
        sequence[0]


def test_an_image_that_was_not_read():
    words = "a volume in its call; image is None, as cv2.imread gives for files it cannot read"
    with pytest.raises(ValueError, match=words):
        A.Compose([FLIP])(image=None)
    with pytest.raises(ValueError, match=r"a volume in its call$"):
        A.Compose([FLIP])(label=None)


def test_folders_that_are_not_as_they_should_be(tmp_path):
    (tmp_path / "photo.png").touch()
    words = "finds no images in the folders of .*, which must have one for each class"
    with pytest.raises(ValueError, match=words):
        Folder(tmp_path)
    (tmp_path / "masks").mkdir()
    with pytest.raises(ValueError, match=r"\(and 0 others\); unmatched='drop' leaves them out"):
        Masks(tmp_path, tmp_path / "masks")


def test_boxes_without_bbox_params_are_fractions():
    with pytest.raises(ValueError, match="must lie inside the image") as caught:
        A.Compose([FLIP])(image=X[0], bboxes=np.array([[1, 2, 5, 6]]))
    assert caught.value.__notes__ == [
        "without bbox_params, boxes are fractions of width and height"
    ]
    known = A.Compose([FLIP], bbox_params=A.BboxParams("coco"))
    with pytest.raises(ValueError, match="must lie inside the image") as caught:
        known(image=X[0], bboxes=np.array([[1, 2, 50, 6]]))
    assert not hasattr(caught.value, "__notes__")


def test_samples_without_boxes_are_no_detection():
    samples = [{"image": X[0], "label": 1}]
    pipeline = A.Compose([FLIP], bbox_params=A.BboxParams("coco"))
    sequence = AugmentedSequence(samples, pipeline, task="detection", max_boxes=2, threads=0)
    with pytest.raises(KeyError, match="the sample has no 'bboxes', only"):
        sequence[0]


def test_a_reader_whose_labels_the_pipeline_cannot_read_says_what_tells_it(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((12, 10, 3), (0, 0, 5), np.uint8))
    data = {
        "images": [{"id": 7, "file_name": "a.png", "height": 12, "width": 10}],
        "categories": [{"id": 2, "name": "dog", "isthing": 1}],
        "annotations": [
            {"image_id": 7, "file_name": "a.png", "segments_info": [{"id": 5, "category_id": 2}]}
        ],
    }
    file = tmp_path / "panoptic.json"
    file.write_text(json.dumps(data))
    reader = Panoptic(file, tmp_path, tmp_path)
    options = {"task": "segmentation", "threads": 0, "batch_size": 1}
    for pipeline in (FLIP, A.Compose([FLIP])):
        with pytest.raises(ValueError, match="bboxes") as caught:
            AugmentedSequence(reader, pipeline, **options)[0]
        assert (
            "the pipeline has no bbox_params: Compose([...], **reader.params) takes what a reader "
            "gives"
        ) in caught.value.__notes__
    ((_, mask),) = AugmentedSequence(reader, A.Compose([FLIP], **reader.params), **options)
    assert not mask.any()
    cropped = A.Compose([A.RandomCrop(20, 20)], **reader.params)
    with pytest.raises(ValueError, match="20") as caught:
        AugmentedSequence(reader, cropped, **options)[0]
    assert not any("reader" in note for note in caught.value.__notes__)
