"""Recipes tried on a small model: what is held back, what counts as right, what is kept."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.quantize.ladder.given import CLASSES, SAMPLES, trial_in, write_set

from quantci.errors import ConfigError, DataRejected, ModelRejected, ToolError
from quantci.progress import silent
from quantci.quantize.ladder.attempt import Trial, refused, try_recipe
from quantci.quantize.ladder.choose import EQUAL
from quantci.quantize.ladder.keep import Kept, content_of
from quantci.quantize.ladder.run import run_ladder, try_out
from quantci.quantize.ladder.stability import stability
from quantci.quantize.qat.session import Job
from quantci.records.config import QuantizationConfig
from quantci.records.gates_config import GatesConfig
from quantci.records.truth import ClassTruth
from quantci.workers.here import Here

NAMES = ("minmax", "percentile-99.9")


class Counting(Here):
    """Counts what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[str] = []

    def submit(self, function: Any, *args: Any) -> Any:
        if function is try_recipe:
            self.tried.append(str(args[0]))
        return super().submit(function, *args)


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return trial_in(tmp_path, recipes=NAMES)


def climb(trial: Trial, folder: Path, workers: Here) -> Any:
    nobody: Any = None
    return run_ladder(trial, Kept(folder, trial), workers=workers, tensorflow=nobody, progress=silent)


def test_a_quarter_of_the_set_is_held_back_and_calibrated_on_by_nobody(trial: Trial) -> None:
    held, prepared = trial.held, trial.prepared
    assert (len(held.samples), prepared.calibration.used) == (SAMPLES // 4, SAMPLES - SAMPLES // 4)
    assert not {one.id for one in held.digests} & {one.id for one in prepared.digests}
    assert (held.chosen_on, held.path, held.measure) == ("held-back", "data", "kl")
    assert held.values.shape == (SAMPLES // 4, CLASSES)


def test_a_trial_can_be_sent_to_workers_that_are_no_forks(trial: Trial) -> None:
    trial.prepared.observed.statistics(*trial.prepared.statistics[:2], Here()).observe()
    sent: Trial = pickle.loads(pickle.dumps(trial))
    assert sent.held.digests == trial.held.digests
    assert sent.prepared.statistics.float_model.sha256 == trial.prepared.statistics.float_model.sha256


def test_labels_count_where_each_sample_has_one_and_else_what_float_says(tmp_path: Path) -> None:
    labelled = trial_in(tmp_path / "labelled").right
    unlabelled = trial_in(tmp_path / "unlabelled", is_labelled=False)
    assert labelled is not None
    assert (labelled.truth, labelled.metric, list(labelled.labels)) == ("labels", "top1_accuracy", list("0123"))
    assert unlabelled.right is not None
    assert unlabelled.right.truth == "float-model"
    answers = [sample.truth.index for sample in unlabelled.right.samples]  # type: ignore[union-attr]
    assert answers == unlabelled.held.values.argmax(axis=1).tolist()
    attempt = try_recipe("minmax")
    assert attempt.float_metric == 1
    assert attempt.tried.estimate is not None
    assert attempt.tried.estimate.delta == attempt.tried.estimate.value - 1


def test_a_tuning_set_takes_the_place_of_held_back_samples(tmp_path: Path) -> None:
    write_set(tmp_path / "tuning", 12, 7)
    trial = trial_in(tmp_path, tuning="tuning")
    assert trial.prepared.calibration.used == SAMPLES
    assert (trial.held.chosen_on, trial.held.path, len(trial.held.samples)) == ("tuning-set", "tuning", 12)
    assert trial.right is not None
    assert trial.right.truth == "labels"


def test_the_evaluation_set_is_never_chosen_on(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to("other")
    with pytest.raises(ConfigError, match="is the evaluation set") as caught:
        trial_in(tmp_path, tuning="other")
    assert caught.value.code == "tuning-set"


def test_too_few_samples_choose_nothing(tmp_path: Path) -> None:
    write_set(tmp_path / "tuning", 7, 7)
    with pytest.raises(DataRejected, match=r"A recipe cannot be chosen on 7 samples: it takes 8 or more\.") as caught:
        trial_in(tmp_path, tuning="tuning")
    assert caught.value.code == "too-few-samples"


def test_the_best_is_kept_and_a_second_run_tries_nothing(trial: Trial, tmp_path: Path) -> None:
    folder, first, second = tmp_path / "kept", Counting(), Counting()
    made, result = climb(trial, folder, first)
    assert first.tried == list(NAMES)
    scores = [one.score for one in result.tries if one.score is not None]
    assert scores[NAMES.index(result.chosen)] <= EQUAL * min(scores)
    assert result.chosen in result.pareto
    again, same = climb(trial, folder, second)
    assert second.tried == []
    assert same == result
    assert (again.model.sha256, again.float_model.sha256) == (made.model.sha256, made.float_model.sha256)
    assert (again.model.file_name, again.float_model.file_name) == (made.model.file_name, made.float_model.file_name)
    assert (again.ranges, again.rewrites, again.doubts) == (list(made.ranges), list(made.rewrites), made.doubts)


def test_without_a_folder_every_run_tries_all_and_leaves_nothing(trial: Trial, tmp_path: Path) -> None:
    before, nobody, found = sorted(tmp_path.rglob("*")), None, []
    for _ in range(2):
        workers = Counting()
        kept = Kept(None, trial)
        found.append(run_ladder(trial, kept, workers=workers, tensorflow=nobody, progress=silent)[1].chosen)  # type: ignore[arg-type]
        assert workers.tried == list(NAMES)
        assert not kept.holds_all(NAMES)
    assert found[0] == found[1]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_file_is_tried_again(trial: Trial, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    made, _ = climb(trial, folder, Counting())
    for damage, name in (("{", "*.json"), ("TFL3", f"{made.model.sha256}.tflite")):
        for path in folder.glob(name):
            path.write_text(damage)
        again = Counting()
        climb(trial, folder, again)
        assert again.tried


def test_another_content_is_tried_anew_and_the_old_one_is_removed(trial: Trial, tmp_path: Path) -> None:
    folder, workers = tmp_path / "kept", Counting()
    climb(trial, folder, Counting())
    before = {path.name for path in folder.glob("*.json")}
    quantization = replace(trial.config.quantization, output_type="uint8")
    other = trial._replace(config=replace(trial.config, quantization=quantization))
    climb(other, folder, workers)
    assert workers.tried == list(NAMES)
    assert not before & {path.name for path in folder.glob("*.json")}


def test_what_refuses_a_recipe_and_what_is_right_are_part_of_the_content(trial: Trial) -> None:
    gates = trial._replace(config=replace(trial.config, gates=GatesConfig(int_only=False)))
    samples = [dataclasses.replace(one, truth=ClassTruth(index=0)) for one in trial.held.samples]
    labels = trial._replace(held=trial.held._replace(samples=samples))
    assert len({content_of(one) for one in (trial, gates, labels)}) == 3


def test_coefficients_that_cannot_be_used_are_one_error_before_any_try(trial: Trial, tmp_path: Path) -> None:
    file = tmp_path / "board.json"
    config = replace(trial.config, target=replace(trial.config.target, latency_coefficients=str(file)))
    for _ in range(2):  # not there, then not valid
        with pytest.raises(ConfigError) as caught:
            Kept(tmp_path / "kept", trial._replace(config=config))
        assert (caught.value.code, caught.value.where) == ("latency-coefficients", str(file))
        file.write_text("{}")


def test_limits_are_judged_anew_with_kept_tries(trial: Trial, tmp_path: Path) -> None:
    folder, workers = tmp_path / "kept", Counting()
    climb(trial, folder, Counting())
    narrow = trial._replace(config=replace(trial.config, gates=GatesConfig(max_model_bytes=10)))
    _, result = climb(narrow, folder, workers)
    assert workers.tried == []
    assert all(one.misses for one in result.tries)


def test_what_only_the_machine_is_to_blame_for_is_not_kept(trial: Trial, tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept", trial)
    lasting = ModelRejected("unquantizable-op", "It has no INT8 form.", where="", remedy="")
    passing = ToolError("out-of-memory", "There was no memory left.", remedy="")
    kept.keep("cle", refused("cle", lasting, 1.0))
    kept.keep("mse", refused("mse", passing, 1.0))
    found = kept.find("cle")
    assert found is not None
    assert found.tried.refused == "It has no INT8 form. [unquantizable-op]"
    assert found.made is None
    assert kept.find("mse") is None


def test_where_no_recipe_gives_a_model_the_first_reason_is_the_fault(tmp_path: Path) -> None:
    trial = trial_in(tmp_path, recipes=("minmax",))
    attempt = refused("minmax", ModelRejected("degenerate", "All zeros.", where="", remedy=""), 0.0)
    folder = tmp_path / "kept"
    Kept(folder, trial).keep("minmax", attempt)
    with pytest.raises(ModelRejected, match="All zeros"):
        climb(trial, folder, Here())


def test_parts_of_the_set_are_calibrated_each_for_itself(trial: Trial) -> None:
    attempt = try_recipe("minmax")
    assert attempt.made is not None
    found = stability(trial, "minmax", attempt.made.model, 3, workers=Here())
    assert (found.parts, found.part_samples, found.compared_samples) == (3, 10, SAMPLES // 4)
    assert found.whole_score == attempt.tried.score
    assert len(set(found.scores)) == 3
    assert found.smallest_agreement is not None
    assert 0 <= found.smallest_agreement <= 1
    with pytest.raises(DataRejected, match="in 4 parts are fewer than 8 each"):
        stability(trial, "minmax", attempt.made.model, 4, workers=Here())


class NoWorkers(Here):
    """A worker may start no process, which training does."""

    def submit(self, function: Any, *args: Any) -> Any:
        raise AssertionError(function, args)


def test_training_on_parts_of_the_set_is_done_where_it_may_start_a_process(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []

    def tune(job: Job, _: object) -> tuple[Any, ...]:
        jobs.append(job)
        return job.model, job.starts["minmax"], None

    monkeypatch.setattr("quantci.quantize.int8.tune", tune)
    monkeypatch.setattr("quantci.quantize.ladder.run.Pool", lambda *_, **__: NoWorkers())
    config = replace(trial.config, quantization=QuantizationConfig(recipe="qat"))
    nobody: Any = None
    found = try_out(
        trial.prepared,
        config,
        tmp_path,
        workers=Here(),
        tensorflow=nobody,
        progress=silent,
        parts=2,
        kept_in=None,
    )
    assert found.stability is not None
    assert (found.stability.recipe, found.stability.parts, found.stability.part_samples) == ("qat", 2, 15)
    assert [len(job.samples.samples) for job in jobs] == [30, 15, 15]
