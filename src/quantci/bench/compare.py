"""The evaluation set on the device: its outputs against those of the oracle on the host, and the task's metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.bench.samples import ORACLE
from quantci.records.bench import DeviceOutputs
from quantci.statistics.agreement import sample_differences, summarize
from quantci.tasks.outputs import KeepsOutputs, real_values
from quantci.tasks.task import Observed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.bench.samples import EvaluationSet, Loaded
    from quantci.progress import Progress
    from quantci.records.model import TensorInfo
    from quantci.tasks.custom import Metric
    from quantci.tflite.runner import Runner

DEVICE: Final = "int8-device"
MOST_NAMED: Final = 1000
_AT_ONCE: Final = 32


class Ran(NamedTuple):
    """What came of the set.

    Attributes:
        kept: [n, d], what the task keeps of the device's outputs.
        differences: [n, 4], see sample_differences().
    """

    kept: NDArray[np.generic]
    differences: NDArray[np.float64]

    @property
    def different(self) -> list[int]:
        """Places of the samples whose outputs are not those of the oracle."""
        places: list[int] = np.flatnonzero(self.differences[:, 0] == 0).tolist()
        return places


def run_set(
    found: EvaluationSet,
    outputs: Sequence[TensorInfo],
    run: Callable[[NDArray[np.generic]], Sequence[NDArray[np.generic]]],
    oracle: Callable[[], Runner],
    progress: Progress,
) -> Ran:
    """Run every sample.

    Args:
        found: the set.
        outputs: all outputs of the INT8 model, in its order.
        run: the device: from the input to all outputs.
        oracle: opens the interpreter on the host, for a task that does not keep outputs as they are.
        progress: told how many samples are done.
    """
    host = _Kept(found) if isinstance(found.task, KeepsOutputs) else _RunAgain(oracle())
    kept: list[NDArray[np.generic]] = [found.kept[:0]]
    differences = [np.empty((0, 4))]
    count = len(found.samples)
    progress("running the evaluation set on the device", 0, count)
    for start in range(0, count, _AT_ONCE):
        places = range(start, min(start + _AT_ONCE, count))
        loaded = []
        rows = []
        for place in places:
            loaded.append(found.load(place))
            rows.append([output.reshape(1, -1) for output in run(loaded[-1].integers)])
            progress("running the evaluation set on the device", place + 1, count)
        raw = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
        values = _values(raw, outputs)
        tensors = np.concatenate([one.tensor for one in loaded])
        kept.append(found.task.keep(tensors, raw, values))
        expected = host.outputs(places, loaded)
        differences.append(
            sample_differences(
                np.concatenate(_values(expected, outputs), axis=1),
                np.concatenate(values, axis=1),
                raw_before=np.concatenate(expected, axis=1),
                raw_after=np.concatenate(raw, axis=1),
                scale=np.concatenate(
                    [np.full(part.shape[1], (one.scale or [1.0])[0]) for part, one in zip(raw, outputs, strict=True)]
                ),
            )
        )
    return Ran(np.concatenate(kept), np.concatenate(differences))


def judge_set(
    found: EvaluationSet, ran: Ran, interpreter: str, metrics: Mapping[str, Metric], seed: int
) -> DeviceOutputs:
    """The last step of the waterfall: the same statistics as for every other step, against the oracle."""
    kept = {ORACLE: found.kept, DEVICE: ran.kept}
    judged = found.task.judge(Observed(found.samples, kept, found.labels, found.outputs), metrics, seed)
    return DeviceOutputs(
        interpreter=interpreter,
        metrics=judged.metrics[DEVICE],
        agreement=summarize(ran.differences, flips=judged.flips[DEVICE], is_raw=True),
        paired=judged.paired,
        different=[found.samples[place].id for place in ran.different[:MOST_NAMED]],
    )


def _values(raw: Sequence[NDArray[np.generic]], outputs: Sequence[TensorInfo]) -> list[NDArray[np.float32]]:
    return [real_values(part, one) for part, one in zip(raw, outputs, strict=True)]


class _Kept:
    """The oracle's outputs as evaluate kept them."""

    def __init__(self, found: EvaluationSet) -> None:
        self._kept = found.kept

    def outputs(self, places: range, loaded: Sequence[Loaded]) -> list[NDArray[np.generic]]:
        """Of these samples, [n, k]."""
        del loaded
        return [self._kept[places.start : places.stop]]


class _RunAgain:
    """The oracle, run on each sample again: an anomaly task keeps the score of a reconstruction, and not that."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def outputs(self, places: range, loaded: Sequence[Loaded]) -> list[NDArray[np.generic]]:
        """Of these samples, each output [n, k]."""
        del places
        made = [self._runner.run([one.integers]) for one in loaded]
        return [np.concatenate([part.reshape(1, -1) for part in parts]) for parts in zip(*made, strict=True)]
