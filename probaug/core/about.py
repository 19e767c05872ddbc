"""What transforms and pipelines say about themselves, under the names of Albumentations 2.0.8."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .declared import walk
from .random import current

if TYPE_CHECKING:
    from .params import BboxParams, KeypointParams
    from .transform import Settings


class Processor(NamedTuple):
    """How the boxes or keypoints of a call are read."""

    params: BboxParams | KeypointParams
    default_data_name: str


class About:
    """Questions that a node of a pipeline answers."""

    if TYPE_CHECKING:  # an annotation would declare a field

        @property
        def settings(self) -> Settings: ...

        def set_random_seed(self, seed: int | None) -> None: ...

    @property
    def available_keys(self) -> set[str]:
        """Names of a call that mean something to it."""
        keys = set(self.settings.additional_targets)
        for part in walk(self):
            keys.update(getattr(part, "targets", ()), getattr(part, "targets_as_params", ()))
        for processor in self.processors.values():
            keys.update(processor.params.fields)
        return keys

    @property
    def processors(self) -> dict[str, Processor]:
        """How boxes and keypoints are read, by target; within a call, as its pipeline says."""
        draw = current()
        if draw is not None and draw.canvas is not None and not hasattr(self, "transforms"):
            labels = draw.canvas.labels
            targets: dict[str, Any] = {**labels.boxes, **labels.points}
            read = [(name, target.params) for name, target in targets.items()]
        else:
            both = self.settings.bbox_params, self.settings.keypoint_params
            read = list(zip(("bboxes", "keypoints"), both, strict=True))
        return {name: Processor(params, name) for name, params in read if params is not None}

    def get_processor(self, key: str) -> Processor | None:
        """How one target is read; None if it is not."""
        return self.processors.get(key)

    def is_serializable(self) -> bool:
        """Whether it can be saved."""
        return True

    def get_class_fullname(self) -> str:
        """The name that a replay tree holds."""
        from .replay import class_name

        return class_name(self)

    def set_random_state(
        self, random_generator: np.random.Generator, py_random: random.Random | None = None
    ) -> None:
        """Start the stream of calls without a key anew, from a number that a generator gives."""
        self.set_random_seed(int(random_generator.integers(2**63)))
