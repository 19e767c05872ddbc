"""What docs/migrating.md says to write can be written."""

import re
from pathlib import Path

import pytest

import probaug as A

TEXT = (Path(__file__).parents[1] / "docs" / "migrating.md").read_text()
CODE = sorted(set(re.findall(r"`(A\.[A-Z]\w+\([^`]*\))`", TEXT)))


def test_there_is_code():
    assert len(CODE) > 80


@pytest.mark.parametrize("code", CODE)
def test_it_can_be_built(code):
    assert eval(code, {"A": A}) is not None


def test_tables_have_as_many_cells_as_their_heads():
    head = None
    for number, line in enumerate(TEXT.splitlines(), 1):
        if not line.startswith("|"):
            head = None
            continue
        cells = len(re.findall(r"(?<!\\)\|", line))
        head = head or cells
        assert cells == head, f"line {number}: {line}"
