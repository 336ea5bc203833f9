"""The task of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.tasks.anomaly import LABELS, Anomaly
from quantci.tasks.classification import Classification
from quantci.tasks.multi_label import MultiLabel
from quantci.tasks.regression import Regression

if TYPE_CHECKING:
    from quantci.records.config import TaskConfig
    from quantci.tasks.task import Task


def choose_task(config: TaskConfig) -> Task:
    """The task that [task] names."""
    match config.kind:
        case "classification":
            return Classification(labels=config.labels, top_k=config.top_k)
        case "multi-label":
            return MultiLabel(labels=config.labels)
        case "regression":
            return Regression(labels=config.labels)
        case "anomaly":
            return Anomaly(labels=config.labels or LABELS)
