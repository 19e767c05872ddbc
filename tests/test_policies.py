"""RandAugment, TrivialAugmentWide, AugMix: their operations against Pillow's, their draws."""

from collections import Counter

import numpy as np
import pytest
from cases import photo
from PIL import Image, ImageEnhance, ImageOps

import probaug as A
from probaug.core.call import read
from probaug.transforms.policies import EVERY, MOVES, PAPER, TONES, WIDE, Operations, sharpness

IMAGE = photo(60, 80)
BLEND = {
    "Brightness": ImageEnhance.Brightness,
    "Color": ImageEnhance.Color,
    "Contrast": ImageEnhance.Contrast,
    "Sharpness": ImageEnhance.Sharpness,
}


def done(name, level, image=IMAGE, widths=PAPER, **data):
    canvas = read("test", A.Compose([]).settings, {"image": image, **data})
    Operations(widths).run(canvas, name, level)
    canvas.flush()
    return {plane.name: plane.frames[0] for plane in canvas.planes}


@pytest.mark.parametrize("level", [-1, -0.4, 0, 0.3, 1])
@pytest.mark.parametrize("name", BLEND)
def test_enhancements_are_pillows(name, level):
    want = np.asarray(BLEND[name](Image.fromarray(IMAGE)).enhance(1 + 0.9 * level))
    # Pillow cuts off fractions and rounds the mean grey
    assert np.abs(done(name, level)["image"].astype(int) - want).max() <= 2


@pytest.mark.parametrize("level", [0, 0.25, 0.5, 1])
def test_tables_are_pillows(level):
    photo_ = Image.fromarray(IMAGE)
    bits = 8 - round(4 * level)
    want = np.asarray(ImageOps.posterize(photo_, bits))
    np.testing.assert_array_equal(done("Posterize", -level)["image"], want)
    want = np.asarray(ImageOps.solarize(photo_, round(255 * (1 - level)) if level else 256))
    got = done("Solarize", level)["image"].astype(int)
    assert (got != want).mean() < 0.01, "but for the level at the very threshold"
    narrow = Image.fromarray(IMAGE // 2 + 40)
    want = np.asarray(ImageOps.autocontrast(narrow))
    assert (
        np.abs(done("AutoContrast", 1, np.asarray(narrow))["image"].astype(int) - want).max() <= 1
    )
    np.testing.assert_array_equal(
        done("Equalize", 1)["image"], np.asarray(ImageOps.equalize(photo_))
    )


def test_moves_go_where_the_papers_say():
    mask = np.zeros((60, 80), np.uint8)
    mask[30, 40] = 1
    for name, level, offset in (
        ("TranslateX", 0.5, (0, round(80 * 75 / 331))),
        ("TranslateY", -0.5, (-round(60 * 75 / 331), 0)),
    ):
        got = np.argwhere(done(name, level, mask=mask)["mask"])
        np.testing.assert_allclose(got, [np.add((30, 40), offset)], atol=1)
    wide = np.argwhere(done("TranslateX", 1, widths=WIDE, mask=mask)["mask"])
    np.testing.assert_array_equal(wide, [(30, 72)])
    line = np.zeros((60, 80), np.uint8)
    line[:, 40] = 1
    top, bottom = (np.flatnonzero(done("ShearX", 1, mask=line)["mask"][y])[0] for y in (0, 59))
    assert top - bottom == pytest.approx(0.3 * 59, abs=1)
    turned = done("Rotate", 1, mask=line)["mask"]
    rows, columns = np.nonzero(turned)
    angle = np.degrees(np.arctan2(*np.polyfit(rows, columns, 1)[:1], 1))
    assert abs(angle) == pytest.approx(30, abs=1)


@pytest.mark.parametrize("name", [n for n in EVERY if n not in ("AutoContrast", "Equalize")])
def test_level_0_changes_nothing(name):
    np.testing.assert_array_equal(done(name, 0.0)["image"], IMAGE)


def test_sharpness_serves_every_channel_count_and_keeps_tiny_images():
    for channels in (None, 1, 3, 5):
        image = photo(9, 11, channels, "float32")
        result = sharpness(image, 1.8)
        assert result.shape == image.shape
        assert result.min() >= 0
        assert result.max() <= 1
    assert sharpness(IMAGE[:2], 2.0) is not None


def test_every_operation_is_drawn_equally_often():
    for policy, draws in ((A.RandAugment(num_ops=3, p=1), 3), (A.TrivialAugmentWide(), 1)):
        pipe = A.Compose([policy], save_applied_params=True, seed=3)
        tiny = np.zeros((4, 4, 3), np.uint8)
        seen, levels = Counter(), []
        for _ in range(700):
            operations = pipe(image=tiny)["applied_transforms"][0][1]["operations"]
            assert len(operations) == draws
            seen.update(name for name, _ in operations)
            levels += [level for _, level in operations]
        assert set(seen) == set(EVERY)
        expected = 700 * draws / len(EVERY)
        assert sum((n - expected) ** 2 / expected for n in seen.values()) < 35  # 13 degrees
        assert abs(np.mean(np.sign(levels))) < 0.12
        if draws == 3:
            assert {abs(level) for level in levels} == {9 / 30}
        else:
            assert len({abs(level) for level in levels}) == 31


def test_labels_follow_the_moves_of_a_policy():
    mask = np.zeros((80, 100), np.uint8)
    mask[30:50, 40:70] = 1
    pipe = A.Compose([A.RandAugment(4, 20)], bbox_params=A.BboxParams("pascal_voc"))
    moved = 0
    for index in range(30):
        result = pipe(image=photo(80, 100), mask=mask, bboxes=[[40, 30, 70, 50]], key=(0, 0, index))
        ys, xs = np.nonzero(result["mask"])
        if not len(xs):
            continue
        seen = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        box = result["bboxes"][0]
        moved += not np.allclose(box, [40, 30, 70, 50])
        # a box around turned corners may be larger, never smaller
        assert (np.subtract(box[:2], seen[:2]) < 1.5).all()
        assert (np.subtract(seen[2:], box[2:]) < 1.5).all()
    assert moved > 10


def test_augmix_is_a_weighted_mean():
    pipe = A.Compose([A.AugMix(p=1)], save_applied_params=True)
    for index in range(8):
        result = pipe(image=IMAGE, key=(0, 0, index))
        params = result["applied_transforms"][0][1]
        assert sum(params["weights"]) == pytest.approx(1)
        assert all(1 <= len(chain) <= 3 for chain in params["chains"])
        want = IMAGE * (1 - params["share"])
        for chain, weight in zip(params["chains"], params["weights"], strict=True):
            image = IMAGE
            for name, level in chain:
                assert 0.01 <= abs(level) <= 0.3
                image = done(name, level, image)["image"]
            want = want + params["share"] * weight * image
        assert np.abs(result["image"] - want).max() <= 0.51


def test_augmix_refuses_to_move_pixels_beside_labels():
    with pytest.raises(ValueError, match=r"AugMix\.geometry must be False where"):
        A.AugMix(p=1)(image=IMAGE, mask=IMAGE[..., 0])
    pipe = A.Compose([A.AugMix(geometry=False, p=1)], save_applied_params=True)
    names = set()
    for index in range(20):
        params = pipe(image=IMAGE, mask=IMAGE[..., 0], key=(0, 0, index))["applied_transforms"][0][
            1
        ]
        names |= {name for chain in params["chains"] for name, _ in chain}
    assert names == set(TONES)
    assert names.isdisjoint(MOVES)


def test_wrong_magnitudes_are_refused_by_name():
    with pytest.raises(ValueError, match=r"RandAugment\.magnitude must be less than .* 10, got 10"):
        A.RandAugment(magnitude=10, num_magnitude_bins=10)
    with pytest.raises(ValueError, match=r"AugMix\.chain_depth must be -1 or at least 1, got 0"):
        A.AugMix(chain_depth=0)
