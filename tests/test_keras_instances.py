"""`AugmentedSequence`: instances: boxes, labels, masks and keypoints that belong together."""

import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import SIZE, Left, boxed, photos
from test_data_shared import COCO

import probaug as A
from probaug.adapters.keras import AugmentedSequence
from probaug.data import Coco

PLAIN = {"shuffle": False, "threads": 0}


def scene():
    """Two samples of 0 and 2 objects: boxes, labels and masks, padded to three rows."""
    boxes = np.full((2, 3, 4), -1.0)
    labels = np.full((2, 3), -1)
    masks = np.zeros((2, 3, SIZE, SIZE), np.uint8)
    for row, (x1, y1, x2, y2) in enumerate([(1, 2, 9, 6), (12, 10, 23, 20)]):
        boxes[1, row], labels[1, row] = (x1, y1, x2, y2), 5 + row
        masks[1, row, y1:y2, x1:x2] = 255
    return {"boxes": boxes, "labels": labels, "masks": masks}


def as_dicts(parts):
    for image, boxes, labels, masks in zip(photos(2), *parts.values()):
        real = labels >= 0
        yield {"image": image, "bboxes": boxes[real], "labels": labels[real], "masks": masks[real]}


def as_instances(parts):
    for sample in as_dicts(parts):
        columns = (sample.pop(name) for name in ("bboxes", "labels", "masks"))
        rows = [{"bbox": b.tolist(), "labels": c, "mask": m} for b, c, m in zip(*columns)]
        yield {**sample, "instances": rows}


@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("form", [None, as_dicts, as_instances])
def test_instances_are_packed_together(form, threads):
    parts = scene()
    source = (photos(2), parts) if form is None else list(form(parts))
    pipeline = boxed(transforms=[A.HorizontalFlip(p=1)])
    options = {"task": "instances", "max_boxes": 4, "bounding_box_format": "yxyx"}
    _, y = AugmentedSequence(source, pipeline, shuffle=False, threads=threads, **options)[0]
    assert {name: (part.shape, part.dtype) for name, part in y.items()} == {
        "boxes": ((2, 4, 4), np.float32),
        "labels": ((2, 4), np.int32),
        "masks": ((2, 4, SIZE, SIZE), np.uint8),
    }
    assert y["labels"].tolist() == [[-1] * 4, [5, 6, -1, -1]]
    assert y["boxes"][1].tolist() == [[2, 15, 6, 23], [10, 1, 20, 12], [-1] * 4, [-1] * 4]
    np.testing.assert_array_equal(y["masks"][1, :2], parts["masks"][1, :2, :, ::-1] // 255)
    assert not y["masks"][1, 2:].any()
    assert not y["masks"][0].any()


def test_what_is_cut_off_is_gone_from_all_parts():
    pipeline = boxed(transforms=[A.Crop(10, 8, 24, 24)])
    _, y = AugmentedSequence(
        (photos(2), scene()), pipeline, task="instances", max_boxes=2, **PLAIN
    )[0]
    assert y["labels"].tolist() == [[-1, -1], [6, -1]]
    assert y["boxes"][1, 0].tolist() == [2, 2, 13, 12]
    assert np.count_nonzero(y["masks"], axis=(2, 3)).tolist() == [[0, 0], [110, 0]]


def skeletons(form, seen):
    """The scene with three keypoints on each object."""
    parts = scene()
    points = np.zeros((2, 3, 3, 2))
    points[1, :2] = [[[2, 3], [5, 4], [8, 5]], [[13, 11], [17, 15], [22, 19]]]
    rows = np.zeros((2, 3, 3), int)
    rows[1, :2] = [[2, 1, 0], [2, 2, 2]]
    more = {"keypoints": points} | ({"visibility": rows} if seen else {})
    if form is None:
        return (photos(2), parts | more)
    samples = list(as_dicts(parts))
    for index, sample in enumerate(samples):
        sample |= {name: part[index, : len(sample["labels"])] for name, part in more.items()}
    if form == "columns":
        return samples
    for sample in samples:
        names = {"bboxes": "bbox", "labels": "labels", "masks": "mask"} | {n: n for n in more}
        columns = zip(*(sample.pop(name) for name in names), strict=True)
        sample["instances"] = [dict(zip(names.values(), row, strict=True)) for row in columns]
        if seen:  # as a last column
            for one in sample["instances"]:
                one["keypoints"] = np.column_stack([one["keypoints"], one.pop("visibility")])
    return samples


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("form", [None, "columns", "dicts"])
@pytest.mark.parametrize("threads", [0, 2])
def test_keypoints_of_instances_are_packed_row_by_row(form, seen, threads):
    pipeline = boxed(transforms=[A.HorizontalFlip(p=1)]).replace(
        keypoint_params=A.KeypointParams("xy", label_mapping={0: 1})
    )
    options = {"task": "instances", "max_boxes": 4, "shuffle": False, "threads": threads}
    count = {} if form is None else {"num_keypoints": 3}  # arrays tell it
    source = skeletons(form, seen)
    _, y = AugmentedSequence(source, pipeline, **count, **options)[0]
    assert {name: (y[name].shape, y[name].dtype) for name in ("keypoints", "visibility")} == {
        "keypoints": ((2, 4, 3, 2), np.float32),
        "visibility": ((2, 4, 3), np.float32),
    }
    third = [0, 0] if seen else [15, 5]
    assert y["keypoints"][1].tolist() == [
        *([[18, 4], [21, 3], third], [[6, 15], [10, 11], [1, 19]]),
        *[[[0, 0]] * 3] * 2,
    ]
    rows = [[1, 2, 0], [2, 2, 2]] if seen else [[1, 1, 1]] * 2
    assert y["visibility"].tolist() == [[[0] * 3] * 4, [*rows, [0] * 3, [0] * 3]]
    both = AugmentedSequence(source, pipeline, keypoint_format="rel_xyv", **count, **options)
    _, y2 = both[0]
    assert "visibility" not in y2
    expected = (y["keypoints"] + 0.5) / SIZE * (y["visibility"] > 0)[..., None]
    np.testing.assert_allclose(y2["keypoints"][..., :2], expected, rtol=1e-6)
    np.testing.assert_array_equal(y2["keypoints"][..., 2], y["visibility"])


def test_keypoints_of_instances_are_hidden_and_cut_off():
    pipeline = boxed(transforms=[Left(p=1), A.Crop(0, 0, 20, 24)]).replace(
        keypoint_params=A.KeypointParams("xy")
    )
    source = skeletons("dicts", True)
    options = {"task": "instances", "max_boxes": 2, "num_keypoints": 3, **PLAIN}
    _, y = AugmentedSequence(source, pipeline, **options)[0]
    assert y["labels"][1].tolist() == [6, -1]  # the other one is covered
    assert y["visibility"][1].tolist() == [[2, 2, 0], [0, 0, 0]]
    assert y["keypoints"][1, 0].tolist() == [[13, 11], [17, 15], [22, 19]]


@pytest.mark.skipif(not COCO.is_dir(), reason="needs photos: see PROBAUG_DATA")
def test_a_reader_knows_how_many_keypoints_there_are():
    reader = Coco(
        COCO / "person_keypoints.json", COCO / "images",
        parts=("bbox", "mask", "keypoints"), instances=True,
    )  # fmt: skip
    pipeline = A.Compose([A.HorizontalFlip(p=1), A.LetterBox((96, 96))], **reader.params)
    options = {"task": "instances", "max_boxes": 40, "bounding_box_format": "xyxy", **PLAIN}
    _, y = AugmentedSequence(reader, pipeline, batch_size=len(reader), **options)[0]
    assert y["keypoints"].shape == (len(reader), 40, 17, 2)
    seen = y["visibility"]
    counts = [int((seen == value).sum()) for value in (1, 2)]
    assert counts == [52, 372]  # as its README has it
    inside = (y["keypoints"] >= y["boxes"][:, :, None, :2] - 2).all(axis=-1)
    inside &= (y["keypoints"] <= y["boxes"][:, :, None, 2:] + 2).all(axis=-1)
    assert inside[seen > 0].mean() > 0.95
    assert not y["keypoints"][seen == 0].any()
    eyes = y["keypoints"][..., 1:3, 0][(seen[..., 1:3] == 2).all(axis=-1)]
    assert (eyes[:, 0] > eyes[:, 1]).mean() > 0.9  # left ones to the right, as in faces


def test_wrong_keypoints_of_instances():
    source = skeletons("dicts", True)
    pipeline = boxed().replace(keypoint_params=A.KeypointParams("xy"))
    options = {"task": "instances", "max_boxes": 2, **PLAIN}
    _, y = AugmentedSequence(source, pipeline, **options)[0]
    assert list(y) == ["boxes", "labels", "masks"]  # without their number, what they are is open
    with pytest.raises(ValueError, match="num_keypoints is 2, but an instance has 3 keypoints"):
        AugmentedSequence(source, pipeline, num_keypoints=2, **options)[0]
    _, y = AugmentedSequence(source, pipeline, num_keypoints=5, **options)[0]
    assert y["visibility"][1].tolist() == [[2, 1, 0, 0, 0], [2, 2, 2, 0, 0]]
    with pytest.raises(ValueError, match="needs a pipeline that knows its keypoints"):
        AugmentedSequence(source, boxed(), num_keypoints=3, **options)
    with pytest.raises(ValueError, match="keypoint_format must be None unless num_keypoints says"):
        AugmentedSequence(source, pipeline, keypoint_format="xyv", **options)
    plain = list(as_instances(scene()))
    with pytest.raises(KeyError, match="an instance needs 'keypoints', got"):
        AugmentedSequence(plain, pipeline, num_keypoints=3, **options)[0]


@pytest.mark.parametrize("task", ["detection", "instances"])
def test_classes_of_boxes_that_are_not_there(task):
    options = {"task": task, "max_boxes": 3, "num_classes": 7, **PLAIN}
    _, y = AugmentedSequence((photos(2), scene()), boxed(), **options)[0]
    assert y["labels"].tolist() == [[-1] * 3, [5, 6, -1]]
    for count in (6, 1):
        sequence = AugmentedSequence(
            (photos(2), scene()), boxed(), **{**options, "num_classes": count}
        )
        words = f"labels of boxes must be classes from 0 to {count - 1}, got {max(count, 5)}"
        with pytest.raises(ValueError, match=words) as caught:
            sequence[0]
        assert "in sample 1 of epoch 0" in caught.value.__notes__


def test_wrong_instances():
    options = {"task": "instances", "max_boxes": 1, **PLAIN}
    with pytest.raises(ValueError, match="max_boxes is 1, but the pipeline gives 2 boxes"):
        AugmentedSequence((photos(2), scene()), boxed(), **options)[0]
    sample = {"image": photos(1)[0], "bboxes": [], "labels": []}
    with pytest.raises(KeyError, match="has neither 'instances' nor 'masks', only"):
        AugmentedSequence([sample], boxed(), **options)[0]
    broken = {"image": photos(1)[0], "instances": [{"bbox": (1, 2, 3, 4), "labels": 1}]}
    with pytest.raises(KeyError, match="an instance needs 'mask', got"):
        AugmentedSequence([broken], boxed(), **options)[0]
    uneven = {**sample, "bboxes": [(1, 2, 3, 4)], "labels": [1], "masks": []}
    with pytest.raises(ValueError, match="1 boxes have 0 masks"):
        AugmentedSequence([uneven], boxed(), **options)[0]
