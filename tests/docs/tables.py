"""Tables in the documents that are made from the code: `python -m tests.docs.tables --write` makes them anew.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
from tests.synthetic_boards import errors

from quantci.chip.datasheet import chip_names, load_chip
from quantci.chip.latency.coefficients import published_coefficients
from quantci.chip.latency.data import check_groups, published_figures
from quantci.chip.latency.fit import Check, percentile
from quantci.cli.options import all_keys
from quantci.records.config import Config

ROOT = Path(__file__).parents[2]
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
    """Every figure that is fitted, against the fit to all of them and the fit to all others."""
    return _checks(check_groups(published_figures())["esp-nn"])


def latency_left_out() -> str:
    """The groups that get no coefficients."""
    checks = check_groups(published_figures())
    return _checks([*checks["psram"], *checks["reference"]])


def latency_terms() -> str:
    """Each term, what one unit of it costs, and how many figures say so."""
    rows = ["| term | cycles | figures behind it |", "|---|---|---|"]
    terms = published_coefficients().record.terms
    rows += [f"| `{name}` | {term.cycles:,.3g} | {term.support} |" for name, term in terms.items()]
    return "\n".join(rows)


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
    rows = ["| source | where | board, clock | flags | note |", "|---|---|---|---|---|"]
    rows += [
        f"| `{name}` | {source.where} | {source.board}, {source.clock_hz // 1_000_000} MHz | {source.flags} "
        f"| {source.note} |"
        for name, source in figures.sources.items()
    ]
    return "\n".join(rows)


def _checks(checks: list[Check]) -> str:
    rows = [
        "| figure | source | measured, cycles | fitted | left out | measured / estimated - 1 |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for check in checks:
        left_out, error = ("not possible", "") if check.left_out is None else (f"{check.left_out:,.0f}", "")
        if check.left_out:
            error = f"{100 * (check.row.cycles / check.left_out - 1):+.0f} %"
        measured, fitted = f"{check.row.cycles:,.0f}", f"{check.fitted:,.0f}"
        rows.append(f"| {check.row.name} | `{check.row.source}` | {measured} | {fitted} | {left_out} | {error} |")
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
    for path in DOCUMENTS.values():
        text = path.read_text(encoding="utf-8")
        if fresh(text) != text:
            if write:
                path.write_text(fresh(text), encoding="utf-8")
                continue
            stale = 1
            print(f"{path.relative_to(ROOT)}: out of date; run python -m tests.docs.tables --write")
    return stale


if __name__ == "__main__":
    sys.exit(main())
