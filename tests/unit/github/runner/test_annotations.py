"""An annotation is one workflow command, whatever its texts hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quantci.github.runner.annotations import annotation


def test_notice_with_a_file_and_a_title() -> None:
    text = annotation("notice", "100 % sure\r\nof it: a,b", title="a: b, c\n", file="quantci.toml")
    assert text == "::notice file=quantci.toml,title=a%3A b%2C c%0A::100 %25 sure%0D%0Aof it: a,b"


def test_without_properties() -> None:
    assert annotation("error", "gone") == "::error::gone"


@given(st.text(), st.text())
def test_any_text_is_one_line_and_one_command(text: str, title: str) -> None:
    line = annotation("warning", text, title=title)
    assert "\n" not in line
    assert "\r" not in line
    properties, _, message = line.removeprefix("::warning").partition("::")
    assert ("," in properties) is False
    shown = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert shown == text
