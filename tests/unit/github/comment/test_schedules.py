"""Two and three writers at once, in 1,000 orders: in the end there is one comment, and it holds the newest text."""

from __future__ import annotations

import random
from functools import partial
from typing import NamedTuple

import pytest
from tests.github_model import PERSON, REPOSITORY, GitHub, sha_of
from tests.unit.github.desk import body
from tests.unit.github.schedule import World, Writer

from quantci.github.client.api_errors import NotPosted
from quantci.github.comment.commit_order import positions
from quantci.github.comment.marker import Marker, marker_of
from quantci.github.comment.post import post
from quantci.github.comment.sticky import Sticky
from quantci.github.runner.event import Event
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
    pushed_s = push(world, dice, commits)
    earlier = [
        body(dice.choice([sha_of("gone"), *github.commits[1]]), run=run, text=f"earlier {run}")
        for run in dice.sample(range(1, 7), dice.choice([0, 1, 1, 1, 2]))
    ]
    for text in earlier:
        github.add_comment(text)
    github.add_comment(body(commits[-1], run=99, text="forged"), PERSON)
    github.add_comment(body(commits[-1], run=99, text="of another key", key="other"))
    starts_s = {}
    for run in dice.sample(range(1, 10), dice.choice([2, 3])):
        sha = dice.choice(commits)
        text = body(sha, run=run, text=f"run {run} of {sha[:4]}")
        starts_s[text] = dice.uniform(pushed_s[sha], pushed_s[sha] + dice.choice([3, 12, 40]))
        world.start(starts_s[text], partial(work, github, text))
    expected = newest([*earlier, *starts_s], commits)
    if dice.random() < 0.25:
        left = [sha for sha in commits if dice.random() < 0.6]
        forced = newest([*earlier, *starts_s], left)
        # A person pushes with force before the writer of what is newest then begins, and pushes nothing after that.
        if forced in starts_s and any(sha in forced for sha in left) and max(pushed_s.values()) < starts_s[forced]:
            expected = forced
            world.at(dice.uniform(max(pushed_s.values()), starts_s[forced]), partial(force, github, left))
    if expected in starts_s and dice.random() < 0.25:
        world.at(dice.uniform(0, starts_s[expected]), partial(delete_one, github, dice))
    return Case(github, world, expected)


def push(world: World, dice: random.Random, commits: list[str]) -> dict[str, float]:
    """Commit -> when it is pushed; some are there from the start."""
    there = dice.randint(1, len(commits))
    world.github.commits[1] = commits[:there]
    times_s = [0.0] * there + sorted(dice.uniform(0, 20) for _ in commits[there:])
    for sha, time_s in list(zip(commits, times_s, strict=True))[there:]:
        world.at(time_s, partial(world.github.commits[1].append, sha))
    return dict(zip(commits, times_s, strict=True))


def newest(texts: list[str], commits: list[str]) -> str:
    """What has to stand there in the end. Of texts of the same run it is the one that is written."""
    places = positions(commits, commits[-1], newest_first=False) if commits else {}

    def age(indexed: tuple[int, str]) -> tuple[int, int, int]:
        found = marker_of(indexed[1])
        assert found is not None
        return places.get(found.sha, -1), found.run_id, indexed[0]

    return max(enumerate(texts), key=age)[1]


def work(github: GitHub, text: str, writer: Writer) -> None:
    """A writer's life. A commit that was forced out may find no pull request."""
    marker = marker_of(text)
    assert marker is not None
    event = event_of(github, marker)
    try:
        post(writer, event, marker, text, clock=writer, timeout_s=3000, progress=silent)
    except NotPosted:
        assert marker.sha not in github.commits[1]


def force(github: GitHub, left: list[str]) -> None:
    """Push with force: only these commits stay."""
    github.commits[1][:] = [sha for sha in github.commits[1] if sha in left]


def delete_one(github: GitHub, dice: random.Random) -> None:
    """A person deletes one of our comments."""
    keys = [key for key, comment in github.comments.items() if comment["body"] in ours(github)]
    if keys:
        del github.comments[dice.choice(keys)]


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


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["_settle", "_is_fresh"])
def test_these_schedules_lose_updates_when_a_rule_is_left_out(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above has teeth: each rule of sticky.py is needed."""
    monkeypatch.setattr(Sticky, rule, lambda *_: True)

    def is_lost(seed: int) -> bool:
        github, world, expected = case(seed)
        world.run()
        return ours(github) != [expected]

    assert any(is_lost(seed) for seed in range(SEEDS))
