"""The folded parts about accuracy: gates, waterfall, classes, tags, samples."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from quantci.records.metrics import RegressionMetrics
from quantci.render.cells import Folded, Mark, Name, Paragraph, Sentence, bullets, table
from quantci.render.numbers import Number, percent, points
from quantci.report.wording import DEVICES, metric_name, step_name, type_name

if TYPE_CHECKING:
    from quantci.records.bench import BenchResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.model import QuantizedType
    from quantci.records.paired import Paired
    from quantci.records.report import GateResult, Report
    from quantci.render.cells import Cell
    from quantci.render.numbers import Unit

MOST_SAMPLES: Final = 20


def gates(report: Report) -> Folded:
    """Every gate with its limit, what was found, and why."""
    rows = (
        (
            (Mark(gate.verdict), " ", Name(gate.name), *_allowed(gate, type_name(report))),
            (gate_number(gate, gate.value, is_found=True), "\n", Sentence(gate.reason)),
        )
        for gate in report.gates
    )
    return Folded("Gates", [table(("Gate", "Found"), rows, len(report.gates))])


def _allowed(gate: GateResult, quantized_type: QuantizedType) -> tuple[Cell, ...]:
    if gate.name == "fail_on_loss":
        return ("\n", f"from FP32 to {quantized_type}" if gate.family == "quantization" else "against the base")
    if gate.name == "identical_on_device":
        return ("\n", "every output as on the host")
    return (f"\nat {'least' if gate.name.startswith('min_') else 'most'} ", gate_number(gate, gate.limit))


def gate_number(gate: GateResult, number: float | None, *, is_found: bool = False) -> Number | str:
    """The limit or the value of a gate, in the unit of its name; of what was found, how it came about."""
    if number is None:
        return "not measured"
    kind = gate.kind if is_found and gate.name != "int_only" else None
    unit = _unit(gate.name)
    return Number(int(number) if unit == "B" else number, unit, kind)


def _unit(name: str) -> Unit:
    if name.startswith("min_"):
        return "ratio"
    if name.endswith(("_drop", "_regression", "_loss")):
        return "points"
    if name.endswith("_us") or name == "max_latency_growth":
        return "µs"
    if name.endswith("_growth"):
        return "B change"
    if name == "identical_on_device":
        return "count"
    return "B" if name.endswith(("_bytes", "_flash")) else "ops"


def waterfall(evaluate: EvaluateResult, bench: BenchResult | None = None) -> Folded:
    """Where the loss comes from: quantization, rounding or kernels; with a device as its last step."""
    rows: list[list[Cell]] = []
    for place, step in enumerate(evaluate.steps):
        line: list[Cell] = [step_name(step.name, evaluate), percent(evaluate.headline(place))]
        if step.agreement is None:
            line += [""] * 3
        else:
            same, of = step.agreement.identical_outputs, step.agreement.samples
            line.append("" if same is None else (Number(same), " of ", Number(of)))
            line += [Number(step.agreement.flips), f"{step.agreement.largest_lsb:,.1f}"]
        rows.append(line)
    steps: list[Cell] = [(step_name(step.name, evaluate), ": ", Sentence(step.interpreter)) for step in evaluate.steps]
    steps += [("No ", step_name(one.name, evaluate), ": ", Sentence(one.reason)) for one in evaluate.absent_steps]
    if bench is not None:
        outputs, agreement = bench.outputs, bench.outputs.agreement
        name = f"{evaluate.quantized_type} on {DEVICES[bench.device.kind]}"
        value: float = getattr(outputs.metrics, evaluate.metric)
        equal: Cell = (Number(agreement.identical_outputs or 0), " of ", Number(agreement.samples))
        rows.append([name, percent(value), equal, Number(agreement.flips), f"{agreement.largest_lsb:,.1f}"])
        steps.append((name, ": ", Sentence(outputs.interpreter)))
    head = ("Step", metric_name(evaluate.metric), "Identical", "Flips", "LSB")
    note = (
        (
            "The same samples through each step. Compared with the step before: samples with identical outputs (not "
            "for the first, from FP32), answers that flip, and the largest difference in LSB (steps of the quantized "
            f"output). Measured on host; {evaluate.quantized_type} is judged by "
        ),
        Name(evaluate.oracle),
        ".",
    )
    return Folded("Loss waterfall", [Paragraph(note), table(head, rows, len(rows)), bullets(steps)])


def classes(evaluate: EvaluateResult) -> Folded:
    """Recall of each class, the largest loss first: against the base, or from float to the quantized model."""
    found, against = evaluate.recalls(), evaluate.against_base
    base = {one.label: one.base_recall for one in against.per_class} if against else {}

    def change(label: str) -> float | None:
        before = base.get(label) if against else found[label][1]
        after = found[label][2]
        return None if before is None or after is None else after - before

    rows = (
        (
            Name(label),
            Number(found[label][0]),
            *([percent(base.get(label))] if against else []),
            _to(evaluate, percent(found[label][1]), percent(found[label][2])),
            "none" if (delta := change(label)) is None else points(delta),
        )
        for label in sorted(found, key=lambda label: change(label) or 0.0)
    )
    heads = ("Class", "Samples", *(["Base"] if against else []), f"Recall{_between(evaluate)}", _change(evaluate))
    shown = table(heads, rows, len(found))
    return Folded("Classes", [Paragraph("Measured on host; the largest loss first."), shown])


def _difference(before: float | None, after: float | None) -> Cell:
    return "none" if before is None or after is None else points(after - before)


def _between(evaluate: EvaluateResult) -> str:
    return f" FP32 → {evaluate.quantized_type}" if evaluate.float_step else f" in {evaluate.quantized_type}"


def _to(evaluate: EvaluateResult, before: Cell, after: Cell) -> Cell:
    """What it was in FP32, where there is a float model, and what it is in the quantized model."""
    return (before, " → ", after) if evaluate.float_step else after


def _change(evaluate: EvaluateResult) -> str:
    return "Against the base" if evaluate.against_base else "Change"


def values(evaluate: EvaluateResult) -> Folded:
    """The errors of each output of a regression."""
    first, last = evaluate.steps[0].metrics, evaluate.steps[-1].metrics
    if not isinstance(first, RegressionMetrics) or not isinstance(last, RegressionMetrics):
        return Folded("Values", [])
    rows = (
        (
            Name(before.name),
            _to(evaluate, Number(before.mae, "plain"), Number(after.mae, "plain")),
            _to(evaluate, Number(before.rmse, "plain"), Number(after.rmse, "plain")),
            _to(evaluate, percent(before.r2), percent(after.r2)),
        )
        for before, after in zip(first.outputs, last.outputs, strict=True)
    )
    note = f"{_between(evaluate).strip()}, measured on host; errors in the units of the labels."
    head = ("Value", "Mean absolute error", "Root mean squared error", "R²")
    return Folded("Values", [Paragraph(note), table(head, rows, len(first.outputs))])


def tags(evaluate: EvaluateResult) -> Folded:
    """The task's metric on the samples that carry a tag."""
    against = evaluate.against_base
    base = {one.tag: one.base_metric for one in against.tags} if against else {}
    rows = (
        (
            Name(tag.tag),
            Number(tag.samples),
            *([percent(base.get(tag.tag))] if against else []),
            _to(evaluate, percent(tag.float_metric), percent(tag.quantized_metric)),
            _difference(base.get(tag.tag) if against else tag.float_metric, tag.quantized_metric),
        )
        for tag in evaluate.tags
    )
    metric = f"{metric_name(evaluate.metric)}{_between(evaluate)}"
    heads = ("Tag", "Samples", *(["Base"] if against else []), metric, _change(evaluate))
    return Folded("Tags", [Paragraph("Measured on host."), table(heads, rows, len(evaluate.tags))])


def samples(title: str, between: str, paired: Paired) -> Folded:
    """Which samples the second model broke and fixed; none where an answer is not right or wrong."""

    def column(ids: list[str]) -> list[Cell]:
        more = len(ids) - MOST_SAMPLES
        return [*map(Name, ids[:MOST_SAMPLES]), *([f"{more:,} more in report.json"] if more > 0 else [])]

    rows = list(zip_longest(column(paired.broken), column(paired.fixed), fillvalue=""))
    p = "" if paired.mcnemar_p is None else f" McNemar's exact test: p {_p_value(paired.mcnemar_p)}."
    note = (
        f"{between}, or the other way round.{p}",
        " The smallest drop that this evaluation set can detect is ",
        Number(paired.smallest_detectable_drop, "points"),
        ".",
    )
    head = (f"Broken ({len(paired.broken):,})", f"Fixed ({len(paired.fixed):,})")
    return Folded(title, [Paragraph(note), table(head, rows, len(rows))])


def _p_value(p: float) -> str:
    """Never 0: what three decimals cannot show is only said to be less."""
    return f"= {p:.3f}" if p >= 0.0005 else "< 0.001"
