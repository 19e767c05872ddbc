"""Instances live and die whole; boxes fitted again; labels in a mirror; what was kept."""

import numpy as np
import pytest

import probaug as A

IMAGE = np.zeros((100, 200, 3), np.uint8)


def square(x, y, side=30, **more):
    mask = np.zeros((100, 200), np.uint8)
    mask[y : y + side, x : x + side] = 1
    ring = [x, y, x + side, y, x + side, y + side, x, y + side]
    points = np.array([[x + 2, y + 2, 2.0], [x + side - 2, y + side - 2, 1.0]])
    return {"bbox": [x, y, side, side], "mask": mask, "polygon": ring, "keypoints": points, **more}


CAT, DOG = square(10, 10, label="cat", id=7), square(150, 50, label="dog", id=9)


def pipeline(*transforms, bbox=None, **settings):
    return A.Compose(
        list(transforms),
        bbox_params=A.BboxParams(**{"format": "coco", **(bbox or {})}),
        keypoint_params=A.KeypointParams("xy"),
        save_kept=True,
        **settings,
    )


def test_they_come_back_as_dicts_with_all_they_had():
    result = pipeline()(image=IMAGE, instances=[CAT, DOG])
    assert set(result) == {"image", "instances", "kept"}
    for given, back in zip([CAT, DOG], result["instances"], strict=True):
        assert back.keys() == given.keys()
        assert back["bbox"] == given["bbox"]
        assert back["mask"] is given["mask"]
        assert back["polygon"] is given["polygon"]
        np.testing.assert_array_equal(back["keypoints"], given["keypoints"])
        assert (back["label"], back["id"]) == (given["label"], given["id"])


def test_parts_move_together():
    result = pipeline(A.HorizontalFlip(p=1), A.Resize(200, 400))(image=IMAGE, instances=[CAT])
    (cat,) = result["instances"]
    x, y, w, h = cat["bbox"]
    rows, columns = np.nonzero(cat["mask"])
    assert (x, y, x + w, y + h) == (320, 20, 380, 80)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (320, 20, 380, 80)
    assert np.reshape(cat["polygon"], (-1, 2)).min(axis=0).tolist() == [320, 20]
    np.testing.assert_allclose(cat["keypoints"][0], [(199 - 12 + 0.5) * 2 - 0.5, 24.5, 2])


@pytest.mark.parametrize("part", ["bbox", "mask", "polygon"])
def test_a_lost_part_takes_the_rest_with_it(part):
    other = {"bbox": [20, 20, 10, 10], "mask": CAT["mask"], "polygon": CAT["polygon"]}
    lost = {**square(10, 10, 80), **other, part: DOG[part], "label": "lost"}
    result = pipeline(A.Crop(0, 0, 100, 100))(image=IMAGE, instances=[DOG, lost, CAT])
    assert [instance.get("label") for instance in result["instances"]] == ["cat"]
    assert result["kept"]["instances"].tolist() == [2]


def test_filters_of_boxes_decide():
    result = pipeline(A.Crop(30, 0, 190, 100), bbox={"min_visibility": 0.5})(
        image=IMAGE, instances=[CAT, DOG]
    )
    assert [instance["label"] for instance in result["instances"]] == ["dog"]


def test_skeletons_keep_their_rows():
    result = pipeline(A.Crop(20, 20, 120, 100))(image=IMAGE, instances=[CAT, DOG])
    (cat,) = result["instances"]
    np.testing.assert_allclose(cat["keypoints"], [[-8, -8, 2], [18, 18, 1]])


def test_any_parts_will_do_but_all_instances_have_the_same():
    only = [{"bbox": (10, 10, 30, 30)}, {"bbox": (90, 10, 30, 30)}]
    result = pipeline(A.HorizontalFlip(p=1))(image=IMAGE, instances=only)
    assert [tuple(i["bbox"]) for i in result["instances"]] == [(160, 10, 30, 30), (80, 10, 30, 30)]
    assert isinstance(result["instances"][0]["bbox"], tuple)
    with pytest.raises(
        ValueError, match=r"the same keys out of bbox, as the first has; inst.*\[1\]"
    ):
        pipeline()(image=IMAGE, instances=[only[0], CAT])
    with pytest.raises(ValueError, match=r"instances\[0\] is {'box': 1}"):
        pipeline()(image=IMAGE, instances=[{"box": 1}])
    with pytest.raises(TypeError, match="instances as a list of dicts, got int"):
        pipeline()(image=IMAGE, instances=3)
    with pytest.raises(ValueError, match=r"needs bbox_params to read instances\.bboxes"):
        A.Compose([])(image=IMAGE, instances=only)


def test_errors_name_the_instance():
    wrong = {**CAT, "bbox": [10, 10, 0, 30]}
    with pytest.raises(ValueError, match=r"instances\.bboxes\[1\] must have x_min < x_max"):
        pipeline()(image=IMAGE, instances=[CAT, wrong])


def test_none_at_all():
    result = pipeline(A.HorizontalFlip(p=1))(image=IMAGE, instances=[])
    assert result["instances"] == []
    assert result["kept"]["instances"].tolist() == []


def test_beside_other_targets_and_inputs_untouched():
    before = {key: np.array(value) for key, value in CAT.items()}
    result = pipeline(A.Rotate((30, 30), p=1))(
        image=IMAGE, mask=CAT["mask"], bboxes=[[1, 1, 5, 5]], keypoints=[(100, 50)], instances=[CAT]
    )
    np.testing.assert_array_equal(result["mask"], result["instances"][0]["mask"])
    assert result["kept"].keys() == {"bboxes", "keypoints", "instances"}
    for key, value in before.items():
        np.testing.assert_array_equal(CAT[key], value)


def test_pieces_of_one_box_are_one_box_again():
    for key in range(8):
        result = pipeline(A.RandomGridShuffle((2, 2), p=1))(
            image=IMAGE, instances=[square(80, 30, 40)], key=key
        )
        (one,) = result["instances"]
        rows, columns = np.nonzero(one["mask"])
        x, y, w, h = one["bbox"]
        assert (x, y) == (columns.min(), rows.min())
        assert (x + w, y + h) == (columns.max() + 1, rows.max() + 1)


def test_users_own_transforms_move_the_parts():
    class Right(A.DualTransform):
        def apply(self, img, **params):
            return np.roll(img, 20, axis=1)

        def apply_to_bboxes(self, bboxes, **params):
            return bboxes + np.pad([[0.1, 0, 0.1, 0]], ((0, 0), (0, bboxes.shape[1] - 4)))

        def apply_to_keypoints(self, keypoints, **params):
            return keypoints + np.pad([[20.0]], ((0, 0), (0, keypoints.shape[1] - 1)))

        def apply_to_polygons(self, polygons, **params):
            return [[np.add(ring, (20, 0)) for ring in rings] for rings in polygons]

    (cat,) = pipeline(Right(p=1))(image=IMAGE, instances=[CAT])["instances"]
    np.testing.assert_allclose(cat["bbox"], [30, 10, 30, 30], atol=1e-4)
    assert np.nonzero(cat["mask"])[1].min() == 30
    assert min(cat["polygon"][::2]) == 30
    assert cat["keypoints"][0].tolist() == [32, 12, 2]


@pytest.mark.parametrize("refit", ["masks", "polygons"])
def test_refitted_boxes_do_not_grow(refit):
    yy, xx = np.mgrid[:100, :200]
    disc = ((xx - 99.5) ** 2 + (yy - 49.5) ** 2 <= 30**2).astype(np.uint8)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = np.stack([100 + 30 * np.cos(angles), 50 + 30 * np.sin(angles)], axis=1)
    data = {"image": IMAGE, "bboxes": [[70, 20, 60, 60]], "masks": [disc], "polygons": [ring]}
    turns = [A.Rotate((30, 30), p=1)] * 3
    loose = pipeline(*turns)(**data)["bboxes"][0]
    tight = pipeline(*turns, bbox={"refit": refit})(**data)["bboxes"][0]
    assert loose[2] > 90
    np.testing.assert_allclose(tight, [70, 20, 60, 60], atol=2)  # the mask has steps
    turned = pipeline(*turns, bbox={"refit": refit, "bbox_type": "obb", "format": "center_xywh"})
    row = turned(**{**data, "bboxes": [[100, 50, 60, 60, 0]]})["bboxes"][0]
    np.testing.assert_allclose(row[:4], [100, 50, 60, 60], atol=2.5)


def test_refit_of_what_is_gone_and_of_what_was_not_given():
    masks = [CAT["mask"], np.zeros_like(CAT["mask"])]
    boxes = [CAT["bbox"], DOG["bbox"]]
    pipe = pipeline(A.NoOp(p=1), bbox={"refit": "masks"})
    assert pipe(image=IMAGE, masks=masks, bboxes=boxes)["kept"]["bboxes"].tolist() == [0]
    with pytest.raises(ValueError, match="one for each of the 2 bboxes, got 1"):
        pipe(image=IMAGE, masks=masks[:1], bboxes=boxes)
    with pytest.raises(ValueError, match=r'refit="polygons"\) needs polygons in the call'):
        pipeline(bbox={"refit": "polygons"})(image=IMAGE, bboxes=boxes)


def test_refit_serves_instances():
    result = pipeline(A.Rotate((45, 45), p=1), bbox={"refit": "masks"})(
        image=IMAGE, instances=[square(85, 35)]
    )
    (one,) = result["instances"]
    rows, columns = np.nonzero(one["mask"])
    x, y, w, h = one["bbox"]
    assert (x, y, x + w, y + h) == (
        columns.min(), rows.min(), columns.max() + 1, rows.max() + 1,
    )  # fmt: skip


EYES = [(60.0, 50.0), (70.0, 50.0), (80.0, 40.0)]


def mirror(transform, names=("L", "R", "N"), points=EYES, **more):
    pipe = A.Compose(
        [transform],
        keypoint_params=A.KeypointParams(
            "xy", label_fields=["names", "seen"], label_mapping={"L": "R", "R": "L"}, **more
        ),
        save_kept=True,
    )
    return pipe(image=IMAGE, keypoints=points, names=list(names), seen=list(range(len(points))))


@pytest.mark.parametrize(
    "transform", [A.HorizontalFlip(p=1), A.VerticalFlip(p=1), A.Transpose(p=1)]
)
def test_in_a_mirror_left_and_right_change_places(transform):
    plain = A.Compose([transform], keypoint_params=A.KeypointParams("xy"))
    where = plain(image=IMAGE, keypoints=EYES)["keypoints"]
    result = mirror(transform)
    assert result["names"] == ["L", "R", "N"]
    assert result["keypoints"] == [where[1], where[0], where[2]]
    assert result["seen"] == [1, 0, 2], "the other labels stay with their points"
    assert result["kept"]["keypoints"].tolist() == [1, 0, 2]


def test_turns_and_two_mirrors_change_nothing():
    for transform in (
        A.Rotate((180, 180), p=1),
        A.Sequential([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)], p=1),
    ):
        assert mirror(transform)["seen"] == [0, 1, 2]


def test_a_point_without_its_counterpart_changes_its_name():
    result = mirror(A.HorizontalFlip(p=1), ["L", "N"], EYES[:2])
    assert result["names"] == ["R", "N"]
    several = mirror(A.HorizontalFlip(p=1), ["L", "R", "L"], EYES)
    assert sorted(several["names"]) == ["L", "R", "R"]
    assert several["names"][several["seen"].index(1)] == "L"


def test_without_labels_rows_change_places():
    params = A.KeypointParams("xy", label_mapping=[(0, 1)], remove_invisible=False)
    points = np.array(EYES)
    result = A.Compose([A.HorizontalFlip(p=1)], keypoint_params=params)(
        image=IMAGE, keypoints=points
    )
    np.testing.assert_allclose(result["keypoints"][:, 0], [199 - 70, 199 - 60, 199 - 80])


def test_arrays_of_names_keep_their_dtype():
    params = A.KeypointParams("xy", label_fields=["names"], label_mapping=[(1, 2)])
    result = A.Compose([A.HorizontalFlip(p=1)], keypoint_params=params)(
        image=IMAGE, keypoints=EYES[:1], names=np.array([1], np.int16)
    )
    assert result["names"].dtype == np.int16
    assert result["names"].tolist() == [2]


def test_pairs_are_checked_and_saved():
    params = A.KeypointParams("xy", label_mapping={"L": "R", "R": "L"})
    assert params.label_mapping == (("L", "R"),)
    with pytest.raises(
        ValueError, match=r"KeypointParams\.label_mapping must be .* each label in one"
    ):
        A.KeypointParams("xy", label_mapping=[("a", "b"), ("b", "c")])
    pipe = A.Compose(
        [A.HorizontalFlip()],
        bbox_params=A.BboxParams("coco", bbox_type="obb", refit="masks"),
        keypoint_params=params,
        polygon_params=A.PolygonParams("rel_xy", min_area=3),
        save_kept=True,
    )
    assert A.from_dict(A.to_dict(pipe)) == pipe


def test_kept_is_only_there_if_asked_for():
    data = {"image": IMAGE, "bboxes": np.array([[0.1, 0.1, 0.2, 0.2]])}
    assert set(A.Compose([A.HorizontalFlip(p=1)])(**data)) == {"image", "bboxes"}


def test_replay_does_it_again_with_all_targets():
    pipe = A.ReplayCompose(
        [A.HorizontalFlip(p=1), A.Rotate((20, 40), p=1)],
        bbox_params=A.BboxParams("coco", refit="masks"),
        keypoint_params=A.KeypointParams("xy", label_mapping=[(0, 1)]),
    )
    first = pipe(image=IMAGE, instances=[CAT, DOG], key=(0, 0, 3))
    again = A.ReplayCompose.replay(first["replay"], image=IMAGE, instances=[CAT, DOG])
    for one, other in zip(first["instances"], again["instances"], strict=True):
        assert one["bbox"] == other["bbox"]
        assert one["polygon"] == other["polygon"]
        np.testing.assert_array_equal(one["keypoints"], other["keypoints"])


# points in holes


class Left(A.CoarseDropout):
    """Covers the left half."""

    def holes(self, size, **params):
        return [(0, 0, size.width // 2, size.height)]


def covered(*before, **more):
    params = A.KeypointParams("xy", **{"has_visibility": True, **more})
    return A.Compose([*before, Left(p=1)], keypoint_params=params)


SEEN = [(10, 5, 2, "a"), (20, 5, 1, "b"), (30, 5, 0, "c"), (150, 5, 2, "d")]


@pytest.mark.parametrize("remove_invisible", [True, False])
def test_points_in_holes_are_hidden_where_rows_say_what_is_seen(remove_invisible):
    given = list(SEEN)
    result = covered(remove_invisible=remove_invisible)(image=IMAGE, keypoints=given)
    assert result["keypoints"] == [(10, 5, 1, "a"), *SEEN[1:]]
    assert given == SEEN
    array = np.array([row[:3] for row in SEEN], np.float32)
    mirrored = covered(A.HorizontalFlip(p=1))(image=IMAGE, keypoints=array)["keypoints"]
    assert mirrored.dtype == np.float32
    assert mirrored.tolist() == [[189, 5, 2], [179, 5, 1], [169, 5, 0], [49, 5, 1]]
    assert array[:, 2].tolist() == [2, 1, 0, 2]
    plain = covered(has_visibility=False)(image=IMAGE, keypoints=SEEN)
    assert plain["keypoints"] == SEEN[3:]


def test_points_of_instances_are_hidden():
    pipe = covered(A.HorizontalFlip(p=1)).replace(bbox_params=A.BboxParams("coco"))
    points = [one["keypoints"] for one in (DOG, CAT)]
    for kind in (np.asarray, np.ndarray.tolist):
        rows = [{"bbox": [0, 0, 200, 100], "keypoints": kind(each)} for each in points]
        result = pipe(image=IMAGE, instances=rows)["instances"]
        seen = [np.asarray(one["keypoints"])[:, 2].tolist() for one in result]
        assert seen == [[1, 1], [2, 1]]
    assert DOG["keypoints"][:, 2].tolist() == [2, 1]


def test_a_visibility_that_is_not_there_says_so():
    with pytest.raises(ValueError, match="keypoints must have a visibility behind 'xy' in every"):
        covered()(image=IMAGE, keypoints=[(10, 5, 2), (20, 5)])
    assert covered()(image=IMAGE, keypoints=[])["keypoints"] == []
    assert len(covered()(image=IMAGE, keypoints=np.zeros((0, 3)))["keypoints"]) == 0


def others_of(transform):
    dog = {**DOG, "image": IMAGE + 90}
    if isinstance(transform, A.CopyAndPaste):
        return {transform.metadata_key: [dog]}
    return {transform.metadata_key: [{"image": IMAGE + 90, "instances": [DOG]}] * 3}


@pytest.mark.parametrize("parts", [("bbox", "mask"), ("mask",), tuple(square(0, 0))])
@pytest.mark.parametrize(
    "transform",
    [A.CopyAndPaste(p=1), A.Mosaic(target_size=(100, 200), cell_shape=(100, 200), p=1)],
)
def test_an_image_without_objects_takes_those_of_others(transform, parts):
    given = {**others_of(transform), "image": IMAGE}
    cat = {name: CAT[name] for name in (*parts, "label")}
    if isinstance(transform, A.Mosaic):
        dog = {name: DOG[name] for name in (*parts, "label")}
        for entry in given[transform.metadata_key]:
            entry["instances"] = [dog]
    elif parts == ("mask",):
        del given[transform.metadata_key][0]["bbox"]
    compose = pipeline(transform, bbox={"min_visibility": 0.1})
    for key in range(8):
        expected = compose(**given, instances=[cat], key=(0, 0, key))["instances"]
        expected = [one for one in expected if one["label"] == "dog"]
        result = compose(**given, instances=[], key=(0, 0, key))
        assert set(result) == {"image", "instances", "kept", transform.metadata_key}
        assert len(result["instances"]) == len(expected)
        for one, other in zip(result["instances"], expected):
            for name in (*parts, "label"):
                np.testing.assert_array_equal(one[name], other[name])
    assert expected or isinstance(transform, A.Mosaic)


@pytest.mark.parametrize("masks", [[], np.zeros((0, 100, 200), np.uint8)])
@pytest.mark.parametrize(
    "transform",
    [A.CopyAndPaste(p=1), A.Mosaic(target_size=(100, 200), cell_shape=(100, 200), p=1)],
)
def test_masks_of_objects_are_added_where_there_are_none(transform, masks):
    given = {**others_of(transform), "image": IMAGE}
    if isinstance(transform, A.Mosaic):
        entries = [{"image": IMAGE + 90, "masks": [DOG["mask"]]}] * 3
        given[transform.metadata_key] = entries
    one = np.zeros((1, 100, 200), np.uint8)
    compose = A.Compose([transform])
    expected = compose(**given, masks=one, key=(0, 0, 3))["masks"][1:]
    result = compose(**given, masks=masks, key=(0, 0, 3))["masks"]
    assert type(result) is type(masks)
    np.testing.assert_array_equal(result, expected)
    assert expected.any()
