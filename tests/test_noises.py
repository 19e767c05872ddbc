"""Noise of many laws against SciPy's distributions and published formulas."""

import cv2
import numpy as np
import pytest
from scipy import stats

import probaug as A

KEY = (0, 0, 0)
WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
every_dtype = pytest.mark.parametrize("dtype", WHITE)


def flat(value, dtype="float32", shape=(300, 200, 3)):
    white = WHITE[dtype]
    return np.full(shape, value * white if dtype == "float32" else round(value * white), dtype)


def noise_of(transform, image, key=0):
    result = transform(image=image, key=(0, 0, key))["image"]
    assert result.dtype == image.dtype
    assert result.shape == image.shape
    return (result.astype(float) - image) / WHITE[image.dtype.name]


ADDED = {
    "uniform": ({"ranges": [(-0.1, 0.2)]}, stats.uniform(-0.1, 0.3)),
    "gaussian": ({"mean_range": (0.1, 0.1), "std_range": (0.05, 0.05)}, stats.norm(0.1, 0.05)),
    "laplace": ({"mean_range": (0, 0), "scale_range": (0.02, 0.02)}, stats.laplace(0, 0.02)),
    "beta": (
        {"alpha_range": (2, 2), "beta_range": (3, 3), "scale_range": (0.4, 0.4)},
        stats.beta(2, 3, loc=-0.4, scale=0.8),
    ),
}


class TestAdditiveNoise:
    @every_dtype
    @pytest.mark.parametrize("law", ADDED)
    @pytest.mark.parametrize("mode", ["per_pixel", "shared"])
    def test_pixels_follow_the_law(self, law, mode, dtype):
        params, wanted = ADDED[law]
        noise = noise_of(A.AdditiveNoise(law, mode, params, p=1), flat(0.5, dtype))
        assert (noise == noise[..., :1]).all() == (mode == "shared")
        assert noise.mean() == pytest.approx(wanted.mean(), abs=0.004)
        assert noise.std() == pytest.approx(wanted.std(), rel=0.02)
        if dtype != "uint8":
            distance = stats.kstest(noise[..., 0].ravel(), wanted.cdf).statistic
            assert distance < 0.01  # 60000 pixels, and a law that is itself 65536 draws

    @every_dtype
    @pytest.mark.parametrize("law", ADDED)
    def test_constants_follow_the_law(self, law, dtype):
        params, wanted = ADDED[law]
        t = A.AdditiveNoise(law, "constant", params, p=1)
        values = []
        for key in range(150):
            noise = noise_of(t, flat(0.5, dtype, (2, 3, 3)), key)
            assert np.ptp(noise, axis=(0, 1)).max() < 1e-6
            values += noise[0, 0].tolist()
        assert stats.kstest(values, wanted.cdf).pvalue > 1e-3
        assert abs(np.corrcoef(np.reshape(values, (-1, 3)).T)[0, 1]) < 0.3

    @pytest.mark.parametrize("mode", ["constant", "per_pixel"])
    @every_dtype
    def test_each_channel_may_have_its_own_range(self, mode, dtype):
        ranges = [(-0.2, -0.1), (0.0, 0.0), (0.1, 0.3)]
        t = A.AdditiveNoise("uniform", mode, {"ranges": ranges}, p=1)
        noise = noise_of(t, flat(0.5, dtype))
        step = 0.0021
        for channel, (low, high) in enumerate(ranges):
            assert noise[..., channel].min() >= low - step
            assert noise[..., channel].max() <= high + step
        assert noise_of(t, flat(0.5, dtype, (5, 5))).max() <= -0.1 + step
        with pytest.raises(ValueError, match="has 3 ranges, but an image has 4 channels"):
            t(image=flat(0.5, dtype, (5, 5, 4)))

    @every_dtype
    @pytest.mark.parametrize("mode", ["constant", "per_pixel", "shared"])
    def test_strength_zero_is_the_identity(self, mode, dtype):
        image = np.random.default_rng(0).random((20, 30, 3)) * WHITE[dtype]
        none = {"mean_range": (0, 0), "std_range": (0, 0)}
        noise = noise_of(A.AdditiveNoise("gaussian", mode, none, p=1), image.astype(dtype))
        assert np.abs(noise).max() < 1e-7

    def test_coarse_noise_is_smooth(self):
        def likeness(scale):
            t = A.AdditiveNoise("gaussian", "per_pixel", approximation=scale, p=1)
            noise = noise_of(t, flat(0.5))
            return np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]

        assert abs(likeness(1)) < 0.02
        assert likeness(0.25) > 0.8
        assert likeness(0) > 0.99 or np.isnan(likeness(0))  # one value for all

    def test_params_as_2_0_8_stores_them(self):
        given = {"noise_type": "uniform", "ranges": [[-0.2, 0.2]]}
        A.AdditiveNoise(noise_params=given, p=1)(image=flat(0.5), key=KEY)

    @pytest.mark.parametrize(
        ("law", "params", "words"),
        [
            ("uniform", {"ranges": [(-2, 2)]}, "ranges, pairs low <= high"),
            ("uniform", {"ranges": [(0.2, 0.1)]}, "ranges, pairs low <= high"),
            ("uniform", {"ranges": []}, "ranges, pairs low <= high"),
            ("uniform", {"mean_range": (0, 0)}, "None or a dict with ranges"),
            ("gaussian", {"std_range": (0, 3)}, "std_range, a pair of numbers"),
            ("gaussian", {"noise_type": "beta"}, "None or a dict with mean_range and std_range"),
            ("beta", {"alpha_range": (0, 1)}, "alpha_range, .* > 0"),
        ],
    )
    def test_bad_params_are_named(self, law, params, words):
        with pytest.raises(ValueError, match=rf"AdditiveNoise\.noise_params must be {words}"):
            A.AdditiveNoise(law, noise_params=params)


class TestMultiplicativeNoise:
    @every_dtype
    @pytest.mark.parametrize("per_channel", [False, True])
    @pytest.mark.parametrize("elementwise", [False, True])
    def test_factors(self, per_channel, elementwise, dtype):
        t = A.MultiplicativeNoise((0.5, 1.5), per_channel, elementwise, p=1)
        factors = []
        for key in range(1 if elementwise else 200):
            image = flat(0.5, dtype, (200, 200, 3) if elementwise else (2, 2, 3))
            one = noise_of(t, image, key) / 0.5 + 1
            assert (np.ptp(one, axis=2).max() > 1e-3) == per_channel
            assert (np.ptp(one, axis=(0, 1)).max() > 1e-3) == elementwise
            factors += one[..., 0].ravel().tolist() if elementwise else [one[0, 0, 0]]
        distance = stats.kstest(factors, stats.uniform(0.5, 1).cdf)
        assert distance.statistic < (0.015 if elementwise else 0.14)

    @every_dtype
    @pytest.mark.parametrize("elementwise", [False, True])
    def test_factor_one_is_the_identity_and_black_stays_black(self, elementwise, dtype):
        image = (np.random.default_rng(0).random((20, 30, 3)) * WHITE[dtype]).astype(dtype)
        one = A.MultiplicativeNoise((1, 1), True, elementwise, p=1)(image=image, key=KEY)["image"]
        np.testing.assert_allclose(one, image, atol=1e-6)
        black = A.MultiplicativeNoise((0, 9), True, elementwise, p=1)(image=image * 0, key=KEY)[
            "image"
        ]
        assert not black.any()

    def test_products_are_rounded_and_clipped(self):
        image = np.arange(256, dtype=np.uint8).reshape(16, 16)
        for per_channel in (False, True):
            t = A.MultiplicativeNoise((1.5, 1.5), per_channel, p=1)
            wanted = np.minimum(image * 1.5, 255)
            assert np.abs(t(image=image, key=KEY)["image"] - wanted).max() <= 0.5


class TestSaltAndPepper:
    @every_dtype
    @pytest.mark.parametrize(("amount", "salt"), [(0.1, 0.5), (0.03, 0.25), (1, 0.4), (0, 0.5)])
    def test_counts_are_exact(self, amount, salt, dtype):
        image = flat(0.5, dtype)
        t = A.SaltAndPepper((amount, amount), (salt, salt), p=1)
        result = t(image=image, key=(0, 0, 3))["image"]
        white = (result == WHITE[dtype]).all(axis=2)
        black = (result == 0).all(axis=2)
        assert white.sum() == round(60000 * amount * salt)
        assert black.sum() == round(60000 * amount) - white.sum()
        assert (result[~(white | black)] == image[0, 0]).all()  # all channels or none

    def test_places_are_uniform_and_apart(self):
        result = A.SaltAndPepper((0.2, 0.2), (0.5, 0.5), p=1)(image=flat(0.5), key=KEY)["image"]
        hit = (result[..., 0] != 0.5).reshape(10, 30, 10, 20).sum(axis=(1, 3))
        assert stats.chisquare(hit.ravel()).pvalue > 1e-3
        hit = (result[..., 0] != 0.5).astype(float)
        assert abs(np.corrcoef(hit[:, 1:].ravel(), hit[:, :-1].ravel())[0, 1]) < 0.02


class TestShotNoise:
    @pytest.mark.parametrize("level", [20, 128, 230])
    @pytest.mark.parametrize("scale", [0.1, 0.3])
    def test_bytes_count_photons(self, level, scale):
        image = np.full((500, 400), level, np.uint8)
        result = A.ShotNoise((scale, scale), p=1)(image=image, key=(0, 0, 1))["image"]
        photons = np.arange(np.ceil(1 / scale) + 1)
        values = np.rint(255 * np.minimum(photons * scale, 1) ** (1 / 2.2))
        seen = np.array([(result == value).sum() for value in values])
        assert seen.sum() == result.size  # nothing between whole photons
        law = stats.poisson((level / 255) ** 2.2 / scale)
        chances = law.pmf(photons)
        chances[-1] += law.sf(photons[-1])
        usual = chances > 1e-3
        error = np.abs(seen / result.size - chances)
        assert (error < 5 * np.sqrt(chances / result.size) + 1 / 8192).all()
        assert usual.sum() > 1

    @every_dtype
    @pytest.mark.parametrize("scale", [1e-9, 1e-4, 0.01])
    def test_light_has_the_mean_and_variance_of_photons(self, scale, dtype):
        image = flat(0.5, dtype)
        result = (
            A.ShotNoise((scale, scale), p=1)(image=image, key=(0, 0, 2))["image"] / WHITE[dtype]
        )
        light, before = result.astype(float) ** 2.2, (image[0, 0, 0] / WHITE[dtype]) ** 2.2
        rounding = 2.2 * 0.5**1.2 / WHITE["uint8"] / 12**0.5 if dtype == "uint8" else 1e-7
        assert light.mean() == pytest.approx(before, abs=1e-3)
        deviation = np.hypot((scale * before) ** 0.5, rounding)
        if scale > 1e-9 or dtype == "float32":
            assert light.std() == pytest.approx(deviation, rel=0.03)

    @every_dtype
    def test_scale_zero_is_the_identity_not_a_crash(self, dtype):
        image = (np.random.default_rng(0).random((20, 30, 3)) * WHITE[dtype]).astype(dtype)
        for scale in (0, 1e-300, 1e-14):
            result = A.ShotNoise((scale, scale), p=1)(image=image, key=KEY)["image"]
            np.testing.assert_allclose(result, image, atol=2e-6)

    def test_channels_and_pixels_are_independent(self):
        noise = noise_of(A.ShotNoise((0.02, 0.02), p=1), flat(0.5, "uint8"))
        for a, b in [(noise[:, 1:], noise[:, :-1]), (noise[..., 0], noise[..., 1])]:
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.015


class TestISONoise:
    @staticmethod
    def ramp(dtype="float32"):
        image = np.empty((400, 300, 3), np.float32)
        image[:] = np.linspace(0.2, 0.7, 300)[:, None]
        image[..., 0] += 0.15
        return image if dtype == "float32" else np.rint(image * WHITE[dtype]).astype(dtype)

    def test_hue_turns_by_what_is_said(self):
        """In 2.0.8 a shift is in degrees where turns are documented: nothing is seen of it."""
        image = self.ramp()
        before = cv2.cvtColor(image, cv2.COLOR_RGB2HLS)
        for shift, intensity in ((0.02, 0.5), (0.05, 0.2)):
            t = A.ISONoise((shift, shift), (intensity, intensity), p=1)
            after = cv2.cvtColor(t(image=image, key=KEY)["image"], cv2.COLOR_RGB2HLS)
            turned = (after[..., 0] - before[..., 0] + 180) % 360 - 180
            assert turned.std() == pytest.approx(360 * shift * intensity, rel=0.03)
            assert abs(turned.mean()) < 0.05

    def test_lightness_counts_by_poissons_law(self):
        """In 2.0.8 counts are not in steps of 1/255 but whole: one pixel in ten turns white."""
        image = self.ramp()
        before = cv2.cvtColor(image, cv2.COLOR_RGB2HLS)[..., 1]
        t = A.ISONoise((0, 0), (0.4, 0.4), p=1)
        after = cv2.cvtColor(t(image=image, key=KEY)["image"], cv2.COLOR_RGB2HLS)[..., 1]
        steps = (after - before) / (1 - before) * 255
        np.testing.assert_allclose(steps, np.rint(steps), atol=0.02)
        law = stats.poisson(255 * 0.4 * before.std())
        assert steps.mean() == pytest.approx(law.mean(), rel=0.01)
        assert steps.std() == pytest.approx(law.std(), rel=0.01)
        levels = np.arange(*law.interval(0.99))
        seen = np.array([(np.rint(steps) == level).mean() for level in levels])
        np.testing.assert_allclose(seen, law.pmf(levels), atol=0.003)

    @every_dtype
    def test_dtypes_agree(self, dtype):
        t = A.ISONoise((0.03, 0.03), (0.3, 0.3), p=1)
        noise, wanted = noise_of(t, self.ramp(dtype)), noise_of(t, self.ramp())
        np.testing.assert_allclose(noise.std(axis=(0, 1)), wanted.std(axis=(0, 1)), rtol=0.02)
        np.testing.assert_allclose(noise.mean(axis=(0, 1)), wanted.mean(axis=(0, 1)), atol=1e-3)

    @every_dtype
    def test_intensity_zero_is_the_identity(self, dtype):
        image = self.ramp(dtype)
        result = A.ISONoise((1, 1), (0, 0), p=1)(image=image, key=KEY)["image"]
        np.testing.assert_array_equal(result, image)

    def test_grey_stays_grey_and_a_flat_image_flat(self):
        grey = np.repeat(self.ramp("uint8")[..., 1:2], 3, axis=2)
        result = A.ISONoise((1, 1), (1, 1), p=1)(image=grey, key=KEY)["image"]
        assert (result == result[..., :1]).all()
        assert (result != grey).any()
        image = flat(0.5, "uint8")
        assert (A.ISONoise((0, 0), (1, 1), p=1)(image=image, key=KEY)["image"] == image).all()

    def test_it_asks_for_rgb(self):
        with pytest.raises(TypeError, match=r"ISONoise expects .* with 3 channels"):
            A.ISONoise(p=1)(image=flat(0.5, "uint8", (4, 4)))


ALL = [
    A.AdditiveNoise("gaussian", "per_pixel", p=1), A.AdditiveNoise(p=1),
    A.MultiplicativeNoise(elementwise=True, p=1), A.SaltAndPepper(p=1), A.ShotNoise(p=1),
    A.ISONoise(p=1),
]  # fmt: skip


@pytest.mark.parametrize("transform", ALL, ids=repr)
def test_generators_of_the_host_program_are_left_alone(transform):
    def numbers():
        return cv2.randn(np.zeros((4, 4), np.float32), 0, 1).tolist(), np.random.rand(3).tolist()

    cv2.setRNGSeed(77)
    np.random.seed(77)
    wanted = numbers()
    cv2.setRNGSeed(77)
    np.random.seed(77)
    transform(image=TestISONoise.ramp("uint8"))
    assert numbers() == wanted
