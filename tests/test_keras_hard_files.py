"""`AugmentedSequence`: every odd file of a large collection loads, or is left out with a reason.

They are found through PROBAUG_DATA, or in ../shared/data; without them nothing runs.
"""

import gc
import os
import threading

import numpy as np
import pytest

pytest.importorskip("keras")

from test_data_shared import HARD, attempt, hard_files

import probaug as A
from probaug.adapters.keras import AugmentedSequence
from probaug.data import ImageError, decode

FILES = [str(HARD / name) for name in hard_files()]
pytestmark = [
    pytest.mark.skipif(not FILES, reason="needs files: see PROBAUG_DATA"),
    pytest.mark.filterwarnings("ignore"),
]
RESIZE = A.Compose([A.Resize(32, 32)])
UNSERVED = {"uint32", "int32", "float16"}  # of raw files: nothing interpolates them


def running():
    """How many files are open, where they can be counted, and the threads of sequences."""
    gc.collect()
    folder = "/proc/self/fd"
    files = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    return files, {thread for thread in threading.enumerate() if thread.name.startswith("probaug")}


def is_left_over(before):
    """Whether more is open or running than before."""
    return any(not now <= then for now, then in zip(running(), before, strict=True))


@pytest.mark.parametrize(
    ("color_mode", "mode"), [("rgb",) * 2, ("grayscale", "gray"), ("raw",) * 2]
)
def test_every_file_loads_or_is_left_out(color_mode, mode):
    images = [attempt(lambda path: decode(path, mode), file) for file in FILES]
    good = [
        place
        for place, image in enumerate(images)
        if not isinstance(image, ImageError) and image.dtype.name not in UNSERVED
    ]
    assert len(good) > 220
    before = running()
    sequence = AugmentedSequence(
        (FILES, np.arange(len(FILES))), RESIZE, batch_size=1,
        on_error="skip", color_mode=color_mode, shuffle=False, threads=2,
    )  # fmt: skip
    for place, (file, image) in enumerate(zip(FILES, images, strict=True)):
        if place in good:
            (x,), (label,) = sequence[place]
            whole = image if image.ndim == 3 else image[..., None]
            assert label == place
            assert np.array_equal(x, RESIZE(image=whole)["image"])
        else:
            with pytest.raises((ImageError, TypeError)) as caught:
                sequence[place]
            if isinstance(caught.value, ImageError):
                assert str(caught.value).startswith(f"{file}: ")
    sequence.close()
    assert not is_left_over(before)


@pytest.mark.parametrize("on_error", ["skip", "replace"])
def test_training_goes_on_with_what_is_left(on_error):
    bad = {
        place for place, file in enumerate(FILES) if isinstance(attempt(decode, file), ImageError)
    }
    pipeline = A.Compose([A.RandomResizedCrop((16, 16)), A.ToFloat()])
    before = running()
    sequence = AugmentedSequence(
        (FILES, np.arange(len(FILES))), pipeline, batch_size=32, on_error=on_error, threads=2
    )
    batches = [sequence[index] for index in range(len(sequence))]
    labels = np.concatenate([y for _, y in batches]).tolist()
    assert all(x.shape[1:] == (16, 16, 3) and x.dtype == np.float32 for x, _ in batches)
    assert {error.index for error in sequence.errors} == bad
    assert [error.file for error in sequence.errors] == [FILES[place] for place in sorted(bad)]
    assert not set(labels) & bad
    assert len(labels) == (len(FILES) if on_error == "replace" else len(FILES) - len(bad))
    sequence.close()
    assert not is_left_over(before)
