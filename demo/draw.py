"""Draw boxes, outlines, masks and keypoints on photos, and photos in a grid."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

FONT = cv2.FONT_HERSHEY_SIMPLEX
SUBPIXEL = 4  # binary digits after the point in drawn coordinates
BACKGROUND = 240

Plate = tuple[int, int, int, int]


def color(index: int) -> tuple[int, int, int]:
    """A bright colour for the object with this number; neighbours differ most."""
    red, green, blue = colorsys.hsv_to_rgb((0.5 + index * 0.618034) % 1, 0.85, 1.0)
    return int(255 * red), int(255 * green), int(255 * blue)


def overlay(
    image: np.ndarray,
    *,
    masks: Sequence[np.ndarray] = (),
    bboxes: Any = (),
    labels: Sequence[str] = (),
    ids: Sequence[int] | None = None,
    keypoints: Any = (),
    keypoint_labels: Sequence[str] = (),
    polygons: Any = (),
    polygon_ids: Sequence[int] = (),
    oriented: Any = (),
    oriented_ids: Sequence[int] = (),
) -> np.ndarray:
    """A copy of the image with translucent masks, coco boxes, outlines, dots and names.

    `ids[i]` is the number of the object in box i, which is also its place among the masks; the
    others are numbers of polygons and of oriented boxes.
    """
    canvas = image.copy()
    for number, mask in enumerate(masks):
        inside = mask > 0
        tint = np.array(color(number), np.float32)
        canvas[inside] = (0.7 * canvas[inside] + 0.3 * tint).astype(np.uint8)
        if not len(polygon_ids):  # they have the same lines, and are there to be compared
            edges, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(canvas, edges, -1, color(number), 1)
    for number, rings in zip(polygon_ids, polygons):
        outline(canvas, [np.reshape(ring, (-1, 2)) for ring in rings], color(int(number)))
    for number, row in zip(oriented_ids, oriented):
        red, green, blue = color(int(number))
        outline(canvas, [turned(row)], (red * 2 // 3, green * 2 // 3, blue * 2 // 3))
    numbers = range(len(labels)) if ids is None else [int(i) for i in ids]
    boxes = [[float(value) for value in box[:4]] for box in bboxes]
    for number, (x, y, w, h) in zip(numbers, boxes):
        cv2.rectangle(
            canvas, fixed(x, y), fixed(x + w, y + h), color(number), 1, cv2.LINE_AA, SUBPIXEL
        )
    points = [(float(point[0]), float(point[1])) for point in keypoints]
    written: list[Plate] = []
    for number, (x, y, w, h), name in zip(numbers, boxes, labels):
        if len(boxes) <= 6 or (w >= 24 and h >= 16):  # a crowd of names would hide the objects
            written.append(write(canvas, str(name), x, y, color(number), 0.36, written))
    for x, y in points:
        at = fixed(x + 0.5, y + 0.5)  # a keypoint counts pixel centres, a box their edges
        cv2.fillPoly(canvas, [dot(at, 3.7)], (255, 255, 255), cv2.LINE_AA, SUBPIXEL)
        cv2.fillPoly(canvas, [dot(at, 2.5)], (230, 0, 60), cv2.LINE_AA, SUBPIXEL)
    if len(points) <= 8:
        for (x, y), name in zip(points, keypoint_labels):
            plate = place(canvas, str(name), x + 5, y - 2, 0.3)
            if not any(meet(plate, other) for other in written):
                written.append(write(canvas, str(name), x + 5, y - 2, (255, 255, 255), 0.3))
    return canvas


def fixed(x: float, y: float) -> tuple[int, int]:
    """Edge coordinates as the fixed-point pixel centres that OpenCV draws with."""
    return round((x - 0.5) * 2**SUBPIXEL), round((y - 0.5) * 2**SUBPIXEL)


def outline(canvas: np.ndarray, rings: Sequence[np.ndarray], ink: tuple[int, int, int]) -> None:
    """Draw closed lines through points in edge coordinates."""
    lines = [np.array([fixed(x, y) for x, y in ring.tolist()], np.int32) for ring in rings]
    cv2.polylines(canvas, lines, True, ink, 1, cv2.LINE_AA, SUBPIXEL)


def turned(row: Sequence[float]) -> np.ndarray:
    """The corners of an oriented coco box."""
    x, y, w, h, angle = map(float, row[:5])
    return cv2.boxPoints(((x + w / 2, y + h / 2), (w, h), angle))


def dot(at: tuple[int, int], radius: float) -> np.ndarray:
    """A disc as a polygon: OpenCV draws small circles with a fraction as squares."""
    angles = np.arange(20) * (2 * np.pi / 20)
    rim = np.stack([np.cos(angles), np.sin(angles)], 1) * radius * 2**SUBPIXEL
    return np.round(rim + at).astype(np.int32)


def write(
    canvas: np.ndarray,
    words: str,
    x: float,
    y: float,
    ground: tuple[int, int, int],
    size: float,
    avoid: Sequence[Plate] = (),
) -> Plate:
    """Write words on a plate whose lower left corner is near (x, y), below those to avoid."""
    left, top, right, bottom = place(canvas, words, x, y, size)
    height = bottom - top
    while bottom + height <= canvas.shape[0] and any(
        meet((left, top, right, bottom), plate) for plate in avoid
    ):
        top, bottom = top + height, bottom + height
    cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), ground, -1)
    base = cv2.getTextSize(words, FONT, size, 1)[1]
    at = left + 2, bottom - base - 1
    dark = 0.3 * ground[0] + 0.6 * ground[1] + 0.1 * ground[2] < 95
    ink = (255, 255, 255) if dark else (20, 20, 20)
    cv2.putText(canvas, words, at, FONT, size, ink, 1, cv2.LINE_AA)
    return left, top, right, bottom


def place(canvas: np.ndarray, words: str, x: float, y: float, size: float) -> Plate:
    """The plate (left, top, right, bottom) that these words need, moved into the image."""
    (w, h), base = cv2.getTextSize(words, FONT, size, 1)
    w, h = w + 4, h + base + 2
    left = min(max(round(x), 0), max(canvas.shape[1] - w, 0))
    top = min(max(round(y) - h, 0), max(canvas.shape[0] - h, 0))
    return left, top, left + w, top + h


def meet(a: Plate, b: Plate) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def fit(image: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """Scale the image into a square of this side; also the factor."""
    factor = side / max(image.shape[:2])
    size = max(round(image.shape[1] * factor), 1), max(round(image.shape[0] * factor), 1)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=way), factor


def grid(rows: Sequence[Sequence[np.ndarray]], titles: Sequence[str], side: int) -> np.ndarray:
    """Place images of at most side x side in rows, a line of titles above."""
    gap, head = 4, 22
    columns = max(len(row) for row in rows)
    size = head + len(rows) * (side + gap), gap + columns * (side + gap), 3
    page = np.full(size, BACKGROUND, np.uint8)
    for column, title in enumerate(titles):
        place = (gap + column * (side + gap) + 2, head - 7)
        cv2.putText(page, title, place, FONT, 0.45, (40, 40, 40), 1, cv2.LINE_AA)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            h, w = image.shape[:2]
            top = head + i * (side + gap) + (side - h) // 2
            left = gap + j * (side + gap) + (side - w) // 2
            page[top : top + h, left : left + w] = image
    return page


def sheet(rows: Sequence[Sequence[tuple[str, np.ndarray]]], side: int) -> np.ndarray:
    """Place captions and images, of at most side x side, in rows as high as their images."""
    gap, line, size = 8, 13, 0.36
    columns = max(map(len, rows))
    parts = []
    for row in rows:
        texts = [wrapped(caption, side, size) for caption, _ in row]
        head = line * max(map(len, texts)) + 6
        height = head + max(image.shape[0] for _, image in row) + 2 * gap
        part = np.full((height, gap + columns * (side + gap), 3), BACKGROUND, np.uint8)
        for column, (text, (_, image)) in enumerate(zip(texts, row)):
            left = gap + column * (side + gap)
            for number, words in enumerate(text):
                at = left, (number + 1) * line
                cv2.putText(part, words, at, FONT, size, (20, 20, 20), 1, cv2.LINE_AA)
            h, w = image.shape[:2]
            part[head : head + h, left : left + w] = image
        parts.append(part)
    return np.concatenate(parts)


def wrapped(words: str, width: int, size: float) -> list[str]:
    """Cut words into lines of at most this width, in pixels."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if cv2.getTextSize(longer, FONT, size, 1)[0][0] > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def save(path: Path, page: np.ndarray) -> None:
    """Write an RGB page as PNG, with 5, 6 and 5 bits of colour: noise is what makes PNG large."""
    path.parent.mkdir(parents=True, exist_ok=True)
    light = cv2.cvtColor(page & np.array([0xF8, 0xFC, 0xF8], np.uint8), cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(path), light, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise OSError(f"cannot write {path}")
