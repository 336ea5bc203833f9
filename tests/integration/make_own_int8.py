"""Convert a Keras model as people's own scripts do: every kind of quantized .tflite. Usage: KERAS IMAGES FOLDER

Run in a process of its own, as TensorFlow stays loaded.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def main(source: Path, images: Path, folder: Path) -> None:
    import keras
    import numpy as np
    import tensorflow as tf
    from PIL import Image

    model = keras.models.load_model(source)
    files = sorted(images.rglob("*.png"))
    samples = [(np.asarray(Image.open(file), np.float32)[None] - 127.5) / 127.5 for file in files]
    sets = tf.lite.OpsSet
    wide = sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8

    def convert(name: str, ops: Any = sets.TFLITE_BUILTINS_INT8, outside: Any = tf.float32, **more: Any) -> None:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if ops is not None:
            converter.representative_dataset = lambda: ([sample] for sample in samples)
            converter.target_spec.supported_ops = [ops]
            converter.inference_input_type = converter.inference_output_type = outside
        for key, value in more.items():
            setattr(converter.target_spec, key, value)
        (folder / f"{name}.tflite").write_bytes(converter.convert())

    convert("int8", outside=tf.int8)
    convert("uint8_outside", outside=tf.uint8)
    convert("float_outside")
    convert("int16", wide, tf.int16)
    convert("float16", None, supported_types=[tf.float16])
    value = keras.Input((64,))
    model = keras.Model(value, keras.layers.Dense(64)(value))  # of fewer weights TensorFlow leaves all in float
    convert("dynamic_range", None)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
