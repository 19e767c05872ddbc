"""Containers: what p means node by node, list behaviour, values, warnings and errors."""

import copy
import itertools
import pickle
import warnings
from collections import Counter

import core_helpers
import numpy as np
import pytest
from core_helpers import IMAGE, Add, Hooked, Noise, Show, ShowTwo, drawing, shown
from scipy import stats

import probaug as A
from probaug.core.canvas import Canvas
from probaug.core.kinds import Pixel
from probaug.core.labels import Labels
from probaug.core.layer import Plane

DOT = np.zeros((1, 1), np.uint8)
TRIALS = 2000


def a(p=0.5):
    return Add(1, p=p)


def b(p=0.5):
    return Add(2, p=p)


def c(p=0.5):
    return Add(4, p=p)


def outcomes(node, trials=TRIALS, **call):
    """How often each sum came out, over fixed keys."""
    return Counter(
        int(node(image=DOT, key=(0, 0, index), **call)["image"][0, 0]) for index in range(trials)
    )


def assert_odds(counts, odds):
    """The counts are a draw from the odds, and nothing outside of them came out."""
    assert set(counts) <= {value for value, chance in odds.items() if chance}
    odds = {value: chance for value, chance in odds.items() if chance}
    assert sum(odds.values()) == pytest.approx(1)
    if len(odds) > 1:
        total = sum(counts.values())
        observed = [counts[value] for value in odds]
        expected = [chance * total for chance in odds.values()]
        assert stats.chisquare(observed, expected).pvalue > 1e-3


# what p means (reference: the table of the 2.0.8 semantics)

ODDS = {
    "transform": (a(0.3), {1: 0.3, 0: 0.7}),
    "transform, always": (a(1), {1: 1}),
    "transform, never": (a(0), {0: 1}),
    "Compose gates its block": (A.Compose([a(1), b(1)], p=0.3), {3: 0.3, 0: 0.7}),
    "Compose: children use their own": (
        A.Compose([a(0.5), b(0.2)]),
        {0: 0.4, 1: 0.4, 2: 0.1, 3: 0.1},
    ),
    "Compose, never": (A.Compose([a(1)], p=0), {0: 1}),
    "Sequential gates, by default half": (A.Sequential([a(1)]), {1: 0.5, 0: 0.5}),
    "Sequential: children use their own": (A.Sequential([a(0.3)], p=0.5), {1: 0.15, 0: 0.85}),
    "OneOf: p are weights": (A.OneOf([a(0.1), b(0.2), c(0.1)], p=1), {1: 0.25, 2: 0.5, 4: 0.25}),
    "OneOf: weights above one in sum": (A.OneOf([a(1), b(1)], p=1), {1: 0.5, 2: 0.5}),
    "OneOf gates, by default half": (A.OneOf([a(), b()]), {1: 0.25, 2: 0.25, 0: 0.5}),
    "OneOf: a weight of nought": (A.OneOf([a(0), b(0.3), c(0)], p=1), {2: 1}),
    "OneOf: empty": (A.OneOf([], p=1), {0: 1}),
    "OneOf forces a Sequential": (A.OneOf([A.Sequential([a(0.5)], p=0.1)], p=1), {1: 0.5, 0: 0.5}),
    "OneOf forces a Compose": (A.OneOf([A.Compose([a(0.5)], p=0.1)], p=1), {1: 0.5, 0: 0.5}),
    "OneOf forces a OneOf": (A.OneOf([A.OneOf([a(), b()], p=0.1)], p=1), {1: 0.5, 2: 0.5}),
    "OneOf: a container's p is its weight": (
        A.OneOf([A.Sequential([a(1)], p=0.2), b(0.6)], p=1),
        {1: 0.25, 2: 0.75},
    ),
    "OneOrOther: p is the first's": (A.OneOrOther(a(0.5), b(0.1), p=0.3), {1: 0.3, 2: 0.7}),
    "OneOrOther: by default half": (A.OneOrOther(a(), b()), {1: 0.5, 2: 0.5}),
    "OneOrOther: always the first": (A.OneOrOther(a(), b(), p=1), {1: 1}),
    "OneOrOther: always the other": (A.OneOrOther(a(), b(), p=0), {2: 1}),
    "OneOrOther: the other is the last": (
        A.OneOrOther(transforms=[a(), b(), c()], p=0.4),
        {1: 0.4, 4: 0.6},
    ),
    "OneOrOther forces": (
        A.OneOrOther(A.Sequential([a(0.5)], p=0.1), b(), p=1),
        {1: 0.5, 0: 0.5},
    ),
    "OneOrOther: what never runs does not": (A.OneOrOther(a(0), b(0)), {0: 1}),
    "OneOrOther has no other gate": (
        A.Sequential([A.OneOrOther(a(), b(), p=0.3)], p=1),
        {1: 0.3, 2: 0.7},
    ),
    "SomeOf: n distinct ones, uniformly": (
        A.SomeOf([a(1), b(1), c(1)], n=2),
        {3: 1 / 3, 5: 1 / 3, 6: 1 / 3},
    ),
    "SomeOf: p are no weights, each its own": (
        A.SomeOf([a(0.2), b(0.6)], n=1),
        {1: 0.1, 2: 0.3, 0: 0.6},
    ),
    "SomeOf gates": (A.SomeOf([a(1)], n=1, p=0.25), {1: 0.25, 0: 0.75}),
    "SomeOf: by default one, always": (A.SomeOf([a(1), b(1)]), {1: 0.5, 2: 0.5}),
    "SomeOf: none": (A.SomeOf([a(1)], n=0), {0: 1}),
    "SomeOf: all": (A.SomeOf([a(1), b(1), c(1)], n=3), {7: 1}),
    "SomeOf: with replacement": (
        A.SomeOf([a(1), c(1)], n=2, replace=True),
        {2: 0.25, 5: 0.5, 8: 0.25},
    ),
    "SomeOf: more than there are, with replacement": (
        A.SomeOf([a(0.5)], n=2, replace=True),
        {0: 0.25, 1: 0.5, 2: 0.25},
    ),
    "SomeOf: a container's own p": (
        A.SomeOf([A.Sequential([a(1)], p=0.5)], n=1),
        {0: 0.5, 1: 0.5},
    ),
    "RandomOrder: one of them, by default": (
        A.RandomOrder([a(1), b(0.5)]),
        {1: 0.5, 2: 0.25, 0: 0.25},
    ),
    "RandomOrder: n distinct ones": (
        A.RandomOrder([a(1), b(1), c(1)], n=2),
        {3: 1 / 3, 5: 1 / 3, 6: 1 / 3},
    ),
    "RandomOrder: with replacement": (
        A.RandomOrder([a(1), c(1)], n=2, replace=True),
        {2: 0.25, 5: 0.5, 8: 0.25},
    ),
    "RandomOrder gates": (A.RandomOrder([a(1)], n=1, p=0.25), {1: 0.25, 0: 0.75}),
}


@pytest.mark.parametrize(("node", "odds"), ODDS.values(), ids=ODDS)
def test_what_p_means(node, odds):
    assert_odds(outcomes(node), odds)


@pytest.mark.parametrize(("node", "odds"), list(ODDS.values())[::3], ids=list(ODDS)[::3])
def test_what_p_means_within_a_pipeline(node, odds):
    """The places before and behind a node change nothing, nor does the kind of call."""
    seeded = A.Compose([A.NoOp(), A.Sequential([Noise(), Show()]), node, Hooked()], seed=4)
    assert_odds(Counter(int(seeded(image=DOT)["image"][0, 0]) for _ in range(TRIALS)), odds)


FORCED = {
    "transform": (a(0.1), {1: 1}),
    "Compose: its own p only": (A.Compose([a(0.5), b(1)], p=0.1), {3: 0.5, 2: 0.5}),
    "Sequential: its own p only": (A.Sequential([a(0.5)], p=0.1), {1: 0.5, 0: 0.5}),
    "OneOf": (A.OneOf([a(), b()], p=0.1), {1: 0.5, 2: 0.5}),
    "a pipeline is forced whatever its p": (
        A.Compose([A.Sequential([a(1)], p=0.5)], p=0),
        {0: 0.5, 1: 0.5},
    ),
    "nested gates": (A.Compose([A.Sequential([a(1)], p=0.5)], p=0.1), {0: 0.5, 1: 0.5}),
    "never is never": (a(0), {0: 1}),
    "never within": (A.Compose([a(0), b(1)], p=0.1), {2: 1}),
    "OneOrOther": (A.OneOrOther(a(), b(), p=0.3), {1: 0.3, 2: 0.7}),
}


@pytest.mark.parametrize(("node", "odds"), FORCED.values(), ids=FORCED)
def test_force_apply(node, odds):
    assert_odds(outcomes(node, force_apply=True), odds)


class Append(Pixel):
    """Writes its digit behind what is there: shows order."""

    digit: int = 0

    def edit(self, image, **params):
        return image * 10 + self.digit


DIGITS = [Append(1, p=1), Append(2, p=1), Append(3, p=1)]
ZERO = np.zeros((1, 1), np.int64)


def orders(node, trials=TRIALS):
    return Counter(
        int(node(image=ZERO, key=(1, 0, index))["image"][0, 0]) for index in range(trials)
    )


def test_sequences_run_in_the_order_of_the_list():
    assert orders(A.Compose(DIGITS), 20) == {123: 20}
    assert orders(A.Sequential(DIGITS, p=1), 20) == {123: 20}


def test_some_of_keeps_the_order_of_the_list():
    assert set(orders(A.SomeOf(DIGITS, n=3), 50)) == {123}
    assert set(orders(A.SomeOf(DIGITS, n=2))) == {12, 13, 23}
    repeated = orders(A.SomeOf(DIGITS, n=3, replace=True))
    assert all(list(str(order)) == sorted(str(order)) for order in repeated)
    assert len(repeated) == 10


def test_random_order_makes_all_orders_alike():
    thirds = orders(A.RandomOrder(DIGITS, n=3))
    assert_odds(thirds, {int("".join(o)): 1 / 6 for o in itertools.permutations("123")})
    pairs = orders(A.RandomOrder(DIGITS, n=2))
    assert_odds(pairs, {int("".join(o)): 1 / 6 for o in itertools.permutations("123", 2)})
    drawn = orders(A.RandomOrder(DIGITS, n=2, replace=True))
    assert_odds(drawn, {int("".join(o)): 1 / 9 for o in itertools.product("123", repeat=2)})


def test_rare_weights_are_neither_lost_nor_gained():
    counts = outcomes(A.OneOf([a(0.001), b(0.998), c(0.001)], p=1), 20000)
    assert stats.binomtest(counts[1], 20000, 0.001).pvalue > 1e-3
    assert stats.binomtest(counts[4], 20000, 0.001).pvalue > 1e-3


@pytest.mark.parametrize("weights", [[0.1, 0.2, 0.3], [0.1] * 10, [0.7, 0.1], [1e-300]], ids=str)
@pytest.mark.parametrize("uniform", [0.0, 0.3, 0.6, 1 - 2**-53])
def test_rounding_never_picks_a_weight_of_nought(uniform, weights):
    """(1 - 2**-53) of 0.1 + 0.2 + 0.3, less each of them, leaves nothing below nought."""
    children = [Show(p=0), *[Show(p=p) for p in weights], Show(p=0)]
    node = A.OneOf(children, p=1)
    canvas = Canvas([Plane("image", "image", [IMAGE])], Labels({}, {}), {})
    with drawing(((0, 0), 0, 0), node.slots) as draw:
        draw.values = [uniform] * node.slots
        ((index, record),) = node.run(canvas, draw, 0, 0)
    assert 1 <= index <= len(weights)
    assert record is not None


# channels


def channel_image(channels=5):
    return np.zeros((3, 4, channels), np.uint8)


def test_selected_channels_change_and_no_others():
    node = A.SelectiveChannelTransform([Add(1, p=1), Add(2, p=1)], channels=(3, 1))
    image, mask = channel_image(), np.zeros((3, 4), np.uint8)
    result = node(image=image, mask=mask, extra="x")
    assert result["image"][0, 0].tolist() == [0, 3, 0, 3, 0]
    assert not image.any()
    assert result["mask"] is mask
    assert result["extra"] == "x"


def test_selected_channels_come_in_the_given_order():
    image = channel_image(4) + np.arange(4, dtype=np.uint8)

    class Reads(Pixel):
        def edit(self, image):
            assert image.shape == (3, 4, 2)
            assert image[0, 0].tolist() == [3, 0]
            return image

    A.SelectiveChannelTransform([Reads(p=1)], channels=(3, 0), p=1)(image=image)


def test_selected_channels_serve_what_the_whole_image_does_not():
    """Five channels, of which three are RGB."""
    image = channel_image() + np.uint8(100)
    image[..., 0] = 200
    result = A.SelectiveChannelTransform([A.HueSaturationValue(p=1)], channels=(0, 1, 2))(
        image=image
    )
    assert (result["image"][..., 3:] == 100).all()


@pytest.mark.parametrize("transform", [Add(1, p=1), core_helpers.Hooked(p=1)], ids=repr)
def test_selected_channels_of_frames(transform):
    images = np.zeros((2, 3, 4, 3), np.uint8)
    node = A.SelectiveChannelTransform([transform], channels=(1,))
    assert node(images=images)["images"].shape == images.shape
    assert len(node(images=list(images))["images"]) == 2


def test_selected_channels_in_a_pipeline_with_labels():
    pipeline = A.Compose(
        [A.HorizontalFlip(p=1), A.SelectiveChannelTransform([A.HorizontalFlip(p=1)], [0])],
        bbox_params={"format": "pascal_voc"},
    )
    image = channel_image(3)
    image[0, 0] = 9
    result = pipeline(image=image, bboxes=[[0, 0, 1, 1]])
    assert result["bboxes"] == [[3, 0, 4, 1]]
    assert result["image"][0, 0].tolist() == [9, 0, 0]
    assert result["image"][0, 3].tolist() == [0, 9, 9]


def test_selected_channels_that_are_not_there():
    node = A.SelectiveChannelTransform([Add(1, p=1)], channels=(0, 3))
    for image in (channel_image(3), DOT):
        with pytest.raises(
            ValueError, match=r"SelectiveChannelTransform\.channels must be channels"
        ):
            node(image=image)
    for wrong in ((), (0, 0), (-1,), (0.5,), None):
        with pytest.raises(ValueError, match=r"SelectiveChannelTransform\.channels must be"):
            A.SelectiveChannelTransform([], channels=wrong)


def test_selected_channels_keep_size():
    node = A.SelectiveChannelTransform([A.RandomCrop(2, 2, p=1)], channels=(0, 1))
    with pytest.raises(ValueError, match="needs transforms that keep shape and dtype"):
        node(image=channel_image(3))


# construction

CONTAINERS = [
    A.Compose,
    A.Sequential,
    A.OneOf,
    A.SomeOf,
    A.RandomOrder,
    A.SelectiveChannelTransform,
    A.ReplayCompose,
]
containers = pytest.mark.parametrize("cls", CONTAINERS)


@containers
def test_a_single_transform_is_wrapped_with_one_warning(cls):
    with pytest.warns(
        UserWarning, match="transforms should be a list, got a single Show"
    ) as caught:
        node = cls(Show(p=1))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert node.transforms == [Show(p=1)]
    assert len(node) == 1


@containers
@pytest.mark.parametrize(
    "wrong", [None, 3, "abc", [3], [Show], [[Show()]], {"a": Show()}], ids=repr
)
def test_what_is_no_list_of_transforms_is_refused(cls, wrong):
    with pytest.raises(
        ValueError, match=rf"{cls.__name__}\.transforms must be .*of transforms, got"
    ):
        cls(wrong)


@containers
@pytest.mark.parametrize("p", [-0.1, 1.5, "1", None, True])
def test_chances_are_checked(cls, p):
    """2.0.8 took 1.5 for a pipeline."""
    with pytest.raises(ValueError, match=rf"{cls.__name__}\.p must be a number in \[0, 1\], got"):
        cls([], p=p)


@containers
def test_empty_containers_do_nothing(cls):
    if issubclass(cls, A.SomeOf):
        with pytest.warns(UserWarning, match="there are 0 transforms; using 0"):
            node = cls([])
    else:
        node = cls([])
    assert np.array_equal(node(image=IMAGE)["image"], IMAGE)
    assert list(node) == []


def test_all_weights_nought_is_an_error_at_construction():
    with pytest.raises(
        ValueError, match=r"OneOf\.transforms must be transforms of which one has p > 0"
    ):
        A.OneOf([Show(p=0), Noise(p=0)])
    assert len(A.OneOf([])) == 0


@pytest.mark.parametrize("cls", [A.SomeOf, A.RandomOrder])
def test_more_than_there_are_is_capped_with_one_warning(cls):
    with pytest.warns(
        UserWarning, match=rf"{cls.__name__}.n is 5 but there are 2 .* using 2"
    ) as caught:
        node = cls([a(1), b(1)], n=5)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert node.n == 2
    assert outcomes(node, 10) == {3: 10}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cls([a()], n=5, replace=True).n == 5
        pickle.loads(pickle.dumps(node))
        copy.deepcopy(node)


@pytest.mark.parametrize("cls", [A.SomeOf, A.RandomOrder])
@pytest.mark.parametrize("n", [-1, 1.0, "2", None, (1, 2)])
def test_how_many_is_a_whole_number(cls, n):
    with pytest.raises(ValueError, match=rf"{cls.__name__}\.n must be a whole number >= 0"):
        cls([Show()], n=n)


def test_one_or_other_takes_two():
    assert A.OneOrOther(a(), b()) == A.OneOrOther(transforms=[a(), b()])
    for wrong in (
        {},
        {"first": a()},
        {"second": a()},
        {"first": a(), "second": 3},
        {"transforms": [a()]},
        {"transforms": []},
        {"first": a(), "second": b(), "transforms": [a(), b()]},
    ):
        with pytest.raises(ValueError, match=r"OneOrOther\.transforms must be"):
            A.OneOrOther(**wrong)


def test_unknown_keywords_name_near_ones():
    with pytest.raises(
        TypeError, match="Compose has no parameter 'bbox_param'; did you mean bbox_params"
    ):
        A.Compose([], bbox_param=None)


# a list


@pytest.fixture
def pipeline():
    return A.Compose(
        [Show(p=1), ShowTwo(p=1), Noise(p=1)],
        bbox_params=A.BboxParams("coco"),
        p=0.9,
        seed=4,
        strict=True,
    )


def test_reads_as_a_list(pipeline):
    assert len(pipeline) == 3
    assert [type(t) for t in pipeline] == [Show, ShowTwo, Noise]
    assert (pipeline[0], pipeline[-1], pipeline[2]) == (Show(p=1), Noise(p=1), Noise(p=1))
    assert Show(p=1) in pipeline
    assert Show(p=0.2) not in pipeline
    assert [type(t) for t in reversed(pipeline)] == [Noise, ShowTwo, Show]
    with pytest.raises(IndexError):
        pipeline[3]


def test_a_slice_is_a_pipeline_with_all_settings(pipeline):
    part = pipeline[1:]
    assert type(part) is A.Compose
    assert part == pipeline.replace(transforms=[ShowTwo(p=1), Noise(p=1)])
    assert (part.seed, part.p, part.strict, part.bbox_params.format) == (4, 0.9, True, "coco")
    assert pipeline[::-1][0] == Noise(p=1)
    assert len(pipeline[5:]) == 0


def test_adding_and_taking_away(pipeline):
    before = repr(pipeline)
    assert (pipeline + Add(1)).transforms == [*pipeline, Add(1)]
    assert (pipeline + [Add(1), a()]).transforms == [*pipeline, Add(1), a()]  # noqa: RUF005
    assert (pipeline + (Add(1),)).transforms == [*pipeline, Add(1)]  # noqa: RUF005
    assert (Add(1) + pipeline).transforms == [Add(1), *pipeline]
    assert ([Add(1), a()] + pipeline).transforms == [Add(1), a(), *pipeline]  # noqa: RUF005
    assert (pipeline - ShowTwo).transforms == [Show(p=1), Noise(p=1)]
    assert (pipeline - Noise(p=1)).transforms == [Show(p=1), ShowTwo(p=1)]
    for new in (pipeline + a(), a() + pipeline, pipeline - Show, pipeline + []):  # noqa: RUF005
        assert type(new) is A.Compose
        assert (new.seed, new.p, new.strict) == (4, 0.9, True)
    assert repr(pipeline) == before


def test_taking_away_takes_the_first_only():
    twice = A.Sequential([a(), b(), a()], p=0.3)
    assert (twice - a()).transforms == [b(), a()]
    assert (twice - Add).transforms == [b(), a()]
    for absent in (Show, Show(), a(0.1), Pixel):
        with pytest.raises(ValueError, match="Sequential holds no"):
            twice - absent


@pytest.mark.parametrize("wrong", [3, "ab", Show, None, [3]], ids=repr)
def test_only_transforms_can_be_added(pipeline, wrong):
    with pytest.raises(ValueError, match=r"Compose\.transforms must be"):
        pipeline + wrong


@containers
def test_every_container_is_a_list(cls):
    node = cls([a(1), b(1), c(1)])
    assert (node + a(1) - Add)[0] == b(1)
    assert isinstance(node[:2], cls)
    assert len(node[:2] + [a(1)]) == 3  # noqa: RUF005


def test_one_or_other_is_a_list_too():
    node = A.OneOrOther(a(), b(), p=0.3)
    assert list(node) == [a(), b()]
    assert list(node + c()) == [a(), b(), c()]
    with pytest.raises(ValueError, match=r"OneOrOther\.transforms must be at least two"):
        node[:1]


def test_transforms_is_a_list_that_cannot_be_changed(pipeline):
    children = pipeline.transforms
    assert isinstance(children, list)
    assert children == [Show(p=1), ShowTwo(p=1), Noise(p=1)]
    assert children[1:] == [ShowTwo(p=1), Noise(p=1)]
    assert [*children, 1][-1] == 1
    changes = {
        "append": (a(),),
        "extend": ([a()],),
        "insert": (0, a()),
        "remove": (Show(p=1),),
        "pop": (),
        "clear": (),
        "sort": (),
        "reverse": (),
        "__setitem__": (0, a()),
        "__delitem__": (0,),
        "__iadd__": ([a()],),
        "__imul__": (2,),
    }
    for name, arguments in changes.items():
        with pytest.raises(TypeError, match="a pipeline's transforms are fixed; build a new one"):
            getattr(children, name)(*arguments)
    assert len(pipeline) == 3
    mutable = children.copy()
    mutable.append(1)
    assert len(pipeline) == 3


def test_the_callers_list_may_change_afterwards():
    mine = [Show(p=1)]
    pipeline = A.Compose(mine)
    mine.append(Show())
    assert len(pipeline) == 1


# values


def deep(**changes):
    """Every container, every setting."""
    return A.Compose(
        [
            A.OneOf([Show(p=0.25), A.Sequential([Add((1, 2)), Noise(count=3)], p=0.7)], p=0.4),
            A.OneOrOther(a(), b(), p=0.2),
            A.SomeOf([a(), A.RandomOrder([b(), c()], n=2, replace=True, p=0.1)], n=2, replace=True),
            A.SelectiveChannelTransform([a()], channels=(2, 0), p=0.3),
            A.Compose([ShowTwo((0, 2), 3)], p=0.6),
        ],
        **{
            "bbox_params": A.BboxParams("coco", ["labels"], min_area=3, clip=True),
            "keypoint_params": A.KeypointParams("xya", label_fields=["kinds"]),
            "additional_targets": {"other": "image", "more": "mask"},
            "p": 0.8,
            "is_check_shapes": False,
            "strict": True,
            "mask_interpolation": 2,
            "seed": 5,
            "save_applied_params": True,
            "fusion": "off",
            **changes,
        },
    )


def test_repr_evaluates():
    names = {**vars(A), **vars(core_helpers)}
    assert eval(repr(deep()), names) == deep()
    assert repr(A.Compose([Show()])) == "Compose(transforms=[Show()])"
    assert repr(A.SomeOf([Show()], n=1)) == "SomeOf(transforms=[Show()])"


@pytest.mark.parametrize(
    "changes",
    [
        {"p": 0.7},
        {"seed": 6},
        {"seed": None},
        {"fusion": "free"},
        {"strict": False},
        {"bbox_params": A.BboxParams("coco")},
        {"keypoint_params": None},
        {"additional_targets": None},
        {"mask_interpolation": None},
        {"save_applied_params": False},
        {"is_check_shapes": True},
    ],
    ids=repr,
)
def test_equality_and_hash(changes):
    assert deep() == deep()
    assert hash(deep()) == hash(deep())
    assert deep(**changes) != deep()
    assert deep(**changes) == deep(**changes)
    assert len({deep(), deep(), deep(**changes)}) == 2


def test_kinds_of_containers_differ():
    nodes = [cls([Show()]) for cls in CONTAINERS]
    assert len(set(nodes)) == len(nodes)
    assert all(x != y for x, y in itertools.combinations(nodes, 2))


class Mine(A.DualTransform):
    """A user's class with a constructor of its own."""

    def __init__(self, strength=3, p=0.5):
        super().__init__(p=p)
        self.strength = strength
        self.calls = []

    def apply(self, img, **params):
        return img + np.uint8(self.strength)


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda node: pickle.loads(pickle.dumps(node)),
    "replace": lambda node: node.replace(),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copies(copied):
    node = deep()
    drawn = [shown(node, index) for index in range(3)]
    twin = copied(node)
    assert twin == node
    assert hash(twin) == hash(node)
    assert type(twin.transforms) is type(node.transforms)
    assert [shown(twin, index) for index in range(3)] == drawn
    assert [twin(image=IMAGE)["applied_transforms"] for _ in range(3)] == drawn


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copies_of_users_classes(copied):
    pipeline = A.Compose([Mine(7, p=1), A.OneOf([Mine(1)], p=1)], seed=1)
    before = pipeline(image=DOT, key=0)["image"]
    twin = copied(pipeline)
    assert twin[0].strength == 7
    assert np.array_equal(twin(image=DOT, key=0)["image"], before)
    if copied in (COPIES["deepcopy"], COPIES["pickle"]):
        twin[0].strength = 9
        assert pipeline[0].strength == 7
        assert twin != pipeline
    twin[0].calls.append(1)


def test_assigning_a_parameter_names_the_way(pipeline):
    for name in ("transforms", "p", "seed", "bbox_params", "fusion"):
        with pytest.raises(AttributeError) as caught:
            setattr(pipeline, name, None)
        assert str(caught.value) == f"Compose.{name} is fixed; use t.replace({name}=...) for a copy"
    assert pipeline.replace(p=0.1).p == 0.1
    with pytest.raises(ValueError, match=r"Compose\.p must be"):
        pipeline.replace(p=2)


# settings


def test_label_params_as_objects_or_dicts():
    fields = {"format": "pascal_voc", "label_fields": ["labels"], "min_area": 2}
    points = {"format": "xy", "remove_invisible": False}
    as_dict = A.Compose([], bbox_params=fields, keypoint_params=points)
    as_object = A.Compose(
        [], bbox_params=A.BboxParams(**fields), keypoint_params=A.KeypointParams(**points)
    )
    assert as_dict == as_object
    assert isinstance(as_dict.bbox_params, A.BboxParams)
    assert as_dict.bbox_params.label_fields == ("labels",)


def test_wrong_label_params_are_refused():
    with pytest.raises(
        TypeError, match="BboxParams has no parameter 'min_are'; did you mean min_area"
    ):
        A.Compose([], bbox_params={"format": "coco", "min_are": 1})
    with pytest.raises(TypeError, match="BboxParams needs a value for 'format'"):
        A.Compose([], bbox_params={})
    with pytest.raises(ValueError, match=r"BboxParams\.format must be .*coco.*, got 'cocoa'"):
        A.Compose([], bbox_params={"format": "cocoa"})
    for name, wrong in (
        ("bbox_params", A.KeypointParams("xy")),
        ("bbox_params", "coco"),
        ("keypoint_params", A.BboxParams("coco")),
        ("keypoint_params", ["xy"]),
    ):
        with pytest.raises(ValueError, match=rf"Compose\.{name} must be .*dict of its fields"):
            A.Compose([], **{name: wrong})


def test_additional_targets():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    flip = A.Compose([A.HorizontalFlip(p=1)], additional_targets={"other": "image", "more": "mask"})
    result = flip(image=image, other=image + 1, more=image[..., 0], third=image)
    assert np.array_equal(result["other"], image[:, ::-1] + 1)
    assert np.array_equal(result["more"], image[:, ::-1, 0])
    assert result["third"] is image
    only = A.Compose([Add(1, p=1)], additional_targets={"other": "image", "more": "mask"})
    result = only(image=image, other=image, more=image[..., 0])
    assert np.array_equal(result["other"], image + 1)
    assert np.array_equal(result["more"], image[..., 0])


@pytest.mark.parametrize(
    "wrong", [{"other": "picture"}, {"other": None}, {"other": []}, ["other"], 3]
)
def test_wrong_additional_targets_are_refused(wrong):
    with pytest.raises(ValueError, match=r"Compose\.additional_targets must be"):
        A.Compose([], additional_targets=wrong)


def test_additional_targets_of_inner_pipelines_count():
    inner = A.Compose([A.HorizontalFlip(p=1)], additional_targets={"other": "mask"})
    for wrap in (lambda node: node, lambda node: A.OneOf([A.Sequential([node], p=1)], p=1)):
        both = A.Compose([wrap(inner)], additional_targets={"more": "image"})
        other = np.arange(4, dtype=np.uint8).reshape(2, 2)
        result = both(image=IMAGE, other=other, more=IMAGE)
        np.testing.assert_array_equal(result["other"], other[:, ::-1])
        with pytest.raises(
            ValueError, match=r"Compose\.additional_targets must be .*'other': 'mask'"
        ):
            A.Compose([Show(), wrap(inner)], additional_targets={"other": "image"})


def test_strict_calls():
    strict = A.Compose(
        [Show()],
        strict=True,
        bbox_params=A.BboxParams("coco", ["labels"]),
        additional_targets={"other": "image"},
    )
    strict(image=DOT, other=DOT, bboxes=[], labels=[], nothing=None)
    with pytest.raises(ValueError, match="Compose is strict and does not know 'name'"):
        strict(image=DOT, name=3)
    A.Compose([Show()])(image=DOT, name=3)


def test_shapes_are_checked_unless_told_otherwise():
    small, big = np.zeros((2, 2, 3), np.uint8), np.zeros((4, 4), np.uint8)
    with pytest.raises(ValueError, match="mask"):
        A.Compose([Show()])(image=small, mask=big)
    result = A.Compose([A.HorizontalFlip(p=1)], is_check_shapes=False)(image=small, mask=big)
    assert result["mask"].shape == (4, 4)


# errors


@pytest.mark.parametrize(
    "node",
    [Show(), A.Compose([]), A.OneOf([Show()]), A.ReplayCompose([]), A.Sequential([])],
    ids=repr,
)
def test_data_goes_by_name(node):
    with pytest.raises(KeyError) as caught:
        node(IMAGE)
    assert f"{type(node).__name__} takes its data by name" in str(caught.value)
    assert "(image=image)" in str(caught.value)


class Fails(Pixel):
    """Raises, having drawn."""

    low: core_helpers.Range = (0.25, 0.25)

    def edit(self, image, low):
        raise RuntimeError("no")


class FailsBefore(Pixel):
    """Raises before it has drawn anything."""

    draws = 0

    def sample(self, draw, canvas):
        raise RuntimeError("no")


class FailsHooked(A.ImageOnlyTransform):
    def apply(self, img, **params):
        raise RuntimeError("no")


def notes(pipeline, **call):
    with pytest.raises(RuntimeError, match=r"^no") as caught:
        pipeline(image=IMAGE, **call)
    return caught.value.__notes__


def test_errors_say_where_and_with_what():
    (note,) = notes(A.Compose([Show(p=1), a(1), Noise(p=1), Fails((0.5, 0.5), p=1)]))
    assert note == "in Compose[3] = Fails(low=(0.5, 0.5), p=1) with {'low': 0.5}"


def test_errors_say_the_whole_way():
    pipeline = A.Compose([Show(p=1), A.OneOf([A.Sequential([a(1), Fails(p=1)], p=1)], p=1)])
    assert [note.split(" = ")[0] for note in notes(pipeline)] == [
        "in Sequential[1]",
        "in OneOf[0]",
        "in Compose[1]",
    ]
    assert notes(pipeline)[0].endswith(" with {'low': 0.25}")
    assert not any(" with {" in note for note in notes(pipeline)[1:])


@pytest.mark.parametrize("failing", [FailsBefore(p=1), FailsHooked(p=1)], ids=repr)
def test_errors_never_show_the_draw_of_another_step(failing):
    for pipeline in (A.Compose([Show(p=1), failing]), A.Compose([failing])):
        shown(Show(p=1), 0)
        (note,) = notes(pipeline)
        assert "'value'" not in note
        assert note.startswith(f"in Compose[{len(pipeline) - 1}] = {type(failing).__name__}(")


def test_errors_in_repeating_and_channel_containers():
    some = A.SomeOf([Fails(p=1)], n=3, replace=True)
    assert len(notes(some)) == 1
    assert notes(A.SelectiveChannelTransform([Fails(p=1)], [0]))[0].startswith(
        "in SelectiveChannelTransform[0] = Fails("
    )
    assert notes(A.OneOrOther(Fails(), Fails()), key=0)[0].startswith("in OneOrOther[")


def test_an_unserved_image_names_the_step():
    with pytest.raises(TypeError) as caught:
        A.Compose([Show(p=1), A.HueSaturationValue(p=1)])(image=np.zeros((3, 3, 5), np.int64))
    assert "HueSaturationValue expects an image" in str(caught.value)
    assert "int64" in str(caught.value)
    assert caught.value.__notes__[0].startswith("in Compose[1] = HueSaturationValue(")


def test_an_error_leaves_the_pipeline_usable():
    pipeline = A.Compose([Show(p=1), Fails(p=0.5), a(1)], seed=1)
    done = 0
    for index in range(40):
        try:
            pipeline(image=DOT, key=index)
        except RuntimeError:
            continue
        done += 1
        assert pipeline(image=DOT, key=index)["image"][0, 0] == 1
    assert 10 < done < 30


# what was applied


def test_applied_params_name_what_ran_in_order():
    pipeline = A.Compose(
        [
            Show(3, p=1),
            Noise(p=0),
            A.RandomOrder([Add(1, p=1), Add(2, p=1)], n=2),
            A.SelectiveChannelTransform([ShowTwo(1, 2, p=1)], [0]),
            A.Sequential([Show(p=1)], p=0),
        ],
        save_applied_params=True,
    )
    orders = set()
    for index in range(20):
        applied = pipeline(image=IMAGE, key=(0, 0, index))["applied_transforms"]
        assert [name for name, _ in applied] == ["Show", "Add", "Add", "ShowTwo"]
        assert applied[0][1] == {"value": 3.0}
        assert applied[3][1] == {"first": 1.0, "second": 2.0}
        orders.add(tuple(params["value"] for _, params in applied[1:3]))
    assert orders == {(1.0, 2.0), (2.0, 1.0)}


def test_applied_params_are_there_when_asked_for():
    assert "applied_transforms" not in A.Compose([Show(p=1)])(image=IMAGE)
    idle = A.Compose([Show(p=1)], save_applied_params=True, p=0)
    assert idle(image=IMAGE)["applied_transforms"] == []
    assert A.ReplayCompose([Show(4, p=1)], save_applied_params=True)(image=IMAGE)[
        "applied_transforms"
    ] == [("Show", {"value": 4.0})]


def test_containers_work_by_themselves():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    for node in (
        A.Sequential([A.HorizontalFlip(p=1)], p=1),
        A.OneOf([A.HorizontalFlip()], p=1),
        A.SomeOf([A.HorizontalFlip(p=1)], n=1),
        A.RandomOrder([A.HorizontalFlip(p=1)]),
        A.OneOrOther(A.HorizontalFlip(), A.HorizontalFlip()),
        A.SelectiveChannelTransform([A.HorizontalFlip(p=1)]),
    ):
        assert np.array_equal(node(image=image)["image"], image[:, ::-1])


def test_deep_nesting():
    node = a(1)
    for _ in range(40):
        node = A.Sequential([A.OneOf([node], p=1)], p=1)
    assert A.Compose([node])(image=DOT)["image"][0, 0] == 1
    assert pickle.loads(pickle.dumps(node)) == node
