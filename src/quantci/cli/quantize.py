"""Make model_float.tflite (the reference) and model_quant.tflite (INT8) from the source model.

examples:
  quantci quantize
  quantci quantize --model-source build/new.keras --quantization-input-type uint8
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
from quantci.records.stages import QUANTIZE

if TYPE_CHECKING:
    import argparse

    from quantci.progress import Progress
    from quantci.records.quantize import QuantizeResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Quantize, and say where the files are."""
    settings = load(arguments)
    folder = OutputFolder.of(settings)
    with Console("quantize") as console:
        result = run_stage(QUANTIZE, folder, lambda: work(settings, folder, console))
    before, after = result.float_model.file_bytes, result.quantized_model.file_bytes
    print(f"{folder.path / result.quantized_model.file_name}: {after:,} bytes (float {before:,})")
    for doubt in result.reference:
        print(f"doubt: {doubt.text} [{doubt.code}]", file=sys.stderr)
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
    return EXIT_OK


def work(settings: Settings, folder: OutputFolder, progress: Progress) -> QuantizeResult:
    """Run the stage in this process and its workers."""
    from quantci.quantize.run import quantize
    from quantci.source.open_source import open_source
    from quantci.workers import pool
    from quantci.workers.jail import Jail

    config, base = settings.config, settings.base
    path = base / config.model.source
    with (
        pool.Pool(pool.core_count(), where=str(path)) as workers,
        Jail(where=str(path)) as tensorflow,
    ):
        workers.start()  # while this process reads the source
        source = open_source(path, signature=config.model.signature, tensorflow=tensorflow)
        made = quantize(config, base, source=source, workers=workers, tensorflow=tensorflow, progress=progress)
    for model in (made.float_model, made.quantized_model):
        folder.write_model(model)
    return made.result
