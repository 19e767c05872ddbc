"""All label targets of a sample: boxes, keypoints, polygons.

Each knows by its ``rows`` which row of what the caller gave every one comes from, so labels come
back as the very objects that went in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .boxes import Boxes
from .matrix import Size
from .points import Points

if TYPE_CHECKING:
    from .polygons import Polygons


class Labels:
    """All label targets of a sample."""

    __slots__ = ("boxes", "points", "polygons", "size")

    def __init__(
        self,
        boxes: dict[str, Boxes],
        points: dict[str, Points],
        polygons: dict[str, Polygons] | None = None,
    ) -> None:
        self.boxes = boxes
        self.points = points
        self.polygons = polygons or {}
        self.size: Size | None = None  # of the frame that they were last filtered for

    @property
    def targets(self) -> dict[str, Boxes | Points | Polygons]:
        """All of them by name."""
        return {**self.boxes, **self.points, **self.polygons}

    def settle(self, size: Size, last: bool = False) -> None:
        """Clip and filter, each target as its params say; ``last`` at the end of a pipeline."""
        if size != self.size:  # a crop at the top left moves nothing, but cuts off
            self.size = size
            for target in self.targets.values():
                target.settled = None
        for boxes in self.boxes.values():
            if last or boxes.params.check_each_transform:
                boxes.settle(size)
        for points in self.points.values():
            if last or points.params.check_each_transform:
                points.settle(size)
        for polygons in self.polygons.values():
            if last or polygons.params.check_each_transform:
                polygons.settle(size)
