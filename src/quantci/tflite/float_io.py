"""An INT8 model may take and give floats: QUANTIZE stands at its input, and DEQUANTIZE at its output.

Neither computes anything in float, and TFLM runs both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantci.records.model import ModelSummary, OpInfo, TensorInfo


def integers_taken(summary: ModelSummary, tensor: TensorInfo) -> TensorInfo | None:
    """The input in integers: itself, or what a QUANTIZE makes of it; None where another op takes floats."""
    if tensor.dtype != "float32":
        return tensor
    readers = [op for op in summary.ops if tensor.index in op.inputs]
    if not readers or any(op.op != "QUANTIZE" for op in readers):
        return None
    return summary.tensors[readers[0].outputs[0]]


def integers_given(summary: ModelSummary, tensor: TensorInfo) -> TensorInfo | None:
    """The output in integers: itself, or what a DEQUANTIZE takes; None where another op gives floats."""
    if tensor.dtype != "float32":
        return tensor
    maker = next((op for op in summary.ops if tensor.index in op.outputs), None)
    return summary.tensors[maker.inputs[0]] if maker is not None and maker.op == "DEQUANTIZE" else None


def computes_in_float(summary: ModelSummary) -> list[OpInfo]:
    """The ops that read or write floats, but for a QUANTIZE at an input and a DEQUANTIZE at an output."""
    taken, given = ({tensor.index for tensor in tensors} for tensors in (summary.inputs, summary.outputs))
    return [
        op
        for op in summary.ops
        if op.is_float
        and not (op.op == "QUANTIZE" and op.inputs[0] in taken)
        and not (op.op == "DEQUANTIZE" and op.outputs[0] in given)
    ]
