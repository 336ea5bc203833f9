"""Outputs reach later steps as they are, and no value can add an output of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.errors import ToolError
from quantci.github.runner.output_file import append, render


def read_as_runner(text: str) -> dict[str, str]:
    """The runner's own rules: `name=value`, or `name<<WORD`, lines, `WORD`."""
    found: dict[str, str] = {}
    lines = text.split("\n")
    assert lines.pop() == "", "the last line has an end"
    while lines:
        line = lines.pop(0)
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
        else:
            name, word = line.split("<<", 1)
            value = []
            while (line := lines.pop(0)) != word:
                value.append(line)
            found[name] = "\n".join(value)
    return found


VALUES = st.text() | st.sampled_from(
    ["", "a\nEOF\nevil=1", "quantci-x\n", "a=b", "<<EOF", "\n", "x\n\n", "::set-output name=a::b", "a\r\nb=c", "\r"]
)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True), VALUES, max_size=5))
def test_a_runner_reads_what_was_given(outputs: dict[str, str]) -> None:
    assert read_as_runner(render(outputs)) == outputs


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_a_value_with_any_end_of_line_stands_between_words(end: str) -> None:
    """Also for one who takes a lone carriage return as the end of a line."""
    first, *value, last, nothing = re.split(r"\r\n|\r|\n", render({"first": f"a{end}evil=1"}))
    assert first.startswith("first<<quantci-")
    assert (value, last, nothing) == (["a", "evil=1"], first.removeprefix("first<<"), "")


def test_a_name_that_is_not_kebab_case_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="not a valid name"):
        render({"a=b": "c"})


def test_outputs_are_appended(tmp_path: Path) -> None:
    file = tmp_path / "outputs"
    file.write_text("first=1\n")
    append(file, {"second": "2"})
    assert file.read_text() == "first=1\nsecond=2\n"


def test_a_file_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="unwritable"):
        append(tmp_path, {"a": "b"})
