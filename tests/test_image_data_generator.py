"""`ImageDataGenerator` on arrays: Keras' own is the oracle, and where it is wrong, geometry is."""

import pickle
import sys
import warnings

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")
pytest.importorskip("tensorflow")

import keras
import scipy.ndimage
from keras_helpers import bytes_of, listener, photos

import probaug
from probaug.adapters.image_data_generator import ImageDataGenerator, Iterator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tensorflow.keras.preprocessing.image import ImageDataGenerator as Keras

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # how Keras calls SciPy

MODES = ("nearest", "constant", "reflect", "wrap", "mirror")
MODES += ("grid-constant", "grid-mirror", "grid-wrap")
EVERYTHING = {
    "rotation_range": 25,
    "width_shift_range": 0.2,
    "height_shift_range": [3, 5],
    "shear_range": 15,
    "zoom_range": (0.7, 1.2),
    "channel_shift_range": 20,
    "brightness_range": (0.6, 1.4),
    "horizontal_flip": True,
    "vertical_flip": True,
}


def wide(dtype=np.float32):
    """A smooth image that is not square, (37, 50, 3)."""
    coarse = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return cv2.resize(coarse, (50, 37), interpolation=cv2.INTER_LINEAR).astype(dtype)


def spot(y, x, shape=(21, 41)):
    image = np.zeros((*shape, 1), np.float32)
    image[y, x] = 255
    return image


def where(image):
    return tuple(int(at) for at in np.unravel_index(image.argmax(), image.shape[:2]))


def random_params(rng):
    names = ("theta", "tx", "ty", "shear")
    limits = (180, 20, 20, 45)
    params = {n: rng.uniform(-m, m) for n, m in zip(names, limits) if rng.random() < 0.7}
    params |= {name: rng.uniform(0.4, 1.8) for name in ("zx", "zy") if rng.random() < 0.7}
    params |= {f"flip_{way}": bool(rng.random() < 0.5) for way in ("horizontal", "vertical")}
    params["channel_shift_intensity"] = rng.uniform(-60, 60) if rng.random() < 0.5 else None
    params["brightness"] = rng.uniform(0.3, 1.7) if rng.random() < 0.5 else None
    return params


def off_by_more_than_one(mode, count, seed):
    rng = np.random.default_rng(seed)
    image, off = wide(), 0.0
    for number in range(count):
        arguments = {"fill_mode": mode, "cval": 9.0, "interpolation_order": number % 6}
        params = random_params(rng)
        theirs = Keras(**arguments).apply_transform(image.copy(), params)
        ours = ImageDataGenerator(**arguments, legacy=True).apply_transform(image, params)
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        off += (np.abs(theirs - ours) > 1).mean() / count
    return off


@pytest.mark.parametrize("mode", MODES)
def test_legacy_gives_the_pixels_of_keras_for_200_dicts(mode):
    assert off_by_more_than_one(mode, 200, seed=2) <= 0.001


@pytest.mark.parametrize("seed", range(8))
def test_legacy_draws_what_keras_draws_from_a_seed(seed):
    ours, theirs = ImageDataGenerator(**EVERYTHING, legacy=True), Keras(**EVERYTHING)
    shape = (37, 50, 3)
    assert ours.get_random_transform(shape, seed) == theirs.get_random_transform(shape, seed)
    given = ours.random_transform(wide(), seed)
    np.testing.assert_allclose(given, theirs.random_transform(wide(), seed), atol=1)


@pytest.mark.parametrize("legacy", [False, True])
def test_draws_fill_the_ranges_of_keras(legacy):
    ours, theirs = ImageDataGenerator(**EVERYTHING, legacy=legacy), Keras(**EVERYTHING)
    draws = [
        [generator.get_random_transform((100, 200, 3), seed) for seed in range(300)]
        for generator in (ours, theirs)
    ]
    swap = {} if legacy else {"tx": "ty", "ty": "tx"}
    for name in draws[0][0]:
        mine = np.array([draw[name] for draw in draws[0]], float)
        keras_own = np.array([draw[swap.get(name, name)] for draw in draws[1]], float)
        spread = np.ptp(keras_own)
        np.testing.assert_allclose(mine.min(), keras_own.min(), atol=0.05 * spread)
        np.testing.assert_allclose(mine.max(), keras_own.max(), atol=0.05 * spread)
        np.testing.assert_allclose(mine.mean(), keras_own.mean(), atol=0.1 * spread)


def test_square_images_turn_as_in_keras():
    """There the centre is not wrong, and only rounding and the edge of "constant" differ."""
    image = wide()[:37, :37]
    params = {"theta": 17, "shear": 8, "zx": 0.9, "zy": 1.1, "tx": 2.4, "ty": -3.1}
    for mode in ("nearest", "reflect"):
        theirs = Keras(fill_mode=mode).apply_transform(image.copy(), params)
        ours = ImageDataGenerator(fill_mode=mode).apply_transform(image, params)
        np.testing.assert_allclose(ours, theirs, atol=0.1)


def test_width_shift_moves_columns_and_height_shift_rows():
    """Keras mixes the axes up."""
    across = ImageDataGenerator(width_shift_range=[3]).random_transform(spot(10, 20), 1)
    down = ImageDataGenerator(height_shift_range=[3]).random_transform(spot(10, 20), 1)
    assert where(across) in ((10, 17), (10, 23))
    assert where(down) in ((7, 20), (13, 20))
    theirs = Keras(height_shift_range=[3]).random_transform(spot(10, 20), 1)
    assert where(theirs) in ((10, 17), (10, 23))


@pytest.mark.parametrize("params", [{"theta": 90}, {"theta": 180}, {"zx": 0.5, "zy": 0.5}])
def test_the_centre_of_an_image_that_is_not_square_stays(params):
    ours = ImageDataGenerator().apply_transform(spot(10, 20), params)
    assert where(ours) == (10, 20)


def test_a_list_of_negative_shifts_counts_pixels():
    """Keras multiplies [-50, -20] by the width, because their largest is below 1."""
    draws = [
        ImageDataGenerator(width_shift_range=[-50, -20]).get_random_transform((100, 200, 3), seed)
        for seed in range(20)
    ]
    assert {abs(draw["tx"]) for draw in draws} == {20, 50}


def test_brightness_keeps_floats_of_0_to_1():
    """Keras turns them into zeros, through 8 bits."""
    image = wide() / 255
    bright = ImageDataGenerator().apply_transform(image, {"brightness": 1.3})
    np.testing.assert_allclose(bright, np.clip(image * 1.3, 0, 1), atol=1e-6)
    assert Keras().apply_transform(image.copy(), {"brightness": 1.3}).max() <= 1.0


def test_brightness_and_channel_shift_match_numpy():
    image = wide()
    both = {"channel_shift_intensity": 30.0, "brightness": 0.7}
    expected = np.clip(np.clip(image + 30, image.min(), image.max()) * 0.7, 0, 255)
    np.testing.assert_allclose(ImageDataGenerator().apply_transform(image, both), expected)
    whole = ImageDataGenerator().apply_transform(image.astype(np.uint8), both)
    assert whole.dtype == np.uint8
    np.testing.assert_allclose(whole, expected, atol=0.51)


def test_wrap_tiles():
    """SciPy's own "wrap", which Keras has, repeats 0 1 2 3 4 as 3 4 1 2 3."""
    row = np.arange(5, dtype=np.float32).reshape(1, 5, 1).repeat(4, axis=0)
    given = ImageDataGenerator(fill_mode="wrap").apply_transform(row, {"tx": 3})
    expected = scipy.ndimage.shift(row[0, :, 0], -3, order=1, mode="grid-wrap")
    np.testing.assert_allclose(given[0, :, 0], expected)


def test_two_generators_of_one_seed_stay_in_step():
    """In Keras one more effect in one of them sets the two apart from the second sample on."""
    images = photos(12)
    plain = {"rotation_range": 40, "zoom_range": 0.3, "fill_mode": "reflect"}
    dark = ImageDataGenerator(**plain, brightness_range=(0.5, 0.5), channel_shift_range=0)
    first = ImageDataGenerator(**plain).flow(images, batch_size=4, seed=3, threads=0)
    second = dark.flow(images, batch_size=4, seed=3, threads=0)
    for _ in range(5):
        a, b = next(first), next(second)
        np.testing.assert_allclose(a / 2, b, atol=1)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64, np.uint16])
def test_flow_without_effects_gives_what_keras_gives(dtype, first):
    images = photos(7).astype(dtype)
    arguments = {"rescale": 1 / 255, "samplewise_center": True}
    arguments["samplewise_std_normalization"] = True
    if first:
        images = images.transpose(0, 3, 1, 2)
        arguments["data_format"] = "channels_first"
    labels, weights = np.arange(7), np.linspace(0, 1, 7)
    flows = [
        generator(**arguments).flow(
            images, labels, batch_size=3, shuffle=False, sample_weight=weights
        )
        for generator in (ImageDataGenerator, Keras)
    ]
    assert len(flows[0]) == len(flows[1]) == 3
    for index in range(3):
        for mine, theirs in zip(flows[0][index], flows[1][index], strict=True):
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine, theirs, atol=1e-5)


@pytest.mark.parametrize("subset", ["training", "validation"])
def test_subsets_are_those_of_keras_or_of_the_other_end(subset):
    images, labels = photos(11), np.arange(11) % 2
    flows = [
        generator(validation_split=0.4).flow(images, labels, 11, shuffle=False, subset=subset)
        for generator in (ImageDataGenerator, Keras)
    ]
    np.testing.assert_array_equal(flows[0][0][1], flows[1][0][1])
    np.testing.assert_array_equal(flows[0][0][0], flows[1][0][0])
    tail = ImageDataGenerator(validation_split=0.25, validation_end="tail")
    numbers = tail.flow(images, np.arange(11), 11, False, subset=subset, ignore_class_split=True)
    expected = range(8, 11) if subset == "validation" else range(8)
    assert numbers[0][1].tolist() == [*expected]
    with pytest.raises(ValueError, match="different classes"):
        tail.flow(images, np.arange(11), subset=subset)


@pytest.mark.parametrize("whitening", [False, True])
def test_fit_learns_what_keras_learns(whitening):
    images = photos(40, size=4).astype(np.float32)
    arguments = {"featurewise_center": True, "rescale": 1 / 255}
    name = "zca_whitening" if whitening else "featurewise_std_normalization"
    arguments[name] = True
    ours, theirs = ImageDataGenerator(**arguments), Keras(**arguments)
    ours.fit(images)
    theirs.fit(images)
    np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-5)
    if whitening:
        matrix = theirs.zca_whitening_matrix
        np.testing.assert_allclose(ours.zca_whitening_matrix, matrix, atol=1e-2)
    mine, keras_own = ours.standardize(images[:5] + 0), theirs.standardize(images[:5] + 0)
    np.testing.assert_allclose(mine, keras_own, atol=2e-3)
    two_steps = ImageDataGenerator(**arguments)
    two_steps.fit(images[:10])
    theirs.fit(images[:10])
    expected = theirs.standardize(images[:5] + 0)
    np.testing.assert_allclose(two_steps.standardize(images[:5] + 0), expected, atol=2e-2)


def test_fit_sees_what_the_model_sees():
    """Keras' statistics are those of images before preprocessing_function."""
    images = photos(20)
    ours = ImageDataGenerator(
        featurewise_center=True,
        featurewise_std_normalization=True,
        preprocessing_function=lambda image: image / 127.5 - 1,
    )
    ours.fit(images)
    batch = ours.flow(images, batch_size=20, shuffle=False)[0]
    np.testing.assert_allclose(batch.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(batch.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_p_is_the_chance_of_each_effect():
    def share(p, name, still):
        generator = ImageDataGenerator(**EVERYTHING, p=p)
        draws = [generator.get_random_transform((50, 50, 3), seed)[name] for seed in range(400)]
        return np.mean([draw != still for draw in draws])

    assert abs(share(0.3, "theta", 0) - 0.3) < 0.08
    assert abs(share(0.3, "flip_horizontal", False) - 0.3) < 0.08
    assert abs(share({"zoom_range": 0.2}, "zx", 1) - 0.2) < 0.08
    assert share({"zoom_range": 0.2}, "brightness", None) == 1
    assert abs(share(None, "flip_vertical", False) - 0.5) < 0.08
    assert share(0, "channel_shift_intensity", None) == 0


def test_pipeline_runs_after_the_effects_and_before_rescaling():
    images = photos(6)
    pipeline = probaug.Compose([probaug.InvertImg(p=1), probaug.HorizontalFlip(p=1)])
    for given in (images, images.astype(np.float32)):
        generator = ImageDataGenerator(rescale=1 / 255, pipeline=pipeline)
        batch = generator.flow(given, batch_size=6, shuffle=False)[0]
        np.testing.assert_allclose(batch, (255 - images[:, :, ::-1]) / 255, atol=1e-6)


def test_a_batch_depends_on_seed_epoch_and_number_alone():
    images, labels = photos(20), np.arange(20)
    arguments = {**EVERYTHING, "rescale": 1 / 255}

    def flow(threads):
        generator = ImageDataGenerator(**arguments, threads=threads)
        return generator.flow(images, labels, batch_size=6, seed=5)

    one, many = flow(0), flow(4)
    ahead = [next(many) for _ in range(8)]  # two epochs, in order
    for epoch in (1, 0):
        one.set_epoch(epoch)
        for index in (3, 0, 2, 1):
            assert bytes_of(one[index]) == bytes_of(ahead[4 * epoch + index])
    assert one.seed == 5
    assert bytes_of(ahead[0]) != bytes_of(ahead[4])
    copied = pickle.loads(pickle.dumps(many))
    copied.set_epoch(0)
    assert bytes_of(copied[2]) == bytes_of(ahead[2])
    many.close()


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("workers", [0, 1, 2, 8])
def test_training_sees_the_same_samples_with_any_number_of_workers(workers, several):
    """They are threads of the iterator; Keras is told of none."""
    images = np.zeros((11, 8, 8, 3), np.uint8)
    images[:, :, :, 0] = np.arange(11)[:, None, None]
    generator = ImageDataGenerator(channel_shift_range=0, threads=1)
    flow = generator.flow(images, np.zeros(11), batch_size=4, seed=2)
    flow.workers = workers
    flow.use_multiprocessing = several
    assert (flow.workers, flow.use_multiprocessing) == (1, False)
    assert (flow.threads, flow.processes) == (max(workers, several), 0)
    model = listener()
    model.fit(flow, epochs=2, shuffle=False, verbose=0)
    expected = []
    for epoch in range(2):
        flow.set_epoch(epoch)
        expected += flow.index_array.tolist()
    assert [number for number, _ in model.trained] == expected
    assert sorted(expected[:11]) == sorted(expected[11:]) == [*range(11)]
    assert expected[:11] != expected[11:]
    flow.close()


def test_an_epoch_ends_for_loops_but_not_for_looks():
    flow = ImageDataGenerator(threads=0).flow(photos(10), np.zeros(10), batch_size=3, seed=1)
    order = flow.index_array.tolist()
    for _ in [flow[index] for index in range(2)]:
        flow.on_epoch_end()
    assert flow.epoch == 0
    for _ in range(2):
        for index in (2, 0, 3, 1):
            flow[index]
        flow.on_epoch_end()
    assert flow.epoch == 2
    assert flow.index_array.tolist() != order
    for index in range(4):  # somebody looks at them, then trains
        flow[index]
    listener().fit(flow, epochs=1, verbose=0)
    assert flow.epoch == 3


def test_iterators_of_one_s_own_make_batches_of_numbers():
    class Numbers(Iterator):
        def _get_batches_of_transformed_samples(self, index_array):
            return index_array * 10

    numbers = Numbers(5, 2, False, None, workers=3, max_queue_size=4)
    numbers.workers = 4
    assert (numbers.workers, numbers.max_queue_size) == (1, 4)
    for epoch in range(2):
        assert numbers.epoch == epoch
        assert [numbers[index].tolist() for index in range(3)] == [[0, 10], [20, 30], [40]]
        numbers.on_epoch_end()
    with pytest.raises(ValueError, match=r"Numbers\.workers must be a whole number >= 0, got -1"):
        numbers.workers = -1


def test_iterators_have_the_attributes_of_keras():
    images, labels = photos(10), np.arange(10)
    ours = ImageDataGenerator().flow(images, labels, batch_size=4, shuffle=False, seed=1)
    theirs = Keras().flow(images, labels, batch_size=4, shuffle=False, seed=1)
    assert isinstance(ours, keras.utils.PyDataset)
    seen = []
    for flow in (ours, theirs):
        pulled = [next(flow)[1].tolist() for _ in range(4)]
        state = [flow.n, flow.batch_size, flow.shuffle, flow.seed, flow.batch_index, len(flow)]
        chosen = next(flow.index_generator).tolist()
        flow.reset()
        after = next(flow)[1].tolist()
        batch = flow._get_batches_of_transformed_samples(np.array([7, 2]))
        order = flow.index_array.tolist()
        seen.append(
            (pulled, state, flow.total_batches_seen, chosen, after, order, batch[1].tolist())
        )
    assert seen[0] == seen[1]
    with pytest.raises(IndexError):
        ours[3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fill_mode": "mirrored"}, "fill_mode must be one of"),
        ({"zoom_range": 1.5}, "zoom_range must be above 0"),
        ({"rotation_range": -3}, "rotation_range must be a number >= 0"),
        ({"width_shift_range": "0.1"}, "width_shift_range must be"),
        ({"brightness_range": 0.3}, "brightness_range must be a pair"),
        ({"interpolation_order": 6}, "interpolation_order must be 0 to 5"),
        ({"validation_split": 1.5}, "validation_split must be between"),
        ({"validation_end": "middle"}, "validation_end must be one of"),
        ({"p": {"zoom": 0.5}}, "p must be given for rotation_range"),
        ({"p": 1.5}, r"p must be a number in \[0, 1\]"),
        ({"dtype": "uint8", "rescale": 0.5}, "dtype must be a float"),
        ({"legacy": True, "pipeline": probaug.InvertImg()}, "pipeline must be None"),
    ],
)
def test_wrong_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=f"ImageDataGenerator.{words}"):
        ImageDataGenerator(**arguments)


@pytest.mark.parametrize("missing", ["scipy.ndimage", "PIL.Image"])
def test_legacy_says_what_it_needs(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    ImageDataGenerator(rotation_range=10)
    with pytest.raises(ImportError, match=r"pip install \"probaug\[legacy\]\""):
        ImageDataGenerator(rotation_range=10, legacy=True)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 9, 1), (9, 1, 2), (8, 9, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_any_size_and_number_of_channels_works(shape, dtype):
    images = np.full((3, *shape), 100, dtype)
    images[:, 0, 0] = 99
    batch = ImageDataGenerator(**EVERYTHING | {"height_shift_range": 0.2}).flow(images, seed=1)[0]
    assert batch.shape == images.shape
    assert batch.dtype == np.float32
    assert np.isfinite(batch).all()
    assert (images[:, 0, 0] == 99).all()
