"""What happens to one sample between a source and a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from probaug.core.call import PLANES
from probaug.core.results import Slots

from ._values import Values

Array = NDArray[Any]
Key = tuple[int, int, int]
# What tells a pipeline how labels are written.
PARAMS = {
    "bboxes": "bbox_params",
    "keypoints": "keypoint_params",
    "polygons": "polygon_params",
}


class Made(NamedTuple):
    """What a pipeline made of a sample, before it takes the form of a batch.

    Args:
        result: What the pipeline gave.
        carried: What went around it.
        types: By image, the type that it had in the source and the one it entered with.

    """

    result: dict[str, Any]
    carried: dict[str, Array]
    types: dict[str, tuple[np.dtype[Any], np.dtype[Any]]]


class Packer(Protocol):
    """Makes arrays of a batch out of a result."""

    def prepare(self, data: dict[str, Any]) -> None:
        """Bring the pipeline's arguments into the form that `pack` expects, if they are not."""
        return

    def pack(
        self, result: Mapping[str, Any], size: tuple[int, int], slots: Mapping[str, Array]
    ) -> dict[str, Array]:
        """Arrays by name; ``slots`` are places of a batch that they may be written into."""
        ...


@dataclass(frozen=True)
class Recipe:
    """Run a pipeline on a sample and pick what the batch is made of.

    Args:
        pipeline: A Compose or a transform.
        values: How images enter and leave.
        images: Targets that are images and so have a value range.
        arrays: Targets that the batch takes as the pipeline gives them; images among them.
        carried: Keys that go around the pipeline into the batch.
        packers: What else is made of a result; it takes the place of arrays of the same name.

    """

    pipeline: Any
    values: Values
    images: tuple[str, ...]
    arrays: tuple[str, ...]
    carried: tuple[str, ...] = ()
    packers: tuple[Packer, ...] = ()

    def lead(self, name: str) -> int | None:
        """How many axes stand before height and width; None if the target has no pixels."""
        alike = getattr(self.pipeline, "additional_targets", None) or {}
        plane = PLANES.get(alike.get(name, name))
        return None if plane is None else plane[1]

    def run(
        self,
        sample: Mapping[str, Any],
        key: Key,
        slots: Mapping[str, Array],
        direct: frozenset[str] = frozenset(),
    ) -> tuple[dict[str, Array], set[str]]:
        """Augment one sample; give its arrays, and which of them are as the pipeline made them.

        Args:
            sample: Targets by name.
            key: (seed, epoch, index), which alone decides the draw.
            slots: Arrays to write results into; where the result holds the very same array,
                it was written there.
            direct: Those of the slots that the pipeline itself may write into.

        """
        made = self.augment(sample, key, {name: slots[name] for name in direct})
        return self.finish(made, slots)

    def augment(self, sample: Mapping[str, Any], key: Key, slots: dict[str, Array]) -> Made:
        """Run the pipeline on a sample."""
        data, types = self.arguments(sample)
        result = self._call(data, key, slots)
        carried = {name: np.asarray(sample[name]) for name in self.carried if name in sample}
        return Made(result, carried, types)

    def arguments(
        self, sample: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, tuple[np.dtype[Any], np.dtype[Any]]]]:
        """What the pipeline is called with, and the types of images before and now."""
        data = {name: value for name, value in sample.items() if name not in self.carried}
        for packer in self.packers:
            packer.prepare(data)
        types = {}
        for name in self.arrays:
            if name not in data:
                raise KeyError(f"the sample has no {name!r}, only {sorted(map(str, sample))}")
            array = np.asarray(data[name])
            if name in self.images:
                source = array.dtype
                array = self.values.enter(array)
                types[name] = source, array.dtype
            data[name] = _read_only(array)
        return data, types

    def finish(self, made: Made, slots: Mapping[str, Array]) -> tuple[dict[str, Array], set[str]]:
        """Bring what a pipeline made into the form of a batch."""
        result, given = made.result, dict(made.carried)
        plain = set()
        for name in self.arrays:
            array = given[name] = np.asarray(result[name])
            if name in made.types:
                source, entered = made.types[name]
                given[name] = self.values.leave(array, entered, source, slots.get(name))
            if given[name] is array:
                plain.add(name)
        height, width = np.asarray(result["image"]).shape[:2]
        for packer in self.packers:
            packed = packer.pack({**result, **given}, (height, width), slots)
            given |= packed
            plain -= packed.keys()
        return given, plain

    def _call(self, data: dict[str, Any], key: Key, slots: dict[str, Array]) -> dict[str, Any]:
        # what does not fit its slot comes back all the same, and the batch says whose it is
        places = {"out": Slots(slots)} if slots else {}
        try:
            result: dict[str, Any] = self.pipeline(key=key, **places, **data)
        except ValueError as error:
            self._advise(error, data)
            raise
        return result

    def _advise(self, error: ValueError, data: Mapping[str, Any]) -> None:
        """Say what this boundary has to do with an error of the pipeline."""
        floats = [data[name] for name in self.images if data[name].dtype.kind == "f"]
        if self.values.range is None and any(image.max() > 1 for image in floats):
            error.add_note("float images of 0 to 255 need value_range=(0, 255)")
        for labels, params in PARAMS.items():
            if labels in str(error) and getattr(self.pipeline, params, None) is None:
                error.add_note(
                    f"the pipeline has no {params}: Compose([...], **reader.params) takes what a "
                    "reader gives"
                )
        if "read-only" in str(error):
            error.add_note(
                "the arrays of a source are never written to: a transform that changes its image "
                "in place must copy it first"
            )


def _read_only(array: Array) -> Array:
    """The same memory, which nobody can write through this array."""
    view = array.view()
    view.flags.writeable = False
    return view
