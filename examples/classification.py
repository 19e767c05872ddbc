"""Classify pictures: `AugmentedSequence` feeds `fit`, and without augmentation validates it."""

import keras
from _data import SHAPES, pictures

import probaug as A
from probaug.adapters.keras import AugmentedSequence

images, kinds, _, _ = pictures()
train = AugmentedSequence(
    (images[:72], kinds[:72]),
    A.Compose(
        [
            A.RandomResizedCrop((48, 48), scale=(0.6, 1)),
            A.HorizontalFlip(p=0.5),
            A.ColorJitter(p=0.5),
            A.CoarseDropout(p=0.3),
            A.ToFloat(),
        ],
        seed=1,
    ),
    batch_size=12,
)
# What is left of the pipeline when nothing is drawn: scaled, the middle cut out, floats.
test = train.without_augmentation((images[72:], kinds[72:]))
print(test)

model = keras.Sequential(
    [
        keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.MaxPooling2D(4),
        keras.layers.Conv2D(16, 3, activation="relu"),
        keras.layers.GlobalMaxPooling2D(),
        keras.layers.Dense(len(SHAPES), activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
# The sequence shuffles by itself; Keras would only shuffle batches a second time.
model.fit(train, validation_data=test, epochs=2, shuffle=False, callbacks=[train.callback()])
