"""Write an ESP-IDF component: the model, its constants and exactly the operators that it uses.

Reads quantize.json and model_quant.tflite from the output folder; writes component/ and embed.json.

examples:
  quantci embed
  quantci embed --embed-component my_model --embed-storage binary
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.settings import Settings, load
from quantci.cli.stage import run_stage
from quantci.errors import EXIT_OK

if TYPE_CHECKING:
    import argparse

    from quantci.progress import Progress
    from quantci.records.embed import EmbedResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the component, and say where it is."""
    settings = load(arguments)
    with Console("embed") as console:
        result = run_stage("embed", settings, lambda: embed(settings, console))
    arena = f"{result.arena.recommended_bytes:,} bytes, estimated" if result.arena else "not known"
    print(f"{settings.output / result.component_dir}: {len(result.files)} files, arena {arena}")
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
    return EXIT_OK


def embed(settings: Settings, progress: Progress) -> EmbedResult:
    """Run the stage in this process and one worker."""
    from quantci.cli.models import read_models
    from quantci.embed.run import embed as embed_stage
    from quantci.tflite import pool

    models = read_models(settings)
    quantized = models.result.quantized_model
    with pool.Pool(1, where=str(settings.output / quantized.file_name)) as worker:
        return embed_stage(
            settings.config,
            settings.base,
            settings.output,
            model=models.quantized_model,
            summary=quantized,
            worker=worker,
            progress=progress,
        )
