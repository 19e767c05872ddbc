"""The smallest transforms of each kind, so that tests of the core do not depend on the families."""

from typing import ClassVar

import numpy as np

import probaug as A
from probaug.core.fields import Range
from probaug.core.kinds import Geometric, Pointwise, Resizing, Warp
from probaug.core.matrix import Matrix, Size, shift, turn, zoom

IMAGE = np.zeros((20, 40, 3), np.uint8)


def boxes_through(transforms, boxes, image=IMAGE, box_format="pascal_voc", **params):
    pipeline = A.Compose(transforms, bbox_params=A.BboxParams(box_format, **params))
    return pipeline(image=image, bboxes=boxes)["bboxes"]


def points_through(transforms, points, image=IMAGE, point_format="xy", **params):
    pipeline = A.Compose(transforms, keypoint_params=A.KeypointParams(point_format, **params))
    return pipeline(image=image, keypoints=points)["keypoints"]


class Flip(Geometric):
    """Left becomes right."""

    def matrix(self, size):
        return Matrix(-1, 0, size.width)


class Upend(Geometric):
    """Top becomes bottom."""

    def matrix(self, size):
        return Matrix(1, 0, 0, 0, -1, size.height)


class Quarter(Geometric):
    """A quarter turn counter-clockwise, as `np.rot90` makes it."""

    def matrix(self, size):
        return Matrix(0, 1, 0, -1, 0, size.width)

    def output_size(self, size):
        return Size(size.width, size.height)


class Diagonal(Geometric):
    """Rows become columns."""

    def matrix(self, size):
        return Matrix(0, 1, 0, 1, 0, 0)

    def output_size(self, size):
        return Size(size.width, size.height)


class Cut(Geometric):
    """A window, which may reach beyond the image."""

    left: int = 0
    top: int = 0
    width: int = 10
    height: int = 10

    def matrix(self, size):
        return shift(-self.left, -self.top)

    def output_size(self, size):
        return Size(self.height, self.width)


class Turn(Warp):
    """A rotation about the centre, counter-clockwise."""

    angle: Range = (-30.0, 30.0)

    def matrix(self, size, angle):
        return turn(angle).about(size.width / 2, size.height / 2)


class Tilt(Warp):
    """A perspective; the numbers are those of the bottom row of its matrix."""

    px: float = 0.001
    py: float = -0.002

    def matrix(self, size):
        return Matrix(px=self.px, py=self.py)


class Grow(Warp):
    """Twice as large, as a warp."""

    def matrix(self, size):
        return zoom(2, 2)

    def output_size(self, size):
        return Size(size.height * 2, size.width * 2)


class Scale(Resizing):
    """A resize."""

    height: int = 10
    width: int = 10

    def output_size(self, size):
        return Size(self.height, self.width)


class Invert(Pointwise):
    """White becomes black."""

    def curve(self, x):
        return 1 - x


class Power(Pointwise):
    """A drawn power."""

    power: Range = (0.5, 2.0)
    channels: ClassVar[tuple[int, ...]] = ()

    def curve(self, x, power):
        return x**power


class OnBoxes(A.DualTransform):
    """A user's transform whose boxes go through a function."""

    def __init__(self, change, p=1.0):
        super().__init__(p=p)
        self.change = change

    def apply(self, img, **params):
        return img

    def apply_to_bboxes(self, bboxes, **params):
        return self.change(bboxes)

    def apply_to_keypoints(self, keypoints, **params):
        return keypoints


class OnPoints(OnBoxes):
    """The same with keypoints."""

    def apply_to_bboxes(self, bboxes, **params):
        return bboxes

    def apply_to_keypoints(self, keypoints, **params):
        return self.change(keypoints)
