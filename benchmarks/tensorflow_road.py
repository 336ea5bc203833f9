"""What quantizing takes with TensorFlow alone: TFLiteConverter on the Keras model, 300 samples, no checks."""

from __future__ import annotations

import sys
from pathlib import Path


def main(keras_model: Path, samples: Path) -> None:
    """Convert with Optimize.DEFAULT and a representative dataset."""
    import numpy as np
    import tensorflow

    def representative_dataset():  # type: ignore[no-untyped-def]  # noqa: ANN202
        for path in sorted(samples.glob("*.npy")):
            yield [np.load(path)[np.newaxis]]

    model = tensorflow.keras.models.load_model(keras_model)
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tensorflow.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tensorflow.int8
    print(len(converter.convert()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
