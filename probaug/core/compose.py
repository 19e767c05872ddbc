"""Containers: what they hold, and how they run it.

Every container records a run as a list of (place of the child, what the child recorded), in the
order of running; that is all `repeat` needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar, NoReturn, Self, overload

import numpy as np

from .canvas import Canvas
from .fields import Between, Probability
from .labels import Labels
from .layer import Plane
from .random import Draw
from .transform import Node, Record
from .warn import warn

Steps = list[tuple[int, Record]]


class Nodes(list[Node]):
    """The children of a container: reads as a list, and cannot be changed."""

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("a pipeline's transforms are fixed; build a new one: pipeline + [t]")

    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __reduce__(self) -> Any:
        return Nodes, (list(self),)

    def __copy__(self) -> Nodes:
        return Nodes(self)


class AsNodes:
    """Any sequence of transforms; a single one is wrapped, with a warning."""

    def convert(self, value: Any) -> Any:
        if isinstance(value, Node):
            warn(
                f"transforms should be a list, got a single {type(value).__name__}; using "
                "a list of it"
            )
            return Nodes([value])
        return Nodes(value) if isinstance(value, (tuple, list)) else value

    def __call__(self, value: Any) -> bool:
        return all(isinstance(item, Node) for item in value)

    def __str__(self) -> str:
        return "of transforms"


Children = Annotated[list[Any], AsNodes()]


class BaseCompose(Node, base=True):
    """A container of transforms.

    Args:
        transforms: What to run.
        p: Chance that a call does anything.

    """

    transforms: Children
    p: Probability = 0.5

    blocks: ClassVar[int] = 1
    """How many times over the children's uniforms and lanes are reserved."""

    @cached_property
    def _cached_layout(self) -> tuple[tuple[tuple[Node, int, int], ...], int, int]:
        """Places of the children, uniforms of one block, lanes of one block and its own."""
        places, slot, lane = [], 0, 1
        for child in self.transforms:
            places.append((child, slot, lane))
            slot += child.slots
            lane += child.lanes
        return tuple(places), slot, lane

    @property
    def slots(self) -> int:
        return 1 + (self.draws or 0) + self.blocks * self._cached_layout[1]

    @property
    def lanes(self) -> int:
        return 1 + self.blocks * (self._cached_layout[2] - 1)

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Steps:
        raise NotImplementedError(
            f"{type(self).__name__} has a call of its own, which works by itself; within another "
            "pipeline use Sequential, OneOf, SomeOf, ..."
        )

    def step(
        self,
        canvas: Canvas,
        draw: Draw,
        index: int,
        slot: int,
        lane: int,
        force: bool = False,
    ) -> Record:
        """Run one child; ``slot`` and ``lane`` are where the children's own begin."""
        child, at, line = self._cached_layout[0][index]
        draw.params = None
        try:
            record = child.maybe(canvas, draw, slot + at, lane + line, force)
            if record is not None and canvas.is_labelled:
                canvas.settle()
        except Exception as error:
            self.add_place(error, draw, index)
            raise
        return record

    def run_all(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Steps:
        """Run every child in order, each with its own chance."""
        steps: Steps = []
        index = 0
        draw.params = None
        try:  # as `step` does, without a call for each
            for index, (child, at, line) in enumerate(self._cached_layout[0]):
                if child.has_gate:
                    if draw.values[slot + at] >= child.p:
                        if not index:
                            canvas.settle()  # what is kept must not hang on what was drawn
                        continue
                    record = child.run(canvas, draw, slot + at + 1, lane + line)
                else:
                    record = child.maybe(canvas, draw, slot + at, lane + line)
                if record is not None:
                    steps.append((index, record))
                elif index:
                    continue
                if canvas.is_labelled:
                    canvas.settle()
                draw.params = None
        except Exception as error:
            self.add_place(error, draw, index)
            raise
        return steps

    def add_place(self, error: Exception, draw: Draw, index: int) -> None:
        """Note on an error in which child it arose, and with what draw."""
        drawn = "" if draw.params is None else f" with {draw.params!r}"
        error.add_note(f"in {type(self).__name__}[{index}] = {self.transforms[index]!r}{drawn}")
        draw.params = None  # said once

    def repeat(self, canvas: Canvas, record: Record) -> None:
        for index, step in record:
            self.transforms[index].repeat(canvas, step)
            canvas.settle()

    def set_mask_interpolation(self, mask_interpolation: int | None) -> None:
        """Read masks between pixels another way in calls of this object; it changes itself."""
        self.__dict__["_settings"] = self.settings._replace(mask_interpolation=mask_interpolation)

    def indented_repr(self, indent: int = 2) -> str:
        """The repr with a line for each transform."""
        lines = [
            child.indented_repr(indent + 2) if isinstance(child, BaseCompose) else repr(child)
            for child in self.transforms
        ]
        inside = "".join(f"{' ' * indent}{line},\n" for line in lines)
        rest = [f", {k}={v!r}" for k, v in self.config().items() if k != "transforms"]
        return f"{type(self).__name__}([\n{inside}{' ' * (indent - 2)}]{''.join(rest)})"

    def __len__(self) -> int:
        return len(self.transforms)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.transforms)

    @overload
    def __getitem__(self, item: int) -> Node: ...
    @overload
    def __getitem__(self, item: slice) -> Self: ...
    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            return self.__replace__(transforms=self.transforms[item])
        return self.transforms[item]

    def __add__(self, other: Any) -> Self:
        """A copy with a transform, or several, at the end."""
        return self.__replace__(transforms=[*self.transforms, *listed(other)])

    def __radd__(self, other: Any) -> Self:
        """A copy with a transform, or several, at the beginning."""
        return self.__replace__(transforms=[*listed(other), *self.transforms])

    def __sub__(self, other: Any) -> Self:
        """A copy without the first transform that equals one, or is of a class."""
        for index, child in enumerate(self.transforms):
            if child == other or (isinstance(other, type) and type(child) is other):
                rest = [*self.transforms[:index], *self.transforms[index + 1 :]]
                return self.__replace__(transforms=rest)
        raise ValueError(f"{type(self).__name__} holds no {other!r}")


def listed(other: Any) -> list[Any]:
    """One transform or several, as a list."""
    return list(other) if isinstance(other, (list, tuple)) else [other]


class Sequential(BaseCompose):
    """Run every transform in order, each with its own chance.

    Args:
        transforms: What to run.
        p: Chance that a call does anything.

    """

    transforms: Children
    p: Probability = 0.5

    run = BaseCompose.run_all

    def repeat(self, canvas: Canvas, record: Record) -> None:
        if record and record[0][0]:  # as `run_all` where the first child did nothing
            canvas.settle()
        super().repeat(canvas, record)


class SelectiveChannelTransform(BaseCompose):
    """Run transforms, in order, on some channels of the image.

    Args:
        transforms: What to run; they must keep size, dtype and number of channels.
        channels: Which channels, counted from 0.
        p: Chance that a call does anything.

    """

    transforms: Children
    channels: Annotated[tuple[int, ...], Between(0)] = (0, 1, 2)
    p: Probability = 1.0

    def check(self) -> None:
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise self.refuse("channels", "different channels, at least one")

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Steps:
        return self._on_channels(canvas, lambda part: self.run_all(part, draw, slot, lane))

    def repeat(self, canvas: Canvas, record: Record) -> None:
        again = super().repeat

        def run(part: Canvas) -> Steps:
            again(part, record)
            return []

        self._on_channels(canvas, run)

    def _on_channels(self, canvas: Canvas, run: Callable[[Canvas], Steps]) -> Steps:
        picked = list(self.channels)
        planes = [plane for plane in canvas.planes if plane.kind == "image"]
        parts = []
        for plane in planes:
            if plane.frames[0].ndim < 3 or plane.channels <= max(picked):
                shape = plane.frames[0].shape
                raise self.refuse("channels", f"channels of an image of shape {shape}")
            frames = [np.ascontiguousarray(frame[:, :, picked]) for frame in plane.frames]
            parts.append(Plane(plane.name, "image", frames))
        part = Canvas(parts, Labels({}, {}), {}, canvas.fusion)
        part.stacks, part.alike = canvas.stacks, canvas.alike
        result = run(part)
        part.flush()
        for plane, changed in zip(planes, parts, strict=True):
            frames = []
            for frame, new in zip(plane.frames, changed.frames, strict=True):
                if new.shape != (*frame.shape[:2], len(picked)) or new.dtype != frame.dtype:
                    raise ValueError(
                        f"SelectiveChannelTransform needs transforms that keep shape and dtype: "
                        f"{len(picked)} channels of {frame.shape} {frame.dtype} became "
                        f"{new.shape} {new.dtype}"
                    )
                frame = frame.copy()
                frame[:, :, picked] = new
                frames.append(frame)
            plane.frames = plane.origin = frames
        return result
