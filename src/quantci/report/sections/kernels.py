"""The folded parts about the chip's kernels: known faults, and what the vector unit does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.cells import Folded, Link, Name, Paragraph, Sentence, bullets, joined, table
from quantci.render.numbers import Number, rough_time
from quantci.report.baseline import layer_names

if TYPE_CHECKING:
    from quantci.records.kernels import KernelHit, OpKernel
    from quantci.records.report import Report
    from quantci.render.cells import Cell

_SEVERITIES: Final = {
    "overwrites-memory": "overwrites memory",
    "wrong-output": "wrong output",
    "crash": "crash",
    "slow": "slow",
    "one-step": "one step off",
}


def faults(report: Report) -> Folded:
    """Each op that meets a known fault, once, whether quantize or embed found it."""
    found = {
        (hit.rule, hit.subgraph, hit.op_index): hit
        for result in (report.quantize, report.embed)
        if result is not None
        for hit in result.kernel_hits
    }
    if not found:
        return Folded("Known kernel faults", [])
    from quantci.chip.known_bad.scan import worst_first  # only where there is a fault

    rows = (
        (
            (Name(hit.layer) if hit.layer else f"op {hit.op_index}", "\n", Name(hit.op)),
            (_fault(hit), "\n", Sentence(hit.cause)),
            (Sentence(hit.remedy), "\n", _source(hit)),
        )
        for hit in worst_first(found.values())
    )
    note = "Found by looking at shapes and scales, not by running the model on a chip."
    return Folded("Known kernel faults", [Paragraph(note), table(("Layer", "Fault", "What to do"), rows, len(found))])


def not_accelerated(report: Report) -> Folded:
    """Ops that cost multiply-accumulates, or that a change would help, and that the vector unit does not run whole."""
    if report.embed is None or report.quantize is None:
        return Folded("Not accelerated", [])
    ops = report.quantize.quantized_model.ops
    names = layer_names(report.quantize)
    slow = [
        kernel
        for kernel in report.embed.op_kernels
        if kernel.path != "vector" and kernel.op_index < len(ops) and (ops[kernel.op_index].macs or kernel.remedy)
    ]
    if len(slow) > 1 and len({(kernel.path, kernel.reason, kernel.saved_us) for kernel in slow}) == 1:
        same = (f"All {len(slow):,} layers: {slow[0].path}: ", Sentence(slow[0].reason))  # a chip without vector unit
        return Folded("Not accelerated", [bullets([same])])
    slow.sort(key=lambda kernel: (-(ops[kernel.op_index].macs or 0), kernel.op_index))
    rows = (
        (
            (Name(names[kernel.op_index]), "\n", Name(kernel.op)),
            joined("\n", ((f"{kernel.path}: ", Sentence(kernel.reason)), _remedy(kernel))),
            "not known" if (macs := ops[kernel.op_index].macs) is None else Number(macs),
        )
        for kernel in slow
    )
    note = (
        "Layers that the chip's vector unit does not run, or runs only after copying into padded channels; found by "
        "their shapes. Savings are estimated for the layer alone, without what the layer before it then costs."
    )
    shown = table(("Layer", "Why, and what to change", "MACs"), rows, len(slow))
    return Folded("Not accelerated", [Paragraph(note), shown])


def _remedy(kernel: OpKernel) -> Cell:
    """What to change, with what it saves as an estimate; a shape that would save nothing is no remedy."""
    remedy = Sentence(kernel.remedy) if kernel.remedy.strip() else ""
    if kernel.saved_us is None:
        return remedy
    if abs(kernel.saved_us) < 1:
        return "a shape that fits saves no time, estimated"
    if kernel.saved_us < 0:
        return ("a shape that fits costs about ", rough_time(-kernel.saved_us), ", estimated")
    return (remedy, "\nsaves about ", rough_time(kernel.saved_us), ", estimated")


def _fault(hit: KernelHit) -> Cell:
    from quantci.chip.known_bad.scan import DOUBTS

    doubt = f", {DOUBTS[hit.evidence]}" if DOUBTS[hit.evidence] else ""
    return (f"{_SEVERITIES[hit.severity]}{doubt}, ", Name(hit.library), " ", Sentence(hit.versions))


def _source(hit: KernelHit) -> Cell:
    """A link to the address that our own table has; the one in the record may be a stranger's."""
    from quantci.chip.known_bad.table import RULES  # only where there is a fault to link

    address = next((rule.source for rule in RULES if rule.name == hit.rule), None)
    return Name(hit.source) if address is None else Link("source", address)
