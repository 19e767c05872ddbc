"""How a pipeline reads and filters boxes and keypoints."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from .boxes import BOX_FORMATS, KERAS_BOX_FORMATS
from .declared import Declared
from .fields import Between
from .registry import register

POINT_FORMATS = ("xy", "yx", "xya", "xys", "xyas", "xysa", "xyz")


class OneOfNames:
    """The value is one of a list of names."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, value: Any) -> bool:
        return value in self.names

    def __str__(self) -> str:
        return "out of " + ", ".join(self.names)


class AsPairs:
    """Pairs, or a dict that stands for them; no label is in two that differ."""

    def convert(self, value: Any) -> Any:
        pairs = tuple(value.items()) if isinstance(value, dict) else value
        if not isinstance(pairs, tuple) or not all(isinstance(p, tuple) for p in pairs):
            return pairs
        known: dict[Any, None] = {}
        for pair in pairs:
            if pair[::-1] not in known:
                known[pair] = None
        return tuple(known)

    def __call__(self, value: Any) -> bool:
        names = [name for pair in value or () for name in dict.fromkeys(pair)]
        return len(names) == len(set(names))

    def __str__(self) -> str:
        return "of pairs of labels, each label in one of them"


class _LabelParams(Declared):
    format: str
    label_fields: tuple[str, ...] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the label fields; () where none are declared."""
        return self.label_fields or ()


@register
class BboxParams(_LabelParams):
    """How boxes are written, and which of them survive.

    Args:
        format: "pascal_voc", "coco", "yolo", "albumentations", or a Keras name such as "xyxy",
            "rel_yxyx" or "center_xywh".
        label_fields: Names of the call's arguments that hold one label per box.
        min_area: Smallest area kept, in square pixels.
        min_visibility: Smallest part kept, as a fraction of the box's area before each transform.
        min_width: Smallest width kept, in pixels.
        min_height: Smallest height kept, in pixels.
        check_each_transform: Clip and filter after every transform, not only at the end.
        clip: Clip given boxes to the image, however far outside they reach.
        filter_invalid_bboxes: Drop given boxes that are empty or outside, clip the others.
        max_accept_ratio: Largest ratio of the long to the short side kept.
        bbox_type: "hbb" for upright boxes; "obb" for oriented ones, whose rows are four numbers of
            the format, for the box before it is turned about its centre, and the angle in degrees,
            clockwise on screen. Oriented boxes are kept whole at the edge of the image.
        refit: In the end, fit box i around what is left of masks[i] ("masks") or of polygons[i]
            ("polygons"), so that rotations do not make it grow; a box of which nothing is left is
            dropped.

    """

    format: Annotated[str, OneOfNames(*BOX_FORMATS, *KERAS_BOX_FORMATS)]
    label_fields: tuple[str, ...] | None = None
    min_area: Annotated[float, Between(0)] = 0.0
    min_visibility: Annotated[float, Between(0, 1)] = 0.0
    min_width: Annotated[float, Between(0)] = 0.0
    min_height: Annotated[float, Between(0)] = 0.0
    check_each_transform: bool = True
    clip: bool = False
    filter_invalid_bboxes: bool = False
    max_accept_ratio: Annotated[float, Between(1)] | None = None
    bbox_type: Literal["hbb", "obb"] = "hbb"
    refit: Literal["masks", "polygons"] | None = None

    @property
    def accepts_all(self) -> bool:
        """Whether every box that has an area is kept."""
        known = self.__dict__.get("_cached_accepts_all")
        if known is None:
            limits = (self.min_area, self.min_width, self.min_height, self.min_visibility)
            known = not any(limits) and self.max_accept_ratio is None
            self.__dict__["_cached_accepts_all"] = known
        return bool(known)


@register
class KeypointParams(_LabelParams):
    """How keypoints are written, and whether those outside the image survive.

    Args:
        format: "xy", "yx", "xya", "xys", "xyas", "xysa" or "xyz"; a is an angle, s a size. x and y
            count pixel centres from 0.
        label_fields: Names of the call's arguments that hold one label per keypoint.
        remove_invisible: Drop points outside the image.
        angle_in_degrees: Angles are degrees, counter-clockwise on screen; otherwise radians.
        check_each_transform: Drop points after every transform, not only at the end.
        label_mapping: Pairs of labels, or a dict of them, that change places in a mirror: left and
            right eye. They are values of the first label field; without one, numbers of rows.
        has_visibility: The column behind the format's is a visibility as COCO has it: 0 not
            labelled, 1 hidden, 2 seen. A seen point that a hole covers is then not dropped but
            hidden.

    """

    format: Annotated[str, OneOfNames(*POINT_FORMATS)]
    label_fields: tuple[str, ...] | None = None
    remove_invisible: bool = True
    angle_in_degrees: bool = True
    check_each_transform: bool = True
    label_mapping: Annotated[tuple[tuple[Any, Any], ...] | None, AsPairs()] = None
    has_visibility: bool = False


@register
class PolygonParams(_LabelParams):
    """How polygons are written, and which of them survive.

    A polygon is (P, 2) points, or x, y, x, y, ... in one row as COCO has it, or several such
    rings for an object in parts.

    Args:
        format: "xy" for pixels, continuous as in COCO; "rel_xy" for fractions of the image.
        label_fields: Names of the call's arguments that hold one label per polygon.
        min_area: Smallest area kept, in square pixels.
        min_visibility: Smallest part kept, as a fraction of the area before each transform.
        check_each_transform: Cut off and filter after every transform, not only at the end.
        clip: Cut off what is outside the image.

    """

    format: Literal["xy", "rel_xy"] = "xy"
    label_fields: tuple[str, ...] | None = None
    min_area: Annotated[float, Between(0)] = 0.0
    min_visibility: Annotated[float, Between(0, 1)] = 0.0
    check_each_transform: bool = True
    clip: bool = True


# how labels are read that come, or are moved, without params
PLAIN_BOXES = BboxParams(format="albumentations")
PLAIN_POINTS = KeypointParams(format="xy")
PLAIN_POLYGONS = PolygonParams()
