"""The comment: what a person reads on a pull request, from report.json alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.render.escape import code, prose, row
from quantci.report.sections import sections
from quantci.report.summary import NOT_KNOWN, NOT_MEASURED, Row, headline, identity, summary_rows
from quantci.report.tables import COMMENT_LIMIT, cut, length
from quantci.report.wording import MARKS, NBSP

if TYPE_CHECKING:
    from jinja2 import Environment

    from quantci.records.report import Report

_MOST_FAILURES: Final = 4  # there are as many stages
_LABEL_LIMIT: Final = 14  # more would push the table over the edge of a phone


def render(report: Report, limit: int = COMMENT_LIMIT) -> str:
    """The comment in GitHub's Markdown, at most `limit` characters."""
    template = environment("quantci.report").get_template("comment.md.j2")
    parts = sections(report)
    tables = [table for part in parts for table in part.tables]
    values: dict[str, Any] = {
        "mark": MARKS[report.verdict],
        "headline": headline(report),
        "title": report.title,
        "identity": [f"{word} {code(name, 100)}".strip() for word, name in identity(report)],
        "reason": report.verdict_reason,
        "failures": _failures(report),
        "summary": [row(_cells(line)) for line in summary_rows(report)],
        "sections": parts,
    }
    text = template.render(values)
    if length(text) <= limit:
        return text
    rows = sum(length(line) + 1 for table in tables for line in table.rows)
    cut(tables, limit - (length(text) - rows))
    text = template.render(values)
    if length(text) <= limit:
        return text
    # Only a report that nobody's models make says so much outside of its tables: what stopped the run is left.
    return template.render(values | {"sections": [], "failures": values["failures"][:1]})


def _failures(report: Report) -> list[dict[str, str]]:
    """The fault that stopped the run, then those of other stages."""
    stopped = [
        outcome.failure for outcome in report.stages if outcome.failure is not None and outcome.status != "not_run"
    ]
    found = ([report.failure] if report.failure else []) + stopped[:_MOST_FAILURES]
    found = [failure for index, failure in enumerate(found) if failure not in found[:index]]
    return [
        {
            "cause": "" if failure.cause in report.verdict_reason else prose(failure.cause),  # it stands above
            "remedy": prose(failure.remedy),
            "where": code(failure.where, 200) if failure.where else "",
            "code": code(failure.code),
        }
        for failure in found
    ]


def _cells(line: Row) -> tuple[str, str, str]:
    metric = f"{MARKS[line.verdict]}{NBSP}**{line.metric}**" if line.verdict else f"**{line.metric}**"
    label = f"{code(line.label, _LABEL_LIMIT)}<br>" if line.label is not None else ""
    kind = f"<br>{line.kind}" if line.kind else ""
    # Where a number is missing there is a reason instead, and that is a text of the record.
    changes = [prose(reason) for reason in line.changes] if line.value in {NOT_MEASURED, NOT_KNOWN} else line.changes
    return metric + kind, label + line.value, "<br>".join(changes)


def environment(package: str) -> Environment:
    """Jinja2 for the Markdown templates of a package, with the filters that make names literal."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader(package),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown: escape.py makes names literal, HTML escapes would show
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(code=code, prose=prose)
    return made
