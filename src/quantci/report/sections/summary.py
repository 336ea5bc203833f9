"""The table that everybody reads: each figure on the base branch, in this change, and what lies between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.data.culprits import plural
from quantci.records.origin import DEFAULT_CONFIGURATION, DEFAULT_KEY
from quantci.render.cells import Interval, Mark, Name, Sentence, Strong, joined, table
from quantci.render.numbers import NBSP, Number, percent, points, relative, rough_size, size_change
from quantci.report.latency import estimate_of
from quantci.report.sections.base import has_base
from quantci.report.sections.latency import ESTIMATED, about, assumed, at_clock, bounds
from quantci.report.sections.memory import PLACES
from quantci.report.verdict import worst_first
from quantci.report.wording import STATUSES, metric_name, metric_of, type_name

if TYPE_CHECKING:
    from quantci.records.bench import BenchResult, MeasuredLatency
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.paired import Paired
    from quantci.records.report import GateResult, Report, Verdict
    from quantci.render.cells import Cell, Rows

NOT_MEASURED: Final = "not measured"
NOT_COMPARED: Final = "\N{EN DASH}"  # a phone is narrow; the line below the table says why
_LABEL_LIMIT: Final = 14  # more would push the table over the edge of a phone


class _Figure(NamedTuple):
    """A row; `kind` is how the value came about."""

    metric: str
    kind: Cell
    value: Cell
    verdict: Verdict | None
    base: Cell = ""
    change: Cell = ""


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
    """Metric, what quantization lost, worst class, model size, flash, arena, latency; the base where there is one."""
    rows = [*_quality(report), _model_size(report), *_flash(report), _arena(report), _latency(report)]
    if has_base(report):
        lines = [(_metric(row), row.base, row.value, row.change) for row in rows]
        return table(("Metric", "Base", "This change", "Difference"), lines, len(lines))
    if not _has_float(report):
        return table(
            ("Metric", "This change"),
            [(_metric(row), joined("\n", filter(None, (row.value, row.change)))) for row in rows],
        )
    return table(("Metric", "This change", "Against FP32"), [(_metric(row), row.value, row.change) for row in rows])


def _has_float(report: Report) -> bool:
    """Whether there is a float model, or may be one: then every figure is against it."""
    if report.quantize is not None:
        return report.quantize.float_model is not None
    return report.config is None or report.config.model.source is not None


def _metric(row: _Figure) -> Cell:
    name = Strong(row.metric)
    return joined("\n", ((Mark(row.verdict), NBSP, name) if row.verdict else name, row.kind))


def _verdict(report: Report, *names: str) -> Verdict | None:
    """Of the worst of these gates; None if none of them is set. One that was refused decides nothing."""
    found = worst_first([gate for gate in report.gates if _name(gate) in names])
    if found:
        return found[0].verdict
    refused = report.failure.where if report.failure is not None and report.failure.code == "gate-too-fine" else ""
    return "inconclusive" if refused.removeprefix("gates.") in names else None


def _name(gate: GateResult) -> str:
    return f"{gate.name} {gate.family}" if gate.name == "fail_on_loss" else gate.name


def _quality(report: Report) -> list[_Figure]:
    """The quantized model leads; what quantization lost is under it."""
    evaluate = report.evaluate
    metric = metric_of(report)
    name = metric_name(metric, type_name(report) if metric else "")
    verdict = _verdict(report, "min_metric", "max_metric_regression", "fail_on_loss base")
    if evaluate is None:
        return [_Figure(name, "", NOT_MEASURED, verdict, NOT_COMPARED, _why(report, "evaluate"))]
    against = evaluate.against_base
    now: Cell = percent(evaluate.headline(-1))
    base: Cell = NOT_COMPARED
    change: Cell = ""
    if against is not None:
        base, change = percent(against.base_metric), _difference(against.paired)
        compared = against.reused + against.run_again
        if compared != evaluate.dataset.used:
            now = (percent(against.candidate_metric), f"\non {compared:,} of {evaluate.dataset.used:,} samples")
    rows = [_Figure(name, "measured on host", now, verdict, base, change), _lost(report, evaluate)]
    if against is not None:
        recalls = {one.label: (one.support, one.base_recall, one.candidate_recall) for one in against.per_class}
        of_base = ("min_worst_class_recall", "max_worst_class_regression")
        rows += _worst_class(report, against.paired, recalls, of_base, is_base=True)
        if _verdict(report, "max_worst_class_drop") in {None, "pass"}:
            return rows
    gates = ("max_worst_class_drop", *(() if against else ("min_worst_class_recall",)))
    if evaluate.paired is None:
        return rows if against else [*rows, *_lowest_class(report, evaluate, gates)]
    return rows + _worst_class(report, evaluate.paired, evaluate.recalls(), gates)


def _lost(report: Report, evaluate: EvaluateResult) -> _Figure:
    """FP32 on both sides, and what quantization costs in this change."""
    verdict = _verdict(report, "max_metric_drop", "fail_on_loss quantization")
    if evaluate.paired is None:
        return _Figure("Lost to quantization", "", "not known", verdict, NOT_COMPARED, "no float model")
    now, delta = evaluate.headline(0), report.baseline.float_metric_delta if report.baseline else None
    return _Figure(
        "Lost to quantization",
        f"FP32 → {evaluate.quantized_type}",
        ("FP32 ", percent(now)),
        verdict,
        NOT_COMPARED if delta is None else ("FP32 ", percent(now - delta)),
        (
            points(evaluate.paired.delta),
            *([f" vs{NBSP}FP32"] if has_base(report) else []),
            "\n",
            _interval(evaluate.paired),
        ),
    )


def _worst_class(
    report: Report,
    paired: Paired,
    recalls: dict[str, tuple[int, float | None, float | None]],
    gates: tuple[str, ...],
    *,
    is_base: bool = False,
) -> list[_Figure]:
    worst = paired.worst_class
    if worst is None:
        return []
    support, before, after = recalls.get(worst.label, (worst.support, None, None))
    label = Name(worst.label, _LABEL_LIMIT)
    vs = f" vs{NBSP}FP32" if has_base(report) and not is_base else ""
    change = (points(worst.recall_delta), vs, "\n", plural(support, "sample"))
    name = "Worst class by quantization" if vs else "Worst class"
    base: Cell = percent(before) if is_base else ""
    return [_Figure(name, ("recall of ", label), percent(after), _verdict(report, *gates), base, change)]


def _lowest_class(report: Report, evaluate: EvaluateResult, gates: tuple[str, ...]) -> list[_Figure]:
    """The class that the quantized model finds least of, where there is nothing to compare with."""
    known = [(after, support, label) for label, (support, _, after) in evaluate.recalls().items() if after is not None]
    if not known:
        return []
    recall, support, name = min(known, key=lambda one: (one[0], -one[1]))
    kind = ("recall of ", Name(name, _LABEL_LIMIT))
    verdict = _verdict(report, *gates)
    return [_Figure("Worst class", kind, percent(recall), verdict, change=plural(support, "sample"))]


def _difference(paired: Paired) -> Cell:
    return (points(paired.delta), "\n", _interval(paired))


def _interval(paired: Paired) -> Interval:
    return Interval(paired.interval.low, paired.interval.high, paired.interval.level)


def _model_size(report: Report) -> _Figure:
    verdict = _verdict(report, "max_model_bytes", "max_model_growth")
    if report.quantize is None:
        return _Figure("Model size", "", NOT_MEASURED, verdict, NOT_COMPARED, _why(report, "quantize"))
    now, reference = report.quantize.quantized_model.file_bytes, report.quantize.float_model
    delta = report.baseline.model_bytes_delta if report.baseline else None
    base, change = _grown(now, delta)
    if not has_base(report) and reference is not None and reference.file_bytes:
        change = (percent(now / reference.file_bytes), f" of{NBSP}it")
    return _Figure("Model size", f"{type_name(report)} file, measured", rough_size(now), verdict, base, change)


def _grown(now: int, delta: int | None) -> tuple[Cell, Cell]:
    """What it was, and by how much it grew."""
    if delta is None:
        return NOT_COMPARED, ""
    before = now - delta
    share: Cell = ("\n", relative(delta / before)) if delta and before > 0 else ""
    return rough_size(before), (size_change(delta), share)


def _flash(report: Report) -> list[_Figure]:
    """The model in the chip's flash; omitted where nobody asked."""
    gate = next((gate for gate in report.gates if gate.name == "fits_flash" and gate.value is not None), None)
    if gate is None or gate.value is None or not gate.limit:
        return []
    delta = report.baseline.model_bytes_delta if report.baseline else None
    base: Cell = NOT_COMPARED if delta is None else percent((gate.value - delta) / gate.limit)
    room = ("of ", rough_size(int(gate.limit)), " left for it")
    return [_Figure("Flash", room, percent(gate.value / gate.limit), gate.verdict, base)]


def _arena(report: Report) -> _Figure:
    verdict = _verdict(report, "max_arena_bytes", "max_arena_growth")
    arena = report.embed.arena if report.embed else None
    if arena is None:
        why = Sentence("embed could not estimate it") if report.embed else _why(report, "embed")
        return _Figure("Tensor arena", "", "not known", verdict, NOT_COMPARED, why)
    base, change = _grown(arena.recommended_bytes, report.baseline.arena_bytes_delta if report.baseline else None)
    kind = ("estimated, ", PLACES[arena.memory])
    return _Figure("Tensor arena", kind, rough_size(arena.recommended_bytes), verdict, base, change)


def _latency(report: Report) -> _Figure:
    """With the clock that it is for; a base at another clock is shown and not compared."""
    verdict = _verdict(report, "max_latency_us", "max_latency_growth")
    name = "Device latency"
    if report.bench is not None and report.bench.latency is not None:
        return _measured(name, report, report.bench, report.bench.latency, verdict)
    before = report.baseline.latency_us if report.baseline else None
    clock_hz = report.baseline.latency_clock_hz if report.baseline else None
    estimate = estimate_of(report.embed)
    is_same = estimate is not None and clock_hz == estimate.clock_hz
    base: Cell = NOT_COMPARED
    if before is not None and clock_hz is not None:
        base = (about(before), "" if is_same else f"\n{at_clock(clock_hz)}")
    if estimate is None:
        why = [Sentence(report.device_latency_reason), *_no_estimate(report)]
        return _Figure(name, "", NOT_MEASURED, verdict, base, joined("\n", why))
    change = _about(before, estimate.total_us or 0) if is_same and before is not None else ""
    shown = (about(estimate.total_us or 0), "\n", bounds(estimate))
    taken = f";\n{assumed(estimate)}" if estimate.assumed else ""
    return _Figure(name, f"{ESTIMATED}, {at_clock(estimate.clock_hz)}{taken}", shown, verdict, base, change)


def _measured(
    name: str, report: Report, bench: BenchResult, latency: MeasuredLatency, verdict: Verdict | None
) -> _Figure:
    """On a board: it takes the estimate's place. Of wrong outputs the time is shown, and that they are wrong."""
    kind = "measured on the board"
    if latency.clock_hz is not None:
        kind += f", {at_clock(latency.clock_hz)}"
    agreement = bench.outputs.agreement
    if agreement.identical_outputs != agreement.samples:
        kind += ";\nits outputs are not the host's"
    before = report.baseline.device_latency_us if report.baseline else None
    base: Cell = NOT_COMPARED if before is None else Number(before, "µs")
    change: Cell = ""
    if before:
        change = relative(latency.median_us / before - 1)
        against = bench.against_base
        if against is not None and against.verdict == "same":
            change = ("the same\nwithin ", Number(against.least_change, "ratio"))
    elif not has_base(report) and latency.mad_us:
        change = f"median deviation {latency.mad_us:,.0f}{NBSP}µs"
    return _Figure(name, kind, Number(latency.median_us, "µs"), verdict, base, change)


def _about(before: float, now: float) -> Cell:
    """How an estimate changed."""
    if now == before or not before:
        return "the same" if now == before else ""
    return ("about ", relative(now / before - 1))


def _no_estimate(report: Report) -> list[Sentence]:
    """Why there is no estimated latency either, where embed looked for one."""
    if report.embed is None:
        return []
    if report.embed.latency is not None and report.embed.latency.reason:
        return [Sentence(f"no estimate: {report.embed.latency.reason}")]
    return [Sentence(advice.text) for advice in report.embed.advice if advice.code == "latency-unknown"][:1]


def _why(report: Report, stage: str) -> Sentence:
    status = next((outcome.status for outcome in report.stages if outcome.stage == stage), "not_run")
    return Sentence(f"{stage}: {STATUSES.get(status, status)}")
