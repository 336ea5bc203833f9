"""A report.json from a stranger: whatever text stands in any of its fields, the comment shows it as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace
from tests.golden import (
    example_config,
    example_diagnose_record,
    example_provenance,
    example_report,
    failed_quantize_record,
)

from quantci.records.base import decode, encode
from quantci.records.report import Report
from quantci.report.comment import render
from quantci.report.join import build_report

HOSTILE = "@octocat <b>x</b> http://a.b www.a.b [t](http://a.b) ![i](x) | ` #1 &#64;me\n\n# big\n--> \u202e"


def failed() -> Report:
    return build_report(
        config=example_config(),
        records={"quantize": failed_quantize_record("model_rejected", "malformed")},
        baseline=None,
        provenance=example_provenance(),
        title="m.tflite",
    )


REPORTS = {
    "whole": replace(example_report(baseline=example_report()), diagnose=example_diagnose_record().result),
    "failed": failed(),
}


def texts(node: Any) -> Iterator[tuple[Any, Any]]:
    """Container and key of every text in the document; of a list the ends, for what is between is shown alike."""
    places = list(node.items() if isinstance(node, dict) else enumerate(node))
    if isinstance(node, list) and len(places) > 2:
        places = [places[0], places[-1]]
    for key, value in places:
        if isinstance(value, str):
            yield node, key
        elif isinstance(value, dict | list):
            yield from texts(value)


@pytest.mark.parametrize("name", REPORTS)
def test_no_field_of_the_record_is_read_as_markdown(name: str) -> None:
    document = json.loads(encode(REPORTS[name]))
    shown = 0
    for container, key in texts(document):
        before, container[key] = container[key], HOSTILE
        try:
            markdown = render(decode(json.dumps(document).encode(), Report))
        except msgspec.ValidationError:
            continue  # a digest, a status: the record does not take it
        finally:
            container[key] = before
        shown += "octocat" in markdown
        check(markdown, f"{key}: {before}")
    assert shown > 5


def check(markdown: str, field: str) -> None:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    assert not {"heading_open", "fence", "code_block"} & {token.type for token in tokens}, field
    for token in tokens:
        assert token.type != "html_block" or re.fullmatch(
            r"(</?details>|<summary>[\w ,:()<>/→]*</summary>|\s)*", token.content
        ), field
        for leaf in token.children or []:
            assert leaf.type not in {"link_open", "image"}, field
            assert leaf.type != "html_inline" or leaf.content == "<br>", field
            assert leaf.type != "text" or not re.search(r"@octocat|https?://|www\.", leaf.content), field
