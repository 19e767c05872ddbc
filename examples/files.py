"""Photos in a folder for each class: read, split, cached, bad files replaced, and resumed."""

import tempfile
from pathlib import Path

import cv2
import keras
from _data import SHAPES, pictures

import probaug as A
from probaug.adapters.keras import AugmentedSequence
from probaug.data import Folder

pipeline = A.Compose(
    [A.RandomResizedCrop(size=(48, 48), scale=(0.6, 1)), A.HorizontalFlip(p=0.5), A.ToFloat()]
)


def feed(reader):
    """The same batches again, whenever it is made."""
    return AugmentedSequence(
        reader, pipeline, batch_size=12, seed=1, cache="memory", on_error="replace"
    )


with tempfile.TemporaryDirectory() as folder:
    images, kinds, _, _ = pictures()
    for i, (image, kind) in enumerate(zip(images, kinds, strict=True)):
        path = Path(folder) / SHAPES[kind] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), image[..., ::-1])
    (Path(folder) / SHAPES[0] / "broken.jpg").write_bytes(b"no picture")

    reader = Folder(folder)
    reader.suit(pipeline)  # JPEG files are decoded no larger than the crop needs
    part, rest = reader.split(0.75, seed=0)
    train = feed(part)
    model = keras.Sequential(
        [
            keras.layers.Conv2D(8, 5, strides=2, activation="relu"),
            keras.layers.GlobalMaxPooling2D(),
            keras.layers.Dense(len(reader.classes), activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    test = train.without_augmentation(rest)
    options = {"shuffle": False, "callbacks": [train.callback()]}
    model.fit(train, validation_data=test, epochs=2, **options)
    print(train.error_report())
    state = train.state_dict()  # plain values: save them beside the model
    train.close()

    later = feed(part)
    later.load_state_dict(state)
    options = {"shuffle": False, "callbacks": [later.callback()]}
    model.fit(later, initial_epoch=later.epoch, epochs=later.epoch + 1, **options)
