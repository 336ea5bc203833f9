"""Write an ESP-IDF component: the model, its constants and exactly the operators that it uses.

Reads quantize.json and model_quant.tflite from the output folder, or your own INT8 model, which needs no quantci.toml;
writes component/ and embed.json.

examples:
  quantci embed
  quantci embed --model my_int8.tflite
  quantci embed --embed-component my_model --embed-storage binary
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import Settings, load
from quantci.cli.stage import run_stage
from quantci.errors import EXIT_OK
from quantci.records.stages import EMBED

if TYPE_CHECKING:
    import argparse

    from quantci.progress import Progress
    from quantci.records.embed import EmbedResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--model", default=None, metavar="FILE", help="an INT8 .tflite, instead of quantize's; needs no quantci.toml"
    )
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the component, and say where it is."""
    settings = load(arguments)
    folder = OutputFolder.of(settings)
    with Console("embed") as console:
        result = run_stage(EMBED, folder, lambda: work(settings, folder, console, arguments.model))
    arena = f"{result.arena.recommended_bytes:,} bytes, estimated" if result.arena else "not known"
    print(f"{folder.path / result.component_dir}: {len(result.files)} files, arena {arena}")
    if result.latency is not None:
        from quantci.render.cells import Paragraph
        from quantci.render.terminal import show
        from quantci.report.sections.latency import line

        show([Paragraph(line(result.latency))])
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
    return EXIT_OK


def work(settings: Settings, folder: OutputFolder, progress: Progress, model: str | None = None) -> EmbedResult:
    """Run the stage in this process, and in a worker where TFLM is asked, for `model` or for what quantize made."""
    from quantci.embed.run import embed
    from quantci.tflite.model import Model
    from quantci.workers import pool

    quantized = folder.quantized_model if model is None else Model.read(Path(model))
    with pool.Pool(1, where=quantized.where) as workers:
        return embed(settings.config, settings.base, folder.path, model=quantized, workers=workers, progress=progress)
