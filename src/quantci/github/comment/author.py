"""Whose token it is: only comments of this account are ours, whatever a marker says.

A marker alone proves nothing: anybody who can comment can copy it. So where a token may not ask for its own account
(on Gitea and Forgejo one without the scope read:user), it reacts to a comment with our marker, reads in the answer who
did so, and takes the reaction back. Without that it could only guess that it is a job's, and make its comment anew on
every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.github.client import api_errors
from quantci.github.client.api import Written, decode
from quantci.github.client.responses import Reaction, User, ViewerAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.github.client.api import Api
    from quantci.github.client.responses import Comment
    from quantci.progress import Progress

_REFUSED: Final = (403, 404)
_QUESTION: Final = "{viewer{databaseId login}}"
_GITEA_ACTIONS: Final = -2  # the account of every job of Gitea's and Forgejo's Actions; it is in no table
_REACTION: Final = "eyes"
_MADE: Final = 201  # and not 200: then it was there before, and is not ours to take back


class Account:
    """The account that comments with this token, as far as that is known.

    Args:
        number: its id.
        is_sure: whether the API said so.
    """

    def __init__(self, number: int, *, is_sure: bool) -> None:
        self.number = number
        self._is_sure = is_sure

    @classmethod
    def ask(cls, api: Api, graphql_url: str) -> Account:
        """Ask who we are.

        A person's token may ask for its user. That of a job or an app may not: on GitHub it may ask GraphQL who looks,
        and where there is no GraphQL, or it is too old for that question, it is most likely a job's.

        Raises:
            ToolError: see api_errors.py.
        """
        user = api.find("/user", User, missing=_REFUSED)
        if user is not None:
            return cls(user.id, is_sure=True)
        if api.is_gitea:
            return cls(_GITEA_ACTIONS, is_sure=False)
        viewer = api.query(graphql_url, _QUESTION, ViewerAnswer, missing=(*_REFUSED, 400, 422))
        if viewer is not None:
            return cls(viewer.data.viewer.database_id, is_sure=True)
        bot = api.find("/users/github-actions%5Bbot%5D", User, missing=_REFUSED)
        if bot is None:
            raise api_errors.unexpected("nothing says which account this token stands for", "/user")
        return cls(bot.id, is_sure=False)

    def wrote(self, comment: Comment) -> bool:
        """Whether a comment is of this account."""
        return comment.user is not None and comment.user.id == self.number

    def learn(self, user: User) -> None:
        """The API has told whose comment, or reaction, it was that we made."""
        self.number, self._is_sure = user.id, True

    def find_out(self, api: Api, path: str, marked: Sequence[Comment], progress: Progress) -> bool:
        """Ask by a reaction where that is needed: once, when a comment with our marker is not of the likely account.

        Args:
            api: the API.
            path: below which the comments lie.
            marked: the comments with our marker.
            progress: is told.

        Returns:
            Whether time has passed, so that the comments may be others by now.

        Raises:
            ToolError: a limit that outlasts our time; see api_errors.py.
        """
        foreign = next((comment for comment in marked if not self.wrote(comment)), None)
        if self._is_sure or foreign is None:
            return False
        self._is_sure = True  # asking again would not tell more
        progress("the token may not ask for its own account (on Gitea: scope read:user): asking by a reaction")
        reactions, content = f"{path}/{foreign.id}/reactions", {"content": _REACTION}
        try:
            written, answer = api.write("POST", reactions, content)
            if written is not Written.DONE or answer is None:
                return True
            reaction = decode(answer, Reaction, reactions)
            self.learn(reaction.user)
            if answer.status == _MADE:  # GitHub knows a reaction by its id, Gitea by its content
                api.write("DELETE", f"{reactions}/{reaction.id}" if reaction.id else reactions, content)
        except api_errors.NotPosted:
            progress("it may not react either, so the comment of an earlier run cannot be recognised")
        return True
