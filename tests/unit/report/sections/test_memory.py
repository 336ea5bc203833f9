"""What the report says about the arena, and that names in it stay names."""

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace
from tests.golden import example_arena

from quantci.records.arena import Arena, ArenaPeak, ArenaPiece
from quantci.render.cells import Rows
from quantci.render.markdown import render
from quantci.report.sections.memory import section

OPS = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]


def text_of(arena: Arena) -> str:
    return render([section(arena, OPS)]).replace("\u00a0", " ")


def test_it_says_that_nothing_was_measured() -> None:
    assert "Estimated: simulated to the byte, not measured on a chip." in text_of(example_arena())
    assert "Estimated, with a margin" in text_of(replace(example_arena(), kind="estimated"))


def test_the_figures_and_the_peak() -> None:
    text = text_of(example_arena())
    assert "| Recommended | 61,440 B (60.0 KiB) |" in text
    assert "| Smallest that allocates | 60,144 B (58.7 KiB) |" in text
    assert "`model/pointwise2/Relu`<br>`CONV_2D`, op 2<br>57,344 B (56.0 KiB) in use" in text
    assert "| `model/pointwise2/Relu` | 36,864 B (36.0 KiB) | \N{MINUS SIGN}11,264 B |" in text
    assert "| scratch of `model/pointwise2/Relu` | 15,872 B" in text
    assert "PSRAM" not in text


def test_what_room_there_is() -> None:
    psram = replace(example_arena(), memory="psram", psram_room_bytes=8_388_608)
    assert "| Room in PSRAM | 8,388,608 B" in text_of(psram)


def test_an_estimate_has_no_head_and_tail_and_no_gains() -> None:
    estimate = replace(
        example_arena(),
        kind="estimated",
        head_bytes=None,
        tail_bytes=None,
        host_used_bytes=50_000,
        alive=[ArenaPiece(tensor=1, name="x", piece_bytes=16, gain_bytes=None)],
    )
    text = text_of(estimate)
    assert "structures" not in text
    assert "| TFLM on the host | 50,000 B (48.8 KiB), measured |" in text
    assert "| `x` | 16 B | not tried |" in text


def test_names_of_strangers_stay_names() -> None:
    evil = "a|b</details>`@octocat"
    peak = ArenaPeak(op_index=0, op=evil, name=evil, bytes_in_use=16)
    arena = replace(
        example_arena(), chip=evil, peak=peak, alive=[ArenaPiece(tensor=0, name=evil, piece_bytes=16, gain_bytes=0)]
    )
    for row in render([section(arena, [evil] * 6)]).splitlines():
        if "octocat" in row:
            assert "``a\\|b</details>`@octocat``" in row


def timeline_of(in_use: list[int], ops: list[str]) -> list[str]:
    """The rows of the last table, in Markdown."""
    table = section(replace(example_arena(), timeline=in_use), ops).blocks[-1]
    assert isinstance(table, Rows)
    return render([table]).splitlines()[2:-1]


def test_a_bar_for_each_op() -> None:
    """Of 57,344 bytes in 16 characters of 8 steps each: 46,080 are 102.8 steps, 39,712 are 88.6, 37,200 are 83.0."""
    assert [row.replace("\u00a0", " ") for row in timeline_of(example_arena().timeline, OPS)] == [
        "| 0 `CONV_2D` | 46,080 B | `████████████▊` |",
        "| 1 `DEPTHWISE_CONV_2D` | 39,712 B | `███████████` |",
        "| 2 `CONV_2D` | 57,344 B | `████████████████` fullest |",
        "| 3 `MEAN` | 37,200 B | `██████████▍` |",
        "| 4 `FULLY_CONNECTED` | 80 B | `▏` |",
        "| 5 `SOFTMAX` | 32 B | `▏` |",
    ]
    assert timeline_of([], OPS) == []


def test_neighbours_share_a_bar_in_a_long_model() -> None:
    rows = timeline_of([*range(20), 7], [f"OP{index}" for index in range(21)])
    assert len(rows) == 11
    assert rows[0].startswith("| 0 to 1 `OP1` | 1\u00a0B |")
    assert rows[9].startswith("| 18 to 19 `OP19` | 19\u00a0B | `████████████████` fullest |")
    assert rows[10].startswith("| 20 `OP20` | 7\u00a0B |")


@given(st.lists(st.integers(0, 2**40), max_size=3000), st.lists(st.text(min_size=1, max_size=80), max_size=30))
def test_a_timeline_is_a_table_whatever_is_in_it(in_use: list[int], ops: list[str]) -> None:
    """Read back by a parser of Markdown, every op is in one of at most 20 bars, and no bar hides a fuller op."""
    rows = timeline_of(in_use, ops)
    lines = ["| a | b | c |", "|---|---|---|", *rows]
    tokens = MarkdownIt("commonmark").enable("table").parse("\n".join(lines))
    cells = [token for token in tokens if token.type == "inline"][3:]
    assert tokens[-1].type == "table_close"
    assert len(cells) == 3 * len(rows) <= 60
    shown = []
    for place, figure, bar in zip(cells[::3], cells[1::3], cells[2::3], strict=True):
        first, _, last = (place.children or [])[0].content.strip().replace(",", "").partition(" to ")
        group = in_use[int(first) : int(last or first) + 1]
        assert {leaf.type for cell in (place, figure, bar) for leaf in cell.children or []} <= {"text", "code_inline"}
        assert figure.content == f"{max(group):,}\u00a0B"
        drawn = (bar.children or [])[0].content
        assert 1 <= len(drawn) <= 16
        assert ("fullest" in bar.content) == (max(group) == max(in_use))
        assert drawn == "█" * 16 or max(group) < max(in_use) or max(in_use) == 0
        shown += group
    assert shown == in_use
