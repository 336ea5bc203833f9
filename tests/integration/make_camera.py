"""Train a small network as a camera's pictures often are: on BGR, shrunk without antialias, divided by 255 inside.

Four classes: lines across or down, on blue or on red. Red read as blue is another class; an antialiased picture has no
lines any more; one pixel of four has the colour of the mosaic that the camera's pixels alternate in, and not the
picture's. Run in a process of its own: make_camera.py FOLDER writes camera.tflite, calibration/, evaluation/.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

NAMES = ("blue_across", "blue_down", "red_across", "red_down")
SIZE, SEEN = 96, 24
_PERIOD = 4.5  # pixels from line to line: every fourth pixel shows them 9 apart, a mean of four does not


def draw(label: int, seed: int) -> NDArray[np.uint8]:
    """A picture of its class, as RGB."""
    random = np.random.RandomState(10_000 * label + seed)
    phase, level = random.uniform(0, 2 * np.pi), random.uniform(110, 140)
    wave = 60 * np.sin(2 * np.pi * np.arange(SIZE) / _PERIOD + phase)
    lines = wave[:, np.newaxis] if label % 2 == 0 else wave[np.newaxis, :]
    tint = np.array([-40, 0, 40] if label < 2 else [40, 0, -40])
    rows, columns = np.indices((SIZE, SIZE))
    mosaic = random.choice([-60, 60]) * (1 - 2 * ((rows + columns) % 2))[..., np.newaxis] * np.array([1, 0, -1])
    pixels: NDArray[np.float64] = level + lines[..., np.newaxis] + tint + mosaic + random.normal(0, 6, (SIZE, SIZE, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def write_pictures(folder: Path, count: int, first: int) -> None:
    """So many a class, in a folder for each."""
    for label, name in enumerate(NAMES):
        (folder / name).mkdir(parents=True)
        for index in range(first, first + count):
            Image.fromarray(draw(label, index)).save(folder / name / f"{index:04}.png")


def main(folder: Path) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    pictures = np.stack([draw(label, seed) for label in range(4) for seed in range(100)])
    seen = tf.image.resize(pictures[..., ::-1], (SEEN, SEEN)).numpy()  # bilinear, and tf.image does not antialias
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((SEEN, SEEN, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 5, strides=2, padding="same", activation="relu"),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(4, activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(seen, np.repeat(np.arange(4), 100), epochs=20, verbose=0)
    spec = keras.InputSpec(shape=(1, SEEN, SEEN, 3), dtype="float32")
    model.export(folder / "saved", format="tf_saved_model", input_signature=[spec], verbose=False)
    (folder / "camera.tflite").write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved")).convert())
    write_pictures(folder / "calibration", 50, 1000)
    write_pictures(folder / "evaluation", 40, 2000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
