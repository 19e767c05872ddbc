"""NoOp and Lambda."""

import json

import numpy as np
import pytest

import probaug as A


def negative(image, **params):
    return 255 - image


def test_noop_gives_back_the_very_same():
    image, boxes = np.zeros((20, 30, 3), np.uint8), np.array([[1.5, 2.25, 9, 9]], np.float32)
    pipe = A.Compose([A.NoOp(p=1)], bbox_params=A.BboxParams("pascal_voc"))
    result = pipe(image=image, bboxes=boxes, note="kept")
    assert result["image"] is image
    assert result["note"] == "kept"
    assert (result["bboxes"] == boxes).all()
    assert result["bboxes"].dtype == np.float32


class TestLambda:
    image = np.full((10, 20, 3), 40, np.uint8)

    def test_every_target_goes_through_its_own_function(self):
        seen = {}

        def spy(name):
            def function(array, **params):
                seen[name] = array.copy(), params["shape"]
                return array

            return function

        transform = A.Lambda(
            image=negative, mask=spy("mask"), keypoints=spy("keypoints"), bboxes=spy("bboxes"), p=1
        )
        pipe = A.Compose(
            [transform],
            bbox_params=A.BboxParams("coco", label_fields=["kind"]),
            keypoint_params=A.KeypointParams("xya"),
        )
        mask = np.ones((10, 20), np.uint8)
        result = pipe(
            image=self.image,
            mask=mask,
            bboxes=[[2, 1, 10, 5]],
            kind=[7],
            keypoints=[(3, 4, 90)],
        )
        assert (result["image"] == 215).all()
        np.testing.assert_array_equal(result["mask"], mask)
        array, shape = seen["bboxes"]
        np.testing.assert_allclose(array, [[0.1, 0.1, 0.6, 0.6, 7]], rtol=1e-6)
        assert array.dtype == np.float32
        assert shape == (10, 20, 3)
        np.testing.assert_allclose(seen["keypoints"][0], [[3, 4, 0, np.pi / 2, 0]], rtol=1e-6)
        assert (seen["mask"][0] == 1).all()
        assert result["bboxes"] == [[2, 1, 10, 5]]
        assert result["kind"] == [7]

    def test_what_functions_change_comes_back(self):
        def drop_first(boxes, **params):
            return boxes[1:]

        def shift(points, **params):
            return points + np.array((1, 0, 0, 0, 0))

        pipe = A.Compose(
            [A.Lambda(bboxes=drop_first, keypoints=shift)],
            bbox_params=A.BboxParams("pascal_voc", label_fields=["kind"]),
            keypoint_params=A.KeypointParams("xy"),
        )
        result = pipe(
            image=self.image,
            bboxes=[[0, 0, 5, 5], [2, 2, 9, 9]],
            kind=["cat", "dog"],
            keypoints=[(3, 4)],
        )
        assert result["kind"] == ["dog"]
        assert result["image"] is self.image
        np.testing.assert_allclose(result["bboxes"], [[2, 2, 9, 9]], atol=1e-5)
        np.testing.assert_allclose(result["keypoints"], [(4, 4)], atol=1e-5)

    def test_frames_and_masks_go_one_by_one(self):
        shapes = []

        def look(array, **params):
            shapes.append(array.shape)
            return array + 1

        images, masks = np.zeros((2, 5, 6, 3), np.uint8), [np.zeros((5, 6), np.uint8)] * 3
        result = A.Lambda(image=look, mask=look)(images=images, masks=masks)
        assert shapes.count((5, 6, 3)) == 2
        assert shapes.count((5, 6)) == 3
        assert (result["images"] == 1).all()
        assert isinstance(result["masks"], list)

    def test_the_size_may_change(self):
        pipe = A.Compose([A.Lambda(image=lambda image, **params: image[:4]), A.HorizontalFlip(p=1)])
        assert pipe(image=self.image)["image"].shape == (4, 20, 3)

    def test_repr_shows_the_name(self):
        assert repr(A.Lambda(image=negative, name="minus", p=0.5)) == (
            "Lambda(image=negative, name='minus', p=0.5)"
        )

    def test_saved_by_name_and_supplied_on_loading(self):
        transform = A.Lambda(image=negative, name="minus", p=1)
        pipe = A.Compose([transform, A.HorizontalFlip()])
        data = json.loads(json.dumps(A.to_dict(pipe)))
        again = A.from_dict(data, nonserializable={"minus": transform})
        assert again.transforms[0] is transform
        assert again == pipe
        with pytest.raises(ValueError, match="needs the Lambda named 'minus'"):
            A.from_dict(data)
        with pytest.raises(ValueError, match="given: 'plus'"):
            A.from_dict(data, nonserializable={"plus": transform})
        with pytest.raises(NotImplementedError, match="name"):
            A.to_dict(A.Compose([A.Lambda(image=negative)]))

    def test_replay(self):
        for transform in (A.Lambda(image=negative), A.Lambda(image=negative, name="minus")):
            result = A.ReplayCompose([transform])(image=self.image)
            again = A.ReplayCompose.replay(
                result["replay"], image=self.image, lambda_transforms={"minus": transform}
            )
            assert (again["image"] == 215).all()

    def test_only_functions(self):
        with pytest.raises(ValueError, match=r"Lambda\.image must be"):
            A.Lambda(image=3)
