"""What the page of a run says about one stage: its key figures, or the fault that ended it, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.records.shard import ShardRecord
from quantci.render.escape import code, prose, row
from quantci.report.diagnosis import cells, headline
from quantci.report.markdown import environment
from quantci.report.wording import METRICS, NBSP, STATUSES, percent, points, signed, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from quantci.records.diagnose import DiagnoseResult
    from quantci.records.embed import EmbedResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import QuantizeResult
    from quantci.records.shard import Shard, ShardResult
    from quantci.records.stage import Advice, Failure

_MOST_ADVICE: Final = 10


def stage_summary(record: Any) -> str:
    """The summary of a stage's record, or of a shard's; names from models and data are literal text."""
    if record.failure is not None:
        return failure_summary(record.stage, record.status, record.failure)
    advice: list[Advice] = []
    if isinstance(record, ShardRecord):
        rows = _shard(record.shard, record.result) if record.result else []
    else:
        rows, advice = _ROWS[record.stage](record.result), record.result.advice
    seconds = f"{record.provenance.duration_s:.1f}{NBSP}s"
    return _render(
        "stage.md.j2",
        stage=record.stage,
        rows=[row(cells) for cells in (*rows, ("Time", seconds))],
        advice=[f"{prose(one.text)} ({code(one.code)})" for one in advice[:_MOST_ADVICE]],
    )


def failure_summary(stage: str, status: str, failure: Failure) -> str:
    """The summary of a stage that gave no result."""
    return _render(
        "failure.md.j2",
        stage=stage,
        status=STATUSES.get(status, status),
        cause=prose(failure.cause),
        remedy=prose(failure.remedy),
        where=code(failure.where, 200) if failure.where else "",
        code=code(failure.code),
    )


def _quantize(result: QuantizeResult) -> list[tuple[str, str]]:
    model, before = result.quantized_model, result.float_model.file_bytes
    share = f", {model.file_bytes / before:.1%}".replace("%", f"{NBSP}% of FP32") if before else ""
    return [
        ("INT8 model", f"{code(model.file_name)} {size(model.file_bytes)}{share}"),
        ("SHA-256", code(model.sha256, 64)),
        ("Source", f"{code(result.source.path)} {code(result.source.format)}"),
        ("Engine", f"{code(result.engine)} {code(result.engine_version)}, recipe {code(result.recipe)}"),
        ("Calibration samples", f"{result.calibration.used:,} of {result.calibration.found:,}"),
    ]


def _evaluate(result: EvaluateResult) -> list[tuple[str, str]]:
    paired, last = result.paired, result.steps[-1]
    low, high = signed(100 * paired.interval.low, 1), signed(100 * paired.interval.high, 1)
    level = f"{100 * paired.interval.level:.0f}{NBSP}%"
    return [
        (METRICS[paired.metric], f"FP32 {percent(result.headline(0))} → INT8 {percent(result.headline(-1))}"),
        ("Difference", f"{points(paired.delta)} ({level}: {low} to {high}), measured on host"),
        ("Samples", f"{result.dataset.used:,}; broken {len(paired.broken):,}, fixed {len(paired.fixed):,}"),
        ("INT8 was judged in", prose(last.interpreter)),
    ]


def _diagnose(result: DiagnoseResult) -> list[tuple[str, str]]:
    worst = sorted(result.layers, key=lambda layer: layer.rank)[:3]
    return [
        ("Where accuracy goes", headline(result, code)),
        *((f"Worst {layer.rank}", f"{code(layer.name)} {cells(layer)[0]} of its own") for layer in worst),
        ("Calibration samples", f"{result.samples:,}"),
    ]


def _embed(result: EmbedResult) -> list[tuple[str, str]]:
    arena = f"{size(result.arena.recommended_bytes)}, estimated" if result.arena else "not known"
    return [
        ("Component", code(result.component_dir)),
        ("Tensor arena", arena),
        ("Registered ops", " ".join(map(code, result.resolver_ops))),
    ]


# A stage's result -> its key figures.
_ROWS: Final[dict[str, Callable[[Any], list[tuple[str, str]]]]] = {
    "quantize": _quantize,
    "evaluate": _evaluate,
    "diagnose": _diagnose,
    "embed": _embed,
}


def _shard(shard: Shard, result: ShardResult) -> list[tuple[str, str]]:
    return [
        ("Shard", f"{shard.index} of {shard.count}"),
        ("Samples", f"{len(result.samples):,} of {result.found:,}"),
        ("INT8 is judged in", prose(result.interpreters[-1])),
    ]


def _render(name: str, **values: str | Iterable[str]) -> str:
    return environment("quantci.github").get_template(name).render(values)
