"""The few figures of a record that other steps of a workflow want, as the outputs of an action."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ConfigError
from quantci.github.runner.check import MOST_JOBS
from quantci.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from quantci.records.bench import BenchResult
    from quantci.records.diagnose import DiagnoseResult
    from quantci.records.embed import EmbedResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import QuantizeResult
    from quantci.records.report import Report

_SHARD_COUNT: Final = "QUANTCI_SHARD_COUNT"


def _quantize(result: QuantizeResult, output: Path) -> dict[str, str]:
    """Paths, sizes in bytes and the digest of the INT8 model; empty what an INT8 model that was given does not have."""
    quantized, reference = result.quantized_model, result.float_model
    return {
        "float-model": _path(output, reference.file_name) if reference else "",
        "quantized-model": _path(output, quantized.file_name),
        "float-bytes": str(reference.file_bytes) if reference else "",
        "quantized-bytes": str(quantized.file_bytes),
        "quantized-sha256": quantized.sha256,
        "engine": result.engine or "",
    }


def _evaluate(result: EvaluateResult, output: Path) -> dict[str, str]:
    """Accuracy (or ROC AUC) as ratios 0..1, the delta INT8 minus float with its interval; empty without float."""
    paired = result.paired
    return {
        "predictions": _path(output, result.predictions_file),
        "samples": str(result.dataset.used),
        "metric": result.metric,
        "float-metric": _ratio(result.float_metric),
        "quantized-metric": _ratio(result.headline(-1)),
        "metric-delta": _ratio(paired.delta if paired else None),
        "metric-delta-low": _ratio(paired.interval.low if paired else None),
        "metric-delta-high": _ratio(paired.interval.high if paired else None),
    }


def _diagnose(result: DiagnoseResult, _output: Path) -> dict[str, str]:
    """The first bad layer, empty where there is none; how much was compared; how many pieces of advice there are."""
    first = None if result.first_below is None else result.layers[result.first_below]
    return {
        "first-bad-layer": visible(first.name) if first else "",
        "compared-layers": str(len(result.layers)),
        "advice-count": str(len(result.advice)),
    }


def _embed(result: EmbedResult, output: Path) -> dict[str, str]:
    """The component's folder, and the arena in bytes: estimated, empty where it is not known."""
    return {
        "component": _path(output, result.component_dir),
        "arena-bytes": str(result.arena.recommended_bytes) if result.arena else "",
    }


def _bench(result: BenchResult, _output: Path) -> dict[str, str]:
    """What took part, its outputs against the host's, and the latency if that was measured on a board."""
    outputs, against = result.outputs, result.against_base
    metric: float = getattr(outputs.metrics, outputs.paired.metric)
    return {
        "device-kind": result.device.kind,
        "latency-us": f"{result.latency.median_us:.1f}" if result.latency else "",
        "latency-change": _ratio(against.change) if against else "",
        "identical-outputs": str(outputs.agreement.identical_outputs),
        "samples": str(outputs.agreement.samples),
        "device-metric": _ratio(metric),
        "device-arena-bytes": str(result.arena.used_bytes),
        "first-op": str(outputs.first_op.index) if outputs.first_op else "",
    }


# A stage's result -> what its action outputs, besides how it ended and where its record is.
FIGURES: Final[dict[str, Callable[[Any, Path], dict[str, str]]]] = {
    "quantize": _quantize,
    "evaluate": _evaluate,
    "diagnose": _diagnose,
    "embed": _embed,
    "bench": _bench,
}


def report_figures(report: Report, output: Path) -> dict[str, str]:
    """Verdict and reason, and what the stages found as far as they got."""
    figures = {
        "report": _path(output, "report.json"),
        "markdown": _path(output, "report.md"),
        "verdict": report.verdict,
        "reason": report.verdict_reason,
    }
    if report.quantize is not None:
        figures["quantized-bytes"] = str(report.quantize.quantized_model.file_bytes)
    if report.evaluate is not None:
        figures["metric-delta"] = _ratio(report.evaluate.paired.delta if report.evaluate.paired else None)
        figures["quantized-metric"] = _ratio(report.evaluate.headline(-1))
        if report.evaluate.against_base is not None:
            figures["base-delta"] = _ratio(report.evaluate.against_base.paired.delta)
    if report.embed is not None and report.embed.arena is not None:
        figures["arena-bytes"] = str(report.embed.arena.recommended_bytes)
    if report.embed is not None and report.embed.latency is not None and report.embed.latency.total_us is not None:
        figures["latency-us-estimated"] = f"{report.embed.latency.total_us:.0f}"
    return figures


def shard_list(environment: Mapping[str, str]) -> str:
    """JSON for a matrix: `["1/2", "2/2"]` of QUANTCI_SHARD_COUNT=2.

    Raises:
        ConfigError: `shard`.
    """
    text = environment.get(_SHARD_COUNT) or "1"
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 1 <= count <= MOST_JOBS:
        raise ConfigError(
            "shard",
            f"{text[:40]!r} is not a valid number of shards.",
            where=_SHARD_COUNT,
            remedy=f"Give a number from 1 to {MOST_JOBS}, the most jobs that a matrix can have.",
        )
    return json.dumps([f"{index}/{count}" for index in range(1, count + 1)])


def _ratio(number: float | None) -> str:
    return "" if number is None else f"{number:.6f}"


def _path(output: Path, name: str) -> str:
    return (output / name).as_posix()
