"""Two and three writers at once, in 1,000 orders: in the end there is one comment, and it holds the newest text."""

from __future__ import annotations

import random
from functools import partial
from typing import NamedTuple

import pytest
from tests.github_model import PERSON, REPOSITORY, GitHub, sha_of
from tests.unit.github.desk import body
from tests.unit.github.schedule import World, Writer

from quantci.github.event import Event
from quantci.github.history import positions
from quantci.github.marker import Marker, marker_of
from quantci.github.post import post
from quantci.github.sticky import Sticky
from quantci.progress import silent

SEEDS = 1000


class Case(NamedTuple):
    """What a seed stands for."""

    github: GitHub
    world: World
    expected: str


def event_of(github: GitHub, marker: Marker) -> Event:
    return Event(
        repository=REPOSITORY,
        sha=marker.sha,
        pull_request=1,
        run_id=marker.run_id,
        run_attempt=marker.run_attempt,
        api_url=github.base,
        graphql_url=f"{github.base}/graphql",
        run_url="",
    )


def case(seed: int, *, faults: bool = True) -> Case:
    """Commits, pushes while the writers are at work, comments that are there before, and the writers."""
    dice = random.Random(seed)
    github = GitHub("https://gitea.test/api/v1" if dice.random() < 0.2 else "https://api.github.test")
    world = World(github, seed, faults=faults)
    commits = [sha_of(name) for name in "abcd"[: dice.randint(1, 4)]]
    github.commits[1] = commits[: dice.randint(1, len(commits))]
    pushed_s = dict.fromkeys(github.commits[1], 0.0)
    for sha in commits[len(pushed_s) :]:
        pushed_s[sha] = dice.uniform(0, 20)
    for sha, time_s in zip(commits, sorted(pushed_s.values()), strict=True):
        pushed_s[sha] = time_s
        if time_s:
            world.at(time_s, partial(github.commits[1].append, sha))
    earlier = [
        body(dice.choice([sha_of("gone"), *github.commits[1]]), run=dice.randint(1, 6), text=f"earlier {index}")
        for index in range(dice.choice([0, 0, 1, 1, 2]))
    ]
    for text in earlier:
        github.add_comment(text)
    github.add_comment(body(commits[-1], run=99, text="forged"), PERSON)
    github.add_comment(body(commits[-1], run=99, text="of another key", key="other"))
    texts = []
    for run in dice.sample(range(1, 10), dice.choice([2, 3])):
        sha = dice.choice(commits)
        texts.append(body(sha, run=run, text=f"run {run} of {sha[:4]}"))
        marker = marker_of(texts[-1])
        assert marker is not None

        def work(writer: Writer, marker: Marker = marker, text: str = texts[-1]) -> None:
            event = event_of(github, marker)
            assert post(writer, event, marker, text, clock=writer, timeout_s=3000, progress=silent) is not None

        start_s = pushed_s[sha] + dice.uniform(0, 4) if dice.random() < 0.7 else dice.uniform(pushed_s[sha], 40)
        world.start(start_s, work)
    places = positions(commits, commits[-1], newest_first=False)

    def age(text: str) -> tuple[int, int, int]:
        found = marker_of(text)
        assert found is not None
        return places.get(found.sha, -1), found.run_id, texts.count(text)

    return Case(github, world, max([*earlier, *texts], key=age))


def ours(github: GitHub) -> list[str]:
    """The comments of our key."""
    found = []
    for text in github.texts():
        marker = marker_of(text)
        if marker is not None and marker.key == "quantci":
            found.append(text)
    return found


@pytest.mark.parametrize("hundred", range(SEEDS // 100))
def test_one_comment_with_the_newest_text_is_left(hundred: int) -> None:
    for seed in range(hundred * 100, hundred * 100 + 100):
        github, world, expected = case(seed)
        world.run()
        assert ours(github) == [expected], f"seed {seed}"
        assert sum("forged" in text for text in github.texts(PERSON)) == 1
        assert sum("of another key" in text for text in github.texts()) == 1


@pytest.mark.parametrize("rule", ["_settle", "_is_fresh"])
def test_these_schedules_lose_updates_when_a_rule_is_left_out(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above has teeth: each rule of sticky.py is needed."""
    monkeypatch.setattr(Sticky, rule, lambda *_: True)
    lost = 0
    for seed in range(SEEDS):
        github, world, expected = case(seed)
        world.run()
        lost += ours(github) != [expected]
    assert lost > 0
