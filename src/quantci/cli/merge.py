"""Join the shards of an evaluation into one record: evaluate.json and predictions.npz as quantci evaluate writes them.

Reads quantize.json from the output folder, and evaluate-*-of-*.json and .npz from FOLDER and its subfolders. The whole
set is judged: statistics, your own metrics, leaks, unreadable files. The data and the models are not needed.

examples:
  quantci merge
  quantci merge shards                what actions/download-artifact wrote into shards/
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.evaluate import show
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import load
from quantci.cli.stage import run_stage
from quantci.errors import EXIT_OK
from quantci.records.stages import EVALUATE

if TYPE_CHECKING:
    import argparse

    from quantci.cli.settings import Settings
    from quantci.progress import Progress
    from quantci.records.evaluate import EvaluateResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", nargs="?", default=None, metavar="FOLDER", help="shards (default: the output folder)")
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Merge, and print the result in one line."""
    settings = load(arguments)
    folder = OutputFolder.of(settings)
    shards = folder.path if arguments.folder is None else Path(arguments.folder)
    with Console("merge") as console:
        result = run_stage(EVALUATE, folder, lambda: work(settings, folder, shards, console))
    show(result, folder)
    return EXIT_OK


def work(settings: Settings, folder: OutputFolder, shards: Path, progress: Progress) -> EvaluateResult:
    """Merge in this process."""
    from quantci.evaluate.merge import merge

    return merge(
        settings.config,
        settings.base,
        folder.path,
        shards,
        quantize=folder.quantized,
        progress=progress,
        allow_code=settings.allow_code,
    )
