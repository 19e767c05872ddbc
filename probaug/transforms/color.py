"""Hue, saturation, grey, and the channels of colour."""

from __future__ import annotations

import functools
from typing import Annotated, ClassVar, Literal

import cv2
import numpy as np

from ..core import tone
from ..core.canvas import Canvas
from ..core.channels import bounded, clipped, image_planes, mixed, scaled, through_float
from ..core.fields import Array, Between, Count, Probability, Symmetric, dtype_name
from ..core.kinds import COLOR, ChannelMix, ColorPixel, Pixel
from ..core.random import Draw
from ..core.scratch import scratch
from ..core.tone import MOST
from ..core.transform import Params
from .noise import repeated


class HueSaturationValue(ColorPixel):
    """Shift hue, saturation and value by constants.

    Pixels without colour gain none. A grey image changes in value alone.

    Args:
        hue_shift_limit: Shift of the hue, in units of 2 degrees; a number n stands for -n to n.
        sat_shift_limit: Shift of the saturation, in units of 1/255; likewise.
        val_shift_limit: Shift of the value, in units of 1/255 of white; likewise.
        p: Chance that a call does anything.

    """

    hue_shift_limit: Symmetric = (-20, 20)
    sat_shift_limit: Symmetric = (-30, 30)
    val_shift_limit: Symmetric = (-20, 20)
    p: Probability = 0.5

    channels = (1, 3)

    def edit(
        self, image: Array, hue_shift_limit: float, sat_shift_limit: float, val_shift_limit: float
    ) -> Array:
        saturation, value = sat_shift_limit / 255, val_shift_limit / 255
        if image.ndim == 2 or image.shape[2] == 1:
            return scaled(image, 1.0, value)
        return shifted(image, hue_shift_limit / 180, saturation, value)


def shifted(image: Array, hue: float, saturation: float, value: float) -> Array:
    """Shift the hue of an RGB image in turns, saturation and value in units of their maximum."""
    if image.dtype == np.uint8:
        return shifted_bytes(image, hue, saturation, value)
    if image.dtype == np.uint16:
        return through_float(image, lambda values: shifted(values, hue, saturation, value))
    hsv: Array = cv2.cvtColor(bounded(image), cv2.COLOR_RGB2HSV)
    if saturation:
        plane = np.ascontiguousarray(hsv[:, :, 1])
        coloured = plane > 0
        plane += np.float32(saturation)
        plane *= coloured
        hsv[:, :, 1] = clipped(plane)
    if value:
        plane = hsv[:, :, 2] + np.float32(value)
        hsv[:, :, 2] = clipped(plane)
    if hue:  # what is beyond a turn OpenCV takes for the next one
        row = np.array([360 * (hue % 1), 0, 0], np.float32)
        hsv += np.tile(row, image.shape[1]).reshape(1, -1, 3)
    return clipped(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def shifted_bytes(image: Array, hue: float, saturation: float, value: float) -> Array:
    """The same in 8 bits.

    Whole-array additions take a third of the time of three tables. OpenCV's hue has 180 steps, and
    it reads 180 to 255 as the beginning of the next turn, so most sums need no wrapping; a
    backward turn is a forward one with red and blue swapped.
    """
    turn, more, lift = round(hue * 180) % 180, round(saturation * 255), round(value * 255)
    if not (turn or more or lift):
        return image
    width = image.shape[1]
    there, back = cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB
    if turn > 90:
        turn, there, back = 180 - turn, cv2.COLOR_BGR2HSV, cv2.COLOR_HSV2BGR
    hsv = cv2.cvtColor(image, there, scratch("hsv", image.shape, image.dtype))
    if more > 0 or lift > 0:
        if more > 0:
            delta = np.not_equal(hsv, 0).view(np.uint8)
            np.negative(delta, out=delta)  # 255 where there is colour
            delta |= row_of(width, 0, 0, 255)
            delta &= row_of(width, 0, more, lift)
        else:
            delta = np.broadcast_to(row_of(width, 0, 0, lift), image.shape).copy()
        cv2.add(hsv, delta, hsv)
    if more < 0 or lift < 0:
        delta = np.broadcast_to(row_of(width, 0, -more, -lift), image.shape).copy()
        cv2.subtract(hsv, delta, hsv)
    if turn + 179 > 255:
        hsv[:, :, 0] = (hsv[:, :, 0].astype(np.uint16) + turn) % 180
    elif turn:
        hsv += row_of(width, turn, 0, 0)
    return cv2.cvtColor(hsv, back)


@functools.lru_cache(maxsize=256)
def row_of(width: int, *colour: int) -> Array:
    """A (1, W, 3) row of one colour, clipped: NumPy repeats rows fast, and pixels slowly."""
    row = np.array([min(max(level, 0), 255) for level in colour], np.uint8)
    row = np.tile(row, width).reshape(1, width, 3)
    row.flags.writeable = False  # calls share it
    return row


class RGBShift(ChannelMix):
    """Add a constant to each channel.

    A limit beyond 1 is in units of 1/255 of white, whatever the image's dtype; otherwise it is a
    fraction of white. A grey image takes the shift of red.

    Args:
        r_shift_limit: What is added to red; a number n stands for -n to n.
        g_shift_limit: What is added to green; likewise.
        b_shift_limit: What is added to blue; likewise.
        p: Chance that a call does anything.

    """

    r_shift_limit: Annotated[Symmetric, Between(-255, 255)] = (-20, 20)
    g_shift_limit: Annotated[Symmetric, Between(-255, 255)] = (-20, 20)
    b_shift_limit: Annotated[Symmetric, Between(-255, 255)] = (-20, 20)
    p: Probability = 0.5

    channels = (1, 3)

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        shifts = super().sample(draw, canvas)
        for name in shifts:
            low, high = getattr(self, name)
            if max(abs(low), abs(high)) > 1:
                shifts[name] /= 255
        return shifts

    def mix(
        self, channels: int, r_shift_limit: float, g_shift_limit: float, b_shift_limit: float
    ) -> Array:
        shifts = (r_shift_limit, g_shift_limit, b_shift_limit)[:channels]
        return np.column_stack([np.eye(channels), shifts])

    def mixed(self, image: Array, params: Params) -> Array:
        if image.dtype != np.uint8 or image.ndim == 2 or image.shape[2] == 1:
            return super().mixed(image, params)
        result = image  # two saturating sums take half the time of a matrix
        for sign, change in ((1, cv2.add), (-1, cv2.subtract)):
            levels = [max(round(sign * 255 * shift), 0) for shift in params.values()]
            if any(levels):
                delta = np.broadcast_to(row_of(image.shape[1], *levels), image.shape).copy()
                result = change(result, delta, delta)
        return result


class ToGray(ColorPixel):
    """Turn colours into grey.

    An image of one channel stays as it is. Only "weighted_average" and "from_lab" need RGB.

    Args:
        num_output_channels: How many equal channels the result has; with 1 it is (H, W).
        method: "weighted_average" (luma), "from_lab" (the lightness of Lab), "desaturation"
            (halfway between the largest and the smallest channel), "average", "max", or "pca"
            (along the image's own first principal colour, stretched to the full range).
        p: Chance that a call does anything.

    """

    num_output_channels: Count = 3
    method: Literal["weighted_average", "from_lab", "desaturation", "average", "max", "pca"] = (
        "weighted_average"
    )
    p: Probability = 0.5

    def edit(self, image: Array) -> Array:
        if image.ndim == 2 or image.shape[2] == 1:
            return image
        if self.method in ("weighted_average", "from_lab") and image.shape[2] != 3:
            raise TypeError(
                f"ToGray(method={self.method!r}) expects an image with 1 or 3 channels, "
                f"got {image.shape}"
            )
        grey: Array = getattr(self, "_" + self.method)(image)
        if self.num_output_channels == 1:
            return grey
        return repeated(grey, self.num_output_channels)

    @staticmethod
    def _weighted_average(image: Array) -> Array:
        return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)

    @staticmethod
    def _from_lab(image: Array) -> Array:
        if image.dtype == np.uint16:
            return through_float(image, ToGray._from_lab)
        lightness = cv2.extractChannel(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), 0)
        return lightness if image.dtype == np.uint8 else lightness / np.float32(100)

    @staticmethod
    def _desaturation(image: Array) -> Array:
        return np.asarray(cv2.addWeighted(image.max(axis=2), 0.5, image.min(axis=2), 0.5, 0))

    @staticmethod
    def _average(image: Array) -> Array:
        channels = image.shape[2]
        return mixed(image, np.array([[1 / channels] * channels + [0]]))[:, :, 0]

    @staticmethod
    def _max(image: Array) -> Array:
        return image.max(axis=2)  # type: ignore[no-any-return]

    @staticmethod
    def _pca(image: Array) -> Array:
        colours = image.reshape(-1, image.shape[2]).astype(np.float32)
        colours -= colours.mean(axis=0)
        axis = np.linalg.eigh(colours.T @ colours)[1][:, -1]
        grey = colours @ (axis if axis.sum() >= 0 else -axis)  # brighter stays brighter
        low, high = grey.min(), grey.max()
        grey = (grey - low) / max(high - low, 1e-12)
        white = tone.WHITE[image.dtype.name]
        if white != 1:
            grey = np.rint(grey * np.float32(white))
        return np.asarray(grey.astype(image.dtype).reshape(image.shape[:2]))


class ChannelShuffle(Pixel):
    """Put the channels in a random order.

    Args:
        p: Chance that a call does anything.

    """

    draws: ClassVar[int] = 0

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        planes = image_planes(canvas)
        count = planes[0].channels if planes else 1
        return {"order": draw.generator.permutation(count).tolist()}

    def edit(self, image: Array, order: list[int]) -> Array:
        return permuted(image, order)


def permuted(image: Array, order: list[int]) -> Array:
    """Put the channels of an image in an order; what the order lacks stays where it is."""
    if image.ndim == 2:
        return image
    count = image.shape[2]
    order = [c for c in order if c < count] + list(range(len(order), count))
    if order == list(range(count)):
        return image
    if count == 3 and image.dtype == np.uint8:
        return cv2.transform(image, np.eye(3)[order])
    if dtype_name(image.dtype) not in COLOR or count > MOST:
        return np.ascontiguousarray(image[:, :, order])
    pairs = [index for pair in zip(order, range(count)) for index in pair]
    return np.asarray(cv2.mixChannels([image], [np.empty_like(image)], pairs)[0])
