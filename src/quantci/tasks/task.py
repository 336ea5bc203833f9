"""What every task has: the evaluation runs, shards and merges, and asks the task for everything that needs its labels.

A new task is a file with a class of these methods, its metrics in records/evaluate.py, and one line in choose.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

from quantci.data.labelling import Labelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.records.doubt import Doubt
    from quantci.records.evaluate import TagMetrics
    from quantci.records.metrics import Metrics
    from quantci.records.model import ModelSummary, QuantizedType, TensorInfo
    from quantci.records.paired import Paired
    from quantci.records.stage import Advice
    from quantci.records.truth import Truth
    from quantci.tasks.custom import Metric
    from quantci.tasks.shared_labels import Common, Side

T = TypeVar("T")
Precision: TypeAlias = "Literal['FP32'] | QuantizedType"


class Observed(NamedTuple):
    """What the steps of the waterfall made of the same samples.

    Attributes:
        samples: those that were read, [n].
        kept: by step, in the order of the waterfall, what Task.keep() left of its outputs, [n, d]. The first step is
            the reference.
        labels: class names by index.
        outputs: those of the quantized model that are judged: their scales and zero points turn integers into values.
        quantized_type: what that model is called.
    """

    samples: Sequence[Sample]
    kept: Mapping[str, NDArray[np.generic]]
    labels: Sequence[str]
    outputs: Sequence[TensorInfo]
    quantized_type: QuantizedType = "INT8"

    @property
    def reference(self) -> NDArray[np.generic]:
        """What is kept of the first step."""
        return next(iter(self.kept.values()))

    @property
    def reference_name(self) -> Precision:
        """What the first step is: there need not be a float model."""
        return "FP32" if next(iter(self.kept)) == "float" else self.quantized_type


def ends(steps: Iterable[T]) -> tuple[T, T]:
    """What the first and the last step gave; where there is one step, it is both."""
    found = [*steps]
    return found[0], found[-1]


class Judgement(NamedTuple):
    """What a task finds.

    Attributes:
        metrics: by step.
        flips: by step, the first left out: samples whose answer differs from the step before.
        paired: the first step compared with the last. It says something only if they are two models.
        tags: the same by the tags of the samples; empty where the task has none.
    """

    metrics: dict[str, Metrics]
    flips: dict[str, int]
    paired: Paired
    tags: list[TagMetrics]


class Task(Labelling, Protocol):
    """A task. Its objects are small and go to the workers with each batch."""

    def fits(self, truth: Truth, labels: Sequence[str]) -> bool:
        """Whether this can be the truth of a sample: of the right kind, with no label beyond the list."""
        ...

    def truth_of(self, samples: Sequence[Sample], labels: Sequence[str]) -> NDArray[Any]:
        """What is right about these samples as an array: [n], or [n, d] where the answer has several parts."""
        ...

    def to_calibrate(self, labels: Sequence[str]) -> Sequence[str]:
        """The labels that a labelled calibration set lacks where it has no sample of them: the first ones."""
        ...

    def outputs_of(self, summary: ModelSummary) -> Sequence[TensorInfo]:
        """The outputs of the INT8 model that are judged.

        Raises:
            ConfigError: `task-not-judged`.
            ModelRejected: `multi-input`, `multi-output` or `unsupported-type`.
        """
        ...

    def check_labels(self, labels: Sequence[str], outputs: Sequence[TensorInfo], where: str) -> None:
        """Refuse labels that do not fit the model's outputs.

        Raises:
            DataRejected: `label-mismatch`.
        """
        ...

    def keep(
        self, inputs: NDArray[np.float32], raw: Sequence[NDArray[np.generic]], values: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.generic]:
        """What is kept of a step's outputs for samples, [n, d]: enough to judge them without the models.

        Args:
            inputs: the samples as the float model takes them, [n, m].
            raw: each of the step's outputs as it is, [n, k].
            values: the same as real numbers.
        """
        ...

    def nothing_kept(self, outputs: Sequence[TensorInfo], *, is_float: bool) -> NDArray[np.generic]:
        """What keep() gives for no sample, [0, d]: type and width of what it gives for any number of them."""
        ...

    def judge(self, observed: Observed, metrics: Mapping[str, Metric], seed: int) -> Judgement:
        """The statistics of the whole set.

        Args:
            observed: what the steps made of it.
            metrics: own metrics by module:function.
            seed: of the bootstrap, 0..2^32-1.

        Raises:
            DataRejected, ModelRejected, ConfigError: as docs/errors.md lists.
        """
        ...

    def in_common(self, samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
        """What two models can be compared on, whose labels may differ.

        Raises:
            ConfigError: `baseline-task`: nothing.
        """
        ...

    def doubts(self, observed: Observed) -> list[Doubt]:
        """Why the first step, the reference, is not to be trusted: it guesses, or always says the same."""
        ...

    def advice(self, summary: ModelSummary) -> list[Advice]:
        """What is odd about the INT8 model for this task."""
        ...
