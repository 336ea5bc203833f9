"""Digests by which shards that ran on different machines know that they belong to each other."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from msgspec import to_builtins
from msgspec.structs import replace

from quantci.records.base import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.data.sample import Sample
    from quantci.records.config import Config


def config_sha256(config: Config) -> str:
    """Digest of the configuration without what says where and how fast, but not what: output_dir, evaluation.workers.

    The rest counts even where this stage does not read it: shards of one run have one quantci.toml.
    """
    evaluation = replace(config.evaluation, workers=0)
    return hashlib.sha256(encode(replace(config, output_dir="-", evaluation=evaluation))).hexdigest()


def dataset_sha256(samples: Iterable[Sample], labels: Sequence[str]) -> str:
    """Digest over the listing of a set: labels, then ids, truths, tags, groups and windows in their order.

    Contents are not in it: a shard reads only its own files.
    """
    total = hashlib.sha256(json.dumps(list(labels)).encode() + b"\n")
    for sample in samples:
        line = [sample.id, to_builtins(sample.truth), sample.tags, sample.group, sample.window]
        total.update(json.dumps(line).encode() + b"\n")
    return total.hexdigest()
