"""Gates on what a model loses against another: the metric over all samples, and the recall of single classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.data.culprits import plural
from quantci.errors import ConfigError
from quantci.records.report import GateResult
from quantci.report.gates.result import ROUNDING, apart, missing
from quantci.statistics.power import samples_needed

if TYPE_CHECKING:
    from quantci.records.report import Verdict
    from quantci.report.gates.comparison import Comparison

_MOST_TIMES: Final = 1e6  # a gate that many times finer than what was detectable asks for no real number of samples


def metric_gate(limit: float, comparison: Comparison) -> GateResult:
    """The loss of the metric against its limit.

    Raises:
        ConfigError: `gate-too-fine`: the evaluation set cannot detect a drop as small as the limit.
    """
    paired = comparison.paired
    drop, reach = 0.0 - paired.delta, paired.interval.low  # -0.0 would be shown with its sign
    is_beyond_doubt = paired.interval.high < -limit - ROUNDING
    if not is_beyond_doubt and _is_too_fine(limit, comparison):
        raise _too_fine(limit, comparison)
    verdict: Verdict
    if drop > limit + ROUNDING:
        verdict, (found, allowed) = "fail", apart(drop, limit)
        reason = f"{comparison.change(found)}. The gate allows a loss of {allowed} points."
    elif reach >= -limit - ROUNDING:
        verdict, (found, allowed) = "pass", apart(abs(drop), limit)
        reason = f"{comparison.change(found)}; the interval of the loss stays within the {allowed} points allowed."
    else:
        verdict, (found, allowed) = "inconclusive", apart(-reach, limit)
        reason = (
            f"The interval of the loss {comparison.between} reaches {found} points, the gate allows {allowed}: "
            "add evaluation samples or widen the gate."
        )
    return GateResult(
        name=comparison.metric_gate,
        family=comparison.family,
        limit=limit,
        value=drop,
        kind="measured",
        verdict=verdict,
        reason=reason,
    )


def _is_too_fine(limit: float, comparison: Comparison) -> bool:
    """Whether no model of this size of set could be judged; how much the two models at hand differ plays no part.

    A change that makes many samples flip must not turn a sound gate into a wrong configuration: the interval then says
    inconclusive or fail. The AUC has no such bound beforehand: what this comparison can detect stands in for it.
    """
    if limit <= 0:
        return True
    if comparison.paired.compares_shares:
        needed = samples_needed(limit, 0.0)
        return needed is None or comparison.samples < needed
    return limit < comparison.paired.smallest_detectable_drop - ROUNDING


def _too_fine(limit: float, comparison: Comparison) -> ConfigError:
    paired, used, name = comparison.paired, comparison.samples, comparison.metric_gate
    smallest = paired.smallest_detectable_drop
    least, allowed = apart(smallest, limit)
    needed: int | None = None
    if limit > 0 and paired.compares_shares:
        discordant = len(paired.broken) + len(paired.fixed)
        needed = samples_needed(limit, discordant / max(used, 1))
    elif limit > smallest / _MOST_TIMES:
        needed = math.ceil(used * (smallest / limit) ** 2)
    enough = f"{math.ceil(smallest * 10_000) / 10_000:.4f} or more"
    remedy = (
        f"Set it to {enough}: no realistic number of samples can prove so small a drop."
        if needed is None
        else f"Evaluate about {needed:,} samples, or set it to {enough}."
    )
    cause = (
        f"{name} is {allowed} points, but the smallest drop that {used:,} evaluation samples can detect is "
        f"{least} points."
    )
    return ConfigError("gate-too-fine", cause, where=f"gates.{name}", remedy=remedy)


def class_gate(limit: float, comparison: Comparison) -> GateResult:
    """Every class is judged: one that is too small to decide must not hide another that fails."""
    name, family = comparison.class_gate, comparison.family
    drops = _recall_drops(comparison)
    if not drops:
        return missing(name, family, limit, "there are no classes to compare")
    over = [one for one in drops if one.drop > max(limit, 0) + ROUNDING]
    failing = [one for one in over if one.support * limit >= 1 - ROUNDING]
    worst, *others = failing or over or drops
    found, allowed = apart(worst.drop, limit)
    samples = plural(worst.support, "sample")
    verdict: Verdict
    if failing:
        verdict = "fail"
        reason = (
            f"Class {worst.label} loses {found} points of recall {comparison.between} ({samples}); "
            f"the gate allows {allowed}." + as_well(len(others), "loses more than that", "lose more than that")
        )
    elif over:
        verdict = "inconclusive"
        reason = (
            f"Class {worst.label} has {samples}, so one of them is {100 / worst.support:.1f} points, "
            f"more than the {100 * limit:.1f} of the gate: {_more_samples(limit)}widen the gate."
            + as_well(len(others), "is too small", "are too small")
        )
    elif worst.drop <= 0:
        verdict, reason = "pass", f"No class loses recall {comparison.between}."
    else:
        verdict = "pass"
        reason = (
            f"Class {worst.label} loses most {comparison.between}, {found} points of recall ({samples}); "
            f"the gate allows {allowed}."
        )
    return GateResult(
        name=name, family=family, limit=limit, value=worst.drop, kind="measured", verdict=verdict, reason=reason
    )


def _more_samples(limit: float) -> str:
    return f"evaluate {math.ceil(1 / limit - ROUNDING):,} of this class or more, or " if limit > ROUNDING else ""


class _RecallDrop(NamedTuple):
    label: str
    support: int
    drop: float


def _recall_drops(comparison: Comparison) -> list[_RecallDrop]:
    """The loss of recall of each class that has samples, the largest first, of equal ones that with more samples."""
    drops = [
        _RecallDrop(label, support, before - after)
        for label, (support, before, after) in comparison.recalls.items()
        if before is not None and after is not None
    ]
    return sorted(drops, key=lambda one: (-one.drop, -one.support))


def as_well(others: int, one: str, many: str) -> str:
    """The classes that are not named."""
    if not others:
        return ""
    return f" {others} other class {one} as well." if others == 1 else f" {others} other classes {many} as well."
