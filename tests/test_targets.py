"""Every target made of pixels: what moves together, what passes through, what is refused."""

import numpy as np
import pytest
from small_moves import IMAGE as BLACK
from small_moves import Cut, Diagonal, Flip, Grow, Invert, Power, Quarter, Scale, Turn
from target_cases import EXACT, IMAGE, INEXACT, MASK, STACKS, H, W, numbers, through

import probaug as A

exact = pytest.mark.parametrize(("transforms", "wanted"), EXACT.values(), ids=EXACT)
CHANNELS = {"(H, W)": (), "(H, W, 1)": (1,), "(H, W, 2)": (2,), "(H, W, 3)": (3,), "4": (4,),
            "5": (5,), "9": (9,)}  # fmt: skip
channels = pytest.mark.parametrize("channels", CHANNELS.values(), ids=CHANNELS)
DTYPES = [np.bool_, np.uint8, np.int8, np.uint16, np.int16, np.int32, np.int64, np.uint64,
          np.float16, np.float32, np.float64]  # fmt: skip


# --- one target


@exact
@channels
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_masks_of_every_dtype_and_depth(transforms, wanted, channels, dtype):
    mask = numbers((H, W, *channels), dtype)
    for result in (
        through(transforms, {"mask": mask})["mask"],
        through(transforms, {"mask": mask}, fusion="off")["mask"],
        through(transforms, {"masks": [mask]})["masks"][0],
    ):
        assert result.dtype == mask.dtype
        np.testing.assert_array_equal(result, wanted(mask))


@exact
@channels
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_images_of_every_dtype_and_depth(transforms, wanted, channels, dtype):
    image = numbers((H, W, *channels), dtype)
    result = through(transforms, {"image": image})["image"]
    assert result.dtype == image.dtype
    np.testing.assert_array_equal(result, wanted(image))


@pytest.mark.parametrize("transforms", INEXACT.values(), ids=INEXACT)
@channels
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_resampled_masks_gain_no_values(transforms, channels, dtype):
    """Each channel goes where that of an 8-bit mask of places goes."""
    mask = numbers((H, W, *channels), dtype)
    places = np.arange(H * W).reshape(H, W)
    coarse, fine = (places // 256).astype(np.uint8), (places % 256).astype(np.uint8)
    inside = np.ones((H, W), np.uint8)
    result = through(transforms, {"mask": mask})["mask"]
    assert result.dtype == mask.dtype
    high, low, seen = (through(transforms, {"mask": m})["mask"] for m in (coarse, fine, inside))
    moved = mask.reshape(H * W, *channels)[high.astype(int) * 256 + low]
    moved[seen == 0] = 0
    np.testing.assert_array_equal(result, moved)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (1, 1, 3), (2, 3, 1), (1, 5, 4)])
def test_tiny_images(shape):
    image = numbers(shape, np.uint8)
    np.testing.assert_array_equal(through([Flip(p=1)], {"image": image})["image"], image[:, ::-1])
    np.testing.assert_array_equal(
        through([Quarter(p=1)], {"image": image})["image"], np.rot90(image)
    )
    for transforms in ([Turn(p=1)], [Scale(p=1)], [Grow(p=1)], [Invert(p=1), Cut(p=1)]):
        result = through(transforms, {"image": image})["image"]
        assert result.shape[2:] == image.shape[2:]
        assert result.dtype == np.uint8


# --- several together


def each_frame(change, array, lead):
    if lead == 0:
        return change(array)
    return np.stack([each_frame(change, part, lead - 1) for part in array])


@exact
def test_all_targets_move_together(transforms, wanted):
    data = {name: array for name, (array, _) in STACKS.items()}
    result = through(transforms, data)
    assert list(result) == list(data)
    for name, (array, lead) in STACKS.items():
        np.testing.assert_array_equal(result[name], each_frame(wanted, array, lead))
        assert result[name].flags.c_contiguous
        assert result[name].dtype == array.dtype


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("transforms", [*INEXACT.values(), [Turn(p=1), Power(p=1), Flip(p=0.5)]])
def test_a_target_alone_is_as_in_company(name, transforms):
    """Mask-only and volume-only calls work, and share draws and results with full ones."""
    pipeline = A.Compose(transforms, seed=5)
    data = {name: array for name, (array, _) in STACKS.items()}
    for key in range(3):
        alone = pipeline(key=(0, 0, key), **{name: data[name]})[name]
        np.testing.assert_array_equal(alone, pipeline(key=(0, 0, key), **data)[name])


def test_frames_share_one_draw():
    pipeline = A.Compose([Turn(p=1), Power(p=1), Flip(p=0.5)], seed=1)
    for key in range(5):
        images = pipeline(
            key=(0, 0, key),
            image=IMAGE,
            images=np.stack([IMAGE] * 3),
            volumes=np.stack([[IMAGE] * 2] * 2),
        )
        for frame in (*images["images"], *images["volumes"].reshape(-1, H, W, 3)):
            np.testing.assert_array_equal(frame, images["image"])


@pytest.mark.parametrize("name", ["images", "masks", "volume", "mask3d"])
@pytest.mark.parametrize("container", [list, tuple])
def test_lists_and_tuples_of_frames(name, container):
    array, _ = STACKS[name]
    frames = container(array)
    result = through([Quarter(p=1), Invert(p=1)], {name: frames})[name]
    assert type(result) is container
    assert len(result) == len(frames)
    for new, old in zip(result, array, strict=True):
        turned = np.rot90(old)
        np.testing.assert_array_equal(new, turned if "mask" in name else 255 - turned)
        assert new.flags.c_contiguous
    assert through([Flip(p=0)], {name: frames})[name] is frames


def test_frames_of_a_list_may_differ_in_depth_and_dtype():
    frames = [IMAGE, IMAGE[..., 0], IMAGE[..., :1], IMAGE.astype(np.float32) / 255]
    result = through([Flip(p=1)], {"images": frames})["images"]
    for new, old in zip(result, frames, strict=True):
        np.testing.assert_array_equal(new, old[:, ::-1])
        assert new.dtype == old.dtype
    masks = [MASK, MASK > 2, MASK.astype(np.int64)]
    for new, old in zip(
        through([Turn(p=0), Quarter(p=1)], {"masks": masks})["masks"], masks, strict=True
    ):
        np.testing.assert_array_equal(new, np.rot90(old))
        assert new.dtype == old.dtype


@pytest.mark.parametrize("container", [list, tuple])
def test_no_frames_at_all(container):
    result = through([Cut(p=1)], {"image": IMAGE, "masks": container(), "images": container()})
    assert result["masks"] == container()
    assert result["images"] == container()


@pytest.mark.parametrize(
    ("name", "shape", "wanted"),
    [
        ("masks", (0, H, W), (0, 9, 11)),
        ("masks", (0, H, W, 2), (0, 9, 11, 2)),
        ("images", (0, H, W, 3), (0, 9, 11, 3)),
        ("masks3d", (0, 4, H, W), (0, 4, 9, 11)),
    ],
)
def test_no_frames_have_the_size_of_the_others(name, shape, wanted):
    """So that they can be concatenated."""
    empty = np.zeros(shape, np.int16)
    result = through([Cut(3, 2, 11, 9, p=1)], {"image": IMAGE, name: empty})[name]
    assert result.shape == wanted
    assert result.dtype == np.int16
    assert through([Flip(p=1)], {"image": IMAGE, name: empty})[name] is empty


def test_additional_targets():
    more = {"depth": "mask", "second": "image", "frames": "images", "layers": "masks"}
    data = {"image": IMAGE, "depth": MASK, "second": 255 - IMAGE, "frames": [IMAGE] * 2,
            "layers": np.stack([MASK] * 2)}  # fmt: skip
    result = through([Quarter(p=1), Invert(p=1)], data, additional_targets=more)
    np.testing.assert_array_equal(result["depth"], np.rot90(MASK))
    np.testing.assert_array_equal(result["second"], np.rot90(IMAGE))
    for frame in result["frames"]:
        np.testing.assert_array_equal(frame, 255 - np.rot90(IMAGE))
    np.testing.assert_array_equal(result["layers"], np.stack([np.rot90(MASK)] * 2))
    assert type(result["frames"]) is list
    only = through([Quarter(p=1)], {"depth": MASK}, additional_targets=more)
    np.testing.assert_array_equal(only["depth"], np.rot90(MASK))


def test_unknown_kinds_of_targets_are_refused():
    with pytest.raises(ValueError, match=r"Compose\.additional_targets must be .*image.*bboxes"):
        A.Compose([], additional_targets={"x": "picture"})


def test_all_or_nothing_about_pixels():
    """Pixel transforms leave masks, and every kind of them, alone."""
    data = {name: array for name, (array, _) in STACKS.items()}
    result = through([Invert(p=1), Power(p=1)], data)
    for name, array in data.items():
        assert (result[name] is array) == ("mask" in name)


# --- what passes through


def test_nothing_touched_is_the_very_object():
    data = {name: array for name, (array, _) in STACKS.items()}
    data |= {"images": list(data["images"]), "masks": tuple(data["masks"])}
    for pipeline in (A.Compose([]), A.Compose([Flip(p=0), Turn(p=0)]), A.Compose([Flip(p=1)], p=0)):
        result = pipeline(**data)
        assert all(result[name] is value for name, value in data.items())
    odd = IMAGE[::-2, ::3]
    assert A.Compose([])(image=odd)["image"] is odd


def test_unknown_names_and_none_pass_by_identity():
    class Unknown:
        pass

    rest = {"path": "a.jpg", "thing": Unknown(), "array": np.zeros((3, 3)), "label": 3, "x": None}
    for transforms in ([], [Flip(p=1), Turn(p=1)], [A.OneOf([Invert(p=1)], p=1)]):
        result = through(transforms, {"image": IMAGE, "mask": None, "masks": None, "volume": None,
                                      "bboxes": None, "keypoints": None, **rest})  # fmt: skip
        assert all(result[name] is value for name, value in rest.items())
        for name in ("mask", "masks", "volume", "bboxes", "keypoints"):
            assert result[name] is None
    assert through([Flip(p=1)], {"image": None, "mask": MASK})["image"] is None


def test_strict_calls():
    pipeline = A.Compose(
        [Flip(p=1)],
        bbox_params=A.BboxParams("coco", label_fields=["names"]),
        additional_targets={"second": "image"},
        strict=True,
    )
    data = {"image": IMAGE, "second": IMAGE, "mask": MASK, "bboxes": [[1, 1, 2, 2]], "names": [1]}
    assert pipeline(**data)["names"] == [1]
    assert pipeline(**data, other=None)["other"] is None
    with pytest.raises(ValueError, match="Compose is strict and does not know 'other', 'imgae'"):
        pipeline(**data, other=3, imgae=IMAGE)


# --- what is refused


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "needs an image, images, a mask"),
        ({"image": None}, "needs an image"),
        ({"other": IMAGE}, "needs an image"),
        ({"image": np.zeros(5)}, r"image \(H, W\) or \(H, W, C\).*got \(5,\) float64"),
        ({"image": np.zeros((1, 2, 3, 4))}, r"image .*got \(1, 2, 3, 4\)"),
        ({"image": np.zeros((0, 5, 3))}, r"at least one pixel, got \(0, 5, 3\)"),
        ({"image": np.zeros((5, 0))}, "at least one pixel"),
        ({"image": np.zeros((5, 5, 0))}, "at least one pixel"),
        ({"mask": np.zeros((1, 2, 3, 4))}, r"mask \(H, W\)"),
        ({"images": np.zeros((5, 5))}, r"images \(N, H, W\) or \(N, H, W, C\).*got \(5, 5\)"),
        ({"masks": np.zeros((1, 2, 3, 4, 5))}, r"masks \(N, H, W\)"),
        ({"volumes": np.zeros((2, 5, 5))}, r"volumes \(N, N, H, W\)"),
        ({"images": [IMAGE, np.zeros(4)]}, r"images\[1\] \(H, W\)"),
    ],
)
def test_what_has_no_such_shape_is_refused(data, message):
    with pytest.raises(ValueError, match=message) as error:
        A.Compose([Flip(p=1)])(**data)
    assert "Compose" in str(error.value)
    if data:
        with pytest.raises(ValueError, match="Flip"):
            Flip(p=1)(**data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"image": IMAGE.tolist()}, "image as a NumPy array, got list"),
        ({"image": [IMAGE]}, "image as a NumPy array, got list"),
        ({"image": "photo.jpg"}, "image as a NumPy array, got str"),
        ({"mask": 3}, "mask as a NumPy array, got int"),
        ({"images": {"a": IMAGE}}, "images as an array or a list, got dict"),
        ({"volumes": [[IMAGE]]}, "volumes as an array"),
        ({"masks": [MASK, None]}, r"masks\[1\] as a NumPy array, got NoneType"),
    ],
)
def test_what_is_no_array_is_refused(data, message):
    with pytest.raises(TypeError, match=f"Compose expects {message}"):
        A.Compose([Flip(p=1)])(**data)


def test_positional_data_is_refused():
    for transform in (Flip(), A.Compose([]), A.ReplayCompose([])):
        with pytest.raises(KeyError, match="takes its data by name, for example"):
            transform(IMAGE)


@pytest.mark.parametrize(
    "data",
    [
        {"image": IMAGE, "mask": MASK[1:]},
        {"image": IMAGE, "mask": MASK.T},
        {"image": IMAGE, "images": np.stack([IMAGE[1:]])},
        {"mask": MASK, "volume": np.stack([IMAGE[1:]])},
        {"image": IMAGE, "second": IMAGE[1:]},
    ],
)
def test_sizes_must_agree(data):
    pipeline = A.Compose([Flip(p=0)], additional_targets={"second": "image"})
    with pytest.raises(ValueError, match=r"one height and width: .*is_check_shapes=False"):
        pipeline(**data)


def test_frames_of_one_list_must_agree():
    for checked in (True, False):
        pipe = A.Compose([Flip(p=0)], is_check_shapes=checked)
        with pytest.raises(ValueError, match="the frames of masks of one height and width"):
            pipe(image=IMAGE, masks=[MASK, MASK[:, 1:]])


# --- planes of different sizes


@pytest.mark.parametrize(
    "transforms",
    [
        [Flip(p=1)], [Quarter(p=1)], [Turn((40, 40), p=1)], [Grow(p=1)], [Scale(15, 25, p=1)],
        [Flip(p=1), Turn((10, 10), p=1), Quarter(p=1)],
        [Cut(1, 2, 10, 8, p=1), Invert(p=1), Turn((10, 10), p=1)],
        [Scale(30, 30, p=1), Cut(2, 2, 20, 20, p=1), Diagonal(p=1)],
    ],
)  # fmt: skip
@pytest.mark.parametrize("fusion", ["exact", "off"])
def test_each_size_has_its_own_matrix(transforms, fusion):
    large, small = numbers((50, 70), np.uint8), numbers((9, 13), np.uint16)
    pipeline = A.Compose(
        transforms, is_check_shapes=False, additional_targets={"large": "mask"}, fusion=fusion
    )
    data = {"large": large, "image": IMAGE, "mask": small, "masks": [MASK, MASK]}
    result = pipeline(**data)
    for name, value in data.items():
        alone = A.Compose(transforms, additional_targets={"large": "mask"})(**{name: value})[name]
        np.testing.assert_array_equal(result[name], alone)


def test_the_plain_image_gives_the_size_of_labels():
    """Wherever it stands in the call."""
    pipeline = A.Compose(
        [Flip(p=1)],
        bbox_params=A.BboxParams("pascal_voc"),
        additional_targets={"depth": "image"},
        is_check_shapes=False,
    )
    boxes, small = [[20, 5, 30, 15]], IMAGE[:10, :10]
    for data in (
        {"image": IMAGE, "depth": small},
        {"depth": small, "image": IMAGE},
        {"mask": MASK[:5, :5], "image": IMAGE},
        {"images": [small], "image": IMAGE},
        {"depth": small, "images": [IMAGE]},
    ):
        assert pipeline(**data, bboxes=boxes)["bboxes"] == [[10, 5, 20, 15]]


def test_frames_of_one_target_are_of_one_size():
    pipeline = A.Compose([Flip(p=1)], is_check_shapes=False)
    with pytest.raises(ValueError, match="one height and width"):
        pipeline(images=[IMAGE, IMAGE[1:]])


# --- mask_interpolation


def test_mask_interpolation_is_for_all_transforms():
    mask = (MASK > 3).astype(np.uint8) * 200
    moves = [Turn((30, 30), p=1)], [Scale(33, 55, p=1)], [Grow(p=1)], [
        A.OneOf([A.Sequential([Turn((30, 30), p=1)], p=1)], p=1)]  # fmt: skip
    for transforms in moves:
        plain = through(transforms, {"image": BLACK, "mask": mask})["mask"]
        assert set(np.unique(plain)) <= {0, 200}
        for mode in (1, "linear", 2, "cubic"):
            smooth = through(transforms, {"image": BLACK, "mask": mask}, mask_interpolation=mode)
            assert len(np.unique(smooth["mask"])) > 10
        nearest = through(transforms, {"mask": mask}, mask_interpolation=0)["mask"]
        np.testing.assert_array_equal(nearest, plain)
    as_image = through([Turn((30, 30), p=1)], {"image": mask})["image"]
    as_mask = through([Turn((30, 30), p=1)], {"mask": mask}, mask_interpolation=1)["mask"]
    np.testing.assert_array_equal(as_mask, as_image)


def test_each_transform_has_its_own_otherwise():
    mask = (MASK > 3).astype(np.float32)
    smooth = Turn((30, 30), mask_interpolation=1, p=1)
    assert len(np.unique(smooth(mask=mask)["mask"])) > 10
    assert set(np.unique(through([smooth], {"mask": mask}, mask_interpolation=0)["mask"])) <= {0, 1}


def test_interpolating_what_cannot_be_says_so():
    mask = numbers((H, W), np.int64)
    with pytest.raises(TypeError, match=r"got int64 .*nearest interpolation serves every dtype"):
        through([Turn((30, 30), p=1)], {"mask": mask}, mask_interpolation=1)
