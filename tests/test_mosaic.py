"""Mosaic: where pictures, masks and labels of several samples go."""

import json

import cv2
import numpy as np
import pytest
from cases import photo

import probaug as A


def plain(value, height=80, width=60, **more):
    image = np.full((height, width, 3), value, np.uint8)
    return {"image": image, "mask": np.full((height, width), value, np.uint8), **more}


ITEMS = [plain(value) for value in (100, 150, 200)]
SMALL = {"target_size": (100, 100), "cell_shape": (100, 100), "p": 1}


def mosaic(**settings):
    return A.Mosaic(**{**SMALL, **settings})


def boxed(**settings):
    return A.Compose(
        [mosaic(**settings)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        keypoint_params=A.KeypointParams("xy", label_fields=["names"]),
    )


def test_four_cells_meet_at_the_centre():
    result = mosaic(center_range=(0.3, 0.3))(**plain(50), mosaic_metadata=ITEMS, key=(0, 0, 0))
    for name in ("image", "mask"):
        picture = result[name][..., 0] if name == "image" else result[name]
        assert (picture[:70, :70] == 50).all()  # most is seen of the first cell
        others = [picture[:70, 70:], picture[70:, :70], picture[70:, 70:]]
        assert sorted(int(other[0, 0]) for other in others) == [100, 150, 200]
        assert all((other == other[0, 0]).all() for other in others)


@pytest.mark.parametrize(("center", "corner"), [(0.1, (0, 0)), (0.9, (1, 1))])
def test_the_sample_has_the_cell_of_which_most_is_seen(center, corner):
    result = mosaic(center_range=(center, center))(
        **plain(50), mosaic_metadata=ITEMS, key=(0, 0, 0)
    )
    assert result["image"][corner[0] * 99, corner[1] * 99, 0] == 50
    assert (result["image"] == 50).all(axis=2).mean() == pytest.approx(0.81)


def test_missing_samples_are_copies_of_the_first():
    for count in range(3):
        image = mosaic(center_range=(0.5, 0.5))(
            image=plain(50)["image"], mosaic_metadata=ITEMS[:count], key=(0, 0, 0)
        )["image"]
        assert (image == 50).all(axis=2).mean() == (4 - count) / 4
    assert (mosaic()(image=plain(50)["image"], mosaic_metadata=[])["image"] == 50).all()


def test_cover_is_a_centred_crop_resized_by_opencv():
    image = photo(90, 160)
    result = mosaic(grid_yx=(1, 1))(image=image, mosaic_metadata=[])["image"]
    np.testing.assert_array_equal(result, cv2.resize(image[:, 35:125], (100, 100)))


def test_contain_is_centred_and_filled():
    image = photo(50, 100)
    data = {"image": image, "mask": np.ones((50, 100), np.uint8), "mosaic_metadata": []}
    result = mosaic(grid_yx=(1, 1), fit_mode="contain", fill=(1, 2, 3), fill_mask=9)(**data)
    np.testing.assert_array_equal(result["image"][25:75], image)
    assert (result["image"][:25] == (1, 2, 3)).all()
    assert (result["mask"][75:] == 9).all()
    assert (result["mask"][25:75] == 1).all()


def test_a_window_on_one_cell_shows_its_middle():
    image = photo(100, 100)
    one = mosaic(grid_yx=(1, 1), target_size=(60, 40), center_range=(0.5, 0.5))
    np.testing.assert_array_equal(
        one(image=image, mosaic_metadata=[])["image"], image[20:80, 30:70]
    )


def test_labels_of_all_samples_follow_their_pixels():
    """Boxes and dots of every sample lie where its pixels are, under their own labels."""
    rng = np.random.default_rng(0)

    def sample(name, height, width):
        objects = np.zeros((height, width), np.uint8)
        x, y = rng.integers(5, width - 40), rng.integers(5, height - 40)
        box = (int(x), int(y), int(x) + 30, int(y) + 25)
        objects[box[1] : box[3], box[0] : box[2]] = name
        image = np.stack([objects] * 3, axis=-1)
        point = (x + 10.0, y + 10.0)
        return {
            "image": image, "mask": objects, "bboxes": [box], "labels": [name],
            "keypoints": [point], "names": [name],
        }  # fmt: skip

    compared = 0
    for index in range(40):
        sizes = rng.integers(60, 160, (5, 2)).tolist()
        first, *others = [sample(50 * n, *size) for n, size in enumerate(sizes, 1)]
        pipe = boxed(
            fit_mode=("cover", "contain")[index % 2], grid_yx=(2, 2 + index % 3),
            target_size=(160, 180), interpolation=0,
        )  # fmt: skip
        result = pipe(**first, mosaic_metadata=others, key=(0, 0, index))
        assert result["image"].shape == (160, 180, 3)
        np.testing.assert_array_equal(result["image"][..., 0], result["mask"])
        for box, label in zip(result["bboxes"], result["labels"], strict=True):
            x1, y1, x2, y2 = np.round(box).astype(int)
            if x2 - x1 > 4 and y2 - y1 > 4:
                inside = result["mask"][y1 + 1 : y2 - 1, x1 + 1 : x2 - 1]
                assert (inside == label).all()
                compared += 1
        for (x, y), name in zip(result["keypoints"], result["names"], strict=True):
            assert result["mask"][min(round(y), 159), min(round(x), 179)] == name
    assert compared > 80


def test_containers_and_dtypes_are_the_callers():
    other = plain(9, bboxes=[(5, 5, 50, 60)], labels=["elephant"], keypoints=[], names=[])
    result = boxed(center_range=(0.5, 0.5))(
        **plain(50, 100, 100), bboxes=np.array([[60, 60, 99, 99]], np.float32),
        labels=np.array(["cat"]), keypoints=((70, 70),), names=(1,), mosaic_metadata=other,
        key=(0, 0, 0),
    )  # fmt: skip
    assert result["bboxes"].dtype == np.float32
    assert sorted(set(result["labels"].tolist())) == ["cat", "elephant"], "words must not be cut"
    assert isinstance(result["keypoints"], tuple)
    assert isinstance(result["names"], tuple)


def test_labels_that_do_not_fit_are_an_error():
    pipe = boxed(center_range=(0.5, 0.5))
    data = {
        **plain(50, 100, 100), "bboxes": [(1, 1, 9, 9)], "labels": np.array([1]), "keypoints": [],
        "names": [], "key": (0, 0, 0),
    }  # fmt: skip
    with pytest.raises(ValueError, match="label field 'labels' holds int64, another sample <U3"):
        pipe(**data, mosaic_metadata=[plain(1, bboxes=[(1, 1, 9, 9)], labels=["cat"])])
    with pytest.raises(ValueError, match=r"Mosaic: mosaic_metadata\[0\] needs the label field"):
        pipe(**data, mosaic_metadata=[plain(1, bboxes=[(1, 1, 9, 9)])])
    with pytest.raises(ValueError, match="rows of 4 columns, those of another sample 5"):
        pipe(**data, mosaic_metadata=[plain(1, bboxes=[(1, 1, 9, 9, 7)], labels=[1])])


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"mask": np.zeros((5, 5), np.uint8)}, r"mosaic_metadata\[0\] needs 'image'"),
        ({"image": np.zeros((5, 5, 4), np.uint8)}, "image must be uint8 of 3 channels"),
        ({"image": np.zeros((5, 5, 3), np.float32)}, "image must be uint8 of 3 channels"),
        ({"image": [1, 2]}, r"mosaic_metadata\[0\] expects image as a NumPy array"),
        ([1], r"mosaic_metadata\[0\] must be a dict, got list"),
    ],
)
def test_other_samples_that_do_not_fit_are_an_error(item, words):
    with pytest.raises((ValueError, TypeError), match=words):
        mosaic(center_range=(0.5, 0.5))(
            image=plain(1)["image"], mosaic_metadata=[item], key=(0, 0, 0)
        )


def test_metadata_is_needed_and_has_a_length():
    with pytest.raises(ValueError, match="Mosaic needs 'mosaic_metadata' in its call"):
        mosaic()(image=plain(1)["image"])
    with pytest.raises(TypeError, match="'mosaic_metadata' as one or several"):
        mosaic()(image=plain(1)["image"], mosaic_metadata=5)


def test_a_sample_without_a_mask_is_filled():
    others = [{"image": item["image"]} for item in ITEMS]
    result = mosaic(center_range=(0.5, 0.5), fill_mask=8)(
        **plain(50), mosaic_metadata=others, key=(0, 0, 0)
    )
    assert (result["mask"] == 50).mean() == 0.25
    assert (result["mask"] == 8).mean() == 0.75
    only = mosaic(center_range=(0.5, 0.5))(
        image=plain(50)["image"], mosaic_metadata=ITEMS, key=(0, 0, 0)
    )
    assert "mask" not in only


@pytest.mark.parametrize("as_list", [True, False])
def test_masks_of_all_cells_are_kept_where_2_0_8_fails(as_list):
    masks = [np.full((80, 60), n, np.uint8) for n in (1, 2)]
    other = {**plain(100), "masks": [np.full((80, 60), 3, np.uint8)]}
    result = mosaic(center_range=(0.5, 0.5), grid_yx=(1, 2))(
        image=plain(50)["image"], masks=masks if as_list else np.stack(masks),
        mosaic_metadata=other, key=(0, 0, 0),
    )["masks"]  # fmt: skip
    assert isinstance(result, list) == as_list
    assert [np.unique(mask).tolist() for mask in result] == [[0, 1], [0, 2], [0, 3]]
    assert (result[0][:, :50] == 1).all()
    assert (result[2][:, 50:] == 3).all()


def test_a_dataset_is_read_lazily():
    class Dataset:
        read = ()

        def __len__(self):
            return 1_000_000

        def __getitem__(self, index):
            self.read = (*self.read, index)
            return plain(index % 200)

    data = Dataset()
    mosaic(center_range=(0.5, 0.5))(image=plain(50)["image"], mosaic_metadata=data, key=(0, 0, 0))
    assert len(set(data.read)) == 3


def test_params_are_indices_and_replay_on_another_size():
    pipe = A.ReplayCompose([A.Mosaic(target_size=(100, 90), cell_shape=(60, 60), p=1)])
    result = pipe(**plain(50), mosaic_metadata=ITEMS, key=(0, 0, 3))
    tree = json.loads(json.dumps(result["replay"]))
    again = A.ReplayCompose.replay(tree, **plain(50), mosaic_metadata=ITEMS)
    np.testing.assert_array_equal(again["image"], result["image"])
    other = A.ReplayCompose.replay(tree, **plain(60, 33, 44), mosaic_metadata=ITEMS)
    np.testing.assert_array_equal(other["image"] == 60, result["image"] == 50)
    with pytest.raises(ValueError, match="a replay needs what the first run had"):
        A.ReplayCompose.replay(tree, **plain(50), mosaic_metadata=[])


def test_nothing_of_the_callers_is_written():
    items = [plain(7, bboxes=[[1, 2, 30, 40]], labels=[1], keypoints=[[5, 5]], names=[2])] * 3
    for item in items:
        item["image"].flags.writeable = item["mask"].flags.writeable = False
    given = {"bboxes": [[1, 2, 30, 40]], "labels": [5], "keypoints": [[9, 9]], "names": [1]}
    boxed()(**plain(50), **given, mosaic_metadata=items, key=(0, 0, 0))
    assert given == {"bboxes": [[1, 2, 30, 40]], "labels": [5], "keypoints": [[9, 9]], "names": [1]}
    assert items[0]["bboxes"] == [[1, 2, 30, 40]]
    assert items[0]["labels"] == [1]


def test_polygons_and_instances_come_along():
    square = [10.0, 10, 50, 10, 50, 50, 10, 50]
    mask = np.zeros((100, 100), np.uint8)
    mask[10:50, 10:50] = 1
    instance = {"bbox": (10, 10, 50, 50), "mask": mask, "polygon": square, "name": "mine"}
    pipe = A.Compose(
        [mosaic(grid_yx=(1, 2), center_range=(0.2, 0.2))],
        bbox_params=A.BboxParams("pascal_voc"),
        polygon_params=A.PolygonParams(),
    )
    image = np.zeros((100, 100, 3), np.uint8)
    other = {"image": image, "polygons": [square], "instances": [{**instance, "name": "other"}]}
    result = pipe(
        image=image, polygons=[square], instances=[instance], mosaic_metadata=other, key=(0, 0, 0)
    )
    assert [one["name"] for one in result["instances"]] == ["mine", "other"]
    left, right = result["instances"]
    assert left["bbox"] == pytest.approx((0, 10, 30, 50))
    assert right["bbox"] == pytest.approx((90, 10, 100, 50))
    for one in result["instances"]:
        x1, y1, x2, y2 = np.round(one["bbox"]).astype(int)
        assert one["mask"][y1:y2, x1:x2].all()
        assert one["mask"].sum() == (x2 - x1) * (y2 - y1)
    assert len(result["polygons"]) == 2


def test_target_larger_than_the_grid_is_refused():
    with pytest.raises(ValueError, match=r"Mosaic\.target_size must be at most \(100, 200\)"):
        A.Mosaic(grid_yx=(1, 2), cell_shape=(100, 100), target_size=(101, 200))


def test_a_flip_before_renames_only_what_was_flipped():
    pipe = A.Compose(
        [A.HorizontalFlip(p=1), mosaic(grid_yx=(1, 2), center_range=(0.5, 0.5))],
        keypoint_params=A.KeypointParams(
            "xy", label_fields=["names"], label_mapping={"left": "right"}
        ),
    )
    image = np.zeros((100, 100, 3), np.uint8)
    eyes = {"keypoints": [(40, 50), (45, 50)], "names": ["left", "right"]}
    result = pipe(image=image, **eyes, mosaic_metadata={"image": image, **eyes}, key=(0, 0, 0))
    found = {(x, name) for (x, _), name in zip(result["keypoints"], result["names"], strict=True)}
    assert found == {(9, "right"), (4, "left"), (90, "left"), (95, "right")}
