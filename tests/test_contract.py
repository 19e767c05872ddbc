"""What must hold for every registered transform."""

import copy
import inspect
import json
import pickle
import re
import threading
from pathlib import Path

import numpy as np
import pytest
from cases import (
    ADDS_BOXES,
    CHANGES_DTYPE,
    CHANNELS_BY_PARAMETERS,
    FIXED_WINDOW,
    LEAVES,
    NEEDS_FLOAT,
    NOT_CLOSE,
    PAINTS_MASK,
    make,
    needed,
    photo,
    pipeline,
    point_format,
    serves,
    suited,
    targets,
)

import probaug as A
from probaug.core.declared import same as nested_same
from probaug.core.hooks import DualTransform
from probaug.core.random import Draw

CATALOGUE = json.loads(Path(__file__).with_name("signatures_2_0_8.json").read_text())
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}

every = pytest.mark.parametrize("cls", LEAVES, ids=lambda cls: cls.__name__)


def default_dtype(cls):
    return "float32" if cls.__name__ in NEEDS_FLOAT else "uint8"


def sample(cls, dtype=None, channels=3, height=96, width=120):
    """Image, mask, boxes and keypoints; read-only, so that writing into them is an error."""
    image = photo(height, width, channels, dtype or default_dtype(cls))
    mask = np.zeros((height, width), np.uint8)
    mask[20:60, 30:90] = 3
    image.flags.writeable = mask.flags.writeable = False
    data = {
        **needed(cls, height, width, dtype or default_dtype(cls), channels),
        "image": image,
        "mask": mask,
        "bboxes": np.array([[30.0, 20, 90, 60], [5, 70, 25, 90]]),
        "labels": ["object", "corner"],
        "keypoints": [(40.0, 30.0), (100.5, 80.25)],
        "names": [1, 2],
    }
    return suited(cls, data)


def same(a, b):
    assert a.keys() == b.keys()
    for name in a:
        if isinstance(a[name], np.ndarray):
            np.testing.assert_array_equal(a[name], b[name])
            assert a[name].dtype == b[name].dtype
        else:
            assert nested_same(a[name], b[name])


@every
def test_signature_is_that_of_2_0_8(cls):
    def plain(value):
        if callable(value):
            return f"<callable {value.__name__}>"
        return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value

    got = {
        name: "<required>" if p.default is inspect.Parameter.empty else plain(p.default)
        for name, p in inspect.signature(cls).parameters.items()
    }
    if cls.__name__ not in CATALOGUE:
        pytest.skip("2.0.8 has no such transform")
    want = CATALOGUE[cls.__name__]["params"]
    assert list(got) == list(want)
    assert got == want
    kinds = {p.kind for p in inspect.signature(cls).parameters.values()}
    assert kinds == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    served = {"Mask", "Mask3D", "BBoxes"} & {*CATALOGUE[cls.__name__]["targets"]}
    if CATALOGUE[cls.__name__]["kind"] != "basic":
        assert issubclass(cls, DualTransform) == bool(served)
    assert issubclass(cls, A.Transform3D) == (CATALOGUE[cls.__name__]["kind"] == "3d")


def test_every_transform_of_2_0_8_is_there():
    assert not CATALOGUE.keys() - {cls.__name__ for cls in LEAVES}


@every
def test_documents_its_parameters(cls):
    text = inspect.getdoc(cls)
    args = text.partition("Args:")[2]
    documented = re.findall(r"^\s{4}(\w+): ", args, re.MULTILINE)
    assert documented == list(inspect.signature(cls).parameters), "Args: and fields differ"


@every
def test_is_a_value(cls):
    transform = make(cls, p=0.75)
    assert transform == make(cls, p=0.75)
    assert hash(transform) == hash(make(cls, p=0.75))
    assert transform != make(cls, p=0.5)
    assert copy.deepcopy(transform) == transform
    assert transform.replace(p=0.5) == make(cls, p=0.5)
    with pytest.raises(AttributeError, match=re.escape("t.replace(p=...)")):
        transform.p = 0.1
    if cls is A.Lambda:
        return  # functions have no repr that evals and no pickle
    assert eval(repr(transform), vars(A).copy()) == transform
    assert pickle.loads(pickle.dumps(transform)) == transform
    assert A.from_dict(json.loads(json.dumps(A.to_dict(transform)))) == transform


@every
@pytest.mark.parametrize("value", ["x", -0.1, 1.5, None, float("nan")])
def test_refuses_a_wrong_p_by_name(cls, value):
    with pytest.raises(ValueError, match=rf"{cls.__name__}\.p must be a number in \[0, 1\], got"):
        make(cls, p=value)


@every
def test_refuses_wrong_values_by_name(cls):
    wrong = object()
    for name in inspect.signature(cls).parameters:
        with pytest.raises((ValueError, TypeError), match=rf"{cls.__name__}\.{name} "):
            make(cls, **{name: wrong})


@every
def test_without_chance_nothing_is_touched(cls):
    data = sample(cls)
    result = pipeline(make(cls, p=0))(**data)
    assert result["image"] is data["image"]
    assert result["mask"] is data["mask"]
    np.testing.assert_array_equal(result["bboxes"], data["bboxes"])
    assert result["keypoints"] == data["keypoints"]
    assert result["labels"] == data["labels"]


@every
def test_same_key_same_result_and_input_untouched(cls):
    data = sample(cls)
    before = copy.deepcopy(data)
    pipe = pipeline(make(cls, p=1))
    for index in range(4):
        first, second = (pipe(**data, key=(7, 1, index)) for _ in range(2))
        same(first, second)
    same(data, before)


@every
def test_results_are_contiguous_and_own_their_memory(cls):
    data = sample(cls)
    for index in range(4):
        result = pipeline(make(cls, p=1))(**data, key=(0, 0, index))
        for name in ("image", "mask"):
            assert result[name].flags.c_contiguous
            assert result[name] is data[name] or not np.shares_memory(result[name], data[name])


@every
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4, 5])
def test_dtype_channels_and_range(cls, dtype, channels):
    data = sample(cls, dtype, channels)
    pipe = pipeline(make(cls, p=1))
    if not serves(cls, dtype, channels):
        if cls.__name__ not in NEEDS_FLOAT:
            with pytest.raises(TypeError, match=rf"{cls.__name__} expects .*{dtype}"):
                pipe(**data)
        return
    for index in range(2):
        counts, error, words = CHANNELS_BY_PARAMETERS.get(cls.__name__, ((), None, ""))
        if counts and (channels or 1) not in counts:
            with pytest.raises(error, match=words):
                pipe(**data)
            return
        image = pipe(**data, key=(0, 0, index))["image"]
        assert np.isfinite(image).all()
        if cls.__name__ in CHANGES_DTYPE:
            continue
        assert image.dtype == dtype
        if cls not in (A.ToGray, A.ToRGB):  # they say how many channels the result has
            assert image.ndim == data["image"].ndim
            assert not channels or image.shape[-1] == channels
        if dtype == "float32" and cls.unit_range:
            assert image.min() >= 0
            assert image.max() <= 1


@every
def test_masks_gain_no_classes(cls):
    data = sample(cls)
    for index in range(4):
        mask = pipeline(make(cls, p=1))(**data, key=(0, 0, index))["mask"]
        assert mask.dtype == np.uint8
        allowed = {0, 3}
        assert set(np.unique(mask)) <= allowed
        if not issubclass(cls, DualTransform):
            assert mask is data["mask"]


@every
def test_float_and_8_bit_agree(cls):
    if cls.__name__ in NOT_CLOSE:
        pytest.skip(NOT_CLOSE[cls.__name__])
    pipe = pipeline(make(cls, p=1))
    for index in range(4):
        small = pipe(**sample(cls, "uint8"), key=(0, 0, index))["image"].astype(float) / 255
        large = pipe(**sample(cls, "float32"), key=(0, 0, index))["image"].astype(float)
        assert small.shape == large.shape
        assert np.abs(small - large).mean() < 2 / 255
        assert np.quantile(np.abs(small - large), 0.99) < 8 / 255


@every
def test_16_bit_and_float_agree(cls):
    if cls.__name__ in NOT_CLOSE or not serves(cls, "uint16", 3):
        pytest.skip(NOT_CLOSE.get(cls.__name__, "no 16-bit images"))
    pipe = pipeline(make(cls, p=1))
    for index in range(4):
        small = pipe(**sample(cls, "uint16"), key=(0, 0, index))["image"].astype(float) / 65535
        large = pipe(**sample(cls, "float32"), key=(0, 0, index))["image"].astype(float)
        assert np.abs(small - large).mean() < 2 / 255


@every
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (17, 33)])
def test_odd_sizes(cls, size):
    if cls.__name__ in FIXED_WINDOW:
        pytest.skip("larger than the image: refused, in their own tests")
    data = {**needed(cls, *size), "image": photo(*size, 3, default_dtype(cls))}
    data = suited(cls, {**data, "mask": np.ones(size, np.uint8)})
    for index in range(3):
        result = make(cls, p=1)(**data, key=(0, 0, index))
        assert result["image"].ndim == data["image"].ndim
        assert result["image"].shape[:-1] == result["mask"].shape


@every
@pytest.mark.parametrize("empty", [[], np.zeros((0, 4)), np.zeros((0, 6)), np.zeros(0)])
def test_no_boxes_and_no_keypoints(cls, empty):
    if cls.__name__ in ADDS_BOXES:
        pytest.skip("there are boxes afterwards")
    data = sample(cls)
    width = empty.shape[1] if isinstance(empty, np.ndarray) and empty.ndim == 2 else None
    data.update(bboxes=empty, labels=[], keypoints=[], names=[])
    result = pipeline(make(cls, p=1))(**data)
    assert len(result["bboxes"]) == len(result["keypoints"]) == len(result["labels"]) == 0
    assert type(result["bboxes"]) is type(empty)
    if width:
        assert result["bboxes"].shape == (0, width)


@every
def test_unknown_keys_pass_by_identity(cls):
    tag = object()
    data = {**needed(cls), "image": sample(cls)["image"], "tag": tag}
    assert make(cls, p=1)(**data)["tag"] is tag


@every
def test_threads_give_what_one_gives(cls):
    data, pipe = sample(cls), pipeline(make(cls, p=0.9))
    alone = [pipe(**data, key=(0, 0, index)) for index in range(16)]
    together = [None] * 16

    def work(start):
        for index in range(start, 16, 8):
            together[index] = pipe(**data, key=(0, 0, index))

    threads = [threading.Thread(target=work, args=(start,)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        same(one, other)


@every
def test_replay_does_it_again(cls):
    data = sample(cls)
    pipe = A.ReplayCompose(
        [make(cls, p=0.8)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams(point_format(make(cls)), label_fields=["names"]),
        additional_targets=targets(make(cls)),
    )
    lambdas = {"negative": make(A.Lambda)}
    for index in range(4):
        result = pipe(**data, key=(0, 0, index))
        tree = result.pop("replay")
        if cls is not A.Lambda:
            tree = json.loads(json.dumps(tree))
        again = A.ReplayCompose.replay(tree, **data, lambda_transforms=lambdas)
        same(result, again)


@every
def test_reads_as_many_uniforms_as_it_owns(cls):
    transform = make(cls, p=1)
    read = []

    class Counting(Draw):
        __slots__ = ()

        def uniform(self):
            read.append(self.slot)
            return super().uniform()

    from probaug.core.call import read as read_call

    pipe = pipeline(transform)
    canvas = read_call("test", pipe.settings, sample(cls))
    for index in range(8):
        draw = Counting()
        draw.begin(((1, 2), 0, index), transform.slots)
        read.clear()
        draw.slot = 1
        params = transform.sample(draw, canvas)
        json.dumps(params)
        assert all(slot < transform.slots for slot in read), "it reads a sibling's uniforms"


@every
def test_runs_as_often_as_p_says(cls):
    size = (96, 120) if cls.__name__ in FIXED_WINDOW else (24, 24)
    data = {**needed(cls, *size), "image": photo(*size, 3, default_dtype(cls))}
    data = suited(cls, data)
    transform = make(cls, p=0.3)
    pipe = A.Compose(
        [transform], additional_targets=targets(transform), save_applied_params=True, seed=1
    )
    ran = sum(bool(pipe(**data)["applied_transforms"]) for _ in range(400))
    assert abs(ran - 120) < 4 * (400 * 0.3 * 0.7) ** 0.5


@every
@pytest.mark.parametrize("fusion", ["exact", "free"])
def test_alone_it_is_the_same_with_and_without_fusion(cls, fusion):
    data = sample(cls)
    for index in range(3):
        joined = pipeline(make(cls, p=1), fusion=fusion)(**data, key=(0, 0, index))
        single = pipeline(make(cls, p=1), fusion="off")(**data, key=(0, 0, index))
        same(joined, single)


def test_the_exceptions_are_about_transforms_that_exist():
    names = {cls.__name__ for cls in LEAVES}
    for table in (
        CHANGES_DTYPE,
        CHANNELS_BY_PARAMETERS,
        NEEDS_FLOAT,
        NOT_CLOSE,
        FIXED_WINDOW,
        PAINTS_MASK,
    ):
        assert set(table) <= names
