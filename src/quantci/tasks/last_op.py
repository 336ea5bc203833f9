"""The op that a model's output comes from: it tells what the output means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quantci.records.model import ModelSummary

_MOVES: Final = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})  # change no value


def last_op(summary: ModelSummary) -> str:
    """Its name, those passed over that change no value; empty where there is none."""
    return next((op.op for op in reversed(summary.ops) if op.op not in _MOVES), "")
