"""Grid shuffles: tiles against NumPy, boxes against connected components."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import find_objects, label
from test_dropout import run, whole_box

import probaug as A
from probaug.transforms.shuffle import cuts


class TestRandomGridShuffle:
    @pytest.mark.parametrize("grid", [(1, 1), (2, 2), (3, 3), (2, 5), (40, 3), (99, 99)])
    @pytest.mark.parametrize("shape", [(40, 61), (40, 61, 1), (40, 61, 7)])
    def test_tiles_are_permuted_whole(self, grid, shape):
        numbers = np.arange(40 * 61).reshape(40, 61)
        image = np.repeat(numbers[:, :, None], shape[2], 2) if len(shape) == 3 else numbers
        result = A.RandomGridShuffle(grid, p=1)(image=image, mask=numbers)
        found = result["mask"]
        assert (np.sort(found.ravel()) == numbers.ravel()).all()
        assert (result["image"].reshape(40, 61, -1) == found[:, :, None]).all()
        rows, columns = cuts(40, grid[0]), cuts(61, grid[1])
        assert len(rows) == min(grid[0], 40) + 1
        assert set(np.diff(rows)) <= {
            40 // grid[0],
            40 // grid[0] + 1,
            1,
        }
        for top, bottom in pairwise(rows):
            for left, right in pairwise(columns):
                tile = found[top:bottom, left:right]
                own = tile[0, 0] + np.arange(bottom - top)[:, None] * 61 + np.arange(right - left)
                assert (tile == own).all()
                assert tile[0, 0] // 61 in rows
                assert tile[0, 0] % 61 in columns

    def test_every_order_comes(self):
        image = np.arange(4).reshape(2, 2).astype(np.uint8)
        orders = [
            tuple(A.RandomGridShuffle((2, 2), p=1)(image=image, key=(0, 0, key))["image"].ravel())
            for key in range(600)
        ]
        counts = {order: orders.count(order) for order in set(orders)}
        assert len(counts) == 24
        assert min(counts.values()) > 8

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 4), st.integers(1, 4), whole_box, st.integers(0, 99))
    def test_boxes_are_those_of_connected_pieces(self, rows, columns, box, key):
        left, top, right, bottom = box
        mask = np.zeros((16, 20), np.uint8)
        mask[top:bottom, left:right] = 1
        result = run(
            A.RandomGridShuffle((rows, columns), p=1), key, [tuple(map(float, box))],
            image=mask, mask=mask,
        )  # fmt: skip
        pieces, _ = label(result["mask"], np.ones((3, 3)))  # corners touch, as in 2.0.8
        wanted = sorted([x.start, y.start, x.stop, y.stop] for y, x in find_objects(pieces))
        assert sorted(map(list, result["bboxes"])) == wanted
        assert result["which"] == [0] * len(wanted)

    def test_points_stay_on_their_tiles(self):
        rng = np.random.default_rng(0)
        for key in range(10):
            mask = np.zeros((40, 61), np.uint8)
            places = rng.permutation(40 * 61)[:30]
            points = [(int(p % 61), int(p // 61)) for p in places]
            for number, (x, y) in enumerate(points):
                mask[y, x] = number + 1
            result = run(A.RandomGridShuffle((3, 4), p=1), key, (), points, image=mask, mask=mask)
            assert result["who"] == list(range(30))
            for number, (x, y) in enumerate(result["keypoints"]):
                assert result["mask"][int(y), int(x)] == number + 1

    def test_small_pieces_are_dropped_if_asked(self):
        image = np.zeros((40, 40), np.uint8)
        counts = set()
        for key in range(20):
            transform = A.RandomGridShuffle((2, 2), p=1)
            every = run(transform, key, [(15.0, 15, 40, 40)], image=image)
            large = run(
                transform, key, [(15.0, 15, 40, 40)], (), {"min_visibility": 0.5}, image=image
            )
            assert len(large["bboxes"]) <= 1
            counts.add(len(every["bboxes"]))
        assert max(counts) >= 3

    def test_a_mask_of_another_size_is_shuffled_alike(self):
        image = np.repeat(np.repeat(np.arange(12).reshape(3, 4), 20, 0), 20, 1).astype(np.uint8)
        pipe = A.Compose([A.RandomGridShuffle((3, 4), p=1)], is_check_shapes=False)
        result = pipe(image=image, mask=image[::2, ::2], key=(0, 0, 3))
        assert (result["image"][::2, ::2] == result["mask"]).all()
        assert (result["image"] != image).any()
