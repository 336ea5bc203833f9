import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.embed.c_syntax import c_comment, c_float, c_string, hex_rows, identifier


def read_c_string(literal: str) -> bytes:
    """What a C compiler makes of a string literal; asserts that it is one, whole, on one line."""
    assert literal[0] == literal[-1] == '"'
    body = literal[1:-1]
    assert "??" not in body, "a trigraph"
    assert re.fullmatch(r'(?:[ !#-\[\]-~]|\\["\\?]|\\[0-7]{3})*', body)
    parts = re.findall(r"\\[0-7]{1,3}|\\.|.", body)
    return bytes(int(part[1:], 8) if part[0] == "\\" and part[1].isdigit() else ord(part[-1]) for part in parts)


@given(st.text())
def test_a_string_reads_back_as_its_utf8_bytes(text: str) -> None:
    assert read_c_string(c_string(text)) == text.encode()


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ('say "hi"', r'"say \"hi\""'),
        ("C:\\new", r'"C:\\new"'),
        ("what??/", r'"what\?\?/"'),
        ("a\nb", r'"a\012b"'),
        ("\xfc1", r'"\303\2741"'),  # the digit after the escape is not part of it
        ("\ud800", r'"\\ud800"'),  # half a surrogate pair cannot be UTF-8
    ],
)
def test_awkward_characters_are_escaped(text: str, literal: str) -> None:
    assert c_string(text) == literal


@given(st.text() | st.text("*/\\?\n\r\u2028"))
def test_a_comment_stays_on_its_line_and_opens_no_other(text: str) -> None:
    comment = c_comment(text)
    assert len(comment.splitlines()) <= 1
    assert comment.isascii()
    assert comment.isprintable()
    assert not set(comment) & set('*\\?"{}')


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_the_same_32_bits(value: float) -> None:
    literal = c_float(value)
    assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?f", literal)
    assert "." in literal or "e" in literal, "an integer with the suffix f is no C++"
    assert np.float32(literal[:-1]).tobytes() == np.float32(value).tobytes()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e39])
def test_what_is_no_float_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not a finite 32-bit float"):
        c_float(value)


@given(st.binary(max_size=100))
def test_hex_rows_hold_every_byte_in_order(data: bytes) -> None:
    rows = hex_rows(data)
    assert bytes(int(number, 16) for row in rows for number in row.rstrip(",").split(", ")) == data
    assert all(row.count("0x") == 12 for row in rows[:-1])
    assert all(row.endswith(",") for row in rows)


def test_hex_rows_of_nothing_are_none() -> None:
    assert hex_rows(b"") == []


def test_an_identifier_has_only_what_c_allows() -> None:
    assert identifier("my-op.2:\xfc") == "my_op_2__"
