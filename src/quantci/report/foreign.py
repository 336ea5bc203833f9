"""Whether a baseline is of the model, and of the branch, that a report may be compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from quantci.records.origin import ReportOrigin
    from quantci.records.report import Report


def check_baseline(baseline: Report, mine: ReportOrigin, branch: str | None) -> None:
    """Refuse the baseline of another model, of another branch, or of a pull request.

    Args:
        baseline: the report to compare with.
        mine: of the report that is being made.
        branch: that the change goes to; None where that is not known.

    Raises:
        ConfigError: `foreign-baseline`, naming what differs.
    """
    theirs = baseline.origin
    wanted = f"that a push to {f'`{branch}`' if branch else 'the base branch'} made for the key `{mine.key}`"
    if theirs is None:
        raise ConfigError(
            "foreign-baseline",
            "The baseline does not say which model and branch it is of, so nothing is compared with it.",
            remedy=f"Use the report.json {wanted}, with this version of quantci.",
        )
    compared = [
        ("repository", (theirs.repository or "").lower(), (mine.repository or "").lower()),
        ("key", theirs.key, mine.key),
        ("configuration", theirs.configuration, mine.configuration),
        ("branch", theirs.branch, branch),
    ]
    found = [
        f"its {name} is `{its or 'not known'}` and not `{ours}`" for name, its, ours in compared if ours and its != ours
    ]
    if theirs.pull_request is not None:
        found.append(f"it was made for the pull request {theirs.pull_request}, and not by a push")
    if branch and theirs.commit is None:
        found.append("it does not say which commit it is of")
    if found:
        raise ConfigError(
            "foreign-baseline",
            f"The baseline is not of this model and branch, so nothing is compared with it: {', '.join(found)}.",
            remedy=f"Use the report.json {wanted}: name its cache or artifact by the whole key and "
            "branch, not by a prefix of them.",
        )
