"""Where accuracy goes: the worst layers, as the comment and the terminal show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.diagnose import MOST_DB
from quantci.render.escape import code, prose
from quantci.report.tables import Section, Table
from quantci.report.wording import NBSP

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.records.diagnose import DiagnoseResult, LayerError

MOST_LAYERS: Final = 10
MOST_ADVICE: Final = 3
CELLS: Final = ("Own", "With those before", "Cosine", "Saturated")


def section(result: DiagnoseResult) -> Section:
    """The ten layers that add most error by themselves."""
    worst = sorted(result.layers, key=lambda layer: layer.rank)[:MOST_LAYERS]
    rows = ((f"{code(layer.name)}<br>{code(layer.op)}", *cells(layer)) for layer in worst)
    note = (
        f"{headline(result, code)} Signal to error in decibel, of the whole tensor or of its median channel if that "
        f"is worse: 6{NBSP}dB less is twice the error. *Own*: of this layer alone, on the same inputs. *With those "
        f"before*: as the network runs. Over {result.samples:,} calibration samples, float in "
        f"{prose(result.interpreters[0])} against INT8 in {prose(result.interpreters[1])}."
    )
    if result.first_below is None:
        note += " What INT8 loses only in the oracle is a kernel's doing, which this table cannot show."
    table = Table.of(("Layer", *CELLS), rows, len(result.layers))
    return Section("Where accuracy goes", note, [table])


def headline(result: DiagnoseResult, name: Callable[[str], str]) -> str:
    """Which layer is the first bad one, and how much was compared; `name` makes a layer's name literal."""
    total = len(result.layers) + len(result.unmatched)
    compared = f"{len(result.layers):,} of {total:,} activations compared."
    if result.first_below is None:
        return f"No layer falls below {result.threshold_db:g}{NBSP}dB; {compared}"
    layer = result.layers[result.first_below]
    return f"The first layer below {result.threshold_db:g}{NBSP}dB is {name(layer.name)} ({name(layer.op)}); {compared}"


def cells(layer: LayerError) -> tuple[str, ...]:
    """The figures of a layer in the order of CELLS."""
    return (
        decibel(min(layer.own_sqnr_db, layer.own_channel_sqnr_db)),
        decibel(min(layer.sqnr_db, layer.channel_sqnr_db)),
        "none" if layer.cosine is None else f"{layer.cosine:.4f}",
        f"{100 * layer.saturation:.1f}{NBSP}%",
    )


def decibel(value: float) -> str:
    """``21.3 dB``; at the end of the scale there is no error."""
    return "no error" if value >= MOST_DB else f"{value:.1f}{NBSP}dB"
