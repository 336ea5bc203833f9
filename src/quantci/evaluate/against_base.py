"""The base branch's INT8 model against this change's, by the statistics of the task, on what both can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import QuantciError
from quantci.evaluate.scored import BASE
from quantci.records.against_base import AgainstBase, ClassChange, TagChange
from quantci.records.metrics import ClassificationMetrics, MultiLabelMetrics
from quantci.records.stage import Failure
from quantci.tasks.shared_labels import Side
from quantci.tasks.task import Observed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.evaluate.scored import Scored
    from quantci.records.metrics import Metrics
    from quantci.records.model import TensorInfo
    from quantci.tasks.task import Task


def compare_with_base(
    scored: Scored, task: Task, outputs: Sequence[TensorInfo], seed: int
) -> tuple[AgainstBase | None, Failure | None]:
    """The comparison, or why there is none although a baseline was given; neither where nobody gave one.

    Args:
        scored: the whole set.
        task: of both models.
        outputs: of this change's INT8 model.
        seed: of the bootstrap.
    """
    if scored.base is None or scored.base_rows is None:
        return None, scored.base_failure
    try:
        return _compare(scored, task, outputs, seed), None
    except QuantciError as error:  # this change's own outputs have been judged before
        return None, Failure.of(error)


def _compare(scored: Scored, task: Task, outputs: Sequence[TensorInfo], seed: int) -> AgainstBase:
    side, rows = scored.base, scored.base_rows
    assert side is not None
    assert rows is not None
    *_, candidate = scored.outputs
    common = task.in_common(
        scored.samples,
        Side(rows.base, side.labels, side.outputs),
        Side(scored.outputs[candidate], scored.labels, outputs),
    )
    kept = {BASE: common.base, candidate: common.candidate}
    judged = task.judge(Observed(common.samples, kept, common.labels, outputs), {}, seed)
    again, count = int(rows.base_again[common.places].sum()), len(common.samples)
    why = " and ".join(side.changes) or "the evaluation set changed"
    metrics = judged.metrics
    return AgainstBase(
        base=side.base,
        reused=count - again,
        run_again=again,
        reasons=[f"{why[0].upper()}{why[1:]}: the base's model was run on {again:,} of today's {count:,} samples."]
        if again
        else [],
        base_metric=getattr(metrics[BASE], judged.paired.metric),
        candidate_metric=getattr(metrics[candidate], judged.paired.metric),
        paired=judged.paired,
        per_class=_per_class(metrics[BASE], metrics[candidate]),
        tags=[
            TagChange(
                tag=one.tag, samples=one.samples, base_metric=one.float_metric, candidate_metric=one.quantized_metric
            )
            for one in judged.tags
        ],
        not_comparable=common.notes,
    )


def _per_class(base: Metrics, candidate: Metrics) -> list[ClassChange]:
    after = {label: recall for label, _, recall in _recalls(candidate)}
    return [
        ClassChange(label=label, support=support, base_recall=recall, candidate_recall=after[label])
        for label, support, recall in _recalls(base)
    ]


def _recalls(metrics: Metrics) -> list[tuple[str, int, float | None]]:
    match metrics:
        case ClassificationMetrics(per_class=classes):
            return [(one.label, one.support, one.recall) for one in classes]
        case MultiLabelMetrics(per_class=labels):
            return [(one.label, one.support, one.recall) for one in labels]
        case _:
            return []
