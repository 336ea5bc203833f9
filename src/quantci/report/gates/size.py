"""Gates on what the model takes of the chip: file, arena and flash, by themselves and as growth against the base."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.chip.datasheet import load_chip
from quantci.records.report import GateResult
from quantci.report.gates.result import missing

if TYPE_CHECKING:
    from quantci.records.report import Kind, Verdict
    from quantci.records.target_config import TargetConfig


def bytes_gate(name: str, limit: int, found: int | None, kind: Kind, why_missing: str) -> GateResult:
    """A size against its limit, to the byte."""
    if found is None:
        return missing(name, "absolute", limit, why_missing)
    verdict: Verdict = "pass" if found <= limit else "fail"
    noun = "model" if name == "max_model_bytes" else "tensor arena (estimated)"
    side = "within" if found <= limit else "over"
    return GateResult(
        name=name,
        family="absolute",
        limit=limit,
        value=found,
        kind=kind,
        verdict=verdict,
        reason=f"The {noun} takes {found:,} bytes, {abs(limit - found):,} {side} the {limit:,} allowed.",
    )


class Flash(NamedTuple):
    """Where the model is kept on the chip."""

    chip: str
    flash_bytes: int
    partition_bytes: int
    is_assumed: bool

    @classmethod
    def of(cls, target: TargetConfig) -> Flash:
        """As the chip's file says, but for a partition of one's own."""
        chip, own = load_chip(target.chip), target.model_partition_bytes
        return cls(chip.name, chip.flash_bytes, own or chip.model_partition_bytes, own is None)


def flash_gate(flash: Flash, model_bytes: int | None) -> GateResult:
    """The quantized model against the flash, and against what a partition table leaves of it for a model."""
    limit = min(flash.partition_bytes, flash.flash_bytes)
    if model_bytes is None:
        return missing("fits_flash", "absolute", limit, "quantize gave no result")
    verdict: Verdict = "pass" if model_bytes <= limit else "fail"
    size = f"The model takes {model_bytes:,} bytes"
    if model_bytes > flash.flash_bytes:
        reason = f"{size}, more than all of the flash of {flash.chip}: {flash.flash_bytes:,} bytes."
    elif model_bytes > limit:
        whose = "assumed to be left for it beside the firmware" if flash.is_assumed else "of its partition"
        remedy = " Set target.model_partition_bytes if your partition table has more." if flash.is_assumed else ""
        reason = f"{size}, more than the {limit:,} {whose} in the flash of {flash.chip}.{remedy}"
    else:
        reason = f"{size}; {limit:,} of the flash of {flash.chip} are left for it."
    return GateResult(
        name="fits_flash",
        family="absolute",
        limit=limit,
        value=model_bytes,
        kind="measured",
        verdict=verdict,
        reason=reason,
    )


def growth_gate(name: str, allowed: int | str, pair: tuple[float, float] | None, kind: Kind, why: str) -> GateResult:
    """What grew against the base, and by how much it may.

    Args:
        name: of the gate.
        allowed: that much, or a percentage of what it was on the base branch.
        pair: what it was, and what it is.
        kind: how both came about; an estimated latency neither passes nor fails, unless it is the same.
        why: there is no pair.
    """
    if pair is None:
        return missing(name, "base", 0.0, why)
    before, after = pair
    limit, growth = most_growth(allowed, before), after - before
    what, unit = {
        "max_model_growth": ("The model", "bytes"),
        "max_arena_growth": ("The tensor arena (estimated)", "bytes"),
        "max_latency_growth": ("The latency", "µs"),
    }[name]
    verb = "grew" if growth > 0 else "shrank"
    share = f" ({100 * growth / before:+.1f} %)" if before else ""
    change = f"{what} {verb} by {abs(growth):,.0f} {unit}{share}" if growth else f"{what} is as on the base branch"
    verdict: Verdict
    if kind == "estimated" and name == "max_latency_growth" and growth:
        verdict = "inconclusive"
        reason = f"{name} is judged on a measured latency only, and no device took part; estimated, it {verb}{share}."
    elif growth > limit:
        percent = f", {allowed} of what it was" if "%" in str(allowed) else ""
        verdict, reason = "fail", f"{change}; the gate allows {limit:,.0f} {unit}{percent}."
    else:
        verdict, reason = "pass", f"{change}; the gate allows growth by {limit:,.0f} {unit}."
    return GateResult(name=name, family="base", limit=limit, value=growth, kind=kind, verdict=verdict, reason=reason)


def most_growth(allowed: int | str, before: float) -> float:
    """In the unit of `before`."""
    text = str(allowed)
    return before * float(text[:-1]) / 100 if text.endswith("%") else float(text)
