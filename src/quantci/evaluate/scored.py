"""What scoring leaves for judging: the same whether one run scored the whole set or shards of it were merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.evaluate.steps import FLOAT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.data.tally import Tally
    from quantci.records.against_base import BaseSide
    from quantci.records.evaluate import AbsentStep
    from quantci.records.model import TensorInfo
    from quantci.records.stage import Failure
    from quantci.tasks.task import Task
    from quantci.tflite.oracle import Oracle


BASE: Final = "base"  # beside the steps: what the base branch's INT8 model gave in the oracle


class BaseRows(NamedTuple):
    """What the base branch's INT8 model made of the same samples.

    Attributes:
        base: [n, d], what the task keeps of its outputs.
        base_again: [n], whether it was run on the sample now; the others are out of its own predictions.
    """

    base: NDArray[np.generic]
    base_again: NDArray[np.bool_]


class Scored(NamedTuple):
    """The samples that could be read, in the order of the set, and what each step made of them.

    Attributes:
        found: number of samples, including those that could not be read.
        labels: class names by index.
        samples: those that could be read, [n].
        tally: what was read and what was skipped.
        outputs: by step, [n, d], what the task keeps of them.
        differences: by INT8 step, [n, 4], see sample_differences().
        invoke_us: by step, the time of each invoke, [n].
        oracle: what judges INT8.
        interpreters: their names by step.
        workers: processes that ran at the same time on a host; None where that was not the same everywhere.
        read_with: versions of what reads the samples.
        base: the base branch's model; None where there is no baseline, or none that can be used.
        base_rows: what it gave; None where `base` is.
        base_failure: why a baseline that was given is not compared with.
        absent: the steps that there are not, each with the reason.
    """

    found: int
    labels: Sequence[str]
    samples: list[Sample]
    tally: Tally
    outputs: dict[str, NDArray[np.generic]]
    differences: dict[str, NDArray[np.float64]]
    invoke_us: dict[str, NDArray[np.float64]]
    oracle: Oracle
    interpreters: dict[str, str]
    workers: int | None
    read_with: Mapping[str, str]
    base: BaseSide | None = None
    base_rows: BaseRows | None = None
    base_failure: Failure | None = None
    absent: Sequence[AbsentStep] = ()


def no_outputs(outputs: Sequence[TensorInfo], task: Task, steps: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """What each step keeps of zero samples, [0, d]: its type and width are those for any number of samples."""
    return {step: task.nothing_kept(outputs, is_float=step == FLOAT) for step in steps}
