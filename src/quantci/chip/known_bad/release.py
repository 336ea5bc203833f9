"""Which release of ESP-NN a model should be built with: one that its shapes survive."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.chip.esp_nn.version import ESP_TFLITE_MICRO, EXAMINED, VERSION
from quantci.chip.known_bad.scan import libraries, scan

if TYPE_CHECKING:
    from quantci.chip.datasheet import Chip
    from quantci.chip.graph import Graph
    from quantci.records.kernels import KernelHit
    from quantci.records.target_config import TargetConfig


class Release(NamedTuple):
    """The libraries of a firmware, and what is known to go wrong with them.

    Attributes:
        esp_nn, esp_tflite_micro: their versions.
        reason: one sentence: why this esp-nn.
        hits: ops that meet a known fault.
        is_usual: it is the esp-nn that arena and kernels are worked out for.
    """

    esp_nn: str
    esp_tflite_micro: str
    reason: str
    hits: list[KernelHit]

    @property
    def is_usual(self) -> bool:
        """Whether arena and kernels were worked out for this esp-nn."""
        return self.esp_nn == VERSION


def choose_release(graph: Graph, chip: Chip, target: TargetConfig) -> Release:
    """The release that the configuration names; else the one with the fewest faults on this model.

    What damages memory counts before what computes wrong values. Among equals the newest examined one is taken.
    """
    caller = target.esp_tflite_micro or ESP_TFLITE_MICRO
    if target.esp_nn is not None:
        hits = scan(graph, libraries(chip, target.esp_nn, caller))
        return Release(target.esp_nn, caller, "It is the one that target.esp_nn names.", hits)
    found = {version: scan(graph, libraries(chip, version, caller)) for version in EXAMINED}
    best = min(EXAMINED, key=lambda version: _badness(found[version]))
    if best == VERSION:
        faultless = not any(_badness(found[VERSION]))
        reason = f"{'No fault of it is known' if faultless else 'No examined release has fewer faults'} in this model."
    else:
        names = ", ".join(dict.fromkeys(hit.rule for hit in found[VERSION] if hit.library == "esp-nn"))
        reason = f"esp-nn {VERSION} meets {names} in this model, which {best} does not have."
    return Release(best, caller, reason, found[best])


def _badness(hits: list[KernelHit]) -> tuple[int, int]:
    """Ops that damage memory, and ops that go wrong, in the order in which they matter."""
    own = [hit.severity for hit in hits if hit.library == "esp-nn"]
    return own.count("overwrites-memory"), own.count("wrong-output")
