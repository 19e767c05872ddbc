"""Two pictures and a number in, a mask and a class out: one draw moves all that has pixels."""

import keras
import numpy as np
import tensorflow as tf
from _data import SHAPES, pictures
from keras import layers

import probaug as A
from probaug.adapters.tfdata import augment

images, kinds, masks, _ = pictures()
x = {
    "color": images,
    "depth": images.max(axis=3, keepdims=True),
    "time": np.linspace(0, 1, len(images), dtype=np.float32)[:, None],
}
y = {"part": masks, "kind": kinds}
pipeline = A.Compose(
    [A.D4(p=1), A.RandomResizedCrop((48, 48), scale=(0.6, 1)), A.ToFloat()],
    additional_targets={"depth": "image"},
    seed=1,
)
# What each part of an element is to the pipeline; None goes around it.
targets = (
    {"color": "image", "depth": "depth", "time": None},
    {"part": "mask", "kind": None},
)
dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(96).batch(12)
dataset = augment(dataset, pipeline, targets=targets).prefetch(2)

color, depth = keras.Input((48, 48, 3), name="color"), keras.Input((48, 48, 1), name="depth")
time = keras.Input((1,), name="time")
features = layers.Conv2D(8, 3, padding="same", activation="relu")(
    layers.Concatenate()([color, depth])
)
whole = layers.Concatenate()([layers.GlobalMaxPooling2D()(features), time])
outputs = {
    "part": layers.Conv2D(2, 1, activation="softmax", name="part")(features),
    "kind": layers.Dense(len(SHAPES), activation="softmax", name="kind")(whole),
}
model = keras.Model({"color": color, "depth": depth, "time": time}, outputs)
model.compile("adam", dict.fromkeys(outputs, "sparse_categorical_crossentropy"))
model.fit(dataset, epochs=2, shuffle=False)
