"""The marker holds what it is given, and no text of anybody else's is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from quantci.errors import ConfigError
from quantci.github.comment.marker import Marker, check_key, is_same_text, line_of, marker_of

KEYS = st.text(alphabet="abcXYZ019._/-", min_size=1, max_size=100)
SHAS = st.text(alphabet="0123456789abcdef", min_size=40, max_size=40)
NUMBERS = st.integers(min_value=0, max_value=10**18 - 1)
MARKERS = st.builds(Marker, KEYS, SHAS, NUMBERS, NUMBERS)
ANY_TEXT = st.text(max_size=300) | st.text(alphabet="<!-> quantci-comment1key=\nsharun0a", max_size=200)


@given(MARKERS, ANY_TEXT)
def test_marker_comes_back_whatever_follows_it(marker: Marker, text: str) -> None:
    assert marker_of(f"{line_of(marker)}\n{text}") == marker
    assert marker_of(f"{line_of(marker)}\r\n{text}") == marker


@given(MARKERS)
def test_marker_is_one_html_comment_that_ends_where_the_line_ends(marker: Marker) -> None:
    tokens = MarkdownIt("commonmark").parse(f"{line_of(marker)}\n**bold**")
    assert [token.type for token in tokens] == ["html_block", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content.strip() == line_of(marker)


@given(MARKERS, ANY_TEXT.filter(lambda text: text.strip("\r") != ""))
def test_marker_that_is_not_the_very_first_is_only_text(marker: Marker, text: str) -> None:
    assert marker_of(f"{text}\n{line_of(marker)}") is None or marker_of(text) is not None
    assert marker_of(f"{text}{line_of(marker)}") is None
    assert marker_of(f"> {line_of(marker)}\n{text}") is None
    assert marker_of(f"\n{line_of(marker)}\n{text}") is None


@given(MARKERS, ANY_TEXT)
def test_hostile_text_is_no_marker(marker: Marker, text: str) -> None:
    assert marker_of(text) is None or text.startswith("<!-- quantci-comment 1 key=")
    assert marker_of(f"{line_of(marker)}x{text}") is None
    assert marker_of(line_of(marker).replace("sha=", "sha=x")) is None


@pytest.mark.parametrize("key", ["", "a b", "a-->b", "a>b", "ä", "a\nb", "x" * 101, "a=b", "<!--"])
def test_key_that_could_break_the_marker_is_refused(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_key(key)
    assert (caught.value.code, caught.value.where) == ("config-value", "--key")


def test_key_of_letters_digits_and_a_few_signs_is_taken() -> None:
    assert check_key("models/traffic_lights-v1.2") == "models/traffic_lights-v1.2"


def test_bodies_are_the_same_when_a_server_changes_line_ends() -> None:
    assert is_same_text("a\nb\n", "a\r\nb")
    assert not is_same_text("a\nb", "a\n\nb")
