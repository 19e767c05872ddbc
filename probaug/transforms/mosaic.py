"""Mosaic: several samples in a grid, seen through a window."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np

from ..core.canvas import Canvas
from ..core.fields import Array, Between, DrawnPair, Fill, Interpolation, Probability, WholePair
from ..core.kinds import Spatial, move_labels
from ..core.matrix import Matrix, Size, shift, zoom
from ..core.mix import Mix, add_labels, clone, frames_of, is_object_wise, set_planes
from ..core.random import Draw
from ..core.transform import Params
from ..core.warp import filled

PRIMARY = -1
"""Stands for the sample itself among the indices of others."""


class _View(NamedTuple):
    """What is seen of one cell of the grid."""

    left: int  # in the cell
    top: int
    x: int  # in the result
    y: int
    size: Size


class Mosaic(Mix, Spatial):
    """Put the sample and others into the cells of a grid, and look at a part of it.

    Every sample is centred in its cell. The sample itself has the cell of which most is seen, and
    stands in for others where they are too few. The masks of ``masks`` are one object each: all
    are kept, those of the sample first.

    Args:
        grid_yx: Number of rows and of columns.
        target_size: Height and width of the result, in pixels; at most those of the grid.
        cell_shape: Height and width of a cell, in pixels.
        center_range: Where the result lies in the grid, along each axis, from 0 (its start) to 1
            (its end).
        fit_mode: "cover" fills a cell and cuts off what is beyond it; "contain" shows all of a
            sample and fills the rest.
        interpolation: How to read images between pixels.
        mask_interpolation: How to read masks between pixels.
        fill: Image value beside a sample, in the image's units.
        fill_mask: Mask value beside a sample, and where a sample has no mask.
        metadata_key: Name in the call of the other samples: a dict, a list of them, or whatever
            has a length and an index and gives such dicts; the names in them are those of the call.
        p: Chance that a call does anything.

    Source: A. Bochkovskiy et al., YOLOv4, arXiv 2004.10934.

    """

    grid_yx: Annotated[WholePair, Between(low=1)] = (2, 2)
    target_size: Annotated[WholePair, Between(low=1)] = (512, 512)
    cell_shape: Annotated[WholePair, Between(low=1)] = (512, 512)
    center_range: Annotated[DrawnPair, Between(0, 1)] = (0.3, 0.7)
    fit_mode: Literal["cover", "contain"] = "cover"
    interpolation: Interpolation = 1
    mask_interpolation: Interpolation = 0
    fill: Fill = 0
    fill_mask: Fill = 0
    metadata_key: str = "mosaic_metadata"
    p: Probability = 0.5

    draws: ClassVar[int] = 2

    def check(self) -> None:
        whole = tuple(n * cell for n, cell in zip(self.grid_yx, self.cell_shape, strict=True))
        if any(map(int.__gt__, self.target_size, whole)):
            raise self.refuse("target_size", f"at most {whole}, the size of the grid")

    def sample(self, draw: Draw, canvas: Canvas) -> Params:
        center = [draw.between(self.center_range) for _ in range(2)]
        wanted, there = len(self.views(center)) - 1, len(self.entries(canvas))
        if there > wanted:
            items = draw.generator.choice(there, wanted, replace=False)
        else:
            items = np.append(np.arange(there), [PRIMARY] * (wanted - there))
            draw.generator.shuffle(items)
        return {"center_range": center, "items": items.astype(int).tolist()}

    def views(self, center: list[float]) -> list[_View]:
        """What is seen of the cells, row by row, but that of which most is seen first."""
        axes = []
        for place, cells, cell, length in zip(
            center, self.grid_yx, self.cell_shape, self.target_size, strict=True
        ):
            start = round(place * (cells * cell - length))
            spans = []
            for index in range(cells):
                first = max(start, index * cell)
                last = min(start + length, (index + 1) * cell)
                if first < last:
                    spans.append((first - index * cell, first - start, last - first))
            axes.append(spans)
        views = [
            _View(left, top, x, y, Size(height, width))
            for top, y, height in axes[0]
            for left, x, width in axes[1]
        ]
        largest = max(views, key=lambda view: view.size.height * view.size.width)
        return [largest, *(view for view in views if view is not largest)]

    def on(self, canvas: Canvas, params: Params) -> None:
        views = self.views(params["center_range"])
        indices = [PRIMARY, *params["items"]]
        parts = [
            clone(canvas) if index == PRIMARY else self.other(canvas, index) for index in indices
        ]
        planes = {plane.name: plane.kind for plane in canvas.planes}
        like = {plane.name: plane.frames[0] for part in parts[::-1] for plane in part.planes}
        for part, view in zip(parts, views, strict=True):
            self.place(part, view)
        frames = {}
        for name in [*planes, *canvas.stacks]:
            if name in like:
                fill = self.fill if planes.get(name) == "image" else self.fill_mask
                apart = is_object_wise(canvas, name)
                pieces = [frames_of(part, name) for part in parts]
                size = Size(*self.target_size)
                if apart or not all(pieces):
                    blank = filled(like[name], size, fill)
                else:  # it will be covered
                    blank = np.empty((*size, *like[name].shape[2:]), like[name].dtype)
                frames[name] = assembled(pieces, views, blank, apart)
        canvas.labels = parts[0].labels
        set_planes(canvas, frames)
        for part in parts[1:]:
            add_labels(canvas, part)

    def place(self, part: Canvas, view: _View) -> None:
        """Fit a sample into its cell, cut out what is seen, and move its labels to the result."""
        sampling = self.sampling(part)
        first: Matrix | None = None
        for layer in part.layers:
            window, size, matrix = self.fitted(layer.size)
            layer.resize(size, sampling, window)
            left = (self.cell_shape[1] - size.width) // 2 - view.left
            top = (self.cell_shape[0] - size.height) // 2 - view.top
            layer.move(shift(left, top), view.size, sampling)
            first = first or shift(left, top) @ matrix
        part.flush()
        if first is not None and part.is_labelled:
            move_labels(part, first)
            part.labels.settle(view.size, last=True)
            move_labels(part, shift(view.x, view.y))

    def fitted(self, old: Size) -> tuple[tuple[int, int, int, int] | None, Size, Matrix]:
        """The window that a cell takes of a sample, what size it has there, and the matrix."""
        height, width = self.cell_shape
        down, across = height / old.height, width / old.width
        if self.fit_mode == "contain":
            scale = min(down, across)
            size = Size(*(max(1, round(side * scale)) for side in old))
            return None, size, zoom(size.width / old.width, size.height / old.height)
        scale = max(down, across)
        cut = Size(*(
            min(side, max(1, round(length / scale)))
            for side, length in zip(old, self.cell_shape, strict=True)
        ))  # fmt: skip
        left, top = (old.width - cut.width) // 2, (old.height - cut.height) // 2
        matrix = zoom(width / cut.width, height / cut.height) @ shift(-left, -top)
        window = None if cut == old else (left, top, left + cut.width, top + cut.height)
        return window, Size(height, width), matrix


def assembled(
    pieces: list[list[Array]], views: list[_View], blank: Array, apart: bool
) -> list[Array]:
    """Frames of the whole; with ``apart`` each piece has one of its own."""
    count = 0 if apart else max(map(len, pieces))
    frames = [blank if index == 0 else blank.copy() for index in range(count)]
    for piece, (_, _, x, y, (height, width)) in zip(pieces, views, strict=True):
        if apart:
            frames += [blank.copy() for _ in piece]
        own = frames[len(frames) - len(piece) :]
        for frame, source in zip(own, piece, strict=True):
            frame[y : y + height, x : x + width] = source
    return frames
