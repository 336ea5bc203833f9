"""Make model_float.tflite (the reference) and model_quant.tflite (INT8) from the source model.

Where model.quantized names your own INT8 model, that is taken as it is, and nothing is quantized.

examples:
  quantci quantize
  quantci quantize --recipe percentile-99.9
  quantci quantize --recipe auto          tries recipes, and keeps the best
  quantci quantize --stability 4          is the calibration set large enough?
  quantci quantize --model-source build/new.keras --quantization-input-type uint8
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import Settings, load
from quantci.cli.stage import run_stage
from quantci.errors import EXIT_OK
from quantci.records.quantize import FLOAT_MODEL
from quantci.records.stages import QUANTIZE

if TYPE_CHECKING:
    from quantci.progress import Progress
    from quantci.quantize.run import Quantized
    from quantci.records.quantize import QuantizeResult

MOST_PARTS: Final = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_recipe(parser)
    parser.add_argument(
        "--stability",
        type=parts_of,
        default=0,
        metavar="K",
        help="also quantize with K disjoint parts of the calibration set: is it large enough",
    )
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Quantize, and say where the files are."""
    settings = load(arguments)
    folder = OutputFolder.of(settings)
    with Console("quantize") as console:
        result = run_stage(QUANTIZE, folder, lambda: work(settings, folder, console, arguments.stability))
    before = f"float {result.float_model.file_bytes:,}" if result.float_model else "no float model"
    given = f"{result.given.path} as it is; " if result.given else ""
    size = result.quantized_model.file_bytes
    print(f"{folder.path / result.quantized_model.file_name}: {size:,} bytes ({given}{before})")
    if (ladder := result.ladder) is not None:
        print(
            f"{ladder.chosen}, of {len(ladder.tries)} recipes the best on {len(ladder.samples)} samples "
            f"({ladder.chosen_on})"
        )
        from quantci.render.terminal import show
        from quantci.report.sections.ladder import tries

        show(tries(ladder, is_narrow=True))
    for doubt in result.reference:
        print(f"doubt: {doubt.text} [{doubt.code}]", file=sys.stderr)
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
    return EXIT_OK


def parts_of(text: str) -> int:
    """How many parts --stability asks for: two or more."""
    if not text.isdecimal() or not 2 <= int(text) <= MOST_PARTS:
        msg = f"{text!r} is not a number of parts from 2 to {MOST_PARTS}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def work(settings: Settings, folder: OutputFolder, progress: Progress, parts: int = 0) -> QuantizeResult:
    """Run the stage in this process and its workers.

    Args:
        settings: the effective configuration.
        folder: where the models go.
        progress: told what is going on.
        parts: of the calibration set, to see whether it is large enough; 0 does not look.
    """
    from quantci.quantize.run import quantize
    from quantci.source.open_source import open_model
    from quantci.workers import pool
    from quantci.workers.jail import Jail

    config, base = settings.config, settings.base
    if config.model.quantized is not None:
        return _take(settings, folder, progress)
    assert config.model.source is not None
    path = base / config.model.source
    with (
        pool.Pool(pool.core_count(), where=str(path)) as workers,
        Jail(where=str(path)) as jail,
    ):
        workers.start()  # while this process reads the source
        source = open_model(config.model, base, jail=jail, allow_code=settings.allow_code, output_dir=settings.kept_in)
        made = quantize(
            config,
            base,
            source=source,
            workers=workers,
            tensorflow=jail,
            progress=progress,
            parts=parts,
            allow_code=settings.allow_code,
            kept_in=settings.kept_in,
        )
    return _keep(made, folder)


def _take(settings: Settings, folder: OutputFolder, progress: Progress) -> QuantizeResult:
    """Take one's own INT8 model, and the float model if there is one."""
    from quantci.quantize.given import take
    from quantci.source.digest import digest
    from quantci.source.open_source import open_model
    from quantci.source.own_int8 import read_own
    from quantci.workers.jail import Jail

    wanted = settings.config.model
    assert wanted.quantized is not None
    path = settings.base / wanted.quantized
    progress("reading the quantized model")
    model = read_own(path)
    with Jail(where=str(settings.base / wanted.file)) as jail:
        source = None
        if wanted.source is not None:
            progress("reading and converting the source model")
            source = open_model(
                wanted,
                settings.base,
                jail=jail,
                allow_code=settings.allow_code,
                output_dir=settings.kept_in,
            )
        made = take(settings.config, model, digest(path), source)
    return _keep(made, folder)


def _keep(made: Quantized, folder: OutputFolder) -> QuantizeResult:
    """Write both models; a float model of an earlier run is not this one's."""
    folder.remove([FLOAT_MODEL])
    for model in (made.float_model, made.quantized_model):
        if model is not None:
            folder.write_model(model)
    return made.result
