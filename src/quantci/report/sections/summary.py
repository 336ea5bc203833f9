"""The few numbers that everybody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from quantci.records.origin import DEFAULT_CONFIGURATION, DEFAULT_KEY
from quantci.render.cells import Interval, Mark, Name, Sentence, Strong, joined, table
from quantci.render.numbers import NBSP, Number, percent, points, size, size_change
from quantci.report.latency import estimate_of
from quantci.report.sections.latency import ESTIMATED, words
from quantci.report.sections.memory import PLACES
from quantci.report.verdict import worst_first
from quantci.report.wording import STATUSES, metric_name, metric_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.records.report import Report, Verdict
    from quantci.render.cells import Cell, Rows

D = TypeVar("D", int, float)
NOT_MEASURED: Final = "not measured"
_LABEL_LIMIT: Final = 14  # more would push the table over the edge of a phone


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


def figures(report: Report) -> Rows:
    """Accuracy, worst class, model size, arena, latency: always these, measured or not."""
    rows = _quality(report)
    rows.append(_model_size(report, _verdict(report, "max_model_bytes", "max_model_growth")))
    rows += _flash(report)
    rows.append(_arena(report, _verdict(report, "max_arena_bytes", "max_arena_growth")))
    rows.append(_latency(report, _verdict(report, "max_latency_us", "max_latency_growth")))
    return table(("Metric", "This change", "Difference"), rows, len(rows))


def _verdict(report: Report, *names: str) -> Verdict | None:
    """Of the worst of these gates; None if none of them is set. One that was refused decides nothing."""
    found = worst_first([gate for gate in report.gates if gate.name in names])
    if found:
        return found[0].verdict
    refused = report.failure.where if report.failure is not None and report.failure.code == "gate-too-fine" else ""
    return "inconclusive" if refused.removeprefix("gates.") in names else None


def _row(metric: str, kind: str, value: Cell, changes: list[Cell], verdict: Verdict | None) -> tuple[Cell, ...]:
    """A line of the summary: `kind` is how the value came about; each change is against what it names."""
    name: Cell = (Mark(verdict), NBSP, Strong(metric)) if verdict else Strong(metric)
    return joined("\n", (name, kind)), value, joined("\n", changes)


def _quality(report: Report) -> list[tuple[Cell, ...]]:
    evaluate, baseline = report.evaluate, report.baseline
    verdict = _verdict(report, "min_metric", "max_metric_drop", "max_metric_regression", "fail_on_loss")
    if evaluate is None:
        return [_row(metric_name(metric_of(report)), "", NOT_MEASURED, [_why(report, "evaluate")], verdict)]
    paired = evaluate.paired
    interval = Interval(paired.interval.low, paired.interval.high, paired.interval.level)
    changes: list[Cell] = [(points(paired.delta), f" vs{NBSP}FP32"), interval]
    if baseline is not None:
        changes.append(_against(points, baseline.metric_delta))
    value = (percent(evaluate.headline(0)), " → ", percent(evaluate.headline(-1)))
    rows = [_row(metric_name(paired.metric), "FP32 → INT8, measured on host", value, changes, verdict)]
    worst = paired.worst_class
    if worst is not None:
        support, before, after = evaluate.recalls().get(worst.label, (worst.support, None, None))
        recalls = (Name(worst.label, _LABEL_LIMIT), "\n", percent(before), " → ", percent(after))
        changes = [(points(worst.recall_delta), f" vs{NBSP}FP32"), (Number(support), " samples")]
        verdict = _verdict(report, "min_worst_class_recall", "max_worst_class_drop", "max_worst_class_regression")
        rows.append(_row("Worst class", "recall, measured on host", recalls, changes, verdict))
    return rows


def _model_size(report: Report, verdict: Verdict | None) -> tuple[Cell, ...]:
    if report.quantize is None:
        return _row("Model size", "", NOT_MEASURED, [_why(report, "quantize")], verdict)
    now, before = report.quantize.quantized_model.file_bytes, report.quantize.float_model.file_bytes
    changes: list[Cell] = [(percent(now / before), f" of{NBSP}FP32")] if before else []
    if report.baseline is not None:
        changes.append(_against(size_change, report.baseline.model_bytes_delta))
    return _row("Model size", "INT8 file, measured", size(now), changes, verdict)


def _flash(report: Report) -> list[tuple[Cell, ...]]:
    """The model in the chip's flash; left out where nobody asked."""
    gate = next((gate for gate in report.gates if gate.name == "fits_flash" and gate.value is not None), None)
    if gate is None or gate.value is None:
        return []
    changes: list[Cell] = [("of ", size(int(gate.limit)), " for it")]
    share = percent(gate.value / gate.limit if gate.limit else None)
    return [_row("Flash", "room of the model", (share, " used"), changes, gate.verdict)]


def _arena(report: Report, verdict: Verdict | None) -> tuple[Cell, ...]:
    arena = report.embed.arena if report.embed else None
    if arena is None:
        why = Sentence("embed could not estimate it") if report.embed else _why(report, "embed")
        return _row("Tensor arena", "", "not known", [why], verdict)
    changes: list[Cell] = [PLACES[arena.memory]]
    if report.baseline is not None:
        changes.append(_against(size_change, report.baseline.arena_bytes_delta))
    return _row("Tensor arena", "estimated", size(arena.recommended_bytes), changes, verdict)


def _latency(report: Report, verdict: Verdict | None) -> tuple[Cell, ...]:
    if report.device_latency_us is not None:
        return _row("Device latency", "measured on the device", Number(report.device_latency_us, "µs"), [], verdict)
    estimate = estimate_of(report.embed)
    if estimate is None:
        why = [Sentence(report.device_latency_reason), *_no_estimate(report)]
        return _row("Device latency", "", NOT_MEASURED, [*why], verdict)
    total, margin = words(estimate)
    return _row("Device latency", ESTIMATED, total, [margin], verdict)


def _no_estimate(report: Report) -> list[Sentence]:
    """Why there is no estimated latency either, where embed looked for one."""
    if report.embed is None:
        return []
    if report.embed.latency is not None and report.embed.latency.reason:
        return [Sentence(f"no estimate: {report.embed.latency.reason}")]
    return [Sentence(advice.text) for advice in report.embed.advice if advice.code == "latency-unknown"][:1]


def _against(number: Callable[[D], Number], delta: D | None) -> Cell:
    return "not compared with baseline" if delta is None else (number(delta), f" to{NBSP}baseline")


def _why(report: Report, stage: str) -> Sentence:
    status = next((outcome.status for outcome in report.stages if outcome.stage == stage), "not_run")
    return Sentence(f"{stage}: {STATUSES.get(status, status)}")
