"""The samples of a shard as its record lists them, and the samples of all shards in the order of the set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.errors import ConfigError, DataRejected, ToolError
from quantci.evaluate.identity import dataset_sha256
from quantci.records.dataset import ImageCounts
from quantci.records.shard import ShardSample, Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.evaluate.shard_folder import Found
    from quantci.tasks.task import Task


def describe(sample: Sample, tally: Tally) -> ShardSample:
    """What a shard's record says of one of its samples."""
    content: str | Unreadable
    if sample.id in tally.used:
        content = tally.used[sample.id][1]
    else:
        fault = tally.unreadable[sample.id][1]
        content = Unreadable(code=fault.code, reason=fault.cause)  # type: ignore[arg-type]  # a tally skips no other
    assert sample.truth is not None  # an evaluation set without labels has been refused
    return ShardSample(
        id=sample.id,
        truth=sample.truth,
        tags=list(sample.tags),
        group=sample.group,
        window=sample.window,
        content=content,
    )


def list_samples(found: Sequence[Found], task: Task) -> tuple[list[Sample], Tally]:
    """All samples in the order of the set, and their tally, as one run would have kept it.

    Raises:
        ToolError: `schema`: a shard lists too few or too many samples, or counts more files than it has.
        ConfigError: `shard-foreign`: together they are not the set that each of them names.
    """
    first = found[0].result
    entries: list[ShardSample | None] = [None] * first.found
    tally = Tally()
    for one in found:
        result, places = one.result, one.shard.places(first.found)
        if len(result.samples) != len(places):
            raise _damaged(one, f"it lists {len(result.samples)} samples of the {len(places)} that are its share")
        counts = [getattr(result.image_counts, name) for name in ImageCounts.__struct_fields__]
        if max(counts) > len(places):
            raise _damaged(one, "it counts more files than it has samples")
        if result.input.samples > len(places) or result.input.clipped > result.input.values:
            raise _damaged(one, "its samples gave the model more values than they have")
        if not all(task.fits(entry.truth, first.labels) for entry in result.samples):
            raise _damaged(one, "a sample has a label that this task cannot have")
        tally.merge(Tally(counts=result.image_counts, input=result.input))
        entries[one.shard.index - 1 :: one.shard.count] = result.samples
    samples = []
    for entry in entries:
        assert entry is not None  # all shards are there, and each fills its places
        sample = Sample(entry.id, Path(entry.id), entry.truth, tuple(entry.tags), entry.group, entry.window)
        samples.append(sample)  # the path says which file it was; none is opened
        if isinstance(entry.content, Unreadable):
            fault = DataRejected(entry.content.code, entry.content.reason, remedy="Save this file again.")
            tally.unreadable[sample.id] = (sample, fault)
        else:
            tally.used[sample.id] = (sample, entry.content)
    if len(tally.used) + len(tally.unreadable) < len(samples):
        raise _damaged(found[0], "a sample is listed twice in the set")
    if dataset_sha256(samples, first.labels) != first.dataset_sha256:
        raise ConfigError(
            "shard-foreign",
            "Together, the samples of these shards are not the evaluation set that they name.",
            where=str(found[0].path.parent),
            remedy="Run all shards again, on the same set.",
        )
    return samples, tally


def _damaged(one: Found, problem: str) -> ToolError:
    return ToolError(
        "schema",
        f"This record of a shard contradicts itself: {problem}.",
        where=str(one.path),
        remedy="Run this shard again.",
    )
