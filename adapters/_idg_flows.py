"""The methods of `ImageDataGenerator` that give batches."""

from __future__ import annotations

from typing import Any

from probaug.core.warn import warn

from ._idg_arrays import NumpyArrayIterator
from ._idg_files import DirectoryIterator
from ._idg_frames import DataFrameIterator
from ._idg_ranges import OWNER


class Flows:
    """The half of `ImageDataGenerator` that makes iterators."""

    data_format: str
    dtype: Any
    validation_end: str
    _validation_split: float

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
        **more: Any,
    ) -> NumpyArrayIterator:
        """Give batches out of arrays; `NumpyArrayIterator` explains the arguments."""
        return NumpyArrayIterator(
            x, y, self, batch_size, shuffle, sample_weight, seed, self.data_format, save_to_dir,
            save_prefix, save_format, subset, ignore_class_split, self.dtype, **more,
        )  # fmt: skip

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        *,
        masks: Any = None,
        threads: int | None = None,
    ) -> DirectoryIterator:
        """Give batches out of a folder that holds a folder of images for each class.

        Args:
            directory: The folder.
            target_size: Height and width of the images given, in pixels.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: The folders to take, in the order of their numbers; None takes all, sorted.
            class_mode: "categorical" for one-hot labels, "sparse" or "binary" for numbers, "input"
                for the images themselves, None for none.
            batch_size: Samples in a batch.
            shuffle: Visit the samples in another order in each epoch.
            seed: What decides order and draws; None takes one that nobody knows beforehand.
            save_to_dir: A folder to write each image given to, or None.
            save_prefix: The beginning of those files' names.
            save_format: Their ending.
            follow_links: Follow links to folders inside of a class.
            subset: "training" or "validation", or None for all.
            interpolation: Pillow's name of the filter that scales: "nearest", "bilinear",
                "bicubic", "lanczos", "box" or "hamming".
            keep_aspect_ratio: Cut the middle out instead of squeezing.
            masks: A folder with a mask for each image, at the same place under the same name but
                for its ending.
            threads: Threads that fill batches; None takes the generator's.

        """
        return DirectoryIterator(
            directory, self, target_size, color_mode, classes, class_mode, batch_size, shuffle,
            seed, self.data_format, save_to_dir, save_prefix, save_format, follow_links, subset,
            interpolation, keep_aspect_ratio, self.dtype, masks=masks, threads=threads,
        )  # fmt: skip

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: Any = "filename",
        y_col: Any = "class",
        weight_col: Any = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        **more: Any,
    ) -> DataFrameIterator:
        """Give batches out of the files that a data frame, or a dict of columns, names.

        Args:
            dataframe: The table.
            directory: What paths in it are relative to.
            x_col: The column of paths.
            y_col: The column of labels, or a list of columns.
            weight_col: The column of sample weights, or None.
            target_size: Height and width of the images given, in pixels.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: The labels to take, in the order of their numbers; None takes all, sorted.
            class_mode: "categorical" for one-hot labels, of several if a row holds a list;
                "sparse" or "binary" for numbers; "raw" for the column's values; "multi_output" for
                those of several columns; "input" for the images themselves; None for none.
                Labels are strings or whole numbers.
            batch_size: Samples in a batch.
            shuffle: Visit the samples in another order in each epoch.
            seed: What decides order and draws; None takes one that nobody knows beforehand.
            save_to_dir: A folder to write each image given to, or None.
            save_prefix: The beginning of those files' names.
            save_format: Their ending.
            subset: "training" or "validation", or None for all.
            interpolation: Pillow's name of the filter that scales.
            validate_filenames: Leave out rows that name no image file, with a warning.
            **more: keep_aspect_ratio, as in `flow_from_directory`; masks, a column of paths;
                bboxes, a column of lists of boxes in pixels of the file, or a pair of columns with
                their labels; keypoints, a column of lists of points; bounding_box_format,
                max_boxes and threads as in `flow`.

        """
        for name in ("has_ext", "sort", "drop_duplicates"):
            if name in more:
                del more[name]
                message = f"{OWNER}.flow_from_dataframe: {name} has no effect any more"
                warn(message, DeprecationWarning)
        if class_mode == "other":
            message = f"{OWNER}.flow_from_dataframe: class_mode='other' is called 'raw' today"
            warn(message, DeprecationWarning)
            class_mode = "raw"
        return DataFrameIterator(
            dataframe, directory, self, x_col, y_col, weight_col, target_size, color_mode, classes,
            class_mode, batch_size, shuffle, seed, self.data_format, save_to_dir, save_prefix,
            save_format, subset, interpolation, dtype=self.dtype,
            validate_filenames=validate_filenames, **more,
        )  # fmt: skip

    def fractions(self, subset: str) -> tuple[float, float]:
        """Where a subset begins and ends, as parts of the data."""
        part = self._validation_split
        if self.validation_end == "head":
            return (0.0, part) if subset == "validation" else (part, 1.0)
        return (1 - part, 1.0) if subset == "validation" else (0.0, 1 - part)

    def split(self, count: int, subset: str) -> tuple[slice, slice]:
        """A subset of so many samples, and the others."""
        low, high = (int(part * count) for part in self.fractions(subset))
        return slice(low, high), slice(high, None) if low == 0 else slice(0, low)
