"""Whose memory results are in: inputs are never written to, unless `out` names them."""

import numpy as np
import pytest
from small_moves import Cut, Flip, Invert, Power, Quarter, Scale, Turn
from target_cases import EXACT, IMAGE, INEXACT, MASK, STACKS, H, W, numbers

import probaug as A
from probaug.core.results import Slots
from probaug.core.scratch import MOST_BYTES, lend, scratch, take_back


@pytest.mark.parametrize("fusion", ["exact", "free", "off"])
@pytest.mark.parametrize(
    "transforms",
    [*[case[0] for case in EXACT.values()], *INEXACT.values(), [Invert(p=1)],
     [Cut(0, 0, W, H, p=1)], [Flip(p=1), Flip(p=1)], [Cut(0, 0, W, H - 1, p=1), Invert(p=1)],
     [Quarter(p=1)] * 4, [Scale(H, W, p=1)], [Turn((0, 0), p=1)], [Cut(0, 0, W, 1, p=1)]],
    ids=repr,
)  # fmt: skip
def test_inputs_stay_and_results_are_their_own(transforms, fusion):
    """Read-only inputs work, nothing is written to, nothing is shared but untouched objects."""
    data = {name: array.copy() for name, (array, _) in STACKS.items()}
    data["strided"] = np.asfortranarray(IMAGE)
    data["reversed"] = IMAGE[::-1, ::-1]
    before = {name: array.copy() for name, array in data.items()}
    for array in data.values():
        array.flags.writeable = False
    pipeline = A.Compose(
        transforms, fusion=fusion, additional_targets={"strided": "image", "reversed": "image"}
    )
    result = pipeline(**data, listed=[IMAGE])
    for name, array in data.items():
        np.testing.assert_array_equal(array, before[name])
        if result[name] is not array:
            assert result[name].flags.c_contiguous
            assert result[name].flags.writeable
            assert not any(np.shares_memory(result[name], given) for given in data.values())
    arrays = [result[name] for name in data if result[name] is not data[name]]
    for i, first in enumerate(arrays):
        assert not any(np.shares_memory(first, second) for second in arrays[:i])


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed", "transposed", "channels"])
def test_any_memory_layout_is_read(layout):
    wide = numbers((2 * H, 3 * W, 6), np.uint8)
    image = {
        "fortran": np.asfortranarray(IMAGE),
        "strided": wide[::2, ::3, :3],
        "reversed": IMAGE[::-1, ::-1, ::-1],
        "transposed": numbers((W, H, 3), np.uint8).transpose(1, 0, 2),
        "channels": wide[:H, :W, ::2],
    }[layout]
    plain = np.ascontiguousarray(image)
    every = [*[case[0] for case in EXACT.values()], *INEXACT.values(), [Invert(p=1)], [Power(p=1)]]
    for transforms in every:
        pipeline = A.Compose(transforms, seed=0)
        wanted = pipeline(image=plain, mask=plain[..., 0], key=1)
        for data in ({"image": image, "mask": image[..., 0]},):
            result = pipeline(key=1, **data)
            for name in data:
                np.testing.assert_array_equal(result[name], wanted[name])


@pytest.mark.parametrize("dtype", [">u2", ">f4", ">i4", ">f8", ">i8"])
def test_foreign_byte_orders_are_read(dtype):
    """As FITS and TIFF readers give them; OpenCV takes bytes as they lie."""
    native = np.dtype(dtype).newbyteorder("=")
    mask = numbers((H, W), native)
    every = [*[case[0] for case in EXACT.values()], *INEXACT.values()]
    tones = [[Invert(p=1)], [Turn(p=1), Power(p=1)]] if dtype in (">u2", ">f4") else []
    for transforms in (*every, *tones):
        pipeline = A.Compose(transforms, seed=0)
        for name in ("image",) if transforms in tones else ("mask",):
            wanted = pipeline(key=1, **{name: mask})[name]
            result = pipeline(key=1, **{name: mask.astype(dtype)})[name]
            assert result.dtype == native
            np.testing.assert_array_equal(result, wanted)
            stack = np.stack([mask] * 2).astype(dtype)
            for frame in pipeline(key=1, **{name + "s": stack})[name + "s"]:
                np.testing.assert_array_equal(frame, wanted)
    foreign = mask.astype(dtype)
    assert A.Compose([Flip(p=0)])(image=foreign, mask=foreign)["image"] is foreign
    out = np.zeros((H, W), native)
    assert A.Compose([Flip(p=0)])(mask=foreign, out={"mask": out})["mask"] is out
    np.testing.assert_array_equal(out, mask)


OUT = {
    "nothing": [Flip(p=0)],
    "flip": [Flip(p=1)],
    "quarter": [Quarter(p=1), Cut(2, 3, 15, 20, p=1)],
    "turn": [Turn((25, 25), p=1)],
    "scale": [Scale(30, 50, p=1)],
    "scale, cut": [Scale(50, 60, p=1), Cut(5, 5, 30, 30, p=1)],
    "tone": [Invert(p=1)],
    "turn, tone": [Turn((25, 25), p=1), Invert(p=1), Power(p=1)],
    "tone, turn": [Invert(p=1), Turn((25, 25), p=1)],
    "flip, tone": [Flip(p=1), Power(p=1)],
    "channels": [A.SelectiveChannelTransform([Invert(p=1)], channels=(0,), p=1)],
}


@pytest.mark.parametrize("transforms", OUT.values(), ids=OUT)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("fusion", ["exact", "off"])
def test_out_is_where_results_are_written(transforms, dtype, fusion):
    image = numbers((H, W, 3), dtype)
    data = {"image": image, "mask": MASK, "images": np.stack([image, image[::-1]])}
    pipeline = A.Compose(transforms, seed=3, fusion=fusion)
    wanted = pipeline(key=0, **data)
    batches = {name: np.zeros((3, *value.shape), value.dtype) for name, value in wanted.items()}
    out = {name: batch[1] for name, batch in batches.items()}
    before = {name: value.copy() for name, value in data.items()}
    result = pipeline(key=0, out=out, **data)
    for name, value in wanted.items():
        assert result[name] is out[name]
        np.testing.assert_array_equal(batches[name][1], value)
        assert not batches[name][::2].any()
        np.testing.assert_array_equal(data[name], before[name])


def test_out_for_some_targets_only():
    out = np.empty_like(IMAGE)
    result = A.Compose([Flip(p=1)])(image=IMAGE, mask=MASK, out={"image": out})
    assert result["image"] is out
    np.testing.assert_array_equal(result["mask"], MASK[:, ::-1])
    assert Flip(p=1)(image=IMAGE, out={"image": out})["image"] is out
    assert A.Compose([Flip(p=1)])(image=IMAGE, out={})["image"] is not out
    replayed = A.ReplayCompose([Flip(p=1)])(image=IMAGE, out={"image": out})
    assert replayed["image"] is out


@pytest.mark.parametrize("transforms", OUT.values(), ids=OUT)
def test_out_of_any_layout(transforms):
    pipeline = A.Compose(transforms, seed=3)
    wanted = pipeline(key=0, image=IMAGE)["image"]
    height, width, depth = wanted.shape
    wide = np.zeros((height * 2, width * 2, depth), np.uint8)
    for out in (np.asfortranarray(wanted) * 0, wide[::2, ::2], wide[::-2, ::-2]):
        result = pipeline(key=0, image=IMAGE, out={"image": out})["image"]
        assert result is out
        np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("transforms", OUT.values(), ids=OUT)
def test_out_may_be_the_input_itself(transforms):
    """In place: the one way in which a given array is written to."""
    pipeline = A.Compose(transforms, seed=3)
    wanted = pipeline(key=0, image=IMAGE)["image"]
    if wanted.shape != IMAGE.shape:
        return
    image = IMAGE.copy()
    assert pipeline(key=0, image=image, out={"image": image})["image"] is image
    np.testing.assert_array_equal(image, wanted)


@pytest.mark.parametrize("transforms", OUT.values(), ids=OUT)
def test_out_of_a_wrong_shape_or_dtype(transforms):
    pipeline = A.Compose(transforms, seed=3)
    wanted = pipeline(key=0, image=IMAGE)["image"]
    shape = re_escape(wanted.shape)
    for out in (wanted[:-1], wanted[..., :1], wanted[None], wanted.astype(np.float32)):
        message = rf"out\['image'\] must be {shape} uint8, got {re_escape(out.shape)} {out.dtype}"
        with pytest.raises(ValueError, match=message):
            pipeline(key=0, image=IMAGE, out={"image": out.copy()})


@pytest.mark.parametrize("odd", ["image", "mask"])
def test_slots_that_do_not_fit_stay_as_they_are(odd):
    pipeline = A.Compose([Flip(p=1)])
    wanted = pipeline(image=IMAGE, mask=MASK)
    slots = Slots(image=np.empty_like(IMAGE), mask=np.empty_like(MASK))
    slots[odd] = np.zeros_like(slots[odd][:-1])
    result = pipeline(image=IMAGE, mask=MASK, out=slots)
    for name, slot in slots.items():
        assert (result[name] is slot) == (name != odd)
        np.testing.assert_array_equal(result[name], wanted[name])
    assert not slots[odd].any()


def test_a_slot_for_no_frames_stays_as_it_is():
    empty = IMAGE[None][:0]
    slots = Slots(image=np.empty_like(IMAGE), images=empty.copy())
    assert A.Compose([Flip(p=1)])(image=IMAGE, images=empty, out=slots)["image"] is slots["image"]


def test_out_may_overlap_an_input():
    """A batch that is augmented where it lies."""
    memory = numbers((H + 7, W, 3), np.uint8)
    for transforms in OUT.values():
        pipeline = A.Compose(transforms, seed=3)
        for offset in (0, 1, 7):
            room = memory.copy()
            image, mask = room[:H], room[1 : H + 1, :, 1]
            wanted = pipeline(key=0, image=image.copy(), mask=mask.copy())
            out = room[offset : offset + H]
            if wanted["image"].shape == out.shape:
                result = pipeline(key=0, image=image, mask=mask, out={"image": out})
                np.testing.assert_array_equal(result["image"], wanted["image"])
                if result["mask"] is not mask:
                    np.testing.assert_array_equal(result["mask"], wanted["mask"])


def re_escape(shape):
    return str(shape).replace("(", r"\(").replace(")", r"\)")


def test_out_that_could_not_be_written():
    pipeline = A.Compose([Flip(p=1)])
    with pytest.raises(ValueError, match=r"out\['imgae'\] names nothing to write.*image, mask"):
        pipeline(image=IMAGE, mask=MASK, out={"imgae": IMAGE.copy()})
    with pytest.raises(ValueError, match=r"out\['mask'\] names nothing"):
        pipeline(image=IMAGE, mask=None, out={"mask": MASK.copy()})
    with pytest.raises(TypeError, match=r"out\['images'\] needs images to be given as an array"):
        pipeline(images=[IMAGE], out={"images": IMAGE[None].copy()})
    with pytest.raises(TypeError, match=r"out\['image'\] must be an array, got list"):
        pipeline(image=IMAGE, out={"image": IMAGE.tolist()})
    locked = np.empty_like(IMAGE)
    locked.flags.writeable = False
    for transforms in ([Flip(p=0)], [Flip(p=1)], [Turn(p=1)], [Invert(p=1)]):
        with pytest.raises(ValueError, match="read-only"):
            A.Compose(transforms)(image=IMAGE, out={"image": locked})


def test_scratch_memory_is_kept_by_role_in_any_shape():
    byte = np.dtype(np.uint8)
    first = scratch("test", (4, 6), byte)
    assert scratch("test", (4, 6), byte) is first
    smaller, back = scratch("test", (3, 5, 1), byte), scratch("test", (4, 6), byte)
    assert smaller.shape == (3, 5, 1)
    assert back.shape == (4, 6)
    assert np.shares_memory(smaller, first)
    assert np.shares_memory(back, first)
    assert scratch("test", (4, 7), byte).shape == (4, 7)
    assert not np.shares_memory(scratch("test", (4, 6), np.dtype(np.int8)), first)
    assert scratch("test", (MOST_BYTES + 1,), byte) is None


def test_lent_memory_is_nobody_elses_until_it_is_back():
    byte = np.dtype(np.uint8)
    lent = lend("test loan", (4, 6), byte)
    assert not np.shares_memory(lend("test loan", (4, 6), byte), lent)
    take_back("test loan", lent)
    assert np.shares_memory(lend("test loan", (2, 6), byte), lent)
