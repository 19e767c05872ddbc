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
ROWS = re.findall(r"(?m)^\| `([A-Z]\w+\(.*?\))` \| `(A\..*)` \| (\d+) \|$", TEXT)


def photo():
    """Smooth colours with edges in them, as a photograph has."""
    coarse = np.random.default_rng(0).integers(20, 230, (12, 14, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (240, 200), interpolation=cv2.INTER_CUBIC)
    image[60:120, 40:90] //= 2
    return image


def test_the_example_runs():
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(block, "docs/keras_layers.md", "exec"), {"__name__": "docs"})


def test_there_are_rows():
    assert len(ROWS) == 12


@pytest.mark.parametrize(("layer", "code", "most"), ROWS)
def test_it_is_as_near_as_it_says(layer, code, most):
    image = photo()
    layer = eval(layer, dict(vars(keras.layers)))
    theirs = np.asarray(layer(image[None].astype(np.float32), training=True))[0]
    pipeline = eval(code, {"A": A})
    # a layer may draw the sign of its setting by itself
    ours = [pipeline(image=image)["image"].astype(float)]
    if "RandomHue" in type(layer).__name__:
        other = A.ColorJitter((1, 1), (1, 1), (1, 1), (-0.05, -0.05), p=1)
        ours.append(other(image=image)["image"].astype(float))
    assert min(np.abs(np.rint(theirs) - one).max() for one in ours) <= int(most)
