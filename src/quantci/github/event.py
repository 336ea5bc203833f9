"""What the job's environment says about itself: the repository, the commit, the run, the API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_GITHUB_API: Final = "https://api.github.com"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class _Head(msgspec.Struct):
    sha: str = ""


class _PullRequest(msgspec.Struct):
    number: int = 0
    head: _Head = msgspec.field(default_factory=_Head)


class _WorkflowRun(msgspec.Struct):
    head_sha: str = ""


class _Payload(msgspec.Struct):
    pull_request: _PullRequest | None = None
    workflow_run: _WorkflowRun | None = None


class Event(NamedTuple):
    """The job, as far as the comment needs to know it."""

    repository: str
    sha: str
    """The commit that was measured: the head of the pull request at that time."""
    pull_request: int | None
    """What the event names. It only decides between pull requests that the API finds for the commit."""
    run_id: int
    run_attempt: int
    """Both 0 at a desk, so that any run of a workflow is newer."""
    api_url: str
    graphql_url: str
    run_url: str
    """Web page of the run; empty at a desk."""

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
    `workflow_run` it is the default branch's commit.

    Raises:
        ConfigError: `no-repository`, `no-sha` or `api-url`: a value is missing or cannot be what it should be.
    """
    payload = _payload(environment.get("GITHUB_EVENT_PATH", ""))
    pull = payload.pull_request or _PullRequest()
    run = payload.workflow_run or _WorkflowRun()
    name = repository or environment.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(name) or {".", ".."} & set(name.split("/")):
        raise ConfigError(
            "no-repository",
            f"{name!r} is not a repository." if name else "The repository is not known.",
            where="--repository" if repository or not name else "GITHUB_REPOSITORY",
            remedy="Name it as owner/name.",
        )
    head = (sha or pull.head.sha or run.head_sha or environment.get("GITHUB_SHA", "") or commit).lower()
    if not _SHA.fullmatch(head):
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
        run_id=_number(environment.get("GITHUB_RUN_ID", "")),
        run_attempt=_number(environment.get("GITHUB_RUN_ATTEMPT", "")),
        api_url=api_url,
        graphql_url=_graphql_url(environment.get("GITHUB_GRAPHQL_URL", ""), api_url),
        run_url=_run_url(environment, name, api_url),
    )


def _payload(path: str) -> _Payload:
    """The event's file. One that is missing or odd is like none: everything in it can be given by option too."""
    if not path:
        return _Payload()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=_Payload)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Payload()


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


def _run_url(environment: Mapping[str, str], repository: str, api_url: str) -> str:
    """The page of the run: GitHub names it by the run's id, Gitea and Forgejo by its number in the repository."""
    server = environment.get("GITHUB_SERVER_URL", "").rstrip("/")
    run = _number(environment.get("GITHUB_RUN_NUMBER" if _is_gitea(api_url) else "GITHUB_RUN_ID", ""))
    return f"{server}/{repository}/actions/runs/{run}" if _is_web(server) and run else ""


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no port
    except ValueError:
        return False
    plain = re.fullmatch(r"[\x21-\x7e]+", url) is not None and not set(url) & set("<>\"'`()[]{}|\\^")
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _graphql_url(given: str, api_url: str) -> str:
    """GraphQL lies on the same host; anything else would get the token without need."""
    derived = api_url.removesuffix("/v3") + "/graphql"
    same_host = urlsplit(given)[:2] == urlsplit(api_url)[:2] if _is_web(given) else False
    return given if same_host else derived


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
