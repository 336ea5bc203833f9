"""Show where accuracy goes: float against INT8 layer by layer, the first bad layer, and what to do about it.

Reads quantize.json and both models from the output folder; writes diagnose.json. docs/diagnose.md explains the table.

examples:
  quantci diagnose
  quantci diagnose --all
  quantci diagnose --diagnose-samples 200 --diagnose-threshold-db 20
  quantci diagnose --json > diagnose.json
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import Settings, load
from quantci.cli.stage import run_stage
from quantci.errors import EXIT_OK
from quantci.records.stages import DIAGNOSE, EVALUATE

if TYPE_CHECKING:
    import argparse

    from quantci.progress import Progress
    from quantci.records.diagnose import DiagnoseResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--all", action="store_true", help="show every layer in its order, not only the worst ten")
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Diagnose, and show tables or JSON."""
    settings = load(arguments)
    folder = OutputFolder.of(settings)
    with Console("diagnose") as console:
        result = run_stage(DIAGNOSE, folder, lambda: work(settings, folder, console))
    if arguments.json:
        from quantci.records.base import encode

        sys.stdout.write(encode(result).decode())
        return EXIT_OK
    from quantci.render.terminal import show
    from quantci.report.sections.diagnosis import overview

    show(overview(result, everything=arguments.all))
    print(folder.path / DIAGNOSE.record_file)
    return EXIT_OK


def work(settings: Settings, folder: OutputFolder, progress: Progress) -> DiagnoseResult:
    """Run the stage in this process and its workers."""
    from quantci.diagnose.run import diagnose

    return diagnose(
        settings.config,
        settings.base,
        float_model=folder.reference(),
        quantized_model=folder.quantized_model,
        progress=progress,
    )


def is_called_for(settings: Settings, folder: OutputFolder) -> bool:
    """Whether accuracy is lost, so that the question is where; the pipeline and the workflows ask here."""
    from quantci.report.loss import is_metric_lost

    evaluated = folder.record(EVALUATE).result
    if evaluated is None or settings.config.calibration.data is None:  # whose samples it compares on
        return False
    return is_metric_lost(settings.config.gates, evaluated)
