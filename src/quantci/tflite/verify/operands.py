"""An op with the shapes and types of its tensors, as the rules of the `fit_` files read it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Operands(NamedTuple):
    """An op with what its rule needs.

    A rule says whether the tensors fit together. It may raise IndexError, TypeError, ValueError or ZeroDivisionError
    on a rank that the op does not take.

    Attributes:
        options: its builtin options, or None.
        inputs: shapes of its inputs; None where one is absent.
        outputs: shapes of its outputs.
        types: type names of its inputs; an empty text where one is absent.
        output_types: type names of its outputs.
        scales: scales of its inputs that are quantized per tensor, else 0.0.
        output_scales: the same of its outputs.
        constants: integers of those inputs that decide about shapes and axes; None for every other input.
    """

    options: Any
    inputs: list[list[int] | None]
    outputs: list[list[int]]
    types: list[str]
    output_types: list[str]
    scales: list[float]
    output_scales: list[float]
    constants: list[list[int] | None]


def given(shape: list[int] | None) -> list[int]:
    """The shape of an input that must be there, or the values of a constant.

    Raises:
        ValueError: it is absent.
    """
    if shape is None:
        msg = "an operand is absent"
        raise ValueError(msg)
    return shape


def same_type(op: Operands) -> bool:
    """The first input and output are of one type."""
    return op.types[0] == op.output_types[0]


def same_shape(op: Operands) -> bool:
    """The first input and output are of one shape."""
    return op.inputs[0] == op.outputs[0]


def axes(op: Operands) -> set[int]:
    """The axes of input 0 that the constant operand 1 names."""
    return {range(len(given(op.inputs[0])))[axis] for axis in given(op.constants[1])}
