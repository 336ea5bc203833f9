"""A baseline of another model, branch or repository is refused by name, and so is one that says nothing of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import example_report

from quantci.errors import ConfigError
from quantci.records.origin import ReportOrigin
from quantci.report.foreign import check_baseline

MINE = ReportOrigin(
    key="kws",
    configuration="kws/quantci.toml",
    repository="acme/models",
    branch="topic",
    commit="b" * 40,
    pull_request=7,
)
PUSHED = replace(MINE, branch="main", commit="a" * 40, pull_request=None)


def refusal(theirs: ReportOrigin | None, mine: ReportOrigin = MINE, branch: str | None = "main") -> str:
    """What is said; empty where the baseline is taken."""
    try:
        check_baseline(replace(example_report(), origin=theirs), mine, branch)
    except ConfigError as error:
        return str(error)
    return ""


def test_what_a_push_to_the_base_branch_made_is_taken() -> None:
    assert refusal(PUSHED) == ""
    assert refusal(replace(PUSHED, repository="Acme/Models")) == "", "a server tells no case apart"
    assert refusal(replace(PUSHED, branch="other"), branch=None) == "", "which branch is meant is not known"


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (replace(PUSHED, key="kws-big"), "its key is `kws-big` and not `kws`"),
        (replace(PUSHED, branch="release"), "its branch is `release` and not `main`"),
        (replace(PUSHED, branch=None), "its branch is `not known` and not `main`"),
        (replace(PUSHED, repository="acme/fork"), "its repository is `acme/fork` and not `acme/models`"),
        (
            replace(PUSHED, configuration="quantci.toml"),
            "its configuration is `quantci.toml` and not `kws/quantci.toml`",
        ),
        (replace(PUSHED, pull_request=3), "it was made for the pull request 3, and not by a push"),
        (replace(PUSHED, commit=None), "it does not say which commit it is of"),
        (None, "does not say which model and branch it is of"),
    ],
)
def test_any_other_is_refused_by_name(theirs: ReportOrigin | None, words: str) -> None:
    text = refusal(theirs)
    assert words in text
    assert text.endswith("[foreign-baseline]")
    assert "Use the report.json that a push to `main` made for the key `kws`" in text


def test_everything_that_differs_is_named() -> None:
    text = refusal(replace(PUSHED, key="kws-big", branch="release"))
    assert "its key is `kws-big` and not `kws`, its branch is `release` and not `main`" in text
