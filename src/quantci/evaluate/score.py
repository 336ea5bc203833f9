"""What a worker does with a batch of samples: read each once, and run it through all three steps of the waterfall."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from quantci.data.tally import Tally
from quantci.evaluate.base_runner import BaseRunner
from quantci.evaluate.input_values import look_at
from quantci.evaluate.steps import FLOAT, LITE_RT, ORACLE, steps_of
from quantci.statistics.agreement import sample_differences
from quantci.tflite.float_io import integers_given, integers_taken
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.oracle import open_oracle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.evaluate.job import Job
    from quantci.records.doubt import InputValues
    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle
    from quantci.tflite.runner import Runner

Outputs: TypeAlias = "list[NDArray[np.generic]]"  # each of a model's outputs, [n, k]
WARM_UP = 1
_AT_ONCE = 32  # samples whose outputs are compared in one go: NumPy takes as long for one


@dataclass(frozen=True)
class Models:
    """What a worker opens; it is sent to each worker once."""

    float_model: Model | None
    quantized_model: Model
    oracle: Oracle
    base_model: Model | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """Those of STEPS that there are."""
        return steps_of(self.oracle, has_float=self.float_model is not None)


class Batch(NamedTuple):
    """Results of the samples of a batch that could be read, in their order.

    Attributes:
        samples: those samples.
        tally: what was read and what was skipped.
        outputs: by step, [n, d], what the task keeps of them.
        differences: by INT8 step, [n, 4], see sample_differences(), against the step before.
        invoke_us: by step, the time of each invoke, [n].
        base: [m, d], what is kept of the base's outputs for those samples that it was run on.
        base_again: [n], which samples these are.
    """

    samples: list[Sample]
    tally: Tally
    outputs: dict[str, NDArray[np.generic]]
    differences: dict[str, NDArray[np.float64]]
    invoke_us: dict[str, NDArray[np.float64]]
    base: NDArray[np.generic]
    base_again: NDArray[np.bool_]


class Scorer:
    """The interpreters of one worker."""

    def __init__(self, models: Models) -> None:
        self._runners: dict[str, Runner] = {}
        if models.float_model is not None:
            self._runners[FLOAT] = open_lite_rt(models.float_model)
        self._runners[LITE_RT] = open_lite_rt(models.quantized_model)
        if ORACLE in models.steps:
            self._runners[ORACLE] = open_oracle(models.quantized_model, models.oracle)
        self._steps = models.steps
        self._model = models.quantized_model
        self._base = BaseRunner(models.base_model, models.oracle)
        self._is_warm = False

    def score(self, job: Job, samples: list[Sample]) -> Batch:
        """Read the samples and run them through all steps.

        Raises:
            DataRejected: a sample that no set may hold; files that cannot be read are only counted.
        """
        tally = Tally()
        read: list[Sample] = []
        invoke_us: dict[str, list[float]] = {step: [] for step in self._steps}
        outputs: dict[str, list[NDArray[np.generic]]] = {step: [] for step in self._steps}
        differences: dict[str, list[NDArray[np.float64]]] = {step: [np.empty((0, 4))] for step in self._steps[1:]}
        base: list[NDArray[np.generic]] = []
        again: list[bool] = []
        waiting: list[tuple[NDArray[np.float32], dict[str, Outputs]]] = []

        def decode_waiting() -> None:
            if not waiting:
                return
            tensors = np.concatenate([tensor.reshape(1, -1) for tensor, _ in waiting])
            raw = {step: _stacked([made[step] for _, made in waiting]) for step in self._steps}
            waiting.clear()
            tally.input = tally.input.joined(self._look(tensors))
            values = {step: self._values(step, raw[step]) for step in self._steps}
            for before, after in pairwise(self._steps):
                differences[after].append(self._difference(before, after, raw, values))
            for step in self._steps:
                outputs[step].append(job.task.keep(tensors, raw[step], values[step]))

        for sample, loaded in tally.read(samples, job.preprocessing):
            read.append(sample)
            self._warm_up(loaded.tensor)
            waiting.append((loaded.tensor, self._invoke(loaded.tensor)))
            for step in self._steps:
                invoke_us[step].append(self._runners[step].invoke_us())
            again.append(job.base is not None and job.base_digests.get(sample.id) != loaded.content_sha256)
            if again[-1]:
                base.append(self._base.run(job, sample, loaded))
            if len(waiting) == _AT_ONCE:
                decode_waiting()
        decode_waiting()
        return Batch(
            read,
            tally,
            {step: np.concatenate(rows) if rows else np.array([]) for step, rows in outputs.items()},
            {step: np.concatenate(rows) for step, rows in differences.items()},
            {step: np.array(times) for step, times in invoke_us.items()},
            np.concatenate(base) if base else np.array([]),
            np.array(again, np.bool_),
        )

    def _look(self, tensors: NDArray[np.float32]) -> InputValues:
        (taken,) = self._runners[LITE_RT].inputs
        if taken.scale:
            return look_at(tensors, taken.scale, taken.zero_point, taken.dtype)
        integers = integers_taken(self._model.summary, self._model.summary.inputs[0])
        assert integers is not None  # see tasks.outputs.only_output()
        return look_at(tensors, integers.scale[0], integers.zero_point[0], integers.dtype)

    @cached_property
    def _scales(self) -> list[float]:
        """Real value of one step of each output of the INT8 model; of a float one that in front of its DEQUANTIZE."""
        scales = [output.scale for output in self._runners[LITE_RT].outputs]
        if all(scales):
            return scales
        summary = self._model.summary
        given = [integers_given(summary, output) for output in summary.outputs]
        return [one.scale[0] if one is not None and one.scale else 0.0 for one in given]

    def _warm_up(self, tensor: NDArray[np.float32]) -> None:
        if not self._is_warm:
            for _ in range(WARM_UP):
                self._invoke(tensor)
            self._is_warm = True

    def _invoke(self, tensor: NDArray[np.float32]) -> dict[str, Outputs]:
        """What each step makes of a sample; both INT8 steps are one model and take the same integers."""
        (taken,) = self._runners[LITE_RT].inputs  # a sample is one tensor: see tasks.outputs.only_input()
        integers = taken.from_real(tensor)
        return {
            step: [output.reshape(1, -1) for output in runner.run([tensor if step == FLOAT else integers])]
            for step, runner in self._runners.items()
        }

    def _values(self, step: str, raw: Outputs) -> list[NDArray[np.float32]]:
        return [
            rows.astype(np.float32) if step == FLOAT else output.to_real(rows)
            for output, rows in zip(self._runners[step].outputs, raw, strict=True)
        ]

    def _difference(
        self, before: str, after: str, raw: dict[str, Outputs], values: dict[str, list[NDArray[np.float32]]]
    ) -> NDArray[np.float64]:
        """Over the elements of all outputs, each in steps of its own scale."""
        scales = [np.full(rows.shape[1], scale) for scale, rows in zip(self._scales, raw[after], strict=True)]
        return sample_differences(
            np.concatenate(values[before], axis=1),
            np.concatenate(values[after], axis=1),
            raw_before=None if before == FLOAT else np.concatenate(raw[before], axis=1),
            raw_after=np.concatenate(raw[after], axis=1),
            scale=np.concatenate(scales),
        )


def _stacked(samples: list[Outputs]) -> Outputs:
    """The outputs of samples, each as one array."""
    return [np.concatenate(rows) for rows in zip(*samples, strict=True)]


# A worker has one set of interpreters. They are opened by a call of their own, so that a fault reaches the caller.
_models: Models | None = None
_scorer: Scorer | None = None


def take_models(models: Models) -> None:
    """Initializer of a worker."""
    global _models, _scorer
    _models, _scorer = models, None


def open_models() -> None:
    """Open the interpreters in a worker, if they are not open. Each batch does so, too: this call saves it the time."""
    _opened()


def score_batch(asked: tuple[Job, list[Sample]]) -> Batch:
    """Score a batch in a worker."""
    return _opened().score(*asked)


def _opened() -> Scorer:
    global _scorer  # noqa: PLW0603
    if _scorer is None:
        assert _models is not None, "take_models() comes first"
        _scorer = Scorer(_models)
    return _scorer
