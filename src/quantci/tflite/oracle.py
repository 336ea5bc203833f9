"""The interpreter that INT8 is judged in: TFLM where it has a wheel (x86-64 Linux), else LiteRT's reference kernels.

`litert` is LiteRT as the step before runs it: where TFLM cannot run a model that was given, there is no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from quantci.tflite.lite_rt import lite_rt_name, open_lite_rt
from quantci.tflite.tflm import open_tflm, tflm_available, tflm_name

if TYPE_CHECKING:
    from quantci.tflite.lite_rt import Kernels
    from quantci.tflite.model import Model
    from quantci.tflite.runner import Runner

Oracle: TypeAlias = Literal["tflm", "litert-reference", "litert"]
_KERNELS: Final[dict[str, Kernels]] = {"litert-reference": "reference", "litert": "default"}


def choose_oracle(wanted: Literal["auto", "tflm", "litert-reference"]) -> Oracle:
    """`tflm` or `litert-reference` for the config's auto, tflm or litert-reference.

    Raises:
        ToolError: `missing-extra`: TFLM was asked for, and there is no wheel for this machine.
    """
    from quantci.errors import ToolError

    if wanted == "auto":
        return "tflm" if tflm_available() else "litert-reference"
    if wanted == "tflm" and not tflm_available():
        raise ToolError(
            "missing-extra",
            "TFLM is not installed; its wheel exists for x86-64 Linux only.",
            remedy="Run on x86-64 Linux, or set evaluation.oracle to auto.",
        )
    return wanted


def oracle_name(oracle: Oracle) -> str:
    """What a record calls the interpreter behind it."""
    return tflm_name() if oracle == "tflm" else lite_rt_name(_KERNELS[oracle])


def open_oracle(model: Model, oracle: Oracle) -> Runner:
    """A runner of this INT8 model in the chosen oracle."""
    return open_tflm(model) if oracle == "tflm" else open_lite_rt(model, kernels=_KERNELS[oracle])


def try_oracle(model: Model, oracle: Oracle) -> None:
    """Run the model once, on zeros. It may crash the process: in a worker.

    Raises:
        ModelRejected: see `open_tflm`.
    """
    runner = open_oracle(model, oracle)
    runner.run([np.zeros(spec.shape, spec.dtype) for spec in runner.inputs])
