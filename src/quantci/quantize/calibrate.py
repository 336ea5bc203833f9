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
        if quantization is not None and quantization.min is not None and len(quantization.min):
            name = tensor.name.decode(errors="replace")
            low, high = float(quantization.min[0]), float(quantization.max[0])
            ranges.append(TensorRange(tensor=index, name=name, min=low, max=high))
    return ranges


def hull(parts: list[list[TensorRange]]) -> list[TensorRange]:
    """The ranges over all samples, from those over parts of them."""
    return [
        TensorRange(
            tensor=entries[0].tensor,
            name=entries[0].name,
            min=min(entry.min for entry in entries),
            max=max(entry.max for entry in entries),
        )
        for entries in zip(*parts, strict=True)
    ]


def check_ranges(ranges: list[TensorRange], where: str) -> None:
    """Refuse ranges that no integer kernel can represent.

    Raises:
        ModelRejected: `not-finite`: an activation overflows on these samples; `degenerate`: it all but vanishes.
    """
    for entry in ranges:
        if not np.isfinite([entry.min, entry.max]).all():
            raise ModelRejected(
                "not-finite",
                f"The activation {entry.name} reaches {entry.min} to {entry.max} on the calibration set.",
                where=where,
                remedy="The float model overflows on these samples: check its weights and the preprocessing.",
            )
        if 0 < entry.max - entry.min < VANISHING:
            raise ModelRejected(
                "degenerate",
                f"The activation {entry.name} hardly leaves zero ({entry.min:.3g} to {entry.max:.3g}).",
                where=where,
                remedy="Check that the model is trained and that [input] says what its training did.",
            )


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
