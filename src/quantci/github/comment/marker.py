"""The hidden first line of a comment: whose it is, and what it is about."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from quantci.errors import ConfigError
from quantci.records.origin import KEY

_LINE: Final = re.compile(
    rf"<!-- quantci-comment 1 key=(?P<key>{KEY}) sha=(?P<sha>[0-9a-f]{{40}}|[0-9a-f]{{64}})"
    r" run=(?P<run>[0-9]{1,18}) attempt=(?P<attempt>[0-9]{1,18}) -->"
)


class Marker(NamedTuple):
    """Key of the comment, head commit, and the run of the workflow that measured it (0 and 0 at a desk)."""

    key: str
    sha: str
    run_id: int
    run_attempt: int


def check_key(key: str) -> str:
    """The key, if it can be one.

    Raises:
        ConfigError: `config-value`.
    """
    if not re.fullmatch(KEY, key):
        raise ConfigError(
            "config-value",
            f"{key[:120]!r} is not a key of a comment.",
            where="--key",
            remedy="Use up to 100 letters, digits, dots, underscores, hyphens and slashes.",
        )
    return key


def line_of(marker: Marker) -> str:
    """The marker as the first line of a comment, without its end."""
    return (
        f"<!-- quantci-comment 1 key={marker.key} sha={marker.sha} run={marker.run_id} attempt={marker.run_attempt} -->"
    )


def marker_of(body: str) -> Marker | None:
    """The marker that a comment starts with. One further down, in a quotation or a code block, is only text."""
    match = _LINE.fullmatch(body.split("\n", 1)[0].rstrip("\r"))
    if match is None:
        return None
    return Marker(match["key"], match["sha"], int(match["run"]), int(match["attempt"]))


def is_same_text(one: str, other: str) -> bool:
    """Whether two bodies say the same: a server may store other line ends, and drop those at the end."""
    return _normal(one) == _normal(other)


def _normal(body: str) -> str:
    return body.replace("\r\n", "\n").rstrip()
