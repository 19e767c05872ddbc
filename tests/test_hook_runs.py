"""Users' own transforms: chance, threads, seeds, replay."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from small_moves import Cut, Flip, Invert, Power, Quarter, Turn
from user_transforms import (
    BOXES,
    IMAGE,
    MASK,
    LoudPower,
    NotedTurn,
    Shift,
    Tint,
    TopLeft,
)

import probaug as A

# --- chance, threads, replay

STEPS = [
    Flip(p=0.5), Cut(2, 1, 34, 18, p=0.5), Tint(p=0.7), Power(p=0.5), Shift(p=0.6), Invert(p=0.5),
    A.OneOf([Tint(channel=1, p=1), NotedTurn(p=1), Quarter(p=1)], p=0.8),
    A.SomeOf([Tint(channel=2, p=1), LoudPower(p=0.5)], n=2), TopLeft(p=0.2), Turn(p=0.5),
]  # fmt: skip


def settings_of(**more):
    return {
        "bbox_params": A.BboxParams("pascal_voc", label_fields=["names"]),
        "keypoint_params": A.KeypointParams("xyas", label_fields=["kinds"]),
        **more,
    }


DATA = {
    "image": IMAGE, "mask": MASK, "bboxes": BOXES, "names": ["a", {"b": 1}, None],
    "keypoints": [(20, 10, 33, 1.5), (1, 0, 10, 1)], "kinds": np.array(["x", "y"]),
}  # fmt: skip


def flat(result):
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in result.items()}


def test_eight_threads_give_what_one_gives():
    pipeline = A.Compose(STEPS, **settings_of(seed=9))
    alone = [flat(pipeline(key=key, **DATA)) for key in range(150)]
    assert len({str(result["image"]) for result in alone}) > 140
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda key: flat(pipeline(key=key, **DATA)), range(150)))
    assert together == alone


def test_hooks_draw_what_they_draw_wherever_else_something_changes():
    """The generators belong to the place in the pipeline."""
    before = A.Compose([Tint(p=1), Power(p=1), Shift(p=1)], seed=2)
    after = A.Compose([Tint(p=1), Power(p=0), Shift(p=1)], seed=2)
    for key in range(10):
        drawn = [
            A.ReplayCompose(pipeline.transforms, seed=2)(image=IMAGE, key=key)["replay"]
            for pipeline in (before, after)
        ]
        tint, _, shift = zip(*(tree["transforms"] for tree in drawn), strict=True)
        assert tint[0]["params"] == tint[1]["params"]
        assert shift[0]["params"] == shift[1]["params"]


def test_generators_outside_a_call_work():
    tint = Tint()
    assert 0 <= tint.py_random.random() < 1
    assert 0 <= tint.random_generator.random() < 1


def test_seeds_repeat_and_differ():
    draws = [[Tint(p=1) for _ in range(2)] for _ in range(2)]
    for tint in draws[0]:
        tint.set_random_seed(5)
    draws[1][0].set_random_seed(6)
    first, again = (tint(image=IMAGE, key=0)["image"].tolist() for tint in draws[0])
    other = draws[1][0](image=IMAGE, key=0)["image"].tolist()
    assert first == again != other


def test_hooks_are_replayed():
    pipeline = A.ReplayCompose(STEPS, **settings_of(seed=3))
    for key in range(25):
        result = pipeline(key=key, **DATA)
        tree = result.pop("replay")
        again = A.ReplayCompose.replay(tree, **DATA)
        assert flat(again) == flat(result)
        # on another size, where drawn numbers still mean something
        A.ReplayCompose.replay(tree, image=np.tile(IMAGE, (3, 3, 1)))


def test_replays_and_saved_params_hold_what_was_drawn_and_are_plain():
    pipeline = A.ReplayCompose([Flip(p=1), Tint(p=1), Shift(p=1)], save_applied_params=True)
    result = pipeline(image=IMAGE)
    _, tint, shift = result["replay"]["transforms"]
    assert list(tint["params"]) == ["add"]
    assert (tint["limit"], tint["channel"], tint["p"]) == (40, 0, 1)
    assert list(shift["params"]) == ["by"]
    assert json.loads(json.dumps(result["replay"])) == result["replay"]
    names = [name for name, _ in result["applied_transforms"]]
    assert names == ["Flip", "Tint", "Shift"]
    assert result["applied_transforms"][1][1] == tint["params"]


def test_they_are_ordinary_objects():
    tint = Tint(limit=3)
    tint.limit = 5
    assert tint.limit == 5
    assert pickle.loads(pickle.dumps(tint)).limit == 5
    assert tint != Tint(limit=5)
    assert len({tint, Tint(limit=5)}) == 2
    assert "Tint" in repr(tint)
    assert Tint().p == 0.5
    assert Tint(p=1)(image=IMAGE)["image"].shape == IMAGE.shape
    untouched = Tint(p=0)(image=IMAGE)
    assert untouched["image"] is IMAGE


def test_chance_is_kept():
    pipeline = A.Compose([Tint(p=0.3, limit=10**6)], seed=1)
    changed = sum(pipeline(image=IMAGE, key=key)["image"] is not IMAGE for key in range(600))
    assert 130 < changed < 230  # 180 expected, 11 the standard deviation
    assert Tint(p=0.01)(image=IMAGE, force_apply=True)["image"] is not IMAGE


def test_a_pipeline_inside_a_hook():
    inner = A.Compose([Power(p=1), Flip(p=0.5)])

    class Nested(A.ImageOnlyTransform):
        def apply(self, img, **params):
            return inner(image=img)["image"]

    pipeline = A.Compose([Nested(p=1), Shift(p=1), Tint(p=1)], seed=1)
    alone = [pipeline(image=IMAGE, key=key)["image"].tolist() for key in range(20)]
    with ThreadPoolExecutor(8) as pool:
        again = pool.map(lambda key: pipeline(image=IMAGE, key=key)["image"].tolist(), range(20))
        assert list(again) == alone
