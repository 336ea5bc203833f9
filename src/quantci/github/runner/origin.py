"""Which model, branch, commit and run a report is about, and what it is compared with, as the runner says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.github.runner.event import REPOSITORY, SHA, number_of, run_url
from quantci.github.runner.payload import PullRequest, read_payload
from quantci.records.origin import ReportOrigin

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping


class Base(NamedTuple):
    """What a pull request goes to."""

    branch: str
    commit: str


def read_origin(environment: Mapping[str, str], key: str, configuration: str | None) -> ReportOrigin:
    """What the report says. What the environment does not say, or not clearly, is null; there is still a report.

    Args:
        environment: the variables that every runner sets.
        key: name of the model, checked.
        configuration: path of quantci.toml, from the root of the repository.
    """
    payload = read_payload(environment)
    pull = payload.pull_request or PullRequest()
    repository = _fitting(environment.get("GITHUB_REPOSITORY", ""), REPOSITORY)
    branch = pull.head.ref or (
        environment.get("GITHUB_REF_NAME", "") if environment.get("GITHUB_REF_TYPE") == "branch" else ""
    )
    return ReportOrigin(
        key=key,
        configuration=configuration,
        repository=repository,
        branch=branch.encode(errors="replace").decode() or None,
        commit=_fitting((pull.head.sha or environment.get("GITHUB_SHA", "")).lower(), SHA),
        pull_request=max(pull.number, 0) or None,
        run_id=number_of(environment.get("GITHUB_RUN_ID", "")) or None,
        run_attempt=number_of(environment.get("GITHUB_RUN_ATTEMPT", "")) or None,
        run_url=(run_url(environment, repository, payload) if repository else "") or None,
    )


def read_base(environment: Mapping[str, str]) -> Base | None:
    """Branch and commit that the event's pull request goes to; None where there is no pull request."""
    pull = read_payload(environment).pull_request
    return Base(pull.base.ref, pull.base.sha) if pull is not None and pull.base.ref else None


def _fitting(text: str, pattern: re.Pattern[str]) -> str | None:
    return text if pattern.fullmatch(text) else None
