"""How far two steps of the waterfall agree on the same samples, whatever the labels say.

Accuracy can hide a change: errors that swap leave it as it was. Flips, steps of the output's scale (LSB) and the angle
between outputs show it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.records.evaluate import Agreement

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


def sample_differences(
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    *,
    raw_before: NDArray[np.generic] | None,
    raw_after: NDArray[np.generic] | None,
    scale: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    """For each sample: identical (0 or 1), largest LSB, mean LSB, cosine; float64 [n, 4].

    Args:
        before: dequantized (or float) outputs of the earlier step, [n, d].
        after: the same of the later step.
        raw_before: the outputs themselves, [n, d]: integers, or floats of an INT8 model that gives floats; None for
            the float model.
        raw_after: the same of the later step.
        scale: scale of the INT8 model's output, > 0; of several outputs in one row that of each element, [d].

    LSB is |after - before| / scale; between two integer outputs it is their difference, exactly. The cosine is NaN for
    a single output, where it could only be a sign; two zero vectors have 1, a zero and another one 0.
    """
    if np.min(scale) <= 0 or before.shape != after.shape:
        msg = f"scale {scale} or shapes {before.shape}, {after.shape} cannot be"
        raise ValueError(msg)
    if raw_before is not None and raw_after is not None:
        identical = (raw_before == raw_after).all(axis=1)
    else:
        identical = np.zeros(len(before), dtype=np.bool_)
    if raw_before is not None and raw_after is not None and raw_after.dtype.kind != "f":
        lsb = np.abs(raw_after.astype(np.float64) - raw_before.astype(np.float64))
    else:
        lsb = np.abs(after.astype(np.float64) - before.astype(np.float64)) / scale
    cosine = _cosines(before.astype(np.float64), after.astype(np.float64))
    return np.column_stack([identical.astype(np.float64), lsb.max(axis=1), lsb.mean(axis=1), cosine])


def summarize(differences: NDArray[np.float64], *, flips: int, is_raw: bool) -> Agreement:
    """Agreement from sample_differences() [n, 4], n >= 1, which may have been made batch by batch.

    Args:
        differences: a row a sample.
        flips: changed arg-maxes; for an anomaly task the scores that changed to the other side of the threshold.
        is_raw: both steps are integer; else `identical_outputs` is null.
    """
    identical, largest, mean, cosine = differences.T
    return Agreement(
        samples=len(differences),
        identical_outputs=int(identical.sum()) if is_raw else None,
        flips=flips,
        largest_lsb=float(largest.max()),
        mean_lsb=float(mean.mean()),
        cosine=None if np.isnan(cosine).any() else float(np.clip(cosine.mean(), -1, 1)),
    )


def side_changes(before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], threshold: float) -> int:
    """How many scores [n] changed the side of the threshold."""
    return int(((before > threshold) != (after > threshold)).sum())


def _cosines(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    if before.shape[1] == 1:
        return np.full(len(before), np.nan)
    norms = np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1)
    product = norms[0] * norms[1]
    dot = np.einsum("nd,nd->n", before, after)
    both_zero = (norms[0] == 0) & (norms[1] == 0)
    cosine = np.divide(dot, product, out=both_zero.astype(np.float64), where=product > 0)
    clipped: NDArray[np.float64] = np.clip(cosine, -1, 1)
    return clipped
