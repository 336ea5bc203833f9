"""What a shard's record says of its run."""

from __future__ import annotations

import hashlib

from tests.golden import LABELS, sha
from tests.truths import of
from tests.unit.evaluate.sharded import CONFIG, score_places, whole_set

from quantci.evaluate.identity import config_sha256, dataset_sha256
from quantci.evaluate.shard import pack_shard
from quantci.records.shard import Shard, ShardResult, Unreadable

WHOLE = whole_set(7)


def packed(shard: Shard, unreadable: tuple[int, ...] = ()) -> tuple[ShardResult, bytes]:
    places = shard.places(len(WHOLE))
    return pack_shard(
        score_places(WHOLE, places, unreadable),
        [WHOLE[place] for place in places],
        whole=WHOLE,
        config=CONFIG,
        float_sha256=sha("float"),
        quantized_sha256=sha("INT8"),
    )


def test_every_sample_of_the_shard_is_listed_in_the_order_of_the_set() -> None:
    result, _ = packed(Shard(index=2, count=3), unreadable=(4,))
    assert [entry.id for entry in result.samples] == [WHOLE[1].id, WHOLE[4].id]
    assert [entry.truth for entry in result.samples] == [of(1), of(0)]
    assert result.samples[0].tags == ["night"]
    assert [isinstance(entry.content, Unreadable) for entry in result.samples] == [False, True]


def test_the_whole_run_is_identified_by_each_shard() -> None:
    (first, _), (second, _) = packed(Shard(index=1, count=2)), packed(Shard(index=2, count=2))
    for result in (first, second):
        assert (result.float_sha256, result.quantized_sha256) == (sha("float"), sha("INT8"))
        assert result.config_sha256 == config_sha256(CONFIG)
        assert result.dataset_sha256 == dataset_sha256(WHOLE, LABELS)
        assert (result.found, result.labels, result.oracle) == (7, list(LABELS), "tflm")


def test_outputs_are_tied_to_the_record() -> None:
    result, outputs = packed(Shard(index=1, count=2))
    assert hashlib.sha256(outputs).hexdigest() == result.outputs_sha256


def test_a_shard_without_samples_is_a_shard() -> None:
    result, outputs = packed(Shard(index=9, count=9))
    assert (result.samples, result.found) == ([], 7)
    assert outputs
