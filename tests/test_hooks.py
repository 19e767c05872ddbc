"""Users' own transforms: what their hooks are handed."""

import math

import numpy as np
import pytest
from small_moves import Cut, Flip, Invert
from user_transforms import (
    BOXES,
    IMAGE,
    MASK,
    Shift,
    Spy,
    SpyWithFill,
    Tint,
    boxes_of,
)

import probaug as A

# --- what hooks are handed


def test_what_hooks_see_is_what_2_0_8_hands_over():
    """Names, numbers and dtypes as printed by the same class under Albumentations 2.0.8."""
    spy = SpyWithFill()
    pipeline = A.Compose(
        [spy],
        bbox_params=A.BboxParams("coco", label_fields=["lab", "num"]),
        keypoint_params=A.KeypointParams("xya", label_fields=["kl"]),
    )
    pipeline(
        image=IMAGE, mask=MASK, masks=[MASK] * 2,
        bboxes=[[4, 2, 10, 5, 9], [1, 1, 3, 3, 8]], lab=["b", "a"], num=[5, 7],
        keypoints=[(3, 4, 90)], kl=["x"], extra={"z": 1},
    )  # fmt: skip
    seen = spy.seen
    shared = {"shape": (20, 40, 3), "interpolation": 1, "fill": 7, "fill_mask": 3}
    before = seen["params before"]
    assert before == {"drawn": before["drawn"], **shared}
    assert set(seen["data"]) == {"image", "mask", "masks", "bboxes", "keypoints", "extra"}
    for name in ("image", "mask", "masks", "bboxes", "keypoints"):
        params = seen[f"params of {name}"]
        assert params == {**before, "seen": params["seen"]}
        assert seen[name] is seen["data"][name] or np.array_equal(seen[name], seen["data"][name])
    assert seen["bboxes"].dtype == np.float32
    np.testing.assert_array_equal(
        seen["bboxes"],
        np.array([[0.1, 0.1, 0.35, 0.35, 9, 1, 5], [0.025, 0.05, 0.1, 0.2, 8, 0, 7]], np.float32),
    )
    assert seen["keypoints"].dtype == np.float32
    np.testing.assert_allclose(seen["keypoints"], [[3, 4, 0, math.pi / 2, 0, 0]], rtol=1e-6)
    assert isinstance(seen["masks"], np.ndarray)
    assert seen["masks"].shape == (2, 20, 40)


def test_without_such_attributes_only_the_shape_is_added():
    spy = Spy()
    spy(image=IMAGE)
    assert set(spy.seen["params of image"]) == {"drawn", "seen", "shape"}

    class Exact(A.ImageOnlyTransform):
        def get_params(self):
            return {"v": 1}

        def apply(self, img, v, shape):
            return img // 2 + v

    np.testing.assert_array_equal(Exact(p=1)(image=IMAGE)["image"], IMAGE // 2 + 1)


def test_keypoints_are_x_y_z_radians_scale():
    spy = Spy()
    params = A.KeypointParams("xysa", label_fields=["kinds"])
    pipeline = A.Compose([spy], keypoint_params=params)
    pipeline(image=IMAGE, keypoints=[[3, 4, 2.5, 180], [5, 6, 1, 90]], kinds=[True, False])
    wanted = [[3, 4, 0, math.pi, 2.5, 1], [5, 6, 0, math.pi / 2, 1, 0]]
    np.testing.assert_allclose(spy.seen["keypoints"], wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        (["b", "a", "b"], [1, 0, 1]),  # words in the order of the alphabet, as 2.0.8 has them
        ([7, 5, -1], [7, 5, -1]),
        ([True, False, True], [1, 0, 1]),
        (np.array([3, 1, 2], np.uint8), [3, 1, 2]),
        (np.array(["z", "y", "z"]), [1, 0, 1]),
        ([0.5, 0.25, 1], [0.5, 0.25, 1]),
        ([2**24 + 1, 2**24, 2**24 + 3], [2**24 + 1, 2**24, 2**24 + 3]),
    ],
)
def test_labels_as_numbers(labels, codes):
    spy = Spy()
    boxes_of([spy], BOXES, labels)
    assert spy.seen["bboxes"][:, 4].tolist() == codes


def test_what_built_ins_did_before_is_seen():
    spy = Spy()
    pipeline = A.Compose(
        [Flip(p=1), Cut(20, 0, 20, 10, p=1), Invert(p=1), spy, Invert(p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy"),
    )
    result = pipeline(
        image=IMAGE, mask=MASK, bboxes=BOXES, names=["c", "a", "b"], keypoints=[(1, 2), (30, 2)]
    )
    cut = IMAGE[:10, ::-1][:, 20:]
    np.testing.assert_array_equal(spy.seen["image"], 255 - cut)
    np.testing.assert_array_equal(result["image"], cut)
    np.testing.assert_array_equal(spy.seen["mask"], MASK[:10, ::-1][:, 20:])
    assert spy.seen["params of image"]["shape"] == (10, 20, 3)
    wanted = np.array([[10, 2, 16, 5, 2], [17, 1, 19, 3, 0], [0, 5, 15, 10, 1]])
    wanted = wanted / [20, 10, 20, 10, 1]
    np.testing.assert_array_equal(spy.seen["bboxes"], wanted.astype(np.float32))
    np.testing.assert_array_equal(spy.seen["keypoints"], [[18, 2, 0, 0, 0]])
    for name in ("image", "mask"):
        assert spy.seen[name].flags.c_contiguous


def test_label_fields_do_not_stand_beside_their_columns():
    """They would be those of the call, not those of the boxes that are left."""
    spy = Spy()
    boxes_of([Cut(p=1), spy], [*BOXES, [30, 1, 35, 5]], list("abcd"))
    assert "names" not in spy.seen["data"]
    assert len(spy.seen["bboxes"]) == 3


@pytest.mark.parametrize("kind", [list, tuple, np.stack])
def test_stacks_are_handed_over_as_one_array_and_come_back_in_their_container(kind):
    spy = Spy()
    frames = [IMAGE, 255 - IMAGE]
    masks = [MASK, MASK + 1, MASK + 2]
    result = A.Compose([spy, Flip(p=1)])(images=kind(frames), masks=kind(masks))
    assert spy.seen["images"].shape == (2, 20, 40, 3)
    assert spy.seen["masks"].shape == (3, 20, 40)
    assert spy.seen["params of images"]["shape"] == (20, 40, 3)
    wanted = {list: list, tuple: tuple, np.stack: np.ndarray}[kind]
    assert type(result["images"]) is type(result["masks"]) is wanted
    np.testing.assert_array_equal(result["images"], np.stack(frames)[:, :, ::-1])
    np.testing.assert_array_equal(result["masks"], np.stack(masks)[:, :, ::-1])


class Volumes(A.DualTransform):
    """Overrides the hooks of volumes, and says which ran."""

    def __init__(self, p=1.0):
        super().__init__(p=p)
        self.seen = {}

    def note(self, hook, value):
        self.seen[hook] = value.shape
        return value[..., ::-1, :] if value.shape[-1] == 3 else value[..., ::-1]

    def apply(self, img, **params):
        return self.note("image", img)

    def apply_to_volume(self, volume, **params):
        return self.note("volume", volume)

    def apply_to_volumes(self, volumes, **params):
        return self.note("volumes", volumes)

    def apply_to_mask3d(self, mask3d, **params):
        return self.note("mask3d", mask3d)

    def apply_to_masks3d(self, masks3d, **params):
        return self.note("masks3d", masks3d)


VOLUMES = {
    "volume": np.stack([IMAGE, 255 - IMAGE, IMAGE]),
    "volumes": np.stack([[IMAGE, 255 - IMAGE, IMAGE]] * 2),
    "mask3d": np.stack([MASK, MASK + 1, MASK]),
    "masks3d": np.stack([[MASK, MASK + 1, MASK], [MASK + 2, MASK, MASK]]),
}


def test_hooks_of_volumes_are_handed_whole_volumes():
    """The shapes are those that Albumentations 2.0.8 hands over."""
    mine = Volumes()
    result = A.Compose([Flip(p=1), mine, Flip(p=1)])(**VOLUMES)
    assert mine.seen == {name: array.shape for name, array in VOLUMES.items()}
    flipped = A.Compose([Flip(p=1)])(**VOLUMES)
    for name in VOLUMES:
        np.testing.assert_array_equal(result[name], flipped[name])
        assert result[name].flags.c_contiguous


def test_volumes_are_served_frame_by_frame_otherwise():
    seen = []

    class Frames(A.DualTransform):
        def apply(self, img, **params):
            seen.append(img.shape)
            return img[:, ::-1]

    result = Frames(p=1)(**VOLUMES)
    flipped = Flip(p=1)(**VOLUMES)
    for name in VOLUMES:
        np.testing.assert_array_equal(result[name], flipped[name])
    assert set(seen) == {IMAGE.shape, MASK.shape}
    spy = Spy()
    A.Compose([spy])(volumes=VOLUMES["volumes"])
    assert spy.seen["data"]["volumes"].shape == (2, 3, 20, 40, 3)
    assert spy.seen["params before"]["shape"] == IMAGE.shape


def test_frames_share_one_draw():
    frames = np.stack([IMAGE] * 4)
    result = A.Compose([Tint(p=1), Shift(), Flip(p=1)], seed=0)(images=frames, image=IMAGE)
    assert all(np.array_equal(frame, result["image"]) for frame in result["images"])


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ({"mask": MASK}, (20, 40)),
        ({"masks": np.stack([MASK] * 2)}, (20, 40)),
        ({"volume": np.stack([IMAGE] * 2)}, (20, 40, 3)),
        ({"images": [IMAGE[..., :1]] * 2}, (20, 40, 1)),
        ({"second": IMAGE}, (20, 40, 3)),
    ],
)
def test_the_shape_without_an_image(data, shape):
    spy = Spy()
    A.Compose([spy], additional_targets={"second": "image"})(**data)
    assert spy.seen["params before"]["shape"] == shape


def test_hooks_of_additional_targets():
    pipeline = A.Compose(
        [Shift(), Flip(p=1)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["names"]),
        keypoint_params=A.KeypointParams("xy"),
        additional_targets={
            "image2": "image", "mask2": "mask", "boxes2": "bboxes", "dots": "keypoints"
        },
    )  # fmt: skip
    result = pipeline(
        image=IMAGE, image2=IMAGE, mask=MASK, mask2=MASK,
        bboxes=BOXES, names=[1, 2, 3], boxes2=BOXES, keypoints=[(1, 1)], dots=[(1, 1)],
    )  # fmt: skip
    assert not np.array_equal(result["image"], IMAGE[:, ::-1])
    np.testing.assert_array_equal(result["image"], result["image2"])
    np.testing.assert_array_equal(result["mask"], result["mask2"])
    assert result["bboxes"] == result["boxes2"]
    assert result["keypoints"] == result["dots"]


# --- parameters that depend on data


class Wants(A.ImageOnlyTransform):
    """Asks for an argument of the call."""

    @property
    def targets_as_params(self):
        return ["background"]

    def get_params_dependent_on_data(self, params, data):
        return {"level": data["background"]["level"]}

    def apply(self, img, level=0, **params):
        return np.full_like(img, level)


def test_targets_as_params():
    background = {"level": 9}
    for pipeline in (A.Compose([Flip(p=1), Wants(p=1)]), A.Compose([Wants(p=1)], strict=True)):
        result = pipeline(image=IMAGE, background=background)
        assert result["background"] is background
        assert (result["image"] == 9).all()
        with pytest.raises(ValueError, match="Wants needs background in its call"):
            pipeline(image=IMAGE)
    with pytest.raises(ValueError, match="strict and does not know 'foreground'"):
        A.Compose([Wants(p=1)], strict=True)(image=IMAGE, background=background, foreground=1)


def test_targets_may_be_one_s_own():
    class Depth(A.ImageOnlyTransform):
        @property
        def targets(self):
            return {"image": self.apply, "depth": self.apply_to_depth}

        def apply(self, img, **params):
            return img // 2

        def apply_to_depth(self, depth, **params):
            return depth * 2

    for pipeline in (A.Compose([Depth(p=1)] * 2), A.Compose([Depth(p=1)] * 2, strict=True)):
        result = pipeline(image=IMAGE, depth=5, mask=MASK)
        assert result["depth"] == 20
        np.testing.assert_array_equal(result["image"], IMAGE // 2 // 2)
        assert result["mask"] is MASK


def test_masks_follow_apply_if_nothing_is_said_but_pick_pixels():
    seen = []

    class Own(A.DualTransform):
        def __init__(self, p=1.0):
            super().__init__(p=p)
            self.interpolation = 2

        def apply(self, img, interpolation=None, **params):
            seen.append(interpolation)
            return img[::-1]

    result = Own()(image=IMAGE, mask=MASK)
    np.testing.assert_array_equal(result["mask"], MASK[::-1])
    assert seen == [2, 0]
    seen.clear()
    A.Compose([Own()], mask_interpolation=1)(image=IMAGE, mask=MASK)
    assert seen == [2, 1]
