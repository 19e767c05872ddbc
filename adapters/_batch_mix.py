"""Samples of a batch joined with each other: MixUp, CutMix, Mosaic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import probaug as A
from probaug.core.declared import walk
from probaug.core.transform import Node

from ._checks import refuse
from ._order import mixing_seed
from ._packers import LABEL_KEYS, ClassPacker
from ._recipe import Key, Made, Recipe

JOINING = (A.MixUp, A.CutMix, A.Mosaic)
# What a sample of the call itself is told of how its labels are read.
_PARAMS = ("bbox_params", "keypoint_params", "polygon_params", "additional_targets")
_SOFT = (
    "labels that can be mixed: label_mode='categorical' and num_classes=..., or one-hot or soft "
    "labels as float arrays"
)


class Mixer:
    """Runs transforms that join a sample with others of its batch, all of them finished.

    What is drawn depends on the seed, the epoch and the sample, as for the pipeline, but is not
    what the pipeline draws.

    Args:
        mix: A transform or a pipeline of them.
        task: What the batch is for.
        recipe: What happens to a sample before.
        seed: That of the sequence.

    """

    def __init__(self, mix: Node, task: str, recipe: Recipe, seed: int) -> None:
        self._keys = joined_keys(mix)
        self.node = mix
        self.is_resizing = any(isinstance(part, A.Mosaic) for part in walk(mix))
        self._is_labelled = task in ("classification", "regression")
        params: dict[str, Any] = {name: getattr(recipe.pipeline, name, None) for name in _PARAMS}
        self._pipeline = A.Compose([mix], **params)
        self._classes = [p for p in recipe.packers if isinstance(p, ClassPacker)]
        self._seed = mixing_seed(seed)

    @classmethod
    def of(cls, owner: str, mix: Any, task: str, recipe: Recipe, seed: int) -> Mixer | None:
        """Check what the user asked for."""
        is_labelled = task in ("classification", "regression")
        lost = [p for p in walk(recipe.pipeline) if isinstance(p, (A.MixUp, A.CutMix))]
        if is_labelled and lost:
            raise ValueError(
                f"{owner}: {type(lost[0]).__name__} within the pipeline does not see the label; "
                f"give it as mix={type(lost[0]).__name__}(...)"
            )
        if mix is None:
            return None
        nodes = [part for part in walk(mix) if isinstance(part, Node)]
        leaves = [node for node in nodes if not hasattr(node, "transforms")]
        if not leaves or not all(isinstance(part, JOINING) for part in leaves):
            names = ", ".join(known.__name__ for known in JOINING)
            raise refuse(owner, "mix", f"a transform or a choice among {names}", mix)
        if task == "keypoints":
            raise refuse(owner, "mix", "None for task='keypoints', whose rows are fixed", mix)
        if is_labelled and any(isinstance(part, A.Mosaic) for part in leaves):
            raise refuse(owner, "mix", f"without Mosaic, which mixes no labels, for {task}", mix)
        return cls(mix, task, recipe, seed)

    def mix(self, made: Sequence[Made], place: int, key: Key) -> Made:
        """Join the sample of a place with others of its batch."""
        own = made[place]
        others = [*made[place + 1 :], *made[:place]] or [own]
        data, name = self._arguments(own)
        entries = [self._arguments(other)[0] for other in others]
        data |= dict.fromkeys(self._keys, entries)
        result = self._pipeline(key=(self._seed, *key[1:]), **data)
        carried = dict(own.carried)
        if name is not None:
            carried[name] = np.asarray(result["label"])
        return Made({**own.result, **result}, carried, own.types)

    def _arguments(self, made: Made) -> tuple[dict[str, Any], str | None]:
        """A finished sample as data of a call, and what its label is called in the batch."""
        data = {name: value for name, value in made.result.items() if name not in LABEL_KEYS}
        name = next((name for name in LABEL_KEYS if name in made.carried), None)
        if not self._is_labelled or name is None:
            return data, None
        label = made.carried[name]
        for packer in self._classes:
            label = packer.pack({name: label}, (1, 1), {})[name]
            if label.dtype.kind != "f":
                raise ValueError(f"mix needs {_SOFT}, got {label.tolist()!r:.80}")
        return {**data, "label": label.astype(np.float32)[()]}, name


class Others:
    """The samples of a source as a pipeline's own transforms take others: none is read before.

    Args:
        recipe: What the pipeline is called with.
        samples: The source.

    """

    def __init__(self, recipe: Recipe, samples: Any) -> None:
        self._recipe = recipe
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._recipe.arguments(self._samples[index])[0]


def joined_keys(pipeline: Any) -> tuple[str, ...]:
    """The names under which a pipeline's transforms look for other samples."""
    parts = (part for part in walk(pipeline) if isinstance(part, JOINING))
    return tuple(dict.fromkeys(part.metadata_key for part in parts))
