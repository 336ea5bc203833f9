"""Two models in one repository, by examples/workflows/monorepo.yml: two of everything, and never one key for both."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import NamedTuple

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.integration.github_server import serve

CALLED = "quantci model measurement"
MODELS = ("lights", "keywords")


@pytest.fixture(scope="module")
def two(changed: Callable[[str], Caller]) -> Caller:
    """The repository with a second model, and each in a folder of its own."""
    caller = changed("monorepo")
    for name in MODELS:
        for part in ("model", "data", "quantci.toml"):
            source, target = caller.folder / part, caller.folder / name / part
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
    for part in ("model", "data"):
        shutil.rmtree(caller.folder / part)
    (caller.folder / "quantci.toml").unlink()
    caller.commit("Two models")
    return caller


class Ran(NamedTuple):
    """A run, what it kept, and the comments after it."""

    log: Log
    artifacts: Artifacts
    comments: list[str]


@pytest.fixture(scope="module")
def proposed(runner: Runner, two: Caller) -> Ran:
    """A pull request."""
    with serve() as server:
        events.announce(server.github, two)
        log = runner.run(
            two,
            "pull_request",
            "monorepo.yml",
            payload=events.pull_request(two, two.git("rev-parse", "HEAD^")),
            environment={"GITHUB_API_URL": server.github.base},
        )
        return Ran(log, Artifacts(runner.store, log.run_id), server.github.texts())


def test_each_model_has_its_own_artifacts(proposed: Ran) -> None:
    parts = ("", "+quantize", "@claim-1")
    assert proposed.artifacts.names() == {f"{model}{part}" for model in MODELS for part in parts}
    verdicts = {model: proposed.artifacts.report(model)["verdict"] for model in MODELS}
    assert verdicts == dict.fromkeys(MODELS, "pass")


def test_each_model_has_its_own_comment(proposed: Ran) -> None:
    heads = sorted(text.split("\n")[0].split(" sha=")[0] for text in proposed.comments)
    assert heads == [f"<!-- quantci-comment 1 key={model}" for model in sorted(MODELS)]


@pytest.fixture(scope="module")
def clash(runner: Runner, changed: Callable[[str], Caller]) -> tuple[Ran, Ran]:
    """Two models with one key, and a re-run; neither has a configuration, so that the one let through ends soon."""
    caller = changed("clash")
    caller.replace(".github/workflows/monorepo.yml", "key: keywords", "key: lights")
    caller.commit("One key for both")
    runs = []
    for attempt in (1, 2):
        log = runner.run(caller, "push", "monorepo.yml", payload=events.push(caller), attempt=attempt)
        runs.append(Ran(log, Artifacts(runner.store, log.run_id), []))
    return runs[0], runs[1]


def titles(ran: Ran) -> list[str]:
    return sorted(one.title for one in ran.log.annotations if one.level == "error" and one.title)


def test_the_second_model_with_a_key_is_refused_before_it_is_measured(clash: tuple[Ran, Ran]) -> None:
    first, _ = clash
    (taken,) = [one for one in first.log.annotations if one.title == "quantci key-taken"]
    other = "lights" if "'lights/quantci.toml'" in taken.text else "keywords"
    assert f"Another model of this run ('{other}/quantci.toml') has the key 'lights' already." in taken.text
    # The one that was let through goes on as it can: to a report that says what is wrong with it.
    assert titles(first) == ["quantci config-not-found", "quantci config-not-found", "quantci key-taken"]
    assert first.artifacts.names() == {"lights", "lights@claim-1", "lights@claim-2"}, "one report; and the claim below"


def test_running_it_again_does_not_let_the_second_in(clash: tuple[Ran, Ran]) -> None:
    _, again = clash
    assert "quantci key-taken" in titles(again)
