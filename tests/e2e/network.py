"""A float network that tells dark, bright and striped pictures apart, by weights that are worked out by hand."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tests.models import VALID, WINDOW, Op, Tensor, build_model


def network(size: int = 16, outlier: float = 1.0) -> bytes:
    """The .tflite: input [1, size, size, 3], scaled to -1..1; output `probabilities` of the three labels.

    The first filter gives the brightness, from 0 to 2; the others how much a column differs from its neighbours.

    Args:
        size: of the pictures.
        outlier: how many times larger the first filter's channel is. Float answers are the same; in INT8 all channels
            have one scale, so that at 1,000 times it leaves nothing of the others.
    """
    filters = np.zeros((3, 3, 3, 3), np.float32)  # output, row, column, channel
    filters[0] = 1 / 27
    filters[1] = np.array([-0.5, 1, -0.5], np.float32)[None, :, None] / 9
    filters[2] = -filters[1]
    # Brightness is about 0.5, 1.5 and 1.0, the difference 0.04, 0.04 and 0.5 in each of its two filters.
    weights = np.array([[-10, -6, -6], [10, -6, -6], [0, 12, 12]], np.float32)
    bias = np.array([1, 0, 0], np.float32)
    filters[0] *= outlier
    bias[0] *= outlier
    weights[:, 0] /= outlier
    tensors = [
        Tensor("image", [1, size, size, 3]),
        Tensor("conv/weights", data=filters),
        Tensor("conv/bias", data=bias),
        Tensor("conv", [1, size - 2, size - 2, 3]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        Tensor("mean", [1, 3]),
        Tensor("dense/weights", data=weights),
        Tensor("dense/bias", data=np.array([10, -10, -6], np.float32)),
        Tensor("dense", [1, 3]),
        Tensor("probabilities", [1, 3]),
    ]
    relu = {"fusedActivationFunction": schema.ActivationFunctionType.RELU}
    ops = [
        Op("CONV_2D", ["image", "conv/weights", "conv/bias"], ["conv"], {**WINDOW, **relu, "padding": VALID}),
        Op("MEAN", ["conv", "axes"], ["mean"], {"keepDims": False}),
        Op("FULLY_CONNECTED", ["mean", "dense/weights", "dense/bias"], ["dense"]),
        Op("SOFTMAX", ["dense"], ["probabilities"], {"beta": 1.0}),
    ]
    return build_model(tensors, ops, ["image"], ["probabilities"])
