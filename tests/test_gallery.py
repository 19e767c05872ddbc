from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from cases import LEAVES

import probaug as A
from demo import coco, draw, gallery, scenes, strengths
from probaug.core.registry import REGISTRY

NAMES = {cls.__name__ for cls in LEAVES}

needs_photos = pytest.mark.skipif(
    importlib.util.find_spec("skimage") is None,
    reason="the bundled photos come with scikit-image, which is not installed",
)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three small images, each with two objects, one of them with keypoints."""
    rng = np.random.default_rng(3)
    images, annotations = [], []
    for number, (height, width) in enumerate([(60, 90), (80, 70), (60, 60)]):
        noise = rng.integers(0, 256, (6, 8, 3), np.uint8)
        image = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
        images.append(
            {"id": number, "file_name": f"{number}.png", "height": height, "width": width}
        )
        ring = [5, 5, 25, 10, 20, 30, 8, 28]
        shared = {"image_id": number, "category_id": 1}
        outlined = {"bbox": [5, 5, 20, 25], "segmentation": [ring], "keypoints": [9, 9, 2]}
        annotations += [
            {**shared, "id": 2 * number, **outlined},
            {**shared, "id": 2 * number + 1, "bbox": [30, 20, 25, 30]},
        ]
    data = {
        "images": images,
        "categories": [{"id": 1, "name": "thing", "keypoints": ["head"]}],
        "annotations": annotations,
    }
    (tmp_path / "annotations.json").write_text(json.dumps(data))
    return tmp_path


def run(folder: Path, *only: str) -> Path:
    out = folder / "out"
    given = ["--coco", str(folder / "annotations.json"), "--images", str(folder)]
    assert gallery.main([*given, "--out", str(out), "--only", *only]) == 0
    return out


def of(folder: Path) -> scenes.Scenes:
    return scenes.Scenes(coco.read(folder / "annotations.json", folder)[0])


def test_every_registered_transform_is_shown_or_has_a_reason():
    shown, without = set(strengths.STRENGTHS), set(strengths.WITHOUT_PICTURE)
    assert not shown & without
    assert shown | without == NAMES
    assert {name for names in gallery.families().values() for name in names} == shown
    assert set(strengths.KINDS) <= shown


@pytest.mark.parametrize("name", sorted(strengths.STRENGTHS))
def test_three_settings_are_valid_and_differ(name):
    lists = [value for value in strengths.STRENGTHS[name].values() if isinstance(value, list)]
    assert all(len(levels) == 3 for levels in lists)
    more = {"font_path": "a.ttf"} if name == "TextImage" else {}
    calls = [REGISTRY[name](**given, **more) for given in strengths.arguments(name)]
    assert len(set(calls)) == (3 if strengths.has_strength(name) else 1) or name == "ChannelDropout"
    assert all(gallery.short(call).startswith(f"{name}(") for call in calls)


def test_pages_and_index(dataset, capsys):
    out = run(dataset, "Rotate", "GaussianBlur", "Mosaic", "GridShuffle3D", "ToRGB", "CopyAndPaste")
    pages = {path.stem for path in out.glob("*.png")}
    assert pages == {"affine", "blur", "mosaic", "volume_moves", "palette", "paste"}
    page = cv2.imread(str(out / "affine.png"))
    assert page is not None
    assert page.shape[1] > 4 * scenes.SIDE
    words = (out / "index.md").read_text()
    assert "- **Rotate**: Rotate the image about its centre." in words
    assert "![Rotate](affine.png)" in words
    assert "NoOp" not in words, "what was not asked for is not listed as missing"
    assert "affine: Rotate" in capsys.readouterr().out


def test_a_transform_without_draws_is_shown_once_and_others_differ(dataset):
    at = of(dataset)
    assert len(gallery.cells("HorizontalFlip", at, "flips", 3)) == 2
    captions, images = zip(*gallery.cells("D4", at, "flips", 3))
    assert captions == ("original", "D4()", "D4()", "D4()")
    assert not any(
        np.array_equal(images[i], images[j]) for i, j in [(0, 1), (1, 2), (1, 3), (2, 3)]
    )


def test_labels_of_all_kinds_are_drawn_where_they_went(dataset):
    sample = of(dataset).sample("HorizontalFlip", "flips")
    flipped = gallery.once(A.HorizontalFlip(), sample, (0, 0, 0))
    plain = sample["image"][:, ::-1]
    lines = (flipped != plain).any(axis=2)
    x, y, w, h = sample["bboxes"][1]
    middle = round(y + h / 2)
    for edge in (x, x + w):
        column = plain.shape[1] - edge
        assert lines[middle, max(round(column) - 2, 0) : round(column) + 2].any()
    assert len(sample["oriented"][0]) == 5
    assert sample["mask"].max() == 2


def test_values_change_without_a_tint_over_them(dataset):
    at = of(dataset)
    (_, before), (_, after), *_ = gallery.cells("InvertImg", at, "tone", 3)
    image = at.sample("InvertImg", "tone")["image"]
    assert (after == 255 - image).all(axis=2).mean() > 0.6
    assert (before == image).all(axis=2).mean() > 0.6


def test_floats_and_grey_are_made_visible():
    ramp = np.linspace(-2, 2, 9, dtype=np.float32).reshape(3, 3)
    assert gallery.visible(ramp).shape == (3, 3, 3)
    assert gallery.visible(ramp)[..., 0].ravel()[[0, 4, 8]].tolist() == [0, 128, 255]
    flat = np.full((2, 2, 3), 0.5, np.float32)
    assert np.isfinite(gallery.visible(flat)).all()


def test_smallest_turned_box_of_an_outline(dataset):
    ring = [10.0, 0.0, 30.0, 20.0, 20.0, 30.0, 0.0, 10.0]
    x, y, w, h, angle = coco.smallest_box([ring])
    assert (x + w / 2, y + h / 2) == pytest.approx((15, 15), abs=1e-3)
    assert sorted((w, h)) == pytest.approx([200**0.5, 800**0.5], abs=1e-3)
    corners = draw.turned([x, y, w, h, angle])
    wanted = np.reshape(ring, (4, 2))
    distance = np.abs(corners[:, None] - wanted).max(axis=2).min(axis=1)
    assert distance.max() < 1e-2
    first = coco.read(dataset / "annotations.json", dataset)[0][0]
    outlined, boxed = first.polygons()
    assert outlined == [[5, 5, 25, 10, 20, 30, 8, 28]]
    assert boxed == [[30, 20, 55, 20, 55, 50, 30, 50]]
    assert len(first.oriented()) == 2


def test_captions_are_wrapped_and_rows_as_high_as_their_images():
    words = "weak: Affine(scale=(0.5, 0.5), rotate=(10, 10), shear=(2, 2), translate=(1, 1))"
    lines = draw.wrapped(words, 200, 0.36)
    assert " ".join(lines) == words
    assert len(lines) > 1
    assert all(cv2.getTextSize(line, draw.FONT, 0.36, 1)[0][0] <= 200 for line in lines)
    image = np.zeros((50, 80, 3), np.uint8)
    page = draw.sheet([[("a", image), ("b", image)], [("c", image)]], 100)
    assert page.shape == (2 * (19 + 50 + 16), 8 + 2 * 108, 3)
    assert (page[19:69, 8:88] == 0).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--only", "Rotat"], "there is no transform Rotat; Rotate?"),
        (["--only", "NoOp"], "NoOp has no picture: changes nothing"),
        (["--coco", "a.json"], "--coco and --images go together"),
    ],
)
def test_wrong_options_are_named(given, words, capsys):
    with pytest.raises(SystemExit):
        gallery.main(given)
    assert words in capsys.readouterr().err


def test_a_missing_folder_is_named(dataset, capsys):
    given = ["--coco", str(dataset / "annotations.json"), "--images", str(dataset / "none")]
    assert gallery.main([*given, "--out", str(dataset / "out")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_without_a_font_text_is_listed_not_drawn(dataset, monkeypatch, capsys):
    monkeypatch.setattr(scenes, "font", lambda: None)
    out = run(dataset, "TextImage")
    assert not list(out.glob("*.png"))
    assert "- **TextImage**: there is no font" in (out / "index.md").read_text()
    assert "without a picture: TextImage (there is no font)" in capsys.readouterr().out


@needs_photos
@pytest.mark.slow
def test_the_whole_gallery(tmp_path, capsys):
    assert gallery.main(["--out", str(tmp_path)]) == 0
    families = gallery.families()
    assert {path.stem for path in tmp_path.glob("*.png")} == set(families)
    words = (tmp_path / "index.md").read_text()
    assert all(f"- **{name}**: " in words for name in NAMES)


@needs_photos
@pytest.mark.slow
def test_stronger_settings_change_more():
    at = scenes.Scenes(coco.read(coco.ANNOTATIONS, coco.bundled_photos())[0])
    for family, names in gallery.families().items():
        for name in names:
            if name in strengths.KINDS or not strengths.has_strength(name):
                continue
            if not issubclass(REGISTRY[name], A.ImageOnlyTransform) or name == "RandomRain":
                continue  # the light of its streaks makes up for its dark
            (_, before), *others = gallery.cells(name, at, family, 3)
            weak, _, strong = (np.abs(after.astype(int) - before).mean() for _, after in others)
            assert weak < strong, name
