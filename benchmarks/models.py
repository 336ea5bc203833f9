"""Models of the sizes that microcontrollers run, and data to match; made once, by TensorFlow.

Their weights are random but for the last layer: that is fitted to the calibration set, whose samples are a pattern for
each class, and noise. So the float model is right, as a user's is, and nothing gives a reason to doubt it.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any

FOLDER = Path("build/benchmarks")
KWS_SAMPLES = 1000
VWW_SAMPLES = 200


def make() -> None:
    """Write models and data below build/benchmarks, unless they are there."""
    made_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    done = FOLDER / "done"
    if done.exists() and done.read_text() == made_by:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    import keras
    import numpy as np

    keras.utils.set_random_seed(7)
    random = np.random.RandomState(7)
    words = random.normal(size=(12, 49, 10, 1))
    scenes = np.kron(random.uniform(64, 192, size=(2, 6, 6, 3)), np.ones((1, 16, 16, 1)))

    def spoken(count: int) -> Any:
        return (words[np.arange(count) % 12] + 0.3 * random.normal(size=(count, 49, 10, 1))).astype(np.float32)

    def seen(count: int) -> Any:
        noise = random.randint(-64, 64, (count, 96, 96, 3), dtype=np.int16)
        return (scenes[np.arange(count) % 2] + noise).astype(np.uint8)

    heard, watched = spoken(300), seen(40)
    _tflite("kws", _fitted(keras, _ds_cnn(keras, (49, 10, 1), 64, 12), heard))
    _tflite("vww", _fitted(keras, _mobilenet(keras, (96, 96, 3), 2), watched / 127.5 - 1))
    _tensors(FOLDER / "kws_calibration", heard, 12)
    _tensors(FOLDER / "kws_data", spoken(KWS_SAMPLES), 12)
    _images(FOLDER / "vww_calibration", watched)
    _images(FOLDER / "vww_data", seen(VWW_SAMPLES))
    _images(FOLDER / "vww_data_10x", seen(10 * VWW_SAMPLES))
    for name, data in (("kws", "kws"), ("vww", "vww"), ("vww_10x", "vww")):
        sets = ("kws_data", "kws_calibration") if data == "kws" else (f"{name[:3]}_data{name[3:]}", "vww_calibration")
        classes = 12 if data == "kws" else 2
        (FOLDER / f"{name}.toml").write_text(
            f'output_dir = "out_{name}"\n[model]\nsource = "{data}.tflite"\n'
            f"[task]\nlabels = {[str(i) for i in range(classes)]}\n"
            f"[input]\nmean = [{'0.0' if data == 'kws' else '127.5'}]\nstd = [{'1.0' if data == 'kws' else '127.5'}]\n"
            f'[evaluation]\ndata = "{sets[0]}"\n[calibration]\ndata = "{sets[1]}"\n'
        )
    done.write_text(made_by)


def _ds_cnn(keras: Any, shape: tuple[int, int, int], width: int, classes: int) -> Any:
    """MLPerf Tiny's keyword spotting network: a convolution and four depthwise-separable blocks."""
    inputs = keras.Input(shape)
    x = keras.layers.Conv2D(width, (10, 4), 2, padding="same", activation="relu")(inputs)
    for _ in range(4):
        x = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
        x = keras.layers.Conv2D(width, 1, activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))


def _mobilenet(keras: Any, shape: tuple[int, int, int], classes: int) -> Any:
    """MobileNetV1 of width 0.25, as MLPerf Tiny's visual wake words; He's initial weights keep activations in range."""
    inputs = x = keras.Input(shape)
    strides = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    keep = {"padding": "same", "activation": "relu"}
    x = keras.layers.Conv2D(8, 3, 2, kernel_initializer="he_normal", **keep)(x)
    for width, stride in strides:
        # sqrt(2 / 9): He's rule for nine inputs each; "he_normal" counts the channels as inputs, too.
        spread = keras.initializers.RandomNormal(stddev=0.47)
        x = keras.layers.DepthwiseConv2D(3, stride, depthwise_initializer=spread, **keep)(x)
        x = keras.layers.Conv2D(width, 1, kernel_initializer="he_normal", **keep)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))


def _fitted(keras: Any, model: Any, samples: Any) -> Any:
    """The model, its last layer fitted by ridge regression; sample k is of class k modulo the number of classes."""
    import numpy as np

    features = keras.Model(model.input, model.layers[-1].input).predict(samples, verbose=0)
    classes = model.output_shape[-1]
    wanted = 10 * np.eye(classes)[np.arange(len(samples)) % classes]
    centred = features - features.mean(axis=0)
    spread = centred.T @ centred
    # Small weights: otherwise INT8 loses what the float model has.
    ridge = spread + 1e-4 * np.trace(spread) * np.eye(len(spread))
    kernel = np.linalg.solve(ridge, centred.T @ (wanted - wanted.mean(axis=0)))
    model.layers[-1].set_weights([kernel, wanted.mean(axis=0) - features.mean(axis=0) @ kernel])
    return model


def _tflite(name: str, model: Any) -> None:
    import keras
    import tensorflow

    FOLDER.mkdir(parents=True, exist_ok=True)
    spec = keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="float32")
    model.export(FOLDER / name, format="tf_saved_model", input_signature=[spec], verbose=False)
    data = tensorflow.lite.TFLiteConverter.from_saved_model(str(FOLDER / name)).convert()
    (FOLDER / f"{name}.tflite").write_bytes(data)


def _tensors(folder: Path, values: Any, classes: int) -> None:
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "tags"])
        for index, value in enumerate(values):
            np.save(folder / f"{index:05}.npy", value)
            rows.writerow([f"{index:05}.npy", index % classes, ""])


def _images(folder: Path, values: Any) -> None:
    from PIL import Image

    for index, value in enumerate(values):
        path = folder / str(index % 2) / f"{index:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(value).save(path)


if __name__ == "__main__":
    make()
    sys.exit()
