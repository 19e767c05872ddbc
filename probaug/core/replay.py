"""What a run recorded, as a tree of plain values, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from .serialize import REPLAY_NAME, build, decode, describe_node, encode, find_class
from .transform import Node, Params, Record


def applied(node: Node, record: Record) -> list[tuple[str, Params]]:
    """Name and params of every transform that ran, in order."""
    return [(type(leaf).__name__, params) for leaf, params in leaves(node, record)]


def leaves(node: Node, record: Record) -> Iterator[tuple[Node, Params]]:
    """Every transform that ran, with what it drew, in order."""
    if record is None:
        return
    children = getattr(node, "transforms", None)
    if children is None:
        yield node, record
        return
    for index, step in record:
        yield from leaves(children[index], step)


def tree(node: Node, record: Record) -> dict[str, Any]:
    """The tree of a run: names, fields, whether each part was applied, and what it drew.

    Children that ran stand first where their order is not that of the list.
    """
    result: dict[str, Any] = {REPLAY_NAME: class_name(node)}
    for name, value in fields_of(node).items():
        try:
            result[name] = encode(value)
        except NotImplementedError:  # a user's own object stays what it is
            result[name] = value
    children = getattr(node, "transforms", None)
    result["params"] = record if children is None else None
    result["applied"] = record is not None
    if children is None:
        return result
    steps = list(record or ())
    order = [index for index, _ in steps]
    if all(a < b for a, b in pairwise(order)):
        known = dict(steps)
        result["transforms"] = [tree(child, known.get(i)) for i, child in enumerate(children)]
    else:
        rest = [child for i, child in enumerate(children) if i not in order]
        result["transforms"] = [
            *(tree(children[index], step) for index, step in steps),
            *(tree(child, None) for child in rest),
        ]
    return result


def fields_of(node: Node) -> dict[str, Any]:
    """All fields, defaults too, but the children; of a user's own class, its arguments."""
    if node._is_open() or hasattr(node, "serializable_fields"):
        return describe_node(node)
    return {name: value for name, value in node._values().items() if name != "transforms"}


def class_name(node: object) -> str:
    """The registered name of a node's class, or where a user's class is defined."""
    cls = type(node)
    known = find_class(cls.__name__)
    return cls.__name__ if known is cls else f"{cls.__module__}.{cls.__qualname__}"


def rebuild(tree: Any, nonserializable: dict[str, Any] | None) -> tuple[Node, Record]:
    """The pipeline of a tree, holding what ran and what did not, and its record."""
    if not isinstance(tree, dict) or not {REPLAY_NAME, "applied", "params"} <= tree.keys():
        raise ValueError(
            f"replay expects the tree that an earlier result holds, a dict with {REPLAY_NAME!r}, "
            f"'applied' and 'params', got {tree!r}"
        )
    fields = {k: v for k, v in tree.items() if k not in (REPLAY_NAME, "applied", "params")}
    children = fields.pop("transforms", None)
    fields = decode(fields, nonserializable)
    name = tree[REPLAY_NAME]
    if children is None:
        node = build(name, fields, nonserializable, in_process=True)
        return node, tree["params"] if tree["applied"] else None
    pairs = [rebuild(child, nonserializable) for child in children]
    steps = [(index, step) for index, (_, step) in enumerate(pairs) if step is not None]
    nodes = [node for node, _ in pairs]
    node = build(name, {**fields, "transforms": nodes}, nonserializable, in_process=True)
    return node, steps if tree["applied"] else None
