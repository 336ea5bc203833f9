"""The few numbers that everybody reads, as data: Markdown, terminal and others only lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from quantci.records.origin import DEFAULT_CONFIGURATION, DEFAULT_KEY
from quantci.report.latency import ESTIMATED, estimate_of, words
from quantci.report.memory import PLACES
from quantci.report.wording import METRICS, NBSP, STATUSES, percent, points, signed, size, size_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.records.report import Report, Verdict

D = TypeVar("D", int, float)
NOT_MEASURED: Final = "not measured"
NOT_KNOWN: Final = "not known"


class Row(NamedTuple):
    """One line of the summary.

    Attributes:
        label: a stranger's name that belongs to the value, to be escaped; None when there is none.
        kind: how the value came about, in words; empty where the value itself says so.
        changes: each against what it names.
    """

    metric: str
    kind: str
    label: str | None
    value: str
    changes: list[str]
    verdict: Verdict | None


def headline(report: Report) -> str:
    """The verdict and, when something stopped the run, what."""
    stopped = STATUSES.get(report.status)
    return f"{report.verdict}, {stopped}" if stopped else report.verdict


def identity(report: Report) -> list[tuple[str, str]]:
    """Key and configuration, where a repository may have several models; none where both are the usual."""
    origin = report.origin
    if origin is None:
        return []
    usual = (DEFAULT_KEY, DEFAULT_CONFIGURATION)
    if (origin.key, origin.configuration or DEFAULT_CONFIGURATION) == usual:
        return []
    return [("key", origin.key), *([("", origin.configuration)] if origin.configuration else [])]


def summary_rows(report: Report) -> list[Row]:
    """Accuracy, worst class, model size, arena, latency: always these, measured or not."""
    verdicts: dict[str, Verdict] = {gate.name: gate.verdict for gate in report.gates}
    if report.failure is not None and report.failure.code == "gate-too-fine":
        verdicts["max_metric_drop"] = "inconclusive"
    rows = _quality(report, verdicts)
    rows.append(_model_size(report, verdicts.get("max_model_bytes")))
    rows.append(_arena(report, verdicts.get("max_arena_bytes")))
    return [*rows, _latency(report, verdicts.get("max_latency_us"))]


def _quality(report: Report, verdicts: dict[str, Verdict]) -> list[Row]:
    evaluate, baseline = report.evaluate, report.baseline
    if evaluate is None:
        accuracy = Row("Accuracy", "", None, NOT_MEASURED, [_why(report, "evaluate")], None)
        return [accuracy._replace(verdict=verdicts.get("max_metric_drop"))]
    paired = evaluate.paired
    low, high, level = paired.interval.low, paired.interval.high, paired.interval.level
    changes = [
        f"{points(paired.delta)} to{NBSP}FP32",
        f"({100 * level:.0f}{NBSP}%: {signed(100 * low, 1)} to{NBSP}{signed(100 * high, 1)})",
    ]
    if baseline is not None:
        changes.append(_against(points, baseline.metric_delta))
    before, after = percent(evaluate.headline(0)), percent(evaluate.headline(-1))
    metric = METRICS[paired.metric]
    verdict = verdicts.get("max_metric_drop")
    rows = [Row(metric, "FP32 → INT8, measured on host", None, f"{before} → {after}", changes, verdict)]
    worst = paired.worst_class
    if worst is not None:
        support, before_recall, after_recall = evaluate.recalls().get(worst.label, (worst.support, None, None))
        value = f"{percent(before_recall)} → {percent(after_recall)}"
        changes = [f"{points(worst.recall_delta)} to{NBSP}FP32", f"{support:,} samples"]
        verdict = verdicts.get("max_worst_class_drop")
        rows.append(Row("Worst class", "recall, measured on host", worst.label, value, changes, verdict))
    return rows


def _model_size(report: Report, verdict: Verdict | None) -> Row:
    if report.quantize is None:
        return Row("Model size", "", None, NOT_MEASURED, [_why(report, "quantize")], verdict)
    now, before = report.quantize.quantized_model.file_bytes, report.quantize.float_model.file_bytes
    changes = [f"{now / before:.1%}".replace("%", f"{NBSP}% of{NBSP}FP32")] if before else []
    if report.baseline is not None:
        changes.append(_against(size_change, report.baseline.model_bytes_delta))
    return Row("Model size", "INT8 file, measured", None, size(now), changes, verdict)


def _arena(report: Report, verdict: Verdict | None) -> Row:
    arena = report.embed.arena if report.embed else None
    if arena is None:
        why = "embed could not estimate it" if report.embed else _why(report, "embed")
        return Row("Tensor arena", "", None, NOT_KNOWN, [why], verdict)
    changes = [PLACES[arena.memory]]
    if report.baseline is not None:
        changes.append(_against(size_change, report.baseline.arena_bytes_delta))
    return Row("Tensor arena", "estimated", None, size(arena.recommended_bytes), changes, verdict)


def _latency(report: Report, verdict: Verdict | None) -> Row:
    if report.device_latency_us is not None:
        text = f"{report.device_latency_us:,.0f}{NBSP}µs"
        return Row("Device latency", "measured on the device", None, text, [], verdict)
    estimate = estimate_of(report.embed)
    if estimate is None:
        why = [report.device_latency_reason, *_no_estimate(report)]
        return Row("Device latency", "", None, NOT_MEASURED, why, verdict)
    total, margin = words(estimate)
    return Row("Device latency", ESTIMATED, None, total, [margin], verdict)


def _no_estimate(report: Report) -> list[str]:
    """Why there is no estimated latency either, where embed looked for one."""
    if report.embed is None:
        return []
    if report.embed.latency is not None and report.embed.latency.reason:
        return [f"no estimate: {report.embed.latency.reason}"]
    return [advice.text for advice in report.embed.advice if advice.code == "latency-unknown"][:1]


def _against(words: Callable[[D], str], delta: D | None) -> str:
    return "not compared with baseline" if delta is None else f"{words(delta)} to{NBSP}baseline"


def _why(report: Report, stage: str) -> str:
    status = next((outcome.status for outcome in report.stages if outcome.stage == stage), "not_run")
    return f"{stage}: {STATUSES.get(status, status)}"
