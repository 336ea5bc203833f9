"""The pull request of a commit, as the API tells it: a number that an artifact or an event names is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.github.client.api_errors import NotPosted
from quantci.github.client.responses import Commit, PullRequest

if TYPE_CHECKING:
    from quantci.github.client.api import Api
    from quantci.github.runner.event import Head


def find_pull_request(
    api: Api, repository: str, sha: str, wanted: int | None, head: Head | None = None, claimed: int | None = None
) -> PullRequest:
    """The open pull request that this commit is the head of, or was before newer ones were pushed.

    Args:
        api: the API.
        repository: owner/name of the repository that the pull request goes to.
        sha: the commit.
        wanted: number that decides when there are several, and that is looked at even when no list has it.
        head: branch that was measured, as the server says; a pull request of another branch is not meant, even with
            the same commit: anybody can propose a commit of somebody else's.
        claimed: number that the report gives. Nothing vouches for it, so that it decides only between pull requests of
            one branch: each of these has a run of its own.

    Raises:
        NotPosted: `no-pull-request`, or `several-pull-requests` when more than one could be meant.
        ToolError: see client/api_errors.py.
    """
    heads, others = _associated(api, repository, sha, head)
    if not heads:
        pulls = api.pages(f"/repos/{repository}/pulls?state=open", PullRequest)
        heads = {
            pull.number: pull for pull in pulls if pull.head.sha == sha and _is_of(pull, head)
        }  # Gitea does not filter by state=open only
    if wanted is not None and wanted not in heads:
        pull = api.find(f"/repos/{repository}/pulls/{wanted}", PullRequest)
        if pull is not None and pull.state == "open" and _is_of(pull, head):
            (heads if pull.head.sha == sha else others)[wanted] = pull
    found = {number: pull for number, pull in heads.items() if wanted in {None, number}} or {
        number: pull
        for number, pull in others.items()
        if wanted in {None, number} and sha in commits_of(api, repository, number)
    }
    if not found:
        raise NotPosted(
            "no-pull-request",
            f"No open pull request has the commit {sha}.",
            where=repository,
            remedy="A push without one needs no comment; for a pull request, give its head, not the merge commit.",
        )
    if len(found) > 1 and head is not None and claimed in found:
        return found[claimed]
    if len(found) > 1:
        raise NotPosted(
            "several-pull-requests",
            f"Several open pull requests have the commit {sha}: {', '.join(map(str, sorted(found)))}.",
            where=repository,
            remedy="Name one with --pull-request.",
        )
    return next(iter(found.values()))


def commits_of(api: Api, repository: str, number: int) -> list[str]:
    """The commits of a pull request, at most 250 of them on GitHub. The order is the server's."""
    return [commit.sha for commit in api.pages(f"/repos/{repository}/pulls/{number}/commits", Commit)]


def _is_of(pull: PullRequest, head: Head | None) -> bool:
    if head is None:
        return True
    name = pull.head.repo.full_name if pull.head.repo else ""
    return name.lower() == head.repository.lower() and pull.head.ref == head.branch


def _associated(
    api: Api, repository: str, sha: str, head: Head | None
) -> tuple[dict[int, PullRequest], dict[int, PullRequest]]:
    """The open pull requests that GitHub knows for a commit: those with it as their head, and others.

    It may miss those from forks, and a token without `contents: read` may not ask. Gitea knows only merged ones.
    """
    if api.is_gitea:
        return {}, {}
    pulls = api.pages(f"/repos/{repository}/commits/{sha}/pulls", PullRequest, missing=(403, 404, 409, 422))
    still_open = {pull.number: pull for pull in pulls if pull.state == "open" and _is_of(pull, head)}
    heads = {number: pull for number, pull in still_open.items() if pull.head.sha == sha}
    return heads, {number: pull for number, pull in still_open.items() if number not in heads}
