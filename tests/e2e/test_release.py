"""Our own release.yml: a rehearsal and a release of this working tree, as version 1.2.3."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.export import export
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.github_model import REPOSITORY

BUILD, ATTEST, PUBLISH, MOVE = (f"release/{name}" for name in ("check and build", "attest", "publish", "move v1"))
GH = """#!/bin/sh
printf 'gh %s\\n' "$*"
ls release/dist
"""


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Caller:
    """A clone of a repository with this working tree as version 1.2.3."""
    ours = Caller(tmp_path_factory.mktemp("release") / "quantci")
    export(ours.folder)
    project, package = (ours.folder / name for name in ("pyproject.toml", "src/quantci/__init__.py"))
    project.write_text(re.sub(r'(?m)^version = ".*"$', 'version = "1.2.3"', project.read_text(), count=1))
    package.write_text(re.sub(r'(?m)^__version__ = ".*"$', '__version__ = "1.2.3"', package.read_text()))
    ours.replace("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n")
    ours.git("init", "--quiet", "--initial-branch=main")
    ours.commit("Version 1.2.3")
    return ours


@pytest.fixture(scope="module")
def run(runner: Runner, ours: Caller, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Log]:
    """Runs the workflow, with a gh that only says what it was asked for."""
    folder = tmp_path_factory.mktemp("gh")
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)

    def run(event: str, ref: str) -> Log:
        return runner.run(
            ours,
            event,
            "release.yml",
            payload={"ref": ref, "repository": {"full_name": REPOSITORY, "default_branch": "main"}},
            path=[folder, runner.uv, runner.python, runner.tools],
        )

    return run


def test_a_rehearsal_builds_and_publishes_nothing(runner: Runner, run: Callable[..., Log]) -> None:
    log = run("workflow_dispatch", "refs/heads/main")
    assert log.jobs == {BUILD: "success"}
    assert "rehearsal: 1.2.3 would be " in log.text(BUILD)
    dist = {"dist/quantci-1.2.3-py3-none-any.whl", "dist/quantci-1.2.3.tar.gz"}
    assert Artifacts(runner.store, log.run_id).files("release") == {*dist, "notes.md"}


def test_a_tag_is_checked_built_attested_and_published(runner: Runner, ours: Caller, run: Callable[..., Log]) -> None:
    ours.git("update-ref", "refs/remotes/origin/main", "main")
    done = ours.script("python3", ".github/release.py", "tag", "v1.2.3")
    assert "git push origin v1.2.3" in done
    ours.git("checkout", "--quiet", "v1.2.3")
    log = run("push", "refs/tags/v1.2.3")
    assert log.jobs == dict.fromkeys([BUILD, ATTEST, PUBLISH, MOVE], "success"), "and PyPI is off"
    assert f"v1.2.3 is {ours.head}, the release of {ours.git('rev-parse', 'main')}" in log.text(BUILD)
    artifacts = Artifacts(runner.store, log.run_id)
    notes = artifacts.read("release", "notes.md").decode()
    assert notes.startswith("### ")
    assert "## [" not in notes
    for name in ("quantci-1.2.3-py3-none-any.whl", "quantci-1.2.3.tar.gz"):
        assert re.search(rf"[0-9a-f]{{64}}  release/dist/{name}", log.text(ATTEST))
    assert "gh release create v1.2.3 --verify-tag --title quantci v1.2.3" in log.text(PUBLISH)
    (annotation,) = log.annotations
    assert (annotation.job, annotation.level, annotation.title) == (MOVE, "warning", "v1")
