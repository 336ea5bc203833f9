"""How numbers read, wherever they are shown. JSON keeps ratios and bare integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from quantci.records.report import Kind

if TYPE_CHECKING:
    from collections.abc import Callable


NBSP: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"
KINDS: Final[dict[Kind, str]] = {
    "measured": "measured on host",
    "on_device": "measured on the board",
    "estimated": "estimated",
    "emulated": "emulated",
    "virtual": "on the virtual device",
    "not_measured": "not measured",
}
_KIB_FROM: Final = 10_000  # bytes; below, all digits are as short
Unit = Literal[
    "count",
    "ratio",
    "ratio about",
    "ratio change",
    "points",
    "points change",
    "B",
    "B about",
    "B exactly",
    "B change",
    "µs",
    "µs about",
    "dB",
    "ops",
    "change",
    "plain",
]


class Number(Struct, frozen=True):
    """A number of some unit; `kind` says how it came about, where nothing beside it does."""

    value: float
    unit: Unit = "count"
    kind: Kind | None = None

    def __str__(self) -> str:
        """As people write it."""
        text = _FORMATS[self.unit](self.value)
        return f"{text}, {KINDS[self.kind]}" if self.kind else text


def percent(ratio: float | None) -> Number | str:
    """``0.912`` as ``91.2 %``."""
    return "none" if ratio is None else Number(ratio, "ratio")


def points(delta: float, kind: Kind | None = None) -> Number:
    """A difference of two ratios in percentage points, signed."""
    return Number(delta, "points change", kind)


def relative(change: float) -> Number:
    """A difference as a share of what was before, signed."""
    return Number(change, "ratio change")


def size(count: int, kind: Kind | None = None) -> Number:
    """Bytes with thousands separators, and in KiB or MiB from one of these on."""
    return Number(count, "B", kind)


def rough_size(count: int) -> Number:
    """Bytes at a glance: ``4,016 B``, ``60.0 KiB``, ``4.0 MiB``."""
    return Number(count, "B about")


def size_change(delta: int) -> Number:
    """A difference in bytes, signed."""
    return Number(delta, "B change")


def rough_time(duration_us: float) -> Number:
    """A duration of two significant digits, in the unit that suits it: ``840 µs``, ``12 ms``, ``1.4 s``."""
    return Number(duration_us, "µs about")


def signed(number: float, decimals: int) -> str:
    """A number with its sign and thousands separators; what rounds to zero has no sign."""
    text = f"{abs(number):,.{decimals}f}"
    if not any(digit in "123456789" for digit in text):
        return text
    return f"{MINUS if number < 0 else '+'}{text}"


def _size(count: float) -> str:
    unit, word = (1 << 20, "MiB") if count >= 1 << 20 else (1 << 10, "KiB")
    rough = f" ({count / unit:,.1f}{NBSP}{word})" if count >= unit else ""
    return f"{count:,}{NBSP}B{rough}"


def _rough_size(count: float) -> str:
    if count >= 1 << 20:
        return f"{count / (1 << 20):,.1f}{NBSP}MiB"
    return f"{count / (1 << 10):,.1f}{NBSP}KiB" if count >= _KIB_FROM else f"{count:,}{NBSP}B"


def _rough_time(duration_us: float) -> str:
    rounded = float(f"{duration_us:.1e}")
    for factor, unit in ((1, "µs"), (1e3, "ms"), (1e6, "s")):
        if rounded < 1000 * factor or unit == "s":
            break
    number = rounded / factor
    return f"{number:,.{0 if number >= 10 or number == 0 else 1}f}{NBSP}{unit}"


_FORMATS: Final[dict[Unit, Callable[[float], str]]] = {
    "count": lambda value: f"{value:,}",
    "ratio": lambda value: f"{100 * value:.1f}{NBSP}%",
    "ratio about": lambda value: f"{100 * value:.0f}{NBSP}%",
    "ratio change": lambda value: f"{signed(100 * value, 1)}{NBSP}%",
    "points": lambda value: f"{100 * value:.1f}{NBSP}pp".replace("-", MINUS),
    "points change": lambda value: f"{signed(100 * value, 1)}{NBSP}pp",
    "B": _size,
    "B about": _rough_size,
    "B exactly": lambda value: f"{value:,}{NBSP}B",
    "B change": lambda value: f"{signed(value, 0)}{NBSP}B",
    "µs": lambda value: f"{value:,.0f}{NBSP}µs",
    "µs about": _rough_time,
    "dB": lambda value: f"{value:.1f}{NBSP}dB",
    "ops": lambda value: f"{value:,.0f}{NBSP}ops",
    "change": lambda value: signed(value, 0),
    "plain": lambda value: f"{value:,.4g}",
}
