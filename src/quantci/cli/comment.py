"""Keep one comment with the report on the pull request up to date.

The pull request is the one with the measured commit as its head; in a workflow that runs on `workflow_run`, commit and
run are those of the earlier run that measured. The token comes from GITHUB_TOKEN (or GITEA_TOKEN,
FORGEJO_TOKEN) and from nowhere else; it needs the permission `pull-requests: write`.

examples:
  quantci comment
  quantci comment --report downloaded/report.json --key traffic-lights
  quantci comment --dry-run --repository owner/name
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from quantci.cli.console import Console
from quantci.cli.inputs import as_called
from quantci.cli.settings import output_of_broken
from quantci.errors import EXIT_OK, ConfigError, QuantciError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.github.comment.body import Text

_LEAST_TIMEOUT_S: Final = 30


class Kept(NamedTuple):
    """What became of the comment.

    Attributes:
        result: created, updated, unchanged, newer, none (no pull request), forbidden, or dry run.
        url: its web page; empty where there is none.
        code: code word of why it was not posted; empty where it was.
    """

    result: str
    url: str
    code: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--report", default=None, metavar="FILE", help="report.json (default: the one in the output folder)"
    )
    parser.add_argument("--key", default="quantci", help="one comment is kept for each key (default: quantci)")
    parser.add_argument("--sha", default=None, help="the measured commit (default: the head that the event names)")
    parser.add_argument("--repository", default=None, metavar="OWNER/NAME", help="default: $GITHUB_REPOSITORY")
    parser.add_argument(
        "--pull-request", type=int, default=None, metavar="N", help="which pull request, if several have this commit"
    )
    parser.add_argument(
        "--timeout-s",
        type=float,
        default=300.0,
        metavar="S",
        help="time limit for the whole command, in seconds (default: 300)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the comment; no network, no token")
    parser.add_argument("--config", default=None, metavar="FILE", help="configuration (default: quantci.toml)")
    parser.add_argument(
        "--output-dir", default=None, metavar="DIR", help="output folder, instead of the configured one"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the comment; whatever hinders that, the report is in the step's summary."""
    keep(arguments, os.environ)
    return EXIT_OK


def keep(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Kept:
    """Write the comment, and say what became of it, also to the runner.

    Raises:
        QuantciError: it could not be written, and not for a missing permission; the report is in the summary too.
    """
    from quantci.github.client.api_errors import Forbidden, NotPosted
    from quantci.github.comment.body import read_report

    try:
        text = read_report(Path(arguments.report or output_of_broken(arguments) / "report.json"), arguments.key)
    except QuantciError as error:
        _annotate(environment, "error", error)
        raise
    try:
        kept = _comment(arguments, environment, text)
    except NotPosted as error:
        _summarize(environment, text)
        if not _annotate(environment, "notice", error):
            print(f"quantci comment: {error}", file=sys.stderr)
        print("not posted: the report is in the step's summary and in report.md")
        kept = Kept("forbidden" if isinstance(error, Forbidden) else "none", "", error.code)
    except QuantciError as error:
        with contextlib.suppress(QuantciError):  # the first fault is the one to tell
            _summarize(environment, text)
        _annotate(environment, "error", error)
        raise
    if text.fault is not None:
        _annotate(environment, "error", text.fault)
        raise text.fault
    return kept


def _comment(arguments: argparse.Namespace, environment: Mapping[str, str], text: Text) -> Kept:
    from quantci.github.comment.body import body_of
    from quantci.github.comment.marker import Marker, check_key
    from quantci.github.runner.event import read_event

    if not arguments.timeout_s >= _LEAST_TIMEOUT_S:
        raise ConfigError(
            "config-value",
            f"{arguments.timeout_s:g} s is too short.",
            where="--timeout-s",
            remedy=f"Give at least {_LEAST_TIMEOUT_S} s: the command looks at the comment again 13 s after a change.",
        )
    key = check_key(arguments.key)
    event = read_event(
        environment,
        repository=arguments.repository,
        sha=arguments.sha,
        number=arguments.pull_request,
        commit=text.commit,
    )
    marker = Marker(key, event.sha, event.run_id, event.run_attempt)
    body = body_of(marker, text, event.run_url)
    if arguments.dry_run:
        print(body, end="")
        print(
            f"quantci comment: would create or update the comment `{key}` on the pull request of commit {event.sha} "
            f"in {event.repository}, at {event.api_url}",
            file=sys.stderr,
        )
        return Kept("dry run", "")
    from quantci.github.client.clock import SystemClock
    from quantci.github.client.credential import read_token
    from quantci.github.client.transport import HttpTransport
    from quantci.github.comment.post import post
    from quantci.render.visible import visible

    transport = HttpTransport(event.api_url, read_token(environment))
    with Console("comment") as console:
        posted = post(
            transport,
            event,
            marker,
            body,
            claimed=text.pull_request,
            clock=SystemClock(),
            timeout_s=arguments.timeout_s,
            progress=console,
        )
    print(f"{posted.outcome.value}: {visible(posted.url, 500)}")
    return Kept(posted.outcome.name.lower(), posted.url)


def _summarize(environment: Mapping[str, str], text: Text) -> None:
    """The report in the step's summary, where there is one."""
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path and text.report:
        from quantci.github.runner.step_summary import append

        append(Path(path), text.report)


def _annotate(environment: Mapping[str, str], level: Literal["notice", "error"], error: QuantciError) -> bool:
    """Print one annotation if a runner reads the log; False if none does."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return False
    error = as_called(error, environment)
    from quantci.github.runner.annotations import annotation

    print(annotation(level, str(error), title=f"quantci comment: {error.code}"))
    return True
