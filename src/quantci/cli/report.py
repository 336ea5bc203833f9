"""Join the records of the output folder, judge the gates and write report.json and report.md (the comment).

With a baseline (report.json of the base branch) the report says what changed. With a key it says which model, branch,
commit and run it is about, and takes only a baseline of that key and of the branch that the change goes to.

examples:
  quantci report
  quantci report --baseline base/report.json
  quantci report --baseline base/report.json --key kws --base-branch main
  quantci report --gates-max-metric-drop 0.05; echo $?
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.cli import baseline, options
from quantci.cli.baseline import Against
from quantci.cli.provenance import Origin
from quantci.cli.settings import Settings, load, output_of_broken
from quantci.cli.stage import failure_of, remove_records
from quantci.errors import EXIT_GATE, EXIT_INFRASTRUCTURE, EXIT_INPUT, EXIT_OK, ConfigError, QuantciError
from quantci.records.base import read, write, write_bytes
from quantci.records.stages import REPORT, STAGES

if TYPE_CHECKING:
    import argparse

    from quantci.records.origin import ReportOrigin
    from quantci.records.report import Report

_INPUT_STATUSES = {"config_rejected", "model_rejected", "data_rejected"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    baseline.add_arguments(parser)
    add_fail_on(parser)
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the report, show a table, and answer with the verdict's exit code."""
    try:
        fails_on_gate = parse_fail_on(arguments.fail_on)
        settings = load(arguments)
        against = Against.of(arguments, os.environ)
    except ConfigError as error:
        write_broken(arguments, error)
        raise
    report = write_report(settings, against)
    code = exit_code(report, settings, fails_on_gate=fails_on_gate)
    show_failure(report)
    from quantci.report.terminal import print_report

    with contextlib.suppress(BrokenPipeError):
        print_report(report)
        print(f"{settings.output / 'report.json'}\n{settings.output / 'report.md'}")
    missing = _missing_record(report)
    if missing is None:
        return code
    print(f"quantci: {missing}", file=sys.stderr)
    return missing.exit_code


def _missing_record(report: Report) -> ConfigError | None:
    """No green check for a gate that nobody looked at, as after a job that was skipped."""
    from quantci.report.gates import never_judged

    missing = never_judged(report) if report.status in {"ok", "not_run"} else []
    if not missing:
        return None
    name, stage = missing[0]
    others = f" In all, {len(missing)} gates lack their stage." if len(missing) > 1 else ""
    return ConfigError(
        "record-missing",
        f"The gate {name} is set, but {stage} never ran.{others}",
        where=f"{stage}.json",
        remedy=f"Run `quantci {stage}` before `quantci report`, with the same output folder, or remove the gate.",
    )


def add_fail_on(parser: argparse.ArgumentParser) -> None:
    """Declare what fails the command besides a fault."""
    parser.add_argument(
        "--fail-on",
        default="gate",
        metavar="WHAT",
        help="gate (default), or never: a failed gate is reported, but the exit code is 0",
    )


def parse_fail_on(text: str) -> bool:
    """Whether a failed gate fails the command.

    Raises:
        ConfigError: `config-value`.
    """
    if text not in {"gate", "never"}:
        raise ConfigError(
            "config-value", f"{text[:40]!r} is neither gate nor never.", where="--fail-on", remedy="Use gate or never."
        )
    return text == "gate"


def write_report(settings: Settings, against: Against, stopped: QuantciError | None = None) -> Report:
    """Build the report from the records that are there, and write both files.

    Records that cannot be read or joined are themselves a fault that the report tells; `stopped` is one besides them.
    """
    origin = Origin(settings.base, settings.sha256)
    from quantci.report.join import build_report

    remove_records(settings, *REPORT)
    base_report, baseline_failure = against.read()
    records: dict[str, Any] = {}
    fault = stopped

    def build() -> Report:
        return build_report(
            config=settings.config,
            records=records,
            baseline=base_report,
            baseline_failure=baseline_failure,
            base_commit=against.commit,
            provenance=origin.provenance(),
            origin=against.origin,
            title=Path(settings.config.model.source).name,
            failure=failure_of(fault) if fault else None,
            status=fault.status if fault else "ok",
        )

    try:
        for stage in STAGES:
            path = settings.output / stage.record_file
            if path.exists():
                records[stage.name] = read(path, stage.record_type())
        report = build()
    except QuantciError as error:
        records, fault = {}, error
        report = build()
    _write_both(settings.output, report)
    return report


def write_broken(arguments: argparse.Namespace, error: QuantciError) -> None:
    """A report of a run that did not get past its configuration."""
    from quantci.report.join import build_report

    output = output_of_broken(arguments)
    report = build_report(
        config=None,
        records={},
        baseline=None,
        provenance=Origin(output.parent, None).provenance(),
        origin=_origin_of_broken(arguments),
        title="quantci",
        failure=failure_of(error),
        status=error.status,
    )
    _write_both(output, report)


def _origin_of_broken(arguments: argparse.Namespace) -> ReportOrigin | None:
    """What the report is about, if its key is not what is wrong."""
    try:
        return Against.of(arguments, os.environ).origin
    except ConfigError:
        return None


def show_failure(report: Report) -> None:
    """The report's fault, as any command shows it."""
    if report.failure is not None:
        where = f"{report.failure.where}: " if report.failure.where else ""
        print(
            f"quantci: {where}{report.failure.cause} {report.failure.remedy} [{report.failure.code}]", file=sys.stderr
        )


def exit_code(report: Report, settings: Settings, *, fails_on_gate: bool = True) -> int:
    """The exit code of a report: 3 only for a gate, 2 for what the user must fix, 4 for what a retry may fix."""
    gate = EXIT_GATE if fails_on_gate else EXIT_OK
    if report.status == "regression":
        return gate
    if report.status in _INPUT_STATUSES:
        return EXIT_INPUT
    if report.status != "ok":
        return EXIT_INFRASTRUCTURE
    if report.verdict == "inconclusive" and settings.config.gates.fail_on_inconclusive:
        return gate
    return EXIT_OK


def _write_both(output: Path, report: Report) -> None:
    from quantci.report.markdown import render

    write(output / "report.json", report)
    write_bytes(output / "report.md", render(report).encode())
