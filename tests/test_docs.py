"""Every Python block of the pages that are read from top to bottom runs, one after the other."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from cases import photo

DOCS = Path(__file__).parent.parent / "docs"
TARGETS, KERAS = ((DOCS / name).read_text(encoding="utf-8") for name in ("targets.md", "keras.md"))


def run(text, page):
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {"__name__": "docs"}
    for place, block in enumerate(blocks):
        exec(compile(block, f"{page}, example {place + 1}", "exec"), names)
    return len(blocks)


def test_examples_of_targets_run():
    assert run(TARGETS, "docs/targets.md") == 5


def test_every_target_is_there():
    from probaug.core.call import TARGETS as KNOWN

    missing = [name for name in (*KNOWN, "instances") if f"`{name}`" not in TARGETS]
    assert missing == ["bboxes", "keypoints"], "these two have sections of their own"


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The files that docs/keras.md speaks of."""
    monkeypatch.chdir(tmp_path)
    for folder in ("pets/cats", "pets/dogs", "photos", "masks"):
        Path(folder).mkdir(parents=True)
    coco = {"images": [], "categories": [{"id": 17, "name": "cat"}], "annotations": []}
    for number in range(4):
        for folder in ("pets/cats", "pets/dogs", "photos"):
            cv2.imwrite(f"{folder}/{number}.jpg", photo(120, 160))
        mask = np.zeros((120, 160), np.uint8)
        mask[20:60, 30:90] = 1
        cv2.imwrite(f"masks/{number}.png", mask)
        outline = {"bbox": [30, 20, 60, 40], "segmentation": [[30, 20, 90, 20, 90, 60, 30, 60]]}
        coco["images"].append({"id": number, "file_name": f"{number}.jpg"})
        coco["annotations"].append({"id": number, "image_id": number, "category_id": 17, **outline})
    Path("coco.json").write_text(json.dumps(coco))


@pytest.mark.usefixtures("data")
def test_examples_of_keras_run():
    pytest.importorskip("tensorflow", reason="needs the extra `tensorflow`")
    assert run(KERAS, "docs/keras.md") == 11


def test_every_reader_and_option_is_there():
    import probaug.data

    readers = {name for name in dir(probaug.data) if name[0].isupper()}
    table = set(re.findall(r"^\| `(\w+)\(", KERAS, re.MULTILINE))
    assert table == readers - {"AnnotationError", "ImageError", "ObjectReader", "Options", "Reader"}
    pytest.importorskip("tensorflow", reason="needs the extra `tensorflow`")
    from probaug.adapters._tasks import TASKS

    for task in set(TASKS) - {"classification"}:  # the default
        assert f'task="{task}"' in KERAS


def test_links_lead_somewhere():
    for page in DOCS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        for file, anchor in re.findall(r"\]\(([\w./]*)#?([\w-]*)\)", text):
            there = page.parent / file if file else page
            assert there.is_file(), f"{page.name}: {file}"
            to = there.read_text(encoding="utf-8") if there.suffix == ".md" else ""
            titles = [
                re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                for title in re.findall(r"^#+ (.*)$", to, re.MULTILINE)
            ]
            assert not anchor or anchor in titles, f"{page.name}: {file}#{anchor}"
