"""One shard of the stage: every n-th sample of the set through both models, and what merging needs to know of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from quantci.evaluate.identity import config_sha256, dataset_sha256
from quantci.evaluate.run import run_models
from quantci.evaluate.shard_outputs import Outputs, pack
from quantci.evaluate.shard_samples import describe
from quantci.records.base import write_bytes
from quantci.records.shard import ShardResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.data.sample import Sample
    from quantci.evaluate.scored import Scored
    from quantci.evaluate.subject import Subject
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.shard import Shard


def evaluate_shard(subject: Subject, output: Path, *, shard: Shard, progress: Progress) -> ShardResult:
    """Score one shard and write its .npz into `output`. Nothing is judged: that takes the whole set.

    Own metrics are not imported, and how many files may be unreadable is not asked. For the arguments and what is
    raised see evaluate().
    """
    plan, own, scored = run_models(subject, progress, shard)
    result, outputs = pack_shard(
        scored,
        own,
        whole=plan.samples,
        config=subject.config,
        float_sha256=subject.float_sha256,
        quantized_sha256=subject.quantized_model.sha256,
    )
    write_bytes(output / shard.outputs_file, outputs)
    return result


def pack_shard(
    scored: Scored,
    own: Sequence[Sample],
    *,
    whole: Sequence[Sample],
    config: Config,
    float_sha256: str | None,
    quantized_sha256: str,
) -> tuple[ShardResult, bytes]:
    """What the record says, and the content of the .npz.

    Args:
        scored: the shard's samples, run through both models.
        own: all samples of the shard.
        whole: all samples of the set, to tell which set it is.
        config: the effective configuration.
        float_sha256: digest of the float model; None where there is none.
        quantized_sha256: digest of the INT8 model.
    """
    assert scored.workers is not None  # one host has one number
    outputs = pack(Outputs(scored.outputs, scored.differences, scored.invoke_us, scored.base_rows))
    result = ShardResult(
        float_sha256=float_sha256,
        quantized_sha256=quantized_sha256,
        config_sha256=config_sha256(config),
        dataset_sha256=dataset_sha256(whole, scored.labels),
        found=len(whole),
        labels=list(scored.labels),
        oracle=scored.oracle,
        interpreters=scored.interpreters,
        absent_steps=list(scored.absent),
        workers=scored.workers,
        samples=[describe(sample, scored.tally) for sample in own],
        image_counts=scored.tally.counts,
        base=scored.base,
        base_failure=scored.base_failure,
        input=scored.tally.input,
        outputs_sha256=hashlib.sha256(outputs).hexdigest(),
    )
    return result, outputs
