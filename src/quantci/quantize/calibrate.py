"""Ranges of the activations over the calibration set.

Both engines take the ranges from the flatbuffer itself (min and max of each tensor), so a recipe is a function from
ranges to ranges, and what was used can be kept in the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.errors import ModelRejected
from quantci.records.quantize import TensorRange
from quantci.tflite.flatbuffer import pack, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

# Integer kernels cannot represent the ratio of such a scale to an ordinary one; some abort the process.
VANISHING: Final = 1e-9


def calibrate(float_model: bytes, samples: Iterable[NDArray[np.float32]], where: str) -> list[TensorRange]:
    """Run samples [1, ...] through the float model and keep the smallest and largest value of each activation.

    Uses the calibration wrapper inside ai-edge-litert, the same code that TFLiteConverter calibrates with.

    Raises:
        ModelRejected: `not-finite`: an activation overflows on these samples; `degenerate`: it all but vanishes.
    """
    from ai_edge_litert import _pywrap_tensorflow_lite_calibration_wrapper as wrapper

    calibrator = wrapper.CalibrationWrapper(float_model, [], [])
    prepared = False
    for sample in samples:
        if not prepared:
            calibrator.Prepare([list(sample.shape)])
            prepared = True
        calibrator.FeedTensor([sample])
    if not prepared:
        return []
    model = parse(calibrator.Calibrate(), where)
    ranges = []
    for index, tensor in enumerate(model.subgraphs[0].tensors):
        quantization = tensor.quantization
        if quantization is None or quantization.min is None or len(quantization.min) == 0:
            continue
        low, high = float(quantization.min[0]), float(quantization.max[0])
        name = tensor.name.decode(errors="replace")
        if not np.isfinite([low, high]).all():
            raise ModelRejected(
                "not-finite",
                f"The activation {name} reaches {low} to {high} on the calibration set.",
                where=where,
                remedy="The float model overflows on these samples: check its weights and the preprocessing.",
            )
        if 0 < high - low < VANISHING:
            raise ModelRejected(
                "degenerate",
                f"The activation {name} hardly leaves zero on the calibration set ({low:.3g} to {high:.3g}).",
                where=where,
                remedy="Check that the model is trained and that [input] says what its training did.",
            )
        ranges.append(TensorRange(tensor=index, name=name, min=low, max=high))
    return ranges


def with_ranges(float_model: bytes, ranges: list[TensorRange], where: str) -> bytes:
    """The float flatbuffer with these ranges written into its tensors."""
    from ai_edge_litert import schema_py_generated as schema

    model = parse(float_model, where)
    tensors = model.subgraphs[0].tensors
    for entry in ranges:
        tensor = tensors[entry.tensor]
        if tensor.quantization is None:
            tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.min = np.array([entry.min], dtype=np.float32)
        tensor.quantization.max = np.array([entry.max], dtype=np.float32)
    return pack(model)
