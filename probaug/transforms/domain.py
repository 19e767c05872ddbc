"""Domain adaptation: images take over the look of a reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import cv2
import numpy as np

from ..core.canvas import Canvas
from ..core.channels import as_dtype, clipped, covariance, means, mixed
from ..core.fields import Array, AsText, Between, DrawnPair, Probability, ZeroTo, channels_of
from ..core.hooks import ImageOnlyTransform
from ..core.kinds import COLOR
from ..core.matrix import Size
from ..core.mix import entries
from ..core.random import Draw
from ..core.tone import WHITE, look_up
from ..core.transform import Params
from ..core.utils import read_rgb_image
from ..core.warp import LINEAR, resize
from .curves import histograms

References: TypeAlias = Annotated[tuple[Any, ...], AsText()]


class _Adaptation(ImageOnlyTransform, base=True):
    """Changes images toward a reference. Subclasses define ``adapt(image, reference, strength)``.

    Args:
        reference_images: What ``read_fn`` reads: paths; or images as they are.
        read_fn: Takes one of these and gives an image; None takes images as they are.
        metadata_key: Name in the call of reference images; they go before ``reference_images``.

    """

    reference_images: References | None = None
    read_fn: Callable[..., Any] | None = read_rgb_image
    metadata_key: str

    dtypes = COLOR
    unit_range = True
    draws: ClassVar[int] = 2
    unsaved: ClassVar[str] = "its reference images must be paths, read by the default read_fn"

    adapt: ClassVar[Callable[..., Array]]

    @property
    def targets_as_params(self) -> list[str]:
        return [] if self.reference_images else [self.metadata_key]

    def is_serializable(self) -> bool:
        """Whether it can be saved: images and functions cannot, paths can."""
        paths = all(isinstance(item, str) for item in self.reference_images or ())
        return paths and self.read_fn is read_rgb_image

    def serializable_fields(self) -> dict[str, Any]:
        """What a saved pipeline, or a replay, holds of it."""
        return self.config()

    def references(self, canvas: Canvas) -> Any:
        """The references of a call, not read yet."""
        key = self.metadata_key
        given = canvas.data.get(key)
        if given is None and self.reference_images:
            return self.reference_images
        if isinstance(given, np.ndarray) and given.ndim < 4:
            return [given]
        references = entries(self, canvas)
        if not len(references):
            raise ValueError(f"{type(self).__name__} needs at least one reference image in {key!r}")
        return references

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        index = draw.whole(0, len(self.references(canvas)) - 1)
        return {"index": index, **super().sample(draw, canvas)}

    def on(self, canvas: Canvas, params: Params) -> None:
        index, strength = params["index"], params[self._drawn[0][0]]
        if strength == 0:
            return
        reference = self.read(self.references(canvas)[index])

        def edit(image: Array) -> Array:
            return self.adapt(image, self.fitted(reference, image), strength)

        canvas.edit(edit, is_unit=True)

    def read(self, item: Any) -> Array:
        """A reference as an image of a dtype that has a white."""
        given = np.ndarray, tuple  # small arrays are kept as tuples
        if self.read_fn and (self.read_fn is not read_rgb_image or not isinstance(item, given)):
            item = self.read_fn(item)
        image = np.asarray(item)
        if image.dtype == np.int64 and isinstance(item, tuple):
            image = image.astype(np.uint8)
        elif image.dtype == np.float64:
            image = image.astype(np.float32)
        known = image.dtype.name in WHITE and image.ndim in (2, 3) and image.size
        if not known or (
            image.dtype == np.float32 and not -0.25 < image.min() <= image.max() < 1.25
        ):
            raise ValueError(
                f"{type(self).__name__}: a reference image must be (H, W) or (H, W, C) of "
                f"{', '.join(WHITE)}, floats within [0, 1], got {image.shape} {image.dtype}"
            )
        return image

    def fitted(self, reference: Array, image: Array) -> Array:
        """A reference with the axes and dtype of an image; an error if it has other channels."""
        if channels_of(reference) != channels_of(image):
            raise ValueError(
                f"{type(self).__name__}: the reference image must have {channels_of(image)} "
                f"channels, as the image, got {reference.shape}"
            )
        reference = reference.reshape(*reference.shape[:2], *image.shape[2:])
        if reference.dtype == image.dtype:
            return reference
        scale = WHITE[image.dtype.name] / WHITE[reference.dtype.name]
        return as_dtype(reference.astype(np.float32) * np.float32(scale), image.dtype)


class FDA(_Adaptation):
    """Give an image the low frequencies of a reference, phases kept (Fourier domain adaptation).

    Their amplitudes are taken from the reference, scaled to the size of the image, up to a number
    of cycles along each axis; below one cycle nothing changes.

    Args:
        reference_images: Paths, or what ``read_fn`` takes, or images as they are.
        beta_limit: Cycles up to which amplitudes are taken, as a fraction of the shorter side.
        read_fn: Takes one of the references and gives an image.
        metadata_key: Name in the call of a list of reference images, used before
            ``reference_images``.
        p: Chance that a call does anything.

    Source: Y. Yang and S. Soatto, FDA, CVPR 2020, arXiv 2004.05498.

    """

    reference_images: References | None = None
    beta_limit: Annotated[ZeroTo, Between(0, 0.5)] = (0, 0.1)
    read_fn: Callable[..., Any] | None = read_rgb_image
    metadata_key: str = "fda_metadata"
    p: Probability = 0.5

    def adapt(self, image: Array, reference: Array, beta: float) -> Array:
        height, width = image.shape[:2]
        reach = int(min(height, width) * beta)
        if not reach:
            return image
        reference = resize(reference, Size(height, width), LINEAR)
        down = waves(height, min(reach, (height - 1) // 2))
        across = waves(width, min(reach, (width - 1) // 2))
        half = across[:, across.shape[1] // 2 :]  # the others are their conjugates
        pairs = zip(cv2.split(image), cv2.split(reference), strict=True)
        changes = [change(*pair, down, half) for pair in pairs]
        result = image.astype(np.float32)
        result += np.stack(changes, axis=-1).reshape(image.shape)
        return as_dtype(result, image.dtype)


def waves(length: int, reach: int) -> Array:
    """(N, 2 reach + 1) Fourier waves of -reach to reach cycles."""
    cycles = np.arange(-reach, reach + 1)
    turns = np.outer(np.arange(length), cycles) % length / length
    return np.asarray(np.exp(-2j * np.pi * turns), np.complex64)


def change(image: Array, reference: Array, down: Array, half: Array) -> Array:
    """What an (H, W) image gains by the amplitudes of another in a window of low frequencies.

    Only these are worked out, as products of matrices: half the time of whole transforms.
    """
    across = np.concatenate([half.real, half.imag], axis=1)
    count = half.shape[1]

    def spectrum(values: Array) -> Array:
        rows = values.astype(np.float32) @ across
        return np.asarray(down.T @ (rows[:, :count] + 1j * rows[:, count:]))

    mine = spectrum(image)
    size = np.abs(mine)
    phase = np.divide(mine, size, out=np.ones_like(mine), where=size > 0)
    gain = down.conj() @ (phase * (np.abs(spectrum(reference)) - size))
    gain[:, 1:] *= 2  # for the other half
    return np.asarray(np.concatenate([gain.real, gain.imag], axis=1) @ across.T / image.size)


class HistogramMatching(_Adaptation):
    """Give each channel the histogram of a reference's.

    Floats are matched in steps of 1/65535.

    Args:
        reference_images: Paths, or what ``read_fn`` takes, or images as they are.
        blend_ratio: Share of the matched image in the result, from 0 to 1.
        read_fn: Takes one of the references and gives an image.
        metadata_key: Name in the call of a list of reference images, used before
            ``reference_images``.
        p: Chance that a call does anything.

    """

    reference_images: References | None = None
    blend_ratio: Annotated[DrawnPair, Between(0, 1)] = (0.5, 1.0)
    read_fn: Callable[..., Any] | None = read_rgb_image
    metadata_key: str = "hm_metadata"
    p: Probability = 0.5

    def adapt(self, image: Array, reference: Array, ratio: float) -> Array:
        if image.dtype == np.float32:
            steps = as_dtype(np.minimum(image, 1) * np.float32(65535), np.dtype(np.uint16))
            other = as_dtype(reference * np.float32(65535), np.dtype(np.uint16))
            table = (matching(steps, other) / 65535).astype(np.float32)
            result = image * np.float32(1 - ratio)
            flat = steps.reshape(-1, channels_of(image))
            found = [column[codes] for column, codes in zip(table.T, flat.T, strict=True)]
            result += np.stack(found, axis=1).reshape(image.shape) * np.float32(ratio)
            return clipped(result)
        table = matching(image, reference)
        levels = np.arange(len(table))[:, None]
        table = np.rint((1 - ratio) * levels + ratio * table).astype(image.dtype)
        return look_up(image, table if image.ndim == 3 else table[:, 0])


def matching(image: Array, reference: Array) -> Array:
    """(levels, C): for every value, the one at the same quantile of a reference."""
    columns = []
    for mine, theirs in zip(histograms(image), histograms(reference), strict=True):
        there = np.flatnonzero(theirs)
        parts = np.cumsum(mine) / mine.sum()
        columns.append(np.interp(parts, np.cumsum(theirs[there]) / theirs.sum(), there))
    return np.stack(columns, axis=1)


class PixelDistributionAdaptation(_Adaptation):
    """Give the colours of an image the distribution of a reference's, by a linear map.

    "pca" turns the principal axes of the colours into those of the reference (never into their
    opposites, which would invert the image) and moves the mean; "standard" moves mean and deviation
    of each channel, "minmax" its least and largest value.

    Args:
        reference_images: Paths, or what ``read_fn`` takes, or images as they are.
        blend_ratio: Share of the adapted image in the result, from 0 to 1.
        read_fn: Takes one of the references and gives an image.
        transform_type: "pca", "standard" or "minmax".
        metadata_key: Name in the call of a list of reference images, used before
            ``reference_images``.
        p: Chance that a call does anything.

    """

    reference_images: References | None = None
    blend_ratio: Annotated[DrawnPair, Between(0, 1)] = (0.25, 1.0)
    read_fn: Callable[..., Any] | None = read_rgb_image
    transform_type: Literal["pca", "standard", "minmax"] = "pca"
    metadata_key: str = "pda_metadata"
    p: Probability = 0.5

    def adapt(self, image: Array, reference: Array, ratio: float) -> Array:
        pair = reference, image
        if self.transform_type == "minmax":
            (there, high), (here, top) = map(extremes, pair)
            gains = np.diag(quotient(high - there, top - here))
        else:
            there, here = (np.array(means(one)) for one in pair)
            theirs, mine = map(covariance, pair)
            if self.transform_type == "pca":
                longest = axes(theirs)
                gains = longest @ axes(mine, like=longest).T
            else:
                gains = np.diag(quotient(np.sqrt(np.diag(theirs)), np.sqrt(np.diag(mine))))
        offset = there - gains @ here
        plain = np.eye(len(gains), len(gains) + 1)
        weights = np.concatenate([gains, offset[:, None]], axis=1)
        return mixed(image, ratio * weights + (1 - ratio) * plain)


def extremes(image: Array) -> Array:
    """(2, C), the least and the largest value of each channel, in units of white."""
    ends = [cv2.minMaxLoc(channel)[:2] for channel in cv2.split(image)]
    return np.array(ends).T / WHITE[image.dtype.name]


def axes(covariance: Array, like: Array | None = None) -> Array:
    """(C, C) principal axes, in columns, the longest first; turned toward those of another."""
    found: Array = np.linalg.eigh(covariance)[1][:, ::-1]
    if like is not None:
        found = found * np.where((found * like).sum(axis=0) < 0, -1, 1)
    return found


def quotient(a: Array, b: Array) -> Array:
    """Ratios of a to b; 1 where there is nothing to stretch."""
    return np.divide(a, b, out=np.ones_like(a), where=b > 0)
