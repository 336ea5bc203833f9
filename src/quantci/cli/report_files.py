"""report.json and report.md: from the records of a run, or from the fault that kept it from beginning."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.cli.against import origin_of
from quantci.cli.inputs import failure_of
from quantci.cli.output_folder import OutputFolder
from quantci.cli.report_options import ReportOptions
from quantci.cli.settings import Settings, load, output_of_broken
from quantci.errors import ConfigError, QuantciError
from quantci.records.base import write_bytes
from quantci.records.stage import Failure
from quantci.records.stages import REPORT

if TYPE_CHECKING:
    import argparse

    from quantci.records.report import Report


def load_for_report(arguments: argparse.Namespace) -> tuple[Settings, ReportOptions]:
    """The configuration, and what is asked of the report.

    Raises:
        ConfigError: something of that is wrong, after a report that says so was written.
    """
    try:
        return load(arguments), ReportOptions.of(arguments, os.environ)
    except ConfigError as error:
        _write_broken(arguments, error)
        raise


def write_report(
    settings: Settings, folder: OutputFolder, wanted: ReportOptions, stopped: QuantciError | None = None
) -> Report:
    """Build the report from the records that are there, and write both files.

    Records that cannot be read or joined are themselves a fault that the report tells; `stopped` is told if nothing
    else says why there is no whole report.
    """
    from quantci.report.join import build_report

    started_s = folder.begin()
    folder.remove(REPORT)
    baseline = wanted.against.read()

    def build(records: dict[str, Any], fault: QuantciError | None = None) -> Report:
        return build_report(
            config=settings.config,
            records=records,
            baseline=None if baseline is None or isinstance(baseline, Failure) else baseline.report,
            baseline_failure=baseline if isinstance(baseline, Failure) else None,
            base_commit=wanted.against.commit,
            provenance=folder.provenance(started_s),
            origin=wanted.against.origin,
            title=Path(settings.config.model.file).name,
            failure=failure_of(fault) if fault else None,
            status=fault.status if fault else "ok",
            device_job=wanted.device_job,
        )

    try:
        records = folder.records()
        report = build(records)
        if stopped is not None and report.failure is None:
            report = build(records, stopped)  # stopped between two stages: no record tells
    except QuantciError as error:
        report = build({}, error)
    _write_both(folder, report)
    return report


def _write_broken(arguments: argparse.Namespace, error: QuantciError) -> None:
    """A report of a run that did not get past its configuration."""
    from quantci.report.join import build_report

    output = output_of_broken(arguments)
    folder = OutputFolder(output, output.parent, None)
    started_s = folder.begin()
    origin = None
    with contextlib.suppress(ConfigError):  # the key may be what is wrong
        origin = origin_of(arguments, os.environ)
    report = build_report(
        config=None,
        records={},
        baseline=None,
        provenance=folder.provenance(started_s),
        origin=origin,
        title="quantci",
        failure=failure_of(error),
        status=error.status,
    )
    _write_both(folder, report)


def _write_both(folder: OutputFolder, report: Report) -> None:
    from quantci.report.comment import render

    folder.write("report.json", report)
    write_bytes(folder.path / "report.md", render(report).encode())
