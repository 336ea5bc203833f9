from __future__ import annotations

from quantci.data.culprits import counted, first_of


def test_all_are_named_up_to_five() -> None:
    assert first_of(["a", "b", "c", "d", "e"]) == "a, b, c, d, e"


def test_the_rest_is_counted() -> None:
    assert counted([str(k) for k in range(12)]) == "(12): 0, 1, 2, 3, 4 and 7 more"


def test_names_of_strangers_are_escaped_and_cut() -> None:
    told = first_of(["a\n::error::b", "x" * 10_000])
    assert "\n" not in told
    assert len(told) < 250
