"""The last look at a quantized model: does TFLM run all of it, in integers?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.tflite.enums import FLOATS
from quantci.tflite.remedies import ANY, replacement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from quantci.records.model import ModelSummary, OpInfo
    from quantci.tflite.model import Model

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
            remedy=ANY,
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
            raise ModelRejected("float-op", "A subgraph of the model would run in float.", where=where, remedy=ANY)
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
        remedy=replacement(blamed, ANY if blamed is not floats else _IO_ADVICE),
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
