"""What is asked of a report: what it is compared with, and whether a failed gate fails the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self, get_args

from quantci.cli import against, options
from quantci.cli.against import Against
from quantci.errors import ConfigError
from quantci.report.device_job import DeviceJob

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a command that writes a report."""
    against.add_arguments(parser)
    parser.add_argument(
        "--fail-on",
        default="gate",
        metavar="WHAT",
        help="gate (default), or never: a failed gate is reported, but the exit code is 0",
    )
    parser.add_argument(
        "--device-job",
        default="",
        metavar="STATE",
        help="of a job of its own that runs the model on a device: waiting, or how it ended (success, failure, "
        "cancelled, skipped); told where there is no bench.json",
    )
    options.add_arguments(parser)


class ReportOptions(NamedTuple):
    """What is asked of a report.

    Attributes:
        fails_on_gate: whether a failed gate fails the command.
        against: what the change is compared with, and what it is.
        device_job: how it stands with the job that was to run the model on a device; empty without one.
    """

    fails_on_gate: bool = True
    against: Against = Against()
    device_job: DeviceJob = ""

    @classmethod
    def of(cls, arguments: argparse.Namespace, environment: Mapping[str, str]) -> Self:
        """As options and environment say.

        Raises:
            ConfigError: `config-value`: this cannot be a key, is neither gate nor never, or is no state of a job.
        """
        if arguments.device_job not in get_args(DeviceJob):
            raise ConfigError(
                "config-value",
                f"{arguments.device_job[:40]!r} is not a state of a job.",
                where="--device-job",
                remedy="Use waiting, success, failure, cancelled or skipped, or leave it empty.",
            )
        if arguments.fail_on not in {"gate", "never"}:
            raise ConfigError(
                "config-value",
                f"{arguments.fail_on[:40]!r} is neither gate nor never.",
                where="--fail-on",
                remedy="Use gate or never.",
            )
        return cls(arguments.fail_on == "gate", Against.of(arguments, environment), arguments.device_job)
