"""What every gate's result has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.report import GateResult

if TYPE_CHECKING:
    from quantci.records.report import Family

ROUNDING: Final = 1e-9  # 0.93 - 0.91 is not 0.02 in binary


def missing(name: str, family: Family, limit: float, reason: str) -> GateResult:
    """Of a gate that is set and that nothing was found for: inconclusive, never a pass."""
    sentence = f"{name} cannot be judged: {reason}."
    return GateResult(
        name=name, family=family, limit=limit, value=None, kind="not_measured", verdict="inconclusive", reason=sentence
    )


def apart(first: float, second: float) -> tuple[str, str]:
    """Two ratios in percent with one decimal, or with as many as it takes (to three) to look different."""
    for decimals in (1, 2, 3):
        texts = f"{100 * first:.{decimals}f}", f"{100 * second:.{decimals}f}"
        if texts[0] != texts[1]:
            return texts
    return f"{100 * first:.1f}", f"{100 * second:.1f}"
