"""Flips, turns, affine moves and perspective, against NumPy, SciPy, Pillow and scikit-image."""

import math

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

import probaug as A
from probaug.core.matrix import Matrix, Size, shift, slant, turn, zoom
from probaug.core.moves import move_keypoints

EXACT = int(cv2.__version__.split(".")[0]) >= 5
SIZE = Size(60, 91)


def smooth(height=60, width=91, channels=3, seed=0):
    image = np.random.default_rng(seed).random((height, width, channels))
    return cv2.GaussianBlur(image, (0, 0), 3).reshape(height, width, channels).astype(np.float32)


def pipeline(*transforms, boxes="pascal_voc", points="xyas", **settings):
    return A.Compose(
        list(transforms),
        bbox_params=A.BboxParams(boxes),
        keypoint_params=A.KeypointParams(points, remove_invisible=False),
        **settings,
    )


def by_scipy(image, matrix, size=None, order=1):
    """Move an image by a matrix of continuous coordinates, black beyond the edge."""
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    back = np.linalg.inv(np.linalg.inv(half) @ matrix @ half)[[1, 0, 2]][:, [1, 0, 2]]
    shape = size or image.shape[:2]
    return np.stack(
        [
            ndimage.affine_transform(
                channel, back, output_shape=shape, order=order, mode="grid-constant"
            )
            for channel in np.moveaxis(image.astype(np.float64), -1, 0)
        ],
        -1,
    )


def textbook(scale=(1, 1), rotate=0.0, shear=(0, 0), move=(0, 0), size=SIZE):
    """C T Shear R S C^-1 about the centre, y pointing down, positive angles counter-clockwise."""
    angle, (sx, sy) = math.radians(rotate), np.radians(shear)
    centre, back = np.eye(3), np.eye(3)
    centre[:2, 2] = size.width / 2, size.height / 2
    back[:2, 2] = -centre[:2, 2]
    moved = np.eye(3)
    moved[:2, 2] = move
    slanted = np.array([[1, -math.tan(sx), 0], [-math.tan(sy), 1, 0], [0, 0, 1]])
    turned = np.array(
        [[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]]
    )
    return centre @ moved @ slanted @ turned @ np.diag([*scale, 1]) @ back


def matrix_of(transform, size=SIZE, **params):
    return transform.matrix(size, **params).array()


def test_flips_are_those_of_numpy():
    image = smooth()
    for transform, wanted in (
        (A.HorizontalFlip(p=1), image[:, ::-1]),
        (A.VerticalFlip(p=1), image[::-1]),
        (A.Transpose(p=1), image.transpose(1, 0, 2)),
    ):
        result = transform(image=image, mask=image[..., 0])
        np.testing.assert_array_equal(result["image"], wanted)
        np.testing.assert_array_equal(result["mask"], wanted[..., 0])


@pytest.mark.parametrize("cls", [A.D4, A.SquareSymmetry, A.RandomRotate90])
def test_symmetries_are_those_of_pillow_and_equally_likely(cls):
    image = (smooth() * 255).astype(np.uint8)
    pillow = Image.fromarray(image)
    method = Image.Transpose
    turns = [None, method.ROTATE_90, method.ROTATE_180, method.ROTATE_270]
    mirrors = [
        method.FLIP_LEFT_RIGHT, method.FLIP_TOP_BOTTOM, method.TRANSPOSE, method.TRANSVERSE,
    ]  # fmt: skip
    wanted = [
        np.asarray(pillow if how is None else pillow.transpose(how)).tobytes()
        for how in (turns if cls is A.RandomRotate90 else turns + mirrors)
    ]
    assert len(set(wanted)) == len(wanted)
    counts = dict.fromkeys(wanted, 0)
    for index in range(800):
        counts[cls()(image=image, key=(0, 0, index))["image"].tobytes()] += 1
    expected = 800 / len(wanted)
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 30  # chi-squared


def test_quarter_turns_agree_with_rotate():
    image = smooth(40, 40)
    boxes, points = [[5.0, 6, 20, 30]], [(7.0, 9.0, 30.0, 2.0)]
    for quarters in range(4):
        rotate = pipeline(A.Rotate((90 * quarters, 90 * quarters), p=1))
        given = {"image": image, "bboxes": boxes, "keypoints": points}
        a = rotate(**given)
        np.testing.assert_array_equal(a["image"], np.rot90(image, quarters))
        for index in range(40):
            b = pipeline(A.RandomRotate90())(**given, key=(0, 0, index))
            if np.array_equal(a["image"], b["image"]):
                break
        np.testing.assert_allclose(a["bboxes"], b["bboxes"], atol=1e-9)
        np.testing.assert_allclose(a["keypoints"], b["keypoints"], atol=1e-9)
        assert a["keypoints"][0][2] == pytest.approx((30 + 90 * quarters) % 360)


@pytest.mark.parametrize(
    ("transform", "angle"),
    [
        (A.HorizontalFlip(p=1), 150),
        (A.VerticalFlip(p=1), 330),
        (A.Transpose(p=1), 240),
        (A.Rotate((25, 25), p=1), 55),
        (A.Affine(rotate=-40, p=1), 350),
        (A.Resize(120, 182), 30),
    ],
)
def test_keypoint_angles_are_those_of_a_drawn_line(transform, angle):
    pipe = pipeline(transform)
    step = 9 * np.array([math.cos(math.pi / 6), -math.sin(math.pi / 6)])
    line = np.array([(30.0, 30.0), 30 + step])
    points = [(x, y, 30.0, 1.0) for x, y in line]
    (x1, y1, a, _), (x2, y2, _, _) = pipe(image=smooth(), bboxes=[], keypoints=points)["keypoints"]
    assert a == pytest.approx(angle)
    assert math.degrees(math.atan2(-(y2 - y1), x2 - x1)) % 360 == pytest.approx(angle)


AFFINE = [
    ({"rotate": 30}, {"rotate": 30}),
    ({"scale": 0.71}, {"scale": (0.71, 0.71)}),
    ({"scale": {"x": 1.3}}, {"scale": (1.3, 1)}),
    ({"shear": (12, 12)}, {"shear": (12, 12)}),
    ({"shear": {"x": 12}}, {"shear": (12, 0)}),
    ({"shear": {"y": -9}}, {"shear": (0, -9)}),
    ({"translate_px": 5}, {"move": (5, 5)}),
    ({"translate_px": {"x": 5}}, {"move": (5, 0)}),
    ({"translate_percent": {"x": 0.1, "y": -0.11}}, {"move": (9, -6)}),
    (
        {
            "scale": {"x": 1.2, "y": 0.8}, "rotate": -25, "shear": {"x": 10, "y": 5},
            "translate_px": {"x": 7, "y": -3},
        },
        {"scale": (1.2, 0.8), "rotate": -25, "shear": (10, 5), "move": (7, -3)},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "meaning"), AFFINE)
def test_affine_is_the_textbook_matrix(fields, meaning):
    image, matrix = smooth(), textbook(**meaning)
    box, point = np.array([[30.0, 20, 50, 35]]), np.array([[40.0, 30, 20, 3]])
    pipe = pipeline(A.Affine(**fields, p=1), boxes="pascal_voc")
    mask = (image[..., 0] * 100).astype(np.int64)
    result = pipe(image=image, mask=mask, bboxes=box, keypoints=point)
    tolerance = 1e-4 if EXACT else 4 / 255
    np.testing.assert_allclose(result["image"], by_scipy(image, matrix), atol=tolerance)
    picked = by_scipy(mask[..., None], matrix, order=0)[..., 0]
    assert (result["mask"] != picked).mean() < (0.002 if EXACT else 0.05)
    corners = np.array([(x, y, 1) for x in box[0, [0, 2]] for y in box[0, [1, 3]]]) @ matrix.T
    hull = np.concatenate([corners.min(0)[:2], corners.max(0)[:2]])
    np.testing.assert_allclose(result["bboxes"][0], np.clip(hull, 0, [91, 60, 91, 60]), atol=1e-9)
    x, y, _ = matrix @ (40.5, 30.5, 1)
    np.testing.assert_allclose(result["keypoints"][0, :2], (x - 0.5, y - 0.5), atol=1e-9)
    grown = np.linalg.svd(matrix[:2, :2])[1][0]
    assert result["keypoints"][0, 3] == pytest.approx(3 * grown)


def test_moves_multiplied_out_are_the_products_to_the_last_bit():
    """A seed's samples must not change by how their matrix is worked out."""
    rng = np.random.default_rng(4)
    for x, y, angle, *rest in rng.uniform(-40, 40, (200, 7)).tolist():
        shears, scales = rest[:2], np.exp(np.array(rest[2:]) / 40).tolist()
        whole = Matrix(*rng.uniform(-2, 2, 9).tolist())
        assert whole.about(x, y) == shift(x, y) @ whole @ shift(-x, -y)
        params = {
            "scale": dict(zip("xy", scales)), "rotate": angle, "shear": dict(zip("xy", shears)),
            "translate_px": {"x": int(x), "y": int(y)},
        }  # fmt: skip
        linear = slant(*shears) @ turn(angle) @ zoom(*scales)
        middle = SIZE.width / 2, SIZE.height / 2
        centred = shift(*middle) @ linear @ shift(-middle[0], -middle[1])
        assert A.Affine().matrix(SIZE, **params) == shift(int(x), int(y)) @ centred


def test_affine_reads_each_form_of_a_parameter():
    affine = A.Affine(scale=1.2, translate_px=(3, 7), rotate=30, shear={"x": (-5, 5)})
    assert affine.scale == {"x": (1.2, 1.2), "y": (1.2, 1.2)}
    assert affine.translate_px == {"x": (3, 7), "y": (3, 7)}
    assert affine.rotate == (30, 30)
    assert affine.shear == {"x": (-5, 5), "y": (0, 0)}
    assert affine == A.Affine(scale={"x": 1.2, "y": (1.2, 1.2)}, **{
        name: getattr(affine, name) for name in ("translate_px", "rotate", "shear")
    })  # fmt: skip
    for fields, field in (
        ({"scale": 0}, "scale"),
        ({"scale": (2, 1)}, "scale"),
        ({"scale": {"z": 1}}, "scale"),
        ({"scale": {}}, "scale"),
        ({"scale": {"x": (0.5, 2), "y": 1}, "keep_ratio": True}, "scale"),
        ({"translate_px": 1.5}, "translate_px"),
        ({"translate_px": 1, "translate_percent": 0.1}, "translate_px"),
        ({"shear": float("nan")}, "shear"),
        ({"rotate": "much"}, "rotate"),
    ):
        with pytest.raises(ValueError, match=rf"Affine\.{field} must be .*, got"):
            A.Affine(**fields)


def applied(transform, times=300, image=None):
    """What a transform draws, call by call."""
    pipe = A.Compose([transform], save_applied_params=True)
    image = smooth(8, 8) if image is None else image
    return [
        pipe(image=image, key=(0, 0, index))["applied_transforms"][0][1] for index in range(times)
    ]


def test_affine_draws_what_its_fields_say():
    scales = [p["scale"] for p in applied(A.Affine(scale=(0.5, 3), p=1))]
    x, y = (np.array([scale[axis] for scale in scales]) for axis in "xy")
    assert min(x) >= 0.5
    assert max(x) <= 3
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.2
    assert (x < 1).mean() == pytest.approx(0.2, abs=0.07)
    same = [p["scale"] for p in applied(A.Affine(scale=(0.5, 3), keep_ratio=True, p=1))]
    assert all(scale["x"] == scale["y"] for scale in same)
    balanced = applied(A.Affine(scale=(0.5, 3), balanced_scale=True, p=1))
    assert np.mean([p["scale"]["x"] < 1 for p in balanced]) == pytest.approx(0.5, abs=0.09)
    moves = {p["translate_px"]["x"] for p in applied(A.Affine(translate_px=(-2, 2), p=1))}
    assert moves == {-2, -1, 0, 1, 2}


def test_shift_scale_rotate_keeps_the_ratio():
    transform = A.ShiftScaleRotate(0.1, 0.2, 30, shift_limit_x=(0.05, 0.05), p=1)
    for params in applied(transform, 20):
        matrix = matrix_of(transform, **params)
        wanted = textbook(
            scale=(params["scale"],) * 2, rotate=params["rotate"],
            move=(4, int(params["shift_y"] * 60)),
        )  # fmt: skip
        np.testing.assert_allclose(matrix, wanted, atol=1e-9)
        assert 0.8 <= params["scale"] <= 1.2
        assert abs(params["shift_y"]) <= 0.1


def test_fit_output_holds_all_of_the_image_and_no_more():
    for height, width, angle, shape in (
        (100, 200, 0, (100, 200)), (100, 200, 90, (200, 100)), (100, 200, 45, (213, 213)),
        (7, 5, 180, (7, 5)), (1, 1, 30, (2, 2)),
    ):  # fmt: skip
        image = np.full((height, width), 9, np.uint8)
        result = A.Affine(rotate=angle, fit_output=True, p=1)(image=image)["image"]
        assert result.shape == shape
    image = (smooth(40, 60) * 255).astype(np.uint8)
    turned = A.Affine(rotate=90, fit_output=True, translate_px=9, p=1)(image=image)["image"]
    np.testing.assert_array_equal(turned, np.rot90(image))
    pipe = pipeline(A.Affine(rotate=33, scale=1.4, shear=10, fit_output=True, p=1))
    result = pipe(image=image, bboxes=[[0.0, 0, 60, 40]], keypoints=[])
    height, width = result["image"].shape[:2]
    np.testing.assert_allclose(result["bboxes"][0], (0, 0, width, height), atol=0.51)


def test_crop_border_shows_no_border_and_is_the_largest_window():
    for (height, width), angle, shape in (
        ((100, 200), 20, (53, 147)), ((100, 200), 0, (100, 200)), ((100, 200), 90, (100, 100)),
        ((100, 200), 45, (71, 71)), ((100, 200), -130, (77, 65)), ((200, 100), 20, (147, 53)),
    ):  # fmt: skip
        transform = A.Rotate((angle, angle), crop_border=True, p=1)
        image = np.ones((height, width), np.float32)
        result = transform(image=image)["image"]
        assert result.shape == shape
        assert result[1:-1, 1:-1].min() > 0.999
    rng = np.random.default_rng(0)
    for _ in range(50):
        size, angle = Size(*map(int, rng.integers(40, 400, 2))), rng.uniform(-180, 180)
        window = A.Rotate(crop_border=True).output_size(size, limit=angle)
        cos, sin = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
        widths = np.linspace(1, min(size.width / cos, size.height / sin), 2000)
        heights = np.minimum((size.width - widths * cos) / sin, (size.height - widths * sin) / cos)
        best = np.argmax(widths * heights)
        seen = min(widths[best], size.width) * min(heights[best], size.height)
        assert window.width * window.height == pytest.approx(seen, rel=0.08)


def test_crop_border_is_a_window_of_the_rotated_image():
    image = (smooth(100, 150) * 255).astype(np.uint8)
    whole = A.Rotate((25, 25), p=1)(image=image)["image"]
    part = A.Rotate((25, 25), crop_border=True, p=1)(image=image)["image"]
    top, left = (100 - part.shape[0]) // 2, (150 - part.shape[1]) // 2
    window = whole[top : top + part.shape[0], left : left + part.shape[1]]
    assert np.abs(part.astype(int) - window).max() <= (1 if EXACT else 6)


def test_safe_rotate_shows_all_of_the_image_on_the_same_canvas():
    pipe = pipeline(A.SafeRotate((35, 35), p=1))
    for height, width in ((60, 91), (91, 60), (50, 50)):
        image = smooth(height, width)
        result = pipe(image=image, bboxes=[[0.0, 0, width, height]], keypoints=[])
        assert result["image"].shape == image.shape
        np.testing.assert_allclose(result["bboxes"][0], (0, 0, width, height), atol=1e-9)
        corners = [(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)]
        moved = corners @ matrix_of(A.SafeRotate(), Size(height, width), limit=35.0).T
        assert moved[:, :2].min() >= -1e-9
        assert (moved[:, :2].max(0) <= (width + 1e-9, height + 1e-9)).all()


def test_ellipse_boxes_are_those_of_a_sampled_ellipse():
    box = np.array([30.0, 20, 50, 35])
    ellipse = np.linspace(0, 2 * np.pi, 10_000)
    x, y = 40 + 10 * np.cos(ellipse), 27.5 + 7.5 * np.sin(ellipse)
    moved = np.stack([x, y, np.ones_like(x)], -1) @ textbook(rotate=30).T
    pipe = pipeline(A.Rotate((30, 30), rotate_method="ellipse", p=1))
    result = pipe(image=smooth(), bboxes=[box], keypoints=[])["bboxes"][0]
    np.testing.assert_allclose(
        result, np.concatenate([moved.min(0)[:2], moved.max(0)[:2]]), atol=1e-4
    )
    hull = pipeline(A.Rotate((30, 30), p=1))(image=smooth(), bboxes=[box], keypoints=[])
    larger = np.array(hull["bboxes"][0])
    assert (larger[:2] < result[:2]).all()
    assert (larger[2:] > result[2:]).all()


JITTER = [0.1, 0.2, 0.05, 0.1, 0.3, 0.1, 0.0, 0.15]


def test_perspective_takes_the_inner_corners_to_the_frame():
    transform = pytest.importorskip("skimage.transform")
    width, height = SIZE.width, SIZE.height
    inner = np.array([
        (0.1 * width, 0.2 * height), (0.95 * width, 0.1 * height),
        (0.7 * width, 0.9 * height), (0, 0.85 * height),
    ])  # fmt: skip
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    estimate = transform.ProjectiveTransform.from_estimate(inner, frame).params
    matrix = matrix_of(A.Perspective(), jitter=JITTER)
    np.testing.assert_allclose(matrix, estimate / estimate[2, 2], atol=1e-9)
    top, bottom = np.linalg.norm(inner[1] - inner[0]), np.linalg.norm(inner[2] - inner[3])
    left, right = np.linalg.norm(inner[3] - inner[0]), np.linalg.norm(inner[2] - inner[1])
    loose = A.Perspective(keep_size=False)
    size = loose.output_size(SIZE, jitter=JITTER)
    assert size == (round(max(left, right)), round(max(top, bottom)))


def test_perspective_that_fits_shows_all_of_the_image():
    corners = [(0, 0), (91, 0), (91, 60), (0, 60)]
    for jitter in (JITTER, [0.32, 0.32, 0.32, 0.32, 0, 0, 0, 0], [0.0] * 8):
        for keep in (True, False):
            transform = A.Perspective(fit_output=True, keep_size=keep)
            size = transform.output_size(SIZE, jitter=jitter)
            moved = np.array([transform.matrix(SIZE, jitter).at(*corner) for corner in corners])
            np.testing.assert_allclose(moved.min(0), 0, atol=1e-6)
            np.testing.assert_allclose(moved.max(0), (size.width, size.height), atol=1e-6)
            assert not keep or size == SIZE


def test_perspective_never_looks_behind_the_viewer():
    rng = np.random.default_rng(0)
    for _ in range(300):
        jitter = rng.uniform(0, 0.32, 8).tolist()
        matrix = matrix_of(A.Perspective(), jitter=jitter)
        depth = np.array([(0, 0, 1), (91, 0, 1), (91, 60, 1), (0, 60, 1)]) @ matrix[2]
        assert depth.min() > 0.09 * depth.max()


def test_perspective_jitter_is_a_folded_normal():
    drawn = np.array([p["jitter"] for p in applied(A.Perspective((0.1, 0.1), p=1), 500)])
    assert drawn.shape == (500, 8)
    assert drawn.min() >= 0
    assert drawn.max() < 0.32
    assert np.median(drawn) == pytest.approx(0.0674, rel=0.06)  # of |N(0, 0.1)|
    assert abs(np.corrcoef(drawn.T) - np.eye(8)).max() < 0.2
    nothing = A.Perspective(0, p=1)
    image = (smooth() * 255).astype(np.uint8)
    np.testing.assert_array_equal(nothing(image=image)["image"], image)


def test_perspective_turns_and_scales_keypoints_as_short_lines():
    transform, step = A.Perspective(p=1), 1e-4
    matrix = transform.matrix(SIZE, JITTER)
    for x, y, angle in ((20.5, 15.5, 0.3), (70.5, 40.5, 2.0), (45.5, 30.5, -1.0)):
        values = np.array([[x, y, 0, angle, 2.0]])
        moved = move_keypoints(values, matrix)[0]
        ends = [
            matrix.at(x + step * math.cos(a), y - step * math.sin(a))
            for a in np.linspace(0, 2 * np.pi, 361)
        ]
        stretched = np.linalg.norm(np.array(ends) - moved[:2], axis=1) / step
        assert moved[4] == pytest.approx(2 * stretched.max(), rel=1e-3)
        end = matrix.at(x + step * math.cos(angle), y - step * math.sin(angle))
        turned = math.atan2(-(end[1] - moved[1]), end[0] - moved[0])
        assert moved[3] == pytest.approx(turned % (2 * math.pi), abs=1e-3)


@pytest.mark.parametrize(
    "name", ["Affine", "ShiftScaleRotate", "Rotate", "SafeRotate", "Perspective"]
)
def test_borders_and_fills(name):
    more = {"rotate": (10, 50)} if name == "Affine" else {}
    transform = getattr(A, name)(**more, border_mode="constant", fill=(1, 2, 3), fill_mask=7, p=1)
    image, mask = np.full((40, 50, 3), 200, np.uint8), np.zeros((40, 50), np.uint8)
    seen = set()
    for index in range(30):
        result = transform(image=image, mask=mask, key=(0, 0, index))
        seen |= {tuple(v) for v in result["image"].reshape(-1, 3).tolist()}
        assert set(np.unique(result["mask"])) <= {0, 7}
    assert (200, 200, 200) in seen
    assert name == "Perspective" or (1, 2, 3) in seen
    solid = transform.replace(border_mode="reflect")
    assert (solid(image=image, key=(0, 0, 1))["image"] == 200).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (17, 1), (2, 3)])
def test_tiny_images_move(size):
    for transform in (
        A.Affine(rotate=30, fit_output=True, p=1), A.Rotate((37, 37), crop_border=True, p=1),
        A.Perspective((0.2, 0.2), keep_size=False, p=1), A.Perspective(0.2, fit_output=True, p=1),
        A.SafeRotate((30, 30), p=1), A.ShiftScaleRotate(p=1), A.D4(),
    ):  # fmt: skip
        for image in (np.ones(size, np.uint8), np.ones((*size, 5), np.uint16)):
            result = transform(image=image, mask=image)
            assert result["image"].dtype == image.dtype
            assert result["image"].shape == result["mask"].shape
            assert min(result["image"].shape) >= 1
