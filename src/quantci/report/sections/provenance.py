"""What made the report, out of what, and what everybody who took part advises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.render.cells import Folded, Name, Sentence, bullets, table
from quantci.report.sections.diagnosis import MOST_ADVICE

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.origin import ReportOrigin
    from quantci.records.quantize import QuantizeResult, SourceInfo
    from quantci.records.report import Report
    from quantci.records.stage import Advice
    from quantci.render.cells import Cell


def advice(report: Report) -> Folded:
    """What to do, each thing once: two stages may say the same. What the comment begins with is left out."""
    results = (report.quantize, report.evaluate, report.embed, report.bench)
    found = [*report.advice, *(advice for result in results if result is not None for advice in result.advice)]
    if report.diagnose is not None:
        found += report.diagnose.advice[:MOST_ADVICE]
    opening = remedies(report.evaluate) if report.evaluate is not None else []
    told = dict.fromkeys((item.text, item.code) for item in found if item not in opening)
    return Folded("Advice", [bullets([(Sentence(text), " (", Name(word), ")") for text, word in told])])


def remedies(evaluate: EvaluateResult) -> list[Advice]:
    """What would put the float model right, where it is doubted: that is read before any figure of it."""
    return [advice for advice in evaluate.advice if advice.code == "preprocessing"]


def section(report: Report) -> Folded:
    """Versions, digests and the run."""
    head = report.provenance
    facts: list[tuple[str, Cell]] = [
        ("quantci", Name(head.quantci_version)),
        ("Written", Name(head.created_at)),
        ("Host", Name(head.host)),
    ]
    facts += [("Commit", Name(head.git_commit[:12]))] if head.git_commit else []
    facts += _origin(report.origin) if report.origin else []
    if report.quantize is not None:
        facts += _quantize(report.quantize)
    if report.evaluate is not None:
        data, last = report.evaluate.dataset, report.evaluate.steps[-1]
        facts += [("Oracle", Sentence(last.interpreter)), ("Evaluation set", _file(data.path, data.sha256))]
    if report.embed is not None and report.embed.arena is not None:
        facts.append(("Tensor arena", Sentence(report.embed.arena.basis)))
    if report.embed is not None and report.embed.latency is not None:
        facts.append(("Latency estimate", Sentence(report.embed.latency.basis)))
    tools = [(Name(tool), Name(version)) for tool, version in sorted(head.tools.items())]
    return Folded("Provenance", [table(("What", "Which"), [*facts, *tools], len(facts) + len(tools))])


def _quantize(result: QuantizeResult) -> list[tuple[str, Cell]]:
    """Which models these are, and how the INT8 one came about, if quantci made it."""
    types = (Name(result.input_type), " → ", Name(result.output_type))
    source, given, calibration = result.source, result.given, result.calibration
    facts: list[tuple[str, Cell]] = []
    if source is not None:
        facts += [("Source model", _file(source.path, source.sha256)), ("Float model", _conversion(source))]
    facts.append(("Quantized model", Name(result.quantized_model.sha256[:12])))
    if given is not None:
        facts += [("Given as", (_file(given.path, given.sha256), " ", *types)), ("Recipe", Sentence(given.reason))]
        facts += [("Float model", Sentence(given.float_reason))] if given.float_reason else []
    if result.engine is not None:
        facts += [
            ("Engine", (Name(result.engine), " ", Name(result.engine_version or ""))),
            ("Recipe", (Name(result.recipe or ""), " ", *types)),
        ]
    if calibration is not None:
        facts.append(("Calibration set", _file(calibration.path, calibration.sha256)))
    return facts


def _conversion(source: SourceInfo) -> str:
    """How far the float model is from its source."""
    turned = "" if source.turned_shape is None else f"; channels moved last from {source.turned_shape}"
    if source.largest_difference is None:
        return "taken as it is" if source.converter is None else f"converted, not compared with its source{turned}"
    onnx = "" if source.exported_difference is None else f" (of its ONNX: {source.exported_difference:.2g})"
    return (
        f"largest difference of an output from the source model {source.largest_difference:.2g}{onnx}, over "
        f"{source.compared_samples:,} {'sample' if source.compared_samples == 1 else 'samples'}{turned}"
    )


def _origin(origin: ReportOrigin) -> list[tuple[str, Cell]]:
    """What the CI service said about the run."""
    run = f"{origin.run_id}, attempt {origin.run_attempt}" if origin.run_id and origin.run_attempt else ""
    facts = [
        ("Key", origin.key),
        ("Configuration", origin.configuration),
        ("Branch", origin.branch),
        ("Head commit" if origin.pull_request else "Measured commit", (origin.commit or "")[:12]),
        ("Run", run),
    ]
    return [(name, Name(text)) for name, text in facts if text]


def _file(path: str, sha256: str) -> Cell:
    return (Name(path), " ", Name(sha256[:12]))
