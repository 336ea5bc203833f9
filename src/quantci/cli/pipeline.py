"""Quantize, evaluate, embed and report in one go, and print the comment that a pull request would get.

Whatever happens, report.json and report.md are written. Where accuracy is lost, quantci diagnose runs as well, so that
the report says in which layer.

examples:
  quantci pipeline
  quantci pipeline --config examples/traffic-lights/quantci.toml
  quantci pipeline --baseline base/report.json --gates-max-accuracy-drop 0.05
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.cancel import cancelled
from quantci.cli.console import Console
from quantci.cli.diagnose import diagnose
from quantci.cli.embed import embed
from quantci.cli.evaluate import evaluate
from quantci.cli.quantize import quantize
from quantci.cli.report import exit_code, show_failure, write_broken, write_report
from quantci.cli.settings import load
from quantci.cli.stage import run_stage
from quantci.errors import ConfigError, QuantciError

if TYPE_CHECKING:
    import argparse

    from quantci.cli.settings import Settings
    from quantci.progress import Progress
    from quantci.records.evaluate import EvaluateResult


_STAGES = {"quantize": quantize, "evaluate": evaluate, "embed": embed}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--baseline", default=None, metavar="FILE", help="report.json of the base branch")
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run all stages, then the report."""
    try:
        settings = load(arguments)
    except ConfigError as error:
        write_broken(arguments, error)
        raise
    stopped: QuantciError | None = None
    try:
        with Console("pipeline") as console:
            results = {
                name: run_stage(name, settings, lambda stage=stage: stage(settings, console))  # type: ignore[misc]
                for name, stage in _STAGES.items()
            }
            _diagnose(results["evaluate"], settings, console)
    except QuantciError as error:
        stopped = error
    except KeyboardInterrupt:
        stopped = cancelled()
    except Exception:
        write_report(settings, arguments.baseline)
        raise
    report = write_report(settings, arguments.baseline)
    if stopped is not None and report.failure is None:
        report = write_report(settings, arguments.baseline, stopped)  # stopped between two stages: no record tells
    code = exit_code(report, settings) if stopped is None else stopped.exit_code
    show_failure(report)
    with contextlib.suppress(BrokenPipeError):
        print((settings.output / "report.md").read_text(encoding="utf-8"))
        written = (path for path in sorted(settings.output.iterdir()) if not path.name.startswith("."))
        print("\n".join(f"wrote {path}" for path in written))
    return code


def _diagnose(evaluated: EvaluateResult, settings: Settings, progress: Progress) -> None:
    """Look where accuracy goes if it is lost; that it cannot be found out costs the report one line of advice."""
    from quantci.evaluate.power import samples_needed
    from quantci.report.loss import is_accuracy_lost

    if is_accuracy_lost(settings.config.gates, evaluated, samples_needed):
        with contextlib.suppress(QuantciError):
            run_stage("diagnose", settings, lambda: diagnose(settings, progress))
