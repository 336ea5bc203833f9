"""The table of rewrites: what each saved, and why something is not known."""

from __future__ import annotations

from msgspec.structs import replace
from tests.golden import example_report

from quantci.records.rewrite import Rewrite
from quantci.render import markdown
from quantci.report.sections import rewrites

PLAIN = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{MINUS SIGN}": "-"})


def lines(*found: Rewrite) -> list[str]:
    quantize = example_report().quantize
    assert quantize is not None
    section = rewrites.section(replace(quantize, rewrites=list(found)))
    return [line for line in markdown.render([section]).translate(PLAIN).splitlines() if line.startswith(("|", "-"))]


def test_each_says_what_it_saved_and_what_is_not_known() -> None:
    saved = Rewrite(
        name="fold-pad", layers=["a", "b", "", "c", "d"], ops_saved=4, arena_saved_bytes=2048, latency_saved_us=1500.0
    )
    grown = Rewrite(
        name="relu-0-to-1",
        layers=["e"],
        ops_saved=-2,
        arena_saved_bytes=None,
        latency_saved_us=None,
        reason="No figure.",
    )
    _, _, first, second, reason = lines(saved, grown)
    assert first == "| `fold-pad`<br>`a`<br>`b`<br>`c`<br>and 1 more | -4 | -2,048 B | 1.5 ms less |"
    assert second == "| `relu-0-to-1`<br>`e` | +2 | not known | not known |"
    assert "No figure" in reason
    assert lines(Rewrite(name="same-range", layers=["f"]))[-1] == "| `same-range`<br>`f` | 0 | 0 B | no change |"
