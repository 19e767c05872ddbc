"""Domain adaptation against NumPy's FFT, scikit-image's formula and analytic moments."""

import json
import pickle

import cv2
import numpy as np
import pytest
from cases import photo

import probaug as A
from probaug.transforms.domain import read_rgb_image

CLASSES = (A.FDA, A.HistogramMatching, A.PixelDistributionAdaptation)
SOFT = photo(60, 80) // 2 + 40  # so that nothing is clipped


def adapted(cls, image, reference, **settings):
    transform = cls(p=1, **settings)
    return transform(image=image, **{transform.metadata_key: [reference]})["image"]


def fda_by_numpy(image, reference, beta):
    """Yang and Soatto, section 3: amplitudes within beta of the centre of the shifted spectrum."""
    height, width = image.shape[:2]
    reach = int(min(height, width) * beta)
    result = np.empty(image.shape)
    for c in range(image.shape[2]):
        mine, theirs = (np.fft.fftshift(np.fft.fft2(i[..., c])) for i in (image, reference))
        size, y, x = np.abs(mine), height // 2, width // 2
        window = np.s_[y - reach : y + reach + 1, x - reach : x + reach + 1]
        size[window] = np.abs(theirs)[window]
        changed = np.fft.ifftshift(size * np.exp(1j * np.angle(mine)))
        result[..., c] = np.fft.ifft2(changed).real
    return result


@pytest.mark.parametrize("beta", [0.02, 0.1, 0.3, 0.48])
@pytest.mark.parametrize("shape", [(64, 80), (51, 75)])
def test_fda_is_the_published_formula(beta, shape):
    image, reference = photo(*shape), photo(*shape, seed=1)
    want = np.rint(fda_by_numpy(image, reference, beta).clip(0, 255))
    got = adapted(A.FDA, image, reference, beta_limit=(beta, beta))
    assert np.abs(got - want).max() <= 1
    assert np.abs(got.astype(int) - image).mean() > 2


def test_fda_scales_the_reference():
    image, reference = photo(64, 80), photo(90, 50, seed=1)
    got = adapted(A.FDA, image, reference, beta_limit=(0.1, 0.1))
    scaled = cv2.resize(reference, (80, 64))
    np.testing.assert_array_equal(got, adapted(A.FDA, image, scaled, beta_limit=(0.1, 0.1)))


def test_fda_with_itself_and_below_one_cycle_changes_nothing():
    image = photo()
    assert np.abs(adapted(A.FDA, image, image).astype(int) - image).max() <= 1
    assert adapted(A.FDA, image, photo(seed=1), beta_limit=(0.005, 0.005)) is image
    assert adapted(A.FDA, image, photo(seed=1), beta_limit=0) is image


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_histograms_are_matched_as_in_scikit_image(dtype):
    """match_histograms: np.interp of the source's quantiles in the template's."""
    image, reference = photo(dtype=dtype), photo(50, 70, dtype=dtype, seed=1)
    got = adapted(A.HistogramMatching, image, reference, blend_ratio=(1, 1))
    for c in range(3):
        _, places, counts = np.unique(image[..., c], return_inverse=True, return_counts=True)
        values, theirs = np.unique(reference[..., c], return_counts=True)
        parts = np.cumsum(counts) / image[..., c].size
        want = np.interp(parts, np.cumsum(theirs) / reference[..., c].size, values)[places]
        np.testing.assert_array_equal(got[..., c], np.rint(want).reshape(image.shape[:2]))


def test_histogram_matching_blends_and_leaves_itself_alone():
    image, reference = photo(), photo(seed=1)
    np.testing.assert_array_equal(
        adapted(A.HistogramMatching, image, image, blend_ratio=(1, 1)), image
    )
    whole = adapted(A.HistogramMatching, image, reference, blend_ratio=(1, 1)).astype(float)
    half = adapted(A.HistogramMatching, image, reference, blend_ratio=(0.5, 0.5))
    assert np.abs(half - (whole + image) / 2).max() <= 1
    assert adapted(A.HistogramMatching, image, reference, blend_ratio=(0, 0)) is image


def test_float_histograms_are_not_8_bit_ones():
    rng = np.random.default_rng(0)
    image = rng.random((60, 60, 3), np.float32) * np.float32(0.5)
    reference = rng.random((60, 60, 3), np.float32)
    got = adapted(A.HistogramMatching, image, reference, blend_ratio=(1, 1))
    assert len(np.unique(got[..., 0])) > 3000
    order = np.argsort(image[..., 0].ravel())
    want = np.sort(reference[..., 0].ravel())
    assert np.abs(got[..., 0].ravel()[order] - want).max() < 2e-3


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_pixel_distribution_takes_over_the_moments(kind):
    reference = photo(50, 70, seed=1) // 3 + 60
    got = adapted(
        A.PixelDistributionAdaptation, SOFT, reference, blend_ratio=(1, 1), transform_type=kind
    )
    if kind == "standard":
        assert np.abs(got.mean((0, 1)) - reference.mean((0, 1))).max() < 0.6
        assert np.abs(got.std((0, 1)) - reference.std((0, 1))).max() < 0.6
    else:
        np.testing.assert_array_equal(got.max((0, 1)), reference.max((0, 1)))
        np.testing.assert_array_equal(got.min((0, 1)), reference.min((0, 1)))


def test_pca_turns_axes_into_axes():
    """By NumPy's SVD: the mean and the axes are the reference's, variances along them stay."""
    rng = np.random.default_rng(3)
    spread = rng.normal(size=(2, 4000, 3)) * (30, 12, 4)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    image = (spread[0] / 255 + 0.5).astype(np.float32).clip(0, 1).reshape(50, 80, 3)
    reference = (spread[1] @ turn.T / 255 + 0.4).astype(np.float32).clip(0, 1).reshape(80, 50, 3)
    got = adapted(A.PixelDistributionAdaptation, image, reference, blend_ratio=(1, 1))
    assert np.abs(got.mean((0, 1)) - reference.mean((0, 1))).max() < 2e-3
    mine = np.linalg.svd(got.reshape(-1, 3) - got.mean((0, 1)), full_matrices=False)
    theirs = np.linalg.svd(reference.reshape(-1, 3) - reference.mean((0, 1)), full_matrices=False)
    assert (np.abs((mine[2] * theirs[2]).sum(axis=1)) > 0.999).all()
    source = np.linalg.svd(image.reshape(-1, 3) - image.mean((0, 1)), full_matrices=False)
    np.testing.assert_allclose(mine[1], source[1], rtol=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_pca_never_inverts_and_is_not_black_as_in_2_0_8(seed):
    reference = photo(seed=seed + 1)
    got = adapted(A.PixelDistributionAdaptation, SOFT, reference, blend_ratio=(1, 1))
    assert got.std() > 10
    gray = [image.astype(float).mean(axis=2).ravel() for image in (got, SOFT)]
    assert np.corrcoef(*gray)[0, 1] > 0


def test_a_flat_image_becomes_the_mean_of_the_reference():
    flat, reference = np.full((20, 30, 3), 90, np.uint8), photo(seed=1)
    for kind in ("standard", "pca"):
        got = adapted(
            A.PixelDistributionAdaptation, flat, reference, blend_ratio=(1, 1), transform_type=kind
        )
        assert np.abs(got - reference.mean((0, 1))).max() < 1


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("channels", [None, 1, 3, 5])
def test_references_of_other_dtypes_and_axes_are_converted(cls, channels):
    image = photo(channels=channels)
    want = adapted(cls, image, photo(channels=channels, seed=1))
    for dtype in ("uint16", "float32"):
        reference = photo(channels=channels, dtype=dtype, seed=1)
        if channels == 1:
            reference = reference[..., 0]
        transform = cls(p=1)
        one = {transform.metadata_key: [photo(channels=channels, seed=1)]}
        other = {transform.metadata_key: [reference]}
        got, want = (transform(image=image, **m, key=(0, 0, 4))["image"] for m in (other, one))
        assert got.shape == image.shape
        assert np.abs(got.astype(int) - want).mean() < 2


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (np.zeros((9, 9), np.uint8), "must have 3 channels, as the image"),
        (np.full((9, 9, 3), 200, np.float32), r"floats within \[0, 1\]"),
        (np.zeros((9, 9, 3), np.int32), "a reference image must be"),
    ],
)
def test_references_that_do_not_fit_are_an_error(cls, reference, words):
    with pytest.raises(ValueError, match=f"{cls.__name__}: .*{words}"):
        adapted(cls, photo(), reference)


@pytest.mark.parametrize("cls", CLASSES)
def test_references_are_needed(cls):
    transform = cls(p=1)
    with pytest.raises(ValueError, match=f"{cls.__name__} needs '{transform.metadata_key}'"):
        transform(image=photo())
    with pytest.raises(ValueError, match="needs at least one reference image"):
        transform(image=photo(), **{transform.metadata_key: []})


@pytest.mark.parametrize("cls", CLASSES)
def test_one_array_is_one_image_and_a_stack_several(cls):
    transform, image = cls(p=1), photo()
    key = transform.metadata_key
    alone = transform(image=image, **{key: photo(seed=1)}, key=(0, 0, 1))["image"]
    listed = transform(image=image, **{key: [photo(seed=1)]}, key=(0, 0, 1))["image"]
    stacked = transform(image=image, **{key: np.stack([photo(seed=1)])}, key=(0, 0, 1))["image"]
    np.testing.assert_array_equal(alone, listed)
    np.testing.assert_array_equal(alone, stacked)


@pytest.mark.parametrize("cls", CLASSES)
def test_paths_are_read_and_saved_and_images_are_not(cls, tmp_path):
    path = tmp_path / "référence.png"
    reference = photo(seed=1)
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(reference, cv2.COLOR_RGB2BGR))[1])
    np.testing.assert_array_equal(read_rgb_image(path), reference)
    image = photo()
    by_path = cls([path], p=1)
    by_array = cls([reference], p=1)
    by_function = cls([7], read_fn=lambda item: reference, p=1)
    want = by_array(image=image, key=(0, 0, 2))["image"]
    for transform in (by_path, by_function, pickle.loads(pickle.dumps(by_path))):
        np.testing.assert_array_equal(transform(image=image, key=(0, 0, 2))["image"], want)
    assert A.from_dict(json.loads(json.dumps(A.to_dict(by_path)))) == by_path
    for transform in (by_array, by_function):
        with pytest.raises(NotImplementedError, match="reference images must be paths"):
            A.to_dict(transform)
    replayed = A.ReplayCompose([by_array])(image=image, key=(0, 0, 2))
    again = A.ReplayCompose.replay(replayed["replay"], image=image)
    np.testing.assert_array_equal(again["image"], replayed["image"])


def test_a_file_that_is_no_image_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no image")
    with pytest.raises(ValueError, match=r"notes\.txt' is no image"):
        A.FDA([path], p=1)(image=photo())
    with pytest.raises(FileNotFoundError):
        A.FDA([tmp_path / "missing.png"], p=1)(image=photo())


@pytest.mark.parametrize("cls", CLASSES)
def test_small_references_keep_their_values(cls):
    """Arrays of a few values are kept as tuples, which have no dtype."""
    small = photo(3, 4, seed=1)
    transform = cls([small], p=1)
    by_call = cls(p=1)
    got = transform(image=SOFT, key=(0, 0, 1))["image"]
    want = by_call(image=SOFT, **{by_call.metadata_key: [small]}, key=(0, 0, 1))["image"]
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("cls", CLASSES)
def test_strict_pipelines_know_the_references(cls):
    transform = cls(p=1)
    pipe = A.Compose([transform], strict=True)
    assert pipe(image=photo(), **{transform.metadata_key: [photo(seed=1)]})["image"].shape
