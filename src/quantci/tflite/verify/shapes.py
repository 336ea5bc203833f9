"""Checks that an op's tensors fit together: TFLM takes each shape from the file and writes where it says.

Where a shape is open, or an operand that decides about shapes is not a constant, nothing can be said, and nothing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.tflite.enums import dtype_name
from quantci.tflite.verify import fit_elementwise, fit_layout, fit_recurrent, fit_weighted
from quantci.tflite.verify.damage import Damage, require
from quantci.tflite.verify.open_tensors import STATED
from quantci.tflite.verify.operands import Operands, same_type
from quantci.tflite.verify.tensors import shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

BATCH_OF_ONE: Final = "Convert the model with a batch of 1: keras.Input(shape, batch_size=1)."


def check_shapes(
    op: Any, name: str, label: str, tensors: Sequence[Any], buffers: Sequence[Any], opened: AbstractSet[int]
) -> None:
    """Check the shapes and types of an OperatorT's tensors; `opened` are the indices of those that are open.

    Raises:
        Damage: `malformed`, or `dynamic-shape` where a batch is open.
    """
    rule = _RULES.get(name)
    if rule is None:
        return
    used = [index for index in (*op.inputs.tolist(), *op.outputs.tolist()) if index >= 0]
    parameters = _PARAMETERS.get(name, ())
    present = [tensors[index] if index >= 0 else None for index in op.inputs]
    for place in parameters:
        tensor = present[place] if place < len(present) else None
        dtype = "int32" if tensor is None else dtype_name(tensor.type)
        require(dtype in {"int32", "int64"}, f"{label} takes its operand {place} as {dtype}")
    constants = [_integers(tensor, buffers) if place in parameters else None for place, tensor in enumerate(present)]
    unknown = any(place < len(constants) and constants[place] is None for place in parameters)
    if not opened.isdisjoint(used) or (unknown and name not in STATED):
        rule = _SHAPELESS.get(name)
        if rule is None:
            return
    subject = Operands(
        op.builtinOptions,
        [None if tensor is None else shape_of(tensor) for tensor in present],
        [shape_of(tensors[index]) for index in op.outputs],
        ["" if tensor is None else dtype_name(tensor.type) for tensor in present],
        [dtype_name(tensors[index].type) for index in op.outputs],
        [_scale(tensor) for tensor in present],
        [_scale(tensors[index]) for index in op.outputs],
        constants,
    )
    try:
        fits = rule(subject)
    except (IndexError, TypeError, ValueError, ZeroDivisionError):
        fits = False  # a rank that the op does not take
    if not fits:
        cause = (
            f"the tensors of {label} do not fit together: {_show(subject.inputs, subject.types)} -> "
            f"{_show(subject.outputs, subject.output_types)}"
        )
        signatures = [tensors[index].shapeSignature for index in used]
        if any(signature is not None and (signature < 0).any() for signature in signatures):
            # Converters write 1 for what is open, and several samples may be rows of one tensor.
            raise Damage(f"its batch is open, and {cause}", code="dynamic-shape", remedy=BATCH_OF_ONE)
        raise Damage(cause)


def _show(shapes: Sequence[list[int] | None], types: Sequence[str]) -> str:
    return ", ".join(f"{dtype} {shape}" for shape, dtype in zip(shapes, types, strict=True) if shape is not None)


def _scale(tensor: Any) -> float:
    scale = None if tensor is None or tensor.quantization is None else tensor.quantization.scale
    return float(scale[0]) if scale is not None and len(scale) == 1 else 0.0


def _integers(tensor: Any, buffers: Sequence[Any]) -> list[int] | None:
    """A small constant's values; None for an activation."""
    data = None if tensor is None else buffers[tensor.buffer].data
    if data is None or len(data) > 1024:
        return [] if tensor is not None and 0 in shape_of(tensor) else None
    values: list[int] = np.frombuffer(
        bytes(bytearray(data)), f"<i{4 if dtype_name(tensor.type) == 'int32' else 8}"
    ).tolist()
    return values


# Places of the inputs that decide about shapes and axes.
_PARAMETERS: Final = {
    "PAD": (1,),
    "PADV2": (1,),
    "MIRROR_PAD": (1,),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL", "ARG_MAX", "ARG_MIN"), (1,)),
    **dict.fromkeys(("TRANSPOSE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "EXPAND_DIMS", "RESHAPE"), (1,)),
    **dict.fromkeys(("CUMSUM", "REVERSE_V2"), (1,)),
    "TRANSPOSE_CONV": (0,),
    "SPLIT": (0,),
    "SPLIT_V": (1, 2),
    "SLICE": (1, 2),
    "STRIDED_SLICE": (1, 2, 3),
}
# What must hold whatever the shapes are.
_SHAPELESS: Final = {
    **dict.fromkeys(("ADD", "SUB"), fit_elementwise.can_be_summed),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL"), same_type),
    **dict.fromkeys(("SOFTMAX", "LOG_SOFTMAX"), fit_elementwise.has_exponents),
}
_RULES: Final = {**fit_elementwise.RULES, **fit_layout.RULES, **fit_recurrent.RULES, **fit_weighted.RULES}
