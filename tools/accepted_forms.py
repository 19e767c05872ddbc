"""Write tests/accepted_forms.json: what Albumentations 2.0.8 accepts for each parameter.

Run it where that version is installed: ``python tools/accepted_forms.py``.
"""

import inspect
import json
import warnings
from pathlib import Path
from typing import Any

import albumentations as B
import numpy as np

ROOT = Path(__file__).parents[1]
SCALARS = [0, 1, 2, 3, 7, 30, -3, 0.1, 0.5, 0.9, -0.5, None, "random", "inpaint_ns"]
PAIRS = [(0, 0), (1, 3), (3, 7), (5, 5), (8, 8), (-10, 10), (0.1, 0.3), (0.5, 1.5), (-0.1, 0.1)]
LONGER = [(1, 2, 3), (0.1, 0.2, 0.3), (1, 2, 3, 4), (0, 0.5, 1, 1), ((1, 2), (3, 4), (5, 6))]
AXES = [{"x": 5, "y": 3}, {"x": (-5, 5), "y": (-3, 3)}, {"x": 0.1, "y": (0.1, 0.2)}]
POOL = [*SCALARS, *PAIRS, *LONGER, *AXES]
LEFT_OUT = {"TextImage", "ToTensorV2", "ToTensor3D", "Lambda", "Mosaic", "PlasmaShadow"}
LEFT_OUT_PARAMETERS = {"p", "metadata_key", "templates", "reference_images", "read_fn", "mask"}
REQUIRED: dict[str, dict[str, Any]] = {
    "AtLeastOneBBoxRandomCrop": {"height": 20, "width": 30},
    "CenterCrop": {"height": 20, "width": 30},
    "CenterCrop3D": {"size": (3, 20, 30)},
    "ConstrainedCoarseDropout": {"mask_indices": [3]},
    "Crop": {"x_max": 40, "y_max": 40},
    "CropAndPad": {"px": 3},
    "CropNonEmptyMaskIfExists": {"height": 20, "width": 30},
    "GridElasticDeform": {"num_grid_xy": (4, 3), "magnitude": 5},
    "LongestMaxSize": {"max_size": 40},
    "Pad3D": {"padding": 2},
    "PadIfNeeded": {"min_height": 60, "min_width": 70},
    "PadIfNeeded3D": {"min_zyx": (8, 60, 70)},
    "RandomCrop": {"height": 20, "width": 30},
    "RandomCrop3D": {"size": (3, 20, 30)},
    "RandomResizedCrop": {"size": (20, 30)},
    "RandomSizedBBoxSafeCrop": {"height": 20, "width": 30},
    "RandomSizedCrop": {"min_max_height": (20, 30), "size": (20, 30)},
    "Resize": {"height": 20, "width": 30},
    "SmallestMaxSize": {"max_size": 40},
}
IMAGE = np.arange(48 * 64 * 3, dtype=np.int64).reshape(48, 64, 3).astype(np.uint8)
MASK = np.zeros((48, 64), np.uint8)
MASK[10:20, 10:30] = 3


def sample(cls: type) -> dict[str, Any]:
    """A call that suits a class."""
    if issubclass(cls, B.Transform3D):
        return {"volume": np.stack([IMAGE] * 5), "mask3d": np.stack([MASK] * 5)}
    names = ("fda", "hm", "pda")
    return {
        "image": IMAGE,
        "mask": MASK,
        "cropping_bbox": (10, 10, 40, 40),
        "overlay_metadata": [],
        **{f"{name}_metadata": [IMAGE[::-1]] for name in names},
    }


def accepts(cls: Any, arguments: dict[str, Any], name: str) -> tuple[Any] | None:
    """What is stored for an argument, in a tuple; None if it is refused or breaks a call."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message=".*(specialized|special case|slow).*")
            transform = cls(**arguments, p=1)
            stored = getattr(transform, name)
            json.dumps(stored)
            for _ in range(3):
                transform(**sample(cls))
    except Exception:
        return None
    return (stored,)


def main() -> None:
    """Ask 2.0.8 about every value of the pool for every parameter."""
    signatures = json.loads((ROOT / "tests" / "signatures_2_0_8.json").read_text())
    facts: dict[str, Any] = {}
    for class_name in sorted(signatures.keys() - LEFT_OUT):
        cls = getattr(B, class_name)
        given = REQUIRED.get(class_name, {})
        taken = {}
        for name in inspect.signature(cls).parameters:
            if name in LEFT_OUT_PARAMETERS:
                continue
            found = [
                [value, *stored]
                for value in POOL
                if (stored := accepts(cls, {**given, name: value}, name)) is not None
            ]
            if found:
                taken[name] = found
        if taken:
            facts[class_name] = {"with": given, "takes": taken}
    lines = (f"{json.dumps(name)}: {json.dumps(fields)}" for name, fields in facts.items())
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (ROOT / "tests" / "accepted_forms.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
