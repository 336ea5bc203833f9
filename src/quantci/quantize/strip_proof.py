"""The proof that a stripped model answers as before, in LiteRT and in the oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.errors import ToolError
from quantci.records.quantize import StripInfo
from quantci.tflite.fixed_point import quantize
from quantci.tflite.lite_rt import lite_rt_name, open_lite_rt
from quantci.tflite.oracle import open_oracle, oracle_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle
    from quantci.workers.pool import Pool


class StripProof:
    """Both models run in the workers, while this process does something else; `result` waits for them."""

    def __init__(
        self, before: Model, lean: Model, samples: list[NDArray[np.float32]], oracle: Oracle, workers: Pool
    ) -> None:
        """Start.

        Args:
            before: the INT8 model as the engine wrote it.
            lean: the stripped one.
            samples: as the float model takes them, [1, ...] each.
            oracle: what runs them besides LiteRT.
            workers: where they run.
        """
        self._before, self._lean, self._workers = before, lean, workers
        self._interpreters, self._samples = [lite_rt_name(), oracle_name(oracle)], len(samples)
        self._running = [workers.submit(outputs_of, model, samples, oracle) for model in (before, lean)]

    def result(self) -> StripInfo:
        """What the record says of it.

        Raises:
            ToolError: `strip-changed-outputs`.
        """
        before, after = (self._workers.result(call) for call in self._running)
        check_same_outputs(before, after, self._interpreters)
        return StripInfo(
            bytes_before=len(self._before.data),
            bytes_after=len(self._lean.data),
            compared_samples=self._samples,
            interpreters=self._interpreters,
            tensor_names=list(self._lean.tensor_names),
        )


def outputs_of(model: Model, samples: list[NDArray[np.float32]], oracle: Oracle) -> list[list[list[NDArray[Any]]]]:
    """Run an integer model on the samples in LiteRT and in the oracle: outputs by interpreter. Runs in a worker."""
    results = []
    for runner in (open_lite_rt(model), open_oracle(model, oracle)):
        port = runner.inputs[0]
        given = [quantize(sample, port.scale, port.zero_point, port.dtype) for sample in samples]
        results.append([runner.run([tensor]) for tensor in given])
    return results


def check_same_outputs(
    before: list[list[list[NDArray[Any]]]], after: list[list[list[NDArray[Any]]]], interpreters: list[str]
) -> None:
    """Hold the outputs of the stripped model to those of the model before, in each of these interpreters.

    Raises:
        ToolError: `strip-changed-outputs`: a bug in quantci; the stripped model is not kept.
    """
    for interpreter, old, new in zip(interpreters, before, after, strict=True):
        for expected, found in zip(old, new, strict=True):
            if not all(np.array_equal(left, right) for left, right in zip(expected, found, strict=True)):
                raise ToolError(
                    "strip-changed-outputs",
                    f"Stripping the model changed its outputs in {interpreter}.",
                    remedy="Set quantization.strip = false, and report this as a bug with the model.",
                )
