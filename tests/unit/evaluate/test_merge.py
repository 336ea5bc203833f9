"""Shards merge to what one run over the whole set gives, whoever brings them in whatever order."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.known import known
from tests.unit.evaluate.sharded import (
    BASE_SIDE,
    CONFIG,
    QUANTIZED,
    only,
    score_places,
    whole_set,
    write_shard,
    write_shards,
)

from quantci.errors import ConfigError, DataRejected, QuantciError, ToolError
from quantci.evaluate.judge import judge
from quantci.evaluate.merge import merge
from quantci.evaluate.reference import first_layer_range
from quantci.evaluate.steps import FLOAT, STEPS
from quantci.progress import silent
from quantci.records.base import encode, read, write
from quantci.records.config import Config
from quantci.records.evaluate import EvaluateResult
from quantci.records.quantize import QuantizeResult
from quantci.records.shard import Shard, ShardRecord
from quantci.records.stage import Failure
from quantci.tflite.oracle import Oracle


def unsharded(
    output: Path, found: int, unreadable: frozenset[int] = frozenset(), *, has_base: bool = False
) -> EvaluateResult:
    """One run over the whole set."""
    return judge(
        score_places(whole_set(found), range(found), unreadable, has_base=has_base),
        CONFIG,
        output,
        float_sha256=known(QUANTIZED.float_model).sha256,
        quantized_model=QUANTIZED.quantized_model,
        calibration=QUANTIZED.calibration_samples,
        first_layer=first_layer_range(QUANTIZED),
        metrics={},
        progress=silent,
    )


def merged(folder: Path, config: Config = CONFIG, quantize: QuantizeResult = QUANTIZED) -> EvaluateResult:
    return merge(config, folder, folder, folder, quantize=quantize, progress=silent, allow_code=False)


def outcome(run: Callable[[], EvaluateResult], output: Path) -> tuple[bytes, ...] | str:
    """The result and the predictions as bytes, or the refusal."""
    try:
        return encode(run()), (output / "predictions.npz").read_bytes()
    except QuantciError as error:
        return str(error)


@given(st.integers(1, 120), st.integers(1, 9), st.data())
@settings(max_examples=12, deadline=None)
def test_any_division_merges_to_the_whole(found: int, count: int, data: st.DataObject) -> None:
    unreadable = frozenset(data.draw(st.lists(st.integers(0, found - 1), max_size=2)))
    has_base = data.draw(st.booleans())
    numbers = data.draw(st.permutations(range(1, count + 1)))
    with tempfile.TemporaryDirectory() as name:
        folder, alone = Path(name, "shards"), Path(name, "alone")
        for k in numbers:
            place = folder / data.draw(st.sampled_from(["", "a", "b", "z"]))
            write_shard(place, whole_set(found), Shard(index=k, count=count), unreadable, has_base=has_base)
        expected = outcome(lambda: unsharded(alone, found, unreadable, has_base=has_base), alone)
        assert outcome(lambda: merged(folder), folder) == expected


@pytest.mark.parametrize(
    ("steps", "oracle"),
    [(STEPS[1:], "tflm"), (STEPS[:2], "litert"), (STEPS[1:2], "litert")],
    ids=["no float", "not in TFLM", "neither"],
)
def test_shards_of_a_model_that_was_given_merge_to_what_one_run_gives(
    tmp_path: Path, steps: tuple[str, ...], oracle: Oracle
) -> None:
    quantize = QUANTIZED if steps[0] == FLOAT else msgspec.structs.replace(QUANTIZED, float_model=None)
    for k in (1, 2):
        write_shard(tmp_path / "shards", whole_set(9), Shard(index=k, count=2), steps=steps, oracle=oracle)
    found = merged(tmp_path / "shards", quantize=quantize)
    alone = judge(
        only(score_places(whole_set(9), range(9)), steps, oracle),
        CONFIG,
        tmp_path,
        float_sha256=quantize.float_model.sha256 if quantize.float_model else None,
        quantized_model=QUANTIZED.quantized_model,
        calibration=QUANTIZED.calibration_samples,
        first_layer=first_layer_range(quantize),
        metrics={},
        progress=silent,
    )
    assert encode(found) == encode(alone)
    assert [step.name for step in found.steps] == [*steps]
    assert [step.name for step in found.absent_steps] == [step for step in STEPS if step not in steps]
    assert (found.paired is None, found.oracle) == (steps[0] != FLOAT, oracle)
    assert found.steps[0].agreement is None
    assert all(known(step.agreement).flips <= 9 for step in found.steps[1:])
    assert {tag.float_metric is None for tag in found.tags} == {steps[0] != FLOAT}


def test_shards_whose_steps_are_not_those_of_their_models_are_refused(tmp_path: Path) -> None:
    write_shard(tmp_path, whole_set(8), Shard(index=1, count=1), interpreters={"int8-litert": "an interpreter 1.0"})
    with pytest.raises(ToolError, match=r"its steps are not those.*schema"):
        merged(tmp_path)


def test_how_many_may_be_unreadable_is_judged_over_the_whole(tmp_path: Path) -> None:
    """One of 25 is 4 % of a shard, and under 1 % of the set."""
    write_shards(tmp_path, whole_set(200), 8, unreadable=[17])
    result = merged(tmp_path)
    assert [file.path for file in result.dataset.skipped] == ["off/017.png"]
    assert (result.dataset.found, result.dataset.used, result.dataset.image_counts.resized) == (200, 199, 199)
    write_shards(tmp_path, whole_set(200), 8, unreadable=[17, 18])
    with pytest.raises(DataRejected, match=r"Of 200 files, these cannot be read \(2\): .*unreadable-image"):
        merged(tmp_path)


def test_what_one_shard_lacks_of_the_base_is_compared_in_none(tmp_path: Path) -> None:
    for k in (1, 2, 3):
        write_shard(tmp_path, whole_set(8), Shard(index=k, count=3), has_base=k != 2)
    failure = merged(tmp_path).base_failure
    assert failure is not None
    assert (failure.code, failure.cause.split(" had")[0]) == ("baseline-mixed", "Shard 2 of 3")

    gone = Failure(code="baseline-model", cause="It crashed.", where="", remedy="Wait.")
    write_shard(tmp_path, whole_set(8), Shard(index=2, count=3), base_failure=gone)
    result = merged(tmp_path)
    assert (result.against_base, result.base_failure) == (None, gone)


@pytest.mark.parametrize("changed", [{"shape": [1, 10**9]}, {"dtype": "object"}, {"scale": []}, {"shape": [-1]}])
def test_outputs_of_a_base_that_no_model_can_have_are_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    (output,) = BASE_SIDE.outputs
    side = msgspec.structs.replace(BASE_SIDE, outputs=[msgspec.structs.replace(output, **changed)])
    write_shard(tmp_path, whole_set(8), Shard(index=1, count=1), has_base=True, base=side)
    with pytest.raises(ToolError, match=r"the base's outputs are none that a model can have.*schema"):
        merged(tmp_path)


def test_a_leak_into_any_shard_is_found(tmp_path: Path) -> None:
    write_shards(tmp_path, whole_set(8), 4)
    record = read(tmp_path / "evaluate-3-of-4.json", ShardRecord)
    assert record.result is not None
    known = [msgspec.structs.replace(QUANTIZED.calibration_samples[0], content_sha256=record.result.samples[0].content)]
    doubt, *_ = merged(tmp_path, quantize=msgspec.structs.replace(QUANTIZED, calibration_samples=known)).reference
    assert (doubt.code, doubt.forbids_pass, "red/002.png" in doubt.text) == ("leak", True, True)


@pytest.mark.parametrize(("second", "expected"), [(2, 2), (3, None)])
def test_workers_are_told_where_they_were_as_many_on_each_host(
    tmp_path: Path, second: int, expected: int | None
) -> None:
    write_shard(tmp_path, whole_set(8), Shard(index=1, count=2), workers=2)
    write_shard(tmp_path, whole_set(8), Shard(index=2, count=2), workers=second)
    for step in merged(tmp_path).steps:
        assert (step.host_latency.workers, step.host_latency.iterations) == (expected, 8)


def test_a_shard_without_samples_has_no_say_about_workers(tmp_path: Path) -> None:
    write_shard(tmp_path, whole_set(1), Shard(index=1, count=2), workers=2)
    write_shard(tmp_path, whole_set(1), Shard(index=2, count=2), workers=7)
    assert {step.host_latency.workers for step in merged(tmp_path).steps} == {2}


def test_outputs_of_another_run_are_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, whole_set(8), 2)
    (tmp_path / "evaluate-2-of-2.npz").write_bytes((tmp_path / "evaluate-1-of-2.npz").read_bytes())
    with pytest.raises(ConfigError, match=r"evaluate-2-of-2.npz: .*shard 2 of 2.*hash-mismatch"):
        merged(tmp_path)


def test_a_file_larger_than_outputs_can_be_is_refused_unread(tmp_path: Path) -> None:
    write_shards(tmp_path, whole_set(8), 2)
    with (tmp_path / "evaluate-1-of-2.npz").open("r+b") as file:
        file.truncate(10**12)
    with pytest.raises(ConfigError, match="hash-mismatch"):
        merged(tmp_path)


def test_a_record_without_its_outputs_is_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, whole_set(8), 2)
    (tmp_path / "evaluate-1-of-2.npz").unlink()
    with pytest.raises(ConfigError, match=r"outputs of shard 1 of 2 are missing.*shard-missing"):
        merged(tmp_path)


def test_outputs_that_fit_the_digest_and_not_the_model_are_refused(tmp_path: Path) -> None:
    write_shards(tmp_path, whole_set(8), 2)
    path = tmp_path / "evaluate-1-of-2.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["int8_oracle"] = arrays["int8_oracle"][:, :3]
    np.savez_compressed(path, **arrays)
    record = read(tmp_path / "evaluate-1-of-2.json", ShardRecord)
    assert record.result is not None
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    result = msgspec.structs.replace(record.result, outputs_sha256=digest)
    write(tmp_path / "evaluate-1-of-2.json", msgspec.structs.replace(record, result=result))
    with pytest.raises(ToolError, match=r"int8_oracle.npy is int8 \[4, 3\], but must be int8 \[4, 4\]"):
        merged(tmp_path)


def test_labels_that_do_not_fit_the_model_are_refused(tmp_path: Path) -> None:
    write_shard(tmp_path, whole_set(4), Shard(index=1, count=1), labels=[*"abcde"])
    with pytest.raises(ConfigError, match="shard-foreign"):
        merged(tmp_path)  # the digest of the set covers its labels
