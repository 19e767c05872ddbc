"""The examples in the docstrings of `probaug.data` run."""

import inspect
import json
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest

import probaug as A
from probaug import data

CAT = (slice(20, 60), slice(30, 90))


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Four photos, and labels of them in every form."""
    monkeypatch.chdir(tmp_path)
    folders = "pets/cats pets/dogs photos masks colours segments labels poses xml"
    for folder in folders.split():
        Path(folder).mkdir(parents=True)
    mask = np.zeros((120, 160), np.uint8)
    mask[CAT] = 1
    box = "<xmin>31</xmin><ymin>21</ymin><xmax>90</xmax><ymax>60</ymax>"
    for number in range(4):
        for folder in ("pets/cats", "pets/dogs", "photos"):
            cv2.imwrite(f"{folder}/{number}.jpg", np.full((120, 160, 3), 99, np.uint8))
        cv2.imwrite(f"masks/{number}.png", mask)
        cv2.imwrite(f"colours/{number}.png", mask[..., None] * np.array([0, 0, 128], np.uint8))
        cv2.imwrite(f"segments/{number}.png", mask[..., None] * np.array([0, 0, 7], np.uint8))
        Path(f"labels/{number}.txt").write_text("1 0.5 0.5 0.2 0.4")
        Path(f"poses/{number}.txt").write_text("0 0.5 0.5 0.2 0.4 0.5 0.4 2 0 0 0")
        thing = f"<object><name>cat</name><bndbox>{box}</bndbox></object>"
        Path(f"xml/{number}.xml").write_text(f"<annotation>{thing}</annotation>")
    outline = {"bbox": [30, 20, 60, 40], "segmentation": [[30, 20, 90, 20, 90, 60, 30, 60]]}
    segments = [{"id": 7, "category_id": 17}]
    lists = {
        "coco": [{"id": n, "image_id": n, "category_id": 17, **outline} for n in range(4)],
        "panoptic": [
            {"image_id": n, "file_name": f"{n}.png", "segments_info": segments} for n in range(4)
        ],
    }
    whole = {
        "images": [{"id": number, "file_name": f"{number}.jpg"} for number in range(4)],
        "categories": [{"id": 17, "name": "cat", "isthing": 1}],
    }
    for name, annotations in lists.items():
        Path(f"{name}.json").write_text(json.dumps({**whole, "annotations": annotations}))


def example(name):
    doc = inspect.getdoc(getattr(data, name)) or ""
    return textwrap.dedent(doc.partition("Example::\n")[2])


WITHOUT = {"AnnotationError", "ImageError", "ObjectReader", "Options", "Reader", "from_tfds"}


@pytest.mark.parametrize("name", sorted(set(data.__all__) - WITHOUT))
def test_an_example_runs(name):
    code = example(name)
    assert "assert" in code
    exec(code, {"A": A, "np": np, **vars(data)})
