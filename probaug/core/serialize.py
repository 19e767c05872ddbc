"""Pipelines as plain data, and back, through a registry of names.

No import paths, no evaluation, no pickles: a name is looked up among the registered classes, and
everything else is numbers, strings, lists and dicts.
"""

from __future__ import annotations

import inspect
import json
import math
import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from .declared import Declared
from .transform import REGISTRY, Node

DataFormat = Literal["json", "yaml"]

CLASS = "class"
REPLAY_NAME = "__class_fullname__"
DEEPEST = 32
"""How deep saved data may nest."""


def to_dict(transform: Node, on_not_implemented_error: str = "raise") -> dict[str, Any]:
    """Turn a transform or pipeline into plain data that `from_dict` reads.

    Args:
        transform: What to describe; its fields that differ from their defaults are kept.
        on_not_implemented_error: "raise" if a part cannot be described, or "warn" to leave it out.

    """
    if on_not_implemented_error not in ("raise", "warn"):
        raise ValueError(
            "to_dict: on_not_implemented_error must be 'raise' or 'warn', "
            f"got {on_not_implemented_error!r}"
        )
    from .. import __version__

    lenient = on_not_implemented_error == "warn"
    return {"probaug": __version__, "transform": encode(transform, lenient)}


def encode(value: Any, lenient: bool = False) -> Any:
    """Plain data for one value."""
    if isinstance(value, Declared):
        if not getattr(value, "is_serializable", lambda: True)():
            if lenient:
                import warnings

                warnings.warn(f"{value!r} cannot be saved and is left out", stacklevel=2)
                return None
            raise NotImplementedError(f"{value!r} cannot be saved; give it a name")
        fields = {k: encode(v, lenient) for k, v in describe_node(value, False).items()}
        return {CLASS: type(value).__name__, **fields}
    if isinstance(value, (list, tuple)):
        items = [encode(item, lenient) for item in value]
        return [item for item in items if item is not None] if lenient else items
    if isinstance(value, dict):
        return {key: encode(item, lenient) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise NotImplementedError(f"a {type(value).__name__} cannot be saved as plain data: {value!r}")


def describe_node(node: Declared, without_children: bool = True) -> dict[str, Any]:
    """The fields that differ from their defaults; a user's own class gives its arguments."""
    state = getattr(node, "serializable_fields", None)
    if state is not None:
        return dict(state())
    if node._is_open():
        names = getattr(node, "get_transform_init_args_names", lambda: None)()
        if names is None:
            names = [n for n in inspect.signature(type(node)).parameters if hasattr(node, n)]
        fields = {name: getattr(node, name) for name in names}
        fields.setdefault("p", getattr(node, "p", 0.5))
        return fields
    fields = node.config()
    if without_children:
        fields.pop("transforms", None)
    return fields


def from_dict(transform_dict: dict[str, Any], nonserializable: dict[str, Any] | None = None) -> Any:
    """Rebuild a transform or pipeline from `to_dict` data.

    Args:
        transform_dict: The data.
        nonserializable: Lambda transforms by name, which data cannot hold.

    """
    if not isinstance(transform_dict, dict):
        raise ValueError(f"from_dict expects a dict, got {type(transform_dict).__name__}")
    data = transform_dict.get("transform", transform_dict)
    if max(depths(data)) > DEEPEST:
        raise ValueError(f"from_dict: data nests deeper than {DEEPEST} levels")
    if not isinstance(data, dict) or CLASS not in data:
        raise ValueError(f"from_dict: a transform needs the key {CLASS!r}, got {data!r}")
    return decode(data, nonserializable)


def depths(value: Any, depth: int = 0) -> Iterator[int]:
    """How deep each part of some data lies; stops beyond what is allowed."""
    yield depth
    if depth <= DEEPEST and isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from depths(item, depth + 1)


def decode(data: Any, nonserializable: dict[str, Any] | None) -> Any:
    """The value that plain data stands for."""
    if isinstance(data, list):
        return [decode(item, nonserializable) for item in data]
    if not isinstance(data, dict):
        return data
    if CLASS not in data:
        return {key: decode(item, nonserializable) for key, item in data.items()}
    fields = {k: decode(v, nonserializable) for k, v in data.items() if k != CLASS}
    return build(data[CLASS], fields, nonserializable)


def build(
    name: str,
    fields: dict[str, Any],
    nonserializable: dict[str, Any] | None,
    in_process: bool = False,
) -> Any:
    """An instance of a registered class (or, for a replay, of any class of this process)."""
    cls = find_class(name) or (find_subclass(name) if in_process else None)
    if cls is None:
        near = get_close_matches(str(name), REGISTRY, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else "probaug.register adds a class"
        raise ValueError(f"no registered class is called {name!r}; {hint}")
    supplied = getattr(cls, "resupplied", None)
    return supplied(fields, nonserializable) if supplied is not None else cls(**fields)


def find_class(name: str) -> type[Declared] | None:
    """A registered class by its name."""
    return REGISTRY.get(name)


def find_subclass(name: str) -> type[Declared] | None:
    """A class that this process has already defined, by module and name."""
    waiting: list[type[Declared]] = [Declared]
    while waiting:
        cls = waiting.pop()
        if f"{cls.__module__}.{cls.__qualname__}" == name:
            return cls
        waiting += cls.__subclasses__()
    return None


def save(
    transform: Node,
    filepath_or_buffer: str | os.PathLike[str] | IO[str],
    data_format: DataFormat = "json",
    on_not_implemented_error: str = "raise",
) -> None:
    """Write a transform or pipeline to a file, whole or not at all.

    Args:
        transform: What to save.
        filepath_or_buffer: A path, or an open text file.
        data_format: "json" or "yaml".
        on_not_implemented_error: "raise" if a part cannot be described, or "warn".

    """
    data = to_dict(transform, on_not_implemented_error)
    if data_format == "json":
        text = json.dumps(data, indent=2, allow_nan=False) + "\n"
    else:
        text = yaml_module(data_format).safe_dump(data, sort_keys=False)
    if not isinstance(filepath_or_buffer, (str, os.PathLike)):
        filepath_or_buffer.write(text)
        return
    path = Path(filepath_or_buffer)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(
    filepath_or_buffer: str | os.PathLike[str] | IO[str],
    data_format: DataFormat = "json",
    nonserializable: dict[str, Any] | None = None,
) -> Any:
    """Read what `save` wrote.

    Args:
        filepath_or_buffer: A path, or an open text file.
        data_format: "json" or "yaml".
        nonserializable: Lambda transforms by name, which files cannot hold.

    """
    if isinstance(filepath_or_buffer, (str, os.PathLike)):
        text = Path(filepath_or_buffer).read_text(encoding="utf-8")
    else:
        text = filepath_or_buffer.read()
    data = json.loads(text) if data_format == "json" else yaml_module(data_format).safe_load(text)
    return from_dict(data, nonserializable)


def yaml_module(data_format: str) -> Any:
    """PyYAML, which is an extra."""
    if data_format != "yaml":
        raise ValueError(f"data_format must be 'json' or 'yaml', got {data_format!r}")
    try:
        import yaml
    except ImportError:
        raise ImportError("YAML needs PyYAML: pip install probaug[yaml]") from None
    return yaml
