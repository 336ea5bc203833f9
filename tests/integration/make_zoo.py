"""Write float models of random weights, and TFLiteConverter's own INT8 of each: make_zoo.py FOLDER NAME..."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def network(keras: Any, name: str) -> Any:
    layers = keras.layers
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="first")(inputs)
    if name == "residual":
        x = layers.Add()([x, layers.Conv2D(8, 3, padding="same")(x)])
        x = layers.ReLU()(x)
    elif name == "separable":
        x = layers.DepthwiseConv2D(3, 2, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU(6.0)(x)
        x = layers.Conv2D(12, 1)(x)
    elif name == "concat":
        x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    elif name == "transposed":
        x = layers.Conv2DTranspose(6, 3, 2, padding="same")(x)
        x = layers.LeakyReLU(0.1)(x)
    elif name == "hard_swish":
        x = layers.Activation("hard_swish")(layers.Conv2D(8, 1)(x))
    elif name == "elu":
        x = layers.Activation("elu")(layers.Conv2D(8, 1)(x))
    x = layers.Flatten()(x) if name == "dense" else layers.GlobalAveragePooling2D()(x)
    if name == "dense":
        x = layers.Dense(16, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(5, activation="softmax" if name == "plain" else None)(x))


def main(folder: Path, names: list[str]) -> None:
    import keras
    import numpy as np
    import tensorflow as tf

    samples = np.random.RandomState(11).normal(size=(40, 12, 12, 3)).astype(np.float32)
    np.save(folder / "samples.npy", samples)
    for name in names:
        keras.utils.set_random_seed(1 + len(name))
        model = network(keras, name)
        saved = str(folder / name)
        spec = keras.InputSpec(shape=(1, 12, 12, 3), dtype="float32")
        model.export(saved, format="tf_saved_model", input_signature=[spec], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        (folder / f"{name}.tflite").write_bytes(converter.convert())
        for integer in ("int8", "uint8") if name != "elu" else ():
            converter = tf.lite.TFLiteConverter.from_saved_model(saved)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([sample[np.newaxis]] for sample in samples)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = getattr(tf, integer)
            with contextlib.redirect_stdout(sys.stderr):
                (folder / f"{name}_{integer}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
