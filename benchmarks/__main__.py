"""Run every benchmark and print one table. Goals are ratios, measured side by side on this machine in this run."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from benchmarks.embedding import embedding
from benchmarks.installation import installation
from benchmarks.measure import Row, pair, peak_mb, run
from benchmarks.models import FOLDER

QUANTCI = [str(Path(sys.executable).with_name("quantci"))]
PYTHON = [sys.executable]
EXAMPLE = ["--config", "examples/traffic-lights/quantci.toml"]


def evaluation() -> list[Row]:
    """`quantci evaluate` against the obvious loop, and memory against ten times the images."""
    rows = []
    for name, what in (("kws", "1,000 KWS-size samples"), ("vww", "200 images 96x96x3")):
        config = str(FOLDER / f"{name}.toml")
        run([*QUANTCI, "quantize", "--config", config])
        arguments = [str(FOLDER / f"out_{name}"), config]
        loop = [*PYTHON, "-m", "benchmarks.plain_evaluation", *arguments]
        ours, other = pair([*PYTHON, "-m", "benchmarks.our_evaluation", *arguments], loop)
        rows.append(_faster(f"evaluate {what}", ours.inner_s, other.inner_s, 1.7))
        ours, other = pair([*QUANTCI, "evaluate", "--config", config], loop)
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


def start() -> list[Row]:
    """The command line's own weight."""
    help_cost, bare = pair([*QUANTCI, "--help"], [*PYTHON, "-c", "pass"], runs=20)
    ratio = help_cost.wall_s / bare.wall_s
    rows = [Row("quantci --help / python -c pass", _ms(help_cost.wall_s), _ms(bare.wall_s), ratio, "< 3", ratio < 3)]
    config = ["--config", str(FOLDER / "kws.toml")]
    run([*QUANTCI, "embed", *config])
    cost, bare = pair([*QUANTCI, "report", *config], [*PYTHON, "-c", "pass"])
    rows.append(
        Row(
            "quantci report, 1,000 samples",
            _ms(cost.wall_s),
            _ms(bare.wall_s),
            cost.wall_s / bare.wall_s,
            "< 1 s",
            cost.wall_s < 1,
        )
    )
    return rows


def quantize() -> list[Row]:
    """A float .tflite through quantci, checks included, against TFLiteConverter from the Keras model behind it."""
    ours = [*QUANTCI, "quantize", "--config", str(FOLDER / "kws.toml")]
    other = [*PYTHON, "-m", "benchmarks.tensorflow_road", str(FOLDER / "kws.keras"), str(FOLDER / "kws_calibration")]
    fast, slow = pair(ours, other)
    small, large = peak_mb(ours), peak_mb(other)
    memory = large / small
    return [
        _faster("quantize, 300 samples, time", fast.wall_s, slow.wall_s, 8),
        Row("quantize, 300 samples, memory", f"{small:.0f} MB", f"{large:.0f} MB", memory, ">= 5", memory >= 5),
    ]


def pipeline() -> list[Row]:
    """The example's pipeline against the sum of its unavoidable parts, each alone."""
    subprocess.run([*PYTHON, "examples/traffic-lights/generate.py"], check=True)
    whole = [*QUANTCI, "pipeline", *EXAMPLE]
    parts, total = pair([*PYTHON, "-m", "benchmarks.pipeline_parts"], whole, runs=3)
    ratio = total.wall_s / parts.wall_s
    return [
        Row(
            "pipeline of the example / its parts",
            f"{total.wall_s:.1f} s",
            f"{parts.wall_s:.1f} s",
            ratio,
            "<= 1.3",
            ratio <= 1.3,
        )
    ]


def _faster(name: str, ours_s: float, other_s: float, goal: float) -> Row:
    ratio = other_s / ours_s
    return Row(name, f"{ours_s:.2f} s", f"{other_s:.2f} s", ratio, f">= {goal:g}", ratio >= goal)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def main() -> int:
    """Print the table; 1 if a goal is missed."""
    print("making models and data ...", file=sys.stderr, flush=True)
    run([*PYTHON, "-m", "benchmarks.models"])
    rows = []
    for part in (
        quantize,
        evaluation,
        start,
        pipeline,
        embedding,
        installation,
    ):  # start() reports on what the two before it wrote
        print(f"running {part.__name__} ...", file=sys.stderr, flush=True)
        rows += part()
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | quantci | other | ratio | goal | |\n|---|---|---|---|---|---|")
    for row in rows:
        met = "met" if row.is_met else "missed"
        ratio = f"{row.ratio:.2f}" if row.ratio else ""
        print(f"| {row.name} | {row.ours} | {row.other} | {ratio} | {row.goal} | {met if row.goal else ''} |")
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
