"""What the job's environment says about itself: the repository, the commit, the run, the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from quantci.errors import ConfigError
from quantci.github.runner.payload import Payload, PullRequest, WorkflowRun, read_payload

if TYPE_CHECKING:
    from collections.abc import Mapping

_GITHUB_API: Final = "https://api.github.com"
REPOSITORY: Final = re.compile(r"(?!\.\.?/)[A-Za-z0-9_.-]+/(?!\.\.?\Z)[A-Za-z0-9_.-]+")
SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Head(NamedTuple):
    """A branch, as owner/name and its own name: those of a fork may be called as ours are."""

    repository: str
    branch: str


class Event(NamedTuple):
    """The job, as far as the comment needs to know it."""

    repository: str
    sha: str
    """The commit that was measured: the head of the pull request at that time."""
    pull_request: int | None
    """What the event names. It only decides between pull requests that the API finds for the commit."""
    run_id: int
    run_attempt: int
    """The run that measured. Both 0 at a desk, so that any run of a workflow is newer."""
    api_url: str
    graphql_url: str
    run_url: str
    """Web page of the run that measured; empty at a desk."""
    head: Head | None = None
    """Branch that the run before this one measured, on `workflow_run`: a pull request of any other is not meant."""

    @property
    def is_gitea(self) -> bool:
        """Gitea and Forgejo say so by the address of their API."""
        return _is_gitea(self.api_url)


def read_event(
    environment: Mapping[str, str],
    *,
    repository: str | None = None,
    sha: str | None = None,
    number: int | None = None,
    commit: str = "",
) -> Event:
    """Read the variables that every runner sets.

    Args:
        environment: the variables.
        repository: wins over them.
        sha: wins over them.
        number: wins over them.
        commit: what to take when nothing else names one.

    On `pull_request`, GITHUB_SHA is a merge commit that nobody pushed; the event's own head is what counts. On
    `workflow_run` commit and run are those of the default branch; what counts are those of the run before, as the
    server names them in the event.

    Raises:
        ConfigError: `no-repository`, `no-sha` or `api-url`: a value is missing or cannot be what it should be.
    """
    payload = read_payload(environment)
    pull = payload.pull_request or PullRequest()
    run = payload.workflow_run or WorkflowRun()
    name = repository or environment.get("GITHUB_REPOSITORY", "")
    if not REPOSITORY.fullmatch(name):
        raise ConfigError(
            "no-repository",
            f"{name!r} is not a repository." if name else "The repository is not known.",
            where="--repository" if repository or not name else "GITHUB_REPOSITORY",
            remedy="Name it as owner/name.",
        )
    head = (sha or pull.head.sha or run.head_sha or environment.get("GITHUB_SHA", "") or commit).lower()
    if not SHA.fullmatch(head):
        raise ConfigError(
            "no-sha",
            f"{head[:80]!r} is not the full name of a commit." if head else "Which commit was measured is not known.",
            where="--sha" if sha or not head else "GITHUB_SHA",
            remedy="Give all 40 hexadecimal digits of the pull request's head, not of a merge commit.",
        )
    api_url = _api_url(environment)
    return Event(
        repository=name,
        sha=head,
        pull_request=number or pull.number or None,
        run_id=max(run.id, 0) or number_of(environment.get("GITHUB_RUN_ID", "")),
        run_attempt=max(run.run_attempt, 0) if run.id > 0 else number_of(environment.get("GITHUB_RUN_ATTEMPT", "")),
        api_url=api_url,
        graphql_url=_graphql_url(environment.get("GITHUB_GRAPHQL_URL", ""), api_url),
        run_url=run_url(environment, name, payload),
        head=_head(run),
    )


def _api_url(environment: Mapping[str, str]) -> str:
    url = environment.get("GITHUB_API_URL", "").rstrip("/") or _GITHUB_API
    if not _is_web(url):
        raise ConfigError(
            "api-url",
            f"{url[:80]!r} is not the address of an API.",
            where="GITHUB_API_URL",
            remedy="Give it as https://HOST/api/v3 (GitHub Enterprise) or https://HOST/api/v1 (Gitea, Forgejo).",
        )
    return url


def _is_gitea(api_url: str) -> bool:
    return urlsplit(api_url).path.endswith("/api/v1")


def _head(run: WorkflowRun) -> Head | None:
    if run.head_repository is None or not run.head_branch:
        return None
    return Head(run.head_repository.full_name, run.head_branch)


def run_url(environment: Mapping[str, str], repository: str, payload: Payload) -> str:
    """The page of the run that measured, empty if it has none that can be linked.

    GitHub names it by the run's id, Gitea and Forgejo by its number in the repository.
    """
    server = environment.get("GITHUB_SERVER_URL", "").rstrip("/")
    gitea, before = _is_gitea(environment.get("GITHUB_API_URL", "").rstrip("/")), payload.workflow_run
    if before is not None and before.id > 0:
        run = before.run_number if gitea else before.id
    else:
        run = number_of(environment.get("GITHUB_RUN_NUMBER" if gitea else "GITHUB_RUN_ID", ""))
    return f"{server}/{repository}/actions/runs/{run}" if _is_web(server) and run > 0 else ""


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if it is not a port
    except ValueError:
        return False
    plain = re.fullmatch(r"[\x21-\x7e]+", url) is not None and not set(url) & set("<>\"'`()[]{}|\\^")
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _graphql_url(given: str, api_url: str) -> str:
    """GraphQL lies on the same host; anything else would get the token without need."""
    derived = api_url.removesuffix("/v3") + "/graphql"
    same_host = urlsplit(given)[:2] == urlsplit(api_url)[:2] if _is_web(given) else False
    return given if same_host else derived


def number_of(text: str) -> int:
    """A variable's number; 0 where it holds none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
