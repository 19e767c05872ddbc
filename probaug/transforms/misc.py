"""Transforms that do nothing of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..core.canvas import Canvas
from ..core.fields import Array, Probability
from ..core.hooks import DualTransform
from ..core.random import Draw
from ..core.transform import Params

Function = Callable[..., Array]


class NoOp(DualTransform):
    """Leave everything as it is.

    Args:
        p: Chance that a call does nothing with intent.

    """

    p: Probability = 0.5

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        return {}

    def on(self, canvas: Canvas, params: Params) -> None:
        pass


class Lambda(NoOp):
    """Call functions of your own.

    Each takes an array and the parameters of the call as keywords (``shape``), and gives an
    array: ``def halve(image, **params): return image // 2``.

    Args:
        image: Called with every (H, W) or (H, W, C) image.
        mask: Called with every (H, W) or (H, W, C) mask.
        keypoints: Called with the (N, 5 + labels) keypoints: x, y, z, angle in radians, scale.
        bboxes: Called with the (N, 4 + labels) boxes, xyxy in fractions of the image.
        name: What saved pipelines call it; without a name it cannot be saved.
        p: Chance that a call does anything.

    """

    image: Function | None = None
    mask: Function | None = None
    keypoints: Function | None = None
    bboxes: Function | None = None
    name: str | None = None
    p: Probability = 1.0

    _hooked: ClassVar[bool] = True

    def apply(self, img: Array, *args: Any, **params: Any) -> Array:
        return img if self.image is None else self.image(img, **params)

    def apply_to_mask(self, mask: Array, *args: Any, **params: Any) -> Array:
        return mask if self.mask is None else self.mask(mask, **params)

    def apply_to_keypoints(self, keypoints: Array, *args: Any, **params: Any) -> Array:
        return keypoints if self.keypoints is None else self.keypoints(keypoints, **params)

    def apply_to_bboxes(self, bboxes: Array, *args: Any, **params: Any) -> Array:
        return bboxes if self.bboxes is None else self.bboxes(bboxes, **params)

    def __repr__(self) -> str:
        words = {
            name: getattr(value, "__qualname__", None) or repr(value)
            if callable(value)
            else repr(value)
            for name, value in self.config().items()
        }
        return f"Lambda({', '.join(f'{name}={word}' for name, word in words.items())})"
