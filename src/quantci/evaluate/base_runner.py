"""The base branch's INT8 model in a worker. A fault of it is told apart from one of the models that are evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ConfigError, QuantciError
from quantci.tflite.oracle import open_oracle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quantci.data.preprocess import LoadedSample
    from quantci.data.sample import Sample
    from quantci.evaluate.job import Job
    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle
    from quantci.tflite.runner import Runner


BASE_FAULT: Final = "baseline-model"


class BaseRunner:
    """It opens the model with the first sample that asks for it: often none does."""

    def __init__(self, model: Model | None, oracle: Oracle) -> None:
        self._model = model
        self._oracle = oracle
        self._runner: Runner | None = None

    def run(self, job: Job, sample: Sample, loaded: LoadedSample) -> NDArray[np.generic]:
        """What is kept of its outputs for a sample, [1, d].

        Args:
            job: with the base's own preprocessing.
            sample: to be read again where that reads it otherwise.
            loaded: the sample as this change prepares it.

        Raises:
            ConfigError: `baseline-model`.
        """
        assert job.base is not None
        try:
            tensor = job.base.load_again(sample, loaded, job.preprocessing).tensor
            runner = self._opened()
            (taken,) = runner.inputs
            raw = runner.run([taken.from_real(tensor)])
        except QuantciError as error:
            raise base_fault(error) from error
        rows = [output.reshape(1, -1) for output in raw]
        values = [output.to_real(row) for output, row in zip(runner.outputs, rows, strict=True)]
        return job.task.keep(tensor.reshape(1, -1), rows, values)

    def _opened(self) -> Runner:
        if self._runner is None:
            assert self._model is not None
            self._runner = open_oracle(self._model, self._oracle)
        return self._runner


def base_fault(error: QuantciError) -> ConfigError:
    """What it is for the comparison that the base's model cannot be run on today's samples."""
    return ConfigError(
        BASE_FAULT,
        f"The baseline's model cannot be run on this evaluation set: {error.cause} [{error.code}]",
        where=error.where,
        remedy="The first run on the base branch after this change makes a baseline that can be compared.",
    )
