"""Gates that the base branch has otherwise: a change may move them, but not without saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.gates_config import GatesConfig
from quantci.records.report import GateChange

if TYPE_CHECKING:
    from quantci.records.config import Config

_NOT_SET: Final = "not set"
_LEAK: Final = "evaluation.leak_accepted"


def gate_changes(base: Config, candidate: Config) -> list[GateChange]:
    """What of [gates], the room for the model and an accepted leak is not as on the base branch; looser ones first."""
    pairs = [
        (f"gates.{name}", getattr(base.gates, name), getattr(candidate.gates, name))
        for name in GatesConfig.__struct_fields__
    ]
    room = "model_partition_bytes"
    pairs.append((f"target.{room}", getattr(base.target, room), getattr(candidate.target, room)))
    before, after = (config.evaluation.leak_accepted for config in (base, candidate))
    pairs.append((_LEAK, before and f'"{before}"', after and f'"{after}"'))
    changes = [
        GateChange(name=name, base=_text(was), candidate=_text(now), is_looser=_is_looser(name, was, now))
        for name, was, now in pairs
        if was != now
    ]
    return sorted(changes, key=lambda change: not change.is_looser)


def sentence(change: GateChange) -> str:
    """What this change does to a gate."""
    if change.candidate == _NOT_SET:
        return f"This change removes {change.name}, which is {change.base} on the base branch."
    if change.base == _NOT_SET:
        return f"This change sets {change.name} to {change.candidate}."
    return f"This change moves {change.name} from {change.base} to {change.candidate}."


def _text(value: object) -> str:
    if value is None:
        return _NOT_SET
    if isinstance(value, tuple):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_looser(name: str, before: object, after: object) -> bool:
    if isinstance(before, tuple) and isinstance(after, tuple):
        return not {*before} <= {*after}
    if isinstance(before, bool):
        return before
    if name == _LEAK:
        return before is None  # a reason in other words accepts no more
    if before is None or after is None:
        # A partition that is not set is the chip's; a gate that is not set lets everything pass.
        return name.startswith("target.") or after is None
    if str(before).endswith("%") is not str(after).endswith("%"):
        return True  # bytes against percent: who can say
    old, new = (float(str(value).rstrip("%")) for value in (before, after))
    return new < old if name.startswith("gates.min_") else new > old
