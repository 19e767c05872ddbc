"""What is drawn into masks must lie, after every spatial transform, where the labels say."""

import cv2
import numpy as np
import pytest
from cases import LEAVES, make, photo

import probaug as A
from probaug.core.hooks import DualTransform, Transform3D
from probaug.core.kinds import Holes, Spatial
from probaug.transforms.policies import _Policy

SPATIAL = [cls for cls in LEAVES if issubclass(cls, Spatial) and cls is not A.Mosaic]
SPATIAL.append(A.RandomGridShuffle)
# transforms of labels that move nothing, or that tests of their own look at
ELSEWHERE = {
    "Lambda": "the user's functions",
    "NoOp": "moves nothing",
    "PixelDropout": "moves nothing",
    "TimeMasking": "moves nothing: test_masking",
    "FrequencyMasking": "moves nothing: test_masking",
    "Morphological": "the shapes themselves change: test_morphology",
    "Mosaic": "other samples: test_mosaic",
    "CopyAndPaste": "other samples: test_mix",
    "MixUp": "other samples: test_mix",
    "CutMix": "other samples: test_mix",
    "OverlayElements": "no labels: test_mix",
    "ToTensorV2": "no NumPy result: test_tensor",
    "ToTensor3D": "no NumPy result: test_tensor",
}
spatial = pytest.mark.parametrize("cls", SPATIAL, ids=lambda cls: cls.__name__)
HEIGHT, WIDTH = 160, 200
BOXES = np.array([[40.0, 50, 90, 80], [110, 60, 170, 120]])
DOTS = np.array([[60.0, 70], [100, 40], [150, 110], [80, 130]])
MIDDLE = np.pad(np.ones((40, 40), np.uint8), ((60, 60), (80, 80)))
TURNED = np.array([[100.0, 80, 60, 24, 30]])  # centre, width, height, degrees clockwise


# windows that leave enough of a scene of this size to compare
WINDOW = {"height": 130, "width": 160}
WINDOWS = {
    "AtLeastOneBBoxRandomCrop": WINDOW,
    "CenterCrop": WINDOW,
    "Crop": {"x_min": 20, "y_min": 15, "x_max": 190, "y_max": 150},
    "CropNonEmptyMaskIfExists": WINDOW,
    "RandomCrop": WINDOW,
    "RandomSizedCrop": {"min_max_height": (120, 160), "size": (100, 110)},
}
NEEDED = {"cropping_bbox": (20, 20, 180, 140)}


def case(cls):
    return make(cls, p=1, **WINDOWS.get(cls.__name__, {}))


def draw():
    objects, marks, turned = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(3))
    for value, (x1, y1, x2, y2) in enumerate(BOXES.astype(int), 1):
        objects[y1:y2, x1:x2] = value
    for value, (x, y) in enumerate(DOTS.astype(int), 1):
        marks[y - 3 : y + 4, x - 3 : x + 4] = value
    (cx, cy, w, h, angle) = TURNED[0]
    quad = cv2.boxPoints(((cx - 0.5, cy - 0.5), (w - 1, h - 1), angle))
    cv2.fillPoly(turned, [np.rint(quad * 16).astype(np.int32)], 1, shift=4)
    return objects, marks, turned


def rings_of(box):
    x1, y1, x2, y2 = box
    return [x1, y1, x2, y1, x2, y2, x1, y2]


def filled(polygons, shape):
    """A mask with polygons of continuous coordinates: sixteen times as fine, then picked."""
    fine = np.zeros((shape[0] * 4, shape[1] * 4), np.uint8)
    for polygon in polygons:
        ring = np.reshape(polygon, (-1, 2)) * 4 - 0.5
        cv2.fillPoly(fine, [np.rint(ring * 16).astype(np.int32)], 1, shift=4)
    return fine.reshape(shape[0], 4, shape[1], 4).mean(axis=(1, 3)) >= 0.5


def parts(polygon):
    return polygon if isinstance(polygon[0], list) else [polygon]


def extent(mask):
    ys, xs = np.nonzero(mask)
    return np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) if len(xs) else None


def on_edge(mask):
    return mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()


def tidy(cls):
    """Boxes around turned corners are larger than what is seen; these transforms do not turn."""
    return not issubclass(cls, _Policy) and cls is not A.RandomGridShuffle


@spatial
def test_boxes_and_keypoints(cls):
    objects, marks, _ = draw()
    pipe = A.Compose(
        [case(cls)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["names"]),
        additional_targets={"marks": "mask"},
    )
    compared = 0
    for index in range(12):
        result = pipe(
            image=photo(HEIGHT, WIDTH), mask=objects, marks=marks, bboxes=BOXES, labels=[1, 2],
            keypoints=DOTS, names=[1, 2, 3, 4], key=(0, 0, index), **NEEDED,
        )  # fmt: skip
        shape = result["mask"].shape
        for box, label in zip(result["bboxes"], result["labels"], strict=True):
            if (result["mask"] == label).sum() < 30 or not tidy(cls):
                continue
            seen = extent(result["mask"] == label)
            assert np.abs(seen - box).max() <= 2, (index, seen, box)
            compared += 1
        for label in set(np.unique(result["mask"])) - {0}:
            if (result["mask"] == label).sum() > 30:
                assert label in result["labels"], "an object is seen but its box is gone"
        for point, name in zip(result["keypoints"], result["names"], strict=True):
            ys, xs = np.nonzero(result["marks"] == name)
            whole = len(xs) and min(xs.min(), ys.min()) > 0 and cls is not A.RandomGridShuffle
            if whole and xs.max() < shape[1] - 1 and ys.max() < shape[0] - 1:
                middle = np.array([(xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2])
                assert np.abs(middle - point).max() <= 1.5, (index, middle, point)
                compared += 1
    assert compared >= 12 or cls is A.RandomGridShuffle


@spatial
def test_polygons(cls):
    objects, _, _ = draw()
    pipe = A.Compose([case(cls)], polygon_params={"label_fields": ["labels"]})
    given = [rings_of(box) for box in BOXES]
    compared = 0
    for index in range(8):
        result = pipe(
            image=photo(HEIGHT, WIDTH), mask=objects, polygons=given, labels=[1, 2],
            key=(0, 0, index), **NEEDED,
        )  # fmt: skip
        shape = result["mask"].shape
        for polygon, label in zip(result["polygons"], result["labels"], strict=True):
            ours, theirs = filled(parts(polygon), shape), result["mask"] == label
            if theirs.sum() < 60:
                continue
            # nearest-neighbour masks are off by up to a pixel along the outline
            rim = cv2.morphologyEx(
                theirs.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)
            )
            assert not ((ours != theirs) & (rim == 0)).any(), index
            assert (ours != theirs).sum() <= 0.6 * rim.sum()
            compared += 1
        for label in set(np.unique(result["mask"])) - {0}:
            if (result["mask"] == label).sum() > 30:
                assert label in result["labels"], "an object is seen but its polygon is gone"
    assert compared >= 4


@spatial
def test_oriented_boxes(cls):
    _, _, turned = draw()
    pipe = A.Compose([case(cls)], bbox_params=A.BboxParams("center_xywh", bbox_type="obb"))
    compared = 0
    for index in range(8):
        data = {"image": photo(HEIGHT, WIDTH), "mask": turned, **NEEDED}
        result = pipe(**data, bboxes=TURNED, key=(0, 0, index))
        mask = result["mask"]
        if mask.sum() < 60:
            continue
        quads = [cv2.boxPoints(((x, y), (w, h), angle)) for x, y, w, h, angle in result["bboxes"]]
        wide = [cv2.boxPoints(((x, y), (w + 4, h + 4), a)) for x, y, w, h, a in result["bboxes"]]
        assert not (mask.astype(bool) & ~filled([q.ravel() for q in wide], mask.shape)).any()
        if on_edge(mask) or len(quads) != 1:
            continue
        points = np.argwhere(mask)[:, ::-1].astype(np.float32)
        around = cv2.minAreaRect(np.concatenate([points, points + 1]))
        ours = result["bboxes"][0]
        assert ours[2] * ours[3] <= np.prod(np.add(around[1], 2)) * 1.05
        np.testing.assert_allclose(around[0], ours[:2], atol=2.5)  # of bent shapes, two fit alike
        compared += 1
    assert compared >= 2 or cls in (A.RandomGridShuffle, A.RandomResizedCrop, A.RandomSizedCrop)


@spatial
def test_heatmaps(cls):
    """A heatmap is read linearly, so it keeps its shape where a mask would have steps."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    heat = np.exp(-((x - 90) ** 2 + (y - 80) ** 2) / 200).astype(np.float32)
    pipe = A.Compose([case(cls)], keypoint_params=A.KeypointParams("xy"))
    compared = 0
    for index in range(6):
        data = {"image": photo(HEIGHT, WIDTH), "mask": MIDDLE, "heatmap": heat, **NEEDED}
        result = pipe(**data, keypoints=[(90, 80)], key=(0, 0, index))
        heatmap = result["heatmap"]
        assert heatmap.dtype == np.float32
        assert heatmap.shape == result["image"].shape[:2]
        assert heatmap.min() >= 0
        if not result["keypoints"] or cls is A.RandomGridShuffle:
            continue
        px, py = result["keypoints"][0]
        peak = np.argwhere(heatmap > 0.97 * heatmap.max())[:, ::-1]
        if heatmap.max() > 0.9 and 8 < px < heatmap.shape[1] - 8 and 8 < py < heatmap.shape[0] - 8:
            assert np.abs(peak.mean(axis=0) - (px, py)).max() < 1.5
            compared += 1
    assert compared >= 2 or cls is A.RandomGridShuffle


def test_every_transform_of_labels_is_here_or_elsewhere():
    for cls in LEAVES:
        if not issubclass(cls, DualTransform) or issubclass(cls, (Transform3D, Holes)):
            continue
        assert (cls in SPATIAL) != (cls.__name__ in ELSEWHERE), cls.__name__
