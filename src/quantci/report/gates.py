"""Each limit in [gates] against what was found. A gate that the data cannot decide is inconclusive, never a pass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.errors import ConfigError
from quantci.records.report import GateResult, Kind, Verdict
from quantci.report.latency import latency_gate
from quantci.statistics.power import samples_needed

if TYPE_CHECKING:
    from quantci.records.config import GatesConfig
    from quantci.records.embed import EmbedResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import QuantizeResult
    from quantci.records.report import Report

_STAGE_OF: Final = {
    "max_metric_drop": "evaluate",
    "max_worst_class_drop": "evaluate",
    "max_model_bytes": "quantize",
    "max_arena_bytes": "embed",
    "max_latency_us": "embed",
    "int_only": "quantize",
}
NO_DEVICE: Final = "no device took part"
SHARES: Final = frozenset({"top1_accuracy", "exact_match"})  # metrics that are a share of samples
_MOST_TIMES: Final = 1e6  # a gate that many times finer than what was detectable asks for no real number of samples
_ROUNDING: Final = 1e-9  # 0.93 - 0.91 is not 0.02 in binary


def judge(
    gates: GatesConfig,
    quantize: QuantizeResult | None,
    evaluate: EvaluateResult | None,
    embed: EmbedResult | None,
) -> list[GateResult]:
    """The result of every gate that is set.

    Raises:
        ConfigError: `gate-too-fine`: the evaluation set cannot detect a drop as small as max_metric_drop.
    """
    results: list[GateResult] = []
    if gates.max_metric_drop is not None:
        results.append(_accuracy(gates.max_metric_drop, evaluate))
    if gates.max_worst_class_drop is not None:
        results.append(_worst_class(gates.max_worst_class_drop, evaluate))
    if gates.max_model_bytes is not None:
        found = None if quantize is None else quantize.quantized_model.file_bytes
        results.append(_bytes("max_model_bytes", gates.max_model_bytes, found, "measured", "quantize gave no result"))
    if gates.max_arena_bytes is not None:
        missing = "embed gave no result" if embed is None else "embed could not estimate the arena"
        found = embed.arena.recommended_bytes if embed is not None and embed.arena is not None else None
        results.append(_bytes("max_arena_bytes", gates.max_arena_bytes, found, "estimated", missing))
    if gates.max_latency_us is not None:
        results.append(latency_gate(gates.max_latency_us, embed, NO_DEVICE))
    if gates.int_only:
        results.append(_int_only(quantize))
    return results


def never_judged(report: Report) -> list[tuple[str, str]]:
    """The gates that are set and whose stage never ran, each with that stage: nothing that was asked can hold."""
    ran = {outcome.stage for outcome in report.stages if outcome.status != "not_run"}
    needed = [(gate.name, _STAGE_OF.get(gate.name)) for gate in report.gates]
    return [(name, stage) for name, stage in needed if stage is not None and stage not in ran]


def _accuracy(limit: float, evaluate: EvaluateResult | None) -> GateResult:
    name = "max_metric_drop"
    if evaluate is None:
        return _missing(name, limit, "evaluate gave no result")
    paired = evaluate.paired
    drop, reach = 0.0 - paired.delta, paired.interval.low  # -0.0 would be shown with its sign
    is_beyond_doubt = paired.interval.high < -limit - _ROUNDING
    if not is_beyond_doubt and _is_too_fine(limit, evaluate):
        raise _too_fine(limit, evaluate)
    verdict: Verdict
    if drop > limit + _ROUNDING:
        verdict, (found, allowed) = "fail", _apart(drop, limit)
        reason = f"The loss from float to INT8 is {found} pp; the gate allows {allowed} pp."
    elif reach >= -limit - _ROUNDING:
        verdict, (found, allowed) = "pass", _apart(abs(drop), limit)
        told = "The loss from float to INT8 is" if drop >= 0 else "INT8 is better than float by"
        reason = f"{told} {found} pp, and the interval of the loss stays within the {allowed} pp allowed."
    else:
        verdict, (found, allowed) = "inconclusive", _apart(-reach, limit)
        reason = (
            f"The interval of the loss reaches {found} pp, the gate allows {allowed} pp: "
            "add evaluation samples or widen the gate."
        )
    return GateResult(name=name, limit=limit, value=drop, kind="measured", verdict=verdict, reason=reason)


def _is_too_fine(limit: float, evaluate: EvaluateResult) -> bool:
    """Whether no model of this size of set could be judged; how much the two models at hand differ plays no part.

    A change that makes many samples flip must not turn a sound gate into a wrong configuration: the interval then says
    inconclusive or fail. The AUC has no such bound beforehand: what this comparison can detect stands in for it.
    """
    if limit <= 0:
        return True
    if evaluate.paired.metric in SHARES:
        needed = samples_needed(limit, 0.0)
        return needed is None or evaluate.dataset.used < needed
    return limit < evaluate.paired.smallest_detectable_drop - _ROUNDING


def _too_fine(limit: float, evaluate: EvaluateResult) -> ConfigError:
    smallest, used = evaluate.paired.smallest_detectable_drop, evaluate.dataset.used
    least, allowed = _apart(smallest, limit)
    needed: int | None = None
    if limit > 0 and evaluate.paired.metric in SHARES:
        discordant = len(evaluate.paired.broken) + len(evaluate.paired.fixed)
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
        f"max_metric_drop is {allowed} pp, but the smallest drop that {used:,} evaluation samples can detect is "
        f"{least} pp."
    )
    return ConfigError("gate-too-fine", cause, where="gates.max_metric_drop", remedy=remedy)


def _worst_class(limit: float, evaluate: EvaluateResult | None) -> GateResult:
    """Every class is judged: one that is too small to decide must not hide another that fails."""
    name = "max_worst_class_drop"
    if evaluate is None:
        return _missing(name, limit, "evaluate gave no result")
    drops = _recall_drops(evaluate)
    if not drops:
        return _missing(name, limit, "this task has no classes")
    over = [one for one in drops if one.drop > max(limit, 0) + _ROUNDING]
    failing = [one for one in over if one.support * limit >= 1 - _ROUNDING]
    worst, *others = failing or over or drops
    found, allowed = _apart(worst.drop, limit)
    verdict: Verdict
    if failing:
        verdict = "fail"
        reason = (
            f"Class {worst.label} loses {found} pp of recall ({worst.support} samples); the gate allows {allowed} pp."
            + _as_well(len(others), "loses more than that", "lose more than that")
        )
    elif over:
        verdict = "inconclusive"
        reason = (
            f"Class {worst.label} has {worst.support} samples, so one of them is {100 / worst.support:.1f} pp, more "
            f"than the {100 * limit:.1f} pp of the gate: add samples of this class or widen the gate."
            + _as_well(len(others), "is too small", "are too small")
        )
    elif worst.drop <= 0:
        verdict, reason = "pass", "No class loses recall."
    else:
        verdict = "pass"
        reason = (
            f"Class {worst.label} loses most, {found} pp of recall ({worst.support} samples); "
            f"the gate allows {allowed} pp."
        )
    return GateResult(name=name, limit=limit, value=worst.drop, kind="measured", verdict=verdict, reason=reason)


class _RecallDrop(NamedTuple):
    label: str
    support: int
    drop: float


def _recall_drops(evaluate: EvaluateResult) -> list[_RecallDrop]:
    """The loss of recall of each class that has samples, the largest first, of equal ones that with more samples."""
    drops = [
        _RecallDrop(label, support, before - after)
        for label, (support, before, after) in evaluate.recalls().items()
        if before is not None and after is not None
    ]
    return sorted(drops, key=lambda one: (-one.drop, -one.support))


def _as_well(others: int, one: str, many: str) -> str:
    if not others:
        return ""
    return f" {others} other class {one} as well." if others == 1 else f" {others} other classes {many} as well."


def _bytes(name: str, limit: int, found: int | None, kind: Kind, missing: str) -> GateResult:
    if found is None:
        return _missing(name, limit, missing)
    verdict: Verdict = "pass" if found <= limit else "fail"
    noun = "model" if name == "max_model_bytes" else "tensor arena (estimated)"
    side = "within" if found <= limit else "over"
    reason = f"The {noun} takes {found:,} bytes, {abs(limit - found):,} {side} the {limit:,} allowed."
    return GateResult(name=name, limit=limit, value=found, kind=kind, verdict=verdict, reason=reason)


def _int_only(quantize: QuantizeResult | None) -> GateResult:
    if quantize is None:
        return _missing("int_only", 0, "quantize gave no result")
    model = quantize.quantized_model
    odd = [op.op for op in model.ops if op.is_float or op.is_custom]
    passes = model.is_integer_only
    names = sorted(set(odd))
    shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
    reason = "Every op is an integer op." if passes else f"The quantized model has float or custom ops: {shown}."
    verdict: Verdict = "pass" if passes else "fail"
    return GateResult(name="int_only", limit=0, value=len(odd), kind="measured", verdict=verdict, reason=reason)


def _missing(name: str, limit: float, reason: str) -> GateResult:
    sentence = f"{name} cannot be judged: {reason}."
    return GateResult(name=name, limit=limit, value=None, kind="not_measured", verdict="inconclusive", reason=sentence)


def _apart(first: float, second: float) -> tuple[str, str]:
    """Two ratios in percent with one decimal, or with as many as it takes (to three) to look different."""
    for decimals in (1, 2, 3):
        texts = f"{100 * first:.{decimals}f}", f"{100 * second:.{decimals}f}"
        if texts[0] != texts[1]:
            return texts
    return f"{100 * first:.1f}", f"{100 * second:.1f}"
