"""Users' own transforms, written against the hooks of Albumentations 2.0.8.

A class that overrides ``apply``, ``apply_to_bboxes``, ``get_params``, ... sees what it saw there:
``params`` with ``shape`` (and ``interpolation``, ``fill``, ``fill_mask`` where it has them), boxes
as normalised float32 xyxy and keypoints as (x, y, z, angle in radians, scale), label columns
behind both, and generators of the current call. Built-in transforms answer to the same names.
"""

from __future__ import annotations

import inspect
import random
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from .boxes import Boxes, from_edges
from .canvas import Canvas
from .fields import Array
from .hook_data import hook_data, returned_polygons, take_planes
from .label_columns import LabelColumns
from .labels import Labels
from .layer import Plane
from .matrix import Size
from .oriented import OrientedBoxes, smallest_rectangle
from .params import PLAIN_BOXES, PLAIN_POINTS, PLAIN_POLYGONS
from .points import Points
from .polygons import Polygons
from .random import Draw, current, enter, leave, python_random
from .transform import Leaf, Params, Record

HOOKS = frozenset(
    {
        "apply", "apply_to_images", "apply_to_mask", "apply_to_masks", "apply_to_bboxes",
        "apply_to_keypoints", "apply_to_volume", "apply_to_volumes", "apply_to_mask3d",
        "apply_to_masks3d", "apply_with_params", "get_params", "get_params_dependent_on_data",
        "targets", "targets_as_params", "update_transform_params",
    }
)  # fmt: skip
SHARED = ("interpolation", "fill", "fill_mask")


class _Working(threading.local):
    mask_interpolation: int | None = None
    alike: Mapping[str, str] = MappingProxyType({})
    labels: Mapping[str, Any] = MappingProxyType({})  # the params of label targets
    name = ""  # of the target that a hook gets


_working = _Working()
"""What the pipeline of the hooks that run in this thread says of all its transforms."""


class BasicTransform(Leaf, base=True):
    """A random change to a sample.

    Args:
        p: Chance that a call does anything.

    """

    has_hooks: ClassVar[bool] = False
    _sampled: ClassVar[dict[str, None]] = {}
    _targets: ClassVar[Any] = ()

    class InitSchema:
        """Accepted for compatibility; fields are declared in the class body instead."""

    def __init_subclass__(cls, base: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(base=base, **kwargs)
        cls._sampled = {}
        if not cls.__module__.startswith("probaug."):
            cls.has_hooks = cls.has_hooks or not HOOKS.isdisjoint(cls.__dict__)
        if cls.has_hooks:  # decided here, so that built-in transforms never ask
            cls.run = BasicTransform.run_hooks  # type: ignore[method-assign, assignment]
            cls.repeat = BasicTransform.repeat_hooks  # type: ignore[method-assign, assignment]

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
            "volume": self.apply_to_volume,
            "volumes": self.apply_to_volumes,
        }

    def get_params(self) -> Params:
        """Parameters that depend on nothing but chance."""
        return {}

    def get_params_dependent_on_data(self, params: Params, data: dict[str, Any]) -> Params:
        """Parameters that depend on the sample."""
        draw = current()
        if draw is None or draw.canvas is None:
            raise RuntimeError(f"{type(self).__name__} draws its parameters only within a call")
        sampled = self.sample(draw, draw.canvas)
        self._sampled.update(dict.fromkeys(sampled))
        return sampled

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        """Names of the constructor's arguments, which a saved pipeline and a replay hold."""
        if not self._is_open():
            return self._table().names
        known = inspect.signature(type(self)).parameters.values()
        return tuple(parameter.name for parameter in known if parameter.kind not in (2, 4))

    def get_transform_init_args(self) -> dict[str, Any]:
        """The constructor's arguments by name, as they are kept."""
        return {name: getattr(self, name) for name in self.get_transform_init_args_names()}

    def get_base_init_args(self) -> dict[str, Any]:
        """Of those, what every transform takes."""
        return {"p": self.p}

    def should_apply(self, force_apply: bool = False) -> bool:
        """Whether a call would do something, drawn as a call does."""
        return self.p > 0 and (force_apply or self.py_random.random() < self.p)

    def apply_with_params(self, params: Params, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Change every target that it serves, by parameters already drawn."""
        functions = self.targets
        results = dict(kwargs)
        for name, value in kwargs.items():
            function = functions.get(name) or functions.get(_working.alike.get(name, name))
            if function is not None and value is not None:
                _working.name = name
                results[name] = function(value, **params)
        return results

    def apply(self, img: Array, *args: Any, **params: Any) -> Array:
        """Change an (H, W) or (H, W, C) image."""
        return self._on_pixels(img, "image", params)

    def apply_to_images(self, images: Any, *args: Any, **params: Any) -> Any:
        """Change frames one by one, with the same parameters."""
        frames = [self.apply(frame, **params) for frame in images]
        return np.stack(frames) if isinstance(images, np.ndarray) else frames

    def apply_to_volume(self, volume: Array, *args: Any, **params: Any) -> Any:
        """Change a volume slice by slice."""
        return self.apply_to_images(volume, *args, **params)

    def apply_to_volumes(self, volumes: Array, *args: Any, **params: Any) -> Any:
        """Change volumes one by one, with the same parameters."""
        return np.stack([self.apply_to_volume(volume, *args, **params) for volume in volumes])

    def _own(self, params: Params) -> Params:
        """Of the parameters that a hook takes, those that the transform itself samples."""
        names: Any = self._sampled
        if type(self).sample is Leaf.sample:
            names = [*dict(self._table().drawn), *["seed"] * self.seeded]
        if names or type(self).sample is Leaf.sample:
            return {name: value for name, value in params.items() if name in names}
        return {k: v for k, v in params.items() if k not in SHARED and k != "shape"}

    def _require_kind(self, hook: str) -> None:
        if type(self).on is Leaf.on:
            raise NotImplementedError(f"{type(self).__name__} does not define {hook}")

    def _on_pixels(self, array: Array, kind: Any, params: Params) -> Array:
        self._require_kind("apply")
        plane = Plane(kind, kind, [array])
        canvas = Canvas([plane], Labels({}, {}), {}, mask_interpolation=_working.mask_interpolation)
        self.on(canvas, self._own(params))
        canvas.flush()
        return np.ascontiguousarray(plane.frames[0])

    def run_hooks(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Record:
        """Draw parameters, apply them, return them, all by the hooks."""
        draw.slot, draw.lane, draw.canvas, draw.python = slot, lane, canvas, None
        draw.stop = slot + type(self)._slots - 1
        canvas.require(self)
        columns = LabelColumns(canvas)
        data = hook_data(canvas, columns, self.targets)
        if missing := [name for name in self.targets_as_params if name not in data]:
            raise ValueError(f"{type(self).__name__} needs {', '.join(missing)} in its call")
        drawn = dict(self.get_params())
        params = self._with_shape(drawn, canvas, data)
        drawn.update(self.get_params_dependent_on_data(params=params, data=data))
        draw.params = drawn
        self._apply_hooks(canvas, columns, data, {**params, **drawn})
        return drawn

    def repeat_hooks(self, canvas: Canvas, record: Record) -> None:
        """Do again, by the hooks, what `run_hooks` recorded."""
        if not self._sampled and type(self).sample is not Leaf.sample:
            draw = enter(((0, 0), 0, 0), self.slots)  # learn the names of what is sampled
            try:
                self._sampled.update(dict.fromkeys(self.sample(draw, canvas)))
            finally:
                leave(draw)
        columns = LabelColumns(canvas)
        data = hook_data(canvas, columns, self.targets)
        params = self._with_shape(record, canvas, data)
        self._apply_hooks(canvas, columns, data, {**params, **record})

    def _with_shape(self, params: Params, canvas: Canvas, data: dict[str, Any]) -> Params:
        params = self.update_transform_params(params, data)
        if "shape" not in params:
            params["shape"] = canvas.layers[0].planes[0].frames[0].shape
        return params

    def update_transform_params(self, params: Params, data: dict[str, Any]) -> Params:
        """Add what every hook may expect: the shape and the transform's own sampling fields."""
        params = dict(params)
        for name, axes in (("image", 0), ("images", 1), ("volume", 1), ("volumes", 2)):
            if data.get(name) is not None:
                params["shape"] = np.shape(data[name])[axes:]
                break
        params.update({name: getattr(self, name) for name in SHARED if hasattr(self, name)})
        return params

    def _apply_hooks(
        self, canvas: Canvas, columns: LabelColumns, data: dict[str, Any], params: Params
    ) -> None:
        served = self.targets
        theirs = {
            name: value
            for name, value in data.items()
            if value is not None and (name in served or canvas.alike.get(name) in served)
        }
        outer = dict(_working.__dict__)
        _working.mask_interpolation, _working.alike = canvas.mask_interpolation, canvas.alike
        _working.labels = {name: target.params for name, target in canvas.labels.targets.items()}
        try:
            results = self.apply_with_params(params, **theirs)
        finally:
            _working.__dict__.clear()
            _working.__dict__.update(outer)
        if not {"mask", "bboxes", "keypoints"}.isdisjoint(served):
            self._apply_to_outlines(canvas, params)
        take_planes(type(self).__name__, canvas, results)
        columns.take_back(type(self).__name__, canvas, results)
        canvas.data.update(results)

    def _apply_to_outlines(self, canvas: Canvas, params: Params) -> None:
        """Polygons and oriented boxes, which 2.0.8 has no hook for, and who is mirrored."""
        labels = canvas.labels
        oriented = {n: b for n, b in labels.boxes.items() if isinstance(b, OrientedBoxes)}
        change: Any = getattr(type(self), "apply_to_polygons", None)
        mapped = [points for points in labels.points.values() if points.params.label_mapping]
        if change is None or not (oriented or labels.polygons or mapped):
            return
        if change is DualTransform.apply_to_polygons:
            if oriented or labels.polygons:
                self._require_kind("apply_to_polygons")
            if type(self).on is not Leaf.on:
                probe = Points.bare(np.full((1, 5), 0.5), PLAIN_POINTS)
                moved = Labels({**oriented}, {"probe": probe}, labels.polygons)
                self.on(Canvas([], moved, {}, size=canvas.size), self._own(params))
                for points in mapped if probe.origins[0, 2] else ():
                    points.mirror()
            return

        def changed(given: list[list[Array]]) -> list[list[Array]]:
            result = self.apply_to_polygons(given, **params)  # type: ignore[attr-defined]
            return returned_polygons(type(self).__name__, len(given), result)

        for polygons in labels.polygons.values():
            polygons.rings = changed(polygons.rings)
        for boxes in oriented.values():
            several = changed([[quad] for quad in boxes.quads])
            boxes.keep(np.array([bool(rings) for rings in several], bool))
            quads = [
                rings[0] if len(rings) == 1 and len(rings[0]) == 4
                else smallest_rectangle(np.concatenate(rings), quad[1] - quad[0])
                for rings, quad in zip(filter(None, several), boxes.quads, strict=True)
            ]  # fmt: skip
            boxes.quads = np.array(quads, np.float64).reshape(-1, 4, 2)


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
            "mask3d": self.apply_to_mask3d,
            "masks3d": self.apply_to_masks3d,
            "heatmap": self.apply_to_heatmap,
            "heatmaps": self.apply_to_heatmaps,
            "bboxes": self.apply_to_bboxes,
            "keypoints": self.apply_to_keypoints,
        }

    def apply_to_mask(self, mask: Array, *args: Any, **params: Any) -> Array:
        """Change an (H, W) or (H, W, C) mask."""
        if type(self).on is Leaf.on:  # a user's own: as the image, but picking pixels
            if "interpolation" in params:
                chosen = _working.mask_interpolation
                own = getattr(self, "mask_interpolation", 0)
                params["interpolation"] = own if chosen is None else chosen
            return self.apply(mask, *args, **params)
        return self._on_pixels(mask, "mask", params)

    def apply_to_masks(self, masks: Any, *args: Any, **params: Any) -> Any:
        """Change masks one by one, with the same parameters."""
        moved = [self.apply_to_mask(mask, *args, **params) for mask in masks]
        return np.stack(moved) if isinstance(masks, np.ndarray) and len(moved) else moved

    def apply_to_mask3d(self, mask3d: Array, *args: Any, **params: Any) -> Any:
        """Change the mask of a volume slice by slice."""
        return self.apply_to_masks(mask3d, *args, **params)

    def apply_to_masks3d(self, masks3d: Array, *args: Any, **params: Any) -> Any:
        """Change masks of volumes one by one, with the same parameters."""
        return np.stack([self.apply_to_mask3d(mask3d, *args, **params) for mask3d in masks3d])

    def apply_to_heatmap(self, heatmap: Array, *args: Any, **params: Any) -> Array:
        """Change an (H, W) or (H, W, C) heatmap: as the image, but for its border."""
        if type(self).on is Leaf.on:
            return self.apply(heatmap, *args, **params)
        return self._on_pixels(heatmap, "heatmap", params)

    def apply_to_heatmaps(self, heatmaps: Any, *args: Any, **params: Any) -> Any:
        """Change heatmaps one by one, with the same parameters."""
        moved = [self.apply_to_heatmap(heatmap, *args, **params) for heatmap in heatmaps]
        return np.stack(moved) if isinstance(heatmaps, np.ndarray) and len(moved) else moved

    def apply_to_polygons(
        self, polygons: list[list[Array]], *args: Any, **params: Any
    ) -> list[list[Array]]:
        """Change polygons, each a list of (P, 2) rings in pixels; oriented boxes come as quads.

        One of which nothing is left becomes an empty list.
        """
        self._require_kind("apply_to_polygons")
        moved = Polygons.bare(polygons, PLAIN_POLYGONS)
        size = Size(*params["shape"][:2])
        canvas = Canvas([], Labels({}, {}, {"polygons": moved}), {}, size=size)
        self.on(canvas, self._own(params))
        left = dict(zip(moved.rows.tolist(), moved.rings, strict=True))
        return [left.get(row, []) for row in range(len(polygons))]

    def apply_to_bboxes(self, bboxes: Array, *args: Any, **params: Any) -> Array:
        """Change (N, 4 + columns) boxes, normalised xyxy."""
        self._require_kind("apply_to_bboxes")
        size = Size(*params["shape"][:2])
        edges = bboxes[:, :4] * (size.width, size.height, size.width, size.height)
        boxes = Boxes.bare(edges, _working.labels.get(_working.name, PLAIN_BOXES))
        canvas = Canvas([], Labels({"bboxes": boxes}, {}), {}, size=size)
        self.on(canvas, self._own(params))
        moved = from_edges(boxes.edges, "albumentations", canvas.size)
        return np.concatenate([moved, bboxes[boxes.rows, 4:]], axis=1).astype(bboxes.dtype)

    def apply_to_keypoints(self, keypoints: Array, *args: Any, **params: Any) -> Array:
        """Change (N, 5 + columns) keypoints: x, y, z, angle in radians, scale."""
        self._require_kind("apply_to_keypoints")
        values = keypoints[:, :5].astype(np.float64)
        values[:, :2] += 0.5
        points = Points.bare(values, _working.labels.get(_working.name, PLAIN_POINTS))
        self._move_points(points, params)
        moved = points.values.copy()
        moved[:, :2] -= 0.5
        return np.concatenate([moved, keypoints[points.rows, 5:]], axis=1).astype(keypoints.dtype)

    def _move_points(self, points: Points, params: Params) -> None:
        size = Size(*params["shape"][:2])
        self.on(Canvas([], Labels({}, {"keypoints": points}), {}, size=size), self._own(params))


class Transform3D(DualTransform, base=True):
    """A transform of volumes.

    Args:
        p: Chance that a call does anything.

    """

    @property
    def targets(self) -> dict[str, Callable[..., Any]]:
        return {
            "volume": self.apply_to_volume,
            "volumes": self.apply_to_volumes,
            "mask3d": self.apply_to_mask3d,
            "masks3d": self.apply_to_masks3d,
            "keypoints": self.apply_to_keypoints,
        }

    def apply_to_mask3d(self, mask3d: Array, *args: Any, **params: Any) -> Any:
        """Change the mask of a volume; a user's own transform does it as to the volume."""
        return self.apply_to_volume(mask3d, *args, **params)
