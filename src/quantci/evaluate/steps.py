"""Which steps of the waterfall there are: all for models that quantci made, perhaps fewer for one that was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.records.evaluate import AbsentStep
from quantci.records.quantize import NO_FLOAT
from quantci.tflite.lite_rt import lite_rt_name
from quantci.tflite.oracle import choose_oracle, oracle_name, try_oracle
from quantci.workers.pool import Pool

if TYPE_CHECKING:
    from quantci.records.config import Config
    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle

FLOAT: Final = "float"
LITE_RT: Final = "int8-litert"
ORACLE: Final = "int8-oracle"
STEPS: Final = (FLOAT, LITE_RT, ORACLE)


def steps_of(oracle: Oracle, *, has_float: bool) -> tuple[str, ...]:
    """The steps without float where there is no float model, without the oracle where LiteRT itself judges."""
    return tuple(step for step in STEPS if (step != FLOAT or has_float) and (step != ORACLE or oracle != "litert"))


def interpreter_names(oracle: Oracle, *, has_float: bool) -> dict[str, str]:
    """Names of the interpreters by step."""
    return {
        step: oracle_name(oracle) if step == ORACLE else lite_rt_name()
        for step in steps_of(oracle, has_float=has_float)
    }


def choose_steps(config: Config, float_model: Model | None, quantized_model: Model) -> tuple[Oracle, list[AbsentStep]]:
    """What judges INT8, and the steps that there are not.

    A model of one's own may be one that TFLM refuses, such as those of TensorFlow 1 in uint8: then LiteRT judges it,
    unless the configuration asks for TFLM by name.

    Raises:
        ToolError: `missing-extra`: TFLM was asked for, and there is no wheel for this machine.
    """
    oracle = choose_oracle(config.evaluation.oracle)
    absent = [] if float_model else [AbsentStep(name=FLOAT, reason=NO_FLOAT)]
    if config.model.quantized is None or config.evaluation.oracle != "auto" or oracle != "tflm":
        return oracle, absent
    try:
        with Pool(1, where=quantized_model.where) as worker:
            worker.call(try_oracle, quantized_model, oracle)
    except ModelRejected as refusal:
        return "litert", [*absent, AbsentStep(name=ORACLE, reason=refusal.cause)]
    return oracle, absent
