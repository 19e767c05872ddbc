"""Pipelines as plain data, and back, through a registry of names.

No import paths, no evaluation, no pickles: a name is looked up among the registered classes, and
everything else is numbers, strings, lists and dicts.
"""

from __future__ import annotations

import inspect
import json
import math
import os
import threading
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from .declared import Declared
from .registry import REGISTRY
from .transform import Node
from .warn import warn

DataFormat = Literal["json", "yaml"]

CLASS = "class"
REPLAY_NAME = "__class_fullname__"
EXTRAS = """
    always_apply approximation balanced_scale fill fill_mask fit_output keep_ratio mask_x_length
    mask_y_length noise_params noise_type num_masks_x num_masks_y pad_position padding rotate
    scale seed shear spatial_mode strict translate_percent translate_px
""".split()  # noqa: SIM905  # a table of names
"""What 2.0.8 also wrote of some transforms: internals, and parameters of the class above."""
DEEPEST = 32
"""How deep saved data may nest."""
LARGEST = 100_000
"""How many values saved data may hold; YAML's references can make a short file endless."""


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
    data = encode(transform, lenient)
    require_small(data, "to_dict")
    return {"probaug": __version__, "transform": data}


def encode(value: Any, lenient: bool = False) -> Any:
    """Plain data for one value."""
    if isinstance(value, Declared):
        if not getattr(value, "is_serializable", lambda: True)():
            if lenient:
                warn(f"{value!r} cannot be saved and is left out")
                return None
            why = getattr(value, "unsaved", "give it a name")
            raise NotImplementedError(f"{value!r} cannot be saved; {why}")
        require_registered(type(value))
        fields = {k: encode(v, lenient) for k, v in describe_node(value, False).items()}
        return {CLASS: type(value).__name__, **fields}
    if isinstance(value, (list, tuple)):
        items = [encode(item, lenient) for item in value]
        return [item for item in items if item is not None] if lenient else items
    if isinstance(value, dict):
        if CLASS in value or not all(isinstance(key, str) for key in value):
            raise NotImplementedError(
                f"a dict with the key {CLASS!r}, or keys that are no strings, cannot be saved as "
                f"plain data: {value!r}"
            )
        return {key: encode(item, lenient) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise NotImplementedError(f"a {type(value).__name__} cannot be saved as plain data: {value!r}")


def require_registered(cls: type) -> None:
    """Refuse a class that could not be found again, or that another one's name would stand for."""
    if find_class(cls.__name__) is not cls:
        raise NotImplementedError(
            f"{cls.__module__}.{cls.__qualname__} cannot be saved under the name "
            f"{cls.__name__!r}; probaug.register makes a class known by its name"
        )


def describe_node(node: Declared, without_children: bool = True) -> dict[str, Any]:
    """The fields that differ from their defaults; a user's own class gives its arguments."""
    state = getattr(node, "serializable_fields", None)
    if state is not None:
        return dict(state())
    if node._is_open():
        return arguments(node)
    fields = node.config()
    if without_children:
        fields.pop("transforms", None)
    return fields


def arguments(node: Declared) -> dict[str, Any]:
    """What a user's own ``__init__`` was given, read from attributes of the same names."""
    known = inspect.signature(type(node)).parameters.values()
    some = [parameter.name for parameter in known if parameter.kind not in (2, 4)]  # no *, no **
    names = getattr(node, "get_transform_init_args_names", lambda: some)()
    missing = [name for name in names if not hasattr(node, name)]
    if missing:
        raise NotImplementedError(
            f"{type(node).__name__} keeps no attribute {missing[0]!r}, so it cannot be saved; it "
            f"needs one for each argument of its __init__"
        )
    takes_p = "p" in some or len(some) < len(known)
    return {name: getattr(node, name) for name in (*names, *(["p"] if takes_p else []))}


def from_dict(transform_dict: dict[str, Any], nonserializable: dict[str, Any] | None = None) -> Any:
    """Rebuild a transform or pipeline from `to_dict` data, ours or that of Albumentations 2.0.8.

    Args:
        transform_dict: The data.
        nonserializable: Lambda transforms by name, which data cannot hold.

    """
    if not isinstance(transform_dict, dict):
        raise ValueError(f"from_dict expects a dict, got {type(transform_dict).__name__}")
    data = transform_dict.get("transform", transform_dict)
    require_small(data, "from_dict")
    if isinstance(data, dict) and REPLAY_NAME in data and CLASS not in data:
        if "applied" in data:
            raise ValueError("from_dict: this is a replay; ReplayCompose.replay repeats it")
        data = from_2_0_8(data)
    if not isinstance(data, dict) or CLASS not in data:
        raise ValueError(f"from_dict: a transform needs the key {CLASS!r}, got {data!r}")
    return decode(data, nonserializable)


def from_2_0_8(data: Any) -> Any:
    """Our form of what Albumentations 2.0.8 saved: the last part of a name, fields beside it."""
    if isinstance(data, list):
        return [from_2_0_8(item) for item in data]
    if not isinstance(data, dict):
        return data
    fields = {key: from_2_0_8(item) for key, item in data.items() if not str(key).startswith("__")}
    if REPLAY_NAME not in data:
        return fields
    name = str(data[REPLAY_NAME]).rpartition(".")[2]
    if "__name__" in data:  # of a Lambda
        fields["name"] = data["__name__"]
    cls = find_class(name)
    known = fields if cls is None or cls._is_open() else cls._table().fields
    return {CLASS: name, **{k: v for k, v in fields.items() if k in known or k not in EXTRAS}}


def require_small(data: Any, where: str) -> None:
    """Refuse data that nests too deep or, references followed, holds too much."""
    level, count = [data], 0
    for _ in range(DEEPEST + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, (dict, list, tuple)):
                below += value.values() if isinstance(value, dict) else value
                if count + len(below) > LARGEST:
                    raise ValueError(f"{where}: data holds more than {LARGEST} values")
        if not below:
            return
        level, count = below, count + len(below)
    raise ValueError(f"{where}: data nests deeper than {DEEPEST} levels")


def decode(data: Any, nonserializable: dict[str, Any] | None) -> Any:
    """The value that plain data stands for."""
    if isinstance(data, list):
        return [decode(item, nonserializable) for item in data]
    if not isinstance(data, dict):
        if isinstance(data, float) and not math.isfinite(data):
            raise ValueError(f"from_dict: every number must be finite, got {data!r}")
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
    if not isinstance(name, str):
        raise ValueError(f"the name of a class must be a string, got {name!r}")
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
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
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
    return from_dict(parsed(text, data_format), nonserializable)


def parsed(text: str, data_format: DataFormat) -> Any:
    """The data that a text holds; whatever is wrong with it is a ValueError."""
    try:
        if data_format == "json":
            return json.loads(text)
        yaml = yaml_module(data_format)
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(f"load: this is no YAML: {error}") from error
    except RecursionError:
        raise ValueError(f"load: data nests deeper than {DEEPEST} levels") from None


def yaml_module(data_format: str) -> Any:
    """PyYAML, which is an extra."""
    if data_format != "yaml":
        raise ValueError(f"data_format must be 'json' or 'yaml', got {data_format!r}")
    try:
        import yaml
    except ImportError:
        raise ImportError("YAML needs PyYAML: pip install probaug[yaml]") from None
    return yaml
