"""TextImage against Pillow, and what it leaves alone."""

import json
import sys

import numpy as np
import pytest
from cases import FONT, photo
from PIL import Image, ImageDraw, ImageFont

import probaug as A

GRAY = np.full((100, 300, 3), 200, np.uint8)
LINE = {"text": "Hello brave new world", "bbox": (0.1, 0.2, 0.9, 0.6)}


def written(image=GRAY, entry=LINE, key=0, **settings):
    transform = A.TextImage(font_path=FONT, p=1, **settings)
    return transform(image=image, textimage_metadata=entry, key=(0, 0, key))


def ink(image):
    ys, xs = np.nonzero(np.any(image != GRAY, axis=2))
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


def test_text_is_what_pillow_draws():
    entry = {"text": "Abc", "bbox": (0.1, 0.2, 0.9, 0.6)}
    result = written(entry=entry, font_size_fraction_range=(0.5, 0.5), font_color=(255, 0, 30))
    page = Image.fromarray(GRAY)
    font = ImageFont.truetype(str(FONT), 20)
    ImageDraw.Draw(page).text((30, 40), "Abc", fill=(255, 0, 30), font=font, anchor="lm")
    assert np.abs(result["image"].astype(int) - np.asarray(page)).max() <= 1


def test_text_never_leaves_its_box_as_it_does_in_2_0_8():
    for text in ("Hello brave new world", "A line that is far too long for so small a box " * 3):
        for fraction in (0.3, 1.0):
            entry = {**LINE, "text": text}
            image = written(entry=entry, font_size_fraction_range=(fraction, fraction))["image"]
            left, top, right, bottom = ink(image)
            assert 30 <= left < right <= 270
            assert 20 <= top < bottom <= 60


def test_size_follows_the_height_of_the_box():
    heights = []
    for fraction in (0.25, 0.5):
        entry = {**LINE, "text": "HH"}
        _, top, _, bottom = ink(
            written(entry=entry, font_size_fraction_range=(fraction, fraction))["image"]
        )
        heights.append(bottom - top)
    assert heights[1] == pytest.approx(2 * heights[0], abs=2.5)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [None, 1, 3, 5])
def test_colours_are_8_bit_ones_for_every_dtype(dtype, channels):
    white = {"uint8": 255, "uint16": 65535, "float32": 1.0}[dtype]
    shape = (40, 90) if channels is None else (40, 90, channels)
    image = np.zeros(shape, dtype)
    entry = {"text": "MMM", "bbox": (0, 0, 1, 1)}
    result = written(image, entry, font_color=102)["image"]
    assert result.dtype == image.dtype
    assert result.max() == pytest.approx(white * 0.4, rel=1e-3)
    assert (image == 0).all()


def test_colours_that_do_not_fit_the_channels_are_an_error():
    with pytest.raises(ValueError, match=r"font_color has 3 values, one per channel.* 1 channels"):
        written(GRAY[..., :1], font_color=(1, 2, 3))


def test_clearing_closes_the_box_from_around_it():
    image = GRAY.copy()
    image[30:50, 60:200] = 0
    result = written(image, {"text": "", "bbox": LINE["bbox"]}, clear_bg=True)["image"]
    assert np.abs(result.astype(int) - 200).max() <= 8


def test_words_are_inserted_swapped_deleted():
    words = LINE["text"].split()
    for key in range(12):
        texts = {
            how: written(augmentations=(how,), key=key)["overlay_data"][0]["text"].split()
            for how in (None, "insertion", "swap", "deletion")
        }
        assert texts[None] == words
        assert sorted(texts["swap"]) == sorted(words)
        assert 0 < len(texts["deletion"]) < 4
        assert [w for w in words if w in texts["deletion"]] == texts["deletion"]
        added = [w for w in texts["insertion"] if w not in words]
        assert set(added) <= {"the", "is", "in", "at", "of"}
        assert added
        assert [w for w in texts["insertion"] if w in words] == words


def test_what_was_written_is_reported_as_in_2_0_8():
    (one,) = written()["overlay_data"]
    assert one == {
        "bbox_coords": (30, 20, 270, 60), "text": LINE["text"], "original_text": LINE["text"],
        "bbox_index": 0, "font_color": (0, 0, 0),
    }  # fmt: skip


def test_a_fraction_of_the_boxes_is_written_to():
    entries = [{"text": "x", "bbox": (0, n / 4, 1, (n + 1) / 4)} for n in range(4)]
    transform = A.TextImage(font_path=FONT, fraction_range=(0.5, 0.5), p=1)
    chosen = set()
    for index in range(12):
        result = transform(image=GRAY, textimage_metadata=entries, key=(0, 0, index))
        boxes = [one["bbox_index"] for one in result["overlay_data"]]
        assert len(boxes) == 2
        chosen.update(boxes)
    assert chosen == {0, 1, 2, 3}
    none = A.TextImage(font_path=FONT, fraction_range=(0, 0), p=1)
    assert none(image=GRAY, textimage_metadata=entries)["image"] is GRAY


def test_every_frame_gets_the_same_text_and_replay_repeats_it():
    pipe = A.ReplayCompose([A.TextImage(font_path=FONT, augmentations=("swap", "deletion"), p=1)])
    result = pipe(image=GRAY, images=np.stack([GRAY, GRAY]), textimage_metadata=LINE)
    for frame in result["images"]:
        np.testing.assert_array_equal(frame, result["image"])
    tree = json.loads(json.dumps(result["replay"]))
    again = A.ReplayCompose.replay(tree, image=GRAY, textimage_metadata=LINE)
    np.testing.assert_array_equal(again["image"], result["image"])


@pytest.mark.parametrize(
    "entry", [{"text": "x"}, {"bbox": (0, 0, 1, 1)}, {"text": "x", "bbox": (0, 0, 1, 2)}, 5]
)
def test_entries_that_are_none_are_an_error(entry):
    with pytest.raises((ValueError, TypeError), match="TextImage"):
        written(photo(), [entry])


def test_words_to_insert_are_needed():
    with pytest.raises(ValueError, match=r"TextImage\.stopwords must be some words to insert"):
        A.TextImage(font_path="x.ttf", augmentations=("insertion",), stopwords=None)


def test_pillow_is_only_imported_where_text_is_written(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    transform = A.TextImage(font_path="font.ttf", p=1)
    assert transform(image=GRAY, textimage_metadata=[])["image"] is GRAY
    with pytest.raises(ImportError, match=r"pip install probaug\[text\]"):
        transform(image=GRAY, textimage_metadata=LINE)
