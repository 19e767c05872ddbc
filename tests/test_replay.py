"""Replay: a tree of plain values that does the same again, on any data of any size."""

import json

import cases
import numpy as np
import pytest
from core_helpers import Add, Hooked, Noise, Show, ShowTwo

import probaug as A
from probaug.core.fields import WholeRange
from probaug.core.kinds import Pixel

RNG = np.random.default_rng(0)
SMALL = RNG.integers(0, 256, (72, 96, 3), dtype=np.uint8)
LARGE = RNG.integers(0, 256, (130, 110, 3), dtype=np.uint8)


def data_of(image):
    height, width = image.shape[:2]
    return {
        "image": image,
        "mask": image[..., 0] // 64,
        "bboxes": [
            [5.0, 6.0, width / 2, height / 2],
            [width / 3, height / 3, width - 4, height - 2],
        ],
        "labels": ["a", 2],
        "keypoints": [(10.0, 12.0), (width / 2, height / 2)],
    }


def same(one, two):
    assert one.keys() - {"replay"} == two.keys() - {"replay"}
    for name in two.keys() - {"replay"}:
        if isinstance(two[name], np.ndarray):
            np.testing.assert_array_equal(one[name], two[name], err_msg=name)
        else:
            assert one[name] == two[name], name


def through_json(tree):
    return json.loads(json.dumps(tree, allow_nan=False))


def recorder(transforms, **settings):
    return A.ReplayCompose(
        transforms,
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams(cases.point_format(*transforms), remove_invisible=False),
        additional_targets=cases.targets(*transforms),
        **settings,
    )


# the tree


def test_the_tree_is_that_of_2_0_8():
    pipeline = A.ReplayCompose(
        [A.HorizontalFlip(p=1), A.OneOf([A.Rotate((7, 7)), A.NoOp(p=0)], p=1)]
    )
    tree = pipeline(image=SMALL)["replay"]
    flip, one_of = tree["transforms"]
    rotate, idle = one_of["transforms"]
    assert tree["__class_fullname__"] == "ReplayCompose"
    assert flip == {
        "__class_fullname__": "HorizontalFlip",
        "p": 1,
        "params": {},
        "applied": True,
    }
    assert (one_of["__class_fullname__"], one_of["params"], one_of["applied"]) == (
        "OneOf",
        None,
        True,
    )
    assert (rotate["params"], rotate["applied"], rotate["limit"]) == ({"limit": 7.0}, True, [7, 7])
    assert (idle["params"], idle["applied"]) == (None, False)
    assert {
        "bbox_params",
        "keypoint_params",
        "additional_targets",
        "is_check_shapes",
    } <= tree.keys()
    assert (
        set(A.Affine(p=1)._table().names)
        <= A.ReplayCompose([A.Affine(p=1)])(image=SMALL)["replay"]["transforms"][0].keys()
    )


def test_where_the_tree_is_put():
    result = A.ReplayCompose([Show(p=1)], save_key="again")(image=SMALL)
    assert "replay" not in result
    assert result["again"]["transforms"][0]["applied"] is True


def test_what_did_not_run_is_there_too():
    pipeline = A.ReplayCompose([Show(p=0), A.Sequential([ShowTwo(p=1)], p=0), Noise(p=1)])
    tree = pipeline(image=SMALL)["replay"]
    assert [child["applied"] for child in tree["transforms"]] == [False, False, True]
    assert tree["transforms"][1]["transforms"][0]["applied"] is False
    nothing = A.ReplayCompose([Show(p=1)], p=0)(image=SMALL)["replay"]
    assert nothing["applied"] is False
    assert A.ReplayCompose.replay(nothing, image=LARGE)["image"] is LARGE


def test_changing_a_tree_changes_no_pipeline():
    pipeline = recorder([A.Affine(p=1), A.RandomGamma(p=1)])
    before = repr(pipeline), A.to_dict(pipeline)
    tree = pipeline(**data_of(SMALL))["replay"]
    tree["transforms"][0]["rotate"] = [90, 90]
    tree["transforms"][1]["gamma_limit"].append(3)
    tree["bbox_params"]["label_fields"].clear()
    assert (repr(pipeline), A.to_dict(pipeline)) == before


# the same again


def leaves():
    return [
        cls(**{**cases.CASES.get(cls.__name__, {}), "p": 1})
        for cls in cases.LEAVES
        if cls.__name__ not in cases.NEEDS_FLOAT
    ]


@pytest.mark.parametrize("transform", leaves(), ids=lambda t: type(t).__name__)
def test_every_transform_does_it_again(transform):
    """Through JSON, where its fields and functions allow."""
    pipeline = recorder([transform])
    plain = not isinstance(transform, A.Lambda)
    cls = type(transform)
    data = {**cases.needed(cls), **cases.suited(cls, data_of(SMALL))}
    for index in range(3):
        result = pipeline(**data, key=(0, 0, index))
        tree = through_json(result["replay"]) if plain else result["replay"]
        known = {} if plain else {"lambda_transforms": {transform.name: transform}}
        same(A.ReplayCompose.replay(tree, **data, **known), result)


# what is drawn depends on the data itself
LOOKS = {
    "RandomSizedBBoxSafeCrop": "its window is drawn around the boxes",
    "BBoxSafeRandomCrop": "its window is drawn around the boxes",
    "AtLeastOneBBoxRandomCrop": "its window is drawn around a box",
    "CropNonEmptyMaskIfExists": "its window is drawn around a pixel of the mask",
    "RandomCropNearBBox": "its window is drawn around a given box",
}


@pytest.mark.parametrize("transform", leaves(), ids=lambda t: type(t).__name__)
def test_every_transform_does_it_on_another_size(transform):
    """Params are size-free: a replay is what the same draw gives there."""
    pipeline = recorder([transform])
    cls = type(transform)
    data = (cases.suited(cls, data_of(at)) for at in (SMALL, LARGE))
    small, large = ({**cases.needed(cls), **one} for one in data)
    tree = pipeline(**small, key=(0, 0, 1))["replay"]
    known = (
        {"lambda_transforms": {"negative": transform}} if isinstance(transform, A.Lambda) else {}
    )
    again = A.ReplayCompose.replay(tree, **large, **known)
    assert again["image"].size
    if type(transform).__name__ not in LOOKS:
        same(again, pipeline(**large, key=(0, 0, 1)))


def everything():
    """All containers, all kinds of places."""
    return [
        A.OneOf([A.Rotate(30), A.Sequential([A.HorizontalFlip(), A.RandomScale(0.3)], p=1)], p=0.8),
        A.RandomOrder([A.Rotate(40), A.VerticalFlip(), A.RandomGamma(p=1), Add((1, 60))], n=3),
        A.SomeOf([A.Affine(translate_px=(-9, 9)), Hooked(), A.GaussNoise()], n=4, replace=True),
        A.OneOrOther(A.Transpose(), A.HueSaturationValue()),
        A.SelectiveChannelTransform(
            [A.HorizontalFlip(), A.RandomBrightnessContrast()], [2, 0], p=0.7
        ),
        A.Compose([A.CoarseDropout(fill="random"), A.ElasticTransform(p=0.3)], p=0.7),
        A.RandomOrder([A.GaussNoise(), A.Blur()], n=2, replace=True, p=0.5),
        A.PixelDropout(),
    ]


@pytest.mark.parametrize("fusion", ["exact", "off"])
def test_whole_pipelines_do_it_again(fusion):
    pipeline = recorder(everything(), fusion=fusion, p=0.95)
    for index in range(60):
        result = pipeline(**data_of(SMALL), key=(0, 0, index))
        same(A.ReplayCompose.replay(through_json(result["replay"]), **data_of(SMALL)), result)


def test_whole_pipelines_on_another_size():
    pipeline = recorder(everything())
    for index in range(30):
        tree = through_json(pipeline(**data_of(SMALL), key=(0, 0, index))["replay"])
        same(
            A.ReplayCompose.replay(tree, **data_of(LARGE)),
            pipeline(**data_of(LARGE), key=(0, 0, index)),
        )


def test_a_replay_is_not_one_more_draw():
    tree = recorder(everything())(**data_of(SMALL), key=(0, 0, 3))["replay"]
    first = A.ReplayCompose.replay(tree, **data_of(LARGE))
    for _ in range(3):
        same(A.ReplayCompose.replay(tree, **data_of(LARGE)), first)


class Append(Pixel):
    """Writes its digit and a drawn one behind what is there: shows order and draw."""

    digit: int = 0
    drawn: WholeRange = (0, 9)

    def edit(self, image, drawn):
        return image * 100 + self.digit * 10 + drawn


ZERO = np.zeros((1, 1), np.int64)
DIGITS = [
    Append(1, p=0.8),
    Append(2, p=0.8),
    Append(3, p=1),
    A.Sequential([Append(4, p=0.8)], p=0.8),
]


@pytest.mark.parametrize(
    "node",
    [
        A.RandomOrder(DIGITS, n=4),
        A.RandomOrder(DIGITS, n=2),
        A.SomeOf(DIGITS, n=4, replace=True),
        A.RandomOrder(DIGITS, n=5, replace=True),
        A.SomeOf(DIGITS, n=2),
        A.OneOf(DIGITS, p=0.9),
        A.RandomOrder([A.RandomOrder(DIGITS, n=3), A.SomeOf(DIGITS, n=2, replace=True)], n=2),
    ],
    ids=repr,
)
def test_order_and_repeats_are_reproduced(node):
    pipeline = A.ReplayCompose([node, Append(9, p=1)])
    seen = set()
    for index in range(150):
        result = pipeline(image=ZERO, key=(0, 0, index))
        again = A.ReplayCompose.replay(through_json(result["replay"]), image=ZERO)
        assert again["image"][0, 0] == result["image"][0, 0]
        seen.add(int(result["image"][0, 0]))
    assert len(seen) > 50


def test_settings_are_reproduced():
    pipeline = A.ReplayCompose(
        [A.Rotate((30, 30), p=1), A.HorizontalFlip(p=1)],
        bbox_params={"format": "rel_yxyx", "label_fields": ["labels"], "min_visibility": 0.5},
        keypoint_params=A.KeypointParams("yx", remove_invisible=False),
        additional_targets={"other": "image", "depth": "mask"},
        is_check_shapes=False,
        mask_interpolation="linear",
        strict=True,
        fusion="free",
    )
    data = {
        "image": SMALL,
        "other": SMALL // 2,
        "depth": SMALL[..., 1],
        "mask": SMALL[..., 0],
        "bboxes": [[0.0, 0.0, 0.1, 0.1], [0.3, 0.3, 0.6, 0.7]],
        "labels": [1, "b"],
        "keypoints": [[3.0, 4.0], [70.0, 2.0]],
    }
    result = pipeline(**data)
    assert len(result["bboxes"]) == 1
    same(A.ReplayCompose.replay(through_json(result["replay"]), **data), result)
    with pytest.raises(ValueError, match="ReplayCompose is strict and does not know 'else'"):
        A.ReplayCompose.replay(result["replay"], **data, **{"else": 1})


def test_a_replay_takes_other_targets():
    tree = recorder([A.RandomCrop(20, 30, p=1), A.HorizontalFlip(p=1)])(**data_of(SMALL))["replay"]
    frames = np.stack([SMALL, SMALL])
    whole = A.ReplayCompose.replay(tree, image=SMALL)["image"]
    several = A.ReplayCompose.replay(tree, images=frames, mask=SMALL[..., 0])
    assert np.array_equal(several["images"][1], whole)
    assert np.array_equal(several["mask"], whole[..., 0])


def test_inputs_are_left_alone():
    data = data_of(SMALL.copy())
    tree = recorder(everything(), fusion="off")(**data, key=(0, 0, 3))["replay"]
    before = json.dumps(tree)
    A.ReplayCompose.replay(tree, **data)
    assert np.array_equal(data["image"], SMALL)
    assert json.dumps(tree) == before


# users' classes


class Mine(A.DualTransform):
    """Written against the hooks of 2.0.8, with a constructor and random choices of its own."""

    def __init__(self, strength=3, p=0.5):
        super().__init__(p=p)
        self.strength = strength

    def get_params(self):
        return {"shift": self.py_random.randint(1, 9)}

    def get_params_dependent_on_data(self, params, data):
        return {"row": self.py_random.random() * params["shape"][0]}

    def apply(self, img, shift=0, row=0.0, **params):
        out = np.roll(img, shift, axis=1)
        out[int(row)] = self.strength
        return out

    def apply_to_bboxes(self, bboxes, **params):
        return bboxes

    def apply_to_keypoints(self, keypoints, shift=0, **params):
        moved = keypoints.copy()
        moved[:, 0] += shift
        return moved


def test_users_transforms_do_it_again():
    pipeline = recorder([A.HorizontalFlip(), Mine(7, p=1), A.OneOf([Mine(5), Hooked()], p=1)])
    for index in range(20):
        result = pipeline(**data_of(SMALL), key=(0, 0, index))
        same(A.ReplayCompose.replay(result["replay"], **data_of(SMALL)), result)
        same(A.ReplayCompose.replay(through_json(result["replay"]), **data_of(SMALL)), result)
    mine = result["replay"]["transforms"][1]
    assert mine["__class_fullname__"].endswith("test_replay.Mine")
    assert (mine["strength"], mine["p"], mine["applied"]) == (7, 1, True)


def test_a_class_defined_anew_is_the_one_that_is_replayed():
    """As in a notebook whose cell runs twice."""

    def define(value):
        class Cell(A.ImageOnlyTransform):
            def apply(self, img, **params):
                return np.full_like(img, value)

        return Cell

    old = define(1)
    tree = A.ReplayCompose([old(p=1)])(image=SMALL)["replay"]
    define(2)
    new = define(3)
    assert A.ReplayCompose.replay(tree, image=SMALL)["image"][0, 0, 0] == 3
    assert new is not old


class Holds(Pixel):
    """A user's class with something in it that is no plain data."""

    what: object = None

    def edit(self, image):
        return self.what(image)


def double(image):
    return image // 2


def test_what_is_no_plain_data_is_replayed_within_the_process():
    tree = A.ReplayCompose([Holds(double, p=1), A.Lambda(image=lambda image, **_: 255 - image)])(
        image=SMALL
    )["replay"]
    assert tree["transforms"][0]["what"] is double
    assert np.array_equal(A.ReplayCompose.replay(tree, image=LARGE)["image"], 255 - LARGE // 2)


def test_a_class_that_keeps_no_argument_says_so():
    class Forgetful(A.ImageOnlyTransform):
        def __init__(self, strength, p=1.0):
            super().__init__(p=p)

        def apply(self, img, **params):
            return img

    with pytest.raises(NotImplementedError, match="Forgetful keeps no attribute 'strength'"):
        A.ReplayCompose([Forgetful(3)])(image=SMALL)


def test_lambdas_are_given_by_name():
    negative = A.Lambda(image=lambda image, **_: 255 - image, name="negative", p=1)
    tree = A.ReplayCompose([negative, A.HorizontalFlip(p=1)])(image=SMALL)["replay"]
    again = A.ReplayCompose.replay(
        through_json(tree), image=SMALL, lambda_transforms={"negative": negative}
    )
    assert np.array_equal(again["image"], 255 - SMALL[:, ::-1])
    assert again.keys() == {"image"}
    with pytest.raises(ValueError, match="needs the Lambda named 'negative'"):
        A.ReplayCompose.replay(tree, image=SMALL)


# errors


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        {},
        [],
        3,
        {"__class_fullname__": "Compose", "transforms": []},
        {"__class_fullname__": "NoOp", "applied": True},
        {"applied": True, "params": None},
    ],
    ids=repr,
)
def test_what_is_no_tree_is_refused(wrong):
    with pytest.raises(ValueError, match="replay expects the tree that an earlier result holds"):
        A.ReplayCompose.replay(wrong, image=SMALL)


def test_unknown_classes_are_refused():
    tree = A.ReplayCompose([A.NoOp(p=1)])(image=SMALL)["replay"]
    tree["transforms"][0]["__class_fullname__"] = "NoOop"
    with pytest.raises(
        ValueError, match="no registered class is called 'NoOop'; did you mean NoOp"
    ):
        A.ReplayCompose.replay(tree, image=SMALL)
    tree["transforms"][0]["__class_fullname__"] = "os.system"
    with pytest.raises(ValueError, match=r"no registered class is called 'os\.system'"):
        A.ReplayCompose.replay(tree, image=SMALL)


def test_data_goes_by_name():
    tree = A.ReplayCompose([])(image=SMALL)["replay"]
    with pytest.raises(TypeError, match="positional"):
        A.ReplayCompose.replay(tree, SMALL)
