"""How far the outputs of an INT8 model are from the float model's: what a ladder chooses by. Pure functions.

Of six problems, the mean divergence over 64 samples that took no part in calibration picked a recipe within 0.8 points
of the best of fifteen, where accuracy on so few samples is too coarse, and the signal-to-noise ratio lost up to 2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.tasks.last_op import last_op

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.records.ladder import Measure
    from quantci.records.model import ModelSummary

# Half a step of an INT8 softmax: what it rounds to 0 may have been so much. The same for every type of output.
FLOOR: Final = 1 / 512


def measure_for(kind: str, values: int) -> Measure:
    """What the outputs of a task are compared by.

    Args:
        kind: the task's word in quantci.toml.
        values: how many values an answer has.
    """
    if kind in {"classification", "multi-label"}:
        return "kl"
    return "cosine" if values > 1 else "squared-error"


def scores(
    measure: Measure, kind: str, summary: ModelSummary, before: NDArray[np.float32], after: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Of each sample, [n], never below 0: 0 where the answers are the same.

    Args:
        measure: see `measure_for`.
        kind: the task's word in quantci.toml.
        summary: the model; its last op says whether its outputs are probabilities already.
        before: real outputs of the float model, [n, d].
        after: the same of the INT8 model.
    """
    if measure == "kl":
        p, q = (probabilities(kind, last_op(summary), values.astype(np.float64)) for values in (before, after))
        return divergence(p, q)
    if measure == "cosine":
        return 1 - cosines(before.astype(np.float64), after.astype(np.float64))
    spread = float(before.astype(np.float64).var()) or 1.0
    return ((after.astype(np.float64) - before.astype(np.float64)) ** 2).mean(axis=1) / spread


def probabilities(kind: str, last: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the outputs [n, d] say, as distributions [n, k, classes]: one of d classes, or d times yes or no."""
    if kind == "multi-label" or values.shape[1] == 1:
        yes = np.clip(values, 0.0, 1.0)
        return np.stack([1 - yes, yes], axis=2)
    is_share = last == "SOFTMAX"
    shares = np.clip(values, 0.0, None) if is_share else np.exp(values - values.max(axis=1, keepdims=True))
    total = shares.sum(axis=1, keepdims=True)
    return (shares / np.where(total > 0, total, 1.0))[:, np.newaxis, :]


def divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean Kullback-Leibler divergence of p from q [n, k, classes] over the k questions, [n]; q is at least FLOOR."""
    q = np.maximum(q, FLOOR)
    q = q / q.sum(axis=2, keepdims=True)
    p = np.maximum(p, FLOOR)
    p = p / p.sum(axis=2, keepdims=True)
    found: NDArray[np.float64] = np.maximum((p * np.log(p / q)).sum(axis=2), 0.0).mean(axis=1)
    return found


def cosines(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each sample, [n], at most 1; two zero vectors have 1, a zero and another one 0."""
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    both_zero = ~before.any(axis=1) & ~after.any(axis=1)
    found = np.where(lengths > 0, (before * after).sum(axis=1) / np.where(lengths > 0, lengths, 1.0), both_zero)
    return np.minimum(found, 1.0)
