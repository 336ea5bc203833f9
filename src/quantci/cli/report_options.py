"""What is asked of a report: what it is about, what it is compared with, whether a failed gate fails the command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from quantci.cli import options
from quantci.cli.inputs import failure_of
from quantci.errors import ConfigError, QuantciError
from quantci.records.stage import Failure

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.records.origin import ReportOrigin
    from quantci.records.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a command that writes a report."""
    parser.add_argument("--baseline", default=None, metavar="FILE", help="report.json of the base branch")
    parser.add_argument(
        "--key",
        default=None,
        help="name of this model: the report then says what it is of, and the baseline must be of the same",
    )
    parser.add_argument(
        "--base-branch",
        default=None,
        metavar="BRANCH",
        help="with --key: the branch that the baseline must be of (default: the event's)",
    )
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
        baseline: report.json of the base branch.
        origin: what the report is about; None if no key was given, as at a desk: then nothing is checked.
        branch: that the change goes to.
        commit: that this branch stood at; empty where that is not known.
    """

    fails_on_gate: bool = True
    baseline: Path | None = None
    origin: ReportOrigin | None = None
    branch: str | None = None
    commit: str = ""

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
        fails_on_gate = arguments.fail_on == "gate"
        baseline = Path(arguments.baseline) if arguments.baseline else None
        origin = origin_of(arguments, environment)
        if origin is None:
            return cls(fails_on_gate, baseline)
        from quantci.github.runner.origin import read_base

        base = read_base(environment)
        branch = arguments.base_branch or (base.branch if base else None)
        return cls(fails_on_gate, baseline, origin, branch, base.commit if base and branch == base.branch else "")

    def read_baseline(self) -> tuple[Report | None, Failure | None]:
        """The baseline's report, or why there is none: that costs the comparison, not the report."""
        from quantci.report.baseline import read_baseline
        from quantci.report.foreign import check_baseline

        if self.baseline is None:
            return None, None
        if self.origin is not None and self.branch and not self.baseline.exists():
            # A first pull request cannot do anything about it, so nothing warns.
            remedy = f"The next push to `{self.branch}` makes one."
            return None, Failure(code="no-baseline", cause="There is no baseline yet.", where="", remedy=remedy)
        try:
            report = read_baseline(self.baseline)
            if self.origin is not None:
                check_baseline(report, self.origin, self.branch)
        except QuantciError as error:
            return None, failure_of(error)
        return report, None


def origin_of(arguments: argparse.Namespace, environment: Mapping[str, str]) -> ReportOrigin | None:
    """What the report is about: model, configuration, branch, commit and run. None where nobody gave a key.

    Raises:
        ConfigError: `config-value`: this cannot be a key.
    """
    if arguments.key is None:
        return None
    from quantci.github.comment.marker import check_key
    from quantci.github.runner.origin import read_origin

    file = options.file_of(arguments, environment)
    return read_origin(
        environment, check_key(arguments.key), _inside(file, Path(environment.get("GITHUB_WORKSPACE") or "."))
    )


def _inside(file: Path, root: Path) -> str:
    """The path from the root of the repository; as it was given where it lies elsewhere."""
    real, base = Path(os.path.realpath(file)), Path(os.path.realpath(root))
    inside = real.relative_to(base) if real.is_relative_to(base) else file
    return inside.as_posix().encode(errors="replace").decode()
