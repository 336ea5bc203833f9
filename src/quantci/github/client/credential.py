"""The token: taken from the environment, sent to one API, and never shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES: Final = ("GITHUB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN")


class Token:
    """A token that no message, repr or trace can show: only transport.py reads its text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Token(***)"

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def hide(self, text: str) -> str:
        """The text without the token: a server may send back what it was sent."""
        return text.replace(self._text, "***")


def read_token(environment: Mapping[str, str]) -> Token:
    """The token of this job.

    Raises:
        ConfigError: `no-token`: there is none, or it cannot be one.
    """
    for name in VARIABLES:
        text = environment.get(name, "").strip()
        if not text:
            continue
        # requests would refuse such a header with a message that quotes it.
        if not re.fullmatch(r"[\x21-\x7e]+", text):
            raise ConfigError(
                "no-token",
                "This is not a token: it holds spaces, line ends or letters that no token has.",
                where=name,
                remedy="Set the variable to the token alone.",
            )
        return Token(text)
    raise ConfigError(
        "no-token",
        "There is no token in the environment.",
        where=VARIABLES[0],
        remedy="In a workflow, give the step `env: GITHUB_TOKEN: ${{ github.token }}` and the job the permission "
        "`pull-requests: write`.",
    )
