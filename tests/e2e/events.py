"""What the server says about the events that start the workflows, as far as those look at it."""

from __future__ import annotations

from typing import Any

from tests.e2e.caller import Caller
from tests.github_model import REPOSITORY, GitHub

_REPOSITORY = {"full_name": REPOSITORY, "default_branch": "main"}


def push(caller: Caller) -> dict[str, Any]:
    """The newest commit arrived on main."""
    return {"ref": "refs/heads/main", "after": caller.head, "repository": _REPOSITORY}


def pull_request(caller: Caller, base: str) -> dict[str, Any]:
    """The newest commit was proposed to main, which stood at `base`."""
    return {
        "action": "synchronize",
        "number": 1,
        "pull_request": {
            "number": 1,
            "head": {"sha": caller.head, "ref": "topic", "repo": _REPOSITORY},
            "base": {"sha": base, "ref": "main", "repo": _REPOSITORY},
        },
        "repository": _REPOSITORY,
    }


def announce(github: GitHub, caller: Caller) -> None:
    """Let the API know pull request 1 by its newest commit."""
    github.commits[1].append(caller.head)
