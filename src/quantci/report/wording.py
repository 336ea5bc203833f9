"""How numbers and states read, the same in Markdown and on a terminal. JSON keeps ratios and bare integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quantci.records.report import GateResult, Kind, Verdict

NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"

MARKS: Final[dict[Verdict, str]] = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}
KINDS: Final[dict[Kind, str]] = {
    "measured": "measured on host",
    "estimated": "estimated",
    "emulated": "emulated",
    "not_measured": "not measured",
}
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


def percent(ratio: float | None) -> str:
    """``0.912`` as ``91.2 %``."""
    return f"{100 * ratio:.1f}{NBSP}%" if ratio is not None else "none"


def points(delta: float) -> str:
    """A difference of two ratios in percentage points, signed."""
    return f"{signed(100 * delta, 1)}{NBSP}pp"


def signed(number: float, decimals: int) -> str:
    """A number with its sign and thousands separators; what rounds to zero has no sign."""
    text = f"{abs(number):,.{decimals}f}"
    if not any(digit in "123456789" for digit in text):
        return text
    return f"{MINUS if number < 0 else '+'}{text}"


def size(count: int) -> str:
    """Bytes with thousands separators, and in KiB or MiB from one of these on."""
    unit, word = (1 << 20, "MiB") if count >= 1 << 20 else (1 << 10, "KiB")
    rough = f" ({count / unit:,.1f}{NBSP}{word})" if count >= unit else ""
    return f"{count:,}{NBSP}B{rough}"


def size_change(delta: int) -> str:
    """A difference in bytes, signed."""
    return f"{signed(delta, 0)}{NBSP}B"


def rough_time(duration_us: float) -> str:
    """A duration of two significant digits, in the unit that suits it: ``840 µs``, ``12 ms``, ``1.4 s``."""
    rounded = float(f"{duration_us:.1e}")
    for factor, unit in ((1, "µs"), (1e3, "ms"), (1e6, "s")):
        if rounded < 1000 * factor or unit == "s":
            break
    number = rounded / factor
    return f"{number:,.{0 if number >= 10 or number == 0 else 1}f}{NBSP}{unit}"


def gate_number(gate: GateResult, number: float | None) -> str:
    """The limit or the value of a gate, in the unit of its name."""
    if number is None:
        return "not measured"
    if gate.name.endswith("_drop"):
        return f"{100 * number:.1f}{NBSP}pp".replace("-", MINUS)
    if gate.name.endswith("_bytes"):
        return size(int(number))
    if gate.name.endswith("_us"):
        return f"{number:,.0f}{NBSP}µs"
    return f"{number:,.0f}{NBSP}ops"
