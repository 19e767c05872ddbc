"""The page of pictures: each photo beside eight augmented versions, everything drawn on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

import probaug as A
from probaug.data.objects import mirrored

from . import draw
from .coco import Photo

VERSIONS = 8


def pipeline(side: int, seed: int, names: Sequence[str]) -> A.Compose:
    """Move, recolour and damage a photo together with its boxes, masks and keypoints."""
    return A.Compose(
        [
            A.HorizontalFlip(p=0.5),
            A.OneOf(
                [
                    A.Affine(
                        scale=(0.8, 1.2),
                        translate_percent=(-0.08, 0.08),
                        rotate=(-25, 25),
                        shear=(-10, 10),
                        border_mode=cv2.BORDER_CONSTANT,
                        fill=90,
                    ),
                    A.ShiftScaleRotate(
                        shift_limit=0.08, scale_limit=0.15, rotate_limit=35, border_mode=0, fill=90
                    ),
                    A.Perspective(scale=(0.05, 0.12), border_mode=cv2.BORDER_CONSTANT, fill=90),
                ],
                p=0.7,
            ),
            A.OneOf(
                [
                    A.RandomResizedCrop((side, side), scale=(0.35, 0.9), ratio=(0.8, 1.25)),
                    A.RandomSizedBBoxSafeCrop(side, side),
                ],
                p=1.0,
            ),
            A.ColorJitter(brightness=0.25, contrast=0.25, saturation=0.4, hue=0.06, p=0.7),
            A.OneOf([A.GaussNoise(std_range=(0.02, 0.07)), A.GaussianBlur(sigma_limit=(0.5, 1.5))]),
            A.CoarseDropout(
                num_holes_range=(1, 4),
                hole_height_range=(0.06, 0.14),
                hole_width_range=(0.06, 0.14),
                fill=60,
                p=0.3,
            ),
        ],
        bbox_params=A.BboxParams("coco", label_fields=["labels", "ids"], min_visibility=0.2),
        keypoint_params=A.KeypointParams(
            "xy", label_fields=["keypoint_labels"], label_mapping=mirrored(names)
        ),
        seed=seed,
    )


def choose(photos: Sequence[Photo], count: int) -> list[Photo]:
    """The photos that show most: with a few objects, and keypoints if there are any."""

    def worth(photo: Photo) -> tuple[bool, bool]:
        return 1 <= len(photo.labels) <= 24, len(photo.keypoints) > 0

    return sorted(photos, key=worth, reverse=True)[:count]


def rows(photos: Sequence[Photo], side: int, seed: int) -> Iterator[list[np.ndarray]]:
    """For each photo the original and its versions, with everything drawn, as one row."""
    names = sorted({name for photo in photos for name in photo.keypoint_labels})
    augment = pipeline(side, seed, names)
    for row, photo in enumerate(photos):
        image, masks = photo.image(), photo.masks()
        cells = [original(photo, image, masks, side)]
        for version in range(VERSIONS):
            result = augment(
                image=image,
                masks=masks,
                bboxes=photo.bboxes,
                labels=photo.labels,
                ids=list(range(len(photo.labels))),
                keypoints=photo.keypoints,
                keypoint_labels=photo.keypoint_labels,
                key=row * VERSIONS + version,
            )
            cells.append(draw.overlay(**result))
        yield cells


def original(photo: Photo, image: np.ndarray, masks: Sequence[np.ndarray], side: int) -> np.ndarray:
    """The photo as it is, scaled into a cell."""
    small, factor = draw.fit(image, side)
    size = small.shape[1::-1]
    points = np.array(photo.keypoints, float).reshape(-1, 2)
    return draw.overlay(
        small,
        masks=[cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT) for mask in masks],
        bboxes=np.array(photo.bboxes, float).reshape(-1, 4) * factor,
        labels=photo.labels,
        keypoints=(points + 0.5) * factor - 0.5,
        keypoint_labels=photo.keypoint_labels,
    )
