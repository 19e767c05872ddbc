"""`ImageDataGenerator` beside Keras' own, in every dimension of images, files and tables."""

import warnings

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytest.importorskip("pandas")

import keras
import pandas as pd
from PIL import Image

from probaug.adapters.image_data_generator import ImageDataGenerator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tensorflow.keras.preprocessing.image import ImageDataGenerator as Keras

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # how Keras calls SciPy
    pytest.mark.filterwarnings("ignore:Palette images with Transparency:UserWarning"),
]
MODES = ("nearest", "constant", "reflect", "wrap")


def smooth(channels, seed=0, height=37, width=50):
    """A smooth image, (height, width, channels) uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return image.reshape(height, width, channels)


# ------------------------------------------------------------------------------------------ images

IMAGES = {
    "uint8": smooth(3),
    "int64": smooth(3).astype(np.int64),
    "float64": smooth(3).astype(np.float64),
    "0 to 1": smooth(3).astype(np.float32) / 255,
    "beyond 0 to 255": smooth(3).astype(np.float32) * 3 - 200,
    "gray": smooth(1).astype(np.float32),
    "rgba": smooth(4).astype(np.float32),
    "five channels": smooth(5).astype(np.float32),
    "channels first": smooth(3).astype(np.float32).transpose(2, 0, 1),
}
DIALS = {
    "theta": (-180, 180),
    "tx": (-20, 20),
    "ty": (-20, 20),
    "shear": (-45, 45),
    "zx": (0.4, 1.8),
    "zy": (0.4, 1.8),
    "channel_shift_intensity": (-60, 60),
    "brightness": (0.3, 1.7),
    "flip_horizontal": (True, True),
    "flip_vertical": (True, True),
}


@pytest.mark.parametrize("name", IMAGES)
def test_legacy_gives_keras_pixels_of_every_type_and_number_of_channels(name):
    """Each dial alone, then several; Keras brightens 1, 3 and 4 channels, the last axis, alone."""
    image, rng = IMAGES[name], np.random.default_rng(3)
    first = {"data_format": "channels_first"} if name == "channels first" else {}
    drawn = [{dial: rng.uniform(*DIALS[dial])} for dial in DIALS]
    for _ in range(40):
        dials = [dial for dial in DIALS if rng.random() < 0.5]
        drawn.append({dial: rng.uniform(*DIALS[dial]) for dial in dials})
    for number, params in enumerate(drawn):
        if image.shape[-1] not in (1, 3, 4):
            params.pop("brightness", None)
        arguments = {"fill_mode": MODES[number % 4], "cval": 9.0} | first
        arguments["interpolation_order"] = number % 6
        theirs = Keras(**arguments).apply_transform(image.copy(), params)
        ours = ImageDataGenerator(**arguments, legacy=True).apply_transform(image, params)
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), params
        assert (np.abs(ours.astype(float) - theirs) <= 1).mean() >= 0.999, (params, arguments)


RANGES = (
    {"rotation_range": 30},
    {"width_shift_range": 0.3},
    {"width_shift_range": 3.5},
    {"width_shift_range": 4},
    {"width_shift_range": [3, 5]},
    {"width_shift_range": [-50, -20]},
    {"height_shift_range": 0.3},
    {"height_shift_range": (0.1, 0.4)},
    {"height_shift_range": 7},
    {"shear_range": 20},
    {"zoom_range": 0.3},
    {"zoom_range": (0.5, 0.9)},
    {"zoom_range": [1, 1]},
    {"channel_shift_range": 30},
    {"brightness_range": (0.4, 1.5)},
    {"horizontal_flip": True},
    {"vertical_flip": True},
)


@pytest.mark.parametrize("ranges", RANGES, ids=str)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_legacy_draws_as_keras_each_by_itself(ranges, data_format):
    arguments = ranges | {"data_format": data_format}
    ours, theirs = ImageDataGenerator(**arguments, legacy=True), Keras(**arguments)
    shape = (3, 37, 50) if data_format == "channels_first" else (37, 50, 3)
    for seed in range(12):
        assert ours.get_random_transform(shape, seed) == theirs.get_random_transform(shape, seed)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8"])
@pytest.mark.parametrize("legacy", [False, True])
def test_batches_have_the_type_of_keras(dtype, legacy):
    images = np.stack([smooth(3, seed) for seed in range(3)])
    theirs = Keras(dtype=dtype).flow(images, batch_size=3, shuffle=False)[0]
    ours = ImageDataGenerator(dtype=dtype, legacy=legacy).flow(images, batch_size=3, shuffle=False)
    assert ours[0].dtype == theirs.dtype
    np.testing.assert_array_equal(ours[0], theirs)


# ------------------------------------------------------------------------------------------- files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of every kind that Keras reads: two classes, one of them with the odd ones."""
    root = tmp_path_factory.mktemp("kinds")
    for name in ("plain", "odd"):
        (root / name).mkdir()
    number = iter(range(100))

    def save(name, channels, mode=None, **options):
        pixels = smooth(channels, next(number), 21, 30)
        image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        (image.convert(mode) if mode else image).save(root / name, **options)

    for ending in ("png", "JPG", "bmp", "ppm", "tiff", "jpeg"):
        save(f"plain/rgb.{ending}", 3)
    save("plain/gray.png", 1)
    save("plain/palette.png", 3, "P")
    save("plain/rgba.png", 4)
    save("odd/gray_alpha.png", 1, "LA")
    save("odd/bit.png", 1, "1")
    save("odd/cmyk.jpg", 3, "CMYK")
    turned = Image.Exif()
    turned[0x0112] = 6
    save("odd/turned.jpg", 3, exif=turned)
    deep = smooth(1, 99, 21, 30)[..., 0].astype(np.uint16) * 257
    Image.fromarray(deep).save(root / "odd" / "deep.png")
    return root


def both(method, source, flow, legacy=False, **arguments):
    """Our iterator and that of Keras."""
    ours = ImageDataGenerator(**arguments, legacy=legacy, threads=0)
    flow = {"target_size": (16, 20), "batch_size": 20, "shuffle": False} | flow
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # files that are not there
        return [
            getattr(generator, method)(source, **flow) for generator in (ours, Keras(**arguments))
        ]


def assert_same(ours, theirs, atol=0):
    assert ours.filenames == theirs.filenames
    assert len(ours) == len(theirs)
    for index in range(len(ours)):
        mine, keras_own = (keras.tree.flatten(flow[index]) for flow in (ours, theirs))
        for a, b in zip(mine, keras_own, strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            np.testing.assert_allclose(a, b, atol=atol)


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale", "rgba"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("interpolation", ["nearest", "bicubic", "box"])
@pytest.mark.parametrize("keeps", [False, True])
def test_legacy_reads_every_kind_of_file_as_keras(
    folder, color_mode, data_format, interpolation, keeps
):
    flow = {"color_mode": color_mode, "interpolation": interpolation, "keep_aspect_ratio": keeps}
    assert_same(*both("flow_from_directory", folder, flow, True, data_format=data_format))


@pytest.mark.parametrize("color_mode", ["rgb", "rgba"])
def test_plain_files_are_read_as_keras_reads_them_but_for_the_jpeg_decoder(folder, color_mode):
    flow = {"color_mode": color_mode, "classes": ["plain"], "class_mode": None}
    assert_same(*both("flow_from_directory", folder, flow), atol=3)


def test_where_keras_misreads_files_the_default_does_not(folder):
    """Turned photos stand upright, and 16 bits are not cut at 255."""
    flow = {"classes": ["odd"], "class_mode": None, "target_size": (30, 30)}
    ours, theirs = both("flow_from_directory", folder, flow)
    names = [name.partition("/")[2] for name in ours.filenames]
    own, old = (dict(zip(names, batch[0])) for batch in (ours, theirs))
    upright = np.rot90(old["turned.jpg"], -1)
    assert np.abs(own["turned.jpg"] - upright).mean() < 12  # 21 x 30 scaled another way round
    deep = smooth(1, 99, 21, 30)
    assert own["deep.png"].min() <= deep.min() + 1
    assert old["deep.png"].min() == 255
    for name in ("gray_alpha.png", "bit.png", "cmyk.jpg"):
        np.testing.assert_allclose(own[name], old[name], atol=3)


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale", "rgba"])
@pytest.mark.parametrize("save_format", ["png", "bmp", "jpg"])
@pytest.mark.parametrize("rescale", [None, 1 / 255])
def test_saved_files_have_the_names_and_pixels_of_keras(
    folder, tmp_path, color_mode, save_format, rescale
):
    if color_mode == "rgba" and save_format != "png":
        pytest.skip("no alpha in it")
    written = []
    for place, number in (("ours", 0), ("theirs", 1)):
        (tmp_path / place).mkdir()
        flow = {"color_mode": color_mode, "classes": ["plain"], "batch_size": 4}
        flow |= {"save_to_dir": tmp_path / place, "save_prefix": "new", "save_format": save_format}
        iterator = both("flow_from_directory", folder, flow, True, rescale=rescale)[number]
        for index in range(len(iterator)):
            iterator[index]
        files = {path.name.rsplit("_", 1)[0]: path for path in (tmp_path / place).iterdir()}
        assert all(path.suffix == f".{save_format}" for path in files.values())
        written.append(files)
    assert written[0].keys() == written[1].keys() == {f"new_{number}" for number in range(9)}
    for name, path in written[0].items():
        a, b = (cv2.imread(str(p), -1).astype(int) for p in (path, written[1][name]))
        assert a.shape == b.shape
        if save_format != "jpg":  # Keras stretches each image to 0 to 255, and ours is as it is
            stretched = (a - a.min()) * (255 / (a.max() - a.min()))
            np.testing.assert_allclose(stretched, b, atol=1)


# ------------------------------------------------------------------------------------------ frames


def table(folder):
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("plain/*.*"))
    count = len(names)
    return pd.DataFrame(
        {
            "path": names,
            "absolute": [str(folder / name) for name in names],
            "class": [("x", "y", "z")[number % 3] for number in range(count)],
            "text": [f"text {number}" for number in range(count)],
            "age": np.arange(count),
            "height": np.linspace(0, 1, count, dtype=np.float32),
            "weight": np.linspace(1, 2, count),
        }
    )


FRAMES = (
    {"x_col": "path"},
    {"x_col": "absolute", "directory": None},
    {"x_col": "path", "validate_filenames": False},
    {"x_col": "path", "interpolation": "lanczos"},
    {"x_col": "path", "color_mode": "grayscale", "class_mode": "sparse"},
    {"x_col": "path", "color_mode": "rgba", "class_mode": "input"},
    {"x_col": "path", "class_mode": "raw", "y_col": "text"},
    {"x_col": "path", "class_mode": "raw", "y_col": "height", "weight_col": "weight"},
    {"x_col": "path", "class_mode": "raw", "y_col": ["age", "height"]},
    {"x_col": "path", "class_mode": "multi_output", "y_col": ["class", "height"]},
    {"x_col": "path", "class_mode": "multi_output", "y_col": ["age"], "weight_col": "weight"},
    {"x_col": "path", "classes": ["z", "x"], "weight_col": "weight"},
    {"x_col": "path", "class_mode": None, "batch_size": 4},
)


@pytest.mark.parametrize("subset", [None, "training", "validation"])
@pytest.mark.parametrize("flow", FRAMES, ids=str)
def test_legacy_reads_tables_as_keras(folder, flow, subset):
    flow = {"directory": str(folder), "subset": subset} | flow
    ours, theirs = both("flow_from_dataframe", table(folder), flow, True, validation_split=0.4)
    assert ours.filepaths == theirs.filepaths
    if ours.class_mode in ("categorical", "sparse"):
        assert ours.class_indices == theirs.class_indices
    for index in range(len(ours)):
        mine, keras_own = (keras.tree.flatten(iterator[index]) for iterator in (ours, theirs))
        for a, b in zip(mine, keras_own, strict=True):
            assert a.shape == b.shape
            assert a.dtype == b.dtype or a.dtype.kind == "U"  # Keras gives what pandas has
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("method", ["flow_from_directory", "flow_from_dataframe"])
def test_shuffled_epochs_hold_each_file_once(folder, method):
    source = table(folder) if method == "flow_from_dataframe" else folder
    more = {"directory": folder, "x_col": "path"} if method == "flow_from_dataframe" else {}
    flow = {"shuffle": True, "seed": 3, "class_mode": "sparse", "batch_size": 4} | more
    ours, theirs = both(method, source, flow)
    for _ in range(2):
        for iterator in (ours, theirs):
            labels = np.concatenate([next(iterator)[1] for _ in range(len(iterator))])
            assert sorted(labels) == sorted(iterator.classes)
