"""Saving and loading: whole, safe, and with errors that say what is wrong."""

import io
import json
import math
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import cases
import core_helpers
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import probaug as A
from probaug.core.fields import Range
from probaug.core.kinds import Pixel
from probaug.core.registry import REGISTRY
from probaug.core.serialize import DEEPEST

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 48, 3), dtype=np.uint8)


def deep():
    """Every container and every setting of a pipeline, none with its default."""
    return A.Compose(
        [
            A.OneOf(
                [
                    A.Sequential(
                        [A.Affine(rotate=(-20, 10), scale={"x": (0.5, 1), "y": 1.5})], p=0.1
                    ),
                    A.RandomBrightnessContrast((-0.1, 0.2), 0.3, p=0.25),
                ],
                p=0.4,
            ),
            A.OneOrOther(A.HorizontalFlip(), A.VerticalFlip(p=0.1), p=0.2),
            A.SomeOf(
                [A.Transpose(), A.RandomOrder([A.NoOp()], n=2, replace=True, p=0.1)], n=2, p=0.9
            ),
            A.SelectiveChannelTransform([A.GaussNoise()], channels=(2, 0), p=0.3),
            A.Compose([A.CoarseDropout(fill="random"), A.Rotate(30, border_mode="reflect")], p=0.6),
            A.Normalize(mean=(0.1, 0.2, 0.3), max_pixel_value=254.0, p=1),
        ],
        bbox_params=A.BboxParams(
            "yolo",
            ["labels", "names"],
            min_area=3,
            min_visibility=0.1,
            min_width=2,
            min_height=1.5,
            check_each_transform=False,
            clip=True,
            filter_invalid_bboxes=True,
            max_accept_ratio=7,
        ),
        keypoint_params=A.KeypointParams(
            "xyas",
            label_fields=("kinds",),
            remove_invisible=False,
            angle_in_degrees=False,
            check_each_transform=False,
        ),
        additional_targets={"other": "image", "more": "mask"},
        p=0.8,
        is_check_shapes=False,
        strict=True,
        mask_interpolation="cubic",
        seed=2**70,
        save_applied_params=True,
        fusion="off",
    )


def replaying():
    return A.ReplayCompose([A.HorizontalFlip(), A.OneOf([A.Rotate(10)])], p=0.7, save_key="again")


def through_json(node):
    return A.from_dict(json.loads(json.dumps(A.to_dict(node), allow_nan=False)))


def through_yaml(node):
    return A.from_dict(yaml.safe_load(yaml.safe_dump(A.to_dict(node), sort_keys=False)))


def through_file(data_format):
    def run(node):
        handle = io.StringIO()
        A.save(node, handle, data_format=data_format)
        return A.load(io.StringIO(handle.getvalue()), data_format=data_format)

    return run


WAYS = {
    "dict": lambda node: A.from_dict(A.to_dict(node)),
    "json": through_json,
    "yaml": through_yaml,
    "json file": through_file("json"),
    "yaml file": through_file("yaml"),
}
NODES = {
    "deep": deep(),
    "replay": replaying(),
    "empty": A.Compose([]),
    "leaf": A.Rotate((-5, 30), interpolation="cubic", p=0.1),
    "container": A.OneOf([A.NoOp(), A.HorizontalFlip(p=0.25)], p=0.125),
    "keras boxes": A.Compose([], bbox_params={"format": "rel_yxyx"}),
    "unicode": A.Compose([], additional_targets={"zweites Bild ✓": "image"}),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_round_trip(node, way):
    again = way(node)
    assert again == node
    assert type(again) is type(node)
    assert repr(again) == repr(node)
    assert hash(again) == hash(node)
    assert A.to_dict(again) == A.to_dict(node)


def test_a_loaded_pipeline_draws_the_same():
    data = {
        "image": IMAGE,
        "bboxes": [(0.5, 0.5, 0.2, 0.3)],
        "labels": ["a"],
        "names": [3],
        "keypoints": [(3, 4, 0.5, 2)],
        "kinds": ["k"],
    }
    node, again = deep(), through_json(deep())
    for index in range(10):
        one, two = node(**data, key=index), again(**data, key=index)
        assert np.array_equal(one["image"], two["image"])
        assert one["applied_transforms"] == two["applied_transforms"]
        assert one["bboxes"] == two["bboxes"]
    bare = A.Compose([core_helpers.Show(p=1)], seed=3)
    assert bare.stream.next() == A.from_dict(A.to_dict(bare[0:0])).stream.next()


def test_only_what_differs_is_saved():
    node = A.Compose([A.HorizontalFlip(), A.Rotate(30, p=1)], bbox_params=A.BboxParams("coco"))
    assert A.to_dict(node) == {
        "probaug": A.__version__,
        "transform": {
            "class": "Compose",
            "transforms": [
                {"class": "HorizontalFlip"},
                {"class": "Rotate", "limit": [-30, 30], "p": 1},
            ],
            "bbox_params": {"class": "BboxParams", "format": "coco"},
        },
    }


FROZEN = """{
  "probaug": "0.1.0",
  "transform": {
    "class": "Compose",
    "transforms": [
      {"class": "HorizontalFlip", "p": 0.25},
      {"class": "OneOf", "transforms": [{"class": "Rotate", "limit": [-30, 30]}], "p": 1}
    ],
    "bbox_params": {"class": "BboxParams", "format": "coco", "label_fields": ["labels"]},
    "seed": 7
  }
}"""


def test_files_of_earlier_versions_stay_readable():
    assert A.load(io.StringIO(FROZEN)) == A.Compose(
        [A.HorizontalFlip(p=0.25), A.OneOf([A.Rotate(30)], p=1)],
        bbox_params=A.BboxParams("coco", label_fields=["labels"]),
        seed=7,
    )


def test_plain_data_stays_plain_and_apart():
    node = deep()
    data = A.to_dict(node)

    def kinds(value):
        if isinstance(value, (dict, list)):
            assert type(value) in (dict, list)
            for item in value.values() if isinstance(value, dict) else value:
                yield from kinds(item)
        else:
            yield type(value)

    assert set(kinds(data)) <= {str, int, float, bool, type(None)}
    data["transform"]["transforms"].clear()
    data["transform"]["additional_targets"].clear()
    assert node == deep()


def test_reading_leaves_the_data_alone():
    data = A.to_dict(deep())
    before = json.dumps(data)
    A.from_dict(data)
    assert json.dumps(data) == before


def test_the_inner_part_alone_is_read_too():
    assert A.from_dict(A.to_dict(deep())["transform"]) == deep()


# what is refused


def load_error(data, **more):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its words are looked at by callers
        A.from_dict(data, **more)
    return str(caught.value)


def test_unknown_names_list_near_ones():
    assert load_error({"class": "HorizontalFlop"}) == (
        "no registered class is called 'HorizontalFlop'; did you mean HorizontalFlip?"
    )
    assert "did you mean" in load_error({"class": "Composes", "transforms": []})
    nested = {"class": "Compose", "transforms": [{"class": "Rotato"}]}
    assert "did you mean Rotate" in load_error(nested)
    assert "probaug.register" in load_error({"class": "Zzzzzzzz"})


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "probaug.HorizontalFlip",
        "albumentations.HorizontalFlip",
        "builtins.eval",
        "probaug.core.compose.OneOf",
        "core_helpers.Show",
        "Show",
        "antigravity.x",
        "Pixel",
        "Declared",
        "DualTransform",
        "BaseCompose",
        "",
        " HorizontalFlip",
        "horizontalflip",
    ],
)
def test_only_registered_names_are_found(name):
    assert f"no registered class is called {name!r}" in load_error({"class": name})
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "name", [None, 1, 1.5, True, [], ["HorizontalFlip"], {}, {"a": 1}], ids=repr
)
def test_a_name_is_a_string(name):
    assert "the name of a class must be a string" in load_error({"class": name})


def test_a_replay_is_no_pipeline():
    tree = replaying()(image=IMAGE)["again"]
    assert "ReplayCompose.replay" in load_error(tree)


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "HorizontalFlip",
        [],
        [{"class": "NoOp"}],
        {},
        {"transform": 3},
        {"transform": [{"class": "NoOp"}]},
        {"p": 1},
    ],
    ids=repr,
)
def test_what_is_no_transform_is_refused(data):
    assert "from_dict" in load_error(data)


def test_unknown_fields_name_near_ones():
    with pytest.raises(TypeError, match="Rotate has no parameter 'limits'; did you mean limit"):
        A.from_dict({"class": "Rotate", "limits": 3})
    with pytest.raises(
        TypeError, match="BboxParams has no parameter 'fromat'; did you mean format"
    ):
        A.from_dict({"class": "Compose", "transforms": [], "bbox_params": {"fromat": "coco"}})


def test_wrong_values_name_class_and_field():
    with pytest.raises(ValueError, match=r"Rotate\.p must be a number in \[0, 1\], got 3"):
        A.from_dict({"class": "Rotate", "p": 3})
    with pytest.raises(ValueError, match=r"Compose\.transforms must be"):
        A.from_dict({"class": "Compose", "transforms": {"class": "BboxParams", "format": "coco"}})


def nested(depth):
    data: Any = {"class": "NoOp"}
    for _ in range(depth):
        data = {"class": "Sequential", "transforms": [data]}
    return data


def test_depth_is_limited():
    assert len(A.from_dict(nested(DEEPEST // 2 - 1))) == 1
    assert load_error(nested(DEEPEST)) == f"from_dict: data nests deeper than {DEEPEST} levels"
    assert "deeper" in load_error(nested(100_000))


def test_what_could_not_be_read_again_is_not_written():
    node = A.NoOp()
    for _ in range(DEEPEST):
        node = A.Sequential([node])
    with pytest.raises(ValueError, match="to_dict: data nests deeper"):
        A.to_dict(node)


@pytest.mark.parametrize(
    "text", ["[" * 10**6, '{"a":' * 10**6, '{"class":"Compose","transforms":[' * 10**5]
)
def test_deep_text_is_an_ordinary_error(text):
    for data_format in ("json", "yaml") if text[0] == "[" else ("json",):
        with pytest.raises(ValueError, match=r"deeper|no YAML|Expecting"):
            A.load(io.StringIO(text[: 10**5]), data_format=data_format)


def test_yaml_references_cannot_make_a_short_file_endless():
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 25)
    )
    for text in (
        bomb + "class: NoOp\n",
        "&a [*a, *a, *a]",
        "&a {class: OneOf, transforms: [*a, *a]}",
    ):
        start = time.perf_counter()
        with pytest.raises(ValueError, match="from_dict"):
            A.load(io.StringIO(text), data_format="yaml")
        assert time.perf_counter() - start < 5


def test_yaml_references_within_reason_are_read():
    text = "class: Compose\ntransforms: [&flip {class: HorizontalFlip, p: 0.2}, *flip, *flip]\n"
    loaded = A.load(io.StringIO(text), data_format="yaml")
    assert loaded == A.Compose([A.HorizontalFlip(p=0.2)] * 3)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['echo harm > harm.txt']",
        "!!python/name:os.system",
        "class: !!python/object/new:probaug.NoOp {}",
        "{a: [}",
        "\t- x",
        "class: *nowhere",
    ],
)
def test_yaml_never_runs_anything(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="load: this is no YAML"):
        A.load(io.StringIO(text), data_format="yaml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"class": "NoOp",}', "\x00"])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"Expecting|property name|Illegal"):
        A.load(io.StringIO(text))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_are_finite(number):
    for text in (
        f'{{"class": "NoOp", "p": {number}}}',
        f'{{"class": "Affine", "fill": {number}}}',
        f'{{"class": "Compose", "transforms": [], "additional_targets": {{"a": {number}}}}}',
        f'{{"class": "Loose", "anything": {{"deep": [{number}]}}}}',
    ):
        with pytest.raises(ValueError, match="must be"):
            A.load(io.StringIO(text))
        with pytest.raises(ValueError, match="must be"):
            A.from_dict(json.loads(text))


def test_numbers_that_no_float_holds():
    assert "NoOp.p must be" in load_error({"class": "NoOp", "p": 10**400})
    assert "Rotate.limit must be" in load_error({"class": "Rotate", "limit": [-(10**400), 10**400]})


# users' classes


@A.register
class Loose(Pixel):
    """A registered class with the library's own kind of fields."""

    anything: Any = None
    power: Range = (1, 2)

    def edit(self, image, power):
        return image


@A.register
class Ordinary(A.ImageOnlyTransform):
    """A registered class with a constructor of its own."""

    def __init__(self, strength, mode="a", p=0.5):
        super().__init__(p=p)
        self.strength = strength
        self.mode = mode

    def apply(self, img, **params):
        return img + np.uint8(self.strength)


@A.register
class Named(Ordinary):
    """One that names its arguments as 2.0.8 has it."""

    def __init__(self, **options):
        super().__init__(options.pop("power", 1), p=options.pop("p", 0.5))
        self.power = self.strength

    def get_transform_init_args_names(self):
        return ("power",)


@A.register
class WithoutChance(A.ImageOnlyTransform):
    """One whose constructor takes no p."""

    def __init__(self, size=3):
        super().__init__(p=1)
        self.size = size

    def apply(self, img, **params):
        return img


@A.register
class Forgetful(A.ImageOnlyTransform):
    """One that keeps an argument under another name."""

    def __init__(self, strength=1, p=0.5):
        super().__init__(p=p)
        self._strength = strength


@A.register
class Pair(A.BaseCompose):
    """A container of the user's."""

    extra: int = 3

    def run(self, canvas, draw, slot, lane):
        return [(0, self.step(canvas, draw, 0, slot, lane))]


class Unregistered(Pixel):
    def edit(self, image):
        return image


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_registered_classes(way):
    node = A.Compose([Loose({"a": [1, {"b": None}]}, power=3), Pair(5, [A.NoOp()], p=1)])
    assert way(node) == node
    ordinary = way(A.Compose([Ordinary(5, "b", p=0.1), Named(power=7, p=0.2), WithoutChance(9)]))
    assert [vars(t) for t in ordinary] == [
        {"strength": 5, "mode": "b", "p": 0.1},
        {"strength": 7, "mode": "a", "power": 7, "p": 0.2},
        {"size": 9, "p": 1},
    ]


def test_changed_attributes_are_what_is_saved():
    node = Ordinary(5)
    node.strength = 6
    node.p = 0.75
    assert vars(through_json(node)) == {"strength": 6, "mode": "a", "p": 0.75}


def test_an_argument_that_was_not_kept_is_an_error():
    with pytest.raises(NotImplementedError, match="Forgetful keeps no attribute 'strength'"):
        A.to_dict(A.Compose([Forgetful(3)]))


def test_classes_that_could_not_be_found_again_are_refused():
    with pytest.raises(NotImplementedError, match=r"Unregistered.* probaug\.register makes"):
        A.to_dict(A.Compose([Unregistered()]))


def test_a_namesake_is_not_taken_for_the_librarys_class():
    class HorizontalFlip(Pixel):
        def edit(self, image):
            return image

    with pytest.raises(NotImplementedError, match=r"HorizontalFlip cannot be saved under the name"):
        A.to_dict(A.Compose([HorizontalFlip()]))
    with pytest.raises(
        TypeError, match="the name 'HorizontalFlip' is already registered by probaug"
    ):
        A.register(HorizontalFlip)
    assert A.from_dict({"class": "HorizontalFlip"}) == A.HorizontalFlip()


def test_registering_twice_is_fine_and_gives_the_class():
    assert A.register(Loose) is Loose
    assert REGISTRY["Loose"] is Loose


def test_classes_do_not_register_themselves():
    assert "Show" not in REGISTRY
    assert not {"Pixel", "DualTransform", "ImageOnlyTransform", "BaseCompose", "Warp"} & set(
        REGISTRY
    )


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"x",
        1j,
        math.nan,
        math.inf,
        lambda: 0,
        {"class": "NoOp"},
        {1: "a"},
        {"a": {("b",): 1}},
        IMAGE,
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_are_no_plain_data_are_refused(value):
    with pytest.raises(NotImplementedError, match="cannot be saved"):
        A.to_dict(A.Compose([Loose(anything=value)]))


def test_what_cannot_be_saved_may_be_left_out():
    node = A.Compose(
        [A.NoOp(), A.Lambda(image=lambda image, **_: image), A.OneOf([A.HorizontalFlip()])]
    )
    with pytest.raises(NotImplementedError, match=r"Lambda.* cannot be saved; give it a name"):
        A.to_dict(node)
    with pytest.warns(UserWarning, match=r"Lambda.* cannot be saved and is left out"):
        data = A.to_dict(node, on_not_implemented_error="warn")
    assert A.from_dict(data) == A.Compose([A.NoOp(), A.OneOf([A.HorizontalFlip()])])
    with pytest.raises(ValueError, match="must be 'raise' or 'warn', got 'ignore'"):
        A.to_dict(node, on_not_implemented_error="ignore")


def negative(image, **params):
    return 255 - image


@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_lambdas_are_given_again_by_name(data_format, tmp_path):
    function = A.Lambda(image=negative, name="negative", p=1)
    node = A.Compose([A.OneOf([function], p=1), A.HorizontalFlip(p=1)])
    path = tmp_path / "pipeline"
    A.save(node, path, data_format=data_format)
    again = A.load(path, data_format=data_format, nonserializable={"negative": function})
    assert again == node
    assert np.array_equal(again(image=IMAGE)["image"], 255 - IMAGE[:, ::-1])
    for given_ in (None, {}, {"other": function}, {"negative": negative}, {"negative": A.NoOp()}):
        with pytest.raises(ValueError, match="needs the Lambda named 'negative'"):
            A.load(path, data_format=data_format, nonserializable=given_)


# files


@pytest.mark.parametrize("data_format", ["json", "yaml"])
@pytest.mark.parametrize("kind", [str, Path])
def test_paths(tmp_path, data_format, kind):
    path = kind(tmp_path / "a pipeline ✓.txt")
    A.save(deep(), path, data_format=data_format)
    assert A.load(path, data_format=data_format) == deep()
    assert [p.name for p in tmp_path.iterdir()] == ["a pipeline ✓.txt"]


@pytest.mark.parametrize("data_format", ["json", "yaml"])
def test_open_files(tmp_path, data_format):
    path = tmp_path / "pipeline"
    with path.open("w", encoding="utf-8") as file:
        A.save(deep(), file, data_format=data_format)
        assert not file.closed
    with path.open(encoding="utf-8") as file:
        assert A.load(file, data_format=data_format) == deep()
        assert not file.closed


def test_positional_arguments_are_those_of_2_0_8(tmp_path):
    path = tmp_path / "pipeline"
    A.save(A.NoOp(), path, "yaml", "raise")
    assert A.load(path, "yaml", None) == A.NoOp()


@pytest.mark.parametrize("wrong", ["JSON", "toml", "", None, 3])
def test_unknown_formats_are_refused_and_touch_nothing(tmp_path, wrong):
    path = tmp_path / "pipeline"
    path.write_text("old")
    with pytest.raises(ValueError, match="data_format must be 'json' or 'yaml', got"):
        A.save(A.NoOp(), path, data_format=wrong)
    assert path.read_text() == "old"
    with pytest.raises(ValueError, match="data_format must be 'json' or 'yaml', got"):
        A.load(path, data_format=wrong)


def fail(*args, **kwargs):
    raise OSError("disk full")


def half(self, text, **kwargs):
    with self.open("w", encoding="utf-8") as file:
        file.write(text[: len(text) // 2])
    raise OSError("disk full")


@pytest.mark.parametrize(
    ("method", "broken"), [("write_text", fail), ("write_text", half), ("replace", fail)]
)
def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch, method, broken):
    path = tmp_path / "pipeline.json"
    A.save(deep(), path)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, method, broken)
        with pytest.raises(OSError, match="disk full"):
            A.save(A.NoOp(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    A.save(A.NoOp(), path)
    assert A.load(path) == A.NoOp()


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path):
    path = tmp_path / "pipeline.json"
    path.write_text("old")
    with pytest.raises(NotImplementedError):
        A.save(Unregistered(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_half_a_file(tmp_path):
    """Eight threads save one file, others read it all the while."""
    path = tmp_path / "pipeline.json"
    A.save(deep(), path)
    errors, stop = [], threading.Event()

    def repeat(work):
        try:
            while not stop.is_set():
                work()
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)

    writers = [lambda: A.save(deep(), path) for _ in range(8)]
    readers = [lambda: A.load(path) for _ in range(2)]
    threads = [threading.Thread(target=repeat, args=(work,)) for work in writers + readers]
    for thread in threads:
        thread.start()
    time.sleep(0.6)
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folders_and_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        A.save(A.NoOp(), tmp_path / "nowhere" / "pipeline.json")
    with pytest.raises(FileNotFoundError):
        A.load(tmp_path / "nothing.json")


def test_without_pyyaml_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ImportError, match=r"pip install probaug\[yaml\]"):
        A.save(A.NoOp(), io.StringIO(), data_format="yaml")


# fuzz

NAMES = sorted(name for name, cls in REGISTRY.items() if cls.__module__.startswith("probaug."))
KEYS = sorted({key for name in NAMES for key in REGISTRY[name]._table().names})
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([10**30, 10**400, -(2**64), 0.5, 1e308, 1e-320, math.inf, -math.inf, math.nan]),
    st.floats(-2, 2),
    st.sampled_from(
        ["", "coco", "constant", "random", "class", "x", "largest_box", "image", *NAMES]
    ),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["class", "x", "y", *KEYS]), inner, max_size=3),
        st.builds(
            lambda name, rest: {**rest, "class": name},
            st.sampled_from(NAMES),
            st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        ),
    ),
    max_leaves=12,
)


def survives(data):
    """Builds something that is saved as it was, or refuses in one of three ways."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            node = A.from_dict(data)
        except (ValueError, TypeError, NotImplementedError):
            return
        try:
            saved = A.to_dict(node)
        except NotImplementedError:
            return
        assert A.from_dict(json.loads(json.dumps(saved, allow_nan=False))) == node


fuzzed = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@fuzzed
@given(anything)
def test_fuzz_anything(data):
    survives(data)


@fuzzed
@given(st.sampled_from(NAMES), st.data())
def test_fuzz_arguments(name, data):
    """Each class with values for its own fields, some right, some wrong."""
    names = REGISTRY[name]._table().names
    fields = data.draw(
        st.dictionaries(st.sampled_from(names), scalars | st.lists(scalars, max_size=3))
    )
    known = cases.CASES.get(name, {})
    survives({"class": name, **{k: v for k, v in known.items() if not callable(v)}, **fields})


@fuzzed
@given(st.data())
def test_fuzz_mutations(data):
    """A good file with one to three things replaced, removed or moved."""
    root = A.to_dict(deep())
    for _ in range(data.draw(st.integers(1, 3))):
        at: Any = root["transform"]
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            inner = at[key]
            if isinstance(inner, (dict, list)) and data.draw(st.booleans()):
                at = inner
                continue
            action = data.draw(st.sampled_from(["replace", "remove", "rename", "copy"]))
            if action == "replace":
                at[key] = data.draw(anything)
            elif action == "remove":
                del at[key]
            elif isinstance(at, dict) and action == "rename":
                at[data.draw(st.sampled_from([*KEYS, "class"]))] = at.pop(key)
            elif isinstance(at, list):
                at.append(inner)
            break
    survives(root)
