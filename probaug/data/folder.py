"""Pictures in a folder for each class."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Unpack

from .decode import AnyPath
from .reader import Options, Reader, Reporter, Sample, class_names, image_files


class Folder(Reader):
    """Pictures in a folder for each class; "label" is the place of its name among the classes.

    Args:
        folder: The folder that has one for each class, however deep the pictures lie in it.
        classes: Names of the folders to read, in order; if not given, all in the order of names.
        options: See `Options`.

    Example::

        pets = Folder("pets")  # pets/cats/0.jpg, pets/dogs/0.jpg, ...
        assert pets.classes == ("cats", "dogs")
        assert pets[0]["label"] == 0

    """

    def __init__(
        self, folder: AnyPath, *, classes: Iterable[str] | None = None, **options: Unpack[Options]
    ) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise ValueError(f"{self.folder} is no folder")
        found = [path.name for path in self.folder.iterdir() if path.is_dir()]
        self.classes = class_names("Folder", classes, found)
        items = [
            (path, label)
            for label, name in enumerate(self.classes)
            for path in image_files(self.folder / name)
        ]
        if not items:
            raise ValueError(
                f"Folder finds no images in the folders of {self.folder}, which must have one for "
                f"each class, got {list(self.classes)}"
            )
        super().__init__(items, **options)

    @property
    def labels(self) -> list[int]:
        """The label of every sample."""
        return [label for _, label in self._items]

    def _read(self, item: Any, report: Reporter) -> Sample:
        path, label = item
        return {"image": self._load(path).image, "label": label, "path": str(path)}
