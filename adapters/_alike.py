"""What the samples of a batch must have in common."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from probaug.core.fields import Array

Shape: TypeAlias = tuple[int, ...]
Kind: TypeAlias = tuple[Shape, np.dtype[Any]]
Form: TypeAlias = tuple[tuple[str, Kind], ...]  # by name

_RULE = "the samples of a batch must be alike, but"


def form_of(given: Mapping[str, Array], loose: Container[str] | None = None) -> Form:
    """The form of a sample's arrays.

    Args:
        given: Arrays by name.
        loose: If given, sizes do not count: of these images it is only their channels that do.

    """
    form = []
    for name, value in sorted(given.items()):
        if value.dtype.kind not in "biufc":
            raise no_numbers(name, value)
        shape = value.shape
        if loose is not None:
            shape = shape[2:] if name in loose else ()
        form.append((name, (shape, value.dtype)))
    return tuple(form)


def no_numbers(name: str, value: Array) -> TypeError:
    """The error for what no batch can be made of."""
    return TypeError(f"{name} must be made of numbers, got {value.tolist()!r:.80}")


def unlike(form: Form, sample: int, expected: Form, first: int) -> Exception | None:
    """The error for a sample of another form than an earlier one; None if they are alike."""
    names, others = ([name for name, _ in parts] for parts in (form, expected))
    if names != others:
        return other_names(sample, names, first, others)
    for (name, own), (_, known) in zip(form, expected):
        if own != known:
            return other_form(name, sample, own, first, known)
    return None


def other_names(sample: int, names: Iterable[str], first: int, others: Iterable[str]) -> KeyError:
    """The error for a sample that gives other arrays than an earlier one."""
    return KeyError(
        f"{_RULE} sample {sample} gives {sorted(names)} and sample {first} gives {sorted(others)}"
    )


def other_form(name: str, sample: int, own: Kind, first: int, known: Kind) -> ValueError:
    """The error for an array of another shape or type than that of an earlier sample."""
    (shape, dtype), (expected, kind) = own, known
    remedies = []
    if name == "keypoints":
        remedies.append("task='keypoints' takes as many points in every sample")
    elif min(len(shape), len(expected)) < 2:
        remedies.append(f"{name} needs the same shape and type in all samples")
    else:
        if shape[:2] != expected[:2]:
            remedies.append("RandomCrop, Resize or PadIfNeeded at a pipeline's end give one size")
        if shape[2:] != expected[2:]:
            remedies.append("color_mode='rgb' gives all files three channels")
        if dtype != kind:
            remedies.append("dtype='float32' with a value_range gives all images one type")
    return ValueError(
        f"{_RULE} {name} of sample {sample} is {shape} {dtype} and that of sample {first} is "
        f"{expected} {kind}; {'; '.join(remedies)}"
    )
