"""One INT8 model in LiteRT's reference kernels and in TFLM. Runs in a worker: either may abort."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm


class Outcome(NamedTuple):
    """What came of it.

    Attributes:
        refused: who refused the model, LiteRT or TFLM, and its reason; empty where both ran it.
        largest_lsb: largest difference of an output; 0 where one refused.
    """

    refused: str
    largest_lsb: int


def compare(model: bytes, fills: int = 3) -> Outcome:
    """Run the model on ramps and random bytes in both."""
    try:
        reference = open_lite_rt(Model(model, "model"), kernels="reference")
    except (ModelRejected, RuntimeError) as error:
        return Outcome(f"LiteRT: {error}", 0)
    try:
        tflm = open_tflm(Model(model, "model"), 1 << 20)
    except ModelRejected as error:
        return Outcome(f"TFLM: {error}", 0)
    largest = 0
    for seed in range(fills):
        random = np.random.RandomState(seed)
        given = [random.randint(-128, 128, spec.shape).astype(spec.dtype) for spec in reference.inputs]
        try:
            expected = reference.run(given)
        except (ModelRejected, RuntimeError) as error:
            return Outcome(f"LiteRT: {error}", 0)
        try:
            found = tflm.run(given)
        except ModelRejected as error:
            return Outcome(f"TFLM: {error}", 0)
        for left, right in zip(expected, found, strict=True):
            largest = max(largest, int(np.abs(left.astype(int) - right.astype(int)).max()))
    return Outcome("", largest)


def only_tflm(model: bytes) -> None:
    """Run the model in TFLM alone, to learn whether it was TFLM that died."""
    runner = open_tflm(Model(model, "model"), 1 << 20)
    random = np.random.RandomState(0)
    runner.run([random.randint(-128, 128, spec.shape).astype(spec.dtype) for spec in runner.inputs])
