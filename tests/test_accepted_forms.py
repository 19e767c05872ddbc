"""Arguments that 2.0.8 accepts without a warning are accepted, and stored as it stores them.

``accepted_forms.json`` holds facts: for each parameter, values that 2.0.8 took and could be called
with, each with what it stored. Where it is installed, ``python tools/accepted_forms.py`` writes
the file anew.
"""

import inspect
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from cases import photo

import probaug as A
from probaug.core.fields import plain

HERE = Path(__file__)
FACTS = json.loads(HERE.with_name("accepted_forms.json").read_text("utf-8"))
ROWS = HERE.parents[1].joinpath("docs", "migrating.md").read_text("utf-8")
# parameters of which some values are refused, or stored otherwise, and words of the rows of
# docs/migrating.md that say so
OTHERWISE = {
    "AdditiveNoise.noise_params": "a parameter left out, or None",
    "Affine.scale": "Affine `scale` <= 0",
    "Affine.translate_px": "1.0 or fractions for whole numbers",
    "CoarseDropout.hole_height_range": "fractions; two whole numbers are pixels",
    "ColorJitter.hue": "beyond half a turn",
    "FromFloat.max_value": "sizes and largest values of 0 or less",
    "LongestMaxSize.max_size": "sizes and largest values of 0 or less",
    "Normalize.mean": "Normalize, 3 means on other channel counts",
    "Normalize.max_pixel_value": "sizes and largest values of 0 or less",
    "Normalize.std": "Normalize, 3 means on other channel counts",
    "PlanckianJitter.temperature_limit": "a parameter left out, or None",
    "RandomRain.drop_length": "sizes and largest values of 0 or less",
    "RandomScale.scale_limit": "`scale_limit` that reaches -1",
    "RandomSunFlare.src_color": "colours of other than three values",
    "ShiftScaleRotate.scale_limit": "`scale_limit` is stored",
    "ShiftScaleRotate.shift_limit_x": "a parameter left out, or None",
    "ShiftScaleRotate.shift_limit_y": "a parameter left out, or None",
    "SmallestMaxSize.max_size": "sizes and largest values of 0 or less",
    "Spatter.color": "a parameter left out, or None",
    "ToFloat.max_value": "sizes and largest values of 0 or less",
}
NUMBERS = "booleans for numbers, 0 and 1 for booleans"
NEGATIVE = "a negative number for a symmetric range"


def differs(name, parameter, value, wanted):
    """The words of the row that says that a value is refused or stored otherwise."""
    default = inspect.signature(getattr(A, name)).parameters[parameter].default
    if isinstance(default, bool) and isinstance(wanted, bool) and not isinstance(value, bool):
        return NUMBERS
    if isinstance(value, float | int) and value < 0 and wanted == [-value, value]:
        return NEGATIVE
    return OTHERWISE.get(f"{name}.{parameter}")


def alike(ours, theirs):
    """Equality of plain values, to the last digits of a float."""
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, float | int) and isinstance(theirs, float | int):
        return ours == pytest.approx(theirs, abs=1e-12)
    return ours == theirs


def forms(value):
    """A value as JSON gives it, as tuples, and as NumPy's numbers."""
    yield value
    if isinstance(value, list):
        yield plain(value)
        if all(isinstance(item, float | int) for item in value):
            yield np.array(value)
    elif isinstance(value, float | int):
        yield np.array(value)[()]


@pytest.mark.parametrize("name", FACTS)
def test_it_takes_and_stores_what_2_0_8_does(name):
    problems = []
    for parameter, entries in FACTS[name]["takes"].items():
        for value, wanted in entries:
            for form in forms(value):
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("error")
                        t = getattr(A, name)(**{**FACTS[name]["with"], parameter: form})
                    said = repr(getattr(t, parameter))
                    same = alike(plain(getattr(t, parameter)), plain(wanted))
                except ValueError as error:
                    said, same = str(error), False
                if not same and not differs(name, parameter, value, wanted):
                    problems.append(f"{parameter}={form!r}: {said}, not {wanted!r}")
    assert not problems


@pytest.mark.parametrize("words", sorted({*OTHERWISE.values(), NUMBERS, NEGATIVE}))
def test_the_guide_says_what_is_taken_otherwise(words):
    assert words in ROWS


def test_transforms_take_the_strict_of_2_0_8():
    t = A.HorizontalFlip(p=1, strict=True)
    assert t == A.HorizontalFlip(p=1) == A.HorizontalFlip(p=1, strict=False)
    with pytest.raises(TypeError, match="HorizontalFlip has no parameter 'probability'"):
        A.HorizontalFlip(strict=True, probability=1)
    with pytest.raises(TypeError, match="no parameter 'strict'"):
        A.Sequential([t], strict=True)


def test_posterize_takes_pairs_that_reach_0_and_8_bits():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(A.Posterize((8, 8), p=1)(image=ramp)["image"], ramp)
    assert not A.Posterize((0, 0), p=1)(image=ramp)["image"].any()


@pytest.mark.parametrize("name", ["FDA", "HistogramMatching", "PixelDistributionAdaptation"])
def test_references_need_no_function_that_reads_them(name):
    image, other = photo(20, 30), photo(20, 30, seed=1)
    key = {"FDA": "fda", "HistogramMatching": "hm"}.get(name, "pda") + "_metadata"
    with_none, default = (
        getattr(A, name)(p=1, **kw)(image=image, key=(0, 0, 3), **{key: [other]})["image"]
        for kw in ({"read_fn": None}, {})
    )
    assert np.array_equal(with_none, default)
