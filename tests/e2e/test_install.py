"""How the actions get their environment, on runners of all kinds, and that nothing of it lies around afterwards."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.export import export
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.golden import example_report
from tests.integration.github_server import serve

from quantci.records.base import write

JOB = "model/model"
ACTIONS = ("quantize", "evaluate", "4", "report")
# Steps after those of single-actions.yml. act gives every action a copy of our repository, beside the workspace.
CLEAN = """
      - id: clean
        run: |
          for action in quantize evaluate embed report; do
            for part in action.yml actions requirements src; do
              diff -r "$EXPORT/$part" "../act/actions/org-quantci-actions-$action@v1/$part"
            done
          done
          git status --porcelain --ignored
          ls build
      - id: path
        run: "! command -v python python3 uv"
"""
ONE = """
on: {event}
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: {checkout}
      - id: {action}
        uses: org/quantci/actions/{action}@v1
"""
INTRUDER = 'import sys; sys.stderr.write("intruder\\n"); raise SystemExit(99)\n'


def one(runner: Runner, caller: Caller, event: str, action: str) -> None:
    """Give the caller a workflow with this action alone."""
    checkout = next(use for use in runner.repositories if use.startswith("actions/checkout@"))
    caller.write(".github/workflows/one.yml", ONE.format(event=event, action=action, checkout=checkout))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Caches of a repository that has not run yet."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def nothing(tmp_path: Path) -> Path:
    """Nothing is installed in here."""
    (tmp_path / "nothing").mkdir()
    return tmp_path / "nothing"


@pytest.fixture(scope="module")
def cold(runner: Runner, changed: Callable[[str], Caller], store: Path) -> Log:
    """The first run, of one action, on a fresh machine of GitHub's, without uv."""
    caller = changed("cold")
    one(runner, caller, "push", "quantize")
    caller.commit("One action")
    path = [runner.python, runner.tools]
    return runner.run(
        caller, "push", "one.yml", payload=events.push(caller), path=path, store=store, kind="github-hosted"
    )


def test_without_uv_it_is_installed_from_its_hashed_lock(cold: Log) -> None:
    assert cold.jobs == {"one.yml/one": "success"}
    assert cold.annotations == []
    assert ("one.yml/one", "quantize/python") not in cold.steps, "the machine's own Python will do"


@pytest.fixture(scope="module")
def bare(
    runner: Runner, changed: Callable[[str], Caller], store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Log:
    """A machine of GitHub's with neither Python nor uv."""
    caller = changed("bare")
    ours = tmp_path_factory.mktemp("ours")
    export(ours)
    workflow = (caller.folder / ".github/workflows/single-actions.yml").read_text()
    caller.write(".github/workflows/single-actions.yml", workflow.rstrip() + CLEAN)
    caller.commit("Look around afterwards")
    return runner.run(
        caller,
        "push",
        "single-actions.yml",
        payload=events.push(caller),
        environment={"EXPORT": str(ours)},
        path=[runner.tools],
        store=store,
        kind="github-hosted",
    )


def test_what_the_first_action_installs_serves_the_others(bare: Log) -> None:
    installed = [bare.outputs[JOB, f"{action}/install"] for action in ACTIONS]
    assert {one["lock"] for one in installed} == {"base"}
    assert len({one["python"] for one in installed}) == 1


def test_nothing_is_saved_for_a_later_job_or_restored_from_an_earlier(cold: Log, bare: Log, store: Path) -> None:
    assert "Cache restored" not in cold.text() + bare.text()
    assert not (store / "caches").exists()


def test_where_there_is_no_python_the_action_brings_one_along(bare: Log) -> None:
    assert bare.jobs == {JOB: "success"}
    assert bare.outputs[JOB, "quantize/plan"] == {"python-version": "3.13"}
    assert bare.outputs[JOB, "report"]["verdict"] == "pass"


def test_the_path_of_the_job_stays_as_it_was(bare: Log) -> None:
    assert bare.steps[JOB, "path"] == "success"


def test_the_actions_folder_stays_as_it_came(bare: Log) -> None:
    assert bare.steps[JOB, "clean"] == "success"
    assert "Only in" not in bare.text(JOB, "clean/")


def test_the_workspace_gets_nothing_but_the_output_folder(bare: Log) -> None:
    printed = [line.strip() for _, step, line in bare.lines if step == "clean"]
    assert [line for line in printed if line.startswith(("!! ", "?? ", " M "))] == ["!! build/"]
    assert printed[printed.index("!! build/") + 1] == "quantci"


def test_where_none_can_be_brought_the_page_of_the_run_says_what_to_do(
    runner: Runner, changed: Callable[[str], Caller]
) -> None:
    caller = changed("nothing")
    one(runner, caller, "push", "quantize")
    caller.commit("One action")
    log = runner.run(
        caller,
        "push",
        "one.yml",
        payload=events.push(caller),
        environment={"STAND_IN_OFFLINE": "true"},
        path=[runner.tools],
        kind="github-hosted",
    )
    assert log.jobs == {"one.yml/one": "failure"}
    ours = [found for found in log.annotations if found.title == "quantci install"]
    assert [found.level for found in ours] == ["error"]
    assert ours[0].text.startswith(
        "no Python from 3.11 to 3.14 is on this runner, and actions/setup-python brought none"
    )
    assert "sudo apt-get install python3-venv" in ours[0].text


def test_python_3_14_alone_will_do(runner: Runner, caller: Caller, tmp_path: Path) -> None:
    """As on GitHub's Ubuntu 26.04."""
    found = shutil.which("python3.14") or "false"
    if subprocess.run([found, "-c", "import pip"], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("there is no Python 3.14 on this machine")
    for name in ("python3", "python3.14"):
        (tmp_path / name).symlink_to(found)
    log = runner.run(
        caller,
        "push",
        "single-actions.yml",
        payload=events.push(caller),
        path=[tmp_path, runner.tools],
        kind="github-hosted",
    )
    assert log.jobs == {JOB: "success"}
    assert log.outputs[JOB, "report"]["verdict"] == "pass"
    assert (JOB, "quantize/python") not in log.steps, "nothing has to be brought along"
    report = Artifacts(runner.store, log.run_id).report("quantci")
    assert "Python 3.14" in report["provenance"]["host"]


@pytest.fixture
def poisoned(runner: Runner, tmp_path: Path) -> Path:
    """A cache of uv in which an earlier job has altered every package that the comment imports."""
    uv, cache, lock = runner.uv / "uv", tmp_path / "cache", runner.export / "requirements/comment.txt"
    if not uv.exists():
        pytest.skip("there is no uv on this machine")
    for arguments in (
        ["venv", "--no-project", "--python", runner.python / "python3", tmp_path / "filled"],
        ["pip", "install", "--python", tmp_path / "filled/bin/python", "--require-hashes", "-r", lock],
    ):
        command = [str(part) for part in (uv, *arguments, "--cache-dir", cache)]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    for package in ("requests", "jinja2", "msgspec", "urllib3"):
        found = list(cache.glob(f"archive-v*/*/{package}/__init__.py"))
        assert found, package
        for file in found:
            file.unlink()  # the environment that was just filled may share it
            file.write_text(INTRUDER)
    return cache


def test_a_job_that_may_write_takes_nothing_from_a_cache(
    runner: Runner, changed: Callable[[str], Caller], poisoned: Path, nothing: Path
) -> None:
    """A self-hosted runner's cache of uv lies within reach of every job, and uv does not check what lies in it."""
    caller = changed("poisoned")
    base = caller.head
    one(runner, caller, "pull_request", "comment")
    write(caller.folder / "build/quantci/report.json", example_report())
    caller.git("add", "--force", "build/quantci/report.json")
    caller.commit("A report")
    with serve() as server:
        events.announce(server.github, caller)
        log = runner.run(
            caller,
            "pull_request",
            "one.yml",
            payload=events.pull_request(caller, base),
            environment={"GITHUB_API_URL": server.github.base, "UV_CACHE_DIR": str(poisoned)},
            environments=nothing,
        )
    assert "intruder" not in log.text()
    assert log.jobs == {"one.yml/one": "success"}
    assert log.outputs["one.yml/one", "comment/install"]["lock"] == "comment"
    assert log.outputs["one.yml/one", "comment"]["result"] == "created"


@pytest.fixture
def intruded(runner: Runner, changed: Callable[[str], Caller], nothing: Path) -> Log:
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
    return runner.run(
        caller,
        "push",
        "single-actions.yml",
        payload=events.push(caller),
        environment=environment,
        environments=nothing,
    )


def test_files_and_variables_of_the_caller_are_no_part_of_quantci(intruded: Log) -> None:
    assert "intruder" not in intruded.text()
    assert intruded.jobs == {JOB: "success"}
    assert intruded.annotations == []
    assert intruded.outputs[JOB, "report"]["verdict"] == "pass"


def test_the_machine_of_this_test_is_as_it_was(runner: Runner, bare: Log) -> None:
    """A runner without Python must have none here, or the tests above prove nothing."""
    assert not [path.name for path in runner.tools.iterdir() if path.name.startswith(("python", "uv"))]
