"""Every Python block of the README runs, in a folder that holds photo.jpg."""

import json
import re
from pathlib import Path

import cv2
import pytest
from cases import photo

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
BLOCKS = {title: re.findall(r"```python\n(.*?)```", body, re.DOTALL) for title, body in SECTIONS}


def test_it_has_an_example_of_each():
    titled = [title for title, blocks in BLOCKS.items() if blocks]
    assert titled == [
        "A pipeline",
        "Boxes, masks and keypoints",
        "Polygons, oriented boxes, instances",
        "Keras",
        "Data sets",
        "ImageDataGenerator",
        "tf.data",
        "A transform of your own",
    ]
    assert "$ make demo" in TEXT
    assert "$ make test" in TEXT


@pytest.mark.parametrize("title", [title for title, blocks in BLOCKS.items() if blocks])
def test_block_runs(title, tmp_path, monkeypatch):
    if title in ("Keras", "Data sets", "ImageDataGenerator", "tf.data"):
        pytest.importorskip("tensorflow", reason="needs the extra `tensorflow`")
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("photo.jpg", photo(300, 400))
    for block in BLOCKS[title]:
        exec(compile(block, f"README.md: {title}", "exec"), {"__name__": "readme"})


def test_it_names_every_transform():
    from cases import LEAVES

    import probaug as A

    listed = TEXT.partition("## What is there")[2]
    for cls in LEAVES:
        assert re.search(rf"\b{cls.__name__}\b", listed), cls.__name__
    assert f"({len(LEAVES)} in all" in TEXT
    facts = json.loads((ROOT / "tests" / "signatures_2_0_8.json").read_text())
    starred = set(re.findall(r"(\w+)\\\*", listed))
    assert starred == {cls.__name__ for cls in LEAVES} - facts.keys()
    assert f"its {len(facts)} transforms" in TEXT
    assert f"{len(starred)} transforms that its users miss" in TEXT
    assert A.__version__
