"""Tables in the documents that are made from the code: `python -m tests.docs.tables --write` makes them anew.

It fits the published latencies again before.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
from tests.synthetic_boards import errors
from tests.unit.chip.layers import infos

from quantci.chip.datasheet import chip_names, load_chip
from quantci.chip.esp_nn.terms import TERMS, is_wait
from quantci.chip.latency.coefficients import PUBLISHED, published_coefficients
from quantci.chip.latency.data import published_figures, why_left_out
from quantci.chip.latency.estimate import estimate_latency
from quantci.chip.latency.fit import SUPPORT_SHARE, percentile
from quantci.chip.latency.layers import parse_layers
from quantci.chip.latency.published import (
    BUILDS,
    ablations,
    checks_of,
    fit_published,
    network_errors,
    write_published,
)
from quantci.cli.options import all_keys
from quantci.records.base import encode
from quantci.records.config import Config

ROOT = Path(__file__).parents[2]
_MEASURED = {figure.name: figure for figure in published_figures().figures}
_DENSE = [f"dense {units}" for units in (128, 128, 128, 128, 8, 128, 128, 128, 128, 640)]
MLPERF_TINY = [
    *(
        (name, _MEASURED[f"MLPerf Tiny {figure}"].input, _MEASURED[f"MLPerf Tiny {figure}"].layers)
        for name, figure in (
            ("keyword spotting (DS-CNN)", "keyword spotting (DS-CNN)"),
            ("image classification (ResNet8)", "image classification (ResNet8)"),
            ("visual wake words (MobileNetV1 0.25)", "visual wake words (MobileNetV1 0.25, 96x96x3)"),
        )
    ),
    ("anomaly detection (autoencoder)", "1x1x640", _DENSE),
]
BLOCK = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
DOCUMENTS = {"configuration": ROOT / "docs" / "configuration.md", "latency": ROOT / "docs" / "latency.md"}


def configuration() -> str:
    """Every key with its default, option, variable and meaning."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    defaults = msgspec.to_builtins(
        msgspec.convert({"model": {"source": None}, "calibration": {"data": None}, "evaluation": {"data": "-"}}, Config)
    )
    required = {"evaluation.data": "required"} | dict.fromkeys(
        ("model.source", "calibration.data"), "required without `model.quantized`"
    )
    for key in all_keys():
        value: Any = defaults
        for part in key.path.split("."):
            value = value[part]
        shown = required.get(key.path) or ("not set" if value is None else f"`{toml(value)}`")
        rows.append(f"| `{key.path}` | {shown} | {key.help.replace('|', '&#124;')} |")
    return "\n".join(rows)


def chips() -> str:
    """Every value of `target.chip`."""
    heads = ("`target.chip`", "what it is", "SRAM for an application", "PSRAM", "flash", "of it for a model", "kernels")
    rows = [f"| {' | '.join(heads)} |", "|---|---|--:|--:|--:|--:|---|"]
    for name in chip_names():
        chip = load_chip(name)
        kernels = "plain C" if chip.kernel_set == "generic" else f"ESP-NN for {chip.kernel_set}"
        psram = f"{chip.psram_bytes // 1024**2} MiB" if chip.psram_bytes else ""
        flash, room = (f"{count // 1024**2} MiB" for count in (chip.flash_bytes, chip.model_partition_bytes))
        memories = f"{chip.internal_bytes // 1024} KiB | {psram} | {flash} | {room}"
        rows.append(f"| `{name}` | {chip.name} | {memories} | {kernels} |")
    return "\n".join(rows)


def latency_fit() -> str:
    """Every total that counts, and how far off the terms before, the fit, and the fits without it are."""
    heads = (
        "inference",
        "source",
        "kernels, arena",
        "measured",
        "terms before",
        "fitted",
        "network left out",
        "source left out",
    )
    rows = [f"| {' | '.join(heads)} |", "|---|---|---|--:|--:|--:|--:|--:|"]
    figures = published_figures()
    found = {figure.name: figure for figure in figures.figures}
    by_network, by_source = checks_of(figures), checks_of(figures, by_source=True)
    for build, checks in by_network.items():
        for check, other in zip(checks, by_source[build], strict=True):
            if not check.row.is_model:
                continue
            figure = found[check.row.name]
            time_us = 1e6 * check.row.cycles / figure.clock_hz
            before = "" if figure.before_us is None else _off(time_us, figure.before_us)
            errors = (_off(check.row.cycles, one) for one in (check.fitted, check.left_out, other.left_out))
            shown = (
                check.row.name,
                f"`{check.row.source}`",
                ", ".join(build),
                f"{time_us / 1000:,.1f} ms",
                before,
                *errors,
            )
            rows.append(f"| {' | '.join(shown)} |")
    return "\n".join(rows)


def _off(measured: float, estimated: float | None) -> str:
    return "not possible" if not estimated else f"{100 * (measured / estimated - 1):+.0f} %"


def latency_builds() -> str:
    """What is covered, and its error."""
    heads = ("kernels", "arena", "networks left out", "largest error of each", "error that is stated")
    rows = [f"| {' | '.join(heads)} |", "|---|---|--:|---|--:|"]
    checks = checks_of(published_figures())
    for build in BUILDS:
        found = network_errors(checks[build])
        each = ", ".join(f"{name} {100 * error:.1f} %" for name, error in sorted(found.items(), key=lambda one: one[1]))
        rows.append(f"| {' | '.join(build)} | {len(found)} | {each} | ±{100 * percentile(found.values(), 90):.0f} % |")
    return "\n".join(rows)


def latency_ablation() -> str:
    """What each term is good for."""
    rows = [
        "| term | networks behind it | figures that hold it | left out | without the term |",
        "|---|--:|--:|--:|--:|",
    ]
    rows += [
        f"| `{one.term}` | {one.networks} | {one.figures} | {100 * one.error:.1f} % | {100 * one.error_without:.1f} % |"
        for one in ablations(published_figures())
    ]
    return "\n".join(rows)


def latency_thin() -> str:
    """Networks of which more than a tenth rested on a single other one: what would have been stated, and what was."""
    rows = ["| inference | of it on a single network | would be stated | was off |", "|---|--:|--:|--:|"]
    for build, checks in checks_of(published_figures()).items():
        found = network_errors(checks)
        for check in checks:
            if not check.row.is_model or check.error is None or check.thin <= SUPPORT_SHARE:
                continue
            others = [error for name, error in found.items() if name != check.row.network]
            if others and build in BUILDS:
                stated = min(1, percentile(others, 90) + check.thin)
                shown = f"{100 * check.thin:.0f} % | ±{100 * stated:.0f} % | {100 * check.error:.0f} %"
                rows.append(f"| {check.row.name} | {shown} |")
    return "\n".join(rows)


def latency_left_out() -> str:
    """The figures that do not count."""
    rows = ["| inference | source | measured | why it does not count |", "|---|---|--:|---|"]
    rows += [
        f"| {figure.name} | `{figure.source}` | {(figure.time_us or 0) / 1000:,.1f} ms | {why} |"
        for figure in published_figures().figures
        if (why := why_left_out(figure))
    ]
    return "\n".join(rows)


def latency_terms() -> str:
    """Each term, what one unit of it costs, and how many networks say so."""
    rows = ["| term | a unit is | costs | networks behind it |", "|---|---|--:|--:|"]
    for name, term in published_coefficients().record.terms.items():
        costs = f"{term.cycles:,.3g} {'ns' if is_wait(name) else 'cycles'}"
        rows.append(f"| `{name}` | {TERMS[name].unit} | {costs} | {term.support} |")
    return "\n".join(rows)


def latency_mlperf() -> str:
    """The models of MLPerf Tiny with the usual flash, cache and esp-nn, at both clocks."""
    rows = ["| model | 160 MHz | 240 MHz | error |", "|---|--:|--:|--:|"]
    for name, given, lines in MLPERF_TINY:
        layers = parse_layers(given, lines)
        slow, fast = (
            estimate_latency(layers, infos(layers), published_coefficients().at(clock_hz))
            for clock_hz in (160_000_000, 240_000_000)
        )
        times = " | ".join(f"{(one.total_us or 0) / 1000:,.1f} ms" for one in (slow, fast))
        rows.append(
            f"| {name} | {times if fast.total_us else f'no total: {fast.reason} | '} | {_percent(fast.error_ratio)} |"
        )
    return "\n".join(rows)


def _percent(ratio: float | None) -> str:
    return "" if ratio is None else f"±{100 * ratio:.0f} %"


def latency_calibration() -> str:
    """How far off models that were not measured are on made-up boards, before and after."""
    rows = ["| coefficients | median | 90th percentile |", "|---|--:|--:|"]
    before, _ = errors(1, with_profiles=False)
    found = {"published": before}
    for measured in (1, 2, 4):
        for with_profiles in (False, True):
            models = f"{measured} model" + ("s" if measured > 1 else "")
            name = f"the board's, from {models}{', op by op' if with_profiles else ''}"
            _, found[name] = errors(measured, with_profiles=with_profiles)
    rows += [
        f"| {name} | {100 * percentile(one, 50):.0f} % | {100 * percentile(one, 90):.0f} % |"
        for name, one in found.items()
    ]
    return "\n".join(rows)


def latency_sources() -> str:
    """Where the figures stand."""
    figures = published_figures()
    rows = ["| source | where | board | note |", "|---|---|---|---|"]
    rows += [
        f"| `{name}` | {source.where} | {source.board} | {source.note} |" for name, source in figures.sources.items()
    ]
    return "\n".join(rows)


def toml(value: object) -> str:
    """A default as it would stand in quantci.toml."""
    return {"True": "true", "False": "false", "()": "[]"}.get(str(value), msgspec.json.encode(value).decode())


def fresh(text: str) -> str:
    """The document with its tables made anew."""
    return BLOCK.sub(lambda match: f"{match[1]}{globals()[match['name']]()}\n{match[3]}", text)


def main() -> int:
    """Write the tables, or say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    stale = 0
    if write and encode(fit_published()) != PUBLISHED.read_bytes():
        write_published()
        os.execv(sys.executable, [sys.executable, "-m", "tests.docs.tables", "--write"])  # with these coefficients
    for path in DOCUMENTS.values():
        text = path.read_text(encoding="utf-8")
        if (made := fresh(text)) != text:
            if write:
                path.write_text(made, encoding="utf-8")
                continue
            stale = 1
            print(f"{path.relative_to(ROOT)}: out of date; run python -m tests.docs.tables --write")
    return stale


if __name__ == "__main__":
    sys.exit(main())
