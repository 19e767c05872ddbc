"""Users' subclasses of built-ins: `super().apply` and the rest do what the built-in does."""

import numpy as np
import pytest
from small_moves import Cut, Flip, Invert, Power, Turn
from user_transforms import (
    BOXES,
    IMAGE,
    MASK,
    LoudPower,
    NotedTurn,
    Tint,
    TopLeft,
)

import probaug as A


def test_super_apply_does_what_the_built_in_does():
    for key in range(5):
        mine = A.Compose([LoudPower(p=1)], seed=0)(image=IMAGE, mask=MASK, key=key)
        ours = A.Compose([Power(p=1)], seed=0)(image=IMAGE, key=key)
        np.testing.assert_array_equal(mine["image"], 255 - ours["image"])
        assert mine["mask"] is MASK


@pytest.mark.parametrize("mask_interpolation", [None, 1])
def test_every_hook_of_a_built_in_does_what_it_does(mask_interpolation):
    settings = {
        "bbox_params": A.BboxParams("pascal_voc", label_fields=["names"]),
        "keypoint_params": A.KeypointParams("xyas", label_fields=["kinds"]),
        "mask_interpolation": mask_interpolation,
        "seed": 4,
        "fusion": "off",  # OpenCV 4 rounds the coordinates of joined moves otherwise
    }
    data = {
        "image": IMAGE, "mask": MASK * 50, "masks": np.stack([MASK, MASK * 50]),
        "images": [IMAGE, IMAGE], "bboxes": BOXES, "names": list("abc"),
        "keypoints": [(20, 10, 33, 1.5), (0, 0, 10, 1)], "kinds": [{}, None],
    }  # fmt: skip
    for key in range(10):
        mine = A.Compose([Flip(p=1), NotedTurn(p=1), Cut(3, 3, p=1)], **settings)(key=key, **data)
        ours = A.Compose([Flip(p=1), Turn(p=1), Cut(3, 3, p=1)], **settings)(key=key, **data)
        assert mine.keys() == ours.keys()
        for name in ("image", "mask", "masks", "images"):
            np.testing.assert_array_equal(mine[name], ours[name])
        for name in ("bboxes", "keypoints"):
            assert len(mine[name]) == len(ours[name])
            np.testing.assert_allclose(mine[name], ours[name], atol=1e-4)
        assert mine["names"] == ours["names"]
        assert mine["kinds"] == ours["kinds"]


def test_parameters_of_one_s_own_do_not_disturb_a_built_in():
    class Extra(Power):
        def get_params_dependent_on_data(self, params, data):
            return {**super().get_params_dependent_on_data(params, data), "extra": data["image"]}

        def apply(self, img, **params):
            return super().apply(img, **params)

    class ExtraInvert(Invert):
        def get_params(self):
            return {"extra": 1}

        def apply(self, img, **params):
            return super().apply(img, **params)

    result = A.Compose([Extra((2, 2), p=1)])(image=IMAGE)["image"]
    np.testing.assert_array_equal(result, A.Compose([Power((2, 2), p=1)])(image=IMAGE)["image"])
    np.testing.assert_array_equal(ExtraInvert(p=1)(image=IMAGE)["image"], 255 - IMAGE)


def test_a_subclass_may_choose_its_params():
    class Always(Power):
        def get_params_dependent_on_data(self, params, data):
            return {"power": 1.0}

    class Given(Turn):
        def __init__(self, degrees, p=1.0):
            super().__init__(angle=(degrees, degrees), p=p)
            self.degrees = degrees

    np.testing.assert_array_equal(Always(p=1)(image=IMAGE)["image"], IMAGE)
    ours = Turn((12, 12), p=1)(image=IMAGE)["image"]
    np.testing.assert_array_equal(Given(12)(image=IMAGE)["image"], ours)


@pytest.mark.parametrize("name", ["apply", "apply_to_mask"])
def test_hooks_of_built_ins_may_be_called(name):
    hook = getattr(Flip(), name)
    np.testing.assert_array_equal(hook(MASK), MASK[:, ::-1])
    power = getattr(Power(), "apply")  # noqa: B009
    assert power(IMAGE, power=1.0).tolist() == IMAGE.tolist()


def test_names_of_the_constructor():
    assert Tint().get_transform_init_args_names() == ("limit", "channel")

    class More(Power):
        def get_transform_init_args_names(self):
            return (*super().get_transform_init_args_names(), "more")

    assert More().get_transform_init_args_names() == ("power", "p", "more")
    assert set(Turn().get_transform_init_args_names()) == {
        "angle", "interpolation", "mask_interpolation", "border_mode", "fill", "fill_mask", "p",
    }  # fmt: skip
    assert TopLeft().get_transform_init_args_names() == ("height", "width", "p")
