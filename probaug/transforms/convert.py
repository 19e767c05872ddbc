"""Other units and dtypes for the same image."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import image_planes, require_channels
from ..core.fields import Above, Array, Probability, dtype_name
from ..core.hooks import ImageOnlyTransform
from ..core.kinds import COLOR, Pixel
from ..core.tone import Curve
from ..core.transform import Params
from .tone import tone_each

PerChannel: TypeAlias = float | tuple[float, ...] | None
"""One number for every channel, or one per channel."""

WHITES = {"uint8": 255, "uint16": 65535, "uint32": 4294967295, "float32": 1.0, "float64": 1.0}


class Line:
    """``value * factor + offset``, by channel, for tables and float32 images."""

    def __init__(self, factor: Array, offset: Array, limit: float = np.inf) -> None:
        self.factor, self.offset, self.limit = factor, offset, limit

    def __call__(self, x: Array) -> Array:
        factor, offset = self.factor, self.offset
        if x.dtype == np.float32:
            factor, offset = factor.astype(np.float32), offset.astype(np.float32)
        if x.ndim == 3 and factor.size > 1:  # an image: NumPy repeats rows fast, and pixels slowly
            height, width, _ = x.shape
            result = x.reshape(height, -1) * np.tile(factor, width)
            result += np.tile(offset, width)
            result = result.reshape(x.shape)
        else:
            result = x * factor
            result += offset
        if self.limit < np.inf:
            result = result.clip(-self.limit, self.limit)
        return np.asarray(result)

    def curve(self) -> Curve:
        """The curve on stored values."""
        per_channel = self.factor.size > 1
        line = None
        if 1 < self.factor.size <= 4 and self.limit == np.inf:
            line = np.column_stack([np.diag(self.factor), self.offset])
        return Curve(self, per_channel, to_float=True, raw=True, line=line)


def length(value: PerChannel) -> int:
    """How many channels a value speaks of; 1 means all alike."""
    return len(value) if isinstance(value, tuple) else 1


class Normalize(ImageOnlyTransform):
    """Turn values into float32 with a given mean and deviation, or range.

    Args:
        mean: Mean to subtract, as a fraction of ``max_pixel_value``: one, or one per channel.
        std: Deviation to divide by, as a fraction of ``max_pixel_value``: one, or one per channel.
        max_pixel_value: Value of white. It is never guessed: give 1 for float images in [0, 1].
        normalization: "standard" takes the numbers above; "image" and "image_per_channel" the mean
            and deviation of each image or channel, and clip to [-20, 20]; "min_max" and
            "min_max_per_channel" bring its least value to 0 and its greatest to 1.
        p: Chance that a call does anything.

    """

    mean: PerChannel = (0.485, 0.456, 0.406)
    std: PerChannel = (0.229, 0.224, 0.225)
    max_pixel_value: Annotated[float, Above(0)] | None = 255.0
    normalization: Literal[
        "standard", "image", "image_per_channel", "min_max", "min_max_per_channel"
    ] = "standard"
    p: Probability = 1.0

    dtypes = (*COLOR, "float16", "float64", "int16", "int32", "uint32")

    def check(self) -> None:
        if self.normalization != "standard":
            return
        for field in ("mean", "std", "max_pixel_value"):
            if getattr(self, field) is None:
                raise self.refuse(field, 'given for normalization="standard"')
        if not np.all(np.array(self.std) > 0):
            raise self.refuse("std", "> 0")
        if len({length(self.mean), length(self.std)} - {1}) > 1:
            raise self.refuse("std", f"as long as mean, {self.mean!r}")

    def on(self, canvas: Canvas, params: Params) -> None:
        if self.normalization != "standard":
            tone_each(canvas, self._curve_of)
            return
        curve: Curve | None = self.__dict__.get("_cached_curve")
        if curve is None:
            white = float(self.max_pixel_value or 1)
            std = np.array(self.std, np.float64)
            factor, offset = np.broadcast_arrays(1 / (std * white), -np.array(self.mean) / std)
            curve = self.__dict__.setdefault("_cached_curve", Line(factor, offset).curve())
        if curve.per_channel:
            field = "mean" if length(self.mean) > 1 else "std"
            require_channels(canvas, f"Normalize.{field}", length(getattr(self, field)))
        canvas.tone(curve)

    def _curve_of(self, image: Array) -> Curve:
        """The curve that the image's own values ask for."""
        if self.normalization.endswith("per_channel") and image.ndim == 3:
            parts = [np.ascontiguousarray(image[:, :, c]) for c in range(image.shape[2])]
        else:
            parts = [image.reshape(len(image), -1)]
        tiny = 1e-4  # keeps an image of one colour from dividing by nothing
        if self.normalization.startswith("min_max"):
            ends = np.array([cv2.minMaxLoc(part)[:2] for part in parts])
            low, span, limit = ends[:, 0], ends[:, 1] - ends[:, 0], np.inf
        else:
            moments = np.array([cv2.meanStdDev(part) for part in parts]).reshape(-1, 2)
            low, span, limit = moments[:, 0], moments[:, 1], 20.0
        factor = 1 / (span + tiny)
        return Line(factor, -low * factor, limit).curve()


UNIT = Curve(lambda x: x, to_float=True)
"""From whole numbers to float32 in [0, 1]."""


class ToFloat(ImageOnlyTransform):
    """Turn whole numbers into float32, with white as 1.

    Float images keep their values.

    Args:
        max_value: Value of white. Without one it is the largest of the image's dtype (uint8,
            uint16, uint32).
        p: Chance that a call does anything.

    """

    max_value: Annotated[float, Above(0)] | None = None
    p: Probability = 1.0

    def on(self, canvas: Canvas, params: Params) -> None:
        kinds = {dtype_name(plane.dtype) for plane in image_planes(canvas)} - {"float32"}
        if not kinds:
            return
        if not kinds <= set(COLOR) or len(kinds) < len(image_planes(canvas)):
            canvas.edit(self._converted)
        elif self.max_value is not None:
            curve: Curve | None = self.__dict__.get("_cached_curve")
            if curve is None:
                line = Line(np.array([1 / self.max_value]), np.zeros(1))
                curve = self.__dict__.setdefault("_cached_curve", line.curve())
            canvas.tone(curve)
        else:
            canvas.tone(UNIT)

    def _converted(self, image: Array) -> Array:
        if image.dtype.kind == "f":
            return image.astype(np.float32)
        white = self.max_value or WHITES.get(image.dtype.name)
        if white is None:
            raise TypeError(
                f"ToFloat expects an image of {', '.join(WHITES)}, or a max_value, "
                f"got {image.dtype.name}"
            )
        return (image / white).astype(np.float32)


class FromFloat(Pixel):
    """Turn float values into whole numbers, rounded and clipped.

    Args:
        dtype: Dtype of the result: "uint8", "uint16" or "uint32".
        max_value: What 1 becomes. Without one it is the largest value of the dtype.
        p: Chance that a call does anything.

    """

    dtype: Literal["uint8", "uint16", "uint32"] = "uint8"
    max_value: Annotated[float, Above(0)] | None = None
    p: Probability = 1.0

    dtypes = ("float32", "float64")

    def edit(self, image: Array) -> Array:
        white = WHITES[self.dtype]
        scale = self.max_value or white
        low, high, _, _ = cv2.minMaxLoc(image.reshape(len(image), -1))
        if low * scale < -0.25 * white or high * scale > 1.25 * white:
            raise ValueError(
                f"FromFloat expects values of which {scale:g} times is within 0 and {white}, "
                f"got {low:.4g} to {high:.4g}"
            )
        if self.dtype == "uint32":
            return np.rint(np.clip(image * np.float64(scale), 0, white)).astype(np.uint32)
        kind = cv2.CV_8U if self.dtype == "uint8" else cv2.CV_16U
        return cv2.addWeighted(image, scale, image, 0, 0, dtype=kind).reshape(image.shape)
