"""Shadows and flares against scikit-image's polygons, Pillow's blending and geometry."""

import numpy as np
import pytest
from cases import photo
from skimage.draw import polygon2mask

import probaug as A
from probaug.transforms.flare import bloomed, disc, fading, fitted, rays, span

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1.0}
ALL = {
    "shadow": lambda **more: A.RandomShadow(p=1, **more),
    "overlay": lambda **more: A.RandomSunFlare(p=1, **more),
    "physics": lambda **more: A.RandomSunFlare(method="physics_based", p=1, **more),
    "lens": lambda **more: A.LensFlare(p=1, **more),
}
every = pytest.mark.parametrize("make", ALL.values(), ids=ALL)
flares = pytest.mark.parametrize("make", [*ALL.values()][1:], ids=[*ALL][1:])


def run(transform, image, key=0):
    return transform(image=image, key=(3, 0, key))["image"]


def flat(level, height=128, width=128, dtype="uint8"):
    return np.full((height, width, 3), level * WHITE[dtype]).astype(dtype)


@every
@pytest.mark.parametrize("dtype", WHITE)
def test_the_same_seed_is_the_same_picture_in_every_dtype(make, dtype):
    image = photo(80, 100)
    for key in range(3):
        small = run(make(), image, key) / 255
        white = WHITE[dtype]
        large = run(make(), (image * (white / 255)).astype(dtype), key) / white
        assert np.abs(small - large).max() < 3 / 255
        assert np.array_equal(run(make(), image, key), run(make(), image, key))


@every
def test_a_replay_at_another_size_is_the_same_picture(make):
    more = {} if make in (ALL["shadow"], ALL["lens"]) else {"src_radius": 10_000}
    recorder = A.ReplayCompose([make(**more)], seed=5)
    small, large = flat(0.3, 120, 160, "float32"), flat(0.3, 240, 320, "float32")
    first = recorder(image=small)
    second = A.ReplayCompose.replay(first["replay"], image=large)["image"]
    halved = second.reshape(120, 2, 160, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - first["image"]).mean() < 0.012


class TestShadow:
    roi = (0.2, 0.5, 0.9, 0.8)

    @pytest.mark.parametrize("dtype", WHITE)
    @pytest.mark.parametrize("channels", [None, 1, 3, 4, 6])
    def test_it_only_darkens_and_only_inside_of_the_region(self, dtype, channels):
        image = photo(100, 120, channels, dtype)
        for key in range(10):
            result = run(A.RandomShadow(self.roi, (1, 4), p=1), image, key)
            assert (result <= image).all()
            darker = np.any((result < image).reshape(100, 120, -1), axis=2)
            y, x = np.nonzero(darker)
            assert 50 <= y.min() <= y.max() <= 80
            assert 24 <= x.min() <= x.max() <= 108
            assert np.array_equal(result[~darker], image[~darker])

    def test_it_is_the_polygon_of_scikit_image(self):
        corners = [[[0.1, 0.2], [0.7, 0.1], [0.9, 0.6], [0.4, 0.9]]]
        t = A.RandomShadow(p=1)
        image = np.ones((200, 300), np.float32)
        shadow = t.edit(image, corners, [0.5])
        points = np.array(corners[0])[:, ::-1] * (200, 300) - 0.5
        wanted = polygon2mask((200, 300), points)
        assert ((shadow < 0.75) != wanted).mean() < 0.004
        assert shadow.min() == pytest.approx(0.5)
        assert (1 - shadow).sum() == pytest.approx(0.5 * wanted.sum(), rel=0.02)

    @pytest.mark.parametrize("count", [3, 5, 8, 30])
    def test_no_side_crosses_another(self, count):
        """Around the middle of its corners, a shadow has each direction once: it is a star."""
        t = A.RandomShadow((0, 0, 1, 1), (1, 1), count, (0.5, 0.5), p=1)
        recorder = A.ReplayCompose([t], seed=1)
        for _ in range(3):
            result = recorder(image=flat(1, 300, 300, "float32"))
            params = result["replay"]["transforms"][0]["params"]
            corners = np.array(params["corners"][0]) * 300
            middle = corners.mean(axis=0)
            assert len(corners) == count
            for corner in corners:  # the way to a corner lies inside of the polygon
                for share in (0.3, 0.6, 0.85):
                    x, y = (middle + share * (corner - middle)).astype(int)
                    near = result["image"][max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3]
                    assert near.min() < 0.8

    @pytest.mark.parametrize("depth", [0, 0.2, 0.5, 1])
    def test_intensity_is_the_share_of_light_taken(self, depth):
        t = A.RandomShadow((0, 0, 1, 1), (1, 1), 6, (depth, depth), p=1)
        result = run(t, flat(1, dtype="float32"))
        assert result.min() == pytest.approx(1 - depth, abs=1e-6)

    def test_overlapping_shadows_are_not_darker_than_the_deeper_one(self):
        t = A.RandomShadow((0, 0, 1, 1), (8, 8), 8, (0.5, 0.5), p=1)
        assert run(t, flat(1, dtype="float32")).min() >= 0.5 - 1e-6

    def test_more_corners_cover_more_as_in_2_0_8(self):
        def covered(corners):
            t = A.RandomShadow((0, 0, 1, 1), (1, 1), corners, (1, 1), p=1)
            return np.mean([run(t, flat(1), key).mean() < 255 and
                            (run(t, flat(1), key) < 128).mean() for key in range(60)])  # fmt: skip

        three, five, nine = map(covered, (3, 5, 9))
        assert three == pytest.approx(11 / 144, rel=0.35)  # the mean triangle in a square
        assert three < five < nine

    def test_a_zero_width_region_is_an_error(self):
        with pytest.raises(ValueError, match=r"RandomShadow\.shadow_roi must be .* left < right"):
            A.RandomShadow((0.5, 0, 0.5, 1))


@flares
@pytest.mark.parametrize("dtype", WHITE)
def test_white_light_only_brightens(make, dtype):
    image = photo(80, 100, dtype=dtype)
    for key in range(4):
        result = run(make(), image, key)
        # what is brighter than a painted circle takes its colour
        floor = np.minimum(image / WHITE[dtype], 0.7 if make is ALL["overlay"] else 1)
        assert (result / WHITE[dtype] >= floor - 1.01 / 255).all()  # a blend of bytes rounds twice
        assert result.mean() > image.mean()


@flares
@pytest.mark.parametrize("size", [(64, 64), (300, 400), (900, 1200)])
def test_the_source_is_the_brightest_place_and_in_the_region(make, size):
    more = {} if make is ALL["lens"] else {"src_radius": max(size) // 3}
    image = flat(0.1, *size, "float32")
    for key in range(6):
        light = run(make(flare_roi=(0.4, 0.1, 0.6, 0.3), **more), image, key).sum(axis=2)
        y, x = np.nonzero(light >= light.max() - 1e-3)
        assert 0.37 * size[1] < x.mean() < 0.63 * size[1]
        assert 0.07 * size[0] < y.mean() < 0.33 * size[0]


@pytest.mark.parametrize("channels", [None, 1])
@flares
def test_a_grey_image_takes_the_luma_of_the_light(make, channels):
    grey = flat(0.2)[..., :1] if channels else flat(0.2)[..., 0]
    wanted = run(make(), flat(0.2)).astype(float) @ (0.299, 0.587, 0.114)
    result = run(make(), grey)
    assert result.shape == grey.shape
    assert np.abs(result.reshape(128, 128) - wanted).max() < 2.5


class TestSunFlare:
    def radii(self, radius, method):
        t = A.RandomSunFlare((0.5, 0.5, 0.501, 0.501), radius, method=method, p=1)
        sun = t.edit(flat(0, 400, 400, "float32"), [0.5, 0.5], 0.0, 0, 1)[..., 0]
        y, x = np.nonzero(sun > 0.02)
        return np.hypot(x - 199.5, y - 199.5).max()

    def test_radius_is_in_pixels_of_any_image(self):
        small, large = self.radii(40, "overlay"), self.radii(120, "overlay")
        assert 24 < small < 42
        assert large == pytest.approx(3 * small, rel=0.1)
        half = A.RandomSunFlare(src_radius=120, p=1)
        sun = half.edit(flat(0, 1200, 900, "float32"), [0.5, 0.5], 0.0, 0, 1)[..., 0]
        y, x = np.nonzero(sun > 0.02)
        assert np.hypot(x - 449.5, y - 599.5).max() == pytest.approx(large, rel=0.1)

    def test_a_small_image_is_not_all_white(self):
        means = [run(A.RandomSunFlare(p=1), flat(0.2, 64, 64), key).mean() for key in range(8)]
        assert np.mean(means) < 160

    def test_the_light_falls_off_evenly(self):
        t = A.RandomSunFlare(src_radius=100, p=1)
        sun = t.edit(flat(0, 256, 256, "float32"), [0.5, 0.5], 0.0, 0, 1)[..., 0]
        far = np.hypot(*(np.mgrid[:256, :256] - 127.5)) / 100
        wanted = np.minimum(1.5 * np.maximum(1 - far, 0) ** 3, 1)
        assert np.abs(sun - wanted).max() < 0.02

    @pytest.mark.parametrize("method", ["overlay", "physics_based"])
    @pytest.mark.parametrize("angle", [0, 0.125, 0.25, 0.4])
    def test_reflections_lie_on_a_line_of_that_angle(self, method, angle):
        t = A.RandomSunFlare(src_radius=2, method=method, p=1)
        image = flat(0, 300, 300, "float32")
        with_circles = t.edit(image, [0.5, 0.5], angle, 12, 7)
        y, x = np.nonzero(
            np.abs(with_circles - t.edit(image, [0.5, 0.5], angle, 0, 7)).sum(2) > 0.01
        )
        turn = 2 * np.pi * angle
        aside = np.abs((x - 149.5) * np.sin(turn) + (y - 149.5) * np.cos(turn))
        assert len(x) > 300
        assert aside.max() < 0.14 * 300  # the largest circle's radius

    def test_more_circles_change_more(self):
        def changed(count):
            t = A.RandomSunFlare(src_radius=2, num_flare_circles_range=(count, count), p=1)
            return np.mean([(run(t, flat(0), key) > 2).mean() for key in range(10)])

        assert changed(2) < changed(6) < changed(20)

    @pytest.mark.parametrize("method", ["overlay", "physics_based"])
    def test_the_light_has_the_colour_of_the_source(self, method):
        t = A.RandomSunFlare(src_radius=60, src_color=(255, 128, 0), method=method, p=1)
        light = run(t, flat(0)).reshape(-1, 3).mean(axis=0)
        assert light[0] > light[1] > light[2] == pytest.approx(0, abs=1)


class TestLensFlare:
    @pytest.mark.parametrize("dtype", WHITE)
    def test_zero_intensity_is_the_identity(self, dtype):
        image = photo(60, 80, dtype=dtype)
        assert np.array_equal(run(A.LensFlare(intensity_range=(0, 0), p=1), image), image)

    def test_more_intensity_is_brighter_everywhere(self):
        before = flat(0.2, dtype="float32")
        for level in (0.2, 0.5, 0.8, 1):
            image = run(
                A.LensFlare(intensity_range=(level, level), p=1), flat(0.2, dtype="float32")
            )
            assert (image >= before - 1e-6).all()
            before = image

    def test_ghosts_lie_on_the_line_through_the_middle(self):
        t, image = A.LensFlare(p=1), flat(0, 300, 400, "float32")
        place = [0.2, 0.1]
        ghosts = t.edit(image, place, 5, 1.0, 0, 0.0, 3) - t.edit(image, place, 0, 1.0, 0, 0.0, 3)
        y, x = np.nonzero(ghosts.sum(axis=2) > 0.05)
        along = np.array((200 - 80, 150 - 30)) / np.hypot(120, 120)
        aside = np.abs((x - 80) * along[1] - (y - 30) * along[0])
        assert len(x) > 300
        assert aside.max() < 0.11 * 400

    @pytest.mark.parametrize("count", [0, 3, 4, 6, 8])
    def test_there_are_as_many_rays_as_asked(self, count):
        image = flat(0, 320, 320, "float32")
        t = A.LensFlare(p=1)
        plain = t.edit(image, [0.5, 0.5], 0, 1.0, 0, 0.0, 3)
        star = (t.edit(image, [0.5, 0.5], 0, 1.0, count, 0.0, 3) - plain).sum(axis=2)
        turn = np.linspace(0, 2 * np.pi, 720, endpoint=False)
        at = (160 + 55 * np.array((np.sin(turn), np.cos(turn)))).astype(int)
        lit = star[at[0], at[1]] > 0.05
        assert (lit & ~np.roll(lit, 1)).sum() == count

    def test_bloom_spreads_as_a_gaussian(self):
        light = np.zeros((201, 201, 3), np.float32)
        light[100, 100] = 1000
        spread = (bloomed(light, 12.0) - light)[..., 0]
        far = np.arange(201) - 100
        share = spread.sum(axis=0) / spread.sum()
        assert spread.sum() == pytest.approx(1000, rel=1e-3)
        assert np.sqrt((share * far**2).sum()) == pytest.approx(12, rel=0.05)
        normal = np.exp(-(far**2) / 288) / np.sqrt(288 * np.pi)
        assert np.abs(share - normal).max() < 0.004  # a tenth of its peak

    def test_more_bloom_reaches_farther(self):
        def mean(bloom):
            t = A.LensFlare(bloom_range=(bloom, bloom), num_ghosts_range=(0, 0), p=1)
            return (run(t, flat(0)) > 5).mean()

        assert mean(0) < mean(0.03) < mean(0.1)


class TestParts:
    def test_a_disc_is_a_window_on_the_distances(self):
        layer = np.zeros((3, 40, 60), np.float32)
        for x, y, radius in ((20, 15, 8), (-2, 5, 10), (58.3, 39, 6), (30, 20, 100)):
            (rows, columns), distance = disc(layer, x, y, radius)
            wanted = np.hypot(np.arange(60) + 0.5 - x, (np.arange(40) + 0.5 - y)[:, None]) / radius
            assert np.allclose(wanted[rows, columns], distance, atol=1e-4)
            outside = np.ones((40, 60), bool)
            outside[rows, columns] = False
            assert (wanted[outside] > 1).all()

    def test_one_far_away_is_empty(self):
        assert span(-50, 10, 30) == slice(0, 0)
        assert span(90, 10, 30) == slice(30, 30)

    def test_an_aperture_is_a_regular_polygon(self):
        layer = np.zeros((3, 200, 200), np.float32)
        _, distance = disc(layer, 100, 100, 60, 6)
        area = (distance < 1).sum()
        assert area == pytest.approx(6 * 60**2 * np.tan(np.pi / 6), rel=0.01)

    def test_fading_is_a_power(self):
        far = np.linspace(0, 2, 9, dtype=np.float32)
        assert np.allclose(fading(far, 3), np.maximum(1 - far, 0) ** 3)

    def test_no_rays_are_dark(self):
        assert not rays(np.zeros((3, 9, 9)), 4, 4, np.zeros(0), np.zeros(0), 1.0).any()

    @pytest.mark.parametrize("shape", [(70, 90), (70, 90, 1), (70, 90, 3)])
    def test_a_layer_is_fitted_to_an_image(self, shape):
        layer = np.full((7, 9, 3), 0.5, np.float32)
        for dtype, white in WHITE.items():
            result = fitted(layer, np.zeros(shape, dtype))
            assert result.shape == shape
            assert np.abs(result / white - 0.5).max() < 0.003
