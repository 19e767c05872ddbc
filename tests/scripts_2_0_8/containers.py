"""Pipelines in pipelines, and the chances they have."""

import albumentations as A
import numpy as np

image = np.arange(64, dtype=np.uint8).reshape(8, 8, 1).repeat(3, axis=2)


def share(transform, change, calls=400):
    """How often a pipeline gives a certain picture."""
    hits = [np.array_equal(transform(image=image)["image"], change(image)) for _ in range(calls)]
    return float(np.mean(hits))


flip, turn, same = (lambda x: x[:, ::-1]), (lambda x: x[::-1]), (lambda x: x)

one = A.Compose([A.OneOf([A.HorizontalFlip(p=3 / 4), A.VerticalFlip(p=1 / 4)], p=1)])
assert abs(share(one, flip) - 0.75) < 0.12, "chances of the children are weights"
assert share(one, same, 100) == 0, "one of them always runs"

maybe = A.Compose([A.OneOf([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)], p=0.5)])
assert abs(share(maybe, same) - 0.5) < 0.12

some = A.Compose([A.SomeOf([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)], n=2, p=1)])
assert share(some, lambda x: x[::-1, ::-1], 50) == 1

either = A.Compose([A.OneOrOther(A.HorizontalFlip(p=1), A.VerticalFlip(p=1), p=0.25)])
assert abs(share(either, turn) - 0.75) < 0.12

block = A.Compose([A.Sequential([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)], p=0.5)])
assert abs(share(block, same) - 0.5) < 0.12, "a block runs as a whole, or not at all"
assert share(block, flip, 100) == 0

order = A.Compose(
    [A.RandomOrder([A.HorizontalFlip(p=1), A.InvertImg(p=1), A.VerticalFlip(p=1)], n=3, p=1)]
)
assert share(order, lambda x: 255 - x[::-1, ::-1], 20) == 1

never = A.Compose([A.HorizontalFlip(p=1)], p=0)
assert share(never, same, 20) == 1
assert np.array_equal(never(image=image, force_apply=True)["image"], image[:, ::-1])

assert len(order) == 1
assert isinstance(order[0], A.RandomOrder)
assert [type(child).__name__ for child in order[0]] == [
    "HorizontalFlip",
    "InvertImg",
    "VerticalFlip",
]

seeded = [A.Compose([A.HorizontalFlip(p=0.5)], seed=7) for _ in range(2)]
for _ in range(20):
    a, b = (pipeline(image=image)["image"] for pipeline in seeded)
    assert np.array_equal(a, b), "the same seed gives the same stream"
seeded[0].set_random_seed(8)
