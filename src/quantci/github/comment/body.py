"""The text of the comment: the hidden marker, the report, and which commit and run it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from quantci.errors import QuantciError, ToolError
from quantci.github.comment.marker import Marker, line_of
from quantci.records.base import read
from quantci.records.origin import DEFAULT_KEY, ReportOrigin
from quantci.records.report import MOST_BYTES, Report
from quantci.render.escape import code, prose
from quantci.render.visible import visible
from quantci.report.comment import render

if TYPE_CHECKING:
    from pathlib import Path


class Text(NamedTuple):
    """What the comment says."""

    report: str
    """The report in Markdown: the same text as report.md."""
    fault: QuantciError | None
    """Why there is none that can be read: the comment says so."""
    commit: str
    """The commit that the report itself names; empty if it names none."""
    pull_request: int | None
    """The pull request that the report itself names."""


def read_report(path: Path, key: str = DEFAULT_KEY) -> Text:
    """Read report.json and render it.

    The key of its title is that of the comment, whatever the report says.

    It is rendered here, and not read from report.md: in a comment job both files may come from a stranger's run, and
    only what passes the record's checks and render/escape.py is literal text for sure.

    Raises:
        ConfigError: `not-found`.
        ToolError: `unreadable`.
    """
    try:
        _check_size(path)
        report = read(path, Report)
    except ToolError as error:
        if error.code != "schema":
            raise
        # The cause may quote a stranger's field names, and what is printed is read by the runner.
        fault = ToolError("schema", visible(error.cause, 400), where=error.where, remedy=error.remedy)
        return Text("", fault, "", None)
    origin = report.origin
    if origin is not None or key != DEFAULT_KEY:
        report = replace(report, origin=replace(origin or ReportOrigin(), key=key))
    commit = (origin.commit if origin else None) or report.provenance.git_commit or ""
    return Text(render(report), None, commit.removesuffix("-dirty"), origin.pull_request if origin else None)


def _check_size(path: Path) -> None:
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        raise ToolError(
            "schema",
            f"This is too large for a report: more than {MOST_BYTES // 1_000_000} MB.",
            where=str(path),
            remedy="Name a report.json that quantci wrote.",
        )


def body_of(marker: Marker, text: Text, run_url: str) -> str:
    """The whole body of the comment.

    Args:
        marker: its first line.
        text: what the report says.
        run_url: web page of the run that measured, checked by event.py; empty when there is none.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("quantci.github"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown: escape.py makes names literal, HTML escapes would show
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(code=code, prose=prose)
    return environment.get_template("body.md.j2").render(
        marker=line_of(marker),
        report=text.report,
        fault=text.fault,
        mark="❌",
        key=marker.key if marker.key != DEFAULT_KEY else "",
        sha=marker.sha,
        run_url=run_url,
    )
