"""Join the records of the output folder, judge the gates and write report.json and report.md (the comment).

With a baseline (the folder that quantci left on the base branch) the report says what changed. With a key it says which
model, branch, commit and run it is about, and accepts only a baseline with that key, from the branch that the change
goes to. Accuracy is compared by quantci evaluate, which takes the same options.

examples:
  quantci report
  quantci report --baseline base
  quantci report --baseline base --key kws --base-branch main
  quantci report --gates-max-metric-drop 0.05; echo $?
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from quantci.cli import report_options
from quantci.cli.output_folder import OutputFolder
from quantci.cli.report_files import load_for_report, write_report
from quantci.errors import EXIT_GATE, EXIT_INFRASTRUCTURE, EXIT_INPUT, EXIT_OK, ConfigError
from quantci.records.stages import REPORT

if TYPE_CHECKING:
    import argparse

    from quantci.cli.report_options import ReportOptions
    from quantci.cli.settings import Settings
    from quantci.records.report import Report

_INPUT_STATUSES = {"config_rejected", "model_rejected", "data_rejected"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    report_options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the report, show a table, and answer with the verdict's exit code."""
    settings, wanted = load_for_report(arguments)
    folder = OutputFolder.of(settings)
    report = write_report(settings, folder, wanted)
    show_failure(report)
    from quantci.render.terminal import show
    from quantci.report.comment import opening

    with contextlib.suppress(BrokenPipeError):
        show(opening(report))
        print("\n".join(str(folder.path / name) for name in REPORT))
    missing = _missing_record(report)
    if missing is None:
        return exit_code(report, settings, wanted)
    print(f"quantci: {missing}", file=sys.stderr)
    return missing.exit_code


def _missing_record(report: Report) -> ConfigError | None:
    """Do not pass a gate that was never judged, for example because a job was skipped."""
    from quantci.report.gates.judge import never_judged

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


def show_failure(report: Report) -> None:
    """The report's fault, as any command shows it."""
    if report.failure is not None:
        where = f"{report.failure.where}: " if report.failure.where else ""
        print(
            f"quantci: {where}{report.failure.cause} {report.failure.remedy} [{report.failure.code}]", file=sys.stderr
        )


def exit_code(report: Report, settings: Settings, wanted: ReportOptions) -> int:
    """The exit code of a report: 3 only for a gate, 2 for what the user must fix, 4 for what a retry may fix."""
    gate = EXIT_GATE if wanted.fails_on_gate else EXIT_OK
    if report.status == "regression":
        return gate
    if report.status in _INPUT_STATUSES:
        return EXIT_INPUT
    if report.status != "ok":
        return EXIT_INFRASTRUCTURE
    if report.verdict == "inconclusive" and settings.config.gates.fail_on_inconclusive:
        return gate
    return EXIT_OK
