"""A batch of plain images, filled many at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from probaug.core.random import uniforms

from ._errors import Failure
from ._idg_ranges import SLOTS
from ._idg_steps import Steps
from ._recipe import Array, Key

VALUES = 1 << 16
"""So many are standardised at once: more would leave the cache, fewer be less than the calls."""


class Blocks:
    """The images of one batch, in blocks: what a call of a pipeline is for small ones is much.

    Its places are blocks. Images are those that a `Batch` gives; one that cannot be made raises.

    Args:
        recipe: What happens to an image, by one step alone.
        keys: The (seed, epoch, index) of each image.
        images: The source, (N, H, W, C), or (N, C, H, W) if the recipe says so.
        dtype: The type of the images given.

    """

    def __init__(self, recipe: Steps, keys: Sequence[Key], images: Array, dtype: Any) -> None:
        self.recipe = recipe
        self.keys = keys
        self.failures: list[Failure] = []
        self.arrays: dict[str, Array] = {}
        self._images = images
        self._dtype = dtype
        size = max(1, math.prod(images.shape[1:]))
        self._rows = 1 if recipe.final_all is None else max(1, VALUES // size)
        if keys:
            self.arrays = {"image": np.empty((len(keys), *images.shape[1:]), dtype)}

    def __len__(self) -> int:
        return -(-len(self.keys) // self._rows)

    def again(self) -> Blocks:
        return Blocks(self.recipe, self.keys, self._images, self._dtype)

    def fill(self, place: int) -> None:
        """Make the images of one block."""
        rows = slice(place * self._rows, (place + 1) * self._rows)
        keys, slots = self.keys[rows], self.arrays["image"][rows]
        key = keys[0]
        try:
            for key, slot, values in zip(keys, slots, self._draws(keys)):
                self._make_into(slot, self._images[key[2]], values)
            if self.recipe.final_all is not None:
                self.recipe.final_all(slots)
        except Exception as error:
            error.add_note(f"in sample {key[2]} of epoch {key[1]}")
            raise

    def _make_into(self, slot: Array, image: Array, values: Sequence[float]) -> None:
        recipe = self.recipe
        assert recipe.only is not None  # for mypy
        first = recipe.channels_first
        if first:
            image = np.ascontiguousarray(np.moveaxis(image, 0, -1))
        moved = recipe.only.alone(recipe.values.enter(image), values)
        if recipe.final_all is None:
            recipe.final(moved, slot)
        else:
            slot[...] = np.moveaxis(moved, -1, 0) if first else moved

    def _draws(self, keys: Sequence[Key]) -> list[list[float]]:
        """What the pipeline's last step draws for each key."""
        places = [(epoch, index) for _, epoch, index in keys]  # one seed for all
        drawn = uniforms(keys[0][0], places, self.recipe.pipeline.slots)
        return [values[-SLOTS:] for values in drawn]
