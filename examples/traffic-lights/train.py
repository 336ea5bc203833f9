"""Train the small CNN of this example on pictures that are neither in the calibration nor in the validation set."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generate import SPLITS, Plan, Split, plan
from scene import CLASSES, render

SEED = 7
EPOCHS = 8
BATCH = 64
PEAK_LEARNING_RATE = 4e-3
STEM = 16
BLOCKS = ((24, 1), (48, 2), (64, 1), (96, 2), (96, 1), (128, 1))  # channels and stride of each separable block


def build() -> Any:
    """Return the untrained network; it takes pixels that were normalised to -1..1 outside of it."""
    from keras import Sequential, layers

    model = Sequential(name="traffic_lights")
    model.add(layers.Input((64, 64, 3), name="image"))
    model.add(layers.Conv2D(STEM, 3, strides=2, padding="same", use_bias=False))
    _add_norm(model)
    for channels, stride in BLOCKS:
        model.add(layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False))
        _add_norm(model)
        model.add(layers.Conv2D(channels, 1, use_bias=False))
        _add_norm(model)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(len(CLASSES)))
    model.add(layers.Softmax())
    return model


def _add_norm(model: Any) -> None:
    from keras import layers

    model.add(layers.BatchNormalization(momentum=0.95))
    model.add(layers.ReLU(6.0))


def load(split: Split) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Render a split in memory; return normalised images and class numbers."""
    items = plan(split)
    with ProcessPoolExecutor() as pool:
        images = np.stack(list(pool.map(_pixels, items, chunksize=50)))
    labels = np.array([item.class_index for item in items], np.int64)
    return (images.astype(np.float32) - 127.5) / 127.5, labels


def mirror(images: NDArray[np.float32], labels: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the images and their mirror images, in which left and right have changed places."""
    swapped = np.arange(len(CLASSES))
    left, right = CLASSES.index("left"), CLASSES.index("right")
    swapped[[left, right]] = right, left
    return np.concatenate((images, images[:, :, ::-1])), np.concatenate((labels, swapped[labels]))


def _pixels(item: Plan) -> NDArray[np.uint8]:
    return render(item.class_index, item.seed)[0]


def fit(images: NDArray[np.float32], labels: NDArray[np.int64], epochs: int) -> Any:
    """Return a trained model without the optimizer's state."""
    import keras

    keras.utils.set_random_seed(SEED)
    steps = epochs * -(-len(images) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(
        PEAK_LEARNING_RATE / 20, steps - steps // 10, warmup_target=PEAK_LEARNING_RATE, warmup_steps=steps // 10
    )
    model = build()
    model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, batch_size=BATCH, epochs=epochs, verbose=2)
    bare = build()
    bare.set_weights(model.get_weights())
    return bare


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    default = Path(__file__).resolve().with_name("traffic_lights.keras")
    parser.add_argument("--output", type=Path, default=default, help="the file to write (default: beside this one)")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args(arguments)

    started = time.monotonic()
    # Both now: TensorFlow's threads and the forked workers that render do not mix.
    images, labels = load(SPLITS["train"])
    held_out, expected = load(SPLITS["validation"])
    print(f"rendered {len(images)} training images in {time.monotonic() - started:.1f} s", flush=True)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # one order of summation, whatever the processor
    model = fit(*mirror(images, labels), options.epochs)
    model.save(options.output)
    print(f"trained {model.count_params()} parameters, {time.monotonic() - started:.0f} s in all: {options.output}")

    right = model.predict(held_out, verbose=0).argmax(axis=1) == expected
    print(f"validation accuracy {right.mean():.3f} of {len(right)}")
    for number, name in enumerate(CLASSES):
        print(f"  {name:9} {right[expected == number].mean():.3f} of {(expected == number).sum()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
