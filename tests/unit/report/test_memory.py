"""What the report says about the arena, and that names in it stay names."""

from msgspec.structs import replace
from tests.golden import example_arena

from quantci.records.arena import Arena, ArenaPeak, ArenaPiece
from quantci.report.memory import section


def text_of(arena: Arena) -> str:
    shown = section(arena)
    return "\n".join([shown.note, *(row for table in shown.tables for row in table.rows)]).replace("\u00a0", " ")


def test_it_says_that_nothing_was_measured() -> None:
    assert "Estimated: simulated to the byte, not measured on a chip." in text_of(example_arena())
    assert "Estimated, with a margin" in text_of(replace(example_arena(), kind="estimated"))


def test_the_figures_and_the_peak() -> None:
    text = text_of(example_arena())
    assert "| Recommended | 61,440 B (60.0 KiB), fits into internal SRAM |" in text
    assert "| Smallest that allocates | 60,144 B (58.7 KiB) |" in text
    assert "`model/pointwise2/Relu`<br>`CONV_2D`, op 2<br>57,344 B (56.0 KiB) in use" in text
    assert "| `model/pointwise2/Relu` | 36,864 B (36.0 KiB) | \N{MINUS SIGN}11,264 B |" in text
    assert "| scratch of `model/pointwise2/Relu` | 15,872 B" in text
    assert "PSRAM" not in text


def test_where_it_fits() -> None:
    psram = replace(example_arena(), memory="psram", psram_room_bytes=8_388_608)
    assert "fits only into PSRAM" in text_of(psram)
    assert "| Room in PSRAM | 8,388,608 B" in text_of(psram)
    assert "fits into no memory" in text_of(replace(example_arena(), memory="none"))


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
    shown = section(arena)
    for table in shown.tables:
        for row in table.rows:
            if "octocat" in row:
                assert "``a\\|b</details>`@octocat``" in row
