"""Write probaug/__init__.pyi: the constructors that editors and type checkers see.

At run time a constructor is made from the annotations of its class; there is no text of it to
read. Here each is written out, with the types that it accepts, which are wider than those that it
stores. Every class of the stub derives from the one it stands for, so all else is read there.
"""

import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import probaug
from probaug.core.compose import AsNodes
from probaug.core.declared import REQUIRED, Declared, Field
from probaug.core.fields import Array, Border, Fill, Interpolation, Pair, WholePair, Words, rules
from probaug.core.params import AsPairs, OneOfNames
from probaug.core.pipeline import AsParams
from probaug.core.registry import REGISTRY
from probaug.core.transform import Node

STUB = Path(probaug.__file__).with_suffix(".pyi")
ALIASES = {
    "_Array": Array,
    "_Pair": Pair,
    "_WholePair": WholePair,
    "_Numbers": Fill,
    "_Interpolation": Interpolation,
    "_Border": Border,
}
"""Hints that recur, by the names that the stub gives to what they accept."""
WIDER: dict[type, Callable[[Any], Any]] = {
    AsNodes: lambda rule: Sequence[Node],
    AsPairs: lambda rule: Sequence[tuple[Any, Any]] | Mapping[Any, Any] | None,
    AsParams: lambda rule: rule.cls | Mapping[str, Any] | None,
    OneOfNames: lambda rule: Literal[rule.names],
    Words: lambda rule: int | Literal[tuple(word for word, _ in rule.codes)],  # type: ignore[misc]
}
"""What may be written, by the rule that reads it or narrows it."""
HEAD = """\
# Written by tools/write_stubs.py from the fields of the classes; `make stubs` writes it anew.

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias

import numpy as np

from . import augmentations as augmentations
from . import pytorch as pytorch
"""


def accepted(hint: Any) -> str:
    """The type of what a parameter with a hint accepts."""
    return " | ".join(sorted(dict.fromkeys(arms(hint)), key="None".__eq__))


def arms(hint: Any) -> list[str]:
    """The members of that type; those that have a name together go by it."""
    left = members(hint)
    for name, known in ALIASES.items():
        if set(named := members(known)) <= set(left):
            return [text for arm in left for text in ([name] if arm in named else arms(arm))]
    return spelled(hint)


def members(hint: Any) -> tuple[Any, ...]:
    """The members of a union; another hint alone."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def spelled(hint: Any) -> list[str]:
    """The members of what a hint accepts, whether or not it has a name."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        wider = [WIDER[type(rule)](rule) for rule in rules(hint) if type(rule) in WIDER]
        return arms([args[0], *wider][-1])
    if len(members(hint)) > 1:
        return [text for arm in args for text in arms(arm)]
    if origin is tuple:
        items = [accepted(arg) for arg in args if arg is not ...]
        start = "Sequence" if ... in args else "tuple"
        return [f"{start}[{', '.join(items)}]", *read_alike(items, ... in args)]
    if origin is Literal:
        return [f"Literal[{', '.join(map(written, args))}]"]
    if origin is Callable:
        return [f"Callable[..., {accepted(args[1])}]"]
    if origin in (dict, Mapping, Sequence):
        name = "Sequence" if origin is Sequence else "Mapping"
        return [f"{name}[{', '.join(map(accepted, args))}]"]
    if hint == Array:
        return ["np.ndarray[Any, Any]"]
    if isinstance(hint, type) and issubclass(hint, Declared):
        return [source(hint)]
    return [{types.NoneType: "None", Path: "PathLike[str]"}.get(hint) or hint.__name__]


def read_alike(items: list[str], is_sequence: bool) -> list[str]:
    """The lists and arrays that are read like a tuple of some items."""
    arrays = ["_Array"] if {"int", "float"} & {*" | ".join(items).split(" | ")} else []
    if is_sequence:
        return arrays
    if not set(items) <= {"int", "float"}:
        return ["list[Any]", *arrays]
    return [*["list[float]"] * ("float" in items), "list[int]", *arrays]


def written(value: Any) -> str:
    """A value as source; ... where a stub cannot hold it."""
    if isinstance(value, tuple):
        return f"({', '.join(map(written, value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value) if isinstance(value, int | float | None) else "..."


def parameter(field: Field) -> str:
    """A field as a parameter of the constructor."""
    default = "" if field.default is REQUIRED else f" = {written(field.written)}"
    return f"{field.name}: {accepted(field.hint)}{default}"


def source(cls: type) -> str:
    """The class that one of the stub stands for, as the stub names it."""
    return f"_{cls.__module__.rpartition('.')[2]}.{cls.__name__}"


def definition(cls: type[Declared], classes: list[type]) -> str:
    """A class of the stub, derived from its source and the nearest parent that is in the stub."""
    parents = [base.__name__ for base in cls.__mro__[1:] if base in classes]
    parameters = ["self", *map(parameter, cls._table().fields.values())]
    body = ", ".join(parameters)
    if len(body) > 70:
        body = "".join(f"\n        {text}," for text in parameters) + "\n    "
    head = f"class {cls.__name__}({', '.join([source(cls), *parents[:1]])}):"
    return f"{head}\n    def __init__({body}) -> None: ...\n"


def stub() -> str:
    """The text of the whole file."""
    public = {name: getattr(probaug, name) for name in probaug.__all__}
    classes = [value for name, value in public.items() if REGISTRY.get(name) is value]
    imports = set()
    for name, value in {**public, "Node": Node}.items():
        package, _, module = value.__module__.removeprefix("probaug").rpartition(".")
        if value in classes or value is Node:
            imports.add(f"from {package} import {module} as _{module}\n")
        else:  # functions, and the classes that are there to be derived from
            imports.add(f"from {package}.{module} import {name} as {name}\n")
    names = "".join(f"    {written(name)},\n" for name in public)
    aliases = [f"{name}: TypeAlias = {' | '.join(spelled(ALIASES[name]))}\n" for name in ALIASES]
    parts = [
        HEAD + "".join(sorted(imports)),
        f"__version__: str\n__all__: list[str] = [\n{names}]\n",
    ]
    return "\n".join([*parts, "".join(aliases), *(definition(cls, classes) for cls in classes)])


if __name__ == "__main__":
    STUB.write_text(stub(), "utf-8")
