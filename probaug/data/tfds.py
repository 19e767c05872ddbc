"""Examples of TensorFlow Datasets as samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np

from .. import BboxParams
from .reader import Options, Reader, Reporter, Sample

NAMES = {"segmentation_mask": "mask", "segmentation": "mask", "image/filename": "path"}


class Tfds(Reader):
    """Examples in the form of TensorFlow Datasets, which need not be installed.

    "objects" become "bboxes" (relative, y first), "labels" and, where the examples have them,
    "crowd" and "difficult"; a segmentation mask "mask"; a file name "path". Everything else keeps
    its name.

    Args:
        examples: What has a length and gives examples by place: ``tfds.data_source(...)``, or
            ``list(tfds.as_numpy(dataset))``.
        classes: Names of the classes: ``info.features["label"].names``.
        options: See `Options`; only ``invalid`` means something here.

    Example::

        objects = {"bbox": np.array([[0.1, 0.2, 0.5, 0.6]]), "label": np.array([1])}
        examples = [{"image": np.zeros((40, 40, 3), np.uint8), "objects": objects}]
        reader = Tfds(examples, classes=["cat", "dog"])
        assert reader[0]["labels"].tolist() == [1]

    """

    bbox_params = BboxParams("rel_yxyx", ("labels",))

    def __init__(self, examples: Any, *, classes: Any = (), **options: Unpack[Options]) -> None:
        if not (hasattr(examples, "__len__") and hasattr(examples, "__getitem__")):
            raise TypeError(
                "Tfds.examples must have a length and give examples by place, as "
                f"tfds.data_source(...) does, got {type(examples).__name__}"
            )
        self.examples = examples
        self.classes = tuple(classes)
        super().__init__(range(len(examples)), **options)

    def _path(self, item: int) -> None:
        return None

    def _read(self, item: int, report: Reporter) -> Sample:
        return from_tfds(self.examples[item])


def from_tfds(example: Mapping[str, Any]) -> Sample:
    """One example of TensorFlow Datasets as a sample: see `Tfds`."""
    if not isinstance(example, Mapping):
        raise TypeError(f"an example must be a dict, got {type(example).__name__}")
    sample: Sample = {}
    for name, value in example.items():
        if name == "objects":
            if not isinstance(value, Mapping) or "bbox" not in value:
                got = sorted(value) if isinstance(value, Mapping) else type(value).__name__
                raise ValueError(f"the 'objects' of an example must have 'bbox', got {got}")
            sample["bboxes"] = np.asarray(value["bbox"], np.float32).reshape(-1, 4)
            fields = {"label": "labels", "is_crowd": "crowd", "is_difficult": "difficult"}
            for field, ours in fields.items():
                if field in value:
                    sample[ours] = np.asarray(value[field])
        else:
            array = np.asarray(value)
            plain = array.item() if array.ndim == 0 else array
            if isinstance(plain, bytes):
                plain = plain.decode("utf-8", "replace")
            sample[NAMES.get(name, name)] = plain
    return sample
