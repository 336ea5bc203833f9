"""How good the model is: its metric, what quantization lost, the worst class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.data.culprits import plural
from quantci.render.cells import Interval, Name
from quantci.render.numbers import NBSP, percent, points
from quantci.report.sections.base import has_base
from quantci.report.summary.figure import NOT_COMPARED, NOT_MEASURED, Figure, verdict_of, why_not
from quantci.report.wording import metric_name, metric_of, type_name

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.paired import Paired
    from quantci.records.report import Report
    from quantci.render.cells import Cell

_LABEL_LIMIT: Final = 14  # more would push the table over the edge of a phone


def quality(report: Report) -> list[Figure]:
    """The quantized model leads; what quantization lost is under it."""
    evaluate = report.evaluate
    metric = metric_of(report)
    name = metric_name(metric, type_name(report) if metric else "")
    verdict = verdict_of(report, "min_metric", "max_metric_regression", "fail_on_loss base")
    if evaluate is None:
        return [Figure(name, "", NOT_MEASURED, verdict, NOT_COMPARED, why_not(report, "evaluate"))]
    against = evaluate.against_base
    now: Cell = percent(evaluate.headline(-1))
    base: Cell = NOT_COMPARED
    change: Cell = ""
    if against is not None:
        base, change = percent(against.base_metric), _difference(against.paired)
        compared = against.reused + against.run_again
        if compared != evaluate.dataset.used:
            now = (percent(against.candidate_metric), f"\non {compared:,} of {evaluate.dataset.used:,} samples")
    rows = [Figure(name, "measured on host", now, verdict, base, change), _lost(report, evaluate)]
    if against is not None:
        recalls = {one.label: (one.support, one.base_recall, one.candidate_recall) for one in against.per_class}
        of_base = ("min_worst_class_recall", "max_worst_class_regression")
        rows += _worst_class(report, against.paired, recalls, of_base, is_base=True)
        if verdict_of(report, "max_worst_class_drop") in {None, "pass"}:
            return rows
    gates = ("max_worst_class_drop", *(() if against else ("min_worst_class_recall",)))
    if evaluate.paired is None:
        return rows if against else [*rows, *_lowest_class(report, evaluate, gates)]
    return rows + _worst_class(report, evaluate.paired, evaluate.recalls(), gates)


def _lost(report: Report, evaluate: EvaluateResult) -> Figure:
    """FP32 on both sides, and what quantization costs in this change."""
    verdict = verdict_of(report, "max_metric_drop", "fail_on_loss quantization")
    if evaluate.paired is None:
        return Figure("Lost to quantization", "", "not known", verdict, NOT_COMPARED, "no float model")
    now, delta = evaluate.headline(0), report.baseline.float_metric_delta if report.baseline else None
    return Figure(
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
) -> list[Figure]:
    worst = paired.worst_class
    if worst is None:
        return []
    support, before, after = recalls.get(worst.label, (worst.support, None, None))
    label = Name(worst.label, _LABEL_LIMIT)
    vs = f" vs{NBSP}FP32" if has_base(report) and not is_base else ""
    change = (points(worst.recall_delta), vs, "\n", plural(support, "sample"))
    name = "Worst class by quantization" if vs else "Worst class"
    base: Cell = percent(before) if is_base else ""
    return [Figure(name, ("recall of ", label), percent(after), verdict_of(report, *gates), base, change)]


def _lowest_class(report: Report, evaluate: EvaluateResult, gates: tuple[str, ...]) -> list[Figure]:
    """The class that the quantized model finds least of, where there is nothing to compare with."""
    known = [(after, support, label) for label, (support, _, after) in evaluate.recalls().items() if after is not None]
    if not known:
        return []
    recall, support, name = min(known, key=lambda one: (one[0], -one[1]))
    kind = ("recall of ", Name(name, _LABEL_LIMIT))
    verdict = verdict_of(report, *gates)
    return [Figure("Worst class", kind, percent(recall), verdict, change=plural(support, "sample"))]


def _difference(paired: Paired) -> Cell:
    return (points(paired.delta), "\n", _interval(paired))


def _interval(paired: Paired) -> Interval:
    return Interval(paired.interval.low, paired.interval.high, paired.interval.level)
