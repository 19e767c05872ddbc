"""A loop over a folder in YOLO's layout: pictures, text files, letterboxed batches."""

import tempfile
from pathlib import Path

import albumentations as A
import cv2
import numpy as np

SIZE = 96
transform = A.Compose(
    [
        A.LongestMaxSize(max_size=SIZE),
        A.PadIfNeeded(
            min_height=SIZE, min_width=SIZE, border_mode=cv2.BORDER_CONSTANT, fill=(114, 114, 114)
        ),
        A.HorizontalFlip(p=0.5),
        A.HueSaturationValue(hue_shift_limit=4, sat_shift_limit=50, val_shift_limit=30, p=0.5),
        A.Affine(scale=(0.8, 1.1), translate_percent=(-0.05, 0.05), fill=(114, 114, 114), p=0.5),
        A.ToGray(p=0.01),
    ],
    bbox_params=A.BboxParams(
        format="yolo", label_fields=["class_labels"], min_visibility=0.2, clip=True
    ),
)


def make_folder(folder):
    rng = np.random.default_rng(1)
    for index in range(4):
        picture = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), picture)
        rows = [f"{index % 2} 0.5 0.5 0.4 0.6", "7 0.2 0.25 0.1 0.2"]
        (folder / f"{index}.txt").write_text("\n".join(rows))


def read_labels(path):
    rows = [line.split() for line in path.read_text().splitlines()]
    return [[float(v) for v in row[1:]] for row in rows], [int(row[0]) for row in rows]


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    make_folder(folder)
    for _ in range(3):
        batch, targets = [], []
        for number, path in enumerate(sorted(folder.glob("*.png"))):
            image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            boxes, classes = read_labels(path.with_suffix(".txt"))
            out = transform(image=image, bboxes=boxes, class_labels=classes)
            batch.append(out["image"].transpose(2, 0, 1))
            for box, label in zip(out["bboxes"], out["class_labels"], strict=True):
                targets.append([number, int(label), *box])
        images = np.stack(batch).astype(np.float32) / 255
        rows = np.array(targets)
        assert images.shape == (4, 3, SIZE, SIZE)
        assert rows.shape[1] == 6
        assert set(rows[:, 1]) <= {0, 1, 7}
        assert ((rows[:, 2:] > 0) & (rows[:, 2:] <= 1 + 1e-6)).all()

fixed = A.Compose(transform.transforms[:2], bbox_params=A.BboxParams("yolo", label_fields=["c"]))
out = fixed(image=np.zeros((60, 80, 3), np.uint8), bboxes=[[0.5, 0.5, 0.5, 1.0]], c=[3])
assert out["image"].shape == (SIZE, SIZE, 3)
assert (out["image"][0] == 114).all()
np.testing.assert_allclose(out["bboxes"], [[0.5, 0.5, 0.5, 0.75]], atol=1e-4)
