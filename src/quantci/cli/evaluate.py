"""Measure what quantization costs: float and INT8 on the same evaluation samples, with paired statistics.

Reads quantize.json and both models from the output folder; writes evaluate.json and predictions.npz. With --shard it
scores only a part of the set and writes evaluate-2-of-4.json and .npz; quantci merge joins all parts. With --baseline
the INT8 model is also compared with the base branch's, sample by sample.

examples:
  quantci evaluate
  quantci evaluate --evaluation-workers 1
  quantci evaluate --baseline base
  quantci evaluate --shard 2/4        the second of four jobs; then: quantci merge
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from quantci.cli import against, options
from quantci.cli.against import Against
from quantci.cli.console import Console
from quantci.cli.output_folder import OutputFolder
from quantci.cli.settings import Settings, load
from quantci.cli.stage import run_stage
from quantci.data.culprits import plural
from quantci.errors import EXIT_OK, ConfigError
from quantci.records.shard import MOST_SHARDS, Shard
from quantci.records.stages import EVALUATE

if TYPE_CHECKING:
    import argparse

    from quantci.evaluate.subject import Subject
    from quantci.progress import Progress
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.shard import ShardResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--shard", default=None, metavar="I/N", help="only the I-th of N parts of the evaluation set")
    against.add_arguments(parser)
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and print the result in one line."""
    shard = None if arguments.shard is None else parse_shard(arguments.shard)
    settings = load(arguments)
    base = Against.of(arguments, os.environ)
    folder = OutputFolder.of(settings)
    with Console("evaluate") as console:
        if shard is None:
            result = run_stage(EVALUATE, folder, lambda: work(settings, folder, console, base))
        else:
            part = run_stage(EVALUATE, folder, lambda: work_on(shard, settings, folder, console, base), shard)
    if shard is None:
        show(result, folder)
    else:
        print(
            f"shard {shard.index} of {shard.count}, {len(part.samples)} of {part.found} samples: "
            f"{folder.path / shard.record_file}"
        )
    return EXIT_OK


def parse_shard(text: str) -> Shard:
    """The shard that `2/4` means.

    Raises:
        ConfigError: `shard`.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", text)
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count <= MOST_SHARDS:
        raise ConfigError(
            "shard",
            f"{text!r} is not a valid shard: write its number, a slash, and the number of shards.",
            where="--shard",
            remedy="Write 1/4, 2/4, 3/4 and 4/4 for four jobs.",
        )
    return Shard(index=index, count=count)


def work(settings: Settings, folder: OutputFolder, progress: Progress, base: Against) -> EvaluateResult:
    """Run the stage in this process and its workers."""
    from quantci.evaluate.leak import LEAK
    from quantci.evaluate.reference import first_layer_range
    from quantci.evaluate.run import evaluate

    result = evaluate(
        _subject(settings, folder, base),
        folder.path,
        first_layer=first_layer_range(folder.quantized),
        progress=progress,
        allow_code=settings.allow_code,
    )
    float_model = folder.float_model
    if float_model is not None and any(doubt.forbids_pass and doubt.code != LEAK for doubt in result.reference):
        from msgspec.structs import replace

        from quantci.cli.probe import advise

        found = advise(settings, float_model, progress)
        if any(doubt.code == "permuted-labels" for doubt in result.reference):  # red and blue swapped look like BGR
            found = [replace(one, text=f"{one.text} Do this or change the labels, not both.") for one in found]
        result = replace(result, advice=[*result.advice, *found])
    return result


def work_on(shard: Shard, settings: Settings, folder: OutputFolder, progress: Progress, base: Against) -> ShardResult:
    """Run one shard of the stage in this process and its workers."""
    from quantci.evaluate.shard import evaluate_shard

    return evaluate_shard(_subject(settings, folder, base), folder.path, shard=shard, progress=progress)


def _subject(settings: Settings, folder: OutputFolder, base: Against) -> Subject:
    from quantci.evaluate.subject import Subject

    return Subject(
        settings.config,
        settings.base,
        folder.float_model,
        folder.quantized_model,
        folder.quantized.seen,
        base.read(),
    )


def show(result: EvaluateResult, folder: OutputFolder) -> None:
    """Print the result in one line, and each doubt and warning in one."""
    paired, where = result.paired, f"on {plural(result.dataset.used, 'sample')}: {folder.path / EVALUATE.record_file}"
    if paired is None:
        print(f"{result.metric} {result.headline(-1):.1%} in {result.quantized_type} {where}")
    else:
        print(
            f"{paired.metric} {result.headline(-1):.1%} in {result.quantized_type}, {result.headline(0):.1%} in FP32: "
            f"{100 * paired.delta:+.1f} points "
            f"[{100 * paired.interval.low:+.1f}, {100 * paired.interval.high:+.1f}] {where}"
        )
    for absent in result.absent_steps:
        print(f"without {absent.name}: {absent.reason}", file=sys.stderr)
    if (found := result.against_base) is not None:
        low, high = found.paired.interval.low, found.paired.interval.high
        print(
            f"against the base branch: {100 * found.paired.delta:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}], "
            f"{found.reused} samples from its predictions, {found.run_again} run again"
        )
    if result.base_failure is not None and result.base_failure.code != "no-baseline":  # nobody can do anything about it
        print(f"warning: {result.base_failure.cause} [{result.base_failure.code}]", file=sys.stderr)
    for doubt in result.reference:
        print(f"doubt: {doubt.text} [{doubt.code}]", file=sys.stderr)
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
