"""What the CI service gets of a finished stage: outputs for later steps, a summary for its page, and annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quantci.github.runner.annotation_location import Place, place_of
from quantci.github.runner.annotations import Level, annotation
from quantci.github.runner.stage_summary import failure_summary, stage_summary
from quantci.github.runner.step_outputs import FIGURES, report_figures
from quantci.records.report import Report
from quantci.records.shard import ShardRecord
from quantci.report.comment import render
from quantci.report.verdict import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from quantci.records.doubt import Doubt
    from quantci.records.stage import Advice, Failure, StageRecord

_MOST: Final = 9  # a runner shows ten of a level for a step
QUIET: Final = {"no-baseline"}  # nobody can do anything about it


class Told(NamedTuple):
    """What is to be written, and the annotations to be printed, a line each."""

    outputs: dict[str, str]
    summary: str
    annotations: list[str]


def tell(record: Any, output: Path, config: Path, root: Path, *, fails_on_gate: bool = True) -> Told:
    """What the record of a stage, or the report, says to a runner.

    Args:
        record: of this run.
        output: folder that the record's file names are relative to.
        config: quantci.toml.
        root: the repository; annotations are about files in it.
        fails_on_gate: whether a failed gate fails the step.
    """
    outputs = {"status": record.status, "code": record.failure.code if record.failure else ""}
    summary = ""
    advice: Sequence[Advice | Doubt] = []
    if isinstance(record, Report):
        outputs |= report_figures(record, output)
        summary, advice = render(record), record.advice
    elif isinstance(record, ShardRecord):
        summary = stage_summary(record)
        outputs["record"] = (output / record.shard.record_file).as_posix()
        outputs["shard-name"] = f"{record.shard.index}-of-{record.shard.count}"
        if record.result is not None:
            outputs["samples"] = str(len(record.result.samples))
    else:
        summary = stage_summary(record)
        outputs["record"] = (output / f"{record.stage}.json").as_posix()
        if record.result is not None:
            outputs |= FIGURES[record.stage](record.result, output)
            advice = [*getattr(record.result, "reference", []), *record.result.advice]
    gates = _gates(record, config, root, fails_on_gate=fails_on_gate)
    lines = [*_faults(record.failure, config, root), *gates, *_advice(advice, config, root)]
    return Told(outputs, summary, lines)


def tell_failure(stage: str, status: str, failure: Failure, config: Path, root: Path) -> Told:
    """What is said of a stage that ended before it had a record: its configuration is wrong."""
    outputs = {"status": status, "code": failure.code}
    return Told(outputs, failure_summary(stage, status, failure), _faults(failure, config, root))


def _faults(failure: Failure | None, config: Path, root: Path) -> list[str]:
    if failure is None:
        return []
    place = place_of(failure.where, config, root)
    where = f"{failure.where}: " if failure.where else ""
    text = f"{where}{failure.cause} {failure.remedy}"
    return [_at(place, "error", text, f"quantci {failure.code}")]


def _gates(record: StageRecord, config: Path, root: Path, *, fails_on_gate: bool) -> Iterable[str]:
    """A gate that fails the step is an error, another that does not hold a warning; each on its line, the worst first.

    Where all hold and it is still no pass, because this change loosened one, that is a warning on its line.
    """
    if not isinstance(record, Report) or record.failure is not None:
        return
    open_gates = [gate for gate in worst_first(record.gates) if gate.verdict != "pass"]
    for gate in open_gates[:_MOST]:
        level: Level = "error" if gate.verdict == "fail" and fails_on_gate else "warning"
        yield _at(place_of(f"gates.{gate.name}", config, root), level, gate.reason, f"quantci gate {gate.name}")
    if record.gate_changes and not open_gates and record.verdict == "inconclusive":
        yield _at(
            place_of(record.gate_changes[0].name, config, root), "warning", record.verdict_reason, "quantci verdict"
        )


def _advice(advice: Sequence[Advice | Doubt], config: Path, root: Path) -> Iterable[str]:
    for one in [one for one in advice if one.code not in QUIET][:_MOST]:
        yield _at(place_of("", config, root), "warning", one.text, f"quantci {one.code}")


def _at(place: Place, level: Level, text: str, title: str) -> str:
    return annotation(level, text, title=title, file=place.file, line=place.line)
