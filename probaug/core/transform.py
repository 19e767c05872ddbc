"""The base of everything that runs: a chance `p`, drawn parameters, a call."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from .about import About
from .call import TARGETS, call
from .declared import Declared
from .fields import Probability
from .layer import Fusion
from .random import Draw, Stream
from .registry import register

if TYPE_CHECKING:
    from .canvas import Canvas

Params = dict[str, Any]
Record = Any
"""What a run recorded, enough to repeat it: params of a transform, a container's steps, or None."""


class Settings(NamedTuple):
    """How a call reads its data, beyond what each transform says."""

    bbox_params: Any = None
    keypoint_params: Any = None
    additional_targets: Mapping[str, str] = MappingProxyType({})
    is_check_shapes: bool = True
    strict: bool = False
    mask_interpolation: int | None = None
    fusion: Fusion = "exact"
    polygon_params: Any = None


PLAIN = Settings()


class Node(About, Declared):
    """One place of a pipeline: a transform or a container of them."""

    draws: ClassVar[int | None] = None
    """How many uniforms `sample` reads; None means one per drawn field."""

    has_gate: ClassVar[bool] = True
    """Whether ``p`` is the chance of running at all; a container then need not ask."""

    p: Probability = 0.5

    def __init_subclass__(cls, base: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not base and cls.__module__.startswith("probaug."):
            register(cls)

    @property
    def slots(self) -> int:
        """Uniforms that this place of a pipeline owns, its gate included."""
        raise NotImplementedError

    @property
    def lanes(self) -> int:
        """Random lanes that this place of a pipeline owns."""
        return 1

    def maybe(
        self, canvas: Canvas, draw: Draw, slot: int, lane: int, force: bool = False
    ) -> Record:
        """Run with chance ``p``; return what was drawn, or None if nothing was done."""
        if not (force or draw.values[slot] < self.p):
            return None
        return self.run(canvas, draw, slot + 1, lane)

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Record:
        """Draw parameters, apply them, return them."""
        raise NotImplementedError

    def repeat(self, canvas: Canvas, record: Record) -> None:
        """Do again what `run` recorded."""
        raise NotImplementedError

    @property
    def stream(self) -> Stream:
        """Where calls without a key get theirs."""
        stream: Stream | None = self.__dict__.get("_cached_stream")
        if stream is None:  # setdefault: two threads must agree on one
            seed = self.__dict__.get("_seed", self.__dict__.get("seed"))
            stream = self.__dict__.setdefault("_cached_stream", Stream(seed))
        return stream

    def set_random_seed(self, seed: int | None) -> None:
        """Start the stream of calls without a key anew, from a seed (None: from the system's)."""
        self.__dict__["_seed"] = seed
        self.__dict__["_cached_stream"] = Stream(seed)

    @property
    def settings(self) -> Settings:
        """How a call of this node reads and gives its data."""
        settings: Settings = self.__dict__.get("_settings", PLAIN)
        return settings

    def add_targets(self, additional_targets: dict[str, str]) -> None:
        """Treat more names of the call as targets; this changes the object itself.

        Args:
            additional_targets: More names of the call, each with the target it is treated as.

        """
        for name, target in additional_targets.items():
            if target not in TARGETS:
                raise ValueError(
                    f"{type(self).__name__}.add_targets: {name} must be one of "
                    f"{', '.join(TARGETS)}, got {target!r}"
                )
        known = {**self.settings.additional_targets, **additional_targets}
        self.__dict__["_settings"] = self.settings._replace(additional_targets=known)

    def to_dict(self, on_not_implemented_error: str = "raise") -> dict[str, Any]:
        """Turn it into plain data that `probaug.from_dict` reads."""
        from .serialize import to_dict

        return to_dict(self, on_not_implemented_error)

    def __call__(
        self,
        *args: Any,
        force_apply: bool = False,
        key: Any = None,
        out: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> dict[str, Any]:
        """Augment one sample given by keywords (image=, mask=, bboxes=, ...).

        Args:
            *args: None; data is given by keyword, and this says so.
            force_apply: Run whatever ``p`` says (but a transform whose ``p`` is 0 never runs).
            key: (seed, epoch, index), which alone decides the draw, or an index under the
                object's own seed (without one, under one that the process drew for it).
            out: Arrays to write final images into, by target name: C-contiguous, of the result's
                shape and dtype. The result holds these very arrays.
            **data: Arrays and labels by target name; unknown names pass through untouched.

        """
        return call(self, args, force_apply, key, out, data)


class Leaf(Node, base=True):
    """A random change to a sample. Subclasses declare fields and say what they mean.

    Args:
        p: Chance that a call does anything.

    """

    dtypes: ClassVar[tuple[str, ...]] = ()
    """Image dtypes it serves; () means all."""
    channels: ClassVar[tuple[int, ...]] = ()
    """Channel counts it serves; () means all."""
    unit_range: ClassVar[bool] = False
    """Whether float images must lie within [0, 1]."""
    seeded: ClassVar[bool] = False
    """Whether `sample` also draws the ``seed`` of a noise."""
    _is_restricted: ClassVar[bool] = False

    def __init_subclass__(cls, base: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(base=base, **kwargs)
        cls._is_restricted = bool(cls.dtypes or cls.channels or cls.unit_range)

    _slots: ClassVar[int] = 1

    @property
    def slots(self) -> int:
        count = type(self)._slots = 1 + (len(self._drawn) if self.draws is None else self.draws)
        return count

    def maybe(
        self, canvas: Canvas, draw: Draw, slot: int, lane: int, force: bool = False
    ) -> Record:
        # as in 2.0.8, a transform that never runs cannot be forced, while a container can
        return super().maybe(canvas, draw, slot, lane, force and self.p > 0)

    def run(self, canvas: Canvas, draw: Draw, slot: int, lane: int) -> Params:
        draw.slot, draw.lane, draw.params = slot, lane, None
        draw.stop = slot + type(self)._slots - 1
        if self._is_restricted:
            canvas.require(self)
        draw.params = params = self.sample(draw, canvas)
        self.on(canvas, params)
        return params

    def repeat(self, canvas: Canvas, record: Record) -> None:
        canvas.require(self)
        self.on(canvas, record)

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        """Draw this call's parameters: small plain values, enough to repeat the call."""
        params: Params = {}
        for name, whole in self._drawn:
            low, high = getattr(self, name)
            params[name] = draw.whole(low, high) if whole else draw.between((low, high))
        if self.seeded:
            params["seed"] = draw.seed()
        return params

    def on(self, canvas: Canvas, params: Params) -> None:
        """Change the canvas. No randomness here: the parameters decide everything."""
        raise NotImplementedError
