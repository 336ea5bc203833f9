"""A fault names what its reader wrote: at a desk an option, in a workflow an input."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from quantci.cli.inputs import INPUTS, NAME, as_called
from quantci.errors import ConfigError

ROOT = Path(__file__).parents[3]
KINDS = {
    "ModelRejected",
    "DataRejected",
    "ConfigError",
    "ToolError",
    "BoardError",
    "Damage",
    "Advice",
    "NotPosted",
    "Forbidden",
}
# Commands that no action runs.
AT_A_DESK = {
    "cli/init.py",
    "cli/fit_latency.py",
    "cli/schema.py",
    "cli/inspect.py",
    "cli/merge.py",
    "device/virtual/script.py",
}
ACTION = {"QUANTCI_WORKSPACE": "/w"}


def fault() -> ConfigError:
    return ConfigError("config-value", "'x' is wrong.", where="QUANTCI_SHARD_COUNT", remedy="Name it with --config.")


def test_in_an_action_a_fault_names_inputs() -> None:
    error = as_called(fault(), ACTION)
    assert str(error) == "input `shards`: 'x' is wrong. Name it with the input `config`. [config-value]"
    assert str(as_called(error, ACTION)) == str(error), "twice is the same as once"


def test_at_a_desk_it_names_options() -> None:
    assert str(as_called(fault(), {})) == str(fault())


def test_what_is_no_input_stays() -> None:
    error = ConfigError("x", "A --config-file.", where="QUANTCI_TASK_TOP_K", remedy="Set QUANTCI_KEYS and x--key.")
    assert str(as_called(error, ACTION)) == str(error)


def texts() -> Iterator[tuple[str, str]]:
    """File and text of every constant that is a part of a fault or of advice."""
    for path in sorted((ROOT / "src/quantci").rglob("*.py")):
        name = path.relative_to(ROOT / "src/quantci").as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                inside = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
                yield from ((name, text) for text in inside if isinstance(text, str))


def test_no_fault_that_an_action_can_meet_names_what_its_caller_does_not_know() -> None:
    found = [(name, text) for name, text in texts() if NAME.search(text)]
    assert len(found) > 10, "the search has stopped finding them"
    unknown = [
        (name, text)
        for name, text in found
        if name not in AT_A_DESK and "at a desk" not in text.lower() and set(NAME.findall(text)) - set(INPUTS)
    ]
    # Where there is such an option, and so on a command line only.
    own = {"--repository", "--timeout-s"}
    assert [(name, text) for name, text in unknown if text not in own] == []


@pytest.mark.parametrize("name", sorted(set(INPUTS.values())))
def test_every_name_is_an_input(name: str) -> None:
    actions = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ROOT.glob("actions/*/action.yml")]
    assert any(name in action["inputs"] for action in actions)
