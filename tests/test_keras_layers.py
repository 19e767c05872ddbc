"""docs/keras_layers.md: its example runs, and each row of its table holds."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import cv2
import keras

import probaug as A

TEXT = (Path(__file__).parents[1] / "docs" / "keras_layers.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| `([A-Z]\w+\(.*?\))` \| `(A\..*)` \| (\d+)( inside)? \|$", TEXT)
OTHERS = re.findall(r"(?m)^\| ((?:`\w+`(?:, )?)+) \| (`.*?) \| [^|]*\|$", TEXT)


def photo():
    """Smooth colours with edges in them, as a photograph has."""
    coarse = np.random.default_rng(0).integers(20, 230, (12, 14, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (240, 200), interpolation=cv2.INTER_CUBIC)
    image[60:120, 40:90] //= 2
    return image


def test_the_example_runs():
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(block, "docs/keras_layers.md", "exec"), {"__name__": "docs"})


def image_layers():
    """The names of all layers that take images, and of what holds them."""
    from keras.src.layers.preprocessing.image_preprocessing import base_image_preprocessing_layer

    base = base_image_preprocessing_layer.BaseImagePreprocessingLayer
    return {
        name
        for name, value in vars(keras.layers).items()
        if isinstance(value, type) and issubclass(value, base) and value is not base
    } | {"Pipeline", "Rescaling", "Normalization"}


def test_every_layer_has_a_line():
    listed = {row[0].partition("(")[0] for row in ROWS}
    others = {name for cell, _ in OTHERS for name in re.findall(r"\w+", cell)}
    assert len(ROWS) == 23
    assert not listed & others
    missing = image_layers() - listed - others
    if keras.version() < "3.16":  # a later Keras may have more
        assert not missing
    assert others <= set(dir(keras.layers))


def test_what_stands_for_the_others_exists():
    codes = [code for _, cell in OTHERS for code in re.findall(r"`(A\..*?)`", cell)]
    assert len(codes) == 11
    for code in codes:
        eval(code, {"A": A})


@pytest.mark.parametrize(("layer", "code", "most", "inside"), ROWS)
def test_it_is_as_near_as_it_says(layer, code, most, inside):
    keras.utils.set_random_seed(0)
    image = photo()
    layer = eval(layer, dict(vars(keras.layers)))
    ours = eval(code, {"A": A})(image=image)["image"]
    whole = ours.dtype == np.uint8
    rim = slice(2, -2) if inside else slice(None)
    nearest = 256.0
    for _ in range(12):  # a layer may draw the sign of its setting, or whether to flip, by itself
        theirs = np.asarray(layer(image[None].astype(np.float32), training=True))[0]
        difference = np.abs((np.rint(theirs) if whole else theirs) - ours)
        nearest = min(nearest, difference[rim, rim].max())
        if nearest <= int(most):
            break
    assert nearest <= int(most) + (0 if whole else 1e-5)
