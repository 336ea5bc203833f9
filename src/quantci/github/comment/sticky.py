"""One comment a key: created, updated, left alone, and made one again where several writers met.

An API for comments has no "change this only if nobody else did". These rules replace it:

- No writer overwrites or deletes a comment that is newer than its own text.
- A change or a deletion leaves within FRESH_S of a look at the very comment that it is about.
- Who has changed a comment looks again after SETTLE_S, when whatever others had decided before that change has
  either happened or never will, and writes once more if an older text has come through.
- After creating a comment, a writer looks again at once: no other can have decided to write an older text over it.
- Of several comments the newest text stays (of equal ones the first) and the others are deleted, by whoever sees them.

The assumption: a request takes effect within REQUEST_S of being sent, or not at all. Then, when the last writer is
done, there is one comment, and it holds the newest text; test_schedules.py plays that through.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from quantci.errors import ToolError
from quantci.github.client import api_errors
from quantci.github.client.api import Written, decode
from quantci.github.client.responses import Comment
from quantci.github.client.transport import REQUEST_S
from quantci.github.comment.marker import Marker, marker_of
from quantci.github.comment.plan import Ours, plan

if TYPE_CHECKING:
    from quantci.github.client.api import Api
    from quantci.github.client.clock import Clock
    from quantci.github.comment.author import Account
    from quantci.github.comment.commit_order import History
    from quantci.progress import Progress

FRESH_S: Final = 2.0
SETTLE_S: Final = FRESH_S + REQUEST_S + 1.0  # a second for the way
_ROUNDS: Final = 30
_MOST_CREATED: Final = 3


class Outcome(Enum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NEWER = "kept the newer one"


class Sticky:
    """The comment of one key on one pull request."""

    def __init__(
        self,
        api: Api,
        history: History,
        clock: Clock,
        *,
        repository: str,
        number: int,
        account: Account,
        progress: Progress,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._api = api
        self._history = history
        self._clock = clock
        self._issue = f"/repos/{repository}/issues/{number}/comments"
        self._comment = f"/repos/{repository}/issues/comments"
        self._account = account
        self._progress = progress
        self._settle_s = settle_s
        self._created = 0

    def keep(self, marker: Marker, body: str) -> tuple[Outcome, Comment]:
        """See to it that the comment says `body`, which starts with `marker`, unless a newer one is there.

        Raises:
            ToolError: see api_errors.py; `comment-busy`.
        """
        outcome = Outcome.UNCHANGED
        was_written = False
        for _ in range(_ROUNDS):
            seen_s = self._clock.monotonic_s()
            found = self._look(marker)
            step = plan(found, body, self._history.age(marker), was_written=was_written)
            if step.create:
                if was_written:  # gone, or the server does not list it yet
                    self._settle("the comment is not there")
                    was_written = False
                    continue
                outcome, was_written = self._create(body, outcome)
            elif step.change is not None:
                outcome, was_written = self._change(step.change, body, seen_s, outcome, was_written=was_written)
            elif step.delete is not None:
                self._progress("deleting a second comment of the same key")
                if self._is_fresh(step.delete, seen_s):
                    self._api.write("DELETE", f"{self._comment}/{step.delete.id}", None)
            elif step.newest is not None:
                if step.newest.age != self._history.age(marker):
                    outcome = Outcome.NEWER
                return outcome, step.newest.comment
        raise ToolError(
            "comment-busy",
            "Others keep changing the comment.",
            where=self._issue,
            remedy="Give each workflow that comments a --key of its own.",
        )

    def _look(self, marker: Marker) -> list[Ours]:
        self._progress("looking for the comment")
        marked = self._marked(marker.key)
        if self._account.find_out(self._api, self._comment, [comment for comment, _ in marked], self._progress):
            marked = self._marked(marker.key)
        found = [(comment, theirs) for comment, theirs in marked if self._account.wrote(comment)]
        self._history.learn([marker.sha, *(theirs.sha for _, theirs in found)])
        return [Ours(comment, self._history.age(theirs)) for comment, theirs in found]

    def _marked(self, key: str) -> list[tuple[Comment, Marker]]:
        """Every comment with a marker of this key, whoever wrote it."""
        markers = ((comment, marker_of(comment.text)) for comment in self._api.pages(self._issue, Comment))
        return [(comment, theirs) for comment, theirs in markers if theirs is not None and theirs.key == key]

    def _create(self, body: str, outcome: Outcome) -> tuple[Outcome, bool]:
        if self._created == _MOST_CREATED:
            raise ToolError(
                "comment-lost",
                f"The comment was created {_MOST_CREATED} times, and the API does not list it.",
                where=self._issue,
                remedy="Look at the pull request: somebody or something deletes the comment.",
            )
        written, answer = self._api.write("POST", self._issue, {"body": body})
        if written is Written.GONE:
            raise ToolError(
                "comments-not-found",
                "The pull request takes no comments: the API knows no such address.",
                where=self._issue,
                remedy="Give the job the permission `pull-requests: write`; on Gitea, the token the scope write:issue.",
            )
        if written is Written.DONE and answer is not None:
            made = decode(answer, Comment, self._issue)
            if made.user is not None:
                self._account.learn(made.user)  # nobody knows better whose comment it is
        self._created += written is not Written.NOT_SENT
        if written is Written.UNKNOWN:
            self._settle("whether the comment was created is not known")
        if written is not Written.NOT_SENT and outcome is Outcome.UNCHANGED:
            outcome = Outcome.CREATED
        return outcome, written is Written.DONE

    def _change(
        self, comment: Comment, body: str, seen_s: float, outcome: Outcome, *, was_written: bool
    ) -> tuple[Outcome, bool]:
        if not self._is_fresh(comment, seen_s):
            return outcome, was_written
        written, _ = self._api.write("PATCH", f"{self._comment}/{comment.id}", {"body": body})
        if written in {Written.GONE, Written.NOT_SENT}:
            return outcome, was_written
        self._settle("waiting to see whether another run writes too")
        if outcome is Outcome.UNCHANGED:
            outcome = Outcome.UPDATED
        return outcome, was_written or written is Written.DONE  # if it is not known, the next look will tell

    def _is_fresh(self, comment: Comment, seen_s: float) -> bool:
        """Whether the comment was seen a moment ago as it is; a list that took long is not enough."""
        if self._clock.monotonic_s() - seen_s < FRESH_S:
            return True
        again_s = self._clock.monotonic_s()
        now = self._api.find(f"{self._comment}/{comment.id}", Comment)
        return now is not None and now.text == comment.text and self._clock.monotonic_s() - again_s < FRESH_S

    def _settle(self, why: str) -> None:
        self._progress(f"{why}: {self._settle_s:.0f} s")
        self._api.patience.wait(self._settle_s, api_errors.out_of_time(self._issue))
