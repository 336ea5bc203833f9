"""Whether accuracy is lost at all: only then the question is where, and the pipeline looks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.report.gates.judge import Judged, quantization_gates

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.gates_config import GatesConfig

MOST_FLIPS: Final = 0.02


def is_metric_lost(gates: GatesConfig, evaluate: EvaluateResult) -> bool:
    """Whether INT8 is worse beyond doubt, answers otherwise often, or does not pass a gate on accuracy.

    Beyond doubt: the interval of the difference lies below 0. Often: a step of the waterfall flips more than 2 % of the
    samples, which is a change even where as many are fixed as broken. A gate that is refused does not pass. Without a
    float model nobody knows.
    """
    if evaluate.paired is None:
        return False
    if evaluate.paired.interval.high < 0:
        return True
    agreements = [step.agreement for step in evaluate.steps if step.agreement is not None]
    if any(agreement.flips > MOST_FLIPS * agreement.samples for agreement in agreements):
        return True
    judged = Judged([], [], [])
    quantization_gates(gates, evaluate, judged)
    return bool(judged.refusals) or any(result.verdict != "pass" for result in judged.results)
