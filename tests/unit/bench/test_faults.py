"""A few dozen of the sessions of `sh nox.sh -s faults`, which runs thousands."""

from __future__ import annotations

from pathlib import Path

from tests.faults import campaign, draw


def test_what_goes_wrong_with_a_device_is_never_called_anything_else(tmp_path: Path) -> None:
    ended, wrong = campaign(40, 0, tmp_path)
    assert wrong == []
    assert len(ended) == 40
    assert len({end.code for _, end in ended}) > 8, "the seeds reach most classes"


def test_a_seed_always_draws_the_same_faults() -> None:
    assert draw(5) == draw(5)
