"""A change of the point of view."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from ..core.canvas import Canvas
from ..core.fields import Between, Probability, ZeroTo
from ..core.kinds import Warp
from ..core.matrix import Matrix, Size, shift, zoom
from ..core.random import Draw
from ..core.transform import Params

LIMIT = 0.32
"""No corner moves further, as a fraction of a side."""
FLATTEST = 0.1
"""Least ratio between the nearest and the farthest corner's distance from the viewer."""

Points = list[tuple[float, float]]


def from_square(corners: Points) -> Matrix:
    """The matrix that takes the unit square's corners, clockwise from (0, 0), to four points.

    Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    cx, cy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = ax * by - bx * ay
    g, h = (cx * by - bx * cy) / area, (ax * cy - cx * ay) / area
    return Matrix(
        x1 - x0 + g * x1, x3 - x0 + h * x3, x0,
        y1 - y0 + g * y1, y3 - y0 + h * y3, y0,
        g, h, 1.0,
    )  # fmt: skip


def inner_corners(size: Size, jitter: list[float], part: float) -> Points:
    """The image's corners, clockwise from the top left, each moved inwards by a part of jitter."""
    width, height = size.width, size.height
    x0, y0, x1, y1, x2, y2, x3, y3 = (part * amount for amount in jitter)
    return [
        (width * x0, height * y0),
        (width * (1 - x1), height * y1),
        (width * (1 - x2), height * (1 - y2)),
        (width * x3, height * (1 - y3)),
    ]


def viewed(size: Size, jitter: list[float]) -> tuple[Matrix, Points]:
    """The matrix that takes the jittered corners to the unit square's, and those corners.

    Jitter so strong that part of the image would lie behind the viewer is weakened.
    """
    part = 1.0
    while True:
        corners = inner_corners(size, jitter, part)
        matrix = from_square(corners).inverse()
        distances = [matrix.px * x + matrix.py * y + matrix.p for x, y in outer_corners(size)]
        if min(distances) > FLATTEST * max(distances):
            return Matrix(*(value / matrix.p for value in matrix)), corners
        part *= 0.8


def outer_corners(size: Size) -> Points:
    """The image's corners, clockwise from the top left."""
    return [(0, 0), (size.width, 0), (size.width, size.height), (0, size.height)]


class Perspective(Warp):
    """Look at the image from another point of view.

    Four points near the corners become the corners of the result. Each lies inside the image by
    the absolute value of a normal deviate, at most 0.32, as a fraction of width and height.

    Args:
        scale: Standard deviation of the points' distance from the corners, as a fraction of width
            and height.
        keep_size: Scale the result to the size of the input.
        fit_output: Show the whole image, instead of what lies between the four points.
        interpolation: How to read the image between pixels.
        mask_interpolation: How to read masks between pixels.
        border_mode: What lies beyond the edge.
        fill: Image value of a constant border, in the image's units.
        fill_mask: Mask value of a constant border.
        p: Chance that a call does anything.

    """

    scale: Annotated[ZeroTo, Between(0)] = (0.05, 0.1)
    keep_size: bool = True
    fit_output: bool = False
    p: Probability = 0.5

    draws: ClassVar[int] = 9

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        scale = draw.between(self.scale)
        jitter: list[float] = []
        for _ in range(4):  # Box and Muller: two uniforms make two normal deviates
            radius = scale * math.sqrt(-2 * math.log(1 - draw.uniform()))
            angle = 2 * math.pi * draw.uniform()
            jitter += [abs(radius * math.cos(angle)) % LIMIT, abs(radius * math.sin(angle)) % LIMIT]
        return {"jitter": jitter}

    def view(self, size: Size, jitter: list[float]) -> tuple[Matrix, Size]:
        """The matrix and the size of the result."""
        matrix, (a, b, c, d) = viewed(size, jitter)
        width = max(math.dist(a, b), math.dist(d, c))
        height = max(math.dist(a, d), math.dist(b, c))
        if self.fit_output:
            matrix = zoom(width, height) @ matrix
            xs, ys = zip(*(matrix.at(*corner) for corner in outer_corners(size)), strict=True)
            matrix = shift(-min(xs), -min(ys)) @ matrix
            width, height = max(xs) - min(xs), max(ys) - min(ys)
            matrix = zoom(1 / width, 1 / height) @ matrix
        new = size if self.keep_size else Size(max(1, round(height)), max(1, round(width)))
        return zoom(new.width, new.height) @ matrix, new

    def output_size(self, size: Size, **params: Any) -> Size:
        return size if self.keep_size else self.view(size, params["jitter"])[1]

    def matrix(self, size: Size, jitter: list[float]) -> Matrix:
        return self.view(size, jitter)[0]
