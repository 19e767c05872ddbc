"""What a type checker sees in a user's program, laid out as an install lays it out."""

import json
import re
import runpy
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from cases import CASES, LEAVES

import probaug as A
from probaug.core.fields import plain

HERE = Path(__file__).parent
ROOT = HERE.parent
FACTS = json.loads((HERE / "accepted_forms.json").read_text("utf-8"))
GOOD = """
import numpy as np

import probaug as A
from probaug.adapters.image_data_generator import ImageDataGenerator
from probaug.adapters.keras import AugmentedSequence
from probaug.adapters.layer import AugmentationLayer
from probaug.adapters.tfdata import EpochCallback, augment
from probaug.core.composition import Compose
from probaug.core.transforms_interface import NoOp
from probaug.data import Coco, Folder
from probaug.pytorch import ToTensorV2

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

known: A.BboxParams | None = Coco("c.json", ".").bbox_params
nested: A.Compose = Compose([A.OneOf([A.Blur(), A.Rotate(limit=30)], p=0.3)], known) + [flip]
blurs: list[A.Blur] = [A.MedianBlur(blur_limit=5), A.MotionBlur()]
idle: A.NoOp = NoOp(p=1)
tensor: A.ToTensorV2 = ToTensorV2()
shift = {"x": 3, "y": 4}
A.Compose(blurs, bbox_params={"format": "coco"}, additional_targets={"other": "image"})
A.Affine(translate_px=shift, interpolation="cubic", fill=[1, 2, 3])
A.Resize(*image.shape[:2])


class Gain(A.ImageOnlyTransform):
    factor: float = 1.0


class Gain208(A.ImageOnlyTransform):
    def __init__(self, factor: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.factor = factor


class Window(A.RandomCrop):
    def __init__(self) -> None:
        super().__init__(32, 32, p=1)


A.Sequential([Gain(factor=2), Gain208(2), Window()])
"""
BAD = {
    "A.HorizontalFlp()": "attr-defined",
    "A.HorizontalFlip(p=0.5).prob": "attr-defined",
    "AugmentedSequence((), A.NoOp(), batchsize=8)": "call-arg",
    "AugmentedSequence((), A.NoOp(), batch_size='8')": "arg-type",
    "A.RandomCrop(32)": "call-arg",
    "A.Rotate(limit=(1, 2, 3))": "arg-type",
    "A.Affine(interpolation='cubical')": "arg-type",
    "A.Compose([A.NoOp], seed=1)": "list-item",
    "A.BboxParams('pascal')": "arg-type",
    "A.BboxParams('coco', label_field=['labels'])": "call-arg",
    "Window(p=1)": "call-arg",
    "Folder('pets', invalid='skip')": "typeddict-item|arg-type",
}


CONTAINERS = [A.Compose, A.OneOf, A.RandomOrder, A.ReplayCompose, A.Sequential, A.SomeOf]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


class Code(str):
    """A value that is shown as this source."""

    __repr__ = str.__str__


def errors_of(folder, *programs):
    """The errors that strict mypy finds in programs beside an install: (file, line, kind, text)."""
    pytest.importorskip("mypy")
    shutil.copytree(ROOT / "probaug", folder / "site" / "probaug")
    shutil.copytree(ROOT / "adapters", folder / "site" / "probaug" / "adapters")
    names = [f"program_{place}.py" for place in range(len(programs))]
    for name, text in zip(names, programs, strict=True):
        (folder / name).write_text(text, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"]
    command += ["--ignore-missing-imports", "--no-error-summary", "--config-file="]
    run = subprocess.run(
        [*command, *names],
        cwd=folder,
        env={"MYPYPATH": "site", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not run.stderr
    assert "[syntax]" not in run.stdout  # after one, nothing else is checked
    found = re.findall(r"^program_(\d+)\.py:(\d+): error: (.*) \[([\w-]+)\]$", run.stdout, re.M)
    return [(int(file), int(line), kind, text) for file, line, text, kind in found]


def call(name, arguments):
    given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return f"A.{name}({given})"


def example(cls, **more):
    """A call of a class with what it needs."""
    arguments = CASES.get(cls.__name__, {"transforms": []} if cls in CONTAINERS else {})
    shown = {k: Code("lambda a, **kw: a") if callable(v) else v for k, v in arguments.items()}
    return call(cls.__name__, {**shown, **more})


def accepted_forms():
    """Calls with the forms of each argument that Albumentations 2.0.8 takes, and with arrays."""
    for name, facts in FACTS.items():
        for parameter, entries in facts["takes"].items():
            for value, _ in entries:
                arguments = {**facts["with"], parameter: value}
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        getattr(A, name)(**arguments)
                except ValueError:
                    continue  # docs/migrating.md says why
                yield call(name, arguments)
                yield call(name, {**arguments, parameter: plain(value)})
                if isinstance(value, list) and all(isinstance(n, float | int) for n in value):
                    yield call(name, {**arguments, parameter: Code(f"np.array({value})")})


def written_by_hand():
    """The programs of the documents, and the scripts that were written for 2.0.8."""
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        yield from BLOCK.findall(page.read_text("utf-8"))
    for script in sorted((ROOT / "examples").glob("*.py")):
        yield script.read_text("utf-8")
    for script in sorted((HERE / "scripts_2_0_8").glob("*.py")):
        text = script.read_text("utf-8")
        yield re.sub(r"^(import|from) albumentations\b", r"\1 probaug", text, flags=re.MULTILINE)


def test_the_stub_is_up_to_date():
    made = runpy.run_path(str(ROOT / "tools" / "write_stubs.py"))["stub"]()
    kept = (ROOT / "probaug" / "__init__.pyi").read_text("utf-8")
    assert kept == made, "probaug/__init__.pyi is not what the classes say: run `make stubs`"


@pytest.mark.slow
def test_a_strict_program(tmp_path):
    found = errors_of(tmp_path, GOOD + "\n".join(BAD) + "\n")
    first = GOOD.count("\n") + 1
    kinds = {line - first: kind for _, line, kind, _ in found}
    assert kinds.keys() == set(range(len(BAD))), found
    for place, (code, expected) in enumerate(BAD.items()):
        assert kinds[place] in expected.split("|"), code


@pytest.mark.slow
def test_signatures_take_what_constructors_take(tmp_path):
    calls = [*map(example, [*LEAVES, *CONTAINERS]), *accepted_forms()]
    assert len(calls) > 4000
    program = "\n".join(["import numpy as np", "import probaug as A", *calls, ""])
    found = errors_of(tmp_path, program, *written_by_hand())
    ours = re.compile(rf'(to|for) "({"|".join(A.__all__)})"')
    assert not [error for error in found if error[0] == 0 or ours.search(error[3])]


@pytest.mark.slow
def test_signatures_find_what_constructors_refuse(tmp_path):
    classes = [*LEAVES, *CONTAINERS]
    calls = [example(cls, **more) for cls in classes for more in ({"p": "x"}, {"prob": 0.5})]
    found = errors_of(tmp_path, "\n".join(["import probaug as A", *calls, ""]))
    assert [(line - 2, kind) for _, line, kind, _ in found] == [
        *enumerate(["arg-type", "call-arg"] * len(classes))
    ]
