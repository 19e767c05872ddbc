"""MixUp, CutMix, CopyAndPaste, OverlayElements: pixels, shares and labels."""

import copy
import json

import cv2
import numpy as np
import pytest
from cases import photo

import probaug as A

ONE_HOT = np.eye(4, dtype=np.float32)


def sample(value, height=60, width=80, **more):
    image = np.full((height, width, 3), value, np.uint8)
    return {"image": image, "mask": np.full((height, width), value, np.uint8), **more}


def boxed(transform, **settings):
    return A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"], **settings),
        keypoint_params=A.KeypointParams("xy", label_fields=["names"]),
        save_applied_params=True,
    )


def drawn(result):
    return result["applied_transforms"][0][1]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_mixup_is_the_weighted_sum(dtype):
    mine, theirs = photo(dtype=dtype), photo(dtype=dtype, seed=1)
    pipe = boxed(A.MixUp(alpha=1, p=1))
    for index in range(5):
        result = pipe(
            image=mine, label=ONE_HOT[0], key=(0, 0, index),
            mixup_metadata={"image": theirs, "label": ONE_HOT[2]},
        )  # fmt: skip
        share = drawn(result)["share"]
        want = share * mine.astype(float) + (1 - share) * theirs.astype(float)
        tolerance = 1e-6 if dtype == "float32" else 0.51
        assert np.abs(result["image"] - want).max() <= tolerance
        np.testing.assert_allclose(result["label"], (share, 0, 1 - share, 0), rtol=1e-6)
        assert result["label"].dtype == np.float32


def test_shares_are_beta_distributed():
    """Zhang et al. 2018: mean 1/2, variance 1 / (4 (2 alpha + 1))."""
    for alpha in (0.2, 1.0, 4.0):
        pipe = A.Compose([A.MixUp(alpha=alpha, p=1)], save_applied_params=True, seed=1)
        data = {"image": photo(4, 4), "mixup_metadata": {"image": photo(4, 4, seed=1)}}
        shares = np.array([drawn(pipe(**data))["share"] for _ in range(1500)])
        assert shares.mean() == pytest.approx(0.5, abs=0.04)
        assert shares.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.12)


def test_mixup_keeps_the_mask_of_the_larger_share_and_the_boxes_of_both():
    pipe = boxed(A.MixUp(alpha=1, p=1))
    other = sample(
        200, 120, 160, bboxes=[(20, 40, 60, 80)], labels=["b"], keypoints=[(19.5, 9.5)], names=[2]
    )
    seen = set()
    for index in range(8):
        result = pipe(
            **sample(100), bboxes=[(1, 2, 30, 40)], labels=["a"], keypoints=[(5, 5)], names=[1],
            mixup_metadata=[other], key=(0, 0, index),
        )  # fmt: skip
        heavier = 100 if drawn(result)["share"] >= 0.5 else 200
        assert (result["mask"] == heavier).all()
        seen.add(heavier)
        np.testing.assert_allclose(result["bboxes"], [(1, 2, 30, 40), (10, 20, 30, 40)])
        assert result["labels"] == ["a", "b"]
        np.testing.assert_allclose(result["keypoints"], [(5, 5), (9.5, 4.5)])
    assert seen == {100, 200}


@pytest.mark.parametrize("cls", [A.MixUp, A.CutMix])
def test_alpha_zero_changes_nothing(cls):
    data = {**sample(100), "label": ONE_HOT[1]}
    transform = cls(alpha=0, p=1)
    other = {**sample(7), "label": ONE_HOT[2]}
    result = transform(**data, **{transform.metadata_key: other})
    assert all(result[name] is data[name] for name in data)


@pytest.mark.parametrize("cls", [A.MixUp, A.CutMix])
@pytest.mark.parametrize(
    ("mine", "theirs", "words"),
    [
        (3, 1, "one-hot a class first"),
        (np.array([0, 1]), np.array([1, 0]), "one-hot a class first"),
        (ONE_HOT[0], ONE_HOT[0, :2], "float arrays of one shape"),
        (ONE_HOT[0], None, "float arrays of one shape"),
    ],
)
def test_labels_that_cannot_be_mixed_are_an_error(cls, mine, theirs, words):
    transform = cls(alpha=100.0, p=1)
    other = {**sample(7), "label": theirs}
    with pytest.raises(ValueError, match=f"{cls.__name__} mixes 'label' as float.*{words}|{words}"):
        transform(**sample(1), label=mine, **{transform.metadata_key: other}, key=(0, 0, 1))
    del other["label"]
    with pytest.raises(ValueError, match=r"_metadata\[0\] needs 'label', as the sample has"):
        transform(**sample(1), label=mine, **{transform.metadata_key: other}, key=(0, 0, 1))


def test_labels_are_found_by_name():
    transform = A.MixUp(alpha=100.0, label_keys=("a", "b"), p=1)
    others = {**sample(7), "a": ONE_HOT[1], "b": 0.0}
    result = transform(**sample(1), a=ONE_HOT[0], b=1.0, label=5, mixup_metadata=others)
    assert 0 < result["a"][0] < 1
    assert result["b"] == pytest.approx(float(result["a"][0]))
    assert type(result["b"]) is float
    assert result["label"] == 5


def test_cutmix_shares_are_those_of_the_pixels():
    pipe = boxed(A.CutMix(p=1))
    for index in range(30):
        result = pipe(
            **sample(100, 61, 83), label=np.array([1.0, 0.0]), key=(0, 0, index),
            cutmix_metadata=sample(200, 40, 50, label=np.array([0.0, 1.0])),
        )  # fmt: skip
        theirs = (result["image"] == 200).all(axis=2)
        np.testing.assert_allclose(result["label"], (1 - theirs.mean(), theirs.mean()))
        np.testing.assert_array_equal(theirs, result["mask"] == 200)
        ys, xs = np.nonzero(theirs)
        if len(ys):
            assert theirs[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].all(), "one window"


def test_cutmix_windows_have_the_published_size():
    """Yun et al. 2019: sides of sqrt(1 - share), cut off at the edges."""
    pipe = A.Compose([A.CutMix(p=1)], save_applied_params=True)
    whole = 0
    for index in range(120):
        result = pipe(
            image=sample(0, 200, 300)["image"],
            cutmix_metadata=sample(9, 200, 300),
            key=(0, 0, index),
        )
        ys, xs = np.nonzero(result["image"][..., 0])
        if len(ys) and ys.min() > 0 and ys.max() < 199 and xs.min() > 0 and xs.max() < 299:
            side = (1 - drawn(result)["share"]) ** 0.5
            assert np.ptp(ys) + 1 == pytest.approx(200 * side, abs=0.51)
            assert np.ptp(xs) + 1 == pytest.approx(300 * side, abs=0.51)
            whole += 1
    assert whole > 9


def test_cutmix_boxes_and_points_are_those_of_what_is_seen():
    pipe = boxed(A.CutMix(p=1))
    for index in range(20):
        boxes = {"bboxes": [(0, 0, 40, 60), (40, 0, 80, 60)], "labels": [1, 2]}
        points = {"keypoints": [(20, 30), (60, 30)], "names": [1, 2]}
        theirs = {"bboxes": [(0, 0, 80, 30), (0, 30, 80, 60)], "labels": [3, 4]}
        theirs |= {"keypoints": [(20, 30), (60, 30)], "names": [3, 4]}
        result = pipe(
            **sample(1), **boxes, **points, cutmix_metadata=sample(9, **theirs), key=(0, 0, index)
        )
        pasted = result["mask"] == 9
        x, y = np.arange(80) >= 40, np.arange(60) >= 30
        areas = {
            1: ~pasted & ~x, 2: ~pasted & x, 3: pasted & ~y[:, None], 4: pasted & y[:, None]
        }  # fmt: skip
        seen = {label for label, area in areas.items() if area.any()}
        assert set(result["labels"]) == seen
        for box, label in zip(result["bboxes"], result["labels"], strict=True):
            ys, xs = np.nonzero(areas[label])
            np.testing.assert_allclose(box, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
        names = [n for n, (u, v) in zip((1, 2), points["keypoints"]) if not pasted[v, u]]
        names += [n for n, (u, v) in zip((3, 4), points["keypoints"]) if pasted[v, u]]
        assert result["names"] == names


@pytest.mark.parametrize("cls", [A.MixUp, A.CutMix, A.CopyAndPaste])
def test_replay_needs_only_the_same_metadata(cls):
    transform = cls(p=1)
    others = [
        {"image": photo(50, 60, seed=n), "mask": np.eye(50, 60, dtype=np.uint8)} for n in (1, 2, 3)
    ]
    pipe = A.ReplayCompose([transform])
    data = {"image": photo(), transform.metadata_key: others}
    result = pipe(**data, key=(0, 0, 5))
    tree = json.loads(json.dumps(result["replay"]))
    np.testing.assert_array_equal(A.ReplayCompose.replay(tree, **data)["image"], result["image"])


def disc(value=200, name="disc", **more):
    image = np.zeros((50, 60, 3), np.uint8)
    mask = np.zeros((50, 60), np.uint8)
    cv2.circle(image, (30, 25), 10, (value,) * 3, -1)
    cv2.circle(mask, (30, 25), 10, 5, -1)
    return {"image": image, "mask": mask, "labels": name, **more}


def test_pasted_objects_bring_pixels_mask_and_box():
    pipe = boxed(A.CopyAndPaste(p=1))
    empty = {"keypoints": [], "names": []}
    for index in range(8):
        given = {"bboxes": np.array([[1.0, 2, 9, 8]]), "labels": ["a"]}
        result = pipe(**sample(1), **given, **empty, copy_paste_metadata=disc(), key=(0, 0, index))
        where = result["mask"] == 5
        assert where.sum() == (disc()["mask"] == 5).sum(), "it fits, so all of it is seen"
        np.testing.assert_array_equal(where, (result["image"] == 200).all(axis=2))
        ys, xs = np.nonzero(where)
        assert result["labels"][-1] == "disc"
        np.testing.assert_allclose(
            result["bboxes"][-1], (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        )


def test_what_an_object_covers_is_lost_to_boxes_points_and_masks():
    pipe = boxed(A.CopyAndPaste(min_visibility_after_paste=0.3, p=1))
    rng = np.random.default_rng(0)
    block = {
        "image": np.full((30, 40, 3), 9, np.uint8), "mask": np.ones((30, 40), np.uint8),
        "labels": 0, "mask_id": 77,
    }  # fmt: skip
    dropped = 0
    for index in range(30):
        x, y = rng.integers(0, 50), rng.integers(0, 30)
        box, point = (x, y, x + 25, y + 20), (x + 3, y + 3)
        masks = np.zeros((1, 60, 80), np.uint8)
        masks[0, y : y + 20, x : x + 25] = 1
        result = pipe(
            **sample(1), masks=masks, bboxes=[box], labels=[1], keypoints=[point], names=[1],
            copy_paste_metadata=block, key=(0, 0, index),
        )  # fmt: skip
        hidden = result["mask"] == 77
        free = masks[0].astype(bool) & ~hidden
        np.testing.assert_array_equal(result["masks"][0], free)
        np.testing.assert_array_equal(result["masks"][1], hidden)
        assert (1 in result["labels"]) == (free.sum() >= 0.3 * 500)
        assert (result["names"] == [1]) == (not hidden[point[1], point[0]])
        if 1 in result["labels"]:
            ys, xs = np.nonzero(free)
            want = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
            np.testing.assert_allclose(result["bboxes"][0], want)
        dropped += 1 not in result["labels"]
    assert 0 < dropped < 30


def test_boxes_of_objects_may_be_given_and_objects_scaled():
    pipe = boxed(A.CopyAndPaste(scale_range=(2, 2), p=1))
    one = disc(bbox=(15, 10, 45, 40), keypoints=[(30, 25)], names=[4])
    result = pipe(
        **sample(1, 200, 200), bboxes=[], labels=[], keypoints=[], names=[],
        copy_paste_metadata=[one], key=(0, 0, 0),
    )  # fmt: skip
    ys, xs = np.nonzero(result["mask"] == 5)
    assert (np.ptp(xs) + 1, np.ptp(ys) + 1) == (42, 42)
    (x1, y1, x2, y2), ((u, v),) = result["bboxes"][0], result["keypoints"]
    assert (x2 - x1, y2 - y1) == (60, 60)
    assert (x1, y1) == pytest.approx((xs.min() - 10, ys.min() - 10))
    assert (u, v) == pytest.approx((xs.mean(), ys.mean()))


def test_soft_edges_are_soft_and_small_objects_are_not_pasted():
    data = {"image": np.zeros((60, 80, 3), np.uint8), "copy_paste_metadata": disc()}
    soft = A.CopyAndPaste(blend_mode="gaussian", blend_sigma_range=(2, 2), p=1)(**data)["image"]
    hard = A.CopyAndPaste(p=1)(**data)["image"]
    assert len(np.unique(hard)) == 2
    assert len(np.unique(soft)) > 20
    assert A.CopyAndPaste(min_paste_area=10_000, p=1)(**data)["image"] is data["image"]
    nothing = {**disc(), "mask": np.zeros((50, 60), np.uint8)}
    data["copy_paste_metadata"] = nothing
    assert A.CopyAndPaste(p=1)(**data)["image"] is data["image"]


def test_an_object_needs_a_mask_of_its_image():
    image = sample(1)["image"]
    with pytest.raises(TypeError, match=r"copy_paste_metadata\[0\] expects mask as a NumPy array"):
        A.CopyAndPaste(p=1)(image=image, copy_paste_metadata={"image": image})
    wrong = {"image": image, "mask": np.ones((9, 9), np.uint8)}
    with pytest.raises(ValueError, match="must be of the size of its image"):
        A.CopyAndPaste(p=1)(image=image, copy_paste_metadata=wrong)


def test_instances_gain_one():
    mask = np.zeros((60, 80), np.uint8)
    mask[:20, :30] = 1
    pipe = A.Compose([A.CopyAndPaste(p=1)], bbox_params=A.BboxParams("pascal_voc"))
    given = [{"bbox": (0, 0, 30, 20), "mask": mask, "name": "mine"}]
    result = pipe(
        image=sample(1)["image"], instances=given, copy_paste_metadata=disc(name="x"), key=(0, 0, 1)
    )["instances"]
    assert result[-1]["labels"] == "x"
    ys, xs = np.nonzero(result[-1]["mask"])
    assert result[-1]["bbox"] == pytest.approx((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))


def test_overlays_land_in_their_boxes_and_the_callers_mask_is_never_written():
    """2.0.8 writes mask_id into the caller's own mask."""
    data = sample(1)
    before = copy.deepcopy(data)
    picture = photo(20, 30, seed=2)
    element = {"image": picture, "bbox": (0.25, 0.5, 0.75, 1.0), "mask_id": 9}
    result = A.OverlayElements(p=1)(**data, overlay_metadata=element)
    np.testing.assert_array_equal(result["image"][30:, 20:60], cv2.resize(picture, (40, 30)))
    assert (result["mask"][30:, 20:60] == 9).all()
    assert (result["mask"] == 9).sum() == 30 * 40
    for name in data:
        np.testing.assert_array_equal(data[name], before[name])


def test_overlays_show_only_their_mask_in_any_place():
    shape = np.zeros((20, 30), np.uint8)
    cv2.circle(shape, (15, 10), 8, 128, -1)
    element = {"image": np.full((20, 30, 3), 200, np.uint8), "mask": shape, "mask_id": 4}
    corners = set()
    for index in range(10):
        result = A.OverlayElements(p=1)(**sample(1), overlay_metadata=[element], key=(0, 0, index))
        where = result["mask"] == 4
        np.testing.assert_array_equal(where, (result["image"] == 200).all(axis=2))
        ys, xs = np.nonzero(where)
        top, left = ys.min() - 2, xs.min() - 7
        np.testing.assert_array_equal(where[top : top + 20, left : left + 30], shape > 0)
        corners.add((top, left))
    assert len(corners) > 6


def test_all_overlays_are_pasted_in_order_and_large_ones_fit():
    parts = [{"image": np.full((500, 500, 3), value, np.uint8)} for value in (50, 60)]
    assert (A.OverlayElements(p=1)(**sample(1), overlay_metadata=parts)["image"] == 60).all()
    data = sample(1)
    assert A.OverlayElements(p=1)(**data, overlay_metadata=[])["image"] is data["image"]


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ({"image": np.zeros((5, 5), np.uint8)}, "image must be uint8 of 3 channels"),
        ({"image": np.zeros((5, 5, 3))}, "image must be uint8 of 3 channels"),
        ({"image": sample(1)["image"], "bbox": (0, 0, 1.2, 1)}, r"fractions in \[0, 1\]"),
        ({"image": sample(1)["image"], "bbox": (0, 0, 1)}, r"fractions in \[0, 1\]"),
        ({"image": sample(1)["image"], "mask": np.ones((3, 3), np.uint8)}, "must be of the size"),
        ({"bbox": (0, 0, 1, 1)}, "expects image as a NumPy array"),
    ],
)
def test_overlays_that_do_not_fit_are_an_error(element, words):
    with pytest.raises((ValueError, TypeError), match=rf"overlay_metadata\[0\].*{words}"):
        A.OverlayElements(p=1)(**sample(1), overlay_metadata=[element])


@pytest.mark.parametrize("label", [0.25, np.float32(0.25), np.array(0.25), np.array([0.25])])
def test_labels_keep_their_kind(label):
    image = np.zeros((8, 8, 3), np.uint8)
    other = {"image": image, "label": label * 3}
    result = A.MixUp(p=1)(image=image, label=label, mixup_metadata=other)["label"]
    assert type(result) is type(label)
    assert np.shape(result) == np.shape(label)
    assert 0.25 <= float(np.ravel(result)[0]) <= 0.75
