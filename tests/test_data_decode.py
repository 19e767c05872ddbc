"""Decoding: against Pillow and NumPy, every odd file there is, limits, orientation, errors."""

import os
import pickle
import re
import struct
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

import probaug as A
from probaug.data import ImageError, decode, decode_mask, smallest_needed
from probaug.data.header import read_header
from probaug.data.shrink import Shrink

RNG = np.random.default_rng(5)
PHOTO = cv2.resize(RNG.integers(0, 256, (9, 12, 3), np.uint8), (83, 61))


def written(folder, name, **how):
    path = folder / name
    Image.fromarray(PHOTO).save(path, **how)
    return path


def pillow(path, mode="RGB"):
    with Image.open(path) as image:
        return np.array(image.convert(mode))


def exif(orientation):
    block = Image.Exif()
    block[274] = orientation
    return block


# what comes out


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.ppm", "a.tif", "a.gif"])
def test_every_usual_format_is_what_pillow_reads(tmp_path, name):
    path = written(tmp_path, name)
    expected = pillow(path)
    assert np.array_equal(decode(path), expected)
    header = read_header(path.read_bytes())
    assert (header.height, header.width) == PHOTO.shape[:2]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "RGB", "CMYK"])
def test_every_mode_becomes_rgb_as_in_pillow(tmp_path, mode):
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.fromarray(PHOTO).convert(mode).save(path)
    expected = pillow(path).astype(int)
    image = decode(path)
    assert image.shape == PHOTO.shape
    assert image.dtype == np.uint8
    assert abs(image - expected).max() <= (2 if mode == "CMYK" else 0)
    assert decode(path, "gray").shape == PHOTO.shape[:2]


def test_sixteen_bits_are_kept(tmp_path):
    values = RNG.integers(0, 65536, (7, 5, 3), np.uint16)
    for name in ("a.png", "a.tif"):
        path = tmp_path / name
        cv2.imwrite(str(path), values[..., ::-1])
        assert np.array_equal(decode(path), values)
    cv2.imwrite(str(tmp_path / "g.png"), values[..., 0])
    assert np.array_equal(decode(tmp_path / "g.png", "gray"), values[..., 0])


def test_floats_come_from_tiff_and_arrays(tmp_path):
    values = RNG.random((6, 4), np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    np.save(tmp_path / "a.npy", values)
    for name in ("a.tif", "a.npy"):
        assert np.array_equal(decode(tmp_path / name), np.dstack([values] * 3))
        assert np.array_equal(decode(tmp_path / name, "gray"), values)


def test_raw_gives_what_is_in_the_file(tmp_path):
    rgba = np.dstack([PHOTO, PHOTO[..., 0]])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    assert np.array_equal(decode(tmp_path / "a.png", "raw"), rgba)
    many = RNG.integers(0, 9, (4, 5, 13), np.int16)
    np.save(tmp_path / "b.npy", many)
    assert np.array_equal(decode(tmp_path / "b.npy", "raw"), many)
    with pytest.raises(ImageError, match=r"int16.*mode='raw'"):
        decode(tmp_path / "b.npy")
    np.save(tmp_path / "c.npy", many.astype(np.uint16))
    with pytest.raises(ImageError, match=r"13 channels.*mode='raw'"):
        decode(tmp_path / "c.npy")


def test_wide_tiff_is_read_with_tifffile(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    bands = RNG.integers(0, 65536, (13, 8, 9), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", bands, planarconfig="separate", photometric="minisblack")
    assert np.array_equal(decode(tmp_path / "a.tif", "raw"), bands.transpose(1, 2, 0))
    tiles = RNG.integers(0, 65536, (40, 100, 3), np.uint16)
    tifffile.imwrite(tmp_path / "b.tif", tiles, tile=(256, 256), photometric="rgb")
    assert np.array_equal(decode(tmp_path / "b.tif"), tiles)


def test_the_first_frame_of_an_animation_counts(tmp_path):
    frames = [Image.fromarray(np.full((8, 9, 3), value, np.uint8)) for value in (10, 200)]
    for name in ("a.gif", "a.webp", "a.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        assert abs(decode(tmp_path / name).astype(int) - 10).max() <= 3


def test_names_may_hold_any_characters(tmp_path):
    path = written(tmp_path, "Überfluß 画像.png")
    assert np.array_equal(decode(path), PHOTO)
    assert np.array_equal(decode(str(path)), PHOTO)


# orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif"])
def test_pictures_and_masks_are_turned_as_exif_says(tmp_path, name, orientation):
    how = {"lossless": True} if name == "a.webp" else {}
    path = written(tmp_path, name, exif=exif(orientation), **how)
    with Image.open(path) as image:
        expected = np.array(ImageOps.exif_transpose(image))
    assert np.array_equal(decode(path), expected)
    assert np.array_equal(decode(path, "raw"), expected)
    assert np.array_equal(decode_mask(path), expected)
    assert read_header(path.read_bytes()).size == expected.shape[:2]
    if name != "a.tif":
        assert np.array_equal(decode(path, exif=False), PHOTO)


# masks


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("transparent", [False, True])
def test_of_a_palette_the_indices_are_read(tmp_path, bits, transparent):
    indices = RNG.integers(0, 2**bits, (21, 13), np.uint8)
    image = Image.new("P", (13, 21))
    image.putdata(indices.ravel().tolist())
    image.putpalette(RNG.integers(0, 256, 3 * 2**bits, np.uint8).tolist())
    more = {"transparency": 0} if transparent else {}
    image.save(tmp_path / "a.png", bits=bits, **more)
    assert np.array_equal(decode_mask(tmp_path / "a.png"), indices)
    image.save(tmp_path / "a.gif")
    assert np.array_equal(decode_mask(tmp_path / "a.gif"), pillow(tmp_path / "a.gif", "P"))


def test_gray_masks_hold_the_stored_numbers(tmp_path):
    numbers = RNG.integers(0, 65536, (6, 7), np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    assert np.array_equal(decode_mask(tmp_path / "a.png"), numbers)
    Image.fromarray(numbers > 30000).save(tmp_path / "b.png")
    assert np.array_equal(decode_mask(tmp_path / "b.png"), numbers > 30000)


# smaller


def test_a_jpeg_is_decoded_as_small_as_is_needed(tmp_path):
    large = cv2.resize(PHOTO, (1601, 1203), interpolation=cv2.INTER_CUBIC)
    path = tmp_path / "a.jpg"
    Image.fromarray(large).save(path, quality=95)
    sizes = {(1000, 1000): 1, (601, 800): 2, (300, 400): 4, (301, 400): 2, (10, 10): 8}
    for needed, factor in sizes.items():
        small = decode(path, at_least=needed)
        assert small.shape == (-(-1203 // factor), -(-1601 // factor), 3)
        area = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA).astype(int)
        assert abs(small - area).mean() < 3
        assert decode(path, "gray", at_least=needed).shape == small.shape[:2]
        assert np.array_equal(decode(path, "raw", at_least=needed), small)
    assert decode(path, at_least=lambda size: None).shape == large.shape
    assert decode(written(tmp_path, "b.png"), at_least=(2, 2)).shape == PHOTO.shape


NEEDED = {
    "A.Resize(100, 200)": (100, 200),
    "A.Resize(3000, 200)": None,
    "A.Resize(100, 200, p=0.5)": None,
    "A.SmallestMaxSize(300)": (300, 400),
    "A.SmallestMaxSize(max_size=[100, 300])": (300, 400),
    "A.LongestMaxSize(400)": (300, 400),
    "A.LetterBox((300, 300))": (225, 300),
    "A.RandomCrop(64, 64)": None,
    "A.Compose([A.HorizontalFlip(), A.Resize(100, 200)])": (100, 200),
    "A.Compose([A.Resize(100, 200)], p=0.5)": None,
    "A.Compose([A.OneOf([A.Resize(100, 200)]), A.Resize(100, 200)])": None,
    "A.Compose([])": None,
}


@pytest.mark.parametrize(("pipeline", "needed"), NEEDED.items())
def test_what_a_pipeline_needs_is_told_by_its_first_step(pipeline, needed):
    assert smallest_needed(eval(pipeline), (1200, 1600)) == needed


def test_random_resized_crop_never_enlarges_what_it_would_have_shrunk():
    crop = A.RandomResizedCrop((64, 64), scale=(0.3, 1.0))
    size = 1200, 1600
    needed = smallest_needed(crop, size)
    shrink = size[0] / needed[0]
    for index in range(200):
        draw = A.ReplayCompose([crop], save_applied_params=True)
        result = draw(key=(0, 0, index), image=np.zeros((*size, 3), np.uint8))
        _, params = result["applied_transforms"][0]
        pixels = params["area"] * size[0] * size[1]
        height, width = (pixels / params["ratio"]) ** 0.5, (pixels * params["ratio"]) ** 0.5
        assert min(height, width) / shrink >= 63


SHRUNK = {
    "A.Resize(100, 200)": (None, (100, 200)),
    "A.Resize(100, 200, interpolation=cv2.INTER_AREA)": ((200, 400), (100, 200)),
    "A.Resize(100, 200, area_for_downscale='image')": ((200, 400), (100, 200)),
    "A.Compose([A.HorizontalFlip(), A.LetterBox((300, 300), interpolation=3)])": (
        *((450, 600), (225, 300)),
    ),
    "A.Resize(3000, 200, interpolation=3)": (None, None),
    "A.Resize(100, 200, interpolation=3, p=0.5)": (None, None),
    "A.CenterCrop(64, 64)": (None, None),
    "print": (None, None),
}


@pytest.mark.parametrize(("pipeline", "needed"), SHRUNK.items())
def test_pictures_shrink_of_themselves_where_the_first_step_averages(pipeline, needed):
    for wanted, expected in zip((None, True, False), (*needed, None), strict=True):
        shrink = Shrink.of(eval(pipeline), wanted)
        assert (None if shrink is None else shrink((1200, 1600))) == expected


# what goes wrong


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    header = struct.pack(">IIBBBBB", 40000, 40000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(5001 * 40000), 9)
    end = chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + end)
    with pytest.raises(ImageError, match=r"40000 x 40000 pixels, more than max_pixels=67108864"):
        decode(path)
    photo = written(tmp_path, "a.jpg")
    for read in (decode, decode_mask):
        with pytest.raises(ImageError, match="more than max_pixels=5062"):
            read(photo, max_pixels=83 * 61 - 1)
        assert read(photo, max_pixels=83 * 61).shape == PHOTO.shape


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_a_file_that_is_cut_off_gives_one_error(tmp_path, name):
    data = written(tmp_path, name).read_bytes()
    for length in (0, 1, 4, 12, 30, len(data) // 2, len(data) - 20):
        (tmp_path / name).write_bytes(data[:length])
        with pytest.raises(ImageError, match=re.escape(str(tmp_path / name))) as caught:
            decode(tmp_path / name)
        assert caught.value.path == str(tmp_path / name)
        assert caught.value.reason


def test_files_that_are_none_give_the_same_error(tmp_path):
    for path, reason in ((tmp_path / "no.png", "No such file"), (tmp_path, "it is no file")):
        with pytest.raises(ImageError, match=reason):
            decode(path)
    (tmp_path / "a.txt").write_text("words")
    with pytest.raises(ImageError, match="its format is unknown to OpenCV"):
        decode(tmp_path / "a.txt")
    error = ImageError("a", "b")
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "a: b"


def test_without_pillow_an_error_names_the_extra(tmp_path, monkeypatch):
    path = written(tmp_path, "a.ico", sizes=[(16, 16)])
    assert decode(path).shape == (12, 16, 3)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImageError, match=re.escape("pip install 'probaug[images]'")):
        decode(path)


def test_random_damage_gives_a_picture_or_an_image_error(tmp_path):
    for name in ("jpg", "png", "webp", "bmp", "gif", "tif", "ppm"):
        data = written(tmp_path, f"a.{name}").read_bytes()
        for _ in range(30):
            broken = bytearray(data)
            for place in RNG.integers(0, min(len(data), 80), 3):
                broken[place] = RNG.integers(0, 256)
            (tmp_path / "b").write_bytes(broken)
            for read in (decode, decode_mask):
                with suppress(ImageError):
                    assert read(tmp_path / "b").size


def test_threads_read_alike_and_leave_no_descriptor(tmp_path):
    path = written(tmp_path, "a.jpg")
    before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else set()
    with ThreadPoolExecutor(8) as pool:
        images = list(pool.map(decode, [path] * 64))
    assert all(np.array_equal(image, images[0]) for image in images)
    if before:
        assert len(os.listdir("/proc/self/fd")) <= len(before)
