"""`ImageDataGenerator` on files, and what follows its images: masks, boxes, keypoints, inputs."""

import warnings

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytest.importorskip("pandas")

import keras
import pandas as pd
from keras_helpers import Left, photos

import probaug
from probaug.adapters.image_data_generator import ImageDataGenerator
from probaug.adapters.keras import AugmentedSequence

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tensorflow.keras.preprocessing.image import ImageDataGenerator as Keras

ENDINGS = ("png", "jpg", "bmp", "tif")
MOVES = {"rotation_range": 30, "width_shift_range": 0.15, "zoom_range": 0.2, "shear_range": 10}
MOVES |= {"horizontal_flip": True, "fill_mode": "constant"}
ATTRIBUTES = (
    "n", "batch_size", "shuffle", "seed", "filenames", "filepaths", "samples", "image_shape",
    "target_size", "color_mode", "class_mode", "split", "subset", "data_format", "dtype",
    "interpolation", "keep_aspect_ratio", "save_to_dir", "save_prefix", "save_format",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Classes b, a and c with folders in them, links, and files that are no images."""
    root, other = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("other")
    rng = np.random.default_rng(0)
    for name, count in (("b", 5), ("a", 4), ("c", 7)):
        for number in range(count):
            place = root / name / ("deep" if number % 3 == 0 else ".")
            place.mkdir(parents=True, exist_ok=True)
            coarse = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
            image = cv2.resize(coarse, (30, 20 + number), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(place / f"{number}.{ENDINGS[number % 4]}"), image)
        (root / name / "notes.txt").write_text("no image")
    cv2.imwrite(str(other / "linked.png"), np.zeros((9, 9, 3), np.uint8))
    (root / "a" / "link").symlink_to(other)
    return root


def pair(method, source, generator, flow):
    """Our iterator and that of Keras, unshuffled, with small images."""
    flow = {"target_size": (16, 20), "batch_size": 4, "shuffle": False} | flow
    both = []
    for cls in (ImageDataGenerator, Keras):
        more = {} if cls is Keras else {"threads": 0, "legacy": generator.get("legacy", False)}
        plain = {name: value for name, value in generator.items() if name != "legacy"}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            both.append(getattr(cls(**plain, **more), method)(source, **flow))
        both.append(len([w for w in caught if issubclass(w.category, UserWarning)]))
    assert both[1] == both[3]
    return both[0], both[2]


def assert_alike(ours, theirs, atol):
    for name in ATTRIBUTES:
        assert getattr(ours, name) == getattr(theirs, name), name
    assert len(ours) == len(theirs)
    if ours.class_mode not in ("raw", "multi_output", "input", None):
        assert ours.class_indices == theirs.class_indices
        assert list(ours.classes) == list(theirs.classes)
    for index in range(len(ours)):
        mine, keras_own = (keras.tree.flatten(flow[index]) for flow in (ours, theirs))
        assert len(mine) == len(keras_own)
        for a, b in zip(mine, keras_own):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            np.testing.assert_allclose(a, b, atol=atol)


FOLDER_FLOWS = (
    {},
    {"subset": "training"},
    {"subset": "validation"},
    {"classes": ["c", "a"]},
    {"follow_links": True},
    {"color_mode": "rgba"},
)


@pytest.mark.parametrize("class_mode", ["categorical", "binary", "sparse", "input", None])
@pytest.mark.parametrize("flow", FOLDER_FLOWS, ids=str)
def test_folders_give_the_files_classes_and_labels_of_keras(folder, class_mode, flow):
    settings = {"validation_split": 0.3, "rescale": 1 / 255}
    flows = pair("flow_from_directory", folder, settings, flow | {"class_mode": class_mode})
    assert flows[0].num_classes == flows[1].num_classes
    assert flows[0].classes.dtype == flows[1].classes.dtype
    assert_alike(*flows, atol=0.01)  # of what two JPEG decoders give


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos", "hamming"])
@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
@pytest.mark.parametrize("keeps", [False, True])
def test_legacy_reads_and_scales_as_keras(folder, interpolation, color_mode, keeps):
    flow = {"interpolation": interpolation, "color_mode": color_mode, "keep_aspect_ratio": keeps}
    assert_alike(*pair("flow_from_directory", folder, {"legacy": True}, flow), atol=0)


def table(folder):
    files = sorted(p.relative_to(folder) for p in folder.rglob("*.*") if p.suffix != ".txt")
    names = [str(path) for path in files if "link" not in str(path)]
    count = len(names)
    frame = pd.DataFrame(
        {
            "filename": names,
            "class": [name[0] for name in names],
            "two": ["ab"[number % 2] for number in range(count)],
            "tags": [["x"] if number % 3 else ["y", "x"] for number in range(count)],
            "height": np.linspace(0, 1, count),
            "age": np.arange(count),
            "weight": np.linspace(1, 2, count),
        }
    )
    bad = pd.DataFrame({"filename": ["a/missing.png", "a/notes.txt"], "class": ["a", "a"]})
    bad = bad.assign(two="a", tags=[["x"]] * 2, height=0.0, age=0, weight=1.0)
    return pd.concat([frame.iloc[:5], bad, frame.iloc[5:]], ignore_index=True)


FRAME_FLOWS = (
    {},
    {"class_mode": "sparse"},
    {"class_mode": "binary", "y_col": "two", "classes": ["b", "a"]},
    {"y_col": "tags"},
    {"y_col": "tags", "classes": ["y"]},
    {"classes": ["c", "a"], "weight_col": "weight"},
    {"class_mode": "raw", "y_col": "height"},
    {"class_mode": "raw", "y_col": ["height", "age"], "weight_col": "weight"},
    {"class_mode": "multi_output", "y_col": ["height", "age"]},
    {"class_mode": "input"},
    {"class_mode": None},
)


@pytest.mark.parametrize("subset", [None, "training", "validation"])
@pytest.mark.parametrize("flow", FRAME_FLOWS, ids=str)
def test_frames_give_the_rows_classes_and_labels_of_keras(folder, flow, subset):
    flow = flow | {"directory": str(folder), "subset": subset}
    settings = {"validation_split": 0.3}
    flows = pair("flow_from_dataframe", table(folder), settings, flow)
    assert_alike(*flows, atol=3)


def test_whole_numbers_are_labels_in_frames(folder):
    """Keras takes strings alone."""
    frame = table(folder).assign(number=lambda t: t["class"].map({"a": 10, "b": 2, "c": 7}))
    flow = {"directory": folder, "y_col": "number", "shuffle": False, "target_size": (8, 8)}
    with pytest.warns(UserWarning, match="2 of 18 filenames"):
        numbers = ImageDataGenerator().flow_from_dataframe(frame, class_mode="sparse", **flow)
    assert numbers.class_indices == {2: 0, 7: 1, 10: 2}
    assert numbers[0][1].tolist()[:4] == [2, 2, 2, 2]
    mixed = {"filename": ["a/1.jpg", "a/2.bmp"], "number": [1, "one"]}
    with pytest.raises(TypeError, match="'number' mixes strings and whole numbers"):
        ImageDataGenerator().flow_from_dataframe(mixed, class_mode="sparse", **flow)
    halves = mixed | {"number": [0.5, 1.0]}
    with pytest.raises(TypeError, match=r"strings or whole numbers, got 0.5 in row 0"):
        ImageDataGenerator().flow_from_dataframe(halves, class_mode="sparse", **flow)


def test_validation_may_be_the_end_of_a_frame_and_of_each_folder(folder):
    generator = ImageDataGenerator(validation_split=0.25, validation_end="tail")
    everything = ImageDataGenerator().flow_from_directory(folder, shuffle=False)
    parts = [generator.flow_from_directory(folder, subset=s) for s in ("training", "validation")]
    for number in range(3):
        names = [n for n, c in zip(everything.filenames, everything.classes) if c == number]
        training, validation = (
            [n for n, c in zip(part.filenames, part.classes) if c == number] for part in parts
        )
        assert training + validation == names
        assert len(training) == int(0.75 * len(names))


def test_save_to_dir_writes_what_is_given(folder, tmp_path):
    generator = ImageDataGenerator(horizontal_flip=True)
    flow = generator.flow_from_directory(
        folder, (16, 16), batch_size=16, seed=1, save_to_dir=tmp_path, save_prefix="new"
    )
    batch, chosen = flow[0][0], flow.index_array
    flow[0]
    files = sorted(tmp_path.iterdir())
    assert len(files) == 16
    for image, index in zip(batch, chosen):
        (path,) = (file for file in files if file.name.startswith(f"new_{index}_"))
        np.testing.assert_array_equal(cv2.imread(str(path))[:, :, ::-1], image)


def test_a_file_that_cannot_be_read_is_named(folder):
    frame = {"filename": ["a/1.jpg", "a/missing.png"], "class": ["a", "b"]}
    flow = ImageDataGenerator().flow_from_dataframe(frame, folder, validate_filenames=False)
    with pytest.raises(ValueError, match=r"missing\.png"):
        flow[0]


def squares(count=6, size=48):
    """Images with one bright square each: images, masks, boxes, corners."""
    rng = np.random.default_rng(3)
    images = np.full((count, size, size, 3), 20, np.uint8)
    masks = np.zeros((count, size, size), np.uint8)
    boxes, corners = [], []
    for image, mask in zip(images, masks):
        x, y, side = *rng.integers(14, 20, 2).tolist(), int(rng.integers(12, 16))
        image[y : y + side, x : x + side] = 220
        mask[y : y + side, x : x + side] = 7
        boxes.append([[x, y, x + side, y + side]])
        corners.append([[x, y, 2], [x + side - 1, y + side - 1, 2], [2 * size, 0, 2]])
    return images, masks, boxes, np.array(corners, np.float32)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_masks_boxes_and_keypoints_follow_the_pixels(legacy, first):
    images, masks, boxes, points = squares()
    arguments = MOVES | {"data_format": "channels_first" if first else "channels_last"}
    generator = ImageDataGenerator(**arguments, legacy=legacy)
    x, y = generator.flow(
        images.transpose(0, 3, 1, 2) if first else images,
        batch_size=6,
        shuffle=False,
        seed=4,
        masks=masks,
        bboxes={"boxes": boxes, "labels": [[3]] * 6},
        keypoints=points,
        max_boxes=2,
    )[0]
    assert (y["masks"].dtype, set(np.unique(y["masks"]))) == (np.uint8, {0, 7})
    assert y["bboxes"]["labels"].tolist() == [[3, -1]] * 6
    assert y["keypoints"][:, :, 2].tolist() == [[2, 2, 0]] * 6
    assert not np.array_equal(y["masks"], masks)
    for image, mask, (box, padding), corners in zip(
        x.transpose(0, 2, 3, 1) if first else x, y["masks"], y["bboxes"]["boxes"], y["keypoints"]
    ):
        assert (padding == -1).all()
        bright = image[:, :, 0] > 120
        assert (bright != (mask == 7)).sum() <= 0.15 * (mask == 7).sum()
        rows, columns = np.nonzero(mask)
        extent = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        np.testing.assert_allclose(box, extent, atol=1.6)
        for x_, y_ in corners[:2, :2]:
            near = mask[int(y_) - 1 : int(y_) + 3, int(x_) - 1 : int(x_) + 3]
            assert 0 < (near == 7).sum() < near.size


def test_keypoints_have_the_visibility_that_a_sequence_gives_them():
    """One is in a hole, one is seen, one is outside, and two are not labelled."""
    row = [[2, 3, 2], [20, 5, 2], [99, 5, 2], [2, 5, 0], [np.nan, 5, 2]]
    images, points = photos(2), np.array([row, row])
    pipeline = probaug.Compose([Left(p=1)], keypoint_params=probaug.KeypointParams("xy"))
    generator = ImageDataGenerator(pipeline=Left(p=1), threads=0)
    for rows, form in ((points, "xyv"), (points[..., :2], "xy")):
        options = {"task": "keypoints", "keypoint_format": form, "threads": 0, "shuffle": False}
        _, expected = AugmentedSequence((images, rows), pipeline, **options)[0]
        _, given = generator.flow(images, batch_size=2, shuffle=False, keypoints=rows)[0]
        np.testing.assert_array_equal(given, expected if form == "xyv" else expected["keypoints"])
        assert given.dtype == np.float32
        if form == "xyv":
            assert given[0].tolist() == [[2, 3, 1], [20, 5, 2], [99, 5, 0], [0] * 3, [0] * 3]


def test_masks_of_folders_and_labels_of_frames_follow(tmp_path):
    images, masks, boxes, points = squares()
    names = [f"a/{number}.png" for number in range(6)]
    for part in ("images/a", "masks/a"):
        (tmp_path / part).mkdir(parents=True)
    for name, image, mask in zip(names, images, masks):
        cv2.imwrite(str(tmp_path / "images" / name), image)
        cv2.imwrite(str(tmp_path / "masks" / name), mask)
    generator = ImageDataGenerator(**MOVES)
    common = {"target_size": (24, 36), "class_mode": None, "shuffle": False, "seed": 1}
    x, y = generator.flow_from_directory(tmp_path / "images", masks=tmp_path / "masks", **common)[0]
    assert (y.shape, y.dtype, set(np.unique(y))) == ((6, 24, 36), np.uint8, {0, 7})
    assert ((x[..., 0] > 120) != (y == 7)).sum() <= 0.2 * (y == 7).sum()
    frame = {
        "filename": [f"images/{name}" for name in names],
        "mask": [f"masks/{name}" for name in names],
        "boxes": boxes,
        "kinds": [[number] for number in range(6)],
        "points": points.tolist(),
    }
    columns = {"masks": "mask", "bboxes": ("boxes", "kinds"), "keypoints": "points"}
    again, labels = generator.flow_from_dataframe(frame, tmp_path, **columns, **common)[0]
    np.testing.assert_array_equal(again, x)
    np.testing.assert_array_equal(labels["masks"], y)
    assert labels["bboxes"]["labels"].ravel().tolist() == [*range(6)]
    for mask, (box,) in zip(y, labels["bboxes"]["boxes"]):
        rows, columns_ = np.nonzero(mask)
        extent = columns_.min(), rows.min(), columns_.max() + 1, rows.max() + 1
        np.testing.assert_allclose(box, extent, atol=1.6)
    with pytest.raises(FileNotFoundError, match=r"a/0\.png"):
        generator.flow_from_directory(tmp_path / "images", masks=tmp_path / "images" / "a")


def test_inputs_and_outputs_may_be_several():
    images, labels = photos(8), np.arange(8)
    table_ = np.arange(16.0).reshape(8, 2)
    generator = ImageDataGenerator(rotation_range=40)
    flow = {"batch_size": 4, "shuffle": False, "seed": 1}
    alone = generator.flow(images, **flow)[0]
    (x, other), (a, b) = generator.flow((images, table_), [labels, -labels], **flow)[0]
    np.testing.assert_array_equal(x, alone)
    np.testing.assert_array_equal(other, table_[:4])
    assert (a.tolist(), b.tolist()) == ([0, 1, 2, 3], [0, -1, -2, -3])
    inputs = {"left": images, "table": table_, "right": 255 - images}
    x, y = generator.flow(inputs, {"number": labels}, **flow, masks=images[..., 0])[0]
    np.testing.assert_array_equal(x["left"], alone)
    np.testing.assert_allclose(x["right"], 255 - alone, atol=1)  # the same move
    assert set(y) == {"number", "masks"}
    several = {"one": images[..., 0], "two": images[..., 1]}
    x, y = generator.flow(images, masks=several, **flow)[0]
    assert set(y) == {"one", "two"}
    with pytest.raises(ValueError, match=r"NumpyArrayIterator\.y must have one entry"):
        generator.flow(images, labels[:5])


def test_a_model_of_two_inputs_and_outputs_trains():
    """With Keras' own generator fit fails: it gives inputs as a list."""
    image = keras.Input((24, 24, 3))
    other = keras.Input((2,))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    joined = keras.layers.Concatenate()([pooled, other])
    outputs = [keras.layers.Dense(1)(joined), keras.layers.Dense(1)(joined)]
    model = keras.Model([image, other], outputs)
    model.compile("sgd", ["mse", "mse"])
    numbers = np.zeros(8, np.float32)
    generator = ImageDataGenerator(rescale=1 / 255, **MOVES)
    flow = generator.flow((photos(8), np.zeros((8, 2), np.float32)), (numbers, numbers), 4)
    history = model.fit(flow, epochs=2, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    flow.close()


def test_pipelines_move_masks_too():
    images, masks, _, _ = squares()
    pipeline = [probaug.Transpose(p=1), probaug.RandomCrop(32, 32, p=1)]
    flow = ImageDataGenerator(pipeline=pipeline).flow(images, masks=masks, batch_size=6)
    x, y = flow[0]
    assert (x.shape, y.shape) == ((6, 32, 32, 3), (6, 32, 32))
    np.testing.assert_array_equal(x[..., 0] > 120, y == 7)
