"""The last look at a quantized model: does TFLM run all of it, in integers?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.tflite.enums import FLOATS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from quantci.records.model import ModelSummary, OpInfo
    from quantci.tflite.model import Model

# What gives the same or nearly the same network in ops that TFLM runs in INT8.
_REPLACEMENTS: Final = {
    "ELU": "Replace ELU by ReLU or LeakyReLU: quantizers leave ELU in float.",
    "GELU": "Replace GELU by ReLU or hard-swish.",
    "RELU_0_TO_1": "Replace hard sigmoid by sigmoid: it became RELU_0_TO_1.",
    "RELU_N1_TO_1": "Replace the clipping to -1..1 by tanh or ReLU6.",
    "TILE": "Replace UpSampling2D(interpolation='nearest') by a Resizing layer, which gives RESIZE_NEAREST_NEIGHBOR.",
    "POW": "Replace a power of 2 by multiplying the tensor with itself.",
    "SQUARE": "Replace the square by multiplying the tensor with itself.",
    "NEG": "Replace the negation by multiplying with -1.",
    "DIV": "Replace a division by a constant by multiplying with its reciprocal.",
    "ADD_N": "Replace the sum of several tensors by additions of two each.",
    "EXP": "Replace the exponential by Softmax or Sigmoid where it is a part of one; TFLM has it in float only.",
    "LOG": "Take the logarithm outside of the model, or from LogSoftmax; TFLM has it in float only.",
    "BROADCAST_TO": "Omit the broadcast: additions and multiplications broadcast by themselves.",
    "PADV2": "Pad with zeros, which gives PAD.",
    "SQRT": "Replace LayerNormalization by BatchNormalization, which is folded into the layer before it.",
    **dict.fromkeys(
        ("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "TFLite_Detection_PostProcess"),
        "Export the detector without its last step, the choice among boxes: that is code of the firmware.",
    ),
    "RSQRT": "Replace LayerNormalization by BatchNormalization, which is folded into the layer before it.",
}
_ANY: Final = "Replace the layer that it comes from by one that TFLM has in INT8."
_SHOWN: Final = 5


def check_integer_only(model: Model, allowed_custom_ops: Collection[str]) -> None:
    """Refuse what TFLM cannot run or would run in float.

    Args:
        model: the quantized model.
        allowed_custom_ops: names of custom ops that the firmware brings itself.

    Raises:
        ModelRejected: `flex-op`, `custom-op`, `unsupported-op`, `dynamic-shape` or `float-op`, in this order, naming
            the ops and tensors.
    """
    summary, where = model.summary, model.where
    customs = [op for op in summary.ops if op.is_custom and op.op not in allowed_custom_ops]
    check_no_flex(customs, where)
    if customs:
        raise ModelRejected(
            "custom-op",
            f"{name_ops(customs)}: custom ops that TFLM does not have.",
            where=where,
            remedy="Replace them, or name the header of your own kernel under [embed.custom_ops] in quantci.toml.",
        )
    missing = [op for op in summary.ops if not op.runs_in_tflm and not op.is_custom]
    if missing:
        raise ModelRejected(
            "unsupported-op", f"TFLM has no kernel for {name_ops(missing)}.", where=where, remedy=replacement(missing)
        )
    elsewhere = [name for name in summary.unsupported_ops if name.split(" (version ")[0] not in allowed_custom_ops]
    if elsewhere:
        raise ModelRejected(
            "unsupported-op",
            f"TFLM has no kernel for {', '.join(elsewhere)}, in a subgraph of the model.",
            where=where,
            remedy=_ANY,
        )
    _check_shapes(summary, where)
    _check_types(summary, where)


def check_no_flex(ops: Iterable[OpInfo], where: str) -> None:
    """Refuse TensorFlow's own kernels among these ops.

    Raises:
        ModelRejected: `flex-op`, naming them.
    """
    flex = [op for op in ops if op.is_custom and op.op.startswith("Flex")]
    if flex:
        raise ModelRejected(
            "flex-op",
            f"{name_ops(flex)}: TensorFlow's own kernels, which are not on the chip.",
            where=where,
            remedy="Convert with TFLITE_BUILTINS only, and replace the layers that then fail.",
        )


def _check_shapes(summary: ModelSummary, where: str) -> None:
    if summary.dynamic_tensors:
        raise ModelRejected(
            "dynamic-shape",
            f"The shape of {_some(summary.dynamic_tensors)} is not fixed, and TFLM cannot allocate it.",
            where=where,
            remedy="Fix the batch to 1 and every other dimension of the input before converting.",
        )


def _check_types(summary: ModelSummary, where: str) -> None:
    # QUANTIZE and DEQUANTIZE only stand around the float op that is to blame, unless they are all there is.
    floats = [op for op in summary.ops if op.is_float]
    if not floats:
        if not summary.is_integer_only and not any(op.is_custom for op in summary.ops):
            raise ModelRejected("float-op", "A subgraph of the model would run in float.", where=where, remedy=_ANY)
        return
    blamed = [op for op in floats if op.op not in {"QUANTIZE", "DEQUANTIZE"}] or floats
    names = [
        summary.tensors[index].name or f"tensor {index}"
        for op in blamed
        for index in (*op.inputs, *op.outputs)
        if index >= 0 and summary.tensors[index].dtype in FLOATS
    ]
    raise ModelRejected(
        "float-op",
        f"{name_ops(blamed)} would run in float (tensors {_some(names)}).",
        where=where,
        remedy=replacement(blamed)
        if blamed is not floats or any(op.op in _REPLACEMENTS for op in blamed)
        else _IO_ADVICE,
    )


_IO_ADVICE: Final = "Quantize the inputs and outputs, too: set quantization.input_type and output_type to int8."


def name_ops(ops: Iterable[OpInfo]) -> str:
    """Each kind of op with the layer that it first occurs in."""
    first: dict[str, str] = {}
    for op in ops:
        first.setdefault(op.op, op.output_name or f"op {op.index}")
    return _some([f"{name} ({layer})" for name, layer in first.items()])


def _some(names: Iterable[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    return ", ".join(unique[:_SHOWN]) + more


def replacement(ops: Iterable[OpInfo]) -> str:
    """What to replace these ops by."""
    known = dict.fromkeys(_REPLACEMENTS[op.op] for op in ops if op.op in _REPLACEMENTS)
    return " ".join(known) or _ANY
