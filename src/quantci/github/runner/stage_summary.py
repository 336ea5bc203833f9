"""What the page of a run says about one stage: its key figures, or the fault that ended it, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.records.shard import ShardRecord
from quantci.render.cells import Heading, Interval, Name, Sentence, bullets, joined, table
from quantci.render.markdown import render
from quantci.render.numbers import NBSP, Number, percent, points, size
from quantci.report.comment import fault
from quantci.report.sections.diagnosis import cells, headline, worst_layers
from quantci.report.wording import STATUSES, metric_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantci.records.bench import BenchResult
    from quantci.records.diagnose import DiagnoseResult
    from quantci.records.doubt import Doubt
    from quantci.records.embed import EmbedResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import QuantizeResult
    from quantci.records.shard import Shard, ShardResult
    from quantci.records.stage import Advice, Failure
    from quantci.render.cells import Cell

_MOST_ADVICE: Final = 10


def stage_summary(record: Any) -> str:
    """The summary of a stage's record, or of a shard's; names from models and data are literal text."""
    if record.failure is not None:
        return failure_summary(record.stage, record.status, record.failure)
    rows: list[tuple[str, Cell]]
    advice: Sequence[Advice | Doubt] = []
    if isinstance(record, ShardRecord):
        rows = _shard(record.shard, record.result) if record.result else []
    else:
        rows = _ROWS[record.stage](record.result)
        advice = [*getattr(record.result, "reference", []), *record.result.advice]
    rows.append(("Time", f"{record.provenance.duration_s:.1f}{NBSP}s"))
    told = [(Sentence(one.text), " (", Name(one.code), ")") for one in advice[:_MOST_ADVICE]]
    return render([Heading(f"quantci {record.stage}"), table(("", ""), rows), bullets(told)])


def failure_summary(stage: str, status: str, failure: Failure) -> str:
    """The summary of a stage that gave no result."""
    title = f"❌ quantci {stage}: {STATUSES.get(status, status)}"
    return render([Heading(title), bullets(fault(failure))])


def _quantize(result: QuantizeResult) -> list[tuple[str, Cell]]:
    model, before = result.quantized_model, result.float_model.file_bytes if result.float_model else 0
    share = (", ", percent(model.file_bytes / before), " of FP32") if before else ""
    rows: list[tuple[str, Cell]] = [
        (f"{model.quantized_type} model", (Name(model.file_name), " ", size(model.file_bytes), share)),
        ("SHA-256", Name(model.sha256, 64)),
    ]
    if result.given is not None:
        rows += [("Given as", Name(result.given.path)), ("Recipe", Sentence(result.given.reason))]
        rows += [("Float model", Sentence(result.given.float_reason))] if result.given.float_reason else []
    if result.source is not None:
        rows.append(("Source", (Name(result.source.path), " ", Name(result.source.format))))
    if result.engine is not None:
        version, recipe = Name(result.engine_version or ""), Name(result.recipe or "")
        rows.append(("Engine", (Name(result.engine), " ", version, ", recipe ", recipe)))
    if result.calibration is not None:
        used, found = result.calibration.used, result.calibration.found
        rows.append(("Calibration samples", (Number(used), " of ", Number(found))))
    return rows


def _evaluate(result: EvaluateResult) -> list[tuple[str, Cell]]:
    paired, last = result.paired, result.steps[-1]
    if paired is None:
        return [
            (metric_name(result.metric, result.quantized_type), percent(result.headline(-1))),
            ("Float model", Sentence(result.why_absent("float"))),
            ("Samples", Number(result.dataset.used)),
            (f"{result.quantized_type} was judged in", Sentence(last.interpreter)),
        ]
    interval = Interval(paired.interval.low, paired.interval.high, paired.interval.level)
    broken = f"; broken {len(paired.broken):,}, fixed {len(paired.fixed):,}"
    return [
        (
            metric_name(paired.metric),
            ("FP32 ", percent(result.headline(0)), f" → {result.quantized_type} ", percent(result.headline(-1))),
        ),
        ("Difference", (points(paired.delta), " ", interval, ", measured on host")),
        ("Samples", (Number(result.dataset.used), broken)),
        (f"{result.quantized_type} was judged in", Sentence(last.interpreter)),
    ]


def _diagnose(result: DiagnoseResult) -> list[tuple[str, Cell]]:
    worst = [
        (f"Worst {layer.rank}", (Name(layer.name), " ", cells(layer)[0], " of its own"))
        for layer in worst_layers(result)[:3]
    ]
    return [("Where accuracy goes", headline(result)), *worst, ("Calibration samples", Number(result.samples))]


def _embed(result: EmbedResult) -> list[tuple[str, Cell]]:
    return [
        ("Component", Name(result.component_dir)),
        ("Tensor arena", size(result.arena.recommended_bytes, "estimated") if result.arena else "not known"),
        ("Registered ops", joined(" ", map(Name, result.resolver_ops))),
    ]


def _bench(result: BenchResult) -> list[tuple[str, Cell]]:
    outputs, latency = result.outputs, result.latency
    same = (Number(outputs.agreement.identical_outputs or 0), " of ", Number(outputs.agreement.samples))
    shown: Cell = Sentence(result.latency_reason)
    if latency is not None:
        shown = (Number(latency.median_us, "µs"), ", measured")
    return [
        ("Device", (Name(result.device.kind), ": ", Sentence(outputs.interpreter))),
        ("Outputs", (*same, " are those of the host")),
        (metric_name(outputs.paired.metric), percent(getattr(outputs.metrics, outputs.paired.metric))),
        ("Latency", shown),
        ("Tensor arena", (size(result.arena.used_bytes), " used")),
    ]


# A stage's result -> its key figures.
_ROWS: Final[dict[str, Callable[[Any], list[tuple[str, Cell]]]]] = {
    "quantize": _quantize,
    "evaluate": _evaluate,
    "diagnose": _diagnose,
    "embed": _embed,
    "bench": _bench,
}


def _shard(shard: Shard, result: ShardResult) -> list[tuple[str, Cell]]:
    step = "int8-oracle" if "int8-oracle" in result.interpreters else "int8-litert"
    return [
        ("Shard", f"{shard.index} of {shard.count}"),
        ("Samples", (Number(len(result.samples)), " of ", Number(result.found))),
        ("Judged in", Sentence(result.interpreters.get(step, "not known"))),
    ]
