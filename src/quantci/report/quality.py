"""The folded parts about accuracy: gates, waterfall, classes, tags, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.evaluate import RegressionMetrics
from quantci.render.escape import code, prose
from quantci.report.tables import Section, Table
from quantci.report.wording import KINDS, MARKS, METRICS, NBSP, STEPS, gate_number, percent, points

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult, Step
    from quantci.records.report import GateResult, Report

MOST_SAMPLES: Final = 20
NONE: Final = "none"


def gates(report: Report) -> Section:
    """Every gate with its limit, what was found, and why."""
    cells = (
        (
            f"{MARKS[gate.verdict]} {code(gate.name)}<br>at most {gate_number(gate, gate.limit)}",
            f"{gate_number(gate, gate.value)}{_kind(gate)}<br>{prose(gate.reason)}",
        )
        for gate in report.gates
    )
    return Section("Gates", tables=[Table.of(("Gate", "Found"), cells, len(report.gates))])


def waterfall(evaluate: EvaluateResult) -> Section:
    """Where the loss comes from: quantization, rounding or kernels."""
    cells = []
    for place, step in enumerate(evaluate.steps):
        line = [_name(step), percent(evaluate.headline(place))]
        if step.agreement is None:
            line += [""] * 3
        else:
            same, of = step.agreement.identical_outputs, step.agreement.samples
            line.append("" if same is None else f"{same:,} of {of:,}")
            line += [f"{step.agreement.flips:,}", f"{step.agreement.largest_lsb:,.1f}"]
        cells.append(line)
    metric = METRICS[evaluate.paired.metric]
    head = ("Step", metric, "Identical", "Flips", "LSB")
    note = (
        "The same samples through each step. Against the step before: samples with identical outputs (not for "
        "the step to INT8), flips of the answer, and the largest difference in LSB, the steps of the INT8 output. "
        f"Measured on host with {code(evaluate.oracle)} as the judge of INT8."
    )
    where = Table.bullets((f"{_name(step)}: {prose(step.interpreter)}" for step in evaluate.steps), len(evaluate.steps))
    return Section("Loss waterfall", note, [Table.of(head, cells, len(cells)), where])


def _name(step: Step) -> str:
    return STEPS.get(step.name, code(step.name))


def classes(evaluate: EvaluateResult) -> Section:
    """Recall of each class, the largest loss first."""
    found = evaluate.recalls()

    def change(label: str) -> float:
        _, before, after = found[label]
        return after - before if before is not None and after is not None else 0.0

    cells = (
        (
            code(label),
            f"{found[label][0]:,}",
            f"{percent(found[label][1])} → {percent(found[label][2])}",
            points(change(label)) if found[label][1] is not None else NONE,
        )
        for label in sorted(found, key=change)
    )
    table = Table.of(("Class", "Samples", "Recall FP32 → INT8", "Change"), cells, len(found))
    return Section("Classes", "Measured on host; the largest loss first.", [table])


def values(evaluate: EvaluateResult) -> Section:
    """The errors of each output of a regression."""
    first, last = evaluate.steps[0].metrics, evaluate.steps[-1].metrics
    if not isinstance(first, RegressionMetrics) or not isinstance(last, RegressionMetrics):
        return Section("Values")
    cells = (
        (
            code(before.name),
            f"{before.mae:,.4g} → {after.mae:,.4g}",
            f"{before.rmse:,.4g} → {after.rmse:,.4g}",
            f"{percent(before.r2)} → {percent(after.r2)}",
        )
        for before, after in zip(first.outputs, last.outputs, strict=True)
    )
    note = "FP32 → INT8, measured on host; errors in the units of the labels."
    head = ("Value", "Mean absolute error", "Root mean squared error", "R²")
    return Section("Values", note, [Table.of(head, cells, len(first.outputs))])


def tags(evaluate: EvaluateResult) -> Section:
    """Accuracy on the samples that carry a tag."""
    cells = (
        (
            code(tag.tag),
            f"{tag.samples:,}",
            f"{percent(tag.float_metric)} → {percent(tag.quantized_metric)}",
            points(tag.quantized_metric - tag.float_metric),
        )
        for tag in evaluate.tags
    )
    table = Table.of(("Tag", "Samples", "Accuracy FP32 → INT8", "Change"), cells, len(evaluate.tags))
    return Section("Tags", "Measured on host.", [table])


def samples(evaluate: EvaluateResult) -> Section:
    """Which samples the change broke and fixed; none where an answer is not right or wrong."""

    def column(ids: list[str]) -> list[str]:
        more = len(ids) - MOST_SAMPLES
        return [code(name) for name in ids[:MOST_SAMPLES]] + ([f"{more:,} more in report.json"] if more > 0 else [])

    paired = evaluate.paired
    broken, fixed = column(paired.broken), column(paired.fixed)
    cells = [
        (broken[index] if index < len(broken) else "", fixed[index] if index < len(fixed) else "")
        for index in range(max(len(broken), len(fixed)))
    ]
    p = "" if paired.mcnemar_p is None else f" McNemar's exact test: p {_p_value(paired.mcnemar_p)}."
    note = (
        f"Right in FP32 and wrong in INT8, or the other way round.{p} The smallest drop that this evaluation set can "
        f"detect is {100 * paired.smallest_detectable_drop:.1f}{NBSP}pp."
    )
    head = (f"Broken ({len(paired.broken):,})", f"Fixed ({len(paired.fixed):,})")
    return Section("Samples broken and fixed", note, [Table.of(head, cells, len(cells))])


def _p_value(p: float) -> str:
    """Never 0: what three decimals cannot show is only said to be less."""
    return f"= {p:.3f}" if p >= 0.0005 else "< 0.001"


def _kind(gate: GateResult) -> str:
    return f", {KINDS[gate.kind]}" if gate.value is not None and gate.name != "int_only" else ""
