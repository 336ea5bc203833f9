"""What quantizing a float .tflite takes with TensorFlow alone: what TFLiteConverter does with it, without any check."""

from __future__ import annotations

import sys
from pathlib import Path


def main(model: Path, samples: Path) -> None:
    """Calibrate on every sample, and quantize to INT8."""
    import numpy as np
    import tensorflow
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.optimize.calibrator import Calibrator
    from tensorflow.lite.python.util import modify_model_io_type

    tensors = ([np.load(path)[np.newaxis]] for path in sorted(samples.glob("*.npy")))
    calibrated = Calibrator(model.read_bytes()).calibrate(lambda: tensors)
    print(len(modify_model_io_type(mlir_quantize(calibrated), tensorflow.int8, tensorflow.int8)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
