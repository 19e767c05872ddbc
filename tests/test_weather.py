"""Weather against Pillow's and NumPy's blending, colorsys and SciPy's labels."""

import colorsys

import cv2
import numpy as np
import pytest
from cases import photo
from PIL import Image
from scipy import ndimage, stats

import probaug as A
from probaug.transforms.layers import dimmed, in_units, negative, plus, screened, tinted, veiled
from probaug.transforms.light import plasma
from probaug.transforms.weather import CLOUDS, FOG_LAYERS, bleached

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
ALL = {
    "fog": lambda **more: A.RandomFog(p=1, **more),
    "rain": lambda **more: A.RandomRain(p=1, **more),
    "bleach": lambda **more: A.RandomSnow(p=1, **more),
    "snow": lambda **more: A.RandomSnow(method="texture", p=1, **more),
    "gravel": lambda **more: A.RandomGravel(p=1, **more),
    "spatter": lambda **more: A.Spatter(p=1, **more),
    "mud": lambda **more: A.Spatter(mode="mud", p=1, **more),
}
every = pytest.mark.parametrize("make", ALL.values(), ids=ALL)


def run(transform, image, key=0):
    return transform(image=image, key=(3, 0, key))["image"]


def flat(level, height=128, width=128, dtype="uint8"):
    return np.full((height, width, 3), level * WHITE[dtype]).astype(dtype)


class TestBlending:
    image = photo(40, 50)
    share = np.random.default_rng(1).random((40, 50)).astype(np.float32)

    def field(self):
        return in_units(self.share.copy(), self.image.dtype)

    def test_a_dimmed_image_is_pillows_blend_with_black(self):
        black, mask = Image.new("RGB", (50, 40)), Image.fromarray(255 - self.field())
        wanted = Image.composite(black, Image.fromarray(self.image), mask)
        result = dimmed(self.image, self.field())
        assert np.abs(result.astype(int) - np.asarray(wanted)).max() <= 1

    def test_a_veiled_image_is_pillows_blend_with_white(self):
        white, mask = Image.new("RGB", (50, 40), "white"), Image.fromarray(255 - self.field())
        wanted = Image.composite(white, Image.fromarray(self.image), mask)
        result = veiled(self.image, self.field())
        assert np.abs(result.astype(int) - np.asarray(wanted)).max() <= 1

    def test_a_screened_image_is_pillows_screen(self):
        from PIL import ImageChops

        other = photo(40, 50, seed=4)
        wanted = ImageChops.screen(Image.fromarray(self.image), Image.fromarray(other))
        result = screened(self.image, other.copy())
        assert np.abs(result.astype(int) - np.asarray(wanted)).max() <= 1

    def test_colours_over_an_image_are_pillows_composite(self):
        colour = (200, 30, 90)
        paint, mask = Image.new("RGB", (50, 40), colour), Image.fromarray(self.field())
        wanted = Image.composite(paint, Image.fromarray(self.image), mask)
        kept = dimmed(self.image, 255 - self.field())
        result = plus(kept, tinted(self.field(), colour, self.image))
        assert np.abs(result.astype(int) - np.asarray(wanted)).max() <= 2

    @pytest.mark.parametrize("dtype", WHITE)
    @pytest.mark.parametrize("channels", [None, 1, 3, 5, 200])
    def test_any_dtype_and_channels_against_numpy(self, dtype, channels):
        image = photo(40, 50, channels, dtype)
        before, white = image.copy(), WHITE[dtype]
        share = self.share if channels is None else self.share[:, :, None]
        unit = image / white
        for function, wanted in ((dimmed, unit * share), (veiled, 1 - (1 - unit) * share)):
            result = function(image, in_units(self.share.copy(), image.dtype))
            assert result.shape == image.shape
            assert result.dtype == dtype
            assert np.abs(result / white - wanted).max() <= (1.01 / 255 if white == 255 else 2e-5)
        assert np.array_equal(image, before)
        assert np.array_equal(negative(negative(image)), image) or dtype == "float32"

    def test_grey_takes_the_luma_of_a_colour(self):
        grey = self.image[:, :, :1]
        got = tinted(self.field(), (200, 30, 90), grey)
        luma = np.asarray(Image.new("RGB", (1, 1), (200, 30, 90)).convert("L")).item()
        assert got.shape == grey.shape
        assert np.abs(got[:, :, 0] - self.share * luma).max() <= 1.5


@every
@pytest.mark.parametrize("dtype", WHITE)
def test_the_same_seed_is_the_same_picture_in_every_dtype(make, dtype):
    image = photo(80, 100)
    for key in range(3):
        small = run(make(), image, key) / 255
        white = WHITE[dtype]
        large = run(make(), (image * (white / 255)).astype(dtype), key) / white
        assert np.abs(small - large).mean() < 1.5 / 255


@every
def test_other_seeds_are_other_pictures(make):
    image = photo(80, 100)
    assert not np.array_equal(run(make(), image, 0), run(make(), image, 1))


@every
def test_weather_is_replayed_at_another_size(make):
    recorder = A.ReplayCompose([make()], seed=2)
    small, large = photo(60, 80), photo(120, 160)
    tree = recorder(image=small)["replay"]
    first = A.ReplayCompose.replay(tree, image=large)["image"]
    again = A.ReplayCompose.replay(tree, image=large)["image"]
    assert first.shape == large.shape
    assert np.array_equal(first, again)
    assert not np.array_equal(first, large)


NOTHING = {
    "fog without fog": A.RandomFog(fog_coef_range=(0, 0), p=1),
    "fog without opacity": A.RandomFog(alpha_coef=0, p=1),
    "no snow falls": A.RandomSnow(method="texture", snow_point_range=(0, 0), p=1),
    "snow that does not brighten": A.RandomSnow(brightness_coeff=1, p=1),
    "spatter without opacity": A.Spatter(intensity=(0, 0), p=1),
    "black rain without darkening": A.RandomRain(
        drop_color=(0, 0, 0), brightness_coefficient=1, p=1
    ),
}


@pytest.mark.parametrize("transform", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize("dtype", WHITE)
def test_zero_strength_is_the_identity(transform, dtype):
    image = photo(64, 64, dtype=dtype)
    assert np.array_equal(run(transform, image), image)


class TestFog:
    def test_it_pulls_towards_white_the_more_there_is_of_it(self):
        image = photo(64, 64, dtype="float32")
        before = image
        for amount in (0.2, 0.4, 0.6, 0.8, 1.0):
            fogged = run(A.RandomFog(fog_coef_range=(amount, amount), p=1), image)
            assert (fogged >= before - 1e-6).all()
            assert fogged.mean() > before.mean()
            before = fogged

    def test_the_airlight_law(self):
        image = photo(64, 96, dtype="float32")
        t = A.ReplayCompose([A.RandomFog(alpha_coef=0.2, p=1)], seed=0)
        result = t(image=image)
        drawn = result["replay"]["transforms"][0]["params"]
        field = 0.25 + 1.5 * plasma(drawn["seed"], A.core.matrix.Size(64, 96), *CLOUDS)
        depth = FOG_LAYERS * -np.log(1 - 0.2) * drawn["fog_coef"] ** 2 * field
        wanted = 1 + (image - 1) * np.exp(-depth)[:, :, None]
        assert np.abs(result["image"] - wanted).max() < 1e-4

    @pytest.mark.parametrize(("alpha", "amount", "share"), [
        (0.08, 0.6, 0.125), (0.08, 1.0, 0.34), (0.2, 0.6, 0.28), (0.02, 1.0, 0.11),
    ])  # fmt: skip
    def test_as_much_fog_as_in_2_0_8(self, alpha, amount, share):
        t = A.RandomFog(alpha_coef=alpha, fog_coef_range=(amount, amount), p=1)
        got = np.mean([run(t, flat(0), key).mean() / 255 for key in range(12)])
        assert got == pytest.approx(share, rel=0.45, abs=0.02)

    def test_opaque_fog_is_white(self):
        t = A.RandomFog(alpha_coef=1, fog_coef_range=(1, 1), p=1)
        assert (run(t, photo(32, 32)) == 255).all()


class TestRain:
    @staticmethod
    def drops(height, width, **more):
        sharp = {"blur_value": 1, "brightness_coefficient": 1, "slant_range": (0, 0), **more}
        return run(A.RandomRain(p=1, **sharp), flat(0, height, width))[:, :, 0] > 0

    @pytest.mark.parametrize(("kind", "per_row"), [
        ("drizzle", 1 / 4), ("default", 1 / 3), ("heavy", 1), ("torrential", 2),
    ])  # fmt: skip
    @pytest.mark.parametrize(("height", "width"), [(128, 128), (256, 512), (512, 256)])
    def test_as_many_drops_as_in_2_0_8(self, kind, per_row, height, width):
        seen = self.drops(height, width, drop_length=4, rain_type=kind).sum() / 5
        assert seen == pytest.approx(per_row * height, rel=0.25)

    def test_density_grows_with_the_height(self):
        counts = [self.drops(height, 200, drop_length=6).sum() for height in (50, 100, 200, 400)]
        assert counts == sorted(counts)
        assert counts[-1] > 5 * counts[0]

    @pytest.mark.parametrize("length", [5, 20, 41])
    def test_drops_are_as_long_as_asked(self, length):
        labels, _ = ndimage.label(self.drops(400, 3000, drop_length=length), np.ones((3, 3)))
        spans = [part[0] for part in ndimage.find_objects(labels)]
        whole = [part.stop - part.start for part in spans if part.start > 0 and part.stop < 400]
        assert np.median(whole) == pytest.approx(length + 1, abs=1)

    def test_slant_is_an_angle_and_not_a_shift_in_pixels(self):
        for angle in (-30, 15, 45):
            drops = self.drops(400, 3000, drop_length=40, slant_range=(angle, angle))
            labels, _ = ndimage.label(drops, np.ones((3, 3)))
            slopes = []
            for index, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
                if rows.stop - rows.start in (40, 41, 42):
                    y, x = np.nonzero(labels[rows, columns] == index)
                    slopes.append(stats.linregress(y, x).slope)
            assert np.median(slopes) == pytest.approx(np.tan(np.radians(angle)), abs=0.05)

    def test_drops_fall_at_every_edge(self):
        drops = sum(self.drops(200, 200, rain_type="torrential").astype(int) for _ in range(2))
        for edge in (drops[:10], drops[-10:], drops[:, :10], drops[:, -10:]):
            assert (edge > 0).mean() > 0.4 * (drops > 0).mean()

    @pytest.mark.parametrize("dtype", WHITE)
    def test_blurred_light_is_added_and_then_darkened(self, dtype):
        image, white = photo(700, 90, dtype=dtype), WHITE[dtype]
        sharp = run(A.RandomRain(blur_value=1, brightness_coefficient=1, p=1), image * 0) / white
        light = cv2.blur(sharp.astype(np.float64), (7, 7))
        wanted = np.minimum(image / white + light, 1) * 0.7
        result = run(A.RandomRain(p=1), image) / white
        assert np.abs(result - wanted).max() < (1.6 / 255 if white == 255 else 1e-4)

    def test_streaks_of_a_small_image_are_not_blurred_away(self):
        small = run(A.RandomRain(brightness_coefficient=1, p=1), flat(0, 64, 64))
        assert small.max() > 60


class TestSnow:
    @pytest.mark.parametrize("method", ["bleach", "texture"])
    @pytest.mark.parametrize("coefficient", [0.5, 1, 2.5, 6])
    @pytest.mark.parametrize("dtype", WHITE)
    def test_it_only_brightens(self, method, coefficient, dtype):
        image = photo(64, 64, dtype=dtype)
        for point in (0, 0.3, 1):
            t = A.RandomSnow(coefficient, (point, point), method, p=1)
            result = run(t, image)
            assert (result / WHITE[dtype] >= image / WHITE[dtype] - 1e-6).all()

    def test_strong_texture_does_not_wrap_round_to_black(self):
        t = A.RandomSnow(4, (1, 1), "texture", p=1)
        assert run(t, flat(0.6)).min() >= 0.6 * 255 - 1

    def test_more_snow_is_brighter_and_has_more_flakes(self):
        def mean(point):
            return run(A.RandomSnow(1, (point, point), "texture", p=1), flat(0.2)).mean()

        means = [mean(point) for point in (0, 0.2, 0.5, 0.8, 1)]
        assert means == sorted(means)
        assert means[-1] > means[0] + 25

    def test_bleaching_against_colorsys(self):
        colours = np.random.default_rng(0).random((300, 3))
        lightness = (colours.max(axis=1) + colours.min(axis=1)) / 2
        threshold = 0.5
        sure = np.abs(lightness - threshold) > 0.07  # beside the knee
        wanted = []
        for colour in colours:
            hue, light, saturation = colorsys.rgb_to_hls(*colour)
            light = min(light * 2.5, 1) if light < threshold else light
            wanted.append(colorsys.hls_to_rgb(hue, light, saturation))
        wanted = np.maximum(wanted, colours)
        floats = bleached(colours[None].astype(np.float32), 2.5, threshold)[0]
        assert np.abs(floats - wanted)[sure].max() < 2e-3
        levels = np.rint(colours * 255).astype(np.uint8)
        small = bleached(levels[None], 2.5, threshold)[0] / 255
        assert np.quantile(np.abs(small - wanted)[sure], 0.98) < 6 / 255

    @pytest.mark.parametrize(("point", "last"), [(0, 84), (0.1, 97), (0.3, 123), (0.7, 174)])
    def test_the_threshold_is_that_of_2_0_8(self, point, last):
        ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
        result = run(A.RandomSnow(1.4, (point, point), p=1), ramp)[0, :, 0].astype(int)
        full = 0.4 * np.arange(256)
        changed = np.flatnonzero(result - np.arange(256) > full / 2)
        assert changed.max() == pytest.approx(last, abs=2)
        assert result[60] == 84
        assert result[last + 20] == last + 20

    def test_the_threshold_leaves_no_outline(self):
        ramp = np.linspace(0, 1, 1001, dtype=np.float32)[None]
        result = bleached(ramp, 2.5, 0.4)[0]
        assert np.abs(np.diff(result)).max() < 0.01


class TestGravel:
    roi = (0.1, 0.4, 0.9, 0.9)

    @pytest.mark.parametrize("dtype", WHITE)
    @pytest.mark.parametrize("channels", [None, 1, 3, 5])
    def test_nothing_changes_outside_of_the_region(self, dtype, channels):
        image = photo(100, 120, channels, dtype)
        for key in range(10):
            result = run(A.RandomGravel(p=1), image, key)
            changed = np.any((result != image).reshape(100, 120, -1), axis=2)
            y, x = np.nonzero(changed)
            assert len(y)
            assert 40 <= y.min() <= y.max() < 90
            assert 12 <= x.min() <= x.max() < 108

    @pytest.mark.parametrize("size", [64, 512, 1500])
    def test_as_much_of_the_image_as_in_2_0_8_at_every_size(self, size):
        changed = [
            run(A.RandomGravel(p=1), flat(1, size, size), key)[..., 0] < 255 for key in range(4)
        ]
        assert 0.002 < np.mean(changed) < 0.02

    def test_stones_are_grey(self):
        image = flat(0.5)
        image[..., 0] = 255
        result = run(A.RandomGravel(number_of_patches=4, p=1), image)
        covered = np.any(result != image, axis=2) & (result[..., 0] < 200)
        inner = ndimage.binary_erosion(covered, iterations=1)
        stones = result[inner].astype(int)
        assert len(stones) > 10
        assert np.abs(stones[:, 1] - stones[:, 2]).max() == 0
        assert np.median(np.abs(stones[:, 0] - stones[:, 1])) < 40

    def test_more_patches_are_more_stones(self):
        few, many = (
            (run(A.RandomGravel(number_of_patches=count, p=1), flat(1)) < 255).sum()
            for count in (1, 8)
        )
        assert many > 3 * few


class TestSpatter:
    @pytest.mark.parametrize("mode", ["rain", "mud"])
    @pytest.mark.parametrize("threshold", [0.6, 0.65, 0.7, 0.75])
    def test_drops_cover_what_the_normal_law_says(self, mode, threshold):
        sigma = 2
        t = A.Spatter(cutout_threshold=(threshold,) * 2, mode=mode, color=(0, 0, 0), p=1)
        changed = run(t, np.ones((400, 400, 3), np.float32))[..., 0] < 1
        left = 0.3 / (2 * np.sqrt(np.pi) * sigma)  # of the deviation, after a Gaussian blur
        wanted = stats.norm(0.65, left).sf(threshold)
        assert changed.mean() == pytest.approx(wanted, rel=0.12, abs=0.005)

    @pytest.mark.parametrize("mode", ["rain", "mud"])
    def test_opacity_is_at_most_the_intensity(self, mode):
        for intensity in (0.3, 0.6, 1):
            t = A.Spatter(intensity=(intensity, intensity), mode=mode, color=(0, 0, 0), p=1)
            result = run(t, np.ones((200, 200, 3), np.float32))
            assert result.min() == pytest.approx(1 - intensity, abs=1e-3)

    def test_mud_is_brown_and_rain_is_not_yellow(self):
        image = np.full((200, 200, 3), 0.5, np.float32)
        mud = (run(A.Spatter(mode="mud", p=1), image) - image).mean(axis=(0, 1))
        assert mud[0] > mud[1] > mud[2]  # 2.0.8 had red and blue exchanged: blue mud
        rain = (run(A.Spatter(p=1), image) - image).mean(axis=(0, 1))
        assert rain[0] < rain[1] == pytest.approx(rain[2], abs=1e-4)

    def test_a_sharp_threshold_needs_no_blur(self):
        t = A.Spatter(gauss_sigma=(0, 0), std=(0, 0), mean=(0.9, 0.9), color=(9, 9, 9), p=1)
        result = run(t, flat(1))
        assert (result == result[0, 0]).all()  # all is liquid

    def test_a_number_stands_for_zero_to_it(self):
        t = A.Spatter(mean=0.5, std=0.2, gauss_sigma=3, cutout_threshold=0.6, intensity=0.5)
        assert (t.mean, t.std, t.gauss_sigma) == ((0, 0.5), (0, 0.2), (0, 3))
        assert (t.cutout_threshold, t.intensity) == ((0, 0.6), (0, 0.5))


def test_bad_values_are_named():
    for make, words in (
        (
            lambda: A.RandomGravel((0.5, 0.5, 0.5, 0.6)),
            r"RandomGravel\.gravel_roi must be .*left <",
        ),
        (lambda: A.RandomGravel(number_of_patches=0), r"RandomGravel\.number_of_patches must be"),
        (lambda: A.RandomRain(slant_range=(-91, 0)), r"RandomRain\.slant_range must be"),
        (lambda: A.RandomRain(drop_color=(300, 0, 0)), r"RandomRain\.drop_color must be"),
        (lambda: A.RandomSnow(brightness_coeff=0), r"RandomSnow\.brightness_coeff must be"),
        (lambda: A.Spatter(mode="tea"), r"Spatter\.mode must be one of 'rain', 'mud'"),
        (lambda: A.Spatter(color=(1.5, 0, 0)), r"Spatter\.color must be"),
        (lambda: A.RandomFog(1.5), r"RandomFog\.alpha_coef must be a number in \[0, 1\], got 1.5"),
    ):
        with pytest.raises(ValueError, match=words):
            make()
