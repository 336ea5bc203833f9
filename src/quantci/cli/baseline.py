"""What a report is about, and what it is compared with: the options, and what the CI service says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from quantci.cli.stage import failure_of
from quantci.errors import QuantciError
from quantci.records.stage import Failure

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.records.origin import ReportOrigin
    from quantci.records.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
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


class Against(NamedTuple):
    """What the report is about, and what it is compared with.

    Attributes:
        baseline: report.json of the base branch.
        origin: None at a desk, where nobody gave a key: then nothing is checked.
        branch: that the change goes to.
        commit: that this branch stood at; empty where that is not known.
    """

    baseline: Path | None = None
    origin: ReportOrigin | None = None
    branch: str | None = None
    commit: str = ""

    @classmethod
    def of(cls, arguments: argparse.Namespace, environment: Mapping[str, str]) -> Self:
        """As options and environment say.

        Raises:
            ConfigError: `config-value`: this cannot be a key.
        """
        baseline = Path(arguments.baseline) if arguments.baseline else None
        if arguments.key is None:
            return cls(baseline)
        from quantci.cli.settings import file_of
        from quantci.github.comment.marker import check_key
        from quantci.github.runner.origin import read_base, read_origin

        configuration = _inside(file_of(arguments, environment), Path(environment.get("GITHUB_WORKSPACE") or "."))
        origin = read_origin(environment, check_key(arguments.key), configuration)
        base = read_base(environment)
        branch = arguments.base_branch or (base.branch if base else None)
        return cls(baseline, origin, branch, base.commit if base and branch == base.branch else "")

    def read(self) -> tuple[Report | None, Failure | None]:
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


def _inside(file: Path, root: Path) -> str:
    """The path from the root of the repository; as it was given where it lies elsewhere."""
    real, base = Path(os.path.realpath(file)), Path(os.path.realpath(root))
    inside = real.relative_to(base) if real.is_relative_to(base) else file
    return inside.as_posix().encode(errors="replace").decode()
