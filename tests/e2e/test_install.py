"""How the actions get their environment, on runners of all kinds, and that nothing of it lies around afterwards."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner

JOB = "model/model"
# Steps after those of single-actions.yml. act gives every action a copy of our repository, beside the workspace.
CLEAN = """
      - id: clean
        run: |
          for action in quantize evaluate embed report; do
            diff -r "$EXPORT" "../act/actions/org-quantci-actions-$action@v1"
          done
          git status --porcelain --ignored
          ls build
"""
ONE = """
on: push
jobs:
  bare:
    runs-on: ubuntu-latest
    steps:
      - uses: {checkout}
      - id: quantize
        uses: org/quantci/actions/quantize@v1
  set-up:
    runs-on: ubuntu-latest
    steps:
      - uses: {setup_python}
        with:
          python-version: "{version}"
      - uses: {checkout}
      - id: quantize
        uses: org/quantci/actions/quantize@v1
"""
INTRUDER = 'import sys; sys.stderr.write("intruder\\n"); raise SystemExit(99)\n'


@pytest.fixture(scope="module")
def warm(runner: Runner, changed: Callable[[str], Caller], cold: Log, store: Path) -> Log:
    """The next run, on another fresh machine, without uv and without a network."""
    caller = changed("warm")
    workflow = (caller.folder / ".github/workflows/single-actions.yml").read_text()
    caller.write(".github/workflows/single-actions.yml", workflow.rstrip() + CLEAN)
    caller.commit("Look around afterwards")
    return runner.run(
        caller,
        "push",
        "single-actions.yml",
        payload=events.push(caller),
        environment={"UV_OFFLINE": "1", "PIP_NO_INDEX": "1", "EXPORT": str(runner.export)},
        path=[runner.python, runner.tools],
        store=store,
        kind="github-hosted",
    )


def test_without_uv_it_is_installed_from_its_hashed_lock(cold: Log) -> None:
    assert cold.jobs == {JOB: "success"}
    assert "Cache not found" in cold.text(JOB, "quantize/")
    assert cold.outputs[JOB, "quantize/plan"]["cache"] == "true"
    assert cold.annotations == []


def test_only_the_first_action_asks_for_the_cache(cold: Log) -> None:
    plans = {step: values["cache"] for (_, step), values in cold.outputs.items() if step.endswith("/plan")}
    assert plans == {"quantize/plan": "true", **dict.fromkeys(("evaluate/plan", "4/plan", "report/plan"), "false")}
    assert cold.text().count("Cache saved with key: quantci-base-") == 1


def test_the_next_run_installs_from_the_cache_without_a_network(warm: Log) -> None:
    assert warm.jobs == {JOB: "success"}
    assert "Cache restored from key: quantci-base-" in warm.text(JOB, "quantize/")
    assert "is there already, not saving" in warm.text()
    assert warm.outputs[JOB, "report"]["verdict"] == "pass"


def test_the_actions_folder_stays_as_it_came(warm: Log) -> None:
    assert warm.steps[JOB, "clean"] == "success"
    assert "Only in" not in warm.text(JOB, "clean/")


def test_the_workspace_gets_nothing_but_the_output_folder(warm: Log) -> None:
    printed = [line.strip() for _, step, line in warm.lines if step == "clean"]
    assert [line for line in printed if line.startswith(("!! ", "?? ", " M "))] == ["!! build/"]
    assert printed[printed.index("!! build/") + 1] == "quantci"


@pytest.fixture(scope="module")
def bare(runner: Runner, changed: Callable[[str], Caller]) -> Log:
    """A machine with neither Python nor uv; in its second job setup-python comes first."""
    caller = changed("bare")
    pins = {name: use for name, use in _pins(runner) if name in {"checkout", "setup_python"}}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    caller.write(".github/workflows/one.yml", ONE.format(version=version, **pins))
    caller.commit("One action")
    return runner.run(caller, "push", "one.yml", payload=events.push(caller), path=[runner.tools])


def _pins(runner: Runner) -> list[tuple[str, str]]:
    return [(use.split("@")[0].split("/")[1].replace("-", "_"), use) for use in runner.repositories]


def test_without_python_the_page_of_the_run_says_what_to_do(bare: Log) -> None:
    assert bare.jobs["one.yml/bare"] == "failure"
    (annotation,) = bare.annotations
    assert (annotation.level, annotation.title) == ("error", "quantci install")
    assert annotation.text.startswith("no Python from 3.11 to 3.13 was found: use actions/setup-python")


def test_the_python_of_setup_python_is_taken(bare: Log) -> None:
    assert bare.jobs["one.yml/set-up"] == "success"
    assert bare.output("quantize", "exit-code", "one.yml/set-up") == "0"


@pytest.fixture(scope="module")
def intruded(runner: Runner, changed: Callable[[str], Caller]) -> Log:
    """A repository whose files and variables would like to be part of quantci."""
    caller = changed("intruded")
    for name in ("numpy", "quantci", "msgspec", "tomllib", "hashlib", "sitecustomize", "usercustomize"):
        caller.write(f"{name}.py", INTRUDER)
    nowhere = 'index-url = "http://127.0.0.1:9/simple"\nno-cache = true\n'
    caller.write("uv.toml", nowhere)
    caller.write("pyproject.toml", f'[project]\nname = "theirs"\nversion = "1"\n[tool.uv]\n{nowhere}')
    caller.write(".python-version", "2.7\n")
    caller.write("constraints.txt", "numpy<1\n")
    caller.commit("Files with names that mean something")
    environment = {
        "PYTHONPATH": ".",
        "PYTHONHOME": ".",
        "PYTHONSTARTUP": "numpy.py",
        "VIRTUAL_ENV": "/nowhere",
        "UV_PYTHON": "2.7",
        "UV_CONFIG_FILE": "uv.toml",
        "UV_CONSTRAINT": "constraints.txt",
        "UV_OVERRIDE": "constraints.txt",
        "UV_EXCLUDE_NEWER": "2001-01-01",
        "UV_NO_BINARY": "1",
        "UV_PROJECT_ENVIRONMENT": "theirs",
        "UV_SYSTEM_PYTHON": "1",
    }
    return runner.run(caller, "push", "single-actions.yml", payload=events.push(caller), environment=environment)


def test_files_and_variables_of_the_caller_are_no_part_of_quantci(intruded: Log) -> None:
    assert "intruder" not in intruded.text()
    assert intruded.jobs == {JOB: "success"}
    assert intruded.annotations == []
    assert intruded.outputs[JOB, "report"]["verdict"] == "pass"


def test_the_machine_of_this_test_is_as_it_was(runner: Runner, bare: Log) -> None:
    """A runner without Python must have none here, or the tests above prove nothing."""
    assert not [path.name for path in runner.tools.iterdir() if path.name.startswith(("python", "uv"))]
