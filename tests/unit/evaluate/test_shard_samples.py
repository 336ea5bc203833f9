"""The samples of all shards are the set again, or are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.truths import of
from tests.unit.evaluate.sharded import score_places, whole_set, write_shard

from quantci.errors import QuantciError
from quantci.evaluate.shard_folder import find_shards
from quantci.evaluate.shard_samples import describe, list_samples
from quantci.records.base import read, write
from quantci.records.dataset import ImageCounts
from quantci.records.shard import Shard, ShardRecord, ShardSample, Unreadable
from quantci.tasks.classification import Classification

WHOLE = whole_set(7)


def test_the_order_of_the_set_comes_back(tmp_path: Path) -> None:
    for k in (1, 2, 3):
        write_shard(tmp_path, WHOLE, Shard(index=k, count=3), unreadable=[4])
    samples, tally = list_samples(find_shards(tmp_path), Classification())
    assert samples == WHOLE
    whole = score_places(WHOLE, range(7), [4]).tally
    assert (tally.used, tally.counts, tally.skipped) == (whole.used, whole.counts, whole.skipped)
    assert list(tally.used) == list(whole.used)


def test_a_sample_says_what_was_found_in_its_file() -> None:
    tally = score_places(WHOLE, [0, 1], [1]).tally
    assert isinstance(describe(WHOLE[0], tally).content, str)
    assert describe(WHOLE[1], tally).content == Unreadable(code="unreadable-image", reason="It ends after 1 bytes.")


def cut(samples: list[ShardSample]) -> list[ShardSample]:
    return samples[:-1]


def repeat(samples: list[ShardSample]) -> list[ShardSample]:
    return [samples[0], *samples[:-1]]


def swap(samples: list[ShardSample]) -> list[ShardSample]:
    return samples[::-1]


def relabel(samples: list[ShardSample]) -> list[ShardSample]:
    return [replace(samples[0], truth=of(4)), *samples[1:]]


@pytest.mark.parametrize(
    ("change", "code", "part"),
    [
        (cut, "schema", "it lists 3 samples of the 4 that are its share"),
        (repeat, "schema", "a sample is listed twice"),
        (relabel, "schema", "a label that this task cannot have"),
        (swap, "shard-foreign", "are not the evaluation set"),
    ],
)
def test_a_list_that_is_not_its_share_of_the_set_is_refused(tmp_path: Path, change: Any, code: str, part: str) -> None:
    write_shard(tmp_path, WHOLE, Shard(index=2, count=2))
    path = write_shard(tmp_path, WHOLE, Shard(index=1, count=2))
    record = read(path, ShardRecord)
    assert record.result is not None
    write(path, replace(record, result=replace(record.result, samples=change(record.result.samples))))
    with pytest.raises(QuantciError) as caught:
        list_samples(find_shards(tmp_path), Classification())
    assert caught.value.code == code
    assert part in caught.value.cause


def test_more_files_than_samples_cannot_be_counted(tmp_path: Path) -> None:
    write_shard(tmp_path, WHOLE, Shard(index=1, count=1), image_counts=ImageCounts(resized=8))
    with pytest.raises(QuantciError, match="counts more files than it has samples"):
        list_samples(find_shards(tmp_path), Classification())
