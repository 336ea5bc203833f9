"""Quantize, evaluate, embed and report in one go, and print the comment that a pull request would get.

Whatever happens, report.json and report.md are written. Where accuracy is lost, quantci diagnose runs as well, so that
the report says in which layer.

examples:
  quantci pipeline
  quantci pipeline --config examples/traffic-lights/quantci.toml
  quantci pipeline --baseline base/report.json --gates-max-metric-drop 0.05
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from quantci.cli import baseline, options
from quantci.cli.baseline import Against
from quantci.cli.cancel import cancelled
from quantci.cli.console import Console
from quantci.cli.diagnose import diagnose, is_called_for
from quantci.cli.embed import embed
from quantci.cli.evaluate import evaluate
from quantci.cli.quantize import quantize
from quantci.cli.report import add_fail_on, exit_code, parse_fail_on, show_failure, write_broken, write_report
from quantci.cli.settings import load
from quantci.cli.stage import run_stage
from quantci.errors import ConfigError, QuantciError
from quantci.records.stages import DIAGNOSE, EMBED, EVALUATE, QUANTIZE

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    baseline.add_arguments(parser)
    add_fail_on(parser)
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run all stages, then the report."""
    try:
        fails_on_gate = parse_fail_on(arguments.fail_on)
        settings = load(arguments)
        against = Against.of(arguments, os.environ)
    except ConfigError as error:
        write_broken(arguments, error)
        raise
    stopped: QuantciError | None = None
    try:
        with Console("pipeline") as console:
            run_stage(QUANTIZE, settings, lambda: quantize(settings, console))
            evaluated = run_stage(EVALUATE, settings, lambda: evaluate(settings, console))
            if is_called_for(evaluated, settings):
                with contextlib.suppress(QuantciError):  # it costs the report a line of advice
                    run_stage(DIAGNOSE, settings, lambda: diagnose(settings, console))
            run_stage(EMBED, settings, lambda: embed(settings, console))
    except QuantciError as error:
        stopped = error
    except KeyboardInterrupt:
        stopped = cancelled()
    except Exception:
        write_report(settings, against)
        raise
    report = write_report(settings, against)
    if stopped is not None and report.failure is None:
        report = write_report(settings, against, stopped)  # stopped between two stages: no record tells
    code = exit_code(report, settings, fails_on_gate=fails_on_gate) if stopped is None else stopped.exit_code
    show_failure(report)
    with contextlib.suppress(BrokenPipeError):
        print((settings.output / "report.md").read_text(encoding="utf-8"))
        written = (path for path in sorted(settings.output.iterdir()) if not path.name.startswith("."))
        print("\n".join(f"wrote {path}" for path in written))
    return code
