"""Stripes, grid lines, objects, rectangles and channels that are dropped."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

import probaug as A
from probaug.core.boxes import Boxes
from probaug.core.holes import cover_boxes, cover_points, raster
from probaug.core.params import PLAIN_BOXES, PLAIN_POINTS
from probaug.core.points import Points

IMAGE = np.full((100, 200, 3), 255, np.uint8)


def black(transform, key=0, **data):
    """Where a transform made an all-white image black."""
    result = transform(image=IMAGE, key=(0, 0, key), **data)["image"]
    assert set(np.unique(result)) <= {0, 255}
    return (result == 0).all(axis=2)


def rectangle(where):
    """Left, top, right, bottom of a rectangle that is drawn in an array; None if there is none."""
    y, x = np.nonzero(where)
    if not len(x):
        return None
    box = x.min(), y.min(), x.max() + 1, y.max() + 1
    assert where.sum() == (box[2] - box[0]) * (box[3] - box[1])
    return tuple(map(int, box))


def labelled(transform, key=0, image=IMAGE, boxes=(), points=(), labels=None, **data):
    pipe = A.Compose(
        [transform],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["which"], min_visibility=0.1),
        keypoint_params=A.KeypointParams("xy", label_fields=["who"]),
    )
    which = list(range(len(boxes))) if labels is None else labels
    who = list(range(len(points)))
    return pipe(
        image=image, bboxes=list(boxes), which=which, keypoints=list(points), who=who,
        key=(0, 0, key), **data,
    )  # fmt: skip


class TestHolesOfAnyShape:
    whole_box = st.tuples(
        st.integers(0, 19), st.integers(0, 15), st.integers(1, 12), st.integers(1, 12)
    ).map(lambda b: (b[0], b[1], min(20, b[0] + b[2]), min(16, b[1] + b[3])))
    any_box = st.tuples(
        st.floats(0, 18), st.floats(0, 14), st.floats(0.5, 12), st.floats(0.5, 12)
    ).map(lambda b: (b[0], b[1], min(20, b[0] + b[2]), min(16, b[1] + b[3])))

    @settings(max_examples=150, deadline=None)
    @given(st.lists(any_box, min_size=1, max_size=5), st.lists(whole_box, max_size=6))
    def test_rectangles_drawn_into_an_array_leave_what_rectangles_leave(self, given_boxes, holes):
        one, other = (Boxes.bare(np.array(given_boxes), PLAIN_BOXES) for _ in range(2))
        cover_boxes(one, holes)
        cover_boxes(other, raster(holes, (16, 20)))
        assert one.rows.tolist() == other.rows.tolist()
        np.testing.assert_allclose(one.edges, other.edges, atol=1e-9)

    def test_points_in_an_array_are_dropped(self):
        where = np.zeros((16, 20), bool)
        where[3:7, 5:9] = True
        values = np.zeros((400, 5))
        values[:, :2] = np.random.default_rng(0).uniform(-2, 22, (400, 2))
        one, other = (Points.bare(values, PLAIN_POINTS) for _ in range(2))
        cover_points(one, [(5, 3, 9, 7)])
        cover_points(other, where)
        assert one.rows.tolist() == other.rows.tolist()
        assert 0 < len(one.rows) < 400


class TestChannelDropout:
    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32"])
    @pytest.mark.parametrize("channels", [2, 3, 6])
    def test_so_many_channels_are_filled(self, channels, dtype):
        image = np.random.default_rng(0).integers(10, 99, (9, 8, channels)).astype(dtype)
        seen = set()
        for key in range(60):
            t = A.ChannelDropout((1, channels - 1), fill=7, p=1)
            result = t(image=image, key=(0, 0, key))["image"]
            dropped = (result == 7).all(axis=(0, 1))
            assert (result[..., ~dropped] == image[..., ~dropped]).all()
            assert result.dtype == dtype
            seen |= {(int(dropped.sum()), int(index)) for index in np.flatnonzero(dropped)}
        assert {count for count, _ in seen} == set(range(1, channels))
        assert {index for _, index in seen} == set(range(channels))

    def test_one_channel_must_be_left(self):
        for image, highest in ((IMAGE, 3), (IMAGE[..., 0], 1), (IMAGE[..., :1], 1)):
            with pytest.raises(ValueError, match=r"channel_drop_range is .* at least must be left"):
                A.ChannelDropout((1, highest), p=1)(image=image)


class TestErasing:
    def test_area_and_ratio(self):
        t = A.Erasing((0.05, 0.2), (0.5, 2.0), p=1)
        boxes = np.array([rectangle(black(t, key)) for key in range(400)])
        wide, tall = (boxes[:, 2:] - boxes[:, :2]).T
        area = wide * tall / 20000
        assert stats.kstest(area, stats.uniform(0.05, 0.15).cdf).statistic < 0.09
        assert stats.kstest(wide / tall, stats.uniform(0.5, 1.5).cdf).statistic < 0.09
        assert boxes[:, 0].min() < 10
        assert boxes[:, 2].max() > 190

    @pytest.mark.parametrize("size", [(100, 200), (200, 50), (1, 30)])
    @pytest.mark.parametrize("scale", [0.5, 0.9, 1.0])
    def test_impossible_area_draws_what_fits_instead_of_crashing(self, scale, size):
        image = np.full(size, 255, np.uint8)
        for ratio in ((3.0, 3.3), (0.0, 0.1), (1, 1)):
            result = A.Erasing((scale, scale), ratio, p=1)(image=image, key=(0, 0, 0))["image"]
            box = rectangle(result == 0)
            assert (result == 0).mean() == pytest.approx(scale, abs=0.02)
            assert box is not None

    def test_no_area_is_the_identity_not_a_crash(self):
        assert not black(A.Erasing((0, 0), p=1)).any()

    def test_boxes_shrink_and_points_go(self):
        boxes, points = [(0, 0, 200, 100), (95, 45, 105, 55)], [(100, 50), (0, 0)]
        for key in range(20):
            t = A.Erasing((0.5, 0.5), (1, 1), p=1)  # 100 x 100: of all rows the same columns
            result = labelled(t, key, boxes=boxes, points=points)
            hidden = (result["image"] == 0).all(axis=(0, 2))
            assert hidden.sum() == 100
            left = dict(zip(result["which"], result["bboxes"], strict=True))
            for which, (x1, y1, x2, y2) in enumerate(boxes):
                seen = x1 + np.flatnonzero(~hidden[x1:x2])
                if len(seen) >= 0.1 * (x2 - x1):
                    assert tuple(left.pop(which)) == (seen[0], y1, seen[-1] + 1, y2)
            assert not left
            assert result["who"] == [who for who, (x, _) in enumerate(points) if not hidden[x]]


class TestStripes:
    def test_counts_lengths_and_places(self):
        t = A.XYMasking(num_masks_x=(2, 2), mask_x_length=(5, 9), p=1)
        lengths, starts = [], []
        for key in range(300):
            where = black(t, key)
            assert (where == where[0]).all()  # stripes span the height
            parts, count = ndimage.label(where[0])
            assert 1 <= count <= 2
            if count == 2:
                for part in ndimage.find_objects(parts):
                    lengths.append(part[0].stop - part[0].start)
                    starts.append(part[0].start / (200 - lengths[-1]))
        assert set(lengths) == {5, 6, 7, 8, 9}
        assert stats.chisquare(np.bincount(lengths)[5:]).pvalue > 1e-3
        assert stats.kstest(starts, "uniform").statistic < 0.07

    def test_numbers_stand_for_up_to_them(self):
        t = A.XYMasking(num_masks_y=2, mask_y_length=3, p=1)
        assert t.num_masks_y == (0, 2)
        assert t.mask_y_length == (0, 3)
        heights = [int(black(t, key).all(axis=1).sum()) for key in range(200)]
        assert set(heights) >= {0, 1, 2, 3, 4, 5, 6}

    def test_a_stripe_longer_than_the_image_covers_it(self):
        """In 2.0.8 it is an error."""
        assert black(A.XYMasking(num_masks_y=(1, 1), mask_y_length=(500, 500), p=1)).all()

    @pytest.mark.parametrize("wrong", [(3, 1), -1, (-1, 2), 2.5])
    def test_wrong_numbers_are_named(self, wrong):
        with pytest.raises(ValueError, match=r"XYMasking\.num_masks_x must be .* >= 0"):
            A.XYMasking(num_masks_x=wrong)

    @pytest.mark.parametrize(
        ("cls", "axis"), [(A.TimeMasking, 0), (A.FrequencyMasking, 1)], ids=lambda v: str(v)
    )
    def test_spectrograms_lose_one_stripe_of_any_length(self, cls, axis):
        """In 2.0.8 half of all calls do nothing."""
        mask, lengths = np.full((100, 200), 3, np.uint8), []
        for key in range(400):
            result = cls(9, p=1)(image=IMAGE, mask=mask, key=(0, 0, key))
            where = (result["image"] == 0).all(axis=2)
            assert (where == where.all(axis=axis, keepdims=True)).all()
            assert (where == (result["mask"] == 0)).all()
            lengths.append(int(where.all(axis=axis).sum()))
        assert stats.chisquare(np.bincount(lengths, minlength=10)).pvalue > 1e-3
        small = cls(40, p=1)(image=np.ones((7, 5), np.float32))["image"]
        assert small.shape == (7, 5)

    def test_reversed_time_is_a_flip(self):
        data = {"image": np.random.default_rng(0).random((9, 12, 1), np.float32)}
        labels = {"boxes": [(1, 2, 5, 6)], "points": [(3, 4)]}
        one = labelled(A.TimeReverse(p=1), **data, **labels)
        other = labelled(A.HorizontalFlip(p=1), **data, **labels)
        assert np.array_equal(one["image"], other["image"])
        assert np.array_equal(one["bboxes"], other["bboxes"])
        assert one["keypoints"] == other["keypoints"] == [(8.0, 4.0)]


class TestGridMask:
    def test_lines_have_the_period_and_width_that_is_said(self):
        where = black(A.GridMask((4, 4), (0.2, 0.2), p=1))
        columns, rows = where.all(axis=0), where.all(axis=1)
        assert (where == (columns | rows[:, None])).all()
        for line in (columns, rows):
            assert (line[25:] == line[:-25]).all()  # 100 / 4
            assert line[:25].sum() == 5

    @pytest.mark.parametrize("angle", [0, 17, 45, -60, 90])
    def test_lines_turn_counter_clockwise_and_cover_the_same(self, angle):
        where = black(A.GridMask((6, 6), (0.3, 0.3), (angle, angle), p=1), key=5)
        assert where.mean() == pytest.approx(1 - 0.7**2, abs=0.05)
        level = black(A.GridMask((6, 6), (0.3, 0.3), (0, 0), p=1), key=5).astype(np.uint8)
        turn = cv2.getRotationMatrix2D((99.5, 49.5), angle, 1)  # positive is counter-clockwise
        wanted = cv2.warpAffine(level, turn, (200, 100), flags=cv2.INTER_NEAREST)
        inside = cv2.warpAffine(np.ones_like(level), turn, (200, 100), flags=cv2.INTER_NEAREST) > 0
        assert (where[inside] == wanted[inside]).mean() > 0.95

    def test_it_moves_at_random(self):
        masks = {black(A.GridMask((4, 4), (0.2, 0.2), p=1), key).tobytes() for key in range(20)}
        assert len(masks) > 15

    def test_no_width_is_the_identity_and_full_width_covers_all(self):
        assert not black(A.GridMask(line_width_range=(0, 0), p=1)).any()
        assert black(A.GridMask(line_width_range=(1, 1), p=1)).all()

    def test_labels_follow_what_is_seen(self):
        boxes = [(x, y, x + 14.5, y + 9.5) for x in range(0, 180, 20) for y in range(0, 90, 15)]
        points = [(x, y) for x in range(0, 200, 9) for y in range(0, 100, 9)]
        t = A.GridMask((5, 5), (0.4, 0.4), (30, 30), fill_mask=9, p=1)
        mask = np.zeros((100, 200), np.uint8)
        result = labelled(t, boxes=boxes, points=points, mask=mask)
        hidden = (result["image"] == 0).all(axis=2)
        assert (hidden == (result["mask"] == 9)).all()
        assert result["who"] == [i for i, (x, y) in enumerate(points) if not hidden[y, x]]
        assert 0 < len(result["which"]) <= len(boxes)
        for box, which in zip(result["bboxes"], result["which"], strict=True):
            x1, y1, x2, y2 = boxes[which]
            y, x = np.nonzero(~hidden[y1 : int(y2 + 1), x1 : int(x2 + 1)])
            seen = x1 + x.min(), y1 + y.min(), min(x2, x1 + x.max() + 1), min(y2, y1 + y.max() + 1)
            np.testing.assert_allclose(box, seen)


def objects():
    mask = np.zeros((100, 200), np.uint8)
    mask[10:30, 10:30] = 1
    mask[50:80, 50:90] = 1
    mask[50:80, 120:150] = 2
    mask[50:60, 150:160] = 3  # touches the one before
    return mask


AREAS = {400, 1200, 900, 100}


class TestMaskDropout:
    @pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint16", "float32"])
    def test_objects_are_connected_parts_of_one_value(self, dtype):
        mask, areas = objects().astype(dtype), []
        for key in range(200):
            t = A.MaskDropout(p=1)
            result = t(image=IMAGE, mask=mask, key=(0, 0, key))
            where = (result["image"] == 0).all(axis=2)
            assert (result["mask"] == np.where(where, 0, mask)).all()
            assert result["mask"].dtype == dtype
            areas.append(int(where.sum()))
        assert set(areas) == AREAS
        assert stats.chisquare([areas.count(area) for area in AREAS]).pvalue > 1e-3

    def test_how_many(self):
        assert A.MaskDropout(3).max_objects == (1, 3)
        counts = set()
        for key in range(60):
            where = black(A.MaskDropout(3, p=1), key, mask=objects())
            counts.add(len({v for v in AREAS if where[objects() > 0].sum() >= v}))
        assert len(counts) > 1
        assert black(A.MaskDropout((9, 9), p=1), mask=objects()).sum() == sum(AREAS)
        assert not black(A.MaskDropout(p=1), mask=np.zeros((100, 200), np.uint8)).any()

    @pytest.mark.parametrize("fill", ["inpaint_telea", "inpaint_ns"])
    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
    def test_inpainting_does_not_crash_and_closes_the_place(self, fill, dtype):
        white = 1 if dtype == "float32" else np.iinfo(dtype).max
        ramp = np.broadcast_to(np.linspace(0.2, 0.8, 200)[:, None], (100, 200, 3)) * white
        image = np.ascontiguousarray(ramp, dtype)
        image[objects() > 0] = white
        result = A.MaskDropout((9, 9), fill, p=1)(image=image, mask=objects())["image"]
        assert np.abs(result - ramp).max() < 0.12 * white

    def test_labels_of_what_is_gone(self):
        result = labelled(
            A.MaskDropout((9, 9), p=1), mask=objects(), points=[(15, 15), (5, 5), (60, 60)],
            boxes=[(10, 10, 30, 30), (0, 0, 60, 99), (45, 50, 90, 80), (160, 0, 190, 50)],
        )  # fmt: skip
        assert result["which"] == [1, 2, 3]
        assert result["who"] == [1]
        assert np.array_equal(result["bboxes"][1], (45, 50, 50, 80))
        assert np.array_equal(result["bboxes"][0], (0, 0, 60, 99))

    def test_several_masks_channels_and_fills(self):
        masks = [objects() == 1, objects() == 2]
        result = A.MaskDropout((9, 9), 300, 7, p=1)(image=IMAGE // 2, masks=masks)
        gone = np.isin(objects(), (1, 2))
        assert (result["image"][gone] == 255).all()
        assert (result["image"][~gone] == 127).all()
        stacked = np.stack(masks, axis=2).astype(np.uint8)
        t = A.MaskDropout((9, 9), fill=0, fill_mask=None, p=1)
        result = t(image=IMAGE, mask=stacked)
        assert ((result["image"] == 0).all(axis=2) == gone).all()
        assert np.array_equal(result["mask"], stacked)

    def test_without_a_mask_it_says_what_it_needs(self):
        with pytest.raises(ValueError, match="MaskDropout needs a mask or masks in its call"):
            A.MaskDropout(p=1)(image=IMAGE)


class TestConstrainedCoarseDropout:
    def test_holes_are_centred_on_chosen_objects(self):
        t = A.ConstrainedCoarseDropout((1, 1), (0.2, 0.2), (0.4, 0.4), mask_indices=[1], p=1)
        mask = objects()
        for key in range(50):
            parts, count = ndimage.label(black(t, key, mask=mask))
            assert count == 2  # one on each part of value 1
            for part, side, around in zip(
                ndimage.find_objects(parts), (20, 1200**0.5), ((10, 10, 30, 30), (50, 50, 90, 80))
            ):
                y, x = part
                assert y.stop - y.start == round(0.2 * side)
                assert x.stop - x.start == round(0.4 * side)
                assert around[0] - 1 <= (x.start + x.stop) / 2 <= around[2] + 1
                assert around[1] - 1 <= (y.start + y.stop) / 2 <= around[3] + 1

    @pytest.mark.parametrize("labels", [["a", "b", "a"], [1, 2, 1], [1.5, 2.5, 1.5]])
    def test_holes_lie_in_boxes_that_bear_the_label(self, labels):
        boxes = [(10, 10, 50, 60), (100, 20, 180, 80), (60, 5, 90, 95)]
        t = A.ConstrainedCoarseDropout((1, 2), (0.3, 0.5), (0.2, 0.4), bbox_labels=[labels[0]], p=1)
        for key in range(40):
            result = labelled(t, key, boxes=boxes, labels=labels)
            where = (result["image"] == 0).all(axis=2)
            inside = np.zeros_like(where)
            for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
                if label == labels[0]:
                    inside[y1:y2, x1:x2] = True
                    assert where[y1:y2, x1:x2].any()
            assert not where[~inside].any()

    def test_labels_behind_the_coordinates(self):
        t = A.ConstrainedCoarseDropout((1, 1), (1, 1), (1, 1), bbox_labels=[2], p=1)
        pipe = A.Compose([t], bbox_params=A.BboxParams("coco"))
        result = pipe(image=IMAGE, bboxes=[(10, 10, 20, 30, 1), (60, 20, 50, 40, 2)])
        assert rectangle((result["image"] == 0).all(axis=2)) == (60, 20, 110, 60)
        assert [box[4] for box in result["bboxes"]] == [1]

    def test_masks_come_first_and_boxes_serve_where_there_is_none(self):
        t = A.ConstrainedCoarseDropout(
            (1, 1), (0.5, 0.5), (0.5, 0.5), mask_indices=[2], bbox_labels=["a"], p=1
        )
        boxes = {"boxes": [(10, 10, 30, 30)], "labels": ["a"]}
        masked = labelled(t, **boxes, mask=objects())["image"]
        assert (masked[:, :90] == 255).all()
        assert (masked[:, 100:] == 0).any()
        alone = labelled(t, **boxes)["image"]
        assert (alone[10:30, 10:30] == 0).any()
        assert (alone[:, 100:] == 255).all()

    def test_nothing_to_drop_and_nothing_chosen(self):
        t = A.ConstrainedCoarseDropout((1, 3), (0.5, 0.5), (0.5, 0.5), mask_indices=[7], p=1)
        assert not black(t, mask=objects()).any()
        none = t.replace(mask_indices=[1], hole_height_range=(0, 0))
        assert not black(none, mask=objects()).any()
        with pytest.raises(ValueError, match=r"mask_indices must be given, or else bbox_labels"):
            A.ConstrainedCoarseDropout()
