"""Models far larger than any chip takes, to see how the work on a model grows with its ops."""

from __future__ import annotations

import numpy as np
from tests.models import SAME, WINDOW, Op, Tensor, build_tree, pack_tree

SIZE, DEPTH = 8, 16


def deep_model(ops: int, *, crowded: bool = False) -> bytes:
    """A chain of convolutions and additions that reach back over one op; one pair of weights serves all.

    Args:
        ops: how many.
        crowded: every tensor is an output of the model, so that all are alive until its end.
    """
    shape = [1, SIZE, SIZE, DEPTH]
    tensors = [
        Tensor("t0", shape, "int8", scale=0.1),
        Tensor("weights", data=np.ones((DEPTH, 3, 3, DEPTH), np.int8), scale=[0.1] * DEPTH, zero_point=[0] * DEPTH),
        Tensor("bias", data=np.ones(DEPTH, np.int32), scale=[0.01] * DEPTH, zero_point=[0] * DEPTH),
    ]
    steps = []
    convolution = {**WINDOW, "padding": SAME}
    for index in range(ops):
        before, after = f"t{index}", f"t{index + 1}"
        tensors.append(Tensor(after, shape, "int8", scale=0.1))
        if index % 2:
            steps.append(Op("ADD", [before, f"t{index - 1}"], [after], version=2))
        else:
            steps.append(Op("CONV_2D", [before, "weights", "bias"], [after], convolution, version=3))
    outputs = [f"t{index + 1}" for index in range(ops)] if crowded else [f"t{ops}"]
    return pack_tree(build_tree(tensors, steps, ["t0"], outputs))
