"""Records are written whole, read strictly, and never hold what is not a number."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from quantci.errors import ConfigError, ToolError
from quantci.records.base import decode, encode, read, write, write_bytes
from quantci.records.evaluate import Agreement
from quantci.records.paired import Interval
from quantci.records.quantize import QuantizeRecord
from quantci.records.stage import Failure
from quantci.schema import check


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    interval = Interval(low=-0.125, high=0.5, level=0.95)
    write(tmp_path / "deep" / "interval.json", interval)
    assert read(tmp_path / "deep" / "interval.json", Interval) == interval
    assert encode(interval).endswith(b"}\n")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused_with_its_place(value: float) -> None:
    with pytest.raises(ValueError, match=r"\$\.low"):
        encode(Interval(low=value, high=0.0, level=0.95))


def test_a_field_beyond_its_bounds_is_refused_although_the_constructor_takes_it() -> None:
    with pytest.raises(ValueError, match=r"samples"):
        encode(Agreement(samples=-1, identical_outputs=None, flips=0, largest_lsb=0.0, mean_lsb=0.0, cosine=None))


def test_unknown_fields_are_refused() -> None:
    import msgspec

    with pytest.raises(msgspec.ValidationError, match="extra"):
        decode(b'{"low": 0, "high": 1, "level": 0.95, "extra": 1}', Interval)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[]", b'{"low": "x", "high": 1, "level": 1}'])
def test_what_is_no_record_names_the_file(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(text)
    with pytest.raises(ToolError) as caught:
        read(path, Interval)
    assert caught.value.code == "schema"
    assert str(path) == caught.value.where


def test_a_missing_record_names_the_stage_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="quantci quantize") as caught:
        read(tmp_path / "quantize.json", QuantizeRecord)
    assert caught.value.code == "not-found"


def test_an_unwritable_place_is_one_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError) as caught:
        write_bytes(tmp_path / "file" / "below.json", b"x")
    assert caught.value.code == "unwritable"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.json"
    write_bytes(target, b"old")

    def interrupt(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_json_from_strangers_is_checked_with_its_pointer() -> None:
    check(b'{"code": "a-b", "cause": "", "where": "", "remedy": ""}', Failure, "x.json")
    with pytest.raises(ToolError, match=r"\$\.code") as caught:
        check(b'{"code": "A B", "cause": "", "where": "", "remedy": ""}', Failure, "x.json")
    assert caught.value.code == "schema"
    with pytest.raises(ToolError, match="not JSON"):
        check(b"<html>", Failure, "x.json")
