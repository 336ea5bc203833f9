"""Quantize, evaluate, embed and report in one go.

At a terminal it ends with the verdict, the table and the files that it wrote. With --markdown, or into a pipe, it
prints the comment that a pull request would get.

Whatever happens, report.json and report.md are written. If accuracy is lost, quantci diagnose runs too, so that the
report says in which layer. If [device] names a device, so does quantci bench.

examples:
  quantci pipeline
  quantci pipeline --config examples/traffic-lights/quantci.toml
  quantci pipeline --baseline base --gates-max-metric-drop 0.05
"""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from quantci.cli import options, report_options
from quantci.cli.console import Console
from quantci.cli.output_folder import OutputFolder
from quantci.cli.report import exit_code, show_failure
from quantci.cli.report_files import load_for_report, write_report
from quantci.cli.stage import run_stage
from quantci.errors import QuantciError, fault_of
from quantci.records.stages import BENCH, EVALUATE, STAGES

if TYPE_CHECKING:
    import argparse

    from quantci.cli.report_options import ReportOptions
    from quantci.cli.settings import Settings
    from quantci.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--markdown", action="store_true", help="print the whole comment, at a terminal too")
    options.add_recipe(parser)
    report_options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run all stages, then the report."""
    settings, wanted = load_for_report(arguments)
    folder = OutputFolder.of(settings)
    stopped: QuantciError | None = None
    try:
        with Console("pipeline") as console:
            _run_stages(settings, folder, console, wanted)
    except (QuantciError, KeyboardInterrupt) as error:
        stopped = fault_of(error)
    except Exception:
        write_report(settings, folder, wanted)
        raise
    report = write_report(settings, folder, wanted, stopped)
    show_failure(report)
    from quantci.render.terminal import show
    from quantci.report.comment import opening

    with contextlib.suppress(BrokenPipeError):
        if sys.stdout.isatty() and not arguments.markdown:
            show(opening(report))
        else:
            print((folder.path / "report.md").read_text(encoding="utf-8"))
        written = (path for path in sorted(folder.path.iterdir()) if not path.name.startswith("."))
        print("\n".join(f"wrote {path}" for path in written))
    return exit_code(report, settings, wanted) if stopped is None else stopped.exit_code


def _run_stages(settings: Settings, folder: OutputFolder, progress: Progress, wanted: ReportOptions) -> None:
    """Run one stage after the other, up to the first fault that leaves the verdict open."""
    for stage in STAGES:
        command = import_module(f"quantci.cli.{stage.name}")
        if not stage.is_needed and not command.is_called_for(settings, folder):
            continue
        with contextlib.nullcontext() if stage.decides else contextlib.suppress(QuantciError):
            against = (wanted.against,) if stage in {EVALUATE, BENCH} else ()
            run_stage(stage, folder, partial(command.work, settings, folder, progress, *against))
