"""The folded parts of the comment, in their order: what lies behind each number."""

from __future__ import annotations

import heapq
from itertools import chain
from typing import TYPE_CHECKING

from quantci.render.escape import code, prose
from quantci.report import diagnosis, kernels, latency, memory, quality
from quantci.report.baseline import layer_names
from quantci.report.tables import MOST_ROWS, Section, Table
from quantci.report.wording import NBSP, STEPS, points, size, size_change

if TYPE_CHECKING:
    from quantci.records.dataset import DatasetSummary
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.origin import ReportOrigin
    from quantci.records.quantize import QuantizeResult, SourceInfo
    from quantci.records.report import BaselineComparison, Report


def sections(report: Report) -> list[Section]:
    """Every part that this report has something to say in."""
    parts: list[Section] = []
    if report.gates:
        parts.append(quality.gates(report))
    parts.append(_advice(report))
    if report.evaluate is not None:
        parts += [quality.waterfall(report.evaluate), quality.values(report.evaluate)]
        parts += [quality.classes(report.evaluate), quality.tags(report.evaluate), quality.samples(report.evaluate)]
    if report.diagnose is not None:
        parts.append(diagnosis.section(report.diagnose))
    parts.append(kernels.faults(report))
    if report.baseline is not None:
        parts.append(_changes(report.baseline))
    if report.quantize is not None:
        parts += [_layers(report.quantize), kernels.not_accelerated(report)]
        parts.append(_dataset("Calibration", report.quantize.calibration))
    if report.embed is not None and report.embed.arena is not None:
        ops = report.quantize.quantized_model.ops if report.quantize else []
        parts.append(memory.section(report.embed.arena, [op.op for op in ops]))
    if report.embed is not None and report.embed.latency is not None:
        parts.append(latency.section(report, report.embed.latency))
    if report.evaluate is not None:
        parts += [_dataset("Evaluation set", report.evaluate.dataset), _host_time(report.evaluate)]
    parts.append(_provenance(report))
    return [part for part in parts if any(table.rows for table in part.tables)]


def _changes(baseline: BaselineComparison) -> Section:
    commit = code(baseline.git_commit[:12]) if baseline.git_commit else "of an unknown commit"
    commit += f" of {code(baseline.branch)}" if baseline.branch else ""
    same = "The quantized model is the same to the byte." if baseline.same_model else "The quantized model differs."
    ops = ((code(op.op), f"{op.baseline_count:,}", f"{op.candidate_count:,}") for op in baseline.ops)
    layers = (
        (
            code(layer.name),
            "absent" if layer.baseline_bytes is None else size(layer.baseline_bytes),
            "absent" if layer.candidate_bytes is None else size(layer.candidate_bytes),
            size_change((layer.candidate_bytes or 0) - (layer.baseline_bytes or 0)),
        )
        for layer in baseline.layers
    )
    facts = []
    if baseline.float_metric_delta is not None:
        facts.append(f"FP32 accuracy {points(baseline.float_metric_delta)}, measured on host")
    if baseline.macs_delta is not None:
        facts.append(f"Multiply-accumulates {baseline.macs_delta:+,}")
    notes = (prose(note) for note in baseline.not_comparable)
    tables = [
        Table.bullets(chain(facts, notes), len(facts) + len(baseline.not_comparable)),
        Table.of(("Op", "Baseline", "This change"), ops, len(baseline.ops)),
        Table.of(("Layer", "Baseline", "This change", "Weights"), layers, len(baseline.layers)),
    ]
    return Section("What changed in the model", f"Against the baseline {commit}. {same}", tables)


def _layers(quantize: QuantizeResult) -> Section:
    model = quantize.quantized_model
    named = zip(layer_names(quantize), model.ops, strict=True)
    largest = heapq.nsmallest(
        MOST_ROWS, named, key=lambda pair: (-pair[1].weight_bytes, -(pair[1].macs or 0), pair[1].index)
    )
    cells = (
        (
            f"{code(name)}<br>{code(op.op)}",
            f"{op.weight_bytes:,}{NBSP}B",
            "not known" if op.macs is None else f"{op.macs:,}",
        )
        for name, op in largest
    )
    macs = "not known" if model.macs is None else f"{model.macs:,}"
    note = f"{model.parameter_count:,} parameters, {macs} multiply-accumulates (counted, not timed); largest first."
    return Section("Layers", note, [Table.of(("Layer", "Weights", "MACs"), cells, len(model.ops))])


def _dataset(title: str, data: DatasetSummary) -> Section:
    counts = data.image_counts
    seen = [
        f"{getattr(counts, name):,} {name.replace('_', ' ').replace('exif', 'EXIF')}"
        for name in counts.__struct_fields__
        if getattr(counts, name)
    ]
    used = f"{data.used:,} of {data.found:,} samples used" + (f", seed {data.seed}" if data.seed is not None else "")
    facts = [used]
    facts += [f"Images: {', '.join(seen)}"] if seen else []
    if data.skipped:
        count = len(data.skipped)
        files = "1 file skipped because it" if count == 1 else f"{count:,} files skipped because they"
        facts.append(f"{files} cannot be read")
    classes = ((code(label), f"{count:,}") for label, count in data.per_class.items())
    skipped = ((code(file.path), prose(file.reason)) for file in data.skipped)
    tables = [
        Table.bullets(facts),
        Table.of(("Class", "Samples"), classes, len(data.per_class)),
        Table.of(("Skipped file", "Reason"), skipped, len(data.skipped)),
    ]
    return Section(title, tables=tables)


def _host_time(evaluate: EvaluateResult) -> Section:
    """Time of an inference on the host, with what it cannot mean."""
    times = [(step, step.host_latency) for step in evaluate.steps]
    cells = (
        (
            STEPS.get(step.name, step.name),
            f"{time.median_us:,.0f}{NBSP}µs",
            f"{time.p90_us:,.0f}{NBSP}µs",
            f"{time.iterations:,} after {time.warm_up:,}",
        )
        for step, time in times
    )
    workers, threads = times[-1][1].workers, times[-1][1].threads
    others = "an unknown number of workers" if workers is None else "1 worker" if workers == 1 else f"{workers} workers"
    note = (
        f"One inference, measured on the host while {others} ran, with {threads} "
        f"{'thread' if threads == 1 else 'threads'} each. It says nothing about the chip."
    )
    head = ("Step", "Median", "90 % below", "Inferences after warm-up")
    return Section("Time on the host", note, [Table.of(head, cells, len(times))])


def _conversion(source: SourceInfo) -> str:
    """How far the float model is from its source."""
    if source.largest_difference is None:
        return "taken as it is"
    return (
        f"largest difference of an output to the source model {source.largest_difference:.2g}, over "
        f"{source.compared_samples:,} {'sample' if source.compared_samples == 1 else 'samples'}"
    )


def _advice(report: Report) -> Section:
    results = (report.quantize, report.evaluate, report.embed)
    found = [*report.advice, *(advice for result in results if result is not None for advice in result.advice)]
    if report.diagnose is not None:
        found += report.diagnose.advice[: diagnosis.MOST_ADVICE]
    told = dict.fromkeys((item.text, item.code) for item in found)  # two stages may say the same
    lines = (f"{prose(text)} ({code(word)})" for text, word in told)
    return Section("Advice", tables=[Table.bullets(lines, len(told))])


def _provenance(report: Report) -> Section:
    head = report.provenance
    facts = [("quantci", code(head.quantci_version)), ("Written", code(head.created_at)), ("Host", code(head.host))]
    facts += [("Commit", code(head.git_commit[:12]))] if head.git_commit else []
    facts += _origin(report.origin) if report.origin else []
    if report.quantize is not None:
        result = report.quantize
        facts += [
            ("Source model", f"{code(result.source.path)} {_digest(result.source.sha256)}"),
            ("Float model", _conversion(result.source)),
            ("Quantized model", _digest(result.quantized_model.sha256)),
            ("Engine", f"{code(result.engine)} {code(result.engine_version)}"),
            ("Recipe", f"{code(result.recipe)} {code(result.input_type)} → {code(result.output_type)}"),
            ("Calibration set", f"{code(result.calibration.path)} {_digest(result.calibration.sha256)}"),
        ]
    if report.evaluate is not None:
        data, last = report.evaluate.dataset, report.evaluate.steps[-1]
        facts += [
            ("Oracle", prose(last.interpreter)),
            ("Evaluation set", f"{code(data.path)} {_digest(data.sha256)}"),
        ]
    if report.embed is not None and report.embed.arena is not None:
        facts.append(("Tensor arena", prose(report.embed.arena.basis)))
    if report.embed is not None and report.embed.latency is not None:
        facts.append(("Latency estimate", prose(report.embed.latency.basis)))
    tools = ((code(tool), code(version)) for tool, version in sorted(head.tools.items()))
    cells = chain(facts, tools)
    return Section("Provenance", tables=[Table.of(("What", "Which"), cells, len(facts) + len(head.tools))])


def _origin(origin: ReportOrigin) -> list[tuple[str, str]]:
    """What the CI service said about the run."""
    run = f"{origin.run_id}, attempt {origin.run_attempt}" if origin.run_id and origin.run_attempt else ""
    facts = [
        ("Key", origin.key),
        ("Configuration", origin.configuration),
        ("Branch", origin.branch),
        ("Head commit" if origin.pull_request else "Measured commit", (origin.commit or "")[:12]),
        ("Run", run),
    ]
    return [(name, code(text)) for name, text in facts if text]


def _digest(sha256: str) -> str:
    return code(sha256[:12])
