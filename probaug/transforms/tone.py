"""Brightness, contrast and the distribution of values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import cv2
import numpy as np

from ..core import tone
from ..core.canvas import Canvas
from ..core.channels import clipped, filtered, means, require_channels, through_float
from ..core.fields import (
    SAME,
    Array,
    Between,
    Drawn,
    DrawnPair,
    Probability,
    Symmetric,
    WholePair,
    channels_of,
    up_to,
)
from ..core.hook_data import hook_data
from ..core.kinds import ColorPixel, Pointwise
from ..core.label_columns import LabelColumns
from ..core.random import Draw
from ..core.tone import MOST
from ..core.transform import Params


class RandomBrightnessContrast(Pointwise):
    """Scale all values, then add a constant.

    The pivot of the contrast is black, so that more contrast also brightens.

    Args:
        brightness_limit: What is added, as a fraction of white or of the mean; a number n stands
            for -n to n.
        contrast_limit: The factor is 1 plus this; a number n stands for -n to n.
        brightness_by_max: Whether brightness is measured in white, or else in the image's mean.
        ensure_safe_range: Whether to limit both so far that no value is clipped.
        p: Chance that a call does anything.

    """

    brightness_limit: Symmetric = (-0.2, 0.2)
    contrast_limit: Symmetric = (-0.2, 0.2)
    brightness_by_max: bool = True
    ensure_safe_range: bool = False
    p: Probability = 0.5

    def on(self, canvas: Canvas, params: Params) -> None:
        factor, offset = 1 + params["contrast_limit"], params["brightness_limit"]
        if self.brightness_by_max:
            canvas.tone(self.line(factor, offset))
        else:
            tone_each(canvas, lambda image: self.line(factor, offset * mean_of(image)))

    def line(self, factor: float, offset: float) -> tone.Curve:
        """The curve of a factor and an offset in units of white."""
        if self.ensure_safe_range:
            offset = min(max(offset, 0.0), 1.0)
            factor = min(max(factor, 0.0), 1 - offset)
        return tone.Curve(lambda x: x * factor + offset)


def mean_of(image: Array) -> float:
    """The mean of all values, in units of white."""
    channels = means(image)
    return sum(channels) / len(channels)


def tone_each(canvas: Canvas, curve: Callable[[Array], tone.Curve]) -> None:
    """Map every image through a curve made from its own pixels."""
    frames = [frame for plane in canvas.planes if plane.kind == "image" for frame in plane.frames]
    if len(frames) == 1:
        canvas.tone(curve(frames[0]))  # pending: it may join what follows
    else:
        canvas.edit(lambda image: tone.apply(image, [curve(image)]))


class RandomGamma(Pointwise):
    """Raise every value to a random power.

    Args:
        gamma_limit: The power in percent; 100 changes nothing. A number n stands for 1 to n.
        p: Chance that a call does anything.

    """

    gamma_limit: Annotated[float | tuple[float, float], up_to(1), Drawn(), Between(1)] = (80, 120)
    p: Probability = 0.5

    def curve(self, x: Array, gamma_limit: float) -> Array:
        if x.dtype == np.float32:
            x = np.maximum(x, 0)  # overshoot of an interpolation has no power
        return x ** (gamma_limit / 100)


class InvertImg(Pointwise):
    """Turn values upside down: white becomes black.

    Args:
        p: Chance that a call does anything.

    """

    direct = np.invert

    def curve(self, x: Array) -> Array:
        return 1 - x


class Solarize(Pointwise):
    """Invert the values at and above a threshold.

    Args:
        threshold_range: The threshold, as a fraction of white.
        p: Chance that a call does anything.

    """

    threshold_range: Annotated[DrawnPair, Between(0, 1)] = (0.5, 0.5)
    p: Probability = 0.5

    def curve(self, x: Array, threshold_range: float) -> Array:
        return np.where(x >= threshold_range, 1 - x, x)


class Posterize(Pointwise):
    """Keep the highest bits of every value.

    Bits are those of the value on a scale of 255, whatever the image's dtype.

    Args:
        num_bits: How many bits of eight are kept: a number, a pair to draw from, or a sequence
            with a number or a pair for each channel.
        p: Chance that a call does anything.

    """

    num_bits: Annotated[int | tuple[int | WholePair, ...], SAME] = 4
    p: Probability = 0.5

    draws: ClassVar[int] = 1

    def check(self) -> None:
        bits = self.num_bits
        parts: tuple[Any, ...] = bits if isinstance(bits, tuple) and not self._is_range else (bits,)
        for part in parts:
            low, high = part if isinstance(part, tuple) else (part, part)
            if not 0 <= low <= high <= 8:
                raise self.refuse(
                    "num_bits", "a number, a pair with low <= high, or one per channel, in [0, 8]"
                )

    @property
    def _is_range(self) -> bool:
        bits = self.num_bits
        return isinstance(bits, tuple) and len(bits) == 2 and all(isinstance(b, int) for b in bits)

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        bits = self.num_bits
        if self._is_range:
            return {"num_bits": draw.whole(*bits)}  # type: ignore[misc]
        pairs = [part if isinstance(part, tuple) else (part, part) for part in bits]  # type: ignore[union-attr]
        return {"num_bits": [int(draw.generator.integers(low, high + 1)) for low, high in pairs]}

    def on(self, canvas: Canvas, params: Params) -> None:
        bits = params["num_bits"]
        if isinstance(bits, list):
            require_channels(canvas, "Posterize.num_bits", len(bits))
            step: Any = np.array([2 ** (8 - n) for n in bits], np.float32)
        else:
            step = 2.0 ** (8 - bits)
        canvas.tone(tone.Curve(lambda x: self.curve(x, step), isinstance(bits, list)))

    def curve(self, x: Array, step: Any) -> Array:
        # The hair above keeps exact multiples, which float32 may hold a hair below.
        return np.asarray(np.floor((x * 255 + 1e-3) / step) * (step / 255))


class Equalize(ColorPixel):
    """Spread the values so that their histogram becomes flat.

    8-bit images have 256 bins; uint16 and float32 images have 65536.

    Args:
        mode: "cv" to map the lowest value to black exactly, as OpenCV does; "pil" to keep half a
            bin of margin, as Pillow does.
        by_channels: Whether each channel is equalised by itself, or else luminance alone.
        mask: An array, or a function of the image that gives one: the histogram is that of the
            pixels where it is not zero.
        mask_params: Names of further call arguments that the function takes.
        p: Chance that a call does anything.

    """

    mode: Literal["cv", "pil"] = "cv"
    by_channels: bool = True
    mask: Array | Callable[..., Array] | tuple[Any, ...] | None = None
    mask_params: tuple[str, ...] = ()
    p: Probability = 0.5

    @property
    def targets_as_params(self) -> list[str]:
        return list(self.mask_params)

    def on(self, canvas: Canvas, params: Params) -> None:
        given: dict[str, Any] = {}
        if self.mask_params:
            data = canvas.data
            if any(name not in data for name in self.mask_params):
                data = hook_data(canvas, LabelColumns(canvas))
            if missing := [name for name in self.mask_params if name not in data]:
                raise ValueError(f"Equalize needs {', '.join(missing)} in its call")
            given = {name: data[name] for name in self.mask_params}
        canvas.edit(lambda image: self.edit(image, **given))

    def edit(self, image: Array, **given: Any) -> Array:
        mask = self.mask(image=image, **given) if callable(self.mask) else self.mask
        if mask is not None:
            mask = self._checked(np.asarray(mask), image)
        channels = channels_of(image)
        if self.by_channels or channels == 1:
            if mask is None or mask.ndim == 2:
                masks: Any = [mask] * channels
            else:
                masks = np.moveaxis(mask, 2, 0)
            planes = [image[:, :, c] for c in range(channels)] if image.ndim == 3 else [image]
            parts = [
                equalized(np.ascontiguousarray(c), self.mode, m) for c, m in zip(planes, masks)
            ]
            whole = cv2.merge(parts) if channels <= MOST else np.stack(parts, axis=2)
            return whole.reshape(image.shape)
        if channels != 3:
            raise TypeError(
                "Equalize(by_channels=False) expects an image with 1 or 3 channels, "
                f"got {image.shape}"
            )
        split = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
        split[:, :, 0] = equalized(split[:, :, 0], self.mode, mask)
        return clipped(cv2.cvtColor(split, cv2.COLOR_YCrCb2RGB))

    def _checked(self, mask: Array, image: Array) -> Array:
        """The mask as (H, W), or (H, W, C) if it differs by channel."""
        if mask.ndim == 3 and mask.shape[2] == 1:
            mask = mask[:, :, 0]
        fits = mask.shape == image.shape[:2] or (self.by_channels and mask.shape == image.shape)
        if not fits:
            kind = "(H, W) or (H, W, C)" if self.by_channels else "(H, W)"
            raise ValueError(
                f"Equalize.mask must be {kind} of the image's size {image.shape}, got {mask.shape}"
            )
        return mask


def equalized(channel: Array, mode: str, mask: Array | None) -> Array:
    """One (H, W) channel with a flat histogram."""
    if mask is None and mode == "cv" and channel.dtype == np.uint8:
        return cv2.equalizeHist(np.ascontiguousarray(channel))
    codes = channel
    if channel.dtype == np.float32:
        codes = np.rint(np.clip(channel, 0, 1) * 65535).astype(np.uint16)
    levels = 256 if codes.dtype == np.uint8 else 65536
    counts = np.bincount(codes.ravel() if mask is None else codes[mask != 0], minlength=levels)
    used = np.flatnonzero(counts)
    if len(used) < 2:
        return channel
    table = flattening(counts, used, mode)
    if channel.dtype != np.float32:
        table = table.astype(channel.dtype)
    else:
        table = (table / (levels - 1)).astype(np.float32)
    return table[codes]


def flattening(counts: Array, used: Array, mode: str) -> Array:
    """The table that flattens a histogram, in whole levels.

    Formulas: OpenCV's `equalizeHist`, Pillow's `ImageOps.equalize`. Pillow divides in whole
    numbers to steps of 1/255, on 65536 bins too; there the sum of steps is not rounded.
    """
    top, total = len(counts) - 1, counts.sum()
    if mode == "cv":
        lowest = counts[used[0]]
        above = np.maximum(counts.cumsum() - lowest, 0)
        return np.asarray(np.rint(above * (top / (total - lowest))))
    below = counts.cumsum() - counts
    rest = total - counts[used[-1]]
    step = rest // 255
    if step == 0:
        return np.arange(top + 1)
    steps = (step // 2 + below) / step
    return np.asarray(np.minimum(np.floor(steps) if top == 255 else np.rint(steps * 257), top))


class CLAHE(ColorPixel):
    """Equalise luminance tile by tile, with limited contrast.

    Colour images change in the L of Lab. uint16 and float32 images keep their precision: the curves
    come from 256 bins as at 8 bits, and are read between their entries.

    Args:
        clip_limit: How far above the average a bin of a tile's histogram may rise; a number n
            stands for 1 to n.
        tile_grid_size: Tiles across and down.
        p: Chance that a call does anything.

    """

    clip_limit: Annotated[float | tuple[float, float], up_to(1), Drawn(), Between(1)] = 4.0
    tile_grid_size: Annotated[WholePair, Between(1)] = (8, 8)
    p: Probability = 0.5

    channels = (1, 3)

    def edit(self, image: Array, clip_limit: float) -> Array:
        if image.dtype == np.uint16:
            return through_float(image, lambda values: self.edit(values, clip_limit))
        if image.ndim == 2 or image.shape[2] == 1:
            return filtered(lambda grey: self._local(grey, clip_limit), image)
        lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
        lightness = np.ascontiguousarray(lab[:, :, 0])
        if image.dtype == np.uint8:
            lab[:, :, 0] = self._local(lightness, clip_limit)
            return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
        lab[:, :, 0] = self._local(lightness * np.float32(0.01), clip_limit) * 100
        return clipped(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))

    def _local(self, grey: Array, clip_limit: float) -> Array:
        if grey.dtype == np.uint8:
            return cv2.createCLAHE(clip_limit, self.tile_grid_size).apply(grey)
        return locally_equalized(clipped(grey.copy()), clip_limit, self.tile_grid_size)


def locally_equalized(grey: Array, clip_limit: float, grid: tuple[int, int]) -> Array:
    """CLAHE of a float32 (H, W) image in [0, 1], as OpenCV does it at 8 bits, without rounding.

    OpenCV's own 16-bit form counts in 65536 bins, where the limit of contrast never binds.
    """
    across, down = grid
    height, width = grey.shape
    whole = height % down == width % across == 0
    tall, wide = height // down + (not whole), width // across + (not whole)
    padded = cv2.copyMakeBorder(
        grey, 0, tall * down - height, 0, wide * across - width, cv2.BORDER_REFLECT_101
    )
    tiles = np.rint(padded * 255).astype(np.intp).reshape(down, tall, across, wide)
    tiles += 256 * np.arange(down * across).reshape(down, 1, across, 1)
    counts = np.bincount(tiles.ravel(), minlength=256 * down * across).reshape(-1, 256)
    limit = max(int(clip_limit * tall * wide / 256), 1)
    kept = np.minimum(counts, limit)
    batch, rest = np.divmod((counts - kept).sum(axis=1, keepdims=True), 256)
    stride = np.maximum(256 // np.maximum(rest, 1), 1)
    bins = np.arange(256)
    kept += batch + ((bins % stride == 0) & (bins // stride < rest))
    curves = np.empty((down * across, 257), np.float32)
    curves[:, :256] = kept.cumsum(axis=1) / (tall * wide)
    curves[:, 256] = curves[:, 255]
    level = np.floor(grey * 255)
    entry, between = level.astype(np.intp), grey * 255 - level
    flat = curves.ravel()
    result = np.zeros_like(grey)
    for row, row_share in beside(height, tall, down):
        for column, share in beside(width, wide, across):
            at = entry + 257 * (across * row[:, None] + column)
            low = flat[at]
            result += (low + (flat[at + 1] - low) * between) * (row_share[:, None] * share)
    return result


def beside(length: int, step: int, count: int) -> list[tuple[Array, Array]]:
    """The two tiles whose centres lie about each pixel of an axis, and the share of each."""
    place = np.arange(length) / step - 0.5
    first = np.floor(place)
    share = (place - first).astype(np.float32)
    low = np.clip(first, 0, count - 1).astype(np.intp)
    high = np.clip(first + 1, 0, count - 1).astype(np.intp)
    return [(low, 1 - share), (high, share)]
