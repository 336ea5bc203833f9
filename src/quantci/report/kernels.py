"""The folded parts about the chip's kernels: known faults, and what the vector unit does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.escape import code, prose
from quantci.report.baseline import layer_names
from quantci.report.tables import Section, Table
from quantci.report.wording import rough_time

if TYPE_CHECKING:
    from quantci.records.kernels import KernelHit, OpKernel
    from quantci.records.report import Report

_SEVERITIES: Final = {"wrong-output": "wrong output", "crash": "crash", "slow": "slow"}


def faults(report: Report) -> Section:
    """Each op that meets a known fault, once, whether quantize or embed found it."""
    found = {
        (hit.rule, hit.subgraph, hit.op_index): hit
        for result in (report.quantize, report.embed)
        if result is not None
        for hit in result.kernel_hits
    }
    cells = (
        (
            f"{_name(hit)}<br>{code(hit.op)}",
            f"{_fault(hit)}<br>{prose(hit.cause)}",
            f"{prose(hit.remedy)}<br>{_source(hit)}",
        )
        for hit in found.values()
    )
    note = "Found by looking at shapes and scales, not by running the model on a chip."
    return Section("Known kernel faults", note, [Table.of(("Layer", "Fault", "What to do"), cells, len(found))])


def not_accelerated(report: Report) -> Section:
    """Ops that cost multiply-accumulates, or that a change would help, and that the vector unit does not run whole."""
    if report.embed is None or report.quantize is None:
        return Section("Not accelerated")
    ops = report.quantize.quantized_model.ops
    names = layer_names(report.quantize)
    slow = [
        kernel
        for kernel in report.embed.op_kernels
        if kernel.path != "vector" and kernel.op_index < len(ops) and (ops[kernel.op_index].macs or kernel.remedy)
    ]
    if len(slow) > 1 and len({(kernel.path, kernel.reason, kernel.saved_us) for kernel in slow}) == 1:
        same = f"All {len(slow):,} layers: {slow[0].path}: {prose(slow[0].reason)}"  # as on a chip without vector unit
        return Section("Not accelerated", "", [Table.bullets([same])])
    slow.sort(key=lambda kernel: (-(ops[kernel.op_index].macs or 0), kernel.op_index))
    cells = (
        (
            f"{code(names[kernel.op_index])}<br>{code(kernel.op)}",
            "<br>".join(text for text in (f"{kernel.path}: {prose(kernel.reason)}", _remedy(kernel)) if text),
            f"{ops[kernel.op_index].macs:,}" if ops[kernel.op_index].macs is not None else "not known",
        )
        for kernel in slow
    )
    note = (
        "Layers that the vector unit of the chip does not run, or only after copying into padded channels, read from "
        "their shapes. What a change saves is estimated for the layer alone; the one before has to make the channels."
    )
    return Section("Not accelerated", note, [Table.of(("Layer", "Why, and what to change", "MACs"), cells, len(slow))])


def _remedy(kernel: OpKernel) -> str:
    """What to change, with what it saves as an estimate; a shape that would save nothing is no remedy."""
    if kernel.saved_us is None:
        return prose(kernel.remedy)
    if abs(kernel.saved_us) < 1:
        return "a shape that fits saves no time, estimated"
    if kernel.saved_us < 0:
        return f"a shape that fits costs about {rough_time(-kernel.saved_us)}, estimated"
    return f"{prose(kernel.remedy)}<br>saves about {rough_time(kernel.saved_us)}, estimated"


def _name(hit: KernelHit) -> str:
    return code(hit.layer) if hit.layer else f"op {hit.op_index}"


def _fault(hit: KernelHit) -> str:
    doubt = "" if hit.is_confirmed else ", reported and not confirmed"
    return f"{_SEVERITIES[hit.severity]}{doubt}, {code(hit.library)} {prose(hit.versions)}"


def _source(hit: KernelHit) -> str:
    """A link to the address that our own table has; the one in the record may be a stranger's."""
    from quantci.chip.known_bad.table import RULES  # only where there is a fault to link

    address = next((rule.source for rule in RULES if rule.name == hit.rule), None)
    return f"[source]({address})" if address is not None else code(hit.source)
