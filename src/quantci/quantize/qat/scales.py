"""Which tensors share a range, which have one of their own, and which have a fixed scale, as both engines hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from quantci.quantize.qat.graph import FloatGraph

# Of these, the output has the scale and zero point of the input; of RELU6, because quantize/same_range.py sees to it.
PASSING: Final = frozenset(
    {"AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", "PADV2", "MIRROR_PAD", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE"}
    | {"RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPLIT", "SPLIT_V", "STRIDED_SLICE", "SLICE", "UNPACK", "GATHER"}
    | {"SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "REDUCE_MAX", "REDUCE_MIN", "TILE", "RELU6"}
)
# Of these, all inputs and the output share one range: the one that holds all of theirs.
JOINING: Final = frozenset({"CONCATENATION", "PACK"})
# Of these, the output's scale is the kernel's own: its range.
FIXED: Final[dict[str, tuple[float, float]]] = {
    "SOFTMAX": (0.0, 255 / 256),
    "LOGISTIC": (0.0, 255 / 256),
    "TANH": (-1.0, 127 / 128),
    "L2_NORMALIZATION": (-1.0, 127 / 128),
    "LOG_SOFTMAX": (-255 / 16, 0.0),
}
# Axis of the channels of the weights, which have a scale each, and where weights and bias stand among the inputs.
WEIGHTED: Final[dict[str, tuple[int, int, int]]] = {
    "CONV_2D": (0, 1, 2),
    "DEPTHWISE_CONV_2D": (3, 1, 2),
    "FULLY_CONNECTED": (0, 1, 2),
    "TRANSPOSE_CONV": (0, 1, 3),
}


class Scales(NamedTuple):
    """Where the scale of each activation comes from.

    Attributes:
        owner: the tensor whose range a tensor has: itself, or another one further up.
        joined: for an owner whose range is that of others together, those others (owners, and constants).
        fixed: range of the owners that have one fixed.
    """

    owner: dict[int, int]
    joined: dict[int, list[int]]
    fixed: dict[int, tuple[float, float]]

    def learned(self) -> list[int]:
        """Owners whose range can be chosen."""
        return [tensor for tensor in dict.fromkeys(self.owner.values()) if tensor not in {*self.joined, *self.fixed}]


def read_scales(graph: FloatGraph) -> Scales:
    """Follow the ops from the inputs on."""
    owner = {index: index for index in graph.inputs if index in graph.floats}
    joined: dict[int, list[int]] = {}
    fixed: dict[int, tuple[float, float]] = {}
    for node in graph.nodes:
        given = [index for index in node.inputs if index in owner]
        for output in node.outputs:
            if output not in graph.floats:
                continue
            owner[output] = owner[given[0]] if node.op in PASSING and given else output
            if node.op in FIXED:
                fixed[output] = FIXED[node.op]
            elif node.op in JOINING:
                joined[output] = [owner.get(index, index) for index in node.inputs]
    return Scales(owner, joined, fixed)
