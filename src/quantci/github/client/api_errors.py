"""What an API's answer means for the one who reads the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from quantci.errors import ToolError
from quantci.render.visible import visible

if TYPE_CHECKING:
    from quantci.github.client.transport import Answer

_SHOWN: Final = 200  # characters of what a server said


class NotPosted(ToolError):
    """There is no comment, and nothing is broken: a notice, and exit code 0."""


class Forbidden(NotPosted):
    """The token is not allowed to do this: on a pull request from a fork it never may."""


class _Complaint(msgspec.Struct):
    message: str = ""


def is_json(answer: Answer) -> bool:
    """Whether the answer says that it is JSON."""
    return "json" in answer.headers.get("content-type", "").lower()


def complaint(answer: Answer) -> str:
    """What the API says went wrong, in one line."""
    try:
        text = msgspec.json.decode(answer.body, type=_Complaint).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = ""
    return visible(" ".join(text.split()), _SHOWN)


def refused(answer: Answer, path: str) -> ToolError:
    """The fault that an answer of 300 or more stands for, once waiting is of no use."""
    if 300 <= answer.status < 400:
        return redirected(path)
    if answer.status >= 500:
        return unreachable(f"status {answer.status}", path)
    if answer.body and not is_json(answer):
        return not_json(answer, path)
    return _denied(answer.status, complaint(answer) or "(no message)", path)


def _denied(status: int, said: str, path: str) -> ToolError:
    if status == 401:
        return ToolError(
            "token-rejected",
            f"The API does not accept the token: {said}.",
            where=path,
            remedy="Set GITHUB_TOKEN to a token that is valid for this host; it may have expired.",
        )
    if status == 403:
        return Forbidden(
            "comment-forbidden",
            f"The token is not allowed to do this: {said}.",
            where=path,
            remedy="Give the job the permission `pull-requests: write`. A pull request from a fork never gets it: "
            "comment from a `workflow_run` workflow. On Gitea and Forgejo, give the token the scopes write:issue, "
            "read:repository and read:user.",
        )
    if status == 404:
        return ToolError(
            "repository-not-found",
            "The API knows no such repository, or does not show it to this token.",
            where=path,
            remedy="Check the repository's name and GITHUB_API_URL; a missing permission of the token looks the same.",
        )
    return ToolError(
        "api-rejected",
        f"The API refused the request with status {status}: {said}.",
        where=path,
        remedy="The message says why; if the body is at fault, please report it.",
    )


def redirected(path: str) -> ToolError:
    """A redirect that would take the token, or a changed request, elsewhere."""
    return ToolError(
        "api-redirect",
        "The API sends this request to another place, which the token must not follow.",
        where=path,
        remedy="Set GITHUB_API_URL and the repository's name to where it is now.",
    )


def unreachable(reason: str, path: str) -> ToolError:
    """The server does not answer, or only with server errors."""
    return ToolError(
        "api-unreachable",
        f"The API does not answer as it should: {reason}.",
        where=path,
        remedy="Run the job again later.",
    )


def out_of_time(path: str) -> ToolError:
    """The command's time limit is over; it is not known what the comment says."""
    return ToolError(
        "out-of-time",
        "The time limit of this command is over, and it is not known what the comment says now.",
        where=path,
        remedy="Run it again; at a desk, --timeout-s gives it more time.",
    )


def limited(wait_s: float, path: str) -> ToolError:
    """A rate limit that outlasts our own time."""
    return ToolError(
        "rate-limited",
        f"The API asks to wait for {wait_s:.0f} s, which is longer than this command may take.",
        where=path,
        remedy="Run it again later; at a desk, --timeout-s gives it more time.",
    )


def not_json(answer: Answer, path: str) -> ToolError:
    """A web page, or something else that no API says."""
    start = " ".join(answer.body[:1000].decode("utf-8", "replace").split())
    return ToolError(
        "api-not-json",
        f"This is not the answer of an API: status {answer.status}, `{visible(start, 80).replace('`', chr(39))}`.",
        where=path,
        remedy="Check GITHUB_API_URL; a proxy or a login page may stand before it.",
    )


def unexpected(reason: str, path: str) -> ToolError:
    """JSON, but not what this address is documented to give."""
    return ToolError(
        "api-answer",
        f"The API's answer is not as documented: {visible(reason, _SHOWN)}.",
        where=path,
        remedy="Check GITHUB_API_URL: GitHub, GitHub Enterprise, Gitea and Forgejo are known.",
    )
