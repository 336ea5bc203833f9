"""Where accuracy goes: the worst layers, as the comment and the terminal show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.diagnose import MOST_DB
from quantci.render.cells import Column, Emphasis, Folded, Name, Paragraph, Sentence, bullets, table
from quantci.render.numbers import NBSP, Number

if TYPE_CHECKING:
    from quantci.records.diagnose import DiagnoseResult, LayerError
    from quantci.render.cells import Block, Cell

MOST_LAYERS: Final = 10
MOST_ADVICE: Final = 3
CELLS: Final = ("Own", "With those before", "Cosine", "Saturated")


def section(result: DiagnoseResult) -> Folded:
    """The ten layers that add most error by themselves."""
    note: list[Cell] = [
        headline(result),
        (
            " Signal to error in decibel, of the whole tensor or of its median channel if that is worse: "
            f"6{NBSP}dB less is twice the error. "
        ),
        (Emphasis("Own"), ": of this layer alone, on the same inputs. "),
        (
            Emphasis("With those before"),
            f": as the network runs. Over {result.samples:,} calibration samples, float in ",
        ),
        (Sentence(result.interpreters[0]), " against the quantized model in ", Sentence(result.interpreters[1]), "."),
    ]
    if result.first_below is None:
        note.append(
            " What the quantized model loses only in the oracle comes from a kernel, and this table cannot show it."
        )
    rows = ((_name(layer), *cells(layer)) for layer in worst_layers(result))
    shown = table(("Layer", *CELLS), rows, len(result.layers))
    return Folded("Where accuracy goes", [Paragraph(tuple(note)), shown])


def overview(result: DiagnoseResult, *, everything: bool) -> list[Block]:
    """What a person at a terminal reads: the worst layers or all in their order, the first bad one, all advice."""
    layers = result.layers if everything else worst_layers(result)
    rows = ((Number(layer.rank), _name(layer), *cells(layer)) for layer in layers)
    heads = [Column("#", "right"), Column("Layer"), *(Column(title, "right") for title in CELLS)]
    shown = table(heads, rows, None if everything else len(result.layers), "diagnose.json")
    advice = [(Sentence(advice.text), f" [{advice.code}]") for advice in result.advice]
    return [shown, Paragraph(headline(result)), bullets(advice)]


def worst_layers(result: DiagnoseResult) -> list[LayerError]:
    """Those that add most error by themselves, the worst first."""
    return sorted(result.layers, key=lambda layer: layer.rank)[:MOST_LAYERS]


def _name(layer: LayerError) -> Cell:
    return (Name(layer.name), "\n", Name(layer.op))


def headline(result: DiagnoseResult) -> Cell:
    """Which layer is the first bad one, and how much was compared."""
    total = len(result.layers) + len(result.unmatched)
    compared = f"{len(result.layers):,} of {total:,} activations compared."
    if result.first_below is None:
        return f"No layer falls below {result.threshold_db:g}{NBSP}dB; {compared}"
    layer = result.layers[result.first_below]
    below = f"The first layer below {result.threshold_db:g}{NBSP}dB is "
    return (below, Name(layer.name), " (", Name(layer.op), f"); {compared}")


def cells(layer: LayerError) -> tuple[Cell, ...]:
    """The figures of a layer in the order of CELLS."""
    return (
        decibel(min(layer.own_sqnr_db, layer.own_channel_sqnr_db)),
        decibel(min(layer.sqnr_db, layer.channel_sqnr_db)),
        "none" if layer.cosine is None else f"{layer.cosine:.4f}",
        Number(layer.saturation, "ratio"),
    )


def decibel(value: float) -> Number | str:
    """``21.3 dB``; at the end of the scale there is no error."""
    return "no error" if value >= MOST_DB else Number(value, "dB")
