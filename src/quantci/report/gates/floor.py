"""Gates on how good the quantized model is, whatever it is compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from quantci.data.culprits import plural
from quantci.errors import ConfigError
from quantci.records.report import GateResult
from quantci.report.gates.drop import as_well
from quantci.report.gates.result import ROUNDING, apart, missing
from quantci.report.wording import metric_name
from quantci.statistics.proportion import samples_for_floor, wilson_low

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.report import Verdict


def metric_floor(limit: float, evaluate: EvaluateResult) -> GateResult:
    """Fail below the floor; pass where the interval's lower end is not below it, or the metric has no interval.

    Raises:
        ConfigError: `gate-too-fine`: even a set that is all right would not reach it.
    """
    found, metric = evaluate.headline(-1), evaluate.metric
    is_share = evaluate.compares_shares
    if is_share and found >= limit - ROUNDING:
        _check_fineness(limit, evaluate.dataset.used)
    low = wilson_low(found, evaluate.dataset.used) if is_share else found
    value, floor = apart(found, limit)
    what = f"{metric_name(metric, evaluate.quantized_type)} is {value} %"
    verdict: Verdict
    if found < limit - ROUNDING:
        verdict, reason = "fail", f"{what}, below the {floor} % of the gate."
    elif low >= limit - ROUNDING:
        verdict, reason = "pass", f"{what}; the gate asks for {floor} %."
    else:
        verdict = "inconclusive"
        reason = (
            f"{what}, but its interval begins at {apart(low, limit)[0]} %, and the gate asks for {floor} %: "
            "add evaluation samples or lower the gate."
        )
    return GateResult(
        name="min_metric",
        family="absolute",
        limit=limit,
        value=found,
        kind="measured",
        verdict=verdict,
        reason=reason,
    )


def _check_fineness(limit: float, used: int) -> None:
    best = wilson_low(1.0, used)
    if best >= limit - ROUNDING:
        return
    needed = samples_for_floor(limit)
    enough = f"{math.floor(best * 10_000) / 10_000:.4f} or less"
    remedy = (
        f"Set it to {enough}: no number of samples proves that all are right."
        if needed is None
        else f"Evaluate {needed:,} samples or more, or set it to {enough}."
    )
    cause = (
        f"min_metric is {100 * limit:g} %, but with {used:,} evaluation samples, all of them right, the interval would "
        f"begin at {100 * best:.1f} %."
    )
    raise ConfigError("gate-too-fine", cause, where="gates.min_metric", remedy=remedy)


def class_floor(limit: float, evaluate: EvaluateResult) -> GateResult:
    """Every class is judged; one that may not have a single wrong sample is too small to decide."""
    name = "min_worst_class_recall"
    found = [(after, support, label) for label, (support, _, after) in evaluate.recalls().items() if after is not None]
    if not found:
        return missing(name, "absolute", limit, "this task has no classes")
    found.sort(key=lambda one: (one[0], -one[1]))
    below = [one for one in found if one[0] < limit - ROUNDING]
    failing = [one for one in below if one[1] * (1 - limit) >= 1 - ROUNDING]
    (recall, support, label), *others = failing or below or found
    value, floor = apart(recall, limit)
    what = f"{evaluate.quantized_type} finds {value} % of class {label} ({plural(support, 'sample')})"
    verdict: Verdict
    if failing:
        verdict = "fail"
        reason = f"{what}, below the {floor} % of the gate." + as_well(len(others), "is below it", "are below it")
    elif below:
        verdict = "inconclusive"
        more = f"evaluate {math.ceil(1 / (1 - limit) - ROUNDING):,} of this class or more, or " if limit < 1 else ""
        reason = f"{what}, but the {floor} % of the gate allow not one of so few to be wrong: {more}lower the gate."
    else:
        verdict, reason = "pass", f"{what}, the least of all classes; the gate asks for {floor} %."
    return GateResult(
        name=name, family="absolute", limit=limit, value=recall, kind="measured", verdict=verdict, reason=reason
    )
