"""Which tensors fit recurrent layers: the longest lists of operands, some absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.tflite.verify.operands import given, same_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.tflite.verify.operands import Operands


def _svdf(op: Operands) -> bool:
    batch, depth = given(op.inputs[0])
    filters, memory = given(op.inputs[2])
    units = filters // op.options.rank
    bias, states = _SVDF_TYPES.get(op.types[0], ("", ()))
    return (
        op.inputs[1] == [filters, depth]
        and units * op.options.rank == filters
        and op.inputs[3] in (None, [units])
        and op.inputs[4] == [batch, memory * filters]
        and op.outputs == [[batch, units]]
        and same_type(op)
        and op.types[1] == op.types[0]
        and op.types[3] in {"", bias}
        and op.types[2] == op.types[4]
        and op.types[4] in states
    )


def _lstm(op: Operands) -> bool:
    # Operands: 1-4 weights for the input, 5-8 for the state, 9-11 peepholes, 12-15 biases, 16-17 projection, 18 and 19
    # the states, 20-23 layer normalization.
    first, second, depth = given(op.inputs[0])
    batch = second if op.options.timeMajor else first
    cells, _ = given(op.inputs[2])
    units = op.outputs[0][2]
    expected = [[cells, depth]] * 4 + [[cells, units]] * 4 + [[cells]] * 7 + [[units, cells], [units]]
    expected += [[batch, units], [batch, cells]] + [[cells]] * 4
    weights, biases, cell = _LSTM_TYPES.get(op.types[0], ((), (), ()))
    return (
        all(shape in (None, wanted) for shape, wanted in zip(op.inputs[1:], expected, strict=True))
        and all(op.inputs[place] is not None for place in (2, 3, 4, 6, 7, 8, 13, 14, 15, 18, 19))
        and op.outputs[0] == [first, second, units]
        and same_type(op)
        and {*op.types[1:9]} - {""} <= {*weights}
        and {*op.types[12:16]} - {""} <= {*biases}
        and (op.types[18], op.types[19]) == (op.types[0], cell)
    )


# Of the bias, and of the state with the weights that it is multiplied by.
_SVDF_TYPES: Final = {"float32": ("float32", ("float32",)), "int8": ("int32", ("int8", "int16"))}
_LSTM_TYPES: Final = {
    "float32": (("float32",), ("float32",), "float32"),
    "int8": (("int8",), ("int32",), "int16"),
    "int16": (("int8",), ("int32", "int64"), "int16"),
}
RULES: Final[dict[str, Callable[[Operands], bool]]] = {"SVDF": _svdf, "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm}
