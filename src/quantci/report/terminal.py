"""The same summary for a terminal, and as plain lines for a log."""

from __future__ import annotations

import io
import shutil
import sys
from typing import TYPE_CHECKING, Final, TextIO

from quantci.render.visible import visible
from quantci.report.summary import Row, headline, identity, summary_rows
from quantci.report.wording import MARKS

if TYPE_CHECKING:
    from quantci.records.report import Report, Verdict

_STYLES: Final[dict[Verdict, str]] = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}
_LONG: Final = 1000


def print_report(report: Report, file: TextIO | None = None) -> None:
    """Write the summary to `file` or the standard output, whichever way that can show it."""
    stream = file or sys.stdout
    stream.write(render(report, is_terminal=stream.isatty(), width=shutil.get_terminal_size((100, 24)).columns))


def render(report: Report, *, is_terminal: bool, width: int = 100) -> str:
    """Verdict, reason, fault and the summary: a table on a terminal, one line a metric elsewhere."""
    return _table(report, width) if is_terminal else _lines(report)


def _lines(report: Report) -> str:
    lines = [f"quantci: {headline(report)}: {_title(report)}", visible(report.verdict_reason, _LONG)]
    lines += [f"{name}: {text}" for name, text in _fault(report)]
    for line in summary_rows(report):
        gate = f" [gate: {line.verdict}]" if line.verdict else ""
        kind = f" ({line.kind})" if line.kind else ""
        lines.append(f"{line.metric}{kind}: {_value(line)}; {', '.join(line.changes)}{gate}".replace("; [", " ["))
    return "\n".join(line.rstrip("; ") for line in lines) + "\n"


def _table(report: Report, width: int) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=io.StringIO(), force_terminal=True, width=width, highlight=False, legacy_windows=False)
    head = Text(f"{MARKS[report.verdict]} quantci: {headline(report)}", style=_STYLES[report.verdict])
    console.print(head.append(f"  {_title(report)}", style="not bold default"))
    console.print(Text(visible(report.verdict_reason, _LONG)))
    for name, text in _fault(report):
        console.print(Text.assemble((f"{name}: ", "bold"), text))
    table = Table(box=box.SIMPLE, pad_edge=False)
    for title in ("", "Metric", "This change", "Difference"):
        table.add_column(title)
    for line in summary_rows(report):
        metric = Text(line.metric)
        if line.kind:
            metric.append(f"\n{line.kind}", style="dim")
        mark = MARKS[line.verdict] if line.verdict else ""
        table.add_row(mark, metric, Text(_value(line)), Text("\n".join(line.changes)))
    console.print(table)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def _title(report: Report) -> str:
    return ", ".join(
        [visible(report.title), *(f"{word} {visible(name, 100)}".strip() for word, name in identity(report))]
    )


def _value(line: Row) -> str:
    return line.value if line.label is None else f"{visible(line.label, 30)} {line.value}"


def _fault(report: Report) -> list[tuple[str, str]]:
    failure = report.failure
    if failure is None:
        return []
    pairs = [("Cause", failure.cause), ("What to do", failure.remedy), ("Where", failure.where), ("Code", failure.code)]
    return [(name, visible(text, _LONG)) for name, text in pairs if text]
