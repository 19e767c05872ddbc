"""Transforms that do nothing of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..core.call import PLANES
from ..core.canvas import Canvas
from ..core.fields import Array, Probability
from ..core.hooks import DualTransform
from ..core.random import Draw
from ..core.transform import Params

Function = Callable[..., Array]


class NoOp(DualTransform):
    """Leave everything as it is.

    Args:
        p: Chance that a call is recorded as done.

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

    has_hooks: ClassVar[bool] = True

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        # the others pass untouched, as the very same objects
        return {
            name: function
            for name, function in super().targets.items()
            if getattr(self, PLANES[name][0] if name in PLANES else name, None) is not None
        }

    def apply(self, img: Array, *args: Any, **params: Any) -> Array:
        return img if self.image is None else self.image(img, **params)

    def apply_to_mask(self, mask: Array, *args: Any, **params: Any) -> Array:
        return mask if self.mask is None else self.mask(mask, **params)

    def apply_to_keypoints(self, keypoints: Array, *args: Any, **params: Any) -> Array:
        return keypoints if self.keypoints is None else self.keypoints(keypoints, **params)

    def apply_to_bboxes(self, bboxes: Array, *args: Any, **params: Any) -> Array:
        return bboxes if self.bboxes is None else self.bboxes(bboxes, **params)

    def is_serializable(self) -> bool:
        """Whether it can be saved: functions cannot, but a name may stand for them."""
        return self.name is not None

    def serializable_fields(self) -> dict[str, Any]:
        """What a saved pipeline holds of it; without a name, only a replay in this process."""
        return self.config() if self.name is None else {"name": self.name}

    @classmethod
    def resupplied(cls, fields: dict[str, Any], given: dict[str, Any] | None) -> Lambda:
        """The transform that a saved name stands for, out of those given with ``load``."""
        name = fields.get("name")
        if name is None:
            return cls(**fields)
        found = (given or {}).get(name)
        if not isinstance(found, Lambda):
            known = ", ".join(map(repr, given or {})) or "none"
            raise ValueError(
                f"the saved pipeline needs the Lambda named {name!r}, given as "
                f"nonserializable={{{name!r}: Lambda(...)}}; given: {known}"
            )
        return found

    def __repr__(self) -> str:
        words = {
            name: getattr(value, "__qualname__", None) or repr(value)
            if callable(value)
            else repr(value)
            for name, value in self.config().items()
        }
        return f"Lambda({', '.join(f'{name}={word}' for name, word in words.items())})"
