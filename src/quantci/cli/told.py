"""What an action tells the CI service: from the record that its command wrote, or from the fault that left none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quantci.cli.diagnose import is_called_for
from quantci.cli.evaluate import parse_shard
from quantci.cli.inputs import CONFIG, failure_of
from quantci.cli.options import DEFAULT_FILE
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import load
from quantci.cli.workspace import ROOT
from quantci.github.runner.step_outputs import shard_list
from quantci.records.base import read
from quantci.records.stages import EVALUATE, STAGES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.errors import QuantciError
    from quantci.github.runner.outcome import Told
    from quantci.records.stage import StageRecord


def of_comment(nested: argparse.Namespace, environment: Mapping[str, str]) -> Told:
    """The comment annotates and summarizes by itself, at a desk too."""
    from quantci.cli.comment import keep
    from quantci.github.runner.outcome import Told

    kept = keep(nested, environment)
    return Told({"result": kept.result, "url": kept.url, "code": kept.code}, "", [])


def of_record(name: str, nested: argparse.Namespace, environment: Mapping[str, str]) -> Told:
    """From the record that the run wrote."""
    from quantci.github.runner.outcome import tell
    from quantci.records.report import Report
    from quantci.records.shard import ShardRecord

    settings = load(nested)
    folder = OutputFolder.of(settings)
    shard = getattr(nested, "shard", None)
    record: StageRecord
    if name == "report":
        record = read(folder.path / "report.json", Report)
    elif shard:
        record = read(folder.path / parse_shard(shard).record_file, ShardRecord)
    else:
        record = folder.record(EVALUATE if name == "merge" else next(one for one in STAGES if one.name == name))
    fails_on_gate = getattr(nested, "fail_on", "gate") == "gate"
    told = tell(record, folder.path, settings.file, Path(environment[ROOT]), fails_on_gate=fails_on_gate)
    if name == "quantize":
        told.outputs["shards"] = shard_list(environment)
    if name in {"evaluate", "merge"} and not shard:
        told.outputs["metric-lost"] = "true" if is_called_for(settings, folder) else "false"
    return told


def of_fault(name: str, nested: argparse.Namespace | None, fault: QuantciError, environment: Mapping[str, str]) -> Told:
    """Of a command that left no record, or whose record says no more than the fault does."""
    from quantci.github.runner.outcome import Told, tell_failure

    if name == "comment" and nested is not None:  # has said it all
        return Told({"result": "failed", "url": "", "code": fault.code}, "", [])
    config = Path(environment.get(CONFIG.variable) or DEFAULT_FILE)
    return tell_failure(name, fault.status, failure_of(fault), config, Path(environment[ROOT]))
