"""Hold a model against the rules. It is looked at, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from quantci.chip.esp_nn.version import ESP_TFLITE_MICRO, VERSION
from quantci.chip.known_bad.table import RULES
from quantci.records.kernels import KernelHit, Severity
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quantci.chip.datasheet import Chip
    from quantci.chip.graph import Graph
    from quantci.chip.op import Op
    from quantci.chip.rule import Rule
    from quantci.records.kernels import Evidence

TFLM: Final[Mapping[str, str]] = {"tflite-micro": "0.dev20261023182759"}
LITE_RT: Final[Mapping[str, str]] = {"LiteRT": "2.3.0"}
_SHOWN: Final = 3
_ORDER: Final[Sequence[Severity]] = get_args(Severity)  # the worst first
DOUBTS: Final[Mapping[Evidence, str]] = {
    "measured": "",
    "sources": "",
    "emulated": "seen on an emulated chip",
    "reported": "reported and not confirmed",
}


def libraries(chip: Chip, esp_nn: str = VERSION, esp_tflite_micro: str = ESP_TFLITE_MICRO) -> Mapping[str, str]:
    """Version of each library whose kernels run on a chip.

    ESP-NN's rules were found in its code for the ESP32-S3: another chip's vector kernels are not accused of them.
    """
    if chip.kernels == "reference":
        return TFLM
    called = {**TFLM, "esp-tflite-micro": esp_tflite_micro}
    return {**called, "esp-nn": esp_nn} if chip.kernel_set == "esp32s3" else called


def scan(graph: Graph, versions: Mapping[str, str]) -> list[KernelHit]:
    """Every op that meets a rule about these versions, in the model's order.

    Args:
        graph: of a quantized model.
        versions: version by library; a library that is not in it takes no part.
    """
    by_op: dict[str, list[Rule]] = {}
    for rule in RULES:
        if rule.concerns(versions):
            for op in rule.ops:
                by_op.setdefault(op, []).append(rule)
    return [
        _hit(rule, op) for op in (*graph.ops, *graph.other_ops) for rule in by_op.get(op.name, ()) if rule.matches(op)
    ]


def _hit(rule: Rule, op: Op) -> KernelHit:
    return KernelHit(
        rule=rule.name,
        subgraph=op.subgraph,
        op_index=op.index,
        op=op.name,
        layer=op.outputs[0].name if op.outputs else "",
        library=rule.library,
        versions=rule.versions,
        severity=rule.severity,
        cause=rule.cause,
        remedy=rule.remedy,
        source=rule.source,
        evidence=rule.evidence,
    )


def scan_host(graph: Graph, oracle: str) -> list[KernelHit]:
    """What concerns the oracle on this machine, `tflm` or `litert-reference`, and with it every chip.

    Args:
        graph: of a quantized model.
        oracle: one of the two words.
    """
    return scan(graph, TFLM if oracle == "tflm" else {**TFLM, **LITE_RT})


def worst_first(hits: Iterable[KernelHit]) -> list[KernelHit]:
    """What writes where it must not stands first: it damages whatever lies beside it in the arena, silently."""
    return sorted(hits, key=lambda hit: _ORDER.index(hit.severity))


def advise(hits: Sequence[KernelHit]) -> list[Advice]:
    """One line for each rule that was met, naming the first layers; what damages memory stands first."""
    met: dict[str, list[KernelHit]] = {}
    for hit in worst_first(hits):
        met.setdefault(hit.rule, []).append(hit)
    return [Advice(code=_code(same[0].severity), text=_sentence(same)) for same in met.values()]


def _code(severity: Severity) -> str:
    """A word of its own for what is hardly a fault, so that nobody takes it for one."""
    return "kernel-rounding" if severity == "one-step" else "known-bad-kernel"


def _sentence(same: list[KernelHit]) -> str:
    first = same[0]
    layers = ", ".join(f"{hit.op} `{_quotable(hit.layer) or f'op {hit.op_index}'}`" for hit in same[:_SHOWN])
    more = f" and {len(same) - _SHOWN} more" if len(same) > _SHOWN else ""
    doubt = DOUBTS[first.evidence]
    doubt = f" ({doubt})" if doubt else ""
    return f"{layers}{more}: {first.library}: {first.cause[:-1]}{doubt}. {first.remedy}"


def _quotable(name: str) -> str:
    """The name without what would end its quotation."""
    return name.replace("`", "'")[:80]
