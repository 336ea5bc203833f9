"""Join the shards of an evaluation: check that they belong together, put them in order, and judge as one run would.

Shards come from other machines: their records and arrays are checked as strangers' data. Merging needs neither the set
nor the models nor an interpreter.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from quantci.errors import ConfigError, ToolError
from quantci.evaluate.judge import judge
from quantci.evaluate.reference import first_layer_range
from quantci.evaluate.scored import BaseRows, Scored, no_outputs
from quantci.evaluate.shard_base import base_of_shards, nothing_of_base, read_with_of
from quantci.evaluate.shard_folder import check_complete, find_shards
from quantci.evaluate.shard_match import check_match
from quantci.evaluate.shard_outputs import most_bytes, unpack
from quantci.evaluate.shard_samples import list_samples
from quantci.evaluate.steps import steps_of
from quantci.records.shard import Unreadable
from quantci.tasks.choose import choose_task
from quantci.tasks.custom import load_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.evaluate.shard_folder import Found
    from quantci.evaluate.shard_outputs import Outputs
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import QuantizeResult

T = TypeVar("T", bound=np.generic)


def merge(
    config: Config,
    base: Path,
    output: Path,
    folder: Path,
    *,
    quantize: QuantizeResult,
    progress: Progress,
    allow_code: bool,
) -> EvaluateResult:
    """Merge the shards in `folder` and write predictions.npz into `output`, as evaluate() does with the whole set.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        folder: where the shards are, or the folders with them.
        quantize: how the models were made.
        progress: told how many shards are read.
        allow_code: whether own metrics, which are code of the repository, may be imported.

    Raises:
        ConfigError: `shard-missing`, `shard-double`, `shard-foreign` or `hash-mismatch`, naming the shards.
        QuantciError: `shard-failed`, and what judge() raises.
        ToolError: `schema`: what a shard holds cannot be.
    """
    metrics = load_metrics(config.task.metrics, base, allow_code=allow_code)
    task = choose_task(config.task)
    model_outputs = task.outputs_of(quantize.quantized_model)
    found = find_shards(folder)
    check_match(found, config, quantize)
    check_complete(found)
    labels = found[0].result.labels
    samples, tally = list_samples(found, task)
    task.check_labels(labels, model_outputs, config.evaluation.data)
    side, base_failure = base_of_shards(found)
    steps = _steps(found, quantize)
    nothing = no_outputs(model_outputs, task, steps)
    parts: list[Outputs] = []
    for one in found:
        progress("reading shards", len(parts), len(found))
        parts.append(_read_outputs(one, nothing | nothing_of_base(one, task)))
    order = _order(found)
    workers = {one.result.workers for one in found if one.result.samples}
    scored = Scored(
        found[0].result.found,
        labels,
        [sample for sample in samples if sample.id in tally.used],
        tally,
        {step: _join([part.outputs[step] for part in parts], order) for step in steps},
        {step: _join([part.differences[step] for part in parts], order) for step in steps[1:]},
        {step: _join([part.invoke_us[step] for part in parts], order) for step in steps},
        found[0].result.oracle,
        found[0].result.interpreters,
        workers.pop() if len(workers) == 1 else None,
        read_with_of(found[0]),
        side,
        _join_base([part.base for part in parts], order) if side else None,
        base_failure,
        found[0].result.absent_steps,
    )
    return judge(
        scored,
        config,
        output,
        float_sha256=quantize.float_model.sha256 if quantize.float_model else None,
        quantized_model=quantize.quantized_model,
        calibration=quantize.seen,
        first_layer=first_layer_range(quantize),
        metrics=metrics,
        progress=progress,
    )


def _steps(found: Sequence[Found], quantize: QuantizeResult) -> tuple[str, ...]:
    """The steps of the waterfall that the shards have run.

    Raises:
        ToolError: `schema`: its models and its oracle have others.
    """
    first = found[0].result
    steps = steps_of(first.oracle, has_float=quantize.float_model is not None)
    if set(first.interpreters) != set(steps):
        raise ToolError(
            "schema",
            "This record of a shard contradicts itself: its steps are not those of its models and its oracle.",
            where=str(found[0].path),
            remedy="Run this shard again.",
        )
    return steps


def _read_outputs(one: Found, nothing: Mapping[str, NDArray[np.generic]]) -> Outputs:
    """The arrays of one shard.

    Raises:
        ConfigError: `shard-missing`: the .npz is not beside the record; `hash-mismatch`.
        ToolError: `schema`, or `unreadable`.
    """
    path = one.path.with_name(one.shard.outputs_file)
    read = sum(not isinstance(entry.content, Unreadable) for entry in one.result.samples)
    most = most_bytes(read, nothing)
    if not path.is_file():
        raise ConfigError(
            "shard-missing",
            f"The outputs of shard {one.shard.index} of {one.shard.count} are missing.",
            where=str(path),
            remedy="Copy this file here together with its record.",
        )
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise ToolError(
            "unreadable",
            f"The outputs of this shard cannot be read: {error.strerror}.",
            where=str(path),
            remedy="Copy this file here again.",
        ) from None
    if len(data) > most or hashlib.sha256(data).hexdigest() != one.result.outputs_sha256:
        raise ConfigError(
            "hash-mismatch",
            f"These are not the outputs that the record of shard {one.shard.index} of {one.shard.count} describes "
            f"(sha256 {one.result.outputs_sha256[:12]}...).",
            where=str(path),
            remedy="Copy both files of one run of this shard here, or run it again.",
        )
    return unpack(data, read, nothing, str(path))


def _order(found: Sequence[Found]) -> NDArray[np.int64]:
    """Where each sample of the set is when the shards' arrays follow each other, [n]; those not read have no row."""
    places = [
        place
        for one in found
        for place, entry in zip(one.shard.places(one.result.found), one.result.samples, strict=True)
        if not isinstance(entry.content, Unreadable)
    ]
    return np.argsort(np.array(places, dtype=np.int64))


def _join_base(parts: Sequence[BaseRows | None], order: NDArray[np.int64]) -> BaseRows:
    there = [part for part in parts if part is not None]
    return BaseRows(_join([part.base for part in there], order), _join([part.base_again for part in there], order))


def _join(parts: Sequence[NDArray[T]], order: NDArray[np.int64]) -> NDArray[T]:
    return np.concatenate(parts)[order]
