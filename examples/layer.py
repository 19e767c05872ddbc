"""Augmentation inside a model: active in `fit` alone, saved and exported with the model."""

import tempfile
from pathlib import Path

import keras
import numpy as np
from _data import SHAPES, pictures

import probaug as A
from probaug.adapters.layer import AugmentationLayer

images, kinds, _, _ = pictures()
pipeline = A.Compose(
    [
        A.HorizontalFlip(p=0.5),
        A.Affine(rotate=(-36, 36), scale=(0.8, 1.2), border_mode="reflect", p=0.8),
        A.RandomBrightnessContrast(p=0.5),
    ]
)
model = keras.Sequential(
    [
        keras.Input((64, 64, 3), dtype="uint8"),
        AugmentationLayer(pipeline, seed=1),
        keras.layers.Rescaling(1 / 255),  # behind it: what normalises must run in prediction too
        keras.layers.Conv2D(8, 5, strides=2, activation="relu"),
        keras.layers.GlobalMaxPooling2D(),
        keras.layers.Dense(len(SHAPES), activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(images, kinds, epochs=2, batch_size=12)

with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder) / "model.keras")
    loaded = keras.saving.load_model(Path(folder) / "model.keras")
predictions = [one.predict(images[:8], verbose=0) for one in (model, loaded)]
np.testing.assert_array_equal(*predictions)
