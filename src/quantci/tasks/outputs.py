"""The outputs of the INT8 model that a task can judge: integers that stand for real numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from msgspec.structs import replace

from quantci.errors import DataRejected, ModelRejected
from quantci.tasks.unjudged import refuse_unjudged
from quantci.tflite.fixed_point import dequantize
from quantci.tflite.float_io import integers_given, integers_taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.records.stage import Advice


def only_input(summary: ModelSummary, where: str) -> TensorInfo:
    """The one input of a model: a sample is one tensor.

    Raises:
        ModelRejected: `multi-input`.
    """
    if len(summary.inputs) != 1:
        raise ModelRejected(
            "multi-input",
            f"The model has {_named(summary.inputs, 'inputs')}; quantci needs a model with one input.",
            where=where,
            remedy="Name a model or a signature with one input.",
        )
    return summary.inputs[0]


def only_output(summary: ModelSummary, task: str) -> TensorInfo:
    """The one output of the INT8 model, by whose scale it is judged.

    Raises:
        ConfigError: `task-not-judged`.
        ModelRejected: `multi-input`, `multi-output`, or `unsupported-type`: the input or the output is not quantized.

    Returns:
        Its name, shape and type, and the scale of its integers: of an output in float, those in front of its
        DEQUANTIZE.
    """
    check_one_output(summary, task)
    given, output = integers_given(summary, summary.outputs[0]), summary.outputs[0]
    taken = integers_taken(summary, only_input(summary, summary.file_name))
    for word, tensor, integers in (("input", summary.inputs[0], taken), ("output", output, given)):
        if integers is None or len(integers.scale) != 1:
            raise ModelRejected(
                "unsupported-type",
                f"The {word} is {tensor.dtype} without a scale: its integers stand for no real numbers."
                if integers is not None
                else f"The {word} is {tensor.dtype}, and its neighbour computes in float.",
                where=summary.file_name,
                remedy="Export the model up to its scores, without ARG_MAX or TOP_K behind them."
                if word == "output"
                else "Export the model with a float input, and let quantci quantize it.",
            )
    assert given is not None
    return output if given is output else replace(output, scale=given.scale, zero_point=given.zero_point)


def check_one_output(summary: ModelSummary, task: str, where: str = "") -> None:
    """Refuse a model with several outputs, or with several answers in one.

    Args:
        summary: the look into the model.
        task: its word in quantci.toml; empty where none was chosen yet.
        where: what names the model to the user; without it the task or the file are named.

    Raises:
        ConfigError: `task-not-judged`.
        ModelRejected: `multi-output`.
    """
    refuse_unjudged(summary, task, where or "task.kind")
    if len(summary.outputs) != 1:
        judge = f"the task {task} judges" if task else "every task judges"
        raise ModelRejected(
            "multi-output",
            f"The model has {_named(summary.outputs, 'outputs')}; {judge} a model with one.",
            where=where or summary.file_name,
            remedy="Export the model with the one output that the labels are about.",
        )


def _named(tensors: Sequence[TensorInfo], what: str) -> str:
    return f"{len(tensors)} {what} ({', '.join(tensor.name or str(tensor.index) for tensor in tensors)})"


class KeepsOutputs:
    """The part of a task that judges one output and keeps it as it is: a label for each of its values.

    Attributes:
        kind: the task's word in quantci.toml.
    """

    kind: ClassVar[str]

    def to_calibrate(self, labels: Sequence[str]) -> Sequence[str]:
        """All of them: each may reach other values."""
        return labels

    def outputs_of(self, summary: ModelSummary) -> Sequence[TensorInfo]:
        """The one output of the INT8 model; see only_output()."""
        return [only_output(summary, self.kind)]

    def check_labels(self, labels: Sequence[str], outputs: Sequence[TensorInfo], where: str) -> None:
        """A label for each value of the output.

        Raises:
            DataRejected: `label-mismatch`.
        """
        (output,) = outputs
        values = int(np.prod(output.shape))
        if len(labels) not in self.label_counts(values):
            raise DataRejected(
                "label-mismatch",
                f"The model has {values} outputs (shape {output.shape}), but there are {len(labels)} labels.",
                where=where,
                remedy="Give task.labels one name for each output, in their order.",
            )

    def label_counts(self, values: int) -> set[int]:
        """How many labels fit so many values."""
        return {values}

    def keep(
        self, inputs: NDArray[np.float32], raw: Sequence[NDArray[np.generic]], values: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.generic]:
        """The output as it is."""
        del inputs, values
        (kept,) = raw
        return kept

    def nothing_kept(self, outputs: Sequence[TensorInfo], *, is_float: bool) -> NDArray[np.generic]:
        """A row has one value for each output: float32 of the float model, else of the INT8 model's own type."""
        (output,) = outputs
        return np.empty((0, int(np.prod(output.shape))), np.float32 if is_float else np.dtype(output.dtype))

    def advice(self, summary: ModelSummary) -> list[Advice]:
        """None, unless the task knows better."""
        del summary
        return []


def finite_values(outputs: NDArray[np.generic], output: TensorInfo) -> NDArray[np.float64]:
    """real_values() as float64 [n, d].

    Raises:
        ModelRejected: `not-finite`: NaN and infinite outputs have no order and no error.
    """
    values = real_values(outputs, output).astype(np.float64)
    if not np.isfinite(values).all():
        raise ModelRejected(
            "not-finite",
            f"The model's output is NaN or infinite for {int((~np.isfinite(values)).any(axis=1).sum())} samples.",
            remedy="Look for overflowing or NaN weights, and for an input range that differs from training.",
        )
    return values


def real_values(outputs: NDArray[np.generic], output: TensorInfo) -> NDArray[np.float32]:
    """Outputs [n, d] as real numbers: integers through the output's scale and zero point, floats as they are."""
    if np.issubdtype(outputs.dtype, np.integer):
        return dequantize(outputs, output.scale[0], output.zero_point[0])
    return outputs.astype(np.float32)
