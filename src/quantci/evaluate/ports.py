"""What the stage asks of the INT8 model: one output, whose integers stand for real numbers, and labels that fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.errors import DataRejected, ModelRejected
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.model import ModelSummary, TensorInfo

_MOVES = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})  # change no value


def check_ports(summary: ModelSummary) -> TensorInfo:
    """The one output of the INT8 model, by whose scale it is judged.

    Raises:
        ModelRejected: `multi-output`, or `unsupported-type`: the input or the output is not quantized.
    """
    if len(summary.outputs) != 1:
        raise ModelRejected(
            "multi-output",
            f"The model has {len(summary.outputs)} outputs; only a model with one can be judged.",
            where=summary.file_name,
            remedy="Export the model with the one output that the labels are about.",
        )
    for word, port in (("input", summary.inputs[0]), ("output", summary.outputs[0])):
        if len(port.scale) != 1:
            raise ModelRejected(
                "unsupported-type",
                f"The {word} is {port.dtype} without a scale: its integers stand for no real numbers.",
                where=summary.file_name,
                remedy="Export the model up to its scores, without ARG_MAX or TOP_K behind them."
                if word == "output"
                else "Export the model with a float input, and let quantci quantize it.",
            )
    return summary.outputs[0]


def find_logit(task: str, summary: ModelSummary) -> list[Advice]:
    """Advice `one-logit` when one output is read as a probability, but no sigmoid makes it one."""
    if task != "classification" or int(np.prod(summary.outputs[0].shape)) != 1:
        return []
    last = next((op.op for op in reversed(summary.ops) if op.op not in _MOVES), "")
    if last == "LOGISTIC":
        return []
    text = (
        f"The model's one output is read as the probability of the second class, chosen above 0.5, but it comes from "
        f"{last or 'no op'} and not from a sigmoid. End the model with a sigmoid, or a logit of 0.3 counts as a no."
    )
    return [Advice(code="one-logit", text=text)]


def check_classes(labels: Sequence[str], port: TensorInfo, where: str) -> None:
    """Refuse labels that do not fit the outputs: two for a single output, else one for each.

    Raises:
        DataRejected: `label-mismatch`.
    """
    values = int(np.prod(port.shape))
    if len(labels) == values or (values == 1 and len(labels) == 2):
        return
    raise DataRejected(
        "label-mismatch",
        f"The model has {values} outputs (shape {port.shape}), but there are {len(labels)} labels.",
        where=where,
        remedy="Give task.labels one name for each output, in their order.",
    )
