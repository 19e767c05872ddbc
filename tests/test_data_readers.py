"""Readers of data sets, on small ones made here: what samples hold, and what errors say."""

import json
import pickle
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

import probaug as A
from probaug.data import (
    AnnotationError,
    Coco,
    Folder,
    ImageError,
    Panoptic,
)
from probaug.data.outlines import polygon_mask, rle_counts, rle_mask

RNG = np.random.default_rng(3)
HEIGHT, WIDTH = 48, 64


def picture(path, height=HEIGHT, width=WIDTH):
    path.parent.mkdir(parents=True, exist_ok=True)
    small = RNG.integers(0, 256, (6, 8, 3), np.uint8)
    ok, data = cv2.imencode(path.suffix, cv2.resize(small, (width, height)))
    assert ok
    path.write_bytes(data.tobytes())
    return path


def same(a, b):
    """Whether two samples are equal."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b)


# folders, and what all readers can do


@pytest.fixture
def pets(tmp_path):
    for name, count in (("dog", 7), ("cat", 5)):
        for number in range(count):
            picture(tmp_path / name / f"{number}.png", 8, 9)
    picture(tmp_path / "cat" / "deep" / "er.JPG", 8, 9)
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    return tmp_path


def test_folders_are_classes(pets):
    reader = Folder(pets)
    assert reader.classes == ("cat", "dog")
    assert reader.labels == [0] * 6 + [1] * 7
    assert repr(reader) == "<Folder: 13 samples, 2 classes>"
    sample = reader[-1]
    assert sample["label"] == 1
    assert sample["path"] == str(pets / "dog" / "6.png")
    assert sample["image"].shape == (8, 9, 3)
    assert Folder(pets, classes=["dog"]).labels == [0] * 7
    assert Folder(pets, mode="gray")[0]["image"].shape == (8, 9)


def test_parts_of_a_reader(pets):
    reader = Folder(pets)
    assert [s["path"] for s in reader[2:4]] == [str(p) for p in reader.paths[2:4]]
    assert reader.subset([3, 0]).paths == [reader.paths[3], reader.paths[0]]
    assert reader.path_of(-1) == reader.paths[-1]
    first, rest = reader.split(0.7, seed=1)
    assert (len(first), len(rest)) == (9, 4)
    assert sorted(first.paths + rest.paths) == sorted(reader.paths)
    assert first.paths == reader.split(0.7, seed=1)[0].paths
    assert first.paths != reader.split(0.7, seed=2)[0].paths
    with pytest.raises(ValueError, match=r"split.fraction must be a number in \[0, 1\], got 2"):
        reader.split(2)
    with pytest.raises(IndexError):
        reader[13]


def test_readers_are_pickled_and_shared_by_threads(pets):
    reader = Folder(pets)
    reader.suit(A.Compose([A.Resize(4, 4)]))
    copy = pickle.loads(pickle.dumps(reader))
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(copy.__getitem__, range(13)))
    assert all(same(a, b) for a, b in zip(read, reader))


def test_check_lists_every_problem(pets):
    reader = Folder(pets)
    assert reader.check() == []
    for path in reader.paths[:2]:
        path.write_bytes(b"")
    problems = reader.check()
    assert [p.path for p in problems] == [str(p) for p in reader.paths[:2]]
    assert all(isinstance(problem, ImageError) for problem in problems)
    with pytest.raises(ImageError):
        reader[0]


def test_options_are_checked(pets):
    with pytest.raises(TypeError, match="Folder has no parameter 'maxpixels'"):
        Folder(pets, maxpixels=4)
    with pytest.raises(ValueError, match=r"Folder.invalid must be 'raise' or 'drop', got 'skip'"):
        Folder(pets, invalid="skip")
    with pytest.raises(ImageError, match="max_pixels=71"):
        Folder(pets, max_pixels=71)[0]
    with pytest.raises(ValueError, match="Folder finds no images"):
        Folder(pets, classes=["cow"] if (pets / "cow").mkdir() is None else ())


# outlines


def test_polygons_cover_the_pixels_whose_centres_they_hold():
    for _ in range(30):
        ring = RNG.uniform(-5, 45, (int(RNG.integers(3, 9)), 2))
        mask = polygon_mask([ring], A.core.matrix.Size(40, 35))
        y, x = np.mgrid[:40, :35] + 0.5
        inside = np.zeros((40, 35), bool)
        for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0)):
            rows = (y1 <= y) != (y2 <= y)
            inside ^= rows & (x > x1 + (y - y1) * (x2 - x1) / (y2 - y1))
        assert np.array_equal(mask, inside)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_outlines_are_those_of_pycocotools():
    coco = pytest.importorskip("pycocotools.mask")
    for _ in range(20):
        mask = np.asfortranarray(RNG.random((37, 23)) < RNG.random(), np.uint8)
        mask[5:20, 3:20] = 1
        packed = coco.encode(mask)["counts"]
        size = A.core.matrix.Size(37, 23)
        assert np.array_equal(rle_mask(packed, size), mask)
        assert np.array_equal(rle_mask(packed.decode(), size), mask)
        assert np.array_equal(rle_mask(rle_counts(packed), size), mask)
        turns = np.sort(RNG.uniform(0, 2 * np.pi, 9))
        ring = 11.5 + RNG.uniform(5, 11, 9)[:, None] * np.stack([np.cos(turns), np.sin(turns)], 1)
        theirs = coco.decode(coco.merge(coco.frPyObjects([ring.ravel().tolist()], 37, 23)))
        ours = polygon_mask([ring], size)
        edge = cv2.morphologyEx(theirs, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        assert not ((ours != theirs) & (edge == 0)).any()  # they round to a fifth of a pixel
        assert (ours != theirs).sum() <= 8


def test_published_compressed_runs():
    assert rle_counts("52203") == [5, 2, 2, 2, 5]  # the third value is written as it is


# COCO


def coco(folder, annotations, **more):
    picture(folder / "a.jpg")
    picture(folder / "b.jpg")
    images = [
        {"id": 7, "file_name": "a.jpg", "height": HEIGHT, "width": WIDTH},
        {"id": 3, "file_name": "b.jpg", "height": HEIGHT, "width": WIDTH},
    ]
    skeleton = ["nose", "left_eye", "right_eye"]
    categories = [{"id": 9, "name": "dog"}, {"id": 2, "name": "person", "keypoints": skeleton}]
    data = {"images": images, "annotations": annotations, "categories": categories, **more}
    (folder / "c.json").write_text(json.dumps(data))
    return folder / "c.json"


def annotation(number, **more):
    ring = [10.5, 8, 30, 8, 30, 20.25, 10.5, 20.25]
    base = {"id": number, "image_id": 7, "category_id": 2, "bbox": [10.5, 8, 19.5, 12.25]}
    return base | {"segmentation": [ring], "iscrowd": 0} | more


RUNS = {"size": [HEIGHT, WIDTH], "counts": [HEIGHT * 10, HEIGHT * 3, HEIGHT * (WIDTH - 13)]}
ALL = ("bbox", "polygon", "mask", "keypoints")


def test_coco_flat(tmp_path):
    points = {"keypoints": [12, 9, 2, 0, 0, 0, 20, 15, 1]}
    file = coco(tmp_path, [annotation(1, **points), annotation(2, category_id=9)])
    reader = Coco(file, tmp_path, parts=ALL)
    assert reader.classes == ("person", "dog")
    sample = reader[0]
    assert np.allclose(sample["bboxes"], [[10.5, 8, 19.5, 12.25]] * 2)
    assert sample["labels"].tolist() == [0, 1]
    assert sample["ids"].tolist() == [1, 2]
    assert sample["keypoints"].tolist() == [[12, 9], [20, 15]]
    assert sample["keypoint_labels"] == ["nose", "right_eye"]
    assert sample["visibility"].tolist() == [2, 1]
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[8:20, 10:30] = 1  # the centre of column 10 lies on the edge
    assert np.array_equal(sample["masks"][0], expected)
    assert len(reader[1]["bboxes"]) == 0
    result = A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**sample)
    assert np.allclose(result["bboxes"][0], [WIDTH - 30, 8, 19.5, 12.25])
    assert result["keypoint_labels"] == ["nose", "left_eye"]
    for empty in reader[1:]:
        assert A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**empty)["labels"].size == 0


def test_coco_instances_live_and_die_together(tmp_path):
    far = annotation(2, bbox=[50, 30, 10, 10], segmentation=[[50, 30, 60, 30, 60, 40, 50, 40]])
    reader = Coco(coco(tmp_path, [annotation(1), far]), tmp_path, parts=ALL, instances=True)
    sample = reader[0]
    assert [found["ids"] for found in sample["instances"]] == [1, 2]
    crop = A.Compose([A.Crop(0, 0, 40, 25)], **reader.params)(**sample)
    assert [found["ids"] for found in crop["instances"]] == [1]
    (found,) = crop["instances"]
    assert found["mask"].sum() == 12 * 20
    assert found["label"] == 0


def test_coco_crowds_and_runs_of_both_kinds(tmp_path):
    runs = {"iscrowd": 1, "segmentation": RUNS, "bbox": [10, 0, 3, HEIGHT]}
    file = coco(tmp_path, [annotation(1), annotation(2, **runs)])
    assert Coco(file, tmp_path)[0]["ids"].tolist() == [1]
    sample = Coco(file, tmp_path, parts=("bbox", "mask"), crowds=True)[0]
    assert sample["crowd"].tolist() == [False, True]
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[:, 10:13] = 1
    assert np.array_equal(sample["masks"][1], expected)


BROKEN = {
    "have a known category_id, got 5": {"category_id": 5},
    "have a bbox of four numbers": {"bbox": [1, 2, 3]},
    "have a box with an area": {"bbox": [10, 10, 0, 5]},
    "have its box (xyxy, in pixels) inside the picture of 48 x 64": {"bbox": [60, 10, 9, 5]},
    "have a polygon of at least three points": {"segmentation": [[1, 2, 3, 4]]},
    "have rings of x, y, x, y": {"segmentation": [[1, 2, 3, 4, 5, 6, 7]]},
    "have a polygon, got": {"segmentation": []},
    "have a polygon, not runs": {"segmentation": RUNS},
    "have 3 keypoints of three numbers": {"keypoints": [1, 2, 2]},
    "have a box of four finite numbers": {"bbox": [1, float("nan"), 3, 4]},
    "have a polygon of finite numbers": {"segmentation": [[1, 2, float("nan"), 2, 9, 9]]},
    "have rings of x, y, x, y, ... as its segmentation, got [1, 2, 9, 2, 9, 9]": {
        "segmentation": [1, 2, 9, 2, 9, 9]
    },
    "have a known category_id, got [2]": {"category_id": [2]},
    "have 0 or 1 as iscrowd, got '0'": {"iscrowd": "0"},
    "have 0, 1 or 2 as the visibility": {"keypoints": [9, 9, 5, 0, 0, 0, 0, 0, 0]},
    "have 0, 1 or 2 as the visibility of": {"keypoints": [9, 9, float("nan"), 0, 0, 0, 0, 0, 0]},
    "have keypoint 0 inside the picture": {"keypoints": [99, 2, 2, 0, 0, 0, 0, 0, 0]},
}


@pytest.mark.parametrize(("rule", "change"), BROKEN.items())
def test_an_error_names_file_annotation_rule_and_value(tmp_path, rule, change):
    file = coco(tmp_path, [annotation(1), annotation(77, **change)])
    reader = Coco(file, tmp_path, parts=("bbox", "polygon", "keypoints"))
    with pytest.raises(AnnotationError, match=re.escape(f"{file}: annotation 77 must {rule}")):
        reader[0]
    assert [problem.place for problem in reader.check()] == ["annotation 77"]
    reader.invalid = "drop"
    assert reader[0]["ids"].tolist() == [1]


def test_coco_files_that_are_none(tmp_path):
    with pytest.raises(AnnotationError, match=r"have an image_id among the images, got 1"):
        Coco(coco(tmp_path, [annotation(1, image_id=1)]), tmp_path)
    with pytest.raises(AnnotationError, match=r"the file must have a list 'annotations'"):
        Coco(coco(tmp_path, None), tmp_path)
    runs = {"segmentation": {"size": [HEIGHT, WIDTH], "counts": [5]}}
    with pytest.raises(AnnotationError, match=r"have runs that fill 48 x 64 pixels, got \[5\]"):
        Coco(coco(tmp_path, [annotation(1, **runs)]), tmp_path, parts=["mask"])[0]
    file = coco(tmp_path, [])
    picture(tmp_path / "a.jpg", WIDTH, HEIGHT)
    with pytest.raises(AnnotationError, match=r"image 7 must .*\(64, 48\) \(before it is turned"):
        Coco(file, tmp_path)[0]


IMAGE = {"id": 7, "file_name": "a.jpg"}
KIND = {"id": 2, "name": "dog"}
WRONG = [
    ({"images": [{"file_name": "a.jpg"}]}, "images[0] must be a dict with 'id'"),
    ({"images": [IMAGE, {"id": 8}]}, "images[1] must be a dict with 'file_name'"),
    (
        {"images": [{**IMAGE, "file_name": None}]},
        "images[0] must have a name as 'file_name', got No",
    ),
    (
        {"images": [IMAGE, IMAGE]},
        "images[1] must have an id of its own, not that of images[0], got 7",
    ),
    ({"categories": [{"name": "dog"}]}, "categories[0] must be a dict with 'id'"),
    ({"categories": [{"id": 2}]}, "categories[0] must be a dict with 'name'"),
    ({"categories": [KIND, KIND]}, "categories[1] must have an id of its own"),
    ({"categories": [KIND, {"id": "x", "name": "cat"}]}, "categories[1] must have an id like that"),
    ({"annotations": [{"image_id": 7}]}, "annotations[0] must be a dict with 'id'"),
    ({"annotations": [{"id": 1}]}, "annotations[0] must be a dict with 'image_id'"),
    (
        {"annotations": [{"id": 1, "image_id": [7]}]},
        "annotations[0] must have a number as 'image_id'",
    ),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_coco_entries_without_what_they_need(tmp_path, change, words):
    file = coco(tmp_path, **{"annotations": [], **change})
    with pytest.raises(AnnotationError, match=re.escape(f"{file}: {words}")):
        Coco(file, tmp_path)


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ({"size": [HEIGHT, WIDTH]}, "have runs of pixels, as a list or a string, got None"),
        ({"size": 5, "counts": [5]}, "have runs for a picture of 48 x 64 pixels, got 5"),
        ({"size": [HEIGHT, WIDTH], "counts": [0.5]}, "have runs of pixels in whole numbers"),
        ({"size": [HEIGHT, WIDTH], "counts": "é"}, "have a string of characters from '0' to 'o'"),
    ],
)
def test_runs_that_are_none(tmp_path, runs, words):
    file = coco(tmp_path, [annotation(1, segmentation=runs)])
    with pytest.raises(AnnotationError, match=re.escape(f"annotation 1 must {words}")):
        Coco(file, tmp_path, parts=["mask"])[0]


def test_keypoints_have_the_names_of_their_category(tmp_path):
    categories = [
        {"id": 1, "name": "cup", "keypoints": ["left_rim", "right_rim"]},
        {"id": 2, "name": "person", "keypoints": ["nose", "left_eye", "right_eye"]},
    ]
    rows = [
        annotation(5, category_id=1, keypoints=[12, 9, 2, 13, 9, 1]),
        annotation(6, keypoints=[0, 0, 0, 20, 15, 1, 21, 15, 2]),
        annotation(8, category_id=1),
    ]
    file = coco(tmp_path, rows, categories=categories)
    reader = Coco(file, tmp_path, parts=("bbox", "keypoints"))
    assert reader.points == ("left_rim", "right_rim", "nose", "left_eye", "right_eye")
    sample = reader[0]
    assert sample["keypoint_labels"] == ["left_rim", "right_rim", "left_eye", "right_eye"]
    assert sample["keypoint_objects"].tolist() == [0, 0, 1, 1]
    flipped = A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**sample)
    found = dict(zip(flipped["keypoint_labels"], flipped["keypoints"][:, 0].tolist()))
    last = WIDTH - 1
    assert found == {"left_rim": last - 13, "right_rim": last - 12} | {
        "left_eye": last - 21, "right_eye": last - 20
    }  # fmt: skip
    whole = Coco(file, tmp_path, parts=("bbox", "keypoints"), instances=True)[0]["instances"]
    assert [len(one["keypoints"]) for one in whole] == [2, 3, 2]
    assert whole[2]["keypoints"][:, 2].tolist() == [0, 0]
    wrong = coco(tmp_path, [annotation(5, category_id=1, keypoints=[1] * 9)], categories=categories)
    with pytest.raises(AnnotationError, match="have 2 keypoints of three numbers"):
        Coco(wrong, tmp_path, parts=("bbox", "keypoints"))[0]


def test_left_and_right_of_instances_change_places_in_a_mirror(tmp_path):
    eyes = ["nose", "left_eye", "right_eye"]
    rows = [annotation(1, keypoints=[20, 18, 2, 22, 15, 2, 18, 15, 1]), annotation(2)]
    options = {"parts": ("bbox", "keypoints"), "instances": True}
    categories = [{"id": 2, "name": "person", "keypoints": eyes}, {"id": 5, "name": "cup"}]
    reader = Coco(coco(tmp_path, rows, categories=categories), tmp_path, **options)
    assert reader.keypoint_params.label_mapping == ((1, 2),)
    person, hidden = A.Compose([A.HorizontalFlip(p=1)], **reader.params)(**reader[0])["instances"]
    last = WIDTH - 1
    expected = [[last - 20, 18, 2], [last - 18, 15, 1], [last - 22, 15, 2]]
    assert person["keypoints"].tolist() == expected
    assert hidden["keypoints"][:, 2].tolist() == [0, 0, 0]
    ears = [*categories, {"id": 3, "name": "dog", "keypoints": [*eyes, "left_ear", "right_ear"]}]
    reader = Coco(coco(tmp_path, rows[:1], categories=ears), tmp_path, **options)
    assert reader.keypoint_params.label_mapping == ((1, 2), (3, 4))
    paws = [*categories, {"id": 3, "name": "dog", "keypoints": ["left_paw", "right_paw"]}]
    reader = Coco(coco(tmp_path, rows[:1], categories=paws), tmp_path, **options)
    assert reader.keypoint_params.label_mapping is None


def test_keypoints_need_names(tmp_path):
    file = coco(tmp_path, [], categories=[KIND])
    with pytest.raises(AnnotationError, match="a category with the names of its 'keypoints'"):
        Coco(file, tmp_path, parts=["keypoints"])


def test_labels_shrink_with_the_picture(tmp_path):
    points = {"keypoints": [12, 9, 2, 0, 0, 0, 20, 15, 1]}
    reader = Coco(coco(tmp_path, [annotation(1, **points)]), tmp_path, parts=ALL)
    whole = reader[0]
    reader.at_least = (HEIGHT // 2, 10)
    half = reader[0]
    assert half["image"].shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert np.allclose(half["bboxes"] * 2, whole["bboxes"])
    assert np.allclose(half["polygons"][0][0] * 2, whole["polygons"][0][0])
    assert np.allclose((half["keypoints"] + 0.5) * 2, whole["keypoints"] + 0.5)
    assert half["masks"][0].shape == (HEIGHT // 2, WIDTH // 2)
    resize = A.Compose([A.Resize(12, 16)], **reader.params)
    reader.suit(resize)
    assert reader[0]["image"].shape == (12, 16, 3)
    reader.at_least = None
    assert np.allclose(resize(**reader[0])["bboxes"], resize(**half)["bboxes"])


def test_panoptic(tmp_path):
    segments = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    segments[:20, :, 2] = 5  # red, as OpenCV writes it
    segments[20:, 10:30, 1] = 1
    cv2.imwrite(str(tmp_path / "a.png"), segments)
    infos = [{"id": 5, "category_id": 9}, {"id": 256, "category_id": 2}]
    kinds = [{"id": 9, "name": "sky", "isthing": 0}, {"id": 2, "name": "dog", "isthing": 1}]
    entry = {"image_id": 7, "file_name": "a.png", "segments_info": infos}
    file = coco(tmp_path, [entry], categories=kinds)
    reader = Panoptic(file, tmp_path, tmp_path, parts=("bbox", "mask"))
    sample = reader[0]
    assert reader.classes == ("dog", "sky")
    expected = np.full((HEIGHT, WIDTH), 255)
    expected[:20], expected[20:, 10:30] = 1, 0
    assert np.array_equal(sample["mask"], expected)
    assert sample["bboxes"].tolist() == [[10, 20, 20, HEIGHT - 20]]
    assert np.array_equal(sample["masks"][0], expected == 0)
    for key in ("image_id", "file_name", "segments_info"):
        less = {name: value for name, value in entry.items() if name != key}
        with pytest.raises(AnnotationError, match=rf"annotations\[0\] must be a dict with '{key}'"):
            Panoptic(coco(tmp_path, [less], categories=kinds), tmp_path, tmp_path)
    for change, words in (
        ({"image_id": 99}, r"annotations\[0\] must have an image_id among the images, got 99"),
        ({"segments_info": [{"id": 5}]}, r"segments_info\[0\] must be a dict with 'id' and 'cat"),
        ({"segments_info": [{"id": "5", "category_id": 9}]}, r"must have whole numbers as ids"),
        ({"segments_info": 5}, r"annotations\[0\] must have a list 'segments_info', got 5"),
    ):
        with pytest.raises(AnnotationError, match=words):
            Panoptic(coco(tmp_path, [entry | change], categories=kinds), tmp_path, tmp_path)
    infos.append({"id": 8, "category_id": 2})
    with pytest.raises(AnnotationError, match="segment 8 of image 7 must be in"):
        Panoptic(coco(tmp_path, [entry], categories=kinds), tmp_path, tmp_path)[0]


# what is imported

FOREIGN = "{'PIL', 'tifffile', 'pandas', 'polars', 'pycocotools', 'tensorflow', 'keras'}"


@pytest.mark.parametrize(
    ("module", "unwanted"), [("probaug", "{'probaug.data'}"), ("probaug.data", FOREIGN)]
)
def test_imports_bring_nothing_along(module, unwanted):
    code = f"import sys, {module}; print(sorted({unwanted} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
