"""Calibrate the latency estimate to your own board, from latencies that you measured there.

Reads a file with the measured latencies and the models that it names, or the records of quantci bench, and writes the
coefficients of that board, for target.latency_coefficients in quantci.toml. docs/latency.md shows the file and explains
the tables.

examples:
  quantci fit-latency boards/devkit.toml                               writes boards/devkit.json
  quantci fit-latency boards/devkit.toml --output coefficients.json
  quantci fit-latency kws/build/quantci/bench.json vww/build/quantci/bench.json --output boards/devkit.json
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quantci.cli.console import Console
from quantci.errors import EXIT_OK, ConfigError

if TYPE_CHECKING:
    import argparse

    from quantci.latency_fit.run import Fit
    from quantci.render.cells import Block, Cell

_LONG = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "measurements", nargs="+", metavar="FILE", help="what was measured on the board: one .toml, or any bench.json"
    )
    parser.add_argument(
        "--output",
        default=None,
        metavar="FILE.json",
        help="default: FILE.json beside FILE.toml; of bench.json, coefficients.json",
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit, write the coefficients, and show how well they do."""
    from datetime import UTC, datetime

    from quantci.latency_fit.run import fit_latency
    from quantci.records.base import write

    sources = [Path(one) for one in arguments.measurements]
    source = sources[0]
    if len({one.suffix for one in sources}) > 1 or (source.suffix != ".json" and len(sources) > 1):
        raise ConfigError(
            "config-value",
            "These are not all records of quantci bench.",
            where="FILE",
            remedy="Give one .toml, or one bench.json or more.",
        )
    name = "coefficients" if source.suffix == ".json" else source.stem
    output = source.parent / f"{name}.json" if arguments.output is None else Path(arguments.output)
    if output.suffix != ".json" or output in sources:
        raise ConfigError(
            "config-value",
            f"The coefficients cannot be written to {output}.",
            where="--output",
            remedy="Name a file that ends in .json, and not the measurements themselves.",
        )
    with Console("fit-latency") as console:
        result = fit_latency(sources, fitted_on=datetime.now(UTC).date().isoformat(), progress=console)
        write(output, result.calibration.record)
    _print(result, output)
    return EXIT_OK


def _print(result: Fit, output: Path) -> None:
    import json

    from quantci.render.cells import Name, Paragraph
    from quantci.render.terminal import show

    record = result.calibration.record
    notes: list[Cell] = []
    for measurement in result.measurements:
        name, share = Name(measurement.model.whole.name), 100 * (measurement.uncovered_share or 0)
        if measurement.short_ops:
            notes.append((name, f": ops too short to measure, and not fitted: {measurement.short_ops}"))
        if share >= 0.1:
            notes.append((name, f": {share:.1f} % of its time is not covered"))
    told = (
        f"over {record.models} models left out"
        if record.models
        else "of the published coefficients: no model could be left out"
    )
    made_of = f"{record.figures} figures of {record.sources} models, error ±{100 * record.error_ratio:.0f} % ({told})"
    ending: list[Cell] = []
    if record.error_ratio > 1:
        ending.append("With an error of more than 100 % quantci embed gives no total: check each model's latency.")
    if result.calibration.is_published:
        ending.append("The published coefficients stay: they do better on a model that is left out than a fit does.")
    ending.append((Name(str(record.board), _LONG), f": {made_of}"))
    show([*_models(result), *map(Paragraph, notes), *_terms(result), *map(Paragraph, ending)])
    print(f"{output}: add it to quantci.toml, with a path relative to that file:")
    print(f"\n[target]\nlatency_coefficients = {json.dumps(str(output), ensure_ascii=False)}")


def _models(result: Fit) -> list[Block]:
    from quantci.render.cells import Column, Heading, Name, table
    from quantci.render.numbers import Number

    def us(cycles: float | None) -> Cell:
        return "" if cycles is None else Number(1e6 * cycles / result.calibration.record.clock_hz, "µs")

    rows: list[list[Cell]] = []
    for check in result.calibration.checks:
        whole = check.model.whole
        error = f"{100 * (whole.cycles / check.left_out - 1):+.0f} %" if check.left_out else "not possible"
        known = (check.published, check.fitted, check.left_out) if check.model.has_total else (None, None, None)
        rows.append([Name(whole.name), us(whole.cycles), *map(us, known), error])
    heads = ("measured", "published", "this board's", "this model left out", "measured / left out - 1")
    shown = table(("model", *(Column(title, "right") for title in heads)), rows)
    return [Heading("One inference: measured, and estimated by coefficients"), shown]


def _terms(result: Fit) -> list[Block]:
    from quantci.render.cells import Column, Heading, table

    published = result.published.record.terms if result.published else {}
    rows: list[tuple[Cell, ...]] = []
    for name, term in result.calibration.record.terms.items():
        before = f"{published[name].cycles:,.3g}" if name in published else ""
        behind = f"{term.published} published + {term.support}" if term.published else f"{term.support}"
        rows.append((name, before, f"{term.cycles:,.3g}", behind))
    shown = table(("term", *(Column(title, "right") for title in ("published", "this board", "figures"))), rows)
    return [Heading("Cycles of one unit, and the figures behind them"), shown]
