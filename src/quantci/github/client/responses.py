"""The few fields of the API's answers that are used; all others are passed over."""

from __future__ import annotations

import msgspec


class User(msgspec.Struct, frozen=True):
    """An account."""

    id: int
    login: str = ""


class Comment(msgspec.Struct, frozen=True):
    """A comment; without a user when the account was deleted."""

    id: int
    body: str | None = None
    user: User | None = None
    html_url: str = ""

    @property
    def text(self) -> str:
        """What it says."""
        return self.body or ""


class Repository(msgspec.Struct, frozen=True):
    """A repository."""

    full_name: str


class Head(msgspec.Struct, frozen=True):
    """The tip of a pull request's branch; without a repository when that fork was deleted."""

    sha: str
    ref: str = ""
    repo: Repository | None = None


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request."""

    number: int
    state: str
    head: Head
    html_url: str = ""


class Reaction(msgspec.Struct, frozen=True):
    """A reaction to a comment, with who reacted."""

    user: User
    id: int | None = None


class Commit(msgspec.Struct, frozen=True):
    """A commit of a pull request."""

    sha: str


class Viewer(msgspec.Struct, frozen=True, rename="camel"):
    """Whose token it is, according to GraphQL."""

    database_id: int
    login: str = ""


class ViewerData(msgspec.Struct, frozen=True):
    """The part of a GraphQL answer around it."""

    viewer: Viewer


class ViewerAnswer(msgspec.Struct, frozen=True):
    """The answer to `{viewer{databaseId login}}`."""

    data: ViewerData
