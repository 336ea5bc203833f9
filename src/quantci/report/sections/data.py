"""Which samples were used, and how long the host took for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.render.cells import Folded, Name, Paragraph, Sentence, bullets, table
from quantci.render.numbers import Number
from quantci.report.wording import step_name

if TYPE_CHECKING:
    from quantci.records.dataset import DatasetSummary
    from quantci.records.evaluate import EvaluateResult
    from quantci.render.cells import Cell


def section(title: str, data: DatasetSummary) -> Folded:
    """What is in the set, and what of it was left out."""
    counts = data.image_counts
    seen = [
        f"{getattr(counts, name):,} {name.replace('_', ' ').replace('exif', 'EXIF')}"
        for name in counts.__struct_fields__
        if getattr(counts, name)
    ]
    used = f"{data.used:,} of {data.found:,} samples used" + (f", seed {data.seed}" if data.seed is not None else "")
    facts: list[Cell] = [used]
    facts += [f"Images: {', '.join(seen)}"] if seen else []
    if data.skipped:
        count = len(data.skipped)
        files = "1 file skipped because it" if count == 1 else f"{count:,} files skipped because they"
        facts.append(f"{files} cannot be read")
    classes = ((Name(label), Number(count)) for label, count in data.per_class.items())
    skipped = ((Name(file.path), Sentence(file.reason)) for file in data.skipped)
    return Folded(
        title,
        [
            bullets(facts),
            table(("Class", "Samples"), classes, len(data.per_class)),
            table(("Skipped file", "Reason"), skipped, len(data.skipped)),
        ],
    )


def host_time(evaluate: EvaluateResult) -> Folded:
    """Time of an inference on the host, with what it cannot mean."""
    times = [(step, step.host_latency) for step in evaluate.steps]
    rows = (
        (
            step_name(step.name, evaluate),
            Number(time.median_us, "µs"),
            Number(time.p90_us, "µs"),
            f"{time.iterations:,} after {time.warm_up:,}",
        )
        for step, time in times
    )
    workers, threads = times[-1][1].workers, times[-1][1].threads
    others = "an unknown number of workers" if workers is None else "1 worker" if workers == 1 else f"{workers} workers"
    note = (
        f"One inference, measured on the host while {others} ran, with {threads} "
        f"{'thread' if threads == 1 else 'threads'} each. It says nothing about the chip."
    )
    head = ("Step", "Median", "90 % below", "Inferences after warm-up")
    return Folded("Time on the host", [Paragraph(note), table(head, rows, len(times))])
