"""Files that Albumentations 2.0.8 wrote are read, and mean what the constructors mean.

``saved_by_2_0_8.json`` holds facts: for each transform some arguments, and what 2.0.8's ``to_dict``
gave for it (FDA, HistogramMatching and PixelDistributionAdaptation refuse; the tensor transforms
have no parameters worth it).
"""

import io
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml
from cases import photo

import probaug as A

SAVED = json.loads(Path(__file__).with_name("saved_by_2_0_8.json").read_text("utf-8"))
PIPELINES = SAVED["pipelines"]
IMAGE = photo(40, 48)

# what 2.0.8 saved in other words than the constructor's, and why it is the same
OTHER_WORDS = {
    "AdditiveNoise": "the kind of noise stands within its parameters too",
    "Affine": "no shift is saved as a shift by nothing",
    "FromFloat": "the largest value of the dtype is filled in",
    "PlanckianJitter": "the limits of the mode are filled in",
    "ShiftScaleRotate": "shift_limit is saved per axis, scale_limit goes through 1 + x",
    "Spatter": "the colour of the mode is filled in, as it paints it",
    "FrequencyMasking": "the parameters of the class above are saved as well",
    "TimeMasking": "the parameters of the class above are saved as well",
}


def load(saved, **more):
    return A.from_dict({"__version__": "2.0.8", "transform": saved}, **more)


def built(name, arguments):
    if not hasattr(A, name):
        pytest.skip(f"{name} is not there yet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # even kernels
        return getattr(A, name)(**arguments)


ROWS = [row for row in SAVED["transforms"] if row[0] != "Lambda"]


def test_every_transform_is_covered():
    names = {name for name, *_ in SAVED["transforms"]}
    facts = json.loads(Path(__file__).with_name("signatures_2_0_8.json").read_text("utf-8"))
    unsaved = {"FDA", "HistogramMatching", "PixelDistributionAdaptation"}
    assert facts.keys() - names - {"ToTensorV2", "ToTensor3D"} <= unsaved


@pytest.mark.parametrize(
    ("name", "arguments", "saved"), ROWS, ids=[f"{row[0]}-{len(row[1])}" for row in ROWS]
)
def test_what_2_0_8_saved_is_what_was_meant(name, arguments, saved):
    meant = built(name, arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = load(saved)
    assert type(loaded) is type(meant)
    assert loaded.p == meant.p
    if name not in OTHER_WORDS:
        assert loaded == meant
    elif name not in ("FromFloat", "Spatter"):
        one, two = (
            t(image=IMAGE, force_apply=True, key=(5, 0, 3))["image"] for t in (loaded, meant)
        )
        assert one.shape == two.shape
        assert np.abs(one.astype(int) - two).max() <= 1
    assert A.from_dict(A.to_dict(loaded)) == loaded, "and is saved in our own form"


@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_a_whole_pipeline(data_format):
    data = PIPELINES["full"]
    text = json.dumps(data) if data_format == "json" else yaml.safe_dump(data)
    loaded = A.load(io.StringIO(text), data_format=data_format)
    assert loaded.bbox_params == A.BboxParams(
        "yolo",
        ["labels", "names"],
        min_area=3,
        min_visibility=0.1,
        min_width=2,
        min_height=1.5,
        check_each_transform=False,
        clip=True,
        max_accept_ratio=7,
    )
    assert loaded.keypoint_params == A.KeypointParams(
        "xyas",
        ["kinds"],
        remove_invisible=False,
        angle_in_degrees=False,
        check_each_transform=False,
    )
    assert loaded.additional_targets == {"other": "image", "more": "mask"}
    assert (loaded.p, loaded.is_check_shapes, loaded.seed) == (0.8, False, None)
    one_of, either, some, selective, inner, normalize = loaded
    assert one_of[0] == A.Sequential(
        [A.Affine(rotate=(-20, 10), translate_px={"x": (0, 0), "y": (0, 0)}, mask_interpolation=1)],
        p=0.1,
    )
    assert one_of[1] == A.RandomBrightnessContrast((-0.1, 0.2), 0.3, p=0.25)
    assert one_of.p == 0.4
    assert either == A.OneOrOther(A.HorizontalFlip(), A.VerticalFlip(p=0.1), p=0.2)
    assert some == A.SomeOf(
        [A.Transpose(), A.RandomOrder([A.NoOp()], replace=True, p=0.1)], n=2, p=0.9
    )
    assert selective == A.SelectiveChannelTransform([A.GaussNoise()], p=0.3)
    assert inner.transforms == [A.Rotate(30, mask_interpolation=1)]
    assert normalize == A.Normalize(max_pixel_value=254.0)
    boxes = {"bboxes": [(0.5, 0.5, 0.4, 0.4)], "labels": [1], "names": ["a"]}
    result = loaded(image=IMAGE, keypoints=[(3, 4, 0.5, 2)], kinds=["k"], **boxes, key=1)
    assert result["labels"] == [1]


def test_small_pipelines():
    assert A.from_dict(PIPELINES["empty"]) == A.Compose([])
    assert A.from_dict(PIPELINES["bare"]) == A.OneOf([A.HorizontalFlip(p=1)], p=1)
    assert A.from_dict(PIPELINES["bare"]["transform"]) == A.OneOf([A.HorizontalFlip(p=1)], p=1)


def test_lambdas_are_given_again_by_name():
    mine = A.Lambda(image=lambda image, **params: 255 - image, name="mine", p=1)
    loaded = A.from_dict(PIPELINES["replay"], nonserializable={"mine": mine})
    assert loaded == A.ReplayCompose([A.HorizontalFlip(p=0.3), mine], p=0.7, save_key="again")
    with pytest.raises(ValueError, match="the Lambda named 'mine'"):
        A.from_dict(PIPELINES["replay"])


@A.register
class Recalled(A.ImageOnlyTransform):
    """A user's transform, in files under its import path."""

    def __init__(self, strength=1, p=0.5):
        super().__init__(p=p)
        self.strength = strength

    def apply(self, img, **params):
        return img


def test_own_classes_are_found_by_name_after_register():
    loaded = load({"__class_fullname__": "my.package.Recalled", "p": 0.1, "strength": 4})
    assert type(loaded) is Recalled
    assert (loaded.strength, loaded.p) == (4, 0.1)


def test_keys_of_the_unreleased_version():
    saved = {"__class_fullname__": "Compose", "seed": 7, "transforms": []}
    assert load(saved) == A.Compose([], seed=7)
    flip = {"__class_fullname__": "albumentations.HorizontalFlip", "p": 1, "seed": 3}
    saved = {"__class_fullname__": "OneOf", "p": 1, "seed": None, "transforms": [flip]}
    assert load(saved) == A.OneOf([A.HorizontalFlip(p=1)], p=1)


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="no registered class is called 'Nothing'"):
        load({"__class_fullname__": "elsewhere.Nothing"})
    with pytest.raises(
        TypeError, match=r"PadIfNeeded has no parameter 'value': since .* it is fill"
    ):
        load({"__class_fullname__": "PadIfNeeded", "always_apply": False, "value": 3})
    with pytest.raises(TypeError, match="Rotate has no parameter 'limits'; did you mean limit"):
        load({"__class_fullname__": "Rotate", "limits": 3})


def test_reading_leaves_the_data_alone():
    before = json.dumps(PIPELINES["full"])
    A.from_dict(PIPELINES["full"])
    assert json.dumps(PIPELINES["full"]) == before


# folders


@pytest.fixture
def pipeline():
    return A.Compose([A.HorizontalFlip(p=0.3)], seed=3)


def test_a_folder_of_pipelines(tmp_path, pipeline):
    folder = tmp_path / "new" / "folder"
    assert pipeline.save_pretrained(folder) is None
    (pipeline + A.Rotate(30)).save_pretrained(folder, key="train")
    pipeline.save_pretrained(str(folder), key="tta", allow_custom_keys=True)
    names = ["probaug_config_eval.json", "probaug_config_train.json", "probaug_config_tta.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert A.Compose.from_pretrained(folder) == pipeline
    assert A.Compose.from_pretrained(str(folder), key="tta", local_files_only=True) == pipeline
    assert len(A.Compose.from_pretrained(folder, key="train")) == 2


def test_a_folder_that_2_0_8_wrote(tmp_path):
    saved = json.dumps(PIPELINES["bare"])
    (tmp_path / "albumentations_config_eval.json").write_text(saved, "utf-8")
    assert A.Compose.from_pretrained(tmp_path) == A.from_dict(PIPELINES["bare"])


def test_what_folders_refuse(tmp_path, pipeline):
    with pytest.raises(ValueError, match="key must be 'train' or 'eval'"):
        pipeline.save_pretrained(tmp_path, key="tta")
    with pytest.raises(ValueError, match="part of a file name"):
        pipeline.save_pretrained(tmp_path, key="../out", allow_custom_keys=True)
    with pytest.raises(FileNotFoundError, match="huggingface-cli download me/model"):
        A.Compose.from_pretrained("me/model")
    assert not list(tmp_path.iterdir())


def test_nothing_is_pushed_anywhere(tmp_path, pipeline):
    with pytest.raises(NotImplementedError, match="huggingface-cli upload me/model"):
        pipeline.push_to_hub("me/model")
    with pytest.raises(NotImplementedError, match=f"upload me/model {tmp_path}"):
        pipeline.save_pretrained(tmp_path, repo_id="me/model", push_to_hub=True)
    assert A.Compose.from_pretrained(tmp_path) == pipeline
