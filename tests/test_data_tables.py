"""The reader of tables, on small ones made here."""

import csv

import cv2
import numpy as np
import pytest

import probaug as A
from probaug.data import AnnotationError, Frame

RNG = np.random.default_rng(4)
HEIGHT, WIDTH = 48, 64


def picture(path, height=HEIGHT, width=WIDTH):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = RNG.integers(0, 256, (height, width, 3), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, image)[1].tobytes())
    return path


def table(folder):
    picture(folder / "a.png")
    picture(folder / "b.png")
    return [
        {"path": "a.png", "kind": "dog", "x1": 1, "y1": 2, "x2": 20, "y2": 30, "w": 0.5},
        {"path": "a.png", "kind": "cat", "x1": 5, "y1": 6, "x2": 10, "y2": 12, "w": 0.5},
        {"path": "b.png", "kind": None, "x1": None, "y1": None, "x2": None, "y2": None, "w": 2.0},
    ]


BOX = ("x1", "y1", "x2", "y2")


def given_as(rows, form, folder):
    if form == "csv":
        with open(folder / "t.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        return folder / "t.csv"
    if form == "list":
        return rows
    return pytest.importorskip(form).DataFrame(rows)


@pytest.mark.parametrize("form", ["list", "csv", "pandas", "polars"])
def test_tables_of_boxes(tmp_path, form):
    rows = given_as(table(tmp_path), form, tmp_path)
    reader = Frame(rows, tmp_path, label="kind", box=BOX, keep=["w"])
    assert reader.classes == ("cat", "dog")
    assert len(reader) == 2
    sample = reader[0]
    assert sample["bboxes"].tolist() == [[1, 2, 20, 30], [5, 6, 10, 12]]
    assert sample["labels"].tolist() == [1, 0]
    assert sample["w"] == 0.5
    assert reader[1]["bboxes"].shape == (0, 4)
    assert A.Compose([A.Transpose(p=1)], **reader.params)(**sample)["bboxes"][0].tolist() == [
        *(2, 1, 30, 20)
    ]


@pytest.mark.parametrize("form", ["list", "csv", "pandas", "polars"])
def test_tables_of_labels(tmp_path, form):
    rows = given_as(table(tmp_path)[:2], form, tmp_path)
    words = Frame(rows, tmp_path, label="kind")
    assert [sample["label"] for sample in words] == [1, 0]
    assert words.params == {}
    numbers = Frame(rows, tmp_path, label="x2")
    assert [sample["label"] for sample in numbers] == [20, 10]
    assert numbers.classes == ()
    several = Frame(rows, tmp_path, label=["x1", "w"])
    assert np.array_equal(several[0]["label"], np.array([1, 0.5], np.float32))


def test_several_words_are_a_number_for_each_class(tmp_path):
    rows = table(tmp_path)[:2]
    rows[0]["kind"], rows[1]["kind"] = ["dog", "cow"], []
    reader = Frame(rows, tmp_path, label="kind", classes=["cat", "cow", "dog"])
    assert [sample["label"].tolist() for sample in reader] == [[0, 1, 1], [0, 0, 0]]


def test_numbers_with_leading_zeros_are_names(tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("\ufeffpath,label\na.png,007\na.png,010\n", "utf-8")
    assert Frame(tmp_path / "t.csv", tmp_path, label="label").classes == ("007", "010")


def test_errors_of_tables_name_the_row(tmp_path):
    rows = table(tmp_path)
    with pytest.raises(AnnotationError, match=r"list: row 0 must have a column 'class', got \['k"):
        Frame(rows, tmp_path, label="class")
    with pytest.raises(AnnotationError, match="list: row 2 must have a 'kind', got None"):
        Frame(rows, tmp_path, label="kind")[2]
    rows[1]["kind"] = "cow"
    with pytest.raises(AnnotationError, match="list: row 1 must have a class among the 1 that"):
        Frame(rows, tmp_path, label="kind", classes=["dog"], box=BOX)[0]
    rows[1] |= {"kind": "dog", "x2": 3}
    with pytest.raises(AnnotationError, match="list: row 1 must have a box with an area"):
        Frame(rows, tmp_path, label="kind", box=BOX)[0]
    with pytest.raises(TypeError, match=r"Frame.rows must be a data frame"):
        Frame(3)


@pytest.mark.parametrize("empty", [None, "", float("nan"), np.float32("nan")])
def test_cells_of_tables_that_are_empty(tmp_path, empty):
    rows = table(tmp_path)
    rows[1]["path"] = empty
    with pytest.raises(AnnotationError, match="list: row 1 must have the path of a picture in 'p"):
        Frame(rows, tmp_path)
    assert [path.name for path in Frame(rows, tmp_path, invalid="drop").paths] == ["a.png", "b.png"]
    rows[1]["path"], rows[0]["m"], rows[1]["m"], rows[2]["m"] = "a.png", empty, empty, empty
    with pytest.raises(AnnotationError, match="list: row 1 must have the path of a mask in 'm'"):
        Frame(rows, tmp_path, mask="m")[1]
    rows[0]["x2"] = empty
    with pytest.raises(AnnotationError, match="list: row 0 must have numbers in x1, x2"):
        Frame(rows, tmp_path, label=["x1", "x2"])[0]
    if not isinstance(empty, str):
        with pytest.raises(AnnotationError, match="list: row 0 must have a box of four finite num"):
            Frame(rows, tmp_path, label="kind", box=BOX)[0]


def test_rows_that_are_not_alike(tmp_path):
    rows = table(tmp_path)
    del rows[2]["kind"]
    with pytest.raises(AnnotationError, match="list: row 2 must have a column 'kind', got"):
        Frame(rows, tmp_path, label="kind")
    rows[0]["w"] = "a lot"
    with pytest.raises(
        AnnotationError, match=r"row 0 must have numbers in x1, w, got \[1, 'a lot'"
    ):
        Frame(rows, tmp_path, label=["x1", "w"])[0]
    (tmp_path / "t.csv").write_text("path,label\na.png,1,2\n")
    with pytest.raises(AnnotationError, match=r"t.csv: row 0 must have no more cells than the 2"):
        Frame(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_bytes(b"path\n\xff\xfe\n")
    with pytest.raises(AnnotationError, match=r"t.csv: the file must be text in UTF-8"):
        Frame(tmp_path / "t.csv")


def test_classes_of_boxes_may_be_floats_beside_empty_cells(tmp_path):
    rows = table(tmp_path)
    for row, number in zip(rows, (2, 0, None), strict=True):
        row["kind"] = number
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows)
    assert frame["kind"].dtype.kind == "f"
    reader = Frame(frame, tmp_path, label="kind", box=BOX)
    assert [sample["labels"].tolist() for sample in reader] == [[2, 0], []]
    rows[0]["kind"] = 1.5
    with pytest.raises(AnnotationError, match=r"row 0 must have a class, or its number, got 1.5"):
        Frame(rows, tmp_path, label="kind", box=BOX)[0]
