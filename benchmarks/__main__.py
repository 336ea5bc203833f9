"""Run every benchmark and print one table. Goals are ratios, measured side by side on this machine in this run."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.embedding import embedding
from benchmarks.installation import installation
from benchmarks.ladder import ladder
from benchmarks.line import line
from benchmarks.measure import Cost, Row, median, pair, peak_mb, run
from benchmarks.models import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

QUANTCI = [str(Path(sys.executable).with_name("quantci"))]
PYTHON = [sys.executable]
EXAMPLE = ["--config", "examples/traffic-lights/quantci.toml"]


def evaluation(runs: int) -> list[Row]:
    """`quantci evaluate` against the obvious loop, and memory against ten times the images."""
    rows = []
    for name, what in (("kws", "1,000 KWS-size samples"), ("vww", "200 images 96x96x3")):
        config = str(FOLDER / f"{name}.toml")
        run([*QUANTCI, "quantize", "--config", config])
        arguments = [str(FOLDER / f"out_{name}"), config]
        loop = [*PYTHON, "-m", "benchmarks.plain_evaluation", *arguments]
        ours, other = pair([*PYTHON, "-m", "benchmarks.our_evaluation", *arguments], loop, runs)
        rows.append(_faster(f"evaluate {what}", ours.inner_s, other.inner_s, 1.7))
        ours, other = pair([*QUANTCI, "evaluate", "--config", config], loop, runs)
        ratio = other.wall_s / ours.wall_s
        whole = "the same, whole processes with imports"
        rows.append(Row(whole, f"{ours.wall_s:.2f} s", f"{other.wall_s:.2f} s", ratio, "", is_met=True))
    run([*QUANTCI, "quantize", "--config", str(FOLDER / "vww_10x.toml")])
    many, few = (
        peak_mb([*QUANTCI, "evaluate", "--config", str(FOLDER / f"{name}.toml")]) for name in ("vww_10x", "vww")
    )
    ratio = many / few
    rows.append(
        Row("evaluate, peak memory, 10x images", f"{many:.0f} MB", f"{few:.0f} MB", ratio, "<= 1.1", ratio <= 1.1)
    )
    return rows


def start(runs: int) -> list[Row]:
    """The command line's own weight."""
    help_cost, bare = pair([*QUANTCI, "--help"], [*PYTHON, "-c", "pass"], 4 * runs)
    ratio = help_cost.wall_s / bare.wall_s
    rows = [Row("quantci --help / python -c pass", _ms(help_cost.wall_s), _ms(bare.wall_s), ratio, "< 3", ratio < 3)]
    config = ["--config", str(FOLDER / "kws.toml")]
    for stage in ("quantize", "evaluate", "embed"):
        run([*QUANTCI, stage, *config])
    cost, bare = pair([*QUANTCI, "report", *config], [*PYTHON, "-c", "pass"], 4 * runs)
    ratio, name = cost.wall_s / bare.wall_s, "quantci report, 1,000 samples / python -c pass"
    rows.append(Row(name, _ms(cost.wall_s), _ms(bare.wall_s), ratio, "< 9.7", ratio < 9.7))
    return rows


def quantize(runs: int) -> list[Row]:
    """A float .tflite through quantci, checks included, against LiteRT's wrapper and TensorFlow with the same file."""
    ours = [*QUANTCI, "quantize", "--config", str(FOLDER / "kws.toml")]
    given = [str(FOLDER / "kws.tflite"), str(FOLDER / "kws_calibration")]
    wrapper, tensorflow = (
        [*PYTHON, "-m", f"benchmarks.{name}", *given] for name in ("bare_wrapper", "tensorflow_quantizer")
    )
    whole, bare = pair(ours, wrapper, runs)
    ratio = whole.wall_s / bare.wall_s
    rows = [
        Row("quantize, 300 samples / LiteRT's wrapper alone", *_seconds(whole, bare), ratio, "<= 1.7", ratio <= 1.7)
    ]
    whole, other = pair(ours, tensorflow, runs)
    ratio = other.wall_s / whole.wall_s
    rows.append(Row("quantize, 300 samples, and with TensorFlow", *_seconds(whole, other), ratio, "", is_met=True))
    small, large = peak_mb(ours), peak_mb(tensorflow)
    ratio = large / small
    return [*rows, Row("the same, memory", f"{small:.0f} MB", f"{large:.0f} MB", ratio, ">= 5", ratio >= 5)]


def pipeline(runs: int) -> list[Row]:
    """The example's pipeline against the sum of its unavoidable parts, each alone; the checks of its float model."""
    subprocess.run([*PYTHON, "examples/traffic-lights/generate.py"], check=True)
    whole = [*QUANTCI, "pipeline", *EXAMPLE]
    runs = (runs + 1) // 2
    parts, total = pair([*PYTHON, "-m", "benchmarks.pipeline_parts"], whole, runs)
    ratio = total.wall_s / parts.wall_s
    rows = [Row("pipeline of the example / its parts", *_seconds(total, parts), ratio, "<= 1.3", ratio <= 1.3)]
    checks = median([run([*PYTHON, "-m", "benchmarks.reference_checks", *EXAMPLE]) for _ in range(runs)])
    share, name = checks.inner_s / total.wall_s, "checks of the float model / pipeline of the example"
    rows.append(Row(name, _ms(checks.inner_s), f"{total.wall_s:.2f} s", share, "<= 0.05", share <= 0.05))
    return rows


def _faster(name: str, ours_s: float, other_s: float, goal: float) -> Row:
    ratio = other_s / ours_s
    return Row(name, f"{ours_s:.2f} s", f"{other_s:.2f} s", ratio, f">= {goal:g}", ratio >= goal)


def _seconds(ours: Cost, other: Cost) -> tuple[str, str]:
    return f"{ours.wall_s:.2f} s", f"{other.wall_s:.2f} s"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


PARTS: dict[str, Callable[[int], list[Row]]] = {
    "quantize": quantize,
    "evaluation": evaluation,
    "start": start,
    "pipeline": pipeline,
    "embedding": lambda _: embedding(),
    "installation": lambda _: installation(),
    "line": line,
    "ladder": ladder,
}


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="part", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=5, help="of most rows; the median stands in the table")
    arguments = parser.parse_args()
    print("making models and data ...", file=sys.stderr, flush=True)
    run([*PYTHON, "-m", "benchmarks.models"])
    rows = []
    for name in arguments.parts or PARTS:
        print(f"running {name} ...", file=sys.stderr, flush=True)
        rows += PARTS[name](arguments.runs)
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | quantci | other | ratio | goal | |\n|---|---|---|---|---|---|")
    for row in rows:
        met = "met" if row.is_met else "missed"
        ratio = f"{row.ratio:.3g}" if row.ratio else ""
        print(f"| {row.name} | {row.ours} | {row.other} | {ratio} | {row.goal} | {met if row.goal else ''} |")
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
