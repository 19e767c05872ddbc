"""What a pipeline gives, learnt by trying it on black images."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from ._recipe import Recipe

Shape = tuple[int | None, ...]


class Like(NamedTuple):
    """Shape and type of one sample's part; None is a size that varies."""

    shape: Shape
    dtype: np.dtype[Any]


# Tried where a dataset does not say how large its images are: landscape, portrait, and if neither
# is large enough for the pipeline's crops, a large one.
SIZES = ((512, 640), (640, 512), (1500, 2000))
# Enough draws that a size which varies is seen to vary.
DRAWS = 8


def probe(
    owner: str, recipe: Recipe, given: Mapping[str, Like], rows: Collection[str] = ()
) -> dict[str, Like]:
    """Shapes and types of the results for samples like these.

    Args:
        owner: Who asks, for errors.
        recipe: What happens to a sample.
        given: The targets' shapes and types, "image" among them.
        rows: Targets with a row for each box; there are no boxes in the trial.

    """
    size = given["image"].shape[:2]
    known = None not in size
    seen: dict[str, list[Like]] = {}
    failure: Exception | None = None
    for trial in SIZES[:1] if known else SIZES:
        if trial == SIZES[-1] and seen:
            break
        frame = tuple(guess if own is None else own for own, guess in zip(size, trial))
        sample = {
            name: _none(like) if name in rows else _black(name, like, frame, recipe)
            for name, like in given.items()
        }
        try:
            for draw in range(DRAWS):
                results, _ = recipe.run(sample, (0, 0, draw), {})
                for name, value in results.items():
                    seen.setdefault(name, []).append(Like(value.shape, value.dtype))
        except Exception as error:
            failure = error
    if failure is not None and (known or not seen):
        failure.add_note(
            f"{owner} met this while trying the pipeline on black images of {size} to learn what "
            "it gives; with output_shape= and dtype= it does not try"
        )
        raise failure
    return {name: _common(likes) for name, likes in seen.items()}


def _none(like: Like) -> Any:
    return np.zeros((0, *(side or 0 for side in like.shape[1:])), like.dtype)


def _black(name: str, like: Like, frame: tuple[int, ...], recipe: Recipe) -> Any:
    lead = recipe.lead(name)
    if lead is None:
        return np.zeros([side or 0 for side in like.shape], like.dtype)
    frames = [side or 1 for side in like.shape[:lead]]
    channels = [side or 3 for side in like.shape[lead + 2 :]]
    return np.zeros((*frames, *frame, *channels), like.dtype)


def _common(likes: list[Like]) -> Like:
    """The shape that all have, with None where they differ."""
    if len({len(like.shape) for like in likes}) > 1 or len({like.dtype for like in likes}) > 1:
        raise ValueError(f"the pipeline gives now {likes[0]}, now another rank or type")
    sides = zip(*(like.shape for like in likes))
    shape = tuple(side[0] if len(set(side)) == 1 else None for side in sides)
    return Like(shape, likes[0].dtype)
