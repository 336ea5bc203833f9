"""Which models can be trained: those of which every op is known, and that are computed here as LiteRT computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.errors import ModelRejected
from quantci.quantize.qat.graph import FloatGraph, read_float_graph
from quantci.tflite.integer_only import name_ops
from quantci.tflite.lite_rt import open_lite_rt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

_TOLERANCE: Final = 1e-3  # of the largest output


def known_graph(model: Model) -> FloatGraph:
    """The float model, if training knows all that it does.

    Raises:
        ModelRejected: `qat-unknown-op`.
    """
    from quantci.quantize.qat.network.network import knows

    unknown = [op for op in model.summary.ops if not knows(op.op)]
    graph = read_float_graph(model)
    if unknown or graph.states or len(graph.inputs) != 1:
        what = name_ops(unknown) if unknown else "a layer that remembers, or a model of several inputs"
        raise ModelRejected(
            "qat-unknown-op",
            f"Quantization-aware training does not know {what}.",
            where=model.where,
            remedy="Replace it, or take another recipe, such as bias-correction (docs/recipes.md).",
        )
    return graph


def check_equal(model: Model, network: Any, samples: NDArray[np.float32]) -> None:
    """Hold the network to LiteRT, sample by sample: that shows as well that the samples of a batch stay apart.

    Raises:
        ModelRejected: `qat-differs`.
    """
    import torch

    runner = open_lite_rt(model)
    wanted = [runner.run([sample[np.newaxis]]) for sample in samples]
    try:
        with torch.no_grad():
            found = [output.numpy() for output in network.outputs(torch.from_numpy(samples), integer=False)]
        difference = largest_difference(found, [np.concatenate(parts) for parts in zip(*wanted, strict=True)])
    except (RuntimeError, IndexError, ValueError):  # of shapes: the model moves the batch elsewhere
        difference = float("inf")
    if not difference <= _TOLERANCE:
        raise ModelRejected(
            "qat-differs",
            f"The network to be trained differs from the float model in LiteRT by {difference:.3g} of its output.",
            where=model.where,
            remedy="Take another recipe. If the model treats each sample of a batch alike, report this with the model.",
        )


def largest_difference(found: Sequence[NDArray[np.float32]], wanted: Sequence[NDArray[np.float32]]) -> float:
    """Between outputs, as a share of the largest value."""
    return max(
        float(np.abs(ours.reshape(theirs.shape) - theirs).max() / max(float(np.abs(theirs).max()), 1e-9))
        for ours, theirs in zip(found, wanted, strict=True)
    )
