from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from demo import coco, draw

ROOT = Path(__file__).parents[1]

needs_photos = pytest.mark.skipif(
    importlib.util.find_spec("skimage") is None,
    reason="the demo's photos come with scikit-image, which is not installed",
)
needs_training = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)


def annotation(image_id: int, box: list[float], **more: Any) -> dict[str, Any]:
    return {"image_id": image_id, "category_id": 7, "bbox": box} | more


def numbered(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": number, **each} for number, each in enumerate(objects)]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder with two images and an annotations.json that lists both and one that is absent."""
    for number, (height, width) in enumerate([(40, 60), (50, 30)]):
        image = np.full((height, width, 3), 40 * (number + 1), np.uint8)
        image[..., 0] = 200  # blue, as OpenCV writes
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    counts = [40 * 10 + 5, 20, 40 * 60 - 40 * 10 - 25]
    objects = [
        annotation(1, [10, 5, 20, 10], segmentation=[[10, 5, 30, 5, 30, 15, 10, 15]]),
        annotation(
            1, [0, 0, 9, 9], segmentation=[[0, 0, 6, 0, 6, 6, 0, 6], [3, 3, 9, 3, 9, 9, 3, 9]]
        ),
        annotation(1, [10, 5, 1, 20], iscrowd=1, segmentation={"counts": counts, "size": [40, 60]}),
        annotation(1, [1, 2, 3, 4]),
        annotation(1, [1, 2, 0, 4]),
        annotation(2, [2, 3, 4, 5], keypoints=[3, 4, 2, 0, 0, 0, 5, 6, 1]),
        annotation(2, [20, 40, 5, 5], category_id=9, keypoints=[22, 43, 2]),
        annotation(2, [20, 40, 5, 5], keypoints=[90, 4, 2, 0, 0, 0, 0, 0, 0]),
    ]
    data = {
        "images": [
            {"id": 1, "file_name": "0.png", "height": 40, "width": 60},
            {"id": 2, "file_name": "1.png", "height": 50, "width": 30},
            {"id": 3, "file_name": "absent.png", "height": 9, "width": 9},
        ],
        "categories": [
            {"id": 7, "name": "thing", "keypoints": ["head", "tail", "foot"]},
            {"id": 9, "name": "lamp", "keypoints": ["bulb"]},
        ],
        "annotations": numbered(objects),
    }
    (tmp_path / "annotations.json").write_text(json.dumps(data))
    return tmp_path


def read(folder: Path) -> tuple[list[coco.Photo], list[str]]:
    return coco.read(folder / "annotations.json", folder)


def test_coco_file_becomes_photos(dataset: Path) -> None:
    (first, second), notes = read(dataset)
    assert first.labels == ["thing", "thing", "thing (crowd)", "thing"]
    assert first.bboxes[0] == [10, 5, 20, 10]
    assert first.image()[0, 0].tolist() == [40, 40, 200]
    assert second.bboxes == [[2, 3, 4, 5], [20, 40, 5, 5]]
    assert second.labels == ["thing", "lamp"]
    assert second.keypoints == [[3, 4], [5, 6], [22, 43]]
    assert second.keypoint_labels == ["head", "foot", "bulb"]
    missing, wrong = notes
    assert missing.startswith("left out: 1 images listed but not in")
    assert missing.endswith("(first: absent.png)")
    assert wrong.startswith("left out: 2 wrong photos or objects")
    assert "annotation 4 must have a box with an area" in wrong


def test_outlines_become_masks(dataset: Path) -> None:
    (first, second), _ = read(dataset)
    polygon, overlapping, crowd, boxed = first.masks()
    rows, columns = np.nonzero(polygon)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 14, 10, 29)
    assert polygon.sum() == 200
    assert overlapping[4, 4] == 1, "where two parts overlap the object is still there"
    assert crowd.sum() == 20
    assert crowd[5:25, 10].all(), "runs go down the columns"
    assert boxed[3, 2] == 1
    assert boxed.sum() == 12
    assert first.mask().max() == 1
    assert second.mask("other").sum() == 0
    assert all(mask.shape == (40, 60) and mask.dtype == np.uint8 for mask in first.masks())


def test_wrong_paths_and_files_are_named(dataset: Path, tmp_path: Path) -> None:
    annotations = dataset / "annotations.json"
    with pytest.raises(coco.DemoError, match=r"there is no file .*nowhere\.json"):
        coco.read(tmp_path / "nowhere.json", dataset)
    with pytest.raises(coco.DemoError, match=r"there is no folder .*nowhere"):
        coco.read(annotations, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(coco.DemoError, match=r"holds none of the images .*first: 0\.png"):
        coco.read(annotations, tmp_path / "empty")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(coco.DemoError, match=r"broken\.json: the file must be JSON"):
        coco.read(broken, dataset)
    broken.write_text("{}")
    with pytest.raises(coco.DemoError, match="must have a list 'images'"):
        coco.read(broken, dataset)
    broken.write_text('{"images": [{"file_name": "0.png"}], "annotations": [], "categories": []}')
    with pytest.raises(coco.DemoError, match=r"images\[0\].* 'id'"):
        coco.read(broken, dataset)


def test_a_photo_that_is_wrong_is_left_out(dataset: Path) -> None:
    (photo, other), _ = read(dataset)
    cv2.imwrite(str(photo.path), np.zeros((8, 8, 3), np.uint8))
    (left,), notes = read(dataset)
    assert left.path == other.path
    assert "must have the picture's height and width, (8, 8), got (40, 60)" in notes[1]
    photo.path.write_text("no image")
    assert len(read(dataset)[0]) == 1


def test_of_a_large_data_set_the_first_photos_are_taken(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coco, "MOST", 1)
    (photo,), notes = read(dataset)
    assert photo.name == "0.png"
    assert "left out: 1 photos after the first 1" in notes


def test_overlay_draws_where_the_labels_are() -> None:
    image = np.full((100, 100, 3), 128, np.uint8)
    mask = np.zeros((100, 100), np.uint8)
    mask[60:80, 60:80] = 1
    drawn = draw.overlay(
        image,
        masks=[np.zeros_like(mask), mask],
        bboxes=[[60, 60, 20, 20]],
        labels=["thing"],
        ids=[1],
        keypoints=[[20, 30]],
        keypoint_labels=["head"],
    )
    assert (image == 128).all(), "the photo itself stays as it is"
    tint = np.array(draw.color(1), float)
    assert np.abs(drawn[70, 70] - (0.7 * 128 + 0.3 * tint)).max() <= 2
    assert np.abs(drawn[70, 60] - tint).max() < np.abs(drawn[70, 65] - tint).max()
    assert drawn[30, 20].tolist() == [230, 0, 60]
    assert (drawn[90:, 40:60] == 128).all()


def test_overlay_of_a_photo_without_objects() -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    assert (draw.overlay(image) == image).all()
    empty = np.zeros((0, 4))
    assert (draw.overlay(image, bboxes=empty, keypoints=empty[:, :2]) == image).all()


def test_names_stay_inside_and_off_each_other() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    first = draw.write(image, "one", -20, -20, (255, 255, 255), 0.36)
    second = draw.write(image, "two", -20, -20, (255, 255, 255), 0.36, [first])
    assert first[:2] == (0, 0)
    assert not draw.meet(first, second)
    third = draw.write(image, "three", 500, 500, (255, 255, 255), 0.36)
    assert third[2] <= 80
    assert third[3] <= 60


def test_grid_is_saved_as_a_picture(tmp_path: Path) -> None:
    wide, tall = np.full((20, 40, 3), 200, np.uint8), np.full((40, 10, 3), 100, np.uint8)
    page = draw.grid([[wide, tall], [tall]], ["first", "second"], 40)
    draw.save(tmp_path / "new" / "page.png", page)
    read_back = cv2.imread(str(tmp_path / "new" / "page.png"))
    assert read_back is not None
    assert read_back.shape == page.shape
    assert page.shape == (22 + 2 * 44, 4 + 2 * 44, 3)


@needs_photos
def test_bundled_annotations_fit_the_bundled_photos() -> None:
    photos, notes = coco.read(coco.ANNOTATIONS, coco.bundled_photos())
    assert notes == []
    assert len(photos) == 6
    for photo in photos:
        height, width = photo.image().shape[:2]
        for mask, (x, y, w, h) in zip(photo.masks(), photo.bboxes):
            assert 0 <= x < x + w <= width
            assert 0 <= y < y + h <= height
            rows, columns = np.nonzero(mask)
            outline = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            assert np.abs(np.subtract(outline, (x, y, x + w, y + h))).max() <= 1
        for x, y in photo.keypoints:
            assert 0 <= x < width
            assert 0 <= y < height
            inside = photo.mask()[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4]
            assert inside.any()


@needs_photos
def test_coins_are_where_the_annotations_say() -> None:
    photos, _ = coco.read(coco.ANNOTATIONS, coco.bundled_photos())
    coins = next(photo for photo in photos if photo.name == "coins.png")
    assert len(coins.labels) == 24
    gray, mask = coins.image()[..., 0], coins.mask()
    ring = cv2.dilate(mask, np.ones((9, 9))) - cv2.dilate(mask, np.ones((3, 3)))
    assert gray[mask == 1].mean() > gray[ring == 1].mean() + 50


def run_demo(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@needs_photos
@needs_training
def test_demo_runs(tmp_path: Path) -> None:
    page = tmp_path / "overlays.png"
    size = ["--epochs", "2", "--samples", "48", "--output", str(page)]
    done = run_demo(*size)
    assert done.returncode == 0, done.stderr
    assert "InitializeLog" not in done.stderr, "what TensorFlow prints as it starts is held back"
    picture = cv2.imread(str(page))
    assert picture is not None
    assert picture.shape[1] > 2000
    assert page.stat().st_size < 4_000_000
    for feed in ("AugmentedSequence", "tf.data"):
        line = next(line for line in done.stdout.splitlines() if line.startswith(feed))
        first, last = map(float, re.findall(r"\d+\.\d+", line)[-2:])
        assert last < first


@pytest.mark.slow
@needs_training
def test_demo_runs_on_own_data(dataset: Path) -> None:
    page = dataset / "page.png"
    done = run_demo(
        *["--coco", str(dataset / "annotations.json"), "--images", str(dataset)],
        *["--epochs", "1", "--samples", "16", "--output", str(page)],
    )
    assert done.returncode == 0, done.stderr
    assert page.is_file()
    assert "left out: 1 images listed" in done.stdout


def test_demo_says_what_is_wrong(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from demo.__main__ import main

    absent = str(dataset / "absent.json")
    assert main(["--coco", absent, "--images", str(dataset)]) == 2
    assert f"there is no file {absent}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--coco", absent])
    assert "--coco and --images go together" in capsys.readouterr().err
