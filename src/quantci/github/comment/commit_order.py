"""Which of two commits of a pull request is the newer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.github.client.responses import PullRequest
from quantci.github.comment.pull_request import commits_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantci.github.client.api import Api
    from quantci.github.comment.marker import Marker

Age = tuple[int, int, int]
"""Position of the commit, id of the run, attempt of the run: the greater is the newer."""


class History:
    """The commits of a pull request, asked for whenever two have to be compared: a push may come at any time."""

    def __init__(self, api: Api, repository: str, number: int) -> None:
        self._api = api
        self._repository = repository
        self._number = number
        self._positions: dict[str, int] = {}

    def learn(self, shas: Iterable[str]) -> None:
        """Be able to compare these commits, as the pull request is now.

        Comments are looked at before this is called: so the commit of a comment, if it belongs to the pull request
        at all, is in the answer. Commits that are not in it were forced out, and are older than all others.
        """
        if len(set(shas)) < 2:
            return
        head = self._api.read(f"/repos/{self._repository}/pulls/{self._number}", PullRequest).head.sha
        commits = commits_of(self._api, self._repository, self._number)
        self._positions = positions(commits, head, newest_first=self._api.is_gitea)

    def age(self, marker: Marker) -> Age:
        """How new what this marker stands on is, among the commits that were learnt."""
        return self._positions.get(marker.sha, -1), marker.run_id, marker.run_attempt


def positions(commits: list[str], head: str, *, newest_first: bool) -> dict[str, int]:
    """Commit -> its place, the oldest first.

    Args:
        commits: as the server lists them; GitHub ends after 250.
        head: the pull request's head, a moment before.
        newest_first: the server's order, where the head does not tell it.
    """
    if commits and head in {commits[0], commits[-1]} and len(commits) > 1:
        newest_first = commits[0] == head
    ordered = commits[::-1] if newest_first else commits
    found = {sha: index for index, sha in enumerate(ordered)}
    found.setdefault(head, len(ordered))
    return found
