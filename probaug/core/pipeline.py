"""The outermost containers: `Compose`, and `ReplayCompose`, which says how to do it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from . import replay
from .call import TARGETS, finish_labels, read, run
from .canvas import Canvas
from .compose import Children, Sequential, Steps
from .declared import checked, walk
from .fields import Array, Interpolation, Probability
from .layer import Fusion
from .params import BboxParams, KeypointParams, PolygonParams
from .pretrained import Pretrained
from .random import Draw
from .results import give, kept_rows
from .transform import Record, Settings


class AsParams:
    """A parameter object, or a dict of its fields."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def convert(self, value: Any) -> Any:
        return self.cls(**value) if isinstance(value, dict) else value

    def __call__(self, value: Any) -> bool:
        return value is None or isinstance(value, self.cls)

    def __str__(self) -> str:
        return f"(a {self.cls.__name__}, a dict of its fields, or None)"


class ToTargets:
    """Every value names a target; None reads as {}."""

    takes_none = True

    def convert(self, value: Any) -> Any:
        return {} if value is None else value

    def __call__(self, value: Any) -> bool:
        return value is None or all(target in TARGETS for target in value.values())

    def __str__(self) -> str:
        return "whose values are among " + ", ".join(TARGETS)


AnyBboxParams = Annotated[Any, AsParams(BboxParams)]
AnyKeypointParams = Annotated[Any, AsParams(KeypointParams)]
AnyPolygonParams = Annotated[Any, AsParams(PolygonParams)]
MoreTargets = Annotated[dict[str, str] | None, ToTargets()]


class Compose(Pretrained, Sequential):
    """The outermost pipeline: takes arrays and labels by name, gives the same names back.

    One pipeline may be used by many threads at once. A call's ``key`` alone decides what is drawn.

    Args:
        transforms: What to run, in order, each with its own chance.
        bbox_params: How boxes are written and filtered; an object or a dict of its fields.
        keypoint_params: The same for keypoints.
        additional_targets: More names of the call, each with the target it is treated as.
        p: Chance that a call does anything.
        is_check_shapes: Refuse images and masks of different heights or widths.
        strict: Refuse names of the call that are no target and no label field.
        mask_interpolation: How all transforms read masks between pixels; None leaves it to each.
        seed: Start of the stream of draws of calls without a key; None takes one from the system.
        save_applied_params: Add "applied_transforms" to the result: (name, params) of what ran.
        fusion: "exact" joins steps where the picture stays what it would be step by step, "off"
            does every step at once, "free" also joins warps as if there were no edge in between.
        polygon_params: How polygons are written and filtered; an object or a dict of its fields.
        save_kept: Add "kept" to the result: by label target, which of the given rows are left.

    """

    transforms: Children
    bbox_params: AnyBboxParams = None
    keypoint_params: AnyKeypointParams = None
    additional_targets: MoreTargets = None
    p: Probability = 1.0
    is_check_shapes: bool = True
    strict: bool = False
    mask_interpolation: Interpolation | None = None
    seed: int | None = None
    save_applied_params: bool = False
    fusion: Fusion = "exact"
    polygon_params: AnyPolygonParams = None
    save_kept: bool = False

    def check(self) -> None:
        self._all_targets()

    def _all_targets(self) -> dict[str, str]:
        """Additional targets, those of pipelines within this one too."""
        targets = dict(self.additional_targets or {})
        for inner in walk(self.transforms):
            if isinstance(inner, Compose):
                for name, target in (inner.additional_targets or {}).items():
                    if targets.setdefault(name, target) != target:
                        raise self.refuse(
                            "additional_targets", f"a dict with {name!r}: {target!r}, as within it"
                        )
        return targets

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Steps:
        own = self.mask_interpolation
        if own is None or own == canvas.mask_interpolation:
            return self.run_all(canvas, draw, slot, lane)
        with self._masks_read(canvas):
            return self.run_all(canvas, draw, slot, lane)

    def repeat(self, canvas: Canvas, record: Record) -> None:
        with self._masks_read(canvas):
            super().repeat(canvas, record)

    @contextmanager
    def _masks_read(self, canvas: Canvas) -> Iterator[None]:
        """Within an inner pipeline, its own interpolation of masks holds."""
        outer = canvas.mask_interpolation
        if self.mask_interpolation is not None:
            canvas.mask_interpolation = self.settings.mask_interpolation
        try:
            yield
        finally:
            canvas.mask_interpolation = outer

    def set_mask_interpolation(self, mask_interpolation: int | None) -> None:
        self._set("mask_interpolation", mask_interpolation)

    def add_targets(self, additional_targets: dict[str, str]) -> None:
        known = {**(self.additional_targets or {}), **additional_targets}
        self._set("additional_targets", known)

    def _set(self, name: str, value: Any) -> None:
        self.__dict__[name] = checked(type(self), self._table().fields[name], value)
        self.__dict__.pop("_cached_settings", None)

    @property
    def settings(self) -> Settings:
        settings: Settings | None = self.__dict__.get("_cached_settings")
        if settings is None:
            settings = self.__dict__["_cached_settings"] = Settings(
                self.bbox_params,
                self.keypoint_params,
                self._all_targets(),
                self.is_check_shapes,
                self.strict,
                self.mask_interpolation,  # type: ignore[arg-type]
                self.fusion,
                self.polygon_params,
            )
        return settings

    def __call__(
        self,
        *args: Any,
        force_apply: bool = False,
        key: Any = None,
        out: Mapping[str, Array] | None = None,
        **data: Any,
    ) -> dict[str, Any]:
        """Augment one sample given by keywords (image=, mask=, bboxes=, ...).

        Args:
            *args: None; data is given by keyword, and this says so.
            force_apply: Run whatever the pipeline's own ``p`` says.
            key: (seed, epoch, index), which alone decides the draw, or an index under the
                pipeline's own seed (without one, under one that the process drew for it).
            out: Arrays to write final images into, by target name.
            **data: Arrays and labels by target name; unknown names pass through untouched.

        """
        canvas, record = run(self, args, force_apply, key, data)
        result = give(canvas, data, out)
        if self.save_kept:
            result["kept"] = kept_rows(canvas)
        self._report(result, record)
        return result

    def _report(self, result: dict[str, Any], record: Record) -> None:
        """Add to a result what is asked for of how it came about."""
        if self.save_applied_params:
            result["applied_transforms"] = replay.applied(self, record)


class ReplayCompose(Compose):
    """A pipeline whose results say how to do the same again.

    ``result[save_key]`` is a tree of plain values, one entry per transform, with what was drawn;
    `ReplayCompose.replay` applies it to other data, of any size.

    Args:
        transforms: What to run, in order, each with its own chance.
        bbox_params: How boxes are written and filtered; an object or a dict of its fields.
        keypoint_params: The same for keypoints.
        additional_targets: More names of the call, each with the target it is treated as.
        p: Chance that a call does anything.
        is_check_shapes: Refuse images and masks of different heights or widths.
        save_key: Where in the result the tree is put.
        strict: Refuse names of the call that are no target and no label field.
        mask_interpolation: How all transforms read masks between pixels; None leaves it to each.
        seed: Start of the stream of draws of calls without a key.
        save_applied_params: Add "applied_transforms" to the result.
        fusion: As in `Compose`.
        polygon_params: As in `Compose`.
        save_kept: As in `Compose`.

    """

    transforms: Children
    bbox_params: AnyBboxParams = None
    keypoint_params: AnyKeypointParams = None
    additional_targets: MoreTargets = None
    p: Probability = 1.0
    is_check_shapes: bool = True
    save_key: str = "replay"

    def _report(self, result: dict[str, Any], record: Record) -> None:
        super()._report(result, record)
        result[self.save_key] = replay.tree(self, record)

    @staticmethod
    def replay(saved_augmentations: dict[str, Any], **data: Any) -> dict[str, Any]:
        """Do again what an earlier result recorded.

        Args:
            saved_augmentations: The tree that the earlier result holds.
            **data: Arrays and labels by target name; ``lambda_transforms``, a dict, gives those
                `Lambda` by name that the tree names.

        """
        nonserializable = data.pop("lambda_transforms", None)
        node, record = replay.rebuild(saved_augmentations, nonserializable)
        canvas = read(type(node).__name__, node.settings, data, node)
        if record is not None:
            node.repeat(canvas, record)
        finish_labels(canvas)
        result = give(canvas, data, None)
        if getattr(node, "save_kept", False):
            result["kept"] = kept_rows(canvas)
        return result
