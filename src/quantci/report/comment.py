"""What a report says: a verdict, the few numbers that everybody reads, and folded parts with what lies behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render import markdown
from quantci.render.cells import Mark, Name, Paragraph, Rows, Sentence, Strong, bullets
from quantci.report.gates import moved
from quantci.report.sections import (
    base,
    data,
    device,
    diagnosis,
    kernels,
    ladder,
    latency,
    memory,
    model,
    provenance,
    quality,
    rewrites,
    training,
)
from quantci.report.summary.table import figures
from quantci.report.summary.title import headline, identity

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.report import Report
    from quantci.records.stage import Failure
    from quantci.render.cells import Block, Cell, Folded

_MOST_FAILURES: Final = 4  # there are as many stages
_MOST_BESIDE: Final = 20  # there are hardly more gates
_MOST_DOUBTS: Final = 5  # no report of ours has more


def render(report: Report, limit: int = markdown.COMMENT_LIMIT) -> str:
    """The comment in GitHub's Markdown, at most `limit` characters."""
    text = markdown.render([*opening(report), *sections(report)], limit)
    if markdown.length(text) <= limit:
        return text
    # Only a report that nobody's models make says so much outside of its tables: what stopped the run is left.
    return markdown.render(opening(report, most_failures=1))


def opening(report: Report, most_failures: int = _MOST_FAILURES + 1) -> list[Block]:
    """What stands open: verdict, reason, faults and the summary."""
    title: list[Cell] = [Mark(report.verdict, f"quantci: {headline(report)}"), " · ", Name(report.title)]
    for word, name in identity(report):
        title += [f" · {word} " if word else " · ", Name(name, 100)]
    faults = [bullets(fault(failure, report.verdict_reason)) for failure in _failures(report)[:most_failures]]
    beside = [*map(moved.sentence, report.gate_changes), *report.not_judged]
    told = [bullets([*map(Sentence, beside[:_MOST_BESIDE])])] if beside else []
    return [
        Paragraph(tuple(title)),
        Paragraph(Sentence(report.verdict_reason)),
        *faults,
        *_doubts(report),
        *told,
        figures(report),
        base.compared_with(report),
    ]


def sections(report: Report) -> list[Folded]:
    """Every folded part that this report has something to say in."""
    parts: list[Folded] = []
    if report.gates:
        parts.append(quality.gates(report))
    parts.append(provenance.advice(report))
    if report.evaluate is not None:
        parts += [quality.waterfall(report.evaluate, report.bench), quality.values(report.evaluate)]
        parts += [quality.classes(report.evaluate), quality.tags(report.evaluate), *_samples(report.evaluate)]
    parts += [*ladder.sections(report.quantize), *training.sections(report.quantize)]
    if report.diagnose is not None:
        parts.append(diagnosis.section(report.diagnose))
    parts.append(kernels.faults(report))
    if report.baseline is not None:
        parts.append(model.changes(report.baseline))
    if report.quantize is not None:
        parts += [rewrites.section(report.quantize), model.layers(report.quantize), kernels.not_accelerated(report)]
        if report.quantize.calibration is not None:
            parts.append(data.section("Calibration", report.quantize.calibration))
    if report.embed is not None and report.embed.arena is not None:
        ops = report.quantize.quantized_model.ops if report.quantize else []
        parts.append(memory.section(report.embed.arena, [op.op for op in ops]))
    parts += device.sections(report.bench)
    if report.embed is not None and report.embed.latency is not None:
        parts.append(latency.section(report, report.embed.latency))
    if report.evaluate is not None:
        parts += [data.section("Evaluation set", report.evaluate.dataset), data.host_time(report.evaluate)]
    parts.append(provenance.section(report))
    return [part for part in parts if any(isinstance(block, Rows) and block.rows for block in part.blocks)]


def _doubts(report: Report) -> list[Block]:
    """Whether the float model is any good, where the reason does not say that already, and what would make it so."""
    doubts = [doubt for part in (report.evaluate, report.quantize) if part for doubt in part.reference]
    texts = [doubt.text for doubt in doubts[:_MOST_DOUBTS]]
    texts += [advice.text for advice in provenance.remedies(report.evaluate)] if report.evaluate else []
    lines = [Sentence(text) for text in texts if text not in report.verdict_reason]
    return [bullets(lines)] if lines else []


def _samples(evaluate: EvaluateResult) -> list[Folded]:
    against = evaluate.against_base
    title = "Samples broken and fixed"
    between = "Right in the base's model and wrong in this change's"
    base = [quality.samples(f"{title} against the base", between, against.paired)] if against else []
    paired = evaluate.paired
    lost = f"Right in FP32 and wrong in {evaluate.quantized_type}"
    return [*base, *([quality.samples(title, lost, paired)] if paired else [])]


def _failures(report: Report) -> list[Failure]:
    """The fault that stopped the run, then those of other stages."""
    stopped = [
        outcome.failure for outcome in report.stages if outcome.failure is not None and outcome.status != "not_run"
    ]
    found = ([report.failure] if report.failure else []) + stopped[:_MOST_FAILURES]
    return [failure for index, failure in enumerate(found) if failure not in found[:index]]


def fault(failure: Failure, said: str = "") -> list[Cell]:
    """Cause, unless that was said already, remedy, place and code."""
    lines: list[Cell] = []
    if failure.cause.strip() and failure.cause not in said:
        lines.append((Strong("Cause:"), " ", Sentence(failure.cause)))
    lines.append((Strong("What to do:"), " ", Sentence(failure.remedy)))
    if failure.where:
        lines.append((Strong("Where:"), " ", Name(failure.where, 200)))
    return [*lines, (Strong("Code:"), " ", Name(failure.code))]
