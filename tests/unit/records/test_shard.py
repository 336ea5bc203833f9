"""A division of a set into shards: every sample is in exactly one, and the names of the files say which."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quantci.records.shard import Shard


@given(st.integers(0, 300), st.integers(1, 40))
def test_every_sample_is_in_one_shard_and_shares_are_even(found: int, count: int) -> None:
    shares = [Shard(index=k, count=count).places(found) for k in range(1, count + 1)]
    assert sorted(place for share in shares for place in share) == list(range(found))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_files_are_named_after_the_shard() -> None:
    shard = Shard(index=2, count=4)
    assert str(shard) == "2/4"
    assert (shard.record_file, shard.outputs_file) == ("evaluate-2-of-4.json", "evaluate-2-of-4.npz")
