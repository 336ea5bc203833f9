"""Write one small network as .keras, .h5, legacy .h5, SavedModel (open batch, two signatures) and float .tflite.

Run in a process of its own: Keras 2 and Keras 3 do not share one gladly. Usage: make_sources.py FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def network(keras: Any) -> Any:
    """Brightness and stripes tell the classes apart: training takes a second or two."""
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(inputs)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.Conv2D(16, 1, activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def to_tflite(tf: Any, saved: Path, *, is_half: bool = False) -> bytes:
    """By TFLiteConverter; with weights of float16 where that is asked."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    if is_half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def write_brought(keras: Any, tf: Any, folder: Path, pictures: Any, truth: Any) -> None:
    """What test_brought.py looks at: a model that divides by 255 inside, float16, a loop and the same unrolled."""
    pixels = keras.Input((16, 16, 3))
    rescaled = keras.Model(pixels, network(keras)(keras.layers.Rescaling(1 / 255)(pixels)))
    rescaled.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    rescaled.fit(pictures.astype("float32"), truth, epochs=8, batch_size=32, verbose=0)
    rescaled.save(folder / "rescaled.keras", include_optimizer=False)
    series = keras.Input((5, 2))
    loop = keras.Model(series, keras.layers.LSTM(3)(series))
    loop.save(folder / "loop.keras")
    unrolled = keras.Model(series, keras.layers.LSTM(3, unroll=True)(series))
    unrolled.save(folder / "unrolled.keras")
    write_series(folder / "unrolled", unrolled)
    for name, model, shape in (("rescaled", rescaled, (16, 16, 3)), ("loop", loop, (5, 2))):
        spec = keras.InputSpec(shape=(1, *shape), dtype="float32")
        model.export(folder / "saved" / name, format="tf_saved_model", input_signature=[spec], verbose=False)
        (folder / f"{name}.tflite").write_bytes(to_tflite(tf, folder / "saved" / name))
    (folder / "half.tflite").write_bytes(to_tflite(tf, folder / "fixed_batch", is_half=True))


def write_series(folder: Path, model: Any) -> None:
    """Series of 5 steps of 2 values, each labelled by what the model itself gives."""
    import numpy as np

    folder.mkdir()
    for name, count, seed in (("calibration", 100, 1), ("evaluation", 120, 2)):
        series = np.random.RandomState(seed).normal(0, 2, (count, 5, 2)).astype("float32")
        np.savez(folder / f"{name}.npz", X=series, y=model.predict(series, verbose=0))


def write_same(keras: Any, folder: Path) -> None:
    """The network with the weights of model.tflite, which the sources of PyTorch and ONNX are compared with."""
    from tests.integration.torch_models import keras_weights

    same = network(keras)
    same.set_weights(keras_weights())
    same.save(folder / "same.keras")


def write_legacy(folder: Path, weights: list[Any]) -> None:
    """The network and two more models, of Keras 2."""
    import tf_keras

    legacy = network(tf_keras)
    legacy.set_weights(weights)
    legacy.save(folder / "legacy.h5", include_optimizer=False)
    series = tf_keras.Input((5, 2))
    fused = tf_keras.Model(series, tf_keras.layers.LSTM(3)(series))
    fused.save(folder / "fused.h5", include_optimizer=False)
    write_series(folder / "fused", fused)
    pixels = tf_keras.Input((16, 16, 3), dtype="uint8")
    scaled = tf_keras.layers.RandomFlip()(tf_keras.layers.Rescaling(1 / 127.5, -1.0)(pixels))
    tf_keras.Model(pixels, legacy(scaled)).save(folder / "augmented_bytes.h5", include_optimizer=False)


def main(folder: Path) -> None:
    import keras
    import numpy as np
    import tensorflow as tf

    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.integration.hostile_models import saved_model_that_reads
    from tests.integration.keras_classes import compare
    from tests.integration.pictures import draw

    write_same(keras, folder)
    keras.utils.set_random_seed(3)
    model = network(keras)
    pictures = np.stack([draw(label, 10_000 + index) for label in range(3) for index in range(80)])
    truth = np.repeat(np.arange(3), 80)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.optimizer.learning_rate = 0.01
    model.fit((pictures - 127.5) / 127.5, truth, epochs=8, batch_size=32, verbose=0)
    model.save(folder / "model.keras", include_optimizer=False)
    model.save(folder / "model.h5", include_optimizer=False)
    model.export(folder / "open_batch", verbose=False)

    spec = keras.InputSpec(shape=(1, 16, 16, 3), dtype="float32")
    model.export(folder / "fixed_batch", format="tf_saved_model", input_signature=[spec], verbose=False)
    (folder / "model.tflite").write_bytes(to_tflite(tf, folder / "fixed_batch"))
    write_brought(keras, tf, folder, pictures, truth)

    module = tf.Module()
    module.model = model
    call = tf.function(lambda x: model(x, training=False), input_signature=[tf.TensorSpec((None, 16, 16, 3))])
    tf.saved_model.save(module, str(folder / "signatures"), signatures={"other": call.get_concrete_function()})

    open_size = keras.Input((None, None, 3))
    keras.Model(open_size, keras.layers.GlobalAveragePooling2D()(open_size)).save(folder / "dynamic.keras")
    value = keras.Input((4,))
    keras.Model(value, keras.layers.Lambda(lambda t: t * 2)(value)).save(folder / "lambda.keras")
    other = keras.Input((4,))
    keras.Model([value, other], keras.layers.Add()([value, other])).save(folder / "two_inputs.keras")

    pixels = keras.Input((16, 16, 3), dtype="uint8")
    scaled = keras.layers.Rescaling(1 / 127.5, -1.0)(pixels)
    for augmenting in (
        keras.layers.RandomFlip(),
        keras.layers.RandomRotation(0.1),
        keras.layers.RandomZoom(0.1),
        keras.layers.RandomTranslation(0.1, 0.1),
        keras.layers.RandomContrast(0.1),
        keras.layers.RandomBrightness(0.1),
    ):
        scaled = augmenting(scaled)
    keras.Model(pixels, model(scaled)).save(folder / "augmented_bytes.keras", include_optimizer=False)
    model.save_weights(folder / "only.weights.h5")
    keras.Sequential([keras.layers.Dense(2)]).save(folder / "unbuilt.keras")
    half = keras.layers.Dense(2, dtype="mixed_float16")
    keras.Model(value, half(value)).save(folder / "mixed.keras")

    write_legacy(folder, model.get_weights())
    saved_model_that_reads(folder / "reads")
    (folder / "keras_classes.json").write_text(json.dumps(compare()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
