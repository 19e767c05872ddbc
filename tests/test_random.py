"""Keyed randomness: against NumPy's own Philox, and as DESIGN section 7 promises."""

import copy
import pickle
import random
import threading
from typing import ClassVar

import cases
import cv2
import numpy as np
import pytest
from core_helpers import (
    IMAGE,
    Add,
    Hooked,
    Noise,
    Show,
    ShowTwo,
    drawing,
    recording,
    shown,
    values,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import probaug as A
from probaug.core.random import Draw, Stream, current, key_of, words_of

LAST = 2**64 - 1
words = st.integers(0, LAST)


def philox(key, lane=0):
    """The reference: a freshly built generator."""
    (low, high), epoch, index = key
    bits = np.random.Philox(
        key=np.array([low, high], np.uint64), counter=np.array([0, lane, epoch, index], np.uint64)
    )
    return np.random.Generator(bits)


def key(seed=0, epoch=0, index=0):
    low, high = np.random.SeedSequence(seed).generate_state(2, np.uint64).tolist()
    return (low, high), epoch, index


# the generator


@given(words, words, words, words, st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_slots_are_a_fresh_philox(low, high, epoch, index, slots):
    with drawing(((low, high), epoch, index), slots) as draw:
        assert draw.values == philox(((low, high), epoch, index)).random(slots).tolist()


@given(words, words, st.lists(st.integers(0, 500), min_size=1, max_size=6, unique=True))
@settings(max_examples=100, deadline=None)
def test_each_lane_is_a_fresh_philox(epoch, index, lanes):
    """Also after draws that leave half a word behind."""
    whole = key(7, epoch, index)
    with drawing(whole, 3) as draw:
        for lane in lanes:
            draw.lane = lane
            fresh = philox(whole, lane + 1)
            assert draw.generator.integers(2**32, dtype=np.uint32) == fresh.integers(
                2**32, dtype=np.uint32
            )
            assert draw.generator.random() == fresh.random()
            assert draw.generator.standard_normal() == fresh.standard_normal()
            assert draw.seed() == int(fresh.bit_generator.random_raw()) >> 1


@pytest.mark.parametrize("epoch", [0, 1, 2**53 + 1, LAST])
@pytest.mark.parametrize("index", [0, 1, 2**53 + 1, LAST])
def test_a_call_is_what_the_key_says(epoch, index):
    """Places in order: the pipeline's gate, the transform's gate, its number."""
    reference = philox(key(42, epoch, index)).random(3)
    ((_, params),) = shown(Show(p=1), (42, epoch, index))
    assert params == {"value": reference[2]}
    for p in (reference[1] * 0.999, reference[1] * 1.001):
        assert bool(shown(Show(p=min(p, 1)), (42, epoch, index))) == (reference[1] < min(p, 1))


def test_an_index_is_seed_epoch_nought_index():
    pipeline = A.Compose([ShowTwo(p=1)], seed=9)
    assert shown(pipeline, 5) == shown(pipeline, (9, 0, 5))
    assert shown(pipeline, 5) == shown(pipeline, np.int64(5))
    assert shown(pipeline, (9, 0, 5)) == shown(pipeline, (np.uint64(9), np.uint8(0), np.int16(5)))


def test_bare_calls_of_a_seeded_pipeline_count_from_nought():
    pipeline = A.Compose([ShowTwo(p=1)], seed=9, save_applied_params=True)
    bare = [pipeline(image=IMAGE)["applied_transforms"] for _ in range(5)]
    assert bare == [shown(pipeline, (9, 0, i)) for i in range(5)]


def test_neighbouring_keys_differ():
    """Seed + index must not be what counts: (0, 0, 5) is not (5, 0, 0)."""
    keys = [(s, e, i) for s in range(6) for e in range(6) for i in range(6)]
    assert len({values(shown(Show(p=1), k))[0] for k in keys}) == len(keys)


@given(st.integers(-(2**200), 2**200), st.integers(-(2**200), 2**200))
def test_seeds_of_any_size_and_sign_differ(a, b):
    assert (words_of(a) == words_of(b)) == (a == b)


def test_a_negative_seed_is_no_other_seed():
    assert words_of(-1) not in {words_of(1), words_of(1 + 2**32), words_of(1 + 2**128)}
    assert words_of(3, 2, 1, 0) not in {words_of(3), words_of(3 + 2**33 + 2**64)}


@pytest.mark.parametrize(
    "wrong",
    [-1, 1.0, "1", True, None, 2**64, (0, 0), (0, 0, 0, 0), (0, -1, 0), (0, 0, 2**64), (0, 1.5, 0),
     (True, 0, 0), [0, 0, 0], (0, 0, None), np.float64(1), object()],
)  # fmt: skip
def test_wrong_keys_are_refused(wrong):
    if wrong is None:  # means no key
        A.Compose([])(image=IMAGE, key=wrong)
        return
    with pytest.raises(ValueError, match=r"key must be a whole number >= 0 or a tuple"):
        A.Compose([])(image=IMAGE, key=wrong)
    with pytest.raises(ValueError, match="key must be"):
        key_of(wrong, Stream(None))


# places


def probe(before):
    """What two transforms draw behind something else, one key."""
    applied = shown(A.Compose([before, Show(p=1), Noise(p=1, count=2), Hooked(p=1)]), (1, 2, 3))
    return [params for name, params in applied][-3:]


SAME_SHAPE = {
    "chance": [A.Sequential([Show(p=p)], p=q) for p in (0, 0.5, 1) for q in (0, 0.5, 1)],
    "branch": [A.OneOf([Show(p=a), ShowTwo(p=1 - a)], p=1) for a in (0, 0.01, 0.5, 0.99, 1)],
    "value": [Show(value=v, p=1) for v in (1, (0, 9), (-5, 5))],
    "count": [Noise(count=n, p=1) for n in (0, 1, 2, 50)],
    "chosen": [A.SomeOf([Noise(p=1), Show(p=1), Hooked(p=1)], n=n) for n in (0, 1, 2, 3)],
    "order": [cls([Noise(p=1), ShowTwo(p=1)], n=2) for cls in (A.SomeOf, A.RandomOrder)],
    "other": [A.OneOrOther(Noise(p=1), ShowTwo(p=1), p=p) for p in (0, 0.5, 1)],
    "kind": [Noise(p=1), Hooked(p=1), Noise(p=0)],
}


@pytest.mark.parametrize("edits", SAME_SHAPE.values(), ids=SAME_SHAPE)
def test_an_edit_of_a_sibling_shifts_nobody(edits):
    assert all(probe(edit) == probe(edits[0]) for edit in edits)


def test_branches_not_taken_keep_their_places():
    """Whatever runs, the third child of a SomeOf reads the same numbers."""
    seen = {}
    some = A.SomeOf([Show((0, 1), p=1), ShowTwo((2, 3), (2, 3), p=1), Show((8, 9), p=1)], n=2)
    whole = shown(some.__replace__(n=3), (5, 0, 0))
    for index in range(40):
        for name, params in shown(some, (5, 0, index)):
            seen.setdefault((index, name, int(min(params.values()))), params)
    full = {
        (i, name, int(min(params.values()))): params
        for i in range(40)
        for name, params in shown(some.__replace__(n=3), (5, 0, i))
    }
    assert len(whole) == 3
    assert len(seen) == 80
    assert all(full[place] == params for place, params in seen.items())


@pytest.mark.parametrize("transform", [Show(p=1), Noise(p=1), Hooked(p=1)], ids=repr)
def test_one_object_in_two_places_is_two_nodes(transform):
    pairs = [
        [values([step]) for step in shown(A.Compose([transform, transform]), (0, 0, index))]
        for index in range(200)
    ]
    assert all(first != second for first, second in pairs)
    first, second = np.array(pairs, float)[..., 0].T
    assert abs(stats.spearmanr(first, second).statistic) < 0.25


def test_one_object_nested_twice_is_many_nodes():
    inner = A.Sequential([Noise(p=1), Show(p=1)], p=1)
    for index in range(20):
        numbers = values(shown(A.Compose([inner, A.OneOf([inner], p=1), inner]), (0, 0, index)))
        assert len(set(numbers)) == len(numbers) == 6


@pytest.mark.parametrize("cls", [A.SomeOf, A.RandomOrder])
def test_a_child_chosen_again_draws_anew(cls):
    """Lanes too, also where others ran in between."""
    inner = A.Sequential([Noise(p=1), Hooked(p=1), Noise(p=1)], p=1)
    some = cls([Noise(p=1), Show(p=1), inner, Hooked(p=1)], n=9, replace=True)
    for index in range(60):
        numbers = values(shown(some, (0, 0, index)))
        assert len(set(numbers)) == len(numbers) >= 9


def test_what_follows_a_repeating_choice_has_lanes_of_its_own():
    some = A.RandomOrder([Noise(p=1)], n=5, replace=True)
    numbers = values(shown(A.Compose([some, Noise(p=1), Noise(p=1)]), (0, 0, 0)))
    assert len(set(numbers)) == 7


GOLDEN = {
    (0, 0, 0): [
        ("Show", 4.715653810152896),
        ("ShowTwo", 20.558415975575656, 37.818761007133986),
        ("Show", 57.22742795431495),
        ("Noise", [3365018776105074004]),
        ("Show", 64.02869719237123),
        ("Noise", [113496357125213952]),
        ("Hooked", 0.01655391509936166, 0.5918267853260232),
        ("Show", 84.51937233183105),
    ],
    (2024, 3, 1234): [
        ("Show", 6.67588203082111),
        ("Noise", [2250445650111259456]),
        ("Noise", [146718092984904778, 6081602125014451028]),
        ("Show", 69.88978820743195),
        ("Noise", [8207024372515532395]),
        ("Show", 69.98744002971313),
        ("Hooked", 0.41281554512673024, 0.8860039109795931),
        ("Show", 87.17177900890364),
        ("Noise", [1689621585815916716]),
    ],
    (-7, 2**64 - 1, 2**40): [
        ("Show", 5.041463850267849),
        ("Noise", [2615999651297077219]),
        ("Noise", [8136305331440839966, 4210637112463191501]),
        ("Show", 55.925186718692174),
        ("Show", 61.36802323339174),
        ("Show", 64.16132286618036),
        ("Noise", [8379487001593930679]),
        ("Hooked", 0.994443610658724, 0.7832293238931148),
        ("Show", 71.01066620728672),
        ("Noise", [7815834075529770841]),
    ],
}


def golden(call):
    """Every kind of place: gates, slots, lanes, choices, repeats, users' generators."""
    pipeline = A.Compose(
        [
            Show((0, 10), p=0.7),
            A.OneOf([Show((10, 20), p=1), Noise(p=0.5), ShowTwo((20, 30), (30, 40), p=0.5)], p=0.9),
            A.SomeOf([Show((40, 50), p=0.5), Noise(count=2, p=1), Show((50, 60), p=1)], n=2),
            A.RandomOrder([Show((60, 70), p=1), Noise(p=1)], n=3, replace=True, p=0.8),
            A.Sequential([Hooked(p=1), A.OneOrOther(Show((70, 80)), Show((80, 90)), p=0.4)], p=1),
            A.SelectiveChannelTransform([Noise(p=0.5)], channels=[1]),
        ]
    )
    return [
        (name, *(value for key, value in params.items() if key not in ("shape", "rows", "cols")))
        for name, params in shown(pipeline, call)
    ]


@pytest.mark.parametrize("call", GOLDEN)
def test_the_sequence_of_draws_is_frozen(call):
    """A change here changes the augmentations of everybody's next run with the same seed."""
    assert golden(call) == GOLDEN[call]


# calls inside of calls


class Nested(A.ImageOnlyTransform):
    """A user's transform with a pipeline of its own, drawing before and after it."""

    inner = A.Compose([Show(p=1), Noise(p=1)], seed=3, save_applied_params=True)
    called: ClassVar[dict] = {}  # arguments of the inner call

    def get_params(self):
        before = self.random_generator.random(), self.py_random.random()
        depth = current()
        inside = self.inner(image=IMAGE, **self.called)["applied_transforms"]
        assert current() is depth
        after = self.random_generator.random(), self.py_random.random()
        return {"inside": inside, "around": (before, after)}

    def apply(self, img, **params):
        return img


class NestedTwice(Nested):
    def get_params(self):
        return {"one": super().get_params(), "two": super().get_params()}


class NotNested(A.ImageOnlyTransform):
    """The same draws around nothing."""

    def get_params(self):
        pairs = [(self.random_generator.random(), self.py_random.random()) for _ in range(2)]
        return {"around": tuple(pairs)}

    def apply(self, img, **params):
        return img


def run_nested(transform, call):
    return [params for _, params in shown(A.Compose([Show(p=1), transform, Show(p=1)]), call)]


def test_a_pipeline_within_a_transform_is_part_of_the_outer_call():
    first = run_nested(Nested(p=1), (0, 0, 0))
    Nested.inner(image=IMAGE)  # its own counter moves on, and does not matter
    assert run_nested(Nested(p=1), (0, 0, 0)) == first
    assert run_nested(Nested(p=1), (0, 0, 1))[1]["inside"] != first[1]["inside"]


def test_a_pipeline_within_a_transform_leaves_the_outer_draws_alone():
    with_it, without = (run_nested(t(p=1), (4, 0, 0)) for t in (Nested, NotNested))
    assert (with_it[0], with_it[2]) == (without[0], without[2])
    inside = run_nested(Nested(p=1), (4, 0, 0))[1]["inside"]
    assert len(set(values(inside))) == 2


def test_calls_within_one_transform_differ():
    params = run_nested(NestedTwice(p=1), (4, 0, 0))[1]
    assert params["one"]["inside"] != params["two"]["inside"]
    both = A.Compose([Nested(p=1), Nested(p=1)])
    (_, one), (_, two) = shown(both, (4, 0, 0))
    assert one["inside"] != two["inside"]


def test_a_key_within_a_transform_is_obeyed(monkeypatch):
    monkeypatch.setattr(Nested, "called", {"key": (1, 1, 1)})
    alone = shown(Nested.inner, (1, 1, 1))
    assert run_nested(Nested(p=1), (4, 0, 0))[1]["inside"] == alone
    assert run_nested(Nested(p=1), (4, 0, 9))[1]["inside"] == alone


def test_an_error_within_a_nested_call_restores_the_outer_state():
    class Fails(A.ImageOnlyTransform):
        def get_params(self):
            raise RuntimeError("inner")

    class Survives(A.ImageOnlyTransform):
        def get_params(self):
            first = self.random_generator.random()
            with pytest.raises(RuntimeError, match="inner"):
                A.Compose([Show(p=1), A.OneOf([Fails(p=1)], p=1)])(image=IMAGE)
            return {"around": (first, self.random_generator.random())}

        def apply(self, img, **params):
            return img

    class Plain(Survives):
        def get_params(self):
            return {"around": (self.random_generator.random(), self.random_generator.random())}

    survived, plain = (shown(A.Compose([t(p=1), Show(p=1)]), (0, 0, 0)) for t in (Survives, Plain))
    assert survived[0][1]["around"][0] == plain[0][1]["around"][0]
    assert survived[1] == plain[1]
    assert current() is None


def test_nothing_of_a_call_outlives_it():
    """A thread must not keep the last sample alive, nor its generators."""

    class Keeps(A.ImageOnlyTransform):
        draws = 0

        def sample(self, draw, canvas):
            return {"number": self.py_random.random()}

        def on(self, canvas, params):
            pass

    first, again = (shown(Keeps(p=1), (0, 0, 0)) for _ in range(2))
    assert first == again
    shown(Hooked(p=1), (0, 0, 0))
    with drawing(key(), 1) as draw:
        assert draw.canvas is draw.params is draw.python is None


# threads


def threaded_pipeline():
    return A.Compose(
        [
            A.HorizontalFlip(),
            A.OneOf([Add((1, 50)), Add((100, 150))], p=0.8),
            A.SomeOf([A.VerticalFlip(), Noise(), Hooked(), Show()], n=2),
            A.RandomCrop(24, 24, p=1),
            Nested(p=0.5),
            Add((1, 9)),
        ],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"]),
        seed=5,
        save_applied_params=True,
    )


def test_2000_calls_from_8_threads_are_those_of_one():
    pipeline = threaded_pipeline()
    rng = np.random.default_rng(0)
    image = rng.integers(0, 90, (32, 32, 3), dtype=np.uint8)
    boxes = [[2.0, 3.0, 20.0, 21.0], [10.0, 1.0, 31.0, 30.0]]

    def call(index):
        result = pipeline(image=image, bboxes=boxes, labels=["a", index], key=index)
        return (
            result["image"].tobytes(),
            result["bboxes"],
            result["labels"],
            repr(result["applied_transforms"]),
        )

    alone = [call(index) for index in range(2000)]
    together: list = [None] * 2000
    start = threading.Barrier(8)

    def work(first):
        start.wait()
        for index in range(first, 2000, 8):
            together[index] = call(index)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


@pytest.mark.parametrize("seed", [None, 11])
def test_bare_calls_from_8_threads_never_share_a_draw(seed):
    """They share one counter, whose stream is made by whoever comes first."""
    for _ in range(20):
        pipeline = A.Compose([Show(p=1)], seed=seed, save_applied_params=True)
        start = threading.Barrier(8)
        drawn: list = []

        def work(pipeline=pipeline, start=start, drawn=drawn):
            start.wait()
            drawn += [values(pipeline(image=IMAGE)["applied_transforms"])[0] for _ in range(25)]

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(drawn)) == 200
        if seed is not None:
            assert set(drawn) == {values(shown(pipeline, i))[0] for i in range(200)}


# chance


@pytest.mark.parametrize("seed", [0, 1, 42, 2**70, -3])
def test_siblings_are_independent(seed):
    """2.0.8 gives only neither and both."""
    pipeline = A.Compose([Add(2**0), Add(2**1)], seed=seed)
    image = np.zeros((1, 1), np.uint8)
    outcomes = np.bincount([int(pipeline(image=image)["image"][0, 0]) for _ in range(2000)])
    assert len(outcomes) == 4
    assert stats.chisquare(outcomes).pvalue > 1e-3


def test_nested_and_repeated_siblings_are_independent():
    coin = A.OneOf([Add(1), Add(0)], p=1)
    pipeline = A.Compose([coin, A.Sequential([Add(2), Add(4)], p=1)], seed=1)
    image = np.zeros((1, 1), np.uint8)
    outcomes = np.bincount([int(pipeline(image=image)["image"][0, 0]) for _ in range(4000)])
    assert len(outcomes) == 8
    assert stats.chisquare(outcomes).pvalue > 1e-3


@pytest.mark.parametrize("axis", ["seed", "epoch", "index"])
def test_draws_are_uniform_along_every_axis(axis):
    place = {"seed": 0, "epoch": 1, "index": 2}[axis]
    pipeline = recording(A.Compose([ShowTwo(p=1), Hooked(p=1), Noise(p=1)]))
    rows = []
    for step in range(4000):
        call = [12, 3, 4]
        call[place] = step
        rows.append(values(shown(pipeline, tuple(call))))
    columns = np.array(rows, float)
    columns[:, 4] /= 2**63
    for column in columns.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
        assert abs(stats.pearsonr(column[1:], column[:-1]).statistic) < 0.07
    between = np.corrcoef(columns.T) - np.eye(5)
    assert abs(between).max() < 0.07


@pytest.mark.parametrize("p", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_runs_as_often_as_p_says(p):
    pipeline = recording(Show(p=p))
    runs = sum(bool(shown(pipeline, (8, 0, index))) for index in range(6000))
    assert stats.binomtest(runs, 6000, p).pvalue > 1e-3


@given(st.integers(0, 2**53), st.integers(-(2**40), 2**40), st.integers(0, 2**40))
def test_whole_numbers_stay_within_their_ends(numerator, low, width):
    draw = Draw()
    draw.values = [min(numerator, 2**53 - 1) / 2**53]
    assert low <= draw.whole(low, low + width) <= low + width
    draw.slot = 0
    assert draw.choice(range(1, 4)) in (1, 2, 3)


def test_whole_numbers_are_equally_likely_ends_included():
    with drawing(key(), 6000) as draw:
        draw.slot = 0
        counts = np.bincount([draw.whole(3, 8) for _ in range(6000)], minlength=9)
    assert counts[:3].sum() == 0
    assert stats.chisquare(counts[3:]).pvalue > 1e-3


finite = st.floats(-1e6, 1e6)


@given(finite, finite, st.integers(0, 2**53 - 1))
def test_numbers_stay_between_their_ends(a, b, numerator):
    low, high = sorted((a, b))
    draw = Draw()
    draw.values = [numerator / 2**53]
    value = draw.between((low, high))
    assert low <= value <= high or abs(value - high) <= 1e-15 * max(abs(low), abs(high))
    draw.slot = 0
    assert draw.between((low, low)) == low


# seeds


@pytest.mark.parametrize(
    "make",
    [lambda: Show(p=1), lambda: A.Compose([Show(p=1)]), lambda: A.OneOf([Show(p=1)], p=1),
     lambda: A.Sequential([Hooked(p=1)], p=1), lambda: A.SomeOf([Noise(p=1)], n=1),
     lambda: A.ReplayCompose([Noise(p=1)])],
)  # fmt: skip
def test_set_random_seed_starts_anew(make):
    node = make()

    def stream(count=4):
        return [node.stream.next() for _ in range(count)]

    node.set_random_seed(3)
    first = stream()
    assert stream() != first
    node.set_random_seed(3)
    assert stream() == first == [key(3, 0, index) for index in range(4)]
    node.set_random_seed(4)
    assert stream() != first
    node.set_random_seed(None)
    assert stream()[0][0] not in {first[0][0], key(4)[0]}
    assert node == make()


@pytest.mark.parametrize("wrong", ["1", 1.5, True, [1]])
def test_set_random_seed_refuses_at_once(wrong):
    with pytest.raises(ValueError, match="seed must be a whole number or None, got"):
        Show().set_random_seed(wrong)


def test_set_random_seed_survives_copies_and_is_no_part_of_the_value():
    pipeline = A.Compose([Show(p=1)], seed=1, save_applied_params=True)
    before = hash(pipeline), repr(pipeline), A.to_dict(A.Compose([], seed=1))
    pipeline.set_random_seed(77)
    assert before[:2] == (hash(pipeline), repr(pipeline))
    for twin in (
        copy.deepcopy(pipeline),
        copy.copy(pipeline),
        pickle.loads(pickle.dumps(pipeline)),
    ):
        assert twin == pipeline
        assert twin(image=IMAGE)["applied_transforms"] == shown(pipeline, (77, 0, 0))


def test_unseeded_pipelines_differ():
    drawn = [values(shown(A.Compose([Show(p=1)]), 0))[0] for _ in range(50)]
    assert len(set(drawn)) == 50


# what is not ours


def everything():
    """Every transform of the library, called on an image it serves."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (72, 96, 3), dtype=np.uint8)
    for cls in cases.LEAVES:
        if cls.__name__ in cases.NEEDS_TORCH:
            continue
        transform = cases.make(cls, p=1)
        given = image / np.float32(255) if cls.__name__ in cases.NEEDS_FLOAT else image
        needed = cases.needed(cls, 72, 96)
        for index in range(2):
            data = cases.suited(cls, {"image": given, "mask": image[..., 0]})
            transform(**{**needed, **data}, key=(0, 0, index))
        transform(**{**needed, **cases.suited(cls, {"image": given})})


def test_no_global_generator_is_touched():
    python, legacy = random.getstate(), np.random.get_state()
    cv2.setRNGSeed(1234)
    expected = cv2.randu(np.zeros((4, 4), np.float32), 0, 1).copy()
    cv2.setRNGSeed(1234)
    everything()
    A.Compose([Hooked(p=1), A.RandomOrder([Noise(p=1), Show(p=1)], n=2)])(image=IMAGE)
    assert np.array_equal(cv2.randu(np.zeros((4, 4), np.float32), 0, 1), expected)
    assert random.getstate() == python
    after = np.random.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(legacy, after, strict=True))


def test_global_seeds_decide_nothing():
    drawn = []
    for _ in range(3):
        random.seed(0)
        np.random.seed(0)
        cv2.setRNGSeed(0)
        pipeline = A.Compose([Show(p=1), Hooked(p=1)], save_applied_params=True)
        drawn.append(repr(pipeline(image=IMAGE)["applied_transforms"]))
    assert len(set(drawn)) == 3
