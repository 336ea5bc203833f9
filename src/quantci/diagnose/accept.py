"""Which models can be compared tensor by tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.data.culprits import first_of
from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from quantci.records.model import ModelSummary

_INTEGERS: Final = frozenset({"int8", "uint8"})


def check_models(float_model: ModelSummary, quantized: ModelSummary) -> None:
    """Refuse what cannot be compared.

    Raises:
        ModelRejected: `multi-subgraph`, `custom-op`, `dynamic-shape`, or `unsupported-type`: the activations are no
            8-bit integers.
    """
    for model in (float_model, quantized):
        if model.subgraph_count != 1:
            raise ModelRejected(
                "multi-subgraph",
                f"The model has {model.subgraph_count} subgraphs; tensors are compared in models of one.",
                where=model.file_name,
                remedy="Export it without IF and WHILE: unroll the loop, or export its body as the model.",
            )
        customs = [op.op for op in model.ops if op.is_custom]
        if customs:
            raise ModelRejected(
                "custom-op",
                f"LiteRT has no kernel for {first_of(sorted(set(customs)))}, so the model does not run here.",
                where=model.file_name,
                remedy="Replace the op to diagnose the model.",
            )
        if model.dynamic_tensors:
            raise ModelRejected(
                "dynamic-shape",
                f"The shape of {first_of(model.dynamic_tensors)} is not fixed.",
                where=model.file_name,
                remedy="Fix the batch to 1 and every other dimension of the input before converting.",
            )
    if not float_model.inputs or float_model.inputs[0].dtype != "float32":
        raise ModelRejected(
            "unsupported-type",
            "The input of the float model is not float32.",
            where=float_model.file_name,
            remedy="Export the float model with a float input.",
        )
    wide = [tensor for tensor in quantized.tensors if tensor.dtype == "int16" and tensor.scale]
    entry = quantized.inputs[0]
    if wide or entry.dtype not in _INTEGERS or len(entry.scale) != 1:
        found = "int16 activations (16x8)" if wide else f"an input of type {entry.dtype}"
        raise ModelRejected(
            "unsupported-type",
            f"The quantized model has {found}; layers are compared in 8 bits, where a step matters.",
            where=quantized.file_name,
            remedy="Quantize the model to INT8, as quantci quantize does.",
        )
