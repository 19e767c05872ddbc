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
        *,
        masks: Any = None,
        bboxes: Any = None,
        keypoints: Any = None,
        bounding_box_format: str = "xyxy",
        max_boxes: int | None = None,
        on_error: str = "raise",
        threads: int | None = None,
    ) -> NumpyArrayIterator:
        """Give batches out of arrays.

        A batch is x, (x, targets) or (x, targets, sample_weight). Targets are y, or what follows
        the images (masks, bboxes, keypoints), or a dict of those that there are.

        Args:
            x: Images (N, H, W, C); (images, other) or (images, [other, ...]), where the others go
                around the augmentation; or a dict of inputs, whose arrays of rank 4 are images
                that move alike.
            y: Labels; a tuple or list of arrays, or a dict of them, for several outputs.
            batch_size: Samples in a batch.
            shuffle: Visit the samples in another order in each epoch.
            sample_weight: One weight per sample.
            seed: What decides order and draws; None takes one that nobody knows beforehand.
            save_to_dir: A folder to write each image given to, or None.
            save_prefix: The beginning of those files' names.
            save_format: Their ending.
            ignore_class_split: Let the two subsets hold different classes.
            subset: "training" or "validation", or None for all.
            masks: (N, H, W) or (N, H, W, C) masks that move with the images, or a dict of them.
            bboxes: One list of boxes per sample, or a dict of "boxes" and "labels" that hold such.
            keypoints: (N, K, 2) points x, y in pixels from the centre of the first one; or
                (N, K, 3) with the visibility that COCO has, 0 not labelled, 1 hidden, 2 seen: it
                turns 0 outside of the image, and 2 turns 1 in a hole. A point that had 0 or no
                finite place from the beginning is all zeros.
            bounding_box_format: Keras' name of the boxes' format.
            max_boxes: Boxes that each sample is padded to, with -1; None takes the most there are.
            on_error: What to do about a sample that cannot be made: "raise" its error, "skip" it,
                or "replace" it by another one, each with its own labels; see ``errors``.
            threads: Threads that fill batches; None takes the generator's.

        """
        return NumpyArrayIterator(**arguments(locals()))

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
        on_error: str = "raise",
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
            on_error: As in `flow`.
            threads: Threads that fill batches; None takes the generator's.

        """
        return DirectoryIterator(**arguments(locals()))

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
        *,
        keep_aspect_ratio: bool = False,
        masks: Any = None,
        bboxes: Any = None,
        keypoints: Any = None,
        bounding_box_format: str = "xyxy",
        max_boxes: int | None = None,
        on_error: str = "raise",
        threads: int | None = None,
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
            keep_aspect_ratio: Cut the middle out instead of squeezing.
            masks: A column of paths.
            bboxes: A column of lists of boxes in pixels of the file, or a pair of columns with
                their labels.
            keypoints: A column of lists of points.
            bounding_box_format: Keras' name of the boxes' format.
            max_boxes: Boxes that each sample is padded to, with -1; None takes the most there are.
            on_error: As in `flow`.
            threads: Threads that fill batches; None takes the generator's.
            **more: What Keras took in earlier days: has_ext, sort, drop_duplicates.

        """
        given = arguments(locals())
        for name in given.keys() & {"has_ext", "sort", "drop_duplicates"}:
            del given[name]
            message = f"{OWNER}.flow_from_dataframe: {name} has no effect any more"
            warn(message, DeprecationWarning)
        if class_mode == "other":
            message = f"{OWNER}.flow_from_dataframe: class_mode='other' is called 'raw' today"
            warn(message, DeprecationWarning)
            given["class_mode"] = "raw"
        return DataFrameIterator(**given)

    def _fractions(self, subset: str) -> tuple[float, float]:
        """Where a subset begins and ends, as parts of the data."""
        part = self._validation_split
        if self.validation_end == "head":
            return (0.0, part) if subset == "validation" else (part, 1.0)
        return (1 - part, 1.0) if subset == "validation" else (0.0, 1 - part)

    def _split(self, count: int, subset: str) -> tuple[slice, slice]:
        """A subset of so many samples, and the others."""
        low, high = (int(part * count) for part in self._fractions(subset))
        return slice(low, high), slice(high, None) if low == 0 else slice(0, low)


def arguments(given: dict[str, Any]) -> dict[str, Any]:
    """What a method's names hold as the arguments of the iterator that it makes."""
    rest = {name: value for name, value in given.items() if name not in ("self", "more")}
    return {"image_data_generator": given["self"], **rest, **given.get("more", {})}
