"""What `quantci evaluate --shard` writes: one share of an evaluation, to be joined by `quantci merge`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.against_base import BaseSide
from quantci.records.base import Record
from quantci.records.dataset import MOST_SAMPLES, ImageCounts
from quantci.records.doubt import InputValues
from quantci.records.evaluate import AbsentStep
from quantci.records.stage import Failure, StageRecord
from quantci.records.truth import Truth
from quantci.records.units import Count, Sha256

MOST_SHARDS = 9999


class Shard(Record, frozen=True, kw_only=True):
    """Which share of the evaluation set: every `count`-th sample, from the `index`-th on."""

    index: Annotated[int, Meta(ge=1, le=MOST_SHARDS, description="Number of the shard, from 1 on.")]
    count: Annotated[int, Meta(ge=1, le=MOST_SHARDS, description="How many shards there are.")]

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def record_file(self) -> str:
        """Name of its record."""
        return f"evaluate-{self.index}-of-{self.count}.json"

    @property
    def outputs_file(self) -> str:
        """Name of the file with its outputs."""
        return f"evaluate-{self.index}-of-{self.count}.npz"

    def places(self, found: int) -> range:
        """Places, from 0 on, of its samples among the `found` ones of the set: neighbours go to different shards."""
        return range(self.index - 1, found, self.count)


class Unreadable(Record, frozen=True, kw_only=True):
    """Why a sample's file could not be read; how many may be skipped is judged over the whole set."""

    code: Annotated[Literal["unreadable-image", "unreadable-tensor"], Meta(description="Code word of the fault.")]
    reason: Annotated[str, Meta(description="One sentence why the file cannot be read.")]


class ShardSample(Record, frozen=True, kw_only=True):
    """One sample of the shard: what it is, and what was found in its file."""

    id: Annotated[str, Meta(description="Path relative to the set, plus #k for its k-th window.")]
    truth: Annotated[Truth, Meta(description="Its class, labels or values.")]
    tags: Annotated[list[str], Meta(description="Words by which results are grouped.")]
    group: Annotated[str, Meta(description="Id of the file; windows of one file share it.")]
    window: Annotated[
        tuple[Count, Count] | None,
        Meta(description="Byte offset and length, in an array row and 1; null is the whole file."),
    ]
    content: Annotated[
        Sha256 | Unreadable, Meta(description="Digest of the decoded pixels or of the tensor, or why there is none.")
    ]


class ShardResult(Record, frozen=True, kw_only=True):
    """A share of an evaluation, with everything that shows whether shards belong together."""

    float_sha256: Annotated[Sha256 | None, Meta(description="SHA-256 of the float model; null where there is none.")]
    quantized_sha256: Sha256
    config_sha256: Annotated[
        Sha256, Meta(description="Digest of the configuration without output_dir and evaluation.workers.")
    ]
    dataset_sha256: Annotated[
        Sha256,
        Meta(description="Digest over labels, ids, tags and windows of the whole set, in its order."),
    ]
    found: Annotated[int, Meta(ge=1, le=MOST_SAMPLES, description="Samples of the whole set.")]
    labels: Annotated[list[str], Meta(description="Class names by index.")]
    oracle: Annotated[Literal["tflm", "litert-reference", "litert"], Meta(description="What judges INT8.")]
    interpreters: Annotated[
        dict[str, str],
        Meta(description="Interpreter, kernels and version by step: float, int8-litert and int8-oracle."),
    ]
    absent_steps: Annotated[
        list[AbsentStep], Meta(description="Those of them that there are not, with the reason.")
    ] = msgspec.field(default_factory=list)
    workers: Annotated[int, Meta(ge=1, le=65536, description="Processes that ran at the same time.")]
    samples: Annotated[list[ShardSample], Meta(description="Every count-th sample of the set, from the index-th on.")]
    image_counts: Annotated[ImageCounts, Meta(description="How many of the used files needed each correction.")]
    input: Annotated[InputValues, Meta(description="What the samples gave the INT8 model.")]
    base: Annotated[
        BaseSide | None, Meta(description="The base branch's model, which these samples went through as well.")
    ] = None
    base_failure: Annotated[
        Failure | None, Meta(description="Why a baseline that was given was not compared with; null otherwise.")
    ] = None
    outputs_sha256: Annotated[Sha256, Meta(description="Digest of the .npz of the same name.")]


class ShardRecord(StageRecord, frozen=True, kw_only=True):
    """Record of one shard of the stage `evaluate`."""

    stage: Annotated[Literal["evaluate-shard"], Meta(description="Name of the stage.")]
    shard: Annotated[Shard, Meta(description="Which share of the evaluation set this is.")]
    result: Annotated[
        ShardResult | None, Meta(description="What was found on these samples; null when the stage failed.")
    ]
