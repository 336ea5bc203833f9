"""How states, steps and metrics are called where a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.paired import HEADLINES
from quantci.render.cells import Name

if TYPE_CHECKING:
    from quantci.records.bench import DeviceKind
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.model import QuantizedType
    from quantci.records.paired import HeadlineMetric
    from quantci.records.report import Report
    from quantci.render.cells import Cell

STATUSES: Final = {
    "config_rejected": "configuration rejected",
    "model_rejected": "model rejected",
    "data_rejected": "data rejected",
    "board_error": "board error",
    "tool_error": "tool error",
    "cancelled": "cancelled",
    "not_run": "not run",
}
DEVICES: Final[dict[DeviceKind, str]] = {
    "board": "the board",
    "emulated": "the emulated chip",
    "virtual": "the virtual device",
}
_ORACLES: Final = {
    "tflm": "TFLM",
    "litert-reference": "LiteRT's reference kernels",
    "litert": "TFLM",  # which could not run it: see AbsentStep
}
_METRICS: Final[dict[HeadlineMetric, str]] = {
    "top1_accuracy": "Accuracy",
    "exact_match": "Exact match",
    "r2": "R²",
    "roc_auc": "ROC AUC",
}


def metric_of(report: Report) -> HeadlineMetric | None:
    """What the model of this report is judged by; None where its task is not known."""
    if report.evaluate is not None:
        return report.evaluate.metric
    return HEADLINES[report.config.task.kind] if report.config else None


def type_name(report: Report) -> QuantizedType:
    """What the quantized model is called."""
    if report.quantize is not None:
        return report.quantize.quantized_model.quantized_type
    return report.evaluate.quantized_type if report.evaluate is not None else "INT8"


def metric_name(metric: HeadlineMetric | None, before: str = "") -> str:
    """What a task is judged by, alone or after another word, such as ``INT8 accuracy``."""
    name = _METRICS[metric] if metric else "The task's metric"
    return f"{before} {name[0].lower() + name[1:] if name[1].islower() else name}" if before else name


def step_name(step: str, evaluate: EvaluateResult) -> Cell:
    """The interpreter of a step, in two or three words."""
    if step == "float":
        return "FP32"
    where = {"int8-litert": "LiteRT", "int8-oracle": _ORACLES[evaluate.oracle]}.get(step)
    return f"{evaluate.quantized_type} in {where}" if where else Name(step)
