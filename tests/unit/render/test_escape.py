"""Names from strangers stay literal text: checked with a CommonMark parser, on hostile examples and on random ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from quantci.render.escape import code, prose, row
from quantci.render.visible import ELLIPSIS, NAME_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

HOSTILE = [
    "@octocat", "@org/team", "#1", "GH-1", "org/repo#1", "org/repo@0123456789abcdef0123456789abcdef01234567",
    "0123456789abcdef", "www.example.com", "http://example.com", "https://a.b/c?d=e", "a@example.com",
    "xmpp:a@b.c", "mailto:a@b.c", "[text](http://example.com)", "![x](http://example.com/x.png)", "<http://a.b>",
    "<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- x", "-->", "--> <b>x</b>",
    "</details>", "</td></table>",
    "# heading", "> quote", "- item", "1. item", "---", "===", "```", "``", "`", "`a`", "a`b``c", " `", "` ", "~~~",
    "a|b", "|", "a\\|b", "\\|", "\\", "a\\", "|--|", "\\`", "&#64;octocat", "&amp;", "&lt;b&gt;", ":smile:", ":+1:",
    "$x$", "$`x`$", "$$", "*a*", "__a__", "~~a~~", "a\nb", "a\r\nb", "\n\n# x", "\ttab", "a\x00b", "\x1b[31mred",
    "\u202egnp.exe", "a\u200bb", "a\u2066b\u2069", "\ufeff", "a\u00adb", "\u2028", "\u0085", "\u00a0", "", " ", "  ",
    " a", "a ", "a  b", "\ud800", "\ue000", "\ufe0f", "\U000e0041", "x" * 10_000, "`" * 10_000, "|" * 10_000,
    "@a " * 3_000, "\u202e" * 10_000, "[toc]", "{{ 7 * 7 }}", "{% raw %}", "[^1]", "[x]: http://a.b", "![]", "#ffffff",
]  # fmt: skip
ANY_TEXT = st.text(max_size=80) | st.text(alphabet="`|\\ @#:<>&-*_$[]()!w.ahtp/1\n", max_size=40)


def parse(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def cells_of(markdown: str) -> list[Token]:
    tokens = parse(markdown)
    kinds = [token.type for token in tokens]
    assert kinds[0] == "table_open"
    assert kinds[-1] == "table_close"
    assert kinds.count("table_open") == 1
    assert not {"html_block", "heading_open", "fence", "code_block"} & set(kinds)
    return [token for token in tokens if token.type == "inline"]


def leaves(cell: Token) -> Sequence[Token]:
    return cell.children or []


def check_name(name: str) -> None:
    table = f"| a | b |\n| :-- | :-- |\n{row([code(name), code(name)])}\n| end | end |"
    cells = cells_of(table)
    assert [cell.content for cell in (*cells[:2], *cells[4:])] == ["a", "b", "end", "end"]
    for cell in cells[2:4]:
        (leaf,) = leaves(cell)
        assert leaf.type == ("code_inline" if name else "text")
        assert leaf.content == (visible(name) or "(no name)")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_name_in_a_table_is_one_code_span_with_its_visible_text(name: str) -> None:
    check_name(name)


@given(ANY_TEXT)
def test_any_name_in_a_table_is_one_code_span_with_its_visible_text(name: str) -> None:
    check_name(name)


@given(ANY_TEXT)
def test_name_in_a_paragraph_is_one_code_span(name: str) -> None:
    tokens = parse(f"Model {code(name)} ends.")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    spans = [leaf.content for leaf in leaves(tokens[1]) if leaf.type == "code_inline"]
    assert spans == ([visible(name)] if name else [])


@given(ANY_TEXT)
def test_visible_name_is_one_line_without_unseen_characters(name: str) -> None:
    text = visible(name)
    assert "  " not in text
    assert text == text.strip()
    assert all(character == " " or character.isprintable() for character in text if ord(character) < 0x3000)


def check_prose(sentence: str) -> None:
    tokens = parse(f"| a | b |\n| - | - |\n{row(['x: ' + prose(sentence), 'end'])}")
    cells = [token for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert cells[3].content == "end"
    for leaf in leaves(cells[2]):
        assert leaf.type in {"text", "code_inline"}
        if leaf.type == "text":
            assert not re.search(r"[@#<>&*_$\[\]\\|`~/]|www\.\S|:\w+:|[0-9a-fA-F]{7}|GH-\d|\w\.[a-z]", leaf.content)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_name_in_a_sentence_gives_plain_words_and_code_spans_only(name: str) -> None:
    check_prose(f"The label {name} is wrong.")


@given(ANY_TEXT)
def test_any_sentence_gives_plain_words_and_code_spans_only(sentence: str) -> None:
    check_prose(sentence)


@given(st.text(alphabet=st.characters(exclude_characters="`", exclude_categories=["C", "Z", "M"]), max_size=60))
def test_sentence_without_backticks_keeps_its_text(sentence: str) -> None:
    (inline,) = [token for token in parse(f"x {prose(sentence)} x") if token.type == "inline"]
    expected = " ".join("".join(map(visible, word)) for word in sentence.split())
    assert "".join(leaf.content for leaf in leaves(inline)) == f"x {expected} x"


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("All 5 gates hold.", "All 5 gates hold."),
        ("It is 1.8 pp (or 2 %), not -0.5.", "It is 1.8 pp (or 2 %), not -0.5."),
        ("See quantci.toml: it has @me", "See `quantci.toml`: it has `@me`"),
        ("Run `quantci quantize` again.", "Run `quantci quantize` again."),
        ("Print used_bytes() on it (or f()).", "Print `used_bytes()` on it (or `f()`)."),
        ("Merge a_b c_d here", "Merge `a_b c_d` here"),
        ("Its shape is [300, 3], not [-1, 96].", "Its shape is `[300, 3]`, not `[-1, 96]`."),
        ("Its shape is `a [300, 3]`, or `[1, 2]`.", "Its shape is `a [300, 3]`, or `[1, 2]`."),
        ("Touching x#`a`", "Touching `x#` `a`"),
        ("Commit 0123456789 and effaced", "Commit `0123456789 effaced`".replace(" effaced", "` and `effaced")),
        ("", ""),
    ],
)
def test_sentence_reads_well(sentence: str, expected: str) -> None:
    assert prose(sentence) == expected


def test_long_name_is_cut_in_its_middle() -> None:
    text = visible("a" * 100 + "z" * 100)
    assert len(text) == NAME_LIMIT
    assert text.startswith("aaa")
    assert text.endswith("zzz")
    assert ELLIPSIS in text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a\nb", "a␊b"),
        ("\u202egnp", "⟨U+202E⟩gnp"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("a\u00a0b", "a⟨U+00A0⟩b"),
        (" a", "␠a"),
        ("a  b", "a ␠b"),
        ("Größe", "Größe"),
        ("信号", "信号"),
    ],
)
def test_unseen_characters_are_shown(name: str, expected: str) -> None:
    assert visible(name) == expected
