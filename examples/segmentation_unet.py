"""A small U-Net on masks (H, W, 1) of class numbers, which move with their images."""

import keras
from _data import pictures
from keras import layers

import probaug as A
from probaug.adapters.keras import AugmentedSequence

images, _, masks, _ = pictures()
train = AugmentedSequence(
    (images, masks),
    A.Compose(
        [
            A.D4(p=1),
            A.Affine(scale=(0.8, 1.2), rotate=(-30, 30), p=0.7),
            A.ElasticTransform(alpha=20, sigma=4, p=0.3),
            A.RandomBrightnessContrast(p=0.5),
            A.ToFloat(),
        ],
        seed=1,
    ),
    task="segmentation",
    batch_size=12,
)


def block(x, filters):
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)


x = inputs = keras.Input((64, 64, 3))
skips = []
for filters in (8, 16):
    x = block(x, filters)
    skips.append(x)
    x = layers.MaxPooling2D()(x)
x = block(x, 32)
for filters in (16, 8):
    x = layers.Concatenate()([layers.UpSampling2D()(x), skips.pop()])
    x = block(x, filters)
model = keras.Model(inputs, layers.Conv2D(2, 1, activation="softmax")(x))
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=2, shuffle=False, callbacks=[train.callback()])
