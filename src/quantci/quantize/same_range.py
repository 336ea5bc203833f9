"""One range on both sides of a RELU6 on its own, which TFLM's kernel gets wrong (docs/kernels.md).

The kernel clamps and never rescales: of the same range, and with it of the same scale, there is nothing to rescale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from quantci.quantize.step import Ranged
from quantci.records.rewrite import Rewrite
from quantci.tflite.enums import op_name, tensor_name

if TYPE_CHECKING:
    from quantci.quantize.step import Statistics

SAME_RANGE: Final = "same-range"


def same_range(statistics: Statistics) -> Ranged:
    """Give input and output of each RELU6 the range of its input, which holds the output's.

    What else shares such a tensor follows: a chain of RELU6 gets one range.
    """
    model = statistics.float_model.tree
    graph = model.subgraphs[0]
    by_tensor = {entry.tensor: entry for entry in statistics.ranges}
    layers = []
    for op in graph.operators:
        x, y = int(op.inputs[0]) if len(op.inputs) else -1, int(op.outputs[0]) if len(op.outputs) else -1
        if op_name(model.operatorCodes[op.opcodeIndex]) != "RELU6" or x not in by_tensor or y not in by_tensor:
            continue
        source, target = by_tensor[x], by_tensor[y]
        if (source.min, source.max) != (target.min, target.max):
            by_tensor[y] = msgspec.structs.replace(target, min=source.min, max=source.max)
            layers.append(tensor_name(graph.tensors[y]))
    ranges = [by_tensor[entry.tensor] for entry in statistics.ranges]
    return Ranged(ranges, [Rewrite(name=SAME_RANGE, layers=layers)] if layers else [])
