"""Models that TFLM does not run, and what is said of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ModelRejected
from quantci.tflite.blame import failed_op, missing_op, ops_named
from quantci.tflite.enums import tensor_label
from quantci.tflite.integer_only import name_ops
from quantci.tflite.remedies import replacement
from quantci.tflite.verify.open_tensors import open_tensors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.model import OpInfo
    from quantci.tflite.model import Model


def check_shapes(model: Model) -> None:
    """TFLM takes the stored shape of a tensor that is open: what nobody can check, it would compute with."""
    for graph in model.tree.subgraphs:
        for index in sorted(open_tensors(model.tree, graph)):
            raise ModelRejected(
                "dynamic-shape",
                f"The shape of {tensor_label(graph.tensors[index], index)} is not fixed, and TFLM cannot allocate it.",
                where=model.where,
                remedy="Fix the batch to 1 and every other dimension of the input before converting.",
            )


def check_biases(model: Model) -> None:
    """TFLM dies of an SVDF without its bias: it reads it before it looks whether it is there."""
    if any(op.inputs[3] < 0 for _, op in model.ops("SVDF")):
        raise ModelRejected(
            "unsupported-op",
            "An SVDF has no bias, and TFLM needs it.",
            where=model.where,
            remedy="Give the layer a bias; zeros will do.",
        )


def load_fault(model: Model, name: str, reason: str, text: str, full_bytes: int | None) -> ModelRejected:
    """What is said when it does not load the model; `full_bytes` is the arena that was too small, if that is why."""
    missing = missing_op(text)
    if missing is not None:
        ops = ops_named(model, missing)
        return ModelRejected(
            "unsupported-op",
            f"TFLM has no kernel for {name_ops(ops) or missing}.",
            where=model.where,
            remedy=replacement(ops),
        )
    if full_bytes is not None:
        return ModelRejected(
            "arena",
            f"The model does not fit into a tensor arena of {full_bytes:,} bytes: {reason}",
            where=model.where,
            remedy="Use smaller activations: fewer channels early on, or a smaller input.",
        )
    return refusal(model, name, reason, failed_op(model, text))


def refusal(model: Model, name: str, reason: str, ops: Sequence[OpInfo] = ()) -> ModelRejected:
    """What is said when it gives up, with its own reason and, if known, the ops that it names."""
    layer = f" at {name_ops(ops)}" if ops else ""
    return ModelRejected(
        "tflm-refused",
        f"{name} cannot run this model{layer}: {reason}",
        where=model.where,
        remedy=replacement(ops) if ops else "Change the layer that it names; quantci inspect lists all layers.",
    )
