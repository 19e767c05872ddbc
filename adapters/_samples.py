"""Sources of samples: arrays, or anything indexable that gives dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ._formats import BoxPacker

TASKS = ("classification", "segmentation", "detection")
# What a sample dict may call its class.
LABEL_KEYS = ("label", "class")
WEIGHT = "sample_weight"


class Samples(Protocol):
    """Anything with a length whose items are sample dicts."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> dict[str, Any]: ...


def samples_of(owner: str, source: Any, task: str, boxes: BoxPacker | None) -> Samples:
    """Wrap a user's source; check what can be checked without reading samples."""
    if isinstance(source, np.ndarray):
        source = (source,)
    if isinstance(source, tuple):
        samples: Samples = ArraySamples(owner, source, task, boxes)
    elif hasattr(source, "__len__") and hasattr(source, "__getitem__"):
        samples = DictSamples(owner, source)
    else:
        raise TypeError(
            f"{owner}.source must be (x, y), (x, y, sample_weight) or something with a length "
            f"whose items are dicts, got {type(source).__name__}"
        )
    if len(samples) == 0:
        raise ValueError(f"{owner}.source has no samples")
    return samples


class ArraySamples:
    """Samples out of (x,), (x, y) or (x, y, sample_weight), each indexable along its first axis.

    For detection y is a dict of "boxes", in the pipeline's format, and "labels".
    """

    def __init__(
        self, owner: str, source: tuple[Any, ...], task: str, boxes: BoxPacker | None
    ) -> None:
        if not 1 <= len(source) <= 3:
            raise ValueError(
                f"{owner}.source must be (x,), (x, y) or (x, y, sample_weight), "
                f"got a tuple of {len(source)}"
            )
        self._x, self._y, self._weight = (*source, None, None)[:3]
        self._task = task
        self._boxes = boxes
        if task != "classification" and self._y is None:
            raise ValueError(f"{owner}.source must hold y for task={task!r}")
        parts = {"x": self._x, WEIGHT: self._weight}
        if boxes is None:
            parts["y"] = self._y
        elif isinstance(self._y, Mapping) and {"boxes", "labels"} <= set(self._y):
            parts |= {"y['boxes']": self._y["boxes"], "y['labels']": self._y["labels"]}
        else:
            raise TypeError(
                f"{owner}.source must give y as a dict of 'boxes' and 'labels' for "
                f"task='detection', got {type(self._y).__name__}"
            )
        sizes = {name: len(part) for name, part in parts.items() if part is not None}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"{owner}.source must have equal lengths, got {sizes}")

    def __len__(self) -> int:
        return len(self._x)

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        sample: dict[str, Any] = {"image": self._x[index]}
        if self._boxes is not None:
            sample |= self._boxes.inputs(
                self._y["boxes"][index], {self._boxes.label: self._y["labels"][index]}
            )
        elif self._y is not None:
            sample["mask" if self._task == "segmentation" else "label"] = self._y[index]
        if self._weight is not None:
            sample[WEIGHT] = self._weight[index]
        return sample


class DictSamples:
    """Samples out of an indexable of dicts."""

    def __init__(self, owner: str, source: Any) -> None:
        self._owner = owner
        self._source = source

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int, /) -> dict[str, Any]:
        sample = self._source[index]
        if not isinstance(sample, Mapping) or "image" not in sample:
            got = sorted(map(str, sample)) if isinstance(sample, Mapping) else type(sample).__name__
            raise TypeError(f"{self._owner}.source must give dicts with 'image', got {got}")
        return dict(sample)
