"""What is asked of a report: what it is compared with, and whether a failed gate fails the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from quantci.cli import against, options
from quantci.cli.against import Against
from quantci.errors import ConfigError

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
    options.add_arguments(parser)


class ReportOptions(NamedTuple):
    """What is asked of a report.

    Attributes:
        fails_on_gate: whether a failed gate fails the command.
        against: what the change is compared with, and what it is.
    """

    fails_on_gate: bool = True
    against: Against = Against()

    @classmethod
    def of(cls, arguments: argparse.Namespace, environment: Mapping[str, str]) -> Self:
        """As options and environment say.

        Raises:
            ConfigError: `config-value`: this cannot be a key, or is neither gate nor never.
        """
        if arguments.fail_on not in {"gate", "never"}:
            raise ConfigError(
                "config-value",
                f"{arguments.fail_on[:40]!r} is neither gate nor never.",
                where="--fail-on",
                remedy="Use gate or never.",
            )
        return cls(arguments.fail_on == "gate", Against.of(arguments, environment))
