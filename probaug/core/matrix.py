"""Coordinates, and the 3x3 matrices that move them.

One coordinate system holds everywhere inside the library: an image spans [0, W] x [0, H], pixel
(i, j) covers [j, j + 1) x [i, i + 1) and its centre lies at +0.5. Boxes are edges; a flip is
x -> W - x. Angles are degrees, counter-clockwise as seen on screen. (OpenCV counts pixel centres
as integers: `warp` converts, and nothing else does. Keypoints in the users' formats are
pixel-centre indices: `labels` converts.)

Matrices are plain tuples of floats: five times cheaper than NumPy at this size.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Size(NamedTuple):
    """Height and width, in pixels."""

    height: int
    width: int


class Matrix(NamedTuple):
    """A 3x3 matrix, row by row, that moves points: ``(x, y, 1) -> M @ (x, y, 1)``.

    Coordinates are continuous: pixel ``i`` covers ``[i, i + 1)``.
    """

    xx: float = 1.0
    xy: float = 0.0
    x: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    y: float = 0.0
    px: float = 0.0
    py: float = 0.0
    p: float = 1.0

    def __matmul__(self, other: Matrix) -> Matrix:
        """First ``other``, then ``self``."""
        a, b, c, d, e, f, g, h, i = self
        j, k, l, m, n, o, p, q, r = other  # noqa: E741 - the second nine letters
        return Matrix(
            a * j + b * m + c * p, a * k + b * n + c * q, a * l + b * o + c * r,
            d * j + e * m + f * p, d * k + e * n + f * q, d * l + e * o + f * r,
            g * j + h * m + i * p, g * k + h * n + i * q, g * l + h * o + i * r,
        )  # fmt: skip

    def inverse(self) -> Matrix:
        """The matrix that undoes this one."""
        a, b, c, d, e, f, g, h, i = self
        u, v, w = e * i - f * h, f * g - d * i, d * h - e * g
        s = 1 / (a * u + b * v + c * w)
        return Matrix(
            u * s, (c * h - b * i) * s, (b * f - c * e) * s,
            v * s, (a * i - c * g) * s, (c * d - a * f) * s,
            w * s, (b * g - a * h) * s, (a * e - b * d) * s,
        )  # fmt: skip

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where one point goes."""
        w = self.px * x + self.py * y + self.p
        return (self.xx * x + self.xy * y + self.x) / w, (self.yx * x + self.yy * y + self.y) / w

    def about(self, x: float, y: float) -> Matrix:
        """The same move about the point (x, y) instead of the origin."""
        a, b, c, d, e, f, g, h, i = self
        # multiplied out: shift(x, y) @ self @ shift(-x, -y)
        a, b, c = a + x * g, b + x * h, c + x * i
        d, e, f = d + y * g, e + y * h, f + y * i
        return Matrix(
            a, b, c - (a * x + b * y), d, e, f - (d * x + e * y), g, h, i - (g * x + h * y)
        )

    @property
    def is_affine(self) -> bool:
        return self.px == self.py == 0 and self.p == 1

    @property
    def mirrors(self) -> bool:
        """Whether it turns left hands into right ones."""
        a, b, c, d, e, f, g, h, i = self
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0

    @property
    def is_shift(self) -> bool:
        """Whether it only shifts by whole pixels."""
        xx, xy, x, yx, yy, y, px, py, p = self
        unit = xx == yy == p == 1 and not (xy or yx or px or py)
        return unit and not (x % 1 or y % 1)

    @property
    def is_lossless(self) -> bool:
        """Whether it only flips, turns by quarters, and shifts by whole pixels."""
        xx, xy, x, yx, yy, y, px, py, p = self
        if px or py or p != 1 or x % 1 or y % 1:
            return False
        if xy == 0 == yx:
            return xx * xx == 1 == yy * yy
        return xx == 0 == yy and xy * xy == 1 == yx * yx

    def span(self, size: Size) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of where a lossless matrix puts an image of a size."""
        height, width = size
        xx, xy, x, yx, yy, y, _, _, _ = self
        far_x, far_y = xx * width + xy * height + x, yx * width + yy * height + y
        if far_x < x:
            x, far_x = far_x, x
        if far_y < y:
            y, far_y = far_y, y
        return x, y, far_x, far_y

    def array(self) -> NDArray[np.float64]:
        """The same matrix for NumPy and OpenCV."""
        return np.array(self).reshape(3, 3)


def shift(x: float, y: float) -> Matrix:
    """Move points by (x, y)."""
    return Matrix(1.0, 0.0, x, 0.0, 1.0, y)


def zoom(x: float, y: float) -> Matrix:
    """Scale about the origin."""
    return Matrix(xx=x, yy=y)


def turn(degrees: float) -> Matrix:
    """Rotate about the origin, counter-clockwise as seen on screen."""
    cos, sin = cos_sin(degrees)
    return Matrix(cos, sin, 0.0, -sin, cos)


def cos_sin(degrees: float) -> tuple[float, float]:
    """Cosine and sine of an angle; those of quarter turns are exact, and so lossless."""
    angle = math.radians(degrees)
    cos, sin = math.cos(angle), math.sin(angle)
    return (round(cos), round(sin)) if degrees % 90 == 0 else (cos, sin)


def slant(x: float, y: float = 0.0) -> Matrix:
    """Shear about the origin, by angles in degrees."""
    return Matrix(xy=-math.tan(math.radians(x)), yx=-math.tan(math.radians(y)))
