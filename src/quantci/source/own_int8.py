"""One's own INT8 .tflite, quantized elsewhere: taken as it is, and told apart from what only looks like one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.records.quantize import QUANTIZED_MODEL
from quantci.source.fixed_batch import fix_batch
from quantci.tflite.flatbuffer import check_weights
from quantci.tflite.float_io import integers_given, integers_taken
from quantci.tflite.identify import read_head, sniff
from quantci.tflite.integer_only import check_no_flex, name_ops
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.model import ModelSummary, TensorInfo

INTEGERS: Final = frozenset({"int2", "int4", "int8", "uint8", "int16"})
_NAME_AS_SOURCE: Final = "Name it as model.source instead of model.quantized: quantci then quantizes it."
_CONVERT: Final = (
    "Convert it again with converter.representative_dataset and TFLITE_BUILTINS_INT8, or name the float model as "
    "model.source instead: quantci then quantizes it."
)


def read_own(path: Path) -> Model:
    """The model in the file, after its structure and weights were checked.

    Where it computes shapes because its batch was left open, the batch becomes 1; else not a byte is changed.

    Raises:
        ModelRejected: `not-quantized`, `dynamic-range` or `float-op`: it is not an INT8 model; what makes it a damaged
            or a wrong file.
    """
    if path.is_dir() or sniff(read_head(path)) in {"keras", "hdf5"}:
        raise _not_quantized("This is a Keras or SavedModel model, whose weights are floats.", str(path))
    model = Model.read(path, file_name=QUANTIZED_MODEL)
    check_weights(model.tree, model.where)
    check_no_flex(model.summary.ops, model.where)
    _check_quantized(model.summary, model.where)
    summary = model.summary
    computes_shapes = bool(summary.dynamic_tensors) or any(op.op == "SHAPE" for op in summary.ops)
    return fix_batch(model) if computes_shapes and summary.subgraph_count == 1 else model


def quantized_tensors(summary: ModelSummary) -> list[TensorInfo]:
    """Those whose integers stand for real numbers."""
    return [tensor for tensor in summary.tensors if tensor.scale and tensor.dtype in INTEGERS]


def is_quantized(summary: ModelSummary) -> bool:
    """Whether activations are integers, not only weights."""
    return any(not tensor.constant_bytes for tensor in quantized_tensors(summary))


def _check_quantized(summary: ModelSummary, where: str) -> None:
    quantized = quantized_tensors(summary)
    if not quantized:
        half = any(tensor.dtype == "float16" for tensor in summary.tensors)
        what = "a float model with weights in 16 bits" if half else "a float model: none of its tensors is quantized"
        raise _not_quantized(f"This is {what}.", where)
    if not is_quantized(summary):
        names = ", ".join(tensor.name for tensor in quantized[:3])
        raise ModelRejected(
            "dynamic-range",
            f"Its weights are integers ({names}), its activations float: a dynamic-range model, which TFLM does not "
            "run.",
            where=where,
            remedy=_CONVERT,
        )
    for word, tensors, integers in (
        ("takes", summary.inputs, integers_taken),
        ("gives", summary.outputs, integers_given),
    ):
        for tensor in tensors:
            if integers(summary, tensor) is None:
                near = [op for op in summary.ops if tensor.index in (op.inputs if word == "takes" else op.outputs)]
                raise ModelRejected(
                    "float-op",
                    f"It {word} floats, and {name_ops(near) or 'nothing'} computes with them in float: only a part of "
                    "the model is quantized.",
                    where=where,
                    remedy=_CONVERT,
                )


def _not_quantized(cause: str, where: str) -> ModelRejected:
    return ModelRejected("not-quantized", cause, where=where, remedy=_NAME_AS_SOURCE)
