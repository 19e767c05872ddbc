"""HEStain against the law of Beer and Lambert, and estimates against stains that are known."""

import numpy as np
import pytest
from scipy import stats
from skimage.color import rgb_from_hed

import probaug as A
from probaug.transforms.stain import PRESETS, TISSUE, estimated, optical_density

RNG = np.random.default_rng(4)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}


def slide(stains, size=(64, 80), glass=0.0, seed=1):
    """Float image of tissue in two stains of known colours, most pixels mainly of one."""
    rng = np.random.default_rng(seed)
    share = rng.beta(0.3, 0.3, (*size, 1))
    depth = rng.uniform(0.5, 1.6, (*size, 1))
    amounts = np.concatenate([share, 1 - share], axis=2) * depth
    amounts[rng.random(size) < glass] = 0
    return np.exp(-amounts @ stains), amounts


def unit_rows(stains):
    return stains / np.linalg.norm(stains, axis=1, keepdims=True)


STAINS = unit_rows(np.array(PRESETS["ruifrok"]))


def as_dtype(image, dtype):
    if dtype == "float32":
        return image.astype(np.float32)
    return np.rint(image * WHITE[dtype]).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("preset", PRESETS)
def test_amounts_of_known_stains_are_scaled_and_shifted(dtype, preset):
    stains = np.array(PRESETS[preset])
    image, amounts = slide(stains)
    scale, shift = np.array([1.3, 0.7]), np.array([0.1, -0.05])
    wanted = np.exp(-(amounts * scale + shift) @ stains).clip(0, 1)
    t = A.HEStain("preset", preset, augment_background=True)
    result = t.edit(as_dtype(image, dtype), preset, scale.tolist(), shift.tolist())
    assert np.abs(result / WHITE[dtype] - wanted).max() < (2.5 / 255 if dtype == "uint8" else 1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("method", ["random_preset", "macenko", "vahadane"])
def test_neutral_stains_change_nothing_even_where_no_stain_explains_the_colour(dtype, method):
    """2.0.8 projects every colour onto the two stains first."""
    image = as_dtype(RNG.random((30, 40, 3)), dtype)
    t = A.HEStain(
        method, intensity_scale_range=(1, 1), intensity_shift_range=(0, 0),
        augment_background=True, p=1,
    )  # fmt: skip
    error = np.abs(t(image=image)["image"].astype(float) - image).max()
    assert error <= (1e-6 if dtype == "float32" else 0)


def test_what_the_stains_do_not_explain_is_kept():
    image, _ = slide(STAINS)
    rest = np.cross(*STAINS)
    rest /= np.linalg.norm(rest)
    image = (image * np.exp(-0.1 * rest)).clip(0, 1).astype(np.float32)
    result = A.HEStain().edit(image, "ruifrok", [0.8, 1.2], [0.0, 0.0])
    before, after = (-np.log(x) @ rest for x in (image, result))
    inside = (result < 0.999).all(axis=2)
    assert inside.mean() > 0.5
    assert np.abs(before - after)[inside].max() < 1e-3


@pytest.mark.parametrize("method", ["macenko", "vahadane"])
@pytest.mark.parametrize("name", ["ruifrok", "standard", "light", "dark"])
def test_stains_of_a_synthetic_slide_are_found(method, name):
    stains = unit_rows(np.array(PRESETS[name]))
    image, _ = slide(stains, glass=0.3)
    found = estimated(optical_density(as_dtype(image, "uint8")), method)
    cosines = (found * stains).sum(axis=1)
    assert (cosines > np.cos(np.radians(6))).all(), np.degrees(np.arccos(cosines))


def test_stains_of_scikit_image_s_matrix_are_found():
    stains = unit_rows(rgb_from_hed[:2])
    image, _ = slide(stains)
    for method in ("macenko", "vahadane"):
        found = estimated(optical_density(as_dtype(image, "uint8")), method)
        assert ((found * stains).sum(axis=1) > np.cos(np.radians(6))).all()


@pytest.mark.parametrize("method", ["random_preset", "preset", "macenko", "vahadane"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("value", [0.0, 0.02, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (24, 24)])
def test_white_black_and_flat_images_are_served(method, dtype, value, size):
    """2.0.8's "macenko" raises on white and turns grey red; its "vahadane" turns white black."""
    image = as_dtype(np.full((*size, 3), value), dtype)
    for background in (False, True):
        t = A.HEStain(method, augment_background=background, p=1)
        for index in range(3):
            result = t(image=image, key=(0, 0, index))["image"]
            assert np.isfinite(result).all()
            assert np.ptp(result, axis=(0, 1)).max() <= (1e-6 if dtype == "float32" else 0)
            if value >= 0.99 and not background:
                assert np.array_equal(result, image)
            if value == 0.5:
                assert np.abs(result / WHITE[dtype] - 0.5).max() < 0.35


@pytest.mark.parametrize("method", ["macenko", "vahadane"])
def test_images_of_one_stain_or_of_noise_are_served(method):
    one = np.exp(-RNG.uniform(0.5, 1.5, (30, 30, 1)) * STAINS[0])
    for image in (one, RNG.random((30, 30, 3))):
        found = estimated(optical_density(image.astype(np.float32)), method)
        assert np.isfinite(found).all()
        assert np.linalg.cond(found) < 50
        result = A.HEStain(method, p=1)(image=image.astype(np.float32))["image"]
        assert np.isfinite(result).all()


def test_glass_keeps_its_colour_unless_asked():
    image, amounts = slide(STAINS, glass=0.5)
    image = as_dtype(image, "uint8")
    bare = amounts.sum(axis=2) == 0
    pale = image.copy()
    pale[bare] = 237
    shifted = {"intensity_scale_range": (1, 1), "intensity_shift_range": (0.2, 0.2)}
    kept = A.HEStain("preset", **shifted, p=1)(image=pale)["image"]
    assert (kept[bare] == 237).all()
    tissue = ~bare & (optical_density(pale).mean(axis=2) > TISSUE)
    assert (kept[tissue] < pale[tissue]).any(axis=1).all()
    asked = A.HEStain("preset", **shifted, augment_background=True, p=1)(image=pale)["image"]
    assert (asked[bare] < 237).all()
    assert np.array_equal(asked[tissue], kept[tissue])


def test_every_preset_and_both_stains_are_drawn():
    t = A.ReplayCompose([A.HEStain(p=1)], seed=1)
    image = np.full((2, 2, 3), 200, np.uint8)
    drawn = [t(image=image)["replay"]["transforms"][0]["params"] for _ in range(1600)]
    counts = [sum(d["preset"] == name for d in drawn) for name in PRESETS]
    assert stats.chisquare(counts).pvalue > 1e-4
    for name, low, width in (("scale", 0.7, 0.6), ("shift", -0.2, 0.4)):
        values = np.array([d[name] for d in drawn])
        assert values.shape == (1600, 2)
        assert stats.kstest(values.ravel(), "uniform", (low, width)).pvalue > 1e-3
        assert abs(np.corrcoef(*values.T)[0, 1]) < 0.1


def test_presets_by_name():
    image = as_dtype(slide(STAINS)[0], "uint8")
    fields = {"intensity_scale_range": (1.3, 1.3), "p": 1}
    named = A.HEStain("preset", "standard", **fields)(image=image, key=(0, 0, 1))["image"]
    unnamed = A.HEStain("preset", **fields)(image=image, key=(0, 0, 1))["image"]
    assert np.array_equal(named, unnamed)
    with pytest.raises(ValueError, match=r"HEStain\.preset must be one of 'ruifrok', .*got 'x'"):
        A.HEStain("preset", "x")
    with pytest.raises(ValueError, match=r"HEStain\.preset must be None where method is"):
        A.HEStain(preset="dark")
    assert {np.shape(stains) for stains in PRESETS.values()} == {(2, 3)}
