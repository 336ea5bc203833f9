"""What a release says, of the files as they stand here and of made-up ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from release_text import READ_BY_RUNNERS, Fault, agree, notes, pinned, used, version_of

ROOT = Path(__file__).parents[3]
SHA = "0123456789" * 4
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-11-30

### Added

- A thing.

## [1.2.2] - 2026-10-01

- Another.
"""
ACTION = "runs:\n  using: composite\n"


def our_files() -> dict[str, str]:
    """What a runner reads of this repository."""
    places = [*ROOT.glob(".github/workflows/*"), *ROOT.glob("action.yml"), *ROOT.glob("actions/*/action.yml")]
    found = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in places}
    assert all(map(READ_BY_RUNNERS.fullmatch, found))
    return found


def test_nothing_here_names_the_moving_tag_after_a_release() -> None:
    files = our_files()
    loose = [line for text in files.values() for line in re.findall(r"(?m)^[ -]*uses: org/quantci.*", text)]
    assert loose, "else there is nothing to test"
    commits = 0
    while any(map(used, files.values())):
        commits += 1
        files |= pinned(files, f"{commits:040x}", "1.2.3")
    lines = [line for text in files.values() for line in re.findall(r"(?m)^[ -]*uses: org/quantci.*", text)]
    assert len(lines) == len(loose)
    assert all(re.fullmatch(r"[ -]*uses: org/quantci\S*@[0-9a-f]{40} # v1\.2\.3", line) for line in lines), lines


def test_only_lines_that_a_runner_reads_are_changed() -> None:
    workflow = """\
# uses: org/quantci/actions/quantize@v1
      - uses: org/quantci@v1 # all of it
      - uses: org/quantci/actions/quantize@v1
        run: echo "uses: org/quantci/actions/quantize@v1"
      - uses: org/quantci/actions/quantize@v10
      - uses: actions/checkout@v1
"""
    files = {"action.yml": ACTION, "actions/quantize/action.yml": ACTION, ".github/workflows/a.yml": workflow}
    assert used(workflow) == {"", "actions/quantize"}
    assert pinned(files, SHA, "1.2.3") == {
        ".github/workflows/a.yml": f"""\
# uses: org/quantci/actions/quantize@v1
      - uses: org/quantci@{SHA} # v1.2.3
      - uses: org/quantci/actions/quantize@{SHA} # v1.2.3
        run: echo "uses: org/quantci/actions/quantize@v1"
      - uses: org/quantci/actions/quantize@v10
      - uses: actions/checkout@v1
"""
    }


def test_a_workflow_that_uses_a_workflow_waits_until_that_is_settled() -> None:
    inner, outer = ".github/workflows/inner.yml", ".github/workflows/outer.yml"
    files = {
        "actions/quantize/action.yml": ACTION,
        inner: "      - uses: org/quantci/actions/quantize@v1\n",
        outer: "    uses: org/quantci/.github/workflows/inner.yml@v1\n",
    }
    first = pinned(files, "a" * 40, "1.2.3")
    assert first == {inner: f"      - uses: org/quantci/actions/quantize@{'a' * 40} # v1.2.3\n"}
    second = pinned(files | first, "b" * 40, "1.2.3")
    assert second == {outer: f"    uses: org/quantci/.github/workflows/inner.yml@{'b' * 40} # v1.2.3\n"}
    assert pinned(files | first | second, "c" * 40, "1.2.3") == {}


def test_what_can_never_be_settled_is_a_fault() -> None:
    one, two = ".github/workflows/one.yml", ".github/workflows/two.yml"
    files = {one: f"    uses: org/quantci/{two}@v1\n", two: f"    uses: org/quantci/{one}@v1\n"}
    with pytest.raises(Fault, match="in a circle"):
        pinned(files, SHA, "1.2.3")
    with pytest.raises(Fault, match=r"actions/gone@v1 is used, and actions/gone/action\.yml is not there"):
        pinned({one: "  - uses: org/quantci/actions/gone@v1\n"}, SHA, "1.2.3")


def test_the_notes_are_the_section_of_the_version() -> None:
    assert notes(CHANGELOG, "1.2.3") == "### Added\n\n- A thing.\n"
    assert notes(CHANGELOG, "1.2.2") == "- Another.\n"


@pytest.mark.parametrize("version", ["1.2.4", "1.2", "Unreleased", "1x2.3"])
def test_a_version_without_notes_is_no_release(version: str) -> None:
    with pytest.raises(Fault, match="has no section"):
        notes(CHANGELOG, version)


def test_project_and_package_say_the_same_version() -> None:
    package = '"""It."""\n\n__version__ = "1.2.3"\n'
    assert version_of('[project]\nversion = "1.2.3"\n', package) == "1.2.3"
    with pytest.raises(Fault, match=r"pyproject\.toml says 1\.2\.4, and quantci\.__version__ does not"):
        version_of('[project]\nversion = "1.2.4"\n', package)
    package_here = (ROOT / "src/quantci/__init__.py").read_text(encoding="utf-8")
    assert version_of((ROOT / "pyproject.toml").read_text(encoding="utf-8"), package_here)


def test_tag_version_and_heading_are_one() -> None:
    agree("v1.2.3", "1.2.3", CHANGELOG)
    with pytest.raises(Fault, match=r"the tag is v1\.2\.4, and pyproject\.toml says 1\.2\.3"):
        agree("v1.2.4", "1.2.3", CHANGELOG)
    with pytest.raises(Fault, match=r"v2\.0\.0 is not a release of v1"):
        agree("v2.0.0", "2.0.0", CHANGELOG)
    with pytest.raises(Fault, match=r"no section \[1\.2\.5\]"):
        agree("v1.2.5", "1.2.5", CHANGELOG)
