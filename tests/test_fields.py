"""Declared fields: the forms a value may have, the words of errors, and signature order."""

import copy
import fractions
import inspect
import math
import pickle
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import probaug as A
from probaug.core.declared import Declared
from probaug.core.fields import (
    Above,
    AroundOne,
    Between,
    Border,
    Count,
    DrawnPair,
    Fill,
    Interpolation,
    Pair,
    Probability,
    Range,
    RotateMethod,
    Symmetric,
    WholePair,
    WholeRange,
    describe,
    up_to,
)
from probaug.core.kinds import Pixel


class Holder(Declared):
    """One field of every form."""

    drawn: Range = 1
    symmetric: Symmetric = 0
    around: AroundOne = 0
    pair: DrawnPair = (0, 1)
    whole_range: WholeRange = (0, 1)
    upwards: Annotated[float | Pair, up_to(1), Between(low=1)] = 3
    bounded: Annotated[Symmetric, Between(-180, 180)] = 0
    above: Annotated[float, Above(0)] = 1
    chance: Probability = 0.5
    count: Count = 1
    interpolation: Interpolation = 1
    border: Border = 0
    fill: Fill = 0
    method: RotateMethod = "largest_box"
    optional: Annotated[float, Between(low=1)] | None = None
    flag: bool = False
    name: str = ""
    numbers: tuple[float, ...] = ()
    size: WholePair = (1, 1)
    three: tuple[int, int, int] = (0, 0, 0)
    function: Callable[..., Any] | None = None
    mixed: Literal["mean", 3] | int = 3
    anything: Any = None
    mapping: dict[str, float] | None = None
    words: Sequence[str] | None = None


F32 = np.float32(0.5)

GOOD = [
    ("drawn", 3, (3, 3)),
    ("drawn", -2.5, (-2.5, -2.5)),
    ("drawn", [1, 2], (1, 2)),
    ("drawn", (2, 2), (2, 2)),
    ("drawn", np.array([1.5, 2]), (1.5, 2)),
    ("drawn", np.array(4), (4, 4)),
    ("drawn", F32, (0.5, 0.5)),
    ("symmetric", 3, (-3, 3)),
    ("symmetric", -3, (-3, 3)),
    ("symmetric", (-1, 3), (-1, 3)),
    ("around", 0.25, (0.75, 1.25)),
    ("around", 3, (0, 4)),
    ("around", (0.1, 0.2), (0.1, 0.2)),
    ("pair", [0, 5], (0, 5)),
    ("whole_range", [2, 5], (2, 5)),
    ("whole_range", np.array([2, 5]), (2, 5)),
    ("upwards", 1, (1, 1)),
    ("upwards", 7, (1, 7)),
    ("upwards", (2, 3), (2, 3)),
    ("bounded", 180, (-180, 180)),
    ("above", 1e-9, 1e-9),
    ("chance", 0, 0),
    ("chance", 1, 1),
    ("chance", np.float64(0.25), 0.25),
    ("count", 1, 1),
    ("count", np.uint8(9), 9),
    ("interpolation", "cubic", 2),
    ("interpolation", 6, 6),
    ("interpolation", np.int32(3), 3),
    ("border", "reflect_101", 4),
    ("border", "constant", 0),
    ("fill", 0.5, 0.5),
    ("fill", [1, 2, 3], (1, 2, 3)),
    ("fill", np.arange(3), (0, 1, 2)),
    ("method", "ellipse", "ellipse"),
    ("optional", None, None),
    ("optional", 1, 1),
    ("flag", True, True),
    ("flag", np.bool_(True), True),
    ("name", "a", "a"),
    ("numbers", [1, 2.5], (1, 2.5)),
    ("numbers", [], ()),
    ("size", (3, 4), (3, 4)),
    ("three", [1, 2, 3], (1, 2, 3)),
    ("function", math.sqrt, math.sqrt),
    ("function", None, None),
    ("mixed", "mean", "mean"),
    ("mixed", 12, 12),
    ("anything", {1: [2]}, {1: (2,)}),
    ("mapping", {"a": 1}, {"a": 1}),
    ("words", ["a", "b"], ("a", "b")),
]


@pytest.mark.parametrize(("name", "value", "stored"), GOOD)
def test_forms_that_are_accepted(name, value, stored):
    got = getattr(Holder(**{name: value}), name)
    assert got == stored
    assert type(got) is type(stored)


NAN = float("nan")
BAD = [
    ("drawn", (2, 1), "a number or a pair of numbers with low <= high"),
    ("drawn", (1, 2, 3), "a number or a pair of numbers with low <= high"),
    ("drawn", "1", "a number or a pair of numbers with low <= high"),
    ("drawn", None, "a number or a pair of numbers with low <= high"),
    ("drawn", True, "a number or a pair of numbers with low <= high"),
    ("drawn", NAN, "a number or a pair of numbers with low <= high"),
    ("drawn", (0, NAN), "a number or a pair of numbers with low <= high"),
    ("drawn", math.inf, "a number or a pair of numbers with low <= high"),
    ("drawn", 10**400, "a number or a pair of numbers with low <= high"),
    ("drawn", 1j, "a number or a pair of numbers with low <= high"),
    ("drawn", np.zeros(3), "a number or a pair of numbers with low <= high"),
    ("drawn", np.zeros(999), "a number or a pair of numbers with low <= high"),
    ("symmetric", (3, -3), "a number or a pair of numbers with low <= high"),
    ("around", -1, "a number or a pair of numbers with low <= high"),
    ("pair", 3, "a pair of numbers with low <= high"),
    ("whole_range", (0, 1.5), "a pair of whole numbers with low <= high"),
    ("whole_range", (1, 0), "a pair of whole numbers with low <= high"),
    ("whole_range", 1, "a pair of whole numbers with low <= high"),
    ("upwards", 0.5, "a number or a pair of numbers >= 1"),
    ("upwards", (0, 5), "a number or a pair of numbers >= 1"),
    ("bounded", 181, "a number or a pair of numbers with low <= high in [-180, 180]"),
    ("above", 0, "a number > 0"),
    ("above", -1, "a number > 0"),
    ("chance", -0.1, "a number in [0, 1]"),
    ("chance", 1.0001, "a number in [0, 1]"),
    ("chance", True, "a number in [0, 1]"),
    ("chance", "0.5", "a number in [0, 1]"),
    ("count", 0, "a whole number >= 1"),
    ("count", 1.0, "a whole number >= 1"),
    ("count", True, "a whole number >= 1"),
    ("interpolation", "bicubic", "a whole number or a string that is one of 0 ('nearest'), "),
    ("interpolation", 99, "a whole number or a string that is one of 0 ('nearest'), "),
    ("border", "mirror", "a whole number or a string that is one of 0 ('constant'), "),
    ("fill", "black", "a number or a tuple"),
    ("fill", (1, "a"), "a number or a tuple"),
    ("fill", None, "a number or a tuple"),
    ("method", "hull", "one of 'largest_box', 'ellipse'"),
    ("method", ["ellipse"], "one of 'largest_box', 'ellipse'"),
    ("optional", 0, "a number >= 1 or None"),
    ("flag", 1, "True or False"),
    ("flag", None, "True or False"),
    ("name", 1, "a string"),
    ("numbers", 1, "a tuple"),
    ("numbers", (1, None), "a tuple"),
    ("size", (1, 2, 3), "a pair of whole numbers"),
    ("size", (1.5, 2), "a pair of whole numbers"),
    ("three", (1, 2), "a tuple"),
    ("function", 3, "Callable or None"),
    ("mixed", "median", "one of 'mean', 3 or a whole number"),
    ("mapping", [1], "dict or None"),
    ("words", 3, "Sequence or None"),
]


@pytest.mark.parametrize(("name", "value", "rule"), BAD)
def test_errors_name_class_field_rule_and_value(name, value, rule):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its words are looked at here
        Holder(**{name: value})
    text = str(caught.value)
    assert text.startswith(f"Holder.{name} must be {rule}")
    assert text.endswith(f", got {value!r}")


@pytest.mark.parametrize("hint", [Range, Symmetric, Fill, Interpolation, Count])
def test_rules_are_said_in_words(hint):
    for piece in ("typing", "Annotated", "Union", "<", "class"):
        assert piece not in describe(hint).replace("<=", "").replace("< ", "")


json_like = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),  # equals nothing, itself included
        st.text(max_size=4),
        st.complex_numbers(allow_nan=False),
        st.fractions(),
        st.binary(max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(inspect.signature(Holder).parameters)), json_like)
def test_any_value_fits_or_is_refused_by_name(name, value):
    try:
        holder = Holder(**{name: value})
    except ValueError as error:
        if not str(error).startswith(f"Holder.{name} must be "):
            raise
        return
    assert holder == Holder(**{name: getattr(holder, name)}), "a stored value is its own form"
    assert hash(holder) == hash(copy.deepcopy(holder))


def test_a_fraction_is_a_number():
    assert Holder(chance=fractions.Fraction(1, 3)).chance == fractions.Fraction(1, 3)


# arguments


def test_unknown_keywords_name_near_ones():
    with pytest.raises(TypeError, match="Holder has no parameter 'interpolate'; did you mean"):
        Holder(interpolate=1)
    with pytest.raises(TypeError, match="did you mean interpolation"):
        Holder(interpolate=1)
    with pytest.raises(TypeError, match=r"no parameter 'zzz'; it takes drawn, symmetric, "):
        Holder(zzz=1)
    with pytest.raises(TypeError, match="HorizontalFlip has no parameter 'prob'"):
        A.HorizontalFlip(prob=1)


def test_too_many_and_twice_given():
    with pytest.raises(TypeError, match="HorizontalFlip takes at most 1 arguments, got 2"):
        A.HorizontalFlip(1, 2)
    with pytest.raises(TypeError, match="HorizontalFlip got several values for 'p'"):
        A.HorizontalFlip(1, p=0.5)


def test_required_values():
    class Needs(Declared):
        size: WholePair
        other: int = 0

    with pytest.raises(TypeError, match="Needs needs a value for 'size'"):
        Needs(other=1)
    assert Needs((1, 2)).config() == {"size": (1, 2)}
    assert inspect.signature(Needs).parameters["size"].default is inspect.Parameter.empty


def test_positions_follow_the_signature():
    names = list(inspect.signature(Holder).parameters)
    assert Holder(7, 8).drawn == (7, 7)
    assert Holder(7, 8).symmetric == (-8, 8)
    assert names[:3] == ["drawn", "symmetric", "around"]
    given = [getattr(Holder(), name) for name in names]
    assert Holder(*given) == Holder()


def test_the_signature_shows_defaults_as_written():
    parameters = inspect.signature(Holder).parameters
    assert parameters["upwards"].default == 3
    assert Holder().upwards == (1, 3)
    assert all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values())


# order of the signature


def order(cls):
    return list(inspect.signature(cls).parameters)


class Base(Pixel):
    low: int = 1
    high: int = 2


class Body(Base):
    own: int = 3


class Repeats(Base):
    own: int = 3
    high: int = 5
    last: int = 6


class EarlyP(Base):
    own: int = 3
    p: Probability = 1.0
    after: int = 4


class LateP(Base):
    own: int = 3
    p: Probability = 0.25


class UnderEarlyP(EarlyP):
    more: int = 9


class SilentUnderEarlyP(EarlyP):
    constant: ClassVar[int] = 3
    _private: int = 4


class Mixin:
    mixed: int = 8


class WithMixin(Mixin, Base):
    own: int = 3


def test_body_first_then_inherited_then_p():
    assert order(Base) == ["low", "high", "p"]
    assert order(Body) == ["own", "low", "high", "p"]


def test_a_body_may_repeat_a_name_to_fix_its_place():
    assert order(Repeats) == ["own", "high", "last", "low", "p"]
    assert Repeats().high == 5
    assert Body().high == 2


def test_p_stays_where_a_body_puts_it():
    assert order(EarlyP) == ["own", "p", "after", "low", "high"]
    assert order(LateP) == ["own", "low", "high", "p"]
    assert (EarlyP().p, LateP().p, Base().p) == (1.0, 0.25, 0.5)


def test_p_is_last_again_in_a_subclass_with_a_body():
    assert order(UnderEarlyP) == ["more", "own", "after", "low", "high", "p"]
    assert UnderEarlyP().p == 1.0
    assert order(SilentUnderEarlyP) == order(EarlyP)


def test_mixins_give_fields_too():
    assert order(WithMixin) == ["own", "mixed", "low", "high", "p"]


def test_what_is_no_field():
    class Odd(Base):
        constant: ClassVar[int] = 3
        _private: int = 4
        plain = 5
        real: "int" = 6

    assert order(Odd) == ["real", "low", "high", "p"]
    with pytest.raises(ValueError, match=r"Odd\.real must be a whole number, got 'x'"):
        Odd(real="x")


def test_hints_that_only_a_type_checker_knows():
    class Foreign(Base):
        thing: "SomewhereElse" = None  # noqa: F821

    assert order(Foreign) == ["thing", "low", "high", "p"]
    assert Foreign(object(), p=1).p == 1
    with pytest.raises(ValueError, match=r"Foreign\.low must be a whole number"):
        Foreign(low="a")


def test_a_class_of_the_users_own_keeps_its_constructor():
    class Own(Base):
        def __init__(self, strength, *, p=0.1):
            super().__init__(p=p)
            self.strength = strength

    assert order(Own) == ["strength", "p"]
    own = Own(3)
    assert (own.strength, own.p, own.low) == (3, 0.1, 1)
    own.low = 7
    own.strength = 8
    assert (own.low, own.strength) == (7, 8)
    assert own != Own(3)
    assert len({own, Own(3), own}) == 2
    twin = pickle.loads(pickle.dumps(HasInit(2)))
    assert (twin.strength, twin.p) == (2, 0.1)


class HasInit(Base):
    def __init__(self, strength, p=0.1):
        super().__init__(p=p)
        self.strength = strength


# values


class Table(Pixel):
    table: Any = None
    pictures: tuple[Any, ...] = ()
    limit: Symmetric = (0, 1)

    def edit(self, image, limit):
        return image


def test_fields_are_fixed():
    table = Table()
    with pytest.raises(AttributeError) as caught:
        table.limit = 3
    assert str(caught.value) == "Table.limit is fixed; use t.replace(limit=...) for a copy"
    with pytest.raises(AttributeError, match=r"Table\.p is fixed"):
        del table.p
    assert table == Table()


def test_the_way_out_that_an_error_names_works():
    """SomeOf has a parameter called replace."""
    for node in (Table(), A.OneOf([Table()]), A.Compose([]), A.BboxParams("coco")):
        name = "p" if hasattr(node, "p") else "format"
        with pytest.raises(AttributeError, match=r"use t\.replace\("):
            setattr(node, name, 1)
        assert node.replace() == node
    some = A.SomeOf([Table(), Table()], n=1)
    with pytest.raises(AttributeError, match=r"use t\.__replace__\(n=\.\.\.\)"):
        some.n = 2
    assert some.__replace__(n=2).n == 2


def test_replace_checks_and_leaves_the_original_alone():
    table = Table(limit=3)
    assert table.replace(limit=5).limit == (-5, 5)
    assert table.limit == (-3, 3)
    with pytest.raises(TypeError, match="Table has no parameter 'limits'; did you mean limit"):
        table.replace(limits=5)
    with pytest.raises(ValueError, match=r"Table\.p must be"):
        table.replace(p=3)


def test_what_the_caller_changes_later_changes_nothing():
    given = {"a": [1, 2]}
    limits = [1, 2]
    table = Table(table=given, limit=limits)
    given["a"].append(3)
    given["b"] = 1
    limits[0] = 9
    assert table.table == {"a": (1, 2)}
    assert table.limit == (1, 2)


def test_equality_and_hash_with_arrays():
    big = np.arange(100.0)
    same, other = big.copy(), big + 1
    for wrap in (
        lambda a: {"table": a},
        lambda a: {"pictures": (a, 1)},
        lambda a: {"table": {"k": a}},
    ):
        a, b, c, d = (Table(**wrap(x)) for x in (big, same, other, big.astype(np.float32)))
        assert a == b
        assert hash(a) == hash(b)
        assert a != c
        assert a != d, "dtypes are part of the value, as they are of the hash"


def test_equal_values_of_different_classes_differ():
    assert Base() != Body()
    assert Base() != "Base()"
    assert Base(p=1) == Base(p=1.0)
    assert hash(Base(p=1)) == hash(Base(p=1.0))


def test_repr_says_what_differs_and_evaluates():
    for node in (Table(), Table(limit=2), Table(table={"a": (1, 2)}, p=0.25), Base(3, high=9)):
        assert eval(repr(node)) == node
    assert repr(Table(limit=(0, 1))) == "Table()"
    assert repr(Table(limit=2, p=0.5)) == "Table(limit=(-2, 2))"
    assert "p=0.1" in repr(HasInit(3))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copies_are_equal_and_carry_no_scratch(copied):
    table = Table(limit=3, p=1)
    table(image=np.zeros((2, 2), np.uint8))
    twin = copied(table)
    assert twin == table
    assert hash(twin) == hash(table)
    assert not [name for name in vars(twin) if name.startswith("_cached_")]
    assert [name for name in vars(table) if name.startswith("_cached_")]


def test_an_own_class_forgets_what_it_derived_from_a_changed_field():
    class Turn(A.Rotate):
        def __init__(self):
            super().__init__(limit=(45, 45), fill=10, p=1)

    class Pipe(A.Compose):
        def __init__(self, transforms):
            super().__init__(transforms)

    image = np.full((21, 21), 200, np.uint8)
    turn = Turn()
    assert turn(image=image)["image"][0, 0] == 10
    turn.fill = 99
    assert turn(image=image)["image"][0, 0] == 99
    pipe = Pipe([A.NoOp(p=1)])
    assert pipe(image=image)["image"] is image
    pipe.transforms = [A.InvertImg(p=1), A.NoOp()]
    assert pipe(image=image)["image"][0, 0] == 55
