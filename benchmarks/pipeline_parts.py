"""What the example's pipeline cannot do without, each once: TensorFlow's import, conversion, two evaluations."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

EXAMPLE = Path("examples/traffic-lights")


def main() -> None:
    """Import, convert, evaluate the float model in LiteRT and the INT8 model in TFLM, in one process."""
    import keras
    import numpy as np
    import tensorflow
    from PIL import Image
    from tflite_micro.python.tflite_micro import runtime

    labels = tomllib.loads((EXAMPLE / "quantci.toml").read_text())["task"]["labels"]

    def read(split: str) -> list[tuple[np.ndarray, int]]:
        paths = sorted((EXAMPLE / "data" / split).glob("*/*.png"))
        return [
            (
                ((np.asarray(Image.open(path)) - 127.5) / 127.5)[np.newaxis].astype(np.float32),
                labels.index(path.parent.name),
            )
            for path in paths
        ]

    calibration, validation = read("representative_calib"), read("validation")
    model = keras.saving.load_model(EXAMPLE / "traffic_lights.keras", compile=False)
    spec = keras.InputSpec(shape=(1, 64, 64, 3), dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", input_signature=[spec], verbose=False)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
        float_model = converter.convert()
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample] for sample, _ in calibration)
        converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tensorflow.int8
        int8_model = converter.convert()

    lite = tensorflow.lite.Interpreter(model_content=float_model, num_threads=1)
    lite.allocate_tensors()
    micro = runtime.Interpreter.from_bytes(int8_model)
    port = micro.get_input_details(0)["quantization_parameters"]
    right = np.zeros(2)
    for sample, label in validation:
        lite.set_tensor(lite.get_input_details()[0]["index"], sample)
        lite.invoke()
        right[0] += int(lite.get_tensor(lite.get_output_details()[0]["index"]).argmax()) == label
        quantized = np.round(sample / port["scales"][0]) + port["zero_points"][0]
        micro.set_input(np.clip(quantized, -128, 127).astype(np.int8), 0)
        micro.invoke()
        right[1] += int(micro.get_output(0).argmax()) == label
    print(right / len(validation))


if __name__ == "__main__":
    main()
