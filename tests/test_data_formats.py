"""Readers of VOC, YOLO, masks and TFDS, on small data sets made here."""

import re

import cv2
import numpy as np
import pytest

import probaug as A
from probaug.data import AnnotationError, InstanceMasks, Masks, Tfds, Voc, Yolo, from_tfds

RNG = np.random.default_rng(4)
HEIGHT, WIDTH = 48, 64


def picture(path, height=HEIGHT, width=WIDTH):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = RNG.integers(0, 256, (height, width, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


# Pascal VOC

OBJECT = """
  <object><name>{name}</name><difficult>{difficult}</difficult>
    <bndbox><xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax></bndbox>
  </object>"""
DOG = {"name": "dog", "difficult": 0, "xmin": 1, "ymin": 11, "xmax": 20, "ymax": 30}


def voc(folder, *objects, head="", width=WIDTH, filename="a.jpg", name="a.xml"):
    picture(folder / "a.jpg")
    text = "".join(OBJECT.format(**{**DOG, **each}) for each in objects)
    size = f"<size><width>{width}</width><height>{HEIGHT}</height></size>"
    (folder / name).write_text(
        f"{head}<annotation><filename>{filename}</filename>{size}{text}</annotation>"
    )
    return folder / name


def test_voc_counts_pixels_from_one(tmp_path):
    voc(tmp_path, {}, {"name": "cat", "difficult": 1, "xmax": 64})
    reader = Voc(tmp_path, tmp_path)
    assert reader.classes == ("cat", "dog")
    sample = reader[0]
    assert sample["bboxes"].tolist() == [[0, 10, 20, 30], [0, 10, 64, 30]]
    assert sample["labels"].tolist() == [1, 0]
    assert sample["difficult"].tolist() == [False, True]
    assert Voc(tmp_path, tmp_path, corners="edges")[0]["bboxes"][0].tolist() == [1, 11, 20, 30]
    assert Voc(tmp_path, tmp_path, difficult=False)[0]["labels"].tolist() == [1]
    coco = Voc(tmp_path, tmp_path, box_format="coco")
    assert coco[0]["bboxes"][0].tolist() == [0, 10, 20, 20]
    assert coco.bbox_params.format == "coco"
    flipped = A.Compose([A.VerticalFlip(p=1)], **reader.params)(**sample)
    assert flipped["bboxes"].tolist() == [[0, 18, 20, 38], [0, 18, 64, 38]]


VOC_ERRORS = [
    ({"name": " "}, r"object\[0\] must have the name of a class in its <name>, got ''"),
    ({"xmax": "inf"}, r"object\[0\] must have a box of four finite numbers"),
    ({"xmax": "nan"}, r"object\[0\] must have xmin, ymin, xmax, ymax in its <bndbox>"),
    ({"xmin": 0}, r"object\[0\] must count pixels from 1 \(corners='edges' reads"),
    ({"xmin": "x"}, r"object\[0\] must have xmin, ymin, xmax, ymax in its <bndbox>"),
    ({"name": "cow"}, r"object\[0\] must have a class among the 1 that there are, got 'cow'"),
    ({"xmax": 1, "xmin": 9}, r"object\[0\] must have a box with an area"),
    ({"xmax": 90}, r"object\[0\] must have its box \(xyxy, in pixels\) inside the picture"),
]


@pytest.mark.parametrize(("change", "words"), VOC_ERRORS)
def test_voc_errors_name_the_object(tmp_path, change, words):
    path = voc(tmp_path, change)
    with pytest.raises(AnnotationError, match=f"{re.escape(str(path))}: {words}"):
        Voc(tmp_path, tmp_path, classes=["dog"])[0]
    reader = Voc([path], tmp_path, classes=["dog"], invalid="drop")
    assert reader[0]["bboxes"].shape == (0, 4)
    assert len(reader.check()) == 1


def test_xml_that_defines_entities_is_refused(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    path = voc(tmp_path, {"name": "&b;"}, head=bomb)
    with pytest.raises(AnnotationError, match="the file must define no entities, got 'a'"):
        Voc(tmp_path, tmp_path)
    path.write_text("<annotation>")
    with pytest.raises(AnnotationError, match="the file must be XML, got 'no element found"):
        Voc(tmp_path, tmp_path)


def test_files_that_are_not_of_voc(tmp_path):
    path = voc(tmp_path, {"name": " dog "})
    assert Voc(tmp_path, tmp_path).classes == ("dog",)
    assert Voc(tmp_path, tmp_path)[0]["labels"].tolist() == [0]
    path.write_text("<html></html>")
    with pytest.raises(AnnotationError, match="have <annotation> around everything, got 'html'"):
        Voc(tmp_path, tmp_path, classes=["dog"])[0]
    with pytest.raises(ValueError, match=r"Voc finds no XML files in .*nowhere"):
        Voc(tmp_path / "nowhere", tmp_path)


def test_voc_finds_pictures_by_either_name(tmp_path):
    voc(tmp_path, {}, filename="gone.png")
    assert Voc(tmp_path, tmp_path)[0]["path"] == str(tmp_path / "a.jpg")
    voc(tmp_path, {}, width=63)
    with pytest.raises(AnnotationError, match=r"have the picture's height and width, \(48, 64\)"):
        Voc(tmp_path, tmp_path)[0]


# YOLO


def yolo(folder, *lines, **how):
    picture(folder / "images" / "deep" / "a.png")
    picture(folder / "images" / "b.png")
    text = folder / "labels" / "deep" / "a.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("\n".join(lines) + "\n\n")
    return Yolo(folder / "images", **{"classes": 3, **how})


def test_yolo_boxes(tmp_path):
    reader = yolo(tmp_path, "2 0.5 0.5 0.25 0.5", "0 0.1 0.1 0.2 0.2")
    assert [path.name for path in reader.paths] == ["b.png", "a.png"]
    assert len(reader[0]["bboxes"]) == 0
    assert np.allclose(reader[1]["bboxes"], [[0.5, 0.5, 0.25, 0.5], [0.1, 0.1, 0.2, 0.2]])
    assert reader[1]["labels"].tolist() == [2, 0]
    assert len(yolo(tmp_path, unlabelled="drop")) == 1
    with pytest.raises(ValueError, match="has no labels of"):
        yolo(tmp_path, unlabelled="raise")
    (tmp_path / "names.txt").write_text("a\nb\nc d\n\n")
    assert yolo(tmp_path, classes=tmp_path / "names.txt").classes == ("a", "b", "c d")


def test_yolo_polygons(tmp_path):
    reader = yolo(tmp_path, "1 0 0 0.5 0 0.5 0.5 0 0.5", task="segment", instances=True)
    (found,) = reader[1]["instances"]
    assert np.array_equal(found["polygon"][0], [[0, 0], [32, 0], [32, 24], [0, 24]])
    assert np.allclose(found["bbox"], [0.25, 0.25, 0.5, 0.5])
    masks = yolo(tmp_path, "1 0 0 0.5 0 0.5 0.5 0 0.5", task="segment", parts=["mask"])
    assert masks[1]["masks"][0].sum() == 32 * 24


def test_yolo_oriented_boxes(tmp_path):
    box = ((30, 22), (24, 10), 25)  # centre, size and clockwise degrees, as OpenCV has them
    corners = cv2.boxPoints(box)[[1, 2, 3, 0]] / (WIDTH, HEIGHT)
    line = " ".join(["1", *(f"{value:.7f}" for value in corners.ravel())])
    reader = yolo(tmp_path, line, task="obb")
    assert reader.bbox_params.bbox_type == "obb"
    sample = reader[1]
    assert np.allclose(sample["bboxes"], [[30, 22, 24, 10, 25]], atol=1e-3)
    flipped = A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**sample)
    assert np.allclose(flipped["bboxes"], [[34, 22, 24, 10, -25]], atol=1e-3)


def test_yolo_pose(tmp_path):
    line = "0 0.5 0.5 0.5 0.5 0.5 0.25 2 0 0 0"
    reader = yolo(tmp_path, line, task="pose", points=["left_ear", "right_ear"])
    sample = reader[1]
    assert sample["keypoints"].tolist() == [[31.5, 11.5]]
    assert sample["keypoint_labels"] == ["left_ear"]
    flipped = A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**sample)
    assert flipped["keypoint_labels"] == ["right_ear"]
    whole = yolo(tmp_path, line, task="pose", points=2, instances=True)
    assert whole.keypoint_params.label_mapping is None
    assert whole[1]["instances"][0]["keypoints"].tolist() == [[31.5, 11.5, 2], [-0.5, -0.5, 0]]


YOLO_ERRORS = [
    ("detect", "1 0.5 0.5 0.2", "have four numbers after the class"),
    ("detect", "3 0.5 0.5 0.2 0.2", "begin with the number of one of 3 classes, from 0"),
    ("detect", "1.5 0.5 0.5 0.2 0.2", "begin with the number of one of 3 classes, from 0"),
    ("detect", "1 0.5 nan 0.2 0.2", "have coordinates from 0 to 1"),
    ("detect", "1 32 24 10 10", "have coordinates from 0 to 1"),
    ("detect", "1 0.5 0.5 0 0.2", "have a box with an area"),
    ("detect", "one 0.5 0.5 0.2 0.2", "be numbers"),
    ("segment", "1 0.1 0.1 0.2 0.2", "have at least three points after the class"),
    ("obb", "1 0.1 0.1 0.2 0.2 0.3 0.3", "have four points after the class"),
    ("pose", "1 0.5 0.5 0.2 0.2 1", "have four numbers and 1 keypoints of two or three"),
    ("pose", "1 0.5 0.5 0.2 0.2 0.5 0.5 3", "have 0, 1 or 2 as the visibility of each keypoint"),
    ("pose", "1 0.5 0.5 0.2 0.2 0.5 0.5 nan", "have 0, 1 or 2 as the visibility of each keyp"),
    ("pose", "1 0.5 0.5 0.2 0.2 nan 0.5 2", "have keypoint 0 inside the picture"),
    ("segment", "1 0.1 0.1 0.2 0.2 0.3 1.2", "have coordinates from 0 to 1"),
]


@pytest.mark.parametrize(("task", "line", "rule"), YOLO_ERRORS)
def test_yolo_errors_name_the_line(tmp_path, task, line, rule):
    reader = yolo(tmp_path, "", line, task=task, points=int(task == "pose"))
    text = tmp_path / "labels" / "deep" / "a.txt"
    with pytest.raises(AnnotationError, match=re.escape(f"{text}: line 2 must {rule}")):
        reader[1]


def test_wrong_arguments_of_yolo(tmp_path):
    for points in ((), 0, -2):
        with pytest.raises(
            ValueError, match=r"Yolo.points must name the keypoints for task='pose'"
        ):
            yolo(tmp_path, task="pose", points=points)
    with pytest.raises(ValueError, match=r"Yolo.classes must be one or more, got \[\]"):
        yolo(tmp_path, "", classes=-1)
    with pytest.raises(ValueError, match=r"Yolo.classes must be names, .* got 'cat', no file"):
        yolo(tmp_path, "", classes="cat")


# masks


def test_masks_beside_pictures(tmp_path):
    numbers = RNG.integers(0, 3, (HEIGHT, WIDTH), np.uint8)
    numbers[0, 0] = 255
    picture(tmp_path / "images" / "x" / "a.jpg")
    (tmp_path / "masks" / "x").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "masks" / "x" / "a_mask.png"), numbers)
    folders = tmp_path / "images", tmp_path / "masks"
    reader = Masks(*folders, suffix="_mask", classes=["a", "b", "c"])
    assert np.array_equal(reader[0]["mask"], numbers)
    reader.at_least = (10, 10)
    assert reader[0]["mask"].shape == reader[0]["image"].shape[:2] == (12, 16)
    with pytest.raises(AnnotationError, match=r"must have numbers below 2, or 255, got \[2\]"):
        Masks(*folders, suffix="_mask", classes=["a", "b"])[0]
    table = {0: 1, 1: 0, 2: 7}
    expected = np.select([numbers == 0, numbers == 1, numbers == 2], [1, 0, 7], 255)
    assert np.array_equal(Masks(*folders, suffix="_mask", values=table)[0]["mask"], expected)
    with pytest.raises(ValueError, match=r"has no mask of .*a.jpg \(and 0 others\)"):
        Masks(*folders)
    with pytest.raises(AnnotationError, match=r"pixel \(\d+, \d+\) must be one of the num"):
        Masks(*folders, suffix="_mask", values=[0, 1])[0]


def test_masks_in_colours(tmp_path):
    colors = [(0, 0, 0), (250, 10, 0), (0, 0, 255)]
    numbers = RNG.integers(0, 3, (HEIGHT, WIDTH))
    image = picture(tmp_path / "a.png")
    cv2.imwrite(str(tmp_path / "m.png"), np.array(colors, np.uint8)[numbers][..., ::-1])
    sample = Masks([image], [tmp_path / "m.png"], values=colors)[0]
    assert np.array_equal(sample["mask"], numbers)
    assert sample["mask"].dtype == np.uint8
    with pytest.raises(AnnotationError, match=r"be of one channel, or have its colours"):
        Masks([image], [tmp_path / "m.png"])[0]
    with pytest.raises(AnnotationError, match=r"pixel .* got \[0, 0, 255\]"):
        Masks([image], [tmp_path / "m.png"], values=colors[:2])[0]
    small = picture(tmp_path / "s.png", 4, 4)
    with pytest.raises(AnnotationError, match=r"be of 4 x 4 pixels, as its picture is"):
        Masks([small], [tmp_path / "m.png"], values=colors)[0]


def test_values_of_masks(tmp_path):
    image = picture(tmp_path / "a.png")
    paths = [tmp_path / "m.png", tmp_path / "n.png"]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((HEIGHT, WIDTH), number, np.uint8))
    for values, dtype in (
        ({0: -1, 1: 4}, np.int32),
        ({0: 300, 1: 4}, np.int32),
        ([0, 1], np.uint8),
    ):
        masks = [sample["mask"] for sample in Masks([image] * 2, paths, values=values)]
        assert [mask.dtype for mask in masks] == [dtype] * 2, "whatever a mask holds"
        assert [mask[0, 0] for mask in masks] == [values[0], values[1]]
    for values in ({"a": 1}, {(1, 2): 1}):
        with pytest.raises(
            ValueError, match=r"Masks.values must be numbers or colours \(R, G, B\)"
        ):
            Masks([image], paths[:1], values=values)
    for values in ([3, 3], {1: "cat"}, {1: 0.5}):
        with pytest.raises(ValueError, match=r"Masks.values must be different numbers or colours"):
            Masks([image], paths[:1], values=values)


def test_a_mask_for_every_object(tmp_path):
    image, masks = picture(tmp_path / "a.png"), []
    for number in range(3):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[5 * number : 5 * number + 5, 10:20] = 255 * (number < 2)
        masks.append(tmp_path / f"m{number}.png")
        cv2.imwrite(str(masks[-1]), mask)
    found = InstanceMasks([image], [masks[:2]])[0]["instances"]
    assert [each["bbox"].tolist() for each in found] == [[10, 0, 20, 5], [10, 5, 20, 10]]
    assert found[1]["mask"].sum() == 50
    with pytest.raises(AnnotationError, match=r"m2.png: the mask must show something"):
        InstanceMasks([image], [masks])[0]
    for given in (([image], masks[:1]), (tmp_path, tmp_path), ([image], str(tmp_path))):
        with pytest.raises(ValueError, match=r"images and masks must be a list of pictures, and"):
            InstanceMasks(*given)


# TensorFlow Datasets


def test_tfds_examples_are_samples():
    image = RNG.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    boxes = np.array([[0.25, 0.5, 0.75, 1.0]], np.float32)
    objects = {"bbox": boxes, "label": np.array([3]), "is_crowd": np.array([False])}
    example = {"image": image, "image/filename": b"a.jpg", "objects": objects}
    reader = Tfds([example] * 4, classes=["a", "b", "c", "d"])
    sample = reader[0]
    assert sample["path"] == "a.jpg"
    assert sample["labels"].tolist() == [3]
    result = A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**sample)
    assert result["bboxes"].tolist() == [[0.25, 0.0, 0.75, 0.5]]
    assert [len(part) for part in reader.split(0.5)] == [2, 2]
    assert reader.path_of(1) is None  # it would have to be read
    assert reader.paths == []
    plain = from_tfds({"image": image, "label": np.int64(2), "segmentation_mask": image[..., :1]})
    assert plain["label"] == 2
    assert plain["mask"].shape == (HEIGHT, WIDTH, 1)
    with pytest.raises(ValueError, match=r"'objects' of an example must have 'bbox', got \['label"):
        from_tfds({"objects": {"label": [1]}})
    with pytest.raises(TypeError, match="an example must be a dict, got int"):
        Tfds([3])[0]
    with pytest.raises(TypeError, match=r"Tfds.examples must have a length"):
        Tfds(iter([example]))
