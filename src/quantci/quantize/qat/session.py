"""Training in a process of its own: opened once, advanced for some seconds at a time, and asked for what came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.data.tally import Tally
from quantci.errors import ConfigError
from quantci.quantize.qat.batches import Split, split_calibration, split_function
from quantci.quantize.qat.known import check_equal, known_graph
from quantci.quantize.qat.tuned import Learned
from quantci.records.qat import QatInfo, QatRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.quantize.calibration_set import CalibrationSet
    from quantci.quantize.qat.plan import QatPlan
    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model

_COMPARED: Final = 4


class Job(NamedTuple):
    """What training starts from.

    Attributes:
        model: the float model, rewritten as the engine shall have it.
        starts: ranges to start from by the name of their rule; what the tuning split likes best is taken.
        samples: the calibration set.
        plan: what is asked for.
        per_tensor_dense: the weights of a dense layer share one scale.
    """

    model: Model
    starts: dict[str, list[TensorRange]]
    samples: CalibrationSet
    plan: QatPlan
    per_tensor_dense: bool = False


class Standing(NamedTuple):
    """How far training is: steps of all seeds, and the loss of the tuning split at its best and before."""

    done: int
    total: int
    best: float
    start: float
    is_done: bool


class _Session:
    """The state of a process. One seed is trained after the other, each from the same start."""

    def __init__(self, job: Job) -> None:
        from quantci.quantize.qat.network import losses, training
        from quantci.quantize.qat.network.network import Network

        self._start_s = time.monotonic()
        self._config, graph = job.plan.config, known_graph(job.model)
        training.settle(self._config.seed)
        samples = _load(job.samples)
        self._network = Network(graph, samples[: 8 * _COMPARED], per_tensor_dense=job.per_tensor_dense)
        check_equal(job.model, self._network, samples[:_COMPARED])
        self._job, self._samples, self._function = job, samples, job.plan.batches()
        self._objective = training.Objective(losses.answer_of(graph, job.plan.task), job.plan.loss())
        self._starts = {
            name: {entry.tensor: (entry.min, entry.max) for entry in ranges} for name, ranges in job.starts.items()
        }
        split = self._split(self._config.seed)
        self._tuning = split.tuning
        names = list(self._starts)
        self._chosen_start = names[
            training.best_start(self._network, [self._starts[name] for name in names], self._objective, self._tuning)
        ]
        self._runs: list[Any] = [self._new(split)]
        if not np.isfinite(loss := self._runs[0].looks[0].loss):
            raise ConfigError(
                "fine-tune",
                f"The loss is {loss} before the first step: there is nothing to make smaller.",
                where=f"qat.loss: {self._config.loss}" if self._config.loss else "qat.fine_tune",
                remedy="Make the loss a finite number for the model's outputs and every y.",
            )

    def _split(self, seed: int) -> Split:
        """Batches of a seed; the tuning split is always the first one's."""
        if self._function is None:
            return split_calibration(self._samples, seed)
        shape = self._samples.shape[1:]
        return split_function(self._function, shape, seed, f"qat.fine_tune: {self._config.fine_tune}")

    def _new(self, split: Split) -> Any:
        from quantci.quantize.qat.network.training import Training

        self._network.start_from(self._starts[self._chosen_start])
        config = self._config
        return Training(
            self._network,
            split._replace(tuning=self._tuning),
            self._objective,
            steps=config.steps,
            rate=config.learning_rate,
        )

    def advance(self, seconds: float) -> Standing:
        """Train for so long."""
        from quantci.quantize.qat.network.training import settle

        until_s = time.monotonic() + seconds
        config = self._config
        while not self._is_done:
            if self._runs[-1].is_done:
                seed = config.seed + len(self._runs)
                settle(seed)
                self._runs.append(self._new(self._split(seed)))
            self._runs[-1].advance()
            if time.monotonic() >= until_s:
                break
        best = min(run.looks[run.best].loss for run in self._runs)
        done = (len(self._runs) - 1) * config.steps + self._runs[-1].step
        return Standing(done, config.steps * config.seeds, best, self._runs[0].looks[0].loss, self._is_done)

    @property
    def _is_done(self) -> bool:
        return len(self._runs) == self._config.seeds and self._runs[-1].is_done

    def learned(self) -> Learned:
        """What the best seed learned."""
        import torch

        chosen = min(range(len(self._runs)), key=lambda place: self._runs[place].looks[self._runs[place].best].loss)
        self._network.restore(self._runs[chosen].state)
        first, config = self._runs[0].looks[0], self._config
        is_labelled = self._tuning.y is not None
        info = QatInfo(
            source=config.fine_tune or "calibration set",
            teacher=config.loss or ("float model and labels" if is_labelled else "float model"),
            start=self._chosen_start,
            tuning_samples=len(self._tuning.x),
            start_loss=first.loss,
            start_agreement=first.agreement,
            runs=[self._record(place) for place in range(len(self._runs))],
            chosen=chosen,
            seconds=round(time.monotonic() - self._start_s, 1),
            torch_version=str(torch.__version__),
        )
        return Learned(self._network.constants(), self._network.ranges(), info)

    def _record(self, place: int) -> QatRun:
        run = self._runs[place]
        last = float(np.mean(run.batch_losses[-max(1, len(run.batch_losses) // 10) :]))
        best = run.looks[run.best]
        return QatRun(
            seed=self._config.seed + place,
            steps=run.step,
            best_step=run.best,
            batch_loss=last if np.isfinite(last) else None,
            tuning_loss=best.loss,
            agreement=best.agreement,
        )


# Of this process, which trains one model.
_session: _Session | None = None


def open_session(job: Job) -> None:
    """Read the model, load the samples and the user's code.

    Raises:
        ModelRejected: `qat-unknown-op`, `qat-differs`.
        ConfigError: `fine-tune`.
    """
    global _session  # noqa: PLW0603
    _session = _Session(job)


def advance(seconds: float) -> Standing:
    """Train for so many seconds."""
    assert _session is not None, "open_session() comes first"
    return _session.advance(seconds)


def learned() -> Learned:
    """What was learned."""
    assert _session is not None, "open_session() comes first"
    return _session.learned()


def _load(samples: CalibrationSet) -> NDArray[np.float32]:
    return np.concatenate([loaded.tensor for _, loaded in Tally().read(samples.samples, samples.preprocessing)])
