"""Two models of one repository, with the reusable workflow in a matrix: two comments, and no baseline of the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import NamedTuple

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import CONFIG, Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.integration.github_server import serve

from quantci.github.comment.marker import marker_of

WORKFLOW = """
name: model
on:
  pull_request:
  push:
    branches: [main]
permissions: {}
jobs:
  model:
    name: ${{ matrix.key }}
    strategy:
      fail-fast: false
      matrix:
        key: [KEYS]
    uses: org/quantci/.github/workflows/model-ci.yml@v1
    permissions:
      contents: read
      pull-requests: write
    with:
      key: ${{ matrix.key }}
      config: models/${{ matrix.key }}/quantci.toml
"""
FILE = ".github/workflows/models.yml"
# The key of the new model begins as that of the old one does.
OLD, NEW = "lights-big", "lights"


class Story(NamedTuple):
    """A push to main, the pull request that adds a model, what that kept, and its comments by key."""

    pushed: Log
    proposed: Log
    artifacts: Artifacts
    comments: dict[str, str]


def add_model(caller: Caller, key: str) -> None:
    folder = caller.folder / "models" / key
    (folder / "model").mkdir(parents=True)
    shutil.copy(caller.folder / "model/lights.tflite", folder / "model")
    (folder / "quantci.toml").write_text(CONFIG.replace('"data/', '"../../data/'))


@pytest.fixture(scope="module")
def story(runner: Runner, changed: Callable[[str], Caller]) -> Story:
    caller = changed("two-models")
    add_model(caller, OLD)
    caller.write(FILE, WORKFLOW.replace("KEYS", OLD))
    base = caller.commit("A model")
    pushed = runner.run(caller, "push", "models.yml", payload=events.push(caller))
    add_model(caller, NEW)
    caller.write(FILE, WORKFLOW.replace("KEYS", f"{OLD}, {NEW}"))
    caller.commit("Another model")
    with serve() as server:
        events.announce(server.github, caller)
        proposed = runner.run(
            caller,
            "pull_request",
            "models.yml",
            payload=events.pull_request(caller, base),
            environment={"GITHUB_API_URL": server.github.base},
        )
        markers = [(marker_of(text), text) for text in server.github.texts()]
    comments = {marker.key: text for marker, text in markers if marker is not None}
    assert len(comments) == len(markers)
    return Story(pushed, proposed, Artifacts(runner.store, proposed.run_id), comments)


def test_everything_succeeds_without_a_word(story: Story) -> None:
    for log in (story.pushed, story.proposed):
        assert set(log.jobs.values()) == {"success"}
        assert log.annotations == []


def test_each_model_has_its_comment_which_says_which_one_it_is(story: Story) -> None:
    titles = {key: text.split("\n")[1] for key, text in story.comments.items()}
    assert titles == {
        key: f"**✅ quantci: pass** · `lights.tflite` · key `{key}` · `models/{key}/quantci.toml`" for key in (OLD, NEW)
    }


def test_each_model_has_its_artifacts(story: Story) -> None:
    assert {NEW, OLD} <= story.artifacts.names()
    for key in (NEW, OLD):
        origin = story.artifacts.report(key)["origin"]
        assert (origin["key"], origin["configuration"]) == (key, f"models/{key}/quantci.toml")
        assert (origin["branch"], origin["pull_request"]) == ("topic", 1)


def test_a_new_model_is_not_compared_with_one_whose_key_begins_as_its_own(story: Story) -> None:
    old, new = story.artifacts.report(OLD), story.artifacts.report(NEW)
    assert old["baseline"]["branch"] == "main"
    assert new["baseline"] is None
    assert [advice["text"] for advice in new["advice"]] == [
        "There is no baseline yet. The next push to `main` makes one."
    ]
