"""`AugmentedSequence`: samples that cannot be made, and pictures that are kept."""

import gc
import logging
import os
import pickle
import threading

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")

from keras_helpers import FLIP, NOTHING, bytes_of, classifier, epoch_of, photos

import probaug as A
from probaug.adapters._cache import DiskCache
from probaug.adapters.keras import AugmentedSequence
from probaug.data import Folder, Tfds

CROP = A.Compose([A.RandomCrop(16, 16)])


@pytest.fixture
def files(tmp_path):
    """Twelve pictures, of which one is cut off, one is text, one is empty, one is missing."""
    paths = []
    for index, image in enumerate(photos(12)):
        paths.append(tmp_path / f"{index:02}.png")
        cv2.imwrite(str(paths[-1]), image[..., ::-1])
    paths[2].write_bytes(paths[2].read_bytes()[:60])
    paths[5].write_text("This is no picture.")
    paths[6].write_bytes(b"")
    paths[9].unlink()
    return [str(path) for path in paths]


BAD = [2, 5, 6, 9]


def from_files(files, pipeline=CROP, **options):
    options = {"batch_size": 4, "seed": 1} | options
    return AugmentedSequence((files, np.arange(len(files))), pipeline, **options)


# errors


def test_an_error_names_the_file_and_the_sample(files):
    sequence = from_files(files, shuffle=False, threads=2)
    with pytest.raises(ValueError, match=r"02\.png: .*") as caught:
        sequence[0]
    assert "in sample 2 of epoch 0" in caught.value.__notes__
    assert sequence.errors == []
    sequence.close()


@pytest.mark.parametrize("threads", [0, 1, 2, 8])
def test_skipped_samples_leave_smaller_batches(files, threads, caplog):
    sequence = from_files(files, on_error="skip", threads=threads)
    with caplog.at_level(logging.WARNING, "probaug"):
        batches = [sequence[i] for i in range(len(sequence))]
    labels = np.concatenate([y for _, y in batches]).tolist()
    assert labels == [i for i in sequence.order(0).tolist() if i not in BAD]
    assert all(len(x) == len(y) for x, y in batches)
    assert [error.index for error in sequence.errors] == BAD
    assert [os.path.basename(error.file) for error in sequence.errors] == [
        "02.png",
        "05.png",
        "06.png",
        "09.png",
    ]
    assert all(error.reason and error.times == 1 for error in sequence.errors)
    assert sequence.error_report().startswith("4 of 12 samples could not be made, 4 times in all\n")
    assert len(caplog.records) == 4
    assert "sample 5" in caplog.text
    assert "05.png" in caplog.text
    assert "left out" in caplog.text
    # what is left is what it would have been
    good = [i for i in range(12) if i not in BAD]
    alone = from_files(files, shuffle=False, batch_size=1, threads=0)
    expected = {i: bytes_of(alone[i][0]) for i in good}
    given = [bytes_of(x[i : i + 1]) for x, _ in batches for i in range(len(x))]
    assert given == [expected[label] for label in labels]
    sequence.close()


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_replaced_samples_depend_on_the_key_alone(files, threads):
    here, there = (from_files(files, on_error="replace", threads=n) for n in (0, threads))
    epochs = []
    for epoch in range(3):
        here.set_epoch(epoch)
        there.set_epoch(epoch)
        epochs.append(epoch_of(here))
        assert epoch_of(there) == epochs[-1]
        for index in range(len(here)):
            x, y = here[index]
            assert len(x) == len(y) == 4
            assert not set(y.tolist()) & set(BAD)
    assert [error.times for error in here.errors] == [3, 3, 3, 3]
    assert here.errors == there.errors
    there.close()


def test_a_sample_that_is_asked_for_twice_in_an_epoch_counts_once(files, caplog):
    sequence = from_files(files, on_error="skip", threads=0)
    for _ in range(3):
        epoch_of(sequence)
    assert [error.times for error in sequence.errors] == [1, 1, 1, 1]
    assert len(caplog.records) == 4


@pytest.mark.parametrize("on_error", ["skip", "replace"])
@pytest.mark.parametrize("threads", [0, 2])
def test_a_batch_of_which_nothing_is_left_raises(on_error, threads):
    """A wrong pipeline fails at every sample: that is no accident to pass over."""
    sequence = AugmentedSequence(
        (photos(8), np.arange(8)), A.Compose([A.RandomCrop(99, 99)]),
        on_error=on_error, threads=threads, batch_size=4,
    )  # fmt: skip
    with pytest.raises(ValueError, match="99") as caught:
        sequence[0]
    assert any("no sample of the batch can be made" in note for note in caught.value.__notes__)
    sequence.close()


def test_a_bad_label_is_a_bad_sample():
    labels = np.arange(8) % 3
    labels[4] = 7
    sequence = AugmentedSequence(
        (photos(8), labels), NOTHING, num_classes=3, label_mode="int",
        on_error="skip", batch_size=8, shuffle=False, threads=2,
    )  # fmt: skip
    assert sequence[0][1].tolist() == [0, 1, 2, 0, 2, 0, 1]
    assert sequence.errors[0].index == 4
    assert "from 0 to 2, got 7" in sequence.errors[0].reason
    assert sequence.errors[0].file is None
    sequence.close()


def test_a_reader_is_asked_for_the_files_of_bad_samples_alone(tmp_path, monkeypatch):
    for index, image in enumerate(photos(6)):
        file = tmp_path / "pets" / f"{index}.png"
        file.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(file), image[:8] if index in (1, 4) else image)
    asked, path = [], Folder._path
    monkeypatch.setattr(
        Folder, "_path", lambda self, item: asked.append(item[0].name) or path(self, item)
    )
    sequence = AugmentedSequence(
        Folder(tmp_path), CROP, on_error="skip", batch_size=6, shuffle=False, threads=0
    )
    assert len(sequence[0][0]) == 4
    assert [error.file for error in sequence.errors] == [
        str(tmp_path / "pets" / name) for name in ("1.png", "4.png")
    ]
    assert asked == ["1.png", "4.png"]


def test_a_bad_sample_of_a_reader_without_files_has_none(caplog):
    examples = [{"image": image, "label": i} for i, image in enumerate(photos(4))]
    examples[2]["image"] = examples[2]["image"][:8]
    sequence = AugmentedSequence(
        Tfds(examples), CROP, on_error="skip", batch_size=4, shuffle=False, threads=0
    )
    assert sequence[0][1].tolist() == [0, 1, 3]
    assert [(error.index, error.file) for error in sequence.errors] == [(2, None)]
    assert "sample 2 is left out" in caplog.text


def test_a_fit_goes_on_and_leaves_nothing_behind(files):
    def state():
        gc.collect()
        return len(os.listdir("/proc/self/fd")), set(threading.enumerate())

    labels = np.arange(12) % 3

    def train(on_error):
        sequence = AugmentedSequence(
            (files, labels), CROP, batch_size=4, threads=2, on_error=on_error, cache="disk"
        )
        classifier().fit(sequence, epochs=3, verbose=0, shuffle=False)
        assert len(sequence.errors) == 4
        sequence.close()

    train("skip")  # TensorFlow opens what it needs
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("open files cannot be counted here")
    descriptors, threads = state()
    for on_error in ("skip", "replace"):
        train(on_error)
    after, others = state()
    assert after <= descriptors
    assert not {t for t in others - threads if t.name.startswith("probaug")}


def test_on_error_is_one_of_three():
    with pytest.raises(ValueError, match="on_error must be one of 'raise', 'skip', 'replace'"):
        from_files(["x"], on_error="ignore")


# kept pictures


class Counted:
    """A source that makes its samples itself, and counts how often."""

    def __init__(self):
        self.images, self.reads, self.lock = photos(12, size=48), [], threading.Lock()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        with self.lock:
            self.reads.append(index)
        return {"image": self.images[index], "label": index, "name": f"n{index}"}


def test_what_is_kept_gives_the_same_epochs(files):
    good = [file for i, file in enumerate(files) if i not in BAD]
    expected = [epoch_of(from_files(good, threads=0, epoch=e)) for e in range(2)]
    for cache in ("memory", "disk"):
        sequence = from_files(good, cache=cache, threads=2)
        for epoch in (0, 1, 0):
            sequence.set_epoch(epoch)
            assert epoch_of(sequence) == expected[epoch]
        sequence.close()


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_every_sample_is_read_once(cache):
    source = Counted()
    plain = AugmentedSequence(Counted(), FLIP, batch_size=5, threads=0)
    sequence = AugmentedSequence(source, FLIP, batch_size=5, threads=2, cache=cache)
    for epoch in range(3):
        plain.set_epoch(epoch)
        sequence.set_epoch(epoch)
        assert epoch_of(sequence) == epoch_of(plain)
    assert sorted(source.reads) == list(range(12))
    sequence.close()
    epoch_of(sequence)
    assert len(source.reads) == 24
    sequence.close()


@pytest.mark.parametrize("threads", [0, 2])
def test_memory_is_kept_up_to_a_limit(threads, caplog):
    """A sample of 48 x 48 pixels takes 6912 bytes."""
    source = Counted()
    sequence = AugmentedSequence(
        source, FLIP, batch_size=5, threads=threads, cache="memory", cache_limit=5 * 6912 + 100
    )
    plain = AugmentedSequence(Counted(), FLIP, batch_size=5, threads=0)
    for epoch in range(3):
        plain.set_epoch(epoch)
        sequence.set_epoch(epoch)
        assert epoch_of(sequence) == epoch_of(plain)
    assert len(source.reads) == 12 + 7 + 7
    assert [record.getMessage() for record in caplog.records] == [
        "cache='memory' is full with 34560 of 34660 bytes; other pictures are read anew"
    ]
    sequence.close()
    sequence[0]
    sequence[0]
    assert len(source.reads) == 26 + 5
    sequence.close()


def test_a_limit_counts_files_and_travels(files):
    picture = 24 * 24 * 3
    options = {"batch_size": 2, "cache": "memory", "cache_limit": picture}
    sequence = from_files(files[:2], NOTHING, threads=0, **options)
    for copy in (sequence, pickle.loads(pickle.dumps(sequence))):
        copy[0]
        assert len(copy._cache._kept) == 1
        copy.close()


def test_a_changed_file_is_read_again(files, tmp_path):
    folder = tmp_path / "kept"
    file = files[0]
    for cache in ({"cache": "memory"}, {"cache": "disk", "cache_folder": folder}):
        sequence = from_files([file], NOTHING, batch_size=1, threads=0, **cache)
        before = sequence[0][0].copy()
        cv2.imwrite(file, 255 - before[0, ..., ::-1])
        state = os.stat(file)
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
        assert np.array_equal(sequence[0][0], 255 - before)
        sequence.close()


def test_files_stay_in_a_folder_for_another_run(files, tmp_path):
    folder = tmp_path / "kept"
    good = [file for i, file in enumerate(files) if i not in BAD]
    first = from_files(good, cache="disk", cache_folder=folder, threads=2)
    expected = epoch_of(first)
    first.close()
    kept = sorted(folder.rglob("*.npy"))
    assert len(kept) == 8
    assert not [path for path in folder.rglob("*") if path.name.startswith((".", "probaug"))]
    times = [os.stat(path).st_mtime_ns for path in kept]
    second = from_files(good, cache="disk", cache_folder=folder, threads=2)
    assert epoch_of(second) == expected
    assert [os.stat(path).st_mtime_ns for path in kept] == times
    second.close()


DAMAGES = {
    "cut": lambda whole: whole[:-1],
    "start": lambda whole: whole[:6],
    "empty": lambda whole: b"",
    "zip": lambda whole: b"PK\5\6" + bytes(18),
    "header": lambda whole: whole[:10] + b"[" + whole[11:],
    "shape": lambda whole: whole.replace(b"(24,", b"(12,"),
    "pixel": lambda whole: whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
    "pickle": None,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_of_the_cache_is_written_anew(files, tmp_path, damage):
    """A run may be killed while it writes, and nobody's pickles are opened."""
    folder = tmp_path / "kept"
    sequence = from_files(files[:1], NOTHING, batch_size=1, cache="disk", cache_folder=folder)
    expected = bytes_of(sequence[0])
    (kept,) = folder.rglob("*.npy")
    whole = kept.read_bytes()
    if damage is None:
        np.save(kept, np.array([print], object), allow_pickle=True)
    else:
        damaged = damage(whole)
        assert damaged != whole
        kept.write_bytes(damaged)
    assert bytes_of(sequence[0]) == expected
    assert kept.read_bytes() == whole
    sequence.close()


def test_temporary_files_end_with_the_sequence(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sequence = AugmentedSequence(Counted(), FLIP, threads=2, cache="disk")
    epoch_of(sequence)
    assert len(list(tmp_path.rglob("*.npy"))) == 12
    sequence.close()
    assert not list(tmp_path.iterdir())
    epoch_of(sequence)
    assert list(tmp_path.iterdir())
    del sequence  # without close()
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_once_and_harms_nothing(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = DiskCache(tmp_path)
    for _ in range(3):
        assert not cache._write(blocked / "x.npy", np.zeros(3))
    assert len(caplog.records) == 1
    assert cache.file("abcd", lambda: np.ones(2)).tolist() == [1, 1]


def test_wrong_caches(files):
    with pytest.raises(ValueError, match="cache must be one of 'memory', 'disk', got 'ram'"):
        from_files(files, cache="ram")
    with pytest.raises(ValueError, match="cache_folder must be None without cache='disk'"):
        from_files(files, cache="memory", cache_folder="x")
    with pytest.raises(ValueError, match="cache_limit must be None without cache='memory', got 5"):
        from_files(files, cache="disk", cache_limit=5)
    with pytest.raises(ValueError, match="cache_limit must be a whole number >= 0, got '2 GB'"):
        from_files(files, cache="memory", cache_limit="2 GB")
