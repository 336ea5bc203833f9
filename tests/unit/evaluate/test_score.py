"""A batch in a worker, with interpreters whose arithmetic can be followed by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model
from tests.truths import of

from quantci.data.preprocess import LoadedSample
from quantci.data.sample import Sample
from quantci.errors import ConfigError, DataRejected
from quantci.evaluate import base_runner, score
from quantci.evaluate.job import Job
from quantci.evaluate.score import WARM_UP, Models, Scorer
from quantci.evaluate.steps import STEPS
from quantci.records.dataset import ImageCounts, SkippedFile
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification
from quantci.tflite.model import Model
from quantci.tflite.runner import TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from quantci.data.preprocess import Preprocessing
    from quantci.tasks.task import Task

REAL = TensorSpec(name="x", shape=(1, 2), dtype="float32", scale=0.0, zero_point=0)
INPUT = TensorSpec(name="x", shape=(1, 2), dtype="int8", scale=0.5, zero_point=-1)
OUTPUT = TensorSpec(name="y", shape=(1, 2), dtype="int8", scale=0.25, zero_point=10)
MODELS = Models(Model(b"float", "f"), Model(b"int8", "q"), "tflm")
TENSORS = {"a": [[1.0, 0.3]], "b": [[0.0, -0.5]]}


class FakeRunner:
    """An interpreter that computes `function`; its n-th inference takes n microseconds."""

    def __init__(
        self, name: str, port: TensorSpec, output: TensorSpec, function: Callable[[Any], Any], *more: TensorSpec
    ) -> None:
        self.name = name
        self.inputs, self.outputs = [port], [output, *more]
        self.function = function
        self.seen: list[NDArray[Any]] = []

    def run(self, tensors: list[NDArray[Any]]) -> list[NDArray[Any]]:
        self.seen.append(self.inputs[0].fit(tensors[0]))
        return [self.function(tensors[0]).astype(output.dtype) for output in self.outputs]

    def invoke_us(self) -> float:
        return float(len(self.seen))


class FakePreprocessing:
    """Samples out of TENSORS; any other name is a file that cannot be used."""

    def load(self, sample: Sample) -> LoadedSample:
        if sample.id not in TENSORS:
            raise DataRejected(sample.id, "It cannot be used.", remedy="Fix it.")
        return LoadedSample(np.array(TENSORS[sample.id], np.float32), sample.id * 64, ImageCounts(resized=1))

    def load_again(self, sample: Sample, loaded: LoadedSample, before: object) -> LoadedSample:
        return self.load(sample)


def samples(*names: str) -> list[Sample]:
    return [Sample(name, Path(name), of(0), (), name, None) for name in names]


CLASSES = Classification()


def job(task: Task = CLASSES) -> Job:
    return Job(cast("Preprocessing", FakePreprocessing()), task)


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeRunner]:
    """The identity in float and in INT8; the oracle's first output is one step too high. Lists what was opened."""
    runners: list[FakeRunner] = []

    def identity(tensor: Any) -> Any:
        return tensor

    def lite_rt_int8(tensor: Any) -> Any:
        return (2 * (tensor.astype(np.int32) + 1) + 10).astype(np.int8)  # 0.5 (q + 1) = 0.25 (r - 10)

    def oracle_int8(tensor: Any) -> Any:
        return lite_rt_int8(tensor) + np.array([[1, 0]], np.int8)

    def open_lite_rt(model: Model) -> FakeRunner:
        if model.data == b"float":
            runners.append(FakeRunner("fake float", REAL, REAL, identity))
        else:
            runners.append(FakeRunner("fake INT8", INPUT, OUTPUT, lite_rt_int8))
        return runners[-1]

    def open_oracle(model: Model, oracle: str) -> FakeRunner:
        assert oracle == "tflm"
        is_base = model.data == b"base"
        assert is_base or model.data == b"int8"
        runners.append(FakeRunner("the base" if is_base else "fake TFLM", INPUT, OUTPUT, oracle_int8))
        return runners[-1]

    monkeypatch.setattr(score, "open_lite_rt", open_lite_rt)
    monkeypatch.setattr(score, "open_oracle", open_oracle)
    monkeypatch.setattr(base_runner, "open_oracle", open_oracle)
    monkeypatch.setattr(score, "_models", None)
    monkeypatch.setattr(score, "_scorer", None)
    return runners


def test_every_step_sees_the_sample_in_its_own_type() -> None:
    batch = Scorer(MODELS).score(job(), samples("a", "b"))
    # 1.0 and 0.3 are steps 2 and 0.6 of 0.5, so 1 and 0 with the zero point; the model gives them back as 14 and 12.
    assert batch.outputs["float"].tolist() == np.array([[1.0, 0.3], [0.0, -0.5]], np.float32).tolist()
    assert batch.outputs["int8-litert"].tolist() == [[14, 12], [10, 8]]
    assert batch.outputs["int8-oracle"].tolist() == [[15, 12], [11, 8]]
    assert batch.outputs["int8-oracle"].dtype == np.int8


def test_what_the_model_is_given_is_counted_over_all_samples_that_were_read() -> None:
    given = Scorer(MODELS).score(job(), samples("a", "unreadable-image", "b")).tally.input
    assert (given.samples, given.values, given.clipped) == (2, 4, 0)


def test_differences_are_to_the_step_before_in_steps_of_the_output() -> None:
    batch = Scorer(MODELS).score(job(), samples("a"))
    # 0.3 came back as 0.5: 0.2 are 0.8 of a step of 0.25.
    identical, largest, mean, cosine = batch.differences["int8-litert"][0]
    assert (identical, largest, mean) == (0, pytest.approx(0.8), pytest.approx(0.4))
    assert cosine == pytest.approx((1 + 0.15) / np.sqrt(1.09 * 1.25))
    assert batch.differences["int8-oracle"][0, :3].tolist() == [0, 1, 0.5]


def test_of_an_anomaly_only_the_error_of_the_reconstruction_is_kept() -> None:
    batch = Scorer(MODELS).score(job(Anomaly()), samples("a"))
    # In the oracle (1.25 - 1)^2 and (0.5 - 0.3)^2, halved.
    scores = [batch.outputs[step].tolist() for step in STEPS]
    assert scores == [[[0.0]], [[pytest.approx(0.02)]], [[pytest.approx((0.0625 + 0.04) / 2)]]]
    assert batch.differences["int8-oracle"][0, :3].tolist() == [0, 1, 0.5]


def test_of_several_outputs_each_is_read_and_compared_in_its_own_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = TensorSpec(name="z", shape=(1, 2), dtype="int32", scale=0.5, zero_point=0)
    seen: list[tuple[list[Any], list[Any]]] = []

    class Both(Classification):
        def keep(self, inputs: Any, raw: Any, values: Any) -> Any:
            seen.append(([rows.tolist() for rows in raw], [rows.tolist() for rows in values]))
            return raw[1]

    def open_lite_rt(model: Model) -> FakeRunner:
        if model.data == b"float":
            return FakeRunner("fake float", REAL, REAL, lambda tensor: tensor, REAL)
        return FakeRunner("fake INT8", INPUT, OUTPUT, lambda tensor: tensor + 10, wide)

    monkeypatch.setattr(score, "open_lite_rt", open_lite_rt)
    monkeypatch.setattr(
        score, "open_oracle", lambda *_: FakeRunner("fake TFLM", INPUT, OUTPUT, lambda tensor: tensor + 12, wide)
    )
    batch = Scorer(MODELS).score(job(Both()), samples("a"))
    # The sample is 1 and 0 in steps of the input; 0.25 and 0 from zero point 10 in one output, 5.5 and 5 in the other.
    assert seen[1] == ([[[11, 10]], [[11, 10]]], [[[0.25, 0.0]], [[5.5, 5.0]]])
    assert batch.outputs["int8-oracle"].tolist() == [[13, 12]]
    # Against 1.0 and 0.3 in float: 3 and 1.2 steps of 0.25, 9 and 9.4 steps of 0.5.
    assert batch.differences["int8-litert"][0, :3].tolist() == [0, pytest.approx(9.4), pytest.approx(22.6 / 4)]
    assert batch.differences["int8-oracle"][0, :3].tolist() == [0, 2, 2]


def test_without_a_float_model_int8_is_compared_with_itself_alone() -> None:
    batch = Scorer(replace(MODELS, float_model=None)).score(job(), samples("a", "b"))
    assert batch.outputs["int8-litert"].tolist() == [[14, 12], [10, 8]]
    assert (list(batch.outputs), list(batch.differences), list(batch.invoke_us)) == (
        ["int8-litert", "int8-oracle"],
        ["int8-oracle"],
        ["int8-litert", "int8-oracle"],
    )
    assert batch.differences["int8-oracle"][0, :3].tolist() == [0, 1, 0.5]


def test_where_tflm_cannot_run_it_there_is_no_step_of_the_oracle(opened: list[FakeRunner]) -> None:
    batch = Scorer(replace(MODELS, oracle="litert")).score(job(), samples("a"))
    assert (list(batch.outputs), list(batch.differences)) == (["float", "int8-litert"], ["int8-litert"])
    assert [runner.name for runner in opened] == ["fake float", "fake INT8"]


def test_a_model_of_floats_outside_is_compared_in_steps_of_its_integers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(model: Model, *_: object) -> FakeRunner:
        return FakeRunner(model.where, REAL, REAL, lambda tensor: tensor + np.float32(0.1 if model.where == "q" else 0))

    monkeypatch.setattr(score, "open_lite_rt", fake)
    monkeypatch.setattr(score, "open_oracle", fake)
    pairs = [Tensor(name, [1, 2], "int8", scale=scale, zero_point=-128) for name, scale in (("a", 0.005), ("b", 0.05))]
    ops = [Op("QUANTIZE", ["x"], ["a"]), Op("RELU", ["a"], ["b"]), Op("DEQUANTIZE", ["b"], ["y"])]
    data = build_model([Tensor("x", [1, 2]), *pairs, Tensor("y", [1, 2])], ops, ["x"], ["y"])
    batch = Scorer(replace(MODELS, quantized_model=Model(data, "q"))).score(job(), samples("a"))
    assert batch.outputs["int8-oracle"].tolist() == [[pytest.approx(1.1), pytest.approx(0.4)]]
    assert batch.outputs["int8-oracle"].dtype == np.float32
    # 0.1 are two steps of 0.05; both INT8 steps gave the same floats.
    assert batch.differences["int8-litert"][0, :3].tolist() == [0, pytest.approx(2), pytest.approx(2)]
    assert batch.differences["int8-oracle"][0, :3].tolist() == [1, 0, 0]
    # The integers inside stand for 0 to 1.275: nothing is clipped of 1.0 and 0.3.
    assert (batch.tally.input.values, batch.tally.input.clipped) == (2, 0)


def test_warm_up_is_run_once_and_not_timed(opened: list[FakeRunner]) -> None:
    scorer = Scorer(MODELS)
    first, second = scorer.score(job(), samples("a")), scorer.score(job(), samples("b", "a"))
    assert {len(runner.seen) for runner in opened} == {WARM_UP + 3}
    for step in STEPS:
        assert [*first.invoke_us[step], *second.invoke_us[step]] == [WARM_UP + 1, WARM_UP + 2, WARM_UP + 3]


def test_a_file_that_cannot_be_read_is_counted_and_the_others_keep_their_places() -> None:
    batch = Scorer(MODELS).score(job(), samples("a", "unreadable-image", "b"))
    assert [sample.id for sample in batch.samples] == ["a", "b"]
    assert all(len(rows) == 2 for rows in (*batch.outputs.values(), *batch.differences.values()))
    assert batch.tally.skipped == [SkippedFile(path="unreadable-image", reason="It cannot be used.")]
    assert [digest.id for digest in batch.tally.digests] == ["a", "b"]


def test_a_batch_of_nothing_but_unreadable_files_is_empty_and_starts_no_interpreter(opened: list[FakeRunner]) -> None:
    batch = Scorer(MODELS).score(job(), samples("unreadable-tensor"))
    assert batch.samples == []
    assert all(rows.shape == (0, 4) for rows in batch.differences.values())
    assert not any(runner.seen for runner in opened)


def test_any_other_fault_of_a_sample_ends_the_batch() -> None:
    with pytest.raises(DataRejected, match="tensor-size"):
        Scorer(MODELS).score(job(), samples("a", "tensor-size"))


def test_a_worker_opens_its_interpreters_once(opened: list[FakeRunner]) -> None:
    score.take_models(MODELS)
    assert opened == []
    score.open_models()
    assert len(opened) == 3
    score.score_batch((job(), samples("a")))
    score.score_batch((job(), samples("b")))
    assert len(opened) == 3
    assert score.score_batch((job(Anomaly()), samples("a"))).outputs["float"].shape == (1, 1)


def test_a_batch_opens_them_where_nobody_has(opened: list[FakeRunner]) -> None:
    score.take_models(MODELS)
    score.score_batch((job(), samples("a")))
    assert len(opened) == 3


def test_a_batch_is_the_same_however_many_samples_are_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a", "b", "b", "a", "b"]
    whole = Scorer(MODELS).score(job(), samples(*names))
    monkeypatch.setattr(score, "_AT_ONCE", 2)
    parts = Scorer(MODELS).score(job(), samples(*names))
    for step in STEPS:
        assert parts.outputs[step].tolist() == whole.outputs[step].tolist()
    for step in STEPS[1:]:
        assert parts.differences[step].tolist() == whole.differences[step].tolist()
    assert len(parts.outputs["float"]) == len(names)


WITH_BASE = replace(MODELS, base_model=Model(b"base", "b"))


def test_the_base_runs_on_what_its_predictions_do_not_have_and_on_nothing_else(opened: list[FakeRunner]) -> None:
    same = FakePreprocessing()
    asked = Job(cast("Preprocessing", same), CLASSES, cast("Preprocessing", same), {"a": "a" * 64, "b": "another"})
    batch = Scorer(WITH_BASE).score(asked, samples("a", "b"))
    assert batch.base_again.tolist() == [False, True]
    # b is [0, -0.5]: -1 and -2 of the input; 10 and 8 of the output, and the oracle's first is one more.
    assert batch.base.tolist() == [[11, 8]]
    assert [len(runner.seen) for runner in opened if runner.name == "the base"] == [1]


def test_a_base_whose_predictions_all_hold_is_not_even_opened(opened: list[FakeRunner]) -> None:
    same = FakePreprocessing()
    asked = Job(cast("Preprocessing", same), CLASSES, cast("Preprocessing", same), {"a": "a" * 64})
    batch = Scorer(WITH_BASE).score(asked, samples("a"))
    assert (batch.base_again.tolist(), batch.base.size) == ([False], 0)
    assert "the base" not in [runner.name for runner in opened]


def test_the_base_reads_a_sample_by_its_own_preprocessing() -> None:
    class Halved(FakePreprocessing):
        def load(self, sample: Sample) -> LoadedSample:
            loaded = super().load(sample)
            return replace(loaded, tensor=loaded.tensor / np.float32(2))

    asked = Job(cast("Preprocessing", FakePreprocessing()), CLASSES, cast("Preprocessing", Halved()))
    batch = Scorer(WITH_BASE).score(asked, samples("a"))
    # a is [1, 0.3], for the base [0.5, 0.15]: 0 and -1 of the input, 12 and 10 of the output.
    assert batch.base.tolist() == [[13, 10]]


def test_what_the_base_cannot_read_is_a_fault_of_the_base() -> None:
    class Refusing(FakePreprocessing):
        def load(self, sample: Sample) -> LoadedSample:
            raise DataRejected("tensor-size", f"{sample.id} is too small.", remedy="Write it again.")

    asked = Job(cast("Preprocessing", FakePreprocessing()), CLASSES, cast("Preprocessing", Refusing()))
    with pytest.raises(ConfigError, match=r"The baseline's model cannot be run .*: a is too small.*baseline-model"):
        Scorer(WITH_BASE).score(asked, samples("a"))
