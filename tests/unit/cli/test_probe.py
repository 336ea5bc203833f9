"""What probe writes into quantci.toml: the keys of [input], and no other byte of it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.cli.probe import lines_of, write_input
from quantci.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

KEYS: dict[str, Any] = {"color": "bgr", "mean": (127.5, 1.0), "resize_shorter": None}


BEFORE = """# first
[model]
source = "m"

[input]  # how
width = 8
mean = [0.0] # old
resize_shorter = 9

[task]
"""
AFTER = """# first
[model]
source = "m"

[input]  # how
color = "bgr"
width = 8
mean = [127.5, 1.0]

[task]
"""
MODEL = '[model]\nsource = "m"\n'


@pytest.mark.parametrize(
    ("before", "after"), [(BEFORE, AFTER), (MODEL, MODEL + '\n[input]\nmean = [127.5, 1.0]\ncolor = "bgr"\n')]
)
def test_only_these_lines_change(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "quantci.toml"
    file.write_text(before, encoding="utf-8")
    write_input(file, KEYS)
    assert file.read_text(encoding="utf-8") == after


UNSEEN = ["input = {width = 8}\n", "[input]\nmean = [\n  0.0,\n]\n", '[input]\n"mean" = [0.0]\n', "input.width = 8\n"]


@pytest.mark.parametrize("text", UNSEEN)
def test_a_file_that_it_does_not_see_through_stays(tmp_path: Path, text: str) -> None:
    file = tmp_path / "quantci.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        write_input(file, KEYS)
    assert caught.value.code == "probe-write"
    assert file.read_text(encoding="utf-8") == text


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_lines_are_toml(numbers: list[float]) -> None:
    assert tomllib.loads("\n".join(lines_of({"mean": tuple(numbers)}))) == {"mean": numbers}
