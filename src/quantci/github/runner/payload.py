"""The few fields of an event's file that are used; all others are passed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class Repository(msgspec.Struct, frozen=True):
    """A repository."""

    full_name: str = ""


class Tip(msgspec.Struct, frozen=True):
    """A branch and its newest commit, of a repository that may have been deleted."""

    sha: str = ""
    ref: str = ""
    repo: Repository | None = None


class PullRequest(msgspec.Struct, frozen=True):
    """The pull request that the event is about."""

    number: int = 0
    head: Tip = Tip()
    base: Tip = Tip()


class WorkflowRun(msgspec.Struct, frozen=True):
    """The run that a `workflow_run` follows."""

    id: int = 0
    run_number: int = 0
    run_attempt: int = 0
    head_sha: str = ""
    head_branch: str | None = None
    head_repository: Repository | None = None


class Payload(msgspec.Struct, frozen=True):
    """The event."""

    pull_request: PullRequest | None = None
    workflow_run: WorkflowRun | None = None


def read_payload(environment: Mapping[str, str]) -> Payload:
    """The event's file. One that is missing or odd is like none: everything in it can be given by option too."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path:
        return Payload()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Payload)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Payload()
