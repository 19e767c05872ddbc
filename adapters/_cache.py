"""Decoded pictures that are kept, in memory or in files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import shutil
import tempfile
import threading
import weakref
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from probaug.core.fields import Array

from ._checks import one_of, refuse, whole

Make: TypeAlias = Callable[[], Any]
CACHES = ("memory", "disk")

_log = logging.getLogger("probaug")


def cache_of(owner: str, cache: Any, folder: Any, limit: Any) -> MemoryCache | DiskCache | None:
    """Check what the user asked for."""
    if limit is not None:
        limit = whole(owner, "cache_limit", limit, 0)
        if cache != "memory":
            raise refuse(owner, "cache_limit", "None without cache='memory'", limit)
    if folder is not None and cache != "disk":
        raise refuse(owner, "cache_folder", "None without cache='disk'", folder)
    if cache is None:
        return None
    if one_of(owner, "cache", cache, CACHES) == "memory":
        return MemoryCache(limit)
    return DiskCache(None if folder is None else Path(folder))


def file_key(path: str | os.PathLike[str], mode: str) -> str:
    """What a decoded file is kept by: a file that was changed has another one."""
    state = os.stat(path)
    name = os.path.abspath(path)
    text = f"{name}\0{state.st_mtime_ns}\0{state.st_size}\0{mode}"
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


class MemoryCache:
    """Keeps all that was read, as long as the process runs. A pickle of it is empty.

    Args:
        limit: Bytes of arrays to keep at most; None keeps all.

    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._kept: dict[str | int, Any] = {}
        self._size = 0
        self._is_full = False
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        return MemoryCache, (self._limit,)

    def file(self, key: str, make: Make) -> Array:
        """The picture of a file."""
        kept: Array = self._keep(key, make)
        return kept

    def sample(self, index: int, make: Make) -> Mapping[str, Any]:
        """A sample of a source."""
        kept: Mapping[str, Any] = self._keep(index, make)
        return kept

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size, self._is_full = 0, False

    def _keep(self, key: str | int, make: Make) -> Any:
        if key in self._kept:
            return self._kept[key]
        made = make()
        size = _bytes(made)
        with self._lock:
            if self._limit is None or self._size + size <= self._limit:
                self._size += 0 if key in self._kept else size
                self._kept[key] = made
            elif not self._is_full:
                self._is_full = True
                message = "cache='memory' is full with %d of %d bytes; other pictures are read anew"
                _log.warning(message, self._size, self._limit)
        return made


class DiskCache:
    """Keeps pictures as .npy files.

    Those of image files stay in the folder given, for later runs; without one, and for samples
    that a source makes by itself, of which nobody can say whether they are the same in another
    run, the files are in a temporary folder that `close`, or the end of the process, removes. A
    file that is damaged is written anew; when nothing can be written, nothing is kept.

    Args:
        folder: Where files stay; None keeps none.

    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._own: Path | None = None  # temporary, of this process
        self._process = 0
        self._finish: Any = None
        self._rest: dict[int, tuple[dict[str, Any], tuple[str, ...]]] = {}
        self._lock = threading.Lock()
        self._is_full = False

    def __reduce__(self) -> Any:
        return DiskCache, (self.folder,)

    def file(self, key: str, make: Make) -> Array:
        """The picture of a file."""
        path = (self.folder or self._temporary()) / key[:2] / f"{key[2:]}.npy"
        kept = _loaded(path)
        if kept is None:
            kept = np.asarray(make())
            self._write(path, kept)
        return kept

    def sample(self, index: int, make: Make) -> Any:
        """A sample of a source; what is no array of numbers stays in memory."""
        folder = self._temporary()
        if index in self._rest:
            rest, names = self._rest[index]
            arrays = {name: _loaded(folder / f"{index}-{n}.npy") for n, name in enumerate(names)}
            if all(array is not None for array in arrays.values()):
                return {**rest, **arrays}
        sample: Any = make()
        if not isinstance(sample, Mapping):
            return sample  # an error, which is told where samples are checked
        names = tuple(name for name, value in sample.items() if _is_plain(value))
        if all(
            self._write(folder / f"{index}-{n}.npy", sample[name]) for n, name in enumerate(names)
        ):
            rest = {name: value for name, value in sample.items() if name not in names}
            self._rest[index] = rest, names
        return sample

    def close(self) -> None:
        """Remove what is temporary."""
        with self._lock:
            finish, self._finish, self._own = self._finish, None, None
            self._rest.clear()
        if finish is not None:
            finish()

    def _temporary(self) -> Path:
        with self._lock:
            if self._own is None or self._process != os.getpid():
                self._process = os.getpid()
                if self.folder is not None:
                    self.folder.mkdir(parents=True, exist_ok=True)
                self._own = Path(tempfile.mkdtemp(prefix="probaug-", dir=self.folder))
                self._finish = weakref.finalize(self, _remove, self._own, self._process)
                self._rest.clear()
            return self._own

    def _write(self, path: Path, array: Array) -> bool:
        """Write a file whole or not at all."""
        if self._is_full:
            return False
        beside = path.with_name(f".{path.stem}-{os.getpid()}-{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            data = io.BytesIO()
            np.save(data, array, allow_pickle=False)
            with open(beside, "wb") as file:
                file.write(data.getbuffer())
                file.write(_sum(data.getbuffer()))
            os.replace(beside, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            self._is_full = True
            _log.warning("the cache in %s keeps nothing more: %s", path.parent, error)
            return False
        return True


def _bytes(value: Any) -> int:
    """Bytes of all arrays in what was read."""
    if isinstance(value, Mapping):
        return sum(map(_bytes, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_bytes, value))
    return value.nbytes if isinstance(value, np.ndarray) else 0


def _is_plain(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "buifc" and value.nbytes > 4096


def _loaded(path: Path) -> Array | None:
    """The array of a file; None if there is none, or not as it was written."""
    try:
        data = memoryview(path.read_bytes())
    except OSError:
        return None
    if len(data) <= 4 or data[-4:] != _sum(data[:-4]):
        return None
    array: Array = np.load(io.BytesIO(data[:-4]), allow_pickle=False)
    return array


def _sum(data: memoryview) -> bytes:
    """What stands behind an array, to know it by; NumPy does not read that far."""
    return zlib.crc32(data).to_bytes(4, "little")


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # a forked child has no say in it
        shutil.rmtree(folder, ignore_errors=True)
