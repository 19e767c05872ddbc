"""Text drawn into images."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.fields import Array, AsText, Between, DrawnPair, Fill, Probability, channels_of
from ..core.holes import Hole, inpainted, raster
from ..core.hooks import ImageOnlyTransform
from ..core.kinds import COLOR
from ..core.mix import entries, named, unit_box
from ..core.random import Draw
from ..core.tone import WHITE
from ..core.transform import Params

Change: TypeAlias = Literal["insertion", "swap", "deletion"]


class TextImage(ImageOnlyTransform):
    """Write text into boxes.

    The call holds, under a name of its own, one dict or a list of them: "text", and "bbox", where
    it goes: x_min, y_min, x_max, y_max as fractions of the image. Text that would be wider than
    its box is made smaller. What was written is in the result under "overlay_data". It needs
    Pillow.

    Args:
        font_path: A TrueType or OpenType font file.
        stopwords: Words to insert.
        augmentations: What may be done to a text, each as likely: None for nothing, "insertion" of
            stopwords, "swap" of words, "deletion" of words.
        fraction_range: Part of the boxes that are written to, from 0 to 1.
        font_size_fraction_range: Size of the font, as a fraction of the height of the box.
        font_color: Colour of the text, from 0 to 255 for every dtype: one number, or one per
            channel.
        clear_bg: Fill the box from what surrounds it before writing.
        metadata_key: Name in the call of the texts.
        p: Chance that a call does anything.

    """

    font_path: Annotated[str | Path, AsText()]
    stopwords: tuple[str, ...] | None = ("the", "is", "in", "at", "of")
    augmentations: tuple[Change | None, ...] = (None,)
    fraction_range: Annotated[DrawnPair, Between(0, 1)] = (1.0, 1.0)
    font_size_fraction_range: Annotated[DrawnPair, Between(0, 1)] = (0.8, 0.9)
    font_color: Annotated[Fill, Between(0, 255)] = (0, 0, 0)
    clear_bg: bool = False
    metadata_key: str = "textimage_metadata"
    p: Probability = 0.5

    dtypes = COLOR
    draws: ClassVar[int] = 1

    @property
    def targets_as_params(self) -> list[str]:
        return [self.metadata_key]

    def check(self) -> None:
        if "insertion" in self.augmentations and not self.stopwords:
            raise self.refuse("stopwords", "some words to insert")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        boxes = entries(self, canvas)
        count = round(len(boxes) * draw.between(self.fraction_range))
        generator = draw.generator
        texts = []
        for index in sorted(generator.permutation(len(boxes))[:count].tolist()):
            text, _ = read_box(named(self, index), boxes[index])
            how = None
            if self.augmentations:
                how = self.augmentations[generator.integers(len(self.augmentations))]
            low, high = self.font_size_fraction_range
            size = low + (high - low) * float(generator.random())
            texts.append([index, changed(text, how, self.stopwords or (), generator), size])
        return {"texts": texts}

    def on(self, canvas: Canvas, params: Params) -> None:
        boxes = entries(self, canvas)
        size, written = canvas.size, []
        for index, text, fraction in params["texts"]:
            original, (x1, y1, x2, y2) = read_box(named(self, index), boxes[index])
            left, top = int(x1 * size.width), int(y1 * size.height)
            right, bottom = int(x2 * size.width), int(y2 * size.height)
            if left >= right or top >= bottom:
                continue  # no pixel of so small an image
            cover = drawn(text, str(self.font_path), fraction, right - left, bottom - top)
            hole = left, top, right, bottom
            written.append(
                {
                    "bbox_coords": hole,
                    "text": text,
                    "original_text": original,
                    "bbox_index": index,
                    "font_color": self.font_color,
                }
            )
            canvas.edit(lambda image, hole=hole, cover=cover: self.write(image, hole, cover), True)  # type: ignore[misc]
        canvas.data["overlay_data"] = written

    def write(self, image: Array, hole: Hole, cover: Array) -> Array:
        """A copy of an image with a text, given by how much it covers of each pixel."""
        left, top, right, bottom = hole
        channels = channels_of(image)
        given = self.font_color if isinstance(self.font_color, tuple) else (self.font_color,)
        colour = given[:1] if len(set(given)) == 1 else given
        if len(colour) not in (1, channels):
            raise ValueError(
                f"TextImage.font_color has {len(given)} values, one per channel, but the image has "
                f"{channels} channels"
            )
        if self.clear_bg:
            image = inpainted(image, raster([hole], image.shape[:2]), cv2.INPAINT_TELEA)
        white = WHITE[image.dtype.name]
        result = np.array(image, order="C")
        view = result[top:bottom, left:right]
        weights = cover.reshape(*cover.shape, *[1] * (image.ndim - 2))
        ink = np.array(colour, np.float32) * np.float32(white / 255)
        mine = view.astype(np.float32)
        mine += weights * ((ink if image.ndim == 3 else ink[0]) - mine)
        view[...] = mine if white == 1 else np.rint(mine)
        return result


def read_box(name: str, entry: Any) -> tuple[str, list[float]]:
    """Text and box of an entry, checked."""
    try:
        text, bbox = entry["text"], [float(value) for value in entry["bbox"]]
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"{name} must be a dict with 'text' and 'bbox', got {entry!r:.200}"
        ) from None
    return str(text), unit_box(name, bbox)


def changed(
    text: str, how: str | None, stopwords: tuple[str, ...], generator: np.random.Generator
) -> str:
    """A text with some of its words, up to half of them, inserted, swapped or deleted."""
    words = text.split()
    if how is None or not words or (how != "insertion" and len(words) < 2):
        return text
    for _ in range(int(generator.integers(1, max(1, len(words) // 2) + 1))):
        if how == "insertion":
            word = stopwords[generator.integers(len(stopwords))]
            words.insert(int(generator.integers(len(words) + 1)), word)
        elif how == "deletion":
            del words[generator.integers(len(words))]
        else:
            a, b = generator.choice(len(words), 2, replace=False)
            words[a], words[b] = words[b], words[a]
    return " ".join(words)


@functools.lru_cache(maxsize=64)
def font_of(path: str, size: int) -> Any:
    """A font of a size in pixels; opening its file takes longer than writing a line."""
    from PIL import ImageFont

    return ImageFont.truetype(path, size)


def drawn(text: str, font_path: str, fraction: float, width: int, height: int) -> Array:
    """How much a text covers of the pixels of its box, (H, W) from 0 to 1."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        raise ImportError("TextImage needs Pillow: pip install probaug[text]") from None
    size = max(1, int(fraction * height))
    font = font_of(font_path, size)
    length = font.getlength(text)
    if length > width:
        font = font_of(font_path, max(1, int(size * width / length)))
    page = Image.new("L", (width, height))
    ImageDraw.Draw(page).text((0, height // 2), text, fill=255, font=font, anchor="lm")
    return np.asarray(page, np.float32) / 255
