"""Every warning points at the line of the user's program that it is about."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

import probaug as A

ROOT = Path(__file__).parents[1]
IMAGES = np.zeros((2, 8, 8, 3), np.uint8)


def made(**options):
    """A generator of Keras' name."""
    pytest.importorskip("tensorflow", reason="needs the extra `tensorflow`")
    from probaug.adapters.image_data_generator import ImageDataGenerator

    return ImageDataGenerator(**options)


def table(tmp_path, names):
    import pandas as pd

    cv2.imwrite(str(tmp_path / "0.png"), IMAGES[0])
    return pd.DataFrame({"filename": names, "class": ["a"] * len(names)})


def rows(tmp_path, *names, **more):
    given = made()
    frame = table(tmp_path, [*names])
    return given.flow_from_dataframe(frame, str(tmp_path), **{"class_mode": "sparse"} | more)


class Own(A.Blur):
    """A user's subclass."""


CASES = [
    ("odd and at least 3", lambda folder: A.Blur(4)),
    ("odd and at least 3", lambda folder: A.MedianBlur((2, 5), p=1)),
    ("odd and at least 3", lambda folder: A.Blur(3).replace(blur_limit=6)),
    ("odd and at least 3", lambda folder: Own(4)),
    ("odd and at least 3", lambda folder: A.from_dict(saved_with("Blur", blur_limit=[4, 6]))),
    ("should be a list", lambda folder: A.Compose(A.NoOp())),
    ("should be a list", lambda folder: A.OneOf(A.NoOp(), p=1)),
    ("there are 1 transforms", lambda folder: A.SomeOf([A.NoOp()], n=2)),
    (
        "cannot be saved",
        lambda folder: A.to_dict(A.Compose([nameless()]), on_not_implemented_error="warn"),
    ),
    (
        "cannot be saved",
        lambda folder: A.save(
            A.Compose([A.OneOf([nameless()])]), folder / "a.json", on_not_implemented_error="warn"
        ),
    ),
    ("sets featurewise_center", lambda folder: made(featurewise_std_normalization=True)),
    (
        "before fit",
        lambda folder: made(featurewise_center=True).standardize(np.ones((4, 4, 3))),
    ),
    ("name no image file", lambda folder: rows(folder, "0.png", "gone.png")),
    ("no effect any more", lambda folder: rows(folder, "0.png", has_ext=True)),
    ("is called 'raw'", lambda folder: rows(folder, "0.png", class_mode="other")),
]


def nameless():
    return A.Lambda(image=lambda image, **more: image, p=1)


def saved_with(name, **fields):
    return {"probaug": A.__version__, "transform": {"class": name, **fields}}


@pytest.mark.parametrize(("message", "act"), CASES, ids=[f"{i}" for i in range(len(CASES))])
def test_it_points_here(message, act, tmp_path):
    with pytest.warns(Warning, match=re.escape(message)) as caught:
        act(tmp_path)
    assert [each.filename for each in caught] == [__file__] * len(caught)
    here = {line for each in (act, rows, made) for _, _, line in each.__code__.co_lines()}
    assert {each.lineno for each in caught} <= here


def test_there_is_one_way_to_warn():
    files = [path for name in ("probaug", "adapters") for path in (ROOT / name).rglob("*.py")]
    warners = [path.name for path in files if "warnings.warn(" in path.read_text("utf-8")]
    assert len(files) > 100
    assert warners == ["warn.py"]
    calls = sum(len(re.findall(r"(?m)^\s+warn\(", path.read_text("utf-8"))) for path in files)
    assert calls == 9, "each has a case above"
