"""`AugmentedSequence`: boxes in Keras' formats."""

import numpy as np
import pytest

pytest.importorskip("keras")

import keras
from keras_helpers import (
    SIZE,
    boxed,
    some_boxes,
)

import probaug as A
from probaug.adapters._box_packer import convert
from probaug.adapters.keras import AugmentedSequence
from probaug.core.boxes import BOX_FORMATS, KERAS_BOX_FORMATS


@pytest.mark.parametrize("target", KERAS_BOX_FORMATS)
@pytest.mark.parametrize("source", ["pascal_voc", "coco", "yolo", "albumentations", "yxyx"])
def test_boxes_are_packed_in_keras_formats(source, target):
    height, width = 16, SIZE
    counts = [0, 1, 3]
    pipeline = boxed(box_format=source, transforms=[A.CenterCrop(height, width)])
    corners = [some_boxes(count) * (1, height / SIZE, 1, height / SIZE) for count in counts]
    samples = [
        {
            "image": np.zeros((height, width, 3), np.uint8),
            "bboxes": convert(boxes, "xyxy", source, (height, width)),
            "labels": list(range(len(boxes))),
        }
        for boxes in corners
    ]
    sequence = AugmentedSequence(
        samples,
        pipeline,
        task="detection",
        max_boxes=4,
        bounding_box_format=target,
        shuffle=False,
    )
    _, y = sequence[0]
    assert y["boxes"].dtype == np.float32
    assert y["boxes"].shape == (3, 4, 4)
    assert y["labels"].dtype == np.int32
    assert y["labels"].tolist() == [[-1] * 4, [0, -1, -1, -1], [0, 1, 2, -1]]
    for given, boxes in zip(y["boxes"], corners):
        expected = keras.utils.bounding_boxes.convert_format(
            keras.ops.convert_to_tensor(boxes.reshape(1, -1, 4), "float32"),
            source="xyxy",
            target=target,
            height=height,
            width=width,
        )
        np.testing.assert_allclose(
            given[: len(boxes)], np.asarray(expected)[0], rtol=1e-4, atol=1e-3
        )
        assert (given[len(boxes) :] == -1).all()


@pytest.mark.parametrize("source", [*BOX_FORMATS, *KERAS_BOX_FORMATS])
def test_box_formats_are_inverses(source):
    boxes = some_boxes(50)
    for target in KERAS_BOX_FORMATS:
        there = convert(boxes, source, target, (30, 40))
        np.testing.assert_allclose(convert(there, target, source, (30, 40)), boxes, rtol=1e-12)


def test_boxes_follow_the_image():
    x = np.zeros((8, SIZE, SIZE, 3), np.uint8)
    boxes = np.full((8, 3, 4), -1.0)
    for i in range(8):
        x[i, 2:8, 3 : 5 + i] = 255
        boxes[i, 0] = 3, 2, 5 + i, 8
    labels = np.array([[1, -1, -1]] * 8)
    pipeline = boxed(transforms=[A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)])
    sequence = AugmentedSequence(
        (x, {"boxes": boxes, "labels": labels}), pipeline, task="detection", max_boxes=2
    )
    images, y = sequence[0]
    assert y["boxes"].shape == (8, 2, 4)
    for image, (x1, y1, x2, y2) in zip(images, y["boxes"][:, 0].astype(int)):
        assert image[y1:y2, x1:x2].all()
        assert np.count_nonzero(image[..., 0]) == (y2 - y1) * (x2 - x1)
    assert y["labels"].tolist() == [[1, -1]] * 8
    assert len({tuple(box) for box in y["boxes"][:, 0]}) > 2


def test_the_class_may_be_the_fifth_column_or_another_field():
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    five = [{"image": image, "bboxes": [(1, 2, 5, 6, 7), (2, 3, 6, 7, 8)]}]
    options = {"task": "detection", "max_boxes": 3, "shuffle": False}
    _, y = AugmentedSequence(five, boxed(()), **options)[0]
    assert y["labels"].tolist() == [[7, 8, -1]]
    samples = [{"image": image, "bboxes": [(1, 2, 5, 6)], "names": ["dog"], "ids": [4]}]
    pipeline = boxed(("names", "ids"))
    _, y = AugmentedSequence(samples, pipeline, label_field="ids", **options)[0]
    assert y["labels"].tolist() == [[4, -1, -1]]
    with pytest.raises(ValueError, match="names of boxes must be whole numbers, got 'dog'"):
        AugmentedSequence(samples, pipeline, **options)[0]
    with pytest.raises(ValueError, match="detection needs a class for each box"):
        AugmentedSequence([{"image": image, "bboxes": [(1, 2, 5, 6)]}], boxed(()), **options)[0]


@pytest.mark.parametrize("threads", [0, 2])
def test_too_many_boxes_name_the_sample(threads):
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    samples = [{"image": image, "bboxes": some_boxes(n), "labels": [0] * n} for n in (1, 2, 5, 6)]
    sequence = AugmentedSequence(
        samples, boxed(), task="detection", max_boxes=4, shuffle=False, threads=threads
    )
    with pytest.raises(ValueError, match="max_boxes is 4, but the pipeline gives 5") as caught:
        sequence[0]
    assert "in sample 2 of epoch 0" in caught.value.__notes__
