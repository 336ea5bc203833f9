"""The least that quantizing a float .tflite takes: LiteRT's calibration wrapper, without any check or record."""

from __future__ import annotations

import sys
from pathlib import Path


def main(model: Path, samples: Path) -> None:
    """Calibrate on every sample, and quantize to INT8."""
    import numpy as np
    from ai_edge_litert import _pywrap_tensorflow_lite_calibration_wrapper as wrapper

    data = model.read_bytes()  # the wrapper does not keep it alive
    calibrator = wrapper.CalibrationWrapper(data, [], [])
    for number, path in enumerate(sorted(samples.glob("*.npy"))):
        tensor = np.load(path)[np.newaxis]
        if not number:
            calibrator.Prepare([list(tensor.shape)])
        calibrator.FeedTensor([tensor])
    int8, int32 = np.dtype("int8").num, np.dtype("int32").num
    allow_float, per_tensor, per_tensor_dense = False, False, False
    print(len(calibrator.QuantizeModel(int8, int8, allow_float, int8, int32, per_tensor, per_tensor_dense)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
