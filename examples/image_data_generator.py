"""A script written for Keras' `ImageDataGenerator`, with one import changed, and what is new."""

import tempfile
from pathlib import Path

import cv2
import keras
from _data import SHAPES, pictures

import probaug as A
from probaug.adapters.image_data_generator import ImageDataGenerator

images, kinds, _, _ = pictures()
model = keras.Sequential(
    [
        keras.layers.Conv2D(8, 5, strides=2, activation="relu"),
        keras.layers.GlobalMaxPooling2D(),
        keras.layers.Dense(len(SHAPES), activation="softmax"),
    ]
)
model.compile("adam", "categorical_crossentropy")

generator = ImageDataGenerator(
    rescale=1 / 255,
    rotation_range=20,
    width_shift_range=0.1,
    horizontal_flip=True,
    validation_split=0.25,
    p=0.8,  # new: the chance of each effect
    pipeline=A.Compose([A.CoarseDropout(p=0.5)]),  # new: any transform
)
with tempfile.TemporaryDirectory() as folder:
    for i, (image, kind) in enumerate(zip(images, kinds, strict=True)):
        path = Path(folder) / SHAPES[kind] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), image[..., ::-1])
    options = {"target_size": (48, 48), "batch_size": 12}
    train = generator.flow_from_directory(folder, subset="training", **options)
    test = generator.flow_from_directory(folder, subset="validation", **options)
    model.fit(train, validation_data=test, epochs=2)
