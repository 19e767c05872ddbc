"""Scripts as users of Albumentations 2.0.8 write them run after changing the import.

Each script of ``scripts_2_0_8/`` is valid for 2.0.8 itself, and asserts its own results.
"""

import runpy
import warnings
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).with_name("scripts_2_0_8").glob("*.py"))
CHANGES = {
    "import albumentations as A": "import probaug as A",
    "from albumentations.": "from probaug.",
}


def test_there_are_twenty():
    assert len(SCRIPTS) >= 20


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_after_changing_the_import(script, tmp_path, monkeypatch):
    text = script.read_text("utf-8")
    if "import torch" in text:
        pytest.importorskip("torch")
    for theirs, ours in CHANGES.items():
        text = text.replace(theirs, ours)
    assert "albumentations" not in text.replace('"albumentations', "")  # a format of boxes
    path = tmp_path / script.name
    path.write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runpy.run_path(str(path), run_name="__main__")
