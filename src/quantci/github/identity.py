"""Who the token stands for: only comments of this account are ours, whatever a marker says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.github import faults
from quantci.github.answers import User, ViewerAnswer

if TYPE_CHECKING:
    from quantci.github.api import Api

_REFUSED: Final = (403, 404)
_QUESTION: Final = "{viewer{databaseId login}}"
_GITEA_ACTIONS: Final = -2  # the account that stands for every job of Gitea's and Forgejo's Actions; it is in no table


def author_id(api: Api, graphql_url: str) -> int:
    """Id of the account that comments with this token.

    A person's token may ask for its user. That of a job or an app may not: on GitHub it may ask GraphQL who looks,
    and where there is no GraphQL, or it is too old for that question, it can only be a job's.

    Raises:
        ToolError: see faults.py.
    """
    user = api.find("/user", User, missing=_REFUSED)
    if user is not None:
        return user.id
    if api.is_gitea:
        return _GITEA_ACTIONS
    viewer = api.query(graphql_url, _QUESTION, ViewerAnswer, missing=(*_REFUSED, 400, 422))
    if viewer is not None:
        return viewer.data.viewer.database_id
    bot = api.find("/users/github-actions%5Bbot%5D", User, missing=_REFUSED)
    if bot is None:
        raise faults.unexpected("nothing says which account this token stands for", "/user")
    return bot.id
