"""Every Python block of docs/targets.md runs, one after the other."""

import re
from pathlib import Path

TEXT = (Path(__file__).parent.parent / "docs" / "targets.md").read_text(encoding="utf-8")


def test_examples_of_targets_run():
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 5
    names = {"__name__": "docs"}
    for place, block in enumerate(blocks):
        exec(compile(block, f"docs/targets.md, example {place + 1}", "exec"), names)


def test_every_target_is_there():
    from probaug.core.call import TARGETS

    missing = [name for name in (*TARGETS, "instances") if f"`{name}`" not in TEXT]
    assert missing == ["bboxes", "keypoints"], "these two have sections of their own"
