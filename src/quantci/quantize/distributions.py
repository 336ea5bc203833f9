"""How the values of each activation are distributed over the calibration set: a second look, for those who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.quantize.spread import vanishes
from quantci.quantize.step import Distribution
from quantci.tflite.enums import dtype_name
from quantci.tflite.lite_rt import open_preserved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model

# Enough that what an outlier leaves for all other values is still finer than their integers.
BINS: Final = 8192


def distributions(
    float_model: Model, ranges: Sequence[TensorRange], samples: Iterable[NDArray[np.float32]]
) -> dict[int, Distribution]:
    """Run samples [1, ...] through the float model, and count the values of each activation.

    Left out is what has no values to count after a run (the inside of an LSTM, another subgraph), and what is constant.

    Args:
        float_model: the model.
        ranges: of its activations over the same samples.
        samples: as the model takes them.
    """
    graph = float_model.tree.subgraphs[0]
    alive = {int(index) for op in graph.operators for index in op.outputs} | set(map(int, graph.inputs))
    looked_at = [
        entry
        for entry in ranges
        if entry.tensor in alive
        and dtype_name(graph.tensors[entry.tensor].type) == "float32"
        and entry.min < entry.max
        and not vanishes(entry)
    ]
    counts = {entry.tensor: np.zeros(BINS, np.int64) for entry in looked_at}
    peaks: dict[int, NDArray[np.float32]] = {}
    runner = open_preserved(float_model, "builtin")
    for sample in samples:
        runner.run([sample])
        for entry in looked_at:
            values = runner.tensor(entry.tensor)
            counts[entry.tensor] += histogram(values, entry.min, entry.max)
            peak = np.abs(values.reshape(-1, values.shape[-1] if values.ndim else 1)).max(axis=0)
            peaks[entry.tensor] = np.maximum(peak, peaks.get(entry.tensor, peak))
    return {
        entry.tensor: Distribution(entry.min, entry.max, counts[entry.tensor], peaks[entry.tensor])
        for entry in looked_at
        if entry.tensor in peaks
    }


def histogram(values: NDArray[np.float32], low: float, high: float, bins: int = BINS) -> NDArray[np.int64]:
    """How many values lie in each of equal bins; what lies outside counts in the first or last one."""
    places = ((values.ravel() - np.float32(low)) * np.float32(bins / (high - low))).astype(np.int32)
    return np.bincount(np.clip(places, 0, bins - 1), minlength=bins)


def merged(parts: Sequence[dict[int, Distribution]]) -> dict[int, Distribution]:
    """Those over all samples, from those over parts of them."""
    whole: dict[int, Distribution] = {}
    for part in parts:
        for tensor, found in part.items():
            before = whole.get(tensor)
            whole[tensor] = (
                found
                if before is None
                else found._replace(counts=before.counts + found.counts, peaks=np.maximum(before.peaks, found.peaks))
            )
    return whole
