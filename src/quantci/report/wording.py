"""How states, steps and metrics are called where a person reads."""

from __future__ import annotations

from typing import Final

STATUSES: Final = {
    "config_rejected": "configuration rejected",
    "model_rejected": "model rejected",
    "data_rejected": "data rejected",
    "board_error": "board error",
    "tool_error": "tool error",
    "cancelled": "cancelled",
    "not_run": "not run",
}
STEPS: Final = {"float": "FP32", "int8-litert": "INT8 in LiteRT", "int8-oracle": "INT8 in the oracle"}
METRICS: Final = {
    "top1_accuracy": "Accuracy",
    "exact_match": "Exact match",
    "r2": "R²",
    "roc_auc": "ROC AUC",
}
