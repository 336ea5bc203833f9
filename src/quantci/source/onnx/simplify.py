"""A graph of fixed shapes, with constants folded: what onnx2tf needs. Runs in the jail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected
from quantci.source.onnx.graph import inputs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# A folded constant has at most as much: far more than a chip holds, far less than a machine.
_MOST_FOLDED: Final = "64MB"
_FLOAT32: Final = 1  # in TensorProto.DataType


def simplify(model: Any, input_shape: Sequence[int], where: str) -> Any:
    """The same model with a batch of 1, and every shape known.

    Raises:
        ModelRejected: `multi-input`, `dynamic-shape`, `conversion`.
    """
    import onnxsim

    shape = fixed_shape(model.graph, input_shape, where)
    (taken,) = inputs_of(model.graph)
    if taken.type.tensor_type.elem_type not in {0, _FLOAT32}:
        raise ModelRejected(
            "input-type",
            f"The input {taken.name[:100]} does not take float32.",
            where=where,
            remedy="Export the model with an input of float32, without the CAST behind it.",
        )
    try:
        simplified, _ = onnxsim.simplify(
            model, overwrite_input_shapes={taken.name: shape}, tensor_size_threshold=_MOST_FOLDED
        )
    except Exception as error:  # noqa: BLE001  onnxsim raises what its C++ says
        raise ModelRejected(
            "conversion",
            f"onnxsim could not compute the shapes inside for an input of {shape}: {_line(error)}",
            where=where,
            remedy="Check that the model runs in ONNX Runtime with an input of this shape.",
        ) from None
    return simplified


def fixed_shape(graph: Any, input_shape: Sequence[int], where: str) -> list[int]:
    """The shape of the only input, with a batch of 1.

    Raises:
        ModelRejected: `multi-input`, `dynamic-shape`.
    """
    inputs = inputs_of(graph)
    if len(inputs) != 1:
        names = ", ".join(value.name[:100] for value in inputs[:5])
        raise ModelRejected(
            "multi-input",
            f"The model has {len(inputs)} inputs ({names}); quantci needs a model with one input.",
            where=where,
            remedy="Export a model with one input: join them, or keep the others as constants.",
        )
    dimensions = inputs[0].type.tensor_type.shape.dim
    written = [dim.dim_param or "?" if not dim.HasField("dim_value") else dim.dim_value for dim in dimensions]
    if input_shape:
        if len(written) in {0, len(input_shape)} and all(map(_fits, written[1:], input_shape[1:])):
            return list(input_shape)
        raise ModelRejected(
            "dynamic-shape",
            f"model.input_shape is {list(input_shape)}, but the input {inputs[0].name[:100]} is {_said(written)}.",
            where=where,
            remedy="Give the sizes of the model, and a number where it has a name or a question mark.",
        )
    shape = [1, *written[1:]] if written and _is_open(written[0]) else written
    if not shape or shape[0] != 1 or any(map(_is_open, shape)):
        example = ", ".join("..." if _is_open(size) else str(size) for size in [1, *shape[1:]])
        raise ModelRejected(
            "dynamic-shape",
            f"The input {inputs[0].name[:100]} is {_said(written)}: not a batch of 1 of a fixed size.",
            where=where,
            remedy=f"Set model.input_shape = [{example}] in quantci.toml, or export the model with fixed sizes; a "
            "microcontroller reserves its memory once.",
        )
    return [int(size) for size in shape]


def _is_open(size: Any) -> bool:
    return isinstance(size, str) or size <= 0


def _fits(size: Any, given: int) -> bool:
    return _is_open(size) or size == given


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _said(written: list[Any]) -> str:
    return "[" + ", ".join(str(size)[:50] for size in written) + "]"
