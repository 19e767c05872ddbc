"""Images, masks and stacks of them, and moves whose result NumPy can say."""

import numpy as np
from small_moves import Cut, Diagonal, Flip, Grow, Quarter, Scale, Turn, Upend

import probaug as A

RNG = np.random.default_rng(21)
H, W = 20, 40
IMAGE = RNG.integers(0, 256, (H, W, 3), np.uint8)
MASK = RNG.integers(0, 7, (H, W), np.uint8)

EXACT = {
    "flip": ([Flip(p=1)], lambda a: a[:, ::-1]),
    "upend": ([Upend(p=1)], lambda a: a[::-1]),
    "quarter": ([Quarter(p=1)], np.rot90),
    "diagonal": ([Diagonal(p=1)], lambda a: a.swapaxes(0, 1)),
    "cut": ([Cut(3, 2, 11, 9, p=1)], lambda a: a[2:11, 3:14]),
    "pad": (
        [Cut(-2, -1, W + 3, H + 1, p=1)],
        lambda a: np.pad(a, ((1, 0), (2, 1), (0, 0))[: a.ndim]),
    ),
    "several": (
        [Quarter(p=1), Cut(1, 2, 15, 16, p=1), Flip(p=1)],
        lambda a: np.rot90(a)[2:18, 1:16][:, ::-1],
    ),
}
INEXACT = {
    "turn": [Turn((25, 25), p=1)],
    "scale": [Scale(13, 9, p=1)],
    "grow": [Grow(p=1)],
    "scale, cut": [Scale(50, 60, p=1), Cut(5, 5, 30, 30, p=1)],
    "cut, turn": [Cut(5, 5, 14, 12, p=1), Turn((-60, -60), p=1)],
}


def numbers(shape, dtype, largest=None):
    """Values from all over a dtype; whole numbers that float64 cannot hold among them."""
    kind = np.dtype(dtype)
    if kind.kind in "ui":
        info = np.iinfo(kind)
        return RNG.integers(info.min, largest or info.max, shape, kind, endpoint=True)
    return RNG.random(shape).astype(kind) if kind.kind == "f" else RNG.random(shape) < 0.5


def through(transforms, data, **settings):
    return A.Compose(transforms, **settings)(**data)


STACKS = {
    "image": (IMAGE, 0),
    "mask": (MASK, 0),
    "images": (np.stack([IMAGE, 255 - IMAGE, IMAGE // 2]), 1),
    "masks": (np.stack([MASK, MASK + 1]), 1),
    "volume": (np.stack([IMAGE, 255 - IMAGE, IMAGE // 4]), 1),
    "mask3d": (np.stack([MASK, MASK + 1, MASK + 2]), 1),
    "volumes": (np.stack([[IMAGE, 255 - IMAGE, IMAGE], [IMAGE // 2, IMAGE, IMAGE // 3]]), 2),
    "masks3d": (np.stack([[MASK, MASK + 1, MASK], [MASK + 2, MASK, MASK + 3]]), 2),
}
