"""Which events may start a measurement: only the standard library is imported, for nothing is installed yet."""

from __future__ import annotations

from typing import Final

from quantci.errors import ConfigError

# Events that check out what they are about.
TRIGGERS: Final = (
    *("pull_request", "push", "merge_group", "schedule", "workflow_dispatch", "repository_dispatch", "release"),
)
_TARGET: Final = "pull_request_target"
_REASONS: Final = {
    _TARGET: "It runs with the secrets and the write token of the base repository. It checks out the base branch, "
    "so the change would not be measured; and checking out the change would run a stranger's files beside them.",
    "workflow_run": "It checks out the default branch, so the change would not be measured.",
}


def refuse_target(event: str) -> None:
    """Refuse the one event that gives a stranger's model a token to steal.

    Raises:
        ConfigError: `event`.
    """
    if event == _TARGET:
        raise _refused(event)


def check_event(event: str) -> None:
    """Refuse an event that does not check out what it is about.

    Raises:
        ConfigError: `event`.
    """
    if event not in TRIGGERS:
        raise _refused(event)


def _refused(event: str) -> ConfigError:
    reason = _REASONS.get(event, "It does not check out the change.")
    return ConfigError(
        "event",
        f"The event {event[:40]!r} cannot start a measurement. {reason}",
        where="on",
        remedy="Use `on: pull_request`, which measures pull requests from forks as well, and needs no secrets"
        f" (also: {', '.join(TRIGGERS[1:])}).",
    )
