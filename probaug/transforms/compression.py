"""Traces of lossy image files."""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import numpy as np

from ..core.channels import filtered
from ..core.fields import Array, Between, Probability, WholeRange, channels_of
from ..core.kinds import Pixel

CODECS = {
    "jpeg": (".jpg", cv2.IMWRITE_JPEG_QUALITY, 65500),
    "webp": (".webp", cv2.IMWRITE_WEBP_QUALITY, 16383),
}
"""Suffix, OpenCV's name of the quality, and the longest side that the format holds."""


class ImageCompression(Pixel):
    """Write the image as JPEG or WebP and read it back.

    Both formats are 8-bit, so float32 images are rounded to 255 levels on their way. Channels of
    an image that is neither grey nor RGB are coded one by one.

    Args:
        compression_type: "jpeg" or "webp".
        quality_range: Quality of the file, from 1 (worst) to 100.
        p: Chance that a call does anything.

    """

    compression_type: Literal["jpeg", "webp"] = "jpeg"
    quality_range: Annotated[WholeRange, Between(1, 100)] = (99, 100)
    p: Probability = 0.5

    dtypes = ("uint8", "float32")
    unit_range = True

    def edit(self, image: Array, quality_range: int) -> Array:
        longest = CODECS[self.compression_type][2]
        if max(image.shape[:2]) > longest:
            raise ValueError(
                f"ImageCompression({self.compression_type!r}) expects sides up to {longest} "
                f"pixels, got {image.shape}"
            )
        if image.dtype == np.float32:
            coded = self.edit(cv2.convertScaleAbs(np.maximum(image, 0), None, 255), quality_range)
            return coded.reshape(image.shape).astype(np.float32) / 255
        most = 3 if channels_of(image) == 3 else 1
        return filtered(lambda part: self._coded(part, quality_range), image, most)

    def _coded(self, image: Array, quality: int) -> Array:
        suffix, option, _ = CODECS[self.compression_type]
        is_grey = image.ndim == 2 or image.shape[2] == 1
        if not is_grey:  # the order that OpenCV's coders expect
            image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        _, code = cv2.imencode(suffix, image, (option, quality))
        flags = cv2.IMREAD_GRAYSCALE if is_grey else cv2.IMREAD_COLOR_RGB
        return np.asarray(cv2.imdecode(code, flags))
