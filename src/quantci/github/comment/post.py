"""From a finished body to the comment on its pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.github.client.api import Api
from quantci.github.comment.author import Account
from quantci.github.comment.commit_order import History
from quantci.github.comment.pull_request import find_pull_request
from quantci.github.comment.sticky import Sticky

if TYPE_CHECKING:
    from quantci.github.client.clock import Clock
    from quantci.github.client.transport import Transport
    from quantci.github.comment.marker import Marker
    from quantci.github.comment.sticky import Outcome
    from quantci.github.runner.event import Event
    from quantci.progress import Progress


class Posted(NamedTuple):
    """Where the comment is, and what became of it."""

    outcome: Outcome
    url: str


def post(
    transport: Transport,
    event: Event,
    marker: Marker,
    body: str,
    *,
    claimed: int | None = None,
    clock: Clock,
    timeout_s: float,
    progress: Progress,
) -> Posted:
    """Keep the comment up to date.

    `claimed` is the pull request that the report names: see `find_pull_request`.

    Raises:
        NotPosted: no pull request, or several; the token may not comment.
        ToolError: see client/api_errors.py and sticky.py.
    """
    api = Api(transport, event.api_url, clock, timeout_s=timeout_s, is_gitea=event.is_gitea, progress=progress)
    progress("looking for the pull request")
    pull = find_pull_request(api, event.repository, event.sha, event.pull_request, event.head, claimed)
    sticky = Sticky(
        api,
        History(api, event.repository, pull.number),
        clock,
        repository=event.repository,
        number=pull.number,
        account=Account.ask(api, event.graphql_url),
        progress=progress,
    )
    outcome, comment = sticky.keep(marker, body)
    return Posted(outcome, comment.html_url or pull.html_url)
