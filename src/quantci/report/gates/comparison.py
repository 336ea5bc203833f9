"""Two models on the same samples, as the gates on a loss see them: float and quantized, or the base's and this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.report.wording import metric_name

if TYPE_CHECKING:
    from quantci.records.against_base import AgainstBase
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.gates_config import Compared
    from quantci.records.model import QuantizedType
    from quantci.records.paired import Paired

LOSS_GATES: Final[dict[Compared, tuple[str, str]]] = {  # on the metric, and on single classes
    "quantization": ("max_metric_drop", "max_worst_class_drop"),
    "base": ("max_metric_regression", "max_worst_class_regression"),
}
MOSTLY: Final = 0.9  # of the loss: so much of it in FP32 as well is the model, so much of it not is quantization


class Comparison(NamedTuple):
    """What the second model loses.

    Attributes:
        family: what is compared.
        quantized_type: what the second model is called.
        paired: both, sample by sample.
        before: the metric of the first.
        after: the metric of the second.
        samples: that were compared.
        recalls: support, and recall in both, by label.
        cause: where the loss is from, as far as that is known.
    """

    family: Compared
    quantized_type: QuantizedType
    paired: Paired
    before: float
    after: float
    samples: int
    recalls: dict[str, tuple[int, float | None, float | None]]
    cause: str = ""

    @property
    def metric_gate(self) -> str:
        """Its gate on the metric."""
        return LOSS_GATES[self.family][0]

    @property
    def class_gate(self) -> str:
        """Its gate on single classes."""
        return LOSS_GATES[self.family][1]

    @property
    def between(self) -> str:
        """Which two models."""
        return f"from FP32 to {self.quantized_type}" if self.family == "quantization" else "against the base"

    def change(self, found: str) -> str:
        """What became of the metric, without a full stop; `found` is the size of the change in points."""
        what = metric_name(self.paired.metric, self.quantized_type)
        values = f"from {100 * self.before:.1f} % to {100 * self.after:.1f} %"
        delta = self.paired.delta
        if delta == 0:
            same = "that of FP32" if self.family == "quantization" else "that of the base"
            return f"{what} is {same}, {100 * self.after:.1f} %"
        if self.family == "quantization":
            return f"{what} is {found} points {'below' if delta < 0 else 'above'} FP32, {values}"
        return f"{what} {'fell' if delta < 0 else 'rose'} by {found} points, {values}{self.cause}"


def from_float(evaluate: EvaluateResult) -> Comparison | None:
    """FP32 against the quantized model; None without a float model."""
    if evaluate.paired is None:
        return None
    return Comparison(
        "quantization",
        evaluate.quantized_type,
        evaluate.paired,
        evaluate.headline(0),
        evaluate.headline(-1),
        evaluate.dataset.used,
        evaluate.recalls(),
    )


def from_base(against: AgainstBase, quantized_type: QuantizedType, float_delta: float | None) -> Comparison:
    """The base's model against this change's; `float_delta` is what became of FP32, where that can be compared."""
    return Comparison(
        "base",
        quantized_type,
        against.paired,
        against.base_metric,
        against.candidate_metric,
        against.reused + against.run_again,
        {one.label: (one.support, one.base_recall, one.candidate_recall) for one in against.per_class},
        _cause(against.paired.delta, float_delta),
    )


def _cause(delta: float, float_delta: float | None) -> str:
    """Whether the model or its quantization lost it: what FP32 lost, beside what the quantized one lost."""
    if float_delta is None or delta >= 0:
        return ""
    share = float_delta / delta
    if share < 1 - MOSTLY:
        return "; FP32 did not fall: quantization, not the model"
    if share < MOSTLY:
        return f"; FP32 fell by {-100 * float_delta:.1f}: the model and quantization"
    if share <= 2 - MOSTLY:
        return "; FP32 fell as much: the model, not quantization"
    return f"; FP32 fell by {-100 * float_delta:.1f}: the model, not quantization"
