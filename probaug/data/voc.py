"""Pascal VOC: one XML file per picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal, Unpack
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from ..core.matrix import Size
from .decode import AnyPath
from .objects import Object, ObjectReader
from .reader import (
    EXTENSIONS,
    AnnotationError,
    Options,
    Reporter,
    Sample,
    check_size,
    class_names,
    is_path,
)

CORNERS = ("xmin", "ymin", "xmax", "ymax")


class Voc(ObjectReader):
    """Pictures and boxes of Pascal VOC.

    "difficult" says of every box what the file does.

    Args:
        annotations: The folder of the XML files, or a list of them.
        images: The folder of the pictures; the file that the XML names, or one of the XML's name.
        classes: Names of the classes, in order; if not given, all files are read for them.
        corners: "pixels" if the four numbers name the first and the last pixel of a box, counted
            from 1, as the challenge has it; "edges" if they are coordinates from 0, as many tools
            write them.
        difficult: Give objects that are marked as difficult too.
        instances: Give a list of dicts: see `ObjectReader`.
        box_format: How to write boxes; as corners from 0 if it is not given.
        options: See `Options`.

    Example::

        reader = Voc("xml", "photos")
        pipeline = A.Compose([A.HorizontalFlip(p=1)], **reader.params)
        assert pipeline(**reader[0])["bboxes"].shape == (1, 4)

    """

    FORMAT = "pascal_voc"
    EXTRAS: ClassVar = {"difficult": np.bool_}

    def __init__(
        self,
        annotations: AnyPath | Iterable[AnyPath],
        images: AnyPath,
        *,
        classes: Iterable[str] | None = None,
        corners: Literal["pixels", "edges"] = "pixels",
        difficult: bool = True,
        instances: bool = False,
        box_format: str | None = None,
        **options: Unpack[Options],
    ) -> None:
        if corners not in ("pixels", "edges"):
            raise ValueError(f"Voc.corners must be 'pixels' or 'edges', got {corners!r}")
        self.images = Path(images)
        self.first = 1 if corners == "pixels" else 0
        self.difficult = difficult
        if is_path(annotations):
            folder = Path(annotations)
            annotations = sorted(folder.glob("*.xml"))
            if not annotations:
                raise ValueError(f"Voc finds no XML files in {folder}")
        items = [Path(path) for path in annotations]  # type: ignore[union-attr]  # a guard tells no other
        super().__init__(items, ("bbox",), instances, box_format, **options)
        found: set[str] = set()
        if classes is None:
            for path in self._items:
                found |= {name_of(each) for each in read_xml(path).iter("object")}
        self.classes = class_names("Voc", classes, found - {""})

    def _path(self, item: Path, said: str = "") -> Path:
        names = [said, *(item.stem + suffix for suffix in EXTENSIONS)]
        paths = (self.images / name for name in names if name)
        return next((path for path in paths if path.is_file()), self.images / (said or item.stem))

    def _read(self, item: Path, report: Reporter) -> Sample:
        root = read_xml(item)
        path = self._path(item, root.findtext("filename", "").strip())
        picture = self._load(path)
        said = {side: number for side in ("height", "width")
                if (number := whole(root.findtext(f"size/{side}"))) > 0}  # fmt: skip
        check_size(item, "<size>", said, picture.size)
        objects = []
        for number, element in enumerate(root.iter("object")):
            try:
                found = self._object(item, f"object[{number}]", element, picture.size)
            except AnnotationError as error:
                report(error)
            else:
                if self.difficult or not found.more["difficult"]:
                    objects.append(found)
        return self._sample(path, picture, objects, report)

    def _object(self, path: Path, place: str, element: ElementTree.Element, size: Size) -> Object:
        name = name_of(element)
        if not name:
            raise AnnotationError(path, place, "have the name of a class in its <name>", name)
        label = self.number_of(name, path, place)
        texts = [element.findtext(f"bndbox/{name}") for name in CORNERS]
        try:
            edges = [float(text or "nan") for text in texts]
        except ValueError:
            edges = [float("nan")]
        if any(number != number for number in edges):
            raise AnnotationError(path, place, f"have {', '.join(CORNERS)} in its <bndbox>", texts)
        if self.first and min(edges[:2]) < 1:
            rule = "count pixels from 1 (corners='edges' reads coordinates from 0)"
            raise AnnotationError(path, place, rule, texts)
        edges[:2] = [number - self.first for number in edges[:2]]
        more = {"difficult": element.findtext("difficult", "0").strip() == "1"}
        return Object(place, label, edges, source=path, more=more)


def name_of(element: ElementTree.Element) -> str:
    """The class of an object; "" if it says none."""
    return element.findtext("name", "").strip()


def whole(text: str | None) -> int:
    """A number in a file; 0 for anything else."""
    return int(text) if text and text.strip().isdigit() else 0


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file. None of its own entities is ever expanded: they are refused."""
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data

    def refuse(name: str, *_: Any) -> None:
        raise AnnotationError(path, "the file", "define no entities", name)

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except expat.ExpatError as error:
        raise AnnotationError(path, "the file", "be XML", str(error)) from error
    root = builder.close()
    if root.tag.lower() != "annotation":
        raise AnnotationError(path, "the file", "have <annotation> around everything", root.tag)
    return root
