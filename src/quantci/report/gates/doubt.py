"""A loss beyond doubt fails where no gate says how much may be lost: nobody who set nothing wants a ruined model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.report import GateResult
from quantci.statistics.power import Z_LEVEL

if TYPE_CHECKING:
    from quantci.records.paired import Paired
    from quantci.report.gates.comparison import Comparison

MOST_P: Final = 0.01  # of McNemar's test
LEAST: Final = 0.01  # a loss of R² or AUC: paired errors that hardly differ make one of any size certain
_Z_STRICT: Final = 2.5758293035489004  # statistics.NormalDist().inv_cdf(0.995): a two-sided level of 99 %


def is_beyond_doubt(paired: Paired) -> bool:
    """The whole 95 % interval is a loss, and McNemar's p is below 0.01.

    A metric that is no share of samples has no such test. There the loss must be a point or more, and the interval
    decides at 99 %: its upper half is made wider by 2.576 / 1.960, as for a normal estimate.
    """
    if paired.interval.high >= 0:
        return False
    if paired.mcnemar_p is not None:
        return paired.mcnemar_p < MOST_P
    strict_high = paired.delta + (paired.interval.high - paired.delta) * _Z_STRICT / Z_LEVEL
    return strict_high < 0 and paired.delta <= -LEAST


def doubt_gate(comparison: Comparison) -> GateResult:
    """Fails for a loss beyond doubt; any other is none of its business."""
    paired = comparison.paired
    fails = is_beyond_doubt(paired)
    if fails:
        low, high = 100 * paired.interval.low, 100 * paired.interval.high
        reason = (
            f"{comparison.change(f'{-100 * paired.delta:.1f}')}. That is beyond doubt (95 % interval {low:.1f} to "
            f"{high:.1f} points), and no gate allows it: see gates.{comparison.metric_gate}."
        )
    else:
        reason = f"There is no loss {comparison.between} that is beyond doubt."
    return GateResult(
        name="fail_on_loss",
        family=comparison.family,
        limit=0.0,
        value=0.0 - paired.delta,
        kind="measured",
        verdict="fail" if fails else "pass",
        reason=reason,
    )
