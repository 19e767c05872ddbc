"""Readers of pictures with objects: boxes, polygons, masks, keypoints, flat or as instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Unpack

import numpy as np

from .. import BboxParams, KeypointParams, PolygonParams
from ..core.boxes import from_edges
from ..core.fields import Array
from ..core.matrix import Size
from ..core.oriented import from_quads
from ..core.polygons import area, clipped
from .decode import Picture
from .outlines import polygon_mask
from .reader import AnnotationError, Options, Reader, Reporter, Sample, fitted

PARTS = ("bbox", "polygon", "mask", "keypoints")
NAMES = {"bbox": "bboxes", "polygon": "polygons", "mask": "masks", "keypoints": "keypoints"}
POINT_FIELDS = ("keypoint_labels", "keypoint_objects", "visibility")
NEAR = 1.0
"""Pixels that a box may reach beyond its picture: rounding."""


@dataclass
class Object:
    """One object, in pixels of the whole picture: edges and rings continuous, points by centres."""

    place: str
    label: int
    edges: Sequence[float] | None = None  # xyxy
    quad: Array | None = None  # (4, 2)
    rings: list[Array] | None = None  # (P, 2) each
    mask: Array | None = None
    points: Array | None = None  # (K, 2), continuous
    names: Sequence[Any] = ()  # of the points, where not all objects have the reader's
    visibility: Array | None = None  # (K,), any numbers: 0 not labelled, 1 hidden, 2 seen
    source: Path | None = None  # of the annotation
    more: dict[str, Any] = field(default_factory=dict)  # travels along

    def seen(self) -> Array:
        """The visibility of every point."""
        if self.visibility is None:
            return np.full(0 if self.points is None else len(self.points), 2)
        return self.visibility.astype(np.int64)

    def about(self) -> dict[str, Any]:
        """What an instance has besides its parts."""
        return {"label": self.label, **self.more}

    def drawn(self, size: Size, shown: Size, scale: Array) -> Array:
        """Its mask, (H, W) of 0 and 1, at the size that the picture is shown at."""
        if self.mask is None:
            return polygon_mask([ring * scale for ring in self.rings or ()], shown)
        return fitted(self.mask, shown)


class ObjectReader(Reader):
    """A reader of objects.

    A sample has "image", "path" and, by the parts that are wanted, one for each of N objects:

    - "bboxes": (N, 4) float64, as ``box_format`` says, the classes in "labels": (N,) int64;
    - "masks": a list of (H, W) uint8, 1 on the object;
    - "polygons": a list of lists of (P, 2) rings in pixels, their classes in "polygon_labels", as
      they are filtered by themselves;
    - "keypoints": (M, 2) x and y of all points that are labelled, counting pixel centres, in
      "keypoint_labels" their names, in "keypoint_objects" the objects that they belong to, in
      "visibility" 1 for hidden, 2 for seen.

    With ``instances`` all parts of an object are one dict in the list "instances", so that they
    live and die together: "bbox", "mask", "polygon", "label", and "keypoints" (K, 3): x, y and
    visibility of all K points, zeros for those that are not labelled. In a mirror the rows of left
    and right change places, if all categories have them in the same rows.
    """

    FORMAT: ClassVar[str]
    EXTRAS: ClassVar[dict[str, type]] = {}  # label fields, with their types

    _skeletons: Sequence[tuple[Any, ...]] = ()  # the points of each class, if they have their own

    def __init__(
        self,
        items: Iterable[Any],
        parts: Sequence[str],
        instances: bool,
        box_format: str | None,
        points: Sequence[str] = (),
        **options: Unpack[Options],
    ) -> None:
        super().__init__(items, **options)
        owner = type(self).__name__
        self.parts = (parts,) if isinstance(parts, str) else tuple(parts)
        if not self.parts or not set(self.parts) <= set(PARTS):
            raise ValueError(f"{owner}.parts must be some of {', '.join(PARTS)}, got {parts!r}")
        self.instances = instances
        self.points = tuple(points)
        self.box_format = box_format or self.FORMAT
        self._set_params("hbb")

    def _set_params(self, bbox_type: Literal["hbb", "obb"]) -> None:
        """Say how the labels are written."""
        flat = not self.instances
        if "bbox" in self.parts:
            fields = ("labels", *self.EXTRAS) if flat else None
            name: Any = self.box_format
            self.bbox_params = BboxParams(name, fields, bbox_type=bbox_type)
        if "polygon" in self.parts:
            self.polygon_params = PolygonParams(label_fields=("polygon_labels",) if flat else None)
        if "keypoints" in self.parts:
            pairs = mirrored(self.points) if flat else self._mirrored_rows()
            self.keypoint_params = KeypointParams(
                "xy",
                POINT_FIELDS if flat else None,
                remove_invisible=flat,
                label_mapping=pairs,
                has_visibility=not flat,
            )

    def _mirrored_rows(self) -> tuple[tuple[int, int], ...] | None:
        """Numbers of points that differ in left and right alone, for instances of any class."""
        partners: dict[int, int] = {}
        for names in {skeleton or self.points for skeleton in self._skeletons or [()]}:
            pairs = mirrored(names) or ()
            other = {name: partner for pair in pairs for name, partner in (pair, pair[::-1])}
            for row, name in enumerate(names):
                partner = names.index(other.get(name, name))
                if partners.setdefault(row, partner) != partner:
                    return None  # what is left in one is the nose of another
        return tuple((row, other) for row, other in partners.items() if row < other) or None

    def _sample(
        self, path: Path, picture: Picture, objects: list[Object], report: Reporter
    ) -> Sample:
        """A sample of a picture, decoded at any scale, and its objects; they are checked here."""
        image, size = picture
        objects = [found for found in objects if self._is_good(path, found, size, report)]
        if "keypoints" in self.parts:
            for found in objects:
                if found.points is None:  # none of its points is labelled
                    count = len(found.names or self.points)
                    found.points, found.visibility = np.zeros((count, 2)), np.zeros(count, np.int64)
        sample: Sample = {"image": image, "path": str(path)}
        made = {part: self._part(part, objects, size, image.shape) for part in self.parts}
        if self.instances:
            sample["instances"] = [
                {**{part: values[place] for part, values in made.items()}, **found.about()}
                for place, found in enumerate(objects)
            ]
            return sample
        sample |= {NAMES[part]: values for part, values in made.items()}
        labels = np.array([found.label for found in objects], np.int64)
        sample["labels"] = labels
        for extra, dtype in self.EXTRAS.items():
            sample[extra] = np.array([found.more[extra] for found in objects], dtype)
        if "polygon" in made:
            sample["polygon_labels"] = labels
        if "keypoints" in made:
            sample |= self._flat_points(made["keypoints"], objects)
        return sample

    def _part(self, part: str, objects: list[Object], size: Size, shape: tuple[int, ...]) -> Any:
        """One part of all objects, at the scale of a picture of some shape."""
        shown = Size(*shape[:2])
        scale = np.array([shown.width / size.width, shown.height / size.height])
        if part == "polygon":
            return [[ring * scale for ring in found.rings or ()] for found in objects]
        if part == "mask":
            return [found.drawn(size, shown, scale) for found in objects]
        if part == "keypoints":
            points = [found.points for found in objects]
            rows = [each * scale - 0.5 for each in points if each is not None]  # none is
            if self.instances:
                seen = [found.seen() for found in objects]
                return [np.column_stack(pair) for pair in zip(rows, seen, strict=True)]
            return rows
        if self.bbox_params is not None and self.bbox_params.bbox_type == "obb":
            quads = np.array([found.quad for found in objects]).reshape(-1, 4, 2)
            return from_quads(quads * scale, self.box_format, shown)
        edges = np.array([found.edges for found in objects], np.float64).reshape(-1, 4)
        return from_edges(edges * [*scale, *scale], self.box_format, shown)

    def _flat_points(self, points: list[Array], objects: list[Object]) -> Sample:
        """All points that are labelled, and what is known of each."""
        rows = [
            (x, y, place, number, int(seen))
            for place, (found, values) in enumerate(zip(objects, points, strict=True))
            for number, ((x, y), seen) in enumerate(zip(values, found.seen(), strict=True))
            if seen > 0
        ]
        table = np.array(rows, np.float64).reshape(-1, 5)
        owners, numbers = table[:, 2].astype(np.int64), table[:, 3].astype(int).tolist()
        names = [objects[place].names or self.points for place in owners]
        return {
            "keypoints": table[:, :2],
            "keypoint_labels": [each[number] for each, number in zip(names, numbers)],
            "keypoint_objects": owners,
            "visibility": table[:, 4].astype(np.int64),
        }

    def _is_good(self, path: Path, found: Object, size: Size, report: Reporter) -> bool:
        problems = list(self._problems(path, found, size))
        for problem in problems:
            report(problem)
        return not problems

    def _problems(self, path: Path, found: Object, size: Size) -> Iterator[AnnotationError]:
        """The rules that an object breaks, of those that matter for the wanted parts."""

        def broken(rule: str, value: Any) -> AnnotationError:
            return AnnotationError(found.source or path, found.place, rule, value)

        within = f"of {size.height} x {size.width} pixels (height x width)"
        if "bbox" in self.parts and found.quad is None:
            x1, y1, x2, y2 = edges = tuple(map(float, found.edges or (0, 0, 0, 0)))
            if not np.isfinite(edges).all():
                yield broken("have a box of four finite numbers (xyxy, in pixels)", edges)
            elif not (x1 < x2 and y1 < y2):
                yield broken("have a box with an area (xyxy, in pixels)", edges)
            elif not (
                -NEAR <= x1 < size.width >= x2 - NEAR
                and -NEAR <= y1 < size.height >= y2 - NEAR
                and min(x2, y2) > 0
            ):
                yield broken(f"have its box (xyxy, in pixels) inside the picture {within}", edges)
        outlines = [] if found.quad is None else [found.quad]
        if "polygon" in self.parts or (found.mask is None and "mask" in self.parts):
            outlines = found.rings or []
            if not outlines:
                yield broken("have a polygon", outlines)
        for ring in outlines:
            if len(ring) < 3:
                yield broken("have a polygon of at least three points", ring.tolist())
            elif not np.isfinite(ring).all():
                yield broken("have a polygon of finite numbers", ring.tolist())
            elif not area(clipped(ring, 0, 0, size.width, size.height)) > 0:
                yield broken(f"have an area inside the picture {within}", ring.tolist())
        if found.visibility is not None and not np.isin(found.visibility, (0, 1, 2)).all():
            rule = "have 0, 1 or 2 as the visibility of each keypoint"
            yield broken(rule, found.visibility.tolist())
        elif "keypoints" in self.parts and found.points is not None:
            limits = size.width + 0.5, size.height + 0.5  # as pipelines have it
            away = ~((found.points >= 0) & (found.points <= limits))
            for number in np.flatnonzero(away.any(axis=1) & (found.seen() > 0)).tolist():
                value = found.points[number].tolist()
                yield broken(f"have keypoint {number} inside the picture {within}", value)


def mirrored(names: Sequence[Any]) -> tuple[tuple[str, str], ...] | None:
    """Pairs of names that differ in left and right alone."""
    pairs = [
        (name, other)
        for name in names
        if isinstance(name, str) and (other := name.replace("left", "right")) != name
    ]
    return tuple(pair for pair in pairs if pair[1] in names) or None
