"""What the server says about the events that start the workflows, as far as those look at it."""

from __future__ import annotations

from typing import Any

from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.github_model import REPOSITORY, GitHub

_REPOSITORY = {"full_name": REPOSITORY, "default_branch": "main"}


def push(caller: Caller) -> dict[str, Any]:
    """The newest commit arrived on main."""
    return {"ref": "refs/heads/main", "after": caller.head, "repository": _REPOSITORY}


def pull_request(caller: Caller, base: str, owner: str = REPOSITORY) -> dict[str, Any]:
    """The newest commit was proposed to main, which stood at `base`, from the branch `topic` of a repository."""
    return {
        "action": "synchronize",
        "number": 1,
        "pull_request": {
            "number": 1,
            "head": {"sha": caller.head, "ref": "topic", "repo": {"full_name": owner}},
            "base": {"sha": base, "ref": "main", "repo": _REPOSITORY},
        },
        "repository": _REPOSITORY,
    }


def workflow_run(caller: Caller, measured: Log, owner: str = REPOSITORY) -> dict[str, Any]:
    """The run that measured pull request 1, of the branch `topic` of a repository, has ended."""
    return {
        "action": "completed",
        "workflow_run": {
            "id": int(measured.run_id),
            "run_number": 7,
            "run_attempt": 1,
            "event": "pull_request",
            "conclusion": "success" if set(measured.jobs.values()) == {"success"} else "failure",
            "head_sha": caller.head,
            "head_branch": "topic",
            "head_repository": {"full_name": owner},
        },
        "repository": _REPOSITORY,
    }


def announce(github: GitHub, caller: Caller) -> None:
    """Let the API know pull request 1 by its newest commit."""
    github.commits[1].append(caller.head)
