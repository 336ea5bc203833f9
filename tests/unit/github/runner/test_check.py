"""A call of the reusable workflow that is wrong is refused before anything is installed, by the name of the input."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from quantci.errors import ConfigError
from quantci.github.runner.check import check_others, faults, main
from quantci.github.runner.trigger import TRIGGERS, refuse_target

ROOT = Path(__file__).parents[4]
SOURCES = ROOT / "src"


def defaults() -> dict[str, Any]:
    """The inputs as the workflow has them where a caller gives none."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/model-measure.yml").read_text(encoding="utf-8"))
    return {name: one["default"] for name, one in workflow[True]["workflow_call"]["inputs"].items()}


def found(inputs: dict[str, Any], event: str = "pull_request") -> list[tuple[str, str]]:
    return [(error.code, error.where) for error in faults(defaults() | inputs, event)]


@pytest.mark.parametrize("event", TRIGGERS)
def test_the_defaults_are_fine(event: str) -> None:
    assert found({}, event) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("config", ""),
        *(("key", key) for key in ("", "a/b", "a b", "x" * 65, "a+b", "a@b", "*", "a\n", "ü", None)),
        *(("shards", number) for number in (0, -1, 257, 1.5, "many", "", None, "1\n")),
        *(("fail-on", word) for word in ("", "Gate", "always", None)),
        *((name, value) for name in ("lfs", "allow-code") for value in ("yes", "", 1, None)),
        *(("timeout-minutes", number) for number in (0, -5, 7201, "long")),
    ],
)
def test_a_value_that_is_not_valid_is_one_fault_by_name(name: str, value: object) -> None:
    assert found({name: value}) == [("workflow-input", f"input `{name}`")]


@pytest.mark.parametrize(
    "inputs",
    [
        {"key": "traffic-lights_2.0"},
        {"key": "x" * 64},
        {"shards": 256},
        {"shards": "3"},
        {"shards": 3.0},
        {"lfs": True, "allow-code": "true"},
        {"fail-on": "never"},
        {"timeout-minutes": 7200},
        {"data-cache-path": "data", "data-cache-key": "lights-3"},
    ],
)
def test_a_value_that_is_valid_passes(inputs: dict[str, Any]) -> None:
    """Also as the text that some runners make of every value."""
    assert found(inputs) == []


@pytest.mark.parametrize("key", ["a,b", "a\nb", "x" * 401])
def test_a_name_that_actions_cache_refuses_is_refused_here(key: str) -> None:
    given = {"data-cache-path": "data", "data-cache-key": key}
    assert found(given) == [("workflow-input", "input `data-cache-key`")]


def test_a_cache_has_a_path_and_a_name() -> None:
    assert found({"data-cache-path": "data"}) == [("workflow-input", "input `data-cache-key`")]
    assert found({"data-cache-key": "k"}) == [("workflow-input", "input `data-cache-path`")]


def test_every_fault_is_told_at_once() -> None:
    codes = found({"key": "a b", "shards": 0}, "issue_comment")
    assert codes == [("event", "on"), ("workflow-input", "input `key`"), ("workflow-input", "input `shards`")]


def test_what_a_long_value_was_is_told_in_short() -> None:
    (error,) = faults(defaults() | {"key": "x" * 5000}, "push")
    assert len(str(error)) < 400


@pytest.mark.parametrize(
    ("event", "word"),
    [("pull_request_target", "secrets"), ("workflow_run", "default branch"), ("", ""), ("issues", "")],
)
def test_an_event_that_does_not_check_out_the_change_is_refused(event: str, word: str) -> None:
    (error,) = faults(defaults(), event)
    assert error.code == "event"
    assert word in error.cause
    assert "on: pull_request" in error.remedy


def test_a_single_action_refuses_the_event_with_the_secrets_alone() -> None:
    refuse_target("workflow_run")  # a pull request's artifact, measured again in its own repository
    with pytest.raises(ConfigError, match="pull_request_target"):
        refuse_target("pull_request_target")


KWS = {"key": "kws", "config": "kws/quantci.toml"}


def test_a_key_of_its_own_is_not_taken() -> None:
    check_others(KWS, [], claimed=True)
    check_others(KWS, ["kws/quantci.toml", "kws/quantci.toml"], claimed=True)  # attempts before this one


@pytest.mark.parametrize(
    ("claims", "claimed"),
    [
        (["lights/quantci.toml"], False),
        (
            ["lights/quantci.toml", "kws/quantci.toml"],
            True,
        ),  # the other's of the first attempt, and its own of the second
    ],
)
def test_a_key_of_another_model_is_refused_and_the_other_named(claims: list[str], claimed: bool) -> None:
    with pytest.raises(ConfigError, match=r"'lights/quantci\.toml'.*'kws'.*a `key` of its own"):
        check_others(KWS, claims, claimed=claimed)


def test_the_same_model_twice_is_refused_too() -> None:
    with pytest.raises(ConfigError, match="has the key 'kws' already"):
        check_others(KWS, ["kws/quantci.toml"], claimed=False)


def job(tmp_path: Path, inputs: dict[str, Any], **more: str) -> dict[str, str]:
    return {
        "QUANTCI_INPUTS": json.dumps(defaults() | inputs),
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        "RUNNER_TEMP": str(tmp_path),
        **more,
    }


def test_the_first_step_says_what_to_claim(tmp_path: Path) -> None:
    assert main("inputs", job(tmp_path, KWS)) == 0
    file = tmp_path / "quantci-claim" / "2.txt"
    assert (
        tmp_path / "outputs"
    ).read_text() == f"claim=kws@claim-2\nclaims=kws@claim-*\nclaim-file={file}\nagain=true\n"
    assert file.read_text() == "kws/quantci.toml"


def test_the_first_step_annotates_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("inputs", job(tmp_path, {"key": "a\n::error::b"})) == 2
    assert (tmp_path / "outputs").read_text() == "refused=true\n"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=quantci workflow-input::input `key`: ")


def test_the_last_step_reads_the_claims(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims = tmp_path / "claims"
    more = {"QUANTCI_CLAIMED": "failure", "QUANTCI_CLAIMS": str(claims)}
    assert main("others", job(tmp_path, KWS, **more)) == 2, "none can be read"
    claims.mkdir()
    (claims / "1.txt").write_text("lights/quantci.toml")
    assert main("others", job(tmp_path, KWS, **more | {"QUANTCI_CLAIMED": "success"})) == 2
    assert "key-taken::input `key`: Another model of this run ('lights/quantci.toml')" in capsys.readouterr().out
    (claims / "1.txt").write_text("kws/quantci.toml")
    assert main("others", job(tmp_path, KWS, **more | {"QUANTCI_CLAIMED": "success"})) == 0


def imported(module: str) -> set[str]:
    """What a module of ours imports when it starts, and what those import in turn."""
    path = SOURCES / (module.replace(".", "/") + ".py")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {part for node in tree.body if isinstance(node, ast.If) for part in ast.walk(node)}
    names = set()
    for node in ast.walk(tree):
        if node not in skipped and isinstance(node, ast.ImportFrom):
            folder = SOURCES / str(node.module).replace(".", "/")
            names |= {f"{node.module}.{one.name}" if folder.is_dir() else str(node.module) for one in node.names}
        elif node not in skipped and isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
    return names.union(*(imported(name) for name in names if name.startswith("quantci.")))


def test_nothing_has_to_be_installed_for_it() -> None:
    names = imported("quantci.github.runner.check")
    assert "quantci.errors" in names
    import sys

    assert {name for name in names if not name.startswith("quantci.")} - {"__future__"} <= sys.stdlib_module_names
