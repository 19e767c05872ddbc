"""Results as torch tensors, against NumPy's transpose and torch's own DataLoader."""

import sys

import numpy as np
import pytest

import probaug as A
from probaug.pytorch import ToTensor3D, ToTensorV2

RNG = np.random.default_rng(4)
H, W = 5, 7
IMAGE = RNG.integers(0, 256, (H, W, 3), np.uint8)
MASK = RNG.integers(0, 9, (H, W), np.uint8)


@pytest.fixture(name="torch")
def _torch():
    return pytest.importorskip("torch")


def values(shape, dtype):
    return RNG.integers(0, 2 if dtype == "bool" else 200, shape).astype(dtype)


def check(torch, tensor, wanted, given):
    assert isinstance(tensor, torch.Tensor)
    assert tensor.is_contiguous()
    np.testing.assert_array_equal(tensor.numpy(), wanted)
    assert tensor.numpy().dtype == wanted.dtype
    assert not np.shares_memory(tensor.numpy(), given)


def test_without_torch_the_error_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for transform in (ToTensorV2(), ToTensor3D()):
        with pytest.raises(ImportError, match=r"ToTensor.* needs the package torch: pip install"):
            transform(image=IMAGE)
        assert eval(repr(transform), vars(A).copy()) == transform


def test_the_names_are_those_of_2_0_8():
    assert A.ToTensorV2 is ToTensorV2
    assert A.ToTensor3D is ToTensor3D
    assert A.pytorch.ToTensorV2 is ToTensorV2


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int16", "uint16", "int32", "float16", "float32", "int64", "float64"]
)
def test_channels_come_first_and_values_stay(torch, channels, dtype):
    image, frames = values((H, W, channels), dtype), values((2, H, W, channels), dtype)
    volume = values((2, 3, H, W, channels), dtype)
    result = ToTensorV2(transpose_mask=True)(image=image, images=frames, mask=image, masks=frames)
    for name in ("image", "mask"):
        check(torch, result[name], image.transpose(2, 0, 1), image)
    for name in ("images", "masks"):
        check(torch, result[name], frames.transpose(0, 3, 1, 2), frames)
    result = ToTensor3D()(volume=frames, mask3d=frames)
    for name in ("volume", "mask3d"):
        check(torch, result[name], frames.transpose(3, 0, 1, 2), frames)
    result = ToTensor3D()(volumes=volume, masks3d=volume[:0])
    check(torch, result["volumes"], volume.transpose(0, 4, 1, 2, 3), volume)
    assert result["masks3d"].shape == (0, channels, 3, H, W)


def test_arrays_without_channels(torch):
    stack = np.stack([MASK] * 3)
    result = ToTensorV2(transpose_mask=True)(image=MASK, images=stack, mask=MASK, masks=stack)
    check(torch, result["image"], MASK[None], MASK)
    check(torch, result["images"], stack[:, None], stack)  # 2.0.8 raised an error
    check(torch, result["mask"], MASK, MASK)
    check(torch, result["masks"], stack, stack)
    check(torch, ToTensor3D()(volume=stack)["volume"], stack[None], stack)


def test_masks_keep_their_axes_unless_told(torch):
    layers = np.stack([MASK] * 2, axis=2)
    result = ToTensorV2()(image=IMAGE, mask=layers, masks=[MASK, layers])
    check(torch, result["mask"], layers, layers)
    for tensor, array in zip(result["masks"], (MASK, layers), strict=True):
        check(torch, tensor, array, array)
    assert type(ToTensorV2()(images=(IMAGE, IMAGE))["images"]) is tuple


def test_tensors_do_not_share_memory_with_the_caller(torch):
    """In 2.0.8 a tensor written in place changed the image that had been given."""
    before, flat = IMAGE.copy(), MASK[..., None]
    for data in ({"image": IMAGE}, {"image": flat}, {"mask": MASK}, {"masks": [MASK]}):
        result = ToTensorV2()(**data)
        [tensor] = (value[0] if isinstance(value, list) else value for value in result.values())
        tensor[...] = 0
    np.testing.assert_array_equal(IMAGE, before)
    assert MASK.any()
    frozen = IMAGE.copy()
    frozen.flags.writeable = False
    ToTensorV2()(image=frozen)["image"][0] = 1  # and torch has nothing to warn of


def test_in_a_pipeline(torch):
    pipe = A.Compose(
        [A.HorizontalFlip(p=1), A.Normalize(), ToTensorV2()],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        additional_targets={"depth": "mask"},
    )
    result = pipe(image=IMAGE, depth=MASK, bboxes=[[0, 0, 2, 3]], labels=["a"], path="a.jpg")
    plain = A.Compose(pipe.transforms[:2])(image=IMAGE)["image"]
    check(torch, result["image"], plain.transpose(2, 0, 1), plain)
    check(torch, result["depth"], MASK[:, ::-1], MASK)
    assert result["bboxes"] == [[5, 0, 7, 3]]
    assert result["labels"] == ["a"]
    assert result["path"] == "a.jpg"
    assert pipe(image=IMAGE, depth=None)["depth"] is None


def test_volumes_and_images_in_one_call(torch):
    stack = np.stack([IMAGE] * 2)
    result = A.Compose([ToTensorV2(), ToTensor3D()])(
        image=IMAGE, volume=stack, mask3d=stack[..., 0]
    )
    assert [tuple(result[name].shape) for name in ("image", "volume", "mask3d")] == [
        (3, H, W), (3, 2, H, W), (1, 2, H, W),
    ]  # fmt: skip
    alone = ToTensorV2()(image=IMAGE, volume=stack)
    assert alone["volume"] is stack


def test_chance_and_replay(torch):
    pipe = A.ReplayCompose([A.RandomRotate90(), ToTensorV2(p=0.5)])
    kinds = set()
    for key in range(20):
        result = pipe(image=IMAGE, key=(0, 0, key))
        again = A.ReplayCompose.replay(result["replay"], image=IMAGE)
        assert type(again["image"]) is type(result["image"])
        np.testing.assert_array_equal(np.asarray(again["image"]), np.asarray(result["image"]))
        kinds.add(type(result["image"]))
    assert kinds == {np.ndarray, torch.Tensor}


@pytest.mark.usefixtures("torch")
@pytest.mark.parametrize(
    "after", [A.HorizontalFlip(p=1), A.InvertImg(p=1), A.Blur(p=1), A.Lambda(lambda x, **_: x, p=1)]
)
def test_nothing_may_come_after(after):
    pipe = A.Compose([ToTensorV2(), after])
    with pytest.raises(TypeError, match="ToTensorV2 must be the last transform") as error:
        pipe(image=IMAGE)
    assert any("Compose[1]" in note for note in error.value.__notes__)
    assert A.Compose([ToTensorV2(), A.NoOp(p=1)])(image=IMAGE)["image"].shape == (3, H, W)


@pytest.mark.usefixtures("torch")
def test_out_holds_no_tensors():
    with pytest.raises(TypeError, match=r"out\['image'\] cannot hold a tensor"):
        ToTensorV2()(image=IMAGE, out={"image": np.empty_like(IMAGE)})


class Photos:
    """A dataset as users of torch write it."""

    def __init__(self, pipe):
        self.pipe = pipe

    def __len__(self):
        return 12

    def __getitem__(self, index):
        result = self.pipe(image=IMAGE, mask=MASK)
        return result["image"], result["mask"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_repeats_no_draw(torch, workers):
    """2.0.8 drew the same in every epoch, and in 1.x in every worker."""
    from torch.utils.data import DataLoader

    pipe = A.Compose([A.GaussNoise(p=1), ToTensorV2()], seed=3)
    loader = DataLoader(Photos(pipe), batch_size=4, num_workers=workers)
    seen = set()
    for _ in range(2):
        for images, masks in loader:
            assert tuple(images.shape) == (4, 3, H, W)
            assert tuple(masks.shape) == (4, H, W)
            seen |= {image.numpy().tobytes() for image in images}
    assert len(seen) == 24
