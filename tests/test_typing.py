"""What a type checker sees in a user's program, laid out as an install lays it out."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GOOD = """
import numpy as np

import probaug as A
from probaug.adapters.image_data_generator import ImageDataGenerator
from probaug.adapters.keras import AugmentedSequence
from probaug.adapters.layer import AugmentationLayer
from probaug.adapters.tfdata import EpochCallback, augment
from probaug.data import Coco, Folder

flip = A.HorizontalFlip(p=0.5)
always: A.HorizontalFlip = flip.replace(p=1.0)
chance: float = always.p
pipeline = A.Compose(
    [flip, A.RandomResizedCrop((224, 224), scale=(0.5, 1)), A.ToFloat()],
    bbox_params=A.BboxParams("xyxy", label_fields=["labels"]),
    seed=1,
)
image = np.zeros((300, 300, 3), np.uint8)
crop = pipeline(image=image, bboxes=np.zeros((0, 4)), labels=[])["image"]
train = AugmentedSequence((image[None], np.zeros(1)), pipeline, batch_size=8, mix=A.MixUp(p=1))
valid: AugmentedSequence = train.without_augmentation()
state: dict[str, object] = train.state_dict()
train.load_state_dict(state)
x, y = train[0]
first, second = Folder("pets").split(0.8)
few: Folder = first[:10]
boxes = A.Compose([A.LetterBox((3, 4))], **Coco("c.json", ".", invalid="drop").params)
layer = AugmentationLayer(A.Compose([flip]), seed=1)
batches = ImageDataGenerator(rotation_range=20, p={"rotation_range": 0.3}).flow(image[None])
"""
BAD = {
    "A.HorizontalFlp()": "attr-defined",
    "A.HorizontalFlip(p=0.5).prob": "attr-defined",
    "AugmentedSequence((), A.NoOp(), batchsize=8)": "call-arg",
    "AugmentedSequence((), A.NoOp(), batch_size='8')": "arg-type",
    "Folder('pets', invalid='skip')": "typeddict-item|arg-type",
}


@pytest.mark.slow
def test_a_strict_program(tmp_path):
    pytest.importorskip("mypy")
    shutil.copytree(ROOT / "probaug", tmp_path / "site" / "probaug")
    shutil.copytree(ROOT / "adapters", tmp_path / "site" / "probaug" / "adapters")
    (tmp_path / "program.py").write_text(GOOD + "\n".join(BAD) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "program.py"]
    run = subprocess.run(
        [*command, "--no-error-summary", "--config-file="],
        cwd=tmp_path,
        env={"MYPYPATH": "site", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    first = GOOD.count("\n") + 1
    found = {}
    for line in run.stdout.splitlines():
        if line.startswith("program.py") and "error:" in line:
            found[int(line.split(":")[1]) - first] = line.rpartition("[")[2].rstrip("]")
    assert found.keys() == set(range(len(BAD))), run.stdout + run.stderr
    for (code, kinds), kind in zip(BAD.items(), map(found.get, range(len(BAD))), strict=True):
        assert kind in kinds.split("|"), code
