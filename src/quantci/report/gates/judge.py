"""Each limit in [gates] against what was found. A gate that the data cannot decide is inconclusive, never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from quantci.errors import ConfigError
from quantci.records.report import GateResult
from quantci.report.gates.comparison import LOSS_GATES, from_base, from_float
from quantci.report.gates.device import drop_gate, identical_gate, latency_growth_gate
from quantci.report.gates.doubt import doubt_gate
from quantci.report.gates.drop import class_gate, metric_gate
from quantci.report.gates.floor import class_floor, metric_floor
from quantci.report.gates.result import missing
from quantci.report.gates.size import Flash, bytes_gate, flash_gate, growth_gate
from quantci.report.latency import estimate_of, latency_gate
from quantci.tflite.float_io import computes_in_float

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.records.evaluate import EvaluateResult
    from quantci.records.gates_config import Compared, GatesConfig
    from quantci.records.quantize import QuantizeResult
    from quantci.records.report import BaselineComparison, Family, Report, Verdict
    from quantci.records.target_config import TargetConfig
    from quantci.report.baseline import Parts
    from quantci.report.gates.comparison import Comparison

_STAGE_OF: Final = {
    "min_metric": "evaluate",
    "min_worst_class_recall": "evaluate",
    "max_model_bytes": "quantize",
    "max_arena_bytes": "embed",
    "max_latency_us": "embed",
    "fits_flash": "quantize",
    "max_metric_drop": "evaluate",
    "max_worst_class_drop": "evaluate",
    "int_only": "quantize",
    "max_metric_regression": "evaluate",
    "max_worst_class_regression": "evaluate",
    "max_model_growth": "quantize",
    "max_arena_growth": "embed",
    "max_latency_growth": "embed",
}
AGAINST_BASE: Final = (
    *LOSS_GATES["base"],
    "max_model_growth",
    "max_arena_growth",
    "max_latency_growth",
)
_NO_RESULT: Final = "evaluate gave no result"
T = TypeVar("T")


class Base(NamedTuple):
    """The other side: its report, and what changed since."""

    report: Report
    changes: BaselineComparison


class Judged(NamedTuple):
    """Attributes:
    results: of every gate that is set and can be asked.
    refusals: `gate-too-fine`: gates that the evaluation set could decide only by luck.
    not_judged: one sentence for gates against the base that there is no base for.
    """

    results: list[GateResult]
    refusals: list[ConfigError]
    not_judged: list[str]


def judge(gates: GatesConfig, parts: Parts, target: TargetConfig | None = None, base: Base | None = None) -> Judged:
    """Every gate that is set, in the order of the configuration."""
    judged = Judged([], [], [])
    _absolute(gates, parts, target, judged)
    quantization_gates(gates, parts.evaluate, judged)
    if gates.int_only:
        judged.results.append(_int_only(parts.quantize))
    if gates.identical_on_device and parts.bench is not None:
        judged.results.append(identical_gate(parts.bench))
    if gates.max_device_drop is not None:
        judged.results.append(drop_gate(gates.max_device_drop, parts.bench, parts.no_latency))
    _against_base(gates, parts, base, judged)
    return judged


def never_judged(report: Report) -> list[tuple[str, str]]:
    """The gates that are set and whose stage never ran, each with that stage: nothing that was asked can hold."""
    ran = {outcome.stage for outcome in report.stages if outcome.status != "not_run"}
    needed = [(gate.name, _STAGE_OF.get(gate.name)) for gate in report.gates]
    return [(name, stage) for name, stage in needed if stage is not None and stage not in ran]


def quantization_gates(gates: GatesConfig, evaluate: EvaluateResult | None, judged: Judged) -> None:
    """What quantization may lose."""
    comparison = from_float(evaluate) if evaluate else None
    absent = evaluate.why_absent("float") if evaluate else ""
    why = f"{absent[0].lower()}{absent[1:]}".removesuffix(".") if absent else _NO_RESULT
    limits = (gates.max_metric_drop, gates.max_worst_class_drop)
    _losses("quantization", limits, gates, comparison, judged, why)
    if evaluate is not None and absent and limits[0] is None and "quantization" in gates.fail_on_loss:
        judged.not_judged.append(f"Not judged: a loss from FP32 to {evaluate.quantized_type}. {absent}")


def _losses(
    family: Compared,
    limits: tuple[float | None, float | None],
    gates: GatesConfig,
    comparison: Comparison | None,
    judged: Judged,
    why: str,
) -> None:
    """What a comparison may lose: by its own gates, or beyond doubt where there is none on the metric."""
    names = LOSS_GATES[family]
    _ask(names[0], family, limits[0], comparison, metric_gate, judged, why)
    if limits[0] is None and family in gates.fail_on_loss and comparison is not None:
        judged.results.append(doubt_gate(comparison))
    _ask(names[1], family, limits[1], comparison, class_gate, judged, why)


def _ask(
    name: str,
    family: Family,
    limit: float | None,
    found: T | None,
    gate: Callable[[float, T], GateResult],
    judged: Judged,
    why: str = _NO_RESULT,
) -> None:
    """The result of a gate on what evaluate found, if it is set; `why` there is nothing."""
    if limit is None:
        return
    if found is None:
        judged.results.append(missing(name, family, limit, why))
        return
    try:
        judged.results.append(gate(limit, found))
    except ConfigError as refusal:
        judged.refusals.append(refusal)


def _absolute(gates: GatesConfig, parts: Parts, target: TargetConfig | None, judged: Judged) -> None:
    embed, results = parts.embed, judged.results
    _ask("min_metric", "absolute", gates.min_metric, parts.evaluate, metric_floor, judged)
    _ask("min_worst_class_recall", "absolute", gates.min_worst_class_recall, parts.evaluate, class_floor, judged)
    model_bytes = parts.quantize.quantized_model.file_bytes if parts.quantize else None
    if gates.max_model_bytes is not None:
        results.append(
            bytes_gate("max_model_bytes", gates.max_model_bytes, model_bytes, "measured", "quantize gave no result")
        )
    if gates.max_arena_bytes is not None:
        why = "embed gave no result" if embed is None else "embed could not estimate the arena"
        found = embed.arena.recommended_bytes if embed is not None and embed.arena is not None else None
        results.append(bytes_gate("max_arena_bytes", gates.max_arena_bytes, found, "estimated", why))
    if gates.max_latency_us is not None:
        measured = parts.bench.latency if parts.bench else None
        results.append(latency_gate(gates.max_latency_us, embed, parts.no_latency, measured))
    if gates.fits_flash and target is not None:
        results.append(flash_gate(Flash.of(target), model_bytes))


def _against_base(gates: GatesConfig, parts: Parts, base: Base | None, judged: Judged) -> None:
    asked = [name for name in AGAINST_BASE if getattr(gates, name) is not None]
    if base is None:
        if asked:
            judged.not_judged.append(f"Not judged, because there is no baseline: {', '.join(asked)}.")
        return
    evaluate = parts.evaluate
    against = evaluate.against_base if evaluate else None
    why = _not_compared(evaluate, base) if evaluate else ""
    if why:
        names = [name for name in LOSS_GATES["base"] if name in asked] or ["a loss against the base"]
        judged.not_judged.append(f"Not judged: {', '.join(names)}. {why}")
    else:
        comparison = None
        if evaluate is not None and against is not None:
            comparison = from_base(against, evaluate.quantized_type, base.changes.float_metric_delta)
        limits = (gates.max_metric_regression, gates.max_worst_class_regression)
        _losses("base", limits, gates, comparison, judged, _NO_RESULT)
    _growth(gates, parts, base, judged.results)


def _not_compared(evaluate: EvaluateResult, base: Base) -> str:
    """Why evaluate says nothing of this base; empty if it does."""
    if evaluate.against_base is None:
        return evaluate.base_failure.cause if evaluate.base_failure else "evaluate was not given the baseline."
    if evaluate.against_base.base.quantized_sha256 != base.changes.quantized_sha256:
        return "evaluate was given another baseline than the report."
    return ""


def _growth(gates: GatesConfig, parts: Parts, base: Base, results: list[GateResult]) -> None:
    before, after = base.report.quantize, parts.quantize
    if gates.max_model_growth is not None:
        sizes = (before.quantized_model.file_bytes, after.quantized_model.file_bytes) if before and after else None
        why = "quantize gave no result" if after is None else "the baseline has no result of quantize"
        results.append(growth_gate("max_model_growth", gates.max_model_growth, sizes, "measured", why))
    arenas = [embed.arena.recommended_bytes for embed in (base.report.embed, parts.embed) if embed and embed.arena]
    if gates.max_arena_growth is not None:
        pair = (arenas[0], arenas[1]) if len(arenas) == 2 else None
        why = "there is no estimate on one side"
        results.append(growth_gate("max_arena_growth", gates.max_arena_growth, pair, "estimated", why))
    measured = parts.bench.latency if parts.bench else None
    before_us = base.changes.device_latency_us
    if gates.max_latency_growth is not None and parts.bench and measured is not None and before_us is not None:
        results.append(latency_growth_gate(gates.max_latency_growth, before_us, measured.median_us, parts.bench))
    elif gates.max_latency_growth is not None:
        estimates = map(estimate_of, (base.report.embed, parts.embed))
        found = [estimate.total_us for estimate in estimates if estimate]
        times = (found[0] or 0.0, found[1] or 0.0) if len(found) == 2 else None
        why = f"{parts.no_latency}, and there is no estimate on one side"
        results.append(growth_gate("max_latency_growth", gates.max_latency_growth, times, "estimated", why))


def _int_only(quantize: QuantizeResult | None) -> GateResult:
    if quantize is None:
        return missing("int_only", "quantization", 0, "quantize gave no result")
    model = quantize.quantized_model
    computing = computes_in_float(model)
    odd = [op.op for op in model.ops if op in computing or op.is_custom]
    passes = model.is_integer_only or (not odd and model.subgraph_count == 1)
    names = sorted(set(odd))
    shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
    only = "" if model.is_integer_only else ", between the QUANTIZE and the DEQUANTIZE of its floats"
    reason = f"Every op is an integer op{only}." if passes else f"The quantized model has float or custom ops: {shown}."
    verdict: Verdict = "pass" if passes else "fail"
    return GateResult(
        name="int_only",
        family="quantization",
        limit=0,
        value=len(odd),
        kind="measured",
        verdict=verdict,
        reason=reason,
    )
