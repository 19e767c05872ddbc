"""Dropout against NumPy, labels against rasters."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

import probaug as A
from probaug.core.boxes import Boxes
from probaug.core.holes import cover_boxes, cover_points, fill_holes, scaled_holes
from probaug.core.matrix import Size
from probaug.core.params import PLAIN_BOXES, PLAIN_POINTS
from probaug.core.points import Points
from probaug.core.random import noise
from probaug.transforms.dropout import chance_mask

whole_box = st.tuples(
    st.integers(0, 19), st.integers(0, 15), st.integers(1, 12), st.integers(1, 12)
).map(lambda b: (b[0], b[1], min(20, b[0] + b[2]), min(16, b[1] + b[3])))


def run(transform, key=0, boxes=(), points=(), params=None, visible_only=True, **data):
    pipe = A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["which"], **(params or {})),
        keypoint_params=A.KeypointParams("xy", label_fields=["who"], remove_invisible=visible_only),
    )
    return pipe(
        **data,
        bboxes=list(boxes),
        which=list(range(len(boxes))),
        keypoints=list(points),
        who=list(range(len(points))),
        key=(0, 0, key),
    )


class TestFilling:
    holes = ((2, 3, 7, 9), (5, 5, 12, 8), (0, 0, 1, 1))

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64", "float32", "float64"])
    @pytest.mark.parametrize("shape", [(12, 15), (12, 15, 1), (12, 15, 3), (12, 15, 6)])
    def test_colours_against_slices(self, dtype, shape):
        image = np.random.default_rng(0).integers(0, 99, shape).astype(dtype)
        before = image.copy()
        colours = [7] if len(shape) == 2 else [7, tuple(range(shape[2]))]
        for fill in colours:
            wanted = image.copy()
            for left, top, right, bottom in self.holes:
                wanted[top:bottom, left:right] = fill
            result = fill_holes(image, list(self.holes), fill, 0)
            assert (result == wanted).all()
            assert result.dtype == dtype
        assert (image == before).all()

    def test_colours_are_rounded_and_clipped(self):
        image = np.full((4, 4, 3), 9, np.uint8)
        result = fill_holes(image, [(0, 0, 2, 2)], (-5, 127.6, 300), 0)
        assert result[0, 0].tolist() == [0, 128, 255]
        assert result[3, 3].tolist() == [9, 9, 9]

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
    def test_random_colours(self, dtype):
        image = np.zeros((60, 60, 3), dtype)
        white = 1 if dtype == "float32" else np.iinfo(dtype).max
        holes = [(0, 0, 60, 30), (10, 40, 50, 60)]
        pixels = fill_holes(image, holes, "random", 4)
        assert (pixels[30:40] == 0).all()
        assert pixels[:30].mean() / white == pytest.approx(0.5, abs=0.05)
        assert len(np.unique(pixels[:30].reshape(-1, 3), axis=0)) > 1000
        plain = fill_holes(image, holes, "random_uniform", 4)
        assert (plain[:30] == plain[0, 0]).all()
        assert (plain[40:, 10:50] == plain[50, 20]).all()
        assert (plain[0, 0] != plain[50, 20]).any()
        assert (fill_holes(image, holes, "random", 4) == pixels).all()
        assert (fill_holes(image, holes, "random", 5) != pixels).any()

    def test_random_reaches_white_and_black(self):
        values = fill_holes(np.full((200, 200), 9, np.uint8), [(0, 0, 200, 200)], "random", 0)
        assert values.min() == 0
        assert values.max() == 255

    @pytest.mark.parametrize("fill", ["inpaint_telea", "inpaint_ns"])
    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
    @pytest.mark.parametrize("shape", [(40, 50), (40, 50, 1), (40, 50, 3), (40, 50, 4)])
    def test_inpainting_closes_holes_in_a_ramp(self, fill, dtype, shape):
        white = 1 if dtype == "float32" else np.iinfo(dtype).max
        ramp = np.broadcast_to(np.linspace(0.2, 0.8, 50)[:, None], (40, 50, 4)) * white
        image = np.ascontiguousarray(ramp[:, :, : 1 if len(shape) == 2 else shape[2]], dtype)
        image = image.reshape(shape)
        result = fill_holes(image, [(20, 15, 27, 22)], fill, 0)
        assert result.shape == shape
        assert result.dtype == dtype
        difference = np.abs(result.astype(float) - image) / white
        assert difference.max() < 0.12
        assert difference[:10].max() == 0
        assert np.isfinite(result).all()

    def test_inpainting_names_the_dtypes_it_needs(self):
        with pytest.raises(TypeError, match="inpainting needs an image of uint8, uint16, float32"):
            fill_holes(np.zeros((9, 9), np.int32), [(0, 0, 2, 2)], "inpaint_ns", 0)

    def test_nothing_to_inpaint_from(self):
        image = np.full((1, 1, 3), 9, np.uint8)
        assert (fill_holes(image, [(0, 0, 1, 1)], "inpaint_ns", 0) == image).all()

    def test_scaled_holes_never_vanish(self):
        scaled = scaled_holes([(0, 0, 10, 20), (99, 39, 100, 40)], Size(40, 100), Size(20, 10))
        assert scaled == [(0, 0, 1, 10), (9, 19, 10, 20)]


class TestCoveredLabels:
    @settings(max_examples=150, deadline=None)
    @given(st.lists(whole_box, min_size=1, max_size=6), st.lists(whole_box, max_size=7))
    def test_visible_hull_is_that_of_a_raster(self, given_boxes, holes):
        free = np.ones((16, 20), bool)
        for left, top, right, bottom in holes:
            free[top:bottom, left:right] = False
        boxes = Boxes.bare(np.array(given_boxes, float), PLAIN_BOXES)
        cover_boxes(boxes, holes)
        wanted, rows = [], []
        for row, (left, top, right, bottom) in enumerate(given_boxes):
            y, x = np.nonzero(free[top:bottom, left:right])
            if len(x):
                hull = (left + x.min(), top + y.min(), left + x.max() + 1, top + y.max() + 1)
                wanted.append(hull)
                rows.append(row)
        assert boxes.edges.tolist() == [list(map(float, hull)) for hull in wanted]
        assert boxes.rows.tolist() == rows

    @settings(max_examples=60, deadline=None)
    @given(st.lists(whole_box, max_size=7), st.floats(0, 1), st.integers(0, 60))
    def test_area_and_visibility_count_free_pixels(self, holes, min_visibility, min_area):
        params = A.BboxParams("pascal_voc", min_area=min_area, min_visibility=min_visibility)
        boxes = Boxes.bare(np.array([[3.0, 2, 15, 12]]), params)
        free = np.ones((16, 20), bool)
        for left, top, right, bottom in holes:
            free[top:bottom, left:right] = False
        left = free[2:12, 3:15].sum()
        cover_boxes(boxes, holes)
        if left == 120:
            assert len(boxes.edges) == 1  # nobody touched it: later filters decide
        else:
            assert len(boxes.edges) == (
                left > 0 and left >= min_area and left >= min_visibility * 120
            )

    def test_fractions_of_pixels(self):
        boxes = Boxes.bare(np.array([[2.25, 3.5, 9.75, 8.5]]), PLAIN_BOXES)
        cover_boxes(boxes, [(0, 0, 5, 20), (7, 0, 8, 20), (0, 8, 20, 9)])
        assert boxes.edges.tolist() == [[5, 3.5, 9.75, 8]]

    def test_points_in_holes_go_if_asked(self):
        holes = [(4, 4, 8, 8)]
        values = np.zeros((5, 5))
        values[:, :2] = [(4, 4), (7.9, 7.9), (8, 5), (3.9, 5), (5, 5)]
        points = Points.bare(values, PLAIN_POINTS)
        cover_points(points, holes)
        assert points.rows.tolist() == [2, 3]
        points = Points.bare(values, A.KeypointParams("xy", remove_invisible=False))
        cover_points(points, holes)
        assert len(points.rows) == 5


class TestCoarseDropout:
    def holes_of(self, transform, key, size=(40, 60)):
        result = A.ReplayCompose([transform])(image=np.zeros(size, np.uint8), key=(0, 0, key))
        return transform.holes(Size(*size), **result["replay"]["transforms"][0]["params"])

    @pytest.mark.parametrize(
        ("height", "width", "tall", "wide"),
        [
            ((0.25, 0.5), (0.1, 0.1), (10, 20), (6, 6)),
            ((0.5, 1.0), (1.0, 1.0), (20, 40), (60, 60)),
            ((3, 5), (1, 1), (3, 5), (1, 1)),
            ((3.0, 5.0), (0.5, 1.0), (3, 5), (30, 60)),
            ((30, 90), (2, 2), (30, 40), (2, 2)),
        ],
    )
    def test_sizes(self, height, width, tall, wide):
        transform = A.CoarseDropout((2, 4), height, width, p=1)
        counts, heights, widths = set(), set(), set()
        for key in range(60):
            holes = self.holes_of(transform, key)
            counts.add(len(holes))
            for left, top, right, bottom in holes:
                assert 0 <= left < right <= 60
                assert 0 <= top < bottom <= 40
                heights.add(bottom - top)
                widths.add(right - left)
        assert counts == {2, 3, 4}
        assert tall[0] <= min(heights) <= max(heights) <= tall[1]
        assert wide[0] <= min(widths) <= max(widths) <= wide[1]
        if tall == (3, 5):
            assert heights == {3, 4, 5}

    def test_image_mask_and_labels_agree(self):
        image = np.full((50, 70, 3), 9, np.uint8)
        mask = np.full((50, 70), 3, np.uint8)
        boxes = [(5.0, 5.0, 30.0, 30.0), (40.0, 10.0, 45.0, 15.0), (0.0, 0.0, 70.0, 50.0)]
        points = [(10, 10), (30, 30), (60, 40), (20, 20)]
        dropped = 0
        for key in range(20):
            transform = A.CoarseDropout((2, 3), (0.3, 0.6), (0.3, 0.6), 0, 0, p=1)
            result = run(transform, key, boxes, points, image=image, mask=mask)
            free = result["image"][:, :, 0] == 9
            assert ((result["mask"] == 3) == free).all()
            seen = {}
            for which, (left, top, right, bottom) in enumerate(np.array(boxes, int)):
                y, x = np.nonzero(free[top:bottom, left:right])
                if len(x):
                    seen[which] = [
                        left + x.min(),
                        top + y.min(),
                        left + x.max() + 1,
                        top + y.max() + 1,
                    ]
            assert dict(zip(result["which"], map(list, result["bboxes"]), strict=True)) == seen
            assert result["who"] == [who for who, (x, y) in enumerate(points) if free[y, x]]
            dropped += len(boxes) - len(seen)
        assert dropped

    def test_frames_share_holes_and_noise(self):
        images = np.zeros((3, 30, 30, 3), np.uint8)
        result = A.CoarseDropout((3, 3), fill="random", p=1)(images=images)["images"]
        assert result.any()
        assert (result[0] == result[1]).all()
        assert (result[0] == result[2]).all()

    def test_masks_stay_unless_filled(self):
        mask = np.ones((30, 30), np.uint8)
        result = A.CoarseDropout(p=1)(image=mask, mask=mask)
        assert result["mask"] is mask
        assert not result["image"].all()

    def test_a_mask_of_another_size_gets_the_same_holes(self):
        pipe = A.Compose([A.CoarseDropout((4, 4), fill_mask=0, p=1)], is_check_shapes=False)
        image, mask = np.ones((80, 100), np.uint8), np.ones((40, 50), np.uint8)
        result = pipe(image=image, mask=mask, key=(0, 0, 5))
        near = cv2.resize(result["image"], (50, 40), interpolation=cv2.INTER_AREA)
        assert (near == result["mask"]).mean() > 0.9

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"hole_height_range": (0.5, 8)}, "hole_height_range must be .*two fractions"),
            ({"hole_width_range": (2.5, 3)}, "hole_width_range must be .*two whole pixel counts"),
            ({"hole_width_range": (0.5, 0.2)}, "hole_width_range must be .*low <= high"),
            ({"num_holes_range": (0, 2)}, "num_holes_range must be .*>= 1"),
            ({"num_holes_range": (3, 2)}, "num_holes_range must be .*low <= high"),
            ({"fill": "grey"}, "fill must be .*'random_uniform'"),
        ],
    )
    def test_wrong_values_say_so(self, arguments, words):
        with pytest.raises(ValueError, match=f"CoarseDropout.{words}"):
            A.CoarseDropout(**arguments)

    def test_a_colour_of_the_wrong_length_says_so(self):
        with pytest.raises(ValueError, match="one value per channel"):
            A.CoarseDropout(fill=(1, 2), p=1)(image=np.zeros((30, 30, 3), np.uint8))


class TestGridDropout:
    def dark(self, size=(60, 90), key=0, **arguments):
        image = np.ones(size, np.uint8)
        return A.GridDropout(**arguments, p=1)(image=image, key=(0, 0, key))["image"] == 0

    def test_holes_number_is_x_then_y(self):
        dark = self.dark(holes_number_xy=(6, 2), random_offset=False)
        assert label(dark)[1] == 12
        assert label(dark.any(axis=0))[1] == 6
        assert label(dark.any(axis=1))[1] == 2
        wanted = np.zeros((60, 90), bool)
        for top in (0, 30):
            for left in range(0, 90, 15):
                wanted[top : top + 15, left : left + 7] = True
        assert (dark == wanted).all()

    @pytest.mark.parametrize("ratio", [0.01, 0.3, 0.5, 0.99, 1.0])
    def test_ratio_is_that_of_the_sides(self, ratio):
        dark = self.dark((100, 100), ratio=ratio, unit_size_range=(20, 20), random_offset=False)
        side = min(max(1, int(20 * ratio)), 19)
        assert dark.sum() == 25 * side**2

    def test_units_are_drawn_with_both_ends(self):
        columns = {
            label(self.dark((60, 60), key, unit_size_range=(10, 12), random_offset=False).any(0))[1]
            for key in range(40)
        }
        assert columns == {6, 5}
        assert self.dark((60, 60), unit_size_range=(10, 10)).any()

    def test_offsets(self):
        starts = {int(self.dark((60, 60), key).any(axis=0).argmax()) for key in range(60)}
        assert starts == {0, 1, 2, 3}
        dark = self.dark((60, 60), random_offset=False, shift_xy=(2, 50))
        assert dark.any(axis=0).argmax() == 2
        assert dark.any(axis=1).argmax() == 3

    @pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2)])
    def test_tiny_images(self, size):
        assert self.dark(size, random_offset=False)[0, 0]

    def test_a_cell_larger_than_the_image_says_so(self):
        with pytest.raises(ValueError, match=r"unit_size_range must be at most .* got \(70, 80\)"):
            self.dark(unit_size_range=(70, 80))


class TestPixelDropout:
    @pytest.mark.parametrize("chance", [0.003, 0.05, 0.1, 0.5, 0.97])
    def test_frequency_and_independence(self, chance):
        hits = np.stack([chance_mask(noise(seed), 20_000, chance) for seed in range(50)])
        count = hits.size
        spread = 5 * (count * chance * (1 - chance)) ** 0.5
        assert abs(int(hits.sum()) - count * chance) < spread
        pairs = int((hits[:, 1:] & hits[:, :-1]).sum())
        assert abs(pairs - count * chance**2) < 8 * (count * chance**2) ** 0.5 + 5
        assert abs(int(hits[:, -100:].sum()) - 5000 * chance) < 5 * (5000 * chance) ** 0.5 + 2

    def test_extremes(self):
        assert chance_mask(noise(1), 99, 1.0).all()
        assert not chance_mask(noise(1), 99, 0.0).any()
        assert chance_mask(noise(1), 99, 1 - 1e-12).all()

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "int64"])
    @pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1), (30, 40, 3), (30, 40, 5)])
    @pytest.mark.parametrize("per_channel", [False, True])
    def test_only_dropped_pixels_change(self, dtype, shape, per_channel):
        image = np.full(shape, 9, dtype)
        transform = A.PixelDropout(0.3, per_channel, drop_value=2, mask_drop_value=5, p=1)
        mask = np.full((30, 40), 7, np.int32)
        result = transform(image=image, mask=mask, key=(0, 0, 1))
        gone = result["image"] == 2
        assert (image == 9).all()
        assert ((result["image"] == 9) | gone).all()
        assert 0.2 < gone.mean() < 0.4
        pixels = gone.reshape(30, 40, -1)
        assert ((result["mask"] == 5) == pixels.any(axis=2)).all()
        if not per_channel:
            assert (pixels.any(axis=2) == pixels.all(axis=2)).all()

    def test_a_random_colour_is_one_colour(self):
        image = np.full((50, 50, 3), 255, np.uint8)
        colours = set()
        for key in range(300):
            result = A.PixelDropout(1.0, drop_value=None, p=1)(image=image, key=(0, 0, key))[
                "image"
            ]
            assert len(np.unique(result.reshape(-1, 3), axis=0)) == 1
            colours |= set(result[0, 0].tolist())
        assert min(colours) == 0
        assert max(colours) == 255

    def test_colours_per_channel_and_labels(self):
        image = np.full((50, 50, 3), 255, np.uint8)
        transform = A.PixelDropout(0.5, drop_value=(1, 2, 3), p=1)
        result = run(transform, 0, [(1.0, 2.0, 30.0, 40.0)], [(3.0, 4.0)], image=image)
        found = np.unique(result["image"].reshape(-1, 3), axis=0)
        assert found.tolist() == [[1, 2, 3], [255, 255, 255]]
        assert result["bboxes"] == [(1.0, 2.0, 30.0, 40.0)]
        assert len(result["keypoints"]) == 1

    def test_masks_stay_unless_asked(self):
        mask = np.ones((9, 9), np.uint8)
        assert A.PixelDropout(0.5, p=1)(image=mask, mask=mask)["mask"] is mask
