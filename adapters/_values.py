"""The boundary between the value range a model wants and the one a pipeline works in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probaug.core.fields import Array

from ._checks import refuse

# The value that means full brightness, by type.
FULL = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(np.float32): 1.0}
# Resampling overshoots at edges: so far outside its range, in parts of it, a float image may be.
SLACK = 0.25


@dataclass(frozen=True)
class Values:
    """How images enter and leave a pipeline.

    Integers are what they are: 0-255, 0-65535. Floats in (0, 255) enter as uint8, floats in
    (0, 1) as they stand. A result of the type that entered is given in ``dtype`` and ``range``;
    a result of another type was converted by the pipeline itself (Normalize, ToFloat) and is
    not touched.

    Args:
        range: (0, 255) or (0, 1), the range of float images, in and out; None leaves them alone.
        dtype: The type of the images given; None gives the type of the source.

    """

    range: tuple[float, float] | None
    dtype: np.dtype[Any] | None

    @classmethod
    def of(cls, owner: str, value_range: Any, dtype: Any) -> Values:
        """Check what the user asked for."""
        if value_range is not None:
            pair = tuple(value_range) if isinstance(value_range, (tuple, list)) else None
            if pair not in ((0, 255), (0, 1)):
                raise refuse(owner, "value_range", "(0, 255), (0, 1) or None", value_range)
            value_range = (0.0, float(pair[1]))
        if dtype is not None:
            try:
                known = np.dtype(dtype) in (np.dtype(np.uint8), np.dtype(np.float32))
            except TypeError:
                known = False
            if not known:
                raise refuse(owner, "dtype", '"uint8", "float32" or None', dtype)
            dtype = np.dtype(dtype)
        return cls(value_range, dtype)

    def enter(self, image: Array) -> Array:
        """The image as the pipeline wants it."""
        if image.dtype.kind != "f":
            return image
        if self.range is None:
            return image.astype(np.float32, copy=False)
        low, high = (image.min(), image.max()) if image.size else (0, 0)
        top = self.range[1]
        if not (low >= -SLACK * top and high <= top + SLACK * top):  # NaN is caught here too
            raise ValueError(
                f"value_range=(0, {top:.0f}) does not hold for a float image with values from "
                f"{low:g} to {high:g}"
            )
        if top == 255:
            whole: NDArray[np.uint8] = np.clip(np.rint(image), 0, 255).astype(np.uint8)
            return whole
        return image.astype(np.float32, copy=False)

    def leave(
        self,
        result: Array,
        entered: np.dtype[Any],
        source: np.dtype[Any],
        slot: Array | None = None,
    ) -> Array:
        """The result as the user wants it: the very same array where nothing is to be done.

        Where something is, it is written into ``slot``, if that fits.
        """
        if result.dtype != entered:
            if self.dtype is not None and result.dtype != self.dtype:
                raise ValueError(
                    f"dtype={self.dtype.name!r} was asked for, but the pipeline turns "
                    f"{entered.name} images into {result.dtype.name}; leave dtype out"
                )
            return result
        target = self.dtype
        if target is None:
            target = np.dtype(np.float32) if source.kind == "f" else entered
        if target == entered:
            return result
        if self.range is None:
            raise ValueError(
                f"to give {entered.name} images as {target.name}, value_range=(0, 255) or (0, 1) "
                "must say what the floats mean"
            )
        if entered not in FULL:
            raise ValueError(f"{entered.name} images have no value range to give as {target.name}")
        if target.kind == "f":
            fits = slot is not None and slot.shape == result.shape and slot.dtype == target
            scaled: Array = slot if fits and slot is not None else np.empty_like(result, target)
            scaled[...] = result
            if self.range[1] != FULL[entered]:
                scaled *= target.type(self.range[1] / FULL[entered])
            return scaled
        whole = np.rint(result * (FULL[target] / FULL[entered]))
        return np.clip(whole, 0, FULL[target]).astype(target)
