"""Ranges of the activations over the calibration set.

Both engines take the ranges from the flatbuffer itself (min and max of each tensor), so a recipe may choose others, and
what was used can be kept in the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.errors import ModelRejected
from quantci.quantize.own_buffers import give_own_buffers
from quantci.records.quantize import TensorRange
from quantci.tflite.blame import blamed, missing_op
from quantci.tflite.integer_only import name_ops
from quantci.tflite.model import Model
from quantci.tflite.remedies import replacement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


def calibrate(float_model: Model, samples: Iterable[NDArray[np.float32]]) -> list[TensorRange]:
    """Run samples [1, ...] through the float model and keep the smallest and largest value of each activation.

    Uses the calibration wrapper inside ai-edge-litert, the same code that TFLiteConverter calibrates with. It cannot
    be set back to its first state: a model that remembers (LSTM, SVDF) gets a new one for each sample.

    Returns:
        The ranges by tensor; none where there are no samples.

    Raises:
        ModelRejected: `not-finite`, `custom-op`, or `lite-rt-refused` with the reason.
    """
    is_stateful = any(tensor.isVariable for tensor in float_model.tree.subgraphs[0].tensors)
    parts = []
    calibrator = None
    try:
        for sample in samples:
            if calibrator is None:
                calibrator = _calibrator(float_model.data, sample)
            calibrator.FeedTensor([sample])
            if is_stateful:
                parts.append(_ranges(calibrator, float_model))
                calibrator = None
        if calibrator is not None:
            parts.append(_ranges(calibrator, float_model))
    except (RuntimeError, ValueError) as error:
        raise _refusal(float_model, " ".join(str(error).split())) from None
    return hull(parts) if parts else []


def _refusal(float_model: Model, reason: str) -> ModelRejected:
    where = float_model.where
    if "custom op" in reason:
        return ModelRejected(
            "custom-op",
            f"LiteRT cannot calibrate this model: {reason}",
            where=where,
            remedy="Replace the op, or give an INT8 model that has it to quantci embed with --model.",
        )
    ops = blamed(float_model, reason)
    if not ops:
        cause, remedy = f"LiteRT cannot calibrate this model: {reason}", "Check that the model runs outside of quantci."
    elif missing_op(reason) is None:
        cause, remedy = f"LiteRT cannot calibrate {name_ops(ops)}: {reason}", replacement(ops)
    else:
        cause, remedy = f"LiteRT's calibrator has no kernel for {name_ops(ops)}.", replacement(ops)
    return ModelRejected("lite-rt-refused", cause, where=where, remedy=remedy)


def _calibrator(float_model: bytes, sample: NDArray[np.float32]) -> Any:
    from ai_edge_litert import _pywrap_tensorflow_lite_calibration_wrapper as wrapper

    calibrator = wrapper.CalibrationWrapper(float_model, [], [])
    calibrator.Prepare([list(sample.shape)])
    return calibrator


def _ranges(calibrator: Any, float_model: Model) -> list[TensorRange]:
    """The ranges that a calibrator has seen, checked: it leaves out an activation that was never a number."""
    from quantci.tflite.enums import dtype_name

    where = float_model.where
    calibrated = Model(calibrator.Calibrate(), where)
    tensors, names = calibrated.tree.subgraphs[0].tensors, calibrated.tensor_names
    ranges = []
    for index, tensor in enumerate(tensors):
        quantization = tensor.quantization
        if quantization is not None and quantization.min is not None and len(quantization.min):
            low, high = float(quantization.min[0]), float(quantization.max[0])
            ranges.append(TensorRange(tensor=index, name=names[index], min=low, max=high))
    known = {entry.tensor for entry in ranges}
    written = {int(index) for op in float_model.tree.subgraphs[0].operators for index in op.outputs}
    for index in sorted(written - known):
        if dtype_name(tensors[index].type) == "float32":
            raise _not_finite(names[index], "is never a number", where)
    for entry in ranges:
        if not np.isfinite([entry.min, entry.max]).all():
            raise _not_finite(entry.name, f"reaches {entry.min} to {entry.max}", where)
    return ranges


def _not_finite(name: str, what: str, where: str) -> ModelRejected:
    return ModelRejected(
        "not-finite",
        f"The activation {name} {what} on the calibration set.",
        where=where,
        remedy="The float model overflows on these samples: check its weights and the preprocessing.",
    )


def hull(parts: list[list[TensorRange]]) -> list[TensorRange]:
    """The ranges over all samples, from those over parts of them."""
    whole: dict[int, TensorRange] = {}
    for entry in (entry for part in parts for entry in part):
        before = whole.get(entry.tensor, entry)
        whole[entry.tensor] = TensorRange(
            tensor=entry.tensor, name=entry.name, min=min(before.min, entry.min), max=max(before.max, entry.max)
        )
    return [whole[index] for index in sorted(whole)]


def with_ranges(float_model: Model, ranges: Sequence[TensorRange]) -> Model:
    """The float model with these ranges written into its tensors, ready for an engine."""
    from ai_edge_litert import schema_py_generated as schema

    model = float_model.draft()
    tensors = model.subgraphs[0].tensors
    for entry in ranges:
        tensor = tensors[entry.tensor]
        if tensor.quantization is None:
            tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.min = np.array([entry.min], dtype=np.float32)
        tensor.quantization.max = np.array([entry.max], dtype=np.float32)
    give_own_buffers(model, float_model.where)
    return float_model.changed(model)
