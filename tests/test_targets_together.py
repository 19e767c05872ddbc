"""What label targets do in unusual company: cropped corners, hooks, mixes, horizons, holes."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from cases import LEAVES, NEEDS_TORCH, make, needed, photo

import probaug as A
from probaug.core.polygons import area

HEIGHT, WIDTH = 96, 120
IMAGE = np.zeros((100, 200, 3), np.uint8)
SQUARE = [10, 20, 40, 20, 40, 50, 10, 50]
OBB = {"format": "center_xywh", "bbox_type": "obb"}


def some_instances():
    """Four objects of one shape each: oriented box, mask, polygon, skeleton."""
    result = []
    places = (
        (30, 30, 30, 20, 20),
        (80, 50, 40, 30, -35),
        (60, 75, 24, 24, 0),
        (100, 20, 14, 30, 80),
    )
    for label, (x, y, w, h, angle) in enumerate(places):
        quad = np.clip(cv2.boxPoints(((x, y), (w, h), angle)), 0, (WIDTH, HEIGHT)).astype(float)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(mask, [np.rint((quad - 0.5) * 16).astype(np.int32)], 1, shift=4)
        points = (0.8 * quad + 0.2 * quad.mean(axis=0) - 0.5).tolist()
        result.append(
            {
                "bbox": [x, y, w, h, float(angle)],
                "mask": mask,
                "polygon": quad.ravel().tolist(),
                "keypoints": points,
                "label": label,
            }
        )
    return result


INSTANCES = some_instances()
SERVED = [
    cls
    for cls in LEAVES
    if not issubclass(cls, A.Transform3D) and cls.__name__ not in NEEDS_TORCH | {"FromFloat"}
]


def instances_pipeline(*transforms, **settings):
    return A.Compose(
        list(transforms),
        bbox_params=A.BboxParams(**OBB),
        keypoint_params=A.KeypointParams("xy", label_mapping=[(0, 1), (2, 3)]),
        save_kept=True,
        **settings,
    )


def alike(one, other, tolerance=0.0):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[k], other[k], tolerance) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other, [tolerance] * len(one)))
    if isinstance(one, (np.ndarray, float)):
        return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=0, atol=tolerance)
    return one == other


@pytest.mark.parametrize("cls", SERVED, ids=lambda cls: cls.__name__)
def test_instances_stay_whole(cls):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:60, 30:80] = 3
    channels = cls.channels[0] if cls.channels and 3 not in cls.channels else 3
    data = {
        "image": photo(HEIGHT, WIDTH, channels), "mask": mask, **needed(cls),
        "instances": INSTANCES, "key": (0, 0, 1),
    }  # fmt: skip
    before = pickle.loads(pickle.dumps(data))
    transform = make(cls, p=1)
    result = instances_pipeline(transform)(**data)
    assert alike(before, data), "an input has changed"
    kept, size = result["kept"]["instances"].tolist(), result["image"].shape[:2]
    assert len(kept) == len(result["instances"])
    for row, one in zip(kept, result["instances"], strict=True):
        if row < len(INSTANCES):
            assert one["label"] == row
        assert one["mask"].shape == size
        assert one["mask"].any()
        assert len(one["keypoints"]) == 4
        assert len(one["bbox"]) == 5
    for fusion in ("off", "free"):
        other = instances_pipeline(transform, fusion=fusion)(**data)
        assert alike(result["kept"], other["kept"])
        for one, two in zip(result["instances"], other["instances"], strict=True):
            assert alike(one["bbox"], two["bbox"], 1e-6)
            assert alike(one["polygon"], two["polygon"], 1e-6)


def test_threads_and_pickles_change_nothing():
    pipe = instances_pipeline(
        A.HorizontalFlip(), A.Rotate((-30, 30)), A.RandomResizedCrop((80, 90)), A.CoarseDropout()
    )
    again = pickle.loads(pickle.dumps(pipe))
    data = {"image": photo(HEIGHT, WIDTH), "instances": INSTANCES}
    keys = [(0, 0, index) for index in range(16)]
    one = [pipe(**data, key=key) for key in keys]
    with ThreadPoolExecutor(8) as pool:
        many = list(pool.map(lambda key: again(**data, key=key), keys))
    assert alike(one, many)


@pytest.mark.parametrize("first", [A.NoOp(p=1), A.HorizontalFlip(p=1), A.Blur(p=1)])
def test_a_crop_at_the_top_left_cuts_labels_off(first):
    """It moves nothing, and so seemed to change nothing after another transform."""
    steps = [first, A.HorizontalFlip(p=int(isinstance(first, A.HorizontalFlip)))]
    pipe = A.Compose(
        [*steps, A.Crop(0, 0, 30, 30)],
        bbox_params=A.BboxParams("pascal_voc"), keypoint_params=A.KeypointParams("xy"),
        save_kept=True,
    )  # fmt: skip
    result = pipe(
        image=IMAGE, bboxes=[[10, 20, 40, 50], [50, 50, 60, 60]], polygons=[SQUARE],
        keypoints=[(50, 50), (12, 12)],
    )  # fmt: skip
    assert result["bboxes"] == [[10, 20, 30, 30]]
    assert area(np.reshape(result["polygons"][0], (-1, 2))) == 20 * 10
    assert result["kept"]["keypoints"].tolist() == [1]
    turned = A.Compose([*steps, A.Crop(0, 0, 30, 30)], bbox_params=A.BboxParams(**OBB))
    assert turned(image=IMAGE, bboxes=[[60, 60, 10, 10, 0]])["bboxes"] == []


def test_every_skeleton_is_mirrored_by_itself():
    pairs = A.KeypointParams("xy", label_mapping=[(0, 1)])
    skeletons = [{"keypoints": [(10, 10), (20, 10)]}, {"keypoints": [(110, 10), (120, 10)]}]
    result = A.Compose([A.HorizontalFlip(p=1)], keypoint_params=pairs)(
        image=IMAGE, instances=skeletons
    )
    assert [one["keypoints"] for one in result["instances"]] == [
        [(179, 10), (189, 10)],
        [(79, 10), (89, 10)],
    ]
    words = A.KeypointParams("xy", label_mapping={"L": "R"})
    with pytest.raises(ValueError, match=r"have no labels but their numbers, .* names 'L'"):
        A.Compose([], keypoint_params=words)(image=IMAGE, instances=skeletons)


def test_skeletons_of_a_mosaic_are_mirrored_or_not():
    one = {"image": IMAGE, "instances": [{"keypoints": [(90, 50), (110, 50)]}]}
    pipe = A.Compose(
        [
            A.HorizontalFlip(p=1),
            A.Mosaic((1, 2), (100, 400), (100, 200), fit_mode="contain", p=1),
        ],
        keypoint_params=A.KeypointParams("xy", label_mapping=[(0, 1)]),
    )
    result = pipe(**one, mosaic_metadata=[one], key=1)
    places = sorted(instance["keypoints"] for instance in result["instances"])
    assert len(places) == 2
    for left, right in places:  # the flipped one's points changed places twice
        assert right[0] - left[0] in (19, 20)


def test_pieces_of_an_oriented_box_are_one_box_again():
    pipe = A.Compose([A.RandomGridShuffle((2, 2), p=1)], bbox_params=A.BboxParams(**OBB))
    square = np.zeros((100, 200), np.uint8)
    square[20:80, 70:130] = 1
    for key in range(6):
        result = pipe(
            image=IMAGE, instances=[{"bbox": [100, 50, 60, 60, 0], "mask": square}], key=key
        )
        (one,) = result["instances"]
        x, y, w, h, angle = one["bbox"]
        quad = cv2.boxPoints(((x, y), (w + 2, h + 2), angle))
        covered = np.zeros((100, 200), np.uint8)
        cv2.fillPoly(covered, [np.rint(quad).astype(np.int32)], 1)
        assert not (one["mask"] & ~covered & 1).any()


def test_arrays_of_an_instance_keep_their_dtype():
    given = {
        "bbox": np.array([10, 10, 5, 5], np.float32),
        "keypoints": np.zeros((0, 2), np.float32),
    }
    result = A.Compose(
        [A.HorizontalFlip(p=1)],
        bbox_params=A.BboxParams("coco"),
        keypoint_params=A.KeypointParams("xy"),
    )(image=IMAGE, instances=[given])
    (one,) = result["instances"]
    assert one["bbox"].dtype == one["keypoints"].dtype == np.float32
    assert one["bbox"].tolist() == [185, 10, 5, 5]
    assert one["keypoints"].shape == (0, 2)


def hooked(cls):
    """A class of the user's, derived from one that is here, with a hook."""

    def apply(self, img, *args, **params):
        return super(sub, self).apply(img, *args, **params)

    sub = type(f"Own{cls.__name__}", (cls,), {"apply": apply, "__module__": __name__})
    setattr(sys.modules[__name__], sub.__name__, sub)
    return sub


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (A.HorizontalFlip, {}),
        (A.ElasticTransform, {"alpha": 100, "sigma": 10}),
        (A.CoarseDropout, {"num_holes_range": (9, 9), "fill_mask": 0}),
        (A.RandomGridShuffle, {"grid": (2, 2)}),
        (A.RandomCrop, {"height": 60, "width": 70}),
    ],
)
def test_users_subclasses_do_to_all_targets_what_their_base_does(cls, arguments):
    data = {"image": photo(HEIGHT, WIDTH), "instances": INSTANCES, "key": (0, 0, 3)}
    want, got = (instances_pipeline(kind(**arguments, p=1))(**data) for kind in (cls, hooked(cls)))
    assert alike(want["kept"], got["kept"])
    assert alike(want["instances"], got["instances"], 1e-3)


def test_what_a_hook_gives_for_polygons_is_checked():
    class Halves(A.DualTransform):
        def apply(self, img, **params):
            return img

        def apply_to_polygons(self, polygons, **params):
            return self.answer(polygons)

    def run(answer, **more):
        Halves.answer = staticmethod(answer)
        return A.Compose([Halves(p=1)], save_kept=True, **more)(image=IMAGE, **data)

    data = {"polygons": [SQUARE, SQUARE]}
    assert run(lambda given: [[], given[1]])["kept"]["polygons"].tolist() == [1]
    with pytest.raises(ValueError, match=r"Halves.apply_to_polygons must return 2 polygons"):
        run(lambda given: given[:1])
    data = {"bboxes": [[100, 50, 40, 20, 0], [50, 50, 20, 20, 0]]}
    result = run(lambda given: [[given[0][0][:3]], []], bbox_params=A.BboxParams(**OBB))
    assert result["kept"]["bboxes"].tolist() == [0]
    assert len(result["bboxes"][0]) == 5


@pytest.mark.parametrize("target", ["polygons", "masks"])
def test_a_refit_needs_one_outline_for_each_box(target):
    pipe = A.Compose([], bbox_params=A.BboxParams("coco", refit=target))
    boxes = [[10, 20, 30, 30], [1, 1, 5, 5]]
    with pytest.raises(ValueError, match=rf"needs {target} .* one for each of the 2 bboxes, got"):
        pipe(image=IMAGE, bboxes=boxes, polygons=[SQUARE], masks=[IMAGE[..., 0]])


def test_boxes_of_another_name_are_fitted_to_outlines_of_that_name():
    pipe = A.Compose(
        [],
        bbox_params=A.BboxParams("coco", refit="polygons"),
        additional_targets={"bboxes2": "bboxes", "polygons2": "polygons"},
    )
    assert pipe(image=IMAGE, bboxes2=[[0, 0, 90, 90]], polygons2=[SQUARE])["bboxes2"] == [
        [10, 20, 30, 30]
    ]


def test_an_oriented_box_does_not_cross_the_horizon():
    pipe = A.Compose(
        [A.Crop(0, 0, 20, 20), A.Resize(200, 200), A.Perspective((0.3, 0.3), p=1)],
        bbox_params=A.BboxParams(**OBB),
    )
    for key in range(12):
        for x, y, w, h, angle in pipe(image=IMAGE, bboxes=[[100, 50, 190, 90, 10]], key=key)[
            "bboxes"
        ]:
            assert np.isfinite([x, y, w, h, angle]).all()
            quad = cv2.boxPoints(((x, y), (w, h), angle))
            shown = cv2.intersectConvexConvex(
                quad, np.float32([[0, 0], [200, 0], [200, 200], [0, 200]])
            )
            assert shown[0] > 0, "the image shows it, and so the box must be there"


def test_holes_leave_alone_what_they_do_not_touch():
    class Cover(A.CoarseDropout):
        def holes(self, size, **params):
            return [(150, 0, 200, 100)]

    late = {"check_each_transform": False}
    pipe = A.Compose(
        [
            A.Crop(60, 0, 200, 100), A.Pad((60, 0, 0, 0)), Cover(p=1),
            A.Affine(translate_px=(0, 0), p=1),
        ],
        bbox_params=A.BboxParams(**OBB, **late), polygon_params=A.PolygonParams(**late),
    )  # fmt: skip
    result = pipe(image=IMAGE, bboxes=[[40, 50, 20, 20, 0.0]], polygons=[SQUARE])
    assert len(result["bboxes"]) == len(result["polygons"]) == 1


@pytest.mark.parametrize(
    ("polygons", "error", "words"),
    [
        (5, TypeError, "polygons must be a list or an array, got int"),
        ([{"counts": "x"}], ValueError, r"polygons\[0\] must be .* in a list or an array"),
        ([None], ValueError, r"polygons\[0\] must be at least three points"),
        ([[None]], ValueError, r"polygons\[0\] must be at least three points"),
        ([[1e300, 0, 0, 1e300, 5, 5]], ValueError, r"polygons\[0\] must have an area"),
        (SQUARE, ValueError, r"polygons\[0\] must be at least three points in a list"),
    ],
)
def test_what_is_no_polygon(polygons, error, words):
    with pytest.raises(error, match=words):
        A.Compose([A.HorizontalFlip(p=1)])(image=IMAGE, polygons=polygons)


def test_a_sticker_hides_instances_and_is_none():
    sticker = {"image": IMAGE[:50, :100] + 9, "bbox": (0, 0, 0.5, 0.5), "mask_id": 3}
    mask = np.zeros((100, 200), np.uint8)
    mask[40:60, 90:110] = 1
    result = A.Compose([A.OverlayElements(p=1)])(
        image=IMAGE, mask=mask, instances=[{"mask": mask}], overlay_metadata=[sticker]
    )
    assert result["mask"][0, 0] == 3
    (one,) = result["instances"]
    assert one["mask"].sum() == 400 - 100


def test_replay_says_what_was_kept():
    pipe = A.ReplayCompose([A.Crop(0, 0, 30, 60)], save_kept=True)
    data = {"image": IMAGE, "polygons": [[100, 9, 120, 9, 120, 30], SQUARE]}
    first = pipe(**data)
    again = A.ReplayCompose.replay(first["replay"], **data)
    assert first["kept"]["polygons"].tolist() == again["kept"]["polygons"].tolist() == [1]


@pytest.mark.parametrize(("operation", "sign"), [("dilation", 1), ("erosion", -1)])
@pytest.mark.parametrize("diameter", [3, 4, 9])
def test_morphological_grows_polygons_and_oriented_boxes(operation, sign, diameter):
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    unit = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outer, inner = 40 * unit + (100, 50), 15 * unit[::-1] + (100, 50)
    ring = np.concatenate([outer, outer[:1], inner, inner[:1]])  # with a hole
    grow = A.Morphological((diameter, diameter), operation, p=1)
    by = sign * (diameter - 1) / 2
    (moved,) = A.Compose([grow])(image=IMAGE, polygons=[ring])["polygons"]
    want = np.pi * ((40 + by) ** 2 - (15 - by) ** 2)
    assert area(moved) == pytest.approx(want, rel=0.03)
    rows = A.Compose([grow], bbox_params=A.BboxParams(**OBB))(
        image=IMAGE, bboxes=[[90, 50, 60, 24, 30], [30, 50, 2, 60, 0]]
    )["bboxes"]
    lean = (diameter + 1) % 2 / 2
    np.testing.assert_allclose(rows[0], [90 + lean, 50 + lean, 60 + 2 * by, 24 + 2 * by, 30])
    assert len(rows) == (2 if sign > 0 else 1), "the thin one vanishes"
    (flush,) = A.Compose([grow])(image=IMAGE, polygons=[[0, 0, 200, 0, 200, 100, 0, 100]])[
        "polygons"
    ]
    assert area(np.reshape(flush, (-1, 2))) == pytest.approx(200 * 100, rel=1e-3) or sign > 0


def test_morphological_takes_polygons_that_are_gone_or_far_away():
    late = A.PolygonParams(check_each_transform=False, clip=False)
    far = [[-1e8, -1e8, 50, 10, 10, 60], SQUARE]
    steps = [A.Affine(translate_px=(5, 5), p=1), A.Morphological(p=1)]
    result = A.Compose(steps, polygon_params=late)(image=IMAGE, polygons=far)
    assert len(result["polygons"]) == 2
    bent = A.Compose(
        [A.ElasticTransform(alpha=900, sigma=4, p=1), A.Morphological(p=1)], polygon_params=late
    )
    bent(image=IMAGE, polygons=[[0, 0, 0.2, 0, 0, 0.2]], key=1)
