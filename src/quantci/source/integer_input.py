"""A float .tflite that takes pixels as integers, and begins with a CAST, takes the same numbers as float32.

Quantizers read the ranges of float tensors only, and the INT8 model takes integers anyhow: the CAST would cost time and
memory on the chip and say nothing. What only moves values on the way to the CAST moves the same ones in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.take_out import drop_unused_codes, keep_tensors

if TYPE_CHECKING:
    from quantci.tflite.model import Model

_FLOAT32: Final = 0  # in the schema's TensorType
_INTEGERS: Final = frozenset({"uint8", "int8", "uint16", "int16", "int32", "int64"})
_WIDER: Final = frozenset({"int16", "int32", "int64", "float32"})
_MOVES: Final = frozenset({"EXPAND_DIMS", "RESHAPE", "REVERSE_V2", "SLICE", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE"})


def take_floats(model: Model) -> Model:
    """The model of one subgraph with float32 for its integer inputs; the same object where there are none to change."""
    draft = model.draft()
    graph = draft.subgraphs[0]
    asked = {int(index) for index in graph.inputs if dtype_name(graph.tensors[index].type) in _INTEGERS}
    integers, instead = _leading_to_casts(draft, asked)
    if not instead or {int(index) for index in graph.outputs} & {*integers, *instead}:
        return model
    graph.operators = [op for op in graph.operators if int(op.outputs[0]) not in instead]
    for op in graph.operators:
        op.inputs = np.array([instead.get(int(index), int(index)) for index in op.inputs], np.int32)
    for index in integers:
        graph.tensors[index].type = _FLOAT32
    keep_tensors(draft, [index for index in range(len(graph.tensors)) if index not in instead])
    drop_unused_codes(draft)
    return model.changed(draft)


def _leading_to_casts(draft: Any, asked: set[int]) -> tuple[set[int], dict[int, int]]:
    """The tensors that become float32, and which of them stands for the output of each CAST that goes.

    Nothing where another op computes with the integers, or a CAST cuts their digits off.
    """
    graph = draft.subgraphs[0]
    integers, instead = set(asked), dict[int, int]()
    for op in graph.operators:  # in the order in which they run
        read = [int(index) for index in op.inputs]
        taken = [index for index in read if (index in integers or index in instead) and not _is_float(graph, index)]
        if not taken:
            continue
        name, written = op_name(draft.operatorCodes[op.opcodeIndex]), int(op.outputs[0])
        if taken != read[:1] or name not in {"CAST", *_MOVES}:
            return set(), {}
        if name in _MOVES:
            integers.add(written)
        elif dtype_name(graph.tensors[written].type) in _WIDER:
            instead[written] = instead.get(read[0], read[0])
        else:
            return set(), {}
    return integers, instead


def _is_float(graph: Any, index: int) -> bool:
    return dtype_name(graph.tensors[index].type) == "float32"
