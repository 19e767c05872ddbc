"""How `ImageDataGenerator` standardises images, and how it learns the means to do so."""

from __future__ import annotations

from typing import Any

import numpy as np

from probaug.core.fields import Array
from probaug.core.warn import warn

from ._checks import refuse

EPSILON = 1e-6
"""What Keras adds to deviations before it divides by them."""


class Statistics:
    """The half of `ImageDataGenerator` that standardises; that class explains the arguments."""

    featurewise_center: bool
    samplewise_center: bool
    featurewise_std_normalization: bool
    samplewise_std_normalization: bool
    zca_whitening: bool
    zca_epsilon: float
    rescale: float | None
    preprocessing_function: Any
    data_format: str
    dtype: Any
    legacy: bool
    mean: Any = None
    std: Any = None
    _whitening: tuple[Array, ...] | None = None

    @property
    def channel_axis(self) -> int:
        """Which axis of a batch is that of channels."""
        return 1 if self.data_format == "channels_first" else 3

    @property
    def row_axis(self) -> int:
        """Which axis of a batch is that of rows."""
        return 2 if self.data_format == "channels_first" else 1

    @property
    def col_axis(self) -> int:
        """Which axis of a batch is that of columns."""
        return self.row_axis + 1

    def _settle(self) -> None:
        """Switch on what follows from other settings, as Keras does, and say so."""
        for name, also, value in (
            ("zca_whitening", "featurewise_center", True),
            ("zca_whitening", "featurewise_std_normalization", False),
            ("featurewise_std_normalization", "featurewise_center", True),
            ("samplewise_std_normalization", "samplewise_center", True),
        ):
            if getattr(self, name) and bool(getattr(self, also)) != value:
                setattr(self, also, value)
                warn(f"ImageDataGenerator: {name} sets {also} to {value}")
        floats = np.dtype(self.dtype).kind == "f"
        if not floats and (self.rescale or self._by_sample or self._by_feature):
            raise refuse("ImageDataGenerator", "dtype", "a float to be standardised", self.dtype)

    @property
    def _by_sample(self) -> bool:
        return bool(self.samplewise_center or self.samplewise_std_normalization)

    @property
    def _by_feature(self) -> bool:
        return bool(
            self.featurewise_center or self.featurewise_std_normalization or self.zca_whitening
        )

    @property
    def zca_whitening_matrix(self) -> Array | None:
        """What whitens an image as one row of numbers, one row and column for each of them."""
        parts = self._whitening
        if parts is None or len(parts) == 1:
            return None if parts is None else parts[0]
        return parts[0] @ parts[1]

    @zca_whitening_matrix.setter
    def zca_whitening_matrix(self, matrix: Array | None) -> None:
        self._whitening = None if matrix is None else (np.asarray(matrix),)

    def standardize(self, x: Array) -> Array:
        """Standardise an image or a batch of floats, in place; give it."""
        x = self._by_itself(x)
        if self.featurewise_center:
            if self.mean is None:
                self._unfitted("featurewise_center")
            else:
                x -= self.mean
        if self.featurewise_std_normalization:
            if self.std is None:
                self._unfitted("featurewise_std_normalization")
            else:
                x /= self.std + EPSILON
        if self.zca_whitening:
            if self._whitening is None:
                self._unfitted("zca_whitening")
            else:
                flat = x.reshape(-1, int(np.prod(x.shape[-3:])))
                for part in self._whitening:
                    flat = flat @ part
                x = flat.reshape(x.shape)
        return x

    def _by_itself(self, x: Array) -> Array:
        """The part of standardising that needs no statistics."""
        if self.preprocessing_function is not None:
            shape = x.shape
            x = self.preprocessing_function(x)
            if np.shape(x) != shape:
                raise ValueError(
                    f"preprocessing_function must keep the shape {shape}, got {np.shape(x)}"
                )
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + EPSILON
        return x

    def _unfitted(self, name: str) -> None:
        warn(f"ImageDataGenerator.{name} has no effect before fit(x) is called")

    def _finish(self, image: Array, out: Array | None) -> Array:
        """Standardise a copy of an (H, W, C) image, in an array of the result's shape if given."""
        if self.data_format == "channels_first":
            image = np.moveaxis(image, -1, 0)
        if out is None or out.shape != image.shape or out.dtype != np.dtype(self.dtype):
            out = np.empty(image.shape, self.dtype)
        np.copyto(out, image, casting="unsafe")
        result = self.standardize(out)
        if result is not out:
            np.copyto(out, result, casting="unsafe")
        return out

    @property
    def _is_elementwise(self) -> bool:
        """Whether images may be standardised many at once."""
        others = self.preprocessing_function is not None or self.zca_whitening
        return not (others or self._by_sample)

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learn the mean, the deviation and the whitening that are asked for.

        They are those of images as they are when these are applied: after
        ``preprocessing_function``, ``rescale`` and samplewise standardisation. With ``legacy``
        only ``rescale`` comes before, as in Keras.

        Args:
            x: Images of rank 4.
            augment: Learn from augmented images.
            rounds: How many times over the data, if augmented.
            seed: What decides the augmentation.

        """
        images = np.asarray(x)
        if images.ndim != 4:
            raise ValueError(f"ImageDataGenerator.fit takes images of rank 4, got {images.shape}")
        taken = np.empty((len(images) * (rounds if augment else 1), *images.shape[1:]), self.dtype)
        for place in range(len(taken)):
            image = images[place % len(images)].astype(self.dtype)
            if self.legacy and self.rescale:
                image *= self.rescale
            if augment:
                image = self.random_transform(image, None if seed is None else seed + place)
            taken[place] = image if self.legacy else self._by_itself(np.array(image, self.dtype))
        self._learn(taken)

    def _learn(self, x: Array) -> None:
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x /= self.std + EPSILON
        if self.zca_whitening:
            # in two steps where that is smaller: of 224 x 224 RGB images, the matrix takes 90 GB
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            scaled = u * (np.sqrt(len(x)) / (s + self.zca_epsilon))
            self._whitening = (scaled, u.T) if 2 * u.shape[1] < len(u) else (scaled @ u.T,)

    def random_transform(self, x: Any, seed: int | None = None) -> Array:
        """Change one image at random."""
        raise NotImplementedError
