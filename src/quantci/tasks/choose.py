"""The task of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification

if TYPE_CHECKING:
    from quantci.records.config import TaskConfig
    from quantci.tasks.base import Task


def choose_task(config: TaskConfig) -> Task:
    """The task that [task] names."""
    match config.kind:
        case "classification":
            return Classification(top_k=config.top_k)
        case "anomaly":
            return Anomaly()
