"""Small transforms that show what was drawn; importable by worker processes."""

from contextlib import contextmanager
from typing import Annotated, ClassVar

import numpy as np

import probaug as A
from probaug.core.fields import Between, Range
from probaug.core.kinds import Pixel
from probaug.core.random import enter, leave

IMAGE = np.zeros((2, 2, 3), np.uint8)


@contextmanager
def drawing(key, slots):
    """The draw of a call."""
    draw = enter(key, slots)
    try:
        yield draw
    finally:
        leave(draw)


class Show(Pixel):
    """Draws one number."""

    value: Range = (0.0, 1.0)

    def edit(self, image, value):
        return image


class ShowTwo(Pixel):
    """Draws two numbers."""

    first: Range = (0.0, 1.0)
    second: Range = (0.0, 1.0)

    def edit(self, image, first, second):
        return image


class Noise(Pixel):
    """Draws seeds from its own lane, as many as it is told."""

    count: Annotated[int, Between(0)] = 1

    draws: ClassVar[int] = 0

    def sample(self, draw, canvas):
        return {"seeds": [draw.seed() for _ in range(self.count)]}

    def edit(self, image, seeds):
        return image


class Hooked(A.ImageOnlyTransform):
    """A user's transform, drawing from both of its generators."""

    def get_params(self):
        return {"python": self.py_random.random(), "numpy": float(self.random_generator.random())}

    def apply(self, img, **params):
        return img


class Add(Pixel):
    """Adds a drawn number, so that the image shows whether and what it drew."""

    value: Range = (1.0, 1.0)

    def edit(self, image, value):
        return image + image.dtype.type(value)


def recording(node):
    """A pipeline that says what it drew."""
    pipeline = node if isinstance(node, A.Compose) else A.Compose([node])
    return pipeline.replace(save_applied_params=True)


def shown(node, call=None, **more):
    """What a call drew, in order: (class name, params) of each transform that ran."""
    pipeline = node if getattr(node, "save_applied_params", False) else recording(node)
    return pipeline(image=IMAGE, **{"key": call, **more})["applied_transforms"]


def values(applied):
    """All drawn numbers of a run, flat."""
    flat = []
    for _, params in applied:
        for value in params.values():
            flat += value if isinstance(value, list) else [value]
    return flat
