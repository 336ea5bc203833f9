"""Which tensors of a graph have a size that the file does not fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.tflite.enums import dtype_name, is_custom, op_name
from quantci.tflite.verify.tensors import open_shape, shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

# The file states what these give, and their operand of whole numbers only repeats it.
STATED: Final = frozenset({"RESHAPE", "EXPAND_DIMS", "TRANSPOSE_CONV", "CUMSUM", "REVERSE_V2"})


def open_tensors(model: Any, graph: Any) -> set[int]:
    """Indices of the tensors of a SubGraphT whose size is not fixed.

    That starts with an input that is open, with a custom op, or with an op whose operands of whole numbers are computed
    while the model runs. Otherwise a signature only tells what was open when the model was converted: every size
    follows from fixed ones, and TFLM reads the stored shape alone.
    """
    tensors = graph.tensors
    kinds = [None if is_custom(code) else op_name(code) for code in model.operatorCodes or ()]
    is_open = [-1 in open_shape(tensor) for tensor in tensors]
    found = {index for index in graph.inputs.tolist() if is_open[index]}
    for op in graph.operators:
        outputs = {index for index in op.outputs.tolist() if is_open[index]}
        if not outputs:
            continue
        kind, read = kinds[op.opcodeIndex], {index for index in op.inputs.tolist() if index >= 0}
        is_computed = kind not in STATED and any(_is_computed(tensors[index], model.buffers) for index in read)
        if kind is None or is_computed or read & found:
            found |= outputs
    return found


def _is_computed(tensor: Any, buffers: Sequence[Any]) -> bool:
    is_constant = stored_bytes(tensor, buffers) or 0 in shape_of(tensor)
    return not is_constant and dtype_name(tensor.type) in {"int32", "int64"}
