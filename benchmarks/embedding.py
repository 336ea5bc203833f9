"""`quantci embed` on models far larger than any chip takes: bounded, and growing with the number of ops."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.deep_models import deep_model
from benchmarks.measure import Row

CONFIG = '[model]\nsource = "none.tflite"\n[calibration]\ndata = "none"\n[evaluation]\ndata = "none"\n'


def embedding() -> list[Row]:
    """10,000 ops against 1,000: a chain, and a model whose tensors all live until its end."""
    rows = []
    for name, crowded in (("embed of 10,000 ops / 1,000", False), ("the same, all tensors alive", True)):
        few, many = _seconds(1_000, crowded=crowded), _seconds(10_000, crowded=crowded)
        is_met = crowded or (many < 2 and many / few <= 20)
        goal = "" if crowded else "< 2 s, <= 20"
        rows.append(Row(name, f"{many:.2f} s", f"{few:.3f} s", many / few, goal, is_met=is_met))
    return rows


def _seconds(ops: int, *, crowded: bool) -> float:
    """Median of three, after one uncounted run that imports what it needs."""
    from quantci.cli import parse
    from quantci.cli.embed import work
    from quantci.cli.output_folder import OutputFolder
    from quantci.cli.settings import load
    from quantci.progress import silent

    with tempfile.TemporaryDirectory() as folder:
        model, config = Path(folder, "model.tflite"), Path(folder, "quantci.toml")
        model.write_bytes(deep_model(ops, crowded=crowded))
        config.write_text(CONFIG)
        settings = load(parse(["embed", "--config", str(config), "--output-dir", folder]))
        times = []
        for _ in range(4):
            started = time.perf_counter()
            work(settings, OutputFolder.of(settings), silent, str(model))
            times.append(time.perf_counter() - started)
    return statistics.median(times[1:])
