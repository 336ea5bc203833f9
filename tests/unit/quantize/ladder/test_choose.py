"""The choice, from figures alone."""

from __future__ import annotations

from tests.unit.quantize.ladder.tries import tried

from quantci.quantize.ladder.choose import best_of, holds, pareto
from quantci.quantize.ladder.limits import misses
from quantci.records.gates_config import GatesConfig


def test_the_smallest_score_is_chosen_and_of_equal_ones_the_first() -> None:
    best = best_of([tried("a", 0.5), tried("b", 0.2), tried("c", 0.2), tried("d", None)])
    assert best is not None
    assert best.recipe == "b"
    assert best_of([tried("d", None)]) is None


def test_scores_within_five_per_cent_are_equal() -> None:
    near, least, far = tried("near", 0.105), tried("least", 0.1), tried("far", 0.1051)
    assert best_of([far, near, least]) == near
    assert best_of([far, least, near]) == least
    assert best_of([tried("none", 0.01), tried("zero", 0.0)]) == tried("zero", 0.0)


def test_what_breaks_a_limit_is_chosen_only_where_nothing_else_is_left() -> None:
    narrow, wide = tried("minmax", 0.5), tried("int16x8", 0.1, misses=["the arena is too large"])
    worse = tried("wider", 0.05, misses=["the arena is too large", "the file is too large"])
    assert best_of([narrow, wide]) == narrow
    assert best_of([worse, wide]) == wide


def test_pareto_holds_what_nothing_beats_in_every_figure() -> None:
    small = tried("small", 0.5, file_bytes=900)
    good = tried("good", 0.1)
    beaten = tried("beaten", 0.2)
    equal = tried("equal", 0.104)
    unknown = tried("unknown", 0.05, latency_us=None, file_bytes=2000)
    assert pareto([small, good, beaten, equal, unknown, tried("none", None)]) == ["small", "good", "equal", "unknown"]


def test_the_estimate_itself_is_held_to_the_goal() -> None:
    assert holds(tried("a", delta=-0.01), 0.01) is True
    assert holds(tried("a", delta=-0.011), 0.01) is False
    assert holds(tried("a", delta=0.0, misses=["the file is too large"]), 0.01) is False
    assert holds(tried("a"), 0.01) is None
    assert holds(tried("a", delta=0.0), None) is None
    assert holds(None, 0.01) is None


def test_limits_that_need_no_evaluation_set() -> None:
    first = tried("minmax")
    gates = GatesConfig(max_model_bytes=1000, max_arena_bytes=1999, max_latency_us=2999.5)
    assert misses(first, first, gates) == [
        "the arena has 2,000 bytes, and 1,999 are allowed",
        "the estimated latency has 3,000 µs, and 3,000 are allowed",
    ]
    assert misses(first, first, GatesConfig()) == []
    outside, nowhere = tried("int16x8", arena_memory="psram"), tried("int16x8", arena_memory="none")
    assert misses(outside, first, GatesConfig()) == ["the arena no longer fits into internal memory"]
    assert misses(outside, outside, GatesConfig()) == []
    assert misses(nowhere, outside, GatesConfig()) == ["the arena fits nowhere on the chip"]
