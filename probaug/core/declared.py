"""Values whose class body is their whole declaration: fields, defaults, order and rules.

`Declared` reads the annotations of a class once and gives it a constructor, a signature, repr,
equality, hash, pickling and a config. Constructor parameters are positional or keyword, in the
order of the class body (which may repeat an inherited name to fix its place), then inherited
fields, then ``p``.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self, get_type_hints

import numpy as np

from . import aliases
from .fields import Drawn, convert, describe, fits, plain, rules

REQUIRED: Any = inspect.Parameter.empty


class Field(NamedTuple):
    """One declared parameter."""

    name: str
    hint: Any
    default: Any  # in its stored form, or REQUIRED
    written: Any  # as it stands in the class body


class Table:
    """The fields of one class, resolved when its first instance is built."""

    def __init__(self, cls: type) -> None:
        hints = resolve(cls)
        self.fields: dict[str, Field] = {}
        for name in field_names(cls):
            written = getattr(cls, name, REQUIRED)
            hint = hints.get(name, Any)
            default = written if written is REQUIRED else convert(plain(written), hint)
            self.fields[name] = Field(name, hint, default, written)
        self.names = tuple(self.fields)
        self.drawn = tuple(
            (name, rule.whole)
            for name, field in self.fields.items()
            for rule in rules(field.hint)
            if isinstance(rule, Drawn)
        )

    def bind(self, cls: type, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
        """Match arguments to fields; return the stored form of every field, checked."""
        if len(args) > len(self.names):
            raise TypeError(
                f"{cls.__name__} takes at most {len(self.names)} arguments, got {len(args)}"
            )
        for name, value in zip(self.names, args, strict=False):
            if name in given:
                raise TypeError(f"{cls.__name__} got several values for {name!r}")
            given[name] = value
        if not given.keys() <= self.fields.keys():
            aliases.rename(cls, given, self.fields)
        if unknown := given.keys() - self.fields.keys():
            raise TypeError(unknown_keyword(cls, sorted(unknown)[0], self.names))
        values = {}
        for name, field in self.fields.items():
            if name in given:
                try:
                    values[name] = checked(cls, field, given[name])
                except ValueError as error:
                    if hint := aliases.sides(name, given, self.fields):
                        raise ValueError(f"{error}; write {hint}") from None
                    raise
            elif field.default is REQUIRED:
                raise TypeError(f"{cls.__name__} needs a value for {name!r}")
            else:
                values[name] = field.default
        return values


def checked(cls: type, field: Field, value: Any) -> Any:
    """The stored form of a value; a ValueError that names class, field, rule and value."""
    stored = convert(plain(value), field.hint)
    if not fits(stored, field.hint):
        raise ValueError(
            f"{cls.__name__}.{field.name} must be {describe(field.hint)}, got {value!r}"
        )
    return stored


def unknown_keyword(cls: type, name: str, known: tuple[str, ...]) -> str:
    """The message for a keyword that no field bears, with the nearest names."""
    from difflib import get_close_matches  # only on the way to an error

    if today := aliases.version_1(name, known):
        return f"{cls.__name__} has no parameter {name!r}: since Albumentations 2.0 it is {today}"
    near = get_close_matches(name, known, 2)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; it takes {', '.join(known)}"
    return f"{cls.__name__} has no parameter {name!r}{hint}"


def field_names(cls: type) -> list[str]:
    """Names in constructor order: the class body's, then inherited ones, ``p`` at the end."""
    bodies = [
        [name for name, hint in inspect.get_annotations(base).items() if is_field(name, hint)]
        for base in cls.__mro__
    ]
    names = list(dict.fromkeys(name for body in bodies for name in body))
    nearest: list[str] = next(filter(None, bodies), [])
    if "p" in names and ("p" not in nearest or nearest[-1] == "p"):
        names.remove("p")
        names.append("p")
    return names


def is_field(name: str, hint: Any) -> bool:
    """Whether an annotated name of a class body is a constructor parameter."""
    text = hint if isinstance(hint, str) else str(hint)
    return not name.startswith("_") and "ClassVar" not in text


def resolve(cls: type) -> dict[str, Any]:
    """Type hints with their metadata; those of a class that cannot be resolved are left out."""
    try:
        return get_type_hints(cls, include_extras=True)
    except NameError:  # a user's class with hints that only its type checker knows
        hints: dict[str, Any] = {}
        for base in reversed(cls.__mro__[1:]):
            if "__annotations__" in base.__dict__ and issubclass(base, Declared):
                hints.update(resolve(base))
        return hints


class _Signature:
    """Gives each class a signature made from its table, on demand."""

    def __get__(self, instance: Any, owner: type[Declared]) -> inspect.Signature:
        if instance is not None or owner._is_open():
            raise AttributeError("__signature__")
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [
                inspect.Parameter(field.name, kind, default=field.written)
                for field in owner._table().fields.values()
            ]
        )


def frozen(value: Any) -> Any:
    """A hashable stand-in for a field's value."""
    if isinstance(value, (list, tuple)):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return tuple((key, frozen(value[key])) for key in sorted(value, key=repr))
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    return value


def same(a: Any, b: Any) -> bool:
    """Equality that also holds for arrays, alone or inside of tuples and dicts."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return bool(a == b)


class Declared:
    """A frozen value declared by the annotations of its class."""

    __signature__: ClassVar[Any] = _Signature()
    _tables: ClassVar[dict[type, Table]] = {}
    _drawn: ClassVar[tuple[tuple[str, bool], ...]] = ()  # of the table, once there is an instance

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__.update(self._table().bind(type(self), args, kwargs))
        self.check()

    def check(self) -> None:
        """Check rules that involve several fields; `refuse` raises."""

    def refuse(self, field: str, requirement: str) -> ValueError:
        """An error that names class, field, rule and value."""
        value = getattr(self, field)
        return ValueError(f"{type(self).__name__}.{field} must be {requirement}, got {value!r}")

    @classmethod
    def _table(cls) -> Table:
        table = Declared._tables.get(cls)
        if table is None:
            table = Declared._tables[cls] = Table(cls)
            cls._drawn = table.drawn
        return table

    @classmethod
    def _is_open(cls) -> bool:
        """Whether a user's ``__init__`` makes this an ordinary mutable class."""
        return cls.__init__ is not Declared.__init__

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._table().fields and not self._is_open():
            raise self._fixed(name)
        if self._is_open() and not name.startswith("_"):
            for derived in [*filter(is_derived, self.__dict__)]:
                del self.__dict__[derived]
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        if not self._is_open() and name in self._table().fields:
            raise self._fixed(name)
        super().__delattr__(name)

    def _fixed(self, name: str) -> AttributeError:
        # SomeOf has a parameter called replace, which hides the method
        how = "__replace__" if "replace" in self._table().fields else "replace"
        return AttributeError(
            f"{type(self).__name__}.{name} is fixed; use t.{how}({name}=...) for a copy"
        )

    def _values(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in self._table().names}

    def config(self) -> dict[str, Any]:
        """The fields that differ from their defaults."""
        config = {}
        for field in self._table().fields.values():
            value = getattr(self, field.name)
            if field.default is REQUIRED or not same(value, field.default):
                config[field.name] = value
        return config

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return self.__replace__(**changes)

    def __replace__(self, **changes: Any) -> Self:
        table = self._table()
        aliases.rename(type(self), changes, {**table.fields, **self.__dict__})
        if self._is_open():
            copy = object.__new__(type(self))
            if unknown := changes.keys() - self.__dict__.keys() - table.fields.keys():
                known = (*table.names, *self.__dict__)
                raise TypeError(unknown_keyword(type(self), sorted(unknown)[0], known))
            copy.__dict__.update(self.__getstate__())
            copy.__dict__.update(
                {
                    name: checked(type(self), table.fields[name], value)
                    if name in table.fields
                    else value
                    for name, value in changes.items()
                }
            )
            return copy
        copy = type(self)(**{**self._values(), **changes})
        if "_seed" in self.__dict__ and "seed" not in changes:
            copy.__dict__["_seed"] = self.__dict__["_seed"]  # of `set_random_seed`
        return copy

    def __repr__(self) -> str:
        shown = self.config()
        if self._is_open():  # what its constructor takes, as far as it keeps it
            names = [*inspect.signature(type(self)).parameters, "p"]
            shown = {name: getattr(self, name) for name in names if hasattr(self, name)}
        inside = ", ".join(f"{name}={value!r}" for name, value in shown.items())
        return f"{type(self).__name__}({inside})"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not type(self) or self._is_open():
            return NotImplemented
        mine, theirs = self._values(), other._values()
        return all(same(mine[name], theirs[name]) for name in mine)

    def __hash__(self) -> int:
        if self._is_open():
            return id(self) >> 4
        return hash((type(self).__name__, frozen(self._values())))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if not is_cached(name)}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._table()  # a new process may unpickle an object before it makes one
        self.__dict__.update(state)


def is_cached(name: str) -> bool:
    """Whether an instance entry is derived or per-process, and so never copied or compared."""
    return name.startswith("_cached_")


def is_derived(name: str) -> bool:
    """Whether an instance entry was worked out from fields."""
    return is_cached(name) and name != "_cached_stream"


def walk(value: Any) -> Iterator[Any]:
    """Every `Declared` value inside a value, itself first."""
    if isinstance(value, Declared):
        yield value
        for item in value.__dict__.values():
            yield from walk(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from walk(item)
