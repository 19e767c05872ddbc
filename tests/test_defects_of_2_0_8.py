"""What is wrong in Albumentations 2.0.8, defect by defect: one small test for each."""

import threading

import cv2
import numpy as np
import pytest
from cases import photo

import probaug as A

IMAGE = photo(60, 80)
MASK = np.pad(np.ones((20, 30), np.uint8), ((20, 20), (25, 25)))
KEYS = [(0, 0, index) for index in range(40)]


def boxed(*transforms, **settings):
    return A.Compose(list(transforms), bbox_params=A.BboxParams("pascal_voc", **settings))


def pointed(*transforms, box_format="xy", **settings):
    return A.Compose(list(transforms), keypoint_params=A.KeypointParams(box_format, **settings))


def test_children_of_one_seed_are_not_correlated():
    pipe = A.Compose([A.HorizontalFlip(), A.VerticalFlip()], seed=1, save_applied_params=True)
    outcomes = {
        tuple(name for name, _ in pipe(image=IMAGE)["applied_transforms"]) for _ in range(60)
    }
    assert len(outcomes) == 4


def test_workers_and_epochs_differ():
    pipe = A.Compose([A.GaussNoise(p=1)], seed=1)
    results = {pipe(image=IMAGE, key=(1, epoch, 0))["image"].tobytes() for epoch in range(5)}
    assert len(results) == 5


def test_opencvs_global_generator_is_not_touched():
    cv2.setRNGSeed(7)
    expected = cv2.randu(np.zeros(5, np.float32), 0, 1).copy()
    cv2.setRNGSeed(7)
    A.GaussNoise(p=1)(image=IMAGE)
    A.AdditiveNoise("gaussian", "per_pixel", p=1)(image=IMAGE)
    np.testing.assert_array_equal(cv2.randu(np.zeros(5, np.float32), 0, 1), expected)


def test_one_pipeline_serves_threads():
    pipe = boxed(A.HorizontalFlip(), A.Rotate(), label_fields=["labels"])
    wrong = []

    def work(number):
        for index in range(60):
            result = pipe(image=IMAGE, bboxes=[[25, 20, 55, 40]], labels=[number], key=index)
            if result["labels"] not in ([number], []):
                wrong.append(result["labels"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    "transform",
    [
        A.GridDistortion(distort_limit=(0, 0), p=1),
        A.OpticalDistortion(distort_limit=(0, 0), p=1),
        A.ElasticTransform(alpha=0, p=1),
        A.ThinPlateSpline(scale_range=(0, 0), p=1),
        A.PiecewiseAffine(scale=0, p=1),
        A.GridElasticDeform((3, 3), 0, p=1),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_zero_strength_distortions_are_the_identity_for_labels_too(transform):
    pipe = A.Compose(
        [transform], bbox_params=A.BboxParams("pascal_voc"), keypoint_params=A.KeypointParams("xy")
    )
    result = pipe(image=IMAGE, bboxes=[[0, 0, 80, 60]], keypoints=[(10.4, 10.4), (79.5, 0)])
    np.testing.assert_array_equal(result["image"], IMAGE)
    assert result["bboxes"] == [[0, 0, 80, 60]]
    assert result["keypoints"] == [(10.4, 10.4), (79.5, 0)]


def test_a_box_bent_out_of_the_frame_is_dropped():
    class Away(A.ElasticTransform):
        def field(self, size, **params):
            x, y = np.meshgrid(np.arange(size.width), np.arange(size.height))
            return (x + 50).astype(np.float32), y.astype(np.float32)

    assert boxed(Away(p=1))(image=IMAGE, bboxes=[[2, 2, 20, 20]])["bboxes"] == []


def test_shift_scale_rotate_keeps_shapes():
    t = A.ShiftScaleRotate(scale_limit=0.5, rotate_limit=0, shift_limit=0, p=1)
    for key in KEYS[:8]:
        x1, y1, x2, y2 = boxed(t)(image=IMAGE, bboxes=[[30, 20, 50, 40]], key=key)["bboxes"][0]
        assert x2 - x1 == pytest.approx(y2 - y1)


def test_auto_contrast_ignores_a_grey_level_and_no_channel():
    flat = np.clip(IMAGE // 2 + 30, 1, 255).astype(np.uint8)
    result = A.AutoContrast(ignore=0, method="pil", p=1)(image=flat)["image"]
    assert all(np.ptp(result[..., c]) > np.ptp(flat[..., c]) for c in range(3))


def test_morphological_samples_its_scale():
    dot = np.zeros((31, 31), np.uint8)
    dot[15, 15] = 255
    t = A.Morphological(scale=(1, 9), p=1)
    assert len({int((t(image=dot, key=key)["image"] > 0).sum()) for key in KEYS}) >= 3


def test_random_crop_3d_larger_than_the_volume_is_an_error():
    with pytest.raises(ValueError, match="RandomCrop3D"):
        A.RandomCrop3D((9, 9, 9))(volume=np.zeros((4, 20, 20), np.uint8))


def test_overlay_elements_leaves_the_callers_mask_alone():
    mask = np.zeros((60, 80), np.uint8)
    element = {"image": np.full((10, 10, 3), 255, np.uint8), "bbox": [0.1, 0.1, 0.4, 0.4]}
    data = {"overlay_metadata": {**element, "mask_id": 3}}
    result = A.OverlayElements(p=1)(image=IMAGE, mask=mask, **data)
    assert not mask.any()
    assert (result["mask"] == 3).any()


def test_mosaic_takes_masks():
    items = [{"image": IMAGE, "masks": [MASK]}] * 3
    pipe = A.Mosaic(target_size=(60, 80), cell_shape=(60, 80), p=1)
    result = pipe(image=IMAGE, masks=[MASK], mosaic_metadata=items)
    assert all(mask.shape == (60, 80) for mask in result["masks"])


def test_holes_number_xy_is_x_then_y():
    t = A.GridDropout(holes_number_xy=(4, 2), random_offset=False, fill=0, p=1)
    holes = (t(image=np.ones((60, 80), np.uint8))["image"] == 0).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(holes)
    assert count - 1 == 8
    assert len(set(stats[1:, cv2.CC_STAT_LEFT].tolist())) == 4


def test_num_grid_xy_is_columns_then_rows():
    still = []
    for grid in ((2, 6), (6, 2)):
        t = A.GridElasticDeform(grid, 9, p=1)
        changed = t(image=IMAGE, key=KEYS[1])["image"] != IMAGE
        assert changed.any()
        still.append(changed.any(axis=2).mean())
    assert still[0] != still[1]


def test_whole_number_ranges_of_crop_and_pad_include_both_ends():
    assert A.CropAndPad(px=(2, 2), p=1)(image=IMAGE)["image"].shape == IMAGE.shape
    t = A.CropAndPad(px=(0, 1), keep_size=False, p=1)
    assert {t(image=IMAGE, key=key)["image"].shape[0] for key in KEYS} >= {60, 62}


def test_a_hole_range_of_one_half_to_one_is_a_fraction():
    t = A.CoarseDropout((1, 1), (0.5, 1.0), (0.5, 1.0), fill=0, p=1)
    covered = (t(image=np.ones((60, 80), np.uint8))["image"] == 0).sum()
    assert covered >= 30 * 40


def test_one_shear_axis_leaves_the_other_alone():
    t = A.Affine(shear={"x": (10, 10)}, p=1)
    ((x, y),) = pointed(t)(image=IMAGE, keypoints=[(70, 29.5)])["keypoints"]
    assert y == pytest.approx(29.5)
    assert x == pytest.approx(70)


def test_three_means_on_four_channels_are_an_error():
    with pytest.raises(ValueError, match=r"Normalize\.mean has 3 values.* 4 channels"):
        A.Normalize()(image=np.zeros((4, 4, 4), np.uint8))


def test_weights_of_nothing_and_wrong_chances_are_errors_when_built():
    with pytest.raises(ValueError, match="OneOf"):
        A.OneOf([A.Blur(p=0), A.NoOp(p=0)])
    with pytest.raises(ValueError, match=r"Compose\.p must be"):
        A.Compose([], p=1.5)


def test_impossible_erasing_draws_what_fits():
    assert A.Erasing(scale=(1, 1), ratio=(9, 9), p=1)(image=IMAGE)["image"].shape == IMAGE.shape


def test_inpainting_closes_objects_of_the_mask():
    result = A.MaskDropout(fill="inpaint_telea", p=1)(image=IMAGE, mask=MASK)
    assert not result["mask"].any()
    assert (result["image"][30, 40] != 0).any()


def test_even_kernels_zero_steps_and_zero_scales_do_not_crash():
    with pytest.raises(ValueError, match=r"Downscale\.scale_range must be"):
        A.Downscale(scale_range=(0, 0.5))
    with pytest.raises(ValueError, match=r"Sharpen\.kernel_size must be"):
        A.Sharpen(method="gaussian", kernel_size=4)
    assert A.ZoomBlur(step_factor=(0, 0), p=1)(image=IMAGE)["image"].shape == IMAGE.shape


def test_a_random_place_for_padding_keeps_the_shape():
    t = A.PadIfNeeded3D(min_zyx=(9, 70, 90), position="random")
    assert t(volume=np.zeros((4, 60, 80), np.uint8))["volume"].shape == (9, 70, 90)


def test_angles_of_keypoints_have_one_sign():
    turned = [
        pointed(t, box_format="xya")(image=np.zeros((50, 50), np.uint8), keypoints=[(25, 25, 30)])
        for t in (A.Rotate((90, 90), p=1), A.Affine(rotate=90, p=1))
    ]
    assert [result["keypoints"][0][2] for result in turned] == pytest.approx([120, 120])
    square = A.Compose(
        [A.RandomRotate90()], keypoint_params=A.KeypointParams("xya"), save_applied_params=True
    )
    seen = set()
    for key in KEYS:
        result = square(image=np.zeros((50, 50), np.uint8), keypoints=[(25, 25, 30)], key=key)
        seen.add(round(result["keypoints"][0][2]))
    assert seen == {30, 120, 210, 300}


def test_labels_never_pass_through_floats():
    labels = [2**24 + 1, True, "word", None]
    boxes = [[1 + 15 * i, 5, 12 + 15 * i, 40] for i in range(4)]
    pipe = boxed(A.HorizontalFlip(p=1), label_fields=["labels"])
    back = pipe(image=IMAGE, bboxes=boxes, labels=labels)["labels"]
    assert back == labels
    assert list(map(type, back)) == list(map(type, labels))


def test_kinds_of_labels_may_change_from_call_to_call():
    pipe = boxed(A.HorizontalFlip(p=1), label_fields=["labels"])
    for label in (3, "cat", 2.5):
        assert pipe(image=IMAGE, bboxes=[[1, 1, 9, 9]], labels=[label])["labels"] == [label]


def test_a_result_without_boxes_keeps_its_columns():
    given = np.array([[1.0, 1, 9, 9, 7, 8]])
    assert boxed(A.Crop(40, 30, 80, 60))(image=IMAGE, bboxes=given)["bboxes"].shape == (0, 6)


def test_masks_that_grow_are_not_averaged():
    ids = np.zeros((20, 20), np.uint8)
    ids[5:10, 5:10] = 200
    t = A.Resize(50, 55, area_for_downscale="image_mask")
    assert set(np.unique(t(image=IMAGE[:20, :20], mask=ids)["mask"])) == {0, 200}


def test_a_flip_keeps_the_last_half_pixel():
    wide = np.zeros((10, 200), np.uint8)
    ((x, _),) = pointed(A.HorizontalFlip(p=1))(image=wide, keypoints=[(199.5, 5)])["keypoints"]
    assert x == -0.5
