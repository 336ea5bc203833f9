"""predictions.npz: every output of every step, so that each number of the record can be computed again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.evaluate.scored import BaseRows
    from quantci.records.against_base import BaseSide

PREDICTIONS = "predictions.npz"
DIFFERENCES = ("identical", "largest_lsb", "mean_lsb", "cosine")  # columns of sample_differences()


def to_npz(
    samples: Sequence[Sample],
    outputs: dict[str, NDArray[np.generic]],
    differences: dict[str, NDArray[np.float64]],
    *,
    truth: NDArray[Any],
    labels: Sequence[str],
    scales: Sequence[float],
    zero_points: Sequence[int],
    digests: Sequence[str],
    base: tuple[BaseSide, BaseRows] | None = None,
) -> bytes:
    """The arrays as .npz without pickle; the same arrays give the same bytes.

    Arrays: id, group, tags [n] text, a sample's tags joined by `;`; content_sha256 uint8 [n, 32] of what was read;
    label, what is right: int64 [n] of a class, int64 [n, labels] of 0 and 1 for several labels, float64 [n, outputs] of
    a regression; label_names text; one array [n, d] a step (`float`, `int8_litert`, `int8_oracle`): float32 of the
    float model, raw integers of the others, or the score float64 [n, 1] of an anomaly task; scale and zero_point,
    numbers, or [outputs] of a model with several, turn the integers into values: (integer - zero_point) * scale. Then,
    as an anomaly task keeps no reconstruction that they would follow from, four float64 [n] for each INT8 step against
    the step before: `int8_litert_identical` (0 or 1), `..._largest_lsb`, `..._mean_lsb` and `..._cosine` (NaN for a
    single output). Compared with a baseline also `base`, its INT8 outputs [n, d], with base_label_names, base_scale and
    base_zero_point, and base_again bool [n]: whether its model was run on the sample, or its predictions had it.
    """
    arrays: dict[str, Any] = {
        "id": np.array([sample.id for sample in samples], dtype=np.str_),
        "group": np.array([sample.group for sample in samples], dtype=np.str_),
        "tags": np.array([";".join(sample.tags) for sample in samples], dtype=np.str_),
        "content_sha256": np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, 32),
        "label": truth,
        "label_names": np.array(labels, dtype=np.str_),
        "scale": np.array(scales, np.float64).squeeze(),
        "zero_point": np.array(zero_points, np.int64).squeeze(),
        **{step.replace("-", "_"): array for step, array in outputs.items()},
    }
    for step, rows in differences.items():
        arrays |= {f"{step.replace('-', '_')}_{name}": rows[:, place] for place, name in enumerate(DIFFERENCES)}
    if base is not None:
        side, its = base
        arrays |= its._asdict() | {
            "base_label_names": np.array(side.labels, dtype=np.str_),
            "base_scale": np.array([output.scale[0] for output in side.outputs], np.float64).squeeze(),
            "base_zero_point": np.array([output.zero_point[0] for output in side.outputs], np.int64).squeeze(),
        }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()
