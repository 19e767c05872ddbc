"""Users' own transforms, written against the hooks of Albumentations 2.0.8.

A class that overrides ``apply``, ``apply_to_bboxes``, ``get_params``, ... sees what it saw there:
``params`` with ``shape`` (and ``interpolation``, ``fill``, ``fill_mask`` where it has them), boxes
as normalised float32 xyxy and keypoints as (x, y, z, angle in radians, scale), label columns
behind both, and generators of the current call. Built-in transforms answer to the same names.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .canvas import Canvas, Plane
from .fields import Array
from .label_columns import LabelColumns
from .labels import Boxes, Labels, Points, from_edges
from .matrix import Size
from .random import Draw, current, python_random
from .transform import Leaf, Params, Record

HOOKS = frozenset(
    {
        "apply", "apply_to_images", "apply_to_mask", "apply_to_masks", "apply_to_bboxes",
        "apply_to_keypoints", "apply_to_volume", "apply_to_volumes", "apply_to_mask3d",
        "apply_to_masks3d", "get_params", "get_params_dependent_on_data", "targets",
        "targets_as_params", "apply_with_params", "update_transform_params",
    }
)  # fmt: skip
SHARED = ("interpolation", "mask_interpolation", "fill", "fill_mask")


class BasicTransform(Leaf, base=True):
    """A random change to a sample.

    Args:
        p: Chance that a call does anything.

    """

    _hooked: ClassVar[bool] = False
    _targets: ClassVar[Any] = ()

    class InitSchema:
        """Accepted for compatibility; fields are declared in the class body instead."""

    def __init_subclass__(cls, base: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(base=base, **kwargs)
        if not cls.__module__.startswith("probaug."):
            cls._hooked = cls._hooked or not HOOKS.isdisjoint(cls.__dict__)

    @property
    def py_random(self) -> random.Random:
        """A `random.Random` for this call of this transform."""
        draw = current()
        if draw is None:
            return random.Random()
        if draw.python is None or draw.python[0] != draw.lane:
            draw.python = draw.lane, python_random(draw)
        return draw.python[1]

    @property
    def random_generator(self) -> np.random.Generator:
        """A NumPy generator for this call of this transform."""
        draw = current()
        return np.random.default_rng() if draw is None else draw.generator

    @property
    def targets_as_params(self) -> list[str]:
        """Names of call arguments that must be there for the parameters."""
        return []

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        """The method that serves each target."""
        return {
            "image": self.apply,
            "images": self.apply_to_images,
            "volume": self.apply_to_images,
            "volumes": self.apply_to_images,
        }

    def get_params(self) -> Params:
        """Parameters that depend on nothing but chance."""
        return {}

    def get_params_dependent_on_data(self, params: Params, data: dict[str, Any]) -> Params:
        """Parameters that depend on the sample."""
        draw = current()
        if draw is None or draw.canvas is None:
            raise RuntimeError(f"{type(self).__name__} draws its parameters only within a call")
        if type(self).sample is Leaf.sample and not self._table().drawn:
            return {}
        return self.sample(draw, draw.canvas)

    def apply(self, img: Array, *args: Any, **params: Any) -> Array:
        """Change an (H, W) or (H, W, C) image."""
        return self._on_pixels(img, "image", params)

    def apply_to_images(self, images: Any, *args: Any, **params: Any) -> Any:
        """Change frames one by one, with the same parameters."""
        frames = [self.apply(frame, **params) for frame in images]
        return np.stack(frames) if isinstance(images, np.ndarray) else frames

    def _on_pixels(self, array: Array, kind: Any, params: Params) -> Array:
        plane = Plane(kind, kind, [array])
        canvas = Canvas([plane], Labels({}, {}), {})
        self.on(canvas, own(params))
        canvas.flush()
        return np.ascontiguousarray(plane.frames[0])

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Record:
        if not self._hooked:
            return super().run(canvas, draw, slot, lane)
        draw.slot, draw.lane, draw.canvas, draw.python = slot, lane, canvas, None
        canvas.require(self)
        columns = LabelColumns(canvas)
        data = hook_data(canvas, columns)
        if missing := [name for name in self.targets_as_params if name not in data]:
            raise ValueError(f"{type(self).__name__} needs {', '.join(missing)} in its call")
        params = self.update_transform_params(self.get_params(), data)
        params.update(self.get_params_dependent_on_data(params=params, data=data))
        self._apply_hooks(canvas, columns, data, params)
        return params

    def repeat(self, canvas: Canvas, record: Record) -> None:
        if not self._hooked:
            super().repeat(canvas, record)
            return
        columns = LabelColumns(canvas)
        data = hook_data(canvas, columns)
        self._apply_hooks(canvas, columns, data, self.update_transform_params(record, data))

    def update_transform_params(self, params: Params, data: dict[str, Any]) -> Params:
        """Add what every hook may expect: the shape and the transform's own sampling fields."""
        params = dict(params)
        first = next((data[key] for key in ("image", "images", "volume") if key in data), None)
        shape = tuple(data["_size"]) if first is None else first.shape
        if first is not None and "image" not in data:
            shape = shape[1:]
        params.update(shape=shape, rows=shape[0], cols=shape[1])
        params.update({name: getattr(self, name) for name in SHARED if hasattr(self, name)})
        return params

    def _apply_hooks(
        self, canvas: Canvas, columns: LabelColumns, data: dict[str, Any], params: Params
    ) -> None:
        functions = dict(self.targets)
        for name, alike in canvas.alike.items():
            if alike in functions:
                functions.setdefault(name, functions[alike])
        results = {
            name: functions[name](value, **params)
            for name, value in data.items()
            if name in functions and value is not None
        }
        planes = []
        for plane in canvas.planes:
            if plane.name in results:
                result = results.pop(plane.name)
                plane.frames = list(result) if plane.name in canvas.stacks else [result]
                plane.dtype = plane.frames[0].dtype
            planes.append(plane)
        canvas.arrange(planes)
        columns.take_back(canvas, results)
        canvas.data.update(results)


class ImageOnlyTransform(BasicTransform, base=True):
    """A transform that changes images and leaves everything else alone.

    Args:
        p: Chance that a call does anything.

    """


class DualTransform(BasicTransform, base=True):
    """A transform that changes images and all labels with them.

    Args:
        p: Chance that a call does anything.

    """

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        return {
            **super().targets,
            "mask": self.apply_to_mask,
            "masks": self.apply_to_masks,
            "mask3d": self.apply_to_masks,
            "masks3d": self.apply_to_masks,
            "bboxes": self.apply_to_bboxes,
            "keypoints": self.apply_to_keypoints,
        }

    def apply_to_mask(self, mask: Array, *args: Any, **params: Any) -> Array:
        """Change an (H, W) or (H, W, C) mask."""
        if type(self).on is Leaf.on:  # a user's own: as the image, but picking pixels
            interpolation = params.get("mask_interpolation", 0)
            return self.apply(mask, *args, **{**params, "interpolation": interpolation})
        return self._on_pixels(mask, "mask", params)

    def apply_to_masks(self, masks: Any, *args: Any, **params: Any) -> Any:
        """Change masks one by one, with the same parameters."""
        moved = [self.apply_to_mask(mask, *args, **params) for mask in masks]
        return np.stack(moved) if isinstance(masks, np.ndarray) and len(moved) else moved

    def apply_to_bboxes(self, bboxes: Array, *args: Any, **params: Any) -> Array:
        """Change (N, 4 + columns) boxes, normalised xyxy."""
        size = Size(*params["shape"][:2])
        boxes = Boxes.bare(bboxes[:, :4] * (size.width, size.height, size.width, size.height))
        canvas = Canvas([], Labels({"bboxes": boxes}, {}), {}, size=size)
        self.on(canvas, own(params))
        moved = from_edges(boxes.edges, "albumentations", canvas.size)
        return np.concatenate([moved, bboxes[boxes.rows, 4:]], axis=1).astype(bboxes.dtype)

    def apply_to_keypoints(self, keypoints: Array, *args: Any, **params: Any) -> Array:
        """Change (N, 5 + columns) keypoints: x, y, z, angle in radians, scale."""
        size = Size(*params["shape"][:2])
        values = keypoints[:, :5].astype(np.float64)
        values[:, :2] += 0.5
        points = Points.bare(values)
        canvas = Canvas([], Labels({}, {"keypoints": points}), {}, size=size)
        self.on(canvas, own(params))
        moved = points.values.copy()
        moved[:, :2] -= 0.5
        return np.concatenate([moved, keypoints[points.rows, 5:]], axis=1).astype(keypoints.dtype)


class Transform3D(DualTransform, base=True):
    """A transform of volumes.

    Args:
        p: Chance that a call does anything.

    """


def own(params: Params) -> Params:
    """The parameters that a transform drew itself."""
    return {
        name: value
        for name, value in params.items()
        if name not in SHARED and name not in ("shape", "rows", "cols")
    }


def hook_data(canvas: Canvas, columns: LabelColumns) -> dict[str, Any]:
    """The sample as a 2.0.8 hook sees it."""
    data = dict(canvas.data)
    for plane in canvas.planes:
        frames = plane.frames
        if plane.name in canvas.stacks:
            data[plane.name] = frames if canvas.stacks[plane.name] else np.stack(frames)
        else:
            data[plane.name] = frames[0]
    data.update(columns.arrays())
    data["_size"] = canvas.size
    return data
