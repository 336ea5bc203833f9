"""The comment says what report.md says, and what it says when there is no report is literal text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from tests.golden import example_report

from quantci.errors import ConfigError
from quantci.github.comment.body import body_of, read_report
from quantci.github.comment.marker import Marker, marker_of
from quantci.records.base import encode
from quantci.records.report import MOST_BYTES
from quantci.render.markdown import length
from quantci.report.comment import render

MARKER = Marker("quantci", "0123456789abcdef" * 2 + "01234567", 12, 1)
RUN = "https://github.test/acme/lights/actions/runs/12"


def written(folder: Path, change: dict[str, object] | None = None) -> Path:
    path = folder / "report.json"
    path.write_text(json.dumps({**json.loads(encode(example_report())), **(change or {})}))
    return path


def test_body_is_marker_report_and_where_it_comes_from(tmp_path: Path) -> None:
    text = read_report(written(tmp_path))
    body = body_of(MARKER, text, RUN)
    first, rest = body.split("\n", 1)
    assert marker_of(first) == MARKER
    assert rest == f"{render(example_report())}\nCommit `0123456789ab` · [this run]({RUN})\n"
    assert text.commit == example_report().provenance.git_commit


def test_body_of_a_desk_links_no_run(tmp_path: Path) -> None:
    assert body_of(MARKER, read_report(written(tmp_path)), "").endswith("\nCommit `0123456789ab`\n")


def test_longest_report_still_fits_into_a_comment(tmp_path: Path) -> None:
    text = read_report(written(tmp_path))._replace(report="x" * 60_000)
    marker = Marker("k" * 100, "a" * 64, 10**18 - 1, 10**18 - 1)
    assert length(body_of(marker, text, "https://" + "h" * 200 + RUN)) < 65_536


@pytest.mark.parametrize("name", ["@octocat", "<b>x", "a`b", "::error::x", "\n# big", "-->", "https://a.b", "x" * 9000])
def test_report_that_cannot_be_read_is_told_as_text(tmp_path: Path, name: str) -> None:
    text = read_report(written(tmp_path, {name: 1}))
    assert text.fault is not None
    assert text.fault.code == "schema"
    assert "\n" not in str(text.fault)
    body = body_of(MARKER, text, RUN)
    assert marker_of(body) == MARKER
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body.split("\n", 1)[1])
    assert not {"html_block", "heading_open", "fence", "code_block"} & {token.type for token in tokens}
    leaves = [leaf for token in tokens for leaf in token.children or []]
    assert not [leaf for leaf in leaves if leaf.type in {"html_inline", "image"}]
    assert [leaf.attrGet("href") for leaf in leaves if leaf.type == "link_open"] == [RUN]
    assert not [leaf for leaf in leaves if leaf.type == "text" and re.search(r"[@<>]|://", leaf.content)]


def test_newer_schema_names_its_place(tmp_path: Path) -> None:
    text = read_report(written(tmp_path, {"schema_version": 2}))
    assert "$.schema_version" in body_of(MARKER, text, RUN)


def test_no_report_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_report(tmp_path / "report.json")
    assert caught.value.code == "not-found"


def test_report_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    text = read_report(path)
    assert text.fault is not None
    assert "more than 25 MB" in body_of(MARKER, text, RUN)


def test_title_names_key_and_configuration_unless_both_are_the_usual(tmp_path: Path) -> None:
    origin = {"key": "kws", "configuration": "kws/quantci.toml"}
    usual = {"configuration": "quantci.toml"}
    assert title(tmp_path, origin, "kws").endswith("`traffic_lights.keras` · key `kws` · `kws/quantci.toml`")
    assert title(tmp_path, {"configuration": "b/quantci.toml"}).endswith(" · key `quantci` · `b/quantci.toml`")
    assert title(tmp_path, usual) == title(tmp_path, None) == "**✅ quantci: pass** · `traffic_lights.keras`"
    assert title(tmp_path, usual, "kws").endswith(" · key `kws` · `quantci.toml`")
    assert title(tmp_path, None, "kws").endswith("`traffic_lights.keras` · key `kws`")


def test_key_of_the_title_is_that_of_the_comment_and_not_the_reports(tmp_path: Path) -> None:
    assert title(tmp_path, {"key": "kws"}, "vww").endswith(" · key `vww`")


@pytest.mark.parametrize("name", ["@octocat", "a`b", "<b>", "[x](https://a.b)", "a|b", "https://www.a.b", "\n# big"])
def test_names_in_the_origin_are_literal_text(tmp_path: Path, name: str) -> None:
    text = read_report(written(tmp_path, {"origin": {"configuration": name, "branch": name, "repository": name}}))
    assert text.fault is None
    tokens = MarkdownIt("commonmark").enable("table").parse(text.report)
    leaves = [leaf for token in tokens for leaf in token.children or []]
    assert not [
        leaf for leaf in leaves if leaf.type in {"image", "link_open", "html_inline"} and "br" not in leaf.content
    ]
    plain = [leaf.content for leaf in leaves if leaf.type == "text"]
    assert not [content for content in plain if "octocat" in content or "big" in content]


def test_a_comment_without_a_report_names_its_key_too(tmp_path: Path) -> None:
    text = read_report(written(tmp_path, {"odd": 1}), "kws")
    assert body_of(MARKER._replace(key="kws"), text, "").split("\n")[1] == "**❌ quantci: no report** · key `kws`"
    assert body_of(MARKER, text, "").split("\n")[1:3] == ["**❌ quantci: no report**", ""]


def title(folder: Path, origin: dict[str, str] | None, key: str = "quantci") -> str:
    return read_report(written(folder, {"origin": origin}), key).report.split("\n", 1)[0]
