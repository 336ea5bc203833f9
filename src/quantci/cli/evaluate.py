"""Measure what quantization costs: float and INT8 on the same evaluation samples, with paired statistics.

Reads quantize.json and both models from the output folder; writes evaluate.json and predictions.npz.

examples:
  quantci evaluate
  quantci evaluate --evaluation-workers 1
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
    from quantci.records.evaluate import EvaluateResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and print the result in one line."""
    settings = load(arguments)
    with Console("evaluate") as console:
        result = run_stage("evaluate", settings, lambda: evaluate(settings, console))
    paired = result.paired
    print(
        f"{paired.metric} delta {100 * paired.delta:+.1f} points "
        f"[{100 * paired.interval.low:+.1f}, {100 * paired.interval.high:+.1f}] on {result.dataset.used} samples: "
        f"{settings.output / 'evaluate.json'}"
    )
    for advice in result.advice:
        print(f"warning: {advice.text} [{advice.code}]", file=sys.stderr)
    return EXIT_OK


def evaluate(settings: Settings, progress: Progress) -> EvaluateResult:
    """Run the stage in this process and its workers."""
    from quantci.cli.models import read_models
    from quantci.evaluate.run import evaluate as evaluate_stage

    models = read_models(settings)
    return evaluate_stage(
        settings.config,
        settings.base,
        settings.output,
        float_model=models.float_model,
        quantized_model=models.quantized_model,
        calibration=models.result.calibration_samples,
        progress=progress,
    )
