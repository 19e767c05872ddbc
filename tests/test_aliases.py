"""Spellings of other versions, and what transforms and pipelines say about themselves."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

import probaug as A
from probaug.core import aliases

FACTS = json.loads(Path(__file__).with_name("signatures_2_0_8.json").read_text("utf-8"))
IMAGE = np.zeros((20, 30, 3), np.uint8)


def there(name):
    if not hasattr(A, name):
        pytest.skip(f"{name} is not there yet")
    return getattr(A, name)


# the successor's spellings

SPELLINGS = [
    (name, f"{stem}_range") for name, stems in aliases.RANGES.items() for stem in stems.split()
] + [(name, spelling) for name, table in aliases.RENAMED.items() for spelling in table]


@pytest.mark.parametrize(("name", "spelling"), SPELLINGS, ids="-".join)
def test_every_alias_stands_for_a_field(name, spelling):
    cls = there(name)
    known = inspect.signature(cls).parameters
    assert spelling not in known, "an alias never hides a field"
    assert aliases.alias(cls, spelling, known) in known
    if name in FACTS:
        assert aliases.alias(cls, spelling, known) in FACTS[name]["params"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (lambda: A.Rotate(angle_range=(-10, 30)), lambda: A.Rotate(limit=(-10, 30))),
        (lambda: A.SafeRotate(angle_range=20), lambda: A.SafeRotate(20)),
        (
            lambda: A.RandomBrightnessContrast(brightness_range=(0, 0.1), contrast_range=0.3, p=1),
            lambda: A.RandomBrightnessContrast((0, 0.1), 0.3, p=1),
        ),
        (lambda: A.CLAHE(clip_range=(1, 3)), lambda: A.CLAHE(clip_limit=(1, 3))),
        (lambda: A.ColorJitter(hue_range=(0, 0.1)), lambda: A.ColorJitter(hue=(0, 0.1))),
        (lambda: A.Sharpen(alpha_range=(0, 1)), lambda: A.Sharpen(alpha=(0, 1))),
        (
            lambda: A.ShiftScaleRotate(shift_range=0.1, shift_range_x=0.2),
            lambda: A.ShiftScaleRotate(shift_limit=0.1, shift_limit_x=0.2),
        ),
        (
            lambda: A.BboxParams(coord_format="coco", clip_bboxes_on_input=True),
            lambda: A.BboxParams("coco", clip=True),
        ),
        (lambda: A.KeypointParams(coord_format="xy"), lambda: A.KeypointParams("xy")),
        (
            lambda: A.Compose([], bbox_params={"coord_format": "yolo"}),
            lambda: A.Compose([], bbox_params=A.BboxParams("yolo")),
        ),
        (lambda: A.Rotate(10).replace(angle_range=(1, 2)), lambda: A.Rotate((1, 2))),
        (lambda: A.SafeRotate(10).replace(angle_range=5), lambda: A.SafeRotate(5)),
    ],
)
def test_the_successors_spellings_are_accepted(theirs, ours):
    assert theirs() == ours()
    assert "_range" not in repr(theirs())


def test_both_spellings_at_once_are_an_error():
    with pytest.raises(TypeError, match="Rotate got both 'limit' and 'angle_range'"):
        A.Rotate(limit=10, angle_range=20)
    with pytest.raises(TypeError, match="Rotate got both 'limit' and 'angle_range'"):
        A.Rotate(10, angle_range=20)


def test_where_the_meaning_changed_there_is_no_alias():
    with pytest.raises(TypeError, match="ElasticTransform has no parameter 'displacement_range'"):
        A.ElasticTransform(displacement_range=(0.02, 0.05))
    with pytest.raises(TypeError, match="Normalize has no parameter 'clip_range'"):
        A.Normalize(clip_range=(0, 1))
    with pytest.raises(TypeError, match="did you mean scale"):
        A.Affine(scale_range=(0.5, 1))


def test_a_field_of_that_name_is_not_an_alias():
    assert A.MotionBlur(angle_range=(10, 20)).angle_range == (10, 20)


def test_a_subclass_takes_its_bases_aliases():
    class Turn(A.Rotate):
        """A user's subclass."""

        extra: int = 3

    assert Turn(angle_range=(1, 2)).limit == (1, 2)

    class Own(A.Rotate):
        """One that keeps an attribute of that name."""

        def __init__(self, angle_range=(1, 2), p=0.5):
            super().__init__(angle_range, p=p)
            self.angle_range = angle_range

    changed = Own().replace(angle_range=(3, 4))
    assert (changed.angle_range, changed.limit) == ((3, 4), (1, 2))


# 1.x


@pytest.mark.parametrize(
    ("name", "given", "today"),
    [
        ("HorizontalFlip", "always_apply", "p=1"),
        ("PadIfNeeded", "value", "fill"),
        ("Rotate", "mask_value", "fill_mask"),
        ("ShiftScaleRotate", "value", "fill"),
        ("Affine", "cval", "fill"),
        ("Affine", "cval_mask", "fill_mask"),
        ("Affine", "mode", "border_mode"),
        ("Perspective", "pad_val", "fill"),
        ("Perspective", "mask_pad_val", "fill_mask"),
        ("CropAndPad", "pad_mode", "border_mode"),
        ("CoarseDropout", "max_holes", "num_holes_range"),
        ("CoarseDropout", "min_height", "hole_height_range"),
        ("CoarseDropout", "max_width", "hole_width_range"),
        ("CoarseDropout", "fill_value", "fill"),
        ("CoarseDropout", "mask_fill_value", "fill_mask"),
        ("GridDropout", "unit_size_min", "unit_size_range"),
        ("GridDropout", "holes_number_x", "holes_number_xy"),
        ("GridDropout", "shift_y", "shift_xy"),
        ("MaskDropout", "image_fill_value", "fill"),
        ("GaussNoise", "var_limit", "std_range, the square root"),
        ("GaussNoise", "mean", "mean_range"),
        ("ImageCompression", "quality_lower", "quality_range"),
        ("Downscale", "scale_max", "scale_range"),
        ("Downscale", "interpolation", "interpolation_pair"),
        ("RandomFog", "fog_coef_lower", "fog_coef_range"),
        ("RandomRain", "slant_upper", "slant_range"),
        ("RandomSnow", "snow_point_lower", "snow_point_range"),
        ("RandomSunFlare", "num_flare_circles_upper", "num_flare_circles_range"),
        ("RandomSunFlare", "angle_lower", "angle_range"),
        ("RandomShadow", "num_shadows_lower", "num_shadows_limit"),
        ("RandomResizedCrop", "height", "size=(height, width)"),
        ("RandomSizedCrop", "width", "size=(height, width)"),
        ("Solarize", "threshold", "threshold_range"),
    ],
)
def test_spellings_of_1_x_name_todays(name, given, today):
    with pytest.raises(TypeError) as caught:
        there(name)(**{given: 1})
    start = f"{name} has no parameter {given!r}: since Albumentations 2.0 it is {today}"
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize(
    ("name", "given", "today"),
    [
        ("RandomResizedCrop", (224, 200), "size=(224, 200)"),
        ("RandomResizedCrop", (224,), "size=(224, 224)"),
        ("RandomSizedCrop", ((50, 100), 224, 200, 1.0), "size=(224, 200)"),
        ("LetterBox", (224, 200), "size=(224, 200)"),
        ("RandomCrop", ((224, 200),), "height=224, width=200"),
        ("Resize", ([224, 200],), "height=224, width=200"),
    ],
)
def test_sides_in_another_form_name_todays(name, given, today):
    with pytest.raises(ValueError, match=rf"^{name}\.\w+ must be .*, got .*; write ") as caught:
        there(name)(*given)
    assert str(caught.value).endswith(f"; write {today}")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: A.RandomResizedCrop(0, 224),
        lambda: A.RandomResizedCrop(True),
        lambda: A.RandomCrop3D(8),
        lambda: A.LetterBox(224, "north"),
        lambda: A.RandomCrop(224, (224, 224)),
    ],
)
def test_other_errors_of_sides_stay_as_they_are(wrong):
    with pytest.raises(ValueError, match="must be") as caught:
        wrong()
    assert "write" not in str(caught.value)


def test_classes_of_1_x_name_todays():
    with pytest.raises(
        AttributeError, match=r"'Cutout'; since Albumentations 2.0 it is CoarseDrop"
    ):
        A.Cutout
    with pytest.raises(AttributeError, match=r"module 'probaug' has no attribute 'Nothing'$"):
        A.Nothing
    assert not hasattr(A, "check_for_updates"), "nothing here asks the network"


# what they say about themselves

PIPELINE = A.Compose(
    [A.HorizontalFlip(), A.OneOf([A.Rotate(30), A.Blur(p=1)], p=1)],
    bbox_params=A.BboxParams("coco", label_fields=["labels"]),
    keypoint_params=A.KeypointParams("xy"),
    additional_targets={"image2": "image"},
    seed=3,
)


def test_arguments_of_the_constructor():
    rotate = A.Rotate(30, p=0.3)
    arguments = rotate.get_transform_init_args()
    assert tuple(arguments) == rotate.get_transform_init_args_names()
    assert A.Rotate(**arguments) == rotate
    assert rotate.get_base_init_args() == {"p": 0.3}
    assert rotate.is_serializable()
    assert rotate.get_class_fullname() == "Rotate"


def test_names_that_a_call_may_have():
    boxes = {"image", "images", "mask", "masks", "volume", "volumes", "mask3d", "masks3d"}
    assert {*boxes, "bboxes", "keypoints"} <= A.Rotate().available_keys
    assert "bboxes" not in A.Blur().available_keys
    assert {"image2", "labels", "bboxes"} <= PIPELINE.available_keys
    assert "other" not in PIPELINE.available_keys


def test_targets_that_are_not_there_read_as_an_empty_dict():
    assert A.Compose([]).additional_targets == {}
    assert A.Compose([]) == A.Compose([], additional_targets={})
    assert repr(A.Compose([])) == "Compose(transforms=[])"


def test_how_labels_are_read():
    assert PIPELINE.processors["bboxes"].params.format == "coco"
    assert PIPELINE.get_processor("keypoints").params == A.KeypointParams("xy")
    assert A.Compose([]).processors == {}
    assert A.Rotate().get_processor("bboxes") is None


def test_a_transform_asks_how_labels_are_read_within_a_call():
    class Asks(A.DualTransform):
        seen = None

        def __init__(self, p=1.0):
            super().__init__(p=p)

        def apply(self, img, **params):
            type(self).seen = self.get_processor("bboxes")
            return img

        def apply_to_bboxes(self, bboxes, **params):
            return bboxes

    A.Compose([Asks()], bbox_params=A.BboxParams("yolo"))(image=IMAGE, bboxes=[(0.5, 0.5, 1, 1)])
    assert Asks.seen.params == A.BboxParams("yolo")
    assert Asks().processors == {}


def test_the_indented_repr_can_be_read_again():
    text = PIPELINE.indented_repr()
    assert text.splitlines()[1:3] == ["  HorizontalFlip(),", "  OneOf(["]
    assert eval(text, vars(A).copy()) == PIPELINE


def test_masks_can_be_read_another_way_afterwards():
    mask = np.pad(np.ones((10, 10), np.float32), 10)
    for pipeline in (
        A.Compose([A.Rotate((30, 30), p=1)]),
        A.OneOf([A.Rotate((30, 30), p=1)], p=1),
    ):
        assert set(np.unique(pipeline(mask=mask)["mask"])) == {0, 1}
        pipeline.set_mask_interpolation(1)
        assert len(np.unique(pipeline(mask=mask)["mask"])) > 2


def test_a_generator_may_seed_a_pipeline():
    def numbers():
        pipeline = A.Compose([A.HorizontalFlip()])
        pipeline.set_random_state(np.random.default_rng(5))
        image = np.arange(12, dtype=np.uint8).reshape(2, 6)
        return [pipeline(image=image)["image"][0, 0] for _ in range(20)]

    assert numbers() == numbers()
    assert len(set(numbers())) == 2


def test_parameters_can_be_applied_by_hand():
    class Add(A.ImageOnlyTransform):
        def apply(self, img, by, **params):
            return img + np.uint8(by)

    result = Add().apply_with_params({"by": 3}, image=IMAGE, mask=IMAGE, other="x", images=None)
    assert (result["image"] == 3).all()
    assert result["mask"] is IMAGE
    assert result["other"] == "x"
    assert result["images"] is None
    assert Add(p=1).should_apply()
    assert not Add(p=0).should_apply(force_apply=True)
    assert Add(p=0.01).should_apply(force_apply=True)


def test_an_own_apply_with_params_is_called():
    class Both(A.DualTransform):
        def apply(self, img, **params):
            return img + np.uint8(1)

        def apply_to_mask(self, mask, **params):
            return mask + np.uint8(2)

        def apply_with_params(self, params, *args, **kwargs):
            result = super().apply_with_params(params, *args, **kwargs)
            result["image"] = result["image"] * np.uint8(10)
            return result

    pipeline = A.Compose([Both(p=1)], additional_targets={"image2": "image", "mask2": "mask"})
    result = pipeline(image=IMAGE, mask=IMAGE[..., 0], image2=IMAGE, mask2=IMAGE[..., 0])
    values = {name: int(result[name].max()) for name in result}
    assert values == {"image": 10, "mask": 2, "image2": 1, "mask2": 2}


def test_an_own_container_works_by_itself():
    class Twice(A.BaseCompose):
        def __call__(self, *args, force_apply=False, **data):
            for _ in range(2):
                for transform in self.transforms:
                    data = transform(**data)
            return data

    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    own = Twice([A.RandomRotate90(p=1), A.Transpose(p=0)], p=1)
    assert sorted(own(image=image)["image"].ravel().tolist()) == list(range(6))
    with pytest.raises(NotImplementedError, match="Twice has a call of its own"):
        A.Compose([own])(image=image)
