"""Two models in one repository, by examples/workflows/monorepo.yml: two of everything, and no baseline of the other."""

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

from quantci.github.comment.marker import marker_of

MODELS = ("lights", "keywords")
WORKFLOW = ".github/workflows/monorepo.yml"


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
    """A run, and what it kept."""

    log: Log
    artifacts: Artifacts


class Story(NamedTuple):
    """A push to main, then a pull request with its comments by key."""

    pushed: Ran
    proposed: Ran
    comments: dict[str, str]


@pytest.fixture(scope="module")
def story(runner: Runner, two: Caller) -> Story:
    """On main one of the models has another key, which begins as its key in the pull request does."""
    two.replace(WORKFLOW, "key: lights\n", "key: lights-big\n")
    base = two.commit("The key of before")
    pushed = runner.run(two, "push", "monorepo.yml", payload=events.push(two))
    two.git("checkout", "--quiet", "HEAD^", "--", WORKFLOW)
    two.commit("The workflow as in the example")
    with serve() as server:
        events.announce(server.github, two)
        proposed = runner.run(
            two,
            "pull_request",
            "monorepo.yml",
            payload=events.pull_request(two, base),
            environment={"GITHUB_API_URL": server.github.base},
        )
        markers = [(marker_of(text), text) for text in server.github.texts()]
    comments = {marker.key: text for marker, text in markers if marker is not None}
    assert len(comments) == len(markers)
    first, second = (Ran(log, Artifacts(runner.store, log.run_id)) for log in (pushed, proposed))
    return Story(first, second, comments)


def test_everything_succeeds_without_a_word(story: Story) -> None:
    for log in (story.pushed.log, story.proposed.log):
        assert set(log.jobs.values()) == {"success"}
        assert log.annotations == []


def test_each_model_has_its_own_artifacts(story: Story) -> None:
    parts = ("", "+quantize", "@claim-1")
    artifacts = story.proposed.artifacts
    assert artifacts.names() == {f"{model}{part}" for model in MODELS for part in parts}
    for model in MODELS:
        report = artifacts.report(model)
        origin = report["origin"]
        assert report["verdict"] == "pass"
        assert (origin["key"], origin["configuration"]) == (model, f"{model}/quantci.toml")
        assert (origin["branch"], origin["pull_request"]) == ("topic", 1)


def test_each_model_has_its_own_comment_which_says_which_one_it_is(story: Story) -> None:
    titles = {key: text.split("\n")[1] for key, text in story.comments.items()}
    assert titles == {
        key: f"**✅ quantci: pass** · `lights.tflite` · key `{key}` · `{key}/quantci.toml`" for key in MODELS
    }


def test_a_new_model_is_not_compared_with_one_whose_key_begins_as_its_own(story: Story) -> None:
    new, old = (story.proposed.artifacts.report(model) for model in MODELS)
    assert old["baseline"]["branch"] == "main"
    assert new["baseline"] is None
    assert [advice["text"] for advice in new["advice"]] == [
        "There is no baseline yet. The next push to `main` makes one."
    ]


@pytest.fixture(scope="module")
def clash(runner: Runner, changed: Callable[[str], Caller]) -> tuple[Ran, Ran]:
    """Two models with one key, and a re-run; neither has a configuration, so that the one let through ends soon."""
    caller = changed("clash")
    caller.replace(WORKFLOW, "key: keywords", "key: lights")
    caller.commit("One key for both")
    runs = []
    for attempt in (1, 2):
        log = runner.run(caller, "push", "monorepo.yml", payload=events.push(caller), attempt=attempt)
        runs.append(Ran(log, Artifacts(runner.store, log.run_id)))
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
