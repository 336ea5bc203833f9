"""docs/kernels.md lists every rule as it stands in the code."""

from __future__ import annotations

from pathlib import Path

from quantci.chip.known_bad.table import RULES
from quantci.chip.rule import Rule

DOCUMENT = Path(__file__).parents[3] / "docs" / "kernels.md"


def line(rule: Rule) -> str:
    ops = ", ".join(sorted(rule.ops))
    return (
        f"| `{rule.name}` | {rule.library}, {rule.versions} | {ops} | {rule.severity}, {rule.evidence} | {rule.cause} "
        f"{rule.remedy} | [source]({rule.source}) |"
    )


def test_the_table_is_the_codes() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    head = "| rule | whose | ops | what | cause and remedy | source |\n|---|---|---|---|---|---|\n"
    table = "<!-- table: kernels -->\n" + head + "\n".join(line(rule) for rule in RULES) + "\n<!-- end -->"
    assert table in document, f"write this table into docs/kernels.md:\n{table}"
