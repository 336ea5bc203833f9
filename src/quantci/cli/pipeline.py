"""Quantize, evaluate, embed and report in one go, and print the comment that a pull request would get.

Whatever happens, report.json and report.md are written.

examples:
  quantci pipeline
  quantci pipeline --config examples/traffic-lights/quantci.toml
  quantci pipeline --baseline base/report.json --gates-max-accuracy-drop 0.05
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.embed import embed
from quantci.cli.evaluate import evaluate
from quantci.cli.quantize import quantize
from quantci.cli.report import exit_code, write_broken, write_report
from quantci.cli.settings import Settings, load
from quantci.cli.stage import RECORDS, run_stage
from quantci.errors import ConfigError, QuantciError, ToolError

if TYPE_CHECKING:
    import argparse


_STAGES = {"quantize": quantize, "evaluate": evaluate, "embed": embed}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--baseline", default=None, metavar="FILE", help="report.json of the base branch")
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run all stages, then the report."""
    try:
        settings = load(arguments)
    except ConfigError as error:
        write_broken(arguments, error)
        raise
    _remove_old_records(settings)
    stopped: QuantciError | None = None
    with contextlib.suppress(QuantciError), Console("pipeline") as console:
        try:
            for name, stage in _STAGES.items():
                run_stage(name, settings, lambda stage=stage: stage(settings, console))  # type: ignore[misc]
        except QuantciError as error:
            stopped = error
            raise
    report = write_report(settings, arguments.baseline)
    print((settings.output / "report.md").read_text(encoding="utf-8"))
    print("\n".join(f"wrote {path}" for path in sorted(settings.output.iterdir()) if not path.name.startswith(".")))
    code = exit_code(report, settings)
    return code if stopped is None else stopped.exit_code


def _remove_old_records(settings: Settings) -> None:
    """A stage that does not run this time must not be reported with last time's numbers."""
    try:
        for name in RECORDS:
            (settings.output / f"{name}.json").unlink(missing_ok=True)
    except OSError as error:
        raise ToolError(
            "unwritable",
            f"Cannot write into this folder: {error.strerror}.",
            where=str(settings.output),
            remedy="Choose another folder with --output-dir.",
        ) from None
