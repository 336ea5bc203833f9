"""Profiles as a serial port gives them: whole, prefixed, of several inferences, damaged."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.errors import DataRejected
from quantci.latency_fit.profile import Event, match, parse, read_profile

OPS = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "RESHAPE", "SOFTMAX"]
TICKS = [5_120, 3_071, 999, 4, 21]
MHZ = 1_000_000
BOOT = b"ESP-ROM:esp32s3-20210327\r\n\xff\xfe\x00\r\nI (24) boot: ESP-IDF v5.5 2nd stage bootloader\r\n"

csv = "".join(f"{index},{op},{ticks}\r\n" for index, (op, ticks) in enumerate(zip(OPS, TICKS, strict=True)))
CSV = ('"Event","Tag","Ticks"\r\n' + csv).encode()
LOG = "".join(
    f"{op} took {ticks} ticks ({ticks // 1000} ms).\r\n" for op, ticks in zip(OPS, TICKS, strict=True)
).encode()
OLD = b'"Event","Tag","Ticks","ms"\r\n' + re.sub(
    rb"(\d+)\r", lambda one: b"%b,%d\r" % (one[1], int(one[1]) // 1000), csv.encode()
)
PER_TAG = (
    b'"Unique Tag","Total ticks across all events with that tag."\r\n'
    b'CONV_2D, 6119\r\nDEPTHWISE_CONV_2D, 3071\r\n"total number of ticks", 9215\r\n'
)


def prefixed(data: bytes, prefix: bytes) -> bytes:
    """Each line with this in front of it."""
    return b"".join(prefix + line for line in data.splitlines(keepends=True))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(CSV, id="LogCsv"),
        pytest.param(LOG, id="Log"),
        pytest.param(OLD, id="LogCsv with ms"),
        pytest.param(csv.encode(), id="no heading"),
        pytest.param(CSV.replace(b"\r\n", b"\n"), id="line feeds"),
        pytest.param(CSV.replace(b"\r\n", b"\r\r\n"), id="line feeds expanded twice"),
        pytest.param(BOOT + CSV + b"I (9123) main: done\r\n", id="in a log"),
        pytest.param(prefixed(CSV, b"I (1234) tag: "), id="ESP-IDF"),
        pytest.param(prefixed(LOG, b"\x1b[0;32mI (1234) tag: ") + b"\x1b[0m\r\n", id="ESP-IDF in colour"),
        pytest.param(prefixed(CSV, b"I (12:01:02.345) tflm: "), id="ESP-IDF with system time"),
        pytest.param(prefixed(CSV, b"2026-11-24 12:01:02 I (77) tflm: "), id="idf.py monitor --timestamps"),
        pytest.param(prefixed(CSV, b"12:01:02.345 -> "), id="Arduino"),
        pytest.param(prefixed(CSV, b"12:01:02.345 > "), id="PlatformIO"),
        pytest.param(CSV + PER_TAG, id="sums behind it"),
        pytest.param(CSV + CSV, id="printed twice"),
    ],
)
def test_what_people_paste(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "kws.log"
    path.write_bytes(data)
    assert read_profile(path, OPS, MHZ) == TICKS


def test_several_inferences_give_the_median() -> None:
    runs = [[10, 20, 30, 5, 5], [14, 20, 90, 5, 5], [12, 20, 33, 5, 5]]
    flat = [ticks for run in runs for ticks in run]
    data = "\n".join(f"{index},{OPS[index % 5]},{ticks}" for index, ticks in enumerate(flat)).encode()
    assert match(parse(data, "log", MHZ), OPS, "log") == [12, 20, 33, 5, 5]


@pytest.mark.parametrize(
    ("data", "where", "cause"),
    [
        pytest.param(b"", "log", "no event", id="empty"),
        pytest.param(BOOT, "log", "no event", id="no profile"),
        pytest.param(PER_TAG, "log", "sums by kind of op", id="LogTicksPerTagCsv"),
        pytest.param(re.sub(rb",\d+\r", b",0\r", CSV), "log", "0 ticks: this firmware has no clock", id="no clock"),
        pytest.param(
            CSV.replace(b"1,DEPTH", b"x,DEPTH"), "log:4", "Event 1 is expected here, and this is event 2", id="lost"
        ),
        pytest.param(CSV.replace(b",999\r", b",4294967295\r"), "log:4", "never ended", id="never ended"),
        pytest.param(LOG.replace(b"(5 ms)", b"(21 ms)"), "log:1", "5120 ticks are not 21 ms", id="other clock"),
        pytest.param(
            CSV.replace(b"0,CONV_2D", b"0,DENSE"), "log:2", "'DENSE', and op 0 of the model is CONV_2D", id="op"
        ),
        pytest.param(CSV[: CSV.index(b"4,")], "log", "4 events, and the model has 5 ops", id="cut off"),
        pytest.param(LOG[LOG.index(b"DEPTH") :], "log:1", "op 0 of the model is CONV_2D", id="beginning lost"),
        pytest.param(CSV.replace(b",999\r", b",-1\r"), "log:5", "Event 2 is expected", id="negative"),
        pytest.param(CSV.replace(b",999\r", b",99999999999\r"), "log:5", "Event 2 is expected", id="too long"),
    ],
)
def test_what_is_refused(data: bytes, where: str, cause: str) -> None:
    with pytest.raises(DataRejected, match=re.escape(cause)) as raised:
        match(parse(data, "log", MHZ), OPS, "log")
    assert (raised.value.code, raised.value.where) == ("profile", where)


def test_a_model_without_ops_has_no_profile() -> None:
    with pytest.raises(DataRejected, match="the model has no ops"):
        match([Event(1, "CONV_2D", 3)], [], "log")


def test_a_large_file_and_none(tmp_path: Path) -> None:
    (tmp_path / "large.csv").write_bytes(b"0,CONV_2D,5\n" * 800_000)
    for name, cause in (("large.csv", "too large"), ("absent.csv", "cannot be read: No such file")):
        with pytest.raises(DataRejected, match=cause):
            read_profile(tmp_path / name, OPS, MHZ)


names = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_2", min_size=1, max_size=12)
events = st.lists(st.tuples(names, st.integers(1, 2**32 - 2)), min_size=1, max_size=30)
prefixes = st.sampled_from([b"", b"I (5) a: ", b"\x1b[0;33mW (5) my tag: ", b"09:00:00.1 -> "])
noise = st.sampled_from([b"", b"\xff\x00", b"I (9) wifi: connected", b"heap 1,2,3,4,5", b"took 5 ticks", b"1,CONV_2D,"])


@given(events, prefixes, noise, st.booleans())
def test_what_is_printed_is_read(printed: list[tuple[str, int]], prefix: bytes, between: bytes, as_csv: bool) -> None:
    lines = []
    for index, (tag, ticks) in enumerate(printed):
        text = f"{index},{tag},{ticks}" if as_csv else f"{tag} took {ticks} ticks ({ticks // 1000} ms)."
        lines += [prefix + text.encode(), between]
    found = parse(b"\r\n".join(lines), "log", MHZ)
    assert [(event.tag, event.ticks) for event in found] == printed


@given(st.integers(2, 20), st.data())
def test_a_lost_line_never_passes(count: int, data: st.DataObject) -> None:
    ops = data.draw(st.lists(st.sampled_from(["CONV_2D", "ADD"]), min_size=count, max_size=count))
    lines = [f"{index},{op},{index + 1}" for index, op in enumerate(ops)]
    del lines[data.draw(st.integers(0, count - 1))]
    with pytest.raises(DataRejected):
        match(parse("\n".join(lines).encode(), "log", MHZ), ops, "log")


@given(st.binary(max_size=300) | st.lists(st.sampled_from([CSV, LOG, b"7,A,1\n", b"\r", b"0"])).map(b"".join))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(DataRejected):
        assert len(match(parse(data, "log", MHZ), OPS, "log")) == len(OPS)
