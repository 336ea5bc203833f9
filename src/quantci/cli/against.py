"""What a change is compared with: the folder of the baseline, and of which model and branch it must be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from quantci.cli import options
from quantci.cli.inputs import failure_of
from quantci.errors import QuantciError
from quantci.records.baseline_folder import Baseline, folder_of
from quantci.records.stage import Failure

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.records.origin import ReportOrigin


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--baseline",
        default=None,
        metavar="FOLDER",
        help="with report.json, model_quant.tflite and predictions.npz of the base branch",
    )
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
    """What a change is compared with.

    Attributes:
        folder: of the baseline.
        origin: what this change is; None at a desk, where nobody gave a key: then nothing is checked.
        branch: that the change goes to.
        commit: that this branch stood at; empty where that is not known.
    """

    folder: Path | None = None
    origin: ReportOrigin | None = None
    branch: str | None = None
    commit: str = ""

    @classmethod
    def of(cls, arguments: argparse.Namespace, environment: Mapping[str, str]) -> Self:
        """As options and environment say.

        Raises:
            ConfigError: `config-value`: this cannot be a key.
        """
        folder = folder_of(Path(arguments.baseline)) if arguments.baseline else None
        origin = origin_of(arguments, environment)
        if origin is None:
            return cls(folder)
        from quantci.github.runner.origin import read_base

        base = read_base(environment)
        branch = arguments.base_branch or (base.branch if base else None)
        return cls(folder, origin, branch, base.commit if base and branch == base.branch else "")

    def read(self) -> Baseline | Failure | None:
        """The baseline, or why there is none: that costs the comparison, not the run."""
        if self.folder is None:
            return None
        if self.origin is not None and self.branch and not self.folder.exists():
            # A first pull request cannot do anything about it, so nothing warns.
            remedy = f"The next push to `{self.branch}` makes one."
            return Failure(code="no-baseline", cause="There is no baseline yet.", where="", remedy=remedy)
        from quantci.report.baseline import read_baseline
        from quantci.report.foreign import check_baseline

        try:
            report = read_baseline(self.folder)
            if self.origin is not None:
                check_baseline(report, self.origin, self.branch)
        except QuantciError as error:
            return failure_of(error)
        return Baseline(self.folder, report)


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
