"""Run the INT8 model on a device: latency, arena, ops, and whether its outputs are those of TFLM on this machine.

Reads quantize.json, evaluate.json and what they made from the output folder; writes bench.json. The device is that of
[device] in quantci.toml or of --device; else a board that is found on USB; else the virtual device, a process that is
started here and named virtual everywhere. With --baseline the base branch's model is measured in turns with this one.

examples:
  quantci bench
  quantci bench --device /dev/ttyACM0 --baseline base
  quantci bench --device socket://127.0.0.1:5555 --device-kind emulated --bisect
  quantci bench --device /dev/ttyACM0 --aa      the board's own noise, which a change must exceed
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from quantci.cli import against, options
from quantci.cli.against import Against
from quantci.cli.boards import boards_of
from quantci.cli.console import Console
from quantci.cli.inputs import failure_of
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import Settings, load
from quantci.cli.stage import run_stage
from quantci.errors import EXIT_OK, ConfigError, QuantciError
from quantci.records.stage import Failure
from quantci.records.stages import BENCH, EMBED, EVALUATE

if TYPE_CHECKING:
    import argparse

    from quantci.bench.opener import Opener
    from quantci.progress import Progress
    from quantci.records.bench import BenchResult
    from quantci.records.embed import EmbedResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.tflite.model import Model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--device", default=None, metavar="URL", help="port or URL of the device: in place of --device-port"
    )
    parser.add_argument(
        "--bisect",
        nargs="?",
        const="true",
        default="false",
        choices=("true", "false"),
        help="where outputs differ, name the first op that does",
    )
    parser.add_argument("--aa", action="store_true", help="measure the device's own noise and remember it; no record")
    against.add_arguments(parser)
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run on the device, and print the result in a few lines."""
    if arguments.device:
        setattr(arguments, "device.port", arguments.device)
    settings = load(arguments)
    base = Against.of(arguments, os.environ)
    folder = OutputFolder.of(settings)
    if arguments.aa:
        return _noise(settings, folder)
    with Console("bench") as console:
        result = run_stage(
            BENCH, folder, lambda: work(settings, folder, console, base, bisect=arguments.bisect == "true")
        )
    show(result, folder)
    return EXIT_OK


def is_called_for(settings: Settings, folder: OutputFolder) -> bool:
    """Whether a device is named: one that nobody asked for is not looked for in a pipeline."""
    del folder
    device = settings.config.device
    return device.kind != "auto" or device.port is not None or device.serial_number is not None


def work(
    settings: Settings,
    folder: OutputFolder,
    progress: Progress,
    base: Against | None = None,
    *,
    bisect: bool = False,
    arguments: tuple[str, ...] = (),
) -> BenchResult:
    """Run the stage with the device; `arguments` are more of the virtual device's command line."""
    from quantci.bench.run import Asked, bench

    evaluated, embed = _evaluated(folder), _embedded(folder)
    latency = embed.latency if embed else None
    asked = Asked(
        config=settings.config,
        base=settings.base,
        output=folder.path,
        model=folder.quantized_model,
        evaluated=evaluated,
        boards=boards_of(os.environ),
        estimated_us=latency.total_us if latency else None,
        estimated_arena=embed.arena.used_bytes if embed and embed.arena else None,
        base_model=_base_model(base or Against()),
        bisect=bisect,
        allow_code=settings.allow_code,
    )
    return bench(asked, _opener(settings, folder, progress, arguments), progress)


def _opener(settings: Settings, folder: OutputFolder, progress: Progress, arguments: tuple[str, ...] = ()) -> Opener:
    from quantci.bench.opener import Opener

    return Opener(settings.config, settings.base, folder.path, progress, arguments, boards_of(os.environ))


def _evaluated(folder: OutputFolder) -> EvaluateResult:
    record = folder.record(EVALUATE)
    if record.result is None:
        raise ConfigError(
            "stage-failed",
            "evaluate did not finish, so there is nothing to compare a device with.",
            where=str(folder.path / EVALUATE.record_file),
            remedy="Fix that first, and run quantci evaluate again.",
        )
    return record.result


def _embedded(folder: OutputFolder) -> EmbedResult | None:
    """With the estimates; none of them is needed."""
    return folder.record(EMBED).result if (folder.path / EMBED.record_file).exists() else None


def _base_model(base: Against) -> Model | Failure | None:
    """The base branch's INT8 model, or why there is none: that costs the comparison, not the run."""
    from quantci.evaluate.baseline import base_model

    found = base.read()
    if found is None or isinstance(found, Failure):
        return found
    try:
        quantized = found.report.quantize
        if quantized is None:
            raise ConfigError(
                "baseline-old",
                "The baseline cannot be used: on the base branch quantize gave no result.",
                where=str(found.folder),
                remedy="Run quantci on the base branch again, until its report has both.",
            )
        model = base_model(found.folder, quantized.quantized_model.sha256)
        model.summary  # noqa: B018  its structure is checked before a device gets it
    except QuantciError as error:
        return failure_of(error)
    return model


def _noise(settings: Settings, folder: OutputFolder) -> int:
    """A/A: measure, remember and print."""
    from quantci.bench.noise import find_noise

    boards = boards_of(os.environ)
    with Console("bench --aa") as console:
        found = find_noise(
            settings.config.device, folder.quantized_model, _opener(settings, folder, console), boards, console
        )
    kept = f"remembered for board {found.board_id}" if found.board_id else f"not remembered: the device is {found.kind}"
    print(
        f"noise {100 * found.noise.noise_ratio:.3f} % over {found.noise.pairs} pairs of windows; a change counts from "
        f"{100 * found.least_change:.2f} % on ({kept})"
    )
    return EXIT_OK


def show(result: BenchResult, folder: OutputFolder) -> None:
    """Print the device, its outputs and its latency in one line each, and each piece of advice in one."""
    device, agreement = result.device, result.outputs.agreement
    print(f"{device.kind} {device.port}: {result.outputs.interpreter}; {folder.path / BENCH.record_file}")
    print(
        f"outputs: {agreement.identical_outputs:,} of {agreement.samples:,} are those of the host, {agreement.flips:,} "
        f"flips, at most {agreement.largest_lsb:g} LSB; arena {result.arena.used_bytes:,} bytes"
    )
    if (latency := result.latency) is not None:
        print(f"latency: {latency.median_us:,.0f} us (median deviation {latency.mad_us:,.1f}), measured on the board")
    else:
        print(f"latency: not measured: {result.latency_reason}")
    if (found := result.against_base) is not None:
        print(
            f"against the base: {100 * found.change:+.2f} %: {found.verdict}, from {100 * found.least_change:.2f} % on"
        )
    if result.base_failure is not None and result.base_failure.code != "no-baseline":
        print(f"warning: {result.base_failure.cause} [{result.base_failure.code}]", file=sys.stderr)
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
