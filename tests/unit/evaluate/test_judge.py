"""Judging takes what was scored and nothing else: no file, no model, no interpreter."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.golden import sha
from tests.unit.evaluate.sharded import CONFIG, QUANTIZED, score_places, whole_set

from quantci.errors import DataRejected, ModelRejected
from quantci.evaluate.judge import judge
from quantci.evaluate.scored import Scored
from quantci.progress import silent
from quantci.records.config import Config
from quantci.records.dataset import SampleDigest
from quantci.records.evaluate import EvaluateResult
from quantci.records.model import ModelSummary


def judged(
    output: Path,
    scored: Scored,
    *,
    model: ModelSummary = QUANTIZED.quantized_model,
    config: Config = CONFIG,
    calibration: tuple[SampleDigest, ...] = (),
) -> EvaluateResult:
    return judge(
        scored,
        config,
        output,
        float_sha256=sha("float"),
        quantized_model=model,
        calibration=calibration,
        first_layer=None,
        metrics={},
        progress=silent,
    )


def test_the_result_names_models_predictions_and_what_was_read(tmp_path: Path) -> None:
    result = judged(tmp_path, score_places(whole_set(12), range(12)))
    assert (result.float_sha256, result.quantized_sha256) == (sha("float"), QUANTIZED.quantized_model.sha256)
    assert (result.dataset.found, result.dataset.used, result.dataset.seed) == (12, 12, None)
    assert result.dataset.image_counts.resized == 12
    predictions = (tmp_path / result.predictions_file).read_bytes()
    assert hashlib.sha256(predictions).hexdigest() == result.predictions_sha256
    assert {tag.tag: tag.samples for tag in result.tags} == {"night": 8, "rain": 4}


def test_times_are_over_all_inferences(tmp_path: Path) -> None:
    """11 samples took 1, 11, .. 101 microseconds."""
    result = judged(tmp_path, score_places(whole_set(11), range(11)))
    for step in result.steps:
        time = step.host_latency
        assert (time.median_us, time.p90_us, time.iterations, time.workers) == (51.0, 91.0, 11, 2)


def test_nothing_but_unreadable_files_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(DataRejected, match="unreadable-image"):
        judged(tmp_path, score_places(whole_set(2), range(2), unreadable=(0, 1)))
    assert not list(tmp_path.iterdir())


def test_samples_that_were_calibrated_on_cost_the_pass_and_nothing_that_was_computed(tmp_path: Path) -> None:
    leak = SampleDigest(id="c.png", content_sha256=sha("off/001.png"))
    scored = score_places(whole_set(4), range(4))
    result, without = judged(tmp_path, scored, calibration=(leak,)), judged(tmp_path, scored)
    doubt, *others = result.reference
    assert (doubt.code, doubt.forbids_pass) == ("leak", True)
    assert "(1): off/001.png (calibration: c.png): draw the calibration set from" in doubt.text
    assert replace(result, reference=others) == without


def test_a_leak_that_is_accepted_is_told_with_the_reason(tmp_path: Path) -> None:
    leak = SampleDigest(id="c.png", content_sha256=sha("off/001.png"))
    reason = "The set is small, and published so."
    config = replace(CONFIG, evaluation=replace(CONFIG.evaluation, leak_accepted=reason))
    scored = score_places(whole_set(4), range(4))
    doubt, *others = judged(tmp_path, scored, config=config, calibration=(leak,)).reference
    assert not doubt.forbids_pass
    assert doubt.text.endswith(f"(calibration: c.png): evaluation.leak_accepted says why: {reason}")
    assert judged(tmp_path, scored, config=config).reference == others


def test_a_model_that_cannot_be_judged_is_refused(tmp_path: Path) -> None:
    model = replace(QUANTIZED.quantized_model, outputs=[])
    with pytest.raises(ModelRejected, match="multi-output"):
        judged(tmp_path, score_places(whole_set(4), range(4)), model=model)
