"""Volumes: against NumPy's pad, slices, rot90, transpose and flip, and the algebra of the cube."""

from itertools import pairwise, permutations, product

import numpy as np
import pytest

import probaug as A
from probaug.transforms.volume_moves import SYMMETRIES

RNG = np.random.default_rng(11)
D, H, W = 6, 8, 10
VOLUME = RNG.integers(1, 256, (D, H, W), np.uint8)
MASK = RNG.integers(1, 5, (D, H, W), np.uint8)
SHAPES = {"(D, H, W)": (), "1 channel": (1,), "3 channels": (3,), "5 channels": (5,)}
every_dtype = pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int64", "bool"])
every_shape = pytest.mark.parametrize("channels", SHAPES.values(), ids=SHAPES)
ALL = [
    A.CenterCrop3D((3, 4, 5)),
    A.RandomCrop3D((3, 4, 5)),
    A.Pad3D((1, 0, 2)),
    A.PadIfNeeded3D((9, 9, 9), position="random"),
    A.CoarseDropout3D((1, 3), fill=7, fill_mask=0, p=1),
    A.CubicSymmetry(),
    A.GridShuffle3D(p=1),
]
every = pytest.mark.parametrize("transform", ALL, ids=lambda t: type(t).__name__)


def values(shape, dtype="uint8"):
    return RNG.integers(0, 200, shape).astype(dtype)


def through(transform, key=0, **data):
    pipe = A.Compose([transform], keypoint_params=A.KeypointParams("xyz"))
    return pipe(**data, key=(0, 0, key))


def marked(points):
    """A volume in which each voxel (x, y, z) bears its number, from 1."""
    volume = np.zeros((D, H, W), np.uint8)
    for number, (x, y, z) in enumerate(points, 1):
        volume[z, y, x] = number
    return volume


@every
def test_each_target_alone_and_all_together(transform):
    """2.0.8 raised a KeyError for `volumes` or `mask3d` without `volume`."""
    data = {
        "volume": VOLUME,
        "volumes": np.stack([VOLUME, 255 - VOLUME, VOLUME]),
        "mask3d": MASK,
        "masks3d": np.stack([MASK, 5 - MASK]),
    }
    together = through(transform, **data)
    for name, array in data.items():
        result = through(transform, **{name: array})[name]
        np.testing.assert_array_equal(result, together[name])
        assert result.flags.c_contiguous
        assert result.dtype == array.dtype
        assert len(result) == len(array) or array.ndim == 3
        assert not np.shares_memory(result, array) or result is array
    np.testing.assert_array_equal(together["volumes"][0], together["volume"])
    np.testing.assert_array_equal(together["masks3d"][0], together["mask3d"])
    assert together["volumes"].shape == (3, *together["volume"].shape)


@every
def test_no_volumes_have_the_depth_of_the_others(transform):
    empty = np.zeros((0, D, H, W, 2), np.float32)
    result = through(transform, volume=VOLUME, masks3d=empty)
    assert result["masks3d"].shape == (0, *result["volume"].shape, 2)


@every
def test_lists_of_slices(transform):
    result = through(transform, volume=list(VOLUME), mask3d=tuple(MASK))
    whole = through(transform, volume=VOLUME, mask3d=MASK)
    assert type(result["volume"]) is list
    assert type(result["mask3d"]) is tuple
    np.testing.assert_array_equal(np.stack(result["volume"]), whole["volume"])
    np.testing.assert_array_equal(np.stack(result["mask3d"]), whole["mask3d"])
    with pytest.raises(ValueError, match="the slices of volume must have one shape and dtype"):
        transform(volume=[*VOLUME[1:], VOLUME[0].astype(float)])


@every
@pytest.mark.parametrize("name", ["image", "images", "mask", "masks"])
def test_what_has_no_depth_is_refused(transform, name):
    value = VOLUME[0] if name in ("image", "mask") else VOLUME
    for data in ({name: value}, {"volume": VOLUME, name: value}):
        with pytest.raises(ValueError, match=f"{type(transform).__name__} changes .*, got {name}"):
            transform(**data)


@every
def test_boxes_are_refused_and_none_are_not(transform):
    pipe = A.Compose([transform], bbox_params=A.BboxParams("pascal_voc"))
    with pytest.raises(ValueError, match="got bboxes"):
        pipe(volume=VOLUME, bboxes=[[1, 1, 3, 3]])
    assert pipe(volume=VOLUME, bboxes=[])["bboxes"] == []


def test_depths_must_agree():
    data = {"volume": VOLUME, "mask3d": MASK[1:]}
    with pytest.raises(ValueError, match="one depth, got 6 slices in volume, 5 slices in mask3d"):
        A.Compose([A.HorizontalFlip(p=1)])(**data)
    pipe = A.Compose([A.CenterCrop3D((2, 2, 2))], is_check_shapes=False)
    assert pipe(**data)["mask3d"].shape == (2, 2, 2)


def test_additional_targets_and_out():
    pipe = A.Compose([A.CenterCrop3D((2, 3, 4))], additional_targets={"ct": "volume"})
    out = np.zeros((2, 3, 4), np.uint8)
    assert pipe(volume=VOLUME, ct=VOLUME, out={"ct": out})["ct"] is out
    np.testing.assert_array_equal(out, VOLUME[2:4, 2:5, 3:7])


def test_images_and_volumes_in_one_pipeline():
    """2-D transforms serve a volume slice by slice, before and after 3-D ones."""
    pipe = A.Compose(
        [
            A.HorizontalFlip(p=1), A.CenterCrop3D((4, 6, 8)), A.InvertImg(p=1),
            A.Transpose(p=1), A.Pad3D(1, fill=9), A.VerticalFlip(p=1),
        ],
        keypoint_params=A.KeypointParams("xyz"),
    )  # fmt: skip
    result = pipe(volumes=np.stack([VOLUME] * 2), masks3d=MASK[None], keypoints=[(4, 3, 2)])
    cut = VOLUME[1:5, 1:7, ::-1][:, :, 1:9]
    want = np.pad(255 - cut.swapaxes(1, 2), 1, constant_values=9)[:, ::-1]
    np.testing.assert_array_equal(result["volumes"], np.stack([want] * 2))
    want = np.pad(MASK[1:5, 1:7, ::-1][:, :, 1:9].swapaxes(1, 2), 1)[:, ::-1]
    np.testing.assert_array_equal(result["masks3d"][0], want)
    [(x, y, z)] = result["keypoints"]
    assert result["masks3d"][0][int(z), int(y), int(x)] == MASK[2, 3, 4]


def test_a_users_transform_of_volumes_may_change_the_depth():
    class Every2nd(A.Transform3D):
        def apply_to_volume(self, volume, **params):
            return volume[::2]

        def apply_to_keypoints(self, keypoints, **params):
            keypoints[:, 2] /= 2
            return keypoints

    result = A.Compose(
        [A.CenterCrop3D((6, 4, 4)), Every2nd(p=1), A.Pad3D((1, 0, 0))],
        keypoint_params=A.KeypointParams("xyz"),
    )(volumes=VOLUME[None], mask3d=MASK, keypoints=[(4, 3, 2), (4, 3, 5)])
    np.testing.assert_array_equal(result["volumes"][0][1:-1], VOLUME[::2, 2:6, 3:7])
    np.testing.assert_array_equal(result["mask3d"][1:-1], MASK[::2, 2:6, 3:7])
    assert result["keypoints"] == [(1, 1, 2), (1, 1, 3.5)]


def test_hooks_of_built_in_transforms():
    class Noted(A.Pad3D):
        def apply_to_volume(self, volume, **params):
            return super().apply_to_volume(volume, **params) + 1

    result = through(Noted(2), volume=VOLUME // 2, mask3d=MASK, keypoints=[(1, 2, 3)])
    np.testing.assert_array_equal(result["volume"], np.pad(VOLUME // 2, 2) + 1)
    np.testing.assert_array_equal(result["mask3d"], np.pad(MASK, 2))
    assert result["keypoints"] == [(3, 4, 5)]


@every
def test_keypoints_follow_voxels(transform):
    points = [(1, 2, 3), (9, 7, 5), (0, 0, 0), (5, 4, 2), (6, 3, 3)]
    pipe = A.Compose([transform], keypoint_params=A.KeypointParams("xyz", label_fields=["n"]))
    seen = 0
    for key in range(20):
        result = pipe(mask3d=marked(points), keypoints=points, n=[1, 2, 3, 4, 5], key=(0, 0, key))
        for (x, y, z), number in zip(result["keypoints"], result["n"], strict=True):
            assert result["mask3d"][int(z), int(y), int(x)] == number
            seen += 1
        assert set(np.unique(result["mask3d"])) - {0} == set(result["n"])
    assert seen >= 20


def test_keypoints_outside_in_z_are_dropped_if_invisible_ones_are():
    data = {"volume": VOLUME, "keypoints": [(5, 4, 0), (5, 4, 2), (5, 4, 3.4), (5, 4, 3.6)]}
    assert through(A.CenterCrop3D((2, H, W)), **data)["keypoints"] == [(5, 4, 0), (5, 4, 1.4)]
    keep = A.KeypointParams("xyz", remove_invisible=False)
    result = A.Compose([A.CenterCrop3D((2, H, W))], keypoint_params=keep)(**data)
    assert [z for _, _, z in result["keypoints"]] == pytest.approx([-2, 0, 1.4, 1.6])


def test_keypoints_given_outside_in_z_are_an_error_as_in_x_and_y():
    with pytest.raises(ValueError, match=r"keypoints\[0\] must lie inside the volume.*6 slices"):
        through(A.HorizontalFlip(), volume=VOLUME, keypoints=[(1, 1, 6)])


def test_keypoints_without_z_move_where_z_does_not_matter():
    """In 2.0.8 they lay in slice 0, and a crop in depth dropped them."""
    params = A.KeypointParams("xy")
    data = {"volume": VOLUME, "keypoints": [(5, 4)]}
    result = A.Compose([A.CenterCrop3D((2, 6, 6))], keypoint_params=params)(**data)
    assert result["keypoints"] == [(3, 3)]
    for transform in (A.CubicSymmetry(), A.GridShuffle3D(p=1), A.CoarseDropout3D(p=1)):
        with pytest.raises(ValueError, match=r"needs keypoints with z, .*'xyz'.*got 'xy' for key"):
            A.Compose([transform], keypoint_params=params)(**data)


@every_shape
@every_dtype
def test_pads_are_those_of_numpy(channels, dtype):
    volume = values((3, 4, 5, *channels), dtype)
    for padding, widths in (
        (2, ((2, 2), (2, 2), (2, 2))),
        ((1, 2, 3), ((1, 1), (2, 2), (3, 3))),
        ((1, 2, 3, 4, 5, 6), ((1, 2), (3, 4), (5, 6))),
    ):
        full = (*widths, (0, 0))[: volume.ndim]
        result = A.Pad3D(padding, fill=1)(volume=volume)["volume"]
        np.testing.assert_array_equal(result, np.pad(volume, full, constant_values=1))
        assert result.dtype == volume.dtype


def test_fills_by_channel_and_for_masks():
    volume = values((2, 3, 4, 3))
    result = A.Pad3D(1, fill=(1, 2, 300), fill_mask=4)(volume=volume, mask3d=MASK[:2, :3, :4])
    assert result["volume"][0, 0, 0].tolist() == [1, 2, 255]
    np.testing.assert_array_equal(result["volume"][1:-1, 1:-1, 1:-1], volume)
    np.testing.assert_array_equal(result["mask3d"], np.pad(MASK[:2, :3, :4], 1, constant_values=4))
    with pytest.raises(ValueError, match="one value per channel"):
        A.Pad3D(1, fill=(1, 2))(volume=volume)


def test_center_crops_and_their_padding():
    np.testing.assert_array_equal(
        A.CenterCrop3D((2, 3, 4))(volume=VOLUME)["volume"], VOLUME[2:4, 2:5, 3:7]
    )
    result = A.CenterCrop3D((9, 3, 12), pad_if_needed=True, fill=5)(volume=VOLUME)["volume"]
    want = np.pad(VOLUME[:, 2:5], ((1, 2), (0, 0), (1, 1)), constant_values=5)
    np.testing.assert_array_equal(result, want)


@pytest.mark.parametrize("cls", [A.CenterCrop3D, A.RandomCrop3D])
def test_a_crop_larger_than_the_volume_is_an_error_not_a_smaller_block(cls):
    for size in ((7, 3, 3), (3, 9, 3), (3, 3, 11)):
        with pytest.raises(ValueError, match=rf"{cls.__name__} needs .* got \(6, 8, 10\); pad_if"):
            cls(size)(volume=VOLUME)
        assert cls(size, pad_if_needed=True)(volume=VOLUME)["volume"].shape == size


def test_random_crops_reach_every_place_alike():
    volume = np.arange(D * H * W).reshape(D, H, W)
    crop, firsts = A.RandomCrop3D((4, 8, 9)), []
    for key in range(600):
        block = through(crop, key, volume=volume)["volume"]
        z, y, x = np.unravel_index(block[0, 0, 0], volume.shape)
        np.testing.assert_array_equal(block, volume[z : z + 4, y : y + 8, x : x + 9])
        firsts.append((int(z), int(y), int(x)))
    counts = np.unique(firsts, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert counts.min() > 60


@pytest.mark.parametrize("position", ["center", "random"])
@pytest.mark.parametrize(
    ("least", "divisor", "shape"),
    [
        ((9, 4, 13), None, (9, 8, 13)),
        (None, (4, 4, 4), (8, 8, 12)),
        ((7, 7, 7), (5, 5, 5), (10, 10, 10)),  # 2.0.8 ignored the divisor here
        ((1, 1, 1), None, (6, 8, 10)),
    ],
)
def test_random_position_of_pad_if_needed_has_the_right_shape(position, least, divisor, shape):
    pad = A.PadIfNeeded3D(least, divisor, position, fill=0)
    places = set()
    for key in range(12):
        result = through(pad, key, volume=VOLUME)["volume"]
        assert result.shape == shape
        z, y, x = (int(axis.min()) for axis in np.nonzero(result))
        np.testing.assert_array_equal(result[z : z + D, y : y + H, x : x + W], VOLUME)
        places.add((z, y, x))
    if position == "center":
        assert places == {tuple((new - old) // 2 for new, old in zip(shape, (D, H, W)))}
    else:
        assert len(places) > 1 or shape == (D, H, W)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: A.PadIfNeeded3D(), r"PadIfNeeded3D\.min_zyx must be given, or pad_divisor_zyx"),
        (lambda: A.PadIfNeeded3D((1, 1, 1), position="top_left"), r"PadIfNeeded3D\.position must"),
        (lambda: A.Pad3D(-1), r"Pad3D\.padding must be"),
        (lambda: A.Pad3D((1, 2)), r"Pad3D\.padding must be"),
        (lambda: A.RandomCrop3D(5), r"RandomCrop3D\.size must be"),
        (lambda: A.CoarseDropout3D(hole_depth_range=(0.5, 0.2)), r"hole_depth_range must be"),
        (lambda: A.CoarseDropout3D(hole_depth_range=(1, 2)), r"hole_depth_range must be"),
    ],
)
def test_wrong_values_are_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_dropout_covers_blocks_of_the_size_that_was_asked_for():
    volume = np.ones((10, 20, 30), np.uint8)
    dropout = A.CoarseDropout3D((1, 1), (0.15, 0.15), (0.14, 0.15), (0.5, 0.5), fill=9, p=1)
    places = set()
    for key in range(40):
        z, y, x = np.nonzero(through(dropout, key, volume=volume)["volume"] == 9)
        assert np.ptp(z) + 1 == 2  # ceil(1.5)
        assert np.ptp(y) + 1 == 3
        assert np.ptp(x) + 1 == 15
        assert len(z) == 2 * 3 * 15
        places.add((int(z.min()), int(y.min()), int(x.min())))
    assert len(places) > 30


def test_dropout_of_nothing_is_the_identity():
    for dropout in (
        A.CoarseDropout3D((0, 0), p=1),
        A.CoarseDropout3D(hole_width_range=(0, 0), p=1),
    ):
        np.testing.assert_array_equal(dropout(volume=VOLUME)["volume"], VOLUME)


def test_dropout_of_masks_and_keypoints():
    everything = {f"hole_{side}_range": (1, 1) for side in ("depth", "height", "width")}
    data = {"volume": VOLUME, "mask3d": MASK, "keypoints": [(9, 7, 5)]}
    result = through(A.CoarseDropout3D(**everything, fill=3, p=1), **data)
    assert (result["volume"] == 3).all()
    assert result["mask3d"] is MASK
    assert result["keypoints"] == []
    assert not through(A.CoarseDropout3D(**everything, fill_mask=0, p=1), **data)["mask3d"].any()


def rotations(volume):
    """The 24 turned volumes, by quarter turns alone: six faces up, four turns about each."""
    axes = (0, 1), (0, 2), (1, 2)
    seen = {}
    frontier = [volume]
    while frontier:
        one = frontier.pop()
        if (key := (one.shape, one.tobytes())) not in seen:
            seen[key] = one
            frontier += [np.rot90(one, 1, pair) for pair in axes]
    return set(seen)


def symmetric(volume, index):
    sample = A.ReplayCompose([A.CubicSymmetry()])
    tree = sample(volume=volume)["replay"]
    tree["transforms"][0]["params"] = {"index": index}
    return A.ReplayCompose.replay(tree, volume=volume)["volume"]


def test_the_symmetries_are_24_rotations_and_their_mirrors():
    volume = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    results = [symmetric(volume, index) for index in range(48)]
    keys = [(one.shape, one.tobytes()) for one in results]
    np.testing.assert_array_equal(results[0], volume)
    assert set(keys[:24]) == rotations(volume)
    assert set(keys[24:]) == rotations(np.flip(volume, 0))
    assert len(set(keys)) == 48


@every_shape
@every_dtype
def test_symmetries_are_transposed_and_flipped_copies(channels, dtype):
    volume = values((3, 4, 5, *channels), dtype)
    rest = (3,)[: len(channels)]
    wanted = {
        (axes, (i, j, k)): np.transpose(volume, (*axes, *rest))[::i, ::j, ::k]
        for axes, (i, j, k) in product(permutations(range(3)), product((1, -1), repeat=3))
    }
    for index, symmetry in enumerate(SYMMETRIES):
        result = symmetric(volume, index)
        np.testing.assert_array_equal(result, wanted.pop(tuple(symmetry)))
        assert result.dtype == volume.dtype
    assert not wanted


def test_symmetries_form_a_group():
    """Any two after one another are a third, and each can be undone."""
    cube = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    table = {symmetric(cube, index).tobytes(): index for index in range(48)}
    for first in range(0, 48, 5):
        moved = symmetric(cube, first)
        assert {table[symmetric(moved, second).tobytes()] for second in range(48)} == {*range(48)}


def test_all_symmetries_are_drawn():
    pipe = A.Compose([A.CubicSymmetry()], save_applied_params=True)
    drawn = [
        pipe(volume=VOLUME[:1, :1, :1], key=(0, 0, key))["applied_transforms"][0][1]["index"]
        for key in range(2400)
    ]
    counts = np.bincount(drawn, minlength=48)
    assert len(counts) == 48
    assert ((counts - 50) ** 2 / 50).sum() < 90  # chi-squared, 47 degrees of freedom


@pytest.mark.parametrize("grid", [(2, 2, 2), (1, 3, 2), (4, 1, 1), (7, 9, 11)])
def test_shuffled_blocks(grid):
    """Every block comes from a place of its own, and whole."""
    volume = np.arange(D * H * W).reshape(D, H, W)
    moved = 0
    for key in range(8):
        result = through(A.GridShuffle3D(grid, p=1), key, volume=volume)["volume"]
        np.testing.assert_array_equal(np.sort(result, axis=None), np.arange(D * H * W))
        edges = [np.arange(min(n, g) + 1) * n // min(n, g) for n, g in zip((D, H, W), grid)]
        for block in product(*map(pairwise, edges)):
            place = tuple(slice(*span) for span in block)
            first = np.unravel_index(result[place].flat[0], volume.shape)
            assert all(a in along for a, along in zip(first, edges))
            source = tuple(slice(a, a + n) for a, n in zip(first, result[place].shape))
            np.testing.assert_array_equal(result[place], volume[source])
            moved += source != place
    assert moved
