"""Every metric that has a name in a record or in the configuration stands in docs/glossary.md."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from quantci.records import diagnose, evaluate, metrics, paired

GLOSSARY = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text(encoding="utf-8")
# Counts, names and parts of a metric; three that the glossary has in other words.
NO_METRICS = {
    *("bootstrap_resamples", "normal_groups", "anomalous_groups", "top_k", "samples", "rank", "op_index"),
    *("label", "name", "op", "outputs", "per_class", "metric", "delta", "interval"),
    *("largest_error", "saturation", "channel_sqnr_db", "own_channel_sqnr_db"),
}


def test_every_metric_is_explained() -> None:
    records = (
        metrics.ClassificationMetrics,
        metrics.ClassMetrics,
        metrics.MultiLabelMetrics,
        metrics.LabelMetrics,
        metrics.RegressionMetrics,
        metrics.ValueMetrics,
        metrics.AnomalyMetrics,
        evaluate.Agreement,
        paired.ClassDelta,
        paired.Paired,
        diagnose.LayerError,
    )
    names = {field.name for record in records for field in msgspec.structs.fields(record)}
    assert names - NO_METRICS <= set(re.findall(r"`(\w+)`", GLOSSARY))
